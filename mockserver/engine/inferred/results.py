"""What a response reports of the entities that a request was about: how many, which ids, and how it
went for each (`{"created": 2, "results": [{"id": 7, "status": 201}]}`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import named
from mockserver.engine.inferred.reference_names import is_id
from mockserver.engine.inferred.repository import Entity, value_at
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import pointer_of
from mockserver.inference.resource_model import FIRST, Path
from mockserver.inference.words import bag, last_word, plural, snake_case, tokens
from mockserver.openapi.schemas.resolved import Flat
from mockserver.records import dataclass

Change = Literal["created", "updated", "deleted"]
_CHANGES: Mapping[Change, frozenset[str]] = {
    "created": bag("created inserted added imported create insert add new"),
    "updated": bag("updated modified changed patched replaced update modify change patch"),
    "deleted": bag("deleted removed destroyed delete remove"),
}
_CODES: Mapping[Change, tuple[int, ...]] = {
    "created": (201, 200),
    "updated": (200, 204),
    "deleted": (204, 200),
}
_DONE_WELL = bag(
    "success succeeded successful successes created inserted added processed accepted imported "
    "submitted upserted updated deleted removed affected total"
)
"""Words for what went well."""
_FAILED = bag("error errors failed failures failure rejected skipped invalid")
_COUNTS = _DONE_WELL | bag("count counts number num")
_COUNTING = bag("count counts number num total items records rows entries of")
_IMPORTED = bag("imported import")
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
class Outcome:
    """How it went for one of the entities that a request was about. `entity` is None where none has
    this `id`; `sent` is its part of the request."""

    id: Any
    entity: Entity | None
    change: Change
    sent: Any = None


def count_made(
    call: Call, reply: Reply, number: int, changes: Mapping[str, int] | None = None, failed: int = 0
) -> None:
    """Write how many entities a request was about where a response counts them beside these:
    `{"success_count": 2, "errors_count": 0}`. `changes` are the numbers of those that were created,
    updated or deleted, if the request may have done several of that; `failed` is the number of ids
    that nothing has."""
    place, holder = pointer_of(call.operation, reply.status), reply.body
    if not place or not isinstance(holder, dict):
        return
    own = call.context.flat(call.resource).properties
    flat = call.context.schemas.flat_at(call.context.schemas.main(place))
    alone = len(flat.properties) == 1
    for name, schema in flat.properties.items():
        words = set(tokens(name))
        whole = call.context.schemas.flat(schema).types[:1] in (("integer",), ("number",))
        if name in own or not whole or words - _DONE_WELL - _FAILED - _COUNTING:
            continue
        # What is imported may be new or not.
        change = next((one for one, names in _CHANGES.items() if words & names - _IMPORTED), None)
        if words & _FAILED:
            holder[name] = failed
        elif change is not None and changes is not None and not alone:
            holder[name] = changes.get(change, 0)
        elif words & (_COUNTS if alone else _DONE_WELL) and (words != {"total"} or number != 1):
            holder[name] = number


def _id_lists(call: Call, reply: Reply) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a response lists the ids of other created entities (`{"order_ids": []}`)."""
    noun = call.resource.noun
    names = {"ids", f"{noun}_ids", f"{last_word(noun)}_ids"}
    schemas, holder = call.context.schemas, reply.body
    place = pointer_of(call.operation, reply.status)
    for step in (*call.action.response.at, ""):
        if not isinstance(holder, dict) or place is None:
            return
        for name, schema in schemas.flat_at(schemas.canonical(place)).properties.items():
            if name in named(call.sent):
                continue  # these are the client's own
            if snake_case(name) in names and "array" in schemas.flat(schema).types:
                yield holder, name
        holder, place = holder.get(step), schemas.place(place, step or None)


def returned_ids(call: Call, reply: Reply) -> list[Any]:
    """The ids of other created entities in a response."""
    return next((holder.get(name) or [] for holder, name in _id_lists(call, reply)), [])


def tell_ids(call: Call, reply: Reply, ids: list[Any]) -> None:
    """Set the ids of created entities where a response has a list of them."""
    for holder, name in _id_lists(call, reply):
        holder[name] = list(ids)


def say_each(call: Call, reply: Reply, done: Sequence[Outcome], joined: Path | None = None) -> None:
    """Write how it went for each where a response has an array for that: of a row for each
    (`{"results": [{"id": 7, "status": 201}]}`), of ids, or of failures (`{"created": [7], "errors":
    []}`). `joined` is the path of an array that has the entities already."""
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
        if path == joined and row.properties and not _RowMaker(call, items, row).inner:
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
    call: Call, path: Path, items: str, done: Sequence[Outcome], *, alone: bool
) -> list[Any] | None:
    """The rows of one array; None if it is about something else."""
    schemas, resource = call.context.schemas, call.resource
    row = schemas.flat_at(items)
    words = {*tokens(path[-1])} if path else set[str]()
    about = {*tokens(resource.noun), *tokens(plural(resource.noun))}
    said = words - about - _IDS - _ROWS
    if said - _DONE_WELL - _FAILED - frozenset().union(*_CHANGES.values()) and not alone:
        return None
    if said & _FAILED:
        meant = [one for one in done if one.entity is None]
    else:
        changes = {change for change, names in _CHANGES.items() if said & names}
        meant = [one for one in done if not changes or one.change in changes]
        if said or not row.properties:
            meant = [one for one in meant if one.entity is not None]
    if not row.properties:
        ids = {"string", "integer"} & set(row.types) and (said or words or alone)
        return [one.id for one in meant] if ids and "object" not in row.types else None
    if said & _FAILED and not meant:
        return []
    maker = _RowMaker(call, items, row)
    return [maker.row(index, one) for index, one in enumerate(meant)] if maker.can_make else None


class _RowMaker:
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
        self.can_make = self.whole or self._id is not None or self.inner is not None

    def _is_entity(self, flat: Flat) -> bool:
        """Whether a schema is one of the resource: it has its id and mostly its properties."""
        own = self._call.context.flat(self._call.resource).properties
        key = self._call.resource.identity.key
        alike = flat.properties.keys() & own.keys()
        return key in alike and len(alike) > 1 and 2 * len(alike) > len(flat.properties)

    def row(self, index: int, one: Outcome) -> Any:
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


def beside(call: Call, items: str, one: Outcome, index: int, status: int = 200) -> dict[str, Any]:
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


def _outcome(called: str, flat: Flat, one: Outcome) -> Any:
    """What a property of a row says of how it went: a status, a flag, or a word; None if it says
    nothing of that."""
    if flat.values:
        words = _BAD_WORDS if one.entity is None else (one.change, *sorted(_CHANGES[one.change]))
        spelled = {snake_case(str(value)): value for value in flat.values}
        return next((spelled[word] for word in words if word in spelled), None)
    if "boolean" in flat.types and called in _WELL:
        return one.entity is not None
    if called in _CODE_NAMES and {"integer", "number"} & set(flat.types):
        return _NO_STATUS if one.entity is None else _CODES[one.change][0]
    return None


def _say_beside(call: Call, rows: Any, items: str, status: int, done: Sequence[Outcome]) -> None:
    """Say of each row that shows an entity within it how it went, and of what it is:
    `{"status": "ok", "source_url": ..., "image": {...}}`."""
    shown = call.action.response.at[-1]
    for index, (row, one) in enumerate(
        zip(rows if isinstance(rows, list) else (), done, strict=False)
    ):
        if isinstance(row, dict):
            told = beside(call, items, one, index, status)
            row.update({name: value for name, value in told.items() if name != shown})
