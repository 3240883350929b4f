"""What an API sends by itself, as values."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from mockserver.engine.world import World


@dataclass(frozen=True, slots=True)
class Announcement:
    """One webhook or callback of the document.

    `schema` leads to its body, if it has one. A callback is asked for by `operation`, and goes to
    the runtime expression `url`. It tells of rows of `resource`: that one is made (`created`), or
    that it enters one of `states`; neither if nothing says when.
    """

    name: str
    method: str
    schema: str = ""
    media_type: str = "application/json"
    operation: str = ""
    url: str = ""
    resource: str = ""
    created: bool = False
    states: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        when = ["it is made"] if self.created else []
        when += [f"it is {state}" for state in sorted(self.states)]
        return {
            "name": self.name,
            "operation": self.operation or None,
            "resource": self.resource or None,
            "when": when,
        }


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened to the row `key` at an instant, and what is to be sent of it."""

    id: str
    announcement: Announcement
    key: str
    at: int
    body: Any


EventsSince = Callable[[World, int, Collection[str]], list[Event]]
"""What has happened in a world from an instant to now, oldest first, but for known ids."""


def nothing_happens(world: World, since: int, known: Collection[str]) -> list[Event]:
    """An API that sends nothing."""
    return []
