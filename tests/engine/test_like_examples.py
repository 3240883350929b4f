"""Where a schema has an example, values are that example or of its kind, and rows still vary."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.engine.generation.likeness import is_unique, like
from mockserver.engine.generation.strings import text
from mockserver.engine.randomness import Rng

NOW = 1_750_000_000_000_000

FORMS = [
    ("owner", "+15554443333", r"\+1555\d{7}"),
    ("code", "PET-2024-0042", r"PET-2024-\d{4}"),
    ("born", "2020-02-03", r"20\d\d-\d\d-\d\d"),
    ("checked", "2020-02-03T10:20:30Z", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    ("chip", "98F2A1BC77D04E11", r"[0-9A-F]{16}"),
    (
        "trace",
        "cus_NffrFeUfNV2Hib",
        r"cus_[A-Z][a-z]{3}[A-Z][a-z][A-Z][a-z][A-Z]{2}\d[A-Z][a-z]{2}",
    ),
    ("price", "12.50", r"12\.\d\d"),
    ("ref", "c9f0f895-fb98-4b91-8f0c-2f1a7d1a2b3c", r"[0-9a-f-]{36}"),
    ("reachable", "ann@shop.test", r"\S+@example\.com"),
    ("home", "/pets/42", r"/pets/42"),
    ("site", "https://shop.test/a", r"https://shop\.test/a"),
    ("size", "XL", r"XL"),
    ("opens", "09:30", r"09:30"),
    ("status", "IN_TRANSIT", r"IN_TRANSIT"),
    ("city", "Ulm", r"\w+( \w+)*"),
    ("note", "Feeds twice a day", r"[A-Z].+ .+"),
    ("greeting", "Hello 2 you and all", r"Hello 2 you and all"),
]


@pytest.mark.parametrize(("name", "example", "form"), FORMS)
def test_texts_are_of_the_kind_of_an_example(name: str, example: str, form: str) -> None:
    for seed in range(20):
        made = text(Rng(NOW, seed, name), name, {}, "pet", example)
        assert re.fullmatch(form, made), made


@pytest.mark.parametrize("rules", [{"maxLength": 5}, {"pattern": "^[A-Z]{3}$"}, {"minLength": 30}])
def test_rules_come_before_the_example(rules: dict[str, Any]) -> None:
    made = text(Rng(NOW, 1), "code", rules, "pet", "PET-2024-0042")
    assert len(made) <= rules.get("maxLength", 99)
    assert len(made) >= rules.get("minLength", 0)
    assert re.search(rules.get("pattern", ""), made)


def test_an_id_of_few_characters_is_made_as_without_an_example() -> None:
    assert len({text(Rng(NOW, n), "order_id", {}, "", "A1") for n in range(50)}) == 50


def test_digits_of_many_scripts_and_empty_texts_do_no_harm() -> None:
    for example in ("", "٣٤٥٦٧٨٩٠١٢٣٤", "¹²³", "日本語2024", "\x00", "a" * 10_000, "1" * 10_000):
        assert isinstance(like(Rng(NOW, 1), "code", example), str)


def _document(properties: dict[str, Any]) -> dict[str, Any]:
    pet = {"type": "object", "required": ["id", *properties], "properties": {
        "id": {"type": "string"}, **properties}}  # fmt: skip

    def shows(schema: Any) -> dict[str, Any]:
        return {"200": {"description": "so", "content": {"application/json": {"schema": schema}}}}

    one = {"$ref": "#/components/schemas/Pet"}
    item = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    made = {"content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {
            "/pets": {
                "get": {"responses": shows({"type": "array", "items": one})},
                "post": {"requestBody": made, "responses": shows(one)},
            },
            "/pets/{id}": {"parameters": [item], "get": {"responses": shows(one)}},
        },
        "components": {"schemas": {"Pet": pet}},
    }


SHOWN: dict[str, Any] = {
    "owner": {"type": "string", "example": "+15554443333"},
    "weight": {"type": "number", "example": 12500.5},
    "moods": {"type": "array", "items": {"type": "string", "example": "calm"}},
}


def test_a_lenient_mock_shows_the_examples() -> None:
    with MockServer(_document(SHOWN), lenient=True) as mock:
        for path in ("/pets/any", "/pets/other"):
            found = mock.client.get(path).json()
            assert found["owner"] == "+15554443333"
            assert found["weight"] == 12500.5
            assert found["moods"] == ["calm"]
        made = mock.client.post("/pets", json={}).json()
        assert made["owner"] == "+15554443333"


def test_without_it_rows_differ_in_the_same_form() -> None:
    seen = set()
    for seed in range(4):
        with MockServer(_document(SHOWN), seed=seed) as mock:
            for row in mock.client.get("/pets").json():
                assert re.fullmatch(r"\+1555\d{7}", row["owner"])
                assert 6000 < row["weight"] < 19_000
                seen.add(row["owner"])
    assert len(seen) > 3


def test_counts_of_a_new_entity_begin_at_the_start() -> None:
    shown = {
        "visits_count": {"type": "integer", "example": 7},
        "neutered": {"type": "boolean", "example": True},
        "deleted": {"type": "boolean", "example": True},
    }
    for seed in range(4):
        with MockServer(_document(shown), seed=seed) as mock:
            made = mock.client.post("/pets", json={}).json()
            assert made["visits_count"] == 0
            assert made["neutered"] is True
            assert made["deleted"] is False


def _page(**url: Any) -> dict[str, Any]:
    """A list inside an entity, as Stripe has them."""
    names = {"object": {"type": "string", "enum": ["list"]}, "has_more": {"type": "boolean"}}
    paw = {"type": "object", "properties": {"id": {"type": "string"}, "size": {"type": "integer"}}}
    listed = {**names, "data": {"type": "array", "items": paw}, "url": {"type": "string", **url}}
    return {"type": "object", "required": list(listed), "properties": listed}


@pytest.mark.parametrize(
    ("url", "begins"),
    [({}, "/pets/"), ({"maxLength": 5000}, "/pets/"), ({"format": "uri"}, "http://")],
)
def test_a_list_inside_an_entity_has_entries_and_its_path(url: dict[str, Any], begins: str) -> None:
    texts = {f"b{m}": {"type": "string"} for m in range(9)}
    many = {f"a{n}": {"type": "object", "properties": texts} for n in range(60)}
    document = _document({**many, "paws": _page(**url)})
    document["components"]["schemas"]["Pet"]["properties"]["metadata"] = {
        "type": ["object", "null"]
    }
    paws = {"description": "so", "content": {"application/json": {"schema": _page(**url)}}}
    item = document["paths"]["/pets/{id}"]["parameters"]
    document["paths"]["/pets/{id}/paws"] = {
        "parameters": item, "get": {"responses": {"200": paws}}}  # fmt: skip
    with MockServer(document, lenient=True) as mock:
        found = mock.client.get("/pets/p1").json()
        assert found["paws"]["url"].startswith(begins)
        assert found["paws"]["url"].endswith("/pets/p1/paws")
        assert len(found["paws"]["data"]) == 1
        assert found["metadata"] is not None  # however large the properties before it are
        assert mock.client.get(found["paws"]["url"]).status_code == 200


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_an_unknown_entity_is_not_what_is_left_of_a_removed_one(word: str) -> None:
    document = _document({"name": {"type": "string"}, "made": {"type": "integer"}})
    schemas = document["components"]["schemas"]
    gone = {"id": {"type": "string"}, "deleted": {"type": "boolean", "enum": [True]}}
    schemas["Gone"] = {"type": "object", "required": ["id", "deleted"], "properties": gone}
    both = [{"$ref": "#/components/schemas/Pet"}, {"$ref": "#/components/schemas/Gone"}]
    item = document["paths"]["/pets/{id}"]
    item["get"]["responses"]["200"]["content"]["application/json"]["schema"] = {word: both}
    with MockServer(document, lenient=True) as mock:
        assert "name" in mock.client.get("/pets/p1").json()


def test_long_examples_take_no_longer_than_they_are() -> None:
    before = time.process_time()
    for text_ in ("aB3" * 100_000 + "==", "a1+" * 100_000, "Ab1/" * 100_000 + "!"):
        assert not is_unique(text_)
    assert time.process_time() - before < 1
    assert is_unique("a-" * 100_000 + "NffrFeUfNV2Hib")
