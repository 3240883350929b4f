"""Map opaque values between the two sides: ids, cursors and tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json

UUID = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(
    r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?",
)
_OPAQUE_NAME = re.compile(
    r"(?:^|_)(id|ids|uuid|guid|cursor|token|etag|secret|key)$|(?:Id|Ids|Token|Cursor)$"
)
_SHORTEST = 6


def is_opaque(name: str, value: Json) -> bool:
    """Whether only the server that created the value can interpret it."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    if _OPAQUE_NAME.search(name):
        return True
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def time_form(value: Json) -> str:
    """The format of a timestamp: "T Z", " naive", "epoch ms"...; "" if it is not one.

    A number counts as a timestamp if it falls in the years 2001 to 2096.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        for unit, factor in (("s", 1), ("ms", 1000)):
            if 10**9 * factor <= value < 4 * 10**9 * factor:
                return f"epoch {unit}"
    found = TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return ""
    zone = found[3] or "naive"
    return f"{found[1]} {zone if zone in ('Z', 'naive') else 'offset'}"


def kind_of(value: Json) -> str:
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "number"), (float, "number"), (str, "string")):
        if isinstance(value, kind):
            return name
    return "array" if isinstance(value, list) else "object"


@dataclass
class Pairs:
    """A one-to-one mapping of real values to the mock's."""

    theirs: dict[Json, Json] = field(default_factory=dict)
    ours: dict[Json, Json] = field(default_factory=dict)

    def agree(self, real: Json, mock: Json) -> bool:
        """Whether the two can correspond; adds a new pair."""
        if real in self.theirs or mock in self.ours:
            return bool(self.theirs.get(real, MISSING) == mock)
        self.theirs[real] = mock
        self.ours[mock] = real
        return True

    def translated(self, text: str) -> str:
        """A text of the real side with the mock's values substituted."""
        for real, mock in self.theirs.items():
            if isinstance(real, str) and len(real) >= _SHORTEST and real in text:
                text = text.replace(real, str(mock))
        return text


_TOKEN = re.compile(r"[\w-]{6,}")
"""A part of a text that may be an id."""
_DEEPEST = 50


@dataclass
class IdMap:
    """Ids and tokens of one server, with those of another one that has them in the same places of
    its replies."""

    pairs: Pairs = field(default_factory=Pairs)
    _texts: dict[str, str] = field(default_factory=dict)

    def learn(self, one: Json, other: Json, *, lists: bool = True, depth: int = 0) -> None:
        """Pair the opaque values of two JSON replies. Without `lists`, those of rows are left out:
        the two may have other rows."""
        if depth > _DEEPEST:
            return
        if isinstance(one, dict) and isinstance(other, dict):
            for name in one.keys() & other.keys():
                if is_opaque(name, one[name]) and is_opaque(name, other[name]):
                    self._pair(one[name], other[name])
                else:
                    self.learn(one[name], other[name], lists=lists, depth=depth + 1)
        both = lists and isinstance(one, list) and isinstance(other, list)
        if both and len(one) == len(other):
            for mine, theirs in zip(one, other, strict=True):
                self.learn(mine, theirs, lists=lists, depth=depth + 1)

    def learn_location(self, one: str, other: str) -> None:
        """Pair the ends of two Location headers."""
        ends = [url.partition("?")[0].rstrip("/").rpartition("/")[2] for url in (one, other)]
        if all(ends):
            self._pair(*ends)

    def _pair(self, one: Json, other: Json) -> None:
        if self.pairs.agree(one, other):
            self._texts.setdefault(str(one), str(other))

    def text(self, text: str) -> str:
        """A text with the other server's ids in it."""
        if text in self._texts:
            return self._texts[text]
        return _TOKEN.sub(lambda found: self._texts.get(found[0], found[0]), text)

    def value(self, value: Json, name: str = "", depth: int = 0) -> Json:
        """A JSON value with the other server's ids in it, except in its deepest parts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict | list) and depth > _DEEPEST:
            return value
        if isinstance(value, list):
            return [self.value(item, name, depth + 1) for item in value]
        if isinstance(value, dict):
            return {key: self.value(item, key, depth + 1) for key, item in value.items()}
        return self.pairs.theirs.get(value, value) if is_opaque(name, value) else value
