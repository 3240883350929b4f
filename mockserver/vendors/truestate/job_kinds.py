"""Sessions, for the dashboard and steering; their steps are their parts."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.engine.jobs.overview import JobKind
from mockserver.engine.world import Row, World
from mockserver.vendors.truestate.graphs import step_named
from mockserver.vendors.truestate.tables import SESSION, SESSION_STATUS


def _session(world: World, session: Row) -> str:
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
    name=_session,
)
