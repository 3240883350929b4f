"""Swagger 2.0 documents are converted to OpenAPI 3.0.3, and losses are reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, validate

from mockserver.errors import ContractError
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.request.bodies import BodyReader
from mockserver.openapi.request.parameters import ParameterReader
from mockserver.openapi.schemas.validators import Validators
from mockserver.openapi.swagger2 import upgraded

FIXTURE = Path(__file__).parent.parent / "fixtures/library.swagger.yaml"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return build_contract(parse_document(FIXTURE.read_bytes(), FIXTURE.name))


def small(**more: Any) -> dict[str, Any]:
    return {"swagger": "2.0", "info": {"title": "x", "version": "1"}, "paths": {}, **more}


def one(operation: dict[str, Any], **more: Any) -> Contract:
    responses = {"responses": {"200": {"description": ""}}}
    return build_contract(small(paths={"/a": {"post": {**responses, **operation}}}, **more))


def notes_of(contract: Contract, severity: str = "warning") -> list[tuple[str, str]]:
    return [(n.where, n.message) for n in contract.notes if n.severity == severity]


def read_body(contract: Contract, operation: Operation, media_type: str, raw: bytes) -> Any:
    reader = BodyReader(operation, Validators(contract.document, contract.version))
    return reader.read({"content-type": media_type}, raw)


def test_what_comes_out_is_an_openapi_document(contract: Contract) -> None:
    validate(dict(contract.document), cls=OpenAPIV30SpecValidator)
    assert contract.written == "Swagger 2.0"
    assert contract.version == "3.0.3"
    assert contract.base_path == "/v2"
    assert contract.servers == ("https://library.example.com/v2", "http://library.example.com/v2")
    assert notes_of(contract) == []


def test_parameters_and_their_separators(contract: Contract) -> None:
    listing = contract.by_id["listBooks"]
    reader = ParameterReader(listing, Validators(contract.document, contract.version))
    read = reader.read({}, b"genre=a&genre=b&year=1999%7C2001&limit=3")
    assert read.query == {"genre": ["a", "b"], "year": [1999, 2001], "limit": 3}
    assert reader.read({}, b"").query == {"limit": 10}
    (wrong,) = reader.read({}, b"limit=51").violations
    assert (wrong.where, wrong.keyword) == (("query", "limit"), "maximum")


def test_bodies_of_every_kind(contract: Contract) -> None:
    add, lend, cover = (contract.by_id[n] for n in ("addBook", "lend", "uploadCover"))
    good = read_body(contract, add, "application/json", b'{"title":"x","kind":"book"}')
    assert good.violations == []
    (wrong,) = read_body(contract, add, "application/json", b'{"title":"x"}').violations
    assert (wrong.where, wrong.keyword) == (("body", "kind"), "required")
    nullable = b'{"title":"x","kind":"book","subtitle":null}'
    assert read_body(contract, add, "application/json", nullable).violations == []

    sent = read_body(contract, lend, FORM, b"reader=Ann&books=1,2&days=3")
    assert sent.value == {"reader": "Ann", "books": [1, 2], "days": 3}
    assert sent.violations == []
    (wrong,) = read_body(contract, lend, FORM, b"reader=Ann&days=31").violations
    assert wrong.where == ("body", "days")

    assert cover.body is not None
    assert list(cover.body.content) == ["multipart/form-data"]
    raw = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nPNG\r\n'
        b'--b\r\nContent-Disposition: form-data; name="caption"\r\n\r\nA cover\r\n--b--\r\n'
    )
    sent = read_body(contract, cover, "multipart/form-data; boundary=b", raw)
    assert (sent.value, sent.violations) == ({"file": "PNG", "caption": "A cover"}, [])


def test_what_is_answered(contract: Contract) -> None:
    get, cover = contract.by_id["getBook"], contract.by_id["getCover"]
    assert list(get.responses["200"].content) == ["application/xml", "application/json"]
    example = {"id": 7, "title": "The Tempest", "kind": "book"}
    assert get.responses["200"].content["application/json"].examples == {"default": example}
    assert get.responses["404"].content["application/json"].pointer == "#/components/schemas/Error"
    assert cover.responses["200"].content["image/png"].schema == {
        "type": "string",
        "format": "binary",
    }
    assert list(contract.by_id["addBook"].responses["201"].headers) == ["X-Shelf"]


def test_security_schemes_with_their_scopes(contract: Contract) -> None:
    schemes = contract.schemes
    assert (schemes["key"].type, schemes["key"].place) == ("apiKey", "header")
    assert (schemes["password"].type, schemes["password"].scheme) == ("http", "basic")
    assert schemes["login"].scopes == ("read:books", "write:books")
    add, get = contract.by_id["addBook"], contract.by_id["getBook"]
    assert add.security == ({"login": ("write:books",)}, {"key": (), "password": ()})
    assert get.security == ({"key": ()},)


def test_references_to_odd_places_get_a_name(contract: Contract) -> None:
    schemas = contract.document["components"]["schemas"]
    new = contract.document["x-base"]["NewBook"]
    properties = new["properties"]
    assert properties["reader"] == {"$ref": "#/components/schemas/Loan/properties/reader"}
    assert properties["problem"] == {"$ref": "#/components/schemas/responses_Missing_schema"}
    assert schemas["responses_Missing_schema"] == {"$ref": "#/components/schemas/Error"}
    assert schemas["NewBook"]["discriminator"]["propertyName"] == "kind"


@pytest.mark.parametrize(
    ("operation", "where", "says"),
    [
        (
            {"parameters": [{"name": "q", "in": "query", "type": "array", "items": {},
                             "collectionFormat": "tsv"}]},
            "/parameters/0/collectionFormat", "'tsv' can't be read; commas",
        ),
        (
            {"parameters": [{"name": "h", "in": "header", "type": "array", "items": {},
                             "collectionFormat": "pipes"}]},
            "/parameters/0/collectionFormat", "'pipes' is for the query",
        ),
        (
            {"parameters": [{"name": "q", "in": "query", "type": "array", "items":
                             {"type": "array", "items": {}, "collectionFormat": "ssv"}}]},
            "/parameters/0/items/collectionFormat", "arrays in arrays",
        ),
        (
            {"parameters": [{"name": "b", "in": "body", "schema": {}},
                            {"name": "f", "in": "formData", "type": "string"}]},
            "", "the fields are ignored",
        ),
        (
            {"parameters": [{"name": "b", "in": "body", "schema": {}},
                            {"name": "c", "in": "body", "schema": {}}]},
            "/parameters/1", "second body",
        ),
        (
            {"responses": {"200": {"description": "", "examples": {"response": {}}}}},
            "/responses/200/examples/response", "no media type",
        ),
    ],
)  # fmt: skip
def test_what_is_lost_is_said_with_its_place(
    operation: dict[str, Any], where: str, says: str
) -> None:
    (note,) = notes_of(one(operation, consumes=["application/json"]))
    assert note[0] == "#/paths/~1a/post" + where
    assert says in note[1]


def test_what_is_assumed_is_said_too() -> None:
    body = {"parameters": [{"name": "b", "in": "body", "schema": {"type": "object"}}]}
    found = one({**body, "responses": {"200": {"description": "", "schema": {}}}})
    (operation,) = found.operations
    assert operation.body is not None
    assert list(operation.body.content) == list(operation.responses["200"].content)
    assert [w for w, _ in notes_of(found, "info")] == [
        "#/paths/~1a/post",
        "#/paths/~1a/post/responses/200",
    ]


def test_a_fault_without_a_schema_is_json_if_that_is_produced() -> None:
    responses = {status: {"description": ""} for status in ("200", "404", "default")}
    contract = one({"responses": responses}, produces=["application/xml", "application/json"])
    (operation,) = contract.operations
    types = {status: list(response.content) for status, response in operation.responses.items()}
    assert types == {"200": [], "404": ["application/json"], "default": ["application/json"]}
    assert operation.responses["404"].content["application/json"].schema is None

    contract = one({"responses": responses}, produces=["application/xml"])
    assert not contract.operations[0].responses["404"].content


def test_security_that_is_not_known_is_said() -> None:
    found = build_contract(
        small(securityDefinitions={"a": {"type": "odd"}, "b": {"type": "oauth2", "flow": "x"}})
    )
    assert [where for where, _ in notes_of(found)] == [
        "#/securityDefinitions/a",
        "#/securityDefinitions/b",
    ]


def test_what_the_path_shares_and_the_operation_overrides() -> None:
    shared = [
        {"name": "b", "in": "body", "schema": {"type": "string"}},
        {"name": "q", "in": "query", "type": "string"},
    ]
    own = [{"name": "c", "in": "body", "required": True, "schema": {"type": "object"}}]
    said = {"responses": {"200": {"description": ""}}}
    item = {"parameters": shared, "post": said, "put": {**said, "parameters": own}}
    contract = build_contract(small(paths={"/a": item}, consumes=["text/plain"]))
    post, put = (contract.by_id[name] for name in ("post_a", "put_a"))
    assert post.body is not None
    assert put.body is not None
    assert post.body.content["text/plain"].schema == {"type": "string"}
    assert put.body.content["text/plain"].schema == {"type": "object"}
    assert (post.body.required, put.body.required) == (False, True)
    assert [p.name for p in post.parameters] == ["q"]


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ({"definitions": 3}, "#/definitions"),
        ({"definitions": {"A": 3}}, "#/definitions/A"),
        ({"definitions": {"A": {"properties": {"x": 1}}}}, "#/definitions/A/properties/x"),
        ({"paths": {"/a": 3}}, "#/paths/~1a"),
        ({"paths": {"/a": {"get": 3}}}, "#/paths/~1a/get"),
        ({"paths": {"/a": {"get": {"parameters": {"a": 1}}}}}, "#/paths/~1a/get/parameters"),
        ({"paths": {"/a": {"get": {"parameters": [3]}}}}, "#/paths/~1a/get/parameters/0"),
        ({"paths": {"/a": {"get": {"responses": {"200": 3}}}}}, "#/paths/~1a/get/responses/200"),
        ({"paths": {"/a": {"get": {"produces": [3]}}}}, "#/paths/~1a/get/produces/0"),
        ({"basePath": {}}, "#/basePath"),
        ({"parameters": {"a": []}, "securityDefinitions": {"b": "x"}}, "#/securityDefinitions/b"),
    ],
)
def test_broken_documents_are_refused_with_the_place(broken: dict[str, Any], where: str) -> None:
    with pytest.raises(ContractError) as error:
        build_contract(small(**broken))
    assert error.value.where == where


def test_endless_nesting_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(5000):
        schema = {"items": schema}
    with pytest.raises(ContractError, match="nested too deeply"):
        upgraded(small(definitions={"A": schema}))


def test_circles_stay_circles() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/definitions/Node"}}}
    body = {"parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Node"}}]}
    contract = one(body, definitions={"Node": node}, consumes=["application/json"])
    (operation,) = contract.operations
    good = read_body(contract, operation, "application/json", b'{"next":{"next":{}}}')
    assert good.violations == []
    assert read_body(contract, operation, "application/json", b'{"next":{"next":1}}').violations


def test_an_error_that_is_an_object_is_no_csv() -> None:
    problem = {"type": "object", "properties": {"code": {"type": "integer"}}}
    responses = {
        "200": {"description": "", "schema": {"type": "string"}},
        "404": {"description": "", "schema": {"$ref": "#/definitions/Problem"}},
        "410": {"description": "", "schema": {"type": "string"}},
    }
    contract = one(
        {"responses": responses, "produces": ["text/csv"]}, definitions={"Problem": problem}
    )
    found = {status: [*r.content] for status, r in contract.operations[0].responses.items()}
    assert found == {"200": ["text/csv"], "404": ["application/json"], "410": ["text/csv"]}
