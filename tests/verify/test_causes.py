"""Findings with one cause are one finding."""

from __future__ import annotations

import json
from dataclasses import replace

from mockserver.openapi.build import build_contract
from mockserver.verify.causes import SEVERAL, merged
from mockserver.verify.model import Exchange, Finding

PATHS = ("/agents", "/rooms", "/calls")
RESPONSES = {status: {"description": "so"} for status in ("200", "401", "422")}
CONTRACT = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Rooms", "version": "1"},
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
        },
        "security": [{"key": []}],
        "paths": {
            path: {"get": {"operationId": path[1:], "responses": RESPONSES}} for path in PATHS
        },
    }
)


def taken(rule: str, path: str, key: str = "") -> Finding:
    """A request without a right key that was accepted."""
    headers = {"x-key": key} if key else {}
    sent = Exchange("GET", f"http://x{path}", headers, b"", 200, {}, b"", 0, "any", path[1:])
    return Finding(rule, f"GET {path}", rule, "", [sent])


def test_one_fault_of_access_that_two_checks_find_is_one() -> None:
    lacking = taken("missing_required_header", "/agents")
    lacking.message = "Got 200 when missing required 'X-Key' header, expected 401"
    found = [
        taken("key_is_needed", "/agents", "wrong"),
        taken("ignored_auth", "/agents", "invalid"),
        taken("ignored_auth", "/agents"),
        lacking,
    ]
    wrong, none = merged(found, CONTRACT)
    assert wrong.extra["rules"] == "key_is_needed, ignored_auth"
    assert none.extra["rules"] == "ignored_auth, missing_required_header"


def test_a_fault_of_access_everywhere_is_one() -> None:
    found = [taken("key_is_needed", "/agents", "wrong"), *(taken("ignored_auth", p) for p in PATHS)]
    one, all_of_them = merged(found, CONTRACT)
    assert (one.where, all_of_them.where) == ("GET /agents", SEVERAL)
    assert all_of_them.extra["operations"].splitlines() == [f"GET {path}" for path in PATHS]


def refused(rule: str, path: str, method: str, **headers: str) -> Finding:
    sent = Exchange(method, f"http://x{path}", {}, b"", 405, headers, b"", 0, "any")
    return Finding(rule, f"GET {path}", rule, "", [sent])


def test_a_405_without_allow_is_one_fault_whoever_finds_it() -> None:
    found = [
        refused("allow_is_true", "/agents", "PATCH"),
        *(refused("unsupported_method", path, "TRACE") for path in PATHS),
    ]
    (one,) = merged(found, CONTRACT)
    assert (one.where, one.count) == (SEVERAL, 4)
    elsewhere = [taken("ignored_auth", path) for path in PATHS]
    assert len({finding.id for finding in merged([*found, *elsewhere], CONTRACT)}) == 2
    wrong = [refused("allow_header_conformance", path, "OPTIONS", allow="POST") for path in PATHS]
    assert len(merged([*found, *wrong], CONTRACT)) == 2


def test_a_server_error_is_called_so() -> None:
    sent = Exchange("GET", "http://x/agents", {}, b"", 500, {}, b"", 0, "any", "agents")
    found = [
        Finding(rule, "GET /agents", rule, "", [sent])
        for rule in ("reply_conforms", "no_server_error")
    ]
    (one,) = merged(found, CONTRACT)
    assert one.title == "no_server_error"


def rejected(path: str, text: str) -> Finding:
    reply = json.dumps({"detail": text}).encode()
    sent = Exchange("GET", f"http://x{path}", {}, b"", 422, {}, reply, 0, "any", path[1:])
    return Finding("positive_data_acceptance", f"GET {path}", "Rejected", "", [sent])


def test_refusals_that_say_the_same_are_one() -> None:
    said = "1 error for {}Filter: the datetime works with {} only"
    found = [rejected(path, said.format(path.title(), n)) for n, path in enumerate(PATHS)]
    assert [one.where for one in merged(found, CONTRACT)] == [SEVERAL]
    found[0] = rejected(PATHS[0], "the name is too long")
    assert len(merged(found, CONTRACT)) == 3


def unfit(path: str, message: str, rule: str = "reply_conforms", complaint: str = "") -> Finding:
    sent = Exchange("GET", f"http://x{path}", {}, b"", 200, {}, b"{}", 0, "any", path[1:])
    extra = {"complaint": complaint} if complaint else {}
    return Finding(rule, f"GET {path}", "breaks the document", message, [sent], extra=extra)


def test_a_field_that_is_wrong_in_every_reply_is_one_fault() -> None:
    moment = "InvalidData: {}created: '2026-11-30T08:12:{}' is not a 'date-time'; more"
    found = [
        unfit("/agents", moment.format("body.", "45.5")),
        unfit("/rooms", moment.format("items.", "46.1")),
        unfit("/calls", "{} is not of it", "response_schema_conformance", moment.format("", "7")),
    ]
    (one,) = merged(found, CONTRACT)
    assert (one.where, one.count) == (SEVERAL, 3)
    others = [unfit(p, f"InvalidData: {p[1:]}: 5 is not of type 'string'") for p in PATHS]
    assert len(merged(others, CONTRACT)) == 3


def test_a_media_type_is_one_fault_in_the_words_of_either_validator() -> None:
    found = [
        unfit("/agents", "Content for the following mimetype not found: text/html"),
        unfit("/agents", "Received: text/html", "content_type_conformance"),
    ]
    (one,) = merged(found, CONTRACT)
    assert set(one.extra["rules"].split(", ")) == {"content_type_conformance", "reply_conforms"}


def test_a_header_that_is_wrong_everywhere_is_one_fault() -> None:
    def wrong(path: str, value: str) -> Finding:
        rule = "response_headers_conformance"
        return unfit(path, f'"{value}" is not a "uri"\n\nSchema:\n...', rule)

    found = [wrong("/agents", "agents/1"), wrong("/rooms", "rooms/two"), wrong("/calls", "c/3")]
    assert [one.where for one in merged(found, CONTRACT)] == [SEVERAL]
    found[0] = unfit("/agents", '"x" is not of type "integer"', "response_headers_conformance")
    assert len(merged(found, CONTRACT)) == 3


def test_the_same_place_of_a_component_is_one_fault_in_two_operations() -> None:
    place = "null is not of type 'string'\n\nSchema at /components/schemas/{}/properties/note:\n"
    rule = "response_schema_conformance"
    found = [unfit(path, place.format("Note"), rule) for path in PATHS[:2]]
    (one,) = merged(found, CONTRACT)
    assert (one.where, one.count) == (SEVERAL, 2)
    found[0] = unfit("/agents", place.format("Other"), rule)
    assert len(merged(found, CONTRACT)) == 2
    found[0] = unfit("/agents", "null is not of type 'string'", rule)
    assert len(merged(found, CONTRACT)) == 2


def test_a_valid_request_that_is_refused_is_called_so_where_the_status_is_missing() -> None:
    found = [rejected(path, "the size is odd") for path in PATHS]
    for finding in found:
        assert finding.example is not None
        finding.steps = [replace(finding.example, status=400)]
    (one,) = merged(found, CONTRACT)
    assert one.title == "Rejected"
