"""Values that fit one branch of a choice and no other: what `oneOf` asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.flat import ANY, Flat
from mockserver.contract.schemas import Schemas
from mockserver.engine.branches import extra_schema, fit, is_a
from mockserver.engine.limits import MOST_LETTERS, Impossible, bound

Path = tuple[str | int, ...]
Make = Callable[[Any, str, Path], Any]
_NO: Any = object()
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


@dataclass(slots=True)
class Parting:
    """Changes values until other branches refuse them; whether they do is for the judge to say.

    `make` makes a value: of a schema, for what is called so, at a place.
    """

    schemas: Schemas
    make: Make

    def parted(self, chosen: Flat, others: list[Flat], value: Any, path: Path) -> Any:
        """The value, changed for each of the others as far as a way is seen."""
        for other in others:
            found = self._part(chosen, other, value, path, 0)
            value = value if found is _NO else found
        return value

    def _part(self, mine: Flat, other: Flat, value: Any, path: Path, depth: int) -> Any:
        """The value changed so that `other` refuses it and `mine` does not; `_NO` if no way is
        seen."""
        if depth > _DEEPEST:
            return _NO
        if other.never or fit(self.schemas, other, value) < 0:
            return value
        strange = [kind for kind in mine.types if other.types and kind not in other.types]
        if "integer" in other.types and "number" in mine.types:
            return 0.5
        if strange and mine.values is None and not set(strange) <= {"integer"}:
            return self._plainest(mine, strange)
        if isinstance(value, Mapping):
            return self._object(mine, other, dict(value), path, depth)
        if isinstance(value, list):
            return self._array(mine, other, value, path, depth)
        return self._scalar(mine, other, value)

    def _plainest(self, mine: Flat, kinds: list[str]) -> Any:
        for kind in kinds:
            if kind != "object" or not mine.required:
                return _PLAIN[kind][0]
        return _NO

    def _object(
        self, mine: Flat, other: Flat, value: dict[str, Any], path: Path, depth: int
    ) -> Any:
        if any(name not in value for name in other.required):
            return value
        for name in other.required:
            if name not in mine.required:
                del value[name]
                return value
        for name, schema in mine.properties.items():
            if name not in other.properties:
                continue
            inner = self._inside(schema, other.properties[name], name, value, path, depth)
            if inner is not _NO:
                return {**value, name: inner}
        for name, schema in other.properties.items():
            wrong = self._unnamed(mine, schema, name, value)
            if wrong is not _NO:
                return {**value, name: wrong}
        if other.closed and not mine.closed and not other.patterned:
            return {**value, "mock": self._new(extra_schema(mine, "mock"), "mock", path)}
        if mine.extra and other.extra:
            inner = self._inside(mine.extra, other.extra, "mock", value, path, depth)
            return _NO if inner is _NO else {**value, "mock": inner}
        return _NO

    def _unnamed(self, mine: Flat, schema: Any, name: str, value: Mapping[str, Any]) -> Any:
        """What another refuses under a name of its own, where this one judges nothing."""
        kinds = self.schemas.flat(schema).types
        if mine.closed or mine.extra or mine.patterned or name in mine.properties:
            return _NO
        if name in value or not kinds:
            return _NO
        order: tuple[tuple[str, Any], ...]
        order = (("array", []), ("object", {}), ("boolean", True), ("", 0.5))
        return next(wrong for kind, wrong in order if kind not in kinds)

    def _inside(
        self, mine: Any, other: Any, name: str, holder: Mapping[str, Any], path: Path, depth: int
    ) -> Any:
        """A value for a property by which the two can be told apart."""
        wanted, unwanted = self.schemas.flat(mine), self.schemas.flat(other)
        if wanted is unwanted or wanted.parts == unwanted.parts:
            return _NO
        inner = holder.get(name, _NO)
        inner = self._new(mine, name, path) if inner is _NO else inner
        if inner is _NO:
            return _NO
        return self._part(wanted, unwanted, inner, (*path, name), depth + 1)

    def _new(self, schema: Any, name: str, path: Path) -> Any:
        try:
            return self.make(schema, name, (*path, name))
        except Impossible:
            return _NO

    def _array(self, mine: Flat, other: Flat, value: list[Any], path: Path, depth: int) -> Any:
        wanted, unwanted = (ANY if one.items is None else one.items for one in (mine, other))
        first = value[0] if value else self._new(wanted, "", path)
        if first is _NO:
            return _NO
        flats = self.schemas.flat(wanted), self.schemas.flat(unwanted)
        inner = self._part(*flats, first, (*path, 0), depth + 1)
        return _NO if inner is _NO else [inner, *value[1:]]

    def _scalar(self, mine: Flat, other: Flat, value: Any) -> Any:
        if mine.values is not None:
            left = [one for one in mine.values if one not in (other.values or ())]
            return left[0] if left and other.values is not None else _NO
        if isinstance(value, str):
            return self._text(mine, other)
        high, low = other.rules.get("maximum"), other.rules.get("minimum")
        if is_a("number", value) and high is not None and mine.rules.get("maximum") != high:
            return high + 1
        if is_a("number", value) and low is not None and mine.rules.get("minimum") != low:
            return low - 1
        return _NO

    def _text(self, mine: Flat, other: Flat) -> Any:
        if other.values is not None:
            return next((text for text in ("mock", "mock?") if text not in other.values), _NO)
        rules = {word: other.rules[word] for word in other.rules if word not in mine.rules}
        if rules.get("format") in _JUDGED or "pattern" in rules:
            return _UNLIKE
        if bound(rules, "maxLength", MOST_LETTERS) < MOST_LETTERS:
            return "a" * (bound(rules, "maxLength", 0) + 1)
        return "" if rules.get("minLength") else _NO
