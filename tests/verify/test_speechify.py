"""The lifecycle checks of Speechify, both versions: no findings for the mock, faults are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.files.documents import read_contract
from mockserver.vendors.speechify import runs, views
from mockserver.verify.judgement import Plan, judge
from mockserver.verify.lifecycle.run import Effort
from mockserver.verify.model import Result
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.target import Target
from tests.verify.conftest import around

Json = dict[str, Any]
SHAPES = ("speechify", "speechify-legacy")


@pytest.fixture(params=SHAPES)
def mock(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    with MockServer(request.param, clock="manual", seed=0) as running:
        running.shape = request.param  # type: ignore[attr-defined]
        yield running


def judged(mock: MockServer, examples: int) -> Result:
    document, contract = read_contract(mock.shape)  # type: ignore[attr-defined]
    target = Target(contract, mock.url, "mock-key")
    plan = Plan(parts=("lifecycle",), effort=Effort(examples=examples), second=False)
    try:
        with Record(None) as record:
            return judge(target, document, plan, record, surroundings=around(mock))
    finally:
        target.close()


def rules(mock: MockServer) -> set[str]:
    return {finding.rule for finding in judged(mock, 0).findings}


def test_the_mock_has_no_findings(mock: MockServer) -> None:
    result = judged(mock, 5)
    assert not result.findings
    assert not result.notes
    assert result.requests > 300


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda d: {**d, "total": d["total"] + 1}, "sums_follow_children"),
        (lambda d: {**d, "results": {"passed": 0, "failed": 0}}, "sums_follow_children"),
        (lambda d: {**d, "ended_at": None}, "sums_follow_children"),
    ],
)
def test_a_suite_run_that_does_not_add_up_is_found(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch, change: Callable[[Json], Json], rule: str
) -> None:
    true = views.derived
    monkeypatch.setattr(views, "derived", lambda runs: change(true(runs)))
    assert rule in rules(mock)


def test_a_cancel_that_does_nothing_is_found(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "cancel", lambda world, row: row)
    assert "cancel_ends_all" in rules(mock)


def test_a_resubmit_of_everything_is_found(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_of_them(world: Any, suite: Any) -> Iterator[Any]:
        for row in views.children(world, suite):
            yield world["tests"].get(row["test_id"]), world["agents"].get(row["agent_id"])

    monkeypatch.setattr(runs, "_unsuccessful", all_of_them)
    assert rules(mock) & {"resubmit_repeats_failed", "nothing_to_repeat"}
