"""Query parameters that filter a list by property names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from mockserver.engine.inferred.repository import Entity, Repository, Test
from mockserver.engine.timestamps import SECOND, parse
from mockserver.inference.model import Envelope
from mockserver.inference.page_fields import word
from mockserver.inference.words import bag, plural, singular
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Operation
from mockserver.openapi.schemas.resolved import Schemas

_DATED = re.compile(r"\d{4}-\d\d-\d\d")
Make = Callable[[Any], Test]
Name = str | tuple[str, ...]
"""A property, or the path to one within another."""

_IDS = ("id", "gid", "uuid", "guid", "key", "name")
_SEARCH = bag("q query search keyword keywords search_term term text filter_text search_query "
              "search_text searchterm find contains")  # fmt: skip
_FROM = bag("after from since gte gt ge min start begin minimum greater_than newer_than")
_TO = bag("before to until lte lt le max end maximum less_than older_than till")
_OPEN = bag("gt after lt before")
"""Bounds that are outside of what they bound, where they are numbers."""
_LIKE = bag("contains like ilike icontains substring search match")
_STARTS = bag("prefix starts_with startswith begins_with")
_NOT = bag("not ne neq exclude excluding")
_IN = bag("in eq is equals any")
_CREATED = bag("created creation date time timestamp created_at")
_UPDATED = bag("updated modified changed updated_at")


class Filters:
    """How the parameters of one list filter its entities.

    `needed` are the parameters without which the list is empty, with their properties; `sought` the
    required search terms.
    """

    def __init__(
        self, schemas: Schemas, operation: Operation, envelope: Envelope, repository: Repository
    ) -> None:
        self._schemas = schemas
        self._repository = repository
        self._names = _names(schemas, envelope, repository)
        self._parents = {
            word(link.parameter): link.parameter for link in repository.resource.parents
        }
        self._makes: dict[str, Make] = {}
        self.needed: dict[str, str] = {}
        self.sought: set[str] = set()
        self._listed: list[str] = []
        own = envelope.paging.names | set(envelope.ordering.names)
        for name, schema, required in _asked_of(schemas, operation, envelope):
            make = self._filter(name, schema) if name not in own else None
            if make is None:
                continue
            self._makes[name] = self._if_meant(make, schema, required)
            if schemas.flat(schema).values:
                self._listed.append(name)
            if required and isinstance(make, partial):
                field = make.args[0]
                key = repository.resource.identity.key
                if make.func is _equal and isinstance(field, str) and field != key:
                    self.needed[name] = field
                elif make.func is _search:
                    self.sought.add(name)

    def asked(
        self, query: Mapping[str, Any], but: Iterable[str] = ()
    ) -> tuple[list[Test], dict[str, str]]:
        """The filters of a query, and the fields that have to equal one text."""
        tests: list[Test] = []
        fields: dict[str, str] = {}
        for name, make in self._makes.items():
            value = query.get(name)
            if value is None or name in but or value == "":
                continue
            simple = isinstance(make, partial) and make.func is _equal
            if simple and isinstance(value, str) and "," not in value and self._is_id(make):
                fields[str(make.args[0])] = value  # type: ignore[attr-defined]
            else:
                tests.append(make(value))
        return tests, fields

    def listed(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """The properties of which the query requests one of the values that the document lists."""
        return {
            field: value
            for field, value in self.equal_to({n: query.get(n) for n in self._listed}).items()
            if value is not None
        }

    def equal_to(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """The properties for which the query has one value, and the values."""
        found = {}
        for name, make in self._makes.items():
            value = query.get(name)
            if not isinstance(make, partial) or make.func is not _equal or value in (None, []):
                continue
            if isinstance(make.args[0], str):
                found[make.args[0]] = value[0] if isinstance(value, list) else value
        return found

    def _is_id(self, make: Any) -> bool:
        """Whether a property is a plain text that holds an id, so that it can be indexed."""
        name = make.args[0] if isinstance(make, partial) else None
        if not isinstance(name, str):
            return False
        types = set(self._schemas.flat(self._repository.flat.properties.get(name, {})).types)
        return word(name).endswith("_id") and "string" in types

    def _filter(self, name: str, schema: Any) -> Make | None:
        names = self._names
        spelled = word(name.replace("[", "_").replace("]", "")).removeprefix("filter_")
        if spelled in names:
            bounds = self._bounds(names[spelled], schema)
            return bounds or partial(_equal, names[spelled])
        if spelled in _SEARCH:
            return partial(_search, tuple(names.values()))
        stem = spelled.removesuffix("_id")
        for one in (singular(spelled), plural(spelled), f"{spelled}_id", f"{spelled}_ids", stem):
            if one in names:
                return partial(_equal, names[one])
        if spelled.endswith("_ids") and spelled[:-1] in names:
            return partial(_equal, names[spelled[:-1]])
        noun = self._repository.resource.noun.rsplit("_", 1)[-1]
        key = self._repository.resource.identity.key
        if key is not None and spelled in ("id", "ids", f"{noun}_id", f"{noun}_ids"):
            return partial(_equal, key)
        if spelled in self._parents:
            return _under
        bounded = self._bound(spelled) or self._bounds_of(spelled, schema)
        if bounded is not None:
            return bounded
        short = spelled.removeprefix(f"{noun}_")
        return partial(_equal, names[short]) if short != spelled and short in names else None

    def _bounds_of(self, spelled: str, schema: Any) -> Make | None:
        """`created[gte]`, unless a property has that name."""
        field = self._instant(spelled)
        return self._bounds(field, schema) if field is not None else None

    def _bounds(self, field: Name, schema: Any) -> Make | None:
        """A parameter that is, or may be, an object of bounds (`{"gte": 1}`)."""
        flat = self._schemas.flat(schema)
        branches = [flat, *(self._schemas.flat(b) for choice in flat.choices for b in choice)]
        if any(set(one.properties) & (_FROM | _TO) for one in branches):
            return partial(_within, field)
        return None

    def _bound(self, spelled: str) -> Make | None:
        head, _, tail = spelled.rpartition("_")
        first, _, rest = spelled.partition("_")
        for words, make in (
            (_FROM, _from), (_TO, _to), (_LIKE, _like), (_STARTS, _starts), (_NOT, _differs),
            (_IN, _equal),
        ):  # fmt: skip
            if tail in words and head:
                field = self._known(head)
                if field is not None:
                    return partial(make, field, *([tail] if make in (_from, _to) else []))
            if first in words and rest:
                field = self._known(rest)
                if field is not None:
                    return partial(make, field, *([first] if make in (_from, _to) else []))
        created = self._repository.roles.first("created")
        if created is not None:
            if spelled in _FROM - {"min", "minimum"}:
                return partial(_from, created, spelled)
            if spelled in _TO - {"max", "maximum"}:
                return partial(_to, created, spelled)
        return None

    def _known(self, spelled: str) -> Name | None:
        """The property with this name, or the timestamp that it means."""
        for name in (
            spelled,
            f"{spelled}_at",
            f"{spelled}_date",
            f"{spelled}_time",
            f"{spelled}_on",
        ):
            if name in self._names:
                return self._names[name]
        return self._instant(spelled)

    def _instant(self, spelled: str) -> Name | None:
        roles = self._repository.roles
        if spelled in _CREATED:
            return roles.first("created")
        return roles.first("updated") if spelled in _UPDATED else None

    def _if_meant(self, make: Make, schema: Mapping[str, Any], required: bool) -> Make:
        """Ignore a default that can't be a value of the property (`sha=none`)."""
        default = schema.get("default") if isinstance(schema, Mapping) else None
        if default is None or required:
            return make
        if isinstance(make, partial) and make.func is _equal:
            name = make.args[0]
            states = self._repository.resource.states
            flat = self._schemas.flat(self._repository.flat.properties.get(name, {}))
            listed = list(flat.values or ())
            if states is not None and states.name == name:
                listed += states.known
            if default in listed or isinstance(default, bool):
                return lambda wanted: (
                    _or_unset(name, make(wanted)) if wanted == default else make(wanted)
                )
        return lambda wanted: _all if wanted == default else make(wanted)


def _asked_of(
    schemas: Schemas, operation: Operation, envelope: Envelope
) -> list[tuple[str, Any, bool]]:
    """The parameters, each with its schema and whether it is required."""
    found = [
        (parameter.name, parameter.schema, parameter.required)
        for parameter in operation.parameters
        if parameter.place == "query"
    ]
    if envelope.paging.in_body and operation.body is not None:
        for media in operation.body.content.values():
            if media.pointer and is_json(media.name):
                flat = schemas.flat_at(schemas.canonical(media.pointer))
                found += [
                    (name, one, name in flat.required) for name, one in flat.properties.items()
                ]
                break
    return found


def _all(entity: Entity) -> bool:
    return True


def _or_unset(name: Name, test: Test) -> Test:
    return lambda entity: entity.at(name) is None or test(entity)


def _names(schemas: Schemas, envelope: Envelope, repository: Repository) -> dict[str, Name]:
    """The properties of an entity, by their spelling with underscores; those in its holder, too."""
    listed: list[str] = []
    if envelope.item and not envelope.row:
        listed += schemas.flat_at(envelope.item).properties
    listed += repository.flat.properties
    held: dict[str, Name] = {word(path[-1]): path for path in repository.held()}
    return {**held, **{word(name): name for name in reversed(listed)}}


def _values(wanted: Any) -> list[Any]:
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]


def _texts(values: Iterable[Any]) -> set[str]:
    """The values as texts, and the parts of comma-separated ones."""
    found = set()
    for value in values:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        found.add(text)
        if isinstance(value, str) and "," in value:
            found.update(part.strip() for part in value.split(","))
    return found


def _equal(name: Name, wanted: Any) -> Test:
    values = _values(wanted)
    texts = _texts(values)
    whole = {str(value) for value in values}

    def test(entity: Entity) -> bool:
        found = entity.at(name)
        if isinstance(found, Mapping):
            # `workspace=12` of `{"workspace": {"id": 12, ...}}`
            found = next((found[key] for key in _IDS if key in found), None)
        if isinstance(found, list):
            return all(any(str(item) == text for item in found) for text in whole)
        if found is None:
            return False
        text = str(found).lower() if isinstance(found, bool) else str(found)
        return text in texts or (found in values and not isinstance(found, bool))

    return test


def _under(wanted: Any) -> Test:
    texts = _texts(_values(wanted))
    return lambda entity: entity.parent.rsplit("/", 1)[-1] in texts


def _differs(name: Name, wanted: Any) -> Test:
    equal = _equal(name, wanted)
    return lambda entity: not equal(entity)


def _search(names: Iterable[Name], wanted: Any) -> Test:
    text = str(wanted).casefold()
    return lambda entity: any(
        text in value.casefold()
        for value in (entity.at(name) for name in names)
        if isinstance(value, str)
    )


def _like(name: Name, wanted: Any) -> Test:
    text = str(wanted).casefold().strip("%*")
    return lambda entity: text in str(entity.at(name) or "").casefold()


def _starts(name: Name, wanted: Any) -> Test:
    text = str(wanted).casefold()
    return lambda entity: str(entity.at(name) or "").casefold().startswith(text)


def _from(name: Name, word_: str, wanted: Any) -> Test:
    least = 1 if word_ in _OPEN and _is_exact(wanted) else 0
    return lambda entity: _compare(entity.at(name), wanted, missing=-1) >= least


def _to(name: Name, word_: str, wanted: Any) -> Test:
    most = -1 if word_ in _OPEN and _is_exact(wanted) else 0
    return lambda entity: -1 <= _compare(entity.at(name), wanted, missing=2) <= most


def _is_exact(wanted: Any) -> bool:
    """Whether a bound is a number or a date-time; a date stands for the whole day."""
    return not isinstance(wanted, str)


def _within(name: Name, wanted: Any) -> Test:
    if not isinstance(wanted, Mapping):
        return _equal(name, wanted)
    tests = []
    for bound, value in wanted.items():
        if bound in _FROM:
            tests.append(_from(name, bound, value))
        elif bound in _TO:
            tests.append(_to(name, bound, value))
        elif bound in _IN:
            tests.append(_equal(name, value))
    return lambda entity: all(test(entity) for test in tests)


def _compare(found: Any, wanted: Any, missing: int) -> int:
    """-1, 0 or 1; `missing` if the values can't be compared."""
    if isinstance(wanted, str) and not isinstance(found, str) and wanted.lstrip("-").isdecimal():
        wanted = int(wanted)
    if isinstance(found, str) and isinstance(wanted, int) and not isinstance(wanted, bool):
        # Seconds since 1970, or milliseconds.
        wanted = wanted * (SECOND if abs(wanted) < 10**11 else SECOND // 1000)
        found = _instant(found)
        if isinstance(found, str):
            return missing
    if isinstance(found, int) and isinstance(wanted, str) and _DATED.match(wanted):
        instant = _instant(wanted)
        if isinstance(instant, int):
            wanted = instant // (SECOND if abs(found) < 10**11 else SECOND // 1000)
    if isinstance(found, str) and isinstance(wanted, str):
        if len(wanted) == 10 and _DATED.match(wanted) and _DATED.match(found):
            found = found[:10]
        found, wanted = _instant(found), _instant(wanted)
    if type(found) is type(wanted) is str:
        return (found > wanted) - (found < wanted)
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return (found > wanted) - (found < wanted)
    return missing


def _instant(text: str) -> Any:
    """A date or date-time as microseconds; other text unchanged."""
    if not _DATED.match(text):
        return text
    try:
        return parse(text)
    except ValueError:
        return text
