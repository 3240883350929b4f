"""Faults are found and located, a correct server has no findings; exit codes follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.files.documents import read_contract
from mockserver.verify.conformance.config import Budget, Settings
from mockserver.verify.judgement import Plan, judge
from mockserver.verify.lifecycle.run import Effort
from mockserver.verify.model import Result
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.target import Target
from tests.verify.conftest import Faulty, around

LIFECYCLE = Plan(parts=("lifecycle",), effort=Effort(examples=0), second=False)
SMALL = Plan(
    settings=Settings(
        budget=Budget(max_examples=2, phases=("coverage",)), include_path="^/v1/personas$"
    ),
    parts=("conformance",),
)


def judged(mock: MockServer, url: str, plan: Plan, folder: Path | None = None) -> Result:
    document, contract = read_contract("feather")
    target = Target(contract, url, "mock-key")
    try:
        with Record(folder) as record:
            return judge(target, document, plan, record, surroundings=around(mock))
    finally:
        target.close()


def test_the_mock_has_no_findings(mock: MockServer) -> None:
    result = judged(mock, mock.url, LIFECYCLE)
    assert not result.findings
    assert not result.notes
    assert result.exit_code == 0
    assert result.requests > 500


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("schema-number-as-string", "read_your_writes"),
        ("stale-after-put", "shown_by_owner"),
        ("object-list", "tenants_are_apart"),
        ("auth-bearer", "key_has_its_place"),
        ("paging-ends-early", "pages_add_up"),
        ("life-cancel-spares", "cancel_ends_all"),
    ],
)
def test_a_planted_fault_is_named(faulty: Faulty, fault: str, rule: str) -> None:
    faulty.plant(fault)
    result = judged(faulty.mock, faulty.url, replace(LIFECYCLE, stop_early=True))
    (finding,) = result.findings
    assert finding.rule == rule
    assert result.exit_code == 1
    assert finding.where
    assert finding.message
    assert finding.example is not None
    assert "mock-key" not in finding.example.curl()


@pytest.mark.slow
def test_conformance_and_its_record(faulty: Faulty, tmp_path: Path) -> None:
    good = judged(faulty.mock, faulty.mock.url, SMALL)
    assert good.exit_code == 0
    assert good.judged > 50
    assert good.differences == []
    faulty.plant("header-cut-json")
    bad = judged(faulty.mock, faulty.url, SMALL, tmp_path)
    assert bad.exit_code == 1
    assert {finding.origin for finding in bad.findings} == {"schemathesis"}
    assert (tmp_path / "exchanges.ndjson").read_text(encoding="utf-8").count("\n") == bad.requests


def test_the_same_seed_sends_the_same(mock: MockServer) -> None:
    plan = Plan(parts=("lifecycle",), effort=Effort(examples=1, steps=12), second=False)
    first, second = (judged(mock, mock.url, plan) for _ in range(2))
    assert first.digest == second.digest
