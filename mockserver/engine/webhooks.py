"""What an API sends by itself, as values."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from mockserver.engine.world import World
from mockserver.inference.model import Announcement


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


@dataclass(frozen=True, slots=True)
class Listener:
    """A webhook that a client has registered with the API at an instant.

    `events` are the names that it asked for, all if there are none; `secret` may be empty.
    """

    key: str
    url: str
    events: frozenset[str]
    secret: str
    at: int


EventsSince = Callable[[World, int, Collection[str]], list[Event]]
"""What has happened in a world from an instant to now, oldest first, but for known ids."""


def nobody_listens(world: World) -> list[Listener]:
    """An API with which no webhooks can be registered."""
    return []


def nothing_happens(world: World, since: int, known: Collection[str]) -> list[Event]:
    """An API that sends nothing."""
    return []
