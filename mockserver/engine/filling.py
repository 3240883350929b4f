"""Faker's values in the texts of fixtures: `{company}`, `{bothify:ORD-####}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.engine.world import World, fake_for

_PLACE = re.compile(r"(?<!\$)\{([a-z_]+)(?::([^}]*))?\}")


def filled(world: World, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with its places filled: the same place in it gets the same text."""
    fake = fake_for(world, "seed", name)
    known: dict[str, str] = {}

    def text(match: re.Match[str]) -> str:
        place = match[0]
        if place not in known:
            method = getattr(fake, match[1])
            known[place] = str(method(match[2]) if match[2] else method())
        return known[place]

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return _PLACE.sub(text, value)
        if isinstance(value, dict):
            return {key: fill(part) for key, part in value.items()}
        return [fill(part) for part in value] if isinstance(value, list) else value

    return {key: fill(value) for key, value in entry.items()}
