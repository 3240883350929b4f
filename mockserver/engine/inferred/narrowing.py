"""Finding rows by the text of a property, in an order that their collection keeps.

A test that only rows with certain texts can pass reads those rows, not the whole collection.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import partial
from math import isfinite
from typing import Any

from mockserver.engine.world import Place, Row, Rows, SortKey
from mockserver.records import dataclass

_OTHER = ("",)
"""The rank of a value that is neither a text nor a number nor a boolean."""
_FROM = 64
"""Smaller collections are read as a whole, as an order costs a little at each write."""
_SHARE = 4
"""Rows are looked up only if they are less than one in so many."""


@dataclass(frozen=True, slots=True, eq=False)
class ByText:
    """A test of no other properties than these, that an entity can pass only if one of them is one
    of the texts, in any case, or is an array or object; whatever it is without texts. `value_of`
    reads something else of a row than a property."""

    test: Callable[[Any], bool]
    names: Collection[str]
    texts: Collection[str] | None
    value_of: Callable[[Row], Any] | None = None

    def __call__(self, entity: Any) -> bool:
        return self.test(entity)


def rank_of(value: Any) -> tuple[str, ...]:
    """The place of a value among those of other rows: equal numbers have one, as do texts that
    differ only in case or in slashes around them."""
    if isinstance(value, str):
        return ("=", value.strip("/").casefold())
    if value is None or isinstance(value, bool | int):
        return ("=", str(value).casefold())
    if isinstance(value, float):
        return ("=", str(int(value)) if isfinite(value) and value == int(value) else str(value))
    return _OTHER


def _ranks(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """The places of all values that may be written so: 5.0 for "5.0"."""
    found = set()
    for text in texts:
        found.add(rank_of(text))
        if len(text) < _LONG and text.lstrip("-")[:1].isdecimal():
            try:
                found.add(rank_of(float(text)))
            except ValueError:
                continue
    return found


_LONG = 40


def places_of(
    rows: Rows, value_of: Callable[[Row], Any], name: Hashable, texts: Iterable[str]
) -> tuple[Sequence[Place], list[range]]:
    """Where in the kept order of a property the rows are that may have one of these texts."""

    def rank(row: Row) -> SortKey:
        return rank_of(value_of(row))

    places = rows.ordered(("text", name), rank)
    found = []
    for own in sorted(_ranks(texts) | {_OTHER}):
        start = bisect_left(places, (own,))
        found.append(range(start, _end(places, own, start)))
    return places, found


def _end(places: Sequence[Place], own: SortKey, start: int) -> int:
    """The end of the places with a rank."""
    return bisect_right(places, own, lo=start, key=lambda place: place[0])


def few(
    rows: Rows,
    tests: Iterable[Any],
    value_of: Callable[[str, Row], Any],
    may: Callable[[str], bool],
) -> Few | None:
    """The rows that can pass the tests, if one of them says so and that they are few. `may` says
    whether a property is as it is stored."""
    if len(rows) < _FROM:
        return None
    for test in tests:
        if not isinstance(test, ByText) or test.texts is None:
            continue
        own = test.value_of
        if own is None and not all(map(may, test.names)):
            continue
        found: list[tuple[Sequence[Place], list[range]]] = [
            places_of(rows, own or partial(value_of, name), name, test.texts) for name in test.names
        ]
        if sum(len(part) for _, parts in found for part in parts) * _SHARE < len(rows):
            keys = {places[at][1] for places, parts in found for part in parts for at in part}
            return Few(rows, sorted(keys))
    return None


def screen_of(
    tests: list[Callable[[Any], bool]], may: Callable[[str], bool], view: Callable[[Row], Any]
) -> Callable[[Row], bool] | None:
    """Take out the tests of properties that are as they are stored, as one of rows, so that no more
    of an entity is worked out than has to be."""
    found = [
        one
        for one in tests
        if isinstance(one, ByText) and one.value_of is None and all(map(may, one.names))
    ]
    if not found:
        return None
    tests[:] = [one for one in tests if one not in found]

    def screen(row: Row) -> bool:
        entity = view(row)
        return all(test(entity) for test in found)

    return screen


class Few:
    """Some rows of a collection, by their sort keys."""

    def __init__(self, rows: Rows, keys: Sequence[SortKey]) -> None:
        self._rows = rows
        self._keys = keys
        self.spec = rows.spec

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, key: str) -> Row | None:
        return self._rows.get(key)

    def count(self, **where: Any) -> int:
        return len(self._keys)

    def ordered(self, name: Hashable, rank: Callable[[Row], SortKey]) -> Sequence[Place]:
        """As `Rows.ordered`, of these rows alone."""
        return sorted((rank(row), self.spec.sort_key(row)) for row in self.scan())

    def scan(
        self,
        *,
        newest_first: bool = False,
        after: SortKey | None = None,
        skip: int = 0,
        **where: Any,
    ) -> Iterator[Row]:
        """As `Rows.scan`; nothing of it is indexed."""
        keys = self._keys
        if newest_first:
            start = len(keys) if after is None else bisect_left(keys, after)
            positions = range(start - 1 - skip, -1, -1)
        else:
            start = 0 if after is None else bisect_right(keys, after)
            positions = range(start + skip, len(keys))
        found = (self._rows.get(keys[at][-1]) for at in positions)
        return (row for row in found if row is not None)
