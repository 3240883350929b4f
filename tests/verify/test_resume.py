"""A run that was interrupted goes on, and repeats nothing that it had finished."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver.errors import UsageError
from mockserver.openapi.build import build_contract
from mockserver.verify.conformance.config import Settings, configuration
from mockserver.verify.ledger import Ledger
from mockserver.verify.model import Exchange, Finding, Result
from mockserver.verify.reports.exchanges import Record, plain
from mockserver.verify.resume import Journal, interrupted
from tests.verify.jobs_server import serving
from tests.verify.test_ownership import DOCUMENT, PRECIOUS, Things

OPTIONS = ("--max-examples", "1", "--max-time", "40", "-q")
SEEN = Exchange("GET", "http://x/things", {}, b"", 500, {}, b"\xff", 0, "lifecycle", "listThings")


class Faulty(Things):
    """The copy of a thing is lost: what is copied can't be read."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if path.endswith("/copy") and method == "POST":
            return 500, {"detail": "broken"}
        return super().answer(method, path, body)


def run(spec: Path, url: str, *more: str) -> subprocess.Popen[str]:
    words = ["test", str(spec), "--url", url, *OPTIONS, "--report-dir", "report", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "mockserver", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=spec.parent,
    )


def finished(folder: Path) -> list[str]:
    """The steps that the ledger has as finished."""
    file = folder / "mockserver-ledger.ndjson"
    steps = Ledger.load(str(file)).steps if file.exists() and file.stat().st_size else []
    return [step["finished"] for step in steps if "finished" in step]


def sent(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "report" / "exchanges.ndjson").read_text().splitlines()
    return [json.loads(line)["exchange"] for line in lines if line.startswith('{"exchange"')]


def wait(process: subprocess.Popen[str], until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not until() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None, process.communicate()[0]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are other signals")
@pytest.mark.parametrize(
    ("number", "phase"), [(signal.SIGKILL, "coverage "), (signal.SIGINT, ": ")]
)
def test_an_interrupted_run_goes_on(number: signal.Signals, phase: str, tmp_path: Path) -> None:
    spec = tmp_path / "things.json"
    spec.write_text(json.dumps(DOCUMENT))
    things = Faulty()
    with serving(things) as url:
        process = run(spec, url)
        wait(process, lambda: sum(phase in step for step in finished(tmp_path)) > 1)
        os.kill(process.pid, number)
        process.communicate(timeout=60)
        before, first = finished(tmp_path), len(sent(tmp_path))
        wrong = run(spec, url.replace("127.0.0.1", "localhost"), "--resume")
        said, _ = wrong.communicate(timeout=60)
        assert (wrong.returncode, "the interrupted run was at" in said) == (2, True), said
        process = run(spec, url, "--resume")
        said, _ = process.communicate(timeout=200)
    assert process.returncode == 1, said
    assert "No server error" in said
    assert set(things.rows) == {PRECIOUS}
    # A kill amid a creation leaves its outcome unknown: the ledger keeps that, and nothing else.
    file = tmp_path / "mockserver-ledger.ndjson"
    ledger = Ledger.load(str(file)) if file.exists() else None
    assert ledger is None or (ledger.pending and not list(ledger.left()))
    new = sent(tmp_path)[first:]
    assert new
    for step in before:
        kind, _, operation = step.partition(" ")
        if kind in ("coverage", "examples", "fuzzing"):
            again = [one for one in new if one["source"] == kind and _is_of(one, operation)]
            assert not again, step
    if phase == "coverage ":
        assert not [one for one in new if one["source"] == "lifecycle"]


def _is_of(exchange: dict[str, Any], operation: str) -> bool:
    method, _, path = operation.partition(" ")
    return bool(DOCUMENT["paths"][path][method.lower()]["operationId"] == exchange["operation"])


def journal(tmp_path: Path) -> Journal:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    return Journal(ledger, Result("Things", "http://x"))


def test_findings_and_counts_are_taken_over(tmp_path: Path) -> None:
    first = journal(tmp_path)
    first.begin(seed=7, max_examples=3)
    finding = Finding("rule", "GET /things", "Odd", "it is", [SEEN], extra={"probe": "p"})
    for _ in range(2):
        first.result.requests += 1
        first.result.coverage.add(SEEN)
        if first.result.add(finding):
            first.found(finding)
    first.finish("things: listed")
    first.finish("coverage", status="failure")
    first.ledger.close()
    ledger, settings = interrupted(str(tmp_path / "ledger"), "Things")
    second = Journal(ledger, Result("Things", "http://x"))
    second.restore()
    assert (settings["seed"], settings["max_examples"]) == (7, 3)
    assert second.finished == {"things: listed", "coverage"}
    assert second.result.requests == 2
    assert second.result.coverage.seen == {"listThings": {500: 2}}
    assert second.result.phases == {"coverage": "failure"}
    (found,) = second.result.findings
    assert (found.id, found.steps, found.extra, found.count) == (
        finding.id,
        [SEEN],
        {"probe": "p"},
        2,
    )


def test_only_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with pytest.raises(UsageError, match="there is no"):
        interrupted(str(path), "Things")
    one = journal(tmp_path)
    with pytest.raises(UsageError, match="not of a run of mockserver test"):
        interrupted(str(path), "Things")
    one.begin(1, 1)
    with pytest.raises(UsageError, match="on Rooms"):
        interrupted(str(path), "Rooms")
    one.ledger.close()


HEAD = '{"ledger": 1, "url": "http://x"}'
BEGUN = '{"step": {"run": {"title": "Things", "seed": 1, "max_examples": 1}}}'


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["[]"], "not a ledger"),
        (["[" * 100_000], "not a ledger"),
        (['{"ledger": 1, "url": 5}'], "not a ledger"),
        ([HEAD, BEGUN, "5"], "line 3: not a line"),
        ([HEAD, BEGUN, '{"gone": []}'], "line 3: not a line"),
        ([HEAD, BEGUN, '{"made": 1}'], "line 3: not a line"),
        ([HEAD, '{"made": 1, "remove": "x", "where": {"id": []}, "kind": "x"}'], "line 2: not"),
        ([HEAD, BEGUN, '{"others": "x", "ids": [{}]}'], "line 3: not a line"),
        ([HEAD, '{"step": {"run": 5}}'], "not of a run"),
        ([HEAD, BEGUN.replace("1}", '"x"}')], "not of a run"),
        ([HEAD, BEGUN, '{"step": {"finished": "x"}}'], "a step in .* can't be read"),
        ([HEAD, BEGUN, '{"step": {"found": {}}}'], "a step in .* can't be read"),
    ],
    ids=str,
)
def test_what_is_wrong_in_a_ledger_is_named(lines: list[str], said: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(UsageError, match=said):
        interrupted(str(path), "Things")


def test_lines_that_were_cut_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_text("\n".join([HEAD, BEGUN, "[" * 100_000, '{"unknown": 1}', '{"made": 1, "rem']))
    _, settings = interrupted(str(path), "Things")
    assert settings["seed"] == 1


def test_exchanges_of_an_earlier_run_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "exchanges.ndjson"
    good = {"exchange": plain(SEEN)}
    bad = [5, {"exchange": 5}, {"exchange": {**plain(SEEN), "url": 5}}, {"finding": {}}]
    file.write_text("\n".join(json.dumps(line) for line in (*bad, good)) + '\n{"exch')
    with Record(tmp_path, resume=True):
        pass
    assert [json.loads(line) for line in file.read_text().splitlines()] == [good]


def test_phases_and_operations_are_left_out() -> None:
    steps = frozenset({"examples", "coverage GET /things", "things: listed"})
    config = configuration(build_contract(DOCUMENT), Settings(finished=steps))
    assert {name: phase["enabled"] for name, phase in config["phases"].items()} == {
        "examples": False,
        "coverage": True,
        "fuzzing": True,
        "stateful": True,
    }
    entry = {"include-name": ["GET /things"], "phases": {"coverage": {"enabled": False}}}
    assert entry in config["operations"]
