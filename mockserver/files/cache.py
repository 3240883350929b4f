"""What was worked out from a document, kept on disk for the next start.

Entries are JSON, named by a digest of everything that they depend on. A broken file, and one of
another user or another version, is ignored, and so is a failure to write one.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from mockserver import __version__

OFF = "MOCKSERVER_NO_CACHE"
MOST_BYTES = 256 * 1024 * 1024
MOST_ENTRIES = 200
LARGEST = 64 * 1024 * 1024
_PACKAGE = Path(__file__).resolve().parent.parent
_DEPENDS_ON = ("openapi", "inference", "files")
_DIGEST = 32


class Cache:
    """Entries in one folder of the user's."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._code = b""

    def key(self, kind: str, *parts: bytes) -> str:
        """The name of the entry that this version of the code makes from these bytes."""
        if not self._code:
            self._code = _fingerprint()
        digest = hashlib.sha256(self._code)
        for part in (kind.encode(), *parts):
            digest.update(b"%d:" % len(part))
            digest.update(part)
        return f"{kind}-{digest.hexdigest()[:40]}"

    def get(self, key: str) -> Any:
        """The entry; None if there is none that can be trusted."""
        path = self._folder / key
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_uid != os.getuid() or status.st_mode & 0o022:
                    return None
                raw = file.read(LARGEST + 1)
        except (OSError, ValueError):
            return None
        digest, payload = raw[:_DIGEST], raw[_DIGEST:]
        found = None
        if hashlib.sha256(payload).digest() == digest:
            with suppress(orjson.JSONDecodeError):
                found = orjson.loads(payload)
        with suppress(OSError):
            if found is None:
                path.unlink()
            else:
                os.utime(path)  # the longest unused ones go first
        return found

    def put(self, key: str, value: Any) -> None:
        """Keep an entry, whole or not at all. What JSON can't say exactly is not kept."""
        try:
            payload = orjson.dumps(value)
            if len(payload) + _DIGEST > LARGEST or orjson.loads(payload) != value:
                return
        except (TypeError, ValueError, RecursionError):
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            try:
                with open(handle, "wb") as file:
                    file.write(hashlib.sha256(payload).digest() + payload)
                os.replace(name, self._folder / key)
            except OSError:
                os.unlink(name)
                raise
            self._make_room()

    def _make_room(self) -> None:
        """Remove the longest unused entries, until the rest is within the bounds."""
        found = []
        for entry in os.scandir(self._folder):
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                found.append((status.st_mtime_ns, status.st_size, entry.path))
        total = 0
        for number, (_, size, path) in enumerate(sorted(found, reverse=True)):
            total += size
            if number >= MOST_ENTRIES or total > self._most_bytes:
                with suppress(OSError):
                    os.unlink(path)


def user_cache() -> Cache | None:
    """The cache of this user (XDG Base Directory Specification); None if it is switched off by
    MOCKSERVER_NO_CACHE, or there is no place for one."""
    if os.environ.get(OFF, "").lower() not in ("", "0", "false", "no"):
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # a relative one has to be ignored
        base = os.path.expanduser("~/.cache")
    if not os.path.isabs(base) or not hasattr(os, "getuid"):
        return None
    return Cache(Path(base) / "mockserver")


def _fingerprint() -> bytes:
    """What identifies the code that makes entries: the versions of this package and of Python, and
    the size and time of each module, because a checkout changes without its version."""
    stamps = sorted(stamp for name in _DEPENDS_ON for stamp in _stamps(_PACKAGE / name))
    return repr((__version__, sys.version_info[:3], stamps)).encode()


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    for root, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(root, name)
                status = os.stat(path)
                yield path, status.st_size, status.st_mtime_ns
