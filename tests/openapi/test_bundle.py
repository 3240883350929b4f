"""Bundling documents of several files."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import ContractError, UsageError
from mockserver.openapi.references import bundled

ROOT = "file:///api/openapi.yaml"
FILES: dict[str, Any] = {
    "file:///api/paths/pets.yaml": {
        "get": {
            "operationId": "listPets",
            "parameters": [{"$ref": "../parameters.yaml#/Limit"}],
            "responses": {
                "200": {
                    "description": "pets",
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "array",
                                "items": {"$ref": "../schemas/pet.yaml"},
                            }
                        }
                    },
                }
            },
        },
        "post": {
            "operationId": "addPet",
            "requestBody": {
                "content": {"application/json": {"schema": {"$ref": "../schemas/pet.yaml"}}}
            },
            "responses": {"201": {"$ref": "../openapi.yaml#/components/responses/Pet"}},
        },
    },
    "file:///api/parameters.yaml": {
        "Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}}
    },
    "file:///api/schemas/pet.yaml": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string"},
            "kind": {"$ref": "#/definitions/kind"},
            "mother": {"$ref": "pet.yaml"},
            "$ref": {"type": "string"},
        },
        "definitions": {"kind": {"enum": ["cat", "dog"]}},
        "example": {"$ref": "nowhere.yaml"},
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"cat": "cat.yaml", "dog": "Dog", "own": "#/definitions/kind"},
        },
    },
    "file:///api/schemas/cat.yaml": {"type": "object"},
    "file:///api/other/pet.yaml": {"type": "string"},
}


def root(**more: Any) -> dict[str, Any]:
    pet = {"application/json": {"schema": {"$ref": "schemas/pet.yaml"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {
            "/pets": {"$ref": "paths/pets.yaml"},
            "/pets/{id}": {
                "get": {
                    "operationId": "getPet",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                    ],
                    "responses": {"200": {"description": "", "content": pet}, "404": {}},
                }
            },
        },
        "components": {
            "responses": {"Pet": {"description": "one", "content": pet}},
            "schemas": {"Other": {"$ref": "./other/pet.yaml"}},
        },
        **more,
    }


def read(uri: str) -> Any:
    if uri not in FILES:
        raise UsageError(f"{uri}: No such file")
    return FILES[uri]


def test_references_lead_into_the_one_document() -> None:
    given = root()
    whole, files = bundled(given, ROOT, read)
    assert given == root(), "what was given stays as it was"
    assert set(files) == FILES.keys()
    parts = whole["x-bundled"]
    first, second = sorted(key for key in parts if key.startswith("pet"))[:2]
    assert {first, second} <= {"pet", "pet_2", "pets"}
    reference = whole["components"]["responses"]["Pet"]["content"]["application/json"]["schema"]
    pet = parts[reference["$ref"].removeprefix("#/x-bundled/")]
    here = reference["$ref"]
    assert pet["properties"] == {
        "id": {"type": "string"},
        "kind": {"$ref": f"{here}/definitions/kind"},
        "mother": {"$ref": here},
        "$ref": {"type": "string"},
    }
    assert pet["example"] == {"$ref": "nowhere.yaml"}
    assert pet["discriminator"]["mapping"] == {
        "cat": "#/x-bundled/cat",
        "dog": "Dog",
        "own": f"{here}/definitions/kind",
    }
    made = parts["pets"]["post"]["responses"]["201"]
    assert made == {"$ref": "#/components/responses/Pet"}


def test_it_is_served_like_any_other() -> None:
    with MockServer(bundled(root(), ROOT, read)[0]) as server:
        assert server.mock.plan.resources["pets"].identity.key == "id"
        made = server.client.post("/pets", json={"id": "x", "kind": "cat"})
        assert made.status_code == 201
        assert server.client.get(f"/pets/{made.json()['id']}").json() == made.json()
        assert server.client.post("/pets", json={"id": "x", "kind": "cow"}).status_code == 422
        assert server.client.get("/pets?limit=11").status_code == 422


def test_what_an_own_address_says_is_the_document_itself() -> None:
    own = root(**{"$self": "https://vendor.test/openapi.yaml"})
    own["components"]["schemas"] = {
        "A": {"$ref": "https://vendor.test/openapi.yaml#/components/schemas/B"},
        "B": {"type": "string"},
    }
    whole, _ = bundled(own, ROOT, read)
    assert whole["components"]["schemas"]["A"] == {"$ref": "#/components/schemas/B"}


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("gone.yaml#/A", "No such file"),
        ("schemas/pet.yaml#kind", r"\$anchor 'kind'"),
        ("https://vendor.test/a.yaml", "save that file beside"),
    ],
)
def test_what_can_not_be_followed(reference: str, says: str) -> None:
    document = {"components": {"schemas": {"A": {"items": {"$ref": reference}}}}}
    with pytest.raises(ContractError, match=says) as caught:
        bundled(document, ROOT, read)
    assert caught.value.where == "#/components/schemas/A/items"
