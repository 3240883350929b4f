"""The clock of a world, as a value: a function of the real time."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any, Literal

from mockserver.engine.timestamps import LATEST, parse, render, seconds
from mockserver.errors import BadRequest
from mockserver.records import dataclass

Mode = Literal["real", "manual"]
_END = "the clock does not go beyond the year 9999"


@dataclass(frozen=True, slots=True)
class Clock:
    """Showed `base` at real time `since`, and runs `speed` times as fast (0: stopped).

    All times are microseconds. Time never goes back, so a job that has ended stays ended.
    """

    mode: Mode
    base: int
    since: int
    speed: float = 1.0

    def now(self, real: int) -> int:
        """The time of the world at real time `real`."""
        if self.mode == "manual":
            return self.base
        return self.base + int((real - self.since) * self.speed)

    def advance(self, real: int, amount: float) -> Clock:
        """Advance by `amount` seconds. Raises BadRequest if it is negative or too large."""
        if amount < 0:
            raise BadRequest(
                f"advance takes seconds from 0 on, not {amount:g}: time never goes back"
            )
        if not amount < 1e12:
            raise BadRequest(f"advance can't take {amount:g} seconds: {_END}")
        return self._at(real, self.now(real) + seconds(amount))

    def set_to(self, real: int, instant: int) -> Clock:
        """Advance to `instant`. Raises BadRequest if it is in the past."""
        if instant < self.now(real):
            raise BadRequest(
                f"the clock shows {render(self.now(real))} and never goes back to "
                f"{render(instant)}; POST /__mock__/reset starts afresh"
            )
        return self._at(real, instant)

    def run_at(self, real: int, speed: float) -> Clock:
        """Run `speed` times as fast as real time from now on; 0 stops the clock."""
        if not 0 <= speed <= 1e6:
            raise BadRequest(f"speed is a number from 0 to 1000000, not {speed:g}")
        if self.mode == "manual" and speed > 0:
            return Clock("real", self.base, real, speed)
        return replace(self._at(real, self.now(real)), speed=speed)

    def _at(self, real: int, instant: int) -> Clock:
        if instant > LATEST:
            raise BadRequest(_END)
        return replace(self, base=instant, since=real)

    def describe(self, real: int) -> dict[str, Any]:
        """The clock as the admin API shows it."""
        speed = 0.0 if self.mode == "manual" else self.speed
        return {"now": render(self.now(real)), "mode": self.mode, "speed": speed}

    def change(self, real: int, order: Any) -> Clock:
        """Apply `{"advance": seconds}`, `{"set": text}` or `{"speed": n}`; several are applied in
        this order.

        Raises BadRequest for anything else.
        """
        if not isinstance(order, dict) or not order or order.keys() - {"advance", "set", "speed"}:
            raise BadRequest('give {"advance": SECONDS}, {"set": "ISO"} or {"speed": N}')
        clock = self
        if "advance" in order:
            clock = clock.advance(real, _number(order["advance"], "advance"))
        if "set" in order:
            try:
                clock = clock.set_to(real, parse(order["set"]))
            except (ValueError, TypeError, OverflowError):
                raise BadRequest(
                    f"set takes an ISO 8601 date and time, not {order['set']!r}"
                ) from None
        if "speed" in order:
            clock = clock.run_at(real, _number(order["speed"], "speed"))
        return clock


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequest(f"{name} takes a number, not {value!r}")
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf
