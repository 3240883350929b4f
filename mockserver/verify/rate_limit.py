"""Client-side rate limiting, which also honours Retry-After."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mockserver.verify.model import Exchange

LONGEST = 120.0


@dataclass
class Pace:
    """Call `wait` before each request and `heard` after each reply."""

    rate: float
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    waited: float = 0
    _next: float = field(default=0, init=False)

    def wait(self) -> None:
        pause = self._next - self.now()
        if pause > 0:
            self.waited += pause
            self.sleep(pause)
        self._next = max(self._next, self.now()) + 1 / self.rate

    def heard(self, exchange: Exchange) -> None:
        if exchange.status in (429, 503):
            pause = retry_after(exchange.headers.get("retry-after", ""))
            self._next = max(self._next, self.now() + pause)


def retry_after(value: str) -> float:
    """Seconds to wait, from a number or a date; between one and LONGEST."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return 1.0
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 1.0), LONGEST)
