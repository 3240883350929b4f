"""Runs as rows. A run's course is planned when it is queued, and can be changed later.

The course is random, unless the name or description of its test contains one of the words
`mock:passed`, `mock:failed` (the verdict), `mock:errored` (it can't be executed), `mock:flaky` (the
test's first run fails, later ones pass), `mock:stuck` (never ends) or `mock:slow` (takes ten times
as long). `plan_outcome` does the same for a run in progress.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from heapq import merge
from random import Random
from typing import Any, Literal, get_args

from mockserver.engine.jobs import JobKind, cancelled, entered, is_open, read_schedule, scheduled
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import Row, World, random_for
from mockserver.errors import Conflict, PaymentRequired
from mockserver.vendors.speechify.common import new_id
from mockserver.vendors.speechify.tables import SUITE_STATUS, TEST_RUN, TEST_RUN_WAYS

# Test runs, for the dashboard and steering.


def _run(world: World, run: Row) -> str:
    return str(run["test_name"])


def _suite(world: World, suite_run: Row) -> str:
    return f"started by {suite_run['trigger']}"


TEST_RUNS = JobKind(
    "runs",
    "test run",
    TEST_RUN.terminal,
    batch="suite_runs",
    batch_noun="suite run",
    of="suite_run_id",
    status=SUITE_STATUS,
    name=_run,
    batch_name=_suite,
)


# The result of a judged run, in the form of its test's type (rule 35).
#
# It depends only on the run (its config at the start, its verdict, the world's seed), so it is the
# same at every read.

_VARIABLE = re.compile(r"{{\s*([^{}]*?)\s*}}")

ANSWERS = (
    "Thanks for calling. I have looked that up for you, and here is what I found.",
    "I understand. Let me take care of it right away.",
    "Certainly. Before I change anything, could you confirm the last four digits?",
    "I'm sorry to hear that. I can offer you a refund or a replacement.",
    "That slot is free. Shall I book it for you?",
)
GOOD = (
    "The answer meets every criterion.",
    "The agent said what was required, in the right tone.",
    "All expected points are covered.",
)
BAD = (
    "The answer leaves out a point that the criteria ask for.",
    "The agent promised something that it must not promise.",
    "The agent asked again for what the caller had already said.",
)
CALLER = (
    "Hello, I need help with my order.",
    "It was supposed to arrive on Tuesday.",
    "Yes, that is right.",
    "No, I would rather have my money back.",
    "Thank you, that was all.",
)


def result(world: World, row: Row) -> dict[str, Any]:
    """The result of a run with a verdict."""
    random = random_for(world, "result", row["id"])
    passed = row["verdict"] == "passed"
    started = entered(row["schedule"], {"running"}, world.now) or row["created_at"]
    ended = entered(row["schedule"], {"completed"}, world.now) or started
    judged = {
        "passed": passed,
        "rationale": random.choice(GOOD if passed else BAD),
        "duration_ms": (ended - started) // 1000,
    }
    kind = row["test_type"]
    part, make = _MAKERS[kind]
    shown: dict[str, Any] = {"test_type": kind, **judged}
    shown |= dict.fromkeys(("reply", "tool_call", "simulation"))
    shown[part] = make(random, row["config"], judged)
    return shown


def substituted(value: Any, variables: Mapping[str, Any]) -> Any:
    """A config with `{{name}}` replaced; unknown names become empty."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _text(variables.get(found[1])), value)
    if isinstance(value, Mapping):
        return {name: substituted(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [substituted(part, variables) for part in value]
    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _reply(random: Random, config: Mapping[str, Any], judged: Mapping[str, Any]) -> dict[str, Any]:
    score = random.uniform(0.8, 1.0) if judged["passed"] else random.uniform(0.0, 0.4)
    return {"agent_response": random.choice(ANSWERS), **judged, "score": round(score, 2)}


def _tool_call(
    random: Random, config: Mapping[str, Any], judged: Mapping[str, Any]
) -> dict[str, Any]:
    expected = config["expected_tool"]
    checks = config.get("parameter_checks") or []
    # With parameters to check, the right tool may be called with wrong parameters.
    matched = judged["passed"] or (bool(expected and checks) and random.random() < 0.5)
    called = expected if matched else ("" if expected else "transfer_call")
    wrong = random.randrange(len(checks)) if matched and checks and not judged["passed"] else None
    return {
        "tool_called": called,
        "tool_args": {},
        "expected_tool": expected,
        "tool_matched": matched,
        "parameter_results": [
            _checked("path", check, index != wrong) for index, check in enumerate(checks)
        ]
        if matched
        else [],
        **judged,
    }


def _checked(name: str, check: Mapping[str, Any], passed: bool) -> dict[str, Any]:
    """The outcome of checking one value: a parameter of a call or a datum of a conversation."""
    expected = check.get("expected", "")
    return {
        name: check[name],
        "mode": check["mode"],
        "actual_json": json.dumps(expected) if passed else "null",
        "passed": passed,
        "rationale": "" if passed else "The value is missing.",
    }


def _simulation(
    random: Random, config: Mapping[str, Any], judged: Mapping[str, Any]
) -> dict[str, Any]:
    passed = judged["passed"]
    turns = random.randint(1, max(1, min(int(config["max_turns"]), len(CALLER))))
    transcript = [
        {"role": role, "content": text}
        for caller in CALLER[:turns]
        for role, text in (("user", caller), ("assistant", random.choice(ANSWERS)))
    ]
    assertions = config.get("data_assertions") or []
    # Either the goal failed or one of the assertions.
    wrong = random.randrange(len(assertions)) if assertions and not passed else None
    reached = passed or wrong is not None
    return {
        "transcript": transcript,
        "tool_calls": [],
        "turns_used": turns,
        **judged,
        "summary": "The caller asked for help with an order, and the agent took it up.",
        "sentiment": "positive" if passed else "negative",
        "criteria": [
            {
                "criterion_id": "goal",
                "name": "The caller's goal is reached",
                "status": "success" if reached else "failure",
                "score": 1.0 if reached else 0.0,
                "rationale": judged["rationale"],
            }
        ],
        "data": {},
        "data_assertions": [
            _checked("key", assertion, index != wrong) for index, assertion in enumerate(assertions)
        ],
    }


_MAKERS = {
    "reply": ("reply", _reply),
    "tool": ("tool_call", _tool_call),
    "simulation": ("simulation", _simulation),
}


Outcome = Literal["passed", "failed", "errored", "stuck"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
SHARES = {"passed": 0.82, "failed": 0.13, "errored": 0.05}
UNSTARTED_SHARE = 0.3  # share of errored runs that fail before they start
PENDING_SECONDS = (0.5, 2.0)
RUNNING_SECONDS = {"reply": (2.0, 6.0), "tool": (2.0, 6.0), "simulation": (8.0, 30.0)}
SLOW = 10
ERRORS = (
    "The model provider returned 529 overloaded three times in a row.",
    "The judge gave no verdict within 30 s.",
    "The connection to the agent broke off.",
)
_SWITCH = re.compile(r"\bmock:([a-z]+)")
WORKSPACE = "workspace"

Pair = tuple[Row, Row]
"""A test and the agent that it runs against."""


def switches(test: Row) -> frozenset[str]:
    """The words behind `mock:` in a test's name and description."""
    return frozenset(_SWITCH.findall(f"{test['name']} {test['description']}"))


def start_run(world: World, pair: Pair, suite_run_id: str | None = None) -> Row:
    """A new pending run (rule 32) with its planned course."""
    test, agent = pair
    run_id = new_id(world, "runs")
    random = random_for(world, "plan", run_id)
    outcome = _outcome(world, random, test)
    error = random.choice(ERRORS)
    schedule = _plan(world, random, test, outcome)
    model = test["config"].get("model_override")
    if model is not None and is_withdrawn(world, model):
        outcome, error = "errored", f"The plan does not include the model {model!r}."
        schedule = [schedule[0], ["failed", schedule[1][1]]]
    row = {
        "id": run_id,
        "test_id": test["id"],
        "agent_id": agent["id"],
        "test_name": test["name"],
        "agent_name": agent["name"],
        "test_type": test["type"],
        "config": substituted(test["config"], test.get("variables") or {}),
        "verdict": "failed" if outcome == "failed" else "passed",
        "error": error,
        "suite_run_id": suite_run_id,
        "created_at": world.now,
    }
    row = scheduled(row, schedule, TEST_RUN)
    world["runs"].put(row)
    return row


def _outcome(world: World, random: Random, test: Row) -> str:
    drawn = random.choices(tuple(SHARES), tuple(SHARES.values()))[0]
    chosen = switches(test)
    if "flaky" in chosen:
        return "passed" if world["runs"].count(test_id=test["id"]) else "failed"
    return next((outcome for outcome in OUTCOMES if outcome in chosen), drawn)


def _plan(world: World, random: Random, test: Row, outcome: str) -> list[list[Any]]:
    """The future states and their times, in order even if they take no time."""
    now, pace = world.now, world.settings.pace
    slow = SLOW if "slow" in switches(test) else 1
    waits = max(1, seconds(random.uniform(*PENDING_SECONDS) * pace))
    lasts = max(1, seconds(random.uniform(*RUNNING_SECONDS[test["type"]]) * pace * slow))
    begins, ends = now + waits, now + waits + lasts
    if outcome == "stuck":
        return [["pending", now], ["running", begins]]
    if outcome == "errored":
        if random.random() < UNSTARTED_SHARE:
            return [["pending", now], ["failed", begins]]
        return [["pending", now], ["running", begins], ["failed", ends]]
    return [["pending", now], ["running", begins], ["completed", ends]]


def start_suite(
    world: World, trigger: str, pairs: Iterable[Pair], about: Mapping[str, Any]
) -> tuple[Row, list[Row]]:
    """A suite run and its pending children (rules 42, 43). `about` are its other fields."""
    suite_id = new_id(world, "suite_runs")
    runs = [start_run(world, pair, suite_id) for pair in pairs]
    row = {
        "id": suite_id,
        "trigger": trigger,
        "agent_id": None,
        "parent_suite_run_id": None,
        "config_override": None,
        "flow_version_id": None,
        "flow_version_number": None,
        **about,
        "created_at": world.now,
    }
    world["suite_runs"].put(row)
    return row, runs


def tests_of(world: World, agent_id: str) -> list[Row]:
    """The tests of an agent, oldest first: its own and attached ones."""
    attached = (
        world["tests"].get(link["test_id"]) for link in world["attachments"].scan(agent_id=agent_id)
    )
    further = sorted((test for test in attached if test is not None), key=_age)
    return list(merge(world["tests"].scan(agent_id=agent_id), further, key=_age))


def agents_of(world: World, test: Row) -> list[Row]:
    """The agents of a test: its owner, then those that it is attached to."""
    ids = [test["agent_id"]]
    ids += [link["agent_id"] for link in world["attachments"].scan(test_id=test["id"])]
    return [agent for key in ids if (agent := world["agents"].get(key)) is not None]


def _age(row: Row) -> tuple[int, str]:
    return row["created_at"], row["id"]


def charge(world: World, runs: int, config_override: Mapping[str, Any] | None = None) -> None:
    """Charge for runs before anything is queued (rules 41, 57). Raises PaymentRequired."""
    model = (config_override or {}).get("model")
    if model is not None and is_withdrawn(world, model):
        raise _unpaid(f"The plan does not include the model {model[:100]!r}.")
    workspace = world[WORKSPACE].get(WORKSPACE)
    if workspace is None or workspace["credits"] is None:
        return
    if workspace["credits"] < runs:
        raise _unpaid(f"{runs} runs need more credit than is left.")
    world[WORKSPACE].put({**workspace, "credits": workspace["credits"] - runs})


def _unpaid(message: str) -> PaymentRequired:
    # The older version has no 402, but uses the same code.
    return PaymentRequired(message, code="payment_required")


def is_withdrawn(world: World, model: str) -> bool:
    """Whether the workspace's plan does not include a model at this time."""
    workspace = world[WORKSPACE].get(WORKSPACE)
    since = None if workspace is None else workspace["withdrawn_models"].get(model)
    return since is not None and since <= world.now


def cancel(world: World, row: Row) -> Row:
    """The run, cancelled if it is open (rules 38, 39, 49)."""
    if not is_open(row, TEST_RUN, world.now):
        return row
    stopped = cancelled(row, TEST_RUN, world.now)
    world["runs"].put(stopped)
    return stopped


def plan_way(world: World, row: Row, order: Mapping[str, Any]) -> Row:
    """Set the course of an open run by `{"schedule": [[state, seconds], ...]}`.

    `passed` and `judged_failed` are `completed` with a verdict. Raises BadRequest for transitions
    that the table does not have, Conflict if the run has ended.
    """
    _check_open(world, row)
    schedule = read_schedule(order, row, TEST_RUN_WAYS, world.now)
    last = schedule[-1][0]
    verdict = {"passed": "passed", "judged_failed": "failed"}.get(last)
    if verdict is not None:
        row = {**row, "verdict": verdict}
        schedule[-1][0] = "completed"
    changed = scheduled(row, schedule, TEST_RUN)
    world["runs"].put(changed)
    return changed


def _check_open(world: World, row: Row) -> None:
    if not is_open(row, TEST_RUN, world.now):
        raise Conflict(f"Run {row['id']} has ended and can no longer change.")


def plan_outcome(world: World, row: Row, outcome: Outcome, after_seconds: float) -> Row:
    """End an open run in `outcome` after this many seconds; `stuck` never ends.

    A pending one starts to run at once. Raises Conflict if it has ended.
    """
    _check_open(world, row)
    past = [step for step in row["schedule"] if step[1] <= world.now]
    if past[-1][0] == "pending":
        past.append(["running", world.now])
    if outcome != "stuck":
        state = "failed" if outcome == "errored" else "completed"
        past.append([state, world.now + max(1, seconds(after_seconds))])
    verdict = "failed" if outcome == "failed" else "passed"
    changed = scheduled({**row, "verdict": verdict}, past, TEST_RUN)
    world["runs"].put(changed)
    return changed
