"""One schema without references and `allOf`: everything that speaks about a value, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import lcm
from typing import Any

from mockserver.errors import ContractError
from mockserver.openapi.document import join, lookup, pointer_of
from mockserver.openapi.schemas.json_schema import as_2020, is_nullable_whole, types_of

ANY: Mapping[str, Any] = {}
NEVER: Mapping[str, Any] = {"not": {}}

_OBJECT_WORDS = frozenset(
    ("properties", "required", "additionalProperties", "patternProperties", "minProperties")
)
_ARRAY_WORDS = frozenset(("items", "minItems", "maxItems", "prefixItems", "uniqueItems"))
_STRING_WORDS = frozenset(("pattern", "minLength", "maxLength"))
_CONTENT_WORDS = ("contentEncoding", "contentMediaType", "contentSchema")
_NUMBER_WORDS = frozenset(
    ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
)
_LARGEST = frozenset(
    ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
)
_SMALLEST = frozenset(
    ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
)


@dataclass(slots=True)
class ObjectRules:
    """What is said of an object's properties beyond which there are.

    `extra` is the schema of the others, `names` that of their names; `needs` are the properties
    that one property asks for.
    """

    closed: bool = False
    extra: Any = None
    patterned: dict[str, Any] = field(default_factory=dict)
    names: Any = None
    needs: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class ArrayRules:
    """What is said of an array's items."""

    items: Any = None
    prefix: list[Any] | None = None
    contains: Any = None


@dataclass(slots=True)
class Annotations:
    """What a schema says without demanding. `defaults` has the default, if there is one."""

    examples: list[Any] = field(default_factory=list)
    defaults: list[Any] = field(default_factory=list)
    read_only: bool = False
    write_only: bool = False
    title: str = ""

    @property
    def default(self) -> Any:
        """The default; None, too, if there is none."""
        return self.defaults[0] if self.defaults else None


@dataclass(slots=True)
class Flat:
    """One schema without references and `allOf`.

    `types` is empty if any type will do. `choices` are the branches of each `oneOf` and
    `anyOf`. `rules` has the plain keywords (bounds, lengths, format, pattern).
    """

    types: tuple[str, ...] = ()
    nullable: bool = False
    values: list[Any] | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    required: dict[str, None] = field(default_factory=dict)
    objects: ObjectRules = field(default_factory=ObjectRules)
    arrays: ArrayRules = field(default_factory=ArrayRules)
    choices: list[list[Any]] = field(default_factory=list)
    tag: Mapping[str, Any] | None = None
    conditions: list[Mapping[str, Any]] = field(default_factory=list)
    rules: dict[str, Any] = field(default_factory=dict)
    notes: Annotations = field(default_factory=Annotations)
    never: bool = False
    parts: list[Mapping[str, Any]] = field(default_factory=list)


Both = Callable[[Any, Any], Mapping[str, Any]]


class Merger:
    """Takes one part after the other; `both` makes one schema of two."""

    def __init__(self, both: Both) -> None:
        self.both = both
        self.flat = Flat()
        self.types: set[str] | None = None
        self.seen: set[str] = set()
        self.allowed: set[str] | None = None
        self.nullable = False

    def add(self, part: Mapping[str, Any]) -> None:
        flat = self.flat
        flat.parts.append(part)
        self.seen |= part.keys()
        self._types(part)
        self._values(part)
        self._object(part)
        self._array(part)
        self._rules(part)
        for word in ("oneOf", "anyOf"):
            branches = part.get(word)
            if isinstance(branches, list) and branches:
                flat.choices.append(branches)
        if flat.tag is None and isinstance(part.get("discriminator"), Mapping):
            flat.tag = part["discriminator"]
        if "if" in part:
            flat.conditions.append(part)
        if part.get("not") in (True, {}) and "not" in part:
            flat.never = True
        if "example" in part:
            flat.notes.examples.append(part["example"])
        if isinstance(part.get("examples"), list):
            flat.notes.examples.extend(part["examples"])
        if "default" in part and not flat.notes.defaults:
            flat.notes.defaults.append(part["default"])
        if not (flat.notes.read_only or flat.notes.write_only):
            # The word of the property itself comes before that of what it refers to.
            flat.notes.read_only = part.get("readOnly") is True
            flat.notes.write_only = part.get("writeOnly") is True
        flat.notes.title = flat.notes.title or str(part.get("title") or "")

    def _types(self, part: Mapping[str, Any]) -> None:
        types = set(types_of(part))
        if not types:
            return
        if "number" in types:
            types.add("integer")
        self.types = types if self.types is None else self.types & types

    def _values(self, part: Mapping[str, Any]) -> None:
        values = part.get("enum")
        if "const" in part:
            values = [part["const"]]
        if isinstance(values, list):
            known = self.flat.values
            self.flat.values = values if known is None else [v for v in known if v in values]

    def _object(self, part: Mapping[str, Any]) -> None:
        flat = self.flat
        own = part.get("properties")
        own = own if isinstance(own, Mapping) else {}
        for name, schema in own.items():
            known = flat.properties.get(name)
            if known is None or known is schema:
                flat.properties[name] = schema
            else:
                flat.properties[name] = self.both(known, schema)
        if isinstance(part.get("required"), list):
            flat.required.update(dict.fromkeys(map(str, part["required"])))
        if isinstance(part.get("patternProperties"), Mapping):
            flat.objects.patterned.update(part["patternProperties"])
        extra = part.get("additionalProperties")
        if extra is False:
            flat.objects.closed = True
            if not part.get("patternProperties"):
                self.allowed = set(own) if self.allowed is None else self.allowed & set(own)
        elif extra is not None:
            flat.objects.extra = (
                extra if flat.objects.extra is None else self.both(flat.objects.extra, extra)
            )
        if part.get("unevaluatedProperties") is False:
            flat.objects.closed = True
        if part.get("propertyNames") is not None:
            flat.objects.names = part["propertyNames"]
        if isinstance(part.get("dependentRequired"), Mapping):
            flat.objects.needs.update(part["dependentRequired"])

    def _array(self, part: Mapping[str, Any]) -> None:
        flat = self.flat
        items = part.get("items")
        if items is not None:
            flat.arrays.items = (
                items if flat.arrays.items is None else self.both(flat.arrays.items, items)
            )
        if isinstance(part.get("prefixItems"), list):
            flat.arrays.prefix = flat.arrays.prefix or part["prefixItems"]
        if part.get("contains") is not None:
            flat.arrays.contains = part["contains"]

    def _rules(self, part: Mapping[str, Any]) -> None:
        rules = self.flat.rules
        for word in ("format", "pattern", "uniqueItems", *_CONTENT_WORDS):
            if part.get(word) is not None:
                rules.setdefault(word, part[word])
        for word in _LARGEST & part.keys():
            rules[word] = max(rules.get(word, part[word]), part[word])
        for word in _SMALLEST & part.keys():
            rules[word] = min(rules.get(word, part[word]), part[word])
        step = part.get("multipleOf")
        if step:
            known = rules.get("multipleOf", step)
            whole = isinstance(step, int) and isinstance(known, int)
            rules["multipleOf"] = lcm(step, known) if whole else max(step, known)

    def done(self) -> Flat:
        flat = self.flat
        if self.allowed is not None:
            flat.properties = {n: s for n, s in flat.properties.items() if n in self.allowed}
        types = self.types
        if types is None:
            types = self._implied()
        elif not types:
            flat.never = True
        flat.nullable = self.nullable or "null" in types
        types.discard("null")
        if "number" in types:
            types.discard("integer")
        flat.types = tuple(
            kind
            for kind in ("object", "array", "string", "number", "integer", "boolean")
            if kind in types
        )
        if self.types is not None and not flat.types and flat.nullable:
            flat.values = [None]
        if flat.values is not None and self.types is not None:
            # Documents list numbers under `type: string`; no such value is valid.
            flat.values = [value for value in flat.values if _is_of(value, flat)]
            flat.never = flat.never or not flat.values
        return flat

    def _implied(self) -> set[str]:
        for words, kind in (
            (_OBJECT_WORDS, "object"),
            (_ARRAY_WORDS, "array"),
            (_STRING_WORDS, "string"),
            (_NUMBER_WORDS, "number"),
        ):
            if words & self.seen:
                return {kind}
        return {"string"} if self.flat.rules.get("format") else set()


def _is_of(value: Any, flat: Flat) -> bool:
    match value:
        case None:
            return flat.nullable
        case bool():
            return "boolean" in flat.types
        case str():
            return "string" in flat.types
        case int():
            return "integer" in flat.types or "number" in flat.types
        case float():
            return "number" in flat.types or ("integer" in flat.types and value.is_integer())
        case list():
            return "array" in flat.types
    return "object" in flat.types


_ANNOTATIONS = frozenset(
    ("description", "title", "example", "examples", "deprecated", "externalDocs", "xml", "default")
)


class Schemas:
    """The flat schemas of one document, each made once.

    They are kept by the identity of the schema, which lives as long as its document.
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
        self._canonical: dict[str, str] = {}

    def at(self, pointer: str) -> Any:
        """The schema at a pointer, as it stands. Raises ContractError if there is none."""
        found = self._at.get(pointer, self)
        if found is self:
            found = self._at[pointer] = lookup(self.document, pointer)
        return found

    def flat(self, schema: Any) -> Flat:
        """The schema, flat."""
        key = id(schema) if isinstance(schema, Mapping) else int(schema is not False)
        found = self._flat.get(key)
        if found is None:
            found = self._flat[key] = self._make(schema)
            self._kept.append(schema)
        return found

    def both(self, *schemas: Any) -> Mapping[str, Any]:
        """One schema that asks for all of these; the same one each time."""
        key = tuple(map(id, schemas))
        found = self._joined.get(key)
        if found is None:
            found = self._joined[key] = {"allOf": list(schemas)}
            self._kept.append(schemas)
        return found

    def choose(self, flat: Flat, branches: list[Any], branch: Any) -> Flat:
        """The schema with one of its choices made."""
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
        """Where the schema really stands: behind references, `allOf` of one and `or null`."""
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
        """The schema that really speaks: behind references, `allOf` of one and `or null`."""
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
        """The one branch that matters, if the schema is nothing but that."""
        if schema.keys() & {"properties", "items", "enum"}:
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
        """Where the schema stands that a reader would look at: of a choice, its first object."""
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
        """Where the objects stand of which a schema is one; none if it is no choice of several."""
        pointer = self.canonical(pointer)
        schema = self.at(pointer)
        for word in ("oneOf", "anyOf") if isinstance(schema, Mapping) else ():
            if isinstance(schema.get(word), list):
                places = [self.canonical(join(pointer, word, n)) for n in range(len(schema[word]))]
                found = [place for place in places if "object" in self.flat_at(place).types]
                return found if len(found) > 1 else []
        return []

    def place(self, pointer: str, name: str | None) -> str | None:
        """Where the schema of a property stands; of the items if `name` is None."""
        waiting, seen = [pointer], set()
        while waiting:
            here = self.canonical(waiting.pop())
            schema = self.at(here)
            if here in seen or not isinstance(schema, Mapping):
                continue
            seen.add(here)
            if name is None and isinstance(schema.get("items"), Mapping):
                return join(here, "items")
            properties = schema.get("properties")
            if name is not None and isinstance(properties, Mapping) and name in properties:
                return join(here, "properties", name)
            for word in ("oneOf", "anyOf", "allOf"):
                branches = schema.get(word)
                if isinstance(branches, list):
                    waiting.extend(join(here, word, n) for n in reversed(range(len(branches))))
        return None

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
        merger = Merger(self.both)
        for part in self._parts(schema):
            merger.add(as_2020(part, self._old))
        if not self._old and isinstance(schema, Mapping):
            merger.nullable = is_nullable_whole(schema)
        return merger.done()


def _only_words(branch: Any) -> bool:
    """Whether a part describes without demanding: `allOf: [{$ref}, {description}]`."""
    return isinstance(branch, Mapping) and all(
        key in _ANNOTATIONS or key.startswith("x-") for key in branch
    )
