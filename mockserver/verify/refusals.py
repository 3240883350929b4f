"""What the body of a refusal says, and of which fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from mockserver.inference.words import tokens
from mockserver.openapi.document import MISSING
from mockserver.verify.model import Exchange

_REPEATED = ("input", "loc", "body", "value")
"""Properties of a refusal that repeat a part of the request, or its place."""
RELATION = re.compile(
    r"\b(before|after|earlier|later|than|either|neither|both|one of|together|unless|exclusive"
    r"|same as|equal|combined)\b",
    re.IGNORECASE,
)
"""Words of a rule between fields."""
_VAGUE = frozenset({"at", "on", "time", "date", "id"})
"""The last words of fields that a text may leave out: `startsAt` is "start", or "start time"."""
NOT_THERE = re.compile(
    r"\b(do(es)?(n't| not) exist|not found|no such"
    r"|(could|can)(n't| ?not) (be )?f(i|ou)nd)\b",
    re.IGNORECASE,
)
NEEDED = re.compile(
    r"\b(required|missing|needed|must be (given|set|present)|may not be (null|blank)|"
    r"can(not|'t) be (null|blank|empty))\b",
    re.IGNORECASE,
)
TAKEN = re.compile(
    r"\balready (exists?|taken|in use|used|registered|been|there|an?\b)|\b(must|not) (be )?unique\b"
    r"|\bduplicate\b",
    re.IGNORECASE,
)


def parsed(text: str | bytes) -> object:
    """The value of a JSON text, or MISSING."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return MISSING


def texts_of(exchange: Exchange) -> Iterator[str]:
    """The texts of a refusal, without those that repeat the request."""
    value = parsed(exchange.body)
    if value is MISSING:
        yield exchange.body.decode("utf-8", "replace")
        return
    todo = [value]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            todo += [inner for name, inner in value.items() if name not in _REPEATED]
        elif isinstance(value, list):
            todo += value


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w-]+(?:\.[\w-]+)*", text)


def fields_of(exchange: Exchange) -> set[str]:
    """The fields under which a refusal lists its texts: `{"track": ["No such choice."]}`."""
    value = parsed(exchange.body)
    found = set[str]()
    for _ in range(2):
        if not isinstance(value, dict):
            break
        found |= {name for name, inner in value.items() if isinstance(inner, list)}
        # One level deeper: `{"errors": {"track": [...]}}`.
        value = next((inner for inner in value.values() if isinstance(inner, dict)), None)
    return found


def is_named(field: str, text: str) -> bool:
    """Whether a text names a field in plain words: `ends_at` as "end time", `imdb_id` as "IMDB
    ID"."""
    stems = {word.lower().rstrip("s") for word in words_of(text)}
    words = [word.rstrip("s") for word in tokens(field)]
    while len(words) > 1 and words[-1] in _VAGUE:
        words.pop()
    return bool(words) and stems.issuperset(words)


def leaves(value: object) -> Iterator[str]:
    """The texts and numbers in a JSON value, as texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)


def quotes(text: str, value: str) -> bool:
    """Whether a text has a value as a word of its own."""
    return bool(value.strip()) and bool(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text))
