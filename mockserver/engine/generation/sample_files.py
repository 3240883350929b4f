"""Small valid files for media types without a schema."""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO

from mockserver.openapi.media_types import concrete, essence

_JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////"
    "////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAA"
    "AAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AR//Z"
)
_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_WEBP = b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
_TEXTS = {
    "text/html": b"<!doctype html>\n<title>Mock</title>\n<p>Mock</p>\n",
    "application/xhtml+xml": (
        b'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Mock</title></head><body/></html>\n'
    ),
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n',
    "text/csv": b"id,name\r\n1,mock\r\n",
    "text/css": b"body { margin: 0 }\n",
    "text/javascript": b"export {};\n",
    "application/javascript": b"export {};\n",
    "application/rtf": b"{\\rtf1 Mock}\n",
    "text/calendar": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:mock\r\nEND:VCALENDAR\r\n",
    "text/vcard": b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Mock\r\nEND:VCARD\r\n",
}


def sample_file(media_type: str) -> bytes:
    """A small valid file of a media type; arbitrary bytes for an unknown one."""
    name = essence(concrete(media_type))
    if name in _TEXTS:
        return _TEXTS[name]
    make = _MAKERS.get(name)
    if make is not None:
        return make()
    if name.endswith("+zip") or "openxmlformats" in name or "opendocument" in name:
        return _zip()
    if name.endswith(("+xml", "/xml")):
        return b"<mock/>\n"
    return b"mock\n" if name.startswith("text/") else b"mock"


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\0\xff")
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _ico() -> bytes:
    picture = _png()
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 1, 1, 0, 0, 1, 8, len(picture), 22) + picture


def _bmp() -> bytes:
    head = struct.pack("<2sIHHI", b"BM", 58, 0, 0, 54)
    return head + struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + b"\xff\xff\xff\0"


def _tiff() -> bytes:
    entries = ((256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 110), (278, 1), (279, 1))
    fields = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries))
    return head + fields + bytes(4) + b"\xff"


def _pdf() -> bytes:
    parts = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >>",
    )
    found = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(found))
        found += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(found)
    found += b"xref\n0 4\n0000000000 65535 f \n" + table
    return found + b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


def _zip() -> bytes:
    # Imported on first use: few documents have archives, and the import is slow.
    import zipfile

    found = BytesIO()
    with zipfile.ZipFile(found, "w") as packed:
        packed.writestr(zipfile.ZipInfo("mock.txt"), b"mock\n")
    return found.getvalue()


def _tar() -> bytes:
    import tarfile

    found = BytesIO()
    with tarfile.open(fileobj=found, mode="w") as packed:
        about = tarfile.TarInfo("mock.txt")
        about.size = 5
        packed.addfile(about, BytesIO(b"mock\n"))
    return found.getvalue()


def _gzip() -> bytes:
    import gzip

    return gzip.compress(b"mock\n", mtime=0)


def _wav() -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    sound = struct.pack("<4sI", b"data", 800) + b"\x80" * 800
    return b"RIFF" + struct.pack("<I", 4 + len(form) + len(sound)) + b"WAVE" + form + sound


def _mp3() -> bytes:
    # Frames of MPEG 1, layer 3, at 128 kbit/s and 44.1 kHz, without sound.
    return (b"\xff\xfb\x90\x00" + bytes(413)) * 2


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + kind + data


def _mp4() -> bytes:
    matrix = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    head = struct.pack(">5IIH", 0, 0, 0, 1000, 0, 1 << 16, 1 << 8) + bytes(10) + matrix
    head += bytes(24) + struct.pack(">I", 1)
    kind = b"isom\0\0\x02\0isomiso2mp41"
    return _box(b"ftyp", kind) + _box(b"moov", _box(b"mvhd", head)) + _box(b"mdat", b"")


def _ogg() -> bytes:
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 0, 48000, 0, 0)
    page = struct.pack("<4sBBqIIIBB", b"OggS", 0, 2, 0, 1, 0, 0, 1, len(head)) + head
    return page[:22] + struct.pack("<I", _ogg_sum(page)) + page[26:]


def _ogg_sum(page: bytes) -> int:
    found = 0
    for byte in page:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1 ^ (0x04C11DB7 if found >> 31 else 0)) & 0xFFFFFFFF
    return found


def _flac() -> bytes:
    about = (
        struct.pack(">HH", 4096, 4096) + bytes(6) + (44100 << 44 | 15 << 36).to_bytes(8) + bytes(16)
    )
    return b"fLaC" + b"\x80" + len(about).to_bytes(3) + about


_MAKERS: dict[str, Callable[[], bytes]] = {
    "image/png": _png,
    "image/jpeg": lambda: _JPEG,
    "image/jpg": lambda: _JPEG,
    "image/gif": lambda: _GIF,
    "image/webp": lambda: _WEBP,
    "image/bmp": _bmp,
    "image/tiff": _tiff,
    "image/x-icon": _ico,
    "image/vnd.microsoft.icon": _ico,
    "application/pdf": _pdf,
    "application/zip": _zip,
    "application/x-zip-compressed": _zip,
    "application/java-archive": _zip,
    "application/epub+zip": _zip,
    "application/x-tar": _tar,
    "application/gzip": _gzip,
    "application/x-gzip": _gzip,
    "audio/wav": _wav,
    "audio/x-wav": _wav,
    "audio/wave": _wav,
    "audio/vnd.wave": _wav,
    "audio/mpeg": _mp3,
    "audio/mp3": _mp3,
    "audio/ogg": _ogg,
    "audio/opus": _ogg,
    "audio/flac": _flac,
    "audio/x-flac": _flac,
    "audio/mp4": _mp4,
    "audio/aac": lambda: b"\xff\xf1\x50\x40\x01\x1f\xfc\x21\x00",
    "video/mp4": _mp4,
    "video/quicktime": _mp4,
}
