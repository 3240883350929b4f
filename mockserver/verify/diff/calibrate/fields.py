"""Learn which fields successful replies always have, and which never.

A field is learned from several replies. What several operations of a method show at the same place
counts for the others that have this place in the document: every entity has a `last_modified`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from mockserver.inference.words import tokens
from mockserver.openapi.model import Contract, Json
from mockserver.openapi.observed import ITEM, schema_at, schemas_of_success
from mockserver.verify.diff.id_map import UUID, is_opaque, kind_of, time_form

Place = tuple[str, ...]
_SUPPORT, _OPERATIONS = 3, 2
"""The minimum number of objects that must have a field, and of operations that show one for the
others to get it, too."""
_DEEPEST = 4
_MOST = 60
"""Fields of one operation that are learned at most."""


@dataclass
class Successes:
    """The bodies of an operation's successful replies. `real` are pairs of the request's JSON body
    and the reply's."""

    real: list[tuple[Json, Json]] = field(default_factory=list)
    mock: list[Json] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """What the requests' paths name."""


@dataclass
class _Seen:
    """The values at a place, and how many objects there were to have one. `unsent` are the values
    that the request did not contain."""

    holders: int = 0
    values: list[Json] = field(default_factory=list)
    unsent: list[Json] = field(default_factory=list)

    @property
    def always(self) -> bool:
        return len(self.values) == self.holders >= _SUPPORT


Places = dict[Place, _Seen]


class Fields:
    """Learns from all operations together. `host` is a part of values that are no property of the
    API, `bodies` are those of requests whose replies show nothing."""

    def __init__(
        self,
        found: Mapping[str, Successes],
        contract: Contract,
        host: str,
        bodies: Iterable[Json] = (),
    ) -> None:
        self.contract = contract
        self.host = host
        self.real = {name: _places(one.real) for name, one in found.items()}
        self.named = {name: one.named for name, one in found.items()}
        self.mock = {
            name: _places((None, body) for body in one.mock) for name, one in found.items()
        }
        self.sent: dict[str, set[str]] = {}
        shown = (body for one in found.values() for body, _ in one.real)
        for body in chain(shown, bodies):
            for _, node in _objects(body, ()):
                for name, value in node.items():
                    self.sent.setdefault(name, set()).add(json.dumps(value, sort_keys=True))

    def learned(self) -> dict[str, dict[str, Json]]:
        """By operation: `fields`, schemas by place of what the document lacks or does not require,
        and the places of what is never there (`absent`), always null (`nulls`), and not there where
        it would be null (`omitted`)."""
        tables: dict[str, dict[str, Json]] = {}
        fields = {name: self._fields(name) for name in self.real}
        for name, where, schema in self._alike(fields):
            fields.setdefault(name, {}).setdefault(where, schema)
        for name, places in fields.items():
            if places:
                tables.setdefault(name, {})["fields"] = dict(sorted(places.items())[:_MOST])
        for name in self.real:
            absent, nulls = list(self._absent(name)), list(self._nulls(name))
            omitted = list(self._omitted(name))
            for table, found in (
                ("absent", [*absent, *nulls]),
                ("nulls", nulls),
                ("omitted", omitted),
            ):
                if found:
                    tables.setdefault(name, {})[table] = sorted(found)
        return tables

    def _fields(self, operation: str) -> dict[str, Json]:
        found = {}
        for place, seen in self.real[operation].items():
            schema = self._schema(operation, place, seen) if seen.always else None
            if schema is not None:
                found[".".join(place)] = schema
        return found

    def _schema(self, operation: str, place: Place, seen: _Seen) -> Json:
        """What to add to the document for a field that is always there; None for nothing."""
        if self._declared(operation, place[:-1]) is None:
            return None
        if self._declared(operation, place) is None:
            if place[-1] in self.sent or self._repeats(operation, place[-1], seen.values):
                return None
            return self._described(place[-1], seen.values)
        mock = self.mock[operation].get(place, _Seen())
        if mock.values and len(mock.values) == mock.holders:
            return None
        usual = self._usual(place[-1], self._own(operation, place[-1], seen))
        return {} if usual is None else {"default": usual}

    def _repeats(self, operation: str, name: str, values: list[Json]) -> bool:
        """Whether a field that is no id by its name has the id of the request's path: `message`. A
        value of its own would always be wrong."""
        named = self.named[operation]
        return tokens(name)[-1:] != ("id",) and all(
            isinstance(one, str) and one in named for one in values
        )

    def _own(self, operation: str, name: str, seen: _Seen) -> list[Json]:
        """The values that the server has chosen. Where an entity is made it has chosen all that
        were not sent; elsewhere a client may have sent them before, when it was made."""
        makes = self.contract.by_id[operation].method == "POST"
        if makes and len(seen.unsent) < len(seen.values):
            return seen.unsent
        given = self.sent.get(name, ())
        return [one for one in seen.unsent if json.dumps(one, sort_keys=True) not in given]

    def _declared(self, operation: str, place: Place) -> Any:
        pointers = schemas_of_success(self.contract.by_id[operation])
        return schema_at(self.contract.document, pointers[0], place) if pointers else None

    def _usual(self, name: str, values: list[Json]) -> Json:
        """What most of the values are; None if they are of their own."""
        texts = Counter(json.dumps(value, sort_keys=True) for value in values)
        text, count = texts.most_common(1)[0] if texts else ("null", 0)
        value = json.loads(text)
        own = is_opaque(name, value) or time_form(value) or self.host in text or UUID.search(text)
        return None if own or count < _SUPPORT or 2 * count <= len(values) else _plain(value)

    def _described(self, name: str, values: list[Json]) -> Json:
        kinds, form = {kind_of(value) for value in values}, time_form(values[0])
        if len(kinds) > 1 or kinds == {"null"}:
            return None
        kind = kinds.pop()
        if form.startswith("epoch"):
            unit = " in milliseconds" if form == "epoch ms" else ""
            return {"type": "integer", "description": f"Unix time{unit}"}
        if kind == "number" and all(isinstance(value, int) for value in values):
            kind = "integer"
        schema: dict[str, Json] = {"type": kind}
        if form:
            return {**schema, "format": "date-time"}
        if kind == "string" and all(UUID.fullmatch(value) for value in values):
            return {**schema, "format": "uuid"}
        usual = self._usual(name, values)
        if usual is not None and all(value == usual for value in values):
            return {**schema, "const": usual}
        return {**schema, "items": {}} if kind == "array" else schema

    def _alike(self, fields: Mapping[str, Mapping[str, Json]]) -> Iterator[tuple[str, str, Json]]:
        """Fields that several operations have, for others that have shown them too seldom, or, of
        the same method, that have shown no such object yet."""
        shown: dict[tuple[str, str], list[Json]] = {}
        for name, places in fields.items():
            for where, schema in places.items():
                for method in (self.contract.by_id[name].method, ""):
                    shown.setdefault((method, where), []).append(schema)
        for (method, where), schemas in shown.items():
            same = bool(schemas[0]) and all(one == schemas[0] for one in schemas)
            place = tuple(where.split("."))
            for operation in self.contract.operations if len(schemas) >= _OPERATIONS else ():
                alike = same and method in ("", operation.method)
                if alike and self._lacks(operation.id, place, seen=not method):
                    yield operation.id, where, schemas[0]

    def _lacks(self, operation: str, place: Place, *, seen: bool) -> bool:
        """Whether the document lacks a field there that all replies have (`seen`), or of whose
        object there is none in any reply."""
        real = self.real.get(operation, {})
        if seen:
            one = real.get(place)
            if one is None or len(one.values) < one.holders:
                return False
        elif any(known[:-1] == place[:-1] for known in real):
            return False
        holder = self._declared(operation, place[:-1])
        return holder is not None and self._declared(operation, place) is None

    def _absent(self, operation: str) -> Iterator[str]:
        """Fields that the mock shows and the real server never."""
        real = self.real[operation]
        holders = {place[:-1]: seen.holders for place, seen in real.items()}
        for place, seen in self.mock[operation].items():
            shown = any(value is not None for value in seen.values)
            if shown and place not in real and holders.get(place[:-1], 0) >= _SUPPORT:
                yield ".".join(place)

    def _omitted(self, operation: str) -> Iterator[str]:
        """Fields that the mock shows as null, and the real server not at all where it has none."""
        real = self.real[operation]
        holders = {place[:-1]: seen.holders for place, seen in real.items()}
        for place, seen in self.mock[operation].items():
            theirs = real.get(place, _Seen())
            lacking = holders.get(place[:-1], 0) - len(theirs.values)
            sure = theirs.values or all(value is None for value in seen.values)
            if None in seen.values and None not in theirs.values and sure and lacking >= _SUPPORT:
                yield ".".join(place)

    def _nulls(self, operation: str) -> Iterator[str]:
        """Fields that are always null on the real side, and not on the mock's."""
        for place, seen in self.real[operation].items():
            mock = self.mock[operation].get(place, _Seen())
            never = seen.always and all(value is None for value in seen.values)
            if never and any(value is not None for value in mock.values):
                yield ".".join(place)


def _places(bodies: Iterable[tuple[Json, Json]]) -> Places:
    """The fields of all objects in the replies."""
    holders: Counter[Place] = Counter()
    found: Places = {}
    for sent, body in bodies:
        names = set(_names(sent))
        for place, node in _objects(body, ()):
            holders[place] += 1
            for name, value in node.items():
                if "." in name:
                    continue
                seen = found.setdefault((*place, name), _Seen())
                seen.values.append(value)
                if name not in names:
                    seen.unsent.append(value)
    for place, seen in found.items():
        seen.holders = holders[place[:-1]]
    return found


def _objects(value: Json, place: Place) -> Iterator[tuple[Place, dict[str, Json]]]:
    if len(place) > _DEEPEST:
        return
    if isinstance(value, dict):
        yield place, value
        for name, inner in value.items():
            yield from _objects(inner, (*place, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner, (*place, ITEM))


def _names(body: Json) -> Iterator[str]:
    """The names of all fields in a body."""
    for _, node in _objects(body, ()):
        yield from node


def _plain(value: Json) -> Json:
    """The value, None if a null is in it, which TOML can't express."""
    return None if "null" in json.dumps(value) else value
