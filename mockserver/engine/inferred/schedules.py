"""Schedules of inferred jobs: which states they pass, and when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mockserver.engine.jobs import cut
from mockserver.engine.timestamps import LATEST, SECOND, seconds
from mockserver.engine.world import Row
from mockserver.inference.resource_model import States
from mockserver.inference.state_words import PAUSED, STANDING, TIMED_OUT
from mockserver.inference.states import is_work, spelled
from mockserver.inference.words import bag, is_period, snake_case, tokens

Schedule = list[list[Any]]
_WAITING = 1.0
_WORKING = 4.0
_SEVERAL = 2.0
_LEAVING = 3.0
_PATIENCE = 3600.0


def plan_job(
    states: States, now: int, pace: float, first: str | None = None, until: int | None = None
) -> Schedule:
    """The states of a new job with their times; at `until` it times out."""
    begun = first or states.new or next(iter((*states.initial, *states.active)), "")
    schedule = go_on(states, [[begun, now]], pace)
    late = timed_out(states)
    waits = schedule[-1][0] in states.holds or (not states.moves and states.timeout is not None)
    if until is not None and late is not None and waits:
        schedule.append([late, max(until, schedule[-1][1] + 1)])
    return schedule


def go_on(states: States, schedule: Schedule, pace: float) -> Schedule:
    """The schedule continued from its last state, as far as time alone leads."""
    state, at = schedule[-1]
    if state in states.leads:
        after = states.leads[state] or _before(states, schedule)
        if after and after != state:
            at += seconds(states.lasts.get(state, _LEAVING) * pace)
            schedule.append([after, at])
            return go_on(states, schedule, pace) if after in states.active else schedule
        return schedule
    if not states.moves and not is_work(spelled(state).split("_")[-1]):
        return schedule
    if state in states.terminal and state not in states.path[:-1]:
        return schedule
    path = states.path
    place = path.index(state) if state in path else _place(states, state)
    several = len([one for one in path if one in states.active]) > 1
    while place < len(path) - 1 and schedule[-1][0] not in states.holds:
        state = schedule[-1][0]
        usual = _SEVERAL if several else _WORKING
        lasts = states.lasts.get(state, _WAITING if state in states.initial else usual)
        at += seconds(lasts * pace)
        place += 1
        schedule.append([path[place], at])
    return schedule


def _place(states: States, state: str) -> int:
    """Where a state outside the usual path joins it."""
    if state in states.initial:
        begun = [n for n, one in enumerate(states.path) if one in states.initial]
        return begun[-1] if begun else -1
    if state in states.active:
        working = [n for n, one in enumerate(states.path) if one in states.active]
        return working[-1] if working else len(states.path) - 2
    return len(states.path)


def _before(states: States, schedule: Schedule) -> str:
    """The state to return to after a restart or an update: the previous one, or the usual one."""
    if spelled(schedule[-1][0]).split("_")[0] in _GOES:
        return ""
    standing = [v for v in states.success if spelled(v).split("_")[-1] in STANDING]
    for state, _ in reversed(schedule[:-1]):
        if state in standing:
            return str(state)
    return next(iter((*standing, *states.success)), "")


_GOES = bag("deleting removing destroying deprovisioning terminating purging delete")


def goes(states: States, schedule: Sequence[Sequence[Any]], pace: float) -> int:
    """When an entity that is being deleted is gone."""
    state, at = schedule[-1]
    return int(at) + (seconds(_LEAVING * pace) if state in states.leads else 0)


def set_to(states: States, schedule: Schedule, state: str, now: int, pace: float) -> Schedule:
    """The schedule of an entity after a client moved it to a state; it continues from there."""
    return go_on(states, cut(schedule, state, now), pace)


def led(states: States, row: Row, before: Any, state: str, now: int, pace: float) -> dict[str, Any]:
    """The row of an entity after a client moved it from one state to another.

    A steered job keeps the rest of its plan; once it has ended, a restart takes the usual way.
    """
    known = row.get("schedule") or [[before, row.get("at", now)]]
    if not row.get("steered") or before in states.terminal or state in states.terminal:
        after = {**row, "schedule": set_to(states, list(known), state, now, pace)}
        after.pop("steered", None)
        return after
    rest = [[planned, at] for planned, at in known if at > now]
    index = next((n for n, (planned, _) in enumerate(rest) if planned == state), None)
    early = rest[index][1] - now if index is not None else 0
    rest = [[planned, at - early] for planned, at in rest[0 if index is None else index + 1 :]]
    return {**row, "schedule": [*cut(known, state, now), *rest]}


def timed_out(states: States) -> str | None:
    """The state after a timeout."""
    return next((v for v in states.failure if spelled(v) in TIMED_OUT), None)


def is_paused(states: States, state: object) -> bool:
    return isinstance(state, str) and spelled(state).split("_")[-1] in PAUSED


def deadline(states: States, sent: Mapping[str, Any], now: int) -> int | None:
    """Until when a new entity waits, if it times out; as the client says, if it does."""
    if states.timeout is None and timed_out(states) is None:
        return None
    for name, value in sent.items():
        word = snake_case(name)
        if name == states.timeout or is_period(name):
            found = _instant(word, value, now)
            if found is not None:
                return found
    return now + seconds(_PATIENCE) if states.timeout is not None else None


def asked_until(sent: Mapping[str, Any], now: int) -> int | None:
    """Until when something lasts for which a client has named a period: `{"ttl": 3600}`."""
    found = (_instant(snake_case(n), v, now) for n, v in sent.items() if is_period(n))
    return next((until for until in found if until is not None), None)


_ADDED = bag("seconds minutes hours days weeks months years duration period ttl extension by")
"""Words in the names of a period by which something is extended."""


def extended(sent: Mapping[str, Any], until: int, lasted: int) -> int:
    """The time `until` extended by the period that is sent, else by the time it has `lasted`."""
    for name, value in sent.items():
        words = tokens(name)
        if not _ADDED.isdisjoint(words):
            found = _instant("_" + "_".join(words), value, until)
            if found is not None:
                return found
    return min(until + lasted, LATEST)


_PERIOD = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|sec|min|hour|day)[a-z]*\s*", re.IGNORECASE)
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
_UNITS = {
    "ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hour": 3600, "d": 86400,
    "day": 86400, "week": 604_800, "month": 2_629_800, "year": 31_557_600,
}  # fmt: skip


def _instant(word: str, value: Any, now: int) -> int | None:
    """A duration or a time, as a time in the future; None for what is neither."""
    try:
        found = _ending(word, value, now)
    except (OverflowError, ValueError):
        return None
    return found if found is None else min(found, LATEST)


def _ending(word: str, value: Any, now: int) -> int | None:
    """When a duration ends, or a time in the future. Raises OverflowError, ValueError."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        if value * SECOND > now:
            return int(value * SECOND)
        unit = next((u for u in _UNITS if word.endswith((f"_{u}", f"_{u}s", f"_{u}utes"))), "s")
        return now + seconds(float(value) * _UNITS[unit])
    text = str(value)
    found = _PERIOD.fullmatch(text)
    if found:
        return now + seconds(float(found[1]) * _UNITS[found[2].lower()])
    iso = _ISO.fullmatch(text)
    if iso and any(iso.groups()):
        days, hours, minutes, rest = (int(part or 0) for part in iso.groups())
        return now + seconds(days * 86400 + hours * 3600 + minutes * 60 + rest)
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return now + seconds(float(text)) if text.isdigit() else None
    return int(at * SECOND) if at * SECOND > now else None


def instant_of(value: Any) -> int | None:
    """The instant of a time as text or as a number since 1970, in seconds or milliseconds."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10**11:
        value /= 1000
    return _instant("", value, 0)


def state_before(states: States, entity_schedule: Schedule, state: object) -> Any:
    """The last other state that an entity was in; the first one if there was none."""
    others = (one for one, _ in reversed(entity_schedule) if one != state)
    return next(others, states.new)


# -- where the state stands in the data


def state_of(states: States, data: Mapping[str, Any]) -> Any:
    """The state in the data."""
    found: Any = data.get(states.name)
    for name in states.inner:
        found = found.get(name) if isinstance(found, Mapping) else None
    if states.codes:
        return next((state for state, code in states.codes.items() if code == found), found)
    return found


def code_of(states: States, state: Any) -> Any:
    """The value that stands for a state."""
    return states.codes.get(state, state) if states.codes else state


def with_state(states: States, data: Mapping[str, Any], state: Any) -> Any:
    """The value of the status property for this state."""
    return put_at(data.get(states.name), states.inner, code_of(states, state))


def put_at(holder: Any, path: Sequence[str], value: Any) -> Any:
    """What a place holds once the value stands at this path in it."""
    if not path:
        return value
    inner = dict(holder) if isinstance(holder, Mapping) else {}
    return {**inner, path[0]: put_at(inner.get(path[0]), path[1:], value)}


def past(states: States, state: str, at: int) -> list[list[Any]]:
    """A schedule in the past that ends in this state."""
    path = states.path
    before = path[: path.index(state)] if state in path else path[:1]
    if state in states.terminal and state not in path:
        before = path[:2] if len(path) > 2 else path[:1]
    schedule: list[list[Any]] = [[one, at + place * SECOND] for place, one in enumerate(before)]
    schedule.append([state, at + 30 * SECOND if schedule else at])
    return schedule
