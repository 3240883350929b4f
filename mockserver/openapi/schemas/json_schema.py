"""OpenAPI schemas as JSON Schema 2020-12, restricted to the part of a document that a check needs.

Each check gets a schema of its own: a `$ref` to the wanted place, and the translated schemas it
leads to at their original pointers. So the places that the validator reports are places in the
document, an unused document costs nothing, and 3.0 and 3.1 are handled alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from mockserver.errors import ContractError
from mockserver.openapi.document import escape, lookup, pointer_of, reference_to, tokens
from mockserver.openapi.schemas.discriminators import Dispatch, dispatch_of, is_loose
from mockserver.openapi.schemas.enumerations import as_read, types_of
from mockserver.openapi.schemas.formats import rust_reads

View = Literal["request", "reply"]
Reading = Literal["literal", "usual", "union"]
"""How a `oneOf` is read: as written, exactly one branch matches; as a union (`anyOf`); or, as
usual, as a union where its branches can't be told apart (`is_loose`)."""

PYTHON_PATTERN = "x-python-pattern"
"""Stands for `pattern` where only Python's regular expressions understand it."""

_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_CHOICES = ("allOf", "anyOf", "oneOf")
_MAPS = ("properties", "patternProperties", "$defs", "dependentSchemas")
_SINGLES = (
    *("items", "additionalProperties", "not", "contains", "propertyNames"),
    *("if", "then", "else", "unevaluatedItems", "unevaluatedProperties"),
)
_IN_PLACE = frozenset((*_CHOICES, "not", "if", "then", "else", "dependentSchemas"))
"""Keywords whose schemas judge the same value as the one that has them."""
_INNER = frozenset((*_SINGLES, *_LISTS, *_MAPS))
_PLAIN = (
    *("type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum"),
    *("exclusiveMinimum", "maxLength", "minLength", "maxItems", "minItems", "uniqueItems"),
    *("maxContains", "minContains", "maxProperties", "minProperties", "format"),
)
# Keywords that 3.0 lacks are not validated there.
_NOT_IN_30 = frozenset(
    (
        *("prefixItems", "patternProperties", "$defs", "dependentSchemas", "contains"),
        *("propertyNames", "if", "then", "else", "unevaluatedItems", "unevaluatedProperties"),
        *("const", "maxContains", "minContains", "dependentRequired"),
    )
)
TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_SCALARS = frozenset(("string", "number", "integer", "boolean", "null"))
_EXACT = 2.0**53
_INTEGERS = {"int32": 31, "int64": 63}


class Part(NamedTuple):
    """One translated schema and the pointers it refers to."""

    schema: Any
    references: tuple[str, ...]
    python_patterns: bool
    unions: bool
    """Whether a `oneOf` in it is read as a union."""
    forks: bool
    """Whether it has a choice of which several branches may go deeper."""


class Closure(NamedTuple):
    """A self-contained schema with this number of parts."""

    schema: dict[str, Any]
    python_patterns: bool
    unions: bool
    forks: bool
    size: int


class Translation:
    """The schemas of a document as seen by one side of an exchange."""

    def __init__(
        self, document: Mapping[str, Any], version: str, view: View, reading: Reading = "usual"
    ) -> None:
        self._reading: Reading = reading
        self._document = document
        self._old = version.startswith("3.0")
        self._hidden = "readOnly" if view == "request" else "writeOnly"
        self._parts: dict[str, Part] = {}

    def closure(self, pointer: str) -> Closure:
        """The schema at a pointer with everything it refers to.

        Raises ContractError for a reference that dangles or leaves the document.
        """
        return self._closure({"$ref": reference_to(_aside(pointer))}, [pointer])

    def together(self, names: Mapping[str, str]) -> Closure:
        """An object schema whose properties are the schemas at these pointers, by name."""
        properties = {
            name: {"$ref": reference_to(_aside(pointer))} for name, pointer in names.items()
        }
        return self._closure({"properties": properties}, list(names.values()))

    def _closure(self, tree: dict[str, Any], waiting: list[str]) -> Closure:
        seen: set[str] = set()
        python = unions = forks = False
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            part = self._parts.get(here)
            if part is None:
                part = self._parts[here] = self._part(here)
            python = python or part.python_patterns
            unions = unions or part.unions
            forks = forks or part.forks
            waiting.extend(part.references)
        # Shorter pointers first: parts inside another are included with it.
        for here in sorted(seen, key=len):
            _plant(tree, tokens(_aside(here)), self._parts[here].schema)
        return Closure(tree, python, unions, forks, len(seen))

    def _part(self, pointer: str) -> Part:
        if pointer[1:] and not pointer.startswith("#/"):
            raise ContractError(f"no schema of this document has the $anchor {pointer[1:]!r}")
        worker = _Worker(self._document, self._old, self._hidden, self._reading)
        schema = worker.translate(lookup(self._document, pointer), pointer)
        references = tuple(worker.references)
        return Part(schema, references, worker.python_patterns, worker.unions, worker.forks)


class _Worker:
    def __init__(
        self, document: Mapping[str, Any], old: bool, hidden: str, reading: Reading
    ) -> None:
        self.document = document
        self.old = old
        self.hidden = hidden
        self.reading = reading
        self.unions = self.forks = False
        self.references: dict[str, None] = {}
        self.python_patterns = False

    def translate(self, schema: Any, where: str, around: tuple[Mapping[str, Any], ...] = ()) -> Any:
        """The schema in terms of the validator; `around` are the properties of those schemas that
        judge the same value."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            raise ContractError("a schema is an object", where)
        schema = as_2020(schema, self.old)
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            around = (properties, *around)
        found: dict[str, Any] = {}
        if isinstance(schema.get("$ref"), str):
            found["$ref"] = self.reference(schema["$ref"], where)
            if self.old:
                return found
        for key, value in schema.items():
            if self.old and key in _NOT_IN_30:
                continue
            if key == "type":
                kinds = _known_types(value)
                if kinds is not None:
                    found[key] = kinds
            elif key in _PLAIN:
                found[key] = self.plain(value)
            elif key in _INNER:
                same = around if key in _IN_PLACE else ()
                found[key] = self.inner(key, value, f"{where}/{key}", same)
            elif key == "required":
                found[key] = self.required(around, _listed(value, f"{where}/{key}"))
            elif key == "dependentRequired":
                listed = _mapped(value, f"{where}/{key}")
                found[key] = {
                    name: self.required(around, _listed(names, f"{where}/{key}/{escape(name)}"))
                    for name, names in listed.items()
                }
            elif key == "pattern" and isinstance(value, str):
                found[self.pattern(value)] = value
        for word in ("oneOf", "anyOf"):
            if word in schema and word in found:
                self.choice(found, schema, word, where)
        if isinstance(schema.get("enum"), list):
            # Enum values are valid even if the format isn't (`now` among dates).
            found.pop("format", None)
        bits = _INTEGERS.get(str(schema.get("format")))
        if bits is not None and "integer" in types_of(schema):
            _bound(found, bits)
        if not self.old and is_nullable_whole(schema):
            _admit_null(found)
        return found

    def inner(self, key: str, value: Any, where: str, around: tuple[Mapping[str, Any], ...]) -> Any:
        """The value of a keyword that has schemas: one, a list or a map of them."""
        if key in _SINGLES:
            return self.translate(value, where, around)
        if key in _LISTS:
            listed = enumerate(_listed(value, where))
            found = [self.translate(item, f"{where}/{index}", around) for index, item in listed]
            return _once(key, found) if key in _CHOICES else found
        return {
            name: self.member(key, item, f"{where}/{escape(name)}", around)
            for name, item in _mapped(value, where).items()
        }

    def plain(self, value: Any) -> Any:
        """The value of a keyword; 30 for 30.0, which takes the validator a third of the time.

        Not for requests: clients read the limit as the document has it.
        """
        whole = type(value) is float and value.is_integer() and abs(value) < _EXACT
        return int(value) if whole and self.hidden == "writeOnly" else value

    def choice(self, found: dict[str, Any], schema: Mapping[str, Any], word: str, at: str) -> None:
        """Validate only the branch that a value names, where it names one.

        Errors are then those of that branch, and nested unions cost no more than one branch each.
        """
        branches = schema[word]
        translated = found[word]
        if any(isinstance(one, dict) and not _refers(one) for one in translated):
            # Kept aside, so that references to them still resolve.
            found[f"x-{word}"] = translated
            translated = found[word] = [
                self.inside(at, f"{word}/{index}")
                if isinstance(one, dict) and not _refers(one)
                else one
                for index, one in enumerate(translated)
            ]
        full = [index for index, branch in enumerate(branches) if not _is_null(branch)]
        dispatch = dispatch_of(self.document, schema, [branches[index] for index in full])
        if dispatch is not None:
            del found[word]
            rules = _rules(dispatch, [translated[i] for i in full], len(full) < len(branches))
            found["allOf"] = [*found.get("allOf", ()), *rules]
            self.forks = self.forks or not (dispatch.needed and dispatch.closed)
        elif word == "oneOf" and self.is_union(schema):
            self.unions = True
            union = {"anyOf": found.pop("oneOf")}
            if "anyOf" in found:
                union = {"allOf": [*found.get("allOf", ()), union]}
            found |= union
        if dispatch is None and sum(map(_may_go_deeper, branches)) > 1:
            self.forks = True

    def is_union(self, schema: Mapping[str, Any]) -> bool:
        """Whether the `oneOf` of a schema is read as an `anyOf`."""
        if self.reading == "usual":
            return is_loose(self.document, schema)
        return self.reading == "union"

    def inside(self, where: str, place: str) -> dict[str, Any]:
        """A reference to a part of the translated schema."""
        return {"$ref": reference_to(_aside(f"{where}/{place}"))}

    def member(
        self, key: str, schema: Any, where: str, around: tuple[Mapping[str, Any], ...]
    ) -> Any:
        if key == "properties" and self.hidden == "writeOnly" and self.is_hidden(schema):
            # writeOnly values are never returned; readOnly ones may be sent back by clients.
            return False
        return self.translate(schema, where, around)

    def reference(self, reference: str, where: str) -> str:
        if reference == "#" or reference.startswith("#/"):
            target = pointer_of(reference)
            lookup(self.document, target)
            self.references[target] = None
            return reference_to(_aside(target))
        if reference.startswith("#"):
            return reference
        raise ContractError(f"the reference {reference!r} to another file is not bundled", where)

    def required(self, around: tuple[Mapping[str, Any], ...], names: list[Any]) -> list[Any]:
        """The names that this side of an exchange has to send, each once: the validator refuses a
        schema that has one twice."""
        names = _distinct(names)
        return [n for n in names if not any(self.is_hidden(one.get(n)) for one in around)]

    def is_hidden(self, schema: Any, depth: int = 0) -> bool:
        """Whether the property is readOnly in a request or writeOnly in a response."""
        for _ in range(20):
            if not isinstance(schema, Mapping) or depth > 3:
                return False
            if schema.get(self.hidden) is True:
                return True
            if schema.get("readOnly") is True or schema.get("writeOnly") is True:
                # Its own keyword wins over that of its reference's target.
                return False
            parts = schema.get("allOf")
            if isinstance(parts, list) and any(self.is_hidden(part, depth + 1) for part in parts):
                return True
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                return False
            schema = lookup(self.document, pointer_of(reference))
        return False

    def pattern(self, pattern: str) -> str:
        if rust_reads(pattern):
            return "pattern"
        self.python_patterns = True
        return PYTHON_PATTERN


def _distinct(names: list[Any]) -> list[Any]:
    """Names without repetitions; other values are left to the validator."""
    usual = all(isinstance(name, str) for name in names)
    return list(dict.fromkeys(names)) if usual else names


def _known_types(value: Any) -> Any:
    """The valid part of `type`; None if nothing is left (`any`, `file`)."""
    if isinstance(value, str):
        return value if value in TYPES else None
    known = [name for name in value if name in TYPES] if isinstance(value, list) else []
    return known or None


_SAID_OTHERWISE = frozenset(
    ("nullable", "oneOf", "anyOf", "exclusiveMinimum", "exclusiveMaximum", "enum", "const")
)


def as_2020(schema: Mapping[str, Any], old: bool) -> Mapping[str, Any]:
    """The schema in terms of 2020-12; unchanged if there is no difference.

    `nullable` is honoured in 3.1 too, although that removed it. A branch with only `nullable` means
    null. The values of an enumeration are in its types.
    """
    if _SAID_OTHERWISE.isdisjoint(schema):
        return schema
    changed: dict[str, Any] = {}
    if "enum" in schema or "const" in schema:
        changed.update(as_read(schema))
    if schema.get("nullable") is True:
        changed.update(_widened({**schema, **changed}, old))
    for word in ("oneOf", "anyOf"):
        branches = changed.get(word, schema.get(word))
        if isinstance(branches, list) and any(map(is_null_by_name, branches)):
            changed[word] = [_NULL if is_null_by_name(b) else b for b in branches]
    for strict, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        # As 3.0 and older drafts write them, which a schema of 3.1 may choose (`$schema`).
        flag = schema.get(strict)
        if isinstance(flag, bool):
            changed[strict] = None
            if flag and plain in schema:
                changed[strict], changed[plain] = schema[plain], None
    if not changed:
        return schema
    found = {**schema, **changed}
    return {key: value for key, value in found.items() if value is not None or key not in changed}


def _widened(schema: Mapping[str, Any], old: bool) -> dict[str, Any]:
    """The keywords of a `nullable` schema that take null as well. By 3.0.3, `nullable` widens the
    `type` beside it and nothing else."""
    found: dict[str, Any] = {}
    kinds = list(types_of(schema))
    if kinds and "null" not in kinds:
        found["type"] = [*kinds, "null"]
    if old:
        return found
    values = schema.get("enum")
    if isinstance(values, list) and None not in values:
        found["enum"] = [*values, None]
    for word in ("oneOf", "anyOf") if not kinds else ():
        if isinstance(schema.get(word), list):
            found[word] = [*schema[word], _NULL]
    return found


_BRANCH = re.compile(r"/(oneOf|anyOf)/(\d+)(?=/|$)")
_NULL: Mapping[str, Any] = {"type": "null"}
_ANNOTATIONS = frozenset(
    ("title", "description", "example", "examples", "default", "deprecated", "readOnly")
) | {"writeOnly", "externalDocs", "xml", "$comment"}


def is_null_by_name(branch: Any) -> bool:
    """Whether a branch is just `{nullable: true}`."""
    return (
        isinstance(branch, Mapping)
        and branch.get("nullable") is True
        and all(
            word in _ANNOTATIONS or word == "nullable" or str(word).startswith("x-")
            for word in branch
        )
    )


def _admit_null(found: dict[str, Any]) -> None:
    """Allow null for a referenced schema, whose own keywords don't mention null."""
    if "allOf" in found:
        found["allOf"] = [{"anyOf": [part, _NULL]} for part in found["allOf"]]
    if "$ref" in found:
        whole = {"anyOf": [{"$ref": found.pop("$ref")}, _NULL]}
        found["allOf"] = [*found.get("allOf", ()), whole]


def is_nullable_whole(schema: Mapping[str, Any]) -> bool:
    """Whether a 3.1 schema without `type` of its own is `nullable` as a whole."""
    return schema.get("nullable") is True and "type" not in schema and len(schema) > 1


def _is_null(branch: Any) -> bool:
    return isinstance(branch, Mapping) and types_of(branch) == ("null",)


def _aside(pointer: str) -> str:
    """The place of a translated schema; branches of a union are moved aside."""
    return _BRANCH.sub(r"/x-\1/\2", pointer) if "Of/" in pointer else pointer


def _may_go_deeper(branch: Any) -> bool:
    return isinstance(branch, Mapping) and not set(types_of(branch) or ("object",)) <= _SCALARS


def _rules(dispatch: Dispatch, targets: list[Any], nullable: bool) -> list[Any]:
    """A union as conditions: match the branch that the value names."""
    name = dispatch.property

    def has(names: Sequence[Any]) -> dict[str, Any]:
        listed = {name: {"enum": list(names)}}
        return {"type": "object", "required": [name], "properties": listed}

    every = [one for names in dispatch.names for one in names]
    rules: list[Any] = [
        {"if": has(names), "then": target}
        for names, target in zip(dispatch.names, targets, strict=True)
    ]
    rest: Any = {"anyOf": targets}
    if dispatch.closed:
        rest = has(every)
        if not dispatch.needed:
            there = {"type": "object", "required": [name]}
            rest = {"if": there, "then": has(every), "else": {"anyOf": targets}}
    if nullable:
        rest = {"if": {"type": "null"}, "else": rest}
    # Named branches are handled by the rules above.
    return [*rules, {"if": has(every), "else": rest}]


def _bound(found: dict[str, Any], bits: int) -> None:
    low, high = -(1 << bits), (1 << bits) - 1
    found["minimum"] = max(low, found.get("minimum", low))
    found["maximum"] = min(high, found.get("maximum", high))


def _once(word: str, branches: list[Any]) -> list[Any]:
    """The branches with repeated references removed: each repeated level would double the work.

    The others keep their positions, since places refer to them by number.
    """
    if word == "oneOf":
        # Identical branches never match alone.
        same = len(branches) > 1 and all(b == branches[0] and _refers(b) for b in branches)
        return [False] * len(branches) if same else branches
    seen: set[str] = set()
    found: list[Any] = []
    for branch in branches:
        again = _refers(branch) and branch["$ref"] in seen
        if _refers(branch):
            seen.add(branch["$ref"])
        found.append(word == "allOf" if again else branch)
    return found


def _refers(branch: Any) -> bool:
    """Whether it is just a reference."""
    return isinstance(branch, dict) and branch.keys() == {"$ref"}


def _plant(tree: dict[str, Any], path: list[str], schema: Any) -> None:
    if not path:
        raise ContractError("the reference '#' leads to the whole document, which is no schema")
    node: Any = tree
    for token in path[:-1]:
        node = node[int(token)] if isinstance(node, list) else node.setdefault(token, {})
    if isinstance(node, dict):
        node.setdefault(path[-1], schema)


def _listed(value: Any, where: str) -> list[Any]:
    if isinstance(value, list):
        return value
    raise ContractError("an array is needed here", where)


def _mapped(value: Any, where: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise ContractError("an object is needed here", where)
