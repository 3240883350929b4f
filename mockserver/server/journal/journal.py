"""A bounded ring of exchanges, newest first."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from reprlib import Repr
from threading import Lock
from typing import Any

import mockserver
from mockserver.engine.pipeline import Exchange
from mockserver.engine.timestamps import render
from mockserver.files.har import Archived, archive, har_entry
from mockserver.files.secrets import SECRET_NAME, mask, masked, masked_target
from mockserver.openapi.model import Violation
from mockserver.records import dataclass

KEPT = 1000
KEPT_BYTES = 16 * 1024 * 1024
LONGEST_VALUE = 200
# Parsed values of a body this long are not kept: they take ten times the memory.
LARGE = 64 * 1024
AT_ONCE = 32
"""So many exchanges are taken in together."""
MOST_VIOLATIONS = 100
_A_HEADER = 120
"""Bytes that a name and a value take beside their text."""
_REPR = Repr()
_REPR.maxlevel, _REPR.maxdict, _REPR.maxlist, _REPR.maxstring = 4, 10, 10, 100
_REPR.fillvalue = _CUT = "\0"  # which no other text has in its `repr`
# Messages about these keywords do not quote the value.
_NEVER_QUOTING = frozenset(("const", "required"))


Noted = tuple[int, Exchange]
"""An exchange, and the nanosecond at which it ended."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange: its number since the start, and the nanosecond at which it ended."""

    number: int
    ended: int
    exchange: Exchange


class Journal:
    """The last exchanges, at most `kept` of them and `kept_bytes` of their bodies.

    A request only adds its exchange to those that wait. They are taken in when somebody reads, when
    there are some or when one is large: measured, and passed to the `counters`. `listeners` get
    each exchange at once. Descriptions are created when read.
    """

    def __init__(self, kept: int = KEPT, kept_bytes: int = KEPT_BYTES) -> None:
        self.listeners: tuple[Callable[[Exchange], None], ...] = ()
        self.counters: tuple[Callable[[Sequence[Noted]], None], ...] = ()
        self._waiting: deque[Noted] = deque()
        self._recorded = 0
        self._ring: deque[tuple[int, Exchange, int]] = deque()
        self._most = kept
        self._most_bytes = kept_bytes
        self._bytes = 0
        self._lock = Lock()

    def __call__(self, exchange: Exchange) -> None:
        """Record an exchange. On the hot path."""
        waiting, sent = self._waiting, exchange.sent
        waiting.append((time.time_ns(), exchange))
        large = len(exchange.message.body) > LARGE or (sent is not None and len(sent.body) > LARGE)
        if large or len(waiting) >= AT_ONCE:
            self.update()
        for listener in self.listeners:
            listener(exchange)

    def update(self) -> None:
        """Take in what has been recorded."""
        if not self._waiting:
            return
        with self._lock:
            waiting, ring, held = self._waiting, self._ring, self._bytes
            taken = [waiting.popleft() for _ in range(len(waiting))]
            for ended, exchange in taken:
                size = _size(exchange)
                if size > LARGE and exchange.violations:
                    first = exchange.violations[:MOST_VIOLATIONS]
                    exchange.violations = tuple(_slim(violation) for violation in first)
                ring.append((ended, exchange, size))
                held += size
            while len(ring) > self._most or (held > self._most_bytes and len(ring) > 1):
                held -= ring.popleft()[2]
            self._bytes = held
            self._recorded += len(taken)
            for count in self.counters:
                count(taken)

    @property
    def recorded(self) -> int:
        """The number of exchanges of this process so far."""
        self.update()
        return self._recorded

    @property
    def total(self) -> int:
        """The number of exchanges so far."""
        return self.recorded

    @property
    def kept(self) -> int:
        """The number of exchanges that are kept."""
        self.update()
        return len(self._ring)

    def latest(self, count: int) -> tuple[int, list[Noted]]:
        """The number of exchanges of this process so far, and the last ones, oldest first."""
        self.update()
        with self._lock:
            newest = list(islice(reversed(self._ring), count))
            return self._recorded, [(ended, each) for ended, each, _ in reversed(newest)]

    def entries(self) -> Iterator[Entry]:
        """The kept exchanges, newest first."""
        self.update()
        with self._lock:
            kept = list(self._ring)
            total = self._recorded
        for back, (ended, exchange, _) in enumerate(reversed(kept)):
            yield Entry(total - back, ended, exchange)

    def clear(self) -> int:
        """Remove the kept exchanges and return their number."""
        self.update()
        with self._lock:
            count = len(self._ring)
            self._ring.clear()
            self._bytes = 0
        return count

    def forget(self, tenant: str) -> int:
        """Remove one tenant's exchanges and return their number. The others are renumbered."""
        self.update()
        with self._lock:
            others = [entry for entry in self._ring if entry[1].tenant != tenant]
            count = len(self._ring) - len(others)
            self._ring = deque(others)
            self._bytes = sum(entry[2] for entry in others)
        return count


def _size(exchange: Exchange) -> int:
    """The bytes of an exchange that a client decides about, roughly."""
    message, sent = exchange.message, exchange.sent
    headers = message.headers
    head = len("".join((message.target, *headers, *headers.values()))) + _A_HEADER * len(headers)
    size = head + len(message.query) + len(message.body)
    return size + len(sent.body) if sent is not None else size


def describe(entry: Entry) -> dict[str, Any]:
    """An exchange as the admin API shows it, secrets masked."""
    exchange = entry.exchange
    message = exchange.message
    started = getattr(message, "started", 0)
    return {
        "number": entry.number,
        "time": render(entry.ended // 1000),
        "duration_ms": round((entry.ended - started) / 1e6, 3) if started else None,
        "tenant": mask(exchange.tenant) if exchange.tenant else None,
        "operation": exchange.operation.id if exchange.operation is not None else None,
        "method": message.method,
        "target": masked_target(message.target, message.query),
        "status": (exchange.sent.status or None) if exchange.sent is not None else None,
        "undocumented": exchange.sent is not None and exchange.sent.undocumented,
        "upstream": exchange.upstream or None,
        "stub": exchange.stub.id if exchange.stub is not None else None,
        "violations": [describe_violation(violation) for violation in exchange.violations],
        "problem": exchange.problem or None,
        "faults": exchange.injection.faults if exchange.injection is not None else [],
    }


def describe_violation(violation: Violation) -> dict[str, Any]:
    """Place, rule and value; the value is truncated, or masked if it may be a secret."""
    # The name of a disallowed property is omitted: it may be secret.
    secret = violation.keyword == "falseSchema" or any(
        SECRET_NAME.search(str(name)) for name in violation.where[1:]
    )
    value = masked(violation.value)
    # A message may quote the value.
    quotable = not secret and (value == violation.value or violation.keyword in _NEVER_QUOTING)
    return {
        "where": [str(name) if isinstance(name, str) else name for name in violation.where],
        "rule": violation.keyword,
        "message": violation.message if quotable else f"breaks {violation.keyword}",
        "value": "…" if secret else brief(value),
    }


def _slim(violation: Violation) -> Violation:
    value = "…" if isinstance(violation.value, dict | list) else brief(violation.value)
    return replace(violation, value=value, limit=None, schema={})


def brief(value: Any) -> Any:
    """The value, or the beginning of its text if that is long."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"
    text = _REPR.repr(value)
    if _CUT not in text and len(text) <= LONGEST_VALUE:
        return value
    return text.replace(_CUT, "…")[:LONGEST_VALUE] + "…"


# The journal as an HTTP archive, for developer tools and others.


def as_har(entries: Iterable[Entry]) -> dict[str, Any]:
    """The archive, oldest first as `entries` come. Secrets are masked."""
    return archive(map(_entry, entries), mockserver.__version__)


def _entry(entry: Entry) -> dict[str, Any]:
    message, sent = entry.exchange.message, entry.exchange.sent
    started = message.started or entry.ended
    host = message.headers.get("host", "mock.local")
    query = f"?{message.query.decode('latin-1')}" if message.query else ""
    headers = sent.headers if sent is not None else ()
    one = Archived(
        method=message.method,
        url=f"http://{host}{message.target}{query}",
        status=sent.status if sent is not None else 0,
        started=render(started // 1000),
        took=(entry.ended - started) / 1e6,
        request_headers=tuple(message.headers.items()),
        request_body=message.body,
        headers=[(n.decode("latin-1"), v.decode("latin-1")) for n, v in headers],
        body=sent.body if sent is not None else b"",
    )
    operation = entry.exchange.operation
    return har_entry(one, _operation=operation.id if operation is not None else None)
