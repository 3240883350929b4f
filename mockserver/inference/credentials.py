"""Which operations issue credentials and which revoke them.

OAuth operations are those at the `tokenUrl` of a flow, or those that take a `grant_type`. Others
are recognised by their response: a token, a session, an API key or a device code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from mockserver.inference.credential_model import CredentialPlan, Issuer, IssuerKind, OAuthPaths
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.words import bag, singular, snake_case, tokens
from mockserver.openapi.credentials import cookie_of
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Contract, MediaType, Operation
from mockserver.openapi.schemas.resolved import Schemas

_ACCESS = bag(
    "access_token auth_token bearer_token session_token api_token api_key apikey jwt jwt_token "
    "id_token authentication_token auth_key"
)
# Generic names: a credential only if the path is about one.
_MAYBE = bag("token key session session_id session_key sid secret value secret_key")
_IDS = bag("id sid session_id")
_REFRESH = bag("refresh_token")
# Short names, which count in `tokens: {access}` or together: `{access, refresh}`.
_PAIR = ("access", "refresh")
_DEVICE = bag("device_code")
_PASSWORDS = bag("password passwd pass pwd passphrase secret client_secret")
_LOGINS = bag("login signin signon logon authenticate token session jwt apikey")
_LIFE = bag("expires_in expires_at expires expiration expiry token_type scope scopes")
_PLACES = bag(
    "login signin signon logon auth authenticate authentication authorize token session oauth "
    "apikey credential jwt register signup key oidc sso"
)
_ENDINGS = bag("logout signout logoff revoke invalidate revocation")
_FORGERY = bag("csrf xsrf")
_OTHER_THAN_KEYS = bag("login session oauth token")
_BEGINNINGS = bag("login signin signon logon session")
_ALIKE = 0.6
"""The share of its properties that a schema has in common with the resource that it shows."""
_DEEPEST, _DEEP = 5, 3
"""How deep a credential lies in the body of a login, and of any other operation."""


def plan_credentials(contract: Contract, schemas: Schemas) -> CredentialPlan:
    """Infer how credentials are issued and revoked; empty if the document has no security
    scheme."""
    if not contract.schemes:
        return CredentialPlan()
    oauth = _oauth_paths(contract)
    cookies = (cookie_of(scheme) for scheme in contract.schemes.values())
    cookie = next((name for name in cookies if name is not None), None)
    issuers = {}
    above = _above_parameters(contract)
    for operation in contract.operations:
        # The entity can be fetched by its id, or belongs to another resource.
        fetched = "{" in operation.url_path or operation.url_path.rstrip("/") in above
        at_token = _is_at(contract, operation, oauth.token)
        issuer = _Reading(contract, operation, schemas, fetched=fetched).issuer(at_token)
        if issuer is None and cookie is not None and _logs_in(operation):
            issuer = Issuer(operation.id, "login")
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
    device: set[str] = set()
    discovery: set[str] = set()
    scopes: dict[str, None] = {}
    for scheme in _schemes(contract):
        flows = scheme.get("flows")
        for flow in flows.values() if isinstance(flows, Mapping) else ():
            if isinstance(flow, Mapping):
                token |= _path_of(flow.get("tokenUrl")) | _path_of(flow.get("refreshUrl"))
                authorization |= _path_of(flow.get("authorizationUrl"))
                device |= _path_of(flow.get("deviceAuthorizationUrl"))
                scopes.update(dict.fromkeys(map(str, flow.get("scopes") or ())))
        discovery |= _path_of(scheme.get("openIdConnectUrl"))
        if scheme.get("type") == "openIdConnect" and not _path_of(scheme.get("openIdConnectUrl")):
            discovery.add("/.well-known/openid-configuration")
    return OAuthPaths(
        frozenset(token),
        frozenset(authorization),
        frozenset(device),
        frozenset(discovery),
        tuple(scopes),
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


class _Reading:
    """What one operation's request and response say of credentials."""

    def __init__(
        self, contract: Contract, operation: Operation, schemas: Schemas, *, fetched: bool
    ) -> None:
        self._contract = contract
        self._operation = operation
        self._schemas = schemas
        self._fetched = fetched
        self._words = _words(operation)
        self._spoken = bool(self._words & _PLACES)

    @cached_property
    def _sent(self) -> Mapping[str, str]:
        """The names in the request body, by their normal form."""
        return {snake_case(name): name for name in self._names_sent()}

    def issuer(self, at_token: bool) -> Issuer | None:
        """The issuer that the operation is; `at_token`: a flow names its path as `tokenUrl`."""
        operation = self._operation
        oauth = at_token or (operation.method == "POST" and "grant_type" in self._sent)
        if not oauth and not self._may_issue():
            return None
        response = operation.response_for(operation.success)
        medias = response.content.values() if response is not None else ()
        pointer = next((m.pointer for m in medias if m.pointer and is_json_or_any(m.name)), None)
        headers = self._headers()
        if pointer is None:
            if oauth:
                return Issuer(operation.id, "oauth", (("access_token",),))
            whole = ((),) if any(map(self._is_token, medias)) else ()
            found = Issuer(operation.id, "login", whole, headers=headers)
            return found if whole or headers else None
        if self._is_token(next(m for m in medias if m.pointer == pointer)):
            return Issuer(operation.id, "login", ((),), headers=headers)
        return self._of_body(pointer, headers, oauth=oauth)

    def _of_body(self, pointer: str, headers: tuple[str, ...], *, oauth: bool) -> Issuer | None:
        access: list[Path] = []
        maybe: list[Path] = []
        refresh: list[Path] = []
        life: list[Path] = []
        device: list[Path] = []
        texts = list(self._texts(pointer))
        for path in texts:
            name = snake_case(path[-1])
            of_pair = self._spoken and name in _PAIR and _is_of_pair(path, texts)
            if name in _ACCESS or (of_pair and name == _PAIR[0]):
                access.append(path)
            elif name in _REFRESH or of_pair:
                refresh.append(path)
            elif name in _LIFE:
                life.append(path)
            elif name in _DEVICE:
                device.append(path)
            elif self._fetched and name in _IDS:
                continue  # its entity can be fetched, or belongs to another
            elif self._spoken and (name in _MAYBE or (name == "id" and self._of_session(path))):
                maybe.append(path)
        if device and not access:
            return Issuer(self._operation.id, "device", tuple(device))
        if not access:
            # A session's id is its credential, unless it has a token.
            access = [path for path in maybe if path[-1] != "id"] or maybe
        if not access and not headers:
            return None
        kind: IssuerKind = "oauth" if oauth else "login"
        if not oauth and "key" in self._words and not self._words & _OTHER_THAN_KEYS:
            kind = "key"
        renews = next((self._sent[name] for name in self._sent if name in _REFRESH), None)
        return Issuer(
            self._operation.id, kind, tuple(access), tuple(refresh), tuple(life), headers, renews
        )

    def _of_session(self, path: Path) -> bool:
        """Whether an id is that of a session."""
        return "session" in self._words or path[-2:-1] == ("session",)

    def _may_issue(self) -> bool:
        operation = self._operation
        if self._words & _ENDINGS:
            return False
        if operation.method == "GET":
            # `GET /login?username=...&password=...`
            parameters = {snake_case(p.name) for p in operation.parameters if p.place == "query"}
            return bool(self._words & _LOGINS and parameters & _PASSWORDS)
        # A PUT of an entity by its id changes a key or a token; it gives no new one out.
        changes = operation.method == "PUT" and operation.url_path.endswith("}")
        return operation.method in ("POST", "PUT") and not changes

    def _is_token(self, media: MediaType) -> bool:
        """Whether a login's whole body is the token."""
        if media.pointer is None or not self._words & _LOGINS:
            return False
        flat = self._schemas.flat_at(media.pointer)
        return flat.types == ("string",) and not flat.values and "format" not in flat.rules

    def _headers(self) -> tuple[str, ...]:
        """The response headers that hold a credential."""
        response = self._operation.response_for(self._operation.success)
        if response is None or not self._spoken:
            return ()
        sent_back = {
            scheme.parameter.lower()
            for scheme in self._contract.schemes.values()
            if scheme.place == "header"
        }
        return tuple(
            name
            for name in response.headers
            if name.lower() in {*sent_back, "authorization"}
            or (tokens(name)[-1:] == ("token",) and not _FORGERY & set(tokens(name)))
        )

    def _texts(self, pointer: str) -> Iterator[Path]:
        """The paths of a body's text properties, nested objects included; in a login's body those
        of each kind of a union, too."""
        schemas, deepest = self._schemas, _DEEPEST if self._spoken else _DEEP
        items = (
            schemas.place(pointer, None)
            if schemas.types(schemas.at(pointer)) == ("array",)
            else None
        )
        waiting: list[tuple[str, Path]] = [(items, (FIRST,)) if items else (pointer, ())]
        while waiting:
            place, above = waiting.pop(0)
            places = (self._spoken and schemas.branches(place)) or [place]
            for name in dict.fromkeys(n for one in places for n in schemas.flat_at(one).properties):
                inner = schemas.place(place, name)
                if inner is None:
                    continue
                path = (*above, name)
                types = schemas.types(schemas.at(inner))
                if "array" in types:
                    inner, path = schemas.place(inner, None) or inner, (*path, FIRST)
                    types = schemas.types(schemas.at(inner))
                    if "object" not in types:
                        continue
                if "object" in types and len(path) < deepest:
                    waiting.append((inner, path))
                elif FIRST not in path[-1:]:
                    yield path

    def _names_sent(self) -> Iterator[str]:
        """The names in the request body."""
        body = self._operation.body
        for media in body.content.values() if body is not None else ():
            if media.pointer is not None:
                yield from self._schemas.flat_at(media.pointer).properties


def _is_of_pair(path: Path, texts: Sequence[Path]) -> bool:
    """Whether `access` or `refresh` is a token: both are there, or they are in a `tokens`."""
    both = all((*path[:-1], name) in texts for name in _PAIR)
    return both or singular("".join(path[-2:-1])) == "token"


def _logs_in(operation: Operation) -> bool:
    """Whether the operation starts a session whose id is only in a cookie."""
    words = _words(operation)
    begins = bool(words & _BEGINNINGS) and not words & _ENDINGS
    return operation.method == "POST" and "{" not in operation.url_path and begins


def _words(operation: Operation) -> set[str]:
    """The words at the end of the path and in the operation's name."""
    steps = [step for step in operation.url_path.split("/") if step and "{" not in step]
    # /auth/login, /oauth/token, /users/login; but not deeper paths below /auth.
    found = {singular(word) for step in steps[-2:] for word in tokens(step)}
    joined = {re.sub("[^a-z]", "", step.lower()) for step in steps[-2:]}
    return found | {singular(word) for word in joined}


def _revokes(operation: Operation, issuing: set[str]) -> bool:
    """Whether the operation revokes the credential it is called with, or the one that its path or
    its body names. Deleting an entity revokes its credential anyway."""
    above, _, last = operation.url_path.rstrip("/").rpartition("/")
    if operation.method == "DELETE" and (above if "{" in last else operation.url_path) in issuing:
        return True
    word = re.sub("[^a-z]", "", last.lower())
    return (
        "{" not in operation.url_path
        and operation.method in ("POST", "DELETE", "GET", "PUT")
        and word in _ENDINGS
    )


# -- who logs in


def shows_entity(schemas: Schemas, resource: Resource, pointer: str) -> bool:
    """Whether a schema shows entities of a resource: the same one, or much of it with the id."""
    if resource.schema is None:
        return False
    if schemas.canonical(pointer) == schemas.canonical(resource.schema):
        return True
    shown, kept = schemas.flat_at(pointer).properties, schemas.flat_at(resource.schema).properties
    shared = shown.keys() & kept.keys()
    has_id = resource.identity.key in shared or resource.singleton
    return has_id and len(shared) >= _ALIKE * min(len(shown), len(kept))


def shown_callers(schemas: Schemas, resource: Resource, pointer: str) -> Iterator[Path]:
    """Where the response of a login shows who logged in: `user`, `data.account`, or all of it."""
    waiting: list[tuple[str, Path]] = [(pointer, ())]
    while waiting:
        place, above = waiting.pop(0)
        if shows_entity(schemas, resource, place):
            yield above
            continue
        for name in schemas.flat_at(place).properties:
            inner = schemas.place(place, name)
            if inner is not None and len(above) < _DEEP:
                types = schemas.types(schemas.at(inner))
                if "object" in types and "array" not in types:
                    waiting.append((inner, (*above, name)))
