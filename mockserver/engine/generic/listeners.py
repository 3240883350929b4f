"""Whom clients asked an API to tell: the webhooks that they have registered with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mockserver.engine.events import Listener
from mockserver.engine.generic.context import Context
from mockserver.engine.generic.shelf import Held, OwnShelf
from mockserver.engine.world import World
from mockserver.plan.model import Resource
from mockserver.plan.naming import bag, singular, tokens

_HOOKS = bag("webhook hook")
_LOOSE = bag("subscription callback")
_URLS = bag(
    "url target_url callback_url endpoint endpoint_url webhook_url delivery_url notification_url"
)
_EVENTS = bag("events event_types enabled_events topics subscribed_events event_type event topic")
_ON = bag("active enabled is_active is_enabled")
_OFF = bag("disabled paused is_disabled is_paused")
_ASLEEP = bag("disabled inactive paused suspended revoked")
_SECRETS = bag("secret signing_secret webhook_secret")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A resource whose rows are webhooks, and where they say to whom and of what."""

    resource: Resource
    shelf: OwnShelf
    url: str
    events: str


class Listeners:
    """The registered webhooks of one document."""

    def __init__(self, context: Context) -> None:
        self._kinds = list(_kinds(context))
        names = {kind.resource.name for kind in self._kinds}
        self.operations = frozenset(
            action.operation for action in context.plan.actions.values() if action.resource in names
        )

    def __call__(self, world: World) -> list[Listener]:
        """Those of a world that are not disabled; what it was seeded with is nobody's."""
        return [
            _listener(kind, held)
            for kind in self._kinds
            for held in kind.shelf.scan(world, None, newest_first=False)
            if not held.seed and _awake(kind, held) and isinstance(held.data.get(kind.url), str)
        ]


def _kinds(context: Context) -> Iterator[_Kind]:
    for name, resource in context.plan.resources.items():
        shelf = context.shelves.get(name)
        if not isinstance(shelf, OwnShelf) or not resource.request:
            continue
        sent = context.schemas.flat_at(resource.request).properties
        url = next((each for each in sent if _word(each) in _URLS), "")
        events = next((each for each in sent if _word(each) in _EVENTS), "")
        words = {singular(word) for word in tokens(resource.noun)}
        # A subscription may be to a magazine.
        if url and (words & _HOOKS or (words & _LOOSE and events)):
            yield _Kind(resource, shelf, url, events)


def _listener(kind: _Kind, held: Held) -> Listener:
    events = held.data.get(kind.events) if kind.events else None
    wanted = [events] if isinstance(events, str) else events if isinstance(events, list) else []
    names = frozenset(name for name in wanted if isinstance(name, str))
    secret = next(
        (v for n, v in held.data.items() if _word(n) in _SECRETS and isinstance(v, str) and v), ""
    )
    return Listener(
        f"{kind.resource.name}/{held.key}",
        held.data[kind.url],
        frozenset() if "*" in names else names,
        secret,
        int(held.row["at"]),
    )


def _awake(kind: _Kind, held: Held) -> bool:
    states = kind.resource.states
    if states is not None and _word(held.data.get(states.name)) in _ASLEEP:
        return False
    return not any(
        (value is False and _word(name) in _ON) or (value is True and _word(name) in _OFF)
        for name, value in held.data.items()
    )


def _word(name: Any) -> str:
    return "_".join(tokens(name)) if isinstance(name, str) else ""
