"""Properties that are composed of others: `full_name` is the owner's login and the name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from mockserver.engine.generation.examples import example_of
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.repository import value_at
from mockserver.inference.resource_model import Path, Resource
from mockserver.inference.words import bag, tokens
from mockserver.records import dataclass

_BETWEEN = re.compile(r"[^0-9A-Za-z]{1,3}")
_WRITTEN = re.compile(r"{(\w+)}([^0-9A-Za-z{}`]{1,3}){(\w+)}")
_NAMING = ("login", "slug", "key", "username", "handle", "name")
_OWNERS = bag("owner namespace account workspace organization")
_SHORTEST, _LONGEST = 2, 200
Composed = tuple[tuple[Path, ...], str, tuple[Path, ...]]
"""The places of the first part, the text between, the places of the last part."""


class _Part(NamedTuple):
    """Where an example has a text; the lowest rank is nearest."""

    rank: int
    paths: list[Path]


Parts = dict[str, _Part]


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """A text property, whose schema is at `place`, that is two others with a text between them; of
    each, the first place that an entity has counts."""

    name: str
    place: str
    first: tuple[Path, ...]
    between: str
    last: tuple[Path, ...]

    def of(self, entity: Mapping[str, Any]) -> str | None:
        """The text for an entity; None if it lacks a part."""
        first = next((part for path in self.first if (part := _said(entity, path))), None)
        last = next((part for path in self.last if (part := _said(entity, path))), None)
        return f"{first}{self.between}{last}" if first and last else None


class Compositions:
    """The compositions of each resource, which its examples or descriptions say; found once."""

    def __init__(self, values: Values, shown: Callable[[str], Mapping[str, Any] | None]) -> None:
        self._values = values
        self._schemas = values.schemas
        self._shown = shown
        self._found: dict[str, tuple[Composition, ...]] = {}

    def composed(
        self, resource: Resource, entity: Mapping[str, Any], given: Mapping[str, Any]
    ) -> dict[str, str]:
        """The composed properties of an entity, but for those that are given, and those that would
        not fit."""
        if resource.name not in self._found:
            self._found[resource.name] = tuple(self._of(resource))
        found = {}
        for one in self._found[resource.name]:
            text = one.of(entity) if one.name in entity and one.name not in given else None
            if text is not None and self._values.check(one.place).is_valid(text):
                found[one.name] = text
        return found

    def owner(
        self, resource: Resource, above: Resource, shown: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What shows the entity above as the owner, where the path names it: `{"owner": {"login":
        "octocat"}}`."""
        own, found = above.identity.key, {}
        flat = self._schemas.flat_at(resource.schema) if resource.schema else None
        for name, schema in flat.properties.items() if flat is not None else ():
            inner = self._schemas.flat(schema).properties
            if own in inner and own in shown and _OWNERS & set(tokens(name)):
                found[name] = {n: v for n, v in shown.items() if n in inner}
        return found

    def _of(self, resource: Resource) -> Iterator[Composition]:
        if resource.schema is None:
            return
        flat = self._schemas.flat_at(resource.schema)
        parts = example_of(self._schemas, self._schemas.at(resource.schema))
        examples = [
            (one, _parts(one))
            for one in (self._shown(resource.name), parts)
            if isinstance(one, Mapping)
        ]
        for name, schema in flat.properties.items():
            one = self._schemas.flat(schema)
            if "string" not in one.types or one.values is not None:
                continue
            text = str(schema.get("description", "")) if isinstance(schema, Mapping) else ""
            found = self._written(name, text, flat.properties) or _seen(name, examples)
            place = self._schemas.place(resource.schema, name) if found is not None else None
            if found is not None and place is not None:
                yield Composition(name, place, *found)

    def _written(
        self, name: str, description: str, properties: Mapping[str, Any]
    ) -> Composed | None:
        """The composition in a description: `{owner}/{name}`."""
        found = _WRITTEN.search(description)
        if found is None:
            return None
        paths = [self._named(word, properties) for word in (found[1], found[3])]
        if paths[0] is None or paths[1] is None or (name,) in paths:
            return None
        return (paths[0],), found[2], (paths[1],)

    def _named(self, word: str, properties: Mapping[str, Any]) -> Path | None:
        if word not in properties:
            return None
        inner = self._schemas.flat(properties[word]).properties
        naming = next((one for one in _NAMING if one in inner), None)
        return (word, naming) if naming is not None else None if inner else (word,)


def _seen(name: str, examples: list[tuple[Mapping[str, Any], Parts]]) -> Composed | None:
    """What an example shows: its text is the values of two other properties."""
    for example, parts in examples:
        text = example.get(name)
        if not isinstance(text, str) or "://" in text or len(text) > _LONGEST:
            continue
        found: list[tuple[int, Composed]] = []
        for at in range(_SHORTEST, len(text)):
            between = _BETWEEN.match(text, at)
            first = parts.get(text[:at]) if between is not None else None
            last = parts.get(text[between.end() :]) if between is not None else None
            if between and first is not None and last is not None and last is not first:
                found.append((first.rank, (tuple(first.paths), between[0], tuple(last.paths))))
        if found:
            return min(found, key=itemgetter(0))[1]
    return None


def _parts(example: Mapping[str, Any]) -> Parts:
    """The texts and numbers of an example with their places, the nearest first, then owners."""
    objects = [name for name, value in example.items() if isinstance(value, Mapping)]
    objects.sort(key=lambda name: _OWNERS.isdisjoint(tokens(name)))
    paths: list[Path] = [(name,) for name in example]
    paths += [(name, inner) for name in objects for inner in _NAMING]
    found: Parts = {}
    for path in paths:
        part = _said(example, path)
        if _SHORTEST <= len(part) <= _LONGEST:
            found.setdefault(part, _Part(len(found), [])).paths.append(path)
    return found


def _said(entity: Any, path: Path) -> str:
    """The text or number at a path; empty if there is none."""
    value = value_at(entity, path)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
