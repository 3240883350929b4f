"""Sessions: start, read, provide input, cancel. One function serves both namings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.jobs import JobKind, read_schedule, steering
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import Row, World
from mockserver.errors import Conflict, NotFound
from mockserver.vendors.truestate.automations import find_automation
from mockserver.vendors.truestate.graphs import step_named
from mockserver.vendors.truestate.session_rows import (
    OUTCOMES,
    answered,
    cancelled,
    decided,
    is_waiting,
    keep,
    new_session,
    on_the_way,
    states,
)
from mockserver.vendors.truestate.tables import (
    NEW,
    SESSION,
    SESSION_STATUS,
    SESSION_STEP,
    SESSION_WAYS,
)
from mockserver.vendors.truestate.views import AUTOMATIONS, naming_of, session_view

# Sessions, for the dashboard and steering; their steps are their parts.


def _automation_name(world: World, session: Row) -> str:
    automation = world["automations"].get(session["automation_id"])
    return str(automation["name"]) if automation is not None else ""


def _steps(world: World, session: Row) -> Iterable[Row]:
    version = world["versions"].get(session["version_id"])
    assert version is not None, "versions live as long as their sessions"
    for step in session["steps"]:
        yield {**step, "name": step_named(version, step["step_id"])["name"]}


SESSIONS = JobKind(
    "sessions",
    "session",
    SESSION.terminal,
    status=SESSION_STATUS,
    parts=_steps,
    name=_automation_name,
)


def find_session(world: World, request: Request) -> Row:
    """The session of the path, below its own automation (rule 24). Raises NotFound."""
    parent = find_automation(world, request, naming_of(request))
    key = request.path["session_id"]
    row = world["sessions"].get(key)
    if row is None or row["automation_id"] != parent["id"]:
        raise NotFound(f"Session not found: {key}")
    return row


def _shown(world: World, request: Request, row: Row) -> Reply:
    return Reply(200, session_view(world, row, naming_of(request)))


@handles("listSessions", "listLiveFlowSessions")
def list_sessions(world: World, request: Request) -> Reply:
    """All of an automation's, oldest first, as a bare array (rule 26)."""
    naming = naming_of(request)
    parent = find_automation(world, request, naming)
    rows = world["sessions"].scan(automation_id=parent["id"])
    return Reply(200, [session_view(world, row, naming) for row in rows])


@handles("createSession", "createLiveFlowSession")
def create_session(world: World, request: Request) -> Reply:
    """A session of the current version; the payload becomes its inputs (rule 27)."""
    automation = find_automation(world, request, naming_of(request))
    inputs = request.body if request.has_body else {}
    return _shown(world, request, new_session(world, automation, inputs))


@handles("getSession", "getLiveFlowSession")
def get_session(world: World, request: Request) -> Reply:
    return _shown(world, request, find_session(world, request))


@handles("cancelSession")
def cancel_session(world: World, request: Request) -> Reply:
    """An open session is FAILED from now on; an ended one stays unchanged (rules 21 to 23)."""
    row = find_session(world, request)
    ended = cancelled(row, world.now)
    return _shown(world, request, row if ended is row else keep(world, ended))


@handles("addUserInput", "addLiveFlowUserInput")
def add_user_input(world: World, request: Request) -> Reply:
    """Provide the input that a session waits for; it then continues (rule 16).

    Raises Conflict if it does not wait.
    """
    row = find_session(world, request)
    if not is_waiting(row, world.now):
        raise Conflict(f"Session {row['id']} does not wait for input.")
    return _shown(world, request, keep(world, answered(world, row, request.body["user_input"])))


def steer(world: World, job_id: str, order: Mapping[str, Any]) -> dict[str, Any]:
    """End an open session by `{"outcome": ..., "after": seconds}`.

    `{"schedule": [[state, seconds], ...]}` sets the whole course of a new session. Raises NotFound,
    BadRequest for an invalid order, Conflict if the session has ended, or if it waits for input and
    should finish.
    """
    if "schedule" in order:
        return session_view(world, keep(world, _sent_on(world, job_id, order)), AUTOMATIONS)
    outcome, after = steering(order, OUTCOMES)
    row = _session(world, job_id)
    if SESSION_STEP.is_terminal(states(row, world.now)[-1]):
        raise Conflict(f"Session {job_id} has ended and can no longer change.")
    if outcome == "finished" and is_waiting(row, world.now):
        raise Conflict(f"Session {job_id} waits for input; provide it to continue.")
    return session_view(world, keep(world, decided(world, row, outcome, after)), AUTOMATIONS)


def _session(world: World, session_id: str) -> Row:
    row = world["sessions"].get(session_id)
    if row is None:
        raise NotFound(f"Session not found: {session_id}")
    return row


def _sent_on(world: World, session_id: str, order: Mapping[str, Any]) -> Row:
    """A new session that follows a schedule."""
    row = _session(world, session_id)
    if states(row, world.now) != [NEW]:
        raise Conflict(f"Session {session_id} is in progress; only a new one takes a schedule.")
    planned = {"schedule": row["steps"][0]["schedule"][:1]}
    return on_the_way(world, row, read_schedule(order, planned, SESSION_WAYS, world.now))
