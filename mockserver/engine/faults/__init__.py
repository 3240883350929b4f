"""Injected faults: which requests get which fault, decided without I/O.

A fault is a value read from JSON (`read_fault`). `Faults.meet` decides what happens to one request
as a function of the seed, the tenant, the fault and the number of requests it has matched. The
server carries out the effect: it waits, truncates the reply or closes the connection.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import field
from math import ceil
from threading import Lock
from typing import Any, NamedTuple, Protocol

from mockserver.engine.faults.spec import Fault
from mockserver.engine.timestamps import SECOND, seconds
from mockserver.engine.world import Row, World, random_for
from mockserver.errors import Refusal
from mockserver.records import dataclass

MOST_TENANTS = 10_000
MOST_WRITES = 10_000
Write = tuple[int, str, str, Row | None]
"""A write: its time, collection and key, and the previous row."""


@dataclass(frozen=True, slots=True, eq=False)
class Trouble:
    """The effect on a reply: it is delayed, dropped, or truncated after `truncate` bytes."""

    delay: float = 0.0
    drop: bool = False
    truncate: int | None = None


@dataclass(slots=True, eq=False)
class Injection:
    """The faults injected into one request; `faults` are their ids.

    `committed`: the request takes effect although its reply says otherwise; `stale`: a read doesn't
    see what was written in the last so many seconds.
    """

    faults: list[str] = field(default_factory=list)
    delay: float = 0.0
    refusal: Refusal | None = None
    drop: bool = False
    truncate: int | None = None
    committed: bool = False
    stale: float = 0.0

    @property
    def instead(self) -> bool:
        """Whether the fault replaces the request."""
        return (self.refusal is not None or self.drop) and not self.committed

    @property
    def trouble(self) -> Trouble | None:
        if self.delay or self.drop or self.truncate is not None:
            return Trouble(self.delay, self.drop, self.truncate)
        return None


class Allowance(NamedTuple):
    """A rate limit, what is left of it, and when it begins anew, in seconds since 1970."""

    limit: int
    left: int
    end: int


class Count(Protocol):
    """How often a fault matched a tenant: requests, injections, and requests in this window."""

    def meet(self) -> int: ...
    def inject(self, most: int | None) -> bool: ...
    def use(self, window: int) -> int: ...


@dataclass(slots=True, eq=False)
class _Count:
    """A counter in this process."""

    met: int = 0
    struck: int = 0
    window: int = -1
    used: int = 0

    def meet(self) -> int:
        """Count a request; returns its number."""
        self.met += 1
        return self.met

    def inject(self, most: int | None) -> bool:
        """Count an injection, unless the maximum has been reached."""
        if most is not None and self.struck >= most:
            return False
        self.struck += 1
        return True

    def use(self, window: int) -> int:
        """Count a request in this time window; returns its number."""
        if self.window != window:
            self.window, self.used = window, 0
        self.used += 1
        return self.used


class Faults:
    """The faults of one mock. `active` is False while there are none; check it first.

    `version` counts changes made by other processes: a request that was matched against an older
    version is matched again.
    """

    def __init__(self) -> None:
        self.version = 0
        self.active = False
        self._faults: dict[str, Fault] = {}
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._writes: OrderedDict[str, deque[Write]] = OrderedDict()
        self._serial = 0
        self._lock = Lock()

    def add(self, faults: Iterable[Fault]) -> list[str]:
        """Add faults; returns their ids in order."""
        ids = []
        with self._lock:
            for fault in faults:
                self._serial += 1
                ids.append(f"f{self._serial}")
                self._faults[ids[-1]] = fault
            self.active = bool(self._faults)
        return ids

    def remove(self, fault_id: str | None = None, tenant: str | None = None) -> int:
        """Remove one fault, those of a tenant, or all; returns how many there were."""
        with self._lock:
            gone = [
                name
                for name, fault in self._faults.items()
                if fault_id in (None, name) and tenant in (None, fault.tenant)
            ]
            for name in gone:
                del self._faults[name]
            for key in [key for key in self._counts if key[0] not in self._faults]:
                del self._counts[key]
            self.active = bool(self._faults)
            if not self.lagging:
                self._writes.clear()
        return len(gone)

    @property
    def lagging(self) -> bool:
        """Whether writes may have to be hidden from readers for a while."""
        return any(fault.stale for fault in self._faults.values())

    def wrote(self, world: World, changes: Iterable[tuple[str, str, Row | None]]) -> None:
        """Record what a request wrote: collection, key, and the previous row."""
        with self._lock:
            writes = self._writes.setdefault(world.tenant, deque(maxlen=MOST_WRITES))
            self._writes.move_to_end(world.tenant)
            writes.extend((world.now, *change) for change in changes)
            if len(self._writes) > MOST_TENANTS:
                self._writes.popitem(last=False)

    def hide(self, world: World, seconds_back: float) -> None:
        """Show the world as it was that long ago, as far as requests changed it.

        Changes caused by time stay. The world must not be committed.
        """
        since = world.now - seconds(seconds_back)
        with self._lock:
            writes = [w for w in self._writes.get(world.tenant, ()) if w[0] > since]
        for _, collection, key, before in reversed(writes):
            if before is not None:
                world[collection].put(before)
            elif world[collection].get(key) is not None:
                world[collection].remove(key)

    def describe(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """The faults that can apply to a tenant (None: all), with how many requests each matched
        (`met`) and affected (`struck`)."""
        with self._lock:
            return [
                {"id": name, **fault.as_json(), **self.totals(name, tenant)}
                for name, fault in self._faults.items()
                if tenant is None or fault.tenant in (None, tenant)
            ]

    def allowance(self, operation_id: str, tenant: str, now: int) -> Allowance | None:
        """What a fault that sets a rate limit leaves to a tenant; None if none does."""
        with self._lock:
            for name, fault in self._faults.items():
                count = self._counts.get((name, tenant))
                if fault.limit is None or count is None:
                    continue
                if fault.concerns(operation_id, tenant):
                    length = max(1, int(fault.per * SECOND))
                    window = now // length
                    used = count.used if count.window == window else 0
                    end = ceil((window + 1) * length / SECOND)
                    return Allowance(fault.limit, max(0, fault.limit - used), end)
        return None

    def meet(self, operation_id: str, world: World) -> Injection | None:
        """What happens to a request of the world's tenant now. Each call counts as one request."""
        injection = Injection()
        with self._lock:
            for name, fault in self._faults.items():
                if fault.concerns(operation_id, world.tenant):
                    self._inject(name, fault, world, injection)
        return injection if injection.faults else None

    def _inject(self, name: str, fault: Fault, world: World, injection: Injection) -> None:
        count = self.count(name, world.tenant)
        met = count.meet()
        if fault.calls and met not in fault.calls:
            return
        random = random_for(world, "fault", name, met)
        if fault.probability < 1 and random.random() >= fault.probability:
            return
        retry_after = fault.retry_after
        if fault.limit is not None:
            wait = _over_limit(fault, count, world.now)
            if wait is None:
                return
            retry_after = wait if retry_after is None else retry_after
        if not count.inject(fault.times):
            return
        injection.faults.append(name)
        if fault.latency is not None:
            injection.delay += fault.latency.draw(random)
        injection.stale = max(injection.stale, fault.stale or 0.0)
        injection.truncate = fault.truncate if injection.truncate is None else injection.truncate
        if (
            (fault.status is not None or fault.drop)
            and not injection.drop
            and injection.refusal is None
        ):
            injection.drop = fault.drop
            injection.committed = fault.committed
            injection.refusal = None if fault.status is None else _refusal(fault, retry_after)

    def count(self, name: str, tenant: str) -> Count:
        """How often a fault matched a tenant."""
        key = name, tenant
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = _Count()
            if len(self._counts) > MOST_TENANTS:
                self._counts.popitem(last=False)
        return count

    def totals(self, name: str, tenant: str | None) -> dict[str, int]:
        """How often a fault matched, and was injected for, a tenant or all tenants."""
        counts = [
            count
            for (fault, who), count in self._counts.items()
            if fault == name and tenant in (None, who)
        ]
        return {"met": sum(c.met for c in counts), "struck": sum(c.struck for c in counts)}


def _over_limit(fault: Fault, count: Count, now: int) -> int | None:
    """Seconds until the next window if this request exceeds the limit of this one."""
    assert fault.limit is not None
    length = max(1, int(fault.per * SECOND))
    window = now // length
    if count.use(window) <= fault.limit:
        return None
    return max(1, ceil(((window + 1) * length - now) / SECOND))


def _refusal(fault: Fault, retry_after: int | None) -> Refusal:
    assert fault.status is not None
    code, message = WORDS.get(fault.status, (None, ""))
    headers = dict(fault.headers)
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return injected(fault.status)(
        fault.message or message or f"A fault answers {fault.status}.",
        code=fault.code or code,
        headers=headers,
    )


WORDS: Mapping[int, tuple[str, str]] = {
    429: ("rate_limited", "There are too many requests."),
    500: ("internal_error", "Something went wrong on our side."),
    502: ("bad_gateway", "An upstream service gave no valid answer."),
    503: ("service_unavailable", "The service is not available at the moment."),
    504: ("gateway_timeout", "An upstream service did not answer in time."),
}
_KINDS: dict[int, type[Refusal]] = {}


def injected(status: int) -> type[Refusal]:
    """The kind of refusal with this status and no more specific meaning."""
    kind = _KINDS.get(status)
    if kind is None:
        kind = _KINDS[status] = type(f"Injected{status}", (Refusal,), {"status": status})
    return kind
