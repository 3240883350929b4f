"""What an operation requires in its headers is sent, so that what lies behind can be tested."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.openapi.build import build_contract
from mockserver.verify.needed_headers import NeededHeaders
from mockserver.verify.target import Target


def _needed(etag: str | None = '"3"', **headers: dict[str, Any]) -> NeededHeaders:
    parameters = [
        {"in": "header", "required": True, "schema": {"type": "string"}, **more, "name": name}
        for name, more in headers.items()
    ]
    change: dict[str, Any] = {"operationId": "change", "parameters": parameters}
    change["responses"] = {"200": {"description": "so"}}
    scheme = {"type": "apiKey", "in": "header", "name": "X-Api-Key"}
    contract = build_contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Things", "version": "1"},
            "paths": {"/things": {"post": change}},
            "components": {"securitySchemes": {"key": scheme}},
        }
    )
    return NeededHeaders(contract, lambda path: None if etag is None else {"etag": etag})


@pytest.mark.parametrize(
    ("name", "more", "value"),
    [
        ("If-Match", {}, '"3"'),
        ("If-None-Match", {}, '"none"'),
        ("X-Version", {"schema": {"type": "string", "const": "v2", "enum": ["v2"]}}, "v2"),
        ("X-Version", {"example": "2026-01-01"}, "2026-01-01"),
        ("X-Count", {"schema": {"type": "integer", "minimum": 3, "maximum": 3}}, "3"),
        ("X-Optional", {"required": False}, None),
        ("X-Api-Key", {}, None),
        ("Accept", {}, None),
    ],
)
def test_each_header_has_a_value_that_fits(name: str, more: dict[str, Any], value: Any) -> None:
    found = _needed(**{name: more}).of("change", "/things", ())
    assert found == ({} if value is None else {name.lower(): value})


def test_what_is_given_stays_and_an_entity_without_a_tag_is_any() -> None:
    needed = _needed(None, **{"If-Match": {}})
    assert needed.of("change", "/things", {"if-match"}) == {}
    assert needed.of("change", "/things", ()) == {"if-match": "*"}
    assert needed.of("", "/things", ()) == {}


def test_a_key_of_one_request_differs_from_the_next() -> None:
    needed = _needed(**{"Idempotency-Key": {"schema": {"type": "string", "format": "uuid"}}})
    first, second = (needed.of("change", "/things", ())["idempotency-key"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        (["application/vnd.api+json"], {"content-type": "application/vnd.api+json"}),
        (["application/merge-patch+json"], {"content-type": "application/merge-patch+json"}),
        (["application/xml", "application/json", "text/json"], {}),
        (["multipart/form-data"], {}),
    ],
)
def test_json_goes_under_the_type_that_is_taken(listed: list[str], sent: dict[str, str]) -> None:
    body = {"content": {name: {"schema": {"type": "object"}} for name in listed}}
    change = {"operationId": "change", "requestBody": body, "responses": {}}
    paths = {"/things": {"patch": {**change, "responses": {"200": {"description": "so"}}}}}
    info = {"title": "Things", "version": "1"}
    contract = build_contract({"openapi": "3.1.0", "info": info, "paths": paths})
    assert NeededHeaders(contract, lambda path: None).of("change", "/things", ()) == sent


def test_a_request_without_a_key_has_no_credential_of_the_user_s_headers() -> None:
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {"description": "so"}}}}},
        "components": {"securitySchemes": {"key": scheme}},
    }
    given = {"X-Key": "secret", "Authorization": "token secret", "X-Team": "us"}
    with Target(build_contract(document), "http://127.0.0.1:9", "", headers=given) as target:
        sent = [target._own_headers("a", "/a", {}, with_key=one) for one in (True, False)]
    assert sent[0] == {name.lower(): value for name, value in given.items()}
    assert sent[1] == {"x-team": "us"}
