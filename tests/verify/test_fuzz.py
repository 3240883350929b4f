"""Fuzzing is rate-limited, touches only its own entities, and leaves nothing behind, even after
SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver import MockServer
from mockserver.cli.fuzz import fuzz as fuzz_command
from mockserver.errors import UsageError
from mockserver.inference.build import build_plan
from mockserver.openapi.model import Contract
from mockserver.verify.access import check_host, permission_lines
from mockserver.verify.http import LONGEST, Pace, retry_after
from mockserver.verify.ledger import Ledger
from mockserver.verify.ownership import SAFE, Ownership
from mockserver.verify.sandbox import Sandbox
from tests.support.fault_proxy.catalogue import Fault
from tests.support.fault_proxy.proxy import the_proxy
from tests.verify.test_reports import exchange

KINDS = ("agents", "personas", "scenarios", "sim-suites", "evaluator-bindings", "evaluators")


def world(mock: MockServer) -> dict[str, set[str]]:
    """The ids of all existing entities."""
    found = {}
    for kind in KINDS:
        page = mock.client.get(f"/v1/{kind}", params={"limit": 200}).json()
        found[kind] = {row["id"] for row in page["items"]}
    return found


def fuzz(mock: MockServer, ledger: Path, *more: str) -> list[str]:
    options = ["--url", mock.url, "--api-key", mock.key, "--allow-host", "127.0.0.1"]
    return ["feather", *options, "--ledger", str(ledger), "--rate", "200", "-q", *more]


# --- the plan


def test_only_listed_or_allowed_hosts(contract: Contract) -> None:
    check_host(contract, "https://api-sandbox.featherhq.com/v1", ())
    check_host(contract, "http://127.0.0.1:1", ["127.0.0.1"])
    check_host(contract, "http://127.0.0.1:1", ["127.0.0.1:1"])
    for url in (
        "https://api.featherhq.com",
        "https://api-sandbox.featherhq.com.evil.example",
        "https://api-sandbox.featherhq.com@evil.example",
        "http://localhost:9000",
    ):
        with pytest.raises(UsageError, match="--allow-host"):
            check_host(contract, url, ["other.example"])


def test_the_plan_makes_only_what_it_can_remove(contract: Contract) -> None:
    ownership = Ownership(contract, build_plan(contract))
    kinds = {operation.id: ownership.kind(operation)[0] for operation in contract.operations}
    assert {kinds[op.id] for op in contract.operations if op.method in SAFE} == {"read"}
    assert all(name in ownership.creators for name, kind in kinds.items() if kind == "create")
    assert kinds["createPersona"] == "create"
    assert kinds["deletePersona"] == "own"
    assert kinds["createEvaluator"] == "never"
    sandbox = Sandbox(url="http://x", rate=5)
    assert "at most 5 requests a second" in "\n".join(permission_lines(contract, sandbox))


def test_a_dry_run_sends_nothing(mock: MockServer, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    outcome = CliRunner().invoke(fuzz_command, fuzz(mock, ledger, "--dry-run"))
    assert outcome.exit_code == 0
    assert "POST /v1/personas" in outcome.output
    assert not ledger.exists()


# --- politeness


def test_the_pace_keeps_the_rate_and_waits_when_asked() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    pace = Pace(5, now=lambda: now[0], sleep=sleep)
    for _ in range(3):
        pace.wait()
    assert slept == [0.2, 0.2]
    pace.note(exchange(status=429, headers={"retry-after": "7"}))
    pace.wait()
    assert slept[-1] == 7


def test_retry_after_is_read_and_bounded() -> None:
    from datetime import UTC, datetime, timedelta

    assert retry_after("3") == 3
    assert retry_after("") == 1
    assert retry_after("soon") == 1
    assert retry_after("999999") == LONGEST
    moment = datetime.now(UTC) + timedelta(seconds=30)
    assert 25 < retry_after(format_datetime(moment, usegmt=True)) <= 30


# --- the ledger


def test_a_ledger_comes_back_from_a_cut_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    ledger = Ledger.create(str(path), "http://x")
    for number in range(3):
        pending = ledger.ask("createPersona", {}, f"m{number}")
        ledger.made(pending, "deletePersona", {"persona_id": f"p{number}"}, "persona")
    ledger.removed(next(ledger.left()))
    ledger.ask("createPersona", {}, "m9")
    ledger.close()
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"made": 4, "rem')
    again = Ledger.load(str(path))
    assert [entry.id for entry in again.left()] == ["p1", "p0"]
    assert [pending.marker for pending in again.pending.values()] == ["m9"]
    with pytest.raises(UsageError, match="still lists 3 entities"):
        Ledger.create(str(path), "http://x")


# --- runs


def test_a_run_leaves_nothing(mock: MockServer, tmp_path: Path) -> None:
    before = world(mock)
    ledger = tmp_path / "ledger"
    report = tmp_path / "report"
    arguments = fuzz(mock, ledger, "--max-time", "2", "--report-dir", str(report))
    outcome = CliRunner().invoke(fuzz_command, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert world(mock) == before
    assert not list(Ledger.load(str(ledger)).left())
    assert len(Ledger.load(str(ledger)).entries) > 0
    foreign = [
        exchange
        for exchange in _exchanges(report)
        if exchange["method"] not in SAFE
        and any(i in exchange["url"] for ids in before.values() for i in ids)
    ]
    assert foreign == []


def test_findings_are_reported_to_a_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    with MockServer() as mock, the_proxy(mock.url) as (proxy, url):
        proxy.plant(Fault("planted", "any", "", "GET /v1/personas", "status", "2xx", {"to": 500}))
        arguments = ["feather", "--url", url, "--api-key", mock.key, "--allow-host", "127.0.0.1"]
        arguments += ["--ledger", str(tmp_path / "ledger"), "--rate", "200", "--max-time", "1"]
        outcome = CliRunner().invoke(
            fuzz_command, [*arguments, "-q", "--include", "GET /v1/personas"]
        )
    assert outcome.exit_code == 1, outcome.output
    assert "::error title=" in outcome.output
    assert summary.read_text().startswith("## Fuzz test of ")


def _exchanges(report: Path) -> list[dict[str, str]]:
    lines = (report / "exchanges.ndjson").read_text(encoding="utf-8").splitlines()
    values = [json.loads(line) for line in lines]
    return [value["exchange"] for value in values if "exchange" in value]


def _made(ledger: Path) -> int:
    return ledger.read_text(encoding="utf-8").count('"made"') if ledger.exists() else 0


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_after_a_kill_the_ledger_removes_everything(mock: MockServer, tmp_path: Path) -> None:
    before = world(mock)
    ledger = tmp_path / "ledger"
    arguments = fuzz(mock, ledger, "--max-time", "60")
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "fuzz", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and _made(ledger) < 2:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert _made(ledger) >= 2
    outcome = CliRunner().invoke(
        fuzz_command, ["--cleanup", str(ledger), "--api-key", mock.key, "-q"]
    )
    assert outcome.exit_code == 0, outcome.output
    assert world(mock) == before
