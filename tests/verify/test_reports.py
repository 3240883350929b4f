"""Reports: every format is well-formed, contains the findings, and masks secrets."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from mockserver.verify import reports
from mockserver.verify.conformance.openapi_core import ReplyJudge
from mockserver.verify.earlier_findings import Baseline, write_baseline
from mockserver.verify.model import HIDDEN, Difference, Exchange, Finding, Result
from mockserver.verify.reports import terminal, write
from mockserver.verify.reports.exchanges import Record, pytest_file
from mockserver.verify.reports.terminal import Progress

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
    assert names == {
        *("exchanges.har", "exchanges.ndjson", "junit.xml", "report.html", "report.sarif")
    }
    har = json.loads((tmp_path / "exchanges.har").read_text(encoding="utf-8"))
    assert [e["response"]["status"] for e in har["log"]["entries"]] == [500, 0]
    lines = (tmp_path / "exchanges.ndjson").read_text(encoding="utf-8").splitlines()
    assert [next(iter(json.loads(line))) for line in lines] == ["exchange"] * 2 + ["finding"] * 2


def cases(result: Result, folder: Path) -> dict[str, str]:
    """The cases of junit.xml, with what their first element is."""
    folder.mkdir(exist_ok=True)
    with Record(folder) as record:
        write(result, folder, record)
    suite = Xml.parse(folder / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert suite.get("tests") == str(len(suite))
    assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    return {str(case.get("name")): next((each.tag for each in case), "") for case in suite}


def test_junit_has_a_case_for_each_operation_in_every_run(result: Result, tmp_path: Path) -> None:
    broken = cases(result, tmp_path / "broken")
    assert broken["createThing"] == "failure"
    result.findings = result.findings[1:]  # the accepted one
    accepted = cases(result, tmp_path / "accepted")
    assert accepted["createThing"] == "skipped"
    result.findings = []
    passed = cases(result, tmp_path / "passed")
    assert [*broken] == [*accepted] == [*passed]
    assert set(passed.values()) == {""}
    result.findings = [Finding("auth", "somewhere", "Open", "no key is needed")]
    result.errors = ["it went away"]
    assert cases(result, tmp_path / "elsewhere") == {
        "createThing": "",
        "listThings": "",
        reports.ELSEWHERE: "failure",
        reports.RUN: "error",
    }


def test_sarif(result: Result) -> None:
    (run,) = reports.as_sarif(result)["runs"]
    assert [each["ruleId"] for each in run["results"]] == ["no_server_error", "known"]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"no_server_error", "known"}
    assert [bool(each.get("suppressions")) for each in run["results"]] == [False, True]
    assert run["invocations"][0]["executionSuccessful"]


def test_github_gets_annotations_and_a_summary(result: Result, tmp_path: Path) -> None:
    assert [*reports.report(result, {})] == []
    path = tmp_path / "summary.md"
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(path)}
    result.errors = ["it went\naway"]
    first, second = reports.report(result, environment)
    assert first.startswith("::error title=A crash (no_server_error)::POST /things: ")
    assert "\n" not in first + second
    assert second.endswith("it went%0Aaway")
    text = path.read_text("utf-8")
    assert ": 1 finding\n" in text
    assert "| POST /things | A crash | no_server_error | 2 |" in text
    assert "<script" not in text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_live_line_on_a_terminal_alone(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal_, pipe = Terminal(), io.StringIO()
    for stream in (terminal_, pipe):
        progress = Progress(stream=stream, seconds=100)
        progress.watch(result)
        progress.watch(result)  # too soon to draw again
        progress.say("lifecycles")
        progress.clear()
    assert pipe.getvalue() == "... lifecycles\n"
    shown = terminal_.getvalue()
    assert shown.count("1 of 2 operations, 0 requests, 2 findings, 100 s left") == 1
    assert shown.endswith("\r\x1b[K... lifecycles\n")
    for stream in (terminal_, pipe):
        Progress(stream=stream).step("25 requests")
    assert pipe.getvalue().endswith("... 25 requests\n")
    assert "25 requests" not in terminal_.getvalue()
    differences = Terminal()
    Progress(stream=differences, noun="difference").watch(result)
    assert "2 differences" in differences.getvalue()
    quiet = Terminal()
    Progress(stream=quiet, quiet=True).watch(result)
    assert quiet.getvalue() == ""


def test_the_page_stands_alone_and_escapes(result: Result) -> None:
    text = reports.render(result)
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


def test_a_long_message_is_cut_on_the_terminal(result: Result) -> None:
    result.findings = [Finding("shape", "GET /things", "Odd", "line\n" * 500, [exchange()])]
    text = list(terminal.lines(result))
    assert len(text) < 40
    assert any("and 480 more lines, in the reports" in line for line in text)


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
