"""What a login gives is accepted, whatever its request and its response look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.server.guarded import BEARER, TEXT, WEB, document, get, json_body, obj, served
from tests.support.documents import FLAG, MOMENT

PAIR = obj(accessToken=TEXT, refreshToken=TEXT)

LOGINS = {
    "/auth/login": (obj(token=TEXT), ["token"]),
    "/login": (obj(data=obj(accessToken=TEXT, user=obj(id=TEXT))), ["data", "accessToken"]),
    "/users/signin": (obj(jwt=TEXT), ["jwt"]),
    "/v1/sessions": (obj(id=TEXT, session_token=TEXT), ["session_token"]),
    "/oauth2/issue": (
        obj(access_token={"type": "string", "pattern": "^[a-f]{20}$"}),
        ["access_token"],
    ),
    "/tokens": (obj(value={"type": "string", "format": "uuid"}), ["value"]),
    "/api/v1/auth/login": (
        obj(ok=FLAG, data=obj(tokens=obj(access=obj(token=TEXT, expires=MOMENT)))),
        ["data", "tokens", "access", "token"],
    ),
    "/oauth/exchange": (
        obj(result=obj(credentials=obj(token=TEXT))),
        ["result", "credentials", "token"],
    ),
    "/auth/verify": (
        {"oneOf": [obj(challenge=TEXT), obj(access_token=TEXT, token_type=TEXT)]},
        ["access_token"],
    ),
    "/authenticate": ({"type": ["object", "null"], "properties": {"Token": TEXT}}, ["Token"]),
    "/user/login": (TEXT, []),
    "/auth/api-key": (obj(apiKey={"type": "string", "maxLength": 12}), ["apiKey"]),
}


@pytest.mark.parametrize("path", LOGINS)
@pytest.mark.parametrize("status", ["200", "201"])
def test_what_a_login_gives_is_taken(path: str, status: str) -> None:
    schema, place = LOGINS[path]
    post = {"security": [], "responses": json_body(schema, status)}
    with served(document(BEARER, {path: {"post": post}})) as mock:
        found = WEB.post(mock.url + path).json()
        again = WEB.post(mock.url + path).json()
        for name in place:
            found, again = found[name], again[name]
        assert get(mock, found) == 200
        assert found != again
        assert get(mock, found + "x") == 401


def test_a_login_with_its_token_as_text() -> None:
    content = {"text/plain": {"schema": TEXT}}
    post = {"security": [], "responses": {"200": {"description": "ok", "content": content}}}
    with served(document(BEARER, {"/token": {"post": post}})) as mock:
        assert get(mock, WEB.post(mock.url + "/token").text) == 200


def test_a_login_by_get() -> None:
    names = [
        {"name": n, "in": "query", "required": True, "schema": TEXT} for n in ("user", "password")
    ]
    login = {"security": [], "parameters": names, "responses": json_body(TEXT)}
    with served(document(BEARER, {"/user/login": {"get": login}})) as mock:
        asked = {"user": "eve", "password": "x"}
        assert get(mock, WEB.get(mock.url + "/user/login", params=asked).json()) == 200


@pytest.mark.parametrize(
    ("path", "header", "token"),
    [
        ("/v3/auth/tokens", "X-Subject-Token", lambda value: value),
        ("/login", "Authorization", lambda value: value.removeprefix("Bearer ")),
        ("/session", "X-Key", lambda value: value),
    ],
)
def test_a_token_in_a_header(path: str, header: str, token: Callable[[str], str]) -> None:
    key = {"type": "apiKey", "in": "header", "name": "X-Key"}
    found = {"description": "in", "headers": {header: {"schema": TEXT}, "X-CSRF-Token": {}}}
    post = {"security": [], "responses": {"204": found}}
    with served(document(key, {path: {"post": post}})) as mock:
        reply = WEB.post(mock.url + path)
        sent = {"x-key": token(reply.headers[header])}
        assert WEB.get(mock.url + "/things", headers=sent).status_code == 200
        assert reply.headers.get("x-csrf-token") != reply.headers[header]


def refreshing() -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": obj(refreshToken=TEXT)}}}
    refresh = {"security": [], "requestBody": body, "responses": json_body(PAIR)}
    login = {"security": [], "responses": json_body(PAIR)}
    return document(BEARER, {"/login": {"post": login}, "/auth/refresh": {"post": refresh}})


def test_a_refresh_needs_the_token_that_the_login_gave() -> None:
    with served(refreshing()) as mock:
        given = WEB.post(mock.url + "/login", headers={"x-mock-tenant": "mock-a"}).json()
        made = mock.client_for("mock-a").post("/things", json={"name": "hers"}).json()

        def refresh(token: str) -> httpx.Response:
            return WEB.post(mock.url + "/auth/refresh", json={"refreshToken": token})

        renewed = refresh(given["refreshToken"]).json()
        sent = {"authorization": f"Bearer {renewed['accessToken']}"}
        assert made in WEB.get(mock.url + "/things", headers=sent).json()
        assert refresh(renewed["refreshToken"]).status_code == 200
        for wrong in ("unknown", given["accessToken"]):
            assert refresh(wrong).status_code == 401


def test_a_lenient_mock_renews_any_token() -> None:
    with served(refreshing(), lenient=True) as mock:
        sent = {"refreshToken": "placeholder"}
        assert WEB.post(mock.url + "/auth/refresh", json=sent).status_code == 200


@pytest.mark.parametrize("part", ["stages", "stage"])
def test_a_key_in_a_part_of_what_is_made_is_that_part_s_afterwards(part: str) -> None:
    """A project is created with its stages, the first of which shows its key."""
    stage = obj(name=TEXT, apiKey=TEXT)
    held: Any = {"type": "array", "items": stage} if part == "stages" else stage
    project = obj(id=TEXT, name=TEXT, **{part: held})
    sent: Any = obj(name=TEXT)
    made = {
        "requestBody": {"content": {"application/json": {"schema": sent}}},
        "security": [],
        "responses": json_body(project, "201"),
    }
    name = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/projects": {"post": made},
        "/projects/{id}": {
            "parameters": [name],
            "get": {"security": [], "responses": json_body(project, "200")},
        },
    }
    with served(document(BEARER, paths)) as mock:
        first = WEB.post(mock.url + "/projects", json={"name": "a"}).json()
        assert WEB.get(f"{mock.url}/projects/{first['id']}").json() == first
