"""Subscriptions, their targets, signatures and runtime expressions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import orjson

from mockserver.engine.api import Event
from mockserver.engine.pipeline import Exchange
from mockserver.engine.timestamps import render
from mockserver.errors import BadRequest
from mockserver.openapi.document import find
from mockserver.records import dataclass
from mockserver.server.access import is_address

if TYPE_CHECKING:
    import httpx

Target: TypeAlias = "str | Callable[[httpx.Request], int | None]"
Order = Literal["kept", "any"]
SECRET_PREFIX = "whsec_"
_EXPRESSION = re.compile(r"\{(\$[^}]+)\}")


@dataclass
class Subscription:
    """A subscriber and its events. Empty `events` means all. `row` and `operation` mark a
    callback's, which gets events of that row only. A `registered` one is stored in the world and
    gets events after the instant `since`. `remote`: a client on another machine created it."""

    id: str
    target: Target
    secret: str
    tenant: str | None = None
    events: frozenset[str] = frozenset()
    order: Order = "kept"
    operation: str = ""
    row: str = ""
    registered: bool = False
    since: int = 0
    remote: bool = False
    queue: list[Delivery] = field(default_factory=list)

    def wants(self, event: Event, tenant: str) -> bool:
        """Whether this subscription covers the event."""
        announced = event.announcement
        if self.tenant not in (None, tenant) or self.operation != announced.operation:
            return False
        if event.at < self.since:
            return False
        if self.row and self.row != event.key and not event.key.endswith(f"/{self.row}"):
            return False
        names = {_plain(announced.name), _plain(event.value)}
        return not self.events or not names.isdisjoint(map(_plain, self.events))

    def as_json(self) -> dict[str, Any]:
        """As the admin API shows it, including the secret, which the receiver needs."""
        return {
            "id": self.id,
            "url": self.target if isinstance(self.target, str) else "(a function)",
            "secret": self.secret,
            "tenant": self.tenant,
            "events": sorted(self.events) or None,
            "order": self.order,
            "operation": self.operation or None,
            "waiting": len(self.queue),
        }


def _plain(name: str) -> str:
    """`render.succeeded` and `renderSucceeded` are one event."""
    return "".join(filter(str.isalnum, name)).lower()


@dataclass
class Delivery:
    """One event for one subscriber. `due` is an instant of its world."""

    event: Event
    tenant: str
    subscription: str
    due: int
    state: Literal["waiting", "sent", "given up", "refused"] = "waiting"
    answers: list[int | str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """`answers` are a status or an error for each attempt; `due` is the time of the next one,
        by the clock of its world."""
        return {
            "id": self.event.id,
            "event": self.event.announcement.name,
            "subscription": self.subscription,
            "state": self.state,
            "due": render(self.due) if self.state == "waiting" else None,
            "answers": self.answers,
            "body": self.event.body,
        }


_FIELDS = ("url", "events", "secret", "order")


def read_subscription(
    spec: Any, number: str, tenant: str | None, known: Collection[str]
) -> Subscription:
    """A subscription from its JSON. Raises BadRequest with the field and its valid values."""
    if not isinstance(spec, Mapping) or "url" not in spec:
        raise BadRequest(
            'a webhook must be an object such as {"url": "http://127.0.0.1:9000/hook"}'
        )
    for name in spec:
        if name not in _FIELDS:
            raise BadRequest(
                f"a webhook has no field {name!r}; the fields are {', '.join(_FIELDS)}"
            )
    url, events = spec["url"], spec.get("events") or []
    if not isinstance(url, str):
        raise BadRequest(f"url must be a string, not {url!r}")
    if not isinstance(events, list) or not all(isinstance(name, str) for name in events):
        raise BadRequest("events must be a list of names")
    for name in events:
        if name not in known:
            offer = f"the webhooks are {', '.join(known)}" if known else "the document has none"
            raise BadRequest(f"there is no webhook {name!r}; {offer}")
    order = spec.get("order", "kept")
    if order not in ("kept", "any"):
        raise BadRequest(f'order must be "kept" or "any", not {order!r}')
    secret = read_secret(spec.get("secret"))
    return Subscription(number, url, secret, tenant, frozenset(events), order)


def read_secret(given: Any) -> str:
    """A Standard Webhooks secret; a new one if none is given. Raises BadRequest."""
    if given is None:
        return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()
    try:
        if not isinstance(given, str) or not given.startswith(SECRET_PREFIX):
            raise ValueError
        base64.b64decode(given.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        raise BadRequest(f"secret must be {SECRET_PREFIX} followed by base64") from None
    return given


def why_not(
    url: str,
    allowed: Collection[str],
    *,
    own_ports: Collection[int] = (),
    remote: bool = False,
) -> str:
    """Why nothing may be sent there; empty if it may be.

    `allowed` hosts are accepted, and so is this machine, unless a client on another one requested
    it (`remote`). A mock never sends to itself: its admin API trusts this machine.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower().removesuffix(".")
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "it is not a URL"
    if parts.scheme not in ("http", "https") or not host:
        return "it is not an http URL"
    here = host == "localhost" or host.endswith(".localhost") or _is_here(host)
    if here or host in allowed:
        if port in own_ports:
            return f"port {port} is the mock's own"
        if "__mock__" in unquote(parts.path):
            return "it is the admin API of a mock"
        if host in allowed or not remote:
            return ""
        return f"a client on another machine requested it; --webhook-host {host} allows it"
    return f"{host} is not this machine; --webhook-host {host} allows it"


def _is_here(host: str) -> bool:
    if not is_address(host):
        return False
    address = ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback)


def signed(secret: str, message: str, moment: int, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks. `moment` is in seconds since 1970.

    A secret in another format, as vendors have them, is used as the key unchanged.
    """
    key = secret.encode()
    if secret.startswith(SECRET_PREFIX):
        with suppress(ValueError):
            key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    content = f"{message}.{moment}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(moment),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def with_query(url: str, query: Sequence[tuple[str, str]]) -> str:
    """The URL with parameters after those that it has."""
    if not query:
        return url
    base, mark, fragment = url.partition("#")
    return f"{base}{'&' if '?' in base else '?'}{urlencode(query)}{mark}{fragment}"


def expression(text: str, exchange: Exchange) -> str | None:
    """The value of a callback's runtime expression, or of a text with expressions in braces.

    None if the request or reply lacks a value.
    """
    if text.startswith("$"):
        return _value(text, exchange)
    parts = [_value(match, exchange) for match in _EXPRESSION.findall(text)]
    if any(part is None for part in parts):
        return None
    found = iter(parts)
    return _EXPRESSION.sub(lambda _: str(next(found)), text)


def _value(text: str, exchange: Exchange) -> str | None:
    message, sent = exchange.message, exchange.sent
    side, _, rest = text.removeprefix("$").partition(".")
    if side in ("url", "method", "statusCode"):
        status = str(sent.status) if sent is not None else None
        return {"url": message.target, "method": message.method, "statusCode": status}[side]
    kind, _, name = rest.partition(".")
    if kind.startswith("body"):
        body = message.body if side == "request" else sent.body if sent is not None else b""
        return _inside(body, kind.partition("#")[2] + ("." + name if name else ""))
    if side == "response":
        headers = sent.headers if sent is not None and kind == "header" else []
        wanted = name.lower().encode()
        return next((v.decode("latin-1") for n, v in headers if n.lower() == wanted), None)
    if kind == "query":
        return dict(parse_qsl(message.query.decode("latin-1"))).get(name)
    if kind == "path":
        return message.path_values.get(name)
    return message.headers.get(name.lower()) if kind == "header" else None


def _inside(body: bytes, pointer: str) -> str | None:
    try:
        value = find(orjson.loads(body), pointer)
    except orjson.JSONDecodeError:
        return None
    if isinstance(value, str):
        return value
    # A number or a boolean as JSON writes it.
    return orjson.dumps(value).decode() if isinstance(value, int | float) else None
