"""Undocumented statuses, and replies that would break the contract."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.messages import NO_BODY, Json, Reply
from mockserver.engine.serialization import (
    Finisher,
    choose_media_type,
    document_refusal,
    dump,
    nearest_status,
)
from mockserver.errors import BadRequest, Conflict, Invalid, NotFound, ReplyError
from mockserver.openapi.build import build_contract
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Contract, Operation, Violation
from mockserver.openapi.schemas.validators import Validators

NAMED = {
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}},
            }
        }
    }
}


def contract_with(method: str, responses: dict[str, Any]) -> Contract:
    return build_contract(
        {
            "openapi": "3.1.0",
            "paths": {"/a": {method: {"operationId": "a", "responses": responses}}},
        }
    )


def operation_with(method: str, *statuses: str) -> Operation:
    return contract_with(method, {status: {} for status in statuses}).operations[0]


@pytest.mark.parametrize(
    ("method", "listed", "natural", "expected"),
    [
        ("get", ["200", "404"], 404, 404),
        ("get", ["200", "4XX"], 404, 404),
        ("get", ["200", "default"], 404, 404),
        ("delete", ["204", "422"], 404, 204),
        ("delete", ["204", "404"], 404, 404),
        ("post", ["201", "400", "422"], 404, 400),
        ("post", ["201", "422"], 404, 422),
        ("post", ["201", "422"], 400, 422),
        ("post", ["201", "400"], 422, 400),
        ("post", ["201", "422"], 409, 422),
        ("post", ["201"], 404, 404),
        # Never a conflict for what is malformed.
        ("post", ["201", "409"], 422, 422),
        ("post", ["201", "409"], 400, 400),
        ("get", ["200"], 401, 401),
    ],
)
def test_the_nearest_documented_status_stands_in(
    method: str, listed: list[str], natural: int, expected: int
):
    assert nearest_status(operation_with(method, *listed), natural) == expected


def test_an_unlisted_404_of_a_delete_becomes_its_success():
    adapted = document_refusal(operation_with("delete", "204"), NotFound("gone"))
    assert isinstance(adapted, Reply)
    assert (adapted.status, adapted.body) == (204, NO_BODY)


def test_what_cannot_be_an_id_names_nothing():
    fault = Violation(("path", "id"), "pattern", "no", "nope")
    refusal = Invalid("no", violations=[fault])
    adapted = document_refusal(operation_with("delete", "204", "404", "409"), refusal)
    assert isinstance(adapted, NotFound)
    assert adapted.violations == (fault,)
    assert document_refusal(operation_with("delete", "204", "404", "422"), refusal) is refusal
    both = Invalid("no", violations=[fault, Violation(("query", "n"), "type", "no", "x")])
    assert document_refusal(operation_with("delete", "204", "404"), both) is both


def test_a_refusal_keeps_its_words_in_another_status():
    adapted = document_refusal(operation_with("post", "201", "400"), Conflict("busy"))
    assert isinstance(adapted, BadRequest)
    assert adapted.message == "busy"
    adapted = document_refusal(operation_with("post", "201", "422"), NotFound("who?"))
    assert isinstance(adapted, Invalid)


def finish(responses: dict[str, Any], reply: Reply) -> Any:
    contract = contract_with("get", responses)
    finisher = Finisher(Validators(contract.document, contract.version))
    return finisher(contract.operations[0], reply)


def test_a_valid_reply_is_sent_in_its_documented_media_type():
    sent = finish({"200": NAMED}, Reply(200, {"name": "x"}))
    assert (sent.status, sent.body, sent.undocumented) == (200, b'{"name":"x"}', False)
    assert (b"content-type", b"application/json") in sent.headers


@pytest.mark.parametrize(
    ("responses", "reply", "words"),
    [
        ({"200": NAMED}, Reply(200, {}), "'?name'? .*required|required"),
        ({"200": NAMED}, Reply(200, {"name": 5}), "name"),
        ({"200": NAMED}, Reply(200, NO_BODY), "asks for a body"),
        (
            {"200": {"headers": {"Location": {"required": True, "schema": {"type": "string"}}}}},
            Reply(200, NO_BODY),
            "header location is missing",
        ),
        ({"200": {}}, Reply(200, {"x": object()}), "no JSON value"),
    ],
)
def test_a_reply_that_would_break_the_contract_is_stopped(
    responses: dict[str, Any], reply: Reply, words: str
):
    with pytest.raises(ReplyError, match=words):
        finish(responses, reply)


def test_an_undocumented_status_is_marked():
    assert finish({"200": NAMED}, Reply(418, {"short": "stout"})).undocumented


def test_bytes_go_out_as_they_are():
    responses = {"200": {"content": {"text/csv": {"schema": {"type": "string"}}}}}
    sent = finish(responses, Reply(200, b"a,b\n"))
    assert sent.body == b"a,b\n"
    assert (b"content-type", b"text/csv") in sent.headers


def test_media_types():
    response = (
        contract_with("get", {"200": {"content": {"text/plain": {}, "application/hal+json": {}}}})
        .operations[0]
        .responses["200"]
    )
    assert choose_media_type(response) == "application/hal+json"
    assert choose_media_type(response, "Text/Plain") == "text/plain"
    assert is_json_or_any("application/problem+json; charset=utf-8")
    assert not is_json_or_any("application/jsonlines")


def test_integers_beyond_64_bits_are_echoed():
    assert dump({"n": 2**80}) == b'{"n": %d}' % 2**80


class Word(str):
    """A text that is no `str` to the validator, but to JSON."""


@pytest.mark.parametrize("name", [Json(b'"Ada"'), Word("Ada"), "Ada"])
def test_the_bytes_decide_whether_a_reply_is_valid(name: Any):
    contract = contract_with("post", {"200": NAMED})
    finish = Finisher(Validators(contract.document, contract.version))
    operation = contract.operations[0]
    for _ in range(2):
        assert finish(operation, Reply(200, {"name": name})).body == b'{"name":"Ada"}'
        with pytest.raises(ReplyError, match="name"):
            finish(operation, Reply(200, {"name": Json(b"7")}))
        with pytest.raises(ReplyError, match="name"):
            finish(operation, Reply(200, {"name": 7}))
