"""Texts that match a regular expression."""

from __future__ import annotations

import re
import string
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from random import Random
from typing import Any

from rstr.xeger import Xeger

from mockserver.engine.generation.limits import MOST_LETTERS, TooLarge

_TRIES = (2, 4, 8, 8, 16, 1, 3)
_MOST = 5000
_PLAIN = string.ascii_letters + string.digits + "-_. !#%&*+/:;=?@~,'()<>[]{}|^$`\"\\"
# Approximations of classes that ECMAScript and others have and Python lacks.
_FOREIGN = (
    (re.compile(r"\\[pP]\{(?:L|Letter|Alpha(?:betic)?|Ll|Lu)\}"), "a-z"),
    (re.compile(r"\\p\{(?:N|Nd|Number|Digit)\}"), "0-9"),
    (re.compile(r"(?<!\[)\\p\{XDigit\}"), "[0-9a-f]"),
    (re.compile(r"\\p\{(?:XDigit|Alnum)\}"), "0-9a-f"),
    (re.compile(r"\\p\{[^}]*\}"), "a"),
    (re.compile(r"\\u\{?([0-9A-Fa-f]{4})\}?"), r"\\u\1"),
    (re.compile(r"\(\?<(?![=!])"), "(?P<"),
    (re.compile(r"\\z"), r"\\Z"),
    (re.compile(r"\\/"), "/"),
    # JavaScript takes the hyphen of `[\d-_]` for itself.
    (re.compile(r"(\\[dDwWsS])-(?=[^\]\[])"), r"\1\\-"),
)


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
    for found, instead in _FOREIGN:
        pattern = found.sub(instead, pattern)
    try:
        with _quiet():
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    return pattern
