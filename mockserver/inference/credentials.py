"""Which operations issue credentials and which revoke them.

OAuth operations are those at the `tokenUrl` of a flow. Others are recognised by their response: a
token, a session or an API key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from mockserver.inference.model import Path
from mockserver.inference.words import bag, singular, tokens
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.schemas.resolved import Schemas

IssuerKind = Literal["oauth", "login", "key"]

_ACCESS = bag(
    "access_token auth_token bearer_token session_token api_token api_key apikey jwt jwt_token "
    "id_token authentication_token auth_key"
)
# Generic names: a credential only if the path is about one.
_MAYBE = bag("token key session session_id session_key sid secret value secret_key")
_IDS = bag("id sid session_id")
_REFRESH = bag("refresh_token")
_LIFE = bag("expires_in expires_at expires expiration expiry token_type scope scopes")
_PLACES = bag(
    "login signin signon logon auth authenticate authentication authorize token session oauth "
    "apikey credential jwt register signup key oidc sso"
)
_ENDINGS = bag("logout signout logoff revoke invalidate revocation")
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Issuer:
    """An operation that issues credentials, and where its response holds them.

    `life` are the properties with the lifetime and the type of the credential.
    """

    operation: str
    kind: IssuerKind
    access: tuple[Path, ...]
    refresh: tuple[Path, ...] = ()
    life: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class OAuthPaths:
    """The OAuth and OpenID Connect paths that a document names."""

    token: frozenset[str] = frozenset()
    authorization: frozenset[str] = frozenset()
    discovery: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()

    @property
    def any(self) -> frozenset[str]:
        return self.token | self.authorization | self.discovery


@dataclass(frozen=True, slots=True)
class CredentialPlan:
    """The operations that issue credentials (by operationId), those that revoke them, and the OAuth
    paths.

    `jwt`: the document says that a token is a JWT. `cookie` is the cookie that holds the session,
    if any.
    """

    issuers: Mapping[str, Issuer] = field(default_factory=dict)
    revokers: frozenset[str] = frozenset()
    oauth: OAuthPaths = OAuthPaths()
    jwt: bool = False
    cookie: str | None = None

    @property
    def any(self) -> bool:
        """Whether any operation issues credentials."""
        return bool(self.issuers) or bool(self.oauth.any)


def plan_credentials(contract: Contract, schemas: Schemas) -> CredentialPlan:
    """Infer how credentials are issued and revoked; empty if the document has no security
    scheme."""
    if not contract.schemes:
        return CredentialPlan()
    oauth = _oauth_paths(contract)
    cookie = next((s.parameter for s in contract.schemes.values() if s.place == "cookie"), None)
    issuers = {}
    above = _above_parameters(contract)
    for operation in contract.operations:
        # The entity can be fetched by its id, or belongs to another resource.
        fetched = "{" in operation.url_path or operation.url_path.rstrip("/") in above
        issuer = _issuer(operation, schemas, _is_at(contract, operation, oauth.token), fetched)
        if issuer is None and cookie is not None and _logs_in(operation):
            issuer = Issuer(operation.id, "login", ())
        if issuer is not None:
            issuers[operation.id] = issuer
    if not issuers and not oauth.any:
        return CredentialPlan()  # what nobody gives out, nobody takes back
    issuing = {contract.by_id[name].url_path for name in issuers}
    revokers = frozenset(one.id for one in contract.operations if _revokes(one, issuing))
    return CredentialPlan(issuers, revokers, oauth, _speaks_jwt(contract), cookie)


def _schemes(contract: Contract) -> Iterator[Mapping[str, Any]]:
    components = contract.document.get("components")
    found = components.get("securitySchemes") if isinstance(components, Mapping) else None
    for scheme in found.values() if isinstance(found, Mapping) else ():
        if isinstance(scheme, Mapping):
            yield scheme


def _speaks_jwt(contract: Contract) -> bool:
    """Whether the document says that its tokens are JWTs."""
    formats = (str(scheme.get("bearerFormat") or "") for scheme in _schemes(contract))
    return any(name.upper() == "JWT" for name in formats)


def _oauth_paths(contract: Contract) -> OAuthPaths:
    token: set[str] = set()
    authorization: set[str] = set()
    discovery: set[str] = set()
    scopes: dict[str, None] = {}
    for scheme in _schemes(contract):
        flows = scheme.get("flows")
        for flow in flows.values() if isinstance(flows, Mapping) else ():
            if isinstance(flow, Mapping):
                token |= _path_of(flow.get("tokenUrl")) | _path_of(flow.get("refreshUrl"))
                authorization |= _path_of(flow.get("authorizationUrl"))
                scopes.update(dict.fromkeys(map(str, flow.get("scopes") or ())))
        discovery |= _path_of(scheme.get("openIdConnectUrl"))
        if scheme.get("type") == "openIdConnect" and not _path_of(scheme.get("openIdConnectUrl")):
            discovery.add("/.well-known/openid-configuration")
    return OAuthPaths(
        frozenset(token), frozenset(authorization), frozenset(discovery), tuple(scopes)
    )


def _path_of(url: Any) -> set[str]:
    """The path of a URL on any host."""
    path = urlsplit(url).path if isinstance(url, str) else ""
    return {"/" + path.strip("/")} if path.strip("/") else set()


def _is_at(contract: Contract, operation: Operation, paths: frozenset[str]) -> bool:
    path = operation.url_path.rstrip("/")
    return path in paths or contract.base_path + path in paths


def _above_parameters(contract: Contract) -> set[str]:
    """The paths below which an entity is read or changed by its id."""
    return {
        operation.url_path[: match.start()]
        for operation in contract.operations
        if operation.method in ("GET", "PATCH", "PUT")
        for match in re.finditer("/{", operation.url_path)
    }


def _issuer(
    operation: Operation, schemas: Schemas, oauth: bool, fetched: bool = False
) -> Issuer | None:
    # A PUT of an entity by its id changes a key or a token; it gives no new one out.
    changes = operation.method == "PUT" and operation.url_path.endswith("}")
    if (operation.method not in ("POST", "PUT") or changes) and not oauth:
        return None
    response = operation.response_for(operation.success)
    medias = response.content.values() if response is not None else ()
    pointer = next((m.pointer for m in medias if m.pointer and is_json_or_any(m.name)), None)
    if pointer is None:
        return Issuer(operation.id, "oauth", (("access_token",),)) if oauth else None
    words = _words(operation)
    spoken = bool(words & _PLACES)
    access: list[Path] = []
    maybe: list[Path] = []
    refresh: list[Path] = []
    life: list[Path] = []
    for path in _texts(schemas, pointer):
        name = "_".join(tokens(path[-1]))
        if name in _ACCESS:
            access.append(path)
        elif name in _REFRESH:
            refresh.append(path)
        elif name in _LIFE:
            life.append(path)
        elif fetched and name in _IDS:
            continue  # its entity can be fetched, or belongs to another
        elif spoken and (name in _MAYBE or (name == "id" and "session" in words)):
            maybe.append(path)
    if not access:
        # A session's id is its credential, unless it has a token.
        access = [path for path in maybe if path[-1] != "id"] or maybe
    if not access:
        return None
    kind: IssuerKind = "oauth" if oauth else "login"
    if not oauth and "key" in words and not words & bag("login session oauth token"):
        kind = "key"
    return Issuer(operation.id, kind, tuple(access), tuple(refresh), tuple(life))


def _logs_in(operation: Operation) -> bool:
    """Whether the operation starts a session whose id is only in a cookie."""
    begins = _words(operation) & bag("login signin signon logon session")
    return operation.method == "POST" and "{" not in operation.url_path and bool(begins)


def _words(operation: Operation) -> set[str]:
    """The words at the end of the path and in the operation's name."""
    steps = [step for step in operation.url_path.split("/") if step and "{" not in step]
    # /auth/login, /oauth/token, /users/login; but not deeper paths below /auth.
    found = {singular(word) for step in steps[-2:] for word in tokens(step)}
    joined = {re.sub("[^a-z]", "", step.lower()) for step in steps[-1:]}
    return found | {singular(word) for word in joined}


def _texts(schemas: Schemas, pointer: str) -> Iterator[Path]:
    """The paths of a body's text properties, nested objects included."""
    waiting: list[tuple[str, Path]] = [(pointer, ())]
    while waiting:
        place, above = waiting.pop(0)
        for name in schemas.flat_at(place).properties:
            inner = schemas.place(place, name)
            if inner is None:
                continue
            path = (*above, name)
            kinds = schemas.types(schemas.at(inner))
            if "object" in kinds and len(path) < _DEEPEST:
                waiting.append((inner, path))
            elif "array" not in kinds:
                yield path


def _revokes(operation: Operation, issuing: set[str]) -> bool:
    """Whether the operation revokes the credential it is called with, or the one its body names."""
    if "{" in operation.url_path:
        return False  # deleting the entity revokes its credential
    last = operation.url_path.rstrip("/").rsplit("/", 1)[-1]
    word = re.sub("[^a-z]", "", last.lower())
    if operation.method in ("POST", "DELETE", "GET", "PUT") and word in _ENDINGS:
        return True
    return operation.method == "DELETE" and operation.url_path in issuing
