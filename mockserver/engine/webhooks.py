"""What an API sends on its own, as values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from typing import Any

from mockserver.engine.world import World
from mockserver.inference.model import Announcement
from mockserver.records import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the row `key`, and the body to send about it.

    `value` is the name of the event in the body, "" if it has none. `headers` and `query` are the
    parameters that the document requires.
    """

    id: str
    announcement: Announcement = field(repr=False)
    key: str
    at: int
    body: Any
    value: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """A webhook that a client registered at an instant.

    `events` are the names it subscribed to, all if empty; `secret` may be empty.
    """

    key: str
    url: str
    events: frozenset[str]
    secret: str
    at: int


EventsSince = Callable[[World, int, Collection[str]], list[Event]]
"""What has happened in a world from an instant to now, oldest first, but for known ids."""


def nobody_listens(world: World) -> list[Listener]:
    """For an API without registration of webhooks."""
    return []


def nothing_happens(world: World, since: int, known: Collection[str]) -> list[Event]:
    """For an API that sends nothing."""
    return []
