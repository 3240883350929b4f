"""A found or recorded failure is replayed: fixed, failing or flaky."""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from mockserver.cli.replay import replay
from mockserver.errors import MockServerError, UsageError
from mockserver.openapi.build import build_contract
from mockserver.verify.diff.id_map import IdMap
from mockserver.verify.model import Exchange, Finding
from mockserver.verify.replay.sequence import (
    Outcome,
    Recorded,
    compared,
    read_failure,
    same_as_recorded,
)
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.target import Target
from tests.verify.jobs_server import Jobs, document, serving
from tests.verify.test_commands import toured


def run(*arguments: str) -> Result:
    return CliRunner().invoke(replay, [*arguments, "--quiet"])


def report(fault: str, folder: Path) -> Path:
    """The exchanges of a run against a service with a fault."""
    with Record(folder) as record:
        for finding in toured(Jobs(fault)):
            record.finding(finding)
    return folder / "exchanges.ndjson"


def cancelled(folder: Path) -> Path:
    """A finding against a service whose cancel does nothing, without any time between requests."""
    contract = build_contract(document())
    with serving(Jobs("cancel does nothing")) as url, Target(contract, url, "mock-key") as target:
        made = target.send("POST", "/jobs", body={"name": "a"})
        here = f"/jobs/{made.json()['id']}"
        steps = [made, target.send("POST", f"{here}/cancel"), target.send("GET", here)]
    with Record(folder) as record:
        record.finding(Finding("takes_effect", "GET /jobs/{job_id}", "It is cancelled", "", steps))
    return folder / "exchanges.ndjson"


def test_a_cancel_that_does_nothing(tmp_path: Path) -> None:
    path = str(cancelled(tmp_path))
    with serving(Jobs("cancel does nothing")) as url:
        assert run(path, "--url", url).output.splitlines()[-1].startswith("failing: 3 of 3")
    with serving(Jobs()) as url:
        assert run(path, "--url", url).output.splitlines()[-1].startswith("fixed: 3 of 3")


FAULTS = [
    ("cancel toggles", "command_is_idempotent"),
]


@pytest.mark.parametrize(("fault", "rule"), FAULTS)
def test_a_finding_is_failing_until_it_is_fixed(fault: str, rule: str, tmp_path: Path) -> None:
    path = str(report(fault, tmp_path))
    with serving(Jobs(fault)) as url:
        failing = run(path, "--url", url, "--from", rule)
    with serving(Jobs()) as url:
        fixed = run(path, "--url", url, "--from", rule)
    assert (failing.exit_code, failing.output.splitlines()[-1]) == (
        1,
        "failing: 3 of 3 times the response was as recorded",
    ), failing.output
    assert (fixed.exit_code, fixed.output.splitlines()[-1]) == (
        0,
        "fixed: 3 of 3 times the response was another one",
    ), fixed.output


class Moody(Jobs):
    """It fails every second time."""

    cancels = 0

    def _cancel(self, job: dict[str, Any]) -> tuple[int, Any]:
        self.cancels += 1
        self.fault = "cancel does nothing" if self.cancels % 2 else ""
        return super()._cancel(job)


def test_what_fails_sometimes_is_flaky(tmp_path: Path) -> None:
    path = str(cancelled(tmp_path))
    with serving(Moody()) as url:
        outcome = run(path, "--url", url, "--repeat", "4")
    assert outcome.exit_code == 1
    assert outcome.output.splitlines()[-1].startswith("flaky: 2 of 4 times")


def test_what_is_not_reached_is_no_verdict(tmp_path: Path) -> None:
    path = str(cancelled(tmp_path))
    closed = Jobs()
    closed._make = lambda body: (403, {})  # type: ignore[method-assign]
    with serving(closed) as url:
        outcome = run(path, "--url", url)
    assert outcome.exit_code == 2
    assert "not reached: request 1, POST /jobs, returned 403 instead of 201" in outcome.output


def test_with_a_document_what_it_creates_is_removed(tmp_path: Path) -> None:
    path, spec = str(cancelled(tmp_path)), tmp_path / "jobs.json"
    spec.write_text(json.dumps(document()))
    jobs, ledger = Jobs(), tmp_path / "ledger.ndjson"
    jobs.rows["precious"] = {"id": "precious", "name": "p", "version": 1, "ended": "", "since": 0}
    with serving(jobs) as url:
        options = ["--spec", str(spec), "--ledger", str(ledger)]
        outcome = run(path, "--url", url, *options)
    assert outcome.exit_code == 0, outcome.output
    assert list(jobs.rows) == ["precious"]
    assert sum(line.startswith("DELETE") for line in jobs.log) == 3
    assert not ledger.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "not this machine.*--allow-host api.example.com"),
        (["--allow-host", "other.example.com"], "not this machine"),
        (["--allow-host", "api.example.com"], "--leave-behind"),
    ],
)
def test_nothing_is_sent_to_a_server_that_was_not_named(
    options: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a request was sent")

    monkeypatch.setattr("mockserver.verify.http.Wire.send", never)
    path = str(report_of_one(tmp_path))
    outcome = run(path, "--url", "https://api.example.com", *options)
    assert isinstance(outcome.exception, UsageError)
    with pytest.raises(UsageError, match=words):
        raise outcome.exception


def report_of_one(folder: Path) -> Path:
    path = folder / "a.har"
    entries = [entry("POST", "/jobs", 201, {"id": "job-0001"}), entry("GET", "/jobs/1", 500, {})]
    path.write_text(json.dumps({"log": {"entries": entries}}))
    return path


def entry(method: str, path: str, status: int, body: Any, sent: Any = None) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": method,
        "url": f"https://old.example.com{path}",
        "headers": [{"name": "Authorization", "value": "Bearer sk-1…"}],
    }
    if sent is not None:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(sent)}
    content = {"mimeType": "application/json", "text": json.dumps(body)}
    return {"request": request, "response": {"status": status, "content": content}}


class Keyed(Jobs):
    """It fails to show a job, and remembers who asked."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "GET" and path.count("/") == 2:
            return 500, {"detail": "a fault of the server"}
        return super().answer(method, path, body)


def test_a_recording_is_replayed_up_to_its_last_5xx(tmp_path: Path) -> None:
    made = {"id": "old-0001", "name": "a", "status": "queued", "version": 1}
    entries = [
        entry("GET", "/jobs", 200, {"items": []}),
        entry("POST", "/jobs", 201, made, {"name": "a"}),
        entry("GET", "/jobs/old-0001", 502, {}),
        entry("GET", "/jobs", 200, {"items": [made]}),
    ]
    path = tmp_path / "a.har"
    path.write_text(json.dumps({"log": {"entries": entries}}))
    jobs = Keyed()
    with serving(jobs) as url:
        failing = run(str(path), "--url", url, "--repeat", "1", "--api-key", "k")
        fixed = run(str(path), "--url", url, "--repeat", "1", "--from", "4")
    assert failing.exit_code == 1, failing.output
    assert "exchange 3: GET /jobs/old-0001 returned 502" in failing.output
    # A read that nothing needs is left out; the last one shows the failure.
    assert jobs.log[0] == "POST /jobs"
    assert fixed.exit_code in (0, 1)
    assert read_failure(str(path), "4").steps[-1].line == "GET /jobs"


@pytest.mark.parametrize(
    ("text", "wanted", "words"),
    [
        ("not JSON", "", "neither a HAR file nor the exchanges.ndjson of a report .line 1"),
        ('{"log": {}}', "", "not an HTTP archive"),
        ('{"log": {"entries": []}}', "", "it has no exchanges"),
        ('{"exchange": {"method": 1}}', "", "line 1"),
        (json.dumps({"log": {"entries": [entry("GET", "/", 200, {})]}}), "", "is a 5xx"),
        (json.dumps({"log": {"entries": [entry("GET", "/", 200, {})]}}), "2", "exchanges 1 to 1"),
        (json.dumps({"log": {"entries": [entry("GET", "/", 200, {})]}}), "x", "has no findings"),
    ],
)
def test_what_has_no_failure_is_refused(text: str, wanted: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_failure(str(path), wanted)
    with pytest.raises(UsageError, match="No such file"):
        read_failure(str(tmp_path / "none"))


def test_of_several_findings_one_is_named(tmp_path: Path) -> None:
    path = str(report("refuses and changes", tmp_path))
    with pytest.raises(UsageError, match=r"no such finding; it has .*refusal_changes_nothing"):
        read_failure(path, "no_such_rule")


def test_what_a_finding_names_is_created_first(tmp_path: Path) -> None:
    """The finding has only the last request; the report has the one that made the job."""
    contract = build_contract(document())
    with serving(Jobs()) as url, Target(contract, url, "mock-key") as target:
        target.send("POST", "/jobs", body={"name": "another"})
        made = target.send("POST", "/jobs", body={"name": "a"})
        shown = target.send("GET", f"/jobs/{made.json()['id']}")
    with Record(tmp_path) as record:
        for one in (made, shown):
            record.exchange(one)
        record.finding(Finding("any", "GET /jobs/{job_id}", "It is shown", "", [shown]))
    path = str(tmp_path / "exchanges.ndjson")
    jobs = Jobs()
    with serving(jobs) as url:
        assert run(path, "--url", url, "--repeat", "1").exit_code == 1
    sent = [line.split("/")[0] for line in jobs.log if "/jobs" in line]
    assert sent == ["POST ", "GET "]
    lines = (tmp_path / "exchanges.ndjson").read_text().splitlines(keepends=True)
    (tmp_path / "exchanges.ndjson").write_text(lines[-1])
    with serving(Jobs()) as url:
        outcome = run(path, "--url", url, "--repeat", "1")
    assert outcome.exit_code == 2
    assert "the recording does not show how the entity was created" in outcome.output


def test_headers_of_the_contract_are_compared() -> None:
    one = replace(recorded(405, {}), headers={"allow": "GET, PUT", "date": "x"})
    same = replace(exchange(405, {}), headers={"allow": "put,get"})
    other = replace(exchange(405, {}), headers={"allow": "GET"})
    assert not compared(one, same, IdMap()).differs
    assert compared(one, other, IdMap()).differs == {"header allow": "GET"}


def exchange(status: int, body: Any) -> Exchange:
    text = json.dumps(body).encode()
    return Exchange("GET", "http://a/b", {}, b"", status, {}, text, 0.0, "replay")


def recorded(status: int, body: Any) -> Recorded:
    return Recorded("GET", "http://a/b", {}, b"", status, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ({"id": "a-1", "n": 1}, {"id": "b-2", "n": 1}, set()),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-02T03:04:05Z"}, set()),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-02"}, {"at"}),
        ({"text": "at 2026-01-01T00:00:00Z"}, {"text": "at 2026-02-01T00:00:00Z"}, set()),
        ({"owner_id": "known-1"}, {"owner_id": "other-1"}, set()),
        ({"owner_id": "known-1"}, {"owner_id": "another"}, {"owner_id"}),
        ({"status": "queued"}, {"status": "running"}, set()),
        ({"status": "running"}, {"status": "cancelled"}, {"status"}),
        ({"rows": [1, 2]}, {"rows": [1]}, {"rows"}),
        ({"rows": [{"a": 1}]}, {"rows": [{"a": True}]}, {"rows.0.a"}),
        ({"a": 1}, {}, {"a"}),
        ([], {}, {"body"}),
    ],
)
def test_ids_and_times_do_not_matter(one: Any, other: Any, places: set[str]) -> None:
    ids = IdMap()
    ids.learn({"id": "known-1"}, {"id": "other-1"})
    assert compared(recorded(200, one), exchange(200, other), ids).differs.keys() == places


def test_any_5xx_is_the_failure() -> None:
    assert not compared(recorded(500, {}), exchange(502, {"a": 1}), IdMap()).differs
    assert compared(recorded(500, {}), exchange(404, {}), IdMap()).differs == {"": "404"}


def test_what_is_random_does_not_count() -> None:
    random = [Outcome(200, {"n": str(n)}) for n in range(3)]
    assert same_as_recorded(random) == [True, True, True]
    fixed = [Outcome(200, {"n": str(n), "name": "b"}) for n in range(3)]
    assert same_as_recorded(fixed) == [False, False, False]
    assert same_as_recorded([Outcome(200, {"name": "b"}), Outcome(200, {})]) == [False, True]
    assert same_as_recorded([Outcome(200, {"name": "b"})]) == [False]


@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")))
def test_no_file_is_a_traceback(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_text(text, "utf-8", errors="surrogatepass")
        with contextlib.suppress(MockServerError):
            read_failure(str(path))
