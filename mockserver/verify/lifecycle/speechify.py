"""Speechify, both versions: behaviour that the documents do not describe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mockserver.openapi.model import Contract, Json
from mockserver.openapi.path_templates import parameters_of
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.job_checks import Oracle
from mockserver.verify.lifecycle.model import Api, Paging, Resource, Runs
from mockserver.verify.lifecycle.session import Entity, Session
from mockserver.verify.lifecycle.walkthrough import dispatch, settle

NAMES = {
    "createAgent": "agent",
    "createTestFolder": "folder",
    "runTest": "test_run",
}
OPEN = ("pending", "running", "queued")
_LIVE_CHILD = frozenset(
    {"status", "verdict", "result", "error", "started_at", "ended_at", "completed_at"}
)
_LIVE_RUN = frozenset(
    {
        *("status", "verdict", "ended_at", "completed_at", "results", "runs", "agent_name"),
        *("completed", "failed", "running", "pending", "cancelled"),
        *("passed_count", "failed_count", "errored_count", "pending_count"),
    }
)


def newer_status(children: list[str]) -> str:
    """Rule 44."""
    if any(state in OPEN for state in children):
        return "running"
    return next((state for state in ("cancelled", "failed") if state in children), "completed")


def older_status(children: list[str]) -> str:
    """In the older version a failed judgement outranks one that could not run."""
    if any(state in OPEN for state in children):
        return "running"
    if all(state == "passed" for state in children):
        return "passed"
    return "failed" if "failed" in children else "error"


def newer_sums(run: Mapping[str, Json]) -> dict[str, Json]:
    """Counts that a suite run derives from its children (rules 45 to 48)."""
    children = run["runs"]
    states = [child["status"] for child in children]
    verdicts = [child.get("verdict") for child in children if child["status"] == "completed"]
    done = newer_status(states) == "completed"
    buckets = ("completed", "failed", "running", "pending", "cancelled")
    return {
        "total": len(children),
        **{state: states.count(state) for state in buckets},
        "results": {word: verdicts.count(word) for word in ("passed", "failed")},
        "verdict": ("failed" if "failed" in verdicts else "passed") if done else None,
        "ended_at": _end(states, [child.get("ended_at") for child in children]),
    }


def older_sums(run: Mapping[str, Json]) -> dict[str, Json]:
    """The same in the older version, whose four counts cover every child."""
    children = run["runs"]
    states = [child["status"] for child in children]
    return {
        "total_runs": len(children),
        "passed_count": states.count("passed"),
        "failed_count": states.count("failed"),
        "errored_count": states.count("error"),
        "pending_count": sum(state in OPEN for state in states),
        "completed_at": _end(states, [child.get("completed_at") for child in children]),
    }


def _end(states: list[str], ends: list[Json]) -> Json:
    return None if any(state in OPEN for state in states) else max(end for end in ends if end)


NEWER = Runs(
    resource="suite_run",
    child="test_run",
    children="runs",
    cancel="cancelSuiteRun",
    steps={
        "pending": ("running", "failed", "cancelled"),
        "running": ("completed", "failed", "cancelled"),
        "completed": (),
        "failed": (),
        "cancelled": (),
    },
    derive=newer_status,
    sums=newer_sums,
    ended="ended_at",
    error="error",
    looked_up=frozenset({"agent_name", "test_name"}),
    vanish=frozenset({"test"}),
)
OLDER = replace(
    NEWER,
    steps={
        "queued": ("running", "error"),
        "running": ("passed", "failed", "error"),
        "passed": (),
        "failed": (),
        "error": (),
    },
    derive=older_status,
    sums=older_sums,
    ended="completed_at",
    failed="error",
    cancelled="error",
)


def claims(contract: Contract) -> bool:
    return {"runTestsBatch", "cancelSuiteRun", "resubmitSuiteRun"} <= contract.by_id.keys()


def _whole(reply: Mapping[str, Json]) -> dict[str, Json]:
    """A new suite run, with its runs next to it (rule 61)."""
    return {**(reply.get("suite_run") or {}), "runs": reply.get("runs")}


_BODIES: Mapping[str, Mapping[str, Json]] = {
    "createAgent": {
        "name": "Agent #",
        "prompt": "Be kind (#).",
        "first_message": "Hello!",
        "tts": {"voice_id": "george"},
    },
    "createTest": {
        "name": "Test #",
        "type": "simulation",
        "description": "By hand (#).",
        "config": {"scenario": "Asks for a refund (#)."},
    },
    "runTest": {},
    "runTestsBatch": {"entries": [{"test_id": "@test"} for _ in range(4)]},
}


def describe(contract: Contract) -> Api:
    derived = derive(contract, NAMES)
    paths = {operation.id: operation.path for operation in contract.operations}
    found = dict(derived.resources)
    for name in NAMES.values():
        found[name] = replace(found[name], strict=True)
    found["agent"] = replace(found["agent"], skip=frozenset({"webhook_secret"}))
    found["folder"] = replace(found["folder"], skip=frozenset({"parent_id", "parent_folder_id"}))
    found["test"] = Resource(
        "test",
        paths["createTest"],
        paths["getTest"],
        parameters_of(paths["getTest"])[-1],
        create="createTest",
        read="getTest",
        list="listTests",
        change="updateTest",
        remove="deleteTest",
        paging=Paging("tests"),
        partial=True,
        strict=True,
        skip=frozenset({"config", "tool_mock_config", "folder_id", "type"}),
        live=frozenset({"last_run", "updated_at"}),
    )
    found["suite_run"] = Resource(
        "suite_run",
        paths["runTestsBatch"],
        paths["getSuiteRun"],
        parameters_of(paths["getSuiteRun"])[-1],
        create="runTestsBatch",
        read="getSuiteRun",
        list="listSuiteRuns",
        paging=Paging("suite_runs"),
        newest_first=True,
        strict=True,
        live=_LIVE_RUN,
        whole=_whole,
    )
    found["test_run"] = replace(found.pop("test_run"), newest_first=True, live=_LIVE_CHILD)
    older = "JobStatus" not in contract.document["components"]["schemas"]
    return replace(
        derived,
        name="speechify",
        resources=found,
        runs=OLDER if older else NEWER,
        bodies=_BODIES,
        extras=(resubmitted,),
    )


def resubmitted(session: Session) -> None:
    """Rules 55 to 59: exactly what failed or could not run is run again."""
    runs, resource = session.api.runs, session.api.resources["suite_run"]
    assert runs is not None
    oracle = Oracle(session, runs, session.time.still)
    for _ in range(8):
        run = dispatch(oracle, resource)
        settle(oracle, run)
        bad = [child for child in run.value["runs"] if _bad(child)]
        exchange = session.call("resubmitSuiteRun", run.where)
        if not bad:
            if all(child["status"] not in OPEN for child in run.value["runs"]):
                session.expect(exchange, [400], "nothing_to_repeat", "nothing failed")
            continue
        session.expect(exchange, [202], "resubmit_accepted", f"{len(bad)} failed")
        _repeats(session, run, session.object(exchange), bad)
        oracle.read(run)
        return


def _bad(child: Mapping[str, Json]) -> bool:
    return child.get("verdict") == "failed" or child["status"] in ("failed", "error")


def _repeats(
    session: Session, run: Entity, reply: dict[str, Json], bad: list[dict[str, Json]]
) -> None:
    made = _whole(reply) if "suite_run" in reply else reply
    if made.get("parent_suite_run_id") != run.id or made.get("trigger") != "resubmit":
        session.fail("resubmit_names_parent", f"it names {made.get('parent_suite_run_id')}")
    wanted, found = ([child["test_id"] for child in part] for part in (bad, made["runs"]))
    if sorted(wanted) != sorted(found):
        session.fail("resubmit_repeats_failed", f"{len(wanted)} failed, {len(found)} are repeated")
    if {child["id"] for child in made["runs"]} & {child["id"] for child in run.value["runs"]}:
        session.fail("resubmit_is_new", "a run of the parent is in the new suite run")
