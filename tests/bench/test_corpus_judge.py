"""The reply validator of `make corpus` interprets schemas as OpenAPI defines."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from bench.corpus.judge import Judge

SECRET = {"type": "string", "writeOnly": True}
PARTS = {
    "Secret": SECRET,
    "Both": {"allOf": [{"$ref": "#/components/schemas/Secret"}], "readOnly": True},
    "Thing": {"type": "object", "properties": {"a": {"type": "integer"}}},
    "Things": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
}


def complaint(schema: Any, value: Any, version: str = "3.0.3") -> str:
    response = {"description": "", "content": {"application/json": {"schema": schema}}}
    document = {
        "openapi": version,
        "paths": {"/a": {"get": {"responses": {"200": response}}}},
        "components": {"schemas": PARTS},
    }
    headers = {"content-type": "application/json"}
    reply = httpx.Response(200, content=json.dumps(value), headers=headers)
    return Judge(document, version).complaint("#/paths/~1a/get", "GET", reply)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_is_write_only_need_not_be_there(version: str) -> None:
    schema = {"type": "object", "properties": {"key": SECRET}, "required": ["key"]}
    assert complaint(schema, {}, version) == ""


def test_what_is_write_only_must_not_be_there() -> None:
    schema = {"properties": {"key": {"$ref": "#/components/schemas/Secret"}}}
    assert "write-only" in complaint(schema, {"key": "a"})


def test_only_properties_are_write_only_and_their_own_word_counts() -> None:
    assert complaint({"type": "array", "items": SECRET}, ["a"]) == ""
    both = {"properties": {"key": {"$ref": "#/components/schemas/Both"}}}
    assert complaint(both, {"key": "a"}) == ""


def test_nothing_beside_a_reference_counts_in_3_0() -> None:
    schema = {"$ref": "#/components/schemas/Thing", "type": "string"}
    assert complaint(schema, {"a": 1}) == ""
    assert complaint(schema, {"a": "x"}) != ""
    assert complaint(schema, {"a": 1}, "3.1.0") != ""


def test_a_discriminator_does_not_speak_of_inline_branches() -> None:
    branches = [{"type": "object", "required": ["a"]}, {"type": "object", "required": ["b"]}]
    schema = {"oneOf": branches, "discriminator": {"propertyName": "kind"}}
    assert complaint(schema, {"a": 1, "kind": "x"}) == ""
    assert complaint(schema, {"a": 1, "b": 1}) != ""


def test_a_uri_is_one() -> None:
    choice = {"oneOf": [{"type": "string", "format": f} for f in ("uri", "binary")]}
    assert complaint(choice, "Set majority.") == ""
    assert "valid under each" in complaint(choice, "https://example.com/a?b=%20#c")


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_nullable_widens_the_type_beside_it(version: str) -> None:
    assert complaint({"type": "string", "nullable": True}, None, version) == ""
    assert complaint({"type": "string", "nullable": False}, None, version) != ""
    assert complaint({"type": "string", "nullable": True, "enum": ["a"]}, None, version) != ""
    assert complaint({"type": "string", "nullable": True}, 1, version) != ""


@pytest.mark.parametrize(
    ("schema", "sent", "fault"),
    [
        ({"type": "integer", "minimum": 1}, "5", ""),
        ({"type": "integer", "minimum": 1}, "0", "the header X-Is: "),
        ({"type": "integer"}, "many", "the header X-Is: "),
        ({"type": "boolean"}, "true", ""),
        ({"type": "string", "enum": ["5"]}, "5", ""),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 2}, "a, b", ""),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 2}, "a,b,c", "the header X-Is"),
        ({"type": "string"}, None, "the required header X-Is is missing"),
    ],
)
def test_headers_fit_their_schemas(schema: Any, sent: str | None, fault: str) -> None:
    headers = {"X-Is": {"required": True, "schema": schema}}
    document = {
        "openapi": "3.0.3",
        "paths": {"/a": {"get": {"responses": {"200": {"description": "", "headers": headers}}}}},
    }
    reply = httpx.Response(200, headers={} if sent is None else {"x-is": sent})
    found = Judge(document, "3.0.3").complaint("#/paths/~1a/get", "GET", reply)
    assert found.startswith(fault)
    assert bool(found) == bool(fault)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_an_array_has_no_discriminator(version: str) -> None:
    names = ("Things", "Thing")
    schema = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in names],
        "discriminator": {"propertyName": "a"},
    }
    assert complaint(schema, [], version) == ""
    assert complaint(schema, [{"a": 1}], version) == ""
    assert complaint(schema, [{"a": "x"}], version) != ""
    assert complaint(schema, "x", version) != ""
