"""Polymorphic collections: sent entities come back, and each kind has seeds."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.openapi.schemas.discriminators import with_choices
from tests.support.documents import TEXT, WHOLE

AT = "#/components/schemas/"
MAPPING = {"cat": AT + "Cat", "dog": AT + "Dog"}
TAG = {"propertyName": "kind", "mapping": MAPPING}
BOTH = [{"$ref": AT + "Cat"}, {"$ref": AT + "Dog"}]


def thing(*required: str, **properties: Any) -> dict[str, Any]:
    own = {"id": {"type": "string", "readOnly": True}, **properties}
    return {"type": "object", "required": list(required), "properties": own}


def cat_and_dog(cat: Any, dog: Any) -> dict[str, Any]:
    return {
        "Cat": thing("kind", "lives", kind=cat, lives=WHOLE),
        "Dog": thing("kind", kind=dog, bark=TEXT),
    }


CONSTANTS = cat_and_dog({"const": "cat"}, {"const": "dog"})
INHERITED = {
    name: {"allOf": [{"$ref": AT + "Animal"}, {"type": "object", **more}]}
    for name, more in (
        ("Cat", {"required": ["lives"], "properties": {"lives": WHOLE}}),
        ("Dog", {"properties": {"bark": TEXT}}),
    )
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "discriminator": {
        "Animal": {"oneOf": BOTH, "discriminator": TAG},
        **cat_and_dog(TEXT, TEXT),
    },
    "constants": {"Animal": {"oneOf": BOTH}, **CONSTANTS},
    "values of an anyOf": {
        "Animal": {"anyOf": BOTH},
        **cat_and_dog({"type": "string", "enum": ["cat"]}, {"type": "string", "enum": ["dog"]}),
    },
    "branches in place": {"Animal": {"oneOf": list(CONSTANTS.values())}},
    "properties beside the choice": {
        "Animal": {**thing("kind", kind=TEXT, name=TEXT), "oneOf": BOTH, "discriminator": TAG},
        **CONSTANTS,
    },
    "inheritance": {
        "Animal": {**thing("kind", kind=TEXT, name=TEXT), "discriminator": TAG},
        **INHERITED,
    },
    "inheritance as Azure names it": {
        "Animal": {**thing("kind", kind=TEXT), "discriminator": {"propertyName": "kind"}},
        "FelineAnimal": {**INHERITED["Cat"], "x-ms-discriminator-value": "cat"},
        "CanineAnimal": {**INHERITED["Dog"], "x-ms-discriminator-value": "dog"},
    },
    "inheritance by name": {
        "Animal": {**thing("kind", kind=TEXT), "discriminator": {"propertyName": "kind"}},
        "cat": INHERITED["Cat"],
        "dog": INHERITED["Dog"],
    },
}


def document(schemas: dict[str, Any]) -> dict[str, Any]:
    animal = {"$ref": AT + "Animal"}
    one = {"description": "", "content": {"application/json": {"schema": animal}}}
    rows = {"schema": {"type": "array", "items": animal}}
    no = {"description": ""}
    body = {"required": True, "content": {"application/json": {"schema": animal}}}
    part = {"content": {"application/json": {"schema": {"type": "object"}}}}
    paths: dict[str, Any] = {
        "/animals": {
            "get": {"responses": {"200": {**one, "content": {"application/json": rows}}}},
            "post": {"requestBody": body, "responses": {"201": one, "422": no}},
        },
        "/animals/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
            "get": {"responses": {"200": one, "404": no}},
            "put": {"requestBody": body, "responses": {"200": one, "422": no}},
            "patch": {"requestBody": part, "responses": {"200": one, "422": no}},
        },
    }
    info = {"title": "t", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_made_stays_of_its_kind(name: str) -> None:
    with MockServer(document(SCHEMAS[name])) as server:
        api = server.client
        assert {row["kind"] for row in api.get("/animals").json()} == {"cat", "dog"}
        for sent, change in (
            ({"kind": "dog", "bark": "loud"}, {"bark": "soft"}),
            ({"kind": "cat", "lives": 9}, {"lives": 3}),
        ):
            made = api.post("/animals", json=sent)
            assert made.status_code == 201
            assert sent.items() <= made.json().items()
            path = f"/animals/{made.json()['id']}"
            assert api.get(path).json() == made.json()
            assert made.json() in api.get("/animals").json()
            changed = api.patch(path, json=change).json()
            assert changed == {**made.json(), **change}
            assert api.put(path, json=sent).json() == made.json()
        assert api.post("/animals", json={"kind": "fish"}).status_code == 422
        assert api.post("/animals", json={"kind": "cat", "lives": "x"}).status_code == 422
        assert api.post("/animals", json={"kind": "cat"}).status_code == 422


def test_kinds_that_nothing_names_are_told_by_what_they_require() -> None:
    schemas = {
        "Animal": {"oneOf": BOTH},
        "Cat": thing("lives", lives=WHOLE),
        "Dog": thing("bark", bark=TEXT),
    }
    with MockServer(document(schemas)) as server:
        rows = server.client.get("/animals").json()
        assert any("lives" in row for row in rows)
        assert any("bark" in row for row in rows)
        made = server.client.post("/animals", json={"bark": "loud"}).json()
        assert made.keys() == {"id", "bark"}
        assert server.client.get(f"/animals/{made['id']}").json() == made


def test_a_base_that_is_a_thing_itself_stays_one() -> None:
    schemas = {
        "Animal": {**thing("name", kind=TEXT, name=TEXT), "discriminator": TAG},
        **INHERITED,
    }
    with MockServer(document(schemas)) as server:
        assert server.client.post("/animals", json={"name": "Tom"}).status_code == 201
        made = server.client.post("/animals", json={"name": "Tom", "kind": "cat", "lives": 7})
        assert made.json()["lives"] == 7
        assert server.client.post("/animals", json={"name": "T", "kind": "cat"}).status_code == 422


def test_a_document_without_inheritance_stays_the_very_same() -> None:
    for name in ("discriminator", "constants", "branches in place"):
        whole = document(SCHEMAS[name])
        assert with_choices(whole) is whole


def test_what_is_given_is_not_changed() -> None:
    whole = document(SCHEMAS["inheritance"])
    with_choices(whole)
    assert whole == document(SCHEMAS["inheritance"])
    grown = {f"Kind{n}": INHERITED["Cat"] for n in range(50)}
    many = document({**SCHEMAS["inheritance"], **grown})
    assert with_choices(many) is many, "the root of nearly everything is no choice"
