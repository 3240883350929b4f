"""The schemas of one document in flat form: without references and `allOf`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from mockserver.errors import ContractError
from mockserver.openapi.document import join, lookup, pointer_of
from mockserver.openapi.schemas.flat import TYPES, Flat, Merger, as_leaf
from mockserver.openapi.schemas.json_schema import as_2020, is_nullable_whole

__all__ = ["ANY", "NEVER", "Flat", "Schemas"]

ANY: Mapping[str, Any] = {}
NEVER: Mapping[str, Any] = {"not": {}}

_ANNOTATIONS = frozenset(
    ("description", "title", "example", "examples", "deprecated", "externalDocs", "xml", "default")
)


_UNIONS = frozenset(("oneOf", "anyOf"))
_COMBINING = _UNIONS | {"allOf"}
_CONTENT = frozenset(("properties", "items", "enum"))
_MOST_NESTED = 10
"""Levels of arrays in arrays; one may hold itself."""


class Schemas:
    """The flat schemas of one document, each made once.

    They are cached by the identity of the schema object, which lives as long as its document.
    """

    def __init__(self, document: Mapping[str, Any], version: str) -> None:
        self.document = document
        self._old = version.startswith("3.0")
        self._flat: dict[int, Flat] = {}
        self._joined: dict[tuple[int, ...], Mapping[str, Any]] = {}
        self._chosen: dict[tuple[int, int], Flat] = {}
        self._plain: dict[int, Mapping[str, Any]] = {}
        self._kept: list[Any] = []
        self._at: dict[str, Any] = {}
        self._around: dict[str, Any] = {}
        self._canonical: dict[str, str] = {}
        self._arrays: dict[str, Mapping[str, str]] = {}
        self._described: dict[str, dict[str | None, list[str]]] = {}

    def at(self, pointer: str) -> Any:
        """The schema at a pointer, as written. Raises ContractError if there is none."""
        found = self._at.get(pointer, self)
        if found is self:
            above, _, last = pointer.rpartition("/")
            around = self._at.get(above)
            known = isinstance(around, dict) and last in around and "~" not in last
            found = around[last] if known else self._within(pointer, above, last)
            self._at[pointer] = found
        return found

    def _within(self, pointer: str, above: str, last: str) -> Any:
        """The value at a pointer, from what is known of the object that it is in, as many schemas
        of one operation are."""
        around = self._around.get(above)
        if around is None:
            around = self._around[above] = lookup(self.document, above) if above else self.document
        if isinstance(around, dict):
            name = last if "~" not in last else last.replace("~1", "/").replace("~0", "~")
            if name in around:
                return around[name]
        return lookup(self.document, pointer)

    def flat(self, schema: Any) -> Flat:
        """The schema, flat."""
        found = self._flat.get(id(schema))
        if found is None:
            found = self._flat[id(schema)] = self._make(schema)
            self._kept.append(schema)
        return found

    def types(self, schema: Any) -> tuple[str, ...]:
        """The types of `flat`, without building it where the schema itself has the only one."""
        known = self._flat.get(id(schema))
        if known is not None:
            return known.types
        if isinstance(schema, dict) and schema.get("type") in TYPES and _is_single(schema):
            return (schema["type"],)
        return self.flat(schema).types

    def kinds(self, schema: Any) -> Set[str]:
        """The types that a value may have, in any branch of a union."""
        found: set[str] = set()
        waiting, seen = [schema], set()
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict) and _UNIONS.isdisjoint(one) and _is_single(one):
                found.update(self.types(one))
            elif id(one) not in seen:
                seen.add(id(one))
                flat = self.flat(one)
                found.update(flat.types)
                waiting.extend(branch for branches in flat.choices for branch in branches)
        return found

    def both(self, *schemas: Any) -> Mapping[str, Any]:
        """One schema with the constraints of all these; the same object each time."""
        key = tuple(map(id, schemas))
        found = self._joined.get(key)
        if found is None:
            found = self._joined[key] = {"allOf": list(schemas)}
            self._kept.append(schemas)
        return found

    def choose(self, flat: Flat, branches: list[Any], branch: Any) -> Flat:
        """The schema with one branch of a union chosen."""
        key = id(flat), id(branch)
        found = self._chosen.get(key)
        if found is None:
            merger = Merger(self.both)
            for part in flat.parts:
                merger.add(
                    {k: v for k, v in part.items() if v is not branches}
                    if any(v is branches for v in part.values())
                    else part
                )
            for part in self._parts(branch):
                merger.add(as_2020(part, self._old))
            found = self._chosen[key] = merger.done()
            self._kept.append((flat, branch))
        return found

    def flat_at(self, pointer: str) -> Flat:
        """The schema at a pointer, flat."""
        return self.flat(self.at(pointer))

    def canonical(self, pointer: str) -> str:
        """The pointer of the actual schema, behind references, single `allOf` and `or null`."""
        found = self._canonical.get(pointer)
        if found is None:
            found = self._canonical[pointer] = self._follow(pointer)
        return found

    def _follow(self, pointer: str) -> str:
        for _ in range(50):
            schema = self.at(pointer)
            if not isinstance(schema, Mapping):
                return pointer
            reference = schema.get("$ref")
            if isinstance(reference, str) and reference.startswith("#/"):
                pointer = pointer_of(reference)
                continue
            word, index = self._only(schema)
            if not word:
                return pointer
            pointer = join(pointer, word, index)
        return pointer

    def plain(self, schema: Any) -> Mapping[str, Any]:
        """The actual schema, behind references, single `allOf` and `or null`."""
        found = self._plain.get(id(schema))
        if found is None:
            found = self._plain[id(schema)] = self._speaking(schema)
            self._kept.append(schema)
        return found

    def _speaking(self, schema: Any) -> Mapping[str, Any]:
        for _ in range(50):
            schema = self.resolved(schema)
            if not isinstance(schema, Mapping):
                return ANY
            word, index = self._only(schema)
            if not word:
                return schema
            schema = schema[word][index]
        return ANY

    def _only(self, schema: Mapping[str, Any]) -> tuple[str, int]:
        """The one branch that matters, if the schema consists only of that."""
        if _COMBINING.isdisjoint(schema) or not _CONTENT.isdisjoint(schema):
            return "", 0
        for word in ("allOf", "anyOf", "oneOf"):
            branches = schema.get(word)
            if isinstance(branches, list):
                full = [
                    index
                    for index, branch in enumerate(branches)
                    if not (isinstance(branch, Mapping) and branch.get("type") == "null")
                    and not (word == "allOf" and _only_words(branch))
                ]
                return (word, full[0]) if len(full) == 1 else ("", 0)
        return "", 0

    def main(self, pointer: str) -> str:
        """The pointer of the schema a reader would look at: for a union, its first object."""
        pointer = self.canonical(pointer)
        for _ in range(5):
            schema = self.at(pointer)
            if not isinstance(schema, Mapping) or "properties" in schema or "allOf" in schema:
                return pointer
            word = next((w for w in ("oneOf", "anyOf") if isinstance(schema.get(w), list)), "")
            if not word:
                return pointer
            places = [self.canonical(join(pointer, word, n)) for n in range(len(schema[word]))]
            pointer = next((p for p in places if "object" in self.flat_at(p).types), places[0])
        return pointer

    def branches(self, pointer: str) -> list[str]:
        """The pointers of the object branches of a union; empty if there are fewer than two."""
        pointer = self.canonical(pointer)
        schema = self.at(pointer)
        for word in ("oneOf", "anyOf") if isinstance(schema, Mapping) else ():
            if isinstance(schema.get(word), list):
                places = [self.canonical(join(pointer, word, n)) for n in range(len(schema[word]))]
                found = [place for place in places if "object" in self.flat_at(place).types]
                return found if len(found) > 1 else []
        return []

    def place(self, pointer: str, name: str | None) -> str | None:
        """Where the schema of a property stands; of the items if `name` is None.

        Of several parts of an `allOf` that describe it (a page of anything, and what it is a page
        of), the first that says what it holds counts.
        """
        found = self._described.get(pointer)
        if found is None:
            found = self._described[pointer] = {}
            for here, schema in self._walk(pointer):
                kinds = schema.get("type", "array")
                if isinstance(schema.get("items"), Mapping) and "array" in kinds:
                    found.setdefault(None, []).append(join(here, "items"))
                properties = schema.get("properties")
                for own in properties if isinstance(properties, Mapping) else ():
                    found.setdefault(own, []).append(here)
        places = found.get(name, ())
        if name is not None:
            places = [join(here, "properties", name) for here in places]
        if len(places) > 1:
            return next((place for place in places if self._says_much(place)), places[0])
        return places[0] if places else None

    def along(self, pointer: str | None, path: Iterable[str]) -> str | None:
        """Where the schema at a path of properties stands, with `[]` for the items of an array;
        None if nowhere."""
        for name in path:
            if pointer is None:
                return None
            pointer = self.place(pointer, None if name == "[]" else name)
        return pointer

    def _walk(self, pointer: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The schema and what it is made of, each once, with where it stands."""
        waiting, seen = [pointer], set()
        while waiting:
            here = self.canonical(waiting.pop())
            schema = self.at(here)
            if here in seen or not isinstance(schema, Mapping):
                continue
            seen.add(here)
            yield here, schema
            for word in ("oneOf", "anyOf", "allOf"):
                branches = schema.get(word)
                if isinstance(branches, list):
                    waiting.extend(join(here, word, n) for n in reversed(range(len(branches))))

    def _says_much(self, pointer: str) -> bool:
        """Whether a schema is more than an object, or an array of objects, of any kind."""
        for _ in range(_MOST_NESTED):
            flat = self.flat_at(pointer)
            if "array" not in flat.types:
                return bool(flat.properties or flat.choices) or bool(set(flat.types) - {"object"})
            inner = self.place(pointer, None)
            if inner is None:
                return False
            pointer = inner
        return True

    def arrays(self, pointer: str) -> Mapping[str, str]:
        """The array properties, with the pointers of their items' schemas."""
        found = self._arrays.get(pointer)
        if found is None:
            found = self._arrays[pointer] = {
                name: one
                for name, schema in self.flat_at(pointer).properties.items()
                if (one := self._item_of(pointer, name, schema)) is not None
            }
        return found

    def _item_of(self, pointer: str, name: str, schema: Any) -> str | None:
        plain = self.plain(schema)
        written = plain.get("type") in ("array", ["array", "null"]) or "items" in plain
        # An array of anything and one of these, by `allOf`.
        if not written and not ("allOf" in plain and "array" in self.flat(schema).types):
            return None
        inner = self.place(pointer, name)
        return self.place(inner, None) if inner is not None else None

    def resolved(self, schema: Any) -> Any:
        """The schema behind its references."""
        for _ in range(50):
            reference = schema.get("$ref") if isinstance(schema, Mapping) else None
            if not isinstance(reference, str) or not reference.startswith("#"):
                return schema
            try:
                schema = lookup(self.document, pointer_of(reference))
            except ContractError:
                return ANY
        return schema

    def _parts(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        seen: set[int] = set()
        waiting = [schema]
        while waiting:
            part = waiting.pop()
            if part is False:
                yield NEVER
            if not isinstance(part, Mapping) or id(part) in seen:
                continue
            seen.add(id(part))
            if not (self._old and "$ref" in part):
                yield part
            found = part.get("allOf")
            if isinstance(found, list) and not (self._old and "$ref" in part):
                waiting.extend(reversed(found))
            if isinstance(part.get("$ref"), str):
                waiting.append(self.resolved(part))

    def _make(self, schema: Any) -> Flat:
        leaf = as_leaf(schema)
        if leaf is not None:
            return leaf
        merger = Merger(self.both)
        single = isinstance(schema, dict) and _is_single(schema)
        for part in (schema,) if single else self._parts(schema):
            merger.add(as_2020(part, self._old))
        if not self._old and isinstance(schema, Mapping):
            merger.nullable = is_nullable_whole(schema)
        flat = merger.done()
        flat.presumed = not self._old and any(part.get("nullable") is True for part in flat.parts)
        return flat


def _is_single(schema: Mapping[str, Any]) -> bool:
    """Whether nothing else describes the value."""
    return "$ref" not in schema and "allOf" not in schema


def _only_words(branch: Any) -> bool:
    """Whether a part only annotates: `allOf: [{$ref}, {description, nullable}]`."""
    return isinstance(branch, Mapping) and all(
        key in _ANNOTATIONS or key == "nullable" or key.startswith("x-") for key in branch
    )
