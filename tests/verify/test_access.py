"""Which credentials a server under test gets."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.openapi.build import build_contract
from mockserver.verify.access import open_target
from mockserver.verify.sandbox import Sandbox

SCHEMES = {
    "inQuery": {"type": "apiKey", "in": "query", "name": "api_key"},
    "inHeader": {"type": "apiKey", "in": "header", "name": "X-Key"},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "components": {"securitySchemes": SCHEMES},
    "security": [{name: []} for name in SCHEMES],
    "paths": {"/things": {"get": {"operationId": "list", "responses": {}}}},
}


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, {"api_key": "mock-key"}),
        ({"headers": {"X-Team": "tests"}}, {"api_key": "mock-key"}),
        ({"headers": {"x-key": "secret"}}, {}),
        ({"headers": {"Authorization": "Custom secret"}}, {}),
        ({"headers": {"x-key": "secret"}, "key": "mine"}, {"api_key": "mine"}),
    ],
)
def test_no_key_of_ours_goes_beside_one_in_a_header(
    given: dict[str, Any], query: dict[str, str]
) -> None:
    sandbox = Sandbox(url="http://127.0.0.1:1", **given)
    target, _ = open_target(build_contract(DOCUMENT), sandbox)
    with target:
        assert target.params_with_key() == query
