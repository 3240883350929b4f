"""Texts in the form of an example, and what kind of text it is: where a schema has no format, its
example often shows one (`owner: "+15554443333"`, `born: "2020-02-03"`)."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from random import Random

from mockserver.engine.generation.by_name import by_name, is_known, is_title
from mockserver.engine.randomness import Rng
from mockserver.engine.timestamps import spellings

_FORMATS: Mapping[str, re.Pattern[str]] = {
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "email": re.compile(r"[^@\s]+@[\w-]+(\.[\w-]+)+"),
    "ipv4": re.compile(r"(\d{1,3}\.){3}\d{1,3}"),
}
_URL = re.compile(r"(https?|wss?|s3|ftp)://\S+")
_YEAR = re.compile(r"(19|20)\d\d([-/T]|$)|\d\d[./]\d\d[./](19|20)\d\d")
_HEX = re.compile(r"[0-9a-f]{12,}|[0-9A-F]{12,}")
_NO_LETTERS = re.compile(r"[^A-Za-z0-9]")
_LETTER = re.compile(r"[A-Za-z]")
_LONG = 10
"""Letters and digits from which on nobody chose them by hand."""
_CLOCK = re.compile(r"\d\d?:\d\d(:\d\d)?")
_DIGIT = re.compile(r"\d")
_PROSE = 3
"""Words from which on a text is prose."""


def format_of(example: str) -> str | None:
    """The format that an example shows, in the names of JSON Schema; None for another text."""
    return next((name for name, form in _FORMATS.items() if form.fullmatch(example)), None)


def is_unique(example: str) -> bool:
    """Whether texts of this form differ whenever they are made."""
    forms = (_FORMATS["uuid"].fullmatch, _HEX.fullmatch, _random_end)
    return any(form(example) for form in forms)


def _random_end(text: str) -> str:
    """The end of a text that nobody chose by hand: `cus_NffrFeUfNV2Hib`; empty if there is none."""
    end = _NO_LETTERS.split(text)[-1]
    return end if len(end) >= _LONG and _DIGIT.search(end) and _LETTER.search(end) else ""


def moment_like(example: str, now: int) -> str | None:
    """The time `now` in the notation of an example (2020-02-03); None if it is no time."""
    if not _YEAR.match(example):
        return None
    form = _DIGIT.sub("0", example)
    return next((one for one in spellings(now) if _DIGIT.sub("0", one) == form), None)


def like(rng: Rng, name: str, example: str, owner: str = "") -> str:
    """Another text of the kind of an example: with other digits in a code or a number, another one
    for a name that says what it is, else the example itself."""
    if not example or _URL.match(example) or example.startswith(("/", "{", "[", "<")):
        return example
    if len(example.split()) < _PROSE or not any(word.isalpha() for word in example.split()):
        if _HEX.fullmatch(example):
            letters = "0123456789ABCDEF" if example.isupper() else "0123456789abcdef"
            return "".join(rng.random.choice(letters) for _ in example)
        if random := _random_end(example):
            return example.removesuffix(random) + _rewritten(rng.random, random)
        if _DIGIT.search(example):
            return example if _CLOCK.search(example) else _renumbered(rng.random, example)
    if not is_known(name):
        return example
    other = by_name(rng, name, owner)
    return other if is_title(name) or _form(other) == _form(example) else example


def _rewritten(random: Random, text: str) -> str:
    """Other letters and digits in the place of each."""
    kinds = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
    return "".join(random.choice(next(k for k in kinds if letter in k)) for letter in text)


def _renumbered(random: Random, text: str) -> str:
    """Another number: the second half of the digits changes. What begins a number, such as a year
    or a country's code, stays."""
    digits = [found.start() for found in _DIGIT.finditer(text)]
    letters = list(text)
    for place in digits[len(digits) // 2 :]:
        letters[place] = random.choice("123456789" if len(digits) == 1 else string.digits)
    return "".join(letters)


def _form(text: str) -> tuple[bool, bool, bool]:
    """Whether a text has several words, is written in capitals, or begins with one."""
    return " " in text, text.isupper(), text[:1].isupper()
