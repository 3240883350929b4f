"""What a response says of each of the entities that a request was about: its id, the entity, how it
went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.receipts import COUNTED, FAILED
from mockserver.engine.inferred.reference_names import is_id
from mockserver.engine.inferred.repository import Entity, value_at
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import pointer_of
from mockserver.inference.resource_model import FIRST, Path
from mockserver.inference.words import bag, last_word, plural, snake_case, tokens
from mockserver.openapi.schemas.resolved import Flat
from mockserver.records import dataclass

Deed = Literal["created", "updated", "deleted"]
_DEEDS: Mapping[Deed, frozenset[str]] = {
    "created": bag("created inserted added imported create insert add new"),
    "updated": bag("updated modified changed patched replaced update modify change patch"),
    "deleted": bag("deleted removed destroyed delete remove"),
}
_CODES: Mapping[Deed, tuple[int, ...]] = {
    "created": (201, 200),
    "updated": (200, 204),
    "deleted": (204, 200),
}
_ROWS = bag("results result items data responses response entries records rows outcomes objects")
_IDS = bag("id ids uuid uuids key keys identifier identifiers")
_CODE_NAMES = bag("status code status_code http_status http_code response_code http_status_code")
_PLACES = bag("index position row line order")
_WELL = bag(
    "success succeeded successful ok is_success is_successful is_ok created updated deleted"
)
_BAD_WORDS = ("failed", "failure", "error", "not_found", "fail")
_NO_STATUS = 404
_DEEPEST = 1
"""How many objects an array of results may be in: `{"data": {"results": []}}`."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one of those that a request was about. `entity` is None where there is none
    with this `id`; `sent` is its part of the request."""

    id: Any
    entity: Entity | None
    deed: Deed
    sent: Any = None


def say_each(call: Call, reply: Reply, done: Sequence[Done], joined: Path | None = None) -> None:
    """Write how it went for each, where a response has a row for each, their ids, or those that
    failed: `{"results": [{"id": 7, "status": 201}]}`, `{"created": [7], "errors": []}`. `joined`:
    the path of the array that has the entities already."""
    place = pointer_of(call.operation, reply.status)
    if not place or not isinstance(reply.body, dict | list):
        return
    schemas = call.context.schemas
    place = schemas.main(place)
    at = call.action.response.at
    found = list(_arrays(call, place, _DEEPEST))
    for path, items in found:
        if path == joined and at[-1:] != (FIRST,):
            _say_beside(call, value_at(reply.body, path), items, reply.status, done)
            continue
        row = schemas.flat_at(items)
        if path == joined and row.properties and not _Teller(call, items, row).inner:
            continue
        rows = _rows(call, path, items, done, alone=len(found) == 1)
        if rows is None:
            continue
        before = reply.body
        reply.body = _with(before, path, rows)
        if not call.context.values.check(place).is_valid(reply.body):
            reply.body = before


def _with(body: Any, path: Path, rows: list[Any]) -> Any:
    """The body with other rows at a path."""
    if not path:
        return rows
    holder = body if isinstance(body, dict) else {}
    return {**holder, path[0]: _with(holder.get(path[0]), path[1:], rows)}


def _arrays(call: Call, place: str, deeper: int) -> Iterator[tuple[Path, str]]:
    """The arrays of a response, with the places of their items."""
    schemas = call.context.schemas
    flat = schemas.flat_at(place)
    item = schemas.place(place, None) if "array" in flat.types else None
    if item is not None:
        yield (), schemas.canonical(item)
    for name, inner in schemas.arrays(place).items():
        yield (name,), schemas.canonical(inner)
    for name, schema in flat.properties.items() if deeper else ():
        below = schemas.place(place, name)
        if below is not None and schemas.flat(schema).properties:
            yield from (
                ((name, *path), one)
                for path, one in _arrays(call, schemas.canonical(below), deeper - 1)
                if path
            )


def _rows(
    call: Call, path: Path, items: str, done: Sequence[Done], *, alone: bool
) -> list[Any] | None:
    """The rows of one array; None if it is about something else."""
    schemas, resource = call.context.schemas, call.resource
    row = schemas.flat_at(items)
    words = {*tokens(path[-1])} if path else set[str]()
    about = {*tokens(resource.noun), *tokens(plural(resource.noun))}
    said = words - about - _IDS - _ROWS
    if said - COUNTED - FAILED - frozenset().union(*_DEEDS.values()) and not alone:
        return None
    if said & FAILED:
        meant = [one for one in done if one.entity is None]
    else:
        deeds = {deed for deed, names in _DEEDS.items() if said & names}
        meant = [one for one in done if not deeds or one.deed in deeds]
        if said or not row.properties:
            meant = [one for one in meant if one.entity is not None]
    if not row.properties:
        ids = {"string", "integer"} & set(row.types) and (said or words or alone)
        return [one.id for one in meant] if ids and "object" not in row.types else None
    if said & FAILED and not meant:
        return []
    teller = _Teller(call, items, row)
    return [teller.row(index, one) for index, one in enumerate(meant)] if teller.tells else None


class _Teller:
    """Makes the rows of one array, in which each is about one entity."""

    def __init__(self, call: Call, items: str, row: Flat) -> None:
        self._call, self._items, self._flat = call, items, row
        self.whole = self._is_entity(row)
        about = call.resource
        names = {"id", f"{about.noun}_id", f"{last_word(about.noun)}_id", about.identity.key}
        ids = [name for name in row.properties if is_id(name)]
        own = [name for name in ids if name in names or snake_case(name) in names]
        self._id = ids[0] if len(ids) == 1 else own[0] if own else None
        inner = [
            name
            for name, schema in row.properties.items()
            if self._is_entity(call.context.schemas.flat(schema))
        ]
        self.inner = inner[0] if len(inner) == 1 and not self.whole else None
        self.tells = self.whole or self._id is not None or self.inner is not None

    def _is_entity(self, flat: Flat) -> bool:
        """Whether a schema is one of the resource: it has its id and mostly its properties."""
        own = self._call.context.flat(self._call.resource).properties
        key = self._call.resource.identity.key
        alike = flat.properties.keys() & own.keys()
        return key in alike and len(alike) > 1 and 2 * len(alike) > len(flat.properties)

    def row(self, index: int, one: Done) -> Any:
        """What the array has of one of them."""
        call, entity = self._call, one.entity
        known: dict[str, Any] = {}
        shown = call.known(entity) if entity is not None else {}
        if self._id is not None:
            known[self._id] = one.id
        if self.inner is not None and entity is not None:
            known[self.inner] = shown
        known |= shown if self.whole else beside(call, self._items, one, index)
        mode = call.mode("fresh" if self.whole else "sparse")
        rng = call.rng("result", index)
        return call.context.values.make(self._items, rng, known, mode=mode)


def beside(call: Call, items: str, one: Done, index: int, status: int = 200) -> dict[str, Any]:
    """What a row says beside the entity: its place, its status, what has been sent."""
    schemas, failed = call.context.schemas, one.entity is None
    known: dict[str, Any] = {}
    if not failed:
        known |= call.context.answers.outcomes.of(items, status, True)
    given = one.sent if isinstance(one.sent, Mapping) else {}
    texts = {tokens(name): value for name, value in given.items() if isinstance(value, str)}
    for name, schema in schemas.flat_at(schemas.main(items)).properties.items():
        called, flat = snake_case(name), schemas.flat(schema)
        value = _outcome(called, flat, one)
        if value is not None:
            known[name] = value
        elif "integer" in flat.types and called in _PLACES:
            known[name] = index
        elif found := texts.get(tokens(name)) or texts.get(tokens(name)[-1:]):
            known.setdefault(name, found)
    return known


def _outcome(called: str, flat: Flat, one: Done) -> Any:
    """What a property of a row says of how it went: a status, a flag, or a word; None if it says
    nothing of that."""
    if flat.values:
        words = _BAD_WORDS if one.entity is None else (one.deed, *sorted(_DEEDS[one.deed]))
        spelled = {snake_case(str(value)): value for value in flat.values}
        return next((spelled[word] for word in words if word in spelled), None)
    if "boolean" in flat.types and called in _WELL:
        return one.entity is not None
    if called in _CODE_NAMES and {"integer", "number"} & set(flat.types):
        return _NO_STATUS if one.entity is None else _CODES[one.deed][0]
    return None


def _say_beside(call: Call, rows: Any, items: str, status: int, done: Sequence[Done]) -> None:
    """Say of each row that shows an entity within it how it went, and of what it is:
    `{"status": "ok", "source_url": ..., "image": {...}}`."""
    shown = call.action.response.at[-1]
    for index, (row, one) in enumerate(
        zip(rows if isinstance(rows, list) else (), done, strict=False)
    ):
        if isinstance(row, dict):
            told = beside(call, items, one, index, status)
            row.update({name: value for name, value in told.items() if name != shown})
