"""`scenarios`: every path of an API's jobs, for `pytest.mark.parametrize`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockserver.engine.inferred.job_control import lifecycle_of
from mockserver.engine.jobs import Lifecycle
from mockserver.engine.scenarios import Scenario, scenarios_of
from mockserver.errors import UsageError
from mockserver.files.documents import as_document
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from mockserver.vendors.feather.tables import SIMULATION_RUN
from mockserver.vendors.speechify.tables import TEST_RUN_WAYS
from mockserver.vendors.truestate.tables import SESSION_WAYS

# The lifecycle of a job or of each of its children, and whether it has any.
Kinds = Mapping[str, tuple[Lifecycle, bool]]
SPEECHIFY: Kinds = {"suite_run": (TEST_RUN_WAYS, True), "run": (TEST_RUN_WAYS, False)}
KINDS: Mapping[str, Kinds] = {
    "feather": {"suite_run": (SIMULATION_RUN, True), "run": (SIMULATION_RUN, False)},
    "speechify": SPEECHIFY,
    "speechify-legacy": SPEECHIFY,
    "truestate": {"session": (SESSION_WAYS, False)},
}


def scenarios(kind: str, spec: str | Path | Mapping[str, Any] = "feather") -> list[Scenario]:
    """Every scenario of a kind of job: `suite_run` (with children) or `run` of Feather and
    Speechify, `session` of TrueState; for another document, a resource whose entities progress with
    time.

    `mock_api.follow(scenario)` applies it to the next such job. Raises UsageError for an unknown
    kind, ContractError for a document that can't be read.
    """
    kinds = KINDS.get(spec) if isinstance(spec, str) else None
    if kinds is None:
        kinds = _inferred(spec)
    if kind not in kinds:
        offer = f"the kinds are {', '.join(kinds)}" if kinds else "it has no jobs"
        raise UsageError(f"there are no scenarios of {kind!r}; {offer}")
    lifecycle, children = kinds[kind]
    return scenarios_of(lifecycle, children=children)


def _inferred(spec: str | Path | Mapping[str, Any]) -> Kinds:
    """Scenarios by each resource's noun."""
    plan = build_plan(build_contract(as_document(spec)), {})
    tables = {each.noun: lifecycle_of(each) for each in plan.resources.values()}
    return {noun: (table, False) for noun, table in tables.items() if table is not None}


fates = scenarios
"""The name until 0.1; to be removed in the next release."""
