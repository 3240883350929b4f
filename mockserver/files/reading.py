"""Bytes from a path or a URL, within bounds of size and time."""

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

MAX_DOCUMENT = 64 * 1024 * 1024
PATIENCE = 9.0
"""Seconds that a pipe or a server has for a document; one that has sent a lot by then has more."""
_A_LOT = 1024 * 1024
_AT_MOST = 60.0
_MOST_REDIRECTS = 20


class Fetched(NamedTuple):
    """What a URL gave, and the URL that gave it in the end."""

    raw: bytes
    url: str


def read_file(path: Path, name: str) -> bytes:
    """A file or a pipe. Raises UsageError if it can't be read, or not soon."""
    try:
        found = path.stat()
        if stat.S_ISFIFO(found.st_mode):
            return _read_pipe(path, name)
        if stat.S_ISDIR(found.st_mode):
            raise UsageError(f"{name}: this is a directory; give a file")
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{name}: this is a device or a socket; give a file")
        if found.st_size > MAX_DOCUMENT:
            raise UsageError(f"{name}: {found.st_size} bytes are too many for a document")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {reason_of(error)}") from None


def _read_pipe(path: Path, name: str) -> bytes:
    # Without O_NONBLOCK, to open a pipe that nobody writes to takes for ever.
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
                    f"{name}: this is a pipe, and its end did not come within {PATIENCE:g} s"
                )
            chunk = os.read(pipe, 1 << 16)
            if not chunk:
                return bytes(chunks)
            chunks += chunk
            if len(chunks) > MAX_DOCUMENT:
                raise UsageError(f"{name}: more than {MAX_DOCUMENT} bytes, too many")
    finally:
        os.close(pipe)


def reason_of(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def fetch(url: str, *, only_host: str | None = None) -> Fetched:
    """Get a document; with `only_host` no other is asked, wherever this one redirects to.

    Raises UsageError with what went wrong.
    """
    transfer = _Transfer(url, only_host)
    # A server that sends a byte a second keeps any timeout of a single read from passing.
    worker = threading.Thread(target=transfer.run, daemon=True)
    worker.start()
    worker.join(PATIENCE)
    if worker.is_alive() and len(transfer.chunks) >= _A_LOT:
        worker.join(_AT_MOST - PATIENCE)
    if worker.is_alive():
        transfer.given_up = True
        came = f"only {len(transfer.chunks)} bytes" if transfer.chunks else "no answer"
        raise UsageError(f"{transfer.name}: {came} within {PATIENCE:g} s")
    if transfer.error is not None:
        raise transfer.error
    return Fetched(bytes(transfer.chunks), transfer.url)


class _Transfer:
    """One download, in a thread of its own."""

    def __init__(self, url: str, only_host: str | None) -> None:
        self.url = url
        self.name = without_secrets(url)
        self.only_host = only_host
        self.chunks = bytearray()
        self.error: Exception | None = None
        self.given_up = False

    def run(self) -> None:
        import httpx  # a tenth of a second, and most documents are files

        try:
            with httpx.Client(timeout=PATIENCE) as client:
                self._get(client)
        except UsageError as error:
            self.error = error
        except httpx.TimeoutException:
            self.error = UsageError(f"{self.name}: no answer within {PATIENCE:g} s")
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
        """Refuse a redirect that leaves the host, or its encryption."""
        if self.only_host is None:
            return
        old, new = urlsplit(self.url), urlsplit(url)
        if new.hostname != self.only_host or (old.scheme == "https" and new.scheme != "https"):
            raise UsageError(
                f"{self.name}: it redirects to {new.scheme}://{new.netloc.rpartition('@')[2]}, and "
                f"only {self.only_host} is asked for the files of this document; save the file "
                "beside the document, or refer to it there"
            )

    def _body(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            raise UsageError(f"{self.name}: the server answered {response.status_code}")
        for chunk in response.iter_bytes():
            self.chunks += chunk
            if len(self.chunks) > MAX_DOCUMENT:
                raise UsageError(f"{self.name}: more than {MAX_DOCUMENT} bytes, too many")
            if self.given_up:
                return


def without_secrets(url: str) -> str:
    """The URL without user, password and query, fit to be shown."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
