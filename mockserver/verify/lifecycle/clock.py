"""How time passes: moved by the admin API of a mock, or waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mockserver.verify.http import Sent, WireError
from mockserver.verify.target import Target


class Time(Protocol):
    """`still` says whether nothing happens between two calls of `pass_`."""

    still: bool

    def pass_(self, seconds: float) -> bool:
        """Let time go by; False once there is no more to be had."""


class Manual:
    """A mock's virtual clock."""

    still = True

    def __init__(self, target: Target) -> None:
        self.target = target

    def pass_(self, seconds: float) -> bool:
        reply = _control(self.target, "POST", "clock", {"advance": seconds})
        return reply is not None and reply.status == 200


class Real:
    """A server's own clock: waited for, until the deadline."""

    still = False

    def __init__(self, patience: float = 60, step: float = 0.5) -> None:
        self.deadline = time.monotonic() + patience
        self.step = step

    def pass_(self, seconds: float) -> bool:
        left = self.deadline - time.monotonic()
        time.sleep(max(0.0, min(self.step, seconds, left)))
        return left > 0


@dataclass(frozen=True)
class Surroundings:
    """What can be done to a target beside asking it: letting time pass, starting afresh."""

    time: Time
    reset: Callable[[], None]
    mock: bool


def surroundings_of(target: Target, patience: float) -> Surroundings:
    """By the admin API, if there is one."""
    time = clock_of(target, patience)

    def start_afresh() -> None:
        if time.still:
            reset(target)

    return Surroundings(time, start_afresh, is_mock(target))


def clock_of(target: Target, patience: float) -> Time:
    """The clock of a mock that has one to move, else the real one."""
    reply = _control(target, "GET", "clock")
    if reply is not None and reply.status == 200:
        try:
            if reply.json().get("mode") == "manual":
                return Manual(target)
        except ValueError:
            pass
    return Real(patience)


def is_mock(target: Target) -> bool:
    reply = _control(target, "GET", "health")
    try:
        return reply is not None and reply.json().get("status") == "ok"
    except ValueError:
        return False


def reset(target: Target) -> bool:
    """Back to the seed world, this key's alone; False if the server has no admin API."""
    reply = _control(target, "POST", "reset")
    return reply is not None and reply.status == 200


def _control(target: Target, method: str, what: str, body: object = None) -> Sent | None:
    params = {} if what == "health" else {"tenant": target.key}
    try:
        return target.wire.send(method, f"/__mock__/{what}", headers={}, params=params, body=body)
    except WireError:
        return None
