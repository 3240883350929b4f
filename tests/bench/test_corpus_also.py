"""What the judge of the corpus asks beside a success: media types and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bench.corpus.also import Sent, negotiated, refused
from bench.corpus.judge import Judge
from tests.support.documents import TEXT

FAULT = {"type": "object", "properties": {"detail": TEXT}, "required": ["detail"]}
POINTER = "#/paths/~1things/post"


def document(fault: Any = FAULT, **operation: Any) -> dict[str, Any]:
    ok = {"description": "", "content": {"application/json": {}, "text/csv": {}}}
    bad = {"description": "", "content": {"application/json": {"schema": fault}}}
    own = {"responses": {"200": ok, "400": bad}, **operation}
    return {"openapi": "3.0.3", "paths": {"/things": {"get": own, "post": own}}}


BODY = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
            }
        }
    }
}
QUERY = {"parameters": [{"name": "size", "in": "query", "required": True, "schema": TEXT}]}
ASKED = Sent("POST", "/things?size=1", {"content-type": "application/json"}, b'{"name": "a"}')


def client(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://mock.local")


@pytest.mark.parametrize(("follows", "faults"), [(True, 0), (False, 1)])
def test_each_listed_media_type_is_asked_for(follows: bool, faults: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        kind = request.headers["accept"] if follows else "application/json"
        return httpx.Response(200, headers={"content-type": kind}, content=b"1")

    judge = Judge(document(), "3.0.3")
    found = negotiated(
        judge, client(answer), "#/paths/~1things/get", Sent("GET", "/things", {}, b"")
    )
    assert found is not None
    assert len(found) == faults


def test_what_may_change_something_is_not_asked_again() -> None:
    judge = Judge(document(), "3.0.3")
    assert negotiated(judge, client(lambda _: httpx.Response(500)), POINTER, ASKED) is None


@pytest.mark.parametrize("more", [BODY, QUERY])
@pytest.mark.parametrize(
    ("status", "detail", "wrong"),
    [
        (400, "name and size are required", ""),
        (400, "Bad Request", "does not say"),
        (200, "name", "is answered with 200"),
        (404, "name, size", "not documented"),
    ],
)
def test_a_refusal_is_documented_and_says_why(
    more: dict[str, Any], status: int, detail: str, wrong: str
) -> None:
    http = client(lambda _: httpx.Response(status, json={"detail": detail}))
    fault = refused(Judge(document(**more), "3.0.3"), http, POINTER, ASKED)
    assert fault is not None
    assert wrong in fault
    assert bool(fault) == bool(wrong)


def test_what_has_no_place_for_a_reason_need_not_say_it() -> None:
    code = {"type": "object", "properties": {"code": {"type": "integer"}}}
    http = client(lambda _: httpx.Response(400, json={"code": 7}))
    assert refused(Judge(document(code, **QUERY), "3.0.3"), http, POINTER, ASKED) == ""


def test_nothing_is_said_where_nothing_is_required_or_no_refusal_is_listed() -> None:
    http = client(lambda _: httpx.Response(200))
    assert refused(Judge(document(), "3.0.3"), http, POINTER, ASKED) is None
    free = document(**QUERY)
    del free["paths"]["/things"]["post"]["responses"]["400"]
    assert refused(Judge(free, "3.0.3"), http, POINTER, ASKED) is None
