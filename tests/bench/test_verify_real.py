"""A real Kinto against the mock of its document, if `make verify-real` has installed it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.verify_real.run import Outcome, command
from bench.verify_real.services import HOME, SERVICES, Live
from mockserver.files.documents import read_contract
from mockserver.verify.diff import run
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Program
from mockserver.verify.diff.programs.coverage import coverage
from mockserver.verify.diff.run import Order, differential


@pytest.mark.skipif(
    not (HOME / "kinto" / "packages.txt").exists(),
    reason=f'there is no Kinto in {HOME}: make verify-real ARGS="kinto" installs it',
)
def test_kinto_is_judged_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(knowledge: Knowledge, *_: object) -> list[Program]:
        return [p for p in coverage(knowledge) if p.origin == "lives"][:4]

    monkeypatch.setattr(run, "programs", few)
    ledger = tmp_path / "ledger.ndjson"
    with SERVICES["kinto"].running(tmp_path / "data") as live:
        contract = read_contract(str(live.spec))[1]
        key = live.options[live.options.index("--api-key") + 1]
        order = Order(str(live.spec), live.url, key=key, ledger=str(ledger), timeout=60, most=3)
        report, _ = differential(order, contract)
    assert report.errors == []
    assert report.notes in ([], ["stopped after 3 differences"])
    assert {"POST /buckets", "GET /buckets/{id}"} & {d.where for d in report.differences}
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    made = {line["made"] for line in lines if "made" in line}
    assert made
    assert made == {line["gone"] for line in lines if "gone" in line}


def test_the_table_counts_findings_and_not_the_operations_that_have_them(tmp_path: Path) -> None:
    outcome = Outcome("kinto", "26", "test")
    live = Live("kinto", "http://127.0.0.1:1", tmp_path / "none.json")
    words = ("test", str(tmp_path / "none.json"), "--url", live.url)
    said = command(live, *words, folder=tmp_path, limit=60, outcome=outcome)
    assert (outcome.exit, outcome.found, outcome.errors) == (2, 0, [said.splitlines()[-1]])
    outcome.take("  7 of 9 operations reached; openapi-core judged 4 responses, 1 difference")
    outcome.take("  1 finding")
    assert outcome.row().endswith("| 7 of 9 | 0 | 1 | 0 |")
