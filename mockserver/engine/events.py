"""What an API sends by itself, as values."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from mockserver.engine.world import World
from mockserver.plan.model import Announcement


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened to the row `key` at an instant, and what is to be sent of it.

    `value` is the name that the body has for it, "" if it has none.
    """

    id: str
    announcement: Announcement
    key: str
    at: int
    body: Any
    value: str = ""


EventsSince = Callable[[World, int, Collection[str]], list[Event]]
"""What has happened in a world from an instant to now, oldest first, but for known ids."""


def nothing_happens(world: World, since: int, known: Collection[str]) -> list[Event]:
    """An API that sends nothing."""
    return []
