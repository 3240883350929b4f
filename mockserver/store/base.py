"""The store interface: it keeps worlds and runs each request as one transaction; its addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from mockserver.engine.clock import Clock
from mockserver.engine.world import World
from mockserver.errors import Stale, UsageError
from mockserver.records import dataclass

T = TypeVar("T")
Now = Callable[[], int]
"""The real time in microseconds."""


@dataclass(frozen=True)
class Limits:
    """How many worlds there may be, and how large each. Beyond that the longest idle one is
    evicted.

    A world is evicted, too, after `ttl` microseconds of real time without a request (0: never).
    `max_bytes` bounds what it holds besides the seed data (0: no bound).
    """

    max_worlds: int = 1000
    max_bytes: int = 0
    ttl: int = 0


DEFAULT_LIMITS = Limits()


class Transaction(World, Protocol):
    """A world during one request."""

    def commit(self, *, by_time: bool = False) -> None:
        """Keep the writes. Leaving the transaction without a commit undoes them.

        `by_time` marks writes that only the clock caused: a new world repeats them.

        Raises Stale if another process has changed the world since the transaction began; the
        caller starts over, as `transact` does.
        """


class Board(Protocol):
    """What processes share besides worlds: notes, counters and logs."""

    def on_news(self, call: Callable[[], None]) -> None:
        """Call `call` whenever reading a world shows that notes have changed."""
        ...

    def notes(self, name: str) -> Mapping[str, bytes]: ...

    def put(
        self,
        name: str,
        notes: Mapping[str, bytes],
        gone: Sequence[str] = (),
        *,
        quietly: bool = False,
    ) -> None:
        """Set some notes and remove others, atomically; `quietly` does not notify."""
        ...

    def ask(self, name: str, seconds: int) -> bool:
        """Make `is_asked` true for `seconds`. Returns whether it was false before."""
        ...

    def is_asked(self, name: str) -> bool: ...

    def add(self, name: str, field: str, amount: int = 1) -> int:
        """Add to a counter and return its new value."""
        ...

    def counts(self, name: str) -> Mapping[str, int]: ...

    def forget(self, name: str, *fields: str) -> None:
        """Remove some counters of `name`, or all of them."""
        ...

    def append(self, name: str, entries: Sequence[bytes], most: int) -> None:
        """Append to a log, which keeps its last `most` entries."""
        ...

    def log(self, name: str) -> list[bytes]:
        """The entries of a log, oldest first."""
        ...

    def clear(self, name: str) -> None:
        """Remove a log."""
        ...


class Store(Protocol):
    """Worlds by tenant. Methods are thread-safe.

    A remote store raises StoreUnavailable from any method when it can't be reached. `board` is set
    if several processes can share the store.
    """

    @property
    def board(self) -> Board | None: ...

    @property
    def look_ahead(self) -> Callable[[str], Awaitable[bool]] | None:
        """For a remote store: look at the tenant's world, in one round trip for all who wait.

        Returns whether it did. None if it costs nothing to look.
        """
        ...

    def begin(self, tenant: str, looked: bool = False) -> AbstractContextManager[Transaction]:
        """Open a transaction on the tenant's world, which is forked from the seed world if new.

        `looked`: `look_ahead` has seen the world since the request came.
        """
        ...

    def tenants(self) -> list[str]: ...

    def holder(self, collection: str, key: str) -> str | None:
        """The tenant whose world contains this row, if any."""
        ...

    def clock(self, tenant: str | None) -> Clock:
        """The clock of a tenant's world, or for None the clock of new worlds."""
        ...

    def change_clock(self, tenant: str | None, order: Any) -> Clock:
        """Change the clock of one world, or for None of all worlds, present and future."""
        ...

    def reset(self, tenant: str | None) -> None:
        """Reset one world, or all, to the seed world."""
        ...

    def snapshot(self, tenant: str | None) -> dict[str, Any]:
        """All worlds as one JSON value."""
        ...

    def restore(self, snapshot: Any) -> None:
        """Restore a snapshot. Raises StoreError, and changes nothing, if it is invalid."""
        ...

    def close(self) -> None:
        """Close connections; they are reopened when needed."""
        ...


def transact(store: Store, tenant: str, work: Callable[[Transaction], T]) -> T:
    """Run `work` in a transaction, and retry it as long as it is Stale."""
    while True:
        try:
            with store.begin(tenant) as world:
                return work(world)
        except Stale:
            continue


MEMORY = "memory"
REDIS = ("redis://", "rediss://", "unix://")


def is_shared(where: str) -> bool:
    """Whether several processes can share the store. Raises UsageError for an unknown scheme."""
    if where != MEMORY and not where.startswith(REDIS):
        raise UsageError(f"--store {where}: use memory or redis://HOST:PORT/DB")
    return where != MEMORY


def shown(url: str) -> str:
    """The URL without its password."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return url
    return url.replace(f":{password}@", ":…@", 1) if password else url
