"""What a store does: it keeps worlds and makes each request one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from mockserver.engine.clock import Clock
from mockserver.engine.world import World
from mockserver.errors import Stale

T = TypeVar("T")
Now = Callable[[], int]
"""The real time in microseconds."""


class Transaction(World, Protocol):
    """A world inside one request."""

    def commit(self, *, by_time: bool = False) -> None:
        """Keep what was written. Without it, leaving the transaction undoes everything.

        `by_time` says that no request wrote it: it comes about again in a new world.

        Raises Stale if another process has changed the world since: whoever began the
        transaction then begins it again, as `transact` does.
        """


class Board(Protocol):
    """What several processes tell one another beside the worlds."""

    def on_news(self, call: Callable[[], None]) -> None:
        """Call this whenever a look at a world finds that notes have changed."""
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
        """Put up some notes and take others away, at once; `quietly` is no news."""
        ...

    def ask(self, name: str, seconds: int) -> bool:
        """Let `is_asked` be true for some time; whether it was not before."""
        ...

    def is_asked(self, name: str) -> bool: ...

    def add(self, name: str, field: str, amount: int = 1) -> int:
        """Count; how many there are now."""
        ...

    def counts(self, name: str) -> Mapping[str, int]: ...

    def forget(self, name: str, *fields: str) -> None:
        """Forget some counts, or all of this name."""
        ...

    def append(self, name: str, entries: Sequence[bytes], most: int) -> None:
        """Add to a log, of which the last `most` entries are kept."""
        ...

    def log(self, name: str) -> list[bytes]:
        """A log, oldest first."""
        ...

    def clear(self, name: str) -> None:
        """Forget a log."""
        ...


class Store(Protocol):
    """Worlds by tenant. Every method may be called from any thread.

    Each raises StoreUnavailable if worlds are kept elsewhere and can't be reached. `board` is
    there if they are, and other processes may use them at the same time.
    """

    @property
    def board(self) -> Board | None: ...

    def begin(self, tenant: str) -> AbstractContextManager[Transaction]:
        """The tenant's world, made from the seed world if there is none yet."""
        ...

    def tenants(self) -> list[str]: ...

    def holder(self, collection: str, key: str) -> str | None:
        """The tenant in whose world there is such a row."""
        ...

    def clock(self, tenant: str | None) -> Clock:
        """A world's clock; of None, the one that new worlds get."""
        ...

    def change_clock(self, tenant: str | None, order: Any) -> Clock:
        """Obey an order to a world's clock, or (None) to all of them and to new ones."""
        ...

    def reset(self, tenant: str | None) -> None:
        """Back to the seed world: one, or all."""
        ...

    def snapshot(self, tenant: str | None) -> dict[str, Any]:
        """Everything as one JSON value."""
        ...

    def restore(self, snapshot: Any) -> None:
        """Put back what `snapshot` gave. Raises StoreError and changes nothing if it can't."""
        ...

    def close(self) -> None:
        """Let go of connections; they are made again when they are needed."""
        ...


def transact(store: Store, tenant: str, work: Callable[[Transaction], T]) -> T:
    """Do `work` in a transaction, again for as long as others are faster."""
    while True:
        try:
            with store.begin(tenant) as world:
                return work(world)
        except Stale:
            continue
