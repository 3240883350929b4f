"""What a client sends to an operation that keeps nothing is what the response says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

FLAG = {"type": "boolean"}
SENT = {"lang": "fr", "amount": 42, "locked": True, "text": "bonjour"}
SHAPES: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda shown: shown,
    "data": lambda shown: thing(data=shown),
    "result": lambda shown: thing(success=FLAG, result=shown),
    "request": lambda shown: thing(request=shown, answer=TEXT),
}
PATHS = (
    "/translate",
    "/v1/quotes/estimate",
    "/tools/convert",
    "/rates/calculate",
    "/kites/preview",
)


@pytest.mark.parametrize(
    ("path", "shape", "method", "example"),
    in_turns([*PATHS], [*SHAPES], ["post", "put"], [None, "old"]),
)
def test_what_is_sent_is_what_the_response_says_of_it(
    path: str, shape: str, method: str, example: str | None
) -> None:
    text = TEXT if example is None else {**TEXT, "example": example}
    shown = thing(lang=text, amount=WHOLE, locked=FLAG, text=text, score={"type": "number"})
    sent = body(thing(lang=text, amount=WHOLE, locked=FLAG, text=TEXT))
    done = {"requestBody": sent, "responses": {"200": answer(SHAPES[shape](shown))}}
    client = MockServer(document({path: {method: done}})).client
    found = client.request(method, path, json=SENT).json()
    found = found.get(shape, found)
    assert {name: found.get(name) for name in SENT} == SENT


def test_somebody_else_in_the_response_is_not_called_as_what_is_sent() -> None:
    owner = thing("name email", name=TEXT, email=TEXT)
    sent = body(thing(name=TEXT, colour=TEXT, size=WHOLE))
    done = {"requestBody": sent, "responses": {"200": answer(thing("owner", owner=owner))}}
    client = MockServer(document({"/estimate": {"post": done}})).client
    found = client.post("/estimate", json={"name": "Kite", "colour": "red", "size": 3}).json()
    assert found["owner"]["name"] != "Kite"


@pytest.mark.parametrize("shown", [thing(codes={"type": "array", "items": TEXT}), thing(a=TEXT)])
@pytest.mark.parametrize("status", ["200", "201"])
def test_what_is_made_says_something(shown: Any, status: str) -> None:
    made = {"requestBody": body(thing(count=WHOLE)), "responses": {status: answer(shown)}}
    named = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    one = {"parameters": named, "responses": {"200": answer(shown)}}
    paths = {"/guids": {"post": made}, "/guids/{id}": {"get": one}}
    assert MockServer(document(paths)).client.post("/guids", json={"count": 2}).json()


@pytest.mark.parametrize("shown", [TEXT, WHOLE, {"type": "array", "items": TEXT}, {}])
def test_what_is_made_may_be_no_object(shown: Any) -> None:
    made = {"requestBody": body(thing(count=WHOLE)), "responses": {"201": answer(shown)}}
    named = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    one = {"parameters": named, "responses": {"200": answer(shown)}}
    paths = {"/guids": {"post": made}, "/guids/{id}": {"get": one}}
    client = MockServer(document(paths)).client
    assert client.post("/guids", json={"count": 2}).status_code == 201
