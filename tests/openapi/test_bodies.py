from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.openapi.build import build_contract
from mockserver.openapi.request.bodies import BodyReader, BodyValue
from mockserver.openapi.schemas.validators import Validators

U = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
JSON = {"content-type": "application/json"}
FORM = "application/x-www-form-urlencoded"
THING = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "id": {"type": "string", "format": "uuid"},
        "size": {"type": "integer", "maximum": 5},
        "flag": {"type": "boolean"},
        "maybe": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "integer"}},
        "file": {"type": "string", "format": "binary"},
        "point": {"type": "object", "properties": {"x": {"type": "integer"}}},
    },
}


def reader(content: Any = None, *, required: bool = True, version: str = "3.1.0") -> BodyReader:
    if content is None:
        content = {"application/json": {"schema": THING}}
    document = {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/a": {
                "post": {
                    "requestBody": {"required": required, "content": content},
                    "responses": {"200": {"description": "ok"}},
                }
            }
        },
    }
    contract = build_contract(document)
    return BodyReader(contract.operations[0], Validators(document, version))


def test_null_removes_by_a_merge_patch() -> None:
    """RFC 7396: null is no value of the property, whatever its schema."""
    name = "application/merge-patch+json"
    headers = {"content-type": name}
    patch = reader({name: {"schema": {"properties": THING["properties"]}}})
    for sent in (b'{"point":null}', b'{"point":{"x":null},"name":"a"}'):
        assert not patch.read(headers, sent).violations
    assert [where for where, _, _ in faults(patch.read(headers, b'{"point":{"x":"a"}}'))] == [
        ("body", "point", "x")
    ]
    plain = reader({"application/json": {"schema": {"properties": THING["properties"]}}})
    assert plain.read({"content-type": "application/json"}, b'{"point":null}').violations


def faults(found: BodyValue) -> list[tuple[Any, ...]]:
    return [(v.where, v.keyword, v.value) for v in found.violations]


class TestJson:
    def test_a_good_body(self) -> None:
        found = reader().read(JSON, b'{"name":"a","size":5}')
        assert found == ({"name": "a", "size": 5}, True, "application/json", [])

    @pytest.mark.parametrize(
        "content_type",
        ["application/json; charset=utf-8", "Application/JSON", " application/json ;x=y"],
    )
    def test_parameters_and_case_of_the_media_type(self, content_type: str) -> None:
        found = reader().read({"content-type": content_type}, b'{"name":"a"}')
        assert (found.value, found.violations) == ({"name": "a"}, [])
        assert found.media_type == "application/json"

    def test_uuids_are_made_canonical(self) -> None:
        """Rule 12."""
        raw = json.dumps({"name": U.upper(), "id": U.upper()}).encode()
        assert reader().read(JSON, raw).value == {"name": U.upper(), "id": U}

    def test_faults(self) -> None:
        assert faults(reader().read(JSON, b'{"name":"","size":6}')) == [
            (("body", "name"), "minLength", ""),
            (("body", "size"), "maximum", 6),
        ]
        assert faults(reader().read(JSON, b"[]")) == [(("body",), "type", [])]
        assert faults(reader().read(JSON, b"null")) == [(("body",), "type", None)]

    def test_plus_json(self) -> None:
        found = reader({"application/vnd.a+json": {"schema": THING}})
        assert not found.read(
            {"content-type": "application/vnd.a+json"}, b'{"name":"a"}'
        ).violations
        assert faults(found.read({"content-type": "application/vnd.a+json"}, b"{"))[0][1] == "json"

    def test_without_a_schema_everything_goes(self) -> None:
        assert reader({"application/json": {}}).read(JSON, b"[1]") == (
            [1],
            True,
            "application/json",
            [],
        )


class TestBrokenJson:
    """Never an exception: a violation at the offset that Python's parser reports."""

    @pytest.mark.parametrize(
        ("raw", "offset", "words"),
        [
            (b"{", 1, "Expecting property name enclosed in double quotes"),
            (b'{"a" 1}', 5, "Expecting ':' delimiter"),
            (b"[1,", 3, "Expecting value"),
            (b"[1 2]", 3, "Expecting ',' delimiter"),
            (b"{}x", 2, "Extra data"),
            (b" ", 1, "Expecting value"),
            (b'"a', 0, "Unterminated string starting at"),
            (b'"\x00"', 1, "Invalid control character at"),
            (b'{"name":"a\x00b"}', 10, "Invalid control character at"),
            (b'{"name":"\\u00"}', 10, "Invalid \\uXXXX escape"),
            (b"\x00", 0, "Expecting value"),
            (b'{"a":"\xff"}', 6, "Invalid UTF-8"),
            (b'"\xed\xa0\x80"', 1, "Invalid UTF-8"),
            ("\u00fc{".encode("utf-16"), 0, "Invalid UTF-8"),
        ],
    )
    def test_where_and_why(self, raw: bytes, offset: int, words: str) -> None:
        found = reader().read(JSON, raw)
        [violation] = found.violations
        assert (violation.where, violation.keyword) == (("body", offset), "json")
        assert violation.message == words
        assert violation.value == {}
        assert reader().parse(JSON, raw)[1] == [violation]

    @pytest.mark.parametrize(
        "raw", [b"NaN", b"[Infinity]", b"-Infinity", b'"\\ud800"', b'{"a":1e999}', b"9" * 5000]
    )
    def test_what_python_reads_and_json_does_not(self, raw: bytes) -> None:
        [violation] = reader().read(JSON, raw).violations
        assert violation.keyword == "json"
        assert violation.message

    @pytest.mark.parametrize("depth", [201, 1000, 1023, 1025, 100_000])
    @pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
    def test_deep_nesting(self, depth: int, bracket: bytes) -> None:
        raw = bracket * depth + b"1" + (b"]" if bracket == b"[" else b"}") * depth
        [violation] = reader().read(JSON, raw).violations
        assert violation.keyword == "json"

    def test_what_is_only_long_is_not_deep(self) -> None:
        raw = json.dumps({"name": "a", "more": [[[]]] * 1000, "text": "[" * 1000}).encode()
        assert not reader().read(JSON, raw).violations

    def test_huge_integers_are_kept(self) -> None:
        raw = b'{"name":"a","maybe":1234567890123456789012345678901234567890}'
        value = reader().read(JSON, raw).value
        assert value["maybe"] == 1234567890123456789012345678901234567890

    def test_of_equal_names_the_last_counts(self) -> None:
        assert reader().read(JSON, b'{"name":"a","name":"b"}').value == {"name": "b"}

    def test_a_byte_order_mark_is_skipped(self) -> None:
        assert reader().read(JSON, b'\xef\xbb\xbf{"name":"a"}').value == {"name": "a"}


class TestMissing:
    def test_a_body_that_is_required(self) -> None:
        """Rule 28."""
        for headers in (JSON, {}):
            assert faults(reader().read(headers, b"")) == [(("body",), "required", None)]

    def test_a_body_that_is_not(self) -> None:
        assert reader(required=False).read(JSON, b"") == (None, False, "", [])

    @pytest.mark.parametrize(
        ("name", "value"),
        [("application/octet-stream", ""), ("text/plain", ""), (FORM, {})],
    )
    def test_no_bytes_of_a_named_type_are_a_value(self, name: str, value: object) -> None:
        assert reader({name: {}}).read({"content-type": name}, b"") == (value, True, name, [])
        assert faults(reader({name: {}}).read({}, b"")) == [(("body",), "required", None)]
        assert not reader({name: {}}, required=False).read({"content-type": name}, b"").present

    @pytest.mark.parametrize("name", ["application/json", "multipart/form-data", "image/png"])
    def test_no_bytes_are_no_value_of_the_others(self, name: str) -> None:
        content = {"application/json": {}, "multipart/form-data": {}}
        found = reader(content).read({"content-type": name}, b"")
        assert faults(found) == [(("body",), "required", None)]

    def test_a_body_that_is_not_documented_is_not_looked_at(self) -> None:
        """Rule 77."""
        document = {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/a": {"post": {"responses": {"200": {"description": "ok"}}}}},
        }
        contract = build_contract(document)
        found = BodyReader(contract.operations[0], Validators(document, "3.1.0"))
        assert found.read(JSON, b"{") == (None, False, "", [])
        assert found.parse(JSON, b"{") == (None, [])


class TestMediaTypes:
    @pytest.mark.parametrize(
        "sent", ["", "text/plain", "application/xml", "json", "application/jsonx", ";", "a/b/c"]
    )
    def test_another_one_is_a_fault(self, sent: str) -> None:
        [found] = reader().read({"content-type": sent}, b'{"name":"a"}').violations
        assert (found.where, found.keyword) == (("body",), "media_type")
        assert found.value == '{"name":"a"}'
        assert found.schema == THING

    def test_of_a_large_body_little_is_shown(self) -> None:
        [found] = reader().read({}, b"x" * 1_000_000).violations
        assert len(found.value) <= 10_000

    @pytest.mark.parametrize("documented", ["*/*", "application/*"])
    def test_ranges(self, documented: str) -> None:
        found = reader({documented: {"schema": THING}})
        assert found.read(JSON, b'{"name":"a"}').value == {"name": "a"}
        assert faults(found.read(JSON, b'{"name":""}')) == [(("body", "name"), "minLength", "")]

    def test_the_narrowest_wins(self) -> None:
        found = reader(
            {
                "*/*": {"schema": {"type": "string"}},
                "text/*": {"schema": {"maxLength": 1}},
                "text/plain": {"schema": {"maxLength": 2}},
            }
        )
        assert faults(found.read({"content-type": "text/plain"}, b"abc"))[0][1] == "maxLength"
        assert not found.read({"content-type": "text/plain"}, b"ab").violations
        assert found.read({"content-type": "text/css"}, b"ab").violations
        assert not found.read({"content-type": "image/png"}, b"ab").violations

    def test_text_is_text(self) -> None:
        found = reader({"text/plain": {"schema": {"type": "string", "maxLength": 3}}})
        assert found.read({"content-type": "text/plain"}, "üüü".encode()).value == "üüü"
        assert found.read({"content-type": "text/plain"}, b"abcd").violations

    @pytest.mark.parametrize("name", ["application/xml", "application/octet-stream", "image/png"])
    def test_the_rest_is_opaque(self, name: str) -> None:
        found = reader({name: {"schema": {"type": "object"}}})
        assert found.read({"content-type": name}, b"<a/>").value == "<a/>"
        assert found.read({"content-type": name}, b"\xff\x00").value == "\xff\x00"

    def test_what_was_sent_is_remembered_only_so_far(self) -> None:
        found = reader()
        for number in range(1000):
            found.read({"content-type": f"application/json; n={number}"}, b'{"name":"a"}')
        assert len(found._sent) <= 64


EVERY = reader(
    {
        name: {"schema": THING}
        for name in (
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "text/plain",
            "application/xml",
        )
    }
)
TYPES = st.sampled_from(
    [
        "application/json",
        "application/json; charset=latin-1",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain",
        "application/xml",
        "image/png",
        "",
    ]
)
PIECES = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b'"name"', b":", b",", b"1", b"null", b"1e999", b"\xff", b"\x00"),
        *(b"--x\r\n", b"--x--", b"\r\n\r\n", b'Content-Disposition: form-data; name="tags"'),
        *(b"name=", b"&", b"%ff"),
    ]
)


@settings(derandomize=True, database=None, deadline=None, max_examples=400)
@given(
    content_type=TYPES | st.text(max_size=30),
    raw=st.lists(PIECES | st.binary(max_size=5), max_size=12).map(b"".join),
)
def test_nothing_that_is_sent_is_an_exception(content_type: str, raw: bytes) -> None:
    found = EVERY.read({"content-type": content_type}, raw)
    assert isinstance(found, BodyValue)
    EVERY.parse({"content-type": content_type}, raw)


@pytest.mark.parametrize(
    "sent",
    [
        "application/json",
        "text/json",
        "TEXT/JSON; charset=utf-8",
        "application/vnd.api+json",
        "application/x.y+json;v=1",
    ],
)
def test_json_of_every_name_is_judged(sent: str) -> None:
    """ASP.NET lists these three for every body."""
    names = ("application/json", "text/json", "application/*+json")
    read = reader({name: {"schema": THING} for name in names}).read
    assert not read({"content-type": sent}, b'{"name":"a"}').violations
    wrong = read({"content-type": sent}, b'{"size":"x"}').violations
    assert {violation.where for violation in wrong} >= {("body", "name"), ("body", "size")}
    assert [v.keyword for v in read({"content-type": "text/plain"}, b"x").violations] == [
        "media_type"
    ]
