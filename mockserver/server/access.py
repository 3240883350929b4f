"""Access control of the admin API.

The admin API can erase every world, so it accepts only callers on this machine, or with the token.
Web pages in a developer's browser also run on this machine. They are recognised by `Origin` and
`Sec-Fetch-Site`, and in a DNS rebinding attack by `Host`.
"""

from __future__ import annotations

import hmac
from collections.abc import Container
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import Scope

from mockserver.errors import Forbidden, Unauthenticated
from mockserver.inference.words import bag
from mockserver.records import dataclass

Headers = dict[str, list[str]]
# Behind a local proxy every request seems to come from this machine.
_FORWARDED = bag(
    "cf-connecting-ip forwarded true-client-ip via x-client-ip x-cluster-client-ip x-forwarded-for "
    "x-forwarded-host x-forwarded-proto x-forwarded-server x-real-ip"
)


@dataclass(frozen=True, eq=False)
class Guard:
    """`names` are accepted in a `Host` header besides localhost: the addresses we listen on."""

    token: str = ""
    names: frozenset[str] = frozenset()

    def check(self, scope: Scope) -> None:
        """Raises Forbidden, or Unauthenticated for a wrong token."""
        headers: Headers = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        self._refuse_foreign_page(headers, scope)
        if self._has_token(headers):
            return
        self._refuse_foreign_host(headers)
        if not is_local(scope, headers):
            raise Forbidden(
                "the admin API accepts only callers on this machine; start the server with "
                "--control-token TOKEN and send it in the header x-mock-token"
            )

    def _has_token(self, headers: Headers) -> bool:
        """Whether the correct token was sent. Raises Unauthenticated for a wrong one."""
        given = headers.get("x-mock-token", [])
        # An `Authorization` of another scheme is for the API.
        bearers = [
            value[7:].strip()
            for value in headers.get("authorization", [])
            if value[:7].lower() == "bearer "
        ]
        if not self.token:
            return False
        for value in (*given, *bearers):
            if not hmac.compare_digest(value.encode("latin-1"), self.token.encode()):
                raise Unauthenticated("the control token is wrong")
        return bool(given or bearers)

    def _refuse_foreign_host(self, headers: Headers) -> None:
        hosts = headers.get("host", [])
        if len(hosts) > 1 or (hosts and not self.is_own_name(host_name(hosts[0]))):
            raise Forbidden(
                f"the Host {hosts[0]!r} is not a name of this server; use 127.0.0.1, localhost or "
                "another IP address"
            )

    def is_own_name(self, name: str) -> bool:
        """Whether DNS rebinding can be ruled out for this name.

        An IP address involves no DNS, so it can't be rebound.
        """
        if name == "localhost" or name.endswith(".localhost") or is_address(name):
            return True
        return name in self.names

    def _refuse_foreign_page(self, headers: Headers, scope: Scope) -> None:
        hosts = headers.get("host", [])
        own = hosts[0].lower().removesuffix(":80") if len(hosts) == 1 else ""
        for origin in headers.get("origin", []):
            if not own or origin_host(origin) != own:
                raise Forbidden(f"a page of {origin!r} may not use the admin API")
        for site in headers.get("sec-fetch-site", []):
            if site not in ("same-origin", "none") and not _is_visit(headers, scope):
                raise Forbidden("a page of another site may not use the admin API")


def _is_visit(headers: Headers, scope: Scope) -> bool:
    """Whether a person follows a link to here, in a window of its own."""
    return (
        scope["method"] == "GET"
        and headers.get("sec-fetch-mode") == ["navigate"]
        and headers.get("sec-fetch-dest") == ["document"]
    )


def origin_host(origin: str) -> str:
    """`http://localhost:8000` -> `localhost:8000`; empty for `null` and invalid origins."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc.lower().removesuffix(":80") if parts.scheme == "http" else ""


def host_name(host: str) -> str:
    """A `Host` header without port and brackets, in lower case."""
    host = host.strip().lower()
    if host.startswith("["):
        name, bracket, rest = host[1:].partition("]")
        return name if bracket and (not rest or rest.startswith(":")) else ""
    name, _, port = host.partition(":")
    return "" if port and not port.isdigit() else name.removesuffix(".")


def is_address(name: str) -> bool:
    """Whether the name is an IP address."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_local(scope: Scope, headers: Container[str]) -> bool:
    """Whether the caller is on this machine, and not a proxy for another one."""
    client = scope.get("client")
    return is_caller_local(client[0] if client is not None else None, headers)


def is_caller_local(caller: str | None, headers: Container[str]) -> bool:
    """The same for a client address; None means in process."""
    if any(name in headers for name in _FORWARDED):
        return False
    if caller is None:
        return True
    try:
        address = ip_address(caller)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
