"""Build programs: entities are created before use, and values refer to earlier replies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json, Operation
from mockserver.openapi.path_templates import parameters_of
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Intent, Program, Step, reference
from mockserver.verify.lifecycle import samples
from mockserver.verify.lifecycle.infer import body_schema, properties
from mockserver.verify.lifecycle.model import Resource
from mockserver.verify.lifecycle.session import wrapped

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
        kept = {name: path[name] for name in path if name in parameters_of(resource.item)}
        made = Made(
            resource, label, {**kept, resource.id_parameter: reference(label, resource.id_field)}
        )
        self.entities.append(made)
        return made

    def parents(self, resource: Resource) -> dict[str, str]:
        return self.values(self.knowledge.contract.by_id[resource.create])

    def values(self, operation: Operation) -> dict[str, str]:
        """References for the path of an operation. Raises CannotBuild.

        The last parameter decides: a run determines its suite.
        """
        names = parameters_of(operation.path)
        found: dict[str, str] = {}
        for name in reversed(names):
            if name in found:
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
            found[name] = reference(entity.label, owner.id_field)
            found |= {k: v for k, v in self._origin(entity).items() if k in names}
        return {name: found[name] for name in names}

    def _origin(self, entity: Made) -> dict[str, str]:
        """The path values with which an entity was created."""
        return dict(next(step.path for step in self.steps if step.label == entity.label))

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
        return reference(entity.label, entity.resource.id_field)

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
