"""The API version of a caller (legacy facts 43 to 48), and its settings."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import UsageError
from mockserver.vendors.speechify.versions import CUTOVER, NEWER, NONE, OLDER, chooser, is_version
from tests.vendors.speechify.sandbox import TESTS, Sandbox

HEADER = "speechify-version"


@pytest.mark.rule("speechify-legacy", 43)
def test_legacy_43_header_then_workspace_default_then_oldest() -> None:
    settings = {"default_version": NONE, "workspaces": {"mock-new": CUTOVER}}
    choose = chooser(settings, NEWER)
    assert choose({HEADER: "2030-01-01"}, "mock-key") == NEWER
    assert choose({HEADER: "2020-01-01"}, "mock-new") == OLDER
    assert choose({}, "mock-new") == NEWER
    assert choose({}, "mock-key") == OLDER


@pytest.mark.rule("speechify-legacy", 44)
@pytest.mark.parametrize(
    "sent", ["", "x", "2026-6-28", "2026-02-29", "28-06-2026", "\u0662026-06-28"]
)
def test_legacy_44_what_is_no_date_is_refused(older: Sandbox, sent: str) -> None:
    assert not is_version(sent)
    headers = {"Speechify-Version": sent.encode()}
    error = older.refused("GET", "/agents", 400, headers=headers)
    assert error["code"] == "invalid_api_version"


@pytest.mark.rule("speechify-legacy", 45)
def test_legacy_45_the_change_is_seen_from_its_date_on() -> None:
    choose = chooser({"cutover": "2026-07-15"}, NEWER)
    shapes = {
        date: choose({HEADER: date}, "") for date in ("2026-07-14", "2026-07-15", "2026-07-16")
    }
    assert list(shapes.values()) == [OLDER, NEWER, NEWER]


@pytest.mark.rule("speechify-legacy", 46)
def test_legacy_46_no_version_and_no_default_is_the_oldest_shape() -> None:
    with MockServer("speechify-legacy") as server:
        sandbox = Sandbox(server)
        assert sandbox.suite("passed")["total_runs"] == 1
    with MockServer("speechify", settings={"speechify": {"default_version": NONE}}) as server:
        assert "total_runs" in Sandbox(server).suite("passed")


@pytest.mark.rule("speechify-legacy", 46)
def test_legacy_46_each_document_is_the_default_of_its_own_mock() -> None:
    """A decision: the served document sets the default, unless a setting overrides it."""
    with MockServer("speechify") as newer, MockServer("speechify-legacy") as older:
        assert "total" in Sandbox(newer).suite("passed")
        assert "total_runs" in Sandbox(older).suite("passed")
        pinned = Sandbox(older, {"Speechify-Version": CUTOVER})
        assert "total" in pinned.suite("passed")
        assert pinned.run(pinned.test(pinned.agent()))["status"] == "pending"
        assert newer.mock.store.snapshot(None)["api"] == older.mock.store.snapshot(None)["api"]


@pytest.mark.rule("speechify-legacy", 47)
def test_legacy_47_the_date_is_a_setting() -> None:
    settings = {"cutover": datetime.date(2027, 1, 1)}  # as TOML reads a date
    with MockServer("speechify", settings={"speechify": settings}) as server:
        pinned = Sandbox(server, {"Speechify-Version": "2026-12-31"})
        assert "total_runs" in pinned.suite("passed")
        assert "total" in Sandbox(server, {"Speechify-Version": "2027-01-01"}).suite("passed")
    assert CUTOVER == "2026-06-28"


@pytest.mark.rule("speechify-legacy", 48)
def test_legacy_48_the_two_steps_of_the_vendor_are_one_here(sandbox: Sandbox) -> None:
    """No version combines `ended_at` with the older vocabulary."""
    run = sandbox.ended("passed")
    for day in range(1, 31):
        headers = {"Speechify-Version": f"2026-06-{day:02}"}
        shown = sandbox.call("GET", f"{TESTS}/runs/{run['id']}", 200, headers=headers)
        assert ("ended_at" in shown) == ("verdict" in shown) == ("completed_at" not in shown)


@pytest.mark.parametrize(
    "settings",
    [
        {"cut_over": "2026-06-28"},
        {"cutover": "soon"},
        {"cutover": NONE},
        {"default_version": "newest"},
        {"workspaces": {"mock-a": "x"}},
        {"workspaces": "mock-a"},
    ],
)
def test_settings_that_can_not_be_used_are_named(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="speechify"):
        chooser(settings, NEWER)
