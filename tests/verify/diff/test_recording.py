"""Calibrating from a recording: its prefix is found, its requests are replayed on a mock."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from mockserver.cli.diff import calibrate
from mockserver.errors import UsageError
from mockserver.openapi.build import build_contract
from mockserver.verify.diff.calibrate.recording import Routes, recorded
from mockserver.verify.diff.id_map import IdMap, Pairs, noun_in_url, noun_of, nouns_in
from mockserver.verify.diff.runner import is_fine
from tests.verify.diff.small import DOCUMENT, KNOWLEDGE

SHELF = {
    "id": "0b0e7a44-4a57-4a7c-9ad1-3f3a0b6f0001",
    "name": "a",
    "colour": "red",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}
OTHER = {**SHELF, "id": "0b0e7a44-4a57-4a7c-9ad1-3f3a0b6f0002"}
GONE = {"error": "gone", "message": "Not here."}
HERE = f"/shelves/{SHELF['id']}"
KEY = {"name": "X-API-Key", "value": "[masked]"}


def entry(number: int, exchange: tuple[str, str, Any, int, Any], prefix: str) -> dict[str, Any]:
    method, path, sent, status, body = exchange
    request: dict[str, Any] = {
        "method": method,
        "url": f"https://api.example.com{prefix}{path}",
        "headers": [KEY],
    }
    if sent is not None:
        request["headers"].append({"name": "content-type", "value": "application/json"})
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(sent)}
    content = {"mimeType": "application/json", "text": "" if body is None else json.dumps(body)}
    return {
        "startedDateTime": f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z",
        "time": 0,
        "request": request,
        "response": {"status": status, "content": content},
    }


def recording(*exchanges: tuple[str, str, Any, int, Any], prefix: str = "") -> dict[str, Any]:
    return {"log": {"entries": [entry(n, one, prefix) for n, one in enumerate(exchanges)]}}


EXCHANGES = (
    ("POST", "/shelves", {"name": "a"}, 201, SHELF),
    ("GET", HERE, None, 200, SHELF),
    ("GET", HERE, None, 500, {"oops": 1}),
    ("GET", HERE, None, 429, {"slow": 1}),
    ("PATCH", HERE, {"note": f"about {SHELF['id']}"}, 200, SHELF),
    ("GET", f"/shelves/{OTHER['id']}", None, 404, GONE),
    ("DELETE", HERE, None, 200, {}),
    ("GET", HERE, None, 404, GONE),
    ("DELETE", HERE, None, 404, GONE),
    ("GET", "/shelves/of-before", None, 200, OTHER),
    ("PATCH", "/shelves/of-before", {"name": "b"}, 409, {"error": "busy", "message": "x"}),
)


def learned(tmp_path: Path, har: dict[str, Any], *more: str) -> tuple[str, dict[str, Any]]:
    source, document, lock = (tmp_path / n for n in ("a.har", "shelves.json", "lock.toml"))
    source.write_text(json.dumps(har))
    document.write_text(json.dumps(DOCUMENT))
    arguments = [str(source), "--spec", str(document), "-o", str(lock), *more]
    outcome = CliRunner().invoke(calibrate, arguments, catch_exceptions=False)
    return outcome.output, tomllib.loads(lock.read_text())["operations"]


def test_answers_are_learned_from_a_recording(tmp_path: Path) -> None:
    output, rules = learned(tmp_path, recording(*EXCHANGES, prefix="/api/v9"))
    assert "the recorded API is at /api/v9" in output
    answers = [
        (name, one["when"]["mock"], one.get("status"), one.get("body"))
        for name, found in rules.items()
        for one in found.get("answers", ())
    ]
    assert ("removeShelf", "204", 200, {}) in answers
    assert any(one[1:] == ("404", 404, GONE) for one in answers)
    # Neither errors of the moment nor entities that a mock can't have.
    assert not {"oops", "slow", "busy"} & set(json.dumps(rules).replace('"', " ").split())


def test_rules_of_before_stay(tmp_path: Path) -> None:
    before = tmp_path / "before.toml"
    before.write_text('[operations.createShelf.defaults]\ncolour = "blue"\n')
    _, rules = learned(tmp_path, recording(*EXCHANGES), "--calibration", str(before))
    assert rules["createShelf"]["defaults"] == {"colour": "blue"}
    assert rules["removeShelf"]["answers"]


@pytest.mark.parametrize("prefix", ["", "/api", "/shelves", "/shelves/v1"])
def test_the_prefix_is_found(prefix: str) -> None:
    har = recording(*EXCHANGES, prefix=prefix)
    har["log"]["entries"].append(entry(99, ("GET", "/", None, 200, {}), ""))
    found = recorded(har, KNOWLEDGE.contract, "a.har")
    assert found.prefix == prefix
    assert len(found.exchanges) == len(EXCHANGES) - 1


def test_of_two_prefixes_the_one_with_the_longer_words_counts() -> None:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "a", "version": "1"},
        "paths": {
            path: {"get": {"operationId": name, "responses": {"200": {"description": "x"}}}}
            for path, name in (("/{name}", "getOne"), ("/items/{name}", "getItem"))
        },
    }
    routes = Routes(build_contract(document))
    assert routes.prefix_of([("GET", "/v1/items/a"), ("GET", "/v1/items/b")]) == "/v1"


def test_nothing_that_matches_is_refused() -> None:
    with pytest.raises(UsageError, match="none of its 1 exchanges"):
        recorded(recording(("GET", "/", None, 200, {})), KNOWLEDGE.contract, "a.har")


def test_numbers_count_each_kind_of_entity() -> None:
    ids = IdMap()
    ids.learn({"id": 7, "name": "a"}, {"id": 4, "name": "a"}, noun_of("/widgets"))
    ids.learn({"data": {"id": 8, "widget_id": 7}}, {"data": {"id": 4, "widget_id": 4}}, "part")
    ids.learn_location("http://a/widgets/9", "/widgets/5")
    assert [ids.named(one, "widget") for one in ("7", "8", "9")] == ["4", "4", "5"]
    assert ids.named("8", "part") == "4"
    assert ids.value({"id": 8, "widget_id": 9, "limit": 7}, noun="part") == {
        "id": 4,
        "widget_id": 5,
        "limit": 7,
    }
    assert nouns_in("/widgets/{id}/parts/{part}") == {"id": "widget", "part": "part"}
    assert noun_in_url("/api/widgets/7/parts/8") == "part"


def test_the_path_of_the_request_in_a_text_is_that_of_the_other_side() -> None:
    pairs = Pairs(urls=("http://a/widgets/24/parts?x=1", "http://b/widgets/4/parts"))
    assert pairs.translated("at /widgets/24/parts") == "at /widgets/4/parts"
    assert pairs.translated("at /widgets/25/parts") == "at /widgets/25/parts"


def test_ids_are_mapped_wherever_they_are() -> None:
    ids = IdMap()
    ids.learn(
        {"id": "abc-123", "data": {"owner_id": 7}}, {"id": "xyz-987", "data": {"owner_id": 9}}
    )
    ids.learn_location("https://a/things/one-thing?x=1", "/things/other-thing/")
    assert ids.text("abc-123") == "xyz-987"
    assert ids.text("see /things/abc-123, one-thing") == "see /things/xyz-987, other-thing"
    assert (ids.text("7"), ids.named("7", "owner")) == ("7", "9")
    assert ids.value({"owner_id": 7, "count": 7, "ids": ["abc-123", 7]}) == {
        "owner_id": 9,
        "count": 7,
        "ids": ["xyz-987", 9],
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["id", "a"]) | st.text(), inner)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_mapping_never_fails_and_keeps_the_shape(one: Any, other: Any) -> None:
    ids = IdMap()
    ids.learn(one, other)
    ids.learn(one, one)
    assert type(ids.value(one)) is type(one) or isinstance(one, int)


@pytest.mark.parametrize(
    ("moment", "apart", "fine"),
    [
        ("2026-12-01T10:00:00Z", 1.0, False),
        ("2026-12-01T10:00:00.000000Z", 1.0, False),
        ("2026-12-01T10:00:00.123Z", 1.0, True),
        ("2026-12-01T10:00:00.123Z", 0.001, False),
        ("2026-12-01T10:00:00.123456Z", 0.001, True),
        ("2026-12-01T10:00:00.010000Z", 0.001, True),
    ],
)
def test_whether_timestamps_tell_two_requests_apart(moment: str, apart: float, fine: bool) -> None:
    assert is_fine(json.dumps({"at": moment}), [5.0, 5.0 + apart]) is fine
