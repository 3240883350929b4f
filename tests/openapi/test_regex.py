"""Regular expressions: what is rewritten matches the same texts, in linear time."""

from __future__ import annotations

import random
import time

import pytest

from mockserver.openapi.schemas.formats import (
    _compiled,
    alternatives,
    as_meant,
    reader,
    rust_reads,
)

AHEAD = [
    r"(?=.*[A-Z])(?=.*\d).{8,}",
    r"(?=.*\d)",
    r"(?=.*[!@#)(])(?=.*\w).*x",
    r"(?=.*a).{2,3}",
    r"(?=.*[]x]).+",
    r"(?=.*\)).{3,}1$",
]
OTHERS = [
    r"(?=.*a)b",
    r"(?!.*a).{2,}",
    r"(?=.{3}).*",
    r"^(?=.*a).*",
    r"(?=.*a)[^x]*",
    r"(?=.*a).{2,3}c",
    r"(?=a.*b).*",
]


@pytest.mark.parametrize("pattern", AHEAD)
def test_looking_ahead_from_the_start_of_a_line_finds_the_same(pattern: str) -> None:
    assert not rust_reads(pattern)
    found, as_written = reader(pattern), _compiled(pattern)
    assert found is not None
    assert as_written is not None
    rng = random.Random(pattern)
    texts = ["".join(rng.choices("aAxb1)]\n!.(", k=rng.randint(0, 12))) for _ in range(2000)]
    assert list(map(found, texts)) == list(map(as_written, texts))


@pytest.mark.parametrize("pattern", OTHERS)
def test_what_may_begin_in_the_middle_stays_as_it_is(pattern: str) -> None:
    assert rust_reads(pattern)


@pytest.mark.parametrize("pattern", AHEAD[:4])
@pytest.mark.parametrize("line", ["~", "~\n"])
def test_a_long_text_takes_linear_time(pattern: str, line: str) -> None:
    found = reader(pattern)
    assert found is not None

    def took(count: int) -> float:
        begun = time.process_time()
        found(line * count)
        return time.process_time() - begun

    took(1000)
    assert took(400_000) < 80 * took(20_000) + 0.1


@pytest.mark.parametrize(
    ("pattern", "meant", "fits", "not_fits"),
    [
        (r"\(\?s\).\+", "(?s).+", "a barn", ""),
        (r"\(\?i\)\[a-f\]\{2\}", "(?i)[a-f]{2}", "Be", "no"),
        (r"\(\?ms\)^\d\*$", r"(?ms)^\d*$", "12", "x"),
        (r"\(\?\)", r"\(\?\)", "(?)", "?"),
        (r"\(s\).\+", r"\(s\).\+", "(s)a+", "sa"),
    ],
)
def test_a_pattern_that_is_escaped_as_a_whole(
    pattern: str, meant: str, fits: str, not_fits: str
) -> None:
    assert as_meant(pattern) == meant
    found = reader(pattern)
    assert found is not None
    assert found(fits)
    assert not found(not_fits)
    assert rust_reads(pattern) == (meant == pattern)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("^(open|closed)$", ("open", "closed")),
        ("(^Active$)|(^Paused$)", ("Active", "Paused")),
        ("in_use|free", ("in_use", "free")),
        ("(?i)^(a|b-c)$", ("a", "b-c")),
        ("^open$", ()),
        ("^(a|b)c$", ()),
        ("[ab]|c", ()),
        (r"a\|b", ()),
    ],
)
def test_the_words_that_a_pattern_lists(pattern: str, words: tuple[str, ...]) -> None:
    assert alternatives(pattern) == words
