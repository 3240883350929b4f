"""A body with very many violations costs little, and some of them are reported."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from tests.openapi.test_validators import OTHERS, U, check


def str_of_keys(value: dict[str, Any]) -> str:
    return ",".join(list(value)[:2])


@pytest.mark.parametrize(
    "value",
    [
        {"items": [5] * 200_000},
        {"items": [{"id": 5, "n": "x"}] * 50_000},
        {"items": [{"id": U}] * 50_000 + [5]},
        {"maybe": [5] * 200_000},
        {f"a{n}": n for n in range(50_000)},
        {"labels": {f"a{n}": "x" for n in range(50_000)}},
        {"items": [{"id": [5] * 100}] * 2_000},
    ],
    ids=str_of_keys,
)
def test_very_many_faults_are_not_all_counted(value: Any) -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            "maybe": {"anyOf": [{"type": "array", "items": {"type": "null"}}, {"type": "null"}]},
            "labels": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    }
    found = check(schema, **OTHERS)
    started = process_time()
    violations = found.violations(value)
    assert 1 <= len(violations) <= 1000
    # It took a minute.
    assert process_time() - started < 5


def test_the_one_fault_of_a_very_large_value_is_found() -> None:
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}
    value = [{"id": U}] * 30_000
    value[20_000] = {"id": "x"}
    [found] = check(schema, **OTHERS).violations(value)
    assert found.where == (20_000, "id")


def test_faults_in_named_and_nested_places() -> None:
    schema = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "rows": {"type": "array", "minItems": 2, "items": {"$ref": "#/components/schemas/X"}},
            "n": {"type": "integer"},
        },
    }
    found = check(schema)
    rows = [{"name": "a", "n": 1}] * 5_000
    deep = {"name": "b", "rows": [*rows, {"name": "a", "n": "x"}]}
    value = {"junk": list(range(9_000)), "name": "c", "rows": [*rows, deep]}
    [violation] = found.violations(value)
    assert violation.where == ("rows", 5_000, "rows", 5_000, "n")
    [violation] = found.violations({"rows": rows})
    assert (violation.where, violation.keyword) == (("name",), "required")


def test_too_many_items() -> None:
    [found] = check({"type": "array", "maxItems": 6_000}).violations([0] * 9_000)
    assert found.keyword == "maxItems"
