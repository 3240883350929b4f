"""Rules 13 to 17 of Speechify: lists."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.vendors.speechify.sandbox import FOLDERS, SUITES, TESTS, Json, Sandbox

Fill = Callable[[Sandbox], str]


def _agents(sandbox: Sandbox) -> str:
    for number in range(4):
        sandbox.agent(f"Agent {number}")
    return "/agents"


def _tests_of_agent(sandbox: Sandbox) -> str:
    agent = sandbox.agent()
    for _ in range(4):
        sandbox.test(agent)
    return f"/agents/{agent['id']}/tests"


def _all_tests(sandbox: Sandbox) -> str:
    _tests_of_agent(sandbox)
    return TESTS


def _folders(sandbox: Sandbox) -> str:
    for number in range(4):
        sandbox.folder(f"Folder {number}")
    return FOLDERS


def _runs(sandbox: Sandbox) -> str:
    test = sandbox.test(sandbox.agent())
    for _ in range(4):
        sandbox.run(test)
        sandbox.wait(1)
    return f"{TESTS}/{test['id']}/runs"


def _suites(sandbox: Sandbox) -> str:
    for _ in range(4):
        sandbox.suite("passed")
        sandbox.wait(1)
    return SUITES


LISTS: dict[str, tuple[str, Fill]] = {
    "agents": ("agents", _agents),
    "tests of an agent": ("tests", _tests_of_agent),
    "all tests": ("tests", _all_tests),
    "folders": ("folders", _folders),
    "runs": ("runs", _runs),
    "suite runs": ("suite_runs", _suites),
}
each_list = pytest.mark.parametrize("name", LISTS)


def _walk(sandbox: Sandbox, path: str, limit: int = 3) -> list[Json]:
    """Every page of a list."""
    pages = [sandbox.get(path, limit=limit)]
    while pages[-1]["has_more"]:
        pages.append(sandbox.get(path, limit=limit, cursor=pages[-1]["next_cursor"]))
    return pages


@each_list
@pytest.mark.rule("speechify", 13)
def test_rule_13_the_envelope_has_three_parts(sandbox: Sandbox, name: str) -> None:
    rows, fill = LISTS[name]
    page = sandbox.get(fill(sandbox))
    assert page.keys() == {"next_cursor", "has_more", rows}
    assert len(page[rows]) >= 4


@each_list
@pytest.mark.rule("speechify", 14)
def test_rule_14_the_cursor_is_null_exactly_on_the_last_page(sandbox: Sandbox, name: str) -> None:
    rows, fill = LISTS[name]
    pages = _walk(sandbox, fill(sandbox))
    assert len(pages) > 1
    assert all((page["next_cursor"] is None) == (not page["has_more"]) for page in pages)
    assert [len(page[rows]) for page in pages[:-1]] == [3] * (len(pages) - 1)


@pytest.mark.rule("speechify", 15)
@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "", "1.5"])
def test_rule_15_a_limit_outside_1_to_200_is_400(sandbox: Sandbox, limit: str) -> None:
    for path in ("/agents", TESTS, FOLDERS, SUITES):
        error = sandbox.refused("GET", path, 400, params={"limit": limit})
        assert error["fields"].keys() == {"limit"}


@pytest.mark.rule("speechify", 15)
def test_rule_15_a_page_has_50_rows_unless_told(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    for _ in range(60):
        sandbox.test(agent)
    path = f"/agents/{agent['id']}/tests"
    assert len(sandbox.get(path)["tests"]) == 50
    assert len(sandbox.get(path, limit=200)["tests"]) == 60
    assert len(sandbox.get(path, limit=1)["tests"]) == 1


@each_list
@pytest.mark.rule("speechify", 16)
def test_rule_16_rows_that_come_during_a_walk_disturb_nothing(sandbox: Sandbox, name: str) -> None:
    rows, fill = LISTS[name]
    path = fill(sandbox)
    expected = [row["id"] for row in sandbox.get(path, limit=200)[rows]]
    page = sandbox.get(path, limit=2)
    seen = [row["id"] for row in page[rows]]
    while page["has_more"]:
        fill(sandbox)
        page = sandbox.get(path, limit=2, cursor=page["next_cursor"])
        seen += [row["id"] for row in page[rows]]
    assert seen == expected


@each_list
@pytest.mark.rule("speechify", 16)
def test_rule_16_a_broken_cursor_is_400(sandbox: Sandbox, name: str) -> None:
    path = LISTS[name][1](sandbox)
    good = sandbox.get(path, limit=1)["next_cursor"]
    other = FOLDERS if path != FOLDERS else "/agents"
    for cursor in ("", "broken", good[:-3], "A" + good):
        assert sandbox.refused("GET", path, 400, params={"cursor": cursor})["code"] == "bad_request"
    sandbox.refused("GET", other, 400, params={"cursor": good})


@pytest.mark.rule("speechify", 17)
@pytest.mark.parametrize("name", ["runs", "suite runs", "agents", "all tests", "folders"])
def test_rule_17_newest_first(sandbox: Sandbox, name: str) -> None:
    rows, fill = LISTS[name]
    listed = sandbox.get(fill(sandbox), limit=200)[rows]
    keys = [(row["created_at"], row["id"]) for row in listed]
    assert keys == sorted(keys, reverse=True)
