"""Steering an open session, as the admin API does."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.errors import BadRequest, Conflict, MockServerError, NotFound
from mockserver.vendors.truestate import TRUESTATE
from tests.vendors.truestate.sandbox import ASK, PAINT, START, THINK, UNKNOWN, Sandbox, chain


def steer(sandbox: Sandbox, session_id: str, **order: Any) -> Any:
    assert TRUESTATE.jobs.steer is not None
    with sandbox.server.mock.store.begin(sandbox.server.key) as world:
        shown = TRUESTATE.jobs.steer(world, session_id, order)
        world.commit()
    return shown


@pytest.mark.parametrize("wait", [0, 1.55, 4])
@pytest.mark.parametrize(("outcome", "end"), [("finished", "FINISHED"), ("failed", "FAILED")])
def test_it_ends_as_and_when_it_is_told(
    sandbox: Sandbox, wait: float, outcome: str, end: str
) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK, PAINT)), outcome="stuck")
    sandbox.wait(wait)
    assert steer(sandbox, session["id"], outcome=outcome, after=20)["status"] == "RUNNING"
    sandbox.wait(19.9)
    assert sandbox.again(session)["status"] == "RUNNING"
    sandbox.wait(0.1)
    assert sandbox.again(session)["status"] == end


def test_at_once(sandbox: Sandbox) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK, PAINT)), slow=True)
    assert steer(sandbox, session["id"], outcome="finished")["status"] == "FINISHED"
    assert sandbox.again(session)["steps_count"] == 3


def test_a_question_is_still_asked(sandbox: Sandbox) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK, ASK, PAINT)))
    steer(sandbox, session["id"], outcome="finished", after=5)
    sandbox.wait(5)
    assert sandbox.live(session)["status"] == "WAITING_FOR_USER_INPUT"
    with pytest.raises(Conflict):
        steer(sandbox, session["id"], outcome="finished")
    assert steer(sandbox, session["id"], outcome="failed")["status"] == "FAILED"


def test_stuck_is_for_ever(sandbox: Sandbox) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK)))
    steer(sandbox, session["id"], outcome="stuck")
    sandbox.wait(86_400)
    assert sandbox.again(session)["status"] == "RUNNING"


def test_what_has_ended_stays(sandbox: Sandbox) -> None:
    session = sandbox.ended(chain(START))
    with pytest.raises(Conflict):
        steer(sandbox, session["id"], outcome="failed")


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({}, BadRequest),
        ({"outcome": "cancelled"}, BadRequest),
        ({"outcome": "failed", "at": "think"}, BadRequest),
        ({"outcome": "failed", "after": -1}, BadRequest),
        ({"outcome": "failed", "after": "1"}, BadRequest),
        ({"outcome": "failed", "after": True}, BadRequest),
        ({"outcome": "failed"}, NotFound),
    ],
)
def test_other_orders_are_refused(
    sandbox: Sandbox, order: dict[str, Any], error: type[MockServerError]
) -> None:
    with pytest.raises(error):
        steer(sandbox, UNKNOWN, **order)
