"""Small APIs with credentials, and requests to them."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE

# Without certificates to load, which takes longer than all the rest.
WEB = httpx.Client(verify=False, trust_env=False)
atexit.register(WEB.close)
TOKEN = {
    "type": "object",
    "required": ["access_token", "token_type"],
    "properties": {
        "access_token": TEXT,
        "token_type": TEXT,
        "expires_in": WHOLE,
        "refresh_token": TEXT,
        "scope": TEXT,
        "id_token": TEXT,
    },
}
FLOWS = {
    "clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {"read": "", "write": ""}},
    "password": {"tokenUrl": "https://login.example/oauth/token", "scopes": {}},
    "authorizationCode": {
        "authorizationUrl": "https://login.example/oauth/authorize",
        "tokenUrl": "https://login.example/oauth/token",
        "refreshUrl": "/oauth/token",
        "scopes": {"read": ""},
    },
}
OAUTH = {"type": "oauth2", "flows": FLOWS}


def json_body(schema: Any, status: str = "200") -> dict[str, Any]:
    return {status: {"description": "ok", "content": {"application/json": {"schema": schema}}}}


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def form(*names: str) -> dict[str, Any]:
    fields = {"type": "object", "properties": dict.fromkeys(names, TEXT)}
    return {"content": {"application/x-www-form-urlencoded": {"schema": fields}}}


def document(scheme: dict[str, Any], paths: dict[str, Any], need: Any = ()) -> dict[str, Any]:
    """An API with these additional paths."""
    thing = obj(id=TEXT, name=TEXT)
    items = {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Guarded", "version": "1"},
        "security": [{"guard": list(need)}],
        "paths": {
            "/things": {
                "get": {"responses": {**json_body(items), "401": {"description": "who?"}}},
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": obj(name=TEXT)}}},
                    "responses": json_body({"$ref": "#/components/schemas/Thing"}, "201"),
                },
            },
            **paths,
        },
        "components": {"securitySchemes": {"guard": scheme}, "schemas": {"Thing": thing}},
    }


def described() -> dict[str, Any]:
    """The token endpoint is an operation of the document."""
    post = {"security": [], "requestBody": form("grant_type"), "responses": json_body(TOKEN)}
    return document(OAUTH, {"/oauth/token": {"post": post}}, ["read"])


BEARER = {"type": "http", "scheme": "bearer"}


@contextmanager
def served(shown: dict[str, Any], **options: Any) -> Iterator[MockServer]:
    with MockServer(shown, **options) as mock:
        yield mock


def get(mock: MockServer, token: str, **headers: str) -> int:
    sent = {"authorization": f"Bearer {token}", **headers}
    return WEB.get(mock.url + "/things", headers=sent).status_code
