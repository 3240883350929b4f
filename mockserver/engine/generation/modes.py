"""What an entity looks like when it is in use, or when it has just been created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.resolved import Flat

# Limits on the size of generated values.

MOST_LETTERS = 100_000
"""Of one text."""
MOST_ITEMS = 1000
"""Of one array, or one object."""
MOST_STEPS = 20_000
"""Of one value with all that is inside it: values made, choices that led nowhere."""
LETTERS_A_STEP = 10
MOST = {
    "minLength": MOST_LETTERS,
    "minItems": MOST_ITEMS,
    "minContains": MOST_ITEMS,
    "minProperties": MOST_ITEMS,
}


class Impossible(Exception):
    """No value fits the schema."""


class TooLarge(Impossible):
    """No value of a sane size fits the schema."""


def bound(rules: Mapping[str, Any], word: str, otherwise: int) -> int:
    """The bound of a size, which a document may write as 3.0 or 1e300."""
    try:
        return int(rules.get(word, otherwise))
    except (OverflowError, ValueError):
        return 1 << 62


def least(rules: Mapping[str, Any], word: str, otherwise: int = 0) -> int:
    """A lower bound. Raises TooLarge for one that can't be met."""
    found = bound(rules, word, otherwise)
    if found > MOST[word]:
        raise TooLarge(f"{word} asks for more than the {MOST[word]} that are made")
    return found


Mode = Literal["full", "rich", "fresh", "sparse", "bare", "loose"]
"""How much of an entity is said: "full" all and "rich" most of one that is in use, "fresh" what a
new one has, "sparse" what the server sets where the client has said the rest, "bare" as little as
possible. "loose" is for a schema that no value fits: what can be made of it."""

_MISHAPS = bag(
    "error errors failure deleted archived cancelled canceled revoked disabled ended stopped "
    "expired rejected reason next previous cursor"
)
_ON = frozenset(("active", "enabled", "valid", "success", "ok", "available"))
_COUNTED = bag(
    "count counts total used usage spent failed passed succeeded attempts retries errors requests "
    "runs invocations progress views likes replies duration elapsed rows done processed completed "
    "paid refunded captured consumed"
)
_FIRST = frozenset(("version", "number", "revision", "page", "attempt", "position"))
_CONTENT = bag(
    "choices choice candidates candidate content contents message output outputs result results "
    "completion completions generation generations embedding embeddings prediction predictions "
    "translation translations transcript transcription segments answer response delta parts text"
)
_SECRETS = frozenset(("token", "secret", "etag", "url", "href", "uri", "slug"))
_TALLIES = _COUNTED | {"size", "bytes"}
_TELLING = bag(
    "id name title label subject status state type kind category email slug code date price amount "
    "rating score priority number rank size username"
)
_MOMENTS = frozenset(("at", "on", "date", "time", "by", "id"))
_OWNED = bag("created updated organization tenant account")


def is_new(mode: Mode) -> bool:
    """Whether the entity has just been created."""
    return mode in ("fresh", "sparse")


def is_failure(name: str) -> bool:
    """Whether most entities have no value for this name (`error`, `deleted_at`)."""
    return not _MISHAPS.isdisjoint(tokens(name))


def is_telling(name: str) -> bool:
    """Whether lists are searched or sorted by this, so that an entity in use has it."""
    words = tokens(name)
    return bool(words) and words[-1] in _TELLING and not is_failure(name)


def is_on(name: str) -> bool:
    """Whether this flag of a new entity is true (`enabled`)."""
    return not _ON.isdisjoint(tokens(name))


def is_owned(name: str) -> bool:
    """Whether the server sets this for every entity from its creation."""
    return not _OWNED.isdisjoint(tokens(name))


def is_content(name: str) -> bool:
    """Whether this is generated content that clients wait for."""
    return tokens(name)[-1:] != () and tokens(name)[-1] in _CONTENT


def is_moment(name: str) -> bool:
    """Whether this is the time of an event (`completed_at`)."""
    return tokens(name)[-1:] == ("at",)


def is_servers(name: str, flat: Flat) -> bool:
    """Whether the server sets this for a new entity even if it is optional."""
    if flat.values is not None and len(flat.values) == 1:
        return True
    words = tokens(name)
    last = words[-1:] and words[-1]
    if last in _SECRETS or (last == "key" and len(words) > 1):
        return "string" in flat.types
    if flat.types == ("integer",) and not _TALLIES.isdisjoint(words):
        return True
    return flat.notes.read_only and not (flat.nullable or is_failure(name) or last in _MOMENTS)


def unused(name: str, rules: dict[str, Any]) -> dict[str, Any]:
    """The bounds of a number, narrowed to the start of a count if it is one."""
    words = tokens(name)
    if _COUNTED.isdisjoint(words) and _FIRST.isdisjoint(words):
        return rules
    first = 0 if _FIRST.isdisjoint(words) else 1
    least = rules.get("minimum", min(first, rules.get("maximum", first)))
    return {**rules, "minimum": least, "maximum": least}
