"""Wait and retry when a request gets no usable response.

A 429, a 503, a closed connection and a starting server are temporary. Each request has its own time
limit for them to pass. An operation that does not recover is not waited for again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from mockserver.errors import UsageError
from mockserver.verify.http import WireError, retry_after
from mockserver.verify.model import Exchange
from mockserver.verify.signals import raise_if_pending

TOO_MANY = 429
BUSY = (TOO_MANY, 503)
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods that may be sent twice: RFC 9110, 9.2.2."""
PAUSE = 0.5
"""Seconds before the first retry; each further one waits twice as long."""
TROUBLES = 2
"""Failures in a row after which an operation is given up."""
REFUSALS = 5
"""This many 401 in a row mean that a key accepted before is rejected now."""


class NoReply(UsageError):
    """The server did not respond; the message states how it failed and what to check.

    `how` is one of `WireError`'s, or "key": the server rejects a key that it accepted before.
    """

    def __init__(self, text: str, how: str = "other") -> None:
        super().__init__(text)
        self.how = how


@dataclass
class Persistence:
    """How long to retry a request; `grace` is in seconds, in addition to the response time."""

    grace: float = 30.0
    pause: float = field(default_factory=lambda: PAUSE)
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    renew: Callable[[], bool] | None = None
    """Gets a new token; False if that fails."""
    waits: Counter[str] = field(default_factory=Counter)
    """Number of waits, by reason."""
    passing: list[Exchange] = field(default_factory=list)
    """Server errors that did not recur."""
    quarantined: dict[str, str] = field(default_factory=dict)
    """Operations given up, and why."""
    troubled: dict[str, str] = field(default_factory=dict)
    """Operations whose last attempt failed, and how."""
    _troubles: Counter[str] = field(default_factory=Counter)
    _hopeless: set[tuple[str, str]] = field(default_factory=set)
    _well: set[str] = field(default_factory=set)
    """Operations that accepted the key."""
    _refused: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(
        self,
        once: Callable[[], Exchange],
        method: str,
        operation: str,
        *,
        own_key: bool = True,
    ) -> Exchange:
        """The response to the request that `once` sends. Raises NoReply."""
        if operation in self.quarantined:
            raise NoReply(self.quarantined[operation], "quarantined")
        end, attempt, renewed = self.now() + self.grace, 0, False
        failed: Exchange | None = None
        while True:
            try:
                exchange = once()
            except WireError as error:
                reason = self._why_again(error, method)
                if not reason or not self._wait(reason, attempt, end, operation, 0.0):
                    self._trouble(operation, str(error))
                    raise NoReply(str(error), error.how) from None
                attempt += 1
                continue
            if exchange.status == 401 and own_key and not renewed and self._renewed(operation):
                renewed = True
            elif exchange.status in BUSY:
                given = exchange.headers.get("retry-after")
                shortest = retry_after(given) if given else 0.0
                if not self._wait(str(exchange.status), attempt, end, operation, shortest):
                    self._trouble(operation, f"it always responds with {exchange.status}")
                    return exchange
                attempt += 1
            elif exchange.status >= 500 and method in REPEATABLE and failed is None:
                failed = exchange
                self.sleep(self.pause / 5)
            else:
                if failed is not None and exchange.status < 500:
                    self.passing.append(failed)
                self._note(exchange, operation, own_key)
                return exchange

    def _trouble(self, operation: str, text: str) -> None:
        """Count failures; give up on an operation that fails again and again."""
        if not operation:
            return
        self._troubles[operation] += 1
        self.troubled[operation] = text
        if self._troubles[operation] >= TROUBLES:
            self.quarantined[operation] = text

    def _why_again(self, error: WireError, method: str) -> str:
        """Why it may be sent again, or ""."""
        if error.how == "refused" and self._well:
            return "nothing listened"
        if error.how == "dropped" and method in REPEATABLE:
            return "the connection was closed"
        return ""

    def _wait(self, reason: str, attempt: int, end: float, operation: str, shortest: float) -> bool:
        """Wait before the next attempt; False if there is none."""
        # Until something succeeds, one operation stands for all.
        key = (operation if self._well else "", reason)
        seconds = max(shortest, self.pause * 2**attempt)
        most = 2 if reason == "the connection was closed" else 6
        over = attempt >= most or self.now() + seconds > end
        if over or key in self._hopeless:
            self._hopeless.add(key)
            return False
        with self._lock:
            self.waits[reason] += 1
        raise_if_pending()
        self.sleep(seconds)
        return True

    def _renewed(self, operation: str) -> bool:
        """Whether the key was accepted before and has now been renewed."""
        return operation in self._well and self.renew is not None and self.renew()

    def _note(self, exchange: Exchange, operation: str, own_key: bool) -> None:
        self._troubles.pop(operation, None)
        self.troubled.pop(operation, None)
        if not own_key:
            return
        if exchange.status != 401:
            self._refused = 0
            self._well.add(operation)
        elif operation in self._well:
            self._refused += 1
            if self._refused >= REFUSALS:
                raise NoReply(
                    "a key that was accepted is now refused (401, "
                    f"{self._refused} times in a row): it may have expired; give a new one",
                    "key",
                )
