"""Let time pass: by the admin API of a mock, or by waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mockserver.verify.http import Sent, WireError
from mockserver.verify.replies import parsed
from mockserver.verify.target import Target

_TENANT_HEADER, _NOBODY = "x-mock-tenant", "anonymous"
"""The header that names the tenant where a document has no security, and the tenant without it."""


class Time(Protocol):
    """`still` is whether time stands still between calls of `pass_`."""

    still: bool

    @property
    def moment(self) -> float:
        """Equal at two instants between which no time has passed."""

    def pass_(self, seconds: float) -> bool:
        """Let `seconds` pass; False once the time limit is reached."""


class Manual:
    """A mock's manual clock."""

    still = True

    def __init__(self, target: Target) -> None:
        self.target = target
        self.moment = 0.0

    def pass_(self, seconds: float) -> bool:
        self.moment += seconds
        reply = _control(self.target, "POST", "clock", {"advance": seconds})
        return reply is not None and reply.status == 200


class Real:
    """A server's own clock: waits, until the deadline."""

    still = False
    step = 0.5
    """The most seconds to wait before the server is asked again."""

    def __init__(self, patience: float = 60) -> None:
        self.deadline = time.monotonic() + patience

    @property
    def moment(self) -> float:
        return time.monotonic()

    def pass_(self, seconds: float) -> bool:
        left = self.deadline - time.monotonic()
        time.sleep(max(0.0, min(self.step, seconds, left)))
        return left > 0


@dataclass(frozen=True)
class Surroundings:
    """What can be done to a target besides requests: let time pass, reset it."""

    time: Time
    reset: Callable[[], None]
    mock: bool


def surroundings_of(target: Target, patience: float) -> Surroundings:
    """The target's surroundings, using its admin API if it has one."""
    time = clock_of(target, patience)

    def start_afresh() -> None:
        if time.still:
            reset(target)

    return Surroundings(time, start_afresh, is_mock(target))


def clock_of(target: Target, patience: float) -> Time:
    """The clock of a mock if it can be moved, else the real one."""
    reply = _control(target, "GET", "clock")
    if reply is not None and reply.status == 200 and _said(reply).get("mode") == "manual":
        return Manual(target)
    return Real(patience)


def is_mock(target: Target) -> bool:
    reply = _control(target, "GET", "health")
    return reply is not None and _said(reply).get("status") == "ok"


def _said(reply: Sent) -> Mapping[str, Any]:
    """The object in a reply; empty for anything else, which no mock says."""
    found = parsed(reply.body)
    return found if isinstance(found, Mapping) else {}


def reset(target: Target) -> bool:
    """Reset this key's world to the seed world; False if the server has no admin API."""
    reply = _control(target, "POST", "reset")
    return reply is not None and reply.status == 200


def _control(target: Target, method: str, what: str, body: object = None) -> Sent | None:
    params = {} if what == "health" else {"tenant": _tenant(target)}
    try:
        return target.wire.send(method, f"/__mock__/{what}", headers={}, params=params, body=body)
    except WireError:
        return None


def _tenant(target: Target) -> str:
    """The tenant of the target's requests."""
    named = {name.lower(): value for name, value in target.headers.items()}.get(_TENANT_HEADER, "")
    has_key = target.headers_with_key() != target.headers or target.params_with_key()
    return target.key if has_key else named or _NOBODY
