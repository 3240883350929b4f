"""The list engine: with any order and page size, a walk yields each row once."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.engine.pagination import Page, Pages, Selection, Sorted
from mockserver.engine.world import Collection, Row
from mockserver.store.worlds import MemoryRows

hermetic = settings(derandomize=True, database=None, deadline=None)
THINGS = Collection("things", order=("at",), indexes=("kind",), sparse=("mark",))
things = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.text("abcdef", min_size=1, max_size=4),
            "at": st.integers(0, 3),
            "kind": st.sampled_from("AB"),
            "size": st.integers(0, 3),
        }
    ),
    max_size=14,
    unique_by=lambda row: row["id"],
)


def kept(rows: list[dict[str, Any]]) -> MemoryRows:
    found = MemoryRows(THINGS, [])
    for row in rows:
        found.put(row)
    return found


def of(rows: list[dict[str, Any]], newest: bool, kind: str, small: bool) -> Pages[Row]:
    tests = [lambda row: row["size"] < 2] if small else []
    where = {"kind": kind} if kind else {}
    return Selection(kept(rows), lambda row: row, tests, newest_first=newest, where=where)


def wanted(rows: list[dict[str, Any]], newest: bool, kind: str, small: bool) -> list[str]:
    found = sorted(rows, key=lambda row: (row["at"], row["id"]), reverse=newest)
    return [
        row["id"]
        for row in found
        if (not kind or row["kind"] == kind) and (not small or row["size"] < 2)
    ]


def ids(page: Page[Row]) -> list[str]:
    return [row["id"] for row in page.rows]


choices = {
    "rows": things,
    "newest": st.booleans(),
    "kind": st.sampled_from(["", "A", "B"]),
    "small": st.booleans(),
    "size": st.integers(1, 5),
}


@hermetic
@given(**choices)
def test_a_walk_forward_and_back(
    rows: list[dict[str, Any]], newest: bool, kind: str, small: bool, size: int
) -> None:
    pages = of(rows, newest, kind, small)
    there = wanted(rows, newest, kind, small)
    assert pages.count() == len(there)
    page, walked = pages.page(size), []
    assert not page.less
    while page.rows:
        walked += ids(page)
        assert page.more == (len(walked) < len(there))
        if not page.more:
            break
        page = pages.page(size, after=page.last)
        assert page.less
    assert walked == there
    back = ids(page)
    while page.rows and page.less:
        page = pages.page(size, before=page.first)
        back = ids(page) + back
    assert back == there


@hermetic
@given(**choices)
def test_pages_by_number(
    rows: list[dict[str, Any]], newest: bool, kind: str, small: bool, size: int
) -> None:
    pages = of(rows, newest, kind, small)
    there = wanted(rows, newest, kind, small)
    for start in range(0, len(there) + size, size):
        page = pages.page(size, skip=start)
        assert ids(page) == there[start : start + size]
        assert page.more == (start + size < len(there))


@hermetic
@given(rows=things, size=st.integers(1, 5), falls=st.booleans(), gone=st.integers(0, 13))
def test_a_sorted_list_goes_on_where_a_row_was(
    rows: list[dict[str, Any]], size: int, falls: bool, gone: int
) -> None:
    listed = sorted(rows, key=lambda row: (row["size"], row["id"]), reverse=falls)
    pages = Sorted(listed, lambda row: str(row["id"]))
    first = pages.page(size)
    left = [row for number, row in enumerate(listed) if number != gone]
    later = Sorted(left, lambda row: str(row["id"]))
    seen = ids(first)
    page = first
    while page.more:
        page = later.page(size, after=page.last)
        seen += ids(page)
    assert len(seen) == len(set(seen))
    assert {row["id"] for row in left} <= set(seen) | {
        listed[gone]["id"] if gone < len(listed) else ""
    }


def test_a_sparse_index_has_only_rows_with_a_value() -> None:
    rows = kept([{"id": "a", "at": 1, "kind": "A"}, {"id": "b", "at": 2, "kind": "A", "mark": "x"}])
    assert [row["id"] for row in rows.scan(mark="x")] == ["b"]
    assert rows.count(mark=None) == 0
    rows.put({"id": "b", "at": 2, "kind": "A"})
    assert rows.count(mark="x") == 0
