"""Parsing, pointers and references."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.errors import ContractError
from mockserver.openapi.document import (
    join,
    lookup,
    parse_document,
    pointer_of,
    reference_to,
    resolve,
    walk,
)

hermetic = settings(derandomize=True, database=None, deadline=None)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def test_json_and_yaml_give_the_same():
    text = b"openapi: 3.1.0\npaths:\n  /a:\n    get:\n      responses:\n        200: {}\n"
    expected = {
        "openapi": "3.1.0",
        "paths": {"/a": {"get": {"responses": {"200": {}}}}},
    }
    assert parse_document(text, "x") == expected
    assert parse_document(orjson.dumps(expected), "x") == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "empty"),
        (b"[1]", "an array"),
        (b"{", "not valid JSON"),
        (b"<!doctype html>", "markup"),
        (b"a: [", "neither JSON nor YAML"),
        (b"\xff\xfe\x00", "neither JSON nor YAML"),
        (b"just text", "text"),
        (b"[" * 100_000, "not valid JSON"),
        (b"a: " + b"[" * 20_000, "YAML|deeply"),
    ],
)
def test_what_is_no_document_is_named(text: bytes, words: str):
    with pytest.raises(ContractError, match=words) as caught:
        parse_document(text, "spec.json")
    assert str(caught.value).startswith("spec.json: ")
    assert "\n" not in str(caught.value)


@hermetic
@given(values)
def test_every_object_is_found_at_its_pointer(value):
    for pointer, node in walk(value):
        assert lookup(value, pointer) is node


@hermetic
@given(st.dictionaries(st.text(), st.integers(), min_size=1))
def test_join_escapes_any_name(mapping: dict[str, int]):
    for name, number in mapping.items():
        pointer = join("#", name)
        assert lookup(mapping, pointer) == number
        assert pointer_of(reference_to(pointer)) == pointer


def test_resolve_follows_chains_and_says_where_it_ended():
    document = {"a": {"$ref": "#/b~1c"}, "b/c": {"$ref": "#/d"}, "d": {"type": "string"}}
    assert resolve(document, {"$ref": "#/a"}, "#/x") == ({"type": "string"}, "#/d")


@pytest.mark.parametrize(
    ("reference", "words"),
    [("#/nowhere", "is missing"), ("#/a", "in a circle"), ("other.yaml#/a", "another file")],
)
def test_broken_references_are_named(reference: str, words: str):
    document = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}
    with pytest.raises(ContractError, match=words):
        resolve(document, {"$ref": reference}, "#/x")
