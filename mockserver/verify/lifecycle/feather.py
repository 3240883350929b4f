"""Feather: behaviour that its document does not describe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from mockserver.inference.words import bag
from mockserver.openapi.model import Contract, Json
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.model import Api, Filter, Paging, Resource, Runs, Switch
from mockserver.verify.lifecycle.session import Entity, Session


def release_check(session: Session) -> None:
    """Start a check; check it while it runs and after it has settled."""
    agent = session.make(session.api.resources["agent"])
    suite = session.make(session.api.resources["suite"])
    judge = {"evaluator_id": session.make(session.api.resources["evaluator"]).id}
    body = {**judge, "scope": "agent", "agent_id": agent.id, "is_critical": True}
    exchange = session.call("createEvaluatorBinding", body=body)
    session.expect(exchange, [201], "good_body_accepted", "a binding")
    exchange = session.call("updateAgent", agent.where, body={"release_suite_id": suite.id})
    session.expect(exchange, [200], "good_body_accepted", "a release suite")
    session.saw(agent, session.object(exchange))
    where = {**agent.where, "revision_id": agent.value["active_revision_id"]}
    exchange = session.call("runAgentReleaseCheck", where)
    session.expect(exchange, [201], "release_check_started", "the agent has a release suite")
    look(session, session.object(exchange))
    clock = session.time
    for _ in range(200):
        exchange = session.call("getAgentRevisionReleaseCheck", where)
        session.expect(exchange, [200], "made_is_there", "a release check that was started")
        value = session.object(exchange)
        look(session, value)
        if value.get("release_eval_status") != "pending":
            break
        if not clock.pass_(20):
            return
    else:
        session.fail("release_check_settles", "still pending after all this time")
    alone = {"suite_id": suite.id, "suite_run_id": value["id"]}
    read = session.object(session.call("getSimulationSuiteRun", alone))
    if read.get("release_eval_verdict") != value.get("release_eval_verdict"):
        session.fail("verdict_is_one", "the suite run and the release check show different ones")


def look(session: Session, run: Mapping[str, Json]) -> None:
    """Rules 101 to 109 for one reply."""
    state, verdict = run.get("release_eval_status"), run.get("release_eval_verdict")
    open_ = [c for c in run["runs"] if c["status"] in ("pending", "running")]
    if state == "completed" and open_:
        session.fail("verdict_waits", f"completed while {len(open_)} children are open")
    if (state == "completed") != (verdict is not None):
        session.fail("verdict_when_completed", f"{state}, and a verdict: {verdict is not None}")
    if (state == "pending") != (run.get("release_eval_completed_at") is None):
        session.fail("verdict_when_completed", f"{state} with another release_eval_completed_at")
    if verdict is None:
        return
    for name in ("agent_id", "agent_revision_id", "suite_id"):
        if verdict.get(name) != run.get(name):
            session.fail("verdict_is_of_run", f"{name} differs from the run's")
    if verdict.get("suite_run_id") != run["id"]:
        session.fail("verdict_is_of_run", "suite_run_id is another run's")
    sums(session, verdict)
    _scenarios(session, run, verdict)


def sums(session: Session, verdict: Mapping[str, Json]) -> None:
    """Rules 105 and 109."""
    summary, scenarios = verdict["summary"], verdict["scenarios"]
    counted = Counter(scenario["status"] for scenario in scenarios)
    for state in ("passed", "failed", "pending"):
        if summary[f"{state}_scenarios"] != counted[state]:
            session.fail(
                "verdict_adds_up",
                f"{state}_scenarios is {summary[f'{state}_scenarios']}, "
                f"{counted[state]} scenarios are {state}",
            )
    if summary["total_scenarios"] != len(scenarios):
        session.fail(
            "verdict_adds_up",
            f"total_scenarios is {summary['total_scenarios']}, there are {len(scenarios)}",
        )
    critical = sum(scenario["critical_failed"] for scenario in scenarios)
    if summary["critical_failures"] != critical:
        session.fail(
            "verdict_adds_up",
            f"critical_failures is {summary['critical_failures']}, the sum is {critical}",
        )
    failed = counted["failed"] > verdict["max_failures"]
    wanted = "failed" if failed else "pending" if counted["pending"] else "passed"
    if verdict["status"] != wanted:
        session.fail("verdict_adds_up", f"status is {verdict['status']}, not {wanted}")


def _scenarios(session: Session, run: Mapping[str, Json], verdict: Mapping[str, Json]) -> None:
    """Rules 104 and 106."""
    children = {child["id"]: child for child in run["runs"]}
    for scenario in verdict["scenarios"]:
        child = children.get(scenario["simulation_run_id"])
        if child is None:
            session.fail("verdict_is_of_run", "a scenario names a child that does not exist")
        for name in ("session_id", "persona_id", "scenario_id"):
            if scenario[name] != child[name]:
                session.fail("verdict_is_of_run", f"{name} of a scenario is not its child's")
        parts = [scenario[f"critical_{w}"] for w in ("succeeded", "failed", "pending")]
        critical = [e for e in scenario["evaluators"] if e["is_critical"]]
        if scenario["critical_total"] != sum(parts) or scenario["critical_total"] != len(critical):
            session.fail(
                "verdict_adds_up",
                f"critical_total is {scenario['critical_total']}, its parts are {parts}, "
                f"{len(critical)} critical evaluators are listed",
            )


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
"""The hand-written resources, by the operation that creates them."""

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
"""For a document without links: the collection path does not show that the item is elsewhere."""

_LIVE_RUN = bag(
    "status runs release_eval_status release_eval_verdict release_eval_completed_at "
    "release_eval_error"
)
_LIVE_CHILD = bag(
    "status started_at finished_at error_text recording_id recording_status recording_url "
    "recording_duration_seconds recording"
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
    """Rules 41 and 43: an agent shows its active revision, a new or an older one."""
    agent = session.make(session.api.resources["agent"])
    revision = session.make(session.api.resources["revision"], path=agent.where)
    first = session.object(session.call("getAgent", agent.where)).get("active_revision_id")
    _shows_active(session, agent, first)
    exchange = session.call(
        "setActiveAgentRevision", agent.where, body={"revision_id": revision.id}
    )
    session.expect(exchange, [200], "revision_activated", "a revision of this agent")
    _shows_active(session, agent, revision.id)


def _shows_active(session: Session, agent: Entity, wanted: Json) -> None:
    session.saw(agent, value := session.object(session.call("getAgent", agent.where)))
    embedded = value.get("active_revision") or {}
    if value.get("active_revision_id") != wanted or embedded.get("id") != wanted:
        session.fail(
            "active_revision_shown",
            f"{wanted} is active; active_revision_id is {value.get('active_revision_id')}, "
            f"active_revision.id {embedded.get('id')}",
        )


def releases(session: Session) -> None:
    """Rules 99 to 113: a release check, from its start to its verdict."""
    release_check(session)
