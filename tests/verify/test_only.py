"""Only what one finding is about is run again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mockserver.errors import UsageError
from mockserver.verify.earlier_findings import Only, only_of
from mockserver.verify.model import Finding
from mockserver.verify.reports.exchanges import Record
from tests.verify.conftest import Faulty
from tests.verify.test_judgement import LIFECYCLE, judged


def report(folder: Path, *findings: Finding) -> str:
    with Record(folder) as record:
        for finding in findings:
            record.finding(finding)
    return str(folder)


def test_a_finding_of_the_lifecycles_again(faulty: Faulty, tmp_path: Path) -> None:
    faulty.plant("schema-number-as-string")
    before = judged(faulty.mock, faulty.url, replace(LIFECYCLE, stop_early=True))
    (finding,) = before.findings
    only = only_of(finding.id, report(tmp_path, finding))
    assert only.parts == ("lifecycle",)
    assert only.rules == frozenset({"read_your_writes"})
    plan = replace(LIFECYCLE, only=only)
    faulty.plant("schema-number-as-string")
    again = judged(faulty.mock, faulty.url, plan)
    assert [one.id for one in again.findings] == [finding.id]
    assert again.requests < 100
    assert judged(faulty.mock, faulty.mock.url, plan).findings == []


SHOWN = Finding("final_stays", "GET /a", "It stays", "", extra={"probe": "a: ended"})
OTHER = Finding("final_stays", "GET /b", "It stays", "", extra={"probe": "b: ended"})
WHOLE = Finding(
    "status_code_conformance",
    "several operations",
    "404 is undocumented",
    "",
    origin="schemathesis",
    extra={"rules": "status_code_conformance, reply_conforms", "operations": "GET /a\nPOST /b"},
)


@pytest.mark.parametrize(
    ("wanted", "only"),
    [
        ("", Only()),
        ("conformance", Only(("conformance",))),
        (
            SHOWN.id,
            Only(
                ("lifecycle",),
                frozenset({"final_stays"}),
                ("GET /a",),
                probes=frozenset({"a: ended"}),
            ),
        ),
        (
            "final_stays",
            Only(
                ("lifecycle",),
                frozenset({"final_stays"}),
                ("GET /a", "GET /b"),
                probes=frozenset({"a: ended", "b: ended"}),
            ),
        ),
        (
            "reply_conforms",
            Only(
                ("conformance",),
                frozenset({"status_code_conformance", "reply_conforms"}),
                ("GET /a", "POST /b"),
                checks=("status_code_conformance",),
            ),
        ),
    ],
)
def test_what_is_run(wanted: str, only: Only, tmp_path: Path) -> None:
    assert only_of(wanted, report(tmp_path, SHOWN, OTHER, WHOLE)) == only


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "has no such finding; it has none"),
        ([{"finding": {"id": "a"}}], "line 1: not a finding"),
    ],
)
def test_what_is_no_finding_is_refused(lines: list[Any], words: str, tmp_path: Path) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "exchanges.ndjson").write_text(text)
    with pytest.raises(UsageError, match=words):
        only_of("final_stays", str(tmp_path))
    with pytest.raises(UsageError, match="--report-dir"):
        only_of("final_stays", "")
    with pytest.raises(UsageError, match="No such file"):
        only_of("final_stays", str(tmp_path / "none"))
