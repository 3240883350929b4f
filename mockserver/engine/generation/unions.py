"""Values that fit exactly one branch of a union, as `oneOf` requires."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from json import dumps
from typing import Any

from mockserver.engine.generation.modes import MOST_LETTERS, Impossible, bound
from mockserver.openapi.document import MISSING, reference_to
from mockserver.openapi.schemas.discriminators import names_of
from mockserver.openapi.schemas.formats import reader
from mockserver.openapi.schemas.resolved import ANY, Flat, Schemas
from mockserver.records import dataclass

_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": Mapping,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": (int, float),
    "boolean": bool,
}


def is_a(kind: str, value: Any) -> bool:
    """Whether a value has a JSON Schema type (any number counts as an integer)."""
    return isinstance(value, _KINDS[kind]) and isinstance(value, bool) == (kind == "boolean")


def suits(flat: Flat, value: Any) -> bool:
    """Whether a default or an example has the type of the schema."""
    return not flat.types or any(is_a(kind, value) for kind in flat.types)


def may_be(flat: Flat, text: str) -> bool:
    """Whether a schema says nothing of a text but its length, and takes this one."""
    if flat.types != ("string",) or flat.notes.examples or flat.values not in (None, [text]):
        return False
    most = flat.rules.get("maxLength", len(text))
    return not flat.rules.keys() - {"minLength", "maxLength"} and len(text) <= most


def is_null(flat: Flat) -> bool:
    """Whether the schema allows only null."""
    return not flat.types and flat.nullable and flat.values == [None]


def alternatives(schemas: Schemas, schema: Any) -> Iterator[Flat]:
    """The branches of a schema, nested unions flattened."""
    seen: set[int] = set()
    waiting = [schema]
    while waiting:
        schema = schemas.resolved(waiting.pop())
        if id(schema) in seen:
            continue
        seen.add(id(schema))
        flat = schemas.flat(schema)
        if flat.choices:
            waiting.extend(flat.choices[0])
        else:
            yield flat


def may_be_null(schemas: Schemas, schema: Any) -> bool:
    """Whether the schema allows null."""
    return any(
        flat.nullable or not flat.types or None in (flat.values or ())
        for flat in alternatives(schemas, schema)
    )


def weight(flat: Flat) -> int:
    """The approximate size of a value."""
    if flat.choices:
        return 5
    kind = flat.types[0] if flat.types else ""
    return {"object": 4 + len(flat.required), "array": 3}.get(kind, 1)


def fit(schemas: Schemas, flat: Flat, known: Any) -> float:
    """How well a known value fits a schema; negative if it doesn't."""
    if flat.never:
        return -2
    if known is None:
        return 1 if flat.nullable or flat.values == [None] else -1
    if flat.values is not None:
        return 2 if known in flat.values else -1
    if flat.choices or not flat.types:
        return 0
    if not any(is_a(kind, known) for kind in flat.types):
        return -1
    if not isinstance(known, Mapping):
        return 1
    for name in known.keys() & flat.properties.keys():
        values = schemas.flat(flat.properties[name]).values
        if values is not None and known[name] not in values:
            return -1
    missing = len(flat.required.keys() - known.keys())
    strange = len(known.keys() - flat.properties.keys())
    nothing = sum(
        value is None
        and name in flat.properties
        and not may_be_null(schemas, flat.properties[name])
        for name, value in known.items()
    )
    return 1 + len(known) - strange - 2 * missing - 2 * nothing


def extra_schema(flat: Flat, key: str) -> Any:
    """The schema of an additional property; False if there may be none."""
    for pattern, schema in flat.objects.patterned.items():
        matches = reader(pattern)
        if matches is not None and matches(key):
            return schema
    if flat.objects.extra is not None:
        return flat.objects.extra
    return False if flat.objects.closed else ANY


def mark(
    schemas: Schemas, tag: Mapping[str, Any], chosen: Flat, branch: Any, found: dict[str, Any]
) -> None:
    """Set the discriminator to the name of the branch, if the branch allows it."""
    name = tag.get("propertyName")
    if not isinstance(name, str):
        return
    listed = schemas.flat(chosen.properties.get(name, ANY)).values
    fitting = [one for one in names_of(tag, branch) if listed is None or one in listed]
    if listed and not fitting:
        # An inline branch, or one with an enum, has its own discriminator value.
        found.setdefault(name, listed[0])
    elif fitting and found.get(name) not in fitting:
        found[name] = fitting[0]


def ranked(schemas: Schemas, flat: Flat, branches: list[Any], known: Any) -> list[Any]:
    """The branches, best fit first; the one that the value's discriminator names before all
    others."""
    tag = flat.tag or {}
    name = tag.get("propertyName")
    given = known.get(name) if isinstance(known, Mapping) and isinstance(name, str) else None

    def rank(branch: Any) -> tuple[bool, float]:
        named = given is not None and given in names_of(tag, branch)
        return not named, -fit(schemas, schemas.choose(flat, branches, branch), known)

    return sorted(branches, key=rank)


def best(schemas: Schemas, pointer: str, known: Any) -> Flat:
    """The schema; of a union, the branch that best fits a known value."""
    flat = schemas.flat_at(pointer)
    for _ in range(5):
        if not flat.choices:
            break
        branches = flat.choices[0]
        flat = schemas.choose(flat, branches, ranked(schemas, flat, branches, known)[0])
    return flat


def kind(schemas: Schemas, pointer: str, nth: int) -> tuple[str, dict[str, Any]]:
    """The branch of the `nth` value of a union of objects, and its discriminator value, so that
    each branch occurs."""
    branches = schemas.branches(pointer)
    if not branches:
        return pointer, {}
    branch = branches[nth % len(branches)]
    tag = schemas.flat_at(pointer).tag or {}
    name = str(tag.get("propertyName", ""))
    schema = schemas.flat(schemas.at(branch)).properties.get(name, ANY)
    if not name or schemas.flat(schema).values:
        return branch, {}
    return branch, {name: names_of(tag, {"$ref": reference_to(branch)})[0]}


def distinct(items: list[Any]) -> list[Any]:
    """The items without duplicates."""
    found: dict[tuple[type, str], Any] = {}
    for item in items:
        found.setdefault((type(item), dumps(item, sort_keys=True)), item)
    return list(found.values())


Path = tuple[str | int, ...]
Make = Callable[[Any, str, Path], Any]
_DEEPEST = 4
_PLAIN: dict[str, tuple[Any, ...]] = {
    "array": ([],), "object": ({},), "boolean": (True,), "string": ("mock", "?"), "number": (0.5,),
    "integer": (1,),
}  # fmt: skip
_UNLIKE = " ?"
"""A text that is of none of these formats."""
_JUDGED = frozenset(
    ("date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid")
) | {"byte", "uri-reference", "json-pointer"}


@dataclass(slots=True, eq=False)
class Separation:
    """Changes values until other branches reject them; the validator decides whether they do.

    `make` generates a value: of a schema, for a name, at a place.
    """

    schemas: Schemas
    make: Make

    def separated(
        self, chosen: Flat, others: list[Flat], value: Any, path: Path, known: Any = MISSING
    ) -> Any:
        """The value, changed for each of the other branches where possible. What is `known` of it
        stays: something may be added."""
        for other in others:
            found = self._part(chosen, other, value, path, 0, known)
            value = value if found is MISSING else found
        return value

    def _part(self, mine: Flat, other: Flat, value: Any, path: Path, depth: int, known: Any) -> Any:
        """The value changed so that `other` rejects it and `mine` doesn't; MISSING if that isn't
        possible."""
        if depth > _DEEPEST:
            return MISSING
        if other.never or fit(self.schemas, other, value) < 0:
            return value
        if known is not MISSING and not isinstance(value, Mapping | list):
            return MISSING
        strange = [kind for kind in mine.types if other.types and kind not in other.types]
        if known is MISSING and "integer" in other.types and "number" in mine.types:
            return 0.5
        if known is MISSING and strange and mine.values is None and not set(strange) <= {"integer"}:
            return self._plainest(mine, strange)
        if isinstance(value, Mapping):
            given = known if isinstance(known, Mapping) else {}
            return self._object(mine, other, dict(value), path, depth, given)
        if isinstance(value, list):
            return self._array(mine, other, value, path, depth, known)
        return self._scalar(mine, other, value)

    def _plainest(self, mine: Flat, kinds: list[str]) -> Any:
        for kind in kinds:
            if kind != "object" or not mine.required:
                return _PLAIN[kind][0]
        return MISSING

    def _object(
        self,
        mine: Flat,
        other: Flat,
        value: dict[str, Any],
        path: Path,
        depth: int,
        known: Mapping[str, Any],
    ) -> Any:
        if any(name not in value for name in other.required):
            return value
        for name in other.required:
            if name not in mine.required and name not in known:
                del value[name]
                return value
        for name, schema in mine.properties.items():
            if name not in other.properties:
                continue
            unwanted, given = other.properties[name], known.get(name, MISSING)
            inner = self._inside(schema, unwanted, name, value, path, depth, given)
            if inner is not MISSING:
                return {**value, name: inner}
        for name, schema in other.properties.items():
            wrong = self._unnamed(mine, schema, name, value)
            if wrong is not MISSING:
                return {**value, name: wrong}
        if other.objects.closed and not mine.objects.closed and not other.objects.patterned:
            return {**value, "mock": self._new(extra_schema(mine, "mock"), "mock", path)}
        if mine.objects.extra and other.objects.extra:
            inner = self._inside(
                mine.objects.extra, other.objects.extra, "mock", value, path, depth, MISSING
            )
            return MISSING if inner is MISSING else {**value, "mock": inner}
        return MISSING

    def _unnamed(self, mine: Flat, schema: Any, name: str, value: Mapping[str, Any]) -> Any:
        """A value that `other` rejects under one of its own names, which this branch doesn't
        restrict: null, which is as good as absent to most readers, where it is none."""
        kinds = self.schemas.flat(schema).types
        if (
            mine.objects.closed
            or mine.objects.extra
            or mine.objects.patterned
            or name in mine.properties
        ):
            return MISSING
        if name in value or not kinds:
            return MISSING
        if not may_be_null(self.schemas, schema):
            return None
        order: tuple[tuple[str, Any], ...]
        order = (("array", []), ("object", {}), ("boolean", True), ("", 0.5))
        return next(wrong for kind, wrong in order if kind not in kinds)

    def _inside(
        self,
        mine: Any,
        other: Any,
        name: str,
        holder: Mapping[str, Any],
        path: Path,
        depth: int,
        known: Any,
    ) -> Any:
        """A value for a property that tells the two branches apart."""
        wanted, unwanted = self.schemas.flat(mine), self.schemas.flat(other)
        if wanted is unwanted or wanted.parts == unwanted.parts:
            return MISSING
        inner = holder.get(name, MISSING)
        inner = self._new(mine, name, path) if inner is MISSING else inner
        if inner is MISSING:
            return MISSING
        return self._part(wanted, unwanted, inner, (*path, name), depth + 1, known)

    def _new(self, schema: Any, name: str, path: Path) -> Any:
        try:
            return self.make(schema, name, (*path, name))
        except Impossible:
            return MISSING

    def _array(
        self, mine: Flat, other: Flat, value: list[Any], path: Path, depth: int, known: Any
    ) -> Any:
        if known is not MISSING and not value:
            return MISSING
        wanted, unwanted = (
            ANY if one.arrays.items is None else one.arrays.items for one in (mine, other)
        )
        first = value[0] if value else self._new(wanted, "", path)
        if first is MISSING:
            return MISSING
        flats = self.schemas.flat(wanted), self.schemas.flat(unwanted)
        given = known[0] if isinstance(known, list) and known else MISSING
        inner = self._part(*flats, first, (*path, 0), depth + 1, given)
        return MISSING if inner is MISSING else [inner, *value[1:]]

    def _scalar(self, mine: Flat, other: Flat, value: Any) -> Any:
        if mine.values is not None:
            left = [one for one in mine.values if one not in (other.values or ())]
            return left[0] if left and other.values is not None else MISSING
        if isinstance(value, str):
            return self._text(mine, other)
        high, low = other.rules.get("maximum"), other.rules.get("minimum")
        if is_a("number", value) and high is not None and mine.rules.get("maximum") != high:
            return high + 1
        if is_a("number", value) and low is not None and mine.rules.get("minimum") != low:
            return low - 1
        return MISSING

    def _text(self, mine: Flat, other: Flat) -> Any:
        if other.values is not None:
            return next((text for text in ("mock", "mock?") if text not in other.values), MISSING)
        rules = {word: other.rules[word] for word in other.rules if word not in mine.rules}
        if rules.get("format") in _JUDGED or "pattern" in rules:
            return _UNLIKE
        if bound(rules, "maxLength", MOST_LETTERS) < MOST_LETTERS:
            return "a" * (bound(rules, "maxLength", 0) + 1)
        return "" if rules.get("minLength") else MISSING
