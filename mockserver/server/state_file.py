"""`--state FILE`: all worlds in one file, written atomically."""

from __future__ import annotations

import asyncio
import contextlib
import glob
import logging
import os
from pathlib import Path
from typing import Any

from mockserver.engine.pipeline import Exchange
from mockserver.engine.serialization import dump
from mockserver.errors import StoreError, UsageError
from mockserver.store.base import Store
from mockserver.store.worlds import read_json

# An exclusive lock for writing to a file.

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Claim:
    """A lock file next to `path`, held until `release` or the end of the process.

    Raises BlockingIOError if another process holds it, OSError if it can't be created.
    """

    def __init__(self, path: Path) -> None:
        self.lock_path = path.with_name(f".{path.name}.lock")
        self._descriptor: int | None = None
        while fcntl is not None and self._descriptor is None:
            descriptor = os.open(self.lock_path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _same(descriptor, self.lock_path):
                    self._descriptor = descriptor
            finally:
                if self._descriptor is None:
                    os.close(descriptor)

    def release(self) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self.lock_path.unlink()
            os.close(self._descriptor)
            self._descriptor = None


def _same(descriptor: int, path: Path) -> bool:
    """Whether the file was not removed by its previous holder."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


log = logging.getLogger("mockserver")

SECONDS_BETWEEN_WRITES = 3.0
_HARMLESS = ("GET", "HEAD", "OPTIONS")


class StateFile:
    """Restores `store` at the start; writes it periodically and at the end.

    The server sets `store`, again after each reload.
    """

    def __init__(self, path: Path) -> None:
        # Follow a link now: replacing it would leave its target unchanged.
        self.path = _resolved(path)
        self.shown = path
        self.store: Store
        self._claim: Claim | None = None
        self._seen: set[str] = set()
        self._dirty = False
        self._touched = False
        self._complained = False

    def claim(self) -> None:
        """Lock the file. Raises UsageError if another process has locked it."""
        try:
            self._claim = Claim(self.path)
        except BlockingIOError:
            raise UsageError(
                f"--state {self.shown}: another mockserver is using this file; "
                "stop it, or give another file"
            ) from None
        except OSError:
            log.debug("no lock for %s", self.shown)

    def release(self) -> None:
        """Unlock the file."""
        if self._claim is not None:
            self._claim.release()

    def load(self) -> None:
        """Restore the store, if there is a file.

        Raises UsageError or StoreError, and then leaves the file and the store unchanged.
        """
        folder = self.path.parent
        if not folder.is_dir():
            raise UsageError(f"--state {self.shown}: there is no directory {folder}")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(f"--state {self.shown}: the directory {folder} can't be written to")
        _remove_leftovers(self.path)
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise UsageError(f"--state {self.shown}: {error.strerror or error}") from None
        try:
            self.store.restore(_parse(raw))
        except StoreError as error:
            raise StoreError(
                f"--state {self.shown}: {error}; give another file, or remove it to start over"
            ) from None

    def note(self, exchange: Exchange) -> None:
        """Note an exchange. On the hot path."""
        tenant = exchange.tenant
        if tenant:
            self._touched = True
            if exchange.message.method not in _HARMLESS or tenant not in self._seen:
                self._dirty = True

    def changed(self) -> None:
        """Note a change by the admin API."""
        self._touched = self._dirty = True

    async def keep(self) -> None:
        """Write whenever something has changed, until cancelled."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_WRITES)
            await self.write_if_changed()

    async def write_if_changed(self) -> None:
        """Write if something has changed. A failure is logged once, until it works again."""
        if not self._dirty:
            return
        snapshot = self._snapshot()
        try:
            await asyncio.to_thread(self._write, snapshot)
            self._complained = False
        except StoreError as error:
            self._dirty = True
            if not self._complained:
                log.error("%s", error)
            self._complained = True

    def save(self) -> bool:
        """Write at the end; returns whether there was anything to write. Raises StoreError."""
        if not self._touched:
            return False
        self._write(self._snapshot())
        return True

    def _snapshot(self) -> dict[str, Any]:
        self._dirty = False
        snapshot = self.store.snapshot(None)
        self._seen = set(snapshot["worlds"])
        return snapshot

    def _write(self, snapshot: dict[str, Any]) -> None:
        try:
            write_atomically(self.path, dump(snapshot))
        except OSError as error:
            raise StoreError(
                f"--state {self.shown}: can't be written: {error.strerror or error}"
            ) from None


def _parse(raw: bytes) -> Any:
    if not raw.strip():
        raise StoreError("the file is empty")
    try:
        snapshot = read_json(raw)
    except ValueError as error:
        raise StoreError(f"not JSON: {error}") from None
    if not isinstance(snapshot, dict) or not {"format", "api", "worlds"} <= snapshot.keys():
        raise StoreError("this file was not written by mockserver")
    return snapshot


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"--state {path}: {error}") from None


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file atomically: it contains either the old or the new content. Raises OSError.

    Only its owner may read it: the names of the worlds are keys.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _remove_leftovers(path: Path) -> None:
    """Remove half-written files of a killed process."""
    for found in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        pid = found.name.split(".")[-2]
        if pid.isascii() and pid.isdigit() and not _runs(int(pid)):
            with contextlib.suppress(OSError):
                found.unlink()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def _sync_folder(folder: Path) -> None:
    # Without this the rename may not survive a power failure. Not every system supports it.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
