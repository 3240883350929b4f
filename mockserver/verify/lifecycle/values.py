"""Whether a client takes two values for the same: of secrets, timestamps, numbers, empty values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from mockserver.openapi.model import Json

SECRETS = ("password", "secret", "token", "credential", "api_key", "apikey", "private_key")
"""Words in the names of fields that replies may hide or mask, or show once, after a creation."""
GONE = re.compile(
    r"\w*(?:delet|archiv|remov|cancel|terminat|inactive|revok|expired|stopp)\w*", re.IGNORECASE
)
"""Names and states of a row that stays although its entity is gone, or going."""
SHOWN_ONCE = ("key",)
"""Names that may be null after the creation."""


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_secret(name: str) -> bool:
    """Whether a field of this name may be hidden."""
    return any(word in name.lower() for word in SECRETS)


def remains(old: Json, new: Json, name: str, *, listed: bool) -> bool:
    """Whether a service may show the same value so: a secret is masked or left out later, and a
    row of a list (`listed`) may have null or fewer properties where the entity has an object."""
    if old == new or (is_secret(name) and (new is None or isinstance(new, str))):
        return True
    if isinstance(old, dict) and isinstance(new, dict):
        both = old.keys() & new.keys()
        whole = listed or old.keys() == new.keys()
        return whole and all(remains(old[n], new[n], n, listed=listed) for n in both)
    return new is None and (name.lower() in SHOWN_ONCE or (listed and isinstance(old, dict | list)))


def says_it_is_gone(before: Json, now: Json) -> bool:
    """Whether an entity that is shown after its removal has a state, a flag or a time that says
    so and that it did not have before: `"state": "expired"`, `"deleted_at": "2026-..."`."""
    earlier = set(_leaves(before))
    return any(
        value and (GONE.search(name) or (isinstance(value, str) and GONE.fullmatch(value)))
        for name, value in set(_leaves(now)) - earlier
    )


def _leaves(value: Json, name: str = "") -> Iterator[tuple[str, str | int | float | None]]:
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else ((name, one) for one in value)
        for inner, one in inside:
            yield from _leaves(one, inner)
    else:
        yield name, value


def contains(value: Json, wanted: Json) -> bool:
    """Whether a stored value contains everything that was sent; a service may add defaults."""
    if isinstance(wanted, dict) and isinstance(value, dict):
        return all(name in value and contains(value[name], w) for name, w in wanted.items())
    if isinstance(wanted, list) and isinstance(value, list):
        return len(value) == len(wanted) and all(map(contains, value, wanted))
    if isinstance(wanted, str) and isinstance(value, str):
        return value == wanted or _instant(value) == _instant(wanted) != ""
    if isinstance(wanted, dict | list) or isinstance(value, dict | list):
        return type(value) is not type(wanted)
    return bool(value == wanted)


def resembles(value: Json, wanted: Json) -> bool:
    """Whether a value is what was sent, as a service may store it: texts may be trimmed and
    normalised; of an object only common properties are compared; null counts as absent."""
    if isinstance(wanted, str) and isinstance(value, str):
        return contains(value, wanted) or _plain(value) == _plain(wanted)
    if isinstance(wanted, dict) and isinstance(value, dict):
        return all(resembles(value[name], wanted[name]) for name in wanted.keys() & value.keys())
    if isinstance(wanted, list) and isinstance(value, list):
        return len(value) == len(wanted) and (
            all(map(resembles, value, wanted))
            or sorted(map(str, value)) == sorted(map(str, wanted))
        )
    if isinstance(wanted, dict | list) and value is None:
        return True
    return contains(value, wanted)


def _plain(text: str) -> str:
    return text.strip().rstrip("/.").casefold()


def _instant(text: str) -> str:
    from datetime import datetime

    if len(text) < 19 or text[4:5] != "-":
        return ""
    try:
        return str(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return ""


def short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
