"""Idempotency keys of inferred APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import MockServer
from tests.engine.test_strange_documents import THING, said, served
from tests.support.documents import TEXT

KEY = {"name": "Idempotency-Key", "in": "header", "schema": TEXT}
NAMED = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}
BODY = {"content": {"application/json": {"schema": NAMED}}}


def api(*refused: str) -> MockServer:
    replies = {**said(THING, "201"), **{status: {"description": ""} for status in refused}}
    paths: dict[str, Any] = {
        "/things": {
            "post": {"parameters": [KEY], "requestBody": BODY, "responses": replies},
            "get": {"responses": said({"type": "array", "items": THING})},
        },
        "/things/{id}": {"get": {"responses": said(THING)}},
    }
    return served(paths)


@pytest.fixture
def server() -> Iterator[MockServer]:
    with api("409") as mock:
        yield mock


def post(server: MockServer, name: str, key: str = "one") -> Any:
    return server.client.post("/things", json={"name": name}, headers={"Idempotency-Key": key})


def test_the_same_request_again_makes_nothing_new(server: MockServer) -> None:
    first, again = post(server, "a"), post(server, "a")
    assert again.status_code == first.status_code == 201
    assert again.json() == first.json()
    assert len(server.client.get("/things").json()) == 4
    assert post(server, "a", key="two").json()["id"] != first.json()["id"]


def test_a_key_with_another_body_is_a_conflict(server: MockServer) -> None:
    post(server, "a")
    assert post(server, "b").status_code == 409
    with api() as other:
        assert post(other, "a").json() != post(other, "b").json()


def test_a_key_is_kept_for_a_day(server: MockServer) -> None:
    first = post(server, "a").json()
    server.clock.advance(24 * 3600 - 1)
    assert post(server, "a").json() == first
    server.clock.advance(2)
    assert post(server, "a").json() != first


def test_a_key_of_another_world_is_another_one(server: MockServer) -> None:
    first = post(server, "a").json()
    with api("409") as other:
        assert post(other, "b").json()["name"] == "b"
    assert post(server, "a").json() == first


RETRY = "A unique token. Retries with the same token are idempotent."


@pytest.mark.parametrize(
    ("place", "name", "text"),
    [
        ("body", "idempotency_key", ""),
        ("body", "clientRequestToken", RETRY),
        ("query", "request_id", RETRY),
        ("header", "X-Vendor-Request-Id", RETRY),
        ("header", "X-Retry-Token", "Lets you retry a request safely, without a duplicate."),
    ],
)
def test_the_key_may_stand_elsewhere_and_be_called_otherwise(
    place: str, name: str, text: str
) -> None:
    schema = {**TEXT, "description": text}
    named = {
        **NAMED,
        "properties": {**NAMED["properties"], **({name: schema} if place == "body" else {})},
    }
    post: dict[str, Any] = {
        "requestBody": {"content": {"application/json": {"schema": named}}},
        "responses": said(THING, "201"),
    }
    if place != "body":
        post["parameters"] = [{"name": name, "in": place, "schema": TEXT, "description": text}]
    with served(
        {"/things": {"post": post}, "/things/{id}": {"get": {"responses": said(THING)}}}
    ) as mock:

        def made(key: str) -> Any:
            key_of = {name: key}
            sent = {"name": "a", **(key_of if place == "body" else {})}
            params, headers = (key_of if place == one else {} for one in ("query", "header"))
            return mock.client.post("/things", json=sent, params=params, headers=headers).json()[
                "id"
            ]

        assert made("one") == made("one") != made("two")
