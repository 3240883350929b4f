"""Closed parts that forbid each other's properties are read as one closed object."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.openapi.build import build_contract
from mockserver.openapi.schemas.validators import Check, Validators
from tests.support.documents import TEXT, WHOLE

PAGE = "#/components/schemas/Page"


def closed(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {**open_part(required, **properties), "additionalProperties": False}


def open_part(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def checks(version: str, **schemas: Any) -> tuple[Check, Check, list[str]]:
    """The checks of `Page` in requests and responses, and the places of the notes."""
    document = {"paths": {}, "info": {"title": "t", "version": "1"}}
    if version.startswith("2"):
        document |= {"swagger": version, "definitions": schemas}
    else:
        document |= {"openapi": version, "components": {"schemas": schemas}}
    contract = build_contract(document)
    validators = Validators(contract.document, contract.version)
    notes = [note.where for note in contract.notes if note.message.startswith("no object is valid")]
    return validators.request(PAGE), validators.reply(PAGE), notes


ROWS = {"type": "array", "items": TEXT}
LINKS = closed(("next",), next=TEXT)


def ref(name: str, version: str = "3.0.3") -> dict[str, str]:
    return {"$ref": f"#/{'definitions' if version[0] == '2' else 'components/schemas'}/{name}"}


VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "3.0, inline": ("3.0.3", {"Page": {"allOf": [closed(("rows",), rows=ROWS), LINKS]}}),
    "3.1, referred": (
        "3.1.0",
        {"Rows": closed(rows=ROWS), "Page": {"allOf": [ref("Rows"), LINKS]}},
    ),
    "the schema itself": (
        "3.0.3",
        {"Links": open_part(("next",), next=TEXT)}
        | {"Page": {"allOf": [ref("Links")], **closed(rows=ROWS)}},
    ),
    "beside a reference in 3.1": (
        "3.1.0",
        {"Links": LINKS, "Page": {**ref("Links"), **closed(rows=ROWS)}},
    ),
    "nested": (
        "3.0.3",
        {
            "Links": LINKS,
            "Base": {"allOf": [closed(rows=ROWS), {"description": "a page"}]},
            "Page": {"allOf": [ref("Base"), {"allOf": [ref("Links")]}]},
        },
    ),
    "Swagger 2": (
        "2.0",
        {"Rows": closed(rows=ROWS), "Page": {"allOf": [ref("Rows", "2"), LINKS]}},
    ),
    "every branch of a choice": (
        "3.0.3",
        {
            "Rows": open_part(("next",), next=TEXT),
            "Page": {
                "allOf": [
                    ref("Rows"),
                    {"oneOf": [closed(("rows",), rows=ROWS), closed(("total",), total=WHOLE)]},
                ]
            },
        },
    ),
    "a choice beside properties": (
        "3.1.0",
        {"Page": {**LINKS, "anyOf": [open_part(("rows",), rows=ROWS), open_part(("x",), x=TEXT)]}},
    ),
}


@pytest.mark.parametrize(("version", "schemas"), VARIANTS.values(), ids=VARIANTS.keys())
def test_each_part_admits_what_the_others_name(version: str, schemas: dict[str, Any]) -> None:
    request, reply, notes = checks(version, **schemas)
    for check in (request, reply):
        assert check.is_valid({"rows": ["a"], "next": "b"})
        assert not check.is_valid({"rows": ["a"], "next": "b", "strange": 1})
        assert not check.is_valid({"rows": ["a"], "next": 1})
        assert not check.is_valid({"rows": ["a"]})
    assert PAGE in notes


UNTOUCHED: dict[str, tuple[str, dict[str, Any]]] = {
    "one can leave the others away": (
        "3.0.3",
        {"Page": {"allOf": [closed(rows=ROWS), open_part(next=TEXT)]}},
    ),
    "unevaluated": (
        "3.1.0",
        {
            "Page": {
                "allOf": [open_part(("rows",), rows=ROWS), open_part(("next",), next=TEXT)],
                "unevaluatedProperties": False,
            }
        },
    ),
    "one branch is possible": (
        "3.0.3",
        {"Page": {**open_part(("rows",), rows=ROWS), "oneOf": [closed(rows=ROWS), closed(x=TEXT)]}},
    ),
    "patterns": (
        "3.1.0",
        {"Page": {"allOf": [{**closed(), "patternProperties": {"^r": {}}}, open_part(("rows",))]}},
    ),
    "others are of the same type": (
        "3.0.3",
        {
            "Page": {
                "allOf": [
                    {**open_part(rows=ROWS), "additionalProperties": TEXT},
                    open_part(("next",), next=TEXT),
                ]
            }
        },
    ),
    "one can leave what is of another type away": (
        "3.0.3",
        {"Page": {"allOf": [{**open_part(), "additionalProperties": TEXT}, open_part(x=ROWS)]}},
    ),
    "what is closed has it": (
        "3.0.3",
        {"Page": {"allOf": [closed(rows=ROWS, next=TEXT), open_part(("rows",))]}},
    ),
}


@pytest.mark.parametrize(("version", "schemas"), UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_what_an_object_fits_stays_as_it_is(version: str, schemas: dict[str, Any]) -> None:
    document = {"openapi": version, "paths": {}, "components": {"schemas": schemas}}
    contract = build_contract(document)
    assert contract.document is document
    assert not contract.notes


TYPED = {**open_part(("kind",), kind=TEXT), "additionalProperties": {"type": "object"}}
TYPED_VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "3.0, referred": (
        "3.0.3",
        {"Base": TYPED, "Page": {"allOf": [ref("Base")], **open_part(("rows",), rows=ROWS)}},
    ),
    "3.1, inline": ("3.1.0", {"Page": {"allOf": [TYPED, open_part(("rows",), rows=ROWS)]}}),
    "Swagger 2": (
        "2.0",
        {"Base": TYPED, "Page": {"allOf": [ref("Base", "2"), open_part(("rows",), rows=ROWS)]}},
    ),
    "a referred type": (
        "3.0.3",
        {
            "Any": {"type": "object"},
            "Base": {**TYPED, "additionalProperties": ref("Any")},
            "Page": {"allOf": [ref("Base"), open_part(("rows",), rows=ROWS)]},
        },
    ),
    "required by another schema alone": (
        "3.0.3",
        {
            "Base": TYPED,
            "Page": {"allOf": [ref("Base"), open_part(rows=ROWS)]},
            "New": {"allOf": [ref("Base"), open_part(("rows",), rows=ROWS)]},
        },
    ),
}


@pytest.mark.parametrize(("version", "schemas"), TYPED_VARIANTS.values(), ids=TYPED_VARIANTS.keys())
def test_a_type_of_other_properties_is_not_that_of_named_ones(
    version: str, schemas: dict[str, Any]
) -> None:
    request, reply, _ = checks(version, **schemas)
    for check in (request, reply):
        assert check.is_valid({"kind": "a", "rows": ["a"]})
        assert check.is_valid({"kind": "a", "rows": ["a"], "strange": {}})
        assert not check.is_valid({"kind": "a", "rows": ["a"], "strange": 1})
        assert not check.is_valid({"kind": "a", "rows": 1})


def test_a_part_that_others_use_stays_closed_for_them() -> None:
    schemas = {"Links": LINKS, "Page": {"allOf": [ref("Links"), open_part(("rows",), rows=ROWS)]}}
    document = {"openapi": "3.0.3", "paths": {}, "components": {"schemas": schemas}}
    contract = build_contract(document)
    validators = Validators(contract.document, contract.version)
    links = validators.reply("#/components/schemas/Links")
    assert links.is_valid({"next": "a"})
    assert not links.is_valid({"next": "a", "rows": []})
    assert document["components"]["schemas"] is schemas  # type: ignore[index]
    assert schemas["Links"] is LINKS


def test_branches_keep_their_names_for_the_discriminator() -> None:
    kinds = {name: closed(("kind", own), kind=TEXT, **{own: TEXT}) for name, own in
             (("Lorry", "axles"), ("Barge", "draught"))}  # fmt: skip
    mapping = {"road": "#/components/schemas/Lorry", "water": "Barge"}
    choice = {
        "oneOf": [ref("Lorry"), ref("Barge")],
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }
    page = {"allOf": [open_part(("id",), id=TEXT), choice]}
    _, reply, notes = checks("3.0.3", Page=page, **kinds)
    assert notes == [PAGE]
    assert reply.is_valid({"id": "1", "kind": "road", "axles": "4"})
    assert reply.is_valid({"id": "1", "kind": "water", "draught": "4"})
    assert not reply.is_valid({"id": "1", "kind": "road", "draught": "4"})
    assert not reply.is_valid({"id": "1", "kind": "water", "draught": "4", "axles": "4"})


def test_a_part_that_leads_to_itself() -> None:
    node = {"allOf": [closed(("name",), name=TEXT, inner=ref("Page")), open_part(("id",), id=TEXT)]}
    _, reply, _ = checks("3.0.3", Page=node)
    inner = {"name": "a", "id": "1"}
    assert reply.is_valid({**inner, "inner": inner})
    assert not reply.is_valid({**inner, "inner": {"name": "a"}})


def test_a_list_of_such_things_is_served() -> None:
    paged = closed(("total",), total=WHOLE)
    schemas = {
        "Paged": paged,
        "Parcel": {"allOf": [closed(("id",), id=TEXT), ref("New")]},
        "New": closed(("weight",), weight=WHOLE),
        "Parcels": {
            "allOf": [
                closed(("parcels",), parcels={"type": "array", "items": ref("Parcel")}),
                ref("Paged"),
            ]
        },
    }

    def body(name: str) -> dict[str, Any]:
        return {"description": "", "content": {"application/json": {"schema": ref(name)}}}

    one = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/parcels": {
            "get": {"responses": {"200": body("Parcels")}},
            "post": {"requestBody": body("New"), "responses": {"201": body("Parcel")}},
        },
        "/parcels/{id}": {"get": {"parameters": [one], "responses": {"200": body("Parcel")}}},
    }
    document = {"openapi": "3.0.3", "paths": paths, "components": {"schemas": schemas}}
    with MockServer(document) as server:
        client = server.client
        before = client.get("/parcels").json()["total"]
        made = client.post("/parcels", json={"weight": 4})
        assert made.status_code == 201
        assert made.json()["weight"] == 4
        assert client.get(f"/parcels/{made.json()['id']}").json() == made.json()
        assert client.get("/parcels").json()["total"] == before + 1
        assert client.post("/parcels", json={"weight": 4, "colour": "red"}).status_code >= 400
