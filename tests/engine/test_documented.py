"""Refusals in the documented schema."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.error_formats import SchemaFormat
from mockserver.engine.error_formats.base import code_of
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.serialization import document_refusal, nearest_status
from mockserver.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Operation, Violation
from mockserver.openapi.schemas.validators import Validators
from tests.engine.test_error_formats import FAULTS, INVALID, UUID, array, contract_of, shape
from tests.support.documents import TEXT, document, thing


def said(refusal: Refusal, responses: dict[str, Any], **rest: Any) -> Reply:
    """SchemaFormat's body, which must match the documented schema."""
    contract = contract_of(responses, **rest)
    validators = Validators(contract.document, contract.version)
    operation = contract.operations[0]
    reply = SchemaFormat(contract, validators).reply(refusal, operation)
    response = operation.response_for(reply.status)
    if response is not None and reply.media_type in response.content:
        pointer = response.content[reply.media_type].pointer
        assert pointer is not None
        body = reply.body.decode() if isinstance(reply.body, bytes) else reply.body
        assert not validators.reply(pointer).violations(body)
    return reply


SHAPES: list[tuple[str, dict[str, Any], Any]] = [
    ("pair", shape(error=TEXT, message=TEXT), {"error": "not_found", "message": "No."}),
    ("detail", shape(detail=TEXT), {"detail": "No."}),
    ("one word", shape(error=TEXT), {"error": "No."}),
    ("code", shape(code=TEXT, message=TEXT), {"code": "not_found", "message": "No."}),
    ("number", shape(code={"type": "integer"}, message=TEXT), {"code": 404, "message": "No."}),
    (
        "envelope",
        shape(error=shape(code=TEXT, message=TEXT)),
        {"error": {"code": "not_found", "message": "No."}},
    ),
    (
        "stripe",
        shape(error=shape(type=TEXT, message=TEXT)),
        {"error": {"type": "not_found", "message": "No."}},
    ),
    (
        "spring",
        shape(status={"type": "integer"}, error=TEXT, path=TEXT, message=TEXT),
        {"status": 404, "error": "not_found", "path": "/things/{id}", "message": "No."},
    ),
    (
        "problem",
        shape(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT),
        {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No."},
    ),
    (
        "json:api",
        shape(errors=array(shape(status=TEXT, title=TEXT, detail=TEXT))),
        {"errors": [{"status": "404", "title": "Not Found", "detail": "No."}]},
    ),
    ("texts", shape(errors=array(TEXT)), {"errors": ["No."]}),
    (
        "success",
        shape(success={"type": "boolean"}, message=TEXT),
        {"success": False, "message": "No."},
    ),
    (
        "enumerated",
        shape(code={"enum": ["INTERNAL", "RESOURCE_NOT_FOUND"]}, message=TEXT),
        {"code": "RESOURCE_NOT_FOUND", "message": "No."},
    ),
    ("constant", shape(code={"const": "E1"}, message=TEXT), {"code": "E1", "message": "No."}),
    (
        "nullable",
        shape(error={"anyOf": [shape(message=TEXT), {"type": "null"}]}),
        {"error": {"message": "No."}},
    ),
    ("text", TEXT, "No."),
]


class TestDocumented:
    @pytest.mark.parametrize(("name", "schema", "body"), SHAPES, ids=[s[0] for s in SHAPES])
    def test_what_is_recognised(self, name: str, schema: Any, body: Any) -> None:
        reply = said(NotFound("No."), {"200": None, "404": schema})
        assert (reply.status, reply.body) == (404, body)

    def test_all_of_and_references(self) -> None:
        base = shape(message=TEXT)
        schema = {"allOf": [{"$ref": "#/components/schemas/Base"}, shape(code=TEXT)]}
        reply = said(NotFound("No."), {"404": schema}, Base=base)
        assert reply.body == {"message": "No.", "code": "not_found"}

    def test_what_must_be_there_is_made_up(self) -> None:
        schema = shape(
            message=TEXT,
            id=UUID,
            at={"type": "string", "format": "date-time"},
            kind={"type": "string", "enum": ["x", "y"]},
            count={"type": "integer", "minimum": 3},
            request_id={"type": "string", "pattern": "^req_[a-z]{3}$"},
        )
        reply = said(NotFound("No."), {"404": schema})
        assert reply.body["message"] == "No."
        assert said(NotFound("No."), {"404": schema}).body == reply.body

    def test_what_need_not_be_there_is_left_out(self) -> None:
        schema = {
            "type": "object",
            "properties": {"message": TEXT, "request_id": TEXT, "docs_url": TEXT, "n": UUID},
        }
        assert said(NotFound("No."), {"404": schema}).body == {"message": "No."}
        refusal = NotFound("No.", headers={"X-Request-Id": "abc"})
        assert said(refusal, {"404": schema}).body["request_id"] == "abc"

    def test_fastapi(self) -> None:
        error = shape(loc=array({}), msg=TEXT, type=TEXT)
        reply = said(INVALID, {"422": shape(detail=array(error))})
        assert reply.status == 422
        assert [entry["loc"] for entry in reply.body["detail"]] == [
            ["query", "limit"],
            ["body", "items", 0, "id"],
        ]

    def test_a_list_of_faults(self) -> None:
        item = {
            "type": "object",
            "properties": {"field": TEXT, "message": TEXT, "code": TEXT, "in": TEXT},
        }
        reply = said(INVALID, {"400": shape(message=TEXT, errors=array(item))})
        assert reply.status == 400
        assert reply.body["errors"] == [
            {"field": "limit", "message": "must be at least 1", "code": "minimum", "in": "query"},
            {"field": "items.0.id", "message": "is required", "code": "required", "in": "body"},
        ]

    @pytest.mark.parametrize("many", [True, False])
    def test_a_map_of_faults(self, many: bool) -> None:
        texts = array(TEXT) if many else TEXT
        fields = {"type": "object", "additionalProperties": texts}
        reply = said(INVALID, {"400": shape(message=TEXT, errors=fields)})
        text: Any = "must be at least 1"
        assert reply.body["errors"]["limit"] == ([text] if many else text)

    def test_without_a_body(self) -> None:
        assert said(NotFound("No."), {"404": None}).body is NO_BODY

    def test_text(self) -> None:
        reply = said(NotFound("Nö."), {"404": TEXT}, media_type="text/plain")
        assert (reply.body, reply.media_type) == ("Nö.".encode(), "text/plain")

    def test_default_and_ranges(self) -> None:
        schema = shape(message=TEXT)
        assert said(NotFound("No."), {"default": schema}).body == {"message": "No."}
        assert said(NotFound("No."), {"4XX": schema}).body == {"message": "No."}

    def test_what_is_not_documented_is_a_problem(self) -> None:
        reply = said(NotFound("No."), {"200": None})
        assert (reply.status, reply.media_type) == (404, "application/problem+json")

    @pytest.mark.parametrize(
        ("documented", "status"),
        [(("422",), 422), (("400",), 400), (("400", "422"), 422), ((), 422), (("400", "415"), 400)],
    )
    def test_the_status_of_what_does_not_fit(
        self, documented: tuple[str, ...], status: int
    ) -> None:
        assert said(INVALID, dict.fromkeys(documented, shape(message=TEXT))).status == status

    def test_a_wrong_media_type_is_a_415_where_that_is_documented(self) -> None:
        fault = Violation(("body",), "media_type", "not JSON")
        refusal = Invalid("", violations=[fault])
        assert said(refusal, dict.fromkeys(("400", "415"), shape(message=TEXT))).status == 415

    def test_very_many_faults(self) -> None:
        refusal = Invalid("No.", violations=FAULTS * 10_000)
        reply = said(refusal, {"400": shape(errors=array(shape(message=TEXT)))})
        assert len(reply.body["errors"]) <= 200


PLACED = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "title": TEXT,
        "detail": TEXT,
        "errors": array(shape(pointer=TEXT, why=TEXT)),
    },
}


class TestNothingIsInvented:
    def test_faults_that_there_are_none_of(self) -> None:
        """An optional list is omitted, a required one is empty."""
        reply = said(NotFound("No."), {"404": PLACED})
        assert reply.body == {"title": "Not Found", "detail": "No."}
        reply = said(NotFound("No."), {"404": {**PLACED, "required": ["title", "errors"]}})
        assert reply.body["errors"] == []

    def test_a_text_that_must_be_there_is_the_message(self) -> None:
        reply = said(NotFound("No."), {"404": shape(title=TEXT, hint=TEXT, field=TEXT)})
        assert reply.body == {"title": "Not Found", "hint": "No.", "field": "#"}

    def test_an_unlisted_status_has_the_schema_of_all_errors(self) -> None:
        item = shape(pointer=TEXT, reason=TEXT)
        problem = {"type": "object", "properties": {"title": TEXT, "errors": array(item)}}
        reply = said(INVALID, {"200": TEXT, "404": problem})
        assert reply.status == 422
        assert reply.body["errors"][0] == {
            "pointer": "#/query/limit",
            "reason": "must be at least 1",
        }

    def test_the_source_of_json_api(self) -> None:
        source = {"properties": {"pointer": TEXT, "parameter": TEXT, "header": TEXT}}
        item = shape(title=TEXT, detail=TEXT, source={"type": "object", **source})
        faults = [
            Violation(("body", "data", "attributes", "title"), "required", "", {}, "title"),
            Violation(("body", "data", "a/b"), "type", "", 1, "string"),
            Violation(("query", "page[size]"), "minimum", "", 0, 1),
            Violation(("header", "X-Trace"), "minLength", "", "", 1),
            Violation(("body",), "media_type", "the media type 'a/b' is not one of: c/d", None),
        ]
        reply = said(Invalid("No.", violations=faults), {"422": shape(errors=array(item))})
        told = [(one["source"], one["detail"]) for one in reply.body["errors"]]
        assert told == [
            ({"pointer": "/data/attributes/title"}, "is required"),
            ({"pointer": "/data/a~1b"}, "data.a/b must be of type string"),
            ({"parameter": "page[size]"}, "must be at least 1"),
            ({"header": "X-Trace"}, "must have at least 1 character"),
            ({"pointer": ""}, "body: the media type 'a/b' is not one of: c/d"),
        ]

    def test_the_name_of_a_property_names_no_place(self) -> None:
        """A fault in `title` is not named by the title of the error."""
        item = shape(status=TEXT, title=TEXT, detail=TEXT)
        fault = Violation(("body", "title"), "required", "", {}, "title")
        reply = said(Invalid("No.", violations=[fault]), {"422": shape(errors=array(item))})
        assert reply.body["errors"][0]["detail"] == "title is required"

    def test_what_is_no_json(self) -> None:
        fault = Violation(("body", 15), "json", "Expecting value", {})
        item = shape(pointer=TEXT, reason=TEXT)
        reply = said(Invalid("No.", violations=[fault]), {"400": shape(errors=array(item))})
        assert reply.body["errors"] == [
            {"pointer": "#/body", "reason": "not JSON: Expecting value at character 15"}
        ]


@pytest.mark.parametrize(
    ("name", "described"),
    [
        ("gwmsg", ""),
        ("answer", "What the gateway says: a text for the person who called."),
        ("rtxt", "<b>Description:</b> Response text."),
        ("why_it_was", "The reason, for people."),
        ("w", "An explanation in English"),
    ],
)
def test_the_text_among_others_that_is_described_as_one(name: str, described: str) -> None:
    """An error whose texts have other names than messages have."""
    told = {**TEXT, "description": described} if described else TEXT
    code = {**TEXT, "description": "Three digits; 000 is a success"}
    token = {**TEXT, "description": "Identifies the transaction"}
    reply = said(INVALID, {"422": thing(rc=code, **{name: told}, tx_token=token)})
    assert "query.limit must be at least 1" in reply.body[name]
    assert "tx_token" not in reply.body


def listing(**described: str) -> Operation:
    """An operation that lists refusals under these numbers."""
    listed = {number.strip("_"): {"description": text} for number, text in described.items()}
    paths = {"/shelves/{id}": {"put": {"responses": {"204": {"description": ""}, **listed}}}}
    return build_contract(document(paths)).operations[0]


NUMBERED = {
    "_480": "ShelfNotFoundException",
    "_481": "The shelf already exists.",
    "_484": "ThrottlingException",
}


@pytest.mark.parametrize(
    ("kind", "status"), [(NotFound, 480), (Conflict, 481), (Forbidden, 403), (Refusal, 400)]
)
def test_a_number_that_http_does_not_have_means_what_its_description_says(
    kind: type[Refusal], status: int
) -> None:
    adapted = document_refusal(listing(**NUMBERED), kind("No."))
    assert isinstance(adapted, Refusal)
    assert adapted.status == status
    assert code_of(adapted) == code_of(kind("No."))


def test_a_number_of_http_means_what_it_means() -> None:
    """A 418 that is described as a conflict stays a teapot."""
    assert nearest_status(listing(_418="Conflict"), 409) == 409
