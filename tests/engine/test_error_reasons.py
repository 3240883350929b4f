"""An error explains what was wrong, wherever its schema permits."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, body, collection, document, thing

SENT = thing("name", name=TEXT, quantity={"type": "integer", "maximum": 5})
LIST = {"type": "array", "items": TEXT}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}


def refusal(schema: Any, media_type: str = "application/json") -> Any:
    """The response to an order without a name and with several violations."""
    responses = {"201": answer(), "422": answer(schema, media_type)}
    post = {"parameters": [LIMIT], "requestBody": body(SENT), "responses": responses}
    with MockServer(document({"/orders": {"post": post}})) as server:
        response = server.client.post("/orders?limit=101", json={"quantity": 9})
    assert response.status_code == 422
    assert response.headers["content-type"] == media_type
    return response


@pytest.mark.parametrize(
    "schema",
    [
        thing("message", message=TEXT),
        thing("error", error=thing("code message", code=TEXT, message=TEXT)),
        thing("errorDescription status", errorDescription=TEXT, status=WHOLE),
        thing("user_message", user_message=TEXT),
        thing("code message", code=TEXT, message=thing("", lang=TEXT, value=TEXT)),
        thing("error_text", error_code=TEXT, error_text=TEXT),
        thing("kind", kind=TEXT, time={"type": "string", "format": "date-time"}),
        thing("", errorType=TEXT, retry={"type": "boolean"}),
        thing("", results={"type": "array", "items": thing()}, outcome=thing("", message=TEXT)),
        thing("", header=thing("", response=thing("", remark=TEXT)), thanks=TEXT, rights=TEXT),
        TEXT,
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", "application/xml"])
def test_one_text_has_all_of_it(schema: Any, media_type: str) -> None:
    text = refusal(schema, media_type).text
    for said in ("query.limit must be at most 100", "body.name is required", "body.quantity"):
        assert said in text


def test_plain_text_has_all_of_it() -> None:
    assert "body.name is required" in refusal(TEXT, "text/plain").text


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"type": "object", "title": "Problem"}])
def test_problem_details_without_a_schema(schema: Any) -> None:
    found = refusal(schema, "application/problem+json").json()
    assert (found["status"], found["instance"]) == (422, "/orders")
    assert found.keys() >= {"type", "title", "detail", "errors"}


@pytest.mark.parametrize(
    "item",
    [
        thing("detail", detail=TEXT, status=TEXT, title=TEXT),
        thing("detail", detail=TEXT, source=thing("pointer", pointer=TEXT)),
        thing("source reasonCode", source=TEXT, reasonCode=TEXT),
        thing("message", message=TEXT, field=TEXT),
    ],
)
def test_each_of_a_list_says_where_it_is(item: Any) -> None:
    found = refusal(thing("errors", errors={"type": "array", "items": item})).json()["errors"]
    said = " ".join(map(str, found))
    assert all(name in said for name in ("limit", "name", "quantity"))


@pytest.mark.parametrize("name", ["errors", "faults", "problemList", "items"])
def test_a_list_of_errors_has_one_for_each(name: str) -> None:
    item = thing("message long_message code", message=TEXT, long_message=TEXT, code=TEXT)
    schema = thing(name, **{name: {"type": "array", "items": item}})
    found = refusal(schema).json()[name]
    assert len(found) == 3
    assert all(each["long_message"] for each in found)


def test_a_list_of_errors_of_what_is_not_there() -> None:
    item = thing("message long_message code", message=TEXT, long_message=TEXT, code=TEXT)
    schema = thing("errors", errors={"type": "array", "items": item})
    paths = collection("/users", thing("id", id=TEXT), thing(id=TEXT), answers=schema)
    with MockServer(document(paths)) as server:
        (error,) = server.client.get("/users/nobody").json()["errors"]
    assert "nobody" in error["long_message"]


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
def test_what_fits_no_branch_is_told_what_the_nearest_wants(word: str) -> None:
    one = {"allOf": [thing("name size", name=TEXT, size=TEXT), thing("size", size=TEXT)]}
    several = thing(
        "names size zone label", names={"type": "array", "items": TEXT}, size=TEXT, zone=TEXT
    )
    post = {"requestBody": body({word: [one, several]}), "responses": {"201": answer()}}
    with MockServer(document({"/machines": {"post": post}})) as server:
        near = server.client.post("/machines", json={"name": "web"}).json()["detail"]
        assert near.endswith("of the possible schemas (the nearest: body.size is required)")
        same = server.client.post("/machines", json={"zone": "a"}).json()["detail"]
        assert same.endswith("of the possible schemas"), "as much is missing in each"


@pytest.mark.parametrize(
    "schema",
    [
        thing("errors", errors={"type": "object", "additionalProperties": TEXT}),
        thing("errors", errors={"type": "object", "additionalProperties": LIST}),
        thing(
            "faults", faults={"type": "array", "items": thing("where what", where=TEXT, what=TEXT)}
        ),
        thing("lines", lines=LIST),
        thing("outcome", outcome=thing("note", note=TEXT, sent={"type": "boolean"})),
    ],
)
def test_what_is_not_there_is_named_in_maps_and_lists_of_any_name(schema: Any) -> None:
    one = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}]}
    order = thing("id", id=TEXT, name=TEXT)
    get = one | {"responses": {"200": answer(order), "404": answer(schema)}}
    post = {"requestBody": body(SENT), "responses": {"201": answer(order)}}
    with MockServer(document({"/orders": {"post": post}, "/orders/{id}": {"get": get}})) as server:
        response = server.client.get("/orders/lost")
    assert response.status_code == 404
    assert "'lost' was not found" in response.text
