"""Addresses that `--store` accepts."""

from __future__ import annotations

from urllib.parse import urlsplit

from mockserver.errors import UsageError

MEMORY = "memory"
REDIS = ("redis://", "rediss://", "unix://")


def is_shared(where: str) -> bool:
    """Whether several processes can share the store. Raises UsageError for an unknown scheme."""
    if where != MEMORY and not where.startswith(REDIS):
        raise UsageError(f"--store {where}: use memory or redis://HOST:PORT/DB")
    return where != MEMORY


def shown(url: str) -> str:
    """The URL without its password."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return url
    return url.replace(f":{password}@", ":…@", 1) if password else url
