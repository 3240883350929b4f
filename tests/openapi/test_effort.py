"""The cost of validation grows with the value, whatever the schema."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import ContractError
from mockserver.openapi.build import build_contract
from mockserver.openapi.schemas.effort import MOST_LOOKS, Effort, measure
from mockserver.openapi.schemas.json_schema import Translation
from mockserver.openapi.schemas.validators import Validators

HERE = "#/components/schemas/It"
SELF = {"$ref": HERE}


def ambiguous(word: str, branches: int = 4) -> dict[str, Any]:
    """Recursive branches that can't be told apart."""
    objects = [
        {
            "type": "object",
            "required": ["x"],
            "properties": {"x": SELF, f"own{n}": {"type": "integer"}},
        }
        for n in range(branches)
    ]
    return {word: [*objects, {"type": "integer"}]}


def filters() -> dict[str, Any]:
    """Branches distinguished by a constant."""
    kinds = [
        {
            "type": "object",
            "required": ["op", "args"],
            "properties": {"args": {"type": "array", "items": SELF}, "op": {"const": op}},
        }
        for op in ("and", "or", "not")
    ]
    leaf = {"type": "object", "required": ["op"], "properties": {"op": {"const": "eq"}}}
    return {"oneOf": [*kinds, leaf]}


def document(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": {"It": schema}},
    }


def deep(levels: int, last: Any, key: str = "x") -> Any:
    for _ in range(levels):
        last = {key: last}
    return last


def nested(levels: int) -> Any:
    value: Any = {"op": "wrong"}
    for _ in range(levels):
        value = {"op": "and", "args": [value]}
    return value


def effort(schema: dict[str, Any]) -> Effort:
    return Effort(Translation(document(schema), "3.1.0", "request").closure(HERE).schema, {})


def test_size_and_depth() -> None:
    assert measure(5) == (1, 0)
    assert measure({"a": [1, 2], "b": {}}) == (5, 2)


def test_a_choice_that_names_its_branch_costs_what_the_value_does() -> None:
    """Twice the value, twice the work."""
    found = effort(filters())
    once, twice = (found.looks(nested(levels)) for levels in (40, 80))
    assert twice < 2.2 * once
    check = Validators(document(filters()), "3.1.0").request(HERE)
    assert not check.is_valid(nested(90))
    (violation,) = check.violations(nested(90))
    assert (violation.where[-1], violation.keyword) == ("op", "enum")


def lists() -> dict[str, Any]:
    """Branches that each contain lists of further branches, under different names."""
    names = ("and", "or", "not", "nor")
    kinds = [
        {
            "type": "object",
            "required": [name],
            "properties": {name: {"type": "array", "items": SELF}},
            "additionalProperties": False,
        }
        for name in names
    ]
    leaf = {"type": "object", "required": ["field"], "properties": {"field": {"type": "string"}}}
    return {"oneOf": [*kinds, leaf]}


def listed(levels: int, last: Any) -> Any:
    for level in range(levels):
        last = {("and", "or")[level % 2]: [last]}
    return last


def test_a_value_is_counted_where_its_depth_says_too_little() -> None:
    """By depth alone each level could be of four kinds; property names decide."""
    check = Validators(document(lists()), "3.1.0").request(HERE)
    assert check.is_valid(listed(40, {"field": "a"}))
    assert not check.is_valid(listed(40, {"field": 1}))
    wide = {"and": [{"or": [{"field": "a"}]}] * 3000}
    assert check.accept(wide)[0]
    assert not check.is_valid({"and": [*wide["and"], {"or": [1]}]})


def test_counting_grows_with_the_value() -> None:
    found = effort(lists())
    wide = [found.looks({"and": [listed(4, {"field": n}) for n in range(count)]})
            for count in (500, 1000)]  # fmt: skip
    assert wide[1] < 2.2 * wide[0]


def test_many_entities_are_no_dearer_than_each_of_them() -> None:
    """A list of what was accepted one by one can be sent, one deep entity among them or not."""
    node: dict[str, Any] = {
        "type": "object",
        "properties": {
            "next": {"anyOf": [SELF, {"type": "array", "items": SELF}, {"type": "string"}]},
            "tags": {"type": "array", "items": {}},
        },
    }
    row = {"tags": [{"n": n} for n in range(30_000)]}
    rows = [row] * 9 + [{"next": {"next": [{"next": {"next": "end"}}]}}]
    listed = {"type": "object", "properties": {"data": {"type": "array", "items": SELF}}}
    whole = document(node)
    whole["components"]["schemas"]["Page"] = listed
    check = Validators(whole, "3.1.0").request("#/components/schemas/Page")
    assert check.is_valid({"data": rows})
    assert not check.is_valid({"data": [*rows, {"next": 1}]})


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
def test_what_would_cost_too_much_is_refused_without_being_judged(word: str) -> None:
    found = effort(ambiguous(word))
    assert found.looks(deep(4, 1)) < found.looks(deep(8, 1)) <= MOST_LOOKS + 1
    check = Validators(document(ambiguous(word)), "3.1.0").request(HERE)
    assert check.is_valid(deep(3, 1))  # None of the branches requires what another does not.
    for levels in (30, 150):
        assert not check.is_valid(deep(levels, "bad"))
        assert not check.accept(deep(levels, 1))[0]
        (violation,) = check.violations(deep(levels, "bad"), ("body",))
        assert (violation.where, violation.keyword) == (("body",), "nesting")
    assert len(check.violations(deep(9, "bad"))) == 1


def test_schemas_without_such_choices_are_not_counted() -> None:
    plain = {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"x": SELF}}]}
    closure = Translation(document(plain), "3.1.0", "request").closure(HERE)
    assert not closure.forks
    check = Validators(document(plain), "3.1.0").request(HERE)
    assert check.is_valid(deep(150, "a"))


def test_a_chain_of_choices_is_bounded_in_responses_too() -> None:
    levels: dict[str, Any] = {"L12": {"type": "integer"}}
    for level in range(12):
        below = {"$ref": f"#/components/schemas/L{level + 1}"}
        levels[f"L{level}"] = {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["x"],
                    "properties": {"x": below, "kind": {"const": n}},
                }
                for n in range(4)
            ]
        }
    whole = document(levels["L0"])
    whole["components"]["schemas"] |= levels
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/L0"}}}
    whole["paths"] = {
        "/a": {
            "post": {
                "requestBody": {"content": content},
                "responses": {"200": {"description": "", "content": content}},
            }
        }
    }
    with MockServer(whole) as server:
        assert server.client.post("/a", json=deep(12, 1.5)).status_code == 422
        assert server.client.post("/a", json=deep(2, 1.5)).status_code == 422


@pytest.mark.parametrize("path", ["/{}", "/a/{}", "/{}/b", "/{a}{}"])
def test_a_path_parameter_has_a_name(path: str) -> None:
    whole = document({})
    whole["paths"] = {path: {"get": {"responses": {"200": {"description": ""}}}}}
    with pytest.raises(ContractError, match="a parameter without a name"):
        build_contract(whole)
