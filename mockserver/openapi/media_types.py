"""Media types: parsing, ranges, and content negotiation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

ANYTHING = ("*/*", "*")
BINARY = "application/octet-stream"
"""A range of all media types; the second is what some programs write for it."""
STREAM = "application/stream+json"
"""Values one after the other, in spite of its name."""
LINES = frozenset(
    f"{kind}/{prefix}{word}"
    for kind in ("application", "text")
    for prefix in ("", "x-")
    for word in ("ndjson", "jsonl", "jsonlines", "json-lines", "json-stream", "ldjson", "json-seq")
) | {STREAM}
_OF_RANGES = {
    "text": "text/plain",
    "image": "image/png",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "font": "font/woff2",
}
_LONGEST_ACCEPT = 4000
T = TypeVar("T")


def essence(media_type: str) -> str:
    """`type/subtype` in lower case, without parameters."""
    return media_type.partition(";")[0].strip().lower()


def parameters(media_type: str) -> dict[str, str]:
    """The parameters of a media type (`charset=utf-8`), names in lower case."""
    found = {}
    for part in media_type.split(";")[1:]:
        name, _, value = part.partition("=")
        found[name.strip().lower()] = value.strip().strip('"')
    return found


def is_json(media_type: str) -> bool:
    """Whether bodies of this media type are one JSON value: `application/json`, `text/json`,
    `model/gltf+json`."""
    name = essence(media_type)
    return name.endswith(("/json", "+json")) and name != STREAM


def is_lines(media_type: str) -> bool:
    """Whether bodies of this media type are JSON values, one after the other."""
    name = essence(media_type)
    return name in LINES or name.endswith("+json-seq")


def is_json_or_any(media_type: str) -> bool:
    """The same, but also true for ranges for which JSON is sent: `*/*`, `application/*`."""
    return is_json(media_type) or ("*" in media_type and is_json(concrete(media_type)))


def is_xml(media_type: str) -> bool:
    """Whether bodies of this media type are XML that a schema can describe."""
    name = essence(media_type)
    return name.endswith(("/xml", "+xml")) and name != "application/xhtml+xml"


def is_text(media_type: str) -> bool:
    """Whether bodies of this media type are text."""
    name = essence(media_type)
    return name.startswith("text/") or is_xml(name) or name.endswith(("yaml", "csv", "jsonl"))


def covers(wide: str, name: str) -> bool:
    """Whether a range (`image/*`, `application/*+json`, `*/*`) covers a media type, both without
    parameters. A concrete type covers itself."""
    if wide == name or wide in ANYTHING:
        return True
    kind, _, rest = wide.partition("/")
    own, _, inner = name.partition("/")
    if kind != own or not rest.startswith("*"):
        return False
    return inner.endswith(rest[1:])


def find(known: Mapping[str, T], name: str) -> T | None:
    """The entry for a media type: an exact match, else the narrowest range."""
    name = essence(name)
    if name in known:
        return known[name]
    ranges = [wide for wide in known if "*" in wide and covers(essence(wide), name)]
    return known[max(ranges, key=len)] if ranges and "/" in name else None


def concrete(media_type: str) -> str:
    """The concrete type to send for a range; a concrete type is unchanged."""
    if "*" not in media_type:
        return media_type
    name = essence(media_type)
    if name.endswith(("/*+json", "/*+xml")):
        return name.replace("*+", "")
    return _OF_RANGES.get(name.partition("/")[0], "application/json")


class Accepted(NamedTuple):
    """One range of an `Accept` header."""

    range: str
    quality: float
    parameters: Mapping[str, str]

    def fits(self, offered: str) -> bool:
        """Whether an offered media type or range is within this range."""
        name = essence(offered)
        if not covers(self.range, name) and not ("*" in name and covers(name, self.range)):
            return False
        own = parameters(offered)
        return all(own.get(key, value) == value for key, value in self.parameters.items())

    @property
    def precision(self) -> int:
        """How specific the range is: a concrete type wins over `text/*`, and that over `*/*`."""
        stars = 0 if "*" not in self.range else 2 if self.range in ANYTHING else 1
        return 10 * (2 - stars) + len(self.parameters)


def parse_accept(header: str) -> list[Accepted]:
    """The ranges of an `Accept` header; malformed ones are ignored."""
    found = []
    for part in header[:_LONGEST_ACCEPT].split(","):
        name, given = essence(part), parameters(part)
        if not name:
            continue
        try:
            quality = min(1.0, max(0.0, float(given.pop("q", "1"))))
        except ValueError:
            quality = 1.0
        found.append(Accepted(name, quality, given))
    return found


def choose(accept: str, offered: Sequence[str]) -> str | None:
    """The offered media type that an `Accept` header prefers; None if none is acceptable.

    Ties go to what the header names first, then to what is offered first.
    """
    ranges = parse_accept(accept)
    if not ranges:
        return offered[0] if offered else None
    best: tuple[float, int, int] | None = None
    chosen = None
    for place, name in enumerate(offered):
        fitting = [(one.precision, -n, one) for n, one in enumerate(ranges) if one.fits(name)]
        if not fitting:
            continue
        _, order, narrowest = max(fitting, key=lambda each: each[:2])
        rank = (narrowest.quality, order, -place)
        if narrowest.quality > 0 and (best is None or rank > best):
            best, chosen = rank, name
    return chosen


def narrowed(offered: str, accept: str) -> str:
    """The media type to send for an offered range: the accepted type within it."""
    if "*" not in offered:
        return offered
    named = [a for a in parse_accept(accept) if "*" not in a.range and a.quality > 0]
    fitting = [a for a in named if covers(essence(offered), a.range)]
    return max(fitting, key=lambda a: a.quality).range if fitting else concrete(offered)
