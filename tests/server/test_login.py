"""Issued credentials are accepted, by tenant and until they expire; also with authlib's client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from joserfc import jwt
from joserfc.jwk import KeySet

from mockserver import MockServer
from tests.server.guarded import (
    BEARER,
    OAUTH,
    TEXT,
    WEB,
    described,
    document,
    get,
    json_body,
    obj,
    served,
)


@pytest.fixture(params=["described", "named"])
def oauth(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    """An API whose token endpoint is an operation, or only a URL."""
    shown = described() if request.param == "described" else document(OAUTH, {}, ["read"])
    with served(shown) as mock:
        yield mock


def client(mock: MockServer, **options: Any) -> OAuth2Client:
    return OAuth2Client("acme", "secret", base_url=mock.url, verify=False, **options)


def test_client_credentials(oauth: MockServer) -> None:
    with client(oauth) as http:
        token = http.fetch_token(oauth.url + "/oauth/token", grant_type="client_credentials")
        assert token["token_type"] == "Bearer"
        assert http.get("/things").status_code == 200
        made = http.post("/things", json={"name": "mine"}).json()
    with client(oauth) as http:
        http.fetch_token(oauth.url + "/oauth/token", grant_type="client_credentials")
        assert made in http.get("/things").json(), "another token of one client sees its world"
    with OAuth2Client("other", "secret", base_url=oauth.url, verify=False) as http:
        http.fetch_token(oauth.url + "/oauth/token", grant_type="client_credentials")
        assert made not in http.get("/things").json()


def test_a_login_is_no_unknown_operation(oauth: MockServer) -> None:
    with client(oauth) as http:
        http.fetch_token(oauth.url + "/oauth/token", grant_type="client_credentials")
        assert http.post("/oauth/token", data={"grant_type": "magic"}).status_code == 400
        http.get("/oauth/tokens")
    assert oauth.coverage.unknown == [("GET /oauth/tokens", 1)]
    refused, lost = list(oauth.recorder.entries())[1::-1]
    assert "magic" in refused.exchange.problem + str(refused.exchange.violations)
    assert lost.exchange.problem == "There is no GET /oauth/tokens."


def test_a_client_that_is_a_tenant_sees_its_world(oauth: MockServer) -> None:
    made = oauth.client_for("mock-a").post("/things", json={"name": "mine"}).json()
    with OAuth2Client("mock-a", "x", base_url=oauth.url, verify=False) as http:
        http.fetch_token(oauth.url + "/oauth/token", grant_type="client_credentials")
        assert made in http.get("/things").json()


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_password_and_refresh(oauth: MockServer, method: str) -> None:
    url = oauth.url + "/oauth/token"
    with client(oauth, token_endpoint_auth_method=method) as http:
        http.fetch_token(url, username="eve", password="x", grant_type="password")
        assert http.get("/things").status_code == 200
        old = http.token["access_token"]
        http.refresh_token(url, refresh_token=http.token["refresh_token"])
        assert http.token["access_token"] != old
        assert http.get("/things").status_code == 200
        with pytest.raises(OAuthError, match="invalid_grant"):
            http.refresh_token(url, refresh_token="never given out")


def test_authorization_code_with_pkce(oauth: MockServer) -> None:
    verifier = "a-verifier-of-at-least-forty-three-characters-indeed"
    with client(oauth, scope="read", code_challenge_method="S256") as http:
        http.redirect_uri = "http://127.0.0.1:9/back"
        address, state = http.create_authorization_url(
            oauth.url + "/oauth/authorize", code_verifier=verifier
        )
        page = WEB.get(address)
        assert page.status_code == 200
        assert "acme asks for access to read" in page.text
        answer = WEB.post(address, data={"username": "eve", "decision": "allow"})
        assert answer.status_code == 302
        back = answer.headers["location"]
        assert parse_qs(urlsplit(back).query)["state"] == [state]
        url = oauth.url + "/oauth/token"
        with pytest.raises(OAuthError, match="invalid_grant"):
            http.fetch_token(url, authorization_response=back, code_verifier="wrong")
        http.fetch_token(url, authorization_response=back, code_verifier=verifier)
        assert http.get("/things").status_code == 200
        with pytest.raises(OAuthError, match="invalid_grant"):
            http.fetch_token(url, authorization_response=back, code_verifier=verifier)


def test_the_page_of_consent(oauth: MockServer) -> None:
    address = oauth.url + "/oauth/authorize"
    asked = {"response_type": "code", "client_id": "<b>", "redirect_uri": "http://127.0.0.1:9/"}
    page = WEB.get(address, params=asked)
    assert "<b>" not in page.text
    assert "&lt;b&gt;" in page.text
    denied = WEB.post(address, params=asked, data={"decision": "deny"})
    assert "error=access_denied" in denied.headers["location"]
    for wrong in ("", "javascript:alert(1)", "data:text/html,x"):
        refused = WEB.get(address, params={**asked, "redirect_uri": wrong})
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    implicit = WEB.post(address, params={**asked, "response_type": "token"}, data={})
    token = parse_qs(urlsplit(implicit.headers["location"]).fragment)["access_token"][0]
    assert get(oauth, token) == 200


def test_what_is_asked_wrongly(oauth: MockServer) -> None:
    url = oauth.url + "/oauth/token"
    for sent, error in (
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "client_credentials", "scope": "fly"}, "invalid_scope"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_grant"),
    ):
        refused = WEB.post(url, data=sent)
        assert refused.status_code == 400
        assert refused.json()["error"] == error


def test_scopes_are_those_that_were_granted() -> None:
    shown = document(OAUTH, {}, ["write"])
    shown["paths"]["/things"]["get"]["responses"]["403"] = {"description": "not you"}
    with served(shown) as mock:
        for scope, status in (("read", 403), ("read write", 200), (None, 200)):
            data = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
            token = WEB.post(mock.url + "/oauth/token", data=data).json()["access_token"]
            assert get(mock, token) == status, scope


def test_a_token_lasts_as_long_as_it_says(oauth: MockServer) -> None:
    data = {"grant_type": "client_credentials", "client_id": "mock-a"}
    found = WEB.post(oauth.url + "/oauth/token", data=data).json()
    clock = oauth.clock_for("mock-a")
    clock.advance(found["expires_in"] - 1)
    assert get(oauth, found["access_token"]) == 200
    clock.advance(2)
    answer = WEB.get(
        oauth.url + "/things", headers={"authorization": f"Bearer {found['access_token']}"}
    )
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_openid_connect() -> None:
    scheme = {
        "type": "openIdConnect",
        "openIdConnectUrl": "https://login.example/.well-known/openid-configuration",
    }
    with served(document(scheme, {})) as mock:
        metadata = WEB.get(mock.url + "/.well-known/openid-configuration").json()
        assert metadata["issuer"] == mock.url
        verifier = "another-verifier-of-more-than-forty-three-characters"
        with OAuth2Client(
            "acme", None, scope="openid email", code_challenge_method="S256",
            redirect_uri="http://127.0.0.1:9/", token_endpoint_auth_method="none", verify=False,
        ) as http:  # fmt: skip
            address, _ = http.create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier, nonce="once"
            )
            back = WEB.post(address, data={"username": "eve"}).headers["location"]
            token = http.fetch_token(
                metadata["token_endpoint"], authorization_response=back, code_verifier=verifier
            )
            assert http.get(mock.url + "/things").status_code == 200
            about = http.get(metadata["userinfo_endpoint"]).json()
            assert (about["sub"], about["email"]) == ("eve", "eve@example.com")
            http.post(metadata["revocation_endpoint"], data={"token": token["access_token"]})
            assert http.get(mock.url + "/things").status_code == 401
        keys = KeySet.import_key_set(WEB.get(metadata["jwks_uri"]).json())
        claims = jwt.decode(token["id_token"], keys).claims
        assert claims["iss"] == metadata["issuer"]
        assert (claims["sub"], claims["aud"], claims["nonce"]) == ("eve", "acme", "once")
        assert claims["exp"] - claims["iat"] == token["expires_in"]
        assert WEB.get(metadata["userinfo_endpoint"]).status_code == 401


def test_tokens_are_jwts_where_the_document_says_so() -> None:
    shown = document({**OAUTH}, {})
    shown["components"]["securitySchemes"]["other"] = {**BEARER, "bearerFormat": "JWT"}
    with served(shown) as mock:
        found = WEB.post(mock.url + "/oauth/token", data={"client_id": "acme"}).json()
        keys = KeySet.import_key_set(WEB.get(mock.url + "/.well-known/jwks.json").json())
        assert jwt.decode(found["access_token"], keys).claims["sub"] == "acme"
        assert get(mock, found["access_token"]) == 200


def test_a_login_of_a_tenant_is_a_key_to_its_world() -> None:
    body = {"content": {"application/json": {"schema": obj(email=TEXT, password=TEXT)}}}
    post = {"security": [], "requestBody": body, "responses": json_body(obj(token=TEXT))}
    with served(document(BEARER, {"/login": {"post": post}})) as mock:
        made = mock.client_for("mock-eve").post("/things", json={"name": "hers"}).json()
        sent = {"email": "mock-eve", "password": "x"}
        token = WEB.post(mock.url + "/login", json=sent).json()["token"]
        listed = WEB.get(mock.url + "/things", headers={"authorization": f"Bearer {token}"})
        assert made in listed.json()
        in_test = mock.client_for("mock-test").post("/login", json={"email": "a", "password": "b"})
        assert get(mock, in_test.json()["token"]) == 200


def test_a_login_that_says_when_it_ends() -> None:
    schema = obj(token=TEXT, expires_at={"type": "string", "format": "date-time"})
    post = {"security": [], "responses": json_body(schema)}
    with served(document(BEARER, {"/login": {"post": post}})) as mock:
        token = WEB.post(mock.url + "/login", headers={"x-mock-tenant": "mock-a"}).json()["token"]
        assert get(mock, token) == 200
        mock.clock_for("mock-a").advance(24 * 3600)
        assert get(mock, token) == 401


@pytest.mark.parametrize("way", ["POST /logout", "DELETE /login"])
def test_a_logout_ends_it(way: str) -> None:
    method, path = way.split()
    post = {"security": [], "responses": json_body(obj(token=TEXT))}
    out = {"responses": {"204": {"description": "bye"}}}
    paths: dict[str, Any] = {"/login": {"post": post}}
    paths.setdefault(path, {})[method.lower()] = out
    with served(document(BEARER, paths)) as mock:
        token = WEB.post(mock.url + "/login").json()["token"]
        other = WEB.post(mock.url + "/login").json()["token"]
        sent = {"authorization": f"Bearer {token}"}
        assert WEB.request(method, mock.url + path, headers=sent).status_code == 204
        assert get(mock, token) == 401
        assert get(mock, other) == 200


def test_a_logout_where_nobody_logs_in_is_like_any_operation() -> None:
    out = {"responses": {"204": {"description": "bye"}}}
    with served(document(BEARER, {"/users/logout": {"post": out}})) as mock:
        assert mock.client.post("/users/logout").status_code == 204
        assert mock.client.get("/things").status_code == 200


def test_a_token_lasts_as_long_as_the_client_asks_and_a_change_keeps_it() -> None:
    expiry = {"type": "string", "format": "date-time"}
    token = {**obj(id=TEXT, label=TEXT, token=TEXT, expiry=expiry), "required": ["id", "token"]}
    body = {**obj(label=TEXT, expiry=TEXT), "required": ["label"]}
    asked = {"content": {"application/json": {"schema": body}}}
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/tokens": {"post": {"requestBody": asked, "responses": json_body(token)}},
        "/tokens/{id}": {
            "parameters": [item],
            "get": {"responses": json_body(token)},
            "put": {"requestBody": asked, "responses": json_body(token)},
        },
    }
    with served(document(BEARER, paths)) as mock:
        until = "2031-01-01T00:00:00Z"
        made = mock.client.post("/tokens", json={"label": "ci", "expiry": until}).json()
        url = f"/tokens/{made['id']}"
        assert made["expiry"] == until
        assert mock.client.get(url).json() == made
        changed = mock.client.put(url, json={"label": "cd", "expiry": until}).json()
        assert changed == {**made, "label": "cd"}
        unsaid = mock.client.post("/tokens", json={"label": "short"}).json()
        assert mock.client.get(f"/tokens/{unsaid['id']}").json() == unsaid


def keys(scheme: dict[str, Any]) -> dict[str, Any]:
    key = {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": TEXT,
            "key": TEXT,
            "name": TEXT,
            "enabled": {"type": "boolean"},
        },
    }
    body = {"content": {"application/json": {"schema": obj(name=TEXT)}}}
    change = {
        "type": "object",
        "properties": {"enabled": {"type": "boolean"}},
    }
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    return document(
        scheme,
        {
            "/api-keys": {
                "get": {"responses": json_body({"type": "array", "items": key})},
                "post": {"requestBody": body, "responses": json_body(key, "201")},
            },
            "/api-keys/{id}": {
                "parameters": [item],
                "get": {"responses": json_body(key)},
                "patch": {
                    "requestBody": {"content": {"application/json": {"schema": change}}},
                    "responses": json_body(key),
                },
                "delete": {"responses": {"204": {"description": "gone"}}},
            },
        },
    )


def test_an_api_key_that_was_made_is_a_key_until_it_is_removed() -> None:
    with served(keys({"type": "apiKey", "in": "header", "name": "X-Key"})) as mock:
        mine = mock.client_for("mock-a")
        made = mine.post("/api-keys", json={"name": "k"}).json()
        thing = mine.post("/things", json={"name": "mine"}).json()

        def things() -> httpx.Response:
            return WEB.get(mock.url + "/things", headers={"x-key": made["key"]})

        assert thing in things().json()
        assert mine.get(f"/api-keys/{made['id']}").json()["key"] == made["key"]
        mine.patch(f"/api-keys/{made['id']}", json={"enabled": False})
        assert things().status_code == 401
        mine.patch(f"/api-keys/{made['id']}", json={"enabled": True})
        assert things().status_code == 200
        mine.delete(f"/api-keys/{made['id']}")
        assert things().status_code == 401


def test_a_session_in_a_cookie() -> None:
    post = {"security": [], "responses": {"204": {"description": "in"}}}
    out = {"responses": {"204": {"description": "out"}}}
    scheme = {"type": "apiKey", "in": "cookie", "name": "sid"}
    paths = {"/login": {"post": post}, "/logout": {"post": out}}
    with served(document(scheme, paths)) as mock, httpx.Client(base_url=mock.url) as http:
        assert http.get("/things").status_code == 401
        http.post("/login")
        assert http.get("/things").status_code == 200
        http.post("/logout")
        assert http.get("/things").status_code == 401


def test_what_was_given_out_is_good_after_a_restart() -> None:
    post = {"security": [], "responses": json_body(obj(token=TEXT))}
    shown = document(BEARER, {"/login": {"post": post}})
    with served(shown) as mock:
        token = mock.client.post("/login").json()["token"]
        kept = mock.snapshot()
    with served(shown) as mock:
        assert get(mock, token) == 401
        mock.restore(kept)
        assert get(mock, token) == 200
        assert token not in str(kept)


def test_a_refused_key_is_told_which_are_taken() -> None:
    problem = obj(message=TEXT)
    shown = document(BEARER, {})
    responses = shown["paths"]["/things"]["get"]["responses"]
    responses.update(json_body(problem, "401"))
    with served(shown, keys=("staging",)) as mock:
        refused = WEB.get(mock.url + "/things", headers={"authorization": "Bearer wrong"})
        assert "mock-" in refused.json()["message"]
        assert "--api-key" in refused.json()["message"]
