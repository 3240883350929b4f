"""Map opaque values between the two sides: ids, cursors and tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mockserver.inference.words import singular, snake_case
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


_WRAPPERS = frozenset(("attributes", "content", "data", "entries", "item", "items", "node"))
_WRAPPERS |= {"objects", "records", "response", "result", "results", "rows", "values"}
"""Names between a reply and its entities that say nothing about these."""
_ID_END = re.compile(r"_?(?:ids?|uuid|guid|key)$", re.IGNORECASE)


def noun_of(path: str) -> str:
    """What the entities of a path are called, in the singular: the last word that stands before an
    id, or at the end (`/things/{id}/parts`)."""
    steps = path.strip("/").split("/")
    words = [step for step in steps if not step.startswith("{") and step]
    return singular(words[-1]) if words else ""


def noun_in_url(path: str) -> str:
    """The same for the path of a URL: what has a digit is an id."""
    return noun_of(re.sub(r"[^/]*\d[^/]*", "{}", path))


def nouns_in(path: str) -> dict[str, str]:
    """What the entity of each path parameter is called: the word before it."""
    found, before = {}, ""
    for step in path.split("/"):
        if step.startswith("{"):
            found[step.strip("{}")] = singular(before)
        else:
            before = step or before
    return found


def noun_within(name: str, noun: str) -> str:
    """What the entities in a property of another one are called."""
    return noun if name in _WRAPPERS else singular(name)


def _counts(value: Json) -> bool:
    """Whether an id is a number, which other kinds of entities have too."""
    return not isinstance(value, bool) and (isinstance(value, int) or str(value).isdigit())


def noun_at(noun: str, place: str) -> str:
    """What the entity is called that has the property at a place of a reply about a `noun`."""
    for name in place.split(".")[:-1]:
        noun = noun if name in ("*", "rows") else noun_within(name, noun)
    return noun


def family(name: str, value: Json, noun: str) -> str:
    """Among which ids a value is unique: numbers count each kind of entity from one. `noun` is what
    the entity is called that has the property; "" for ids that are unique by themselves."""
    if not _counts(value):
        return ""
    return singular(snake_case(_ID_END.sub("", name))) or snake_case(noun)


@dataclass
class Pairs:
    """A one-to-one mapping of real values to the mock's, numbers within their family."""

    theirs: dict[tuple[str, Json], Json] = field(default_factory=dict)
    ours: dict[tuple[str, Json], Json] = field(default_factory=dict)
    urls: tuple[str, str] = ("", "")
    """Those of the request on both sides; its path may be in the reply."""

    def agree(self, real: Json, mock: Json, kind: str = "") -> bool:
        """Whether the two can correspond; adds a new pair."""
        one, other = (kind, real), (kind, mock)
        if one in self.theirs or other in self.ours:
            return bool(self.theirs.get(one, MISSING) == mock)
        self.theirs[one] = mock
        self.ours[other] = real
        return True

    def translated(self, text: str) -> str:
        """A text of the real side with the mock's values substituted."""
        own, other = (urlsplit(url).path for url in self.urls)
        text = text.replace(own, other) if len(own) > 1 else text
        for (_, real), mock in self.theirs.items():
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
    _numbers: dict[tuple[str, str], str] = field(default_factory=dict)

    def learn(
        self, one: Json, other: Json, noun: str = "", *, lists: bool = True, depth: int = 0
    ) -> None:
        """Pair the opaque values of two JSON replies about what is called `noun`. Without `lists`,
        those of rows are left out: the two may have other rows."""
        if depth > _DEEPEST:
            return
        if isinstance(one, dict) and isinstance(other, dict):
            for name in one.keys() & other.keys():
                if is_opaque(name, one[name]) and is_opaque(name, other[name]):
                    self._pair(one[name], other[name], family(name, one[name], noun))
                else:
                    within = noun_within(name, noun)
                    self.learn(one[name], other[name], within, lists=lists, depth=depth + 1)
        both = lists and isinstance(one, list) and isinstance(other, list)
        if both and len(one) == len(other):
            for mine, theirs in zip(one, other, strict=True):
                self.learn(mine, theirs, noun, lists=lists, depth=depth + 1)

    def learn_location(self, one: str, other: str) -> None:
        """Pair the ends of two Location headers."""
        ends = [url.partition("?")[0].rstrip("/").split("/")[-2:] for url in (one, other)]
        if all(len(end) == 2 and end[1] for end in ends):
            self._pair(ends[0][1], ends[1][1], family("", ends[0][1], singular(ends[0][0])))

    def _pair(self, one: Json, other: Json, kind: str) -> None:
        if not self.pairs.agree(one, other, kind):
            return
        if kind:
            self._numbers.setdefault((kind, str(one)), str(other))
        else:
            self._texts.setdefault(str(one), str(other))

    def named(self, text: str, noun: str) -> str:
        """An id in a path or parameter, of what is called `noun`, as the other server has it."""
        found = self._numbers.get((snake_case(noun), text))
        if found is None and text.isdigit():
            known = {value for (_, one), value in self._numbers.items() if one == text}
            return known.pop() if len(known) == 1 else text
        return self.text(text) if found is None else found

    def text(self, text: str) -> str:
        """A text with the other server's ids in it, except for numbers, which may be anything."""
        if text in self._texts:
            return self._texts[text]
        return _TOKEN.sub(lambda found: self._texts.get(found[0], found[0]), text)

    def value(self, value: Json, name: str = "", noun: str = "", depth: int = 0) -> Json:
        """A JSON value with the other server's ids in it, except in its deepest parts."""
        if isinstance(value, dict | list) and depth > _DEEPEST:
            return value
        if isinstance(value, list):
            return [self.value(item, name, noun, depth + 1) for item in value]
        if isinstance(value, dict):
            within = noun_within(name, noun) if name else noun
            return {key: self.value(item, key, within, depth + 1) for key, item in value.items()}
        if not is_opaque(name, value) or not _counts(value):
            return self.text(value) if isinstance(value, str) else value
        found = self.named(str(value), family(name, value, noun))
        return int(found) if isinstance(value, int) and found.isdigit() else found
