"""A status in codes that the document explains."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.inference.state_texts import codes_of
from mockserver.openapi.schemas.resolved import Schemas
from tests.support.documents import Json


def codes(schema: Json, *texts: str) -> dict[str, Any]:
    return codes_of(Schemas({}, "3.1.0"), schema, texts)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0 = draft, 1 = published", {"draft": 0, "published": 1}),
        ("Status:\n* `0` - Draft\n* `1` - Active", {"Draft": 0, "Active": 1}),
        ("1: Open; 2: Closed because of fraud", {"Open": 1, "Closed": 2}),
        (
            "One (1) means the account is active; (0) means it is suspended",
            {"active": 1, "suspended": 0},
        ),
        ("Draft = 0, Active = 1", {"Draft": 0, "Active": 1}),
        ("active (1), inactive (0)", {"active": 1, "inactive": 0}),
        ("The HTTP status, 200 - OK", {}),
        ("From 0 - 100 percent of what is done", {}),
        ("0 - locked, 1 - web access", {}),
    ],
)
def test_a_description_explains_numbers(text: str, found: dict[str, Any]) -> None:
    assert codes({"type": "integer", "description": text}) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("'N' - new, 'C' - confirmed", {"new": "N", "confirmed": "C"}),
        ("(A)ctive or (S)uspended", {"Active": "A", "Suspended": "S"}),
        ("H - On Hold, R - Released", {"On Hold": "H", "Released": "R"}),
        ("The state, in the United States (US) or Canada (CA)", {}),
        ("Is `queued` or `done`", {}),
    ],
)
def test_a_description_explains_letters(text: str, found: dict[str, Any]) -> None:
    assert codes({"type": "string", "description": text}) == found


def test_a_long_text_is_read_once() -> None:
    """Where a code might stand before any number of spaces, too."""
    blank = " " * 200_000
    description = f"1{blank}\n0 - draft, 1){blank}means published"
    assert codes({"type": "integer", "description": description}) == {"draft": 0, "published": 1}


def test_only_codes_of_the_enumeration_count() -> None:
    schema = {"type": "integer", "enum": [1, 2], "description": "0: none, 1: open, 2: closed"}
    assert codes(schema) == {"open": 1, "closed": 2}


def test_extensions_name_the_values() -> None:
    schema = {"type": "integer", "enum": [0, 1], "x-enum-varnames": ["DRAFT", "ACTIVE"]}
    assert codes(schema) == {"DRAFT": 0, "ACTIVE": 1}
    rows = [{"value": 1, "name": "Open"}, {"value": 2, "name": "Closed"}]
    assert codes({"type": "integer", "x-ms-enum": {"values": rows}}) == {"Open": 1, "Closed": 2}


def test_other_texts_explain_letters_in_quotes() -> None:
    texts = ('Only those with the status "IN", Initial, can be booked.', 'It is "BK", Booked then.')
    assert codes({"type": "string"}, *texts) == {"Initial": "IN", "Booked": "BK"}
    assert codes({"type": "string"}, "Sizes: S - small, M - medium, A - active") == {}
