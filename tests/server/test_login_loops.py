"""Log in, use what was given, log out: paths, credentials, carriers and logouts in combination."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.server.guarded import BEARER, TEXT, WEB, document, json_body, served
from tests.support.combinations import in_turns
from tests.support.documents import WHOLE

PATHS = (
    *("/auth/login", "/login", "/sessions", "/users/sign_in", "/auth/token", "/authenticate"),
    *("/auth/sign-in/email", "/v1/access_tokens"),
)
GIVEN: dict[str, tuple[str, ...]] = {
    "optional": ("data", "token"),
    "plain": ("access_token",),
    "session": ("session", "id"),
    "pair": ("access",),
    "pair in tokens": ("tokens", "access"),
    "of the user": ("user", "authToken"),
    "whole": (),
    "in a header": ("header",),
}
REQUESTS: tuple[dict[str, Any], ...] = (
    {"username": "eve", "password": "x"},
    {"email": "eve@example.org", "password": "x"},
    {"client_id": "eve", "client_secret": "x"},
    {"user": {"email": "eve@example.org", "password": "x"}},
)
CARRIERS: dict[str, dict[str, str]] = {
    "bearer": BEARER,
    "header": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
    "query": {"type": "apiKey", "in": "query", "name": "token"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
}
LOGOUTS = ("POST logout", "GET logout", "DELETE", "DELETE one")


def _response(given: str) -> dict[str, Any]:
    path = GIVEN[given]
    if given == "in a header":
        return {"200": {"description": "in", "headers": {"X-Auth-Token": {"schema": TEXT}}}}
    schema: dict[str, Any] = TEXT
    for name in reversed(path):
        beside = {"refresh": TEXT} if name == "access" else {"lifetime": WHOLE}
        schema = {"type": "object", "properties": {**beside, name: schema}}
    return json_body(schema)


def _schema(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return TEXT
    parts = {name: _schema(part) for name, part in value.items()}
    return {"type": "object", "properties": parts, "required": list(parts)}


def _logout(path: str, logout: str) -> tuple[str, str]:
    """The method and the path of a logout."""
    method, _, where = logout.partition(" ")
    if where == "logout":
        return method, path.rpartition("/")[0] + "/logout"
    return method, path + "/{token}" if where else path


def _described(
    path: str, given: str, sent: dict[str, Any], carrier: str, logout: str
) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": _schema(sent)}}}
    login = {"security": [], "requestBody": body, "responses": _response(given)}
    method, end = _logout(path, logout)
    parameter = {"name": "token", "in": "path", "required": True, "schema": TEXT}
    out = {
        "responses": {"204": {"description": "out"}},
        "parameters": [parameter] if "{" in end else [],
    }
    paths: dict[str, Any] = {path: {"post": login}}
    paths.setdefault(end, {})[method.lower()] = out
    return document(CARRIERS[carrier], paths)


def _token(given: str, reply: httpx.Response) -> str:
    found: Any = reply.headers["X-Auth-Token"] if given == "in a header" else reply.json()
    for name in GIVEN[given] if given != "in a header" else ():
        found = found[name]
    assert isinstance(found, str)
    assert found
    return found


def _carried(carrier: str, token: str) -> dict[str, Any]:
    if carrier == "query":
        return {"params": {"token": token}}
    name = {"bearer": "Authorization", "header": "X-Auth-Token", "cookie": "Cookie"}[carrier]
    before = {"bearer": "Bearer ", "header": "", "cookie": "sid="}[carrier]
    return {"headers": {name: before + token}}


@pytest.mark.parametrize(
    ("given", "path", "logout", "carrier", "sent"),
    in_turns(GIVEN, PATHS, LOGOUTS, CARRIERS, REQUESTS),
)
def test_what_is_given_is_good_until_the_logout(
    given: str, path: str, logout: str, carrier: str, sent: dict[str, Any]
) -> None:
    with served(_described(path, given, sent, carrier, logout)) as mock:
        token = _token(given, WEB.post(mock.url + path, json=sent))
        other = _token(given, WEB.post(mock.url + path, json=sent))
        assert token != other
        WEB.cookies.clear()  # each request names its own

        def status(token: str) -> int:
            return WEB.get(mock.url + "/things", **_carried(carrier, token)).status_code

        assert (status(token), status(token + "x")) == (200, 401)
        made = WEB.post(mock.url + "/things", json={"name": "hers"}, **_carried(carrier, token))
        assert made.json() in WEB.get(mock.url + "/things", **_carried(carrier, token)).json()
        method, end = _logout(path, logout)
        url = mock.url + end.replace("{token}", token)
        assert WEB.request(method, url, **_carried(carrier, token)).status_code == 204
        assert (status(token), status(other)) == (401, 200), "only the one that logged out"


def test_a_logout_below_another_id_ends_the_caller_s_session() -> None:
    """The id in the path is that of the account, not of the session."""
    account = {"name": "account", "in": "path", "required": True, "schema": TEXT}
    login = {"security": [], "responses": json_body(_schema({"token": "x"}))}
    out = {"responses": {"204": {"description": "out"}}}
    paths = {"/accounts/{account}/session": {"parameters": [account], "post": login, "delete": out}}
    with served(document(BEARER, paths)) as mock:
        url = mock.url + "/accounts/7/session"
        token, other = (WEB.post(url).json()["token"] for _ in range(2))
        WEB.cookies.clear()

        def status(token: str) -> int:
            return WEB.get(mock.url + "/things", **_carried("bearer", token)).status_code

        assert (status(token), status(other)) == (200, 200)
        assert WEB.delete(url, **_carried("bearer", token)).status_code == 204
        assert (status(token), status(other)) == (401, 200)
