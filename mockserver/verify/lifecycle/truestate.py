"""TrueState: behaviour that its document does not describe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from mockserver.openapi.model import Contract, Json
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.model import Api, Runs
from mockserver.verify.lifecycle.session import Entity, Session

WAITING = "WAITING_FOR_USER_INPUT"
ENDED = ("FINISHED", "FAILED")


def session_status(steps: list[str]) -> str:
    """Rules 15 to 17."""
    if "FAILED" in steps:
        return "FAILED"
    if all(state == "FINISHED" for state in steps):
        return "FINISHED"
    return "NEW" if steps == ["NEW"] else "RUNNING"


RUNS = Runs(
    resource="session",
    children="steps",
    cancel="cancelSession",
    steps={
        "NEW": ("RUNNING", "FAILED"),
        "RUNNING": ("FINISHED", "FAILED"),
        "FINISHED": (),
        "FAILED": (),
    },
    derive=session_status,
    failed="FAILED",
    cancelled="FAILED",
    ended="",
    error="error",
    growing=True,
    live=frozenset({"result", "updated_at"}),
)


def _step(number: int, name: str, kind: str, text: str = "") -> dict[str, Json]:
    return {
        "id": f"00000000-0000-4000-8000-00000000000{number}",
        "name": name,
        "step_type": kind,
        "prompt_template": {"type": "text", "text": text},
    }


def _version(*steps: dict[str, Json]) -> dict[str, Json]:
    ids = [step["id"] for step in steps]
    ways = [
        {"source_step_id": source, "target_step_id": target, "label": None}
        for source, target in pairwise(ids)
    ]
    return {"steps": list(steps), "step_transitions": ways}


BEGIN = _step(1, "begin", "START")
THINK = _step(2, "think", "LLM_CALL", "Think.")
ASK = _step(3, "ask", "GET_USER_INPUT", "Which colour?")
ECHO = _step(4, "echo", "LLM_CALL", "It is ${ask.result}.")
_LIVE = frozenset({"status", "error", "updated_at", "steps", "steps_count", "current_step"})


def claims(contract: Contract) -> bool:
    return {"createAutomation", "createSession", "cancelSession"} <= contract.by_id.keys()


def describe(contract: Contract) -> Api:
    derived = derive(contract)
    found = derived.resources
    # A change returns nothing and needs a body that is not random: see `updated`.
    automation = replace(
        found["automation"], change="", strict=True, live=frozenset({"sessions", "updated_at"})
    )
    return replace(
        derived,
        name="truestate",
        resources={
            "automation": automation,
            "session": replace(found["session"], strict=True, live=_LIVE),
        },
        runs=RUNS,
        bodies={
            "createAutomation": {
                "name": "Automation #",
                "description": "Thinks twice (#).",
                "current_version": _version(BEGIN, THINK, ECHO),
            },
            "createSession": {"number": "#"},
        },
        extras=(updated, answered, both_namings, not_walkable),
    )


def _made(session: Session, version: dict[str, Json]) -> dict[str, str]:
    """The path of a new automation with this version."""
    body = {"name": "By hand", "description": "", "current_version": version}
    exchange = session.call("createAutomation", body=body)
    session.expect(exchange, [200], "good_body_accepted", "a valid version")
    return {"automation_id": session.object(exchange)["id"]}


def _started(session: Session, where: Mapping[str, str]) -> dict[str, str]:
    exchange = session.call("createSession", where, body={})
    session.expect(exchange, [200], "good_body_accepted", "a session without inputs")
    return {**where, "session_id": session.object(exchange)["id"]}


def updated(session: Session) -> None:
    """Rule 9: there is a new current version; a running session keeps its own."""
    where = _made(session, _version(BEGIN, ASK))
    running = _started(session, where)
    before = session.object(session.call("getAutomation", where))["current_version"]["id"]
    body = {"name": "Changed", "description": "", "current_version": _version(BEGIN, THINK)}
    exchange = session.call("updateAutomation", where, body=body)
    session.expect(exchange, [200], "good_body_accepted", "another version")
    value = session.object(session.call("getAutomation", where))
    if value["name"] != "Changed" or value["current_version"]["id"] == before:
        session.fail("update_makes_a_version", "the change is not read back")
    for state in _passing(session, running):
        if state["status"] == WAITING:
            return
        if state["status"] in ENDED or state["flow_version"]["id"] != before:
            session.fail("running_keeps_its_version", "a session used the later version")


def answered(session: Session) -> None:
    """Rules 16, 18 and 19: it waits, continues with the input, and shows it where required."""
    where = _started(session, _made(session, _version(BEGIN, ASK, ECHO)))
    body = {"user_input": "indigo"}
    early = session.call("addUserInput", where, body=body)
    if early.status < 400:
        session.fail("input_is_awaited", "a session that waits for nothing accepts an input")
    for state in _passing(session, where):
        if state["status"] == WAITING:
            exchange = session.call("addUserInput", where, body=body)
            session.expect(exchange, [200], "input_is_taken", "the session waits for it")
        elif state["status"] in ENDED:
            prompts = [str(step["prompt"]) for step in state["steps"]]
            if state["status"] == "FINISHED" and "It is indigo." not in prompts[-1]:
                session.fail("results_are_put_in", f"the last prompt is {prompts[-1]}")
            return


def both_namings(session: Session) -> None:
    """A live flow's session equals the automation's, except for the word for waiting."""
    entity: Entity = session.make(session.api.resources["session"])
    for live in _passing(session, entity.where):
        if not session.time.still:
            return
        plain = session.object(session.call("getSession", entity.where))
        words = {WAITING: "RUNNING"}
        for name in ("id", "inputs", "error", "created_at", "updated_at", "steps_count"):
            if plain[name] != live[name]:
                session.fail("both_namings_agree", f"{name} is {plain[name]} and {live[name]}")
        if plain["status"] != words.get(live["status"], live["status"]):
            session.fail("both_namings_agree", f"{plain['status']} is {live['status']}")
        if live["status"] in ENDED:
            return


def not_walkable(session: Session) -> None:
    """Rules 7 and 8: an invalid flow is refused, and nothing is created."""
    fork = _version(BEGIN, THINK)
    fork["steps"].append(ECHO)
    fork["step_transitions"].append({**fork["step_transitions"][0], "target_step_id": ECHO["id"]})
    lost = _version(BEGIN, THINK)
    del lost["steps"][1]
    for version in (_version(), _version(THINK), _version(BEGIN, BEGIN), lost, fork):
        body = {"name": "Broken", "description": "", "current_version": version}
        exchange = session.call("createAutomation", body=body)
        session.expect(exchange, [422], "graph_is_checked", "an invalid version")


def _passing(session: Session, where: Mapping[str, str]) -> Any:
    """The live flow's session as time passes, until the time limit."""
    there = {"live_flow_id": where["automation_id"], "session_id": where["session_id"]}
    for _ in range(300):
        yield session.object(session.call("getLiveFlowSession", there))
        session.steps = session.steps[-12:]
        if not session.time.pass_(1):
            return
