"""Open the store given by `--store`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.world import Settings
from mockserver.store.base import Now, Store, is_shared
from mockserver.store.memory import MemoryStore


def open_store(
    where: str,
    api: Api,
    settings: Settings,
    *,
    real_now: Now,
    clock: Clock,
    fixtures: Callable[[], Mapping[str, Any]],
    max_worlds: int,
    max_bytes: int = 0,
    ttl: int = 0,
) -> Store:
    """Open the store at `where`. Raises UsageError if it can't be reached or used."""
    if not is_shared(where):
        return MemoryStore(
            api,
            settings,
            real_now=real_now,
            clock=clock,
            fixtures=fixtures,
            max_worlds=max_worlds,
            max_bytes=max_bytes,
            ttl=ttl,
        )
    from mockserver.store.redis.store import RedisStore

    store = RedisStore(
        where,
        api,
        settings,
        clock=clock,
        fixtures=fixtures,
        max_worlds=max_worlds,
        max_bytes=max_bytes,
        ttl=ttl,
    )
    store.check()
    return store
