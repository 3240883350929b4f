"""openapi-core as the second validator: its results, and its own mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.errors import ContractError
from mockserver.openapi.build import build_contract
from mockserver.verify.conformance.openapi_core import SecondJudge
from mockserver.verify.model import Exchange

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Clocks", "version": "1"},
    "paths": {
        "/clocks/{clock_id}": {
            "get": {
                "operationId": "getClock",
                "parameters": [
                    {
                        "name": "clock_id",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string"},
                    }
                ],
                "responses": {
                    "200": {
                        "description": "One.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["name"],
                                    "properties": {
                                        "name": {"type": "string"},
                                        "alarm": {"type": "string", "format": "time"},
                                    },
                                }
                            }
                        },
                    },
                    "403": {"description": "No.", "content": {"application/json": {}}},
                    "410": {
                        "description": "No.",
                        "content": {
                            "application/problem+json": {"schema": {"required": ["title"]}},
                            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
                            "text/*": {"schema": {"type": "string"}},
                            "*/*": {"schema": {"type": "object", "required": ["any"]}},
                        },
                    },
                },
            }
        }
    },
}


def reply(body: bytes, status: int = 200, **changes: Any) -> Exchange:
    values: dict[str, Any] = {
        "method": "GET",
        "url": "http://127.0.0.1:8000/clocks/a%2Fb",
        "request_headers": {},
        "request_body": b"",
        "status": status,
        "headers": {"content-type": "application/json"},
        "body": body,
        "elapsed": 0,
        "source": "fuzzing",
        "operation": "getClock",
        "verdicts": frozenset(),
    }
    return Exchange(**{**values, **changes})


@pytest.fixture
def judge() -> SecondJudge:
    return SecondJudge(DOCUMENT, build_contract(DOCUMENT), "http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("exchange", "words"),
    [
        (reply(b'{"name": "Big Ben"}'), ""),
        (reply(b"{}"), "'name' is a required property"),
        (reply(b"{}", 404), "Unknown response http status: 404"),
        (reply(b'{"name": "\xeb"}'), "Error"),
        (reply(b'{"name": "Big Ben"', 200), "Error"),
        (reply(b"<html>", headers={"content-type": "text/html"}), "text/html"),
        (reply(b""), "Missing response data"),
        (reply(b"", 403), ""),
        (reply(b"", 403, headers={}), ""),
        (reply(b'"no"', 403), ""),
        (reply(b"", 410), "Missing response data"),
    ],
)
def test_a_reply_is_judged(judge: SecondJudge, exchange: Exchange, words: str) -> None:
    complaint = judge.complaint(exchange)
    assert words in complaint
    assert bool(complaint) == bool(words)


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("application/problem+json", b'{"title": "Gone"}', ""),
        ("Application/Problem+JSON; charset=utf-8", b"{}", "'title' is a required property"),
        ("application/problem+json", b"gone", "Error"),
        ("application/pdf", b"%PDF-1.4 \xff", ""),
        ("text/plain", b"gone", ""),
        ("text/csv", b"a,b", ""),
        ("application/vnd.clock.v2+json", b'{"any": 1}', ""),
        ("application/vnd.clock.v2+json", b"{}", "'any' is a required property"),
        ("application/soap+xml", b"<any/>", ""),
    ],
)
def test_a_body_is_read_as_what_it_is(
    judge: SecondJudge, kind: str, body: bytes, words: str
) -> None:
    """JSON of any media type is JSON; schemas don't apply to bytes."""
    complaint = judge.complaint(reply(body, 410, headers={"content-type": kind}))
    assert words in complaint
    assert bool(complaint) == bool(words), complaint


def test_a_document_that_is_not_valid_can_not_judge() -> None:
    info = {"title": "Clocks", "version": True}
    broken = {**DOCUMENT, "info": info}
    with pytest.raises(ContractError, match=r"fix it: true is not of type .*#/info/version"):
        SecondJudge(broken, build_contract(broken), "http://127.0.0.1:8000")


def test_a_time_with_its_offset_is_good(judge: SecondJudge) -> None:
    assert judge.complaint(reply(b'{"name": "Big Ben", "alarm": "06:00:00Z"}')) == ""
    assert judge.complaint(reply(b'{"name": "Big Ben", "alarm": "06:00:00"}'))


def test_only_differences_are_kept(judge: SecondJudge) -> None:
    both = frozenset({"response_schema_conformance"})
    judge.compare(reply(b"{}", verdicts=both))
    judge.compare(reply(b'{"name": "Big Ben"}'))
    judge.compare(reply(b"{}", verdicts=None))
    assert judge.differences == []
    judge.compare(reply(b"{}"))
    judge.compare(reply(b'{"name": 1}'))
    assert [(d.where, d.status) for d in judge.differences] == [("getClock", 200)]


def test_of_several_branches_the_nearest_says_what_is_wrong() -> None:
    moment = {"type": "string", "format": "date-time"}
    clock = {"type": "object", "required": ["at"], "properties": {"at": moment}}
    body = {"type": "object", "properties": {"clock": {"anyOf": [{"type": "null"}, clock]}}}
    content = {"application/json": {"schema": body}}
    get = {"operationId": "get", "responses": {"200": {"description": "so", "content": content}}}
    whole = {**DOCUMENT, "paths": {"/clock": {"get": get}}}
    judge = SecondJudge(whole, build_contract(whole), "http://x")

    def complaint(sent: bytes) -> str:
        headers = {"content-type": "application/json"}
        return judge.complaint(
            Exchange("GET", "http://x/clock", {}, b"", 200, headers, sent, 0, "any", "get")
        )

    assert "clock.at: '5' is not a 'date-time'" in complaint(b'{"clock": {"at": "5"}}')
    assert "clock: 5 is not valid under any" in complaint(b'{"clock": 5}')
    assert complaint(b'{"clock": null}') == ""
