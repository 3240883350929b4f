"""Work whose status stands beside what it makes, and how it ends when it is cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract

_STATUS = {"type": "string", "enum": ["processing", "completed", "failed"]}
_TEXT = {"type": "string"}


def _operation(shown: dict[str, Any], sent: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object", "properties": shown}}}
    found: dict[str, Any] = {"responses": {"200": {"description": "ok", "content": content}}}
    if sent is not None:
        schema = {"type": "object", "properties": sent, "required": [*sent]}
        found["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return found


def _document(path: str, shown: dict[str, Any], cancel: dict[str, Any] | None) -> dict[str, Any]:
    one = {"name": "id", "in": "path", "required": True, "schema": _TEXT}
    item: dict[str, Any] = {"parameters": [one], "get": _operation(shown)}
    if cancel is not None:
        item["delete"] = _operation({"status": cancel}) | {"summary": f"Cancel the {path}"}
    made = _operation({"success": {"type": "boolean"}, "id": _TEXT}, {"url": _TEXT})
    return {
        "openapi": "3.0.3",
        "info": {"title": "Work", "version": "1"},
        "paths": {f"/{path}": {"post": made}, f"/{path}/{{id}}": item},
    }


_MADE = {
    "text in data": {"status": _STATUS, "data": {"type": "object", "properties": {"text": _TEXT}}},
    "all in data": {
        "data": {
            "type": "object",
            "properties": {"status": _STATUS, "finalAnalysis": _TEXT, "depth": {"type": "integer"}},
        }
    },
    "any data": {"status": _STATUS, "data": {"type": "object"}},
    "rows": {
        "status": _STATUS,
        "data": {"type": "array", "items": {"type": "object", "properties": {"html": _TEXT}}},
    },
    "told": {"status": _STATUS, "page": {**_TEXT, "description": "The generated page"}},
}


def _state(body: dict[str, Any]) -> Any:
    return body["status"] if "status" in body else body["data"]["status"]


def _result(shape: str, body: dict[str, Any]) -> Any:
    if shape == "told":
        return body.get("page")
    inner = body.get("data")
    return (inner or {}).get("finalAnalysis") if shape == "all in data" else inner


@pytest.mark.parametrize("path", ["crawl", "llmstxt", "research"])
@pytest.mark.parametrize("shape", _MADE)
def test_what_work_makes_is_there_once_it_is_done(shape: str, path: str) -> None:
    shown = {"success": {"type": "boolean"}, **_MADE[shape]}
    with MockServer(_document(path, shown, None), clock="manual", seed=0) as mock:
        made = mock.client.post(f"/{path}", json={"url": "https://example.com"}).json()
        place = f"/{path}/{made['id']}"
        first = mock.client.get(place).json()
        assert first["success"] is True
        assert _state(first) == "processing"
        assert not _result(shape, first)
        mock.clock.advance(86400)
        last = mock.client.get(place).json()
        assert _state(last) == "completed"
        assert _result(shape, last) or shape == "any data"


_OPEN = {"type": "string", "description": "Can be `scraping`, `completed` or `failed`."}
_ENDS = {
    "answered": (_OPEN, {"type": "string", "enum": ["cancelled"]}, "cancelled"),
    "other spelling": (_OPEN, {"type": "string", "enum": ["canceled"]}, "canceled"),
    "not told": (_OPEN, _TEXT, "failed"),
    "interrupted": (
        {"type": "string", "enum": ["pending", "running", "error", "success", "interrupted"]},
        _TEXT,
        "interrupted",
    ),
}


@pytest.mark.parametrize("case", _ENDS)
def test_cancelled_work_is_in_the_state_that_the_response_names(case: str) -> None:
    status, answer, end = _ENDS[case]
    shown = {"status": status, "total": {"type": "integer"}}
    with MockServer(_document("crawl", shown, answer), clock="manual", seed=0) as mock:
        made = mock.client.post("/crawl", json={"url": "https://example.com"}).json()
        place = f"/crawl/{made['id']}"
        assert mock.client.get(place).json()["status"] != end
        assert mock.client.delete(place).is_success
        mock.clock.advance(86400)
        assert mock.client.get(place).json()["status"] == end


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("etag", "A system-generated fingerprint."),
        ("version", "An automatically generated version."),
        ("insightsConfig", "How queries are looked at."),
        ("associatedInsights", "What it is about."),
    ],
)
def test_what_is_not_made_by_the_work_is_no_result(name: str, told: str) -> None:
    shown = {"status": _STATUS, "page": _TEXT, name: {**_TEXT, "description": told}}
    plan = build_plan(build_contract(_document("crawl", shown, None)))
    states = plan.resources["crawl"].states
    assert states is not None
    assert name not in states.results
