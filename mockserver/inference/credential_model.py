"""What a document implies about credentials: a part of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from mockserver.records import dataclass

if TYPE_CHECKING:
    from mockserver.inference.resource_model import Path

IssuerKind = Literal["oauth", "login", "key", "device"]


@dataclass(frozen=True, slots=True)
class Issuer:
    """An operation that issues credentials, and where its response holds them.

    A path of no steps is the whole body. `life` are the properties with the lifetime and the type
    of the credential, `headers` the response headers that hold it. `renews` is the property of the
    request that has a refresh token.
    """

    operation: str
    kind: IssuerKind
    access: tuple[Path, ...] = ()
    refresh: tuple[Path, ...] = ()
    life: tuple[Path, ...] = ()
    headers: tuple[str, ...] = ()
    renews: str | None = None


@dataclass(frozen=True, slots=True)
class OAuthPaths:
    """The OAuth and OpenID Connect paths that a document names."""

    token: frozenset[str] = frozenset()
    authorization: frozenset[str] = frozenset()
    device: frozenset[str] = frozenset()
    discovery: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()

    @property
    def any(self) -> frozenset[str]:
        return self.token | self.authorization | self.device | self.discovery


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

    @property
    def has_devices(self) -> bool:
        """Whether an operation gives out device codes, which a user confirms on a page."""
        return any(issuer.kind == "device" for issuer in self.issuers.values())
