"""Rules 21 to 23: cancelling a session."""

from __future__ import annotations

import pytest

from tests.vendors.truestate.sandbox import ASK, DOCUMENTED, START, THINK, Sandbox, chain, names


@pytest.mark.rule("truestate", 21)
def test_rule_21_cancel_answers_with_the_full_session(sandbox: Sandbox) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK)))
    sandbox.wait(3)
    before = sandbox.again(session)
    cancelled = sandbox.cancel(session)
    assert cancelled.keys() == before.keys()
    assert cancelled == sandbox.again(session)
    assert cancelled["steps_count"] == len(cancelled["steps"]) == before["steps_count"]


@pytest.mark.rule("truestate", 21)
def test_rule_21_a_body_is_not_looked_at(sandbox: Sandbox) -> None:
    path = f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}/cancel"
    sandbox.call("PATCH", path, content=b"{not json")


@pytest.mark.rule("truestate", 21)
def test_rule_21_the_documentation_s_own_curl(sandbox: Sandbox) -> None:
    """As on the vendor's page, with another host and key: it sends only the header."""
    reply = sandbox.server.client_for("").patch(
        f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}/cancel",
        headers={"Authorization": "Bearer mock-key"},
    )
    assert reply.status_code == 200
    assert (reply.json()["id"], reply.json()["automation_id"]) == (DOCUMENTED, DOCUMENTED)
    assert reply.json()["status"] == "FAILED"


@pytest.mark.rule("truestate", 22)
@pytest.mark.parametrize("seconds", [0, 0.5, 1.6, 3, 60])
def test_rule_22_an_open_session_is_failed_and_says_why(sandbox: Sandbox, seconds: float) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK, ASK)))
    sandbox.wait(seconds)
    before = sandbox.again(session)
    sandbox.wait(0.01)
    cancelled = sandbox.cancel(session)
    assert before["status"] in ("NEW", "RUNNING")
    assert (cancelled["status"], cancelled["error"]) == ("FAILED", "The session was cancelled.")
    assert cancelled["current_step"]["status"] == "FAILED"
    assert cancelled["current_step"]["error"] == cancelled["error"]
    assert cancelled["updated_at"] > before["updated_at"]
    assert cancelled["steps"][:-1] == before["steps"][:-1]
    assert names(cancelled) == names(before)


@pytest.mark.rule("truestate", 22)
def test_rule_22_nothing_that_was_to_come_comes(sandbox: Sandbox) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK)))
    sandbox.wait(2)
    cancelled = sandbox.cancel(session)
    sandbox.wait()
    assert sandbox.again(session) == cancelled
    sandbox.answer(session, "red", 409)


@pytest.mark.rule("truestate", 23)
@pytest.mark.parametrize("outcome", ["finished", "failed"])
def test_rule_23_an_ended_session_stays_as_it_is(sandbox: Sandbox, outcome: str) -> None:
    ended = sandbox.ended(chain(START, THINK), outcome=outcome)
    for _ in range(2):
        sandbox.wait(10)
        assert sandbox.cancel(ended) == ended
    assert sandbox.again(ended) == ended


@pytest.mark.rule("truestate", 23)
def test_rule_23_a_second_cancel_changes_nothing(sandbox: Sandbox) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK)))
    once = sandbox.cancel(session)
    sandbox.wait(10)
    assert sandbox.cancel(session) == once
