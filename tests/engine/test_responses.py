"""The headers of a static response."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.engine.generation.responses import Answers
from mockserver.engine.generation.values import Values
from mockserver.engine.randomness import Rng
from mockserver.openapi.schemas.validators import Validators
from tests.engine.test_error_formats import shape
from tests.engine.test_serialization import contract_with
from tests.support.documents import TEXT


@pytest.mark.parametrize(
    ("schema", "sent"),
    [({"type": "integer"}, "1"), (TEXT, "1"), ({"type": "integer", "minimum": 5}, None)],
)
def test_retry_after_is_sent_where_it_is_documented(schema: Any, sent: str | None) -> None:
    headers = {"Retry-After": {"schema": schema}, "X-Other": {"schema": TEXT}}
    contract = contract_with("post", {"202": {"description": "", "headers": headers}})
    answers = Answers(Values(contract, Validators(contract.document, contract.version)))
    found = answers.reply(contract.operations[0], Rng(0, "x")).headers
    assert found.keys() == {"Retry-After", "X-Other"}
    assert found["Retry-After"] == sent if sent else int(found["Retry-After"]) >= 5


def test_a_401_says_what_would_do_and_the_journal_too() -> None:
    answer = {"description": "", "content": {"application/json": {"schema": shape(detail=TEXT)}}}
    operation = {"operationId": "a", "responses": {"200": {"description": ""}, "401": answer}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "security": [{"key": []}],
        "paths": {"/a": {"get": operation}},
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Ink"}}
        },
    }
    with MockServer(document) as mock:
        said = mock.client_for("").get("/a").json()["detail"]
        assert (
            said
            == "There is no key in the header X-Ink. Any key that begins with mock- is accepted."
        )
        assert [entry.exchange.problem for entry in mock.recorder.entries()] == [said]
