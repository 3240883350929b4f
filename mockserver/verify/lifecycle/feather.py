"""Feather: what its document does not say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mockserver.contract.model import Contract

from .derive import derive
from .describe import Api, Filter, Paging, Resource, Runs, Switch
from .session import Session, Thing

Json = Any
_OPEN = ("pending", "running")


def suite_status(children: list[str]) -> str:
    """Rule 75."""
    if all(state == "pending" for state in children):
        return "pending"
    if any(state in _OPEN for state in children):
        return "running"
    for state in ("failed", "budget_exceeded", "cancelled"):
        if state in children:
            return state
    return "completed"


RUNS = Runs(
    resource="suite_run",
    child="sim_run",
    children="runs",
    cancel="cancelSimulationSuiteRun",
    retry="retryFailedSimulationSuiteRun",
    steps={
        "pending": ("running", "failed", "cancelled"),
        "running": ("completed", "failed", "budget_exceeded", "cancelled"),
        "completed": (),
        "failed": (),
        "budget_exceeded": (),
        "cancelled": (),
    },
    derive=suite_status,
    error="error_text",
    same=("persona_id", "scenario_id", "channel", "agent_revision_id", "tool_overrides"),
)

NAMES = {
    "createAgent": "agent",
    "createAgentRevision": "revision",
    "createPersona": "persona",
    "createScenario": "scenario",
    "createSimulationSuite": "suite",
    "addSimulationSuiteItem": "item",
    "dispatchSimulationSuiteRun": "suite_run",
    "dispatchSimulationRun": "sim_run",
    "createEvaluator": "evaluator",
    "createEvaluatorBinding": "binding",
}
"""The resources that are known by hand, by the operation that makes them."""

REVISION = Resource(
    "revision",
    "/v1/agents/{agent_id}/revisions",
    "/v1/agents/revisions/{revision_id}",
    "revision_id",
    create="createAgentRevision",
    read="getAgentRevision",
    list="listAgentRevisions",
    paging=Paging(),
)
"""For a document without links: its path does not say that it is found elsewhere."""

_LIVE_RUN = frozenset(
    {
        "status",
        "runs",
        "release_eval_status",
        "release_eval_verdict",
        "release_eval_completed_at",
        "release_eval_error",
    }
)
_LIVE_CHILD = frozenset(
    {
        "status",
        "started_at",
        "finished_at",
        "error_text",
        "recording_id",
        "recording_status",
        "recording_url",
        "recording_duration_seconds",
        "recording",
    }
)


def claims(contract: Contract) -> bool:
    return {RUNS.cancel, *NAMES} <= contract.by_id.keys()


def describe(contract: Contract) -> Api:
    derived = derive(contract, NAMES)
    found = {"revision": REVISION, **derived.resources}
    for name in NAMES.values():
        resource = found[name]
        skip = {"agent_revision_id", "based_on_revision_id", "tool_overrides", "source_brief"}
        found[name] = replace(
            resource,
            newest_first=resource.list != "",
            partial=True,
            strict=True,
            skip=frozenset(skip | {"kb_clearance_level", "channel_specific_config"}),
        )
    found["suite"] = replace(found["suite"], skip=found["suite"].skip | {"release_suite_id"})
    found["suite_run"] = replace(found["suite_run"], live=_LIVE_RUN)
    found["sim_run"] = replace(found["sim_run"], live=_LIVE_CHILD)
    found["agent"] = replace(found["agent"], skip=found["agent"].skip | {"release_suite_id"})
    found["scenario"] = replace(
        found["scenario"], live=frozenset({"agents", "source_agent_name", "source_persona_name"})
    )
    found["evaluator"] = replace(found["evaluator"], skip=found["evaluator"].skip | {"status"})
    found["persona"] = replace(
        found["persona"],
        filters=(*found["persona"].filters, Filter("search", "name", "contains")),
    )
    found["scenario"] = replace(
        found["scenario"],
        filters=(*found["scenario"].filters, Filter("created_after", "created_at", "from")),
    )
    return replace(
        derived,
        name="feather",
        resources=found,
        runs=RUNS,
        switches=(Switch("archiveEvaluator", "evaluator", "status", "archived"),),
        clone={"cloneSimulationSuite": "suite"},
        bodies={
            "createEvaluatorBinding": {
                "evaluator_id": "@evaluator",
                "scope": "agent",
                "agent_id": "@agent",
                "is_critical": True,
            },
            "createEvaluator": {
                "name": "Evaluator #",
                "description": "Is it polite? (#)",
                "severity": "high",
                "threshold": 0.5,
                "tags": ["tone"],
            },
            "dispatchSimulationSuiteRun": {"agent_id": "@agent", "channel": "text"},
        },
        extras=(releases, active_revision),
    )


def active_revision(session: Session) -> None:
    """Rules 41 and 43: an agent shows the revision that is active, a new one or an older."""
    agent = session.make(session.api.resources["agent"])
    revision = session.make(session.api.resources["revision"], path=agent.where)
    first = session.object(session.call("getAgent", agent.where)).get("active_revision_id")
    _shows_active(session, agent, first)
    exchange = session.call(
        "setActiveAgentRevision", agent.where, body={"revision_id": revision.id}
    )
    session.expect(exchange, [200], "revision_activated", "a revision of this agent")
    _shows_active(session, agent, revision.id)


def _shows_active(session: Session, agent: Thing, wanted: Json) -> None:
    agent.value = value = session.object(session.call("getAgent", agent.where))
    embedded = value.get("active_revision") or {}
    if value.get("active_revision_id") != wanted or embedded.get("id") != wanted:
        session.fail(
            "active_revision_shown",
            f"{wanted} is active; active_revision_id is {value.get('active_revision_id')}, "
            f"active_revision.id {embedded.get('id')}",
        )


def releases(session: Session) -> None:
    """Rules 99 to 113: a release check, from its start to its verdict."""
    from .verdicts import release_check

    release_check(session)
