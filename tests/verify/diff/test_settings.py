"""A differential run follows the `[verify]` settings, as the other commands do."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner

from mockserver.cli.diff import diff
from mockserver.errors import UsageError
from mockserver.openapi.build import build_contract
from mockserver.verify.diff import run
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Program, Report
from mockserver.verify.diff.run import Order, chosen, differential
from mockserver.verify.sandbox import Ignore, Sandbox
from tests.support.fault_proxy.proxy import the_proxy
from tests.verify.diff.small import DOCUMENT, planted, served

CONTRACT = build_contract(DOCUMENT)


def sent(document: dict[str, Any], url: str = "http://127.0.0.1:1", **given: Any) -> list[Program]:
    sandbox = Sandbox(**given)
    order = Order("shelves", url, examples=0, sandbox=sandbox)
    knowledge = Knowledge.of(build_contract(document), sandbox)
    return list(chosen(order, knowledge, Report("", "", "", "", 1)))


def test_what_is_excluded_is_not_sent() -> None:
    programs = sent(DOCUMENT, exclude=["removeShelf"])
    operations = {step.operation for program in programs for step in program.steps}
    assert operations == {"listShelves", "createShelf", "getShelf", "changeShelf"}


def test_what_is_included_is_in_every_sequence() -> None:
    programs = sent(DOCUMENT, include=["changeShelf"])
    assert programs
    assert all("changeShelf" in {s.operation for s in program.steps} for program in programs)


def test_bodies_and_parameters_are_as_given() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["paths"] = {
        f"/rooms/{{room}}{path}": {
            **item,
            "parameters": [
                *item.get("parameters", ()),
                {"name": "room", "in": "path", "required": True, "schema": {"type": "string"}},
            ],
        }
        for path, item in document["paths"].items()
    }
    programs = sent(document, params={"room": "attic"}, bodies={"createShelf": {"name": "x-#"}})
    steps = [step for program in programs for step in program.steps]
    makes = [s for s in steps if s.operation == "createShelf" and s.intent == "make"]
    assert makes
    assert {step.path["room"] for step in makes} == {"attic"}
    assert any(step.body == {"name": "x-1"} for step in makes)


def test_what_can_not_be_removed_is_sent_if_it_is_allowed() -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["paths"]["/shelves/{shelf_id}"]["delete"]

    def creates(**given: Any) -> bool:
        programs = sent(document, "https://api.example.com", **given)
        return any(s.intent == "make" for program in programs for s in program.steps)

    assert not creates()
    assert creates(allow=["createShelf"])
    assert creates(disposable=True)


def test_what_concerns_everything_is_not_sent_without_leave() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/shelves"]["delete"] = {
        "operationId": "clearShelves",
        "responses": {"204": {"description": "so"}},
    }
    for url in ("http://127.0.0.1:1", "https://api.example.com"):

        def clears(**given: Any) -> bool:
            programs = sent(document, url, **given)  # noqa: B023
            return any(s.operation == "clearShelves" for p in programs for s in p.steps)

        assert not clears()
        assert clears(allow=["clearShelves"])
        assert clears(disposable=True)


def test_differences_are_ignored_until_a_day(tmp_path: Path) -> None:
    spec = tmp_path / "shelves.json"
    spec.write_text(json.dumps(DOCUMENT))
    ignores = [
        Ignore("PROJ-1", date(2999, 1, 1), operation="DELETE /shelves/*", rule="status"),
    ]
    sandbox = Sandbox(ignores=ignores, include=["removeShelf"])
    with served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(planted("DELETE /shelves/{}", "status", to=200, body="{}"))
        ledger = str(tmp_path / "ledger")
        order = Order(str(spec), url, examples=0, sandbox=sandbox, ledger=ledger)
        report, _ = differential(order, CONTRACT)
    # What is not in view is not reported.
    assert any("ignored: PROJ-1" in note for note in report.notes), report.notes
    assert {d.mismatch.operation for d in report.differences} <= {"removeShelf"}
    assert "status" not in {d.mismatch.kind for d in report.differences}


def test_differences_are_reported_to_a_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, summary = tmp_path / "shelves.json", tmp_path / "summary.md"
    spec.write_text(json.dumps(DOCUMENT))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    with served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(planted("DELETE /shelves/{}", "status", to=200, body="{}"))
        given = ["--real", url, "--examples", "0", "--ledger", str(tmp_path / "ledger"), "-q"]
        folder = tmp_path / "report"
        outcome = CliRunner().invoke(
            diff,
            [str(spec), *given, "--include", "removeShelf", "--report-dir", str(folder)],
        )
    assert outcome.exit_code == 1, outcome.output
    assert "::error title=status (status)::DELETE /shelves/{shelf_id}: the real API has 200" in (
        outcome.output
    )
    assert summary.read_text().startswith("## Differential test of Shelves: ")
    assert "of 5 operations" in summary.read_text()
    (case,) = (
        case
        for case in Xml.parse(folder / "junit.xml").getroot().iter("testcase")
        if case.get("name") == "removeShelf"
    )
    assert case.find("failure") is not None
    results = json.loads((folder / "report.sarif").read_text())["runs"][0]["results"]
    assert "status" in {found["ruleId"] for found in results}


TABLE = """
[verify]
url = "https://sandbox.example.com"
api-key = "from-file"
rate = 2
exclude = ["removeShelf"]
params = {room = "attic"}
"""


def test_the_table_is_read_and_flags_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Order] = []

    def note(order: Order, quiet: bool) -> int:
        seen.append(order)
        return 0

    monkeypatch.setattr(run, "run_diff", note)
    config = tmp_path / "mockserver.toml"
    config.write_text(TABLE)
    common = ["shelves.json", "--config", str(config)]
    assert CliRunner().invoke(diff, common, env={"API_KEY": None}).exit_code == 0
    flags = [*common, "--api-key", "k", "--rate", "9", "--exclude", "getShelf"]
    assert CliRunner().invoke(diff, flags).exit_code == 0
    first, second = seen
    assert (first.real, first.key, first.rate) == ("https://sandbox.example.com", "from-file", 2.0)
    assert (first.sandbox.exclude, first.sandbox.params) == (("removeShelf",), {"room": "attic"})
    assert (first.ledger, list(first.serve)) == ("diff-ledger.ndjson", ["--config", str(config)])
    assert (second.key, second.rate) == ("k", 9.0)
    assert second.sandbox.exclude == ("removeShelf", "getShelf")
    assert first.whole.key == "from-file"


def test_a_real_side_has_to_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(diff, ["shelves.json"])
    assert isinstance(outcome.exception, UsageError)
    assert "--real is missing" in str(outcome.exception)
