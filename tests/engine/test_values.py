"""Values are valid, deterministic for a seed, and plausible."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from faker import Faker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver import MockServer
from mockserver.engine.generation.values import Values
from mockserver.engine.randomness import Rng, faker
from mockserver.errors import ReplyError
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import MISSING
from mockserver.openapi.schemas.validators import Validators
from tests.engine.schemas import PATTERNS, schemas
from tests.support.documents import TEXT, answer, document, thing

NOW = 1_790_000_000_000_000
HERE = "#/components/schemas/It"


def values_of(schema: Any, version: str = "3.1.0", request: bool = False, **others: Any) -> Values:
    document = {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": {"It": schema, **others}},
    }
    contract = build_contract(document)
    return Values(contract, Validators(document, version), request=request)


def made(schema: Any, seed: object = 0, known: Any = MISSING, **more: Any) -> Any:
    mode = more.pop("mode", "rich")
    return values_of(schema, **more).make(HERE, Rng(NOW, seed), known, mode=mode)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(schemas, st.integers(0, 5), st.sampled_from(["rich", "fresh", "bare"]))
def test_a_value_is_valid(schema: Any, seed: int, mode: str) -> None:
    value = made(schema, seed, mode=mode)
    judge = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    assert judge.is_valid(value), value


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    schemas,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "name", "tags", "kind", "other"]), inner)
        ),
        max_leaves=8,
    ),
)
def test_a_value_is_valid_whatever_is_known(schema: Any, known: Any) -> None:
    value = made(schema, 1, known)
    judge = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    assert judge.is_valid(value), value


@settings(deadline=None, max_examples=50)
@given(schemas)
def test_the_same_seed_makes_the_same_value(schema: Any) -> None:
    assert made(schema, "a") == made(schema, "a")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_are_matched(pattern: str) -> None:
    for seed in range(5):
        assert re.search(pattern, made({"type": "string", "pattern": pattern}, seed))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("email", r"[\w.]+@example\.com"),
        ("first_name", r"[A-Z][a-z]+"),
        ("website_url", r"https://\S+"),
        ("price", r"\d+\.\d\d"),
        ("created_at", r"\d{4}-\d\d-\d\dT\S+Z"),
        ("phoneNumber", r"\+\d+"),
        ("customer_id", r"[0-9a-f-]{36}"),
        ("currency", r"[A-Z]{3}"),
        ("description", r"[A-Z].+\."),
        ("file_name", r"\S+\.\w+"),
        ("version", r"\d+\.\d+\.\d+"),
        ("slug", r"[a-z]+-[a-z]+"),
    ],
)
def test_a_text_is_what_its_name_says(name: str, form: str) -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
    for seed in range(5):
        assert re.fullmatch(form, made(schema, seed)[name])


def test_a_name_is_a_persons_or_a_firms_by_its_owner() -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    person = values_of(schema).make(HERE, Rng(NOW, 3), owner="user")["name"]
    firm = values_of(schema).make(HERE, Rng(NOW, 3), owner="organization")["name"]
    assert person != firm
    assert all(word[:1].isupper() for word in person.split())


def test_what_is_known_is_kept() -> None:
    schema = {
        "type": "object",
        "required": ["id", "name", "size"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "name": {"type": "string", "maxLength": 5},
            "size": {"type": "integer"},
            "parts": {"type": "array", "items": {"$ref": HERE}},
        },
    }
    value = made(schema, known={"name": "Anna", "size": 3, "odd": 1, "parts": [{"name": "Eva"}]})
    assert (value["name"], value["size"], value["parts"][0]["name"]) == ("Anna", 3, "Eva")
    assert "odd" not in value
    # What breaks a rule is made anew, the rest stays.
    assert made(schema, known={"name": "much too long", "size": 3})["size"] == 3


def test_a_schema_with_properties_describes_an_object_without_its_type() -> None:
    value = {"properties": {"value": {"type": "string"}}, "required": ["value"]}
    schema = {"properties": {"values": {"type": "array", "items": value}}}
    shown = made(schema, 0, known={"values": ["text", {"value": "mine"}]})
    assert isinstance(shown["values"][0], dict)
    assert shown["values"][1] == {"value": "mine"}


def test_a_fresh_thing_is_empty_where_it_may_be() -> None:
    schema = {
        "type": "object",
        "required": ["id", "error", "tags", "count", "enabled", "level"],
        "properties": {
            "id": {"type": "string"},
            "error": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "count": {"type": "integer"},
            "enabled": {"type": "boolean"},
            "level": {"type": "string", "default": "low"},
        },
    }
    value = made(schema, mode="fresh")
    assert value.pop("id")
    assert value == {"error": None, "tags": [], "count": 0, "enabled": True, "level": "low"}


def test_version_30_has_nullable_and_exclusive_flags() -> None:
    schema = {
        "type": "object",
        "required": ["weight", "note"],
        "properties": {
            "weight": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 0.1},
            "note": {"type": "string", "nullable": True},
        },
    }
    assert all(0 < made(schema, seed, version="3.0.3")["weight"] <= 0.1 for seed in range(20))
    assert made(schema, version="3.0.3", mode="fresh")["note"] is None


def test_circular_schemas_end() -> None:
    tree = {
        "type": "object",
        "required": ["children", "name"],
        "properties": {
            "name": {"type": "string"},
            "parent": {"anyOf": [{"$ref": HERE}, {"type": "null"}]},
            "children": {"type": "array", "items": {"$ref": HERE}},
        },
    }
    assert made(tree)["name"]
    needy = {"type": "object", "required": ["it"], "properties": {"it": {"$ref": HERE}}}
    with pytest.raises(ReplyError, match="no value fits"):
        made(needy)


def test_a_discriminator_names_the_branch() -> None:
    choice = {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"cat": "#/components/schemas/Cat"},
        },
    }
    branch = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    cat = {
        **branch,
        "required": ["kind", "lives"],
        "properties": {**branch["properties"], "lives": {"type": "integer"}},
    }
    dog = {
        **branch,
        "required": ["kind", "tricks"],
        "properties": {**branch["properties"], "tricks": {"type": "string"}},
    }
    found = [values_of(choice, Cat=cat, Dog=dog).make(HERE, Rng(NOW, n)) for n in range(10)]
    assert {value["kind"] for value in found} == {"cat", "Dog"}
    assert all(("lives" in value) == (value["kind"] == "cat") for value in found)


def test_the_side_that_may_not_see_a_property_does_not() -> None:
    schema = {
        "type": "object",
        "required": ["id", "secret", "name"],
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "secret": {"type": "string", "writeOnly": True},
            "name": {"type": "string"},
        },
    }
    assert made(schema, request=True).keys() == {"secret", "name"}
    assert made(schema).keys() == {"id", "name"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "not": {"enum": ["active"]}},
        {"type": "object", "required": ["a"], "dependentRequired": {"a": ["b"]}},
        {"type": "array", "contains": {"const": 3}, "minItems": 2},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2},
        {"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 2},
        {"type": ["string", "integer", "null"]},
        {"allOf": [{"type": "integer", "minimum": 4}, {"multipleOf": 3}, {"maximum": 7}]},
        {"if": {"properties": {"a": {"const": 1}}, "required": ["a"]},
         "then": {"required": ["b"]}, "type": "object", "properties": {"a": {"const": 1}},
         "required": ["a"]},
        {"type": "string", "format": "email", "maxLength": 12},
        {"type": "string", "format": "uri", "minLength": 100},
        {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": [1, 2, 3]}},
        {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 1000.5}]},
        {"type": "string", "minLength": 30, "pattern": "^[a-z]+$", "maxLength": 31},
        {"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object",
         "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.25},
        True,
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["rich", "fresh", "bare"])
def test_odd_schemas(schema: Any, mode: str) -> None:
    judge = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for seed in range(6):
        value = made(schema, seed, mode=mode)
        assert judge.is_valid(value), value


def test_nothing_fits_an_impossible_schema() -> None:
    with pytest.raises(ReplyError, match="no value fits"):
        made({"type": "string", "minLength": 3, "maxLength": 2})


def test_our_words_are_those_of_faker() -> None:
    theirs, ours = Faker("en_US", use_weighting=False), faker()
    for seed in range(20):
        said = []
        for fake in (theirs, ours):
            fake.seed_instance(seed)
            said.append(
                [
                    *(fake.word(), fake.words(3), fake.sentence(), fake.slug(), fake.text(90)),
                    *(fake.words(2, unique=True), fake.word(part_of_speech="noun")),
                ]
            )
        assert said[0] == said[1]


@pytest.mark.parametrize("mode", ["rich", "fresh", "bare"])
def test_a_list_inside_an_entity_says_that_it_is_one_and_where(mode: str) -> None:
    text = {"type": "string"}
    rows = {"type": "array", "items": text}
    listed = {"object": text, "data": rows, "has_more": {"type": "boolean"}, "url": text}
    lines = {"type": "object", "required": [*listed], "properties": listed}
    invoice = {"type": "object", "required": ["lines"], "properties": {"lines": lines}}
    found = made(invoice, 1, mode=mode)["lines"]
    assert (found["object"], found["url"]) == ("list", "/lines")


def test_what_is_known_may_lie_deeper_than_what_is_made() -> None:
    tree = {"$ref": "#/components/schemas/It"}
    node: Any = {"type": "object", "properties": {"v": {"type": "integer"}}, "required": ["v"]}
    node["properties"]["kids"] = {"type": "array", "items": tree}
    deep: dict[str, Any] = {"v": 0}
    for level in range(40):
        deep = {"v": level, "kids": [deep]}
    assert values_of(node, "3.1.0").make(HERE, Rng(NOW, 1), deep) == deep


def test_an_example_with_a_fault_inside_is_used_without_it() -> None:
    """In an array, too: it need not be empty for that."""
    born = {"type": "string", "format": "date"}
    person = {"type": "object", "required": ["born"], "properties": {"born": born}}
    example = {"name": "Ada", "person": {"born": "10 December 1815"}}
    guest = {
        "type": "object",
        "required": ["name", "person"],
        "properties": {"name": {"type": "string"}, "person": person},
        "example": example,
    }
    rows = {
        "type": "object",
        "required": ["rows"],
        "properties": {"rows": {"type": "array", "items": guest}},
    }
    found = [made(rows, seed)["rows"] for seed in range(10)]
    assert all(found)
    assert any(row["name"] == "Ada" for one in found for row in one)


@pytest.mark.parametrize("pattern", ["^[a-z]*$", "^[A-Z0-9._-]*$", "^(v[0-9])?$", "^[0-9]{0,3}$"])
def test_a_text_is_empty_only_if_nothing_else_fits(pattern: str) -> None:
    assert all(made({"type": "string", "pattern": pattern}, seed) for seed in range(30))
    assert made({"type": "string", "pattern": "^$"}) == ""


def test_parts_of_which_all_is_optional_say_something() -> None:
    """An empty object in a response tells a reader nothing; one without properties stays empty."""
    part = thing(href=TEXT)
    row = thing(
        id=TEXT,
        owner=thing(name=TEXT, email=TEXT),
        links={"type": "array", "items": part},
        total=thing(amount=thing(value={"type": "integer"})),
        metadata={"type": "object"},
    )
    paths = {"/kites": {"get": {"responses": {"200": answer({"type": "array", "items": row})}}}}
    for seed in range(8):
        for kite in MockServer(document(paths), seed=seed).client.get("/kites").json():
            parts = [kite.get("owner"), kite.get("total"), *(kite.get("links") or [])]
            assert {} not in parts
            assert kite.get("total") is None or kite["total"].get("amount") != {}
            assert kite.get("metadata") in (None, {})
