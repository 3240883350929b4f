"""Contract + overrides -> Plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Contract
from mockserver.plan.model import Action, Because, Plan


def build_plan(contract: Contract, overrides: Mapping[str, Any] | None = None) -> Plan:
    """Infer what every operation does."""
    return Plan(
        actions={
            operation.id: Action(operation.id, "fixed", because=(Because("nothing else fits"),))
            for operation in contract.operations
        },
        overrides=dict(overrides or {}),
    )
