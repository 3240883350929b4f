"""Lists in an order that their collection keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver import MockServer
from mockserver.engine.inferred import orders
from mockserver.engine.pagination import Ordered, Selection
from mockserver.engine.world import Collection, Row
from mockserver.store.worlds import MemoryRows, Undo
from tests.support.documents import FLAG, TEXT, WHOLE, answer, body, document, thing

BOAT = thing("id", id=TEXT, name=TEXT, length=WHOLE, dock=TEXT, gone=FLAG)
ASKED = {"sort": TEXT, "limit": WHOLE, "offset": WHOLE, "cursor": TEXT, "length": WHOLE}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "_KEPT_FROM", 3)


@pytest.fixture
def server(few: None) -> Iterator[MockServer]:
    query = [{"name": name, "in": "query", "schema": schema} for name, schema in ASKED.items()]
    listed = thing("", data={"type": "array", "items": BOAT}, next=TEXT, total=WHOLE)
    item = {"name": "boat_id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/boats": {
            "get": {"parameters": query, "responses": {"200": answer(listed)}},
            "post": {
                "requestBody": body(thing("", name=TEXT, length=WHOLE)),
                "responses": {"201": answer(BOAT)},
            },
        },
        "/boats/{boat_id}": {
            "parameters": [item],
            "get": {"responses": {"200": answer(BOAT)}},
            "patch": {
                "requestBody": body(thing("", name=TEXT)),
                "responses": {"200": answer(BOAT)},
            },
            "delete": {"responses": {"204": answer()}},
        },
    }
    with MockServer(document(paths), clock="manual", seeds="none") as made:
        yield made


def names(server: MockServer, query: str = "") -> list[str]:
    return [row["name"] for row in server.client.get(f"/boats?{query}").json()["data"]]


def filled(server: MockServer, text: str) -> dict[str, str]:
    found = {}
    for number, name in enumerate(text):
        sent = {"name": name, "length": number % 2}
        found[name] = str(server.client.post("/boats", json=sent).json()["id"])
    return found


def test_changes_move_a_row_and_removals_take_it_away(server: MockServer) -> None:
    ids = filled(server, "dbace")
    assert names(server, "sort=name") == list("abcde")
    server.client.patch(f"/boats/{ids['a']}", json={"name": "z"}).raise_for_status()
    assert names(server, "sort=name") == list("bcdez")
    server.client.delete(f"/boats/{ids['c']}").raise_for_status()
    assert names(server, "sort=-name") == list("zedb")
    filled(server, "a")
    assert names(server, "sort=name") == list("abdez")


@pytest.mark.parametrize("order", ["name", "-name", "length,name", "-length,-name", "-length,name"])
def test_pages_are_those_of_the_whole_list(server: MockServer, order: str) -> None:
    filled(server, "dbacegf")
    whole = names(server, f"sort={order}&limit=100")
    assert sorted(whole) == list("abcdefg")
    by_offset = [names(server, f"sort={order}&limit=1&offset={n}") for n in range(8)]
    assert [one for page in by_offset for one in page] == whole
    seen, cursor = [], ""
    for _ in range(9):
        query = f"sort={order}&limit=2" + (f"&cursor={cursor}" if cursor else "")
        page = server.client.get(f"/boats?{query}").json()
        assert page["total"] == 7
        seen += [row["name"] for row in page["data"]]
        cursor = page.get("next") or ""
        if not cursor:
            break
    assert seen == whole


def test_filters_and_worlds_of_their_own(server: MockServer) -> None:
    filled(server, "dbace")
    assert names(server, "sort=name&length=0") == list("ade")
    with server.client_for("mock-other") as other:
        for name in "zyx":
            other.post("/boats", json={"name": name}).raise_for_status()
        found = other.get("/boats?sort=name").json()["data"]
        assert [row["name"] for row in found] == ["x", "y", "z"]
    assert names(server, "sort=name") == list("abcde")


SPEC = Collection("rows", order=("at",), indexes=("parent",))


def rank(row: Row) -> tuple[Any, ...]:
    return ((1, row["value"]),)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.booleans()), max_size=40))
def test_a_kept_order_is_the_sorted_one_whatever_is_written(
    writes: list[tuple[int, int, bool]],
) -> None:
    undo: list[Undo] = []
    rows = MemoryRows(SPEC, undo)
    rows.ordered("by value", rank)
    for number, (key, value, stays) in enumerate(writes):
        if stays:
            row = {"id": str(key), "at": number, "parent": "p", "value": value}
            rows.put(row)
        else:
            rows.remove(str(key))
    expected = sorted((rank(row), SPEC.sort_key(row)) for row in rows.scan())
    assert list(rows.ordered("by value", rank)) == expected
    for changed, name, before in reversed(undo):
        changed.put_back(name, before)
    assert list(rows.ordered("by value", rank)) == []


@pytest.mark.parametrize("falls", [False, True])
def test_pages_back_and_forth(falls: bool) -> None:
    rows = MemoryRows(SPEC, [])
    for number in range(9):
        row = {"id": str(number), "at": number, "parent": "p", "value": number % 3}
        rows.put(row)
    pages = Ordered(Selection(rows, dict), "by value", rank, falls=falls)
    whole = [row["id"] for row in pages.page(100).rows]
    first = pages.page(4)
    second = pages.page(4, after=first.last)
    back = pages.page(4, before=second.first)
    assert [row["id"] for row in (*first.rows, *second.rows)] == whole[:8]
    assert [row["id"] for row in back.rows] == whole[:4]
    assert not back.less
    assert back.more
    assert pages.place(whole[3]) == first.last


@pytest.mark.parametrize("order", ["name", "-name", "length,name", "-length,-name"])
@pytest.mark.parametrize("gone", ["", "b", "d", "h"])
def test_a_page_follows_where_a_list_gets_short_or_long(
    server: MockServer, monkeypatch: pytest.MonkeyPatch, order: str, gone: str
) -> None:
    ids = filled(server, "dbacegfh")
    whole = names(server, f"sort={order}&limit=9")
    for before, after in ((3, 99), (99, 3)):
        monkeypatch.setattr(orders, "_KEPT_FROM", before)
        page = server.client.get(f"/boats?sort={order}&limit=3").json()
        seen = [row["name"] for row in page["data"]]
        monkeypatch.setattr(orders, "_KEPT_FROM", after)
        if gone in ids and before == 3:
            server.client.delete(f"/boats/{ids[gone]}").raise_for_status()
            whole = [name for name in whole if name != gone]
        left = [name for name in whole if name not in seen]
        found = names(server, f"sort={order}&limit=9&cursor={page['next']}")
        assert found == left


@pytest.mark.parametrize("order", ["length", "-length", "-length,-name"])
def test_numbers_beyond_64_bits_have_cursors(server: MockServer, order: str) -> None:
    for number in (10**30, -(10**30), 2**64, 5, 10**31):
        sent = f'{{"name": "n{number}", "length": {number}}}'
        headers = {"Content-Type": "application/json"}
        server.client.post("/boats", content=sent, headers=headers).raise_for_status()
    seen, cursor = [], ""
    for _ in range(5):
        query = f"sort={order}&limit=1" + (f"&cursor={cursor}" if cursor else "")
        page = server.client.get(f"/boats?{query}").json()
        seen += [row["length"] for row in page["data"]]
        cursor = page.get("next") or ""
    ascending = [-(10**30), 5, 2**64, 10**30, 10**31]
    assert seen == (ascending if order == "length" else ascending[::-1])


def test_the_cursor_of_a_long_text_fits_a_url(server: MockServer) -> None:
    texts = ["x" * 100_000 + letter for letter in "dbac"]
    for text in texts:
        server.client.post("/boats", json={"name": text}).raise_for_status()
    seen, cursor = [], ""
    for _ in range(4):
        query = "sort=name&limit=1" + (f"&cursor={cursor}" if cursor else "")
        page = server.client.get(f"/boats?{query}").json()
        seen += [row["name"][-1] for row in page["data"]]
        cursor = page.get("next") or ""
        assert len(cursor) < 1000
    assert seen == list("abcd")


def test_orders_by_many_properties_take_no_more_memory_than_others() -> None:
    rows = MemoryRows(SPEC, [])
    rows.fill({"id": str(n), "at": n, "parent": "", "value": n} for n in range(4))
    for width in (1, 1, 8, 3, 4, 1, 2, 8, 9):

        def wide(row: Row, width: int = width) -> tuple[Any, ...]:
            return ((1, row["value"]),) * width

        name = (width, len(rows._orders))
        made = rows.ordered(name, wide)
        assert rows.ordered(name, rank) is made
        kept = [len(places[0][0]) for _, places in rows._orders.values()]
        assert sum(kept) <= 8 or len(kept) == 1
