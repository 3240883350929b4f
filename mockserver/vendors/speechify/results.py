"""The result of a judged run, in the form of its test's type (rule 35).

It depends only on the run (its config at the start, its verdict, the world's seed), so it is the
same at every read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

from mockserver.engine.jobs.schedule import entered
from mockserver.engine.world import Row, World, random_for

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
