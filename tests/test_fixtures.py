"""The fixtures are valid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from yaml import safe_load

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "fixtures").rglob("*.yaml"))


def keys(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from keys(one)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_key_is_a_text(path: Path) -> None:
    """YAML 1.1 reads an unquoted `on:` or `no:` as true and false."""
    odd = [key for key in keys(safe_load(path.read_text("utf-8"))) if not isinstance(key, str)]
    assert odd == []
