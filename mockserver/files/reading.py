"""Read bytes from a path or a URL, with limits on size and time."""

from __future__ import annotations

import os
import select
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from mockserver.errors import UsageError

if TYPE_CHECKING:
    import httpx


# Data shipped with the package: contracts and fixtures.
#
# Wheels contain it as `mockserver/_data`; in a checkout it is at the top level.

_PACKAGE = Path(__file__).resolve().parent.parent
_DATA = _PACKAGE / "_data"
ROOT = _DATA if _DATA.is_dir() else _PACKAGE.parent


def contract_file(name: str) -> Path | None:
    """The document of a built-in API, or None if there is no such API."""
    path = ROOT / ("openapi.json" if name == "feather" else f"contracts/{name}.json")
    return path if path.is_file() else None


def fixture_file(name: str) -> Path:
    """A file in the fixtures folder."""
    return ROOT / "fixtures" / name


MAX_DOCUMENT = 64 * 1024 * 1024
PATIENCE = 9.0
"""Seconds to wait for a document; extended if a lot of it has arrived by then."""
_A_LOT = 1024 * 1024
_AT_MOST = 60.0
_MOST_REDIRECTS = 20


class Fetched(NamedTuple):
    """The content of a URL, and the final URL after redirects."""

    raw: bytes
    url: str


def read_file(path: Path, name: str) -> bytes:
    """Read a file or a pipe. Raises UsageError if it is unreadable, too large or too slow."""
    try:
        found = path.stat()
        if stat.S_ISFIFO(found.st_mode):
            return _read_pipe(path, name)
        if stat.S_ISDIR(found.st_mode):
            raise UsageError(f"{name}: this is a directory; give a file")
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{name}: this is a device or a socket; give a file")
        if found.st_size > MAX_DOCUMENT:
            raise UsageError(
                f"{name}: {found.st_size} bytes; the limit for a document is {MAX_DOCUMENT}"
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {reason_of(error)}") from None


def _read_pipe(path: Path, name: str) -> bytes:
    # Without O_NONBLOCK, opening a pipe that has no writer blocks for ever.
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    end = time.monotonic() + PATIENCE
    chunks = bytearray()
    try:
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        while True:
            left = end - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise UsageError(
                    f"{name}: this is a pipe, and it did not end within {PATIENCE:g} s"
                )
            chunk = os.read(pipe, 1 << 16)
            if not chunk:
                return bytes(chunks)
            chunks += chunk
            if len(chunks) > MAX_DOCUMENT:
                raise UsageError(f"{name}: more than {MAX_DOCUMENT} bytes, the limit")
    finally:
        os.close(pipe)


def reason_of(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def fetch(url: str, *, only_host: str | None = None) -> Fetched:
    """Download a document. With `only_host`, redirects to other hosts are refused.

    Raises UsageError with the reason.
    """
    transfer = _Transfer(url, only_host)
    # A server that sends a byte a second never exceeds the timeout of a single read.
    worker = threading.Thread(target=transfer.run, daemon=True)
    worker.start()
    worker.join(PATIENCE)
    if worker.is_alive() and len(transfer.chunks) >= _A_LOT:
        worker.join(_AT_MOST - PATIENCE)
    if worker.is_alive():
        transfer.given_up = True
        came = f"only {len(transfer.chunks)} bytes" if transfer.chunks else "no response"
        raise UsageError(f"{transfer.name}: {came} within {PATIENCE:g} s")
    if transfer.error is not None:
        raise transfer.error
    return Fetched(bytes(transfer.chunks), transfer.url)


class _Transfer:
    """One download, in its own thread."""

    def __init__(self, url: str, only_host: str | None) -> None:
        self.url = url
        self.name = without_secrets(url)
        self.only_host = only_host
        self.chunks = bytearray()
        self.error: Exception | None = None
        self.given_up = False

    def run(self) -> None:
        import httpx  # takes a tenth of a second, and most documents are files

        try:
            with httpx.Client(timeout=PATIENCE) as client:
                self._get(client)
        except UsageError as error:
            self.error = error
        except httpx.TimeoutException:
            self.error = UsageError(f"{self.name}: no response within {PATIENCE:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            reason = str(error) or type(error).__name__
            self.error = UsageError(f"{self.name}: can't be fetched: {reason}")
        except Exception as error:
            self.error = error

    def _get(self, client: httpx.Client) -> None:
        request = client.build_request("GET", self.url)
        for _ in range(_MOST_REDIRECTS):
            response = client.send(request, stream=True)
            try:
                following = response.next_request
                if following is None:
                    self._body(response)
                    return
                self._allow(str(following.url))
                request = following
                self.url = str(following.url)
            finally:
                response.close()
        raise UsageError(f"{self.name}: more than {_MOST_REDIRECTS} redirects")

    def _allow(self, url: str) -> None:
        """Refuse a redirect to another host or from https to http."""
        if self.only_host is None:
            return
        old, new = urlsplit(self.url), urlsplit(url)
        if new.hostname != self.only_host or (old.scheme == "https" and new.scheme != "https"):
            raise UsageError(
                f"{self.name}: it redirects to {new.scheme}://{new.netloc.rpartition('@')[2]}, and "
                f"files of this document are fetched from {self.only_host} only; save the file "
                "next to the document, or refer to it there"
            )

    def _body(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            raise UsageError(f"{self.name}: the server responded with {response.status_code}")
        for chunk in response.iter_bytes():
            self.chunks += chunk
            if len(self.chunks) > MAX_DOCUMENT:
                raise UsageError(f"{self.name}: more than {MAX_DOCUMENT} bytes, the limit")
            if self.given_up:
                return


def without_secrets(url: str) -> str:
    """The URL without user, password and query, safe to display."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
