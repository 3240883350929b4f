"""Credentials that the mock issues: tokens, sessions and API keys.

Each is stored in the world of its tenant, keyed by a digest of its text. It is valid until it
expires by that world's clock or is revoked.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from hashlib import sha256
from typing import Any

from mockserver.engine.timestamps import SECOND, parse
from mockserver.engine.world import Collection, Row, World, digest
from mockserver.errors import BadRequest, Unauthenticated
from mockserver.inference.credential_model import CredentialPlan
from mockserver.inference.words import bag, tokens
from mockserver.records import dataclass

ISSUED = Collection("issued credentials", order=("at",), internal=True)
LASTS = 3600
"""How long an access token lasts, in seconds."""
NAMES = ("username", "email", "login", "user", "user_name", "account", "phone")
"""Fields in which a login names the user."""
ACTIVATION = "/oauth/activate"
"""The page on which users confirm what a device asks for."""
_CODE_LASTS = 600
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_POLL_EVERY = 1
"""The seconds between two polls of a device."""
_USER_CODE = "BCDFGHJKLMNPQRSTVWXZ"
"""The letters of a code that people type (RFC 8628, section 6.1)."""
_ENDED = bag("revoked disabled inactive expired deleted suspended blocked cancelled canceled")
_OPENID = frozenset(("openid", "offline_access", "profile", "email"))
GRANTS = {
    "client_credentials": False,
    "password": True,
    "refresh_token": True,
    "authorization_code": True,
    _DEVICE_GRANT: True,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": False,
    "urn:ietf:params:oauth:grant-type:token-exchange": False,
    "urn:ietf:params:oauth:grant-type:saml2-bearer": False,
}
"""The grant types, and whether a refresh token comes with them."""
_HELD = {
    "refresh_token": ("refresh_token", "refresh"),
    "authorization_code": ("code", "code"),
    _DEVICE_GRANT: ("device_code", "device"),
}
"""The grants that present something issued earlier: its field, and the kind of its row."""

Sign = Callable[[Mapping[str, Any], float | None], str]
"""Makes a JWT of claims, valid for so many seconds if given."""


@dataclass(frozen=True, slots=True, eq=False)
class Issued:
    """An issued credential. `scopes` is None if it has every scope, `problem` says why it is no
    longer valid, and `subject` is the user who logged in."""

    tenant: str
    scopes: frozenset[str] | None = None
    problem: str = ""
    subject: str = ""


@dataclass(eq=False)
class Credentials:
    """Where an API issues credentials, and how it signs JWTs, if it does."""

    plan: CredentialPlan = field(default_factory=CredentialPlan)
    sign: Sign | None = None

    @property
    def access_sign(self) -> Sign | None:
        """The signer of access tokens, if the document says they are JWTs."""
        return self.sign if self.plan.jwt else None


class OAuthError(BadRequest):
    """A rejected token request, with the OAuth error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code=code)
        self.body = {"error": code, "error_description": message}


def name_of(credential: str) -> str:
    """The key of a stored credential, from which the credential can't be recovered."""
    return sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()


def secret(world: World, kind: str) -> str:
    """A new, unique credential."""
    return f"{kind}_{digest(world.settings.seed, world.tenant, world.now, _next(world)).hex()}"


def _next(world: World) -> int:
    return world.ordinal("credential")


def keep(
    world: World,
    credential: str,
    kind: str,
    *,
    lasts: float | None = None,
    scopes: Sequence[str] | None = None,
    **more: Any,
) -> None:
    """Make a credential valid from now on, for `lasts` seconds if given."""
    world[ISSUED.name].put(
        {
            "id": name_of(credential),
            "at": world.now,
            "kind": kind,
            "expires": world.now + int(lasts * SECOND) if lasts is not None else None,
            "scopes": list(scopes) if scopes is not None else None,
            **more,
        }
    )


def issued_in(world: World, credential: str) -> Issued | None:
    """The stored data of a credential; None if this world didn't issue it."""
    row = world[ISSUED.name].get(name_of(credential))
    if row is None:
        return None
    scopes = frozenset(row["scopes"]) if row["scopes"] is not None else None
    problem = ""
    if row["kind"] not in ("access", "key"):
        problem = f"is no access token but a {row['kind']} token"
    elif row["expires"] is not None and row["expires"] <= world.now:
        problem = "has expired"
    elif _has_ended(world, row):
        problem = "was revoked"
    return Issued(world.tenant, scopes, problem, row.get("subject") or "")


def revoke(world: World, credential: str) -> bool:
    """Revoke a credential; returns whether it existed."""
    row = world[ISSUED.name].get(name_of(credential))
    if row is None:
        return False
    world[ISSUED.name].put({**row, "expires": 0})
    return True


def _has_ended(world: World, row: Row) -> bool:
    """Whether the entity that the credential belongs to is deleted or has ended."""
    held = row.get("entity")
    if held is None:
        return False
    collection, key = held
    entity = world[collection].get(key) if collection in world else None
    if entity is None or entity.get("gone"):
        return True
    for name, value in entity.get("data", entity).items():
        words = tokens(name)
        if words[:1] == ("revoked",) and value:
            return True
        if words in (("status",), ("state",)) and str(value).lower() in _ENDED:
            return True
        if words in (("enabled",), ("active",), ("is", "active")) and value is False:
            return True
        if words in (("expires", "at"), ("expires",), ("expiration",)) and _is_past(world, value):
            return True
    return False


def _is_past(world: World, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    try:
        at = parse(value) if isinstance(value, str) else value * SECOND
    except ValueError:
        return False
    return at <= world.now


# -- OAuth 2


def client_of(form: Mapping[str, Any], authorization: str) -> str:
    """The client id of a token request, from the form or HTTP Basic; "" if there is none."""
    named = form.get("client_id")
    if isinstance(named, str) and named:
        return named
    word, _, text = authorization.partition(" ")
    if word.lower() != "basic":
        return ""
    try:
        return b64decode(text, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def grant(
    world: World, form: Mapping[str, Any], authorization: str, credentials: Credentials
) -> dict[str, Any]:
    """The token response to a token request. Raises OAuthError."""
    known = credentials.plan.oauth.scopes
    kind = str(form.get("grant_type") or "client_credentials")
    if kind not in GRANTS:
        listed = ", ".join(GRANTS)
        raise OAuthError("unsupported_grant_type", f"grant_type is one of {listed}, not {kind!r}.")
    client = client_of(form, authorization)
    scopes: Sequence[str] | None = _scopes_of(form)
    subject = str(form.get("username") or client or "mock-user")
    nonce = None
    row = presented(world, form, *_HELD[kind]) if kind in _HELD else None
    if row is not None:
        subject, nonce = row["subject"], row.get("nonce")
        if kind == "refresh_token":
            scopes = _narrowed(scopes, row["scopes"])
        else:
            scopes = row["scopes"]
            _check_code(row, form, client) if kind == "authorization_code" else _check_device(row)
            revoke(world, str(form[_HELD[kind][0]]))
    if scopes is not None and known:
        strange = sorted(set(scopes) - set(known) - _OPENID)
        if strange:
            raise OAuthError(
                "invalid_scope", f"There is no scope {strange[0]!r}; there is {', '.join(known)}."
            )
    return tokens_for(
        world, subject, client, scopes, refresh=GRANTS[kind], credentials=credentials, nonce=nonce
    )


def tokens_for(
    world: World,
    subject: str,
    client: str,
    scopes: Sequence[str] | None,
    *,
    refresh: bool,
    credentials: Credentials,
    nonce: str | None = None,
    lasts: float | None = LASTS,
) -> dict[str, Any]:
    """The fields of a token response with new tokens."""
    claims = {"sub": subject, "client_id": client, "scope": " ".join(scopes or ())}
    access = _token(world, claims, lasts, credentials.access_sign)
    about: dict[str, Any] = {"scopes": scopes, "subject": subject, "client": client}
    keep(world, access, "access", lasts=lasts, **about)
    found: dict[str, Any] = {"access_token": access, "token_type": "Bearer"}
    if lasts is not None:
        found["expires_in"] = int(lasts)
    if scopes is not None:
        found["scope"] = " ".join(scopes)
    if refresh:
        found["refresh_token"] = secret(world, "rt")
        keep(world, found["refresh_token"], "refresh", **about)
    if credentials.sign is not None and "openid" in (scopes or ()):
        who = {"sub": subject, "aud": client or "mock", **({"nonce": nonce} if nonce else {})}
        found["id_token"] = credentials.sign(who, lasts)
    return found


def _token(world: World, claims: Mapping[str, Any], lasts: float | None, sign: Sign | None) -> str:
    if sign is None:
        return secret(world, "at")
    return sign({**claims, "jti": secret(world, "jti")}, lasts)


def _scopes_of(form: Mapping[str, Any]) -> list[str] | None:
    requested = form.get("scope")
    return requested.split() if isinstance(requested, str) and requested.strip() else None


def _narrowed(requested: Sequence[str] | None, given: Sequence[str] | None) -> Sequence[str] | None:
    if requested is None:
        return given
    if given is not None and set(requested) - set(given):
        raise OAuthError("invalid_scope", "The scope is wider than what was granted.")
    return requested


def presented(world: World, form: Mapping[str, Any], name: str, kind: str) -> Row | None:
    """The stored code or refresh token that a form names; None for an unknown one if the world
    accepts any credential. Raises OAuthError."""
    given = form.get(name)
    row = world[ISSUED.name].get(name_of(given)) if isinstance(given, str) else None
    if row is None and world.leniency.any_key:
        return None
    if not isinstance(given, str) or not given:
        raise OAuthError("invalid_request", f"{name} is missing.")
    if row is None or row["kind"] != kind:
        raise OAuthError("invalid_grant", f"The {name.replace('_', ' ')} is not known.")
    if row["expires"] is not None and row["expires"] <= world.now:
        late = kind == "device" and row["expires"] > 0
        raise OAuthError(
            "expired_token" if late else "invalid_grant",
            f"The {name.replace('_', ' ')} has expired or was used.",
        )
    return row


def new_code(world: World, subject: str, requested: Mapping[str, str]) -> str:
    """A new authorization code for an authorization request."""
    code = secret(world, "ac")
    keep(
        world,
        code,
        "code",
        lasts=_CODE_LASTS,
        scopes=_scopes_of(requested),
        subject=subject,
        client=requested.get("client_id", ""),
        redirect=requested.get("redirect_uri", ""),
        challenge=requested.get("code_challenge", ""),
        method=requested.get("code_challenge_method", "plain"),
        nonce=requested.get("nonce"),
    )
    return code


def _check_code(row: Row, form: Mapping[str, Any], client: str) -> None:
    if row["client"] and client and row["client"] != client:
        raise OAuthError("invalid_grant", "The code was given to another client.")
    if form.get("redirect_uri") and form["redirect_uri"] != row["redirect"]:
        raise OAuthError("invalid_grant", "The redirect_uri is not that of the code.")
    if not row["challenge"]:
        return
    verifier = str(form.get("code_verifier") or "")
    if row["method"].upper() == "S256":
        hashed = sha256(verifier.encode()).digest()
        verifier = urlsafe_b64encode(hashed).decode().rstrip("=")
    if not hmac.compare_digest(verifier.encode(), row["challenge"].encode()):
        raise OAuthError("invalid_grant", "The code_verifier does not fit the code_challenge.")


# -- devices (RFC 8628)


def device_codes(world: World, form: Mapping[str, Any], page: str) -> dict[str, Any]:
    """The response to a device authorization request; `page` is where its user confirms it."""
    code = secret(world, "dc")
    letters = (_USER_CODE[byte % len(_USER_CODE)] for byte in digest(code)[:8])
    user_code = "".join(letters)
    about = {"scopes": _scopes_of(form), "client": str(form.get("client_id") or "")}
    keep(world, code, "device", lasts=_CODE_LASTS, subject=None, decision="", **about)
    keep(world, user_code, "user code", lasts=_CODE_LASTS, device=name_of(code), **about)
    shown = f"{user_code[:4]}-{user_code[4:]}"
    return {
        "device_code": code,
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={shown}",
        "expires_in": _CODE_LASTS,
        "interval": _POLL_EVERY,
    }


def typed(user_code: str) -> str:
    """A user code as it is stored."""
    return "".join(filter(str.isalpha, user_code.upper()))


def decide(world: World, user_code: str, subject: str, decision: str) -> None:
    """Confirm (`allow`) or refuse what a device asks for. Raises OAuthError."""
    row = presented(world, {"user_code": typed(user_code)}, "user_code", "user code")
    device = world[ISSUED.name].get(row["device"]) if row is not None else None
    if device is None:
        raise OAuthError("invalid_request", f"There is no device with the code {user_code!r}.")
    world[ISSUED.name].put({**device, "subject": subject, "decision": decision})


def _check_device(row: Row) -> None:
    if row["decision"] == "deny":
        raise OAuthError("access_denied", "The user has refused.")
    if not row["decision"]:
        raise OAuthError("authorization_pending", "The user has not yet entered the code.")


def refused(issued: Issued) -> Unauthenticated:
    """The refusal of a credential that is no longer valid (RFC 6750)."""
    challenge = f'Bearer error="invalid_token", error_description="the token {issued.problem}"'
    refusal = Unauthenticated(
        f"The credential {issued.problem}.", headers={"www-authenticate": challenge}
    )
    refusal.hint = f"The credential {issued.problem}; ask for a new one."
    return refusal
