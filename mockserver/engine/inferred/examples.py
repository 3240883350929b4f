"""The entities that a document's examples show, joined by their ids.

Examples of lists, items, request bodies, parameters and links refer to the same few entities. Each
becomes one seed entity, under the parents that its own properties or the path's examples name;
`shown_entities` collects them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.generation.examples import (
    body_examples,
    example_of,
)
from mockserver.engine.generation.unions import kind
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.identifiers import Keys, dig
from mockserver.engine.inferred.shown_entities import Collector, Shown
from mockserver.engine.serialization import media_of
from mockserver.inference.model import Plan
from mockserver.inference.resource_model import Resource
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Contract, Operation


class Examples:
    """The entities in the examples of one document, collected on first use."""

    def __init__(self, contract: Contract, plan: Plan, values: Values, keys: Keys) -> None:
        self._contract = contract
        self._plan = plan
        self._values = values
        self._keys = keys
        self._found: dict[str, dict[str, Shown]] | None = None
        self._guides: dict[str, list[Mapping[str, Any]]] = {}
        self._bodies: dict[str, tuple[Any, bool]] = {}

    def of(self, resource: str) -> list[Shown]:
        """The entities of a resource, in the order of its list examples."""
        if self._found is None:
            self._found = {}
            Collector(self._contract, self._plan, self._values, self._keys, self._found).collect()
        return list(self._found.get(resource, {}).values())

    def settles(self, resource: str) -> bool:
        """Whether the examples are all there is of a resource, under any parent."""
        return False

    def first(self, resource: str) -> Shown | None:
        """The first entity with more than an id."""
        return next((shown for shown in self.of(resource) if shown.whole), None)

    def guide(self, resource: Resource, nth: int) -> Mapping[str, Any]:
        """A template for the `nth` generated entity: a request example, else the examples of its
        properties."""
        if resource.name not in self._guides:
            self._guides[resource.name] = list(self._sent(resource))
        sent = self._guides[resource.name]
        composed: Any = MISSING
        if resource.schema:
            schemas = self._values.schemas
            branch, _ = kind(schemas, resource.shape or resource.schema, nth)
            composed = example_of(schemas, schemas.at(branch), nth)
        found = dict(composed) if isinstance(composed, Mapping) else {}
        return {**found, **(sent[nth] if nth < len(sent) else {})}

    def _sent(self, resource: Resource) -> Iterator[Mapping[str, Any]]:
        for action in self._plan.actions.values():
            if action.kind != "create" or action.resource != resource.name:
                continue
            body = self._contract.by_id[action.operation].body
            for media in body.content.values() if body is not None else ():
                for example in body_examples(self._values.schemas, media):
                    entity = dig(example, action.request.at)
                    if isinstance(entity, Mapping):
                        yield {n: v for n, v in entity.items() if n != resource.identity.key}

    def body(self, operation: Operation) -> tuple[Any, bool]:
        """The example of an operation's success (MISSING: none), and whether it is a complete
        example rather than composed."""
        if operation.id not in self._bodies:
            self._bodies[operation.id] = self._body(operation)
        return self._bodies[operation.id]

    def _body(self, operation: Operation) -> tuple[Any, bool]:
        media = media_of(operation, operation.success)
        if media is None or not is_json_or_any(media.name):
            return MISSING, False
        schemas = self._values.schemas
        for example in body_examples(schemas, media):
            return example, True
        if media.pointer is None:
            return MISSING, False
        return example_of(schemas, schemas.at(media.pointer)), False


class NoExamples(Examples):
    """No examples, for `--seeds generated` and `none`."""

    def __init__(self) -> None:
        self._found = {}

    def guide(self, resource: Resource, nth: int) -> Mapping[str, Any]:
        return {}

    def body(self, operation: Operation) -> tuple[Any, bool]:
        return MISSING, False
