from __future__ import annotations

from typing import Any, ClassVar

import pytest

from mockserver.openapi.request.bodies import BodyValue
from mockserver.openapi.request.coercion import Kind
from mockserver.openapi.request.forms import read_urlencoded
from tests.openapi.test_bodies import THING, faults, reader

FORM = {"content-type": "application/x-www-form-urlencoded"}


class TestForms:
    def read(self, raw: bytes, **media: Any) -> BodyValue:
        content = {"application/x-www-form-urlencoded": {"schema": THING, **media}}
        return reader(content).read(FORM, raw)

    def test_values_are_cast_by_the_schema(self) -> None:
        found = self.read(b"name=a+b%C3%BC&size=5&flag=true&maybe=1.5&tags=1&tags=2&other=x")
        assert not found.violations
        assert found.value == {
            "name": "a bü",
            "size": 5,
            "flag": True,
            "maybe": 1.5,
            "tags": [1, 2],
            "other": "x",
        }

    def test_faults(self) -> None:
        assert faults(self.read(b"size=x&flag=maybe&tags=1&tags=y")) == [
            (("body", "name"), "required", None),
            (("body", "size"), "type", "x"),
            (("body", "flag"), "type", "maybe"),
            (("body", "tags", 1), "type", "y"),
        ]

    def test_a_field_that_was_not_filled_in_is_absent(self) -> None:
        assert self.read(b"name=a&size=&maybe=").value == {"name": "a"}

    def test_brackets_and_json(self) -> None:
        assert self.read(b"name=a&tags[]=1").value == {"name": "a", "tags": [1]}
        assert self.read(b'name=a&point={"x":1}').value == {"name": "a", "point": {"x": 1}}

    @pytest.mark.parametrize(
        "raw",
        [
            b"rows[][price]=1&rows[][name]=a&rows[][price]=2&rows[][name]=b",
            b"rows[0][price]=1&rows[0][name]=a&rows[1][price]=2&rows[1][name]=b",
            b"rows%5B%5D%5Bprice%5D=1&rows[][name]=a&rows[][price]=2&rows[][name]=b",
        ],
    )
    def test_objects_in_a_list_as_rails_writes_them(self, raw: bytes) -> None:
        row = {"type": "object", "properties": {"price": {"type": "integer"}, "name": {}}}
        schema = {"type": "object", "properties": {"rows": {"type": "array", "items": row}}}
        found = reader({"application/x-www-form-urlencoded": {"schema": schema}}).read(FORM, raw)
        assert not found.violations
        assert found.value == {"rows": [{"price": 1, "name": "a"}, {"price": 2, "name": "b"}]}

    def test_encoding(self) -> None:
        encoding = {"tags": {"style": "pipeDelimited", "explode": False}}
        assert self.read(b"name=a&tags=1|2", encoding=encoding).value["tags"] == [1, 2]

    @pytest.mark.parametrize(
        ("sent", "meant"),
        [(b"a%2Cb,c", ["a,b", "c"]), (b"a%2Cb", ["a", "b"]), (b"a+b,c", ["a b", "c"])],
    )
    def test_encoded_delimiters(self, sent: bytes, meant: list[str]) -> None:
        names = {"type": "object", "properties": {"tags": {"type": "array"}}}
        media = {"schema": names, "encoding": {"tags": {"explode": False}}}
        found = reader({"application/x-www-form-urlencoded": media}).read(FORM, b"tags=" + sent)
        assert found.value == {"tags": meant}

    def test_bytes_that_are_no_text(self) -> None:
        assert self.read(b"name=%ff&\xff=1").value["name"] == "\ufffd"

    def test_too_many_fields(self) -> None:
        assert [v.keyword for v in self.read(b"a=1&" * 20_000).violations] == ["style"]


class TestMultipart:
    HEADERS: ClassVar[dict[str, str]] = {"content-type": 'multipart/form-data; boundary="xYz"'}

    def read(self, *parts: tuple[str, bytes], end: bytes = b"--xYz--\r\n") -> BodyValue:
        raw = b"".join(
            b"--xYz\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), data)
            for head, data in parts
        )
        content = {"multipart/form-data": {"schema": THING}}
        return reader(content).read(self.HEADERS, raw + end)

    def test_fields_and_files(self) -> None:
        found = self.read(
            ('name="name"', b"a"),
            ('name="size"', b"5"),
            ('name="tags"', b"1"),
            ('name="tags"', b"2"),
            ('name="file"; filename="a.txt"\r\nContent-Type: text/plain', "ü".encode()),
            ('name="point"\r\nContent-Type: application/json', b'{"x": 1}'),
        )
        assert not found.violations
        assert found.value == {
            "name": "a",
            "size": 5,
            "tags": [1, 2],
            "file": "ü",
            "point": {"x": 1},
        }

    def test_a_binary_file_is_kept_byte_for_byte(self) -> None:
        found = self.read(('name="name"', b"a"), ('name="file"; filename="a"', b"\xff\x00\r\n"))
        assert found.value["file"].encode("latin-1") == b"\xff\x00\r\n"

    def test_faults(self) -> None:
        assert faults(self.read(('name="size"', b"9"))) == [
            (("body", "name"), "required", None),
            (("body", "size"), "maximum", "9"),
        ]

    @pytest.mark.parametrize(
        "raw",
        [
            b"x",
            b"--xYz",
            b"--xYz\r\n",
            b"--xYz\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xYz--",
            b"--xYz\r\n: x\r\n\r\n--xYz--",
            b"--abc--",
            b'--xYz\r\nContent-Disposition: form-data; name="a"',
        ],
    )
    def test_a_broken_form(self, raw: bytes) -> None:
        found = reader({"multipart/form-data": {"schema": THING}}).read(self.HEADERS, raw)
        assert [v.keyword for v in found.violations] == ["style"]

    @pytest.mark.parametrize("tail", ["", "; boundary=", f"; boundary={'x' * 300}", "; boundary=ü"])
    def test_a_broken_boundary(self, tail: str) -> None:
        headers = {"content-type": "multipart/form-data" + tail}
        found = reader({"multipart/form-data": {"schema": THING}}).read(headers, b"--x--")
        assert [v.keyword for v in found.violations] == ["style"]

    def test_too_many_parts(self) -> None:
        found = self.read(*[('name="tags"', b"1")] * 1001)
        assert [v.keyword for v in found.violations] == ["style"]


MIXED = {
    "type": "object",
    "properties": {
        "address": {"type": "object", "properties": {"zip": {"type": "integer"}}},
        "items": {
            "type": "array",
            "items": {"type": "object", "properties": {"price": {"type": "number"}}},
        },
        "until": {"anyOf": [{"type": "string", "enum": ["now", ""]}, {"type": "integer"}]},
        "tags": {
            "anyOf": [
                {"type": "string", "enum": [""]},
                {"type": "array", "items": {"type": "string"}},
            ]
        },
        "free": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    },
}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"address[zip]=7&address[x]=y", {"address": {"zip": 7, "x": "y"}}),
        (b"items[0][price]=2.5&items[1][price]=3", {"items": [{"price": 2.5}, {"price": 3}]}),
        (b"address%5Bzip%5D=7", {"address": {"zip": 7}}),
        (b"until=now", {"until": "now"}),
        (b"until=77", {"until": 77}),
        (b"until=", {"until": ""}),
        (b"tags=", {"tags": ""}),
        (b"tags=a&tags=b", {"tags": ["a", "b"]}),
        (b"tags[0]=a&tags[1]=b", {"tags": ["a", "b"]}),
        (b"tags[%C2%B2]=a", {"tags": {"²": "a"}}),
        (b"tags[" + b"9" * 5000 + b"]=a", {"tags": {"9" * 5000: "a"}}),
        (b"free=77", {"free": "77"}),
        (b"odd[a]=1", {"odd[a]": "1"}),
    ],
)
def test_deep_fields_and_texts_that_are_listed_beside_numbers(raw: bytes, value: object) -> None:
    assert read_urlencoded(raw, Kind({}, MIXED), {}) == value
