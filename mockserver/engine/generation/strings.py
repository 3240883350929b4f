"""Texts by format, pattern and name, of valid length."""

from __future__ import annotations

import re
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any
from uuid import UUID

from mockserver.engine.generation.by_name import by_name, sentence
from mockserver.engine.generation.from_regex import written
from mockserver.engine.generation.limits import bound, least
from mockserver.engine.generation.modes import is_moment
from mockserver.engine.randomness import Dice
from mockserver.engine.timestamps import SECOND, http_date, render, spellings
from mockserver.inference.words import tokens
from mockserver.openapi.schemas.regex import reader
from mockserver.openapi.schemas.resolved import Flat

_KINDS = frozenset(("object", "type", "kind", "resource", "resource_type", "entity"))
_ALWAYS = re.compile(
    r"\balways (?:be |is |equal to |set to |has the value |the string |the value )*"
    r"[`'\"\u201c]([\w.:-]+)[`'\"\u201d]",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?:\\d|\[0-9\])\{4\}\)?[-/]")
_ID_LENGTH = 20
_DAY = 86_400 * SECOND
_LATER = ("expire", "expires", "expiry", "expiration", "due", "until", "next", "scheduled", "renew")


def instant(dice: Dice, name: str) -> int:
    """A time in the past; in the future for names that imply it."""
    distance = int(dice.random.random() * 20 * _DAY)
    if name.startswith(_LATER):
        return dice.now + distance + _DAY
    return max(0, dice.now - distance)


def constant_of(name: str, flat: Flat) -> str | None:
    """The constant value of a text, by its examples or the description of a kind (`object`:
    "list")."""
    if name.lower() not in _KINDS:
        return None
    examples = [one for one in flat.notes.examples if isinstance(one, str)]
    if examples:
        return examples[0]
    for part in flat.parts:
        found = _ALWAYS.search(str(part.get("description") or ""))
        if found is not None:
            return found[1]
    return None


def _uuid(dice: Dice, name: str) -> str:
    return str(UUID(int=dice.random.getrandbits(128), version=4))


def _duration(dice: Dice, name: str) -> str:
    return f"PT{dice.random.randint(1, 59)}M"


def _host(dice: Dice, name: str) -> str:
    return f"{dice.fake.domain_word()}.example.com"


def _url(dice: Dice, name: str) -> str:
    return f"https://{_host(dice, name)}/{dice.fake.slug()}"


def _email(dice: Dice, name: str) -> str:
    return f"{dice.fake.user_name()}@example.com"


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


def _base64(dice: Dice, name: str) -> str:
    return b64encode(dice.fake.sentence(4).encode()).decode()


FORMATS: dict[str, Callable[[Dice, str], str]] = {
    "date-time": lambda dice, name: render(instant(dice, name)),
    "date": lambda dice, name: render(instant(dice, name))[:10],
    "time": lambda dice, name: render(instant(dice, name))[11:19] + "Z",
    "duration": _duration,
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda dice, name: f"192.0.2.{dice.random.randint(1, 254)}",
    "ipv6": lambda dice, name: f"2001:db8::{dice.random.randint(1, 0xFFFF):x}",
    "uri": _url,
    "url": _url,
    "iri": _url,
    "uri-reference": lambda dice, name: f"/{dice.fake.slug()}",
    "iri-reference": lambda dice, name: f"/{dice.fake.slug()}",
    "uri-template": lambda dice, name: f"/{dice.fake.slug()}/{{id}}",
    "json-pointer": lambda dice, name: f"/{dice.fake.word()}",
    "relative-json-pointer": lambda dice, name: "0",
    "regex": lambda dice, name: "^[a-z]+$",
    "uuid": _uuid,
    "byte": _base64,
    "base64url": lambda dice, name: encoded(dice.fake.sentence(4), "base64url"),
    "char": lambda dice, name: dice.random.choice("ABCDEFGHJKLMNPQRSTUVWXYZ"),
    "decimal": lambda dice, name: f"{dice.random.randint(100, 99999) / 100:.2f}",
    "http-date": lambda dice, name: http_date(instant(dice, name)),
    "unixtime": lambda dice, name: str(instant(dice, name) // SECOND),
    "int64": lambda dice, name: str(dice.random.randint(1, 1 << 40)),
    "uint64": lambda dice, name: str(dice.random.randint(1, 1 << 40)),
    "int32": lambda dice, name: str(dice.random.randint(1, 1 << 30)),
    "base64": _base64,
    "binary": lambda dice, name: dice.fake.sentence(4),
    "phone": lambda dice, name: f"+1202555{dice.random.randint(100, 9999):04d}",
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


def text(dice: Dice, name: str, rules: dict[str, Any], owner: str = "") -> str:
    """A text that fits `rules` as far as possible.

    Raises TooLarge for one that would be too long.
    """
    low = least(rules, "minLength")
    high = bound(rules, "maxLength", 1 << 30)
    pattern = rules.get("pattern")
    matches = reader(pattern) if isinstance(pattern, str) else None
    for found in _candidates(dice, name, rules, owner):
        if len(found) > high and matches is not None:
            found = found[:high]
        elif found and len(found) < low and matches is not None:
            # An unanchored pattern allows any other text around it.
            found = (found * (low // len(found) + 1))[:low]
        if low <= len(found) <= high and (matches is None or matches(found)):
            return found
    if matches is not None:
        return next(written(str(pattern), dice.random), "")
    return _fitted(dice, by_name(dice, name, owner), low, high)


def names_for(
    dice: Dice, patterns: Iterable[str], names: Flat | None, taken: Container[str]
) -> Iterator[str]:
    """Names for additional properties, by the patterns and the schema of names."""
    for pattern in patterns:
        for _ in range(4):
            yield from (name for name in written(pattern, dice.random) if name not in taken)
    if names is not None:
        yield from (str(value) for value in names.values or ())
        for _ in range(20):
            yield text(dice, "key", names.rules)
    for _ in range(20):
        yield dice.fake.word()
    yield from (f"key_{count}" for count in range(1000))


def _candidates(dice: Dice, name: str, rules: dict[str, Any], owner: str) -> Iterator[str]:
    form = str(rules.get("format"))
    make = FORMATS.get(form)
    if make is not None:
        for _ in range(3):
            yield make(dice, name)
        if "pattern" in rules:
            found = make(dice, name)
            yield from (found.upper(), found.replace("-", ""), found.upper().replace("-", ""))
        yield from _SHORT.get(form, ())
        if form == "byte":
            yield b64encode(b"mock" * (int(rules.get("minLength", 0)) // 5 + 1)).decode()
        if form in ("uri", "url", "iri"):
            yield "https://example.com/" + "a" * int(rules.get("minLength", 0))
        if "pattern" not in rules:
            return
    pattern = rules.get("pattern")
    if isinstance(pattern, str) and (_DATED.search(pattern) or is_moment(name)):
        yield from spellings(instant(dice, name))
    yield by_name(dice, name, owner)
    if tokens(name)[-1:] == ("country",):
        yield from (dice.fake.country_code(), dice.fake.country_code("alpha-3"))
    if isinstance(pattern, str):
        least_length = int(rules.get("minLength", 0))
        if tokens(name)[-1:] == ("id",):
            # Two letters would soon collide.
            yield from written(pattern, dice.random, max(least_length, _ID_LENGTH), long_first=True)
        yield from written(pattern, dice.random, least_length)


def _fitted(dice: Dice, found: str, low: int, high: int) -> str:
    while len(found) < low:
        more = sentence(dice)
        found = f"{found} {more}" if low > 20 else (found + more.replace(" ", ""))
        if low > 10_000:
            found = (found + " ") * (low // (len(found) + 1) + 1)
    if len(found) > high:
        cut = found[:high]
        whole = cut.rsplit(" ", 1)[0]
        found = whole if len(whole) >= max(low, 1) and " " in cut else cut
    return found
