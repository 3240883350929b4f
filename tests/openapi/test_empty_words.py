"""Schema keywords with nothing behind them, and documents that a reader of YAML 1.1 has parsed."""

from typing import Any

import pytest
import yaml

from mockserver import MockServer
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import as_json


def _document(schema: str) -> dict[str, Any]:
    text = f"""
openapi: 3.0.3
info: {{title: Shop, version: 2024-05-01}}
paths:
  /pets:
    get:
      responses:
        200:
          description: The pets
          content:
            application/json:
              schema:
                type: array
                items: {{$ref: '#/components/schemas/Pet'}}
    post:
      requestBody:
        content:
          application/json:
            schema: {{$ref: '#/components/schemas/Pet'}}
      responses:
        201:
          description: The pet
          content:
            application/json:
              schema: {{$ref: '#/components/schemas/Pet'}}
  /pets/{{petId}}:
    get:
      parameters: [{{name: petId, in: path, required: true, schema: {{type: string}}}}]
      responses:
        200:
          description: A pet
          content:
            application/json:
              schema: {{$ref: '#/components/schemas/Pet'}}
components:
  schemas:
    Pet: {schema}
"""
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "{type: , description: Its name}",
        "",
        "{type: string, enum: }",
        "{type: string, maxLength: }",
    ],
)
def test_a_keyword_with_nothing_behind_it_counts_as_absent(name: str) -> None:
    born = "born: {type: string, example: 2024-05-01}"
    document = _document(
        f"{{type: object, properties: {{id: {{type: string}}, name: {name}, {born}}}}}"
    )
    with MockServer(document) as mock:
        made = mock.client.post("/pets", json={"name": "Rex"})
        assert made.status_code == 201, made.text
        assert mock.client.get(f"/pets/{made.json()['id']}").json()["name"] == "Rex"


def test_the_contract_says_what_was_empty() -> None:
    document = _document("{type: object, properties: {id: {type: string}, name: {type: }}}")
    notes = build_contract(as_json(document)).notes
    assert [note.where for note in notes] == ["#/components/schemas/Pet/properties/name/type"]


def test_null_that_is_data_stays() -> None:
    document = _document("{type: object, nullable: true, example: {type: , items: }}")
    assert build_contract(as_json(document)).notes == ()
