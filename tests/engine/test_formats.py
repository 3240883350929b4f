"""Values of formats, of patterns that describe an instant, and unique ids."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, answer, collection, document, thing

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def value(name: str, schema: Any) -> Any:
    """The mock's value for a property."""
    responses = {"200": answer(thing(name, **{name: schema}))}
    with MockServer(document({"/x": {"get": {"responses": responses}}}), clock="manual") as server:
        return server.client.get("/x").json()[name]


@pytest.mark.parametrize(
    ("more", "pattern"),
    [
        ({"format": "decimal"}, r"\d+\.\d\d"),
        ({"format": "char"}, r"[A-Z]"),
        ({"format": "http-date"}, r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
        ({"format": "base64url"}, r"[\w-]+"),
        ({"format": "int64"}, r"\d+"),
        ({"contentEncoding": "base16"}, r"[0-9a-f]+"),
        ({"pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}, r"\d{4}-[01]\d-[0-3]\dT.*Z"),
        ({"pattern": r"^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d+)?)$"}, r"202[56]-.*"),
        ({"pattern": r"^[0-9]{4}/[0-9]{2}/[0-9]{2}$"}, r"202[56]/.*"),
    ],
)
def test_a_text_of_a_format(more: Any, pattern: str) -> None:
    assert re.fullmatch(pattern, value("field", {"type": "string", **more}))


def test_an_encoded_text() -> None:
    found = value("field", {"type": "string", "contentEncoding": "base64"})
    assert base64.b64decode(found, validate=True)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("when", {"format": "unixtime"}),
        ("created", {"description": "Unix timestamp (in seconds) of its creation"}),
        ("seen_at", {}),
        ("moment", {"description": "Milliseconds since the Unix epoch"}),
    ],
)
def test_a_number_that_is_an_instant(name: str, more: Any) -> None:
    found = value(name, {"type": "integer", **more})
    seconds = found / 1000 if "Milli" in str(more) else found
    assert abs(NOW.timestamp() - seconds) < 40 * 86_400


@pytest.mark.parametrize(
    "more",
    [
        {"description": "The type of the object, which is always `list`."},
        {"description": 'Always "list".'},
        {"example": "list"},
    ],
)
def test_a_kind_that_is_always_the_same(more: Any) -> None:
    assert value("object", {"type": "string", **more}) == "list"


@pytest.mark.parametrize(
    "more",
    [
        {"pattern": "^[a-z]{2}$"},
        {"pattern": r"^[\w-]{1,40}$"},
        {"pattern": "^c[0-9]{2}$"},
        {"maxLength": 3},
        {"pattern": "^evt_[0-9a-f]{4}$"},
    ],
)
def test_ids_never_meet(more: Any) -> None:
    shown = thing("id", id={"type": "string", **more}, name=TEXT)
    with MockServer(document(collection("/things", shown, thing(name=TEXT)))) as server:
        before = {row["id"] for row in server.client.get("/things").json()}
        made = [server.client.post("/things", json={}).json()["id"] for _ in range(25)]
        assert len({*before, *made}) == len(before) + 25


def test_an_instant_of_a_pattern_is_now() -> None:
    pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"
    shown = thing("id created_at", id=TEXT, created_at={"type": "string", "pattern": pattern})
    with MockServer(document(collection("/a", shown, thing(n=TEXT))), clock="manual") as server:
        made = server.client.post("/a", json={}).json()
    assert made["created_at"] == "2026-01-01 00:00:00"
