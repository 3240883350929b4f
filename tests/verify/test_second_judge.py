"""The second validator reads a reply as HTTP defines."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from mockserver import MockServer
from mockserver.openapi.build import build_contract
from mockserver.verify.conformance.openapi_core import ReplyJudge
from mockserver.verify.judgement import unlisted_refusal_of_key
from mockserver.verify.model import Exchange
from mockserver.verify.target import Target

PETSTORE = Path(__file__).parent.parent / "fixtures" / "petstore.yaml"


@pytest.fixture
def made() -> httpx.Response:
    with MockServer(PETSTORE) as server:
        return server.client.post("/owners", json={"name": "Ada"})


def test_the_name_of_a_header_may_be_in_any_case(made: httpx.Response) -> None:
    judge = ReplyJudge(str(PETSTORE), "http://mock.local")
    assert "location" in made.headers
    assert judge.complaint("createOwner", made) == ""
    del made.headers["location"]
    assert "Missing required header: Location" in judge.complaint("createOwner", made)


@pytest.mark.parametrize(
    ("headers", "status", "given", "unlisted"),
    [
        ({}, 401, {}, True),
        ({}, 403, {}, True),
        ({"x-key": "another"}, 403, {}, True),
        ({"x-key": "$API_KEY"}, 403, {}, False),
        ({"x-key": "theirs"}, 403, {"X-Key": "theirs"}, False),
        ({}, 404, {}, False),
        ({}, 405, {}, False),
    ],
)
def test_a_refused_key_need_not_be_listed(
    headers: dict[str, str], status: int, given: dict[str, str], unlisted: bool
) -> None:
    response = {"responses": {"200": {"description": "so"}, "405": {"description": "no"}}}
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Boats", "version": "1"},
        "paths": {"/boats": {"get": {"operationId": "boats", **response}}},
        "components": {"securitySchemes": {"key": scheme}},
        "security": [{"key": []}],
    }
    sent = Exchange("GET", "http://x/boats", headers, b"", status, {}, b"", 0, "lifecycle", "boats")
    with Target(build_contract(document), "http://x", "k", headers=given) as target:
        assert unlisted_refusal_of_key(sent, target) is unlisted
