"""Reports: every format is well-formed, says what was found, and hides what is secret."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from mockserver.verify.baseline import Baseline
from mockserver.verify.baseline import write as write_baseline
from mockserver.verify.conformance.openapi_core import ReplyJudge
from mockserver.verify.model import HIDDEN, Difference, Exchange, Finding, Result
from mockserver.verify.reports import html, terminal, write
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.reports.reproduction import pytest_file

NASTY = "<script>alert(1)</script> ]]> \x00 \x1b[31m é"


def exchange(**changes: object) -> Exchange:
    values: dict[str, object] = {
        "method": "POST",
        "url": "http://127.0.0.1:8000/things?q=1",
        "request_headers": {"x-api-key": HIDDEN, "content-type": "application/json"},
        "request_body": b'{"name": "it\'s"}',
        "status": 500,
        "headers": {"content-type": "text/html"},
        "body": NASTY.encode() + b"\xff",
        "elapsed": 0.25,
        "source": "coverage",
        "operation": "createThing",
    }
    return Exchange(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def result() -> Result:
    found = Result("Things " + NASTY, "http://127.0.0.1:8000", seed=7)
    found.documented = {"createThing": ["201", "422"], "listThings": ["200"]}
    found.coverage.add(exchange())
    found.add(Finding("no_server_error", "POST /things", "A crash", NASTY, [exchange()]))
    found.add(Finding("no_server_error", "POST /things", "A crash", NASTY, [exchange()]))
    found.add(Finding("known", "GET /things", "Known", "as ever", [exchange()], accepted="OPS-1"))
    found.differences.append(Difference("createThing", 500, "", "Unknown status", exchange()))
    return found


def test_findings_of_the_same_kind_are_one(result: Result) -> None:
    assert [finding.count for finding in result.findings] == [2, 1]
    assert len(result.open_findings) == 1
    assert result.exit_code == 1


def test_equal_differences_are_one_line_of_the_terminals_width(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    causes = [f"InvalidData: {value!r} is not of type 'string'" for value in "abc"]
    found = [Difference("makeThing", 400, "", why, exchange()) for why in causes]
    found.append(Difference("readThing", 404, "", "Unknown status " * 40, exchange()))
    shown = list(terminal.differences(found))
    assert len(shown) == 2
    assert shown[0].startswith("judges differ on makeThing 400 and 2 more: Schemathesis says good")
    assert [len(line) <= 80 for line in shown] == [True, True]


def test_errors_alone_are_no_verdict() -> None:
    assert Result("", "", errors=["the server went away"]).exit_code == 2
    assert Result("", "").exit_code == 0


def test_all_files(result: Result, tmp_path: Path) -> None:
    with Record(tmp_path) as record:
        record.exchange(exchange())
        record.exchange(exchange(status=0, headers={}, body=b""))
        files = write(result, tmp_path, record)
    names = {file.name for file in files}
    assert names == {"exchanges.har", "exchanges.ndjson", "junit.xml", "report.html"}
    har = json.loads((tmp_path / "exchanges.har").read_text(encoding="utf-8"))
    assert [e["response"]["status"] for e in har["log"]["entries"]] == [500, 0]
    lines = (tmp_path / "exchanges.ndjson").read_text(encoding="utf-8").splitlines()
    assert [next(iter(json.loads(line))) for line in lines] == ["exchange"] * 2 + ["finding"] * 2


def test_junit(result: Result, tmp_path: Path) -> None:
    with Record(tmp_path) as record:
        write(result, tmp_path, record)
    suite = Xml.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "1")
    assert len(suite.findall("testcase/failure")) == 1
    assert suite.get("tests") == str(len(suite))


def test_the_page_stands_alone_and_escapes(result: Result) -> None:
    text = html.render(result)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "src=" not in text
    assert "href=" not in text
    assert 'class="odd">1' in text
    assert 'class="missed">0' in text


def test_the_terminal_says_what_where_and_how(result: Result) -> None:
    text = "\n".join(terminal.lines(result))
    for word in ("A crash", "POST /things", "no_server_error", "curl", '"x-api-key: $API_KEY"'):
        assert word in text
    assert "accepted: known" in text
    assert "judges differ" in text


def test_a_curl_line_survives_quotes() -> None:
    assert """'{"name": "it'"'"'s"}'""" in exchange().curl()
    assert "$'\\xff'" in exchange(request_body=b"\xff").curl()


def test_a_reproduction_is_a_test(result: Result, tmp_path: Path) -> None:
    text = pytest_file(result.findings[0], result.url, "feather")
    compile(text, "test_reproduction.py", "exec")
    assert 'os.environ["STAGING_API_KEY"]' in text
    assert "status_code != 500" in text


def test_a_reproduction_of_a_broken_schema_imports_what_there_is(result: Result) -> None:
    broken = replace(result.findings[0], rule="response_schema_conformance")
    text = pytest_file(broken, result.url, "feather")
    (line,) = (line for line in text.splitlines() if "ReplyJudge" in line and "import" in line)
    names: dict[str, object] = {}
    exec(line, names)
    assert names["ReplyJudge"] is ReplyJudge


# --- the baseline


def test_a_baseline_accepts_until_its_day(result: Result, tmp_path: Path) -> None:
    path = str(tmp_path / "baseline.json")
    write_baseline(path, result.open_findings, "2999-01-01", "OPS-2")
    finding = Finding("no_server_error", "POST /things", "A crash", "again")
    Baseline.load(path).accept(finding)
    assert finding.accepted == "OPS-2"
    write_baseline(path, result.open_findings, "2020-01-01", "OPS-2")
    late = Baseline.load(path)
    finding.accepted = ""
    late.accept(finding)
    assert finding.accepted == ""
    assert "2020-01-01" in late.expired[0]


def test_a_baseline_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    write_baseline(str(path), [Finding("a", "b", "c", "d")], "2999-01-01", "")
    with pytest.raises(Exception, match="reason"):
        Baseline.load(str(path))


def test_schemathesis_reads_the_baseline(result: Result, tmp_path: Path) -> None:
    from schemathesis.baseline import Baseline as Theirs

    path = tmp_path / "baseline.json"
    write_baseline(str(path), result.open_findings, "2999-01-01", "OPS-2")
    (entry,) = Theirs.load(path).entries
    assert entry.extra["reason"] == "OPS-2"
