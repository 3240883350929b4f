"""Hostile requests of four times the size take about four times as long, and are bounded.

Times are processor times, the minimum of several runs, and compared only as ratios: quadratic cost
would be sixteen times as much.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator

import pytest

from bench.shapes import ATTACKS, DOCUMENT, Target, kind, patch, seconds
from mockserver import MockServer


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with MockServer(DOCUMENT) as server:
        yield Target(server)


@pytest.mark.parametrize("name", ATTACKS)
def test_four_times_as_much_costs_about_four_times(target: Target, name: str) -> None:
    size, attack = ATTACKS[name]
    for _ in range(4):
        once, four_times = seconds(target, attack, size), seconds(target, attack, 4 * size)
        # A square would be 16 times as much.
        if four_times < 8 * max(once, 0.002):
            return
    raise AssertionError(f"{once:.4f} s, and four times the size {four_times:.4f} s")


@pytest.mark.parametrize("depth", [30, 60, 120])
def test_copies_of_copies_are_refused(target: Target, depth: int) -> None:
    edits = [f'{{"op":"copy","from":"/more","path":"/more/c{n}"}}' for n in range(depth)]
    begin = time.process_time()
    assert patch(target, *edits) == 400
    assert time.process_time() - begin < 5


def test_a_body_of_many_members_is_refused(target: Target) -> None:
    headers = [*kind("application/json"), (b"content-encoding", b"gzip")]
    assert target("POST", "/things", gzip.compress(b"{}") * 2000, headers) == 413
    small = gzip.compress(b" ") * 900 + gzip.compress(b"{}")
    assert target("POST", "/things", small, headers) == 201
    bomb = gzip.compress(b" " * 50_000_000)
    assert target("POST", "/things", bomb, headers) == 413
