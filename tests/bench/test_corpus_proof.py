"""Schemas that `make corpus` calls unsatisfiable are unsatisfiable."""

from __future__ import annotations

from typing import Any

import pytest

from bench.corpus.proof import Prover

A = {"type": "object", "properties": {"a": {}}, "required": ["a"]}
CLOSED = {**A, "additionalProperties": False}
EMPTY = {"type": "object", "additionalProperties": False}
CLOSED_A = {**EMPTY, "properties": {"a": {}}}
OPEN = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
ENDLESS = {"type": "object", "properties": {"parent": {"$ref": "#/s"}}, "required": ["parent"]}


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [CLOSED, OPEN]},
        {"type": "string", "enum": [1, 2]},
        {"type": "array", "minItems": 1, "items": {"allOf": [CLOSED, OPEN]}},
        {"allOf": [{"type": "string"}, {"type": "object"}]},
        {"oneOf": [OPEN, {**OPEN, "description": "the same"}]},
        ENDLESS,
        {**OPEN, "properties": {"b": {"not": {}}}},
        {"type": "string", "pattern": "/^[a-z]+$/"},
        {"type": "string", "pattern": "/^(a|b)$/i"},
        {"type": "string", "pattern": "(x^a|b$y)"},
        {"type": "string", "pattern": "[a-z]{4}-[a-z]{4}", "maxLength": 8},
        {"type": "string", "pattern": "^[a-z]{4}$", "minLength": 5},
        {"type": "string", "format": "uuid", "minLength": 64},
        {"type": "string", "format": "email", "pattern": r"^[\w.+-]+@[a-z]+\\.[a-z]+$"},
        {"oneOf": [{"type": "string", "format": "asset"}, {"type": "string", "format": "upload"}]},
        {"oneOf": [EMPTY, {**EMPTY, "allOf": [CLOSED_A]}]},
    ],
)
def test_what_contradicts_itself_is_impossible(schema: Any) -> None:
    assert Prover({"s": schema}, "3.0.3", request=False).impossible("#/s")


@pytest.mark.parametrize(
    "schema",
    [
        CLOSED,
        {"allOf": [CLOSED, {"type": "object", "required": ["a"]}]},
        {"type": "array", "items": {"allOf": [CLOSED, OPEN]}},
        {"oneOf": [OPEN, CLOSED]},
        {"anyOf": [OPEN, {"type": "string", "enum": [1]}]},
        {**ENDLESS, "required": []},
        {**ENDLESS, "properties": {"parent": {"nullable": True, "type": "object"}}},
        {**OPEN, "properties": {"b": {"not": {}, "writeOnly": True}}},
        {"allOf": [{"type": "number"}, {"type": "integer"}]},
        {"$ref": "#/gone"},
        {},
        {"type": "string", "pattern": "/?^[a-z]*"},
        {"type": "string", "pattern": "(x^)?a"},
        {"type": "string", "pattern": "(?m)x^a"},
        {"type": "string", "pattern": "(x^a|a)"},
        {"type": "string", "pattern": "^[^]{,2}$", "minLength": 5},
        {"type": "string", "pattern": "[a-z]{4}", "minLength": 5},
        {"type": "string", "pattern": "[a-z]{4}", "maxLength": 4},
        {"type": ["string", "integer"], "pattern": "/^[a-z]+$/"},
        {"type": "string", "format": "uuid", "minLength": 36},
        {"type": "string", "format": "email", "pattern": r"^.+@[a-z]+\\.[a-z]+$"},
        {"type": "string", "format": "email", "pattern": r"[\w.+-]+@[a-z]+\.[a-z]+"},
        {"type": "string", "format": "email", "pattern": r"^[!-z]+\\"},
        {"oneOf": [{"type": "string", "format": "uri"}, {"type": "string", "format": "date"}]},
        {"oneOf": [EMPTY, {**EMPTY, "minProperties": 1}]},
        {"oneOf": [EMPTY, CLOSED_A]},
        {"type": "object", "required": ["a"], "additionalProperties": True},
        {"oneOf": [EMPTY, {**EMPTY, "nullable": True}]},
        {"oneOf": [OPEN, {**OPEN, "nullable": True, "required": ["a", "b"]}]},
    ],
)
def test_what_something_fits_is_not(schema: Any) -> None:
    assert not Prover({"s": schema}, "3.0.3", request=False).impossible("#/s")
