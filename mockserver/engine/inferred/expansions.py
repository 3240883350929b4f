"""Parameters that ask for other entities in a response: `expand=customer`, where a property has an
id or an object, and `include=author`, where a JSON:API document has `included`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.conditional import of_version, unconditional
from mockserver.engine.inferred.context import Context
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import dump, pointer_of
from mockserver.inference.model import Action
from mockserver.inference.parts import RELATIONSHIPS
from mockserver.inference.resource_model import FIRST
from mockserver.inference.words import bag, noun, snake_case
from mockserver.openapi.model import Operation
from mockserver.records import dataclass

_ASKING = bag(
    "expand expands expanded expansion expansions include includes included embed embeds with "
    "populate include_related relations expand_fields"
)
_BEFORE = ("include_", "with_", "expand_", "embed_", "show_")
_ALL = bag("* all true")
_NO = (False, "false", "0", None, "")
_INCLUDED = "included"
_MOST = 1000
"""Entities that one response may include."""
_MOST_ADDED = 10 * 2**20
"""Bytes of entities in place of their ids in one response: the size of a body."""


@dataclass(frozen=True, slots=True, eq=False)
class _Property:
    """A property that shows the id of an entity of `other`, or the entity as it is at `place`."""

    name: str
    place: str
    other: str


def expanding(
    context: Context, operation: Operation, action: Action, handler: CallHandler
) -> CallHandler:
    """The handler, whose response has the entities that a parameter asks for."""
    asking = [p.name for p in operation.parameters if p.place == "query" and _asks(p.name)]
    pointer = pointer_of(operation, operation.success)
    if not asking or action.resource is None or pointer is None or action.kind == "fixed":
        return handler
    top = context.schemas.main(pointer)
    items = context.schemas.arrays(top).get(_INCLUDED)
    at = _rows_at(action)
    place = context.schemas.along(pointer, at)
    found = tuple(_properties(context, place)) if place is not None else ()
    if not found and items is None:
        return handler

    def handle(call: Call) -> Reply:
        names = set(_named(call.request.query, asking))
        shown = [one for one in found if names & {"*", snake_case(one.name)}]
        if not (shown or items is not None):
            return handler(call)
        # The version of what is shown of others counts as well.
        reply = handler(replace(call, request=unconditional(call.request)))
        if not isinstance(reply.body, dict | list) or reply.status >= 400:
            return reply
        if items is not None and isinstance(reply.body, dict):
            body: Any = _with_included(call, reply.body, items, names)
        else:
            body = _Expander(call, shown).expanded(reply.body, at)
        return of_version(call.request, replace(reply, body=body))

    return handle


def _asks(name: str) -> bool:
    spelled = snake_case(name.partition("[")[0].strip("$_"))
    return spelled in _ASKING or spelled.startswith(_BEFORE)


def _rows_at(action: Action) -> tuple[str, ...]:
    """The path of the entities in a response."""
    envelope = action.envelope if action.kind == "list" else None
    if envelope is not None:
        return (*envelope.items, FIRST, *envelope.row)
    return action.response.at


def _properties(context: Context, place: str) -> Iterator[_Property]:
    """The properties that may show an id or an entity with this id."""
    schemas = context.schemas
    for name, schema in schemas.flat_at(schemas.main(place)).properties.items():
        inner = schemas.place(schemas.main(place), name)
        if inner is None or not schemas.flat(schema).choices:
            continue
        whole = schemas.main(inner)
        plain = {"string", "integer"} & set(schemas.kinds(schema))
        other = context.embeds.shown_at(name, whole) if plain else None
        if other is not None:
            yield _Property(name, whole, other)


def _named(query: Mapping[str, Any], asking: list[str]) -> Iterator[str]:
    """What a query asks for: the first step of each path, `*` for everything."""
    for parameter in asking:
        value = query.get(parameter)
        spelled = snake_case(parameter.partition("[")[0].strip("$_"))
        if value in _NO:
            continue
        if spelled not in _ASKING:
            yield from (spelled.removeprefix(one) for one in _BEFORE if spelled.startswith(one))
            continue
        for text in value if isinstance(value, list) else [value]:
            for one in str(text).split(","):
                name = one.strip().removeprefix("data.").partition(".")[0]
                yield "*" if name.lower() in _ALL else snake_case(name)


class _Expander:
    """Puts entities in place of their ids, as long as what is added is not too large."""

    def __init__(self, call: Call, shown: Sequence[_Property]) -> None:
        self._call, self._shown = call, shown
        self._left = _MOST_ADDED
        self._made: dict[tuple[str, str], tuple[Any, int]] = {}

    def expanded(self, value: Any, at: tuple[str, ...]) -> Any:
        """The value with entities in what stands at a path."""
        if at and at[0] == FIRST:
            rows = value if isinstance(value, list) else []
            return [self.expanded(one, at[1:]) for one in rows]
        if not isinstance(value, dict):
            return value
        if at:
            inner = value.get(at[0])
            return {**value, at[0]: self.expanded(inner, at[1:])} if inner else value
        found = dict(value)
        for one in self._shown:
            key = value.get(one.name)
            whole, size = self._whole(one, str(key)) if _is_id(key) else (None, 0)
            if whole is not None and size <= self._left:
                self._left -= size
                found[one.name] = whole
        return found

    def _whole(self, one: _Property, key: str) -> tuple[Any, int]:
        """The entity with this id and its size in bytes; None if there is none. Many rows may name
        the same one."""
        known = (one.place, key)
        if known not in self._made:
            context = self._call.context
            entity = context.embeds.one(self._call.world, one.other, key)
            repository = context.repositories[one.other]
            whole = _whole(self._call, repository, entity, one.place) if entity else None
            self._made[known] = whole, len(dump(whole))
        return self._made[known]


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _whole(call: Call, repository: Repository, entity: Entity, place: str) -> Any:
    """An entity as the schema at a place shows it."""
    context = call.context
    known = dict(context.joins.shown(call.world, repository, entity))
    key = repository.resource.identity.key
    if key is not None:
        known.setdefault(key, entity.id(repository.resource))
    rng, mode = call.lasting(repository.resource.name, entity.key), call.mode(entity.mode)
    return context.values.make(place, rng, known, mode=mode)


def _with_included(call: Call, body: dict[str, Any], items: str, names: set[str]) -> dict[str, Any]:
    """The body with the entities that its own ones name in their `relationships`."""
    rows = body.get("data")
    found: dict[tuple[str, str], Any] = {}
    for row in rows if isinstance(rows, list) else [rows]:
        related = row.get(RELATIONSHIPS) if isinstance(row, dict) else None
        for name, link in related.items() if isinstance(related, Mapping) else ():
            data = link.get("data") if isinstance(link, Mapping) else None
            if not names & {"*", snake_case(name)}:
                continue
            for one in data if isinstance(data, list) else [data]:
                if isinstance(one, Mapping) and len(found) < _MOST:
                    _include(call, name, one, items, found)
    shown = {**body, _INCLUDED: list(found.values())}
    place = pointer_of(call.operation, call.operation.success)
    if place is None or call.context.values.check(place).is_valid(shown):
        return shown
    return body


def _include(
    call: Call, name: str, link: Mapping[str, Any], items: str, found: dict[tuple[str, str], Any]
) -> None:
    """Add the entity that an identifier names, if there is one."""
    kind, key = str(link.get("type", "")), link.get("id")
    if (kind, str(key)) in found or not _is_id(key):
        return
    about = {noun(kind), noun(name)}
    for other, repository in call.context.repositories.items():
        if repository.resource.noun in about and not repository.resource.singleton:
            entity = call.context.embeds.one(call.world, other, key)
            if entity is not None:
                whole = _whole(call, repository, entity, items)
                if isinstance(whole, dict):
                    whole |= {"type": kind} if kind else {}
                found[kind, str(key)] = whole
                return
