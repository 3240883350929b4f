"""The seed world."""

from __future__ import annotations

from tests.vendors.truestate.sandbox import DOCUMENTED, Sandbox


def test_it_shows_sessions_in_every_state(sandbox: Sandbox) -> None:
    flows = sandbox.get("/live_flows/")
    states = {session["status"] for flow in flows for session in flow["sessions"]}
    assert states == {"RUNNING", "WAITING_FOR_USER_INPUT", "FINISHED", "FAILED"}


def test_the_documented_ids_are_there(sandbox: Sandbox) -> None:
    session = sandbox.get(f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}/")
    assert session["status"] == "RUNNING"
    live = sandbox.get(f"/live_flows/{DOCUMENTED}/sessions/{DOCUMENTED}/")
    assert live["status"] == "WAITING_FOR_USER_INPUT"


def test_what_it_says_is_filled_in(sandbox: Sandbox) -> None:
    texts = sandbox.client.get("/live_flows/").text
    assert "{company}" not in texts
    assert "{name}" not in texts
    assert "${ask_order.result}" in texts  # in the template, not in the prompt


def test_every_key_has_its_own(sandbox: Sandbox) -> None:
    sandbox.call("PATCH", f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}/cancel")
    other = sandbox.server.client_for("mock-fresh")
    fresh = other.get(f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}/").json()
    assert fresh["status"] == "RUNNING"
    assert [each["id"] for each in other.get("/automations/").json()] == [
        each["id"] for each in sandbox.get("/automations/")
    ]
