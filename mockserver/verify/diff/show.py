"""Values as they are shown and compared: shortened, or what of them counts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from .model import Json, Seen

HEADERS: tuple[str, ...] = (
    *("allow", "content-type", "etag", "last-modified", "link", "location", "retry-after"),
    "www-authenticate",
)
"""Those that tell a client something; more if the document lists them."""


def shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:117] + "..."


def all_shown(values: Sequence[tuple[int, Json]]) -> str:
    """What several runs of the mock have there."""
    texts = list(dict.fromkeys(shown(value) for _, value in values))
    return " or ".join(texts[:3]) + (" or ..." if len(texts) > 3 else "")


def header_of(name: str, seen: Seen) -> str:
    """What of a header is compared: the media type, the methods, else that it is there."""
    value = seen.last.headers.get(name)
    if value is None:
        return ""
    if name == "content-type":
        return value.partition(";")[0].strip().lower()
    if name == "allow":
        return ", ".join(sorted(re.split(r"[,\s]+", value.upper())))
    return "present"
