"""Build programs: entities are created before use, and values refer to earlier replies. Bodies are
at the bounds of a schema and just beyond them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Json, Operation
from mockserver.openapi.path_templates import parameters_of
from mockserver.openapi.schemas.formats import reader
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Intent, Program, Step, reference
from mockserver.verify.lifecycle import samples
from mockserver.verify.lifecycle.model import Resource
from mockserver.verify.lifecycle.session import wrapped
from mockserver.verify.schemas import body_schema, properties, required_of, solid

Schema = Mapping[str, Any]
Body = dict[str, Json]
LONGEST = 4096
MOST_ITEMS = 60
NOT_A_FORMAT = {
    "uuid": "no-uuid",
    "date-time": "yesterday",
    "date": "2026-02-30",
    "email": "no at sign",
    "uri": "no uri",
    "url": "no url",
}
OTHER_TYPE: dict[str, tuple[Json, ...]] = {
    "string": (7, {"a": 1}),
    "integer": ("7", 1.5, "seven", True),
    "number": ("0.5", "half"),
    "boolean": ("true", 1, "yes", "perhaps"),
    "array": ("one", {}),
    "object": ("one", []),
}


def variations(contract: Contract, schema: Schema, body: Body) -> Iterator[tuple[str, Body]]:
    """For each field and bound, a body with that field changed, and a description."""
    required = required_of(contract, schema)
    for name, value in properties(contract, schema).items():
        if value.get("readOnly"):
            continue
        if name in body:
            without = {key: other for key, other in body.items() if key != name}
            yield f"without {name}", without
        for about, new in _values(contract, value, body.get(name)):
            yield f"{name} {about}", {**body, name: new}
        if name not in required and name not in body:
            continue
        yield from _inside(contract, name, value, body)
    yield "with a field that is not known", {**body, "x_unknown_field": "x"}


def _values(contract: Contract, schema: Schema, now: Json) -> Iterator[tuple[str, Json]]:
    """Valid and invalid values for a field."""
    yield "is null", None
    if schema.get("enum"):
        for value in schema["enum"]:
            if value is not None:
                yield f"is {value!r}", value
        yield "is none of its values", "no such value"
        if isinstance(schema["enum"][0], str):
            yield "is one of its values in other case", schema["enum"][0].swapcase()
        return
    kind = schema.get("type")
    for other in OTHER_TYPE.get(str(kind), ()):
        yield f"is {other!r}, not {kind}", other
    if kind == "string":
        yield from _texts(schema, now)
    elif kind in ("integer", "number"):
        yield from _numbers(schema, kind == "integer")
    elif kind == "boolean":
        yield "is true", True
        yield "is false", False
    elif kind == "array":
        yield from _arrays(schema, now)


def _texts(schema: Schema, now: Json) -> Iterator[tuple[str, Json]]:
    form = schema.get("format")
    if form in NOT_A_FORMAT:
        yield f"is no {form}", NOT_A_FORMAT[str(form)]
        return
    if isinstance(now, str) and "{{" in now:
        return
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 0)
    yield "is empty", ""
    if 0 < longest <= LONGEST:
        yield "is as long as it may be", "x" * longest
        yield "is one too long", "x" * (longest + 1)
    if shortest > 1:
        yield "is as short as it may be", "x" * shortest
        yield "is one too short", "x" * (shortest - 1)
    if not schema.get("pattern"):
        yield "has spaces around it", "  padded  "
        yield "is not Latin", "Ünïcode ✓ 漢字"


def _numbers(schema: Schema, whole: bool) -> Iterator[tuple[str, Json]]:
    step = 1 if whole else 0.5
    for word, sign in (("minimum", -1), ("maximum", 1)):
        if word in schema and abs(schema[word]) < 2**53:
            yield f"is at its {word}", schema[word]
            yield f"is beyond its {word}", schema[word] + sign * step
    for word, sign in (("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
        if isinstance(schema.get(word), int | float) and not isinstance(schema[word], bool):
            yield f"is at its {word}", schema[word]
            yield f"is within its {word}", schema[word] + sign * step
    if "minimum" not in schema and "exclusiveMinimum" not in schema:
        yield "is negative", -step


def _arrays(schema: Schema, now: Json) -> Iterator[tuple[str, Json]]:
    yield "is empty", []
    if not isinstance(now, list) or not now:
        return
    yield "has an element twice", [*now, now[0]]
    most = schema.get("maxItems", 0)
    if 0 < most <= MOST_ITEMS:
        yield "has as many as it may have", [now[0]] * most
        yield "has one too many", [now[0]] * (most + 1)
    yield "has null in it", [*now, None]


def _inside(
    contract: Contract, name: str, schema: Schema, body: Body
) -> Iterator[tuple[str, Body]]:
    """One level deeper: an object's fields, or those of an array's first element."""
    now = body.get(name)
    if isinstance(now, dict) and schema.get("properties"):
        for about, new in _fields(contract, schema, now):
            yield f"{name}: {about}", {**body, name: new}
    elif isinstance(now, list) and now and isinstance(now[0], dict):
        items = solid(contract, schema.get("items", {}))
        for about, new in _fields(contract, items, now[0]):
            yield f"{name}[0]: {about}", {**body, name: [new, *now[1:]]}


def _fields(contract: Contract, schema: Schema, now: Body) -> Iterator[tuple[str, Body]]:
    for name, value in properties(contract, schema).items():
        if name in now:
            yield f"without {name}", {k: v for k, v in now.items() if k != name}
        for about, new in _values(contract, value, now.get(name)):
            if "other case" not in about and "spaces" not in about:
                yield f"{name} {about}", {**now, name: new}


WHOLE: tuple[tuple[str, str], ...] = (
    ("the body is an empty object", "{}"),
    ("the body is an array", "[]"),
    ("the body is null", "null"),
    ("the body is a text", '"text"'),
    ("the body is broken JSON", '{"a": '),
    ("the body is empty", ""),
)
"""Bodies that are invalid as a whole."""


PACK = 16
"""Requests in a program, in addition to preparations."""


class CannotBuild(Exception):
    """There is no way to create what a step needs."""


@dataclass
class Made:
    """An entity that a program creates; its path values are references."""

    resource: Resource
    label: int
    where: dict[str, str]


@dataclass
class Builder:
    """The steps so far, and the entities that they create."""

    knowledge: Knowledge
    steps: list[Step] = field(default_factory=list)
    entities: list[Made] = field(default_factory=list)
    number: int = 0
    full: bool = False
    """Whether what is only built upon is made with every field but its flags, so that it is in its
    usual state: active, not archived."""
    flags: bool = False
    """Whether it is made with its flags, too."""
    _busy: set[str] = field(default_factory=set)

    def program(self, origin: str) -> Program:
        return Program(tuple(self.steps), origin)

    def add(self, operation: str, intent: Intent, **given: Any) -> int:
        contract = self.knowledge.contract
        needed = samples.query_of(contract, contract.by_id[operation], self._reference(None))
        if needed:
            given["query"] = {**needed, **given.get("query", {})}
        label = len(self.steps) + 1
        self.steps.append(Step(label, operation, intent, **given))
        return label

    # --- entities

    def some(self, name: str) -> Made:
        """An entity of the resource, created if there is none. Raises CannotBuild."""
        for entity in self.entities:
            if entity.resource.name == name:
                return entity
        return self.make(self.knowledge.api.resources[name], full=self.full, flags=self.flags)

    def make(self, resource: Resource, *, full: bool = True, flags: bool = True) -> Made:
        """Add a step that creates an entity, after its prerequisites. Raises CannotBuild."""
        if resource.name in self._busy or not resource.create:
            raise CannotBuild(resource.name)
        self._busy.add(resource.name)
        try:
            path = self.parents(resource)
            body = self.body_for(resource, full=full, flags=flags)
        finally:
            self._busy.discard(resource.name)
        label = self.add(resource.create, "make", path=path, body=body)
        made = Made(resource, label, self.where(resource, label, path))
        self.entities.append(made)
        return made

    def where(self, resource: Resource, label: int, path: Mapping[str, str]) -> dict[str, str]:
        """The path values of what the step `label` creates, whose own are `path`."""
        kept = {name: path[name] for name in path if name in parameters_of(resource.item)}
        if resource.chosen:
            return kept
        return {**kept, resource.id_parameter: reference(label, resource.id_field)}

    def parents(self, resource: Resource) -> dict[str, str]:
        """The path values of a creation: references, and a new id if the client chooses it. Raises
        CannotBuild."""
        operation = self.knowledge.contract.by_id[resource.create]
        return self.values(operation, resource if resource.chosen else None)

    def values(self, operation: Operation, making: Resource | None = None) -> dict[str, str]:
        """References for the path of an operation; `making` is what it creates at an id of the
        client's choice. Raises CannotBuild.

        The last parameter decides: a run determines its suite.
        """
        names = parameters_of(operation.path)
        found: dict[str, str] = {}
        for name in reversed(names):
            if name in found:
                continue
            if making is not None and name == making.id_parameter:
                found[name] = self._new_id(operation, name)
                continue
            named = self.knowledge.named_in(operation.path, name)
            if named is not None and name not in self.knowledge.sandbox.params:
                entity = self.some(named[0].name)
                found[name] = reference(entity.label, named[1])
                continue
            owner = self.knowledge.owner(operation.path, name)
            given = self.knowledge.sandbox.params.get(name)
            if given is not None and (owner is None or not owner.create):
                found[name] = given
                continue
            if owner is None:
                raise CannotBuild(f"{operation.id}: nothing has the id {{{name}}}")
            entity = self.some(owner.name)
            found[name] = entity.where[owner.id_parameter]
            found |= {k: v for k, v in self._origin(entity).items() if k in names}
        return {name: found[name] for name in names}

    def _origin(self, entity: Made) -> dict[str, str]:
        """The path values with which an entity was created."""
        return dict(next(step.path for step in self.steps if step.label == entity.label))

    def _new_id(self, operation: Operation, name: str) -> str:
        """An id that fits the path parameter and that no program has had. Raises CannotBuild."""
        declared = (p.schema for p in operation.parameters if (p.place, p.name) == ("path", name))
        schema = solid(self.knowledge.contract, next(declared, {}))
        number = next(self.knowledge.numbers)
        unique = str(uuid5(NAMESPACE_URL, f"made {number}"))
        texts: tuple[str, ...] = (unique, f"made-{number}", f"made{number}", unique[-12:])
        if schema.get("type") == "integer":
            texts = (str(100_000 + number),)
        elif schema.get("format") == "uuid":
            texts = (unique,)
        fits = reader(schema["pattern"]) if schema.get("pattern") else None
        bounds = schema.get("minLength", 0), schema.get("maxLength", LONGEST)
        for text in texts if not schema.get("enum") else ():
            if bounds[0] <= len(text) <= bounds[1] and (fits is None or fits(text)):
                return text
        raise CannotBuild(f"{operation.id}: no id fits {{{name}}}")

    # --- bodies

    def body_for(self, resource: Resource, *, full: bool = True, flags: bool = True) -> Json:
        """A valid body for a creation, or MISSING if it takes none."""
        self.number += 1
        given = self.knowledge.api.bodies.get(resource.create)
        if given is not None:
            return wrapped(samples.configured(given, self.number, self._id_of), resource.sent)
        return self.sample(resource.create, resource, full=full, flags=flags)

    def sample(
        self, operation_id: str, resource: Resource | None, *, full: bool, flags: bool = True
    ) -> Json:
        contract = self.knowledge.contract
        schema = body_schema(contract, contract.by_id[operation_id])
        if schema is None:
            return MISSING
        return samples.sample(
            contract,
            schema,
            self.number,
            self._reference(resource),
            full=full,
            skip=(resource.skip if resource else frozenset()) | self._names_of_others(schema),
            needed=resource.needed if resource and resource.create == operation_id else frozenset(),
            plain_names=True,
            flags=flags,
        )

    def _names_of_others(self, schema: Mapping[str, Any]) -> frozenset[str]:
        """Fields that name another entity; an invented name would be refused."""
        names = properties(self.knowledge.contract, schema)
        return frozenset(filter(self.knowledge.is_name_of_another, names))

    def _id_of(self, name: str) -> str:
        """A reference to the id of an entity of this resource. Raises CannotBuild."""
        entity = self.some(name)
        return entity.where[entity.resource.id_parameter]

    def _reference(self, resource: Resource | None) -> samples.Reference:
        """How a body's field gets the id of another entity."""
        resources = self.knowledge.api.resources

        def find(name: str) -> str | None:
            target = resource.references.get(name) if resource else None
            if target is None:
                named = self.knowledge.by_parameter.get(name) or self.knowledge.named_by(name)
                target = named.name if named is not None else None
            if target is None or (resource and (target == resource.name or name in resource.skip)):
                return None
            if resources[target].parents and resource and not resource.strict:
                return None
            try:
                return self._id_of(target)
            except CannotBuild:
                return None

        return find


def packed(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), PACK):
        yield items[start : start + PACK]
