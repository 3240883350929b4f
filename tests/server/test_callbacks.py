"""Callbacks: their headers and queries, and the runtime expressions of their URLs."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.server.webhooks.subscriptions import with_query
from tests.support.documents import TEXT, WHOLE, thing

JSON = "application/json"


STATES = {"enum": ["queued", "running", "succeeded", "failed"]}
JOB = thing("id status", id=WHOLE, status=STATES, shard=WHOLE, note=TEXT, callback=TEXT)
SENT = thing(
    callback=TEXT, shard=WHOLE, ratio={"type": "number"}, deep=thing(flag={"type": "boolean"})
)


def document(
    expression: str, *parameters: dict[str, Any], shown: Any = JOB, key: str = "id"
) -> dict[str, Any]:
    """Jobs that call back when they end."""

    def answer(schema: Any, status: str = "200") -> dict[str, Any]:
        return {"responses": {status: {"description": "", "content": {JSON: {"schema": schema}}}}}

    ended = {
        "parameters": list(parameters),
        "requestBody": {"content": {JSON: {"schema": JOB}}},
        "responses": {"200": {"description": ""}},
    }
    query = {"name": "n", "in": "query", "schema": WHOLE}
    item = {"name": key, "in": "path", "required": True, "schema": WHOLE}
    create = {
        "parameters": [query],
        "requestBody": {"content": {JSON: {"schema": SENT}}},
        "callbacks": {"jobEnded": {expression: {"post": ended}}},
        **answer(shown, "201"),
    }
    rows = {"type": "array", "items": JOB if shown is JOB else shown}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Jobs", "version": "1"},
        "paths": {
            "/jobs": {"post": create, "get": answer(rows)},
            f"/jobs/{{{key}}}": {"parameters": [item], "get": answer(shown)},
        },
        "components": {"parameters": {"Tries": {**header("X-Attempt", WHOLE)}}},
    }


def header(name: str, schema: Any = TEXT, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "schema": schema, **more}


def query(name: str, schema: Any = TEXT, **more: Any) -> dict[str, Any]:
    return {**header(name, schema, **more), "in": "query"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """The requests that would have gone out."""
    found: list[httpx.Request] = []

    def send(url: str, method: str, headers: Any, body: bytes, *rest: Any) -> int:
        found.append(httpx.Request(method, url, headers=headers, content=body))
        return 204

    monkeypatch.setattr("mockserver.server.webhooks.delivery.send", send)
    return found


def ended(shown: dict[str, Any], body: Any, path: str = "/jobs") -> Any:
    """Start a job and let it end; returns its first response."""
    with MockServer(shown, clock="manual") as mock:
        made = mock.client.post(path, json=body)
        assert made.status_code == 201, made.text
        mock.clock.advance(3600)
        mock.webhooks.deliver()
        return made.json()


HERE = "http://127.0.0.1:9/hook"


@pytest.mark.parametrize(
    ("parameter", "name", "value"),
    [
        (header("X-Event"), "x-event", "jobEnded"),
        (header("X-Event-Type", {"enum": ["job.ended"]}), "x-event-type", "job.ended"),
        ({"$ref": "#/components/parameters/Tries"}, "x-attempt", "1"),
        (header("X-Version", example="2024-01"), "x-version", "2024-01"),
        (header("X-Kind", examples={"a": {"value": "b"}}), "x-kind", "b"),
        (header("Job-Id", WHOLE), "job-id", "ID"),
        (header("X-Levels", {"type": "array", "items": {"const": 2}, "minItems": 2}), "x-levels",
         "2,2"),
    ],
)  # fmt: skip
def test_required_headers(
    sent: list[httpx.Request], parameter: dict[str, Any], name: str, value: str
) -> None:
    made = ended(document("{$request.body#/callback}", parameter), {"callback": HERE})
    (call,) = sent
    assert call.headers[name].startswith(value.replace("ID", str(made["id"])))
    assert call.headers["content-type"] == JSON
    assert call.headers["webhook-id"]


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        (query("token", {"const": "t"}), [("token", "t")]),
        (query("id", WHOLE), [("id", "ID")]),
        (query("ids", {"type": "array", "items": {"const": 3}, "minItems": 2, "maxItems": 2}),
         [("ids", "3"), ("ids", "3")]),
        (query("ids", {"const": [1, 2]}, explode=False), [("ids", "1,2")]),
        (query("q", example="a b&c"), [("q", "a b&c")]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("own", ["", "?mine=1"])
def test_required_query_parameters(
    sent: list[httpx.Request], parameter: dict[str, Any], said: list[tuple[str, str]], own: str
) -> None:
    optional = {**query("never"), "required": False}
    shown = document("{$request.body#/callback}", parameter, optional)
    made = ended(shown, {"callback": HERE + own})
    (call,) = sent
    before = [("mine", "1")] if own else []
    expected = [(n, str(made["id"]) if v == "ID" else v) for n, v in said]
    assert call.url.params.multi_items() == [*before, *expected]


@pytest.mark.parametrize(
    ("expression", "url"),
    [
        ("http://127.0.0.1:9/{$request.body#/shard}", "http://127.0.0.1:9/7"),
        ("http://127.0.0.1:9/j/{$response.body#/id}/end", "http://127.0.0.1:9/j/ID/end"),
        ("http://127.0.0.1:9/?n={$request.query.n}", "http://127.0.0.1:9/?n=4"),
        ("http://127.0.0.1:9/{$request.body#/ratio}", "http://127.0.0.1:9/0.5"),
        ("http://127.0.0.1:9/{$request.body#/deep/flag}", "http://127.0.0.1:9/true"),
        ("{$request.body#/callback}?s={$statusCode}", f"{HERE}?s=201"),
    ],
)
def test_expressions_that_name_numbers(
    sent: list[httpx.Request], expression: str, url: str
) -> None:
    body = {"callback": HERE, "shard": 7, "ratio": 0.5, "deep": {"flag": True}}
    made = ended(document(expression), body, "/jobs?n=4")
    (call,) = sent
    assert str(call.url) == url.replace("ID", str(made["id"]))


def test_a_callback_is_about_the_job_whatever_its_id_is_called(sent: list[httpx.Request]) -> None:
    shown = thing("job_number status", job_number=WHOLE, status=STATES)
    made = ended(
        document("{$request.body#/callback}", shown=shown, key="job_number"), {"callback": HERE}
    )
    assert made["job_number"]
    assert len(sent) == 1


def test_a_callback_makes_nothing_up_that_the_job_has_not(sent: list[httpx.Request]) -> None:
    ended(document("{$request.body#/callback}"), {"callback": HERE, "shard": 7})
    (call,) = sent
    assert b"note" not in call.content
    assert b'"shard":7' in call.content


def test_where_a_query_stands_in_a_url() -> None:
    assert with_query("http://a/b#c", [("x", "1")]) == "http://a/b?x=1#c"
    assert with_query("http://a/b?y=2", [("x", "1"), ("x", "2")]) == "http://a/b?y=2&x=1&x=2"
    assert with_query("http://a/b", []) == "http://a/b"


@pytest.mark.parametrize("apart", [0, 1, 60])
def test_a_repeated_request_is_called_back_once(sent: list[httpx.Request], apart: int) -> None:
    shown = document("{$request.body#/callback}")
    key = {"name": "Idempotency-Key", "in": "header", "schema": TEXT}
    shown["paths"]["/jobs"]["post"]["parameters"].append(key)
    body = {"callback": "http://127.0.0.1:9/done"}
    with MockServer(shown, clock="manual") as mock:
        for _ in range(3):
            first = mock.client.post("/jobs", json=body, headers={"Idempotency-Key": "one"})
            assert first.status_code == 201
            mock.clock.advance(apart)
        other = mock.client.post("/jobs", json=body, headers={"Idempotency-Key": "two"})
        assert other.json()["id"] != first.json()["id"]
        mock.clock.advance(3600)
        mock.webhooks.deliver()
    told = [request.content for request in sent]
    assert len(told) == len(set(told)) == 2
