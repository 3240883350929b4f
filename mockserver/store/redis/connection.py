"""A connection to Redis. Only this module imports the client, which is an extra."""

from __future__ import annotations

import logging
import time
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from threading import RLock
from typing import Any

from mockserver.errors import MissingExtra, Stale, StoreUnavailable, UsageError
from mockserver.store.base import shown
from mockserver.store.redis.scripts import Script

log = logging.getLogger("mockserver")

SECONDS_TO_CONNECT = 2.0
SECONDS_TO_ANSWER = 5.0
SECONDS_BETWEEN_TRIES = 0.5
FIELDS_A_LOOK = b"1000"
Reply = Any


class _TooSoon(OSError):
    """No attempt was made, because the server failed a moment ago."""


class Link:
    """One connection, opened on first use, reopened when broken, shared by threads in turn.

    `generation` counts connections. State read through an earlier one may be outdated, because a
    restarted server may have lost its last writes.
    """

    def __init__(self, url: str) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise MissingExtra(f"--store {shown(url)}", "redis") from None
        self.shown = shown(url)
        self.generation = 0
        self._broken: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._refused = redis.ResponseError
        self._unknown_script = redis.exceptions.NoScriptError
        self._lock = RLock()
        self._connected = False
        self._failing = False
        self._next_try = 0.0
        try:
            pool = redis.ConnectionPool.from_url(
                url,
                protocol=2,
                socket_connect_timeout=SECONDS_TO_CONNECT,
                socket_timeout=SECONDS_TO_ANSWER,
                # The client can't know whether a commit may be repeated.
                retry=Retry(NoBackoff(), 0),
            )
            self._connection: Any = pool.make_connection()
        except (ValueError, TypeError) as error:
            raise UsageError(f"--store {self.shown}: {error}") from None

    def check(self) -> None:
        """Raises a one-line UsageError if the server can't be used."""
        try:
            self.call(b"PING")
        except StoreUnavailable as error:
            raise UsageError(
                f"--store {error}; start a Redis or Valkey server there, or omit --store"
            ) from None

    def call(self, *command: bytes) -> Reply:
        """Run one command, retried once on a new connection if this one is broken."""
        return self._good(self._sent(_packed(command), 1, None)[0])

    def hash(self, key: bytes) -> dict[bytes, bytes]:
        """Read a whole hash in steps, so that Redis can serve others in between."""
        found: dict[bytes, bytes] = {}
        cursor = b""
        while cursor != b"0":
            cursor, some = self.call(b"HSCAN", key, cursor or b"0", b"COUNT", FIELDS_A_LOOK)
            found.update(zip(some[::2], some[1::2], strict=True))
        return found

    def script(
        self, script: Script, prefix: bytes, *arguments: bytes, only: int | None = None
    ) -> Reply:
        """Run a script as `call` does, or without a retry on the connection `only`.

        Raises Stale if the connection of that generation is closed.
        """
        tail = (b"1", prefix, *arguments)
        with self._lock:
            (reply,) = self._sent(_packed((b"EVALSHA", script.sha, *tail)), 1, only)
            if isinstance(reply, self._unknown_script):
                (reply,) = self._sent(_packed((b"EVAL", script.text, *tail)), 1, only)
        return self._good(reply)

    def all_or_nothing(self, commands: Sequence[Sequence[bytes]]) -> None:
        """Run several commands in MULTI/EXEC, without WATCH."""
        packed = b"".join(map(_packed, [(b"MULTI",), *commands, (b"EXEC",)]))
        for reply in self._sent(packed, len(commands) + 2, None):
            for part in reply if isinstance(reply, list) else (reply,):
                self._good(part)

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        with self._lock:
            self._connected = False
            self._connection.disconnect()

    def _sent(self, packed: bytes, replies: int, only: int | None) -> list[Reply]:
        with self._lock:
            known = self._connected
            if only is not None and not (known and only == self.generation):
                raise Stale("the connection to the store was replaced")
            try:
                try:
                    return self._exchange(packed, replies)
                except self._broken:
                    if only is not None or not known:
                        raise
                    return self._exchange(packed, replies)
            except self._broken as error:
                if not isinstance(error, _TooSoon):  # otherwise requests would keep renewing it
                    self._next_try = time.monotonic() + SECONDS_BETWEEN_TRIES
                if not self._failing and self.generation:
                    self._failing = True
                    log.error("the store does not respond, %s: %s", self.shown, _reason(error))
                raise StoreUnavailable(f"{self.shown}: {_reason(error)}") from None

    def _exchange(self, packed: bytes, replies: int) -> list[Reply]:
        try:
            if not self._connected:
                self._connect()
            self._connection.send_packed_command([packed], check_health=False)
            return [self._received() for _ in range(replies)]
        except BaseException:
            self.close()
            raise

    def _received(self) -> Reply:
        try:
            return self._connection.read_response()
        except self._refused as error:
            return error

    def _connect(self) -> None:
        if self._failing and time.monotonic() < self._next_try:
            raise _TooSoon("it did not respond a moment ago")
        self._connection.connect()
        self._connected = True
        self.generation += 1
        if self._failing:
            self._failing = False
            log.warning("the store responds again, %s", self.shown)

    def _good(self, reply: Reply) -> Reply:
        if isinstance(reply, self._refused):
            raise StoreUnavailable(f"{self.shown} refused: {reply}")
        return reply


def _packed(command: Sequence[bytes]) -> bytes:
    parts = [b"*%d\r\n" % len(command)]
    parts += [b"$%d\r\n%b\r\n" % (len(part), part) for part in command]
    return b"".join(parts)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


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
