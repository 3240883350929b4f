"""One value for one schema; the validator decides whether it is valid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from json import dumps
from typing import Any

from mockserver.engine.generation import modes
from mockserver.engine.generation.by_name import in_millis, is_unix, number
from mockserver.engine.generation.examples import one_example, shown_as, take
from mockserver.engine.generation.modes import (
    Mode,
    is_content,
    is_failure,
    is_moment,
    is_on,
    is_owned,
    is_servers,
    is_telling,
    unused,
)
from mockserver.engine.generation.strings import constant_of, encoded, instant, names_for, text
from mockserver.engine.generation.unions import (
    Separation,
    distinct,
    extra_schema,
    is_a,
    is_null,
    mark,
    may_be,
    may_be_null,
    ranked,
    suits,
    weight,
)
from mockserver.engine.randomness import Rng
from mockserver.engine.timestamps import SECOND
from mockserver.inference.words import singular, tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import is_json
from mockserver.openapi.schemas.resolved import ANY, Flat, Schemas
from mockserver.records import dataclass

Path = tuple[str | int, ...]


_DEEP = 5
_TOO_DEEP = 24
_TOO_DEEP_TO_KEEP = 120
"""What is known may lie deeper than what is made."""
_ONE_MORE = 30
"""Values that must be left for another item of a list, which would be made of nothing otherwise."""


@dataclass(slots=True, eq=False)
class Maker:
    """Generates one value.

    `wanted` and `unwanted` are places that a repair asks for; `narrow` are those of a union where
    the value fitted too many branches: there, as many as `turns` of those that fit best come last.
    """

    schemas: Schemas
    rng: Rng
    mode: Mode = "rich"
    request: bool = False
    wanted: frozenset[Path] = frozenset()
    unwanted: frozenset[Path] = frozenset()
    narrow: frozenset[Path] = frozenset()
    turns: int = 0
    left: int = 400
    steps: int = 0
    owners: list[str] = field(default_factory=list)

    def value(self, schema: Any, name: str, path: Path, known: Any = MISSING) -> Any:
        return self.flat_value(self.schemas.flat(schema), name, path, known)

    def flat_value(self, flat: Flat, name: str, path: Path, known: Any) -> Any:
        """A value; `known`, or as much of it as fits, if given."""
        self.left -= 1
        most = _TOO_DEEP if known is MISSING else _TOO_DEEP_TO_KEEP
        if flat.never or len(path) > (_DEEP if self.mode == "loose" else most):
            raise modes.Impossible
        if known is None and (flat.nullable or not (flat.types or flat.choices)):
            return None
        if flat.choices:
            return self._chosen(flat, name, path, known)
        if flat.values is not None:
            return self._listed(flat, name, known)
        if known is MISSING or known is None:
            return self._new(flat, name, path)
        if not flat.types:
            # A schema with properties describes an object, whether it says so or not.
            keeps = isinstance(known, Mapping) or not flat.properties
            return known if keeps else self._new(flat, name, path)
        for kind in flat.types:
            if is_a(kind, known):
                if isinstance(known, Mapping):
                    return self._object(flat, name, path, known)
                return self._array(flat, name, path, known) if kind == "array" else known
        return self._new(flat, name, path)

    @property
    def _is_new(self) -> bool:
        return modes.is_new(self.mode)

    @property
    def _lean(self) -> bool:
        return self.mode == "bare" or self.left <= 0

    @property
    def _rich(self) -> bool:
        return self.mode in ("rich", "full")

    def _spend(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > modes.MOST_STEPS:
            raise modes.TooLarge("what the schema asks for is too large to be made")

    def _new(self, flat: Flat, name: str, path: Path) -> Any:
        self._spend()
        doubted = path in self.unwanted
        if flat.notes.defaults and not doubted and self._takes_default(flat):
            return flat.notes.default
        if flat.nullable and self._takes_null(flat, name, path):
            return None
        if flat.notes.examples and flat.types[:1] != ("object",) and not doubted:
            example = one_example(self.rng, self.mode, flat, name, path)
            if suits(flat, example) and example is not MISSING:
                return example
        if not flat.types:
            return self._free(flat, name)
        kind = flat.types[0] if len(flat.types) == 1 else self._one_of(flat.types)
        if kind == "object":
            return self._object(flat, name, path, MISSING)
        if kind == "array":
            return self._array(flat, name, path, MISSING)
        return self.scalar(flat, kind, name)

    def _takes_default(self, flat: Flat) -> bool:
        if flat.notes.default is not None and not suits(flat, flat.notes.default):
            return False
        if self._rich:
            return flat.notes.default not in (None, [], {}, "") and self.rng.chance(0.6)
        return flat.notes.default is not None or flat.nullable

    def _takes_null(self, flat: Flat, name: str, path: Path) -> bool:
        if flat.presumed and self._rich and (len(path) <= _DEEP or "object" not in flat.types):
            return False  # another value is one for every reader of the document
        if self._rich and path in self.wanted:
            return False
        if self._lean and not (self.mode == "full" and len(path) == 1):
            return True
        if self._is_new:
            return not (is_owned(name) or (self.mode == "sparse" and is_content(name)))
        seldom = 0.0 if self.mode == "full" else 0.1
        return len(path) > _DEEP or self.rng.chance(0.75 if is_failure(name) else seldom)

    def _free(self, flat: Flat, name: str) -> Any:
        if flat.notes.examples:
            return flat.notes.examples[0]
        if flat.notes.defaults:
            return flat.notes.default
        if not name or not self._rich or tokens(name)[-1:] not in (("id",), ("name",)):
            return {}
        return text(self.rng, name, {}, self._owner)

    @property
    def _owner(self) -> str:
        return self.owners[-1] if self.owners else ""

    def scalar(self, flat: Flat, kind: str, name: str) -> Any:
        if kind == "string":
            found = self._text(flat, name)
            self._spend(len(found) // modes.LETTERS_A_STEP)
            return found
        if kind == "boolean":
            if self._is_new:
                return is_on(name)
            return self.rng.chance(0.5)
        if is_unix(name, flat):
            moment = instant(self.rng, name) // SECOND * (1000 if in_millis(name, flat) else 1)
            low, high = flat.rules.get("minimum", 0), flat.rules.get("maximum", moment)
            if low <= moment <= high and not flat.rules.keys() & {"multipleOf", "exclusiveMaximum"}:
                return moment
        rules = unused(name, flat.rules) if self._is_new else flat.rules
        shown = shown_as(flat, "number")
        return number(self.rng, name, rules, whole=kind == "integer", example=shown)

    def _text(self, flat: Flat, name: str) -> str:
        """A text; if it encodes another value, that value in the encoding of the schema."""
        rules = flat.rules
        constant = constant_of(name, flat)
        if constant is not None and not rules:
            return constant
        media_type, schema = rules.get("contentMediaType"), rules.get("contentSchema")
        if isinstance(media_type, str) and is_json(media_type):
            held = self.value(schema, name, ()) if schema is not None else {}
            found = dumps(held)
        elif rules.get("contentEncoding") and "pattern" not in rules:
            found = text(self.rng, name, {}, self._owner)
        else:
            return text(self.rng, name, rules, self._owner, shown_as(flat, "string"))
        return encoded(found, str(rules.get("contentEncoding") or ""))

    def _listed(self, flat: Flat, name: str, known: Any) -> Any:
        values = flat.values or []
        if known is not MISSING and known in values:
            return known
        if not values:
            raise modes.Impossible
        if flat.notes.defaults and flat.notes.default in values and not self._rich:
            return flat.notes.default
        full = [value for value in values if value is not None]
        if not self._rich:
            # What only `nullable` of 3.1 adds is no value of the list to every reader.
            empty = None in values and (not flat.presumed or is_failure(name) or not full)
            return None if empty else full[0]
        return self._one_of(full or values)

    def _one_of(self, values: Sequence[Any]) -> Any:
        """One of several; where all shall be said, the first, which older clients know, too."""
        return values[0] if self.mode == "full" else self.rng.random.choice(values)

    def _chosen(self, flat: Flat, name: str, path: Path, known: Any) -> Any:
        branches = flat.choices[0]
        ordered = self._ordered(flat, branches, name, path, known)
        for branch in ordered:
            chosen = self.schemas.choose(flat, branches, branch)
            try:
                found = self.flat_value(chosen, name, path, known)
            except modes.Impossible:
                self._spend()
                continue
            if isinstance(found, dict) and isinstance(known, Mapping) and not chosen.objects.closed:
                found.update(self._nothings(chosen, branches, known))
            if path in self.narrow:
                others = [self.schemas.flat(b) for b in branches if b is not branch]
                separation = Separation(self.schemas, self.value)
                found = separation.separated(chosen, others, found, path, known)
            if flat.tag is not None and isinstance(found, dict):
                mark(self.schemas, flat.tag, chosen, branch, found)
            return found
        raise modes.Impossible

    def _nothings(
        self, chosen: Flat, branches: list[Any], known: Mapping[str, Any]
    ) -> dict[str, None]:
        """The nulls among what is known under names that only other branches have: they tell that a
        value is of none of those."""
        empty = {n: None for n, v in known.items() if v is None and n not in chosen.properties}
        others = branches if empty else ()
        named = {n for b in others for n in self.schemas.flat(b).properties}
        return {name: None for name in empty if name in named}

    def _ordered(
        self, flat: Flat, branches: list[Any], name: str, path: Path, known: Any
    ) -> list[Any]:
        if known is not MISSING:
            fitting = ranked(self.schemas, flat, branches, known)
            turns = self.turns if path in self.narrow else 0
            return fitting[turns:] + fitting[:turns]
        empty = [b for b in branches if is_null(self.schemas.flat(b))]
        full = [b for b in branches if not any(b is other for other in empty)]
        if len(full) > 1:
            wide = path not in self.narrow or self.rng.chance(0.5)
            if wide and (self._lean or len(path) > _DEEP):
                full.sort(key=lambda b: weight(self.schemas.flat(b)))
            elif path in self.narrow or self.mode == "rich":
                self.rng.random.shuffle(full)
        if empty and self._prefers_null(flat, name, path):
            return empty + full
        return full + empty

    def _prefers_null(self, flat: Flat, name: str, path: Path) -> bool:
        has_default = flat.notes.defaults and flat.notes.default is not None
        return not has_default and self._takes_null(flat, name, path)

    # -- objects and arrays

    def _object(self, flat: Flat, name: str, path: Path, given: Any) -> Any:
        known = self._known(flat, name, path) if given is MISSING else given
        self.owners.append(flat.notes.title or singular(name) or self._owner)
        # A part that the document or the client shows says all; clients may not know the rest.
        whole = self.mode == "full" and bool(path and known)
        found: dict[str, Any] = {}
        most = modes.bound(flat.rules, "maxProperties", 1 << 30)
        for key, schema in flat.properties.items():
            here = (*path, key)
            needed = key in flat.required or here in self.wanted
            if not needed:
                if len(found) >= most or here in self.unwanted:
                    continue
                if key not in known and (whole or not self._includes(path, key, schema)):
                    continue
                if known.get(key, MISSING) is None and not may_be_null(self.schemas, schema):
                    continue
            if self._hidden(schema) and here not in self.wanted:
                continue
            if self.mode == "loose" and _is_meant_nullable(schema):
                found[key] = known.get(key)
                continue
            try:
                found[key] = self.value(schema, key, here, known.get(key, MISSING))
            except modes.Impossible:
                if self.mode != "loose" and needed:
                    raise
        self._extras(flat, path, known, found, most)
        self._fill(flat, path, known, found, sample=given is MISSING)
        for key, value in (flat.kind or {}).items():
            own = self.schemas.flat(flat.properties.get(key, ANY))
            if key in found and key not in known and own.values is None:
                found[key] = value
        self.owners.pop()
        return found

    def _known(self, flat: Flat, name: str, path: Path) -> Mapping[str, Any]:
        """What the document shows of an object, without the places that broke its schema."""
        known: dict[str, Any] = {**self._of_list(flat, name), **self._shown(flat)}
        for place in self.unwanted if known else ():
            if len(place) > len(path) and place[: len(path)] == path:
                known, _ = take(known, place[len(path) :])
        return known

    def _of_list(self, flat: Flat, name: str) -> Mapping[str, Any]:
        """What a list inside an entity (`data` and `has_more`) says of itself: that it is one, and
        its path."""
        if not {"data", "has_more"} <= flat.properties.keys():
            return {}
        if self.mode == "full":
            self.left = max(self.left, 2 * _ONE_MORE)  # a page has an entry
        found = {}
        for key, value in (("object", "list"), ("url", f"/{name or 'items'}")):
            inner = self.schemas.flat(flat.properties.get(key, ANY))
            if (key in flat.required or self._rich) and may_be(inner, value):
                found[key] = value
        return found

    def _shown(self, flat: Flat) -> Mapping[str, Any]:
        """An example of the document: some of the time, or the first where all shall be said."""
        examples = [example for example in flat.notes.examples if isinstance(example, Mapping)]
        if examples and self.mode == "full":
            return examples[0]
        if examples and self._rich and self.rng.chance(0.7):
            return self.rng.random.choice(examples)
        return {}

    def _includes(self, path: Path, name: str, schema: Any) -> bool:
        """Whether an object has an optional property."""
        flat = self.schemas.flat(schema)
        if flat.misread or (self._is_new and flat.presumed):
            return False  # absent is valid for every reader of the document
        if self.mode == "full" and not path:
            return True  # however large the properties before it are
        if self._lean or len(path) > _DEEP:
            return False
        if self.mode == "loose":
            return not path
        if self.mode == "sparse":
            said = flat.notes.default is not None or is_servers(name, flat)
            return said or (is_moment(name) and may_be_null(self.schemas, schema))
        if self.mode in ("fresh", "full"):
            return True
        said = self.rng.chance(0.9 if len(path) < 2 else 0.75)
        return said or (len(path) < 2 and is_telling(name))

    def _hidden(self, schema: Any) -> bool:
        flat = self.schemas.flat(schema)
        return flat.notes.read_only if self.request else flat.notes.write_only

    def _extras(
        self, flat: Flat, path: Path, known: Mapping[str, Any], found: dict[str, Any], most: int
    ) -> None:
        """Known values that the schema doesn't name; kept if it allows additional properties or
        names none."""
        free = not flat.properties and not flat.objects.closed
        if not (free or flat.objects.patterned or flat.objects.extra not in (None, False)):
            return
        for key in known or ():
            if key in flat.properties:
                continue
            schema = extra_schema(flat, key)
            if len(found) < most and schema is not False and (*path, key) not in self.unwanted:
                try:
                    found[key] = self.value(schema, key, (*path, key), known[key])
                except modes.Impossible:
                    continue

    def _fill(
        self,
        flat: Flat,
        path: Path,
        known: Mapping[str, Any],
        found: dict[str, Any],
        sample: bool,
    ) -> None:
        """Required names without a schema, and as many properties as the minimum demands."""
        # A property without a value in the outer object has none here.
        needed = [] if self.mode == "loose" else list(flat.required)
        for key, others in flat.objects.needs.items():
            if key in found:
                needed.extend(others)
        for wanted in self.wanted:
            if len(wanted) == len(path) + 1 and wanted[:-1] == path:
                needed.append(str(wanted[-1]))
        for key in (one for one in needed if one not in found):
            schema = flat.properties.get(key) or extra_schema(flat, key)
            if not (self._hidden(schema) and (*path, key) not in self.wanted):
                found[key] = self.value(schema, key, (*path, key), known.get(key, MISSING))
        low = modes.least(flat.rules, "minProperties")
        bare = sample and not found and self._sample(flat, path)
        fewest = max(low, 1) if bare else low
        for key, schema in flat.properties.items() if fewest > len(found) else ():
            said = key in found or (*path, key) in self.unwanted or self._hidden(schema)
            if len(found) < fewest and not said:
                found[key] = self.value(schema, key, (*path, key), known.get(key, MISSING))
        low = low if flat.properties else fewest
        names = self.schemas.flat(flat.objects.names) if flat.objects.names is not None else None
        for key in names_for(self.rng, flat.objects.patterned, names, found):
            if len(found) >= low:
                return
            schema = extra_schema(flat, key)
            if schema is not False:
                found[key] = self.value(schema, key, (*path, key), MISSING)

    def _sample(self, flat: Flat, path: Path) -> bool:
        """Whether a part of an entity gets a property that it need not have: `{}` says nothing."""
        extra = flat.objects.extra if isinstance(flat.objects.extra, Mapping) else {}
        return self._rich and bool(flat.properties or extra) and 0 < len(path) < _DEEP

    def _array(self, flat: Flat, name: str, path: Path, known: Any) -> list[Any]:
        low = modes.bound(flat.rules, "minItems", 0)
        most = modes.bound(flat.rules, "maxItems", 1 << 30)
        prefix = flat.arrays.prefix or []
        items = flat.arrays.items if flat.arrays.items is not None else ANY
        given = known if known is not MISSING else [MISSING] * self._length(flat, name, path, most)
        one = singular(name) if name else ""
        found: list[Any] = []
        for index, item in enumerate(given):
            if known is MISSING and index >= max(low, 1) and self.left < _ONE_MORE:
                break
            schema = prefix[index] if index < len(prefix) else items
            found.append(self._item(schema, one, (*path, index), item))
        if flat.arrays.contains is not None and known is MISSING:
            needed = modes.least(flat.rules, "minContains", 1)
            inside = [
                self.value(flat.arrays.contains, one, (*path, n), MISSING) for n in range(needed)
            ]
            found = inside + found[needed:]
        listed = self.schemas.flat(items).values if known is MISSING else None
        # Nobody repeats the values of an enumeration, such as permissions.
        unique = bool(flat.rules.get("uniqueItems")) or len(listed or ()) > low
        mode = self.mode
        for attempt in range(60):
            if unique:
                found = distinct(found)
                # The simplest value repeated would never be unique.
                self.mode = "rich"
            if len(found) >= max(low, min(len(prefix), most)) or attempt == 59:
                break
            index = len(found)
            schema = prefix[index] if index < len(prefix) else items
            found.append(self._item(schema, one, (*path, index), MISSING))
        self.mode = mode
        return found[:most]

    def _item(self, schema: Any, name: str, path: Path, known: Any) -> Any:
        """One item; where the item has an index, it is this one."""
        if known is MISSING:
            place = self.schemas.flat(schema).properties.get("index")
            if place is not None and "integer" in self.schemas.flat(place).types:
                known = {"index": path[-1]}
        return self.value(schema, name, path, known)

    def _length(self, flat: Flat, name: str, path: Path, most: int) -> int:
        low = modes.least(flat.rules, "minItems")
        if self.mode == "sparse" and is_content(name) and len(path) <= _DEEP:
            return max(low, min(1, most))
        if self.mode == "full" and len(path) == 1:
            self.left = max(self.left, _ONE_MORE)  # whatever the properties before it took
        if self._lean or self._is_new or len(path) > _DEEP or flat.arrays.items is False:
            return low
        items = self.schemas.flat(flat.arrays.items if flat.arrays.items is not None else ANY)
        if self.mode == "full" and items.notes.examples:
            return max(low, min(most, len(items.notes.examples)))
        if items.properties:
            if self.left < _ONE_MORE:
                return low
            if self.mode == "full" and path:
                return max(low, min(most, 1))  # all of one, rather than a little of three
        wished = self.rng.random.randint(1, 3 if len(path) < 2 else 2)
        return max(low, min(most, wished))


def _is_meant_nullable(schema: Any) -> bool:
    """Whether `nullable` stands beside a `$ref`, where 3.0 ignores it: an entity that holds another
    of its kind ends so."""
    return isinstance(schema, Mapping) and "$ref" in schema and schema.get("nullable") is True
