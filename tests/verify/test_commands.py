"""Verbs are called on entities in each state, and their effects are checked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.openapi.build import build_contract
from mockserver.verify.lifecycle.clock import Surroundings
from mockserver.verify.lifecycle.run import Lifecycles, describe
from mockserver.verify.model import Finding
from mockserver.verify.target import Target
from tests.verify.jobs_server import STATES, Jobs, document, serving


def toured(jobs: Jobs, **shape: Any) -> list[Finding]:
    contract = build_contract(document(**shape))
    with serving(jobs) as url, Target(contract, url, "mock-key") as target:
        around = Surroundings(jobs.clock, lambda: None, mock=False)
        return list(Lifecycles(target, around, lambda text: None).tour())


SHAPES: list[dict[str, Any]] = [
    {},
    {"slash": "/"},
    {"wrap": "job"},
    {"post_list": True},
    {"slash": "/", "wrap": "data"},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_right_service_has_no_findings(shape: dict[str, Any]) -> None:
    jobs = Jobs(slash=shape.get("slash", ""), wrap=shape.get("wrap", ""))
    assert toured(jobs, **shape) == []
    called = {line.rsplit("/", 1)[1] for line in jobs.log if line.startswith("POST /jobs/")}
    assert {"cancel", "retry"} <= called


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if "post_list" not in shape])
def test_everything_about_it_is_known(shape: dict[str, Any]) -> None:
    api = describe(build_contract(document(**shape)))
    (job,) = api.resources.values()
    assert (job.create, job.read, job.list, job.remove) == (
        "makeJob",
        "getJob",
        "listJobs",
        "removeJob",
    )
    assert job.state == "status"
    assert {command.verb for command in api.commands} == {"cancel", "retry"}
    (cancel,) = [command for command in api.commands if command.verb == "cancel"]
    assert cancel.changes == {"status": "cancelled"}
    assert {"done", "failed", "cancelled"} == cancel.final


def test_a_state_inside_an_object_is_not_compared_with_words() -> None:
    """`{"status": {"state": "done"}}` can't be looked up among the final states."""
    state = {"type": "string", "enum": STATES}
    whole = {"type": "object", "readOnly": True, "properties": {"state": state}}
    plain = {"type": "string", "enum": STATES, "readOnly": True}
    text = json.dumps(document())
    assert json.dumps(plain) in text
    made = json.loads(text.replace(json.dumps(plain), json.dumps(whole)))
    commands = describe(build_contract(made)).commands
    assert {command.verb for command in commands} == {"cancel", "retry"}
    assert [(command.state, dict(command.changes)) for command in commands] == [("", {})] * 2


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("cancels what is done", "final_stays"),
        ("refuses and changes", "refusal_changes_nothing"),
        ("cancel toggles", "command_is_idempotent"),
        ("cancel does nothing", "command_takes_effect"),
        ("answers another", "command_on_it"),
        ("list forgets", "list_agrees"),
    ],
)
def test_a_fault_is_found(fault: str, rule: str) -> None:
    rules = {finding.rule for finding in toured(Jobs(fault))}
    assert rule in rules
