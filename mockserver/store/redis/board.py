"""The board that processes share, in Redis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mockserver.store.redis.connection import Link


class RedisBoard:
    """Implements `store.base.Board`."""

    def __init__(self, link: Link, prefix: bytes) -> None:
        self._link = link
        self._prefix = prefix
        self._news: bytes | None = None
        self._listeners: list[Callable[[], None]] = []

    def on_news(self, call: Callable[[], None]) -> None:
        self._listeners.append(call)

    def receive(self, news: bytes | None) -> None:
        """Take the change count of notes, which every read of a world returns."""
        if news != self._news:
            self._news = news
            for call in self._listeners:
                call()

    def notes(self, name: str) -> Mapping[str, bytes]:
        flat = self._link.call(b"HGETALL", self._key("notes", name))
        return dict(zip(map(_text, flat[::2]), flat[1::2], strict=True))

    def put(
        self,
        name: str,
        notes: Mapping[str, bytes],
        gone: Sequence[str] = (),
        *,
        quietly: bool = False,
    ) -> None:
        key = self._key("notes", name)
        commands: list[Sequence[bytes]] = [(b"HSET", key, _bytes(k), v) for k, v in notes.items()]
        commands += [(b"HDEL", key, _bytes(k)) for k in gone]
        if not quietly:
            commands.append((b"INCR", self._prefix + b":news"))
        self._link.all_or_nothing(commands)

    def ask(self, name: str, seconds: int) -> bool:
        key, last = self._key("asked", name), b"%d" % seconds
        if self._link.call(b"SET", key, b"1", b"EX", last, b"NX") is not None:
            return True
        self._link.call(b"EXPIRE", key, last)
        return False

    def is_asked(self, name: str) -> bool:
        return bool(self._link.call(b"EXISTS", self._key("asked", name)))

    def add(self, name: str, field: str, amount: int = 1) -> int:
        key = self._key("counts", name)
        return int(self._link.call(b"HINCRBY", key, _bytes(field), b"%d" % amount))

    def counts(self, name: str) -> Mapping[str, int]:
        flat = self._link.call(b"HGETALL", self._key("counts", name))
        return dict(zip(map(_text, flat[::2]), map(int, flat[1::2]), strict=True))

    def forget(self, name: str, *fields: str) -> None:
        key = self._key("counts", name)
        if fields:
            self._link.call(b"HDEL", key, *map(_bytes, fields))
        else:
            self._link.call(b"UNLINK", key)

    def append(self, name: str, entries: Sequence[bytes], most: int) -> None:
        key = self._key("log", name)
        last = b"%d" % -most
        self._link.all_or_nothing([(b"RPUSH", key, *entries), (b"LTRIM", key, last, b"-1")])

    def log(self, name: str) -> list[bytes]:
        found: list[bytes] = self._link.call(b"LRANGE", self._key("log", name), b"0", b"-1")
        return found

    def clear(self, name: str) -> None:
        self._link.call(b"UNLINK", self._key("log", name))

    def _key(self, kind: str, name: str) -> bytes:
        return self._prefix + f":board:{kind}:{name}".encode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")
