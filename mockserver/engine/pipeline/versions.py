"""One API in several wire shapes: the same worlds, and a pipeline for each shape.

The shape is chosen before anything else. Routing knows the paths of all shapes; an operation that
the chosen one lacks is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, Protocol

from mockserver.engine.api import Api, Choose
from mockserver.engine.leniency import Leniency
from mockserver.engine.pipeline import Exchange, Message, Pipeline
from mockserver.engine.serialization import Sent
from mockserver.errors import NotFound, Refusal
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.routing_projection import parameter_names

Later = Callable[[bytes], Coroutine[Any, Any, Sent]]
"""A response that another server gives: called with the request's path as it came."""


class Responder(Protocol):
    """What a server calls with requests: one pipeline, or one for each shape."""

    contract: Contract
    api: Api
    journal: Callable[[Exchange], None]

    def __call__(self, operation: Operation, message: Message) -> Sent | Later: ...
    def refuse_unrouted(self, message: Message, refusal: Refusal) -> Sent: ...
    def leniency_for(self, message: Message) -> Leniency: ...
    def tenant_of(self, operation: Operation, message: Message) -> str | None: ...
    def admits(self, operation: Operation, path_values: Mapping[str, str]) -> bool: ...
    def fits(self, operation: Operation, message: Message) -> bool: ...


class ShapedPipelines:
    """Pipelines by the name of their document; `served` is the primary one."""

    def __init__(self, pipelines: Mapping[str, Pipeline], served: str, choose: Choose) -> None:
        self.pipelines = pipelines
        self.choose = choose
        self._first = pipelines[served]
        self.contract = _united([self._first, *pipelines.values()])
        self.api = self._first.api
        self.journal = self._first.journal

    def __call__(self, operation: Operation, message: Message) -> Sent:
        """Process a routed request in its shape."""
        tenant = message.tenant or self.tenant_of(operation, message)
        try:
            pipeline = self.pipelines[self.choose(message.headers, tenant or "")]
        except Refusal as refusal:
            return self._first.refuse_unrouted(message, refusal)
        own = pipeline.contract.by_id.get(operation.id)
        if own is None:
            unknown = f"There is no {message.method} {message.target} in this version."
            return pipeline.refuse_unrouted(message, NotFound(unknown))
        if own is not operation:
            message.tenant = None  # it may ask for another credential
            values = message.path_values.values()
            message.path_values = dict(zip(parameter_names(own.path), values, strict=True))
        return pipeline(own, message)

    def refuse_unrouted(self, message: Message, refusal: Refusal) -> Sent:
        """Refuse a request that no operation matches, or one whose version no shape has."""
        try:
            pipeline = self.pipelines[self.choose(message.headers, "")]
        except Refusal as earlier:
            return self._first.refuse_unrouted(message, earlier)
        return pipeline.refuse_unrouted(message, refusal)

    def leniency_for(self, message: Message) -> Leniency:
        """The leniency for this request, which is the same in each shape."""
        return self._first.leniency_for(message)

    def admits(self, operation: Operation, path_values: Mapping[str, str]) -> bool:
        """Whether the path parameters fit their schemas in the first shape."""
        return self._first.admits(operation, path_values)

    def fits(self, operation: Operation, message: Message) -> bool:
        """Whether the whole request is one for this operation in the first shape."""
        return self._first.fits(operation, message)

    def tenant_of(self, operation: Operation, message: Message) -> str | None:
        """The tenant by the first shape, None if it refuses the credential."""
        return self._first.tenant_of(operation, message)


def _united(pipelines: list[Pipeline]) -> Contract:
    """The first contract, with the operations that only the others have."""
    first = pipelines[0].contract
    operations = {
        operation.id: operation
        for pipeline in reversed(pipelines)
        for operation in pipeline.contract.operations
    }
    order = {operation.id: None for operation in first.operations} | dict.fromkeys(operations)
    return replace(first, operations=tuple(operations[name] for name in order))
