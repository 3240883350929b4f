"""The lifecycle checks of TrueState: no findings for a correct server, faults are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.files.documents import read_contract
from mockserver.vendors.truestate import sessions, views
from mockserver.verify.judgement import Plan, judge
from mockserver.verify.lifecycle.run import Effort
from mockserver.verify.model import Result
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.target import Target
from tests.verify.conftest import around

Json = dict[str, Any]


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer("truestate", clock="manual", seed=0) as running:
        yield running


def judged(mock: MockServer, examples: int) -> Result:
    document, contract = read_contract("truestate")
    target = Target(contract, mock.url, "mock-key")
    plan = Plan(parts=("lifecycle",), effort=Effort(examples=examples), second=False)
    try:
        with Record(None) as record:
            return judge(target, document, plan, record, surroundings=around(mock))
    finally:
        target.close()


def test_the_mock_has_no_findings(mock: MockServer) -> None:
    result = judged(mock, 5)
    assert not result.findings
    assert not result.notes
    assert result.requests > 200


def _changed(change: Callable[[Json], Json]) -> Callable[..., Json]:
    true = views.session_view
    return lambda *arguments: change(true(*arguments))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda s: {**s, "status": "RUNNING"}, "status_follows_children"),
        (lambda s: {**s, "steps": s["steps"][-1:]}, "children_stay"),
        (lambda s: {**s, "steps": s["steps"] * 2}, "children_are_distinct"),
    ],
)
def test_a_session_that_does_not_add_up_is_found(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch, change: Callable[[Json], Json], rule: str
) -> None:
    monkeypatch.setattr(sessions, "session_view", _changed(change))
    assert rule in {finding.rule for finding in judged(mock, 0).findings}


def test_a_cancel_that_does_nothing_is_found(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "cancelled", lambda row, now: row)
    assert "cancel_ends_all" in {finding.rule for finding in judged(mock, 0).findings}


def test_a_question_that_nobody_waits_for_is_found(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "is_waiting", lambda row, now: True)
    assert "input_is_awaited" in {finding.rule for finding in judged(mock, 0).findings}
