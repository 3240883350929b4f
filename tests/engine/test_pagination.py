"""Lists: a walk over the pages sees every older row once, despite concurrent changes."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.pagination import (
    Listing,
    PageNames,
    by,
    contains,
    has_all,
    same,
    since,
    until,
)
from mockserver.engine.timestamps import SECOND, render
from mockserver.engine.world import Collection, Row, Settings, World
from mockserver.errors import BadRequest
from mockserver.store.memory import MemoryStore

hermetic = settings(derandomize=True, database=None, deadline=None)
BOOKS = Collection("books", indexes=("shelf",))
FILTERS = {
    "shelf": same("shelf"),
    "search": contains("title", "note"),
    "tags": has_all("tags"),
    "from": since("created_at"),
    "to": until("created_at"),
}
LIST = Listing("books", FILTERS, {"shelf": by("shelf")})

book = st.fixed_dictionaries(
    {
        "id": st.uuids(version=4).map(str),
        "created_at": st.integers(0, 4).map(lambda n: n * SECOND),
        "shelf": st.sampled_from("AB"),
        "title": st.sampled_from(["Emma", "emmanuel", "Ulysses"]),
        "note": st.none() | st.sampled_from(["EMMA?", "read"]),
        "tags": st.lists(st.sampled_from(["old", "lent", "torn"]), unique=True),
    }
)
books = st.lists(book, max_size=12, unique_by=lambda row: row["id"])
queries = st.fixed_dictionaries(
    {},
    optional={
        "shelf": st.sampled_from("ABC"),
        "search": st.sampled_from(["emma", "MAN", "read", "none"]),
        "tags": st.lists(st.sampled_from(["old", "lent"]), max_size=2),
        "from": st.integers(0, 4).map(lambda n: render(n * SECOND)),
        "to": st.integers(0, 4).map(lambda n: render(n * SECOND)),
    },
)


def matches(row: Row, query: dict[str, Any]) -> bool:
    text = f"{row['title']}\0{row['note'] or ''}".lower()
    return (
        query.get("shelf") in (None, row["shelf"])
        and query.get("search", "").lower() in text
        and set(query.get("tags", ())) <= set(row["tags"])
        and query.get("from", "") <= render(row["created_at"])
        and query.get("to", "9") >= render(row["created_at"])
    )


def world_of(rows: list[Any]) -> World:
    store = MemoryStore(
        Api("library", collections={"books": BOOKS}),
        Settings(),
        real_now=lambda: 0,
        clock=Clock("manual", 0, 0),
    )
    world = store.begin("mock-key").__enter__()
    for row in rows:
        world["books"].put(row)
    return world


def title(world: World, row: Row) -> Any:
    return row["id"]


def walk(world: World, listing: Listing, query: dict[str, Any], limit: int) -> list[Any]:
    found: list[Any] = []
    cursor = None
    while True:
        page = listing.page(world, {**query, "limit": limit, "cursor": cursor}, title)
        assert page["has_more"] == (page["next_cursor"] is not None)
        assert len(page["items"]) == limit or not page["has_more"]
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@hermetic
@given(books, queries, st.integers(1, 5))
def test_a_walk_gives_every_match_once_and_newest_first(
    rows: list[Any], query: dict[str, Any], limit: int
) -> None:
    expected = sorted(
        (row for row in rows if matches(row, query)), key=BOOKS.sort_key, reverse=True
    )
    assert walk(world_of(rows), LIST, query, limit) == [row["id"] for row in expected]


@hermetic
@given(books, queries)
def test_an_oldest_first_list_is_the_reverse(rows: list[Any], query: dict[str, Any]) -> None:
    world = world_of(rows)
    oldest_first = Listing("books", FILTERS, newest_first=False)
    assert walk(world, oldest_first, query, 3) == walk(world, LIST, query, 3)[::-1]


@hermetic
@given(books, books, st.integers(1, 4), st.data())
def test_a_walk_is_not_disturbed_by_others(
    rows: list[Any], later: list[Any], limit: int, data: st.DataObject
) -> None:
    world = world_of(rows)
    first = LIST.page(world, {"limit": limit}, title)
    shown = set(first["items"])
    rest = [row["id"] for row in rows if row["id"] not in shown]
    removed = set(
        data.draw(st.lists(st.sampled_from(sorted(shown | set(rest))), unique=True)) if rows else ()
    )
    for key in removed:
        world["books"].remove(key)
    for row in later:
        if world["books"].get(row["id"]) is None:
            world["books"].put({**row, "created_at": row["created_at"] + 100 * SECOND})
    if first["next_cursor"] is None:
        assert not rest
        return
    query = {"limit": 200, "cursor": first["next_cursor"]}
    assert set(LIST.page(world, query, title)["items"]) == set(rest) - removed


ROWS = [
    {"id": f"b{n}", "created_at": n, "shelf": "A", "title": "t", "note": None, "tags": []}
    for n in range(60)
]


def test_the_default_limit_and_the_last_page() -> None:
    world = world_of(ROWS)
    first = LIST.page(world, {}, title)
    assert first["items"] == [f"b{n}" for n in range(59, 9, -1)]
    last = LIST.page(world, {"cursor": first["next_cursor"]}, title)
    assert last == {
        "items": [f"b{n}" for n in range(9, -1, -1)],
        "next_cursor": None,
        "has_more": False,
    }


def test_a_page_costs_what_it_shows() -> None:
    world = world_of(ROWS)
    seen: list[Any] = []

    def looked_at(row: Any) -> bool:
        seen.append(row)
        return True

    plain = Listing("books", {"any": lambda world, wanted: looked_at})
    plain.page(world, {"limit": 3, "any": 1}, title)
    assert len(seen) == 4


def test_the_envelope_is_data() -> None:
    world = world_of(ROWS[:3])
    runs = Listing("books", envelope=PageNames("runs", "after", None), limit=2)
    page = runs.page(world, {}, title)
    assert list(page) == ["runs", "after"]
    assert page["runs"] == ["b2", "b1"]
    assert runs.page(world, {"cursor": page["after"]}, title) == {"runs": ["b0"], "after": None}


@pytest.mark.parametrize("limit", [1, 59, 60, 61])
def test_has_more_says_whether_there_is_more(limit: int) -> None:
    page = LIST.page(world_of(ROWS), {"limit": limit}, title)
    assert page["has_more"] is (limit < 60)
    assert (page["next_cursor"] is None) is (limit >= 60)


@pytest.mark.parametrize("cursor", ["", "x", "garbage", "ey", "e30", "bnVsbA", "é", "W10", "MQ"])
def test_garbage_is_no_cursor(cursor: str) -> None:
    with pytest.raises(BadRequest):
        LIST.page(world_of(ROWS), {"cursor": cursor}, title)


def test_a_cursor_belongs_to_its_list_and_filters() -> None:
    world = world_of(ROWS)
    cursor = LIST.page(world, {"limit": 3, "shelf": "A"}, title)["next_cursor"]
    assert LIST.page(world, {"limit": 9, "shelf": "A", "cursor": cursor}, title)["items"]
    for query in ({}, {"shelf": "B"}, {"shelf": "A", "search": "t"}):
        with pytest.raises(BadRequest):
            LIST.page(world, {**query, "cursor": cursor}, title)
    with pytest.raises(BadRequest):
        LIST.page(world, {"cursor": cursor}, title, where={"shelf": "A"})


@hermetic
@given(st.data())
def test_a_changed_cursor_is_refused_and_nothing_worse(data: st.DataObject) -> None:
    world = world_of(ROWS)
    cursor = LIST.page(world, {"limit": 3}, title)["next_cursor"]
    mark, *key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    values = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
    other = data.draw(st.lists(values, max_size=3).filter(lambda parts: parts != key))
    text = base64.urlsafe_b64encode(orjson.dumps([mark, *other], option=0)).decode().rstrip("=")
    with pytest.raises(BadRequest):
        LIST.page(world, {"cursor": text}, title)
