"""Formats are asserted; requests may spell a UUID or an instant differently."""

from __future__ import annotations

from typing import Any

import pytest

from tests.openapi.test_validators import OTHERS, U, check


@pytest.mark.parametrize(
    "sent", [U.upper(), U.replace("-", ""), "{" + U + "}", f"urn:uuid:{U}", f"{{{U.upper()}}}"]
)
def test_spellings_of_a_uuid(sent: str) -> None:
    others: Any = OTHERS
    schema = {"type": "object", "properties": {"id": others["Item"]["properties"]["id"]}}
    assert check(schema).accept({"id": sent}) == (True, {"id": U})


@pytest.mark.parametrize("sent", [U[:-1], U + "0", "", "x", f"[{U}]", f"{{{U}", f" {U}"])
def test_what_is_no_uuid(sent: str) -> None:
    assert not check({"type": "string", "format": "uuid"}).is_valid(sent)


def test_a_reply_has_the_canonical_form() -> None:
    found = check({"type": "string", "format": "uuid"}, reply=True)
    assert found.is_valid(U)
    assert not found.is_valid(U.replace("-", ""))
    assert not found.is_valid("{" + U + "}")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("2020-01-01T00:00:00.123456+02:00", "2020-01-01T00:00:00.123456+02:00"),
        ("2020-01-01 00:00:00", "2020-01-01T00:00:00Z"),
        ("2020-01-01t00:00z", "2020-01-01T00:00:00Z"),
        ("2020-01-01T00:00:00+0200", "2020-01-01T00:00:00+02:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z"),
    ],
)
def test_spellings_of_an_instant(sent: str, kept: str) -> None:
    schema = {"type": "array", "items": {"type": "string", "format": "date-time"}}
    assert check(schema).accept([sent]) == (True, [kept])


@pytest.mark.parametrize(
    "sent",
    ["", "x", "2020", "2020-01-01", "2020-13-01T00:00:00Z", "2021-02-29T00:00:00Z",
     "2020-01-01T24:00:00Z", "2020-01-01T00:00:00+99:00", "٢٠٢٠-01-01T00:00:00Z", "1e3"],
)  # fmt: skip
def test_what_is_no_instant(sent: str) -> None:
    assert not check({"type": "string", "format": "date-time"}).is_valid(sent)


def test_a_time_needs_no_zone() -> None:
    for reply in (True, False):
        found = check({"type": "string", "format": "time"}, reply=reply)
        assert [found.is_valid(t) for t in ("12:00", "12:00:00.5Z", "24:00", "x")] == [
            *(True, True),
            *(False, False),
        ]


def test_only_what_is_a_uuid_by_schema_is_rewritten() -> None:
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "text": {"type": "string"},
            "list": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            "maybe": {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
        },
        "additionalProperties": {"type": "string", "format": "uuid"},
    }
    odd = U.upper()
    value = {"id": odd, "text": odd, "list": [{"id": odd}], "maybe": odd, "more": odd}
    assert check(schema, **OTHERS).accept(value)[1] == {
        "id": U, "text": odd, "list": [{"id": U}], "maybe": U, "more": U,
    }  # fmt: skip


def test_a_canonical_value_is_handed_back_as_it_is() -> None:
    value = {"id": U}
    assert check(OTHERS["Item"]).accept(value)[1] is value


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_integers_have_the_size_of_their_format(version: str) -> None:
    for bits in (32, 64):
        found = check({"type": "integer", "format": f"int{bits}"}, version)
        edge = 1 << (bits - 1)
        assert [found.is_valid(n) for n in (-edge - 1, -edge, edge - 1, edge)] == [
            *(False, True),
            *(True, False),
        ]
