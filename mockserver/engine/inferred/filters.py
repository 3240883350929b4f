"""Query parameters that choose among rows, or order them, by the names of properties."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from mockserver.engine.inferred.repository import Entity, OwnRepository, Repository
from mockserver.engine.timestamps import parse
from mockserver.inference.model import Envelope
from mockserver.inference.pagination import word
from mockserver.inference.words import bag, plural, singular
from mockserver.openapi.model import Operation, Parameter
from mockserver.openapi.schemas.resolved import Schemas

_DATED = re.compile(r"\d{4}-\d\d-\d\d")
Test = Callable[[Entity], bool]
Make = Callable[[Any], Test]

_IDS = ("id", "gid", "uuid", "guid", "key", "name")
_SEARCH = bag("q query search keyword keywords search_term term text filter_text")
_FROM = ("after", "from", "since", "gte", "gt", "min", "start", "begin")
_TO = ("before", "to", "until", "lte", "lt", "max", "end")
_LIKE = ("contains", "like", "ilike", "icontains", "substring", "search", "match")
_STARTS = ("prefix", "starts_with", "startswith")


def filters_of(
    schemas: Schemas, operation: Operation, envelope: Envelope, repository: Repository
) -> dict[str, Make]:
    """A test for each query parameter that speaks of a property."""
    paging = {*envelope.paging.names, envelope.ordering.sort, envelope.ordering.direction}
    names = _names(schemas, envelope, repository)
    found: dict[str, Make] = {}
    for parameter in operation.parameters:
        if parameter.place == "query" and parameter.name not in paging:
            make = _filter(parameter, names)
            if make is not None:
                found[parameter.name] = _if_meant(parameter, make, schemas, repository)
    return found


def needed_of(
    operation: Operation, filters: Mapping[str, Make], repository: Repository
) -> dict[str, str]:
    """The query parameters without which nothing is listed, and the properties that they name."""
    found = {}
    for parameter in operation.parameters:
        make = filters.get(parameter.name)
        if parameter.required and isinstance(make, partial) and make.func is _equal:
            field = str(make.args[0])
            if field != repository.resource.identity.key:
                found[parameter.name] = field
    return found


def equal_to(filters: Mapping[str, Make]) -> dict[str, str]:
    """The query parameters that ask for one value of a property, and the properties."""
    return {
        name: str(make.args[0])
        for name, make in filters.items()
        if isinstance(make, partial) and make.func is _equal
    }


def sought_in(operation: Operation, filters: Mapping[str, Make]) -> set[str]:
    """The words to search for without which nothing is listed."""
    return {
        parameter.name
        for parameter in operation.parameters
        if parameter.required
        and isinstance(make := filters.get(parameter.name), partial)
        and make.func is _search
    }


def _if_meant(parameter: Parameter, make: Make, schemas: Schemas, repository: Repository) -> Make:
    """A default that is no value of the property (`sha=none`) asks for nothing."""
    default = parameter.schema.get("default")
    if default is None or parameter.required:
        return make
    if isinstance(make, partial) and make.func is _equal and isinstance(repository, OwnRepository):
        states = repository.resource.states
        flat = schemas.flat(repository.flat.properties.get(make.args[0], {}))
        listed = list(flat.values or ())
        if states is not None and states.name == make.args[0]:
            listed += states.known
        if default in listed or isinstance(default, bool):
            return lambda wanted: _or_unset(make, wanted) if wanted == default else make(wanted)
    return lambda wanted: _all if wanted == default else make(wanted)


def _all(entity: Entity) -> bool:
    return True


def _or_unset(make: partial[Test], wanted: Any) -> Test:
    name, test = make.args[0], make(wanted)
    return lambda entity: entity.data.get(name) is None or test(entity)


def _names(schemas: Schemas, envelope: Envelope, repository: Repository) -> dict[str, str]:
    """The properties of a row, by their spelling with underscores."""
    listed: list[str] = []
    if envelope.item and not envelope.row:
        listed += schemas.flat_at(envelope.item).properties
    if isinstance(repository, OwnRepository):
        listed += repository.flat.properties
    return {word(name): name for name in reversed(listed)}


def _filter(parameter: Parameter, names: Mapping[str, str]) -> Make | None:
    spelled = word(parameter.name.replace("[", "_").replace("]", ""))
    spelled = spelled.removeprefix("filter_")
    if spelled in names:
        return partial(_equal, names[spelled])
    if spelled in _SEARCH:
        return partial(_search, tuple(names.values()))
    for one in (singular(spelled), plural(spelled)):
        if one in names:
            return partial(_equal, names[one])
    head, _, tail = spelled.rpartition("_")
    for tails, make in ((_FROM, _from), (_TO, _to), (_LIKE, _like), (_STARTS, _starts)):
        if tail in tails and head:
            for name in (head, f"{head}_at", f"{head}_date", f"{head}_time", f"{head}_on"):
                if name in names:
                    return partial(make, names[name])
    # `from_date`, `min_price`, `start_created_at`
    head, _, tail = spelled.partition("_")
    for tails, make in ((_FROM, _from), (_TO, _to)):
        if head in tails and tail in names:
            return partial(make, names[tail])
    return None


def _values(wanted: Any) -> list[Any]:
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]


def _equal(name: str, wanted: Any) -> Test:
    values = _values(wanted)
    texts = {str(value) for value in values}

    def test(entity: Entity) -> bool:
        found = entity.data.get(name)
        if isinstance(found, Mapping):
            # `workspace=12` of `{"workspace": {"id": 12, ...}}`
            found = next((found[key] for key in _IDS if key in found), None)
        if isinstance(found, list):
            return all(any(str(item) == text for item in found) for text in texts)
        return found is not None and (found in values or str(found) in texts)

    return test


def _search(names: Iterable[str], wanted: Any) -> Test:
    text = str(wanted).casefold()
    return lambda entity: any(
        text in value.casefold()
        for value in (entity.data.get(name) for name in names)
        if isinstance(value, str)
    )


def _like(name: str, wanted: Any) -> Test:
    text = str(wanted).casefold()
    return lambda entity: text in str(entity.data.get(name) or "").casefold()


def _starts(name: str, wanted: Any) -> Test:
    text = str(wanted).casefold()
    return lambda entity: str(entity.data.get(name) or "").casefold().startswith(text)


def _from(name: str, wanted: Any) -> Test:
    return lambda entity: _compare(entity.data.get(name), wanted) >= 0


def _to(name: str, wanted: Any) -> Test:
    return lambda entity: -1 <= _compare(entity.data.get(name), wanted, missing=1) <= 0


def _compare(found: Any, wanted: Any, missing: int = -1) -> int:
    """-1, 0 or 1; `missing` for what can't be compared."""
    if isinstance(found, str) and isinstance(wanted, str):
        found, wanted = _instant(found), _instant(wanted)
    if type(found) is type(wanted) is str:
        return (found > wanted) - (found < wanted)
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return (found > wanted) - (found < wanted)
    return missing


def _instant(text: str) -> Any:
    """A date or an instant as microseconds; another text as it is."""
    if not _DATED.match(text):
        return text
    try:
        return parse(text)
    except ValueError:
        return text


def ordered(
    rows: Iterator[Entity], query: Mapping[str, Any], envelope: Envelope, repository: Repository
) -> Iterable[Entity]:
    """The rows as `sort` asks (`name`, `-name`, `name:desc`, `name desc`); else as they come."""
    wanted = query.get(envelope.ordering.sort) if envelope.ordering.sort else None
    way = (
        str(query.get(envelope.ordering.direction, "")).lower()
        if envelope.ordering.direction
        else ""
    )
    if isinstance(wanted, list | tuple):
        wanted = wanted[0] if wanted else None
    if not isinstance(wanted, str) or not wanted:
        return reversed(list(rows)) if _turned(way, query, envelope) else rows
    name = wanted.lstrip("+-")
    for mark in (":", " ", ","):
        name, _, tail = name.partition(mark)
        way = tail.lower() or way
    falling = wanted.startswith("-") or way.startswith(("desc", "down"))
    found = list(rows)
    names = {word(key): key for entity in found[:1] for key in entity.data}
    key = next((names[w] for w in (word(name), f"{word(name)}_at") if w in names), None)
    if key is None:
        return found
    return sorted(found, key=lambda entity: _rank(entity.data.get(key)), reverse=falling)


def _turned(way: str, query: Mapping[str, Any], envelope: Envelope) -> bool:
    return way == "asc" and envelope.ordering.newest_first


def _rank(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 1, int(value)
    if isinstance(value, int | float):
        return 1, value
    return (2, value.casefold()) if isinstance(value, str) else (0, 0)
