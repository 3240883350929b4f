"""Rules 42 to 54 of Speechify: suite runs and their cancel."""

from __future__ import annotations

from itertools import product

import pytest

from mockserver import MockServer
from tests.vendors.speechify.newer_shape import BUCKETS, batch, check, listed
from tests.vendors.speechify.sandbox import SUITES, Sandbox

ENDS = ("passed", "failed", "errored")


@pytest.mark.rule("speechify", 42)
def test_rule_42_run_all_batch_and_resubmit_make_one_suite_run_each(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    test = sandbox.test(agent, "failed")
    before = len(listed(sandbox))
    sandbox.run(test)
    assert len(listed(sandbox)) == before
    made = [
        sandbox.post(f"/agents/{agent['id']}/tests/runs")["suite_run"],
        batch(sandbox, test)["suite_run"],
    ]
    sandbox.wait()
    made.append(sandbox.resubmit(made[0]))
    newest = listed(sandbox)
    assert len(newest) == before + 3
    assert {suite["id"] for suite in newest[:3]} == {suite["id"] for suite in made}


@pytest.mark.rule("speechify", 43)
def test_rule_43_trigger_agent_and_parent(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    test = sandbox.test(agent, "failed")
    whole = sandbox.post(f"/agents/{agent['id']}/tests/runs")["suite_run"]
    some = batch(sandbox, test)["suite_run"]
    sandbox.wait()
    again, of_batch = sandbox.resubmit(whole), sandbox.resubmit(some)
    told = [
        (suite["trigger"], suite["agent_id"], suite["parent_suite_run_id"])
        for suite in map(sandbox.read_suite, (whole, some, again, of_batch))
    ]
    assert told == [
        ("run_all", agent["id"], None),
        ("batch", None, None),
        ("resubmit", agent["id"], whole["id"]),
        ("resubmit", None, some["id"]),
    ]


@pytest.mark.rule("speechify", 44)
def test_rule_44_a_fresh_suite_is_running(sandbox: Sandbox) -> None:
    suite = sandbox.suite("passed", "passed")
    assert (suite["status"], suite["pending"], suite["running"]) == ("running", 2, 0)


@pytest.mark.rule("speechify", 44)
@pytest.mark.parametrize(
    ("outcomes", "status", "verdict"),
    [
        (("passed", "passed"), "completed", "passed"),
        (("passed", "failed"), "completed", "failed"),
        (("passed", "errored"), "failed", None),
        (("failed", "errored"), "failed", None),
        (("errored", "errored"), "failed", None),
        (("passed", "stuck"), "running", None),
        (("errored", "stuck"), "running", None),
    ],
)
def test_rule_44_status_follows_from_the_children(
    sandbox: Sandbox, outcomes: tuple[str, ...], status: str, verdict: str | None
) -> None:
    suite = sandbox.finished(*outcomes)
    check(suite)
    assert (suite["status"], suite["verdict"]) == (status, verdict)


@pytest.mark.rule("speechify", 45)
def test_rule_45_the_end_is_the_latest_end_of_the_children(sandbox: Sandbox) -> None:
    suite = sandbox.suite("passed", "errored", "failed")
    while suite["status"] == "running":
        assert suite["ended_at"] is None
        sandbox.wait(0.3)
        suite = sandbox.read_suite(suite)
    assert suite["ended_at"] == max(run["ended_at"] for run in suite["runs"])


@pytest.mark.rule("speechify", 46)
@pytest.mark.parametrize("outcomes", list(product(ENDS, repeat=2)))
def test_rule_46_a_verdict_only_when_completed(sandbox: Sandbox, outcomes: tuple[str, ...]) -> None:
    suite = sandbox.finished(*outcomes)
    if "errored" in outcomes:
        assert (suite["status"], suite["verdict"]) == ("failed", None)
    else:
        assert suite["verdict"] == ("failed" if "failed" in outcomes else "passed")


@pytest.mark.rule("speechify", 47)
@pytest.mark.rule("speechify", 48)
def test_rules_47_and_48_the_counts_add_up_at_every_moment(sandbox: Sandbox) -> None:
    suite = sandbox.suite("passed", "failed", "errored", "slow", "stuck", "passed")
    for step in range(60):
        shown = sandbox.read_suite(suite)
        check(shown)
        (row,) = [row for row in listed(sandbox) if row["id"] == suite["id"]]
        assert row == {name: part for name, part in shown.items() if name != "runs"}
        if step == 20:
            check(sandbox.cancel_suite(suite))
        sandbox.wait(0.25)


@pytest.mark.rule("speechify", 49)
def test_rule_49_cancel_ends_open_children_and_spares_the_others(sandbox: Sandbox) -> None:
    suite = sandbox.suite("passed", "failed", "errored", "stuck", "stuck")
    sandbox.wait()
    before = {run["id"]: run for run in sandbox.read_suite(suite)["runs"]}
    after = sandbox.cancel_suite(suite)
    assert len(after["runs"]) == 5
    for run in after["runs"]:
        if before[run["id"]]["status"] == "running":
            assert run["status"] == "cancelled"
            assert run["started_at"] == before[run["id"]]["started_at"]
        else:
            assert run == before[run["id"]]
    fresh = sandbox.cancel_suite(sandbox.suite("passed", "failed"))
    assert [run["status"] for run in fresh["runs"]] == ["cancelled"] * 2


@pytest.mark.rule("speechify", 50)
@pytest.mark.parametrize("ended", [(), ("passed",), ("failed",), ("errored",), ENDS])
def test_rule_50_a_cancel_that_touched_a_child_wins(
    sandbox: Sandbox, ended: tuple[str, ...]
) -> None:
    suite = sandbox.suite(*ended, "stuck")
    sandbox.wait()
    cancelled = sandbox.cancel_suite(suite)
    check(cancelled)
    assert (cancelled["status"], cancelled["verdict"]) == ("cancelled", None)
    assert cancelled["cancelled"] == 1


@pytest.mark.rule("speechify", 51)
@pytest.mark.parametrize("outcomes", [("passed",), ("failed", "errored"), ("stuck",)])
def test_rule_51_cancel_on_a_terminal_suite_changes_nothing(
    sandbox: Sandbox, outcomes: tuple[str, ...]
) -> None:
    suite = sandbox.finished(*outcomes)
    if outcomes == ("stuck",):
        sandbox.cancel_suite(suite)
    before = sandbox.send("GET", f"{SUITES}/{suite['id']}").content
    for _ in range(3):
        sandbox.wait(5)
        assert sandbox.send("POST", f"{SUITES}/{suite['id']}/cancel").content == before


@pytest.mark.rule("speechify", 52)
def test_rule_52_cancel_knows_404_and_401(server: MockServer, sandbox: Sandbox) -> None:
    sandbox.post(f"{SUITES}/srun_x/cancel", expect=404)
    sandbox.post(f"{SUITES}/srun_0123456789ABCDEFGHJKMNPQRS/cancel", expect=404)
    suite = sandbox.suite("passed")
    nobody = server.client_for("").post(f"/v1{SUITES}/{suite['id']}/cancel")
    assert nobody.status_code == 401
    assert sandbox.read_suite(suite)["cancelled"] == 0


@pytest.mark.rule("speechify", 53)
def test_rule_53_cancelling_each_child_is_cancelling_the_suite(sandbox: Sandbox) -> None:
    whole = sandbox.suite("passed", "errored", "stuck", "slow")
    single = sandbox.suite("passed", "errored", "stuck", "slow")
    sandbox.wait(8)
    open_ = [run for run in sandbox.read_suite(single)["runs"] if run["ended_at"] is None]
    assert open_
    for run in open_:
        sandbox.cancel(run)
    derived = ("status", "verdict", "total", *BUCKETS, "results", "ended_at")
    first, second = sandbox.cancel_suite(whole), sandbox.read_suite(single)
    assert {name: first[name] for name in derived} == {name: second[name] for name in derived}


@pytest.mark.rule("speechify", 54)
def test_rule_54_cancel_takes_no_idempotency_key(sandbox: Sandbox) -> None:
    one, two = sandbox.suite("stuck"), sandbox.suite("stuck")
    for suite in (one, two, one):
        reply = sandbox.send(
            "POST", f"{SUITES}/{suite['id']}/cancel", headers={"Idempotency-Key": "k"}
        )
        assert reply.json()["id"] == suite["id"]
        assert "idempotent-replayed" not in reply.headers
