"""What a store does: it keeps worlds and makes each request one transaction."""

from __future__ import annotations

from collections.abc import Callable
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

    def commit(self) -> None:
        """Keep what was written. Without it, leaving the transaction undoes everything.

        Raises Stale if another process has changed the world since: whoever began the
        transaction then begins it again, as `transact` does.
        """


class Store(Protocol):
    """Worlds by tenant. Every method may be called from any thread.

    Each raises StoreUnavailable if worlds are kept elsewhere and can't be reached. `shared` says
    that they are, and that other processes may use them at the same time.
    """

    shared: bool

    def begin(self, tenant: str) -> AbstractContextManager[Transaction]:
        """The tenant's world, made from the seed world if there is none yet."""
        ...

    def tenants(self) -> list[str]: ...

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
