"""The authorization server that a document refers to but does not describe.

OAuth's token and authorization endpoints, with a simple consent page, and OpenID Connect's
discovery, keys and user info. Whatever the document describes is handled by its own operation.
"""

from __future__ import annotations

import html
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.credentials import (
    ACTIVATION,
    GRANTS,
    ISSUED,
    Issued,
    OAuthError,
    client_of,
    decide,
    device_codes,
    grant,
    issued_in,
    name_of,
    new_code,
    revoke,
    tokens_for,
    typed,
)
from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.pipeline.authentication import ANONYMOUS
from mockserver.engine.serialization import Sent, json_sent
from mockserver.errors import TooLarge
from mockserver.openapi.media_types import is_json
from mockserver.server.asgi.app import Endpoint, read_body, send_reply
from mockserver.store.base import Store, Transaction, transact

if TYPE_CHECKING:
    from mockserver.server.mock import Mock


# Find the world that issued a credential.

_KEPT = 10_000


class Grants:
    """Finds issued credentials in any world."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tenants: OrderedDict[str, str] = OrderedDict()

    def __call__(self, credential: str) -> Issued | None:
        """The data of a credential; None if no world issued it."""
        name = name_of(credential)
        tenant = self._tenants.get(name)
        found = self._in(tenant, credential) if tenant is not None else None
        if found is None:
            tenant = self._store.holder(ISSUED.name, name)
            found = self._in(tenant, credential) if tenant is not None else None
            if found is not None and tenant is not None:
                self._tenants[name] = tenant
                if len(self._tenants) > _KEPT:
                    self._tenants.popitem(last=False)
        return found

    def _in(self, tenant: str, credential: str) -> Issued | None:
        with self._store.begin(tenant) as world:
            return issued_in(world, credential)


_MOST = 64 * 1024
_JWKS = "/.well-known/jwks.json"
_METADATA = "/.well-known/oauth-authorization-server"
_REVOKE = "/oauth/revoke"
_USERINFO = "/oauth/userinfo"
_AUTHORIZE = "/oauth/authorize"
_DEVICE = "/oauth/device"
_CONFIGURATION = "/.well-known/openid-configuration"
_TOKEN = "/oauth/token"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}}
input,button{{font:inherit;padding:.4rem .6rem}}</style></head>
<body>{body}</body></html>
"""
_FORM = """<h1>Sign in</h1>
<p>{client} asks for access{scopes}. This is a mock: any name will do.</p>
<form method="post">{fields}
<p><label>Name <input name="username" value="mock-user"></label></p>
<p><button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></p></form>"""
_CODE = '<p><label>Code <input name="user_code" value="{code}" required></label></p>'


@cache
def signing_key() -> Any:
    """This process's key, created on first use."""
    from joserfc.jwk import RSAKey

    parameters: Any = {"use": "sig", "alg": "RS256"}
    return RSAKey.generate_key(2048, parameters, private=True, auto_kid=True)


class Signer:
    """Signs JWTs. Their issuer is the one in the metadata, at the origin that was last used."""

    def __init__(self) -> None:
        self.issuer = ""

    def __call__(self, claims: Mapping[str, Any], lasts: float | None) -> str:
        from joserfc import jwt

        key = signing_key()
        header = {"alg": "RS256", "kid": key.kid}
        # Clients compare these with their own clock, which the mock's clock doesn't move.
        now = int(time.time())
        times = {"iat": now, **({"exp": now + int(lasts)} if lasts is not None else {})}
        return str(
            jwt.encode(header, {"iss": self.issuer or "http://mock.local", **claims, **times}, key)
        )


def signer() -> Signer | None:
    """The JWT signer; None without the extra `oidc`."""
    return Signer() if find_spec("joserfc") is not None else None


class AuthorizationServer:
    """Handles the paths of OAuth and OpenID Connect that no operation has."""

    def __init__(self, app: ASGIApp, mock: Mock) -> None:
        self.app = app
        self._mock = mock
        self._grants = Grants(mock.store)
        plan = mock.api.credentials.plan.oauth
        base = mock.contract.base_path
        described = {
            path
            for operation in mock.contract.operations
            for path in (operation.url_path, base + operation.url_path)
        }
        self._authorize = sorted(plan.authorization) or [_AUTHORIZE]
        self._token = sorted(plan.token) or [_TOKEN]
        self._device = sorted(plan.device) or [_DEVICE]
        self._configurations = sorted(plan.discovery)
        routes: dict[str, Callable[[Message, Scope], Sent]] = {
            **dict.fromkeys(_with_base(base, self._authorize), self._consent),
            **dict.fromkeys(_with_base(base, self._device), self._device_codes),
            **dict.fromkeys(_with_base(base, self._token), self._tokens),
            **dict.fromkeys([*plan.discovery, _METADATA], self._discovery),
            _JWKS: self._keys,
            _REVOKE: self._revocation,
            _USERINFO: self._user,
            ACTIVATION: self._activation,
        }
        self._routes = {path: answer for path, answer in routes.items() if path not in described}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            self._note_origin(scope)
            answer = self._routes.get(scope["path"])
            if answer is not None:
                return self._serve(answer, scope, receive, send)
        return self.app(scope, receive, send)

    def _note_origin(self, scope: Scope) -> None:
        """Tokens have the issuer that the client knows: of the metadata that it reads, or else at
        the origin that it uses first."""
        sign, path = self._mock.api.credentials.sign, scope["path"]
        if isinstance(sign, Signer) and (path in self._configurations or not sign.issuer):
            known = path if path in self._configurations else next(iter(self._configurations), "")
            sign.issuer = _origin(scope) + known.removesuffix(_CONFIGURATION)

    async def _serve(
        self,
        answer: Callable[[Message, Scope], Sent],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        try:
            message = Endpoint.message(scope, await read_body(scope, receive, _MOST))
            exchange = Exchange(message, None)
            try:
                exchange.sent = answer(message, scope)
            except OAuthError as error:
                exchange.problem = f"{error.code}: {error.message}"
                status = 401 if error.code == "invalid_client" else 400
                exchange.sent = _json(error.body, status)
        except TooLarge as error:
            exchange = Exchange(Endpoint.message(scope, b""), None, problem=error.message)
            exchange.sent = _json({"error": error.message}, 413)
        except ConnectionResetError:
            return
        self._mock.journal(exchange)
        await send_reply(exchange.sent, scope, send)

    # -- OAuth 2

    def _tokens(self, message: Message, scope: Scope) -> Sent:
        if message.method != "POST":
            return _not_allowed("POST")
        form = _form(message)
        authorization = message.headers.get("authorization", "")
        tenant = self._tenant(message, form)

        def work(world: Transaction) -> dict[str, Any]:
            world.leniency = self._mock.options.leniency
            granted = grant(world, form, authorization, self._mock.api.credentials)
            world.commit()
            return granted

        return _json(transact(self._mock.store, tenant, work))

    def _tenant(self, message: Message, form: Mapping[str, Any]) -> str:
        """The world that the tokens are for: that of the exchanged code or token, else the client's
        own."""
        for name in ("code", "refresh_token", "device_code", "token"):
            issued = self._grants(str(form[name])) if form.get(name) else None
            if issued is not None:
                return issued.tenant
        params = message.headers.get("x-mock-tenant")
        return params or client_of(form, message.headers.get("authorization", "")) or ANONYMOUS

    def _consent(self, message: Message, scope: Scope) -> Sent:
        if message.method not in ("GET", "POST"):
            return _not_allowed("GET, POST")
        params = dict(parse_qsl(message.query.decode("latin-1"), keep_blank_values=True))
        form = _form(message) if message.method == "POST" else {}
        params.update({n: str(v) for n, v in form.items() if n not in ("username", "decision")})
        redirect = params.get("redirect_uri", "")
        if not redirect or urlsplit(redirect).scheme in ("", "javascript", "data", "vbscript"):
            raise OAuthError(
                "invalid_request", "redirect_uri is missing or not a URL to return to."
            )
        kind = params.get("response_type", "code")
        if message.method == "GET" and params.get("prompt") != "none":
            return _page(params)
        back = {"state": params["state"]} if "state" in params else {}
        if form.get("decision") == "deny":
            return _redirect(redirect, {"error": "access_denied", **back}, "?")
        tenant = self._tenant(message, {"client_id": params.get("client_id", "")})
        subject = str(form.get("username") or "mock-user")
        credentials = self._mock.api.credentials

        def work(world: Transaction) -> dict[str, Any]:
            found: dict[str, Any] = {}
            if "code" in kind.split():
                found["code"] = new_code(world, subject, params)
            else:
                scopes = params["scope"].split() if params.get("scope") else None
                client = params.get("client_id", "")
                found = tokens_for(
                    world, subject, client, scopes,
                    refresh=False, credentials=credentials, nonce=params.get("nonce"),
                )  # fmt: skip
            world.commit()
            return found

        found = transact(self._mock.store, tenant, work)
        return _redirect(redirect, {**found, **back}, "?" if "code" in found else "#")

    def _device_codes(self, message: Message, scope: Scope) -> Sent:
        if message.method != "POST":
            return _not_allowed("POST")
        form = _form(message)

        def work(world: Transaction) -> dict[str, Any]:
            found = device_codes(world, form, _origin(scope) + ACTIVATION)
            world.commit()
            return found

        return _json(transact(self._mock.store, self._tenant(message, form), work))

    def _activation(self, message: Message, scope: Scope) -> Sent:
        """The page on which a user enters the code of a device."""
        if message.method not in ("GET", "POST"):
            return _not_allowed("GET, POST")
        params = dict(parse_qsl(message.query.decode("latin-1")))
        if message.method == "GET":
            return _page(
                {"client_id": "A device"},
                _CODE.format(code=html.escape(params.get("user_code", ""))),
            )
        form = {**params, **_form(message)}
        code = str(form.get("user_code") or "")
        issued = self._grants(typed(code))
        subject = str(form.get("username") or "mock-user")
        decision = "deny" if form.get("decision") == "deny" else "allow"

        def work(world: Transaction) -> None:
            decide(world, code, subject, decision)
            world.commit()

        transact(self._mock.store, issued.tenant if issued is not None else ANONYMOUS, work)
        return _html("<p>Done. Go back to the device.</p>")

    def _revocation(self, message: Message, scope: Scope) -> Sent:
        """RFC 7009: unknown tokens succeed too."""
        form = _form(message)
        token = str(form.get("token") or "")
        if self._grants(token) is not None:

            def work(world: Transaction) -> None:
                revoke(world, token)
                world.commit()

            transact(self._mock.store, self._tenant(message, form), work)
        return _json({})

    # -- OpenID Connect

    def _discovery(self, message: Message, scope: Scope) -> Sent:
        origin = _origin(scope)
        path = scope["path"] if scope["path"] in self._configurations else ""
        plan = self._mock.api.credentials.plan.oauth
        found = {
            "issuer": origin + path.removesuffix(_CONFIGURATION),
            "authorization_endpoint": origin + self._authorize[0],
            "token_endpoint": origin + self._token[0],
            "device_authorization_endpoint": origin + self._device[0],
            "revocation_endpoint": origin + _REVOKE,
            "userinfo_endpoint": origin + _USERINFO,
            "jwks_uri": origin + _JWKS,
            "response_types_supported": ["code", "token", "id_token"],
            "response_modes_supported": ["query", "fragment"],
            "grant_types_supported": list(GRANTS),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256", "plain"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic", "client_secret_post", "none",
            ],
            "scopes_supported": sorted({"openid", *plan.scopes}),
        }  # fmt: skip
        return _json(found)

    def _keys(self, message: Message, scope: Scope) -> Sent:
        sign = self._mock.api.credentials.sign
        keys = [signing_key().as_dict(private=False)] if sign is not None else []
        return _json({"keys": keys})

    def _user(self, message: Message, scope: Scope) -> Sent:
        token = message.headers.get("authorization", "").partition(" ")[2]
        issued = self._grants(token)
        if issued is None or issued.problem:
            sent = _json({"error": "invalid_token"}, 401)
            sent.headers.append((b"www-authenticate", b'Bearer error="invalid_token"'))
            return sent
        subject = issued.subject
        mail = subject if "@" in subject else f"{subject}@example.com"
        return _json({"sub": subject, "name": subject, "email": mail, "email_verified": True})


def authorization_server(mock: Mock) -> list[Callable[[ASGIApp], ASGIApp]]:
    """The middleware, for `build_app`; empty if the document refers to no such server."""
    plan = mock.api.credentials.plan
    if not plan.oauth.any and not plan.has_devices:
        return []
    return [partial(AuthorizationServer, mock=mock)]


def _with_base(base: str, paths: list[str]) -> list[str]:
    """The paths, with and without the base path: documents mean either."""
    return [*paths, *(base + path for path in paths)]


def _origin(scope: Scope) -> str:
    host = next((v.decode("latin-1") for n, v in scope["headers"] if n == b"host"), "mock.local")
    return f"{scope.get('scheme', 'http')}://{host}"


def _form(message: Message) -> dict[str, Any]:
    """The fields of a form, or of a JSON object."""
    if is_json(message.headers.get("content-type", "")):
        try:
            found = orjson.loads(message.body or b"{}")
        except orjson.JSONDecodeError:
            raise OAuthError("invalid_request", "The body is not JSON.") from None
        return found if isinstance(found, dict) else {}
    return dict(parse_qsl(message.body.decode("utf-8", "replace"), keep_blank_values=True))


def _json(body: Any, status: int = 200) -> Sent:
    sent = json_sent(body, status)
    sent.headers.append((b"cache-control", b"no-store"))
    return sent


def _not_allowed(methods: str) -> Sent:
    sent = _json({"error": "invalid_request", "error_description": f"use {methods}"}, 405)
    sent.headers.append((b"allow", methods.encode()))
    return sent


def _redirect(url: str, values: Mapping[str, Any], mark: str) -> Sent:
    mark = "&" if mark in url else mark
    location = url + mark + urlencode(values)
    return Sent(302, [(b"location", location.encode("ascii", "ignore"))])


def _page(params: Mapping[str, str], fields: str = "") -> Sent:
    """The page that asks who logs in, and whether the client may have access."""
    hidden = fields or "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in params.items()
    )
    scopes = f" to {html.escape(params['scope'])}" if params.get("scope") else ""
    client = html.escape(params.get("client_id") or "An application")
    return _html(_FORM.format(client=client, scopes=scopes, fields=hidden))


def _html(body: str) -> Sent:
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
        (b"x-frame-options", b"DENY"),
    ]
    return Sent(200, headers, _PAGE.format(body=body).encode())
