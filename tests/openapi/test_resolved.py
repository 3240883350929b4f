"""The pointers of properties in composed schemas."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.openapi.schemas.resolved import Schemas

HERE = "#/components/schemas/It"


def schemas(**found: Any) -> Schemas:
    return Schemas({"components": {"schemas": found}}, "3.1.0")


def test_the_first_part_that_says_what_a_property_holds_counts() -> None:
    any_list = {"type": "object", "properties": {"data": {"type": "array", "items": {}}}}
    of_texts = {"properties": {"data": {"type": "array", "items": {"type": "string"}}}}
    found = schemas(It={"allOf": [any_list, of_texts]}, Other={"allOf": [any_list]})
    assert found.place(HERE, "data") == f"{HERE}/allOf/1/properties/data"
    other = "#/components/schemas/Other"
    assert found.place(other, "data") == f"{other}/allOf/0/properties/data"
    assert found.place(HERE, "none") is None


def test_an_array_of_itself_has_a_place() -> None:
    itself = {"type": "array", "items": {"$ref": HERE}}
    found = schemas(It=itself, Two={"allOf": [{"$ref": HERE}, itself]})
    assert found.place(HERE, None) == f"{HERE}/items"
    assert found.place("#/components/schemas/Two", None) == f"{HERE}/items"


def test_twice_the_parts_are_twice_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def looks(count: int) -> int:
        parts = [{"properties": {f"p{n}": {"type": "string"}}} for n in range(count)]
        found, seen = schemas(It={"allOf": parts}), list[str]()
        at = found.at

        def counted(pointer: str) -> Any:
            seen.append(pointer)
            return at(pointer)

        monkeypatch.setattr(found, "at", counted)
        for n in range(count):
            assert found.place(HERE, f"p{n}") == f"{HERE}/allOf/{n}/properties/p{n}"
        return len(seen)

    assert looks(200) <= 2.1 * looks(100)
