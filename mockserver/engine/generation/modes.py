"""What a thing is like: in use, or just made and still without a history."""

from __future__ import annotations

from typing import Any, Literal

from mockserver.inference.words import bag, tokens

Mode = Literal["rich", "fresh", "bare"]
"""A thing in use, one that was just created, or as little as possible."""

_MISHAPS = bag(
    "error errors failure deleted archived cancelled canceled revoked disabled ended stopped "
    "expired rejected reason next previous cursor"
)
_ON = frozenset(("active", "enabled", "valid", "success", "ok", "available"))
_COUNTED = bag(
    "count counts total used usage spent failed passed succeeded attempts retries errors requests "
    "runs invocations progress views likes replies duration elapsed rows done processed completed"
)
_FIRST = frozenset(("version", "number", "revision", "page", "attempt", "position"))
_OWNED = bag("created updated organization tenant account")


def is_mishap(name: str) -> bool:
    """Whether most things have nothing to say under this name (`error`, `deleted_at`)."""
    return not _MISHAPS.isdisjoint(tokens(name))


def is_on(name: str) -> bool:
    """Whether a new thing has this (`enabled`)."""
    return not _ON.isdisjoint(tokens(name))


def is_owned(name: str) -> bool:
    """Whether the server says this of every thing from its beginning."""
    return not _OWNED.isdisjoint(tokens(name))


def unused(name: str, rules: dict[str, Any]) -> dict[str, Any]:
    """The bounds of a number, narrowed to where counting begins if it is a count."""
    words = tokens(name)
    if _COUNTED.isdisjoint(words) and _FIRST.isdisjoint(words):
        return rules
    first = 0 if _FIRST.isdisjoint(words) else 1
    least = rules.get("minimum", min(first, rules.get("maximum", first)))
    return {**rules, "minimum": least, "maximum": least}
