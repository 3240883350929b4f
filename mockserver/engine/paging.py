"""Keyset cursors: opaque to the client, bound to one list and its filters."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Any

import orjson

from mockserver.engine.world import SortKey, digest
from mockserver.errors import BadRequest


def encode_cursor(scope: tuple[Any, ...], key: SortKey) -> str:
    """The cursor of the page after the row with this sort key."""
    return urlsafe_b64encode(orjson.dumps([_mark(scope, key), *key])).rstrip(b"=").decode()


def decode_cursor(scope: tuple[Any, ...], cursor: str) -> SortKey:
    """The sort key inside. Raises BadRequest for garbage, another list or other filters."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        mark, *key = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (Base64Error, ValueError, TypeError):
        raise BadRequest("The cursor is not valid.") from None
    if mark != _mark(scope, key):
        raise BadRequest("The cursor is not one of this list with these filters.")
    return tuple(key)


def _mark(scope: tuple[Any, ...], key: SortKey | list[Any]) -> str:
    # Over the key too: a key that this list never gave could not be compared with its rows.
    return digest("cursor", *scope, *key)[:6].hex()
