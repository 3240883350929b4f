"""Texts by format, pattern and name, of valid length."""

from __future__ import annotations

import re
import string
import warnings
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from random import Random
from typing import Any
from uuid import UUID

from rstr.xeger import Xeger

from mockserver.engine.generation.by_name import by_name, sentence
from mockserver.engine.generation.likeness import format_of, is_unique, like, moment_like
from mockserver.engine.generation.modes import MOST_LETTERS, TooLarge, bound, is_moment, least
from mockserver.engine.randomness import Rng
from mockserver.engine.timestamps import SECOND, http_date, render, spellings
from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.formats import as_meant, careful_reader
from mockserver.openapi.schemas.resolved import Flat

# Texts that match a regular expression.

_TRIES = (2, 4, 8, 8, 16, 1, 3)
_MOST = 5000
_PLAIN = string.ascii_letters + string.digits + "-_. !#%&*+/:;=?@~,'()<>[]{}|^$`\"\\"
# Approximations of classes that ECMAScript and others have and Python lacks.
_FOREIGN = (
    (re.compile(r"\\u\{?([0-9A-Fa-f]{4})\}?"), r"\\u\1"),
    (re.compile(r"\(\?<(?![=!])"), "(?P<"),
    (re.compile(r"\\z"), r"\\Z"),
    (re.compile(r"\\/"), "/"),
    # JavaScript takes the hyphen of `[\d-_]` for itself.
    (re.compile(r"(\\[dDwWsS])-(?=[^\]\[])"), r"\1\\-"),
)


_CATEGORIES = {
    "Lu": "A-Z", "Uppercase": "A-Z", "N": "0-9", "Nd": "0-9", "Number": "0-9", "Digit": "0-9",
    "XDigit": "0-9a-f", "Alnum": "0-9a-f", "P": "!.,", "Punctuation": "!.,", "Z": " ", "Zs": " ",
    "S": "+=", "Sc": "$", "Sm": "+=",
}  # fmt: skip
"""Characters of Unicode's categories; of others, letters."""
_CATEGORY = re.compile(r"\\\\|\\[\[\]]|\[\^?|\]|\\([pP])\{\^?([^}]*)\}")


def _with_categories(pattern: str) -> str:
    """The pattern with characters for `\\p{Lu}`, in a class or as one."""
    inside = False

    def instead(match: re.Match[str]) -> str:
        nonlocal inside
        if match[1] is None:
            inside = match[0].startswith("[") or (inside and match[0] != "]")
            return match[0]
        name = match[2].rpartition("=")[2]
        found = _CATEGORIES.get(name, "a-z")
        if match[1] == "P":
            found = "0-9" if found in ("a-z", "A-Z") else "a-z"
        return found if inside else f"[{found}]"

    return _CATEGORY.sub(instead, pattern)


class _Writer(Xeger):
    """Xeger with ordered choices (its own come from sets) and bounded repeats."""

    def __init__(self, random: Random, most: int, exact: bool, left: int) -> None:
        super().__init__(random)
        self._most = most
        self._exact = exact
        self.left = left

    def _handle_in(self, value: Any) -> Any:
        found = list(chain(*(self._handle_state(item) for item in value)))
        if found[0] is False:
            banned = set(found[1:])
            found = [letter for letter in _PLAIN if letter not in banned] or ["\n"]
        return self._random.choice(found)

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        most = max(start_range, min(end_range, self._most))
        times = most if self._exact else self._random.randint(start_range, most)
        return "".join(self._step(item) for _ in range(times) for item in value)

    def _step(self, item: Any) -> str:
        self.left -= 1
        if self.left < 0:
            raise TooLarge(
                f"the pattern asks for more than the {MOST_LETTERS} letters that are made"
            )
        return str(self._handle_state(item))


def written(
    pattern: str, random: Random, low: int = 0, *, long_first: bool = False
) -> Iterator[str]:
    """Some texts for a pattern, with one of about `low` characters first if possible; empty if it
    can't be parsed.

    The caller checks whether they match (anchors, look-around). Raises TooLarge if none has a
    reasonable size.
    """
    python = _python(pattern)
    if python is None:
        return
    long = (low, low // 2 + 1, low // 4 + 1) if 4 < low < _MOST else ()
    left = MOST_LETTERS
    tries = [*((n, False) for n in _TRIES), *((n, True) for n in long)]
    if long_first:
        tries.sort(key=lambda each: not each[1])
    for most, exact in tries:
        writer = _Writer(random, most, exact, left)
        try:
            with _quiet():
                found = writer.xeger(python)
        except TooLarge:
            if left == MOST_LETTERS:
                raise
            return
        except (KeyError, ValueError, IndexError, TypeError, re.error, RecursionError):
            return
        left = writer.left
        yield found


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress Python's warnings about future pattern syntax (`[[a]`), which don't apply to other
    dialects."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


@lru_cache(maxsize=4096)
def _python(pattern: str) -> str | None:
    pattern = _with_categories(pattern)
    for found, instead in _FOREIGN:
        pattern = found.sub(instead, pattern)
    try:
        with _quiet():
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    return pattern


_KINDS = frozenset(("object", "type", "kind", "resource", "resource_type", "entity"))
_ALWAYS = re.compile(
    r"\b(?:always|fixed (?:string|value)):? "
    r"(?:be |is |equal to |set to |has the value |the string |the value )*"
    r"[`'\"\u201c]([\w.:#/-]+)[`'\"\u201d]",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?:\\d|\[0-9\])\{4\}\)?[-/]")
_ID_LENGTH = 20
_DAY = 86_400 * SECOND
_LATER = ("expire", "expires", "expiry", "expiration", "due", "until", "next", "scheduled", "renew")
_ENDING = bag("expires expiry expiration")
_END = bag("end ends ending until through")
_LONG_AGO = bag("birth birthday dob born founded established")


def instant(rng: Rng, name: str) -> int:
    """A time in the past; in the future for names that imply it. For what begins now, this moment
    instead of the past, and an end in the future."""
    distance = int(rng.random.random() * 20 * _DAY)
    words = set(tokens(name))
    later = name.startswith(_LATER) or not _ENDING.isdisjoint(words)
    if later or (rng.begins and not _END.isdisjoint(words)):
        return rng.now + distance + _DAY
    if rng.begins and _LONG_AGO.isdisjoint(words):
        return rng.now
    return max(0, rng.now - distance)


def constant_of(name: str, flat: Flat) -> str | None:
    """The constant value of a text, by its examples or the description of a kind (`object`:
    "list")."""
    if name.lower() not in _KINDS:
        return None
    examples = [one for one in flat.notes.examples if isinstance(one, str)]
    return examples[0] if examples else constant_told(name, flat)


def constant_told(name: str, flat: Flat) -> str | None:
    """The constant value of a kind by its description: `this is always "tasks#task"`."""
    for part in flat.parts if name.lower() in _KINDS else ():
        found = _ALWAYS.search(str(part.get("description") or ""))
        if found is not None:
            return found[1]
    return None


def _uuid(rng: Rng, name: str) -> str:
    return str(UUID(int=rng.random.getrandbits(128), version=4))


def _duration(rng: Rng, name: str) -> str:
    return f"PT{rng.random.randint(1, 59)}M"


def _host(rng: Rng, name: str) -> str:
    return f"{rng.fake.domain_word()}.example.com"


def _url(rng: Rng, name: str) -> str:
    return f"https://{_host(rng, name)}/{rng.fake.slug()}"


def _email(rng: Rng, name: str) -> str:
    return f"{rng.fake.user_name()}@example.com"


def encoded(found: str, encoding: str) -> str:
    """A text encoded by `contentEncoding`."""
    raw = found.encode()
    match encoding.lower():
        case "base64":
            return b64encode(raw).decode()
        case "base64url":
            return urlsafe_b64encode(raw).decode().rstrip("=")
        case "base32":
            return b32encode(raw).decode()
        case "base16" | "hex":
            return raw.hex()
    return found


def _base64(rng: Rng, name: str) -> str:
    return b64encode(rng.fake.sentence(4).encode()).decode()


FORMATS: dict[str, Callable[[Rng, str], str]] = {
    "date-time": lambda rng, name: render(instant(rng, name)),
    "date": lambda rng, name: render(instant(rng, name))[:10],
    "time": lambda rng, name: render(instant(rng, name))[11:19] + "Z",
    "duration": _duration,
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda rng, name: f"192.0.2.{rng.random.randint(1, 254)}",
    "ipv6": lambda rng, name: f"2001:db8::{rng.random.randint(1, 0xFFFF):x}",
    "uri": _url,
    "url": _url,
    "iri": _url,
    "uri-reference": lambda rng, name: f"/{rng.fake.slug()}",
    "iri-reference": lambda rng, name: f"/{rng.fake.slug()}",
    "uri-template": lambda rng, name: f"/{rng.fake.slug()}/{{id}}",
    "json-pointer": lambda rng, name: f"/{rng.fake.word()}",
    "relative-json-pointer": lambda rng, name: "0",
    "regex": lambda rng, name: "^[a-z]+$",
    "uuid": _uuid,
    "byte": _base64,
    "base64url": lambda rng, name: encoded(rng.fake.sentence(4), "base64url"),
    "char": lambda rng, name: rng.random.choice("ABCDEFGHJKLMNPQRSTUVWXYZ"),
    "decimal": lambda rng, name: f"{rng.random.randint(100, 99999) / 100:.2f}",
    "http-date": lambda rng, name: http_date(instant(rng, name)),
    "unixtime": lambda rng, name: str(instant(rng, name) // SECOND),
    "int64": lambda rng, name: str(rng.random.randint(1, 1 << 40)),
    "uint64": lambda rng, name: str(rng.random.randint(1, 1 << 40)),
    "int32": lambda rng, name: str(rng.random.randint(1, 1 << 30)),
    "base64": _base64,
    "binary": lambda rng, name: rng.fake.sentence(4),
    "phone": lambda rng, name: f"+1202555{rng.random.randint(100, 9999):04d}",
}
# Short alternatives, tried in this order.
_SHORT: dict[str, tuple[str, ...]] = {
    "email": ("ann@example.com", "a@b.co", "a@b.c"),
    "uri": ("https://example.com", "http://a.co", "a:b"),
    "url": ("https://example.com", "http://a.co"),
    "hostname": ("example.com", "a.co", "a"),
    "date-time": ("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00Z"),
    "byte": ("bW9jaw==", "bW9j", ""),
    "duration": ("P1D",),
    "ipv6": ("::1", "::"),
    "uri-reference": ("/a", ""),
}


def text(
    rng: Rng, name: str, rules: dict[str, Any], owner: str = "", example: str | None = None
) -> str:
    """A text that fits `rules` as far as possible, of the kind of an example; an empty one only if
    no other is found.

    Raises TooLarge for one that would be too long.
    """
    low = least(rules, "minLength")
    high = bound(rules, "maxLength", 1 << 30)
    pattern = rules.get("pattern")
    matches = careful_reader(pattern) if isinstance(pattern, str) else None
    nothing = False
    for found in _candidates(rng, name, rules, owner, example):
        if len(found) > high and matches is not None:
            found = found[:high]
        elif found and len(found) < low and matches is not None:
            # An unanchored pattern allows any other text around it.
            found = (found * (low // len(found) + 1))[:low]
        if low <= len(found) <= high and (matches is None or matches(found)):
            if found:
                return found
            nothing = True
    if matches is not None and not nothing:
        return next(written(str(pattern), rng.random), "")
    return "" if nothing else _fitted(rng, by_name(rng, name, owner), low, high)


def names_for(
    rng: Rng, patterns: Iterable[str], names: Flat | None, taken: Container[str]
) -> Iterator[str]:
    """Names for additional properties, by the patterns and the schema of names."""
    for pattern in patterns:
        for _ in range(4):
            yield from (name for name in written(pattern, rng.random) if name not in taken)
    if names is not None:
        yield from (str(value) for value in names.values or ())
        for _ in range(20):
            yield text(rng, "key", names.rules)
    for _ in range(20):
        yield rng.fake.word()
    yield from (f"key_{count}" for count in range(1000))


def _candidates(
    rng: Rng, name: str, rules: dict[str, Any], owner: str, example: str | None
) -> Iterator[str]:
    form = str(rules.get("format"))
    make = FORMATS.get(form)
    if make is not None:
        for _ in range(3):
            yield make(rng, name)
        if "pattern" in rules:
            found = make(rng, name)
            yield from (found.upper(), found.replace("-", ""), found.upper().replace("-", ""))
        yield from _SHORT.get(form, ())
        if form == "byte":
            yield b64encode(b"mock" * (int(rules.get("minLength", 0)) // 5 + 1)).decode()
        if form in ("uri", "url", "iri"):
            yield "https://example.com/" + "a" * int(rules.get("minLength", 0))
        if "pattern" not in rules:
            return
    elif example is not None and (tokens(name)[-1:] != ("id",) or is_unique(example)):
        yield _like(rng, name, example, owner)
    pattern = rules.get("pattern")
    if isinstance(pattern, str) and (_DATED.search(pattern) or is_moment(name)):
        yield from spellings(instant(rng, name))
    plain = by_name(rng, name, owner)
    yield plain
    if isinstance(pattern, str) and as_meant(pattern) != pattern:
        # Not one of few, and it fits the pattern also as it is written.
        yield from (f"{plain} {one}" for one in written(pattern, rng.random))
    if tokens(name)[-1:] == ("country",):
        yield from (rng.fake.country_code(), rng.fake.country_code("alpha-3"))
    if isinstance(pattern, str):
        least_length = int(rules.get("minLength", 0))
        if tokens(name)[-1:] == ("id",):
            # Two letters would soon collide.
            yield from written(pattern, rng.random, max(least_length, _ID_LENGTH), long_first=True)
        yield from written(pattern, rng.random, least_length)


def _like(rng: Rng, name: str, example: str, owner: str) -> str:
    """A text of the kind of an example, which may show a format that the schema does not name."""
    form = format_of(example)
    if form is not None:
        return FORMATS[form](rng, name)
    return moment_like(example, instant(rng, name)) or like(rng, name, example, owner)


def _fitted(rng: Rng, found: str, low: int, high: int) -> str:
    while len(found) < low:
        more = sentence(rng)
        found = f"{found} {more}" if low > 20 else (found + more.replace(" ", ""))
        if low > 10_000:
            found = (found + " ") * (low // (len(found) + 1) + 1)
    if len(found) > high:
        cut = found[:high]
        whole = cut.rsplit(" ", 1)[0]
        found = whole if len(whole) >= max(low, 1) and " " in cut else cut
    return found
