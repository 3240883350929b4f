"""Feather's release verdict: what has to add up in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from .session import Session

Json = Any


def release_check(session: Session) -> None:
    """Start a check, look at it while it runs and when it has settled."""
    agent = session.make(session.api.resources["agent"])
    suite = session.make(session.api.resources["suite"])
    judge = {"evaluator_id": session.make(session.api.resources["evaluator"]).id}
    body = {**judge, "scope": "agent", "agent_id": agent.id, "is_critical": True}
    exchange = session.call("createEvaluatorBinding", body=body)
    session.expect(exchange, [201], "good_body_accepted", "a binding")
    exchange = session.call("updateAgent", agent.where, body={"release_suite_id": suite.id})
    session.expect(exchange, [200], "good_body_accepted", "a release suite")
    agent.value = session.object(exchange)
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
    """Rules 101 to 109 of one reply."""
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
            session.fail("verdict_is_of_run", f"{name} is another than the run's")
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
            session.fail("verdict_is_of_run", "a scenario names a child that is not there")
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
