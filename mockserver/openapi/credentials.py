"""Where a credential is sent, for every security scheme of a document."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from mockserver.openapi.model import Contract, Operation, SecurityScheme
from mockserver.records import dataclass

AUTHORIZATION = "authorization"
_COOKIE = "session"
"""The name of a cookie of which the document only says that it is one."""
_HEADER_LINE = re.compile(r"\s*([\w.-]+)\s*:\s*([\w-]*)")


@dataclass(frozen=True)
class Credential:
    """The parts of a request that carry a key. Header names are in lower case."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def with_cookies(self) -> dict[str, str]:
        """The headers, with the cookies as a `Cookie` header."""
        if not self.cookies:
            return dict(self.headers)
        return {**self.headers, "cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())}


def credential(
    contract: Contract,
    key: str,
    operation: Operation | None = None,
    keys: Mapping[str, str] | None = None,
) -> Credential:
    """The parts of a request that carry `key` for one operation, or for all; `keys` override it by
    scheme.

    All schemes of the first requirement carry it, none an empty one. mutualTLS has no part in a
    request.
    """
    found = Credential({}, {}, {})
    for scheme in _schemes(contract, [operation] if operation else contract.operations):
        value = (keys or {}).get(scheme.name, key)
        if not value:
            continue
        if scheme.type == "apiKey":
            cookie = cookie_of(scheme)
            if cookie is not None:
                _put(found.cookies, cookie, value)
            elif scheme.place == "query":
                _put(found.query, scheme.parameter, value)
            else:
                _put(found.headers, scheme.parameter.lower(), value)
        elif scheme.word == "Basic":
            pair = value if ":" in value else f"{value}:"
            _put(found.headers, AUTHORIZATION, f"Basic {base64.b64encode(pair.encode()).decode()}")
        elif scheme.type in ("http", "oauth2", "openIdConnect"):
            _put(found.headers, AUTHORIZATION, f"{scheme.word} {value}")
    return found


def with_header_name(scheme: SecurityScheme) -> SecurityScheme:
    """The scheme without what follows the name of its header: `Authorization: Bearer` is no name
    (RFC 9110, 5.1), and says which scheme stands in `Authorization`."""
    parts = _HEADER_LINE.match(scheme.parameter)
    if scheme.type != "apiKey" or scheme.place != "header" or parts is None:
        return scheme
    if parts[1].lower() == AUTHORIZATION:
        return replace(scheme, type="http", parameter="", scheme=parts[2] or "bearer")
    return replace(scheme, parameter=parts[1])


def cookie_of(scheme: SecurityScheme) -> str | None:
    """The cookie that carries the credential of a scheme, if one does: Swagger 2.0 says so with
    the header `Cookie`."""
    if scheme.place == "cookie":
        return scheme.parameter
    return _COOKIE if scheme.place == "header" and scheme.parameter.lower() == "cookie" else None


def _put(place: Mapping[str, str], name: str, value: str) -> None:
    assert isinstance(place, dict)
    place[name] = value


def _schemes(contract: Contract, operations: Iterable[Operation]) -> list[SecurityScheme]:
    names = {name for op in operations for needed in op.security[:1] for name in needed}
    return [contract.schemes[name] for name in sorted(names) if name in contract.schemes]
