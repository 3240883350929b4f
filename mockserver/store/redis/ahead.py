"""Look at the worlds of all requests that have come by now, in one round trip."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, get_running_loop
from collections.abc import Callable, Collection, Sequence
from itertools import islice

MOST_AT_ONCE = 100
"""Worlds a round trip, so that Redis serves others in between."""


class LookAhead:
    """Collects tenants until the event loop has taken in all that has arrived; then `look` is
    called with them, and returns those whose worlds it has seen. For each event loop by itself.

    A request may be answered from what was seen after it came. One that waits alone takes as long
    as without this; of several, each takes a part of one round trip.
    """

    def __init__(self, look: Callable[[Sequence[str]], Collection[str]]) -> None:
        self._look = look
        self._waiting: dict[AbstractEventLoop, list[tuple[str, Future[bool]]]] = {}

    async def __call__(self, tenant: str) -> bool:
        """Whether the tenant's world was looked at."""
        loop = get_running_loop()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = []
            loop.call_soon(self._flush, loop)
        seen: Future[bool] = loop.create_future()
        waiting.append((tenant, seen))
        return await seen

    def _flush(self, loop: AbstractEventLoop) -> None:
        waiting = self._waiting.pop(loop)
        seen: set[str] = set()
        try:
            tenants = iter(dict.fromkeys(tenant for tenant, _ in waiting))
            while some := list(islice(tenants, MOST_AT_ONCE)):
                seen.update(self._look(some))
        except Exception:
            pass  # each request finds out by itself, and says so
        finally:
            for tenant, future in waiting:
                if not future.done():  # a client that has left cancels it
                    future.set_result(tenant in seen)
