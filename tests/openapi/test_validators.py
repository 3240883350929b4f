from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from mockserver.errors import ContractError
from mockserver.openapi.schemas.json_schema import Translation
from mockserver.openapi.schemas.validators import Check, Validators, schema_places

U = "3c90c3cc-0d44-4b50-8888-8dd25736052a"

NULL_BRANCHES = (
    {"nullable": True},
    {"nullable": True, "description": "or nothing"},
    {"nullable": True, "x-generated": None, "deprecated": True},
)


def document(schema: Any, version: str = "3.1.0", **others: Any) -> dict[str, Any]:
    return {"openapi": version, "components": {"schemas": {"X": schema, **others}}}


def check(schema: Any, version: str = "3.1.0", *, reply: bool = False, **others: Any) -> Check:
    validators = Validators(document(schema, version, **others), version)
    pointer = "#/components/schemas/X"
    return validators.reply(pointer) if reply else validators.request(pointer)


def faults(schema: Any, value: Any, **others: Any) -> list[tuple[Any, ...]]:
    found = check(schema, **others).violations(value, ("body",))
    return [(v.where[1:], v.keyword) for v in found]


THING = {
    "type": "object",
    "required": ["name", "items", "size"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "size": {"$ref": "#/components/schemas/Size"},
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
        "note": {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "null"}]},
        "flag": {"type": "boolean"},
    },
}
OTHERS = {
    "Size": {"type": "integer", "minimum": 1},
    "Item": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string", "format": "uuid"}, "n": {"type": "integer"}},
    },
}


def test_violations_come_in_the_order_of_the_schema_and_extras_last() -> None:
    value = {
        "zz": 1,
        "flag": "x",
        "note": "abc",
        "aa": 2,
        "items": [{"n": "x"}, 5],
        "name": "",
    }
    assert faults(THING, value, **OTHERS) == [
        (("name",), "minLength"),
        (("size",), "required"),
        (("items", 0, "id"), "required"),
        (("items", 0, "n"), "type"),
        (("items", 1), "type"),
        (("note",), "maxLength"),
        (("flag",), "type"),
        (("zz",), "additionalProperties"),
        (("aa",), "additionalProperties"),
    ]


def test_a_violation_names_value_limit_and_the_schema_in_the_document() -> None:
    source = document(THING, **OTHERS)
    validators = Validators(source, "3.1.0")
    [found] = validators.request("#/components/schemas/X").violations(
        {"name": "a", "size": 0, "items": []}
    )
    assert (found.where, found.keyword, found.limit, found.value) == (("size",), "minimum", 1, 0)
    assert found.schema is source["components"]["schemas"]["Size"]


def test_a_missing_property_shows_the_object_around_it() -> None:
    [found] = check(THING, **OTHERS).violations({"name": "a", "items": []})
    assert found.limit == "size"
    assert found.value == {"name": "a", "items": []}


def test_or_null_reads_like_optional() -> None:
    schema = {"anyOf": [{"type": "integer", "maximum": 5}, {"type": "null"}]}
    assert faults(schema, 6) == [((), "maximum")]
    assert faults(schema, "x") == [((), "type")]
    assert faults(schema, None) == []


def test_a_real_choice_keeps_its_branches() -> None:
    schema = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]}
    [found] = check(schema).violations([1], ("body",))
    assert found.keyword == "anyOf"
    assert [[(v.where, v.keyword) for v in branch] for branch in found.limit] == [
        [(("body",), "type")],
        [(("body", 0), "type")],
    ]


def test_one_of_two_that_both_fit() -> None:
    [found] = check({"oneOf": [{"multipleOf": 3}, {"multipleOf": 5}]}).violations(15)
    assert found.keyword == "oneOf"


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"": None}, ("",)),
        ({"": {"": None}}, ("", "")),
        ({"a": {"": None}}, ("a", "")),
        ({"": {"a": None}}, ("", "a")),
        ({"5": None}, ("5",)),
        ({"05": None}, ("05",)),
        ({"a/b": None}, ("a/b",)),
        ({"~1": None}, ("~1",)),
        ({"%7B": {"é\x00": None}}, ("%7B", "é\x00")),
    ],
)
def test_strange_names_are_found_again(value: Any, where: tuple[str, ...]) -> None:
    inner = {"type": ["integer", "object"], "additionalProperties": {"type": "integer"}}
    [found] = check({"type": "object", "additionalProperties": inner}).violations(value)
    assert found.where == where


def test_a_key_is_judged_before_its_value() -> None:
    schema = {"propertyNames": {"maxLength": 1}, "additionalProperties": {"type": "integer"}}
    found = check(schema).violations({"ab": "x", "c": "y"})
    assert [(v.where, v.keyword) for v in found] == [
        (("ab",), "propertyNames"),
        (("ab",), "type"),
        (("c",), "type"),
    ]
    assert found[0].limit.keyword == "maxLength"


class TestOld:
    """Schemas of 3.0 as 2020-12."""

    def test_nullable_widens_the_type_beside_it(self) -> None:
        assert check({"type": "string", "nullable": True}, "3.0.3").is_valid(None)
        # By 3.0.3 an enum must list null itself, and without a type nullable says nothing.
        both = {"type": "string", "nullable": True, "enum": ["a"]}
        assert not check(both, "3.0.3").is_valid(None)
        alone = {"nullable": True, "allOf": [{"type": "string"}]}
        assert not check(alone, "3.0.3").is_valid(None)

    @pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
    @pytest.mark.parametrize("word", ["oneOf", "anyOf"])
    def test_a_branch_that_is_nullable_and_no_more_means_null(
        self, version: str, word: str
    ) -> None:
        size = {"$ref": "#/components/schemas/Size"}
        for branch in NULL_BRANCHES:
            found = check({word: [size, branch]}, version, **OTHERS)
            assert [found.is_valid(v) for v in (None, 5, "x")] == [True, True, False]
            assert [v.keyword for v in found.violations("x", ("body",))] == ["type"]

    @pytest.mark.parametrize(
        "schema",
        [
            {"type": "integer", "nullable": True},
            {"type": ["integer"], "nullable": True},
            {"type": "integer", "enum": [5], "nullable": True},
            {"enum": [5], "nullable": True},
            {"$ref": "#/components/schemas/Size", "nullable": True},
            {"allOf": [{"$ref": "#/components/schemas/Size"}], "nullable": True},
            {"oneOf": [{"$ref": "#/components/schemas/Size"}], "nullable": True},
        ],
    )
    def test_nullable_counts_in_31_too(self, schema: dict[str, Any]) -> None:
        found = check(schema, "3.1.0", **OTHERS)
        assert [found.is_valid(v) for v in (None, 5, "x")] == [True, True, False]
        assert {v.where for v in found.violations("x", ("body",))} == {("body",)}

    def test_exclusive_bounds_are_flags(self) -> None:
        schema = {
            "type": "integer", "minimum": 1, "exclusiveMinimum": True,
            "maximum": 5, "exclusiveMaximum": False,
        }  # fmt: skip
        found = check(schema, "3.0.3")
        assert [found.is_valid(n) for n in (1, 2, 5, 6)] == [False, True, True, False]

    def test_beside_a_reference_nothing_counts(self) -> None:
        schema = {"$ref": "#/components/schemas/Size", "maximum": 3}
        assert check(schema, "3.0.3", **OTHERS).is_valid(5)
        assert not check(schema, "3.1.0", **OTHERS).is_valid(5)

    def test_what_30_does_not_have_it_does_not_assert(self) -> None:
        assert check({"const": 1}, "3.0.3").is_valid(2)
        assert not check({"const": 1}, "3.1.0").is_valid(2)

    def test_a_document_costs_what_is_used_of_it(self) -> None:
        source = document({"$ref": "#/components/schemas/A"}, "3.0.3", A={"type": "string"}, B=5)
        Validators(source, "3.0.3").request("#/components/schemas/X")
        translation = Translation(source, "3.0.3", "reply")
        assert translation.closure("#/components/schemas/X").size == 2


class TestViews:
    SCHEMA: ClassVar[dict[str, Any]] = {
        "type": "object",
        "required": ["id", "secret", "name"],
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "secret": {"$ref": "#/components/schemas/Secret"},
            "name": {"type": "string"},
        },
    }
    SECRET: ClassVar[dict[str, Any]] = {"type": "string", "writeOnly": True}

    @pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
    def test_read_only_is_not_asked_of_a_request(self, version: str) -> None:
        found = check(self.SCHEMA, version, Secret=self.SECRET)
        assert found.is_valid({"name": "a", "secret": "b"})
        assert found.is_valid({"name": "a", "secret": "b", "id": "c"})
        assert not found.is_valid({"name": "a"})

    @pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
    def test_write_only_never_comes_back(self, version: str) -> None:
        found = check(self.SCHEMA, version, reply=True, Secret=self.SECRET)
        assert found.is_valid({"name": "a", "id": "c"})
        assert not found.is_valid({"name": "a", "id": "c", "secret": "b"})
        assert not found.is_valid({"name": "a"})


class TestHostile:
    @pytest.mark.parametrize("depth", [300, 900])
    def test_what_is_nested_too_deeply_to_be_shown_is_a_violation(self, depth: int) -> None:
        value: Any = []
        for _ in range(depth):
            value = [value]
        found = check({"type": "string"})
        assert found.accept(value)[0] is False
        [violation] = found.violations(value, ("body",))
        assert (violation.where, violation.keyword) == (("body", 0), "json")

    @pytest.mark.parametrize("value", ["\ud800", {1: "a"}, b"x", {"a": {1}}])
    def test_what_json_can_not_say_is_invalid(self, value: Any) -> None:
        schema = {"type": ["string", "object"], "additionalProperties": {"type": "string"}}
        found = check(schema, reply=True)
        assert not found.is_valid(value)
        assert found.violations(value)

    def test_a_message_quotes_only_the_start_of_a_large_value(self) -> None:
        [found] = check({"type": "integer"}).violations("x" * 1_000_000)
        assert len(found.message) < 1000

    def test_large_integers(self) -> None:
        found = check({"type": "integer", "maximum": 10**40})
        assert found.is_valid(10**40)
        assert not found.is_valid(10**40 + 1)


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "good", "bad"),
        [
            (r"^[a-zA-Z0-9_-\s]+$", "a - b", "a + b"),
            ("(?<=a)b", "ab", "bb"),
            ("^(?!x)a", "a", "xa"),
            (r"^a\Z", "a", "ab"),
        ],
    )
    def test_the_engine_that_reads_it_judges(self, pattern: str, good: str, bad: str) -> None:
        found = check({"type": "object", "properties": {"a": {"pattern": pattern}}})
        assert found.is_valid({"a": good})
        [violation] = found.violations({"a": bad})
        assert (violation.where, violation.keyword, violation.limit) == (("a",), "pattern", pattern)
        assert found.is_valid({"a": 5})

    def test_a_broken_pattern_is_named(self) -> None:
        with pytest.raises(ContractError, match="components/schemas/X"):
            check({"type": "object", "properties": {"a": {"pattern": "["}}})


class TestBroken:
    """An unusable schema is a ContractError with its place, raised only when it is used."""

    @pytest.mark.parametrize(
        "schema",
        [
            {"$ref": "#/components/schemas/Nowhere"},
            {"$ref": "other.yaml#/X"},
            {"$ref": "https://example.com/schema.json"},
            {"type": "object", "properties": []},
            {"type": "object", "required": True},
            {"allOf": {}},
            {"items": 5},
            {"minimum": "one"},
            "text",
        ],
        ids=json.dumps,
    )
    def test_a_schema_that_can_not_be_used(self, schema: Any) -> None:
        validators = Validators(document(schema, Good={"type": "string"}), "3.1.0")
        with pytest.raises(ContractError, match=r"#/components|nowhere|another file"):
            validators.request("#/components/schemas/X")
        assert validators.request("#/components/schemas/Good").is_valid("a")

    def test_a_circle_says_nothing(self) -> None:
        found = check({"$ref": "#/components/schemas/Y"}, Y={"$ref": "#/components/schemas/X"})
        assert found.is_valid(1)

    def test_a_property_named_like_a_keyword(self) -> None:
        names = {"$ref": {"type": "integer"}, "$id": {"type": "integer"}, "properties": {}}
        found = check({"type": "object", "properties": names})
        assert found.is_valid({"$ref": 1, "$id": 2, "properties": {}})
        assert not found.is_valid({"$ref": "x"})


def test_recursive_schemas() -> None:
    schema = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/X"}, "n": {"type": "integer"}},
    }
    assert faults(schema, {"next": {"next": {"n": "x"}}}) == [(("next", "next", "n"), "type")]


def test_references_into_schemas_and_paths() -> None:
    inline = {"type": "array", "items": {"$ref": "#/components/schemas/A/properties/b"}}
    source = document({}, A={"type": "object", "properties": {"b": {"type": "integer"}}})
    source["paths"] = {"/a/{id}%": {"get": {"parameters": [{"schema": inline}]}}}
    pointer = "#/paths/~1a~1{id}%/get/parameters/0/schema"
    [found] = Validators(source, "3.1.0").request(pointer).violations([1, "x"])
    assert found.where == (1,)
    assert found.schema == {"type": "integer"}


def test_a_tangle_is_compiled_once() -> None:
    """Mutually recursive schemas share one validator, with equal results."""
    schemas = {
        f"S{n}": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "next": {"$ref": f"#/components/schemas/S{(n + 1) % 200}"},
            },
        }
        for n in range(200)
    }
    source = {"components": {"schemas": schemas}, "paths": {}}
    validators = Validators(source, "3.1.0")
    for n in (0, 7, 199):
        found = validators.reply(f"#/components/schemas/S{n}")
        assert found.is_valid({"name": "a", "next": {"name": "b"}})
        violations = found.violations({"next": {"name": 5, "": 1}}, ("body",))
        assert [(v.where, v.keyword) for v in violations] == [
            (("body", "name"), "required"),
            (("body", "next", "name"), "type"),
        ]


def test_only_what_leads_to_other_schemas_is_compiled_together() -> None:
    thing = {"$ref": "#/components/schemas/Thing"}
    body = {"type": "object", "properties": {"value": {"type": "array", "items": thing}}}
    content = {"application/json": {"schema": body}}
    document = {
        "paths": {
            "/a/{id}": {
                "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
                "get": {"responses": {"200": {"content": content}}},
                "put": {"requestBody": {"content": {"a/b": {"schema": thing}}}},
            }
        },
        "components": {"schemas": {"Thing": {"type": "object"}}},
    }
    assert set(schema_places(document)) == {
        "#/components/schemas/Thing",
        "#/paths/~1a~1{id}/get/responses/200/content/application~1json/schema",
    }
