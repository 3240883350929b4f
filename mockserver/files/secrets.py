"""Keys from files, and masking of keys, tokens and passwords in journals, archives and reports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from mockserver.errors import UsageError

SECRET_NAME = re.compile(r"auth|key|password|secret|signature|token", re.IGNORECASE)
# A number under one of the other names is a count, as in `max_tokens`.
_SECRET_NUMBER = re.compile(r"auth|password|secret|signature", re.IGNORECASE)
_CREDENTIALS = re.compile(r"cookie|tenant", re.IGNORECASE)
_URLS = ("content-location", "location", "referer")
# Reports write keys as variables, which need no masking.
_VARIABLE = re.compile(r"\$[A-Z_]+").fullmatch


_ASSIGNMENT = re.compile(
    r"""\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s#]*))\s*(?:\#.*)?"""
)


def read_key_file(path: Path) -> tuple[str, ...]:
    """The keys of a file in the style of `.env`: the values of variables whose names suggest a
    secret (`API_KEY`, `STAGING_TOKEN`).

    Raises UsageError, with the line, for a file that can't be read, is written otherwise, or has
    no key.
    """
    where = f"--key-file {path}"
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{where}: not UTF-8 text: {error.reason} at byte {error.start}") from None
    keys: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _ASSIGNMENT.fullmatch(line)
        if found is None:
            raise UsageError(f"{where} line {number}: write it as NAME=VALUE")
        name, *values = found.groups(default="")
        key = "".join(values)
        if key and SECRET_NAME.search(name):
            if not (key.isascii() and key.isprintable() and key.strip()):
                raise UsageError(f"{where} line {number}: no header can carry the value of {name}")
            keys[key] = None
    if not keys:
        raise UsageError(f"{where}: no variable is named like a key, such as API_KEY or TOKEN")
    return tuple(keys)


def mask(secret: str) -> str:
    """The first characters of a key: enough to recognise it, too few to use it.

    A short `mock-` key protects nothing and is shown in full.
    """
    if _VARIABLE(secret):
        return secret
    if secret.startswith("mock-"):
        return secret if len(secret) <= 24 else secret[:24] + "…"
    return secret[: min(4, len(secret) // 3)] + "…"


def masked(value: Any) -> Any:
    """A JSON value with secrets masked, by property name and at any depth."""
    if isinstance(value, dict):
        return {name: _masked_under(str(name), inner) for name, inner in value.items()}
    return [masked(each) for each in value] if isinstance(value, list | tuple) else value


def _masked_under(name: str, value: Any) -> Any:
    if SECRET_NAME.search(name) is None:
        return masked(value)
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {
            inner: _masked_under(inner if SECRET_NAME.search(str(inner)) else name, each)
            for inner, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked_under(name, each) for each in value]
    countable = value is None or isinstance(value, bool) or not _SECRET_NUMBER.search(name)
    return value if countable else "…"


def masked_target(target: str, query: bytes) -> str:
    """Path and query, with the values of secret parameters masked."""
    return f"{target}?{masked_pairs(query.decode('latin-1'))}" if query else target


def masked_pairs(text: str) -> str:
    """A query or form with secret values masked; names may be percent-encoded."""
    pairs = []
    for pair in text.split("&"):
        name, equals, value = pair.partition("=")
        secret = SECRET_NAME.search(unquote_plus(name)) is not None
        pairs.append(name + equals + (mask(value) if secret else value))
    return "&".join(pairs)


def masked_header(name: str, value: str) -> str:
    """A header or parameter value, masked if its name suggests a secret."""
    if name.lower() in _URLS:
        url, mark, query = value.partition("?")
        return url + mark + masked_pairs(query)
    if not SECRET_NAME.search(name) and not _CREDENTIALS.search(name):
        return value
    word, space, rest = value.partition(" ")
    return f"{word} {mask(rest)}" if space and word.isalpha() else mask(value)
