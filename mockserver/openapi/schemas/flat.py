"""A flat schema, and the merger that makes one from the schemas about a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from math import lcm
from typing import Any

from mockserver.openapi.schemas.discriminators import KIND
from mockserver.openapi.schemas.enumerations import MISREAD, types_of
from mockserver.openapi.schemas.formats import FORMAT_NAMES
from mockserver.records import dataclass

TYPES = ("object", "array", "string", "number", "integer", "boolean")
_KNOWN = frozenset(TYPES)
_OBJECT_WORDS = frozenset(
    ("properties", "required", "additionalProperties", "patternProperties", "minProperties")
)
_ARRAY_WORDS = frozenset(("items", "minItems", "maxItems", "prefixItems", "uniqueItems"))
_STRING_WORDS = frozenset(("pattern", "minLength", "maxLength"))
_CONTENT_WORDS = ("contentEncoding", "contentMediaType", "contentSchema")
_NUMBER_WORDS = frozenset(
    ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
)
_ABOUT_PROPERTIES = _OBJECT_WORDS | {
    "unevaluatedProperties", "propertyNames", "dependentRequired", "dependentSchemas",
}  # fmt: skip
_ARRAY_PARTS = frozenset(("items", "prefixItems", "contains", "unevaluatedItems"))
_BRANCHING = frozenset(("oneOf", "anyOf", "discriminator", "if", "not", KIND))
_NOTES = frozenset(("example", "examples", "default", "readOnly", "writeOnly", "title"))
_LARGEST = frozenset(
    ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
)
_SMALLEST = frozenset(
    ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
)
_PLAIN_RULES = ("format", "pattern", "uniqueItems", *_CONTENT_WORDS)
_RULES = _LARGEST | _SMALLEST | {*_PLAIN_RULES, "multipleOf"}


@dataclass(slots=True, eq=False)
class ObjectRules:
    """The rules for an object besides its named properties.

    `extra` is the schema of additional properties, `names` that of their names; `needs` are the
    properties that another property requires.
    """

    closed: bool = False
    extra: Any = None
    patterned: dict[str, Any] = field(default_factory=dict)
    names: Any = None
    needs: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class ArrayRules:
    """The rules for an array's items."""

    items: Any = None
    prefix: list[Any] | None = None
    contains: Any = None


@dataclass(slots=True, eq=False)
class Annotations:
    """The keywords that don't validate. `defaults` contains the default, if there is one."""

    examples: list[Any] = field(default_factory=list)
    defaults: list[Any] = field(default_factory=list)
    read_only: bool = False
    write_only: bool = False
    title: str = ""

    @property
    def default(self) -> Any:
        """The default; None also if there is none."""
        return self.defaults[0] if self.defaults else None


# Most schemas have none of these.
_NO_OBJECT_RULES = ObjectRules()
_NO_ARRAY_RULES = ArrayRules()
_NO_NOTES = Annotations()


@dataclass(slots=True, eq=False)
class Flat:
    """One schema without references and `allOf`.

    `types` is empty if any type is allowed. `choices` are the branches of each `oneOf` and `anyOf`.
    `rules` has the simple keywords (bounds, lengths, format, pattern).
    """

    types: tuple[str, ...] = ()
    nullable: bool = False
    misread: bool = False
    """Whether other readers of the document take no value (`in_its_types`)."""
    presumed: bool = False
    """Whether null is taken by a word that OpenAPI 3.1 does not know (`nullable`)."""
    values: list[Any] | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    required: dict[str, None] = field(default_factory=dict)
    objects: ObjectRules = field(default_factory=lambda: _NO_OBJECT_RULES)
    arrays: ArrayRules = field(default_factory=lambda: _NO_ARRAY_RULES)
    choices: list[list[Any]] = field(default_factory=list)
    tag: Mapping[str, Any] | None = None
    kind: Mapping[str, str] | None = None
    """What the discriminator says where this extension of a base stands by itself."""
    rules: dict[str, Any] = field(default_factory=dict)
    notes: Annotations = field(default_factory=lambda: _NO_NOTES)
    never: bool = False
    parts: list[Mapping[str, Any]] = field(default_factory=list)


_LEAF = frozenset(("type", "format", "title", "description"))
_SCALARS = frozenset(("string", "number", "integer", "boolean"))


def as_leaf(schema: Any) -> Flat | None:
    """A schema that has no more than a type, a format and words, flat, as half of a document's are;
    None for others, which have to be merged."""
    if not isinstance(schema, dict) or not schema.keys() <= _LEAF:
        return None
    kind, named, title = schema.get("type"), schema.get("format"), schema.get("title")
    if not isinstance(kind, str) or kind not in _SCALARS:
        return None
    flat = Flat(types=(kind,), parts=[schema])
    if named is not None:
        flat.rules["format"] = (
            FORMAT_NAMES.get(named.lower(), named) if isinstance(named, str) else named
        )
    if "title" in schema:
        flat.notes = Annotations(title=str(title or ""))
    return flat


Both = Callable[[Any, Any], Mapping[str, Any]]


class Merger:
    """Adds one schema after the other; `both` combines two."""

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
        if "enum" in part or "const" in part:
            self._values(part)
        # Most schemas have none of these keywords, and a document has thousands of schemas.
        if not _ABOUT_PROPERTIES.isdisjoint(part):
            self._object(part)
        if not _ARRAY_PARTS.isdisjoint(part):
            self._array(part)
        if not _RULES.isdisjoint(part):
            self._rules(part)
        if not _BRANCHING.isdisjoint(part):
            self._branches(part)
        if not _NOTES.isdisjoint(part):
            self._notes(part)

    def _branches(self, part: Mapping[str, Any]) -> None:
        flat = self.flat
        for word in ("oneOf", "anyOf"):
            branches = part.get(word)
            if isinstance(branches, list) and branches:
                flat.choices.append(branches)
        if flat.tag is None and isinstance(part.get("discriminator"), Mapping):
            flat.tag = part["discriminator"]
        flat.kind = flat.kind or part.get(KIND)
        if "if" in part:
            for word in ("then", "else"):
                self._where(part.get(word))
        if part.get("not") in (True, {}) and "not" in part:
            flat.never = True

    def _notes(self, part: Mapping[str, Any]) -> None:
        if self.flat.notes is _NO_NOTES:
            self.flat.notes = Annotations()
        notes = self.flat.notes
        if "example" in part:
            notes.examples.append(part["example"])
        if isinstance(part.get("examples"), list):
            notes.examples.extend(part["examples"])
        if "default" in part and not notes.defaults:
            notes.defaults.append(part["default"])
        if not (notes.read_only or notes.write_only):
            # The property's own keyword wins over that of its reference's target.
            notes.read_only = part.get("readOnly") is True
            notes.write_only = part.get("writeOnly") is True
        notes.title = notes.title or str(part.get("title") or "")

    def _types(self, part: Mapping[str, Any]) -> None:
        types = set(types_of(part))
        if not types:
            return
        if "number" in types:
            types.add("integer")
        self.types = types if self.types is None else self.types & types

    def _values(self, part: Mapping[str, Any]) -> None:
        values = part.get("enum")
        self.flat.misread = self.flat.misread or MISREAD in part
        if "const" in part:
            values = [part["const"]]
        if isinstance(values, list):
            known = self.flat.values
            self.flat.values = values if known is None else [v for v in known if v in values]

    def _object(self, part: Mapping[str, Any]) -> None:
        flat = self.flat
        if flat.objects is _NO_OBJECT_RULES:
            flat.objects = ObjectRules()
        own = part.get("properties")
        own = own if isinstance(own, Mapping) else {}
        for name, schema in own.items():
            known = flat.properties.get(name)
            if known is None or known == {} or known is schema:
                flat.properties[name] = schema
            elif schema != {}:
                flat.properties[name] = self.both(known, schema)
        if isinstance(part.get("required"), list):
            flat.required.update(dict.fromkeys(map(str, part["required"])))
        self._further(part, flat.objects, own)
        if isinstance(part.get("dependentRequired"), Mapping):
            flat.objects.needs.update(part["dependentRequired"])
        dependent = part.get("dependentSchemas")
        for name, more in dependent.items() if isinstance(dependent, Mapping) else ():
            self._where(more)
            if isinstance(more, Mapping) and isinstance(more.get("required"), list):
                known = flat.objects.needs.get(name, [])
                flat.objects.needs[name] = [*known, *map(str, more["required"])]

    def _further(self, part: Mapping[str, Any], rules: ObjectRules, own: Mapping[str, Any]) -> None:
        """What a part says of properties beside its `own`: their names and their schemas, or that
        there are none."""
        if isinstance(part.get("patternProperties"), Mapping):
            rules.patterned.update(part["patternProperties"])
        extra = part.get("additionalProperties")
        if extra is False:
            rules.closed = True
            if not part.get("patternProperties"):
                self.allowed = set(own) if self.allowed is None else self.allowed & set(own)
        elif extra is not None:
            rules.extra = extra if rules.extra is None else self.both(rules.extra, extra)
        others = part.get("unevaluatedProperties")
        if others is False:
            rules.closed = True
        elif isinstance(others, Mapping) and rules.extra is None:
            rules.extra = others
        if part.get("propertyNames") is not None:
            rules.names = part["propertyNames"]

    def _where(self, part: Any) -> None:
        """The properties that only a condition describes."""
        inner = part.get("properties") if isinstance(part, Mapping) else None
        for name, schema in inner.items() if isinstance(inner, Mapping) else ():
            if schema is not False:
                self.flat.properties.setdefault(name, schema)

    def _array(self, part: Mapping[str, Any]) -> None:
        flat = self.flat
        if flat.arrays is _NO_ARRAY_RULES:
            flat.arrays = ArrayRules()
        items = part.get("items", part.get("unevaluatedItems"))
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
        for word in _PLAIN_RULES:
            if part.get(word) is not None:
                rules.setdefault(word, part[word])
        if not isinstance(rules.get("pattern", ""), str):
            del rules["pattern"]
        if isinstance(rules.get("format"), str):
            rules["format"] = FORMAT_NAMES.get(rules["format"].lower(), rules["format"])
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
        only = len(types) == 1 and types <= _KNOWN
        flat.types = tuple(types) if only else tuple(kind for kind in TYPES if kind in types)
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
