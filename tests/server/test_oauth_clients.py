"""Other people's clients log in: httpx-oauth, PyJWT; the flows of OpenAPI 3.x and Swagger 2."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from tests.server.guarded import (
    BEARER,
    TEXT,
    TOKEN,
    WEB,
    document,
    form,
    get,
    json_body,
    obj,
    served,
)
from tests.support.documents import WHOLE

OAuth2 = pytest.importorskip("httpx_oauth.oauth2").OAuth2
OpenID = pytest.importorskip("httpx_oauth.clients.openid").OpenID

VERIFIER = "a-verifier-of-at-least-forty-three-characters-here"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().strip("=")
BACK = "http://127.0.0.1:9/back"
REALM = "/realms/acme"
CONFIGURATION = REALM + "/.well-known/openid-configuration"
OIDC = {"type": "openIdConnect", "openIdConnectUrl": f"https://login.example{CONFIGURATION}"}
DEVICE_FLOW = {
    "deviceAuthorizationUrl": "https://login.example/device",
    "tokenUrl": "https://login.example/token",
    "scopes": {"read": ""},
}
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def _logged_in(client: Any) -> Any:
    address = await client.get_authorization_url(
        BACK, state="s", code_challenge=CHALLENGE, code_challenge_method="S256"
    )
    assert WEB.get(address).status_code == 200
    back = WEB.post(address, data={"username": "eve", "decision": "allow"}).headers["location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    return await client.get_access_token(code, BACK, code_verifier=VERIFIER)


def test_openid_connect() -> None:
    with served(document(OIDC, {})) as mock:
        client = OpenID("acme", "secret", mock.url + CONFIGURATION)
        metadata = client.openid_configuration
        assert metadata["issuer"] == mock.url + REALM
        token = asyncio.run(_logged_in(client))
        assert get(mock, token["access_token"]) == 200
        assert asyncio.run(client.get_id_email(token["access_token"])) == ("eve", "eve@example.com")
        keys = jwt.PyJWKClient(metadata["jwks_uri"])
        key = keys.get_signing_key_from_jwt(token["id_token"]).key
        claims = jwt.decode(
            token["id_token"], key, ["RS256"], audience="acme", issuer=metadata["issuer"]
        )
        assert claims["sub"] == "eve"
        renewed = asyncio.run(client.refresh_token(token["refresh_token"]))
        assert get(mock, renewed["access_token"]) == 200
        asyncio.run(client.revoke_token(renewed["access_token"]))
        assert get(mock, renewed["access_token"]) == 401


def test_an_id_token_has_the_issuer_of_the_metadata_that_nobody_has_read_yet() -> None:
    with served(document(OIDC, {})) as mock:
        asked = {"grant_type": "password", "username": "eve", "scope": "openid", "client_id": "a"}
        found = WEB.post(mock.url + "/oauth/token", data=asked).json()
        claims = jwt.decode(found["id_token"], options={"verify_signature": False})
        assert claims["iss"] == WEB.get(mock.url + CONFIGURATION).json()["issuer"]


def test_a_clients_clock_is_not_the_mocks() -> None:
    """Claims say when a token ends by the clock of the client; the mock goes by its own."""
    with served(document(OIDC, {})) as mock:
        asked = {"grant_type": "password", "username": "eve", "scope": "openid", "client_id": "a"}
        mock.clock_for("a").advance(24 * 3600)
        found = WEB.post(mock.url + "/oauth/token", data=asked).json()
        keys = jwt.PyJWKClient(mock.url + "/.well-known/jwks.json")
        key = keys.get_signing_key_from_jwt(found["id_token"]).key
        jwt.decode(found["id_token"], key, ["RS256"], audience="a")
        assert get(mock, found["access_token"]) == 200
        mock.clock_for("a").advance(found["expires_in"] + 1)
        assert get(mock, found["access_token"]) == 401


def swagger(flow: str) -> dict[str, Any]:
    things = {"description": "ok", "schema": {"type": "array", "items": obj(id=TEXT)}}
    urls = {
        "authorizationUrl": "https://login.example/oauth/authorize",
        "tokenUrl": "https://login.example/oauth/token",
    }
    scheme = {"type": "oauth2", "flow": flow, "scopes": {"read": ""}, **urls}
    return {
        "swagger": "2.0",
        "info": {"title": "Guarded", "version": "1"},
        "securityDefinitions": {"guard": scheme},
        "security": [{"guard": ["read"]}],
        "paths": {"/things": {"get": {"responses": {"200": things}}}},
    }


def flows(flow: str, version: str) -> dict[str, Any]:
    urls = swagger(flow)["securityDefinitions"]["guard"]
    parts = {name: urls[name] for name in ("authorizationUrl", "tokenUrl", "scopes")}
    shown = document({"type": "oauth2", "flows": {"authorizationCode": parts}}, {}, ["read"])
    return {**shown, "openapi": version}


@pytest.mark.parametrize("version", ["2.0", "3.0.3", "3.1.0"])
def test_an_authorization_code_in_each_version(version: str) -> None:
    shown = swagger("accessCode") if version == "2.0" else flows("accessCode", version)
    with served(shown) as mock:
        url = mock.url + "/oauth"
        client = OAuth2("acme", "secret", f"{url}/authorize", f"{url}/token", f"{url}/token")
        token = asyncio.run(_logged_in(client))
        assert get(mock, token["access_token"]) == 200
        renewed = asyncio.run(client.refresh_token(token["refresh_token"]))
        assert get(mock, renewed["access_token"]) == 200


@pytest.mark.parametrize(
    ("flow", "asked"),
    [
        ("application", {"grant_type": "client_credentials"}),
        ("password", {"grant_type": "password", "username": "eve", "password": "x"}),
    ],
)
def test_tokens_by_swagger_2(flow: str, asked: dict[str, str]) -> None:
    with served(swagger(flow)) as mock:
        found = WEB.post(mock.url + "/oauth/token", data={**asked, "client_id": "acme"}).json()
        assert get(mock, found["access_token"]) == 200


def device(described: bool) -> tuple[dict[str, Any], str, str]:
    """An API for devices, and the paths that give codes and tokens."""
    if not described:
        scheme = {"type": "oauth2", "flows": {"deviceAuthorization": DEVICE_FLOW}}
        return document(scheme, {}, ["read"]), "/device", "/token"
    codes = obj(device_code=TEXT, user_code=TEXT, verification_uri=TEXT, interval=WHOLE)
    sent = form("grant_type", "device_code", "client_id", "scope")
    errors = json_body(obj(error=TEXT), "400")
    paths = {
        "/login/device/code": {
            "post": {"security": [], "requestBody": sent, "responses": json_body(codes)}
        },
        "/login/oauth/access_token": {
            "post": {
                "security": [],
                "requestBody": sent,
                "responses": {**json_body(TOKEN), **errors},
            }
        },
    }
    return document(BEARER, paths), "/login/device/code", "/login/oauth/access_token"


@pytest.mark.parametrize("described", [True, False])
def test_a_device_waits_until_its_user_has_entered_the_code(described: bool) -> None:
    shown, codes, tokens = device(described)
    with served(shown) as mock:
        given = WEB.post(mock.url + codes, data={"client_id": "tv", "scope": "read"}).json()
        asked = {"grant_type": DEVICE_GRANT, "device_code": given["device_code"]}

        def poll() -> dict[str, Any]:
            return dict(WEB.post(mock.url + tokens, data={**asked, "client_id": "tv"}).json())

        assert poll()["error"] == "authorization_pending"
        page = WEB.get(given["verification_uri"], params={"user_code": given["user_code"]})
        assert given["user_code"] in page.text
        entered = {"user_code": given["user_code"].lower(), "username": "eve"}
        assert WEB.post(given["verification_uri"], data=entered).status_code == 200
        assert get(mock, poll()["access_token"]) == 200
        assert poll()["error"] == "invalid_grant"


def test_a_device_is_refused_or_late() -> None:
    shown, codes, tokens = device(described=False)
    with served(shown) as mock:

        def started() -> tuple[dict[str, Any], dict[str, str]]:
            given = WEB.post(mock.url + codes, data={"client_id": "tv"}).json()
            asked = {"grant_type": DEVICE_GRANT, "device_code": given["device_code"]}
            return given, {**asked, "client_id": "tv"}

        given, asked = started()
        entered = {"user_code": given["user_code"], "decision": "deny"}
        WEB.post(given["verification_uri"], data=entered)
        assert WEB.post(mock.url + tokens, data=asked).json()["error"] == "access_denied"
        given, asked = started()
        mock.clock_for("tv").advance(given["expires_in"] + 1)
        assert WEB.post(mock.url + tokens, data=asked).json()["error"] == "expired_token"
        unknown = WEB.post(given["verification_uri"], data={"user_code": "AAAA-BBBB"})
        assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_grant")


def test_a_lenient_mock_takes_placeholders() -> None:
    scheme = {"type": "oauth2", "flows": {"deviceAuthorization": DEVICE_FLOW}}
    with served(document(scheme, {}), lenient=True) as mock:
        for asked in (
            {"grant_type": "refresh_token", "refresh_token": "x"},
            {"grant_type": "authorization_code", "code": "x"},
            {"grant_type": DEVICE_GRANT, "device_code": "x"},
        ):
            assert WEB.post(mock.url + "/token", data=asked).status_code == 200
