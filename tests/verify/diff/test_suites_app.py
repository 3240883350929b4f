"""A real service with a database: it is tested, creations are removed, its behaviour is learned."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mockserver.openapi.build import build_contract
from mockserver.verify.diff import run
from mockserver.verify.diff.calibrate import calibrate
from mockserver.verify.diff.programs.coverage import coverage
from mockserver.verify.diff.report import fidelity_of, write
from mockserver.verify.diff.run import Order, differential
from tests.support.fault_proxy.proxy import served

FOLDER = Path(__file__).parents[3] / "fixtures" / "suites_app"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModuleType, str]]:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "app", raising=False)
    import app

    with served(app.app) as url:
        yield app, url


@pytest.mark.slow
def test_the_service_beside_its_inferred_mock(
    service: tuple[Any, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, url = service
    contract = build_contract(json.loads(json.dumps(app.app.openapi())))

    def few(knowledge: Any, *_: object) -> list[Any]:
        return [p for p in coverage(knowledge) if p.origin in ("unknown", "lives", "plain reads")]

    monkeypatch.setattr(run, "programs", few)
    ledger = tmp_path / "ledger.ndjson"
    document = tmp_path / "suites.json"
    document.write_text(json.dumps(app.app.openapi()))
    order = Order(str(document), url, key=app.KEY, ledger=str(ledger), patience=5, timeout=30)
    report, knowledge = differential(order, contract)
    assert report.errors == []
    found = {(d.where, d.mismatch.kind, d.mismatch.at): d for d in report.differences}
    inactive = found["POST /suites/{suite_id}/runs", "status", ""].mismatch
    assert inactive.real.startswith("409")
    assert "not active" in inactive.real
    again = found["POST /suites", "status", ""].mismatch
    assert "There is a suite named" in again.real
    assert 0.2 < fidelity_of(report, knowledge).number < 1
    assert '"made"' in ledger.read_text()
    assert (app.database.count("suites"), app.database.count("runs")) == (0, 0)


@pytest.mark.slow
def test_a_second_calibration_keeps_the_first(service: tuple[Any, str], tmp_path: Path) -> None:
    """With other sequences, the mock is as right as before, and its rules stay."""
    app, url = service
    text = json.dumps(app.app.openapi())
    document, lock = tmp_path / "suites.json", tmp_path / "lock.toml"
    document.write_text(text)
    contract = build_contract(json.loads(text))
    numbers, answers = [], []
    for seed in (1, 2):
        order = Order(
            str(document),
            url,
            key=app.KEY,
            ledger=str(tmp_path / "ledger"),
            patience=5,
            timeout=30,
            seed=seed,
            examples=3,
            lock=str(lock) if lock.exists() else "",
        )
        report, knowledge = differential(order, contract)
        fidelity = fidelity_of(report, knowledge)
        write(report, fidelity, contract, json.loads(text), tmp_path)
        calibrate(str(tmp_path / "fidelity.json"), str(lock))
        numbers.append(fidelity.number)
        rules = tomllib.loads(lock.read_text())["operations"]
        answers.append(
            {(n, str(a["when"])) for n, t in rules.items() for a in t.get("answers", ())}
        )
    assert numbers[0] < 0.7 < 0.9 < numbers[1]
    assert answers[0]
    assert answers[0] <= answers[1]
