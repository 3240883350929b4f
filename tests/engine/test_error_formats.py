from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.error_formats import (
    EnvelopeFormat,
    FastApiFormat,
    ProblemFormat,
    SchemaFormat,
    choose_error_format,
)
from mockserver.errors import (
    BadRequest,
    Conflict,
    Invalid,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    Refusal,
    Unauthenticated,
)
from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Contract, Operation, Violation
from mockserver.openapi.schemas.validators import Validators
from tests.support.documents import TEXT, array

UUID = {"type": "string", "format": "uuid"}
FAULTS = (
    Violation(("query", "limit"), "minimum", "0 is less than 1", 0, 1, {"type": "integer"}),
    Violation(("body", "items", 0, "id"), "required", "'id' is required", {}, "id", {}),
)
INVALID = Invalid("The request does not fit.", violations=FAULTS)


def contract_of(
    responses: dict[str, Any], *, media_type: str = "application/json", **schemas: Any
) -> Contract:
    """A document with one operation; `responses` maps a status to its schema, None for no body."""
    listed = {
        status: {"description": "x"}
        if schema is None
        else {"description": "x", "content": {media_type: {"schema": schema}}}
        for status, schema in responses.items()
    }
    return build_contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/things/{id}": {"post": {"responses": listed}}},
            "components": {"schemas": schemas},
        }
    )


class TestFastApi:
    def test_422_is_a_list_and_the_rest_a_pair(self) -> None:
        """Rules 18 and 21."""
        error_format = FastApiFormat(contract_of({"200": None}))
        reply = error_format.reply(INVALID, None)
        assert reply.status == 422
        assert [entry["type"] for entry in reply.body["detail"]] == [
            "greater_than_equal",
            "missing",
        ]
        assert error_format.reply(NotFound("No suite."), None).body == {
            "error": "not_found",
            "message": "No suite.",
        }

    @pytest.mark.parametrize(
        ("refusal", "error"),
        [
            (Unauthenticated(), "authentication_required"),
            (BadRequest(), "bad_request"),
            (RateLimited(), "rate_limited"),
            (NotFound(), "not_found"),
            (Conflict(), "conflict"),
            (Conflict(code="suite_busy"), "suite_busy"),
        ],
    )
    def test_words(self, refusal: Refusal, error: str) -> None:
        """Rule 21."""
        reply = FastApiFormat(contract_of({"200": None})).reply(refusal, None)
        assert (reply.status, reply.body["error"]) == (refusal.status, error)
        assert reply.body["message"]

    def test_plain(self) -> None:
        error_format = FastApiFormat(contract_of({"200": None}), plain=True)
        assert error_format.reply(NotFound("No."), None).body == {"detail": "No."}

    def test_where_only_400_is_documented(self) -> None:
        contract = contract_of({"200": None, "400": {"type": "object"}})
        reply = FastApiFormat(contract).reply(INVALID, contract.operations[0])
        assert reply.status == 400
        assert reply.body == {"error": "bad_request", "message": "The request does not fit."}

    def test_an_invalid_without_violations(self) -> None:
        """Rule 46: refused by the model's validator, without a place in the schema."""
        reply = FastApiFormat(contract_of({"200": None})).reply(Invalid("no null here"), None)
        assert reply.body["detail"] == [
            {
                "type": "value_error",
                "loc": ["body"],
                "msg": "Value error, no null here",
                "input": None,
            }
        ]

    def test_a_fault_across_fields(self) -> None:
        """Rule 29."""
        fault = Violation(("body",), "value_error", "set agent_id", {"scope": "agent"})
        error_format = FastApiFormat(contract_of({"200": None}))
        [entry] = error_format.reply(Invalid("", violations=[fault]), None).body["detail"]
        assert entry == {
            "type": "value_error",
            "loc": ["body"],
            "msg": "Value error, set agent_id",
            "input": {"scope": "agent"},
            "ctx": {"error": {}},
        }

    def test_named_and_inline_enums(self) -> None:
        """Rule 25."""
        named = {"type": "string", "enum": ["a", "b"]}
        contract = contract_of({"200": None}, Named=named)
        schema = contract.document["components"]["schemas"]["Named"]
        words = [
            FastApiFormat(contract).reply(
                Invalid("", violations=[Violation(("query", "q"), "enum", "", "x", s["enum"], s)]),
                None,
            )
            for s in (schema, dict(schema))
        ]
        assert [reply.body["detail"][0]["type"] for reply in words] == ["enum", "literal_error"]
        assert words[0].body["detail"][0]["msg"] == "Input should be 'a' or 'b'"

    def test_a_deep_input_is_cut(self) -> None:
        value: Any = []
        for _ in range(500):
            value = [value]
        fault = Violation(("body",), "type", "", value, ["object"], {})
        error_format = FastApiFormat(contract_of({"200": None}))
        [entry] = error_format.reply(Invalid("", violations=[fault]), None).body["detail"]
        assert str(entry["input"]).count("[") <= 100

    def test_headers_are_sent_along(self) -> None:
        refusal = Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
        for error_format in (
            FastApiFormat(contract_of({"200": None})),
            EnvelopeFormat(),
            ProblemFormat(),
        ):
            assert error_format.reply(refusal, None).headers == {"WWW-Authenticate": "Bearer"}


class TestEnvelope:
    def test_validation_is_a_400_with_fields(self) -> None:
        reply = EnvelopeFormat().reply(INVALID, None)
        assert reply.status == 400
        assert reply.body == {
            "error": {
                "code": "validation_failed",
                "message": "The request does not fit.",
                "fields": {"limit": "must be at least 1", "items.0.id": "is required"},
            }
        }

    def test_codes_and_the_request_id(self) -> None:
        refusal = NotFound("No.", headers={"X-Request-ID": "abc"})
        reply = EnvelopeFormat().reply(refusal, None)
        assert reply.body == {
            "error": {"code": "not_found", "message": "No."},
            "request_id": "abc",
        }
        assert EnvelopeFormat().reply(Unauthenticated(), None).body["error"]["code"] == (
            "unauthorized"
        )


def test_problem_details() -> None:
    reply = ProblemFormat().reply(INVALID, None)
    assert (reply.status, reply.media_type) == (422, "application/problem+json")
    assert reply.body == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "query.limit must be at least 1; body.items.0.id is required",
        "errors": [
            {"pointer": "#/query/limit", "detail": "must be at least 1"},
            {"pointer": "#/body/items/0/id", "detail": "is required"},
        ],
    }


def shape(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": sorted(properties), "properties": properties}


HTTP_ERROR = shape(detail=array(shape(loc=array({}), msg=TEXT, type=TEXT)))


class TestChoice:
    @pytest.mark.parametrize(
        ("responses", "kind"),
        [
            ({"422": HTTP_ERROR, "404": shape(error=TEXT, message=TEXT)}, FastApiFormat),
            ({"422": HTTP_ERROR, "404": shape(detail=TEXT)}, FastApiFormat),
            ({"422": HTTP_ERROR}, FastApiFormat),
            ({"422": HTTP_ERROR, "404": shape(code=TEXT)}, SchemaFormat),
            ({"404": shape(error=shape(code=TEXT, message=TEXT))}, SchemaFormat),
            ({"404": shape(message=TEXT)}, SchemaFormat),
            ({"200": None, "404": None}, ProblemFormat),
        ],
    )
    def test_by_the_document(self, responses: dict[str, Any], kind: type) -> None:
        contract = contract_of(responses)
        found = choose_error_format(contract, Validators(contract.document, "3.1.0"))
        assert type(found) is kind

    @pytest.mark.parametrize(
        ("responses", "body"),
        [
            ({"422": HTTP_ERROR, "404": shape(detail=TEXT)}, {"detail": "No."}),
            ({"422": HTTP_ERROR, "409": shape(x=TEXT)}, {"error": "not_found", "message": "No."}),
            (
                {"409": shape(error=shape(code=TEXT, message=TEXT))},
                {"error": {"code": "not_found", "message": "No."}},
            ),
        ],
    )
    def test_what_is_undocumented_has_the_usual_shape(
        self, responses: dict[str, Any], body: Any
    ) -> None:
        contract = contract_of(responses)
        error_format = choose_error_format(contract, Validators(contract.document, "3.1.0"))
        operation: Operation | None = contract.operations[0]
        for place in (operation, None):
            assert error_format.reply(NotFound("No."), place).body == body


CODES = {"enum": ["not_found", "conflict", "invalid_request", "unauthorized"]}


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (INVALID, "invalid_request"),
        (Unauthenticated(), "unauthorized"),
        (NotFound(), "not_found"),
        (MethodNotAllowed(), "invalid_request"),
    ],
)
def test_a_listed_code_means_what_happened(refusal: Refusal, code: str) -> None:
    contract = contract_of({"4XX": shape(code=CODES, message=TEXT)})
    error_format = choose_error_format(contract, Validators(contract.document, "3.1.0"))
    assert error_format.reply(refusal, contract.operations[0]).body["code"] == code


def test_a_list_of_fields_has_their_names_alone() -> None:
    schema = {**shape(message=TEXT), "properties": {"message": TEXT, "fields": array(TEXT)}}
    contract = contract_of({"404": schema, "422": schema})
    error_format = choose_error_format(contract, Validators(contract.document, "3.1.0"))
    (operation,) = contract.operations
    assert error_format.reply(INVALID, operation).body["fields"] == ["limit", "items.0.id"]
    assert error_format.reply(NotFound("No."), operation).body == {"message": "No."}
