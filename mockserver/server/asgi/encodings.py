"""Decode request bodies by `Content-Encoding`, within limits."""

from __future__ import annotations

import zlib

from mockserver.errors import BadRequest, TooLarge, UnsupportedMedia

_GZIP = ("gzip", "x-gzip")
_KNOWN = (*_GZIP, "deflate", "identity")
_MOST_CODINGS = 5
_MOST_MEMBERS = 1000


def decoded(body: bytes, codings: str, limit: int) -> bytes:
    """The decoded body.

    Raises UnsupportedMedia for an unknown coding, TooLarge if the result exceeds `limit`,
    BadRequest if the bytes are not in the declared coding.
    """
    names = [name.strip().lower() for name in codings.split(",") if name.strip()]
    for name in names:
        if name not in _KNOWN:
            raise UnsupportedMedia(
                f"The content coding {name[:100]!r} is not supported; send the body as is, or "
                "with gzip or deflate."
            )
    if len(names) > _MOST_CODINGS:
        raise UnsupportedMedia(f"More than {_MOST_CODINGS} content codings are not supported.")
    # Undo the codings in reverse order.
    for name in reversed(names):
        if name != "identity" and body:
            body = _inflated(body, name, limit)
    return body


def _inflated(body: bytes, name: str, limit: int) -> bytes:
    windows = (31,) if name in _GZIP else (15, -15)
    for bits in windows:  # Some programs send deflate without the zlib header.
        try:
            return _members(body, bits, limit)
        except zlib.error:
            continue
    raise BadRequest(f"The body is not {name}, contrary to its Content-Encoding.")


def _members(body: bytes, bits: int, limit: int) -> bytes:
    found = bytearray()
    for _ in range(_MOST_MEMBERS):  # each copies what is behind it
        if not body:
            return bytes(found)
        worker = zlib.decompressobj(bits)
        found += worker.decompress(body, limit + 1 - len(found))
        if len(found) > limit:
            raise TooLarge(f"The decoded body has more than {limit} bytes.")
        if not worker.eof:
            raise zlib.error("it ends too early")
        # Further data may be another gzip member.
        body = worker.unused_data if bits == 31 else b""
    if body:
        raise TooLarge(f"A body of more than {_MOST_MEMBERS} gzip members is not read.")
    return bytes(found)
