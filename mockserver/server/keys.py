"""`--keys FILE`: a closed list of API keys, and how many requests each tenant may make."""

from __future__ import annotations

import hashlib
import logging
import time
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mockserver.engine.credentials import Issued
from mockserver.engine.pipeline.authentication import FindIssued, nothing_issued
from mockserver.errors import RateLimited, UsageError, nearest
from mockserver.records import dataclass

log = logging.getLogger("mockserver")

SECONDS_BETWEEN_LOOKS = 1.0
MOST_BUCKETS = 10_000
_FIELDS = ("key", "sha256", "tenant", "scopes", "expires", "requests_per_second")
_EXAMPLE = '[ci]\nkey = "sk-..."  (or sha256 = "...")'


@dataclass(frozen=True)
class Entry:
    """One key. `scopes` is None if it has all, `expires` is in seconds since 1970, `rate` in
    requests a second; None for no end and no bound."""

    tenant: str
    scopes: frozenset[str] | None = None
    expires: float | None = None
    rate: float | None = None


class KeyList:
    """The keys of a file, read again when it changes. A broken file leaves the keys as they were.

    Credentials that the API has issued to their tenants are valid as well (`issued`).
    """

    def __init__(
        self,
        path: Path,
        issued: FindIssued = nothing_issued,
        *,
        now: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._issued = issued
        self._now = now
        self._elapsed = elapsed
        self._stamp = self._look()
        self._entries = read_keys(path)
        self._next_look = elapsed() + SECONDS_BETWEEN_LOOKS

    def __call__(self, credential: str) -> Issued | None:
        """What is known of a credential; None for one that is not on the list."""
        entry = self._current().get(_digest(credential))
        if entry is not None:
            ended = entry.expires is not None and entry.expires <= self._now()
            return Issued(entry.tenant, entry.scopes, "has expired" if ended else "")
        found = self._issued(credential)
        return found if found is not None and found.tenant in self._tenants() else None

    def rate(self, tenant: str) -> float | None:
        """The requests a second of a tenant: the most of its keys, None if one has no bound."""
        rates = [one.rate for one in self._current().values() if one.tenant == tenant]
        return None if None in rates else max((rate for rate in rates if rate), default=None)

    def _tenants(self) -> set[str]:
        return {entry.tenant for entry in self._entries.values()}

    def _current(self) -> Mapping[bytes, Entry]:
        if self._elapsed() >= self._next_look:
            self._next_look = self._elapsed() + SECONDS_BETWEEN_LOOKS
            stamp = self._look()
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._entries = read_keys(self._path)
                    log.info("%s: %d keys", self._path, len(self._entries))
                except UsageError as error:
                    log.error("%s; the keys stay as they were", error)
        return self._entries

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class Rates:
    """A token bucket for each tenant: one second's worth of requests at once."""

    def __init__(
        self,
        rate_of: Callable[[str], float | None],
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate_of = rate_of
        self._elapsed = elapsed
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __call__(self, tenant: str) -> None:
        """Count a request. Raises RateLimited if the tenant has made too many."""
        rate = self._rate_of(tenant)
        if not rate:
            return
        now, most = self._elapsed(), max(rate, 1.0)
        left, then = self._buckets.pop(tenant, (most, now))
        left = min(most, left + (now - then) * rate)
        self._buckets[tenant] = (left - 1 if left >= 1 else left), now
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if left < 1:
            wait = max(1, round((1 - left) / rate + 0.5))
            raise RateLimited(
                f"This key may make {rate:g} requests a second.",
                headers={"retry-after": str(wait), "x-ratelimit-limit": f"{rate:g}"},
            )


def read_keys(path: Path) -> dict[bytes, Entry]:
    """The entries of a file by the SHA-256 of their keys. Raises UsageError, with the place."""
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise UsageError(f"--keys {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"--keys {path}: not TOML: {error}") from None
    found: dict[bytes, Entry] = {}
    for name, value in table.items():
        digest, entry = _entry(path, name, value)
        if digest in found:
            raise UsageError(f"--keys {path}: [{name}] has a key that an earlier one has, too")
        found[digest] = entry
    if not found:
        raise UsageError(f"--keys {path}: there are no keys; write one as\n{_EXAMPLE}")
    return found


def _entry(path: Path, name: str, value: Any) -> tuple[bytes, Entry]:
    where = f"--keys {path}: [{name}]"
    if not isinstance(value, Mapping):
        raise UsageError(f"{where} is a table: write it as\n{_EXAMPLE}")
    for field in value:
        if field not in _FIELDS:
            raise UsageError(f"{where} {field} is not known; {nearest(field, _FIELDS)}")
    if ("key" in value) == ("sha256" in value):
        raise UsageError(f"{where} needs one of key and sha256")
    scopes, rate = value.get("scopes"), value.get("requests_per_second")
    texts = {field: value[field] for field in ("key", "sha256", "tenant") if field in value}
    for field, text in texts.items():
        if not isinstance(text, str) or not text:
            raise UsageError(f"{where} {field}: {text!r} is not a text")
    if scopes is not None and not (
        isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)
    ):
        raise UsageError(f"{where} scopes: {scopes!r} is not a list of texts")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float)):
        raise UsageError(f"{where} requests_per_second: {rate!r} is not a number")
    if rate is not None and not rate > 0:
        raise UsageError(f"{where} requests_per_second: {rate!r} is not above 0")
    return _digest_of(where, texts), Entry(
        tenant=texts.get("tenant", name),
        scopes=None if scopes is None else frozenset(scopes),
        expires=_instant(where, value.get("expires")),
        rate=rate,
    )


def _digest_of(where: str, texts: Mapping[str, str]) -> bytes:
    if "key" in texts:
        return _digest(texts["key"])
    try:
        found = bytes.fromhex(texts["sha256"])
    except ValueError:
        found = b""
    if len(found) != 32:
        raise UsageError(f"{where} sha256: 64 hexadecimal digits are needed (sha256sum)")
    return found


def _instant(where: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone().timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day).astimezone().timestamp()
    raise UsageError(f"{where} expires: {value!r} is no date such as 2027-01-31T12:00:00Z")


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).digest()
