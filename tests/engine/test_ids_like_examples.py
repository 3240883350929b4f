"""Ids of new entities look as the document's example of one does."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.engine.inferred.identifiers import like_example

UUID = "3f8c2a1e-0b4d-4c9e-8a7f-5d6e1c2b3a49"


@pytest.mark.parametrize(
    ("example", "form"),
    [
        ("ride_7Hk2mQ9xLp4", r"ride_\d[A-Z][a-z]\d[a-z][A-Z]\d[a-z][A-Z][a-z]\d"),
        ("1700000000123ab4cd", r"\d{13}[abcdef]{2}\d[abcdef]{2}"),
        ("b-15ac29a2-1331-22865662d85", r"b-\d\d[a-f]{2}\d\d[a-f]\d-\d{4}-\d{8}[a-f]\d\d"),
        ("5550001234", r"\d{10}"),
        ("01HZX3K9P2QW", r"\d\d[A-Z]{3}\d[A-Z]\d[A-Z]\d[A-Z]{2}"),
    ],
)
def test_an_id_takes_the_form_of_the_example(example: str, form: str) -> None:
    made = like_example(example, UUID)
    assert re.fullmatch(form, made)
    assert made != like_example(example, UUID.replace("3f", "4f"))
    assert made == like_example(example, UUID)


@pytest.mark.parametrize(
    "example",
    [
        *("", "abc123", "my-first-shelf", "user-42", "2026-01-31", "a b 12345678"),
        *("0b4d1c9e" + UUID[8:], "run-2026-01-31", "9" * 65, "shop/12345678"),
    ],
)
def test_other_examples_give_no_form(example: str) -> None:
    assert like_example(example, UUID) == UUID


@pytest.mark.parametrize(
    ("schema", "form"),
    [
        ({"type": "string", "example": "ride_7Hk2mQ9xLp4"}, r"ride_\w{11}"),
        ({"type": "string", "examples": ["1700000000123ab4cd"]}, r"\d{13}\w{5}"),
        ({"type": "string", "format": "uuid", "example": "12345678x"}, r"[0-9a-f-]{36}"),
        ({"type": "string", "maxLength": 40, "example": "1700000000123ab4cd"}, r"[0-9a-f]{18}"),
        ({"type": "string", "maxLength": 40, "example": "ab12"}, r"[0-9a-f-]{36}"),
        ({"type": "string"}, r"[0-9a-f-]{36}"),
    ],
)
def test_new_entities_have_such_ids(schema: dict[str, Any], form: str) -> None:
    ride = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": schema, "place": {"type": "string"}},
    }
    content = {"application/json": {"schema": ride}}
    sent = {"type": "object", "properties": {"place": {"type": "string"}}}
    body = {"content": {"application/json": {"schema": sent}}}
    shown = {"description": "so", "content": content}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Rides", "version": "1"},
        "paths": {
            "/rides": {"post": {"requestBody": body, "responses": {"201": shown}}},
            "/rides/{id}": {"parameters": [parameter], "get": {"responses": {"200": shown}}},
        },
    }
    with (
        MockServer(document) as mock,
        httpx.Client(base_url=mock.url, headers=mock.headers, trust_env=False) as client,
    ):
        made = [client.post("/rides", json={"place": "here"}).json() for _ in range(3)]
        ids = [one["id"] for one in made]
        assert len(set(ids)) == 3
        assert all(re.fullmatch(form, one) for one in ids)
        assert client.get(f"/rides/{ids[0]}").json() == made[0]
