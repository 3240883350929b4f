"""Examples of a schema: its own, or composed from those of its properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.generation.modes import Mode, is_failure, is_new, unused
from mockserver.engine.generation.unions import is_a
from mockserver.engine.randomness import Rng
from mockserver.errors import DanglingReference
from mockserver.openapi.document import MISSING, lookup
from mockserver.openapi.model import Parameter
from mockserver.openapi.schemas.resolved import Flat, Schemas

Path = tuple[str | int, ...]

_DEEPEST = 6
# Bounded: schemas that refer to each other everywhere would be walked repeatedly.
_MOST = 500


def one_example(rng: Rng, mode: Mode, flat: Flat, name: str, path: Path) -> Any:
    """An example of a schema that has some: the first one where all shall be said, else some of the
    time; MISSING otherwise.

    Counts of a new entity begin at their start; its flags are as the document shows.
    """
    examples, place = flat.notes.examples, path[-1] if path else 0
    if mode == "full":
        return examples[place % len(examples) if isinstance(place, int) else 0]
    if is_new(mode) and flat.types == ("boolean",):
        return MISSING if is_failure(name) else examples[0]
    if is_new(mode) and unused(name, {}):
        return MISSING
    return rng.random.choice(examples) if rng.chance(0.5) else MISSING


def shown_as(flat: Flat, kind: str) -> Any:
    """The first example that is a text or a number; None if there is none."""
    return next((one for one in flat.notes.examples if is_a(kind, one)), None)


def example_of(schemas: Schemas, schema: Any, nth: int = 0) -> Any:
    """The `nth` example of a schema; MISSING if there is none.

    An object without its own example is composed from those of its properties, an array from that
    of its items.
    """
    return _Composer(schemas, nth).example(schema, 0)


class _Composer:
    def __init__(self, schemas: Schemas, nth: int) -> None:
        self._schemas = schemas
        self._nth = nth
        self._left = _MOST

    def example(self, schema: Any, depth: int) -> Any:
        self._left -= 1
        flat = self._schemas.flat(schema)
        examples = flat.notes.examples
        if examples:
            return examples[self._nth] if self._nth < len(examples) else MISSING
        if depth > _DEEPEST or self._left < 0 or flat.choices:
            return MISSING
        if flat.properties:
            found = {
                name: shown
                for name, inner in flat.properties.items()
                if (shown := self.example(inner, depth + 1)) is not MISSING
            }
            return found or MISSING
        if isinstance(flat.arrays.items, Mapping):
            item = self.example(flat.arrays.items, depth + 1)
            return MISSING if item is MISSING else [item]
        return MISSING


def body_examples(schemas: Schemas, media: Any) -> list[Any]:
    """The examples of a body: those beside its schema, else those of the schema; objects where the
    schema describes objects."""
    if media.pointer is None:
        return list(media.examples.values())
    schema = schemas.at(media.pointer)
    found = media.examples.values() if media.examples else schemas.flat(schema).notes.examples
    return [_as_described(schemas, schema, one, 0) for one in found]


def _as_described(schemas: Schemas, schema: Any, value: Any, depth: int) -> Any:
    """An example with objects in place of other values where the schema has properties, though no
    type. Clients read objects there."""
    flat = schemas.flat(schema)
    if depth > _DEEPEST or flat.choices:
        return value
    if isinstance(value, Mapping):
        return {
            name: _as_described(schemas, flat.properties[name], inner, depth + 1)
            if name in flat.properties
            else inner
            for name, inner in value.items()
        }
    if isinstance(value, list) and isinstance(flat.arrays.items, Mapping):
        items = flat.arrays.items
        return [_as_described(schemas, items, inner, depth + 1) for inner in value]
    if value is None or not flat.properties or flat.types not in ((), ("object",)):
        return value
    shown = example_of(schemas, schema)
    return shown if isinstance(shown, Mapping) else {}


def parameter_examples(parameter: Parameter) -> list[Any]:
    """The example values of a parameter."""
    if parameter.examples:
        return list(parameter.examples.values())
    schema = parameter.schema
    if "example" in schema:
        return [schema["example"]]
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        return examples
    return [schema["default"]] if "default" in schema else []


def evaluated(value: Any, body: Any, path: Mapping[str, Any]) -> Any:
    """A literal, or the value of a runtime expression for an example; MISSING if it has none."""
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value.startswith("$request.path."):
        return path.get(value.removeprefix("$request.path."), MISSING)
    if not value.startswith("$response.body#/"):
        return MISSING
    try:
        return lookup(body, value.removeprefix("$response.body"))
    except DanglingReference:
        return MISSING


def take(value: Any, path: tuple[str | int, ...]) -> tuple[Any, bool]:
    """The value without what stands at a path, and whether anything did."""
    head, rest = path[0], path[1:]
    if isinstance(value, Mapping) and head in value:
        if not rest:
            return {key: item for key, item in value.items() if key != head}, True
        inner, taken = take(value[str(head)], rest)
        return ({**value, head: inner} if taken else value), taken
    if isinstance(value, list) and isinstance(head, int) and head < len(value):
        if not rest:
            return [*value[:head], *value[head + 1 :]], True
        inner, taken = take(value[head], rest)
        return ([*value[:head], inner, *value[head + 1 :]] if taken else value), taken
    return value, False
