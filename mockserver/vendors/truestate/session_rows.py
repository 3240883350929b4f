"""How sessions run: planned in advance, up to the end or the next question to the user.

The course of a session is random, unless its inputs have a field `mock`, an object with any of
these: `outcome` ("finished", "failed" or "stuck": never ends), `at` (the name of the step that
fails or gets stuck; by default the first that does work), `choose` (labels by the names of
decisions) and `slow` (true: everything takes ten times as long). Unknown settings are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal, get_args

from mockserver.engine.jobs import Schedule, cut, ends, state_at
from mockserver.engine.randomness import Rng
from mockserver.engine.serialization import dump
from mockserver.engine.timestamps import render, seconds
from mockserver.engine.world import Row, World, new_id
from mockserver.records import dataclass
from mockserver.vendors.truestate.graphs import first_step, step_named, ways_out
from mockserver.vendors.truestate.tables import (
    DECISION,
    FAILED,
    FAILING,
    FINISHED,
    INPUT,
    MOST_STEPS,
    MOST_TEXT,
    NEW,
    RUNNING,
    SECONDS,
    SECONDS_BEFORE_START,
    SECONDS_BETWEEN,
    SESSION_STEP,
    SLOW,
    START,
    WAITING,
)

# Results of steps by type, or errors, as texts.


def result_of(step_type: str, rng: Rng) -> str | None:
    """The result of a step; None for a type without one (rule 19)."""
    make = _RESULTS.get(step_type)
    return None if make is None else make(rng)


def error_of(step_type: str, name: str, rng: Rng) -> str:
    """Why a step failed."""
    return f"{name}: {rng.random.choice(_ERRORS.get(step_type, _ERRORS['START']))}"


def _json(value: Any) -> str:
    return dump(value).decode()


def _answer(rng: Rng) -> str:
    return str(rng.fake.paragraph(nb_sentences=4))


def _passages(rng: Rng) -> str:
    count = rng.random.randint(2, 5)
    scores = sorted((round(rng.random.uniform(0.55, 0.97), 4) for _ in range(count)), reverse=True)
    return _json([{"text": rng.fake.sentence(nb_words=14), "score": score} for score in scores])


def _response(rng: Rng) -> str:
    body = {"id": rng.random.randint(1000, 99999), "customer": rng.fake.name()}
    return _json({"status_code": 200, "body": {**body, "city": rng.fake.city()}})


def _page(rng: Rng) -> str:
    return "\n\n".join((f"# {rng.fake.catch_phrase()}", *rng.fake.paragraphs(nb=3)))


def _output(rng: Rng) -> str:
    rows = rng.random.randint(3, 400)
    return _json({"rows": rows, "total": round(rng.random.uniform(10, 9000), 2)})


def _extracted(rng: Rng) -> str:
    name, company = rng.fake.name(), rng.fake.company()
    when = render(rng.now + rng.random.randint(1, 30) * 86_400_000_000)[:10]
    return _json({"name": name, "company": company, "date": when})


def _rows(rng: Rng) -> str:
    return _json(
        [
            {"product": rng.fake.word(), "quantity": rng.random.randint(1, 40)}
            for _ in range(rng.random.randint(2, 4))
        ]
    )


_RESULTS: Mapping[str, Callable[[Rng], str]] = {
    "LLM_CALL": _answer,
    "EMBEDDING_SEARCH": _passages,
    "REST_API": _response,
    "WEB_SCRAPE": _page,
    "PYTHON": _output,
    "TEXT_TO_JSON": _extracted,
    "DATA_TRANSFORM": _rows,
}

_ERRORS: Mapping[str, tuple[str, ...]] = {
    "START": ("the session could not be started",),
    "LLM_CALL": (
        "the model provider returned 529 overloaded three times in a row",
        "the prompt has 131402 tokens, the model takes 128000",
    ),
    "GET_USER_INPUT": ("the input could not be read",),
    "LOGIC_DECISION": ("the model's response is none of the labels",),
    "EMBEDDING_SEARCH": ("the index is being rebuilt", "there is no dataset of this name"),
    "REST_API": ("503 Service Unavailable from the remote server", "no response within 30 s"),
    "WEB_SCRAPE": ("the page returned 403 Forbidden", "the page has a redirect loop"),
    "PYTHON": ("KeyError: 'amount' (line 12)", "ZeroDivisionError: division by zero (line 4)"),
    "TEXT_TO_JSON": ("the model's response is not JSON: unexpected end of input",),
    "DATA_TRANSFORM": ("column 'quantity' is not numeric",),
}


_REFERENCE = re.compile(r"\$\{([^{}]+)\.result\}")


def filled_prompt(template: Any, results: Mapping[str, str]) -> Any:
    """A prompt template with every `${step_name.result}` replaced (rule 18).

    References to other than earlier steps stay, and so does what would exceed `MOST_TEXT`.
    """
    room = MOST_TEXT

    def put_in(reference: re.Match[str]) -> str:
        nonlocal room
        result = results.get(reference[1].strip())
        if result is None or len(result) > room:
            return reference[0]
        room -= len(result)
        return result

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return _REFERENCE.sub(put_in, value)
        if isinstance(value, dict):
            return {key: fill(part) for key, part in value.items()}
        return [fill(part) for part in value] if isinstance(value, list) else value

    return fill(template)


CANCELLED = "The session was cancelled."
UNSTARTED = "The session could not be started."
Outcome = Literal["finished", "failed", "stuck"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Orders:
    """A client's orders for a session."""

    outcome: Outcome | None = None
    at: str | None = None
    choose: Mapping[str, Any] = field(default_factory=dict)
    slow: bool = False

    @classmethod
    def of(cls, inputs: Any) -> Orders:
        sent = inputs.get("mock") if isinstance(inputs, Mapping) else None
        if not isinstance(sent, Mapping):
            return cls()
        at, choose = sent.get("at"), sent.get("choose")
        return cls(
            outcome=next((word for word in OUTCOMES if word == sent.get("outcome")), None),
            at=at if isinstance(at, str) else None,
            choose=choose if isinstance(choose, Mapping) else {},
            slow=sent.get("slow") is True,
        )


def entered(row: Row, now: int) -> list[Row]:
    """The entered steps of a session; at least the first."""
    steps = row["steps"]
    return [step for step in steps if step["schedule"][0][1] <= now] or [steps[0]]


def states(row: Row, now: int) -> list[str]:
    """The states of the entered steps."""
    return [state_at(step["schedule"], now) for step in entered(row, now)]


def new_session(
    world: World,
    automation: Row,
    inputs: Any,
    orders: Orders | None = None,
    session_id: str | None = None,
) -> Row:
    """A session of the current version, in NEW (rules 9, 15, 27).

    `orders` default to those in its inputs.
    """
    version = _version(world, automation["version_id"])
    row = {
        "id": session_id or new_id(world, "session"),
        "automation_id": automation["id"],
        "version_id": version["id"],
        "inputs": inputs,
        "created_at": world.now,
        "position": world.ordinal("position"),
    }
    walk = _Walk(world, row, version, orders)
    return keep(world, {**row, "steps": walk.on_from([], first_step(version), world.now)})


def keep(world: World, row: Row) -> Row:
    world["sessions"].put(row)
    return row


def cancelled(row: Row, now: int) -> Row:
    """The session ended now as FAILED; unchanged if it has ended (rules 21 to 23)."""
    steps = entered(row, now)
    current = steps[-1]
    if SESSION_STEP.is_terminal(state_at(current["schedule"], now)):
        return row
    stopped = {**current, "error": CANCELLED, "schedule": cut(current["schedule"], FAILED, now)}
    return {**row, "steps": [*steps[:-1], stopped]}


def is_waiting(row: Row, now: int) -> bool:
    """Whether the session waits for the user."""
    return states(row, now)[-1] == WAITING


def answered(world: World, row: Row, text: str, orders: Orders | None = None) -> Row:
    """A waiting session that continues now with the user's input (rule 16)."""
    return _Walk(world, row, _version(world, row["version_id"]), orders).answer(text)


def decided(world: World, row: Row, outcome: Outcome, after: float) -> Row:
    """An open session whose steps end in `outcome`, the last one after this many seconds.

    A question on the way is still asked; the session then takes that long to reach it.
    """
    walk = _Walk(world, row, _version(world, row["version_id"]), Orders(outcome))
    return walk.decide(outcome, seconds(after))


def on_the_way(world: World, row: Row, schedule: Schedule) -> Row:
    """A new session that follows `schedule`, whose first entry is its start.

    Its steps run in sequence between RUNNING and the end. A question among them is still asked, and
    the input decides what follows.
    """
    (_, created), *ahead = schedule
    first = row["steps"][0]
    begins = [NEW, created]
    if not ahead:
        return {**row, "steps": [{**first, "schedule": [begins]}]}
    state, at = ahead[0]
    if state == FAILED:
        return {**row, "steps": [{**first, "error": UNSTARTED, "schedule": [begins, [FAILED, at]]}]}
    if len(ahead) == 1:
        return {**row, "steps": [{**first, "schedule": [begins, [RUNNING, at]]}]}
    outcome: Outcome = "finished" if ahead[1][0] == FINISHED else "failed"
    walk = _Walk(world, row, _version(world, row["version_id"]), Orders(outcome))
    decided_row = walk.decide(outcome, ahead[1][1] - world.now)
    return {**row, "steps": _between(decided_row["steps"], world.now, at, ahead[1][1])}


def _between(steps: list[Row], now: int, begins: int, ends_at: int) -> list[Row]:
    """The steps, moved between two times, except for their creation."""
    span = max(1, ends(steps[-1]["schedule"]) - now)

    def moved(at: int) -> int:
        return begins + (at - now) * (ends_at - begins) // span

    first, *others = steps
    created, *rest = first["schedule"]
    past = {**first, "schedule": [created, *([state, moved(at)] for state, at in rest)]}
    return [
        past,
        *({**s, "schedule": [[state, moved(at)] for state, at in s["schedule"]]} for s in others),
    ]


def _version(world: World, version_id: str) -> Row:
    version = world["versions"].get(version_id)
    assert version is not None, "versions live as long as their sessions"
    return version


class _Walk:
    """A session in progress through its version."""

    def __init__(self, world: World, row: Row, version: Row, orders: Orders | None = None) -> None:
        self.world = world
        self.row = row
        self.version = version
        self.orders = Orders.of(row["inputs"]) if orders is None else orders
        self.pace = world.settings.pace * (SLOW if self.orders.slow else 1)

    def on_from(self, taken: list[Row], definition: Row | None, at: int) -> list[Row]:
        """The completed steps, and those that follow from `definition` on, entered at `at`."""
        steps = list(taken)
        while definition is not None:
            step = self._step(definition, steps, at)
            steps.append(step)
            if step["schedule"][-1][0] != FINISHED or step["leads_to"] is None:
                break
            at = ends(step["schedule"])
            definition = step_named(self.version, step["leads_to"])
        return steps

    def answer(self, text: str) -> Row:
        """The session after the user's input to its current step."""
        now = self.world.now
        *before, asking = entered(self.row, now)
        definition = step_named(self.version, asking["step_id"])
        rng = self._dice(len(before), "answer")
        ended = {**asking, "user_input": text, "result": text}
        outcome = self._outcome(definition, len(before), asking["leads_to"] is None, rng)
        past = [*cut(asking["schedule"], RUNNING, now)]
        ended["schedule"] = self._ending(past, outcome, definition, rng)
        return self._go_on([*before, ended])

    def decide(self, outcome: Outcome, after: int) -> Row:
        """The session after an order for its open step."""
        now = self.world.now
        *before, current = entered(self.row, now)
        past = [list(step) for step in current["schedule"] if step[1] <= now]
        if past[-1][0] == WAITING and outcome == "finished":
            return self.row
        if past[-1][0] != RUNNING:
            past.append([RUNNING, now])
        ending = {"finished": [[FINISHED, now]], "failed": [[FAILED, now + after]], "stuck": []}
        changed = {**current, "schedule": [*past, *ending[outcome]]}
        row = self._go_on([*before, changed])
        return {**row, "steps": _stretched(row["steps"], now, after)}

    def _go_on(self, steps: list[Row]) -> Row:
        last = steps[-1]
        if last["schedule"][-1][0] == FINISHED and last["leads_to"] is not None:
            following = step_named(self.version, last["leads_to"])
            steps = self.on_from(steps, following, ends(last["schedule"]))
        return {**self.row, "steps": steps}

    def _dice(self, position: int, *salt: object) -> Rng:
        return Rng.of(self.world, "step", self.row["id"], position, *salt)

    def _step(self, definition: Row, before: list[Row], at: int) -> Row:
        kind, position = definition["step_type"], len(before)
        rng = self._dice(position)
        way = self._way_out(definition, rng)
        leads_to = None if way is None else way["target_step_id"]
        result = result_of(kind, rng)
        if kind == DECISION and way is not None:
            result = way["label"]
        outcome = self._outcome(definition, position, leads_to is None, rng)
        error = error_of(kind, definition["name"], rng)
        if _too_far(position, leads_to is None):
            error = f"{definition['name']}: more than {MOST_STEPS} steps"
        pause = SECONDS_BEFORE_START if kind == START else SECONDS_BETWEEN
        schedule: list[list[Any]] = [[NEW, at]]
        if kind == INPUT:
            schedule.append([WAITING, at + self._lasting(pause, rng)])
        else:
            schedule.append([RUNNING, at + self._lasting(pause, rng)])
            schedule = self._ending(schedule, outcome, definition, rng)
        prompt = None if kind == START else self._filled(definition["prompt_template"], before)
        return {
            "id": new_id(self.world, "session_step"),
            "step_id": definition["id"],
            "leads_to": leads_to,
            "prompt": prompt,
            "result": result,
            "error": error,
            "user_input": None,
            "schedule": schedule,
        }

    def _ending(
        self, past: list[list[Any]], outcome: str | None, definition: Row, rng: Rng
    ) -> list[list[Any]]:
        if outcome is None:
            return past
        lasts = self._lasting(SECONDS[definition["step_type"]], rng)
        return [*past, [outcome, past[-1][1] + lasts]]

    def _lasting(self, bounds: tuple[float, float], rng: Rng) -> int:
        return max(1, seconds(rng.random.uniform(*bounds) * self.pace))

    def _way_out(self, definition: Row, rng: Rng) -> Row | None:
        ways = ways_out(self.version, definition)
        wanted = self.orders.choose.get(definition["name"])
        chosen = [way for way in ways if wanted is not None and way["label"] == wanted]
        return rng.random.choice(chosen or ways) if ways else None

    def _outcome(self, definition: Row, position: int, last: bool, rng: Rng) -> str | None:
        """The final state of a step; None if it never ends."""
        if _too_far(position, last):
            return FAILED
        orders, kind = self.orders, definition["step_type"]
        works = kind not in (START, INPUT)
        if orders.outcome in ("failed", "stuck"):
            meant = works or last if orders.at is None else orders.at == definition["name"]
            if meant:
                return FAILED if orders.outcome == "failed" else None
            return FINISHED
        fails = orders.outcome is None and works and rng.chance(FAILING)
        return FAILED if fails else FINISHED

    def _filled(self, template: Any, before: list[Row]) -> Any:
        """The prompt template with the results of earlier steps (rule 18)."""
        results = {
            step_named(self.version, step["step_id"])["name"]: step["result"] or ""
            for step in before
        }
        return filled_prompt(template, results)


def _too_far(position: int, last: bool) -> bool:
    """Whether the session probably loops."""
    return position >= MOST_STEPS - 1 and not last


def _stretched(steps: list[Row], now: int, after: int) -> list[Row]:
    """The steps, with future times moved so that they end `after` from now."""
    span = max(1, ends(steps[-1]["schedule"]) - now)

    def moved(at: int) -> int:
        return at if at <= now else now + (at - now) * after // span

    return [
        {**step, "schedule": [[state, moved(at)] for state, at in step["schedule"]]}
        for step in steps
    ]
