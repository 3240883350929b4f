"""What is special about a request, in words; and what a value can be taken for."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.engine.calibration import (
    adapted,
    coerced,
    filled,
    holds,
    kind_of,
    kind_of_id,
    of_body,
    rules_of,
    with_body,
)
from mockserver.engine.serialization import Sent
from mockserver.openapi.model import Violation
from tests.verify.diff.small import DOCUMENT


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "true"),
        (0, "zero, a number"),
        (-1.5, "negative fraction"),
        ("", "empty text"),
        ("7", "number as text"),
        ("Yes", "yes or no as text"),
        (" x ", "text with spaces around it"),
        ("é", "text beyond ASCII"),
        ([], "empty list"),
        ({"a": 1}, "object"),
    ],
)
def test_kinds(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


def test_whole_bodies() -> None:
    assert of_body(b"") == ("absent", None)
    assert of_body(b"{") == ("not JSON", None)
    assert of_body(b"[]") == ("empty list", [])


@pytest.mark.parametrize(
    ("value", "kind"),
    [(7, "number as text"), ("a", "text"), ("0b0b0b0b-0000-4000-8000-000000000001", "UUID")],
)
def test_kinds_of_ids_as_they_were_read(value: Any, kind: str) -> None:
    assert kind_of_id(value) == kind


def test_what_is_not_there_is_absent() -> None:
    assert holds({"query.q": "absent", "body": "object"}, {"body": "object"})
    assert not holds({"query.q": "text"}, {})


@pytest.mark.parametrize(
    ("value", "kind", "read"),
    [
        ("yes", "boolean", True),
        (0, "boolean", False),
        ("7", "integer", 7),
        ("7.5", "number", 7.5),
        (True, "integer", 1),
        (7, "string", "7"),
        ("seven", "integer", "seven"),
    ],
)
def test_what_a_value_can_be_read_as(value: Any, kind: str, read: Any) -> None:
    violation = Violation(("body", "a", 0), "type", "", value, kind)
    assert coerced({"a": [value]}, [violation]) == {"a": [read]}


RULES = """
[[operations.createShelf.answers]]
when = { mock = "201", "taken name" = "yes" }
status = 409
body = { error = "taken", message = "'{body.name}' is there" }

[[operations.createShelf.answers]]
when = { mock = "422", "body.note" = "number" }
status = 201

[[operations."*".answers]]
when = { mock = "404" }
status = 410
body = { error = "gone", message = "{shelf_id}" }
"""


def test_a_mock_follows_answers(tmp_path: Any) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    with (
        MockServer(DOCUMENT, calibration=path) as mock,
        httpx.Client(base_url=mock.url, headers=mock.headers, trust_env=False) as client,
    ):
        first = client.post("/shelves", json={"name": "one"})
        assert first.status_code == 201
        again = client.post("/shelves", json={"name": "one"}, headers={"x-mock-traits": "yes"})
        assert (again.status_code, again.json()["message"]) == (409, "'one' is there")
        assert '"taken name":"yes"' in again.headers["x-mock-traits"]
        rows = client.get("/shelves").json()["items"]
        assert [row["name"] for row in rows].count("one") == 1
        taken = client.post("/shelves", json={"name": "two", "note": 7})
        assert (taken.status_code, taken.json()["note"]) == (201, "7")
        gone = client.get("/shelves/none")
        assert (gone.status_code, gone.json()) == (410, {"error": "gone", "message": "none"})
        assert "x-mock-traits" not in gone.headers


def test_an_id_that_nothing_has_is_of_a_kind() -> None:
    kinds = {
        "none": "text",
        "7": "number as text",
        "-3": "negative number as text",
        "01A22FBD-5576-7a1e-8636-e8bafeafd6ec": "UUID",
        "é": "text beyond ASCII",
    }
    with (
        MockServer(DOCUMENT) as mock,
        httpx.Client(base_url=mock.url, headers=mock.headers, trust_env=False) as client,
    ):
        made = client.post("/shelves", json={"name": "one"}).json()["id"]
        asked = {"x-mock-traits": "yes"}
        for name, kind in kinds.items():
            told = client.get(f"/shelves/{name}", headers=asked).headers["x-mock-traits"]
            assert json.loads(told)["path.shelf_id"] == kind
        told = client.get(f"/shelves/{made}", headers=asked).headers["x-mock-traits"]
        assert "path.shelf_id" not in json.loads(told)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("advance=90", 90), ("advance=0.5", 0.5), ("yes", 0), ("advance=soon", 0), ("advance=-3", 0)],
)
def test_time_may_pass_before_a_request_that_wants_traits(asked: str, seconds: float) -> None:
    with (
        MockServer(DOCUMENT) as mock,
        httpx.Client(base_url=mock.url, headers=mock.headers, trust_env=False) as client,
    ):
        before, elsewhere = mock.clock.now, mock.clock_for("another").now
        reply = client.get("/shelves", headers={"x-mock-traits": asked})
        assert "x-mock-traits" in reply.headers
        assert mock.clock.now - before == seconds * 1_000_000
        assert mock.clock_for("another").now == elsewhere


def test_time_passes_for_callers_on_this_machine_only() -> None:
    with (
        MockServer(DOCUMENT) as mock,
        httpx.Client(base_url=mock.url, headers=mock.headers, trust_env=False) as client,
    ):
        before = mock.clock.now
        asked = {"x-mock-traits": "advance=90", "x-forwarded-for": "192.0.2.7"}
        assert client.get("/shelves", headers=asked).status_code == 200
        assert mock.clock.now == before


@pytest.mark.parametrize(
    ("body", "shown"), [(b"null", None), (b"[1]", [1]), (b'{"a": ', '{"a": '), (b"7", 7)]
)
def test_a_refusal_repeats_a_body_of_any_kind(body: bytes, shown: Any, tmp_path: Any) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[operations."*".answers]]\nwhen = { mock = "422" }\nstatus = 422\n'
        'body = { sent = "{body}" }\nseen = 9\n'
    )
    with MockServer(DOCUMENT, calibration=path) as mock:
        headers = {**mock.headers, "content-type": "application/json"}
        url = f"{mock.url}/shelves"
        reply = httpx.post(url, content=body, headers=headers, trust_env=False)
    assert (reply.status_code, reply.json()) == (422, {"sent": shown})


def test_a_path_that_is_called_after_a_property_names_what_has_it(tmp_path: Any) -> None:
    text = {"type": "string"}
    room = {"type": "object", "required": ["id"], "properties": {"id": text, "name": text}}
    shown = {"description": "so", "content": {"application/json": {"schema": room}}}

    def operation(name: str, status: str, *given: str, **more: Any) -> dict[str, Any]:
        names = [{"name": n, "in": "path", "required": True, "schema": text} for n in given]
        replies = {status: shown if status != "204" else {"description": "so"}}
        return {"operationId": name, "parameters": names, "responses": replies, **more}

    body = {"content": {"application/json": {"schema": room | {"required": []}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Rooms", "version": "1"},
        "paths": {
            "/rooms": {"post": operation("make", "201", requestBody=body)},
            "/rooms/{id}": {"get": operation("read", "200", "id")},
            "/rooms/name/{name}": {
                "get": operation("byName", "200", "name"),
                "delete": operation("removeByName", "204", "name"),
            },
        },
    }
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[operations.byName.answers]]\nwhen = { mock = "200", name = "not there" }\n'
        'status = 404\nbody = { detail = "none" }\nseen = 2\n'
    )
    with (
        MockServer(document, calibration=path) as mock,
        httpx.Client(base_url=mock.url, headers=mock.headers, trust_env=False) as client,
    ):
        client.post("/rooms", json={"name": "attic"})
        statuses = [client.get(f"/rooms/name/{n}").status_code for n in ("attic", "cellar")]
    assert statuses == [200, 404]


def test_a_template_has_the_instant_in_the_form_that_was_seen() -> None:
    values = {"now": 1_700_000_000_123_456, "id": "7"}
    for form, text in (
        ("{now T3Z}", "2023-11-14T22:13:20.123Z"),
        ("{now T0Z}", "2023-11-14T22:13:20Z"),
        ("{now T6+00:00}", "2023-11-14T22:13:20.123456+00:00"),
        ("at {now  0}, {id}", "at 2023-11-14 22:13:20, 7"),
    ):
        assert filled({"at": [form]}, values) == {"at": [text]}
    assert filled("{now T3Z}", {}) == "{now T3Z}"


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("application/problem+json", True),
        ("application/json; charset=utf-8", True),
        ("", False),
        ("text/plain", False),
    ],
)
def test_another_body_keeps_a_media_type_of_json(kind: str, kept: bool) -> None:
    headers = [(b"content-type", kind.encode())] if kind else []
    sent = with_body(Sent(404, headers, b"no"), {"detail": "none"})
    assert sent.body == b'{"detail": "none"}'
    assert dict(sent.headers)[b"content-type"].decode() == (kind if kept else "application/json")


def test_a_tag_changes_with_the_body() -> None:
    operations = {"getA": {"headers": {"200": {"etag": "W/{etag}", "x-kind": "a"}}}}
    rules = rules_of(operations, ["getA"])["getA"]
    one, same, other = (
        dict(adapted(rules, {}, Sent(200, [], body)).headers) for body in (b"[]", b"[]", b"[1]")
    )
    assert one == same
    assert one[b"etag"] != other[b"etag"]
    assert one[b"etag"].startswith(b'W/"')
    assert one[b"x-kind"] == b"a"


def test_a_read_that_shows_nothing_makes_nothing(tmp_path: Any) -> None:
    """A server that gives an empty object for an unknown id has no such entity afterwards."""
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[operations.getShelf.answers]]\nwhen = { mock = "404" }\nstatus = 200\nbody = {}\n'
    )
    with (
        MockServer(DOCUMENT, calibration=path) as mock,
        httpx.Client(base_url=mock.url, headers=mock.headers, trust_env=False) as client,
    ):
        nothing = client.get("/shelves/none")
        assert (nothing.status_code, nothing.json()) == (200, {})
        assert client.delete("/shelves/none").status_code == 404
        made = client.post("/shelves", json={"name": "one"}).json()
        assert client.get(f"/shelves/{made['id']}").json() == made


def test_nulls_are_left_out_where_the_server_does(tmp_path: Any) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        '[operations.createShelf]\nomitted = ["note"]\n'
        '[operations.listShelves]\nomitted = ["items.*.note"]\n'
    )
    with (
        MockServer(DOCUMENT, calibration=path) as mock,
        httpx.Client(base_url=mock.url, headers=mock.headers, trust_env=False) as client,
    ):
        made = client.post("/shelves", json={"name": "one", "note": None}).json()
        kept = client.post("/shelves", json={"name": "two", "note": "x"}).json()
        assert "note" not in made
        assert kept["note"] == "x"
        rows = {row["name"]: row for row in client.get("/shelves").json()["items"]}
        assert "note" not in rows["one"]
        assert rows["two"]["note"] == "x"
