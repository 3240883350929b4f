"""Simulated conversations: turns computed from the run's row and the time.

A conversation starts with its run and continues at its own pace, so earlier turns never change,
even if the run is cancelled; turns after its end do not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.jobs import entered, state_at
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pagination import decode_cursor, encode_cursor
from mockserver.engine.serialization import dump
from mockserver.engine.timestamps import render, seconds
from mockserver.engine.world import Row, World, digest, take, uuid_of
from mockserver.errors import BadRequest, NotFound
from mockserver.records import dataclass
from mockserver.vendors.feather.common import find
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


# Traces: the steps of a simulated conversation, derived from its turns (rules 35, 115, 116).

PRODUCT, ENGINEERING = "product", "engineering"
MESSAGES = {
    "user": ("customer_message", "Customer", "Customer speaks"),
    "assistant": ("agent_message", "Agent", "Agent answers"),
}
ENDINGS = {
    "completed": ("Conversation ended", "Succeeded"),
    "failed": ("Conversation broke off", "Failed"),
    "budget_exceeded": ("Budget used up", "Failed"),
    "cancelled": ("Conversation cancelled", "Skipped"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a trace; times are in microseconds."""

    category: str
    kind: str
    actor: str
    title: str
    started_at: int
    ended_at: int
    status: str = "Succeeded"
    summary: str | None = None
    turn_id: str | None = None
    details: dict[str, Any] | None = None


@handles("getSimulationRunTrace")
def get_trace(world: World, request: Request) -> Reply:
    run = find(world, "runs", request.path["sim_run_id"])
    return Reply(200, _page(world, run, request, request.query.get("turn_id")))


@handles("getSimulationRunTurnTrace")
def get_turn_trace(world: World, request: Request) -> Reply:
    run = find(world, "runs", request.path["sim_run_id"])
    turn = request.path["turn_id"]
    if all(step.turn_id != turn for step in steps(run, world.settings.pace, world.now)):
        raise NotFound(f"Turn not found: {turn}")
    return Reply(200, _page(world, run, request, turn))


def steps(run: Row, pace: float, now: int) -> Iterator[Step]:
    """The steps completed by `now`, oldest first.

    Steps are only ever appended, so a position in the list is stable.
    """
    start, end = entered(run["schedule"], {"running"}, now), last_word(run, now)
    if start is None or end is None:
        return
    yield Step(PRODUCT, "session_started", "System", "Conversation started", start, start)
    before = start
    tools = run["tool_overrides"] or {}
    names = {}
    for turn in turns(run, pace, now):
        for call in turn["tool_calls"] or ():
            names[call["id"]] = call["function"]["name"]
        at = turn["created_at"]
        if turn["role"] == "tool":
            name = names[turn["tool_call_id"]]
            yield _tool_step(turn, name, tools[name], before, at)
        else:
            yield from _message_steps(turn, before, at)
        before = at
    state = state_at(run["schedule"], now)
    if SIMULATION_RUN.is_terminal(state):
        title, status = ENDINGS[state]
        summary = run["error_text"] if state == "failed" else None
        yield Step(PRODUCT, "session_ended", "System", title, end, end, status, summary)


def _message_steps(turn: Row, start: int, end: int) -> Iterator[Step]:
    kind, actor, title = MESSAGES[turn["role"]]
    if turn["role"] == "assistant":
        text = turn["content"] or ""
        tokens = {"input_tokens": 180 + 40 * turn["seq"], "output_tokens": len(text) // 4 + 1}
        yield Step(
            ENGINEERING,
            "model_call",
            "System",
            "Model call",
            start,
            end,
            turn_id=turn["id"],
            details=tokens,
        )
    if turn["content"] is not None:
        yield Step(
            PRODUCT,
            kind,
            actor,
            title,
            start,
            end,
            summary=turn["content"],
            turn_id=turn["id"],
            details={"seq": turn["seq"]},
        )


def _tool_step(turn: Row, name: str, answer: Row, start: int, end: int) -> Step:
    failed = bool(answer.get("error"))
    return Step(
        PRODUCT,
        "tool_call",
        "System",
        f"Tool {name}",
        start,
        end,
        "Failed" if failed else "Succeeded",
        turn["content"],
        turn["id"],
        {"tool": name, "canned": True},
    )


def _page(world: World, run: Row, request: Request, turn: str | None) -> dict[str, Any]:
    """A page of steps, without `has_more` (rule 35); a cursor is a position in the trace."""
    category, limit = request.query.get("category", PRODUCT), request.query.get("limit", 100)
    scope = ("trace", run["id"], turn, category)
    after = _position(scope, request.query.get("cursor"))
    wanted = (
        (position, step)
        for position, step in enumerate(steps(run, world.settings.pace, world.now))
        if position > after and category in (step.category, "all") and turn in (None, step.turn_id)
    )
    found, more = take(wanted, limit)
    return {
        "steps": [_view(step) for _, step in found],
        "next_cursor": encode_cursor(scope, (found[-1][0],)) if more else None,
    }


def _position(scope: tuple[Any, ...], cursor: str | None) -> int:
    if cursor is None:
        return -1
    match decode_cursor(scope, cursor):
        case (int(position),):
            return position
    raise BadRequest("The cursor is not valid.")


def _view(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "actor": step.actor,
        "title": step.title,
        "summary": step.summary,
        "status": step.status,
        "started_at": render(step.started_at),
        "ended_at": render(step.ended_at),
        "duration_ms": (step.ended_at - step.started_at) // 1000,
        "turn_id": step.turn_id,
        "details": step.details or {},
    }
