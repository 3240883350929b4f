"""From a differential run to a calibration file and back: rules are followed, known differences
accepted."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from mockserver import MockServer
from mockserver.cli.diff import calibrate, drift
from mockserver.engine.calibration import Rules, adapted, with_defaults
from mockserver.engine.serialization import Sent
from mockserver.errors import UsageError
from mockserver.openapi.build import build_contract
from mockserver.verify.diff import calibrate as calibration
from mockserver.verify.diff.calibrate import (
    Calibration,
    lock_text,
    read_report,
    rehearsed,
)
from mockserver.verify.diff.calibrate.rule_checks import Exchanges, rehearsal_of, templated
from mockserver.verify.diff.drift import document_changes, drift_of
from mockserver.verify.diff.model import Program, Report, Run, Seen, Step
from mockserver.verify.diff.recorded import run_as_json
from mockserver.verify.diff.report import fidelity_of, write
from mockserver.verify.model import Exchange
from tests.support.fault_proxy.proxy import the_proxy
from tests.verify.diff.small import DOCUMENT, KNOWLEDGE, differ, planted, served

SHELF = "/shelves/{}"
LITTLE = ("unknown", "lives")
"""Enough sequences for what is planted here."""


@pytest.fixture(autouse=True)
def first_draft(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Rehearsals take long; only their own test has them."""
    if "rehearsal" not in request.node.name:
        monkeypatch.setattr(calibration, "_DRAFTS", 0)


def written(report: Report, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    fidelity = fidelity_of(report, KNOWLEDGE)
    return write(report, fidelity, KNOWLEDGE.contract, DOCUMENT, folder)[0]


def run(*arguments: str) -> tuple[int, str]:
    command = {"calibrate": calibrate, "drift": drift}[arguments[0]]
    outcome = CliRunner().invoke(command, arguments[1:])
    return outcome.exit_code, outcome.output


def learned_rules(mock: MockServer) -> Iterator[dict[str, Any]]:
    """Defaults, and answers without what they were seen for."""
    for rules in mock.mock.pipeline.settings.lock.values():  # type: ignore[attr-defined]
        yield {"defaults": rules.defaults}
        for answer in rules.answers:
            yield {"mock": answer.when["mock"], "status": answer.status, "body": answer.body}


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        (
            planted("DELETE /shelves/{}", "status", to=200, body="{}"),
            {"mock": "204", "status": 200, "body": {}},
        ),
        (
            planted(f"GET {SHELF}", "body", "404", body='{"error":"gone","message":"Not here."}'),
            {"mock": "404", "status": 404, "body": {"error": "gone", "message": "Not here."}},
        ),
        (
            planted("POST /shelves", "request_default", at="colour", value='"blue"'),
            {"defaults": {"colour": "blue"}},
        ),
    ],
)
def test_what_was_found_is_gone_with_the_lock(
    fault: Any, rule: dict[str, Any], tmp_path: Path
) -> None:
    with served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(fault)
        with served(1) as mock:
            before = differ(url, mock, origins=LITTLE)
        lock = tmp_path / "lock.toml"
        code, output = run("calibrate", str(written(before, tmp_path)), "-o", str(lock))
        assert code == 0, output
        with MockServer(DOCUMENT, seed=1, lock=lock) as following:
            assert rule in list(learned_rules(following))
            proxy.plant(fault)
            after = differ(url, following.url, origins=LITTLE)
    assert before.differences
    assert len(after.differences) < len(before.differences)
    old, new = (fidelity_of(report, KNOWLEDGE).number for report in (before, after))
    assert new > old


def test_rules_on_replies() -> None:
    rules = Rules(
        statuses={"204": 200},
        bodies={"404": {"detail": "no {shelf_id}"}},
        extra={"room": "attic"},
        absent=["note"],
    )
    sent = adapted(rules, {"shelf_id": "7"}, Sent(404, [(b"content-type", b"text/plain")], b"x"))
    assert json.loads(sent.body) == {"detail": "no 7"}
    assert sent.headers == [(b"content-type", b"application/json")]
    sent = adapted(rules, {}, Sent(200, [], b'{"id": 1, "note": null}'))
    assert json.loads(sent.body) == {"room": "attic", "id": 1}
    assert adapted(rules, {}, Sent(204)).status == 200
    rules = Rules(statuses={"201": 200}, headers={"200": {"allow": "GET, POST", "etag": ""}})
    sent = adapted(rules, {}, Sent(201, [(b"ETag", b"1"), (b"x-kept", b"2")]))
    assert sent.headers == [(b"x-kept", b"2"), (b"allow", b"GET, POST")]
    assert adapted(rules, {}, Sent(404, [(b"etag", b"1")])).headers == [(b"etag", b"1")]
    assert adapted(rules, {}, Sent(200, [], b"no JSON")).body == b"no JSON"


def test_rules_on_nested_fields_and_on_words() -> None:
    rules = Rules(
        words={"400": {"errno": 107}},
        extra={"data.room": "attic", "rows.*.room": "hall"},
        absent=["data.note", "rows.*.note"],
    )
    body = b'{"data": {"note": 1}, "rows": [{"note": 1, "room": "own"}, {}, 7]}'
    assert json.loads(adapted(rules, {}, Sent(200, [], body)).body) == {
        "data": {"room": "attic"},
        "rows": [{"room": "own"}, {"room": "hall"}, 7],
    }
    sent = adapted(rules, {}, Sent(400, [], b'{"errno": 3, "message": "no"}'))
    assert json.loads(sent.body) == {"errno": 107, "message": "no"}


def test_defaults_are_put_in_only_where_they_are_missing() -> None:
    rules = Rules(defaults={"colour": "blue"})
    assert json.loads(with_defaults(rules, b'{"name": "a"}')) == {"colour": "blue", "name": "a"}
    for body in (b'{"colour": null}', b"[]", b"broken", b""):
        assert with_defaults(rules, body) == body


def test_of_equal_ids_the_last_is_meant() -> None:
    path = {"shelf_id": "0000-1", "book_id": "0000-1"}
    assert templated("no book 0000-1", path) == "no book {book_id}"


def test_ids_become_parameters() -> None:
    body = {"detail": "no abcd here", "more": ["abcd", 1]}
    assert templated(body, {"shelf_id": "abcd"}) == {
        "detail": "no {shelf_id} here",
        "more": ["{shelf_id}", 1],
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not = toml =", "not TOML"),
        ("[operations.noSuch]", "no operation 'noSuch'"),
        ("[operations.getShelf]\nwrong = 1", "getShelf.wrong"),
        ("[operations.getShelf.statuses]\n200 = 7", "is not a status"),
        ("[operations.getShelf.durations]\nnew = -1", "not a number of seconds"),
        ("[operations.getShelf.enums]\ncolour = []", "list of values"),
        ("[operations.getShelf.words]\n400 = 7", "words.400: 7 is not a table"),
        ("[operations.getShelf.statuses]\n200 = 101", "is not a status"),
        ("[operations.getShelf.media_types]\n200 = 5", "is not a media type"),
        ('[operations.getShelf.media_types]\n200 = "a/b\\r\\nx: y"', "is not a media type"),
        ("[operations.getShelf.headers.200]\nallow = 7", "is not a table of headers"),
        ('[operations.getShelf.headers]\n200 = "GET"', "is not a table of headers"),
        ('[operations.getShelf.headers.200]\nallow = "a\\r\\nb: c"', "is not a table of headers"),
        ('[operations.getShelf.order]\nfirst = "best"', "order: unknown"),
        ("[operations.getShelf.bodies]\n404 = 2020-01-01", "a value is none of JSON"),
        ("[operations.getShelf.durations]\nnew = inf", "a value is none of JSON"),
        ("x = " + "[" * 100_000, "not TOML"),
    ],
)
def test_a_bad_lock_file_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "lock.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        MockServer(DOCUMENT, lock=path)


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(UsageError, match="not a report of mockserver diff"):
        read_report(str(tmp_path / "a.json"))
    with pytest.raises(UsageError, match="No such file"):
        read_report(str(tmp_path / "none.json"))


def test_drift(tmp_path: Path) -> None:
    with served(1) as mock, served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(None)
        clean = written(differ(url, mock, origins=LITTLE), tmp_path / "clean")
        proxy.plant(planted(f"GET {SHELF}", "drop", at="updated_at"))
        other = written(differ(url, mock, origins=LITTLE), tmp_path / "other")
    code, output = run("drift", str(clean), str(clean))
    assert (code, output.splitlines()[-1]) == (0, "No drift.")
    code, output = run("drift", str(clean), str(other))
    assert code == 1
    assert "appeared  GET /shelves/{shelf_id} schema updated_at" in output
    found = drift_of(read_report(str(other)), read_report(str(clean)))
    assert [entry["at"] for entry in found.gone] == ["updated_at"]
    assert ("getShelf", "schema", "differs", "agreed") in found.behaviours


def test_changes_of_the_document() -> None:
    new = copy.deepcopy(DOCUMENT)
    del new["paths"]["/shelves/{shelf_id}"]["delete"]
    schemas = new["components"]["schemas"]
    schemas["NewShelf"]["properties"]["colour"] = {"type": "string", "enum": ["red", "green"]}
    schemas["NewShelf"]["required"] = ["name", "colour"]
    schemas["Shelf"]["properties"]["room"] = {"type": "string"}
    changes = document_changes(KNOWLEDGE.contract, build_contract(new))
    assert changes["removeShelf"] == ["removed"]
    assert set(changes["createShelf"]) == {
        "request required field colour is new",
        "request field colour: value green is new",
        "request field colour: value blue is gone",
        "answer field room is new",
    }


def test_a_locked_mock_answers_so_over_http(tmp_path: Path) -> None:
    path = tmp_path / "lock.toml"
    path.write_text('[operations.getShelf.bodies.404]\ndetail = "no shelf {shelf_id}"\n')
    with MockServer(DOCUMENT, lock=path) as mock:
        reply = httpx.get(f"{mock.url}/shelves/x1", headers=mock.headers, trust_env=False)
    assert reply.status_code == 404
    assert reply.json() == {"detail": "no shelf x1"}


GONE = planted(f"GET {SHELF}", "body", "404", body='{"error":"gone","message":"Not here."}')
REMOVED = planted("DELETE /shelves/{}", "status", to=200, body="{}")
BLUE = planted("POST /shelves", "request_default", at="colour", value='"blue"')


def calibrated(url: str, lock: Path, folder: Path) -> tuple[Report, dict[str, Any]]:
    """Run against a mock that follows the calibration file, if there is one; calibrate again."""
    there = lock.exists()
    with MockServer(DOCUMENT, seed=1, lock=lock if there else None, clock="manual") as mock:
        report = differ(url, mock.url, origins=LITTLE, lock=str(lock) if there else "")
    code, output = run("calibrate", str(written(report, folder)), "-o", str(lock))
    assert code == 0, output
    return report, tomllib.loads(lock.read_text())


def without_counts(tables: dict[str, Any]) -> dict[str, Any]:
    """The rules by operation; answers without the number of exchanges."""
    return {
        name: {
            table: [{**one, "seen": 0} for one in rules] if table == "answers" else rules
            for table, rules in found.items()
        }
        for name, found in tables.items()
    }


def test_calibrating_again_loses_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock.toml"
    with served(2) as upstream, the_proxy(upstream) as (proxy, url):
        for fault in (GONE, REMOVED, BLUE):
            lock.unlink(missing_ok=True)
            proxy.plant(fault)
            first, rules = calibrated(url, lock, tmp_path)
            second, again = calibrated(url, lock, tmp_path)
            third, still = calibrated(url, lock, tmp_path)
            assert first.differences
            assert rules["operations"]
            assert len(second.differences) < len(first.differences)
            kept, now = without_counts(rules["operations"]), without_counts(again["operations"])
            assert now == {name: {**now[name], **kept.get(name, {})} for name in now}
            assert kept.keys() <= now.keys()
            assert (third.differences, without_counts(still["operations"])) == ([], now)


def test_calibrating_again_adds_what_is_new_and_drops_what_is_no_more(tmp_path: Path) -> None:
    lock = tmp_path / "lock.toml"
    with (
        served(2) as upstream,
        the_proxy(upstream) as (inner, nearer),
        the_proxy(nearer) as (outer, url),
    ):
        inner.plant(GONE)
        _, only_gone = calibrated(url, lock, tmp_path)
        outer.plant(BLUE)
        _, both = calibrated(url, lock, tmp_path)
        inner.plant(None)
        calibrated(url, lock, tmp_path)
        last, only_blue = calibrated(url, lock, tmp_path)
    assert "answers" in only_gone["operations"]["getShelf"]
    assert both["operations"]["createShelf"]["defaults"] == {"colour": "blue"}
    assert "Not here." in json.dumps(both["operations"])
    assert only_blue["operations"]["createShelf"]["defaults"] == {"colour": "blue"}
    assert "Not here." not in json.dumps(only_blue["operations"])
    assert not last.differences


@pytest.mark.slow
def test_a_rehearsal_shows_what_a_draft_leaves_and_breaks(tmp_path: Path) -> None:
    with served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(GONE)
        with MockServer(DOCUMENT, seed=1, clock="manual") as mock:
            report = read_report(str(written(differ(url, mock.url, origins=LITTLE), tmp_path)))
    found = Calibration()
    found.add_report(report)
    with rehearsal_of(report) as rehearsal:
        assert rehearsal is not None
        best = rehearsed(found, rehearsal)
        rehearsal.draft.write_text(lock_text(best))
        played = rehearsal.play({"operations": best.operations, "known": []})
        assert played["fidelity"]["agreed"] > report["fidelity"]["agreed"]
        assert rehearsal.broken(played) == set()
        rehearsal.draft.write_text('[operations.listShelves]\nabsent = ["items"]\n')
        played = rehearsal.play({"operations": {}, "known": []})
        assert {name for name, _ in rehearsal.broken(played)} == {"listShelves"}


def test_a_report_without_runs_has_no_rehearsal() -> None:
    with rehearsal_of({}) as rehearsal:
        assert rehearsal is None


@pytest.mark.parametrize(
    ("place", "values", "refused", "learned"),
    [
        ("allow", ("GET, HEAD", "GET, HEAD"), (), {"200": {"allow": "GET, HEAD"}}),
        ("allow", ("GET", "GET"), (1,), {"200": {"allow": "GET"}, "404": {"allow": "GET"}}),
        ("www-authenticate", ("Basic", "Basic"), (), {"200": {"www-authenticate": "Basic"}}),
        ("www-authenticate", ("", ""), (), {"200": {"www-authenticate": ""}}),
        ("allow", ("GET", "GET", "POST"), (2,), {"200": {"allow": "GET"}}),
        ("allow", ("GET", "POST"), (), None),
        ("allow", ("GET", "POST"), (1,), None),
        ("allow", ("GET",), (), None),
        ("etag", ('"1"', '"1"'), (), None),
    ],
)
def test_headers_that_every_reply_has_are_learned(
    place: str, values: tuple[str, ...], refused: tuple[int, ...], learned: Any
) -> None:
    seen = []
    for number, value in enumerate(values):
        headers = {"content-type": "application/json"} | ({place: value} if value else {})
        status = 404 if number in refused else 200
        sent = Exchange("GET", "http://x/logs", {}, b"", status, headers, b"{}", 0.0, "diff")
        seen.append(Seen(Step(len(seen) + 1, "readLogs", "read"), [sent], {}))
    run = Run(Program(tuple(one.step for one in seen)), seen)
    evidence = {"status": 200, "body": {}}
    difference = {
        "operation": "readLogs",
        "kind": "headers",
        "at": place,
        "about": "",
        "where": "GET /logs",
        "real": values[0] or "absent",
        "mock": "other",
        "evidence": {"real": evidence, "mock": evidence, "intent": "read", "path": {}},
    }
    found = Calibration()
    report = {"real": "http://127.0.0.1:1", "differences": [difference]}
    found.add_report({**report, "runs": [json.loads(json.dumps(run_as_json(run)))]})
    assert found.operations.get("readLogs", {}).get("headers") == learned
    assert bool(found.known) is (learned is None)


@pytest.mark.parametrize(
    ("bodies", "rule"), [(([], [], []), []), (([], [], [1]), None), (([], []), None)]
)
def test_what_is_always_returned_is_a_rule(bodies: tuple[Any, ...], rule: Any) -> None:
    def sample(number: int, body: Any) -> dict[str, Any]:
        real, mock = {"status": 200, "body": body}, {"status": 200, "body": [7], "path": {}}
        common = {"operation": "readLogs", "traits": {"mock": "200"}, "path": {}, "query": {}}
        return {**common, "body": {"limit": number}, "real": real, "mock": mock}

    evidence = {"real": {"status": 200, "body": []}, "mock": {"status": 200, "body": [7]}}
    difference = {
        "operation": "readLogs",
        "kind": "state",
        "at": "",
        "about": "",
        "where": "POST /logs",
        "real": "0 elements",
        "mock": "1 element",
        "evidence": {**evidence, "intent": "read", "path": {}},
    }
    samples = [sample(number, body) for number, body in enumerate(bodies)]
    found = Calibration()
    found.add_report(
        {"real": "http://127.0.0.1:1", "samples": samples, "differences": [difference]}
    )
    assert found.operations.get("readLogs", {}).get("bodies", {}).get("200") == rule


def _exchange(real: Any, mock: int = 200, sent: Any = None) -> dict[str, Any]:
    status, body = real
    replies = {"real": {"status": status, "body": body}, "mock": {"status": mock, "body": {}}}
    request = {"traits": {"mock": str(mock)}, "path": {}, "query": {}, "body": sent}
    replies["mock"]["path"] = {}
    return {"operation": "make", **request, **replies}


_RED, _BLUE = (200, {"colour": "red"}), (200, {"colour": "blue"})


@pytest.mark.parametrize(
    ("table", "name", "value", "exchanges", "against"),
    [
        ("statuses", "200", 201, [_exchange((201, {})), _exchange((201, {}))], False),
        ("statuses", "200", 201, [_exchange((201, {})), _exchange((202, {}))], True),
        ("statuses", "200", 201, [_exchange((201, {})), _exchange((409, {}))], False),
        ("defaults", "colour", "red", [_exchange(_RED), _exchange(_BLUE)], True),
        ("defaults", "colour", "red", [_exchange(_RED), _exchange(_BLUE, sent=_BLUE[1])], False),
        ("extra", "colour", "red", [_exchange(_RED), _exchange((200, {}))], True),
        ("absent", "colour", None, [*[_exchange((200, {}))] * 20, _exchange(_RED)], True),
        ("nulls", "colour", None, [_exchange((200, {"colour": None}))], False),
        ("bodies", "404", {"detail": "none"}, [_exchange((404, {"detail": "no"}), 404)], True),
        ("enums", "colour", ["red"], [_exchange(_BLUE)], False),
    ],
)
def test_exchanges_contradict_a_rule(
    table: str, name: str, value: Any, exchanges: list[dict[str, Any]], against: bool
) -> None:
    known = Exchanges(exchanges, {}, lambda operation, status: str(status))
    assert known.contradict("make", table, name, value) is against


@pytest.mark.parametrize(
    ("accepted", "keys"),
    [((), ""), (("unknown",), "any"), (("absent", "unknown"), "none"), (("absent",), "")],
)
def test_whether_a_server_looks_at_credentials(accepted: tuple[str, ...], keys: str) -> None:
    samples = [
        {
            "operation": operation,
            "traits": {"credential": credential, "mock": "401"},
            "real": {"status": 200 if credential in accepted else 401},
        }
        for operation in ("a", "b", "c")
        for credential in ("absent", "unknown")
    ]
    assert calibration._keys_taken(samples) == keys


def test_a_tag_of_the_body_is_no_constant() -> None:
    tags = ['W/"a"', 'W/"b"', "", '"c"']
    assert [calibration._of_body("etag", one) for one in tags] == [
        "W/{etag}",
        "W/{etag}",
        "",
        "{etag}",
    ]
    assert calibration._of_body("vary", "Origin") == "Origin"
