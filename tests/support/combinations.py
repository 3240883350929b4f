"""Combinations of shapes for tests that play a small document for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def in_turns(first: Iterable[Any], second: Iterable[Any], *others: Iterable[Any]) -> list[Any]:
    """All pairs of two dimensions. The others take turns: each of their values meets each of the
    first dimension where the second one is as long."""
    turning = [list(one) for one in others]
    return [
        (one, two, *(values[(i + j * (n + 1)) % len(values)] for n, values in enumerate(turning)))
        for i, one in enumerate(first)
        for j, two in enumerate(second)
    ]
