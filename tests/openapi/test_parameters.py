from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.openapi.build import build_contract
from mockserver.openapi.request.parameters import ParameterReader, Values, split_query
from mockserver.openapi.schemas.validators import Validators

U = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
UUID = {"type": "string", "format": "uuid"}
INTEGERS = {"type": "array", "items": {"type": "integer"}}
POINT = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "number"}, "t": {"type": "string"}},
}


def reader(*parameters: dict[str, Any], path: str = "/a", **schemas: Any) -> ParameterReader:
    operation = {"parameters": list(parameters), "responses": {"200": {"description": "ok"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {path: {"get": operation}},
        "components": {"schemas": schemas},
    }
    contract = build_contract(document)
    return ParameterReader(contract.operations[0], Validators(document, "3.1.0"))


def query(schema: Any, raw: str, name: str = "q", **rest: Any) -> Values:
    declared = {"name": name, "in": "query", "schema": schema, **rest}
    return reader(declared).read({}, raw.encode())


def value(schema: Any, raw: str, **rest: Any) -> Any:
    found = query(schema, raw, **rest)
    assert not found.violations, found.violations
    return found.query.get("q", "absent")


def faults(found: Values) -> list[tuple[Any, ...]]:
    return [(v.where, v.keyword, v.value) for v in found.violations]


class TestScalars:
    @pytest.mark.parametrize(
        ("raw", "expected"),
        [("5", 5), ("-5", -5), ("%2B5", 5), ("5.0", 5),
         ("007", 7), ("123456789012345678901234567890", 123456789012345678901234567890)],
    )  # fmt: skip
    def test_integers(self, raw: str, expected: int) -> None:
        assert value({"type": "integer"}, f"q={raw}") == expected

    @pytest.mark.parametrize(
        "raw",
        [
            *("", "x", "1.5", "5.", "1e3", "0x1", "--1", "_1", "1_", "null", "true", "nan"),
            # Python alone would read these.
            *("+5", "%205", "5%20", "1_000", "5%0A", "%D9%A5"),
        ],
    )
    def test_what_is_no_integer_stays_text_and_is_refused(self, raw: str) -> None:
        [found] = query({"type": "integer"}, f"q={raw}").violations
        assert (found.where, found.keyword) == (("query", "q"), "type")
        assert isinstance(found.value, str)

    @pytest.mark.parametrize(
        ("raw", "expected"), [("5", 5), ("1.5", 1.5), ("1e3", 1000), (".5", 0.5), ("-10.5", -10.5)]
    )
    def test_numbers(self, raw: str, expected: float) -> None:
        assert value({"type": "number"}, f"q={raw}") == expected

    @pytest.mark.parametrize(
        "raw", ["", "x", "nan", "inf", "-Infinity", "1e999", "1e", "9" * 5000, "-1_0.5", "%201.5"]
    )
    def test_what_is_no_number(self, raw: str) -> None:
        assert [v.keyword for v in query({"type": "number"}, f"q={raw}").violations] == ["type"]

    @pytest.mark.parametrize(
        ("raw", "expected"),
        [("true", True), ("TRUE", True), ("1", True), ("on", True), ("y", True), ("yes", True),
         ("false", False), ("0", False), ("off", False), ("No", False), ("f", False)],
    )  # fmt: skip
    def test_booleans_as_pydantic_reads_them(self, raw: str, expected: bool) -> None:
        assert value({"type": "boolean"}, f"q={raw}") is expected

    def test_of_a_repeated_scalar_the_last_counts(self) -> None:
        """Rule 17."""
        assert value({"type": "integer"}, "q=1&q=2") == 2
        assert faults(query({"type": "integer", "maximum": 1}, "q=1&q=2")) == [
            (("query", "q"), "maximum", "2")
        ]

    def test_an_empty_value_is_not_absent(self) -> None:
        """Rule 27."""
        maybe = {"anyOf": [UUID, {"type": "null"}]}
        assert faults(query(maybe, "q=")) == [(("query", "q"), "format", "")]
        assert query(maybe, "").violations == []
        assert value({"type": "string"}, "q=") == ""
        assert value({"type": "string"}, "q") == ""

    def test_unless_the_document_allows_it(self) -> None:
        assert value({"type": "integer"}, "q=", allowEmptyValue=True) == ""

    def test_null_is_only_a_word(self) -> None:
        assert value({"type": ["string", "null"]}, "q=null") == "null"

    def test_text_wins_where_text_is_allowed(self) -> None:
        assert value({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "q=5") == "5"
        assert value({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, "q=true") is True
        assert value({"enum": [1, 2]}, "q=2") == 2
        assert value({}, "q=5") == "5"

    def test_decoding(self) -> None:
        text = {"type": "string"}
        assert value(text, "q=a%20b+c%2B%C3%BC%00") == "a b c+ü\x00"
        assert value(text, "q=%ff") == "\ufffd"
        assert value(text, "%71=a") == "a"
        assert value(text, "q=a=b&&&other") == "a=b"
        assert query(text, "a%20b+c=1", name="a b c").query == {"a b c": "1"}

    def test_unknown_parameters_are_ignored(self) -> None:
        """Rule 17."""
        assert query({"type": "string"}, "x=1").query == {}


class TestDefaults:
    def test_they_are_filled_in(self) -> None:
        schema = {"type": "integer", "default": 50}
        assert query(schema, "").query == {"q": 50}
        assert query(schema, "other=1").query == {"q": 50}
        assert query(schema, "q=1").query == {"q": 1}

    def test_each_request_gets_its_own(self) -> None:
        found = reader({"name": "q", "in": "query", "schema": {**INTEGERS, "default": [1]}})
        found.read({}).query["q"].append(2)
        assert found.read({}).query == {"q": [1]}
        found.read({}, b"x=1").query["q"].append(2)
        assert found.read({}, b"x=1").query == {"q": [1]}


def test_what_is_required_and_missing() -> None:
    declared = [
        {"name": name, "in": place, "required": True, "schema": {"type": "integer"}}
        for place, name in (("cookie", "c"), ("header", "X-H"), ("query", "q"))
    ]
    found = reader(*declared).read({}, b"", {})
    assert faults(found) == [
        (("query", "q"), "required", None),
        (("header", "X-H"), "required", None),
        (("cookie", "c"), "required", None),
    ]
    assert found.query == found.header == found.cookie == {}


def test_path_then_query_then_header_then_cookie() -> None:
    """Rule 24."""
    integer = {"type": "integer"}
    declared = [
        {"name": name, "in": place, "schema": integer, "required": place == "path"}
        for place, name in (("cookie", "c"), ("header", "h"), ("query", "q"), ("path", "p"))
    ]
    found = reader(*declared, path="/{p}").read({"p": "x"}, b"q=x", {"h": "x", "cookie": "c=x"})
    assert [v.where for v in found.violations] == [
        ("path", "p"),
        ("query", "q"),
        ("header", "h"),
        ("cookie", "c"),
    ]


class TestPaths:
    @pytest.mark.parametrize(
        "raw", [U, U.upper(), U.replace("-", ""), "{" + U + "}", f"urn:uuid:{U}"]
    )
    def test_a_uuid_is_made_canonical(self, raw: str) -> None:
        """Rule 12."""
        declared = {"name": "id", "in": "path", "required": True, "schema": UUID}
        assert reader(declared, path="/{id}").read({"id": raw}).path == {"id": U}

    @pytest.mark.parametrize("raw", ["x", U[:-1], "", " ", "\x00", "ü" * 36, "-" * 36])
    def test_a_malformed_uuid(self, raw: str) -> None:
        """Rule 22."""
        declared = {"name": "id", "in": "path", "required": True, "schema": UUID}
        found = reader(declared, path="/{id}").read({"id": raw})
        assert faults(found) == [(("path", "id"), "format", raw)]
        assert found.path == {}

    def test_a_uuid_with_more_rules(self) -> None:
        schema = {**UUID, "pattern": "^3"}
        declared = {"name": "id", "in": "path", "required": True, "schema": schema}
        found = reader(declared, path="/{id}")
        assert found.read({"id": U}).path == {"id": U}
        assert found.read({"id": "4" + U[1:]}).violations

    def test_what_is_not_declared_is_text(self) -> None:
        assert reader(path="/{id}").read({"id": "any thing"}).path == {"id": "any thing"}

    def test_a_reference(self) -> None:
        schema = {"$ref": "#/components/schemas/Id"}
        declared = {"name": "id", "in": "path", "required": True, "schema": schema}
        found = reader(declared, path="/{id}", Id={"type": "integer"})
        assert found.read({"id": "5"}).path == {"id": 5}


LISTS = {"properties": {"a": INTEGERS}}
# place, style, explode, schema, what is sent, what is meant
STYLES: list[tuple[str, str, bool, Any, str, Any]] = [
    ("query", "form", True, INTEGERS, "q=1&q=2", [1, 2]),
    ("query", "form", False, INTEGERS, "q=1,2", [1, 2]),
    ("query", "form", False, {"type": "array"}, "q=a%2Cb,c", ["a,b", "c"]),
    ("query", "form", False, INTEGERS, "q=1%2C2%2c3", [1, 2, 3]),
    ("query", "form", False, {"type": "array"}, "q=a%2Cb", ["a", "b"]),
    ("query", "form", False, INTEGERS, "q=", []),
    ("query", "spaceDelimited", False, INTEGERS, "q=1%202+3", [1, 2, 3]),
    ("query", "pipeDelimited", False, INTEGERS, "q=1|2%7C3", [1, 2, 3]),
    ("query", "spaceDelimited", True, INTEGERS, "q=1&q=2", [1, 2]),
    ("query", "form", True, POINT, "x=1&y=2.5&t=a", {"x": 1, "y": 2.5, "t": "a"}),
    ("query", "form", False, POINT, "q=x,1,t,a%2Cb", {"x": 1, "t": "a,b"}),
    ("query", "pipeDelimited", False, POINT, "q=x|1|y|2", {"x": 1, "y": 2}),
    ("query", "deepObject", True, POINT, "q[x]=1&q[y]=2.5", {"x": 1, "y": 2.5}),
    ("query", "deepObject", True, POINT, "q%5Bx%5D=1&z[x]=2", {"x": 1}),
    ("query", "deepObject", True, LISTS, "q[a]=1&q[a]=2", {"a": [1, 2]}),
    ("query", "deepObject", True, LISTS, "q[a][]=1", {"a": [1]}),
    ("query", "deepObject", True, LISTS, "q[a][1]=1&q[a][0]=2", {"a": [2, 1]}),
    ("query", "deepObject", True, {"properties": {"p": POINT}}, "q[p][x]=1", {"p": {"x": 1}}),
    ("path", "simple", False, INTEGERS, "1,2", [1, 2]),
    ("path", "simple", False, POINT, "x,1,t,a", {"x": 1, "t": "a"}),
    ("path", "simple", True, POINT, "x=1,t=a", {"x": 1, "t": "a"}),
    ("path", "simple", False, {"type": "array"}, "a%2Cb,c", ["a,b", "c"]),
    ("path", "simple", False, INTEGERS, "1%2C2", [1, 2]),
    ("path", "simple", False, POINT, "x,1,t,a%2Cb", {"x": 1, "t": "a,b"}),
    ("path", "simple", True, POINT, "x=1,t=a%2Cb%3Dc", {"x": 1, "t": "a,b=c"}),
    ("path", "label", False, {"type": "array"}, ".a%2Cb,c", ["a,b", "c"]),
    ("path", "label", True, {"type": "array"}, "%2Ea%2Eb.c", ["a.b", "c"]),
    ("path", "matrix", False, {"type": "array"}, ";q=a%2Cb,c", ["a,b", "c"]),
    ("path", "matrix", True, {"type": "array"}, ";q=a%3Bb;q=c", ["a;b", "c"]),
    ("path", "label", False, {"type": "integer"}, ".5", 5),
    ("path", "label", False, INTEGERS, ".1,2", [1, 2]),
    ("path", "label", True, INTEGERS, ".1.2", [1, 2]),
    ("path", "label", False, POINT, ".x,1,t,a", {"x": 1, "t": "a"}),
    ("path", "label", True, POINT, ".x=1.t=a", {"x": 1, "t": "a"}),
    ("path", "matrix", False, {"type": "integer"}, ";q=5", 5),
    ("path", "matrix", False, INTEGERS, ";q=1,2", [1, 2]),
    ("path", "matrix", True, INTEGERS, ";q=1;q=2", [1, 2]),
    ("path", "matrix", False, POINT, ";q=x,1,t,a", {"x": 1, "t": "a"}),
    ("path", "matrix", True, POINT, ";x=1;t=a", {"x": 1, "t": "a"}),
    ("header", "simple", False, INTEGERS, "1, 2", [1, 2]),
    ("header", "simple", False, POINT, "x,1,t,a", {"x": 1, "t": "a"}),
    ("header", "simple", True, POINT, "x=1, t=a", {"x": 1, "t": "a"}),
    ("header", "simple", False, {"type": "boolean"}, "true", True),
    ("cookie", "form", False, {"type": "integer"}, "a=b; q=5; c=d", 5),
    ("cookie", "form", False, INTEGERS, "q=1,2", [1, 2]),
    ("cookie", "form", False, INTEGERS, "q=1%2C2", [1, 2]),
    ("cookie", "form", False, {"type": "array"}, "q=a%2Cb,c", ["a,b", "c"]),
    ("cookie", "form", False, {"type": "string"}, 'q="a%20b"', "a b"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "style", "explode", "schema", "sent", "meant"), STYLES)
def test_styles(place: str, style: str, explode: bool, schema: Any, sent: str, meant: Any) -> None:
    declared = {
        "name": "Q" if place == "header" else "q",
        "in": place,
        "style": style,
        "explode": explode,
        "required": place == "path",
        "schema": schema if "type" in schema else {"type": "object", **schema},
    }
    found = reader(declared, path="/{q}" if place == "path" else "/a").read(
        {"q": sent} if place == "path" else {},
        sent.encode() if place == "query" else b"",
        {"q" if place == "header" else "cookie": sent},
    )
    assert not found.violations
    assert getattr(found, place) == {declared["name"]: meant}


def test_a_fault_inside_a_list_shows_what_was_sent() -> None:
    assert faults(query(INTEGERS, "q=1&q=x")) == [(("query", "q", 1), "type", "x")]
    found = query({**INTEGERS, "maxItems": 1}, "q=1&q=2")
    assert faults(found) == [(("query", "q"), "maxItems", ["1", "2"])]


class TestContent:
    """A parameter with `content` is a small body."""

    def read(self, raw: str, media_type: str = "application/json") -> Values:
        content = {media_type: {"schema": POINT}}
        declared = {"name": "q", "in": "query", "content": content}
        return reader(declared).read({}, raw.encode())

    def test_json(self) -> None:
        assert self.read("q=%7B%22x%22%3A1%7D").query == {"q": {"x": 1}}
        assert faults(self.read("q=%7B%22x%22%3A%22a%22%7D")) == [
            (("query", "q", "x"), "type", "a")
        ]

    def test_what_is_no_json(self) -> None:
        [found] = self.read("q={").violations
        assert (found.where[:2], found.keyword, found.value) == (("query", "q"), "json", "{")


def test_header_names_are_compared_in_lower_case() -> None:
    declared = {"name": "X-Limit", "in": "header", "schema": {"type": "integer"}}
    assert reader(declared).read({}, b"", {"x-limit": "5"}).header == {"X-Limit": 5}


def test_split_query() -> None:
    assert split_query("a=1&b=%20&a=2&&c&=x") == {
        "a": ["1", "2"],
        "b": ["%20"],
        "c": [""],
        "": ["x"],
    }


EVERYTHING = reader(
    *(
        {"name": f"q{n}", "in": "query", "style": style, "explode": explode, "schema": schema}
        for n, (style, explode, schema) in enumerate(
            (style, explode, schema)
            for style in ("form", "spaceDelimited", "pipeDelimited", "deepObject")
            for explode in (True, False)
            for schema in ({"type": "integer"}, {"type": "boolean"}, INTEGERS, POINT, UUID)
        )
    ),
    {"name": "h", "in": "header", "schema": POINT},
    {"name": "c", "in": "cookie", "schema": INTEGERS},
    {"name": "label", "in": "path", "style": "label", "required": True, "schema": POINT},
    {"name": "matrix", "in": "path", "style": "matrix", "required": True, "schema": INTEGERS},
    path="/{label}/{matrix}",
)
TEXTS = st.text(max_size=20)


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(
    names=st.lists(st.integers(0, 39), max_size=4),
    texts=st.lists(
        st.one_of(TEXTS, st.sampled_from(["[x]=1", "[][]=&", "=%ff%", "=1,2|3 4", "=" + U]))
    ),
    raw=st.binary(max_size=30),
    path=st.tuples(TEXTS, TEXTS),
    header=TEXTS,
)
def test_nothing_that_is_sent_is_an_exception(
    names: list[int], texts: list[str], raw: bytes, path: tuple[str, str], header: str
) -> None:
    pairs = "&".join(f"q{n}{t}" for n, t in zip(names, texts, strict=False))
    found = EVERYTHING.read(
        {"label": path[0], "matrix": path[1]},
        pairs.encode() + b"&" + raw,
        {"h": header, "cookie": header},
    )
    assert isinstance(found.violations, list)


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"type": "integer"}, {"type": "string", "format": "uuid"}]},
        {"oneOf": [{"type": "string", "format": "uuid"}, {"type": "integer"}]},
        {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[a-z]+$"}]},
        {"anyOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "string", "minLength": 30}]},
    ],
)
@pytest.mark.parametrize("place", ["path", "query"])
def test_a_number_or_a_text_of_a_certain_form(schema: Any, place: str) -> None:
    declared = {"name": "q", "in": place, "required": True, "schema": schema}
    read = reader(declared, path="/{q}" if place == "path" else "/").read
    found = read({"q": "57"}, b"q=57")
    assert not found.violations
    assert {**found.path, **found.query} == {"q": 57}
    assert [v.where for v in read({"q": "5-7"}, b"q=5-7").violations] == [(place, "q")]
