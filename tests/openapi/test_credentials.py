"""A credential goes where each security scheme requires it, and the mock finds it there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.openapi.build import build_contract
from mockserver.openapi.credentials import credential

FLOWS = {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}}
SCHEMES: dict[str, dict[str, Any]] = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "authorization as a key": {"type": "apiKey", "in": "header", "name": "Authorization"},
    "a header with its scheme": {"type": "apiKey", "in": "header", "name": "Authorization: Bearer"},
    "a header with a colon": {"type": "apiKey", "in": "header", "name": "X-Key:"},
    "query": {"type": "apiKey", "in": "query", "name": "api_key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "basic"},
    "Basic": {"type": "http", "scheme": "Basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "a scheme by name": {"type": "http", "scheme": "APIKey"},
    "a scheme of two words": {"type": "http", "scheme": "bearer token"},
    "a scheme in another alphabet": {"type": "http", "scheme": "схема"},
    "a scheme on two lines": {"type": "http", "scheme": "APIKey\r\nx-other: 1"},
    "oauth2": {"type": "oauth2", "flows": FLOWS},
    "openIdConnect": {"type": "openIdConnect", "openIdConnectUrl": "https://id.example.com/"},
}


def document(*names: str) -> dict[str, Any]:
    said = {"description": "ok", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Me", "version": "1"},
        "security": [{f"s{number}": [] for number, _ in enumerate(names)}],
        "paths": {
            "/me": {
                "get": {
                    "operationId": "me",
                    "responses": {"200": said, "401": {"description": "who?"}},
                }
            }
        },
        "components": {
            "securitySchemes": {f"s{number}": SCHEMES[name] for number, name in enumerate(names)}
        },
    }


@pytest.mark.parametrize(
    "names", [(name,) for name in SCHEMES] + [("header", "query"), ("basic", "cookie", "query")]
)
def test_the_mock_s_own_client_is_let_in(names: tuple[str, ...]) -> None:
    with MockServer(document(*names)) as mock:
        assert mock.client.get("/me").status_code == 200
        assert mock.client_for("").get("/me").status_code == 401
        assert mock.client_for("wrong").get("/me").status_code == 401
        with mock.tenant("another") as tenant:
            assert tenant.client.get("/me").status_code == 200
            answer = httpx.get(f"{mock.url}/me", headers=tenant.headers, params=tenant.query)
            assert answer.status_code == 200


@pytest.mark.parametrize(
    ("url", "given", "sent"),
    [
        ("/me?limit=2", {}, {"limit": "2", "api_key": "mock-a"}),
        ("/me", {"params": {"limit": 2}}, {"limit": "2", "api_key": "mock-a"}),
        ("/me?api_key=mine", {}, {"api_key": "mine"}),
        ("/me", {"params": {"api_key": ""}}, {"api_key": ""}),
        ("/me?a=%20&a=b+c", {}, {"a": "b c", "api_key": "mock-a"}),
    ],
)
def test_a_key_in_the_query_leaves_the_rest_of_it(
    url: str, given: dict[str, Any], sent: dict[str, str]
) -> None:
    with MockServer(document("query")) as mock:
        query = mock.client_for("mock-a").get(url, **given).request.url.params
        assert {name: query.get_list(name)[-1] for name in query} == sent


def test_a_user_s_name_and_password_are_a_pair_already() -> None:
    contract = build_contract(document("basic"))
    assert credential(contract, "ada:secret").headers == {"authorization": "Basic YWRhOnNlY3JldA=="}


def test_single_schemes_have_keys_of_their_own() -> None:
    contract = build_contract(document("header", "query"))
    found = credential(contract, "one", keys={"s1": "two"})
    assert (found.headers, found.query) == ({"x-key": "one"}, {"api_key": "two"})


def test_cookies_are_one_header() -> None:
    contract = build_contract(document("cookie", "bearer"))
    assert credential(contract, "k").with_cookies == {
        "authorization": "Bearer k",
        "cookie": "sid=k",
    }


@pytest.mark.parametrize(
    "header",
    [
        "sid=mock-key",
        "prefs[a]=1; sid=mock-key",
        'theme="dark"; sid="mock-key"; x=',
        "a=b=c;sid=mock-key",
        "no value; =; ;sid=mock-key; sid=other",
        "JSON={%22a%22:1}; sid=mock-key",
    ],
)
def test_cookies_as_browsers_send_them(header: str) -> None:
    with MockServer(document("cookie")) as mock:
        assert httpx.get(f"{mock.url}/me", headers={"cookie": header}).status_code == 200
