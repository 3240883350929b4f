"""Rules 34 to 40: pages, cursors, order, filters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.feather.sandbox import Sandbox

UNKNOWN = "00000000-0000-4000-8000-000000000000"
LISTS = ["/agents", "/personas", "/scenarios", "/sim-suites", "/simulation/runs"]

rule = pytest.mark.rule


def names(sandbox: Sandbox, path: str, **query: Any) -> list[str]:
    return [row["name"] for row in sandbox.get(path, **query)["items"]]


def walk(sandbox: Sandbox, path: str, limit: int, **query: Any) -> list[str]:
    found: list[str] = []
    while True:
        page = sandbox.get(path, limit=limit, **query)
        found += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


@rule("feather", 34)
@pytest.mark.parametrize("path", LISTS)
def test_rule_034_the_envelope(sandbox: Sandbox, path: str) -> None:
    whole = sandbox.get(path)
    assert whole.keys() == {"items", "next_cursor", "has_more"}
    assert (whole["has_more"], whole["next_cursor"]) == (False, None)
    part = sandbox.get(path, limit=2)
    assert part["has_more"] is True
    assert isinstance(part["next_cursor"], str)
    assert part["items"] == whole["items"][:2]


@rule("feather", 35)
def test_rule_035_limits(sandbox: Sandbox) -> None:
    for number in range(210):
        sandbox.post("/sim-suites", {"name": f"s{number}"})
    assert len(sandbox.get("/sim-suites")["items"]) == 50
    assert len(sandbox.get("/sim-suites", limit=1)["items"]) == 1
    assert len(sandbox.get("/sim-suites", limit=200)["items"]) == 200


@rule("feather", 36)
def test_rule_036_cursors_survive_changes(sandbox: Sandbox) -> None:
    made = []
    for number in range(6):
        made.append(sandbox.post("/personas", {"name": f"p{number}", "body": "b"})["id"])
        sandbox.wait(1)
    first = sandbox.get("/personas", limit=2)
    assert [row["id"] for row in first["items"]] == made[:-3:-1]
    sandbox.post("/personas", {"name": "newer", "body": "b"})
    sandbox.delete(f"/personas/{made[4]}")  # the row that the cursor was made from
    sandbox.delete(f"/personas/{made[3]}")
    second = sandbox.get("/personas", limit=2, cursor=first["next_cursor"])
    assert [row["id"] for row in second["items"]] == [made[2], made[1]]


@rule("feather", 37)
def test_rule_037_cursors_of_something_else(sandbox: Sandbox) -> None:
    cursor = sandbox.get("/personas", limit=1)["next_cursor"]
    assert sandbox.get("/personas", cursor="garbage", expect=400)["error"] == "bad_request"
    sandbox.get("/personas", cursor="", expect=400)
    sandbox.get("/personas", cursor=cursor, is_active=True, expect=400)
    sandbox.get("/agents", cursor=cursor, expect=400)
    sandbox.get("/personas", cursor=cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), expect=400)
    suites = [sandbox.suite(*[sandbox.scenario()] * 2) for _ in range(2)]
    agent = sandbox.agent()
    for suite in suites * 2:
        sandbox.dispatch(suite, agent)
    one, other = (f"/sim-suites/{suite['id']}/runs" for suite in suites)
    cursor = sandbox.get(one, limit=1)["next_cursor"]
    sandbox.get(one, cursor=cursor, limit=5)
    sandbox.get(other, cursor=cursor, expect=400)


@rule("feather", 38)
@pytest.mark.parametrize("path", LISTS)
def test_rule_038_newest_first_then_by_id(sandbox: Sandbox, path: str) -> None:
    for _ in range(3):
        sandbox.batch("mock:completed", "mock:completed")  # all at one instant
    sandbox.wait(1)
    sandbox.batch("mock:completed")
    rows = sandbox.get(path, limit=200)["items"]
    keys = [(row["created_at"], row["id"]) for row in rows]
    assert keys == sorted(keys, reverse=True)
    assert walk(sandbox, path, 3) == [row["id"] for row in rows]


@rule("feather", 38)
def test_rule_038_items_and_children_oldest_first(sandbox: Sandbox) -> None:
    scenarios = [sandbox.scenario("mock:failed") for _ in range(6)]
    suite = sandbox.suite(*scenarios)
    late = sandbox.scenario("mock:failed")
    pair = {"persona_id": sandbox.persona()["id"], "scenario_id": late["id"]}
    sandbox.post(f"/sim-suites/{suite['id']}/items", pair)
    expected = [scenario["id"] for scenario in [*scenarios, late]]
    suite = sandbox.get(f"/sim-suites/{suite['id']}")
    assert [item["scenario_id"] for item in suite["items"]] == expected
    suite_run = sandbox.dispatch(suite, sandbox.agent())
    assert [run["scenario_id"] for run in suite_run["runs"]] == expected
    sandbox.wait()
    assert [run["scenario_id"] for run in sandbox.retry(suite_run)["runs"]] == expected * 2


@rule("feather", 39)
def test_rule_039_filters_combine(sandbox: Sandbox) -> None:
    agents = [sandbox.agent(), sandbox.agent()]
    for agent in agents:
        for tag in ("mock:completed", "mock:failed", "mock:stuck"):
            sandbox.run(agent, sandbox.scenario(tag))
    sandbox.wait()
    for status in ("completed", "failed", "running"):
        rows = sandbox.get("/simulation/runs", status=status, agent_id=agents[0]["id"])["items"]
        assert [(row["status"], row["agent_id"]) for row in rows] == [(status, agents[0]["id"])]
    empty = {"items": [], "next_cursor": None, "has_more": False}
    assert sandbox.get("/simulation/runs", agent_id=UNKNOWN) == empty
    assert sandbox.get("/scenarios", agent_id=UNKNOWN) == empty
    assert sandbox.get("/scenarios", source_agent_id=UNKNOWN) == empty
    assert sandbox.get("/scenarios", source_persona_id=UNKNOWN) == empty


@rule("feather", 39)
@pytest.mark.parametrize(
    "status", ["pending", "running", "completed", "failed", "cancelled", "budget_exceeded"]
)
def test_rule_039_every_row_has_the_status_that_was_asked_for(
    sandbox: Sandbox, status: str
) -> None:
    tags = ("mock:completed", "mock:failed", "mock:budget_exceeded", "mock:stuck")
    sandbox.batch(*tags)
    sandbox.cancel(sandbox.batch(*tags))
    for _ in range(12):
        rows = sandbox.get("/simulation/runs", status=status, limit=200)["items"]
        assert {row["status"] for row in rows} <= {status}
        everything = sandbox.get("/simulation/runs", limit=200)["items"]
        assert rows == [row for row in everything if row["status"] == status]
        sandbox.wait(3)


@rule("feather", 39)
def test_rule_039_sources(sandbox: Sandbox) -> None:
    agent, persona = sandbox.agent(), sandbox.persona()
    body = {"name": "n", "intent": "i"}
    drafted = {
        "source": "drafted",
        "source_agent_id": agent["id"],
        "source_persona_id": persona["id"],
    }
    made = sandbox.post("/scenarios", {**body, **drafted, "agent_ids": [agent["id"]]})
    other = sandbox.post("/scenarios", body)
    for query in (
        *({name: value} for name, value in drafted.items() if name != "source"),
        {"agent_id": agent["id"]},
        {**drafted, "agent_id": agent["id"]},
    ):
        rows = sandbox.get("/scenarios", **query)["items"]
        assert [row["id"] for row in rows] == [made["id"]]
    assert other["id"] in [row["id"] for row in sandbox.get("/scenarios", source="manual")["items"]]


@rule("feather", 40)
def test_rule_040_texts_are_found_in_any_case(sandbox: Sandbox) -> None:
    sandbox.post("/personas", {"name": "ZEBRA one", "body": "b"})
    sandbox.post("/personas", {"name": "two", "body": "zebra", "description": "no Zebra here"})
    sandbox.post("/personas", {"name": "three", "body": "zebra"})
    assert set(names(sandbox, "/personas", search="zebra")) == {"ZEBRA one", "two"}
    for name in ("Nightly ZEBRA", "zebra", "horse"):
        sandbox.post("/sim-suites", {"name": name, "description": "zebra"})
    assert set(names(sandbox, "/sim-suites", name_contains="Zebra")) == {"Nightly ZEBRA", "zebra"}
    assert names(sandbox, "/sim-suites", name_contains="unheard of") == []


@rule("feather", 40)
def test_rule_040_all_tags_must_be_there(sandbox: Sandbox) -> None:
    for name, tags in (("ab", ["qa", "qb"]), ("a", ["qa"]), ("none", [])):
        sandbox.post("/scenarios", {"name": name, "intent": "i", "tags": tags})
    assert set(names(sandbox, "/scenarios", tags=["qa"])) == {"ab", "a"}
    assert names(sandbox, "/scenarios", tags=["qa", "qb"]) == ["ab"]
    assert names(sandbox, "/scenarios", tags=["qa", "QB"]) == []


@rule("feather", 40)
def test_rule_040_created_after_is_inclusive(sandbox: Sandbox) -> None:
    sandbox.post("/scenarios", {"name": "first", "intent": "i"})
    sandbox.wait(10)
    second = sandbox.post("/scenarios", {"name": "second", "intent": "i"})
    assert names(sandbox, "/scenarios", created_after=second["created_at"]) == ["second"]
    before = second["created_at"].replace("10.000000Z", "09.999999Z")
    assert names(sandbox, "/scenarios", created_after=before) == ["second"]
    offset = second["created_at"].replace("T00:00:10.000000Z", "T02:00:10.000001+02:00")
    assert offset != second["created_at"]
    assert names(sandbox, "/scenarios", created_after=offset) == []


@rule("feather", 40)
def test_rule_040_active_ones(sandbox: Sandbox) -> None:
    for path in ("/personas", "/sim-suites"):
        active = sandbox.get(path, is_active=True)["items"]
        retired = sandbox.get(path, is_active=False)["items"]
        assert active
        assert retired
        assert len(active) + len(retired) == len(sandbox.get(path)["items"])
        assert {row["is_active"] for row in active} == {True}
