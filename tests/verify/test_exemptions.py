"""Failed checks that are not findings."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Contract
from mockserver.verify.conformance.exemptions import Requests, allowed, unlisted_refusal
from mockserver.verify.model import Exchange, Finding


def contract(*statuses: str) -> Contract:
    responses = {status: {"description": "so"} for status in statuses}
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    paths = {
        "/things": {
            "get": {"operationId": "list", "parameters": [limit], "responses": responses},
            "delete": {"operationId": "clear", "responses": responses},
        }
    }
    info = {"title": "Things", "version": "1"}
    return build_contract({"openapi": "3.1.0", "info": info, "paths": paths})


ROOMS = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Rooms", "version": "1"},
        "paths": {
            "/rooms/all": {"put": {"operationId": "all", "responses": {}}},
            "/rooms/{id}": {
                "put": {
                    "operationId": "put",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {}},
                        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                        {
                            "name": "X-Tag",
                            "in": "header",
                            "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
                        },
                    ],
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {"size": {"type": "integer"}},
                                }
                            }
                        }
                    },
                    "responses": {"200": {"description": "so"}},
                }
            },
        },
    }
)


def exchange(status: int, operation: str = "list") -> Exchange:
    return Exchange("GET", "http://x/things", {}, b"", status, {}, b"", 0, "fuzzing", operation)


@pytest.mark.parametrize(
    ("documented", "status", "operation", "excused"),
    [
        (("200", "401"), 422, "list", True),
        (("200", "401"), 400, "list", True),
        (("200", "401"), 404, "list", False),
        (("200", "401"), 500, "list", False),
        (("200", "400"), 422, "list", False),
        (("200", "4XX"), 422, "list", False),
        (("200",), 422, "clear", False),
    ],
)
def test_a_bad_request_may_be_refused_where_no_refusal_is_listed(
    documented: tuple[str, ...], status: int, operation: str, excused: bool
) -> None:
    judged = contract(*documented)
    shown = exchange(status, operation)
    finding = Finding("status_code_conformance", "GET /things", "", "", [shown])
    assert unlisted_refusal(shown, judged) is excused
    assert allowed(finding, Requests(judged)) is excused


REQUESTS: dict[str, tuple[dict[str, str], str, bytes, bool | None]] = {
    "header that nobody knows": ({"x-unknown": "1"}, "/rooms/1?limit=5", b"{}", True),
    "query parameter that nobody knows": ({}, "/rooms/1?more=5", b"{}", True),
    "number as text": ({}, "/rooms/1", b'{"size": 3}', True),
    "header that has lost its quotes": ({"x-tag": "0"}, "/rooms/1", b"{}", False),
    "no number": ({}, "/rooms/1?limit=x", b"{}", False),
    "wrong type": ({}, "/rooms/1", b'{"size": "big"}', False),
    "no JSON": ({}, "/rooms/1", b"{", False),
    "another operation": ({}, "/rooms", b"{}", None),
    "a literal path": ({}, "/rooms/all", b"{}", None),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_judged_as_it_was_sent(name: str) -> None:
    header, path, body, valid = REQUESTS[name]
    headers = {"content-type": "application/json", **header}
    sent = Exchange("PUT", f"http://x/v1{path}", headers, body, 200, {}, b"", 0, "fuzzing", "put")
    requests = Requests(ROOMS, "/v1")
    requests.note(sent)
    assert requests.is_valid(sent) is valid
    refused = replace(sent, status=400)
    accepted = Finding("negative_data_rejection", "PUT /rooms/{id}", "", "", [sent])
    rejected = Finding("positive_data_acceptance", "PUT /rooms/{id}", "", "", [refused])
    assert allowed(accepted, requests) is (valid is not False)
    assert allowed(rejected, requests) is (valid is not True)


@pytest.mark.parametrize(
    ("found", "status", "excused"),
    [
        ("/v1/rooms/1", 400, False),
        ("/v1/rooms/1", 422, False),
        ("/v1/rooms/2", 400, True),
        ("/v1/rooms/2", 422, True),
        ("/v1/rooms/2", 451, False),
    ],
)
def test_an_id_that_nothing_has_may_be_refused_where_no_refusal_is_listed(
    found: str, status: int, excused: bool
) -> None:
    requests = Requests(ROOMS, "/v1")
    there = Exchange("PUT", f"http://x{found}", {}, b"{}", 200, {}, b"", 0, "fuzzing", "put")
    requests.note(there)
    headers = {"content-type": "application/json"}
    refused = replace(there, url="http://x/v1/rooms/1", status=status, request_headers=headers)
    rejected = Finding("positive_data_acceptance", "PUT /rooms/{id}", "", "", [refused])
    assert allowed(rejected, requests) is excused


LOOSE = {"type": "string", "pattern": r'^"[0-9]+"$|\*'}
COUNT = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
SIZES = {"type": "object", "properties": {"big": {"type": "array", "items": COUNT}}}
HALLS = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Halls", "version": "1"},
        "paths": {
            "/halls": {
                "post": {
                    "operationId": "make",
                    "parameters": [{"name": "If-Match", "in": "header", "schema": LOOSE}],
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "properties": {
                                        "price": {"type": "number"},
                                        "sizes": SIZES,
                                    }
                                }
                            }
                        }
                    },
                    "responses": {"200": {"description": "so"}},
                }
            }
        },
    }
)


@pytest.mark.parametrize(
    ("tag", "body", "finding"),
    [
        ('"7"', b"{}", True),
        ("*", b"{}", True),
        # A pattern may fit what HTTP can't read, and a reader may take an empty header for none.
        ("x*", b"{}", False),
        ("", b"{}", False),
        (None, b'{"price": 2.0}', True),
        (None, b'{"sizes": {"big": [1, 2.5e3]}}', False),
        (None, b'{"sizes": {"big": [1, 2500]}}', True),
        (None, b"null", False),
    ],
)
def test_what_is_valid_by_the_letter_alone_may_be_refused(
    tag: str | None, body: bytes, finding: bool
) -> None:
    headers = {"content-type": "application/json", **({} if tag is None else {"if-match": tag})}
    refused = Exchange("POST", "http://x/halls", headers, body, 400, {}, b"", 0, "fuzzing", "make")
    requests = Requests(HALLS)
    rejected = Finding("positive_data_acceptance", "POST /halls", "", "", [refused])
    assert allowed(rejected, requests) is not finding


NAMED = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Rooms", "version": "1"},
        "paths": {
            "/rooms": {
                "get": {
                    "operationId": "list",
                    "parameters": [
                        {
                            "name": "kind",
                            "in": "query",
                            "description": "Only rooms of this kind; 422 if there is none.",
                            "schema": {"type": "string"},
                        },
                        {
                            "name": "where",
                            "in": "query",
                            "description": "Conditions, as a JSON object.",
                            "schema": {"type": "string"},
                        },
                    ],
                    "responses": {"200": {"description": "so"}},
                }
            }
        },
    }
)


@pytest.mark.parametrize(
    ("query", "status", "finding"),
    [
        ("kind=x", 422, False),
        ("kind=x", 400, True),
        ("where=x", 400, False),
        ("where=%7B%7D", 400, True),
        ("", 422, True),
    ],
)
def test_a_description_may_say_what_is_refused(query: str, status: int, finding: bool) -> None:
    refused = Exchange("GET", f"http://x/rooms?{query}", {}, b"", status, {}, b"", 0, "f", "list")
    rejected = Finding("positive_data_acceptance", "GET /rooms", "", "", [refused])
    assert allowed(rejected, Requests(NAMED)) is not finding


BETWEEN = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Rooms", "version": "1"},
        "paths": {
            path: {
                "delete": {
                    "operationId": name,
                    "parameters": [
                        *({"name": p, "in": "query", "schema": {}} for p in ("start", "end")),
                        *(
                            {"name": p, "in": "path", "required": True, "schema": {}}
                            for p in ("room", "day")
                            if p in path
                        ),
                    ],
                    "responses": {"204": {"description": "so"}, "422": {"description": "no"}},
                }
            }
            for path, name in (
                ("/rooms/{room}", "removeRoom"),
                ("/rooms/{room}/days/{day}", "removeDay"),
                ("/halls/{room}", "removeHall"),
            )
        },
    }
)


def sent_to(path: str, operation: str, status: int, body: bytes = b"") -> Exchange:
    return Exchange("DELETE", f"http://x{path}", {}, b"", status, {}, body, 0, "f", operation)


@pytest.mark.parametrize(
    ("path", "operation", "finding"),
    [
        ("/rooms/1", "removeRoom", True),
        ("/rooms/2", "removeRoom", False),
        ("/halls/1", "removeHall", False),
        ("/rooms/1/days/1", "removeDay", False),
    ],
)
def test_an_id_is_there_only_where_something_was_found_with_it(
    path: str, operation: str, finding: bool
) -> None:
    requests = Requests(BETWEEN)
    requests.note(sent_to("/rooms/1?start=1", "removeRoom", 204))
    refused = sent_to(path, operation, 422, b"Invalid ID")
    rejected = Finding("positive_data_acceptance", "DELETE /", "", "", [refused])
    assert allowed(rejected, requests) is not finding


@pytest.mark.parametrize(
    ("status", "body", "finding"),
    [
        (422, b"`start` must be earlier than `end`.", False),
        (422, b'{"detail": [{"msg": "give end or start"}]}', False),
        (422, b'{"detail": [{"msg": "start is old", "input": {"end": 1}}]}', True),
        (422, b"`start` must be a date.", True),
        (422, b'{"errors": ["start is old", "end is old"]}', True),
        (400, b"`start` must be earlier than `end`.", True),
    ],
)
def test_what_holds_between_fields_is_beyond_a_schema(
    status: int, body: bytes, finding: bool
) -> None:
    requests = Requests(BETWEEN)
    requests.note(sent_to("/rooms/1", "removeRoom", 204))
    refused = sent_to("/rooms/1?start=1&end=1", "removeRoom", status, body)
    rejected = Finding("positive_data_acceptance", "DELETE /", "", "", [refused])
    assert allowed(rejected, requests) is not finding


BOOKING = {"room_id": 7, "name": "a", "note": None}


@pytest.mark.parametrize(
    ("sent", "said", "finding"),
    [
        (BOOKING, {"detail": "There is no such room."}, False),
        (BOOKING, {"errors": [{"message": "room_id is unknown", "name": "a"}]}, False),
        (BOOKING, {"detail": [{"loc": ["body", "name"], "msg": "name is too short"}]}, True),
        ({**BOOKING, "room_id": None}, {"detail": "There is no such room."}, True),
    ],
)
def test_a_refusal_may_be_about_an_id(sent: Any, said: Any, finding: bool) -> None:
    schema = {"type": "object", "properties": {"name": {}, "room_id": {}, "note": {}}}
    request = {"content": {"application/json": {"schema": schema}}}
    responses = {"201": {"description": "so"}, "422": {"description": "no"}}
    made = {"operationId": "book", "requestBody": request, "responses": responses}
    info = {"title": "Bookings", "version": "1"}
    judge = build_contract(
        {"openapi": "3.1.0", "info": info, "paths": {"/bookings": {"post": made}}}
    )
    kind = {"content-type": "application/json"}
    bodies = json.dumps(sent).encode(), json.dumps(said).encode()
    refused = Exchange(
        "POST", "http://x/bookings", kind, bodies[0], 422, kind, bodies[1], 0, "f", "book"
    )
    rejected = Finding("positive_data_acceptance", "POST /bookings", "", "", [refused])
    assert allowed(rejected, Requests(judge)) is not finding


def test_an_amount_in_a_description_is_no_status() -> None:
    for text, excused in (("At most 400 characters.", False), ("Gives 400 if it is taken.", True)):
        name = {"name": "name", "in": "query", "description": text, "schema": {"type": "string"}}
        responses = {"200": {"description": "so"}, "400": {"description": "no"}}
        listed = {"operationId": "list", "parameters": [name], "responses": responses}
        info = {"title": "Things", "version": "1"}
        judge = build_contract(
            {"openapi": "3.1.0", "info": info, "paths": {"/things": {"get": listed}}}
        )
        refused = replace(exchange(400), url="http://x/things?name=a")
        rejected = Finding("positive_data_acceptance", "GET /things", "", "", [refused])
        assert allowed(rejected, Requests(judge)) is excused


def test_a_credential_that_cannot_be_read_may_be_a_400() -> None:
    for status in (200, 400, 500):
        for title in ("invalid authentication", "a request without authentication"):
            ignored = Finding("ignored_auth", "GET /things", title, "", [exchange(status)])
            assert allowed(ignored, Requests(contract("200"))) is (status >= 400)


@pytest.mark.parametrize(
    ("method", "kind", "status", "finding"),
    [
        ("GET", "text/html; charset=utf-8", 200, False),
        ("GET", "text/html", 500, True),
        ("GET", "application/json", 200, True),
        ("PUT", "text/html", 200, True),
    ],
)
def test_a_web_page_is_no_response_of_the_api(
    method: str, kind: str, status: int, finding: bool
) -> None:
    headers = {"content-type": kind}
    page = Exchange(method, "http://x/halls/1", {}, b"", status, headers, b"", 0, "coverage")
    wrong = Finding("unsupported_method", "DELETE /halls/{room}", "", "", [page])
    assert allowed(wrong, Requests(BETWEEN)) is not finding


def test_an_empty_conditional_header_may_be_ignored() -> None:
    headers = {"content-type": "application/json", "if-match": ""}
    done = Exchange("POST", "http://x/halls", headers, b"{}", 200, {}, b"", 0, "fuzzing", "make")
    accepted = Finding("negative_data_rejection", "POST /halls", "", "", [done])
    assert Requests(HALLS).is_valid(done) is False
    assert allowed(accepted, Requests(HALLS))


@pytest.mark.parametrize(
    ("status", "excused"), [(500, False), (501, True), (502, False), (503, True), (200, True)]
)
def test_a_documented_server_error_is_none_but_a_500(status: int, excused: bool) -> None:
    judged = contract("200", "500", "501", "503", "5XX")
    finding = Finding("not_a_server_error", "GET /things", "", "", [exchange(status)])
    assert allowed(finding, Requests(judged)) is excused


@pytest.mark.parametrize(("kind", "excused"), [("file", True), ("object", False)])
def test_a_file_has_no_schema(kind: str, excused: bool) -> None:
    responses = {"200": {"description": "so", "schema": {"type": kind}}}
    paths = {"/things": {"get": {"operationId": "list", "responses": responses}}}
    info = {"title": "Things", "version": "1"}
    judged = build_contract({"swagger": "2.0", "info": info, "paths": paths})
    finding = Finding("response_schema_conformance", "GET /things", "", "", [exchange(200)])
    assert allowed(finding, Requests(judged)) is excused


WORKER = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
    "required": ["id"],
}


def _worker(schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"200": {"description": "so", "content": content}, "422": {"description": "no"}}


STREAM = {"text/event-stream": {"schema": {"type": "string"}}}
EVENTS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Jobs", "version": "1"},
    "paths": {
        "/workers": {
            "get": {
                "operationId": "workers",
                "responses": _worker({"type": "array", "items": WORKER}),
            },
            "post": {"operationId": "newWorker", "responses": _worker(WORKER)},
        },
        "/workers/{worker_id}": {"get": {"operationId": "worker", "responses": _worker(WORKER)}},
        "/workers/count": {"post": {"operationId": "count", "responses": {}}},
        "/jobs": {
            "post": {
                "operationId": "newJob",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "worker_id": {"type": "string"},
                                    "name": {"type": "string"},
                                },
                            }
                        }
                    }
                },
                "responses": _worker(WORKER),
            }
        },
        "/jobs/{job_id}": {"get": {"operationId": "job", "responses": _worker(WORKER)}},
        "/events": {
            "get": {
                "operationId": "events",
                "responses": {"200": {"description": "so", "content": STREAM}},
            }
        },
    },
}


def sent(method: str, path: str, status: int, operation: str = "", body: bytes = b"") -> Exchange:
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    kind = {"content-type": "application/json"}
    return Exchange(
        method, f"http://x{path}", kind, body, status, headers, b"", 0, "coverage", operation
    )


@pytest.mark.parametrize(
    ("rule", "example", "excused"),
    [
        # The address is that of GET /workers/{worker_id}, too.
        ("unsupported_method", sent("GET", "/workers/count", 422), True),
        ("unsupported_method", sent("PUT", "/workers/count", 422), False),
        ("unsupported_method", sent("TRACE", "/workers/count", 404), True),
        ("unsupported_method", sent("TRACE", "/workers/count", 405), False),
        ("unsupported_method", sent("TRACE", "/workers/count", 200), False),
        # A worker of this id need not exist.
        (
            "positive_data_acceptance",
            sent("POST", "/jobs", 422, "newJob", b'{"worker_id": "a"}'),
            True,
        ),
        (
            "positive_data_acceptance",
            sent("POST", "/jobs", 422, "newJob", b'{"roomIds": ["a"]}'),
            True,
        ),
        ("positive_data_acceptance", sent("POST", "/jobs", 422, "newJob", b'{"name": "a"}'), False),
        (
            "positive_data_acceptance",
            sent("POST", "/jobs", 422, "newJob", b'{"paid": true}'),
            False,
        ),
        # No worker of this id has been found, so how it is refused is left open; /jobs has no id.
        ("positive_data_acceptance", sent("GET", "/workers/a", 422, "worker"), True),
        ("positive_data_acceptance", sent("GET", "/workers/a", 400, "worker"), False),
        # /jobs needs no key.
        ("status_code_conformance", sent("POST", "/jobs", 401, "newJob"), False),
        # What is too much says nothing of the operation.
        ("status_code_conformance", sent("POST", "/jobs", 429, "newJob"), True),
        ("content_type_conformance", sent("POST", "/jobs", 429, "newJob"), True),
        ("not_a_server_error", sent("POST", "/jobs", 429, "newJob"), True),
        # What ends in a server error was not accepted.
        ("missing_required_header", sent("POST", "/jobs", 500, "newJob"), True),
        ("missing_required_header", sent("POST", "/jobs", 200, "newJob"), False),
        # Of the text of a stream a schema says nothing.
        ("response_schema_conformance", sent("GET", "/events", 200, "events"), True),
    ],
)
def test_what_is_no_fault_in_any_document(rule: str, example: Exchange, excused: bool) -> None:
    judged = build_contract(EVENTS)
    requests = Requests(judged)
    assert allowed(Finding(rule, "", "", "", [example]), requests) is excused


@pytest.mark.parametrize(
    ("path", "status", "excused"),
    [
        ("/plans/validate", 400, True),
        ("/plans/validate/", 400, True),
        ("/plans/config-validation", 400, True),
        ("/plans/verify_all", 400, True),
        ("/plans/checkout", 400, False),
        ("/plans", 400, False),
        ("/plans/validate", 409, False),
    ],
)
def test_a_refusal_is_the_result_of_what_only_judges(path: str, status: int, excused: bool) -> None:
    replies = {"204": {"description": "Right."}, "400": {"description": "Wrong."}}
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    judge = {"operationId": "judge", "requestBody": body, "responses": replies}
    info = {"title": "Plans", "version": "1"}
    document = {"openapi": "3.1.0", "info": info, "paths": {path: {"post": judge}}}
    refused = sent("POST", path, status, "judge", b"{}")
    rejected = Finding("positive_data_acceptance", "", "", "", [refused])
    assert allowed(rejected, Requests(build_contract(document))) is excused


def test_how_a_known_entity_is_refused_is_not_left_open() -> None:
    requests = Requests(build_contract(EVENTS))
    requests.note(sent("GET", "/workers/a", 200, "worker"))
    refused = sent("GET", "/workers/a", 422, "worker")
    assert not allowed(Finding("positive_data_acceptance", "", "", "", [refused]), requests)


def test_a_refused_key_need_not_be_documented() -> None:
    document = {
        **EVENTS,
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "security": [{"key": []}],
    }
    requests = Requests(build_contract(document))
    for status, excused in ((401, True), (403, False), (404, False)):
        finding = Finding(
            "status_code_conformance", "", "", "", [sent("GET", "/workers", status, "workers")]
        )
        assert allowed(finding, requests) is excused


SHELVES = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Shelves", "version": "1"},
        "paths": {
            "/shelves": {
                "get": {
                    "operationId": "list",
                    "parameters": [
                        *(
                            {"name": name, "in": "header", "schema": {"type": "string"}}
                            for name in ("If-Match", "If-Unmodified-Since", "Range", "Expect")
                        ),
                        *(
                            {"name": name, "in": "query", "schema": {"type": "string"}}
                            for name in ("_token", "page-cursor", "after", "topic")
                        ),
                        {
                            "name": "before",
                            "in": "query",
                            "schema": {"type": "string", "format": "date"},
                        },
                    ],
                    "responses": {"200": {"description": "so"}, "400": {"description": "no"}},
                }
            }
        },
    }
)


@pytest.mark.parametrize(
    ("headers", "status", "finding"),
    [
        ({"if-match": '"8"'}, 412, False),
        ({"if-unmodified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}, 412, False),
        ({"range": "bytes=9-8"}, 416, False),
        ({"expect": "tea"}, 417, False),
        ({"if-match": '"8"'}, 416, True),
        ({"if-none-match": '"8"'}, 412, True),
        ({}, 412, True),
    ],
)
def test_what_a_header_asks_for_may_not_be_had(
    headers: dict[str, str], status: int, finding: bool
) -> None:
    refused = Exchange("GET", "http://x/shelves", headers, b"", status, {}, b"", 0, "f", "list")
    rejected = Finding("positive_data_acceptance", "GET /shelves", "", "", [refused])
    assert allowed(rejected, Requests(SHELVES)) is not finding


@pytest.mark.parametrize(
    ("query", "status", "says", "finding"),
    [
        ("_token=x", 400, "_token has no valid content", False),
        ("page-cursor=x", 400, "there is no such page", False),
        ("after=x&topic=y", 400, "what is after?", False),
        ("after=x&topic=y", 400, "topic is too short", True),
        ("_token=x", 422, "_token has no valid content", True),
        ("before=2026-01-01", 400, "before can't be read", True),
        ("topic=token", 400, "bad", True),
    ],
)
def test_only_a_server_makes_a_cursor(query: str, status: int, says: str, finding: bool) -> None:
    url, body = f"http://x/shelves?{query}", json.dumps({"error": says}).encode()
    refused = Exchange("GET", url, {}, b"", status, {}, body, 0, "f", "list")
    rejected = Finding("positive_data_acceptance", "GET /shelves", "", "", [refused])
    assert allowed(rejected, Requests(SHELVES)) is not finding


@pytest.mark.parametrize(
    ("listed", "sent", "schema", "excused"),
    [
        ("application/yaml", "application/yaml; charset=utf-8", "string", True),
        ("text/yaml", "text/yaml", "string", True),
        ("application/vnd.oai.openapi+yaml", "application/vnd.oai.openapi+yaml", "string", True),
        ("application/atom+xml", "application/atom+xml", "string", True),
        ("application/yaml", "application/yaml", "object", False),
        ("application/json", "application/json", "string", False),
        ("application/yaml", "application/json", "string", False),
    ],
)
def test_a_text_with_a_structure_is_a_text(
    listed: str, sent: str, schema: str, excused: bool
) -> None:
    response = {"description": "so", "content": {listed: {"schema": {"type": schema}}}}
    paths = {"/manual": {"get": {"operationId": "list", "responses": {"200": response}}}}
    info = {"title": "Manuals", "version": "1"}
    judged = build_contract({"openapi": "3.1.0", "info": info, "paths": paths})
    shown = replace(exchange(200), headers={"content-type": sent})
    finding = Finding("response_schema_conformance", "GET /manual", "", "", [shown])
    assert allowed(finding, Requests(judged)) is excused
