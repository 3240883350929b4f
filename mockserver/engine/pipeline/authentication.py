"""Authentication: finds the credential that an operation's security requirements ask for."""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from mockserver.engine.credentials import NAMES, Issued, client_of, refused
from mockserver.errors import Forbidden, Invalid, Refusal, Unauthenticated
from mockserver.inference.credential_model import Issuer
from mockserver.openapi.model import Contract, Operation, SecurityScheme, Violation
from mockserver.openapi.request.parameters import split_cookies

ANONYMOUS = "anonymous"
_SCOPED = ("oauth2", "openIdConnect")
_NO_SCOPES: frozenset[str] = frozenset()
_SEPARATOR = re.compile("[ ,]+")
_SCOPES = re.compile(r"[ !#-\[\]-~]+")
Find = Callable[[Mapping[str, str], bytes], str | None]
FindIssued = Callable[[str], Issued | None]
"""What is known of a credential that the mock has given out; None if it has not."""


def nothing_issued(credential: str) -> Issued | None:
    """For an API that issues no credentials."""
    return None


def admit_all(tenant: str) -> None:
    """A quota without bounds. Others raise RateLimited."""


class _Proof(NamedTuple):
    """One scheme of a requirement: how its credential is found, and the scopes it needs (None: the
    scheme has no scopes)."""

    find: Find
    scopes: frozenset[str] | None


class Authenticator:
    """Finds the credential of a request. Valid are the given keys, every `prefix…`, and what the
    mock issued; with a `closed` list only what `issued` knows.

    An OAuth 2 or OpenID Connect token is `KEY`, with every scope, or `KEY:scope1,scope2`, with only
    these; both belong to the tenant `KEY`.
    """

    def __init__(
        self,
        contract: Contract,
        keys: tuple[str, ...],
        prefix: str = "mock-",
        issued: FindIssued = nothing_issued,
        tenant_of: Callable[[str], str] = str,
        *,
        closed: bool = False,
    ) -> None:
        self._closed = closed
        self._contract = contract
        self._issued = issued
        self._tenant_of = tenant_of
        self._keys = frozenset(keys)
        self._prefix = prefix
        self._choices: dict[str, tuple[tuple[_Proof, ...], ...]] = {}

    def __call__(
        self,
        operation: Operation,
        headers: Mapping[str, str],
        query: bytes,
        *,
        any_key: bool = False,
    ) -> str:
        """The tenant: the credential of the first requirement that is fully met. With `any_key`,
        any credential.

        Raises Unauthenticated; Forbidden if only scopes are missing.
        """
        choices = self._choices.get(operation.id)
        if choices is None:
            choices = self._choices[operation.id] = self._compile(operation)
        any_key = any_key and not self._closed
        missing = _NO_SCOPES
        ended: Issued | None = None
        keys, prefix, closed = self._keys, self._prefix, self._closed
        for proofs in choices:
            tenant = ANONYMOUS
            lacking = _NO_SCOPES
            for find, scopes in proofs:
                credential = find(headers, query)
                if credential is None:
                    break
                whole = credential
                if scopes is not None and credential not in keys:
                    credential, colon, scope_texts = credential.partition(":")
                    lacking |= (
                        scopes.difference(_SEPARATOR.split(scope_texts)) if colon else frozenset()
                    )
                # The condition of `accepts`, without a call: this runs for each request.
                if closed or not (credential.startswith(prefix) or credential in keys):
                    issued = self._issued(whole)
                    if issued is None or issued.problem:
                        if any_key:
                            return self._tenant_of(credential if scopes is None else whole)
                        ended = issued or ended
                        break
                    if issued.scopes is not None:
                        lacking |= (scopes or frozenset()) - issued.scopes
                    credential = issued.tenant
                if tenant is ANONYMOUS:
                    tenant = credential
            else:
                if lacking:
                    missing = missing or lacking
                    continue
                if tenant is ANONYMOUS and not self._closed:
                    return headers.get("x-mock-tenant") or ANONYMOUS
                return tenant
        if any_key:
            return self._any_tenant(headers)
        if missing:
            raise _insufficient(missing)
        raise self._refusal(operation, headers, query, ended)

    def _any_tenant(self, headers: Mapping[str, str]) -> str:
        """The tenant where any credential will do, of a request without one that is asked for."""
        elsewhere = _authorization(headers.get("authorization"))
        named = headers.get("x-mock-tenant")
        return named or (self._tenant_of(elsewhere) if elsewhere else ANONYMOUS)

    def _refusal(
        self, operation: Operation, headers: Mapping[str, str], query: bytes, ended: Issued | None
    ) -> Refusal:
        """The refusal of a request without a valid credential; one that it has may have `ended`.

        Where the operation lists no 401, a key that it names as a required parameter is missing as
        any parameter is (400 or 422).
        """
        if ended is not None:
            expired = refused(ended)
            expired.hint = f"{expired.hint} {self._accepted()}"
            return expired
        lacking = self._lacking(operation, headers, query)
        listed = operation.response_for(401) is not None
        if lacking and not listed and operation.documented & {400, 422}:
            return Invalid("The request lacks its key.", violations=lacking)
        refusal = Unauthenticated(
            "The credential is missing or not valid.", headers=self._challenge(operation)
        )
        refusal.hint = self._hint(operation, headers, query)
        return refusal

    def _schemes(self, operation: Operation) -> list[SecurityScheme]:
        return [
            scheme
            for requirement in operation.security
            for name in requirement
            if (scheme := self._contract.schemes.get(name)) is not None
        ]

    def _lacking(
        self, operation: Operation, headers: Mapping[str, str], query: bytes
    ) -> list[Violation]:
        """The required parameters that are keys, and that the request does not have."""
        schemes = {(one.place, one.parameter): one for one in self._schemes(operation)}
        return [
            Violation((one.place, one.name), "required", f"{one.name} is required", None, one.name)
            for one in operation.parameters
            if one.required
            and (scheme := schemes.get((one.place, one.name))) is not None
            and finder(scheme)(headers, query) is None
        ]

    def _hint(self, operation: Operation, headers: Mapping[str, str], query: bytes) -> str:
        """What is missing or wrong, and what would be valid."""
        schemes = self._schemes(operation)
        would_do = self._accepted()
        missing: dict[str, None] = {}
        for scheme in schemes:
            found = finder(scheme)(headers, query)
            if found is None:
                missing[_carrier(scheme)] = None
            elif not self.accepts(found.partition(":")[0]):
                return f"The key in {_carrier(scheme)} is not known. {would_do}"
        places = " or ".join(missing) or "the request"
        return f"There is no key in {places}. {would_do}"

    def _accepted(self) -> str:
        """Which credentials are accepted, in a sentence."""
        if self._closed:
            return "The keys of a list are accepted (--keys); ask whoever runs this mock for one."
        found = f"Any key that begins with {self._prefix} is accepted"
        if self._keys:
            found += ", and those of --api-key and --key-file"
        if self._issued is not nothing_issued:
            found += ", and what this API has issued"
        return f"{found}."

    def claimed(self, headers: Mapping[str, str], body: Any, issuer: Issuer) -> str | None:
        """The tenant for which a login asks for a credential, if the request says so."""
        form = body if isinstance(body, Mapping) else {}
        for name in ("refresh_token", "code", "device_code", issuer.renews):
            issued = self._issued(str(form[name])) if form.get(name) else None
            if issued is not None:
                return issued.tenant
        if issuer.kind in ("oauth", "device"):
            client = client_of(form, headers.get("authorization", ""))
            if client:
                return client
        named = (form.get(name) for name in NAMES)
        return next((str(n) for n in named if n and self.accepts(str(n))), None)

    def accepts(self, credential: str) -> bool:
        """Whether a credential is valid without having been issued."""
        if self._closed:
            return False
        return credential.startswith(self._prefix) or credential in self._keys

    def _compile(self, operation: Operation) -> tuple[tuple[_Proof, ...], ...]:
        if not operation.security:
            return ((),)
        # A requirement without schemes means that the credential is optional: look for one first.
        ordered = sorted(operation.security, key=lambda requirement: not requirement)
        return tuple(self._proofs(requirement) for requirement in ordered)

    def _proofs(self, requirement: Mapping[str, Sequence[str]]) -> tuple[_Proof, ...]:
        """One per scheme; schemes that share the Authorization header have one together."""
        found: list[_Proof] = []
        shared: list[_Proof] = []
        for name, scopes in requirement.items():
            scheme = self._contract.schemes.get(name)
            if scheme is not None:
                needed = frozenset(scopes) if scheme.type in _SCOPED else None
                found.append(_Proof(finder(scheme), needed))
                if _in_authorization(scheme):
                    shared.append(found[-1])
        if len(shared) < 2:
            return tuple(found)
        ways = [proof.find for proof in shared]
        required = [proof.scopes for proof in shared if proof.scopes is not None]
        any_of = _Proof(partial(_first, ways), frozenset().union(*required) if required else None)
        return (any_of, *(proof for proof in found if proof not in shared))

    def _challenge(self, operation: Operation) -> dict[str, str]:
        for requirement in operation.security:
            for name in requirement:
                scheme = self._contract.schemes.get(name)
                if scheme is not None and scheme.type in ("http", "oauth2", "openIdConnect"):
                    return {"www-authenticate": scheme.word}
        return {}


def subject_of(credential: str) -> str:
    """The issuer and subject of a JWT, whose signature is not checked; anything else as it is."""
    parts = credential.split(".")
    if len(parts) != 3:
        return credential
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return credential
    subject = claims.get("sub") if isinstance(claims, dict) else None
    if not isinstance(subject, str) or not subject:
        return credential
    issuer = claims.get("iss")
    return f"{issuer}|{subject}" if isinstance(issuer, str) and issuer else subject


def _insufficient(missing: frozenset[str]) -> Forbidden:
    """RFC 6750, section 3.1."""
    scopes = " ".join(sorted(missing))
    challenge = 'Bearer error="insufficient_scope"'
    if _SCOPES.fullmatch(scopes):
        challenge += f', scope="{scopes}"'
    return Forbidden(
        f"The token lacks a scope that is needed: {scopes}.",
        code="insufficient_scope",
        headers={"www-authenticate": challenge},
    )


def _carrier(scheme: SecurityScheme) -> str:
    """Where a scheme's credential is sent."""
    if scheme.type == "apiKey":
        kind = {"query": "query parameter", "cookie": "cookie"}.get(scheme.place, "header")
        return f"the {kind} {scheme.parameter}"
    if scheme.type == "mutualTLS":
        return "the client's certificate"
    return f"the header Authorization ({scheme.word} ...)"


def _in_authorization(scheme: SecurityScheme) -> bool:
    if scheme.type == "apiKey":
        return scheme.place == "header" and scheme.parameter.lower() == "authorization"
    return scheme.type != "mutualTLS"


def _first(ways: Sequence[Find], headers: Mapping[str, str], query: bytes) -> str | None:
    return next((found for find in ways if (found := find(headers, query)) is not None), None)


def finder(scheme: SecurityScheme) -> Find:
    """How to find a scheme's credential in a request."""
    if scheme.type == "apiKey":
        name = scheme.parameter
        if scheme.place == "query":
            return lambda headers, query: _from_query(query, name)
        if scheme.place == "cookie":
            return lambda headers, query: _from_cookie(headers, name)
        lower = name.lower()
        if lower == "authorization":
            # Old documents describe `Bearer ...` this way, or name the scheme in the text.
            return lambda headers, query: _authorization(headers.get("authorization"))
        if lower == "cookie":
            return lambda headers, query: _any_cookie(headers)
        return lambda headers, query: headers.get(lower)
    if scheme.type == "mutualTLS":
        return lambda headers, query: "mock-tls"
    if scheme.word == "Basic":
        return lambda headers, query: _basic(headers.get("authorization", ""))
    words = (scheme.word.lower(), "bearer")
    return lambda headers, query: _after(words, headers.get("authorization", ""))


def _authorization(value: str | None) -> str | None:
    word, _, credential = (value or "").partition(" ")
    if word.lower() == "basic":
        return _basic(value or "")
    return (credential.strip() or None) if credential else value


def _after(words: tuple[str, ...], value: str) -> str | None:
    """The credential after one of the words, which are in lower case."""
    word, _, credential = value.partition(" ")
    return credential.strip() or None if word.lower() in words else None


def _basic(value: str) -> str | None:
    word, _, credential = value.partition(" ")
    if word.lower() != "basic":
        return None
    try:
        user, _, password = b64decode(credential, validate=True).decode().partition(":")
    except ValueError:
        return None
    # Vendors put the key in either half; a key given as the user may have an empty password.
    return user if user.startswith("mock-") or not password else password


def _any_cookie(headers: Mapping[str, str]) -> str | None:
    """The first cookie, where the document does not name the one of the session."""
    value = headers.get("cookie", "")
    found = next((each[0] for each in split_cookies(value).values() if each), None)
    return found or value or None


def _from_query(query: bytes, name: str) -> str | None:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return next((value for key, value in pairs if key == name), None)


def _from_cookie(headers: Mapping[str, str], name: str) -> str | None:
    found = split_cookies(headers.get("cookie", "")).get(name)
    return found[0] if found else None
