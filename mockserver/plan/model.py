"""What a document implies, as frozen values; each inference carries its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Confidence = Literal["certain", "likely", "guess"]

ActionKind = Literal[
    "create", "fetch", "list", "replace", "patch", "remove", "transition",
    "read", "write", "clear", "fixed",
]  # fmt: skip
"""The last four but one are of singletons; `fixed` is an answer from the schema alone."""


@dataclass(frozen=True, slots=True)
class Because:
    """Why something is inferred."""

    text: str
    confidence: Confidence = "likely"


@dataclass(frozen=True, slots=True)
class Action:
    """What one operation does."""

    operation: str
    kind: ActionKind
    resource: str = ""
    because: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of thing that the API keeps."""

    name: str
    path: str
    because: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is inferred. `actions` are by operationId, `resources` by name."""

    actions: Mapping[str, Action] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
