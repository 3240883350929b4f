"""Bodies with several values: JSON lines and server-sent events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.openapi.media_types import STREAM, essence

EVENT_STREAM = "text/event-stream"
DONE = "[DONE]"
"""How the event streams of many vendors end."""
_LINES = frozenset(
    f"{kind}/{prefix}{word}"
    for kind in ("application", "text")
    for prefix in ("", "x-")
    for word in ("ndjson", "jsonl", "jsonlines", "json-lines", "json-stream", "ldjson", "json-seq")
) | {STREAM}
_FRAME = frozenset(("event", "data", "id", "retry", "comment"))


def is_sequence(name: str) -> bool:
    """Whether bodies of this media type have several values."""
    name = essence(name)
    return name == EVENT_STREAM or name in _LINES or name.endswith("+json-seq")


def rendered(name: str, value: Any) -> bytes:
    """The items of an array (or a single value), one after the other."""
    items = value if isinstance(value, list) else [value]
    if name == EVENT_STREAM:
        return b"".join(map(_event, items))
    start = b"\x1e" if name.endswith("json-seq") else b""
    return b"".join(start + orjson.dumps(item) + b"\n" for item in items)


def is_frame(value: Any) -> bool:
    """Whether an item describes the event itself (OpenAPI 3.2) rather than its data."""
    return isinstance(value, Mapping) and "data" in value and value.keys() <= _FRAME


def _event(item: Any) -> bytes:
    fields: list[tuple[str, str]] = []
    if is_frame(item):
        named = ((n, item[n]) for n in ("event", "id", "retry") if item.get(n) is not None)
        fields.extend((name, str(value)) for name, value in named)
        fields.append(("data", _data(item["data"])))
    else:
        kind = item.get("type") if isinstance(item, Mapping) else None
        if isinstance(kind, str) and "\n" not in kind:
            # Lets a client listen to one kind of event.
            fields.append(("event", kind))
        fields.append(("data", _data(item)))
    lines = [f"{n}: {line}" for n, text in fields for line in text.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


def _data(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
