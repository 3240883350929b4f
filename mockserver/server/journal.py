"""What was asked and answered: a bounded ring of exchanges, newest first."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any

from mockserver.contract.model import Violation
from mockserver.engine.instants import render
from mockserver.engine.pipeline import Exchange

KEPT = 1000
KEPT_BYTES = 16 * 1024 * 1024
LONGEST_VALUE = 200
SECRET_NAME = re.compile(r"auth|key|password|secret|signature|token", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange: its number since the start, and the nanosecond at which it ended."""

    number: int
    ended: int
    exchange: Exchange


class Journal:
    """The last exchanges, at most `kept` of them and `kept_bytes` of their bodies.

    Recording keeps references only; whatever a reader sees is made when it asks.
    """

    def __init__(
        self,
        kept: int = KEPT,
        kept_bytes: int = KEPT_BYTES,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self.total = 0
        self._ring: deque[tuple[int, Exchange, int]] = deque()
        self._most = kept
        self._most_bytes = kept_bytes
        self._bytes = 0
        self._now = now
        self._lock = Lock()

    def __call__(self, exchange: Exchange) -> None:
        """Record an exchange. On the hot path."""
        sent = exchange.sent
        message = exchange.message
        size = len(message.body) + len(message.query) + len(message.target)
        if sent is not None:
            size += len(sent.body)
        with self._lock:
            ring = self._ring
            ring.append((self._now(), exchange, size))
            self.total += 1
            self._bytes += size
            while len(ring) > self._most or (self._bytes > self._most_bytes and len(ring) > 1):
                self._bytes -= ring.popleft()[2]

    @property
    def kept(self) -> int:
        """How many exchanges are kept."""
        return len(self._ring)

    def entries(self) -> Iterator[Entry]:
        """The kept exchanges, newest first."""
        with self._lock:
            kept = list(self._ring)
            total = self.total
        for back, (ended, exchange, _) in enumerate(reversed(kept)):
            yield Entry(total - back, ended, exchange)

    def clear(self) -> int:
        """Forget the kept exchanges; how many there were."""
        with self._lock:
            count = len(self._ring)
            self._ring.clear()
            self._bytes = 0
        return count

    def forget(self, tenant: str) -> int:
        """Forget one tenant's exchanges; how many there were. The others are renumbered."""
        with self._lock:
            others = [entry for entry in self._ring if entry[1].tenant != tenant]
            count = len(self._ring) - len(others)
            self._ring = deque(others)
            self._bytes = sum(entry[2] for entry in others)
        return count


def describe(entry: Entry) -> dict[str, Any]:
    """An exchange as the control plane shows it, secrets masked."""
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
        "violations": [describe_violation(violation) for violation in exchange.violations],
        "problem": exchange.problem or None,
        "faults": exchange.mishap.faults if exchange.mishap is not None else [],
    }


def describe_violation(violation: Violation) -> dict[str, Any]:
    """Where, which rule and the value, which is cut short, or masked if it may be a secret."""
    secret = any(SECRET_NAME.search(str(name)) for name in violation.where[1:])
    return {
        "where": [str(name) if isinstance(name, str) else name for name in violation.where],
        "rule": violation.keyword,
        "message": violation.message if not secret else f"breaks {violation.keyword}",
        "value": "…" if secret else brief(violation.value),
    }


def brief(value: Any) -> Any:
    """The value, or the beginning of its text if that is long."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    if len(text) > LONGEST_VALUE:
        return text[:LONGEST_VALUE] + "…"
    return value


def mask(secret: str) -> str:
    """The beginning of a key: enough to know one's own, not enough to use it.

    A short `mock-` key protects nothing and is shown whole.
    """
    if secret.startswith("mock-"):
        return secret if len(secret) <= 24 else secret[:24] + "…"
    return secret[: min(4, len(secret) // 3)] + "…"


def masked_target(target: str, query: bytes) -> str:
    """Path and query; the value of a parameter whose name sounds secret is masked."""
    if not query:
        return target
    pairs = []
    for pair in query.decode("latin-1").split("&"):
        name, equals, value = pair.partition("=")
        pairs.append(name + equals + (mask(value) if SECRET_NAME.search(name) else value))
    return f"{target}?{'&'.join(pairs)}"
