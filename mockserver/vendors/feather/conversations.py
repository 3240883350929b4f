"""Simulated conversations: turns computed from the run's row and the time.

A conversation starts with its run and continues at its own pace, so earlier turns never change,
even if the run is cancelled; turns after its end do not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from mockserver.engine.jobs.schedule import entered
from mockserver.engine.serialization import dump
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import Row, digest, uuid_of
from mockserver.vendors.feather.tables import SIMULATION_RUN

GREETINGS = (
    "Hello, thanks for getting in touch. What can I do for you?",
    "Good day! How may I help?",
    "Hi, you have reached support. What is it about?",
)
ANSWERS = (
    "Let me look that up for you.",
    "I see what happened. Could you confirm the name on the account?",
    "Thank you. I found the entry and can take care of it now.",
    "That is possible. It takes effect today.",
    "I have noted that. You will get a confirmation by e-mail.",
    "Before I go on: is the address we have still the right one?",
)
REPLIES = (
    "Yes, that is right.",
    "All right. How long will it take?",
    "I have tried that twice already.",
    "Fine, please go ahead.",
    "Could you explain that once more?",
    "No, it was the week before.",
)
GOODBYES = (
    "Is there anything else? Then thank you and goodbye.",
    "It is done. Have a good day!",
)
MOST_TOOLS = 3


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the script; `wait` is the delay after the previous line."""

    role: str
    content: str | None
    wait: float
    tool: str | None = None


def turn_id(run: Row, seq: int) -> str:
    """The id of a turn."""
    return uuid_of(digest("turn", run["session_id"], seq))


def call_id(run: Row, tool: str) -> str:
    """The id of a tool call."""
    return "call_" + digest("call", run["session_id"], tool).hex()[:16]


def last_word(run: Row, now: int) -> int | None:
    """When the conversation ended, or now if it is in progress; None if it has not started."""
    if entered(run["schedule"], {"running"}, now) is None:
        return None
    ended = entered(run["schedule"], SIMULATION_RUN.terminal, now)
    return now if ended is None else ended


def turns(run: Row, pace: float, now: int) -> Iterator[dict[str, Any]]:
    """The turns up to `now`, oldest first; times are in microseconds."""
    start, end = entered(run["schedule"], {"running"}, now), last_word(run, now)
    if start is None or end is None:
        return
    at = start
    for seq, line in enumerate(_script(run), 1):
        at += seconds(line.wait * pace)
        if at > end:
            return
        yield _turn(run, seq, line, at)


def _turn(run: Row, seq: int, line: _Line, at: int) -> dict[str, Any]:
    calls = None
    if line.tool is not None and line.role == "assistant":
        function = {"name": line.tool, "arguments": "{}"}
        calls = [{"id": call_id(run, line.tool), "type": "function", "function": function}]
    return {
        "id": turn_id(run, seq),
        "seq": seq,
        "role": line.role,
        "content": line.content,
        "tool_calls": calls,
        "tool_call_id": call_id(run, line.tool) if line.tool and line.role == "tool" else None,
        "authored_by": {"user": "customer", "assistant": "agent"}.get(line.role, "system"),
        "created_at": at,
    }


def _script(run: Row) -> Iterator[_Line]:
    """The whole planned conversation; tools with canned responses are called."""
    random = Random(digest("conversation", run["session_id"]))
    intent = str(run["inputs_snapshot"].get("scenario", {}).get("intent") or "I need some help.")
    yield _Line("assistant", random.choice(GREETINGS), _wait(random))
    yield _Line("user", intent, _wait(random))
    for tool, answer in list((run["tool_overrides"] or {}).items())[:MOST_TOOLS]:
        yield _Line("assistant", None, _wait(random), tool)
        delay = float(answer.get("delay_ms") or 0) / 1000
        yield _Line("tool", _tool_content(answer), delay + 0.05, tool)
    exchanges = random.randint(2, 3)
    answers, replies = random.sample(ANSWERS, exchanges), random.sample(REPLIES, exchanges)
    for answer_text, reply in zip(answers, replies, strict=True):
        yield _Line("assistant", answer_text, _wait(random))
        yield _Line("user", reply, _wait(random))
    yield _Line("assistant", random.choice(GOODBYES), _wait(random))


def _tool_content(answer: Row) -> str:
    if answer.get("error"):
        return str(answer["error"])
    output = answer.get("output")
    return output if isinstance(output, str) else dump(output).decode()


def _wait(random: Random) -> float:
    return random.uniform(0.4, 0.7)
