"""Properties that are composed of others: `full_name` is the owner's login and the name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.engine.generation.examples import example_of
from mockserver.inference.model import Path, Resource
from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.records import dataclass

_BETWEEN = re.compile(r"[^0-9A-Za-z]{1,3}")
_WRITTEN = re.compile(r"{(\w+)}([^0-9A-Za-z{}`]{1,3}){(\w+)}")
_NAMING = ("login", "slug", "key", "username", "handle", "name")
_OWNERS = bag("owner namespace account workspace organization")
_SHORTEST = 2


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """A text property that is two others with a text between them; of each, the first place that an
    entity has counts."""

    name: str
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

    def __init__(self, schemas: Schemas, shown: Callable[[str], Mapping[str, Any] | None]) -> None:
        self._schemas = schemas
        self._shown = shown
        self._found: dict[str, tuple[Composition, ...]] = {}

    def composed(
        self, resource: Resource, entity: Mapping[str, Any], given: Mapping[str, Any]
    ) -> dict[str, str]:
        """The composed properties of an entity, but for those that are given."""
        if resource.name not in self._found:
            self._found[resource.name] = tuple(self._of(resource))
        found = {}
        for one in self._found[resource.name]:
            text = one.of(entity) if one.name in entity and one.name not in given else None
            if text is not None:
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
        examples = [one for one in (self._shown(resource.name), parts) if isinstance(one, Mapping)]
        for name, schema in flat.properties.items():
            one = self._schemas.flat(schema)
            if "string" not in one.types or one.values is not None:
                continue
            text = str(schema.get("description", "")) if isinstance(schema, Mapping) else ""
            found = self._written(name, text, flat.properties) or _seen(name, examples)
            if found is not None:
                yield found

    def _written(
        self, name: str, description: str, properties: Mapping[str, Any]
    ) -> Composition | None:
        """What a description writes: `{owner}/{name}`."""
        found = _WRITTEN.search(description)
        if found is None:
            return None
        paths = [self._named(word, properties) for word in (found[1], found[3])]
        if paths[0] is None or paths[1] is None or (name,) in paths:
            return None
        return Composition(name, (paths[0],), found[2], (paths[1],))

    def _named(self, word: str, properties: Mapping[str, Any]) -> Path | None:
        if word not in properties:
            return None
        inner = self._schemas.flat(properties[word]).properties
        naming = next((one for one in _NAMING if one in inner), None)
        return (word, naming) if naming is not None else None if inner else (word,)


def _seen(name: str, examples: list[Mapping[str, Any]]) -> Composition | None:
    """What an example shows: its text is the values of two other properties."""
    for example in examples:
        text = example.get(name)
        if not isinstance(text, str) or "://" in text or len(text) > 200:
            continue
        parts: dict[str, list[Path]] = {}
        for value, path in _parts(example, name):
            parts.setdefault(value, []).append(path)
        for value, first in parts.items():
            between = _BETWEEN.match(text, len(value)) if text.startswith(value) else None
            last = parts.get(text[between.end() :]) if between is not None else None
            if between is not None and last is not None and last is not first:
                return Composition(name, tuple(first), between[0], tuple(last))
    return None


def _parts(example: Mapping[str, Any], but: str) -> Iterator[tuple[str, Path]]:
    """The texts and numbers of an example with their places, the nearest first, then owners."""
    objects = [name for name, value in example.items() if isinstance(value, Mapping)]
    objects.sort(key=lambda name: _OWNERS.isdisjoint(tokens(name)))
    paths: list[Path] = [(name,) for name in example if name != but]
    paths += [(name, inner) for name in objects for inner in _NAMING]
    for path in paths:
        part = _said(example, path)
        if len(part) >= _SHORTEST:
            yield part, path


def _said(entity: Any, path: Path) -> str:
    """The text or number at a path; empty if there is none."""
    for name in path:
        entity = entity.get(name) if isinstance(entity, Mapping) else None
    said = isinstance(entity, str | int) and not isinstance(entity, bool)
    return str(entity) if said else ""
