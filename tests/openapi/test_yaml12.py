"""YAML as OpenAPI requires: the core schema of version 1.2."""

from __future__ import annotations

import sys
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.errors import ContractError
from mockserver.openapi import yaml12
from mockserver.openapi.document import parse_document
from mockserver.openapi.yaml12 import NotYaml, load, plain_value


def value_of(text: str) -> Any:
    return load(b"v: " + text.encode(), [])["v"]


@pytest.mark.parametrize(
    "text",
    [
        *("NO", "no", "yes", "y", "N", "on", "Off", "12:30", "10:15:00", "-1:30", "1_000", "0b11"),
        *(
            "2024-01-01",
            "2024-01-01T10:00:00Z",
            "1.2.3",
            "1e",
            "e5",
            ".",
            "-",
            "+",
            "nUll",
            "=",
            "<<",
        ),
        *("0o8", "0xZZ", "-0x1", "1 2", "~x", "1,5", "½", "٣"),
    ],
)
def test_plain_words_are_text(text: str) -> None:
    assert plain_value(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("010", 10), ("0o14", 12), ("0x1F", 31), ("+12", 12), ("-0", 0), ("00", 0)),
        *(("1e-08", 1e-08), ("1E3", 1000.0), ("-9.2e18", -9.2e18), ("1e+09", 1e9), (".5", 0.5)),
        *(("5.", 5.0), ("-.5e1", -5.0), ("true", True), ("True", True), ("FALSE", False)),
        *(("null", None), ("Null", None), ("~", None), ("", None)),
    ],
)
def test_numbers_booleans_and_nothing(text: str, value: Any) -> None:
    found = value_of(text)
    assert (found, type(found)) == (value, type(value))


def test_quotes_and_tags_say_what_a_scalar_is() -> None:
    text = """v: ["1", 'null', !!str 1, ! 2, !!int "7", !!float 7, !!timestamp 2024-01-01]"""
    assert load(text.encode(), [])["v"] == ["1", "null", "1", "2", 7, 7, "2024-01-01"]
    assert load(b"v: |-\n  1\n", [])["v"] == "1"


def test_keys_are_the_text_that_is_written() -> None:
    text = b"200: a\non: b\nnull: c\n010: d\n1.0: e\n? f\n: g\n"
    assert list(load(text, [])) == ["200", "on", "null", "010", "1.0", "f"]


def test_integers_beyond_64_bits_are_read_as_json_is() -> None:
    for number in (2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**300):
        assert value_of(str(number)) == orjson.loads(str(number))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".inf", "no number that JSON can say"),
        ("-.Inf", "no number that JSON can say"),
        (".nan", "no number that JSON can say"),
        ("1e999", "larger than any"),
        ("9" * 350, "larger than any"),
        ("9" * 200_000, "a number of 200000 characters is too long"),
        ("0x" + "f" * 200_000, "too long"),
        ("!!int x", "does not fit its tag"),
        ("!Ref x", "the tag '!Ref' is unknown"),
        ("!!set {a}", "is unknown"),
        ("*a", "names no anchor"),
        ("&a {b: *a}", "stands inside of what it names"),
        ("{? [1] : 2}", "a key is a list or an object"),
        ("{<<: 3}", "the merge key << takes"),
        ("{<<: [{a: 1}, 3]}", "the merge key << takes"),
        ("1\n---\nw: 2", "a second document begins"),
    ],
)
def test_what_can_not_be_used_is_named_with_its_line(text: str, words: str) -> None:
    with pytest.raises(ContractError, match=r"line \d+: .*" + words.replace("<<", "<<")):
        value_of(text)


def test_what_is_no_yaml() -> None:
    with pytest.raises(NotYaml) as caught:
        load(b"a:\n  b: [\n", [])
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &a {x: 1, y: 2}\nv: {<<: *a, y: 3}", {"x": 1, "y": 3}),
        ("a: &a {x: 1, y: 2}\nv: {y: 3, <<: *a}", {"x": 1, "y": 3}),
        ("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nv: {<<: [*a, *b]}", {"x": 1, "z": 3}),
        ("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nv: {<<: *b}", {"x": 1, "y": 2}),
        ('a: &a {x: 1}\nv: {"<<": *a}', {"<<": {"x": 1}}),
        ("a: &a x\nv: {*a : 1}", {"x": 1}),
        ("a: &a 010\nv: [*a, *a]", [10, 10]),
    ],
)
def test_aliases_and_merge_keys(text: str, value: Any) -> None:
    assert load(text.encode(), [])["v"] == value


def test_an_anchor_may_be_named_again() -> None:
    assert load(b"a: &x 1\nb: *x\nc: &x 2\nd: *x\n", []) == {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize("within", ["{<<: [%s], k%d: 1}", "[%s, %d]", "{k: [%s], k%d: 1}"])
def test_what_aliases_stand_for_is_bounded(within: str) -> None:
    lines = ["a0: &a0 {k: 1}"]
    for level in range(1, 30):
        many = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} " + within % (many, level))
    with pytest.raises(ContractError, match="stand for too many values"):
        load("\n".join(lines).encode(), [])


def test_the_work_of_a_merge_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml12, "MOST_VALUES", 1000)
    base = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(100)) + "}\n"
    assert load((base + "b: {<<: [*a, *a, *a]}\n").encode(), [])["b"].keys() == {
        f"k{n}" for n in range(100)
    }
    with pytest.raises(ContractError, match="too many"):
        load((base + "b: {<<: [" + "*a, " * 20 + "]}\n").encode(), [])


@pytest.mark.parametrize("text", ["[" * 600, "- " * 600, "{a: " * 600, "? " * 600])
def test_depth_is_bounded(text: str) -> None:
    with pytest.raises((ContractError, NotYaml)):
        load(text.encode(), [])
    assert sys.getrecursionlimit() < 100_000


def test_a_key_that_stands_twice_is_told() -> None:
    slips: list[str] = []
    assert load(b"a: 1\nb: {c: 1,\n c: 2}\na: 3\n", slips) == {"a": 3, "b": {"c": 2}}
    assert [slip.partition(":")[0] for slip in slips] == ["line 3", "line 4"]
    assert "first in line 1" in slips[1]


def test_the_parser_in_pure_python_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a: &a {x: [1, 010, on, '1'], 200: ~}\nb:\n  <<: *a\n  y: |\n    text\n"
    fast = load(text, [])
    monkeypatch.setattr(yaml12, "_Parser", yaml12._PurePython)
    assert load(text, []) == fast
    with pytest.raises(NotYaml):
        load(b"a: [", [])


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(derandomize=True, database=None, deadline=None)
@given(json_values)
def test_json_is_yaml_and_means_the_same(value: Any) -> None:
    text = orjson.dumps({"v": value})
    assert load(b"# a comment\n" + text, []) == orjson.loads(text)


def test_a_document_is_the_same_in_both() -> None:
    text = b"openapi: 3.1.0\npaths:\n  /a:\n    get:\n      responses:\n        200: {}\n"
    assert parse_document(text, "x") == {
        "openapi": "3.1.0",
        "paths": {"/a": {"get": {"responses": {"200": {}}}}},
    }
