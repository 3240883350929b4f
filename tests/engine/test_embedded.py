"""Elements of an array with paths of their own, where each response is what holds the array."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.documents import TEXT, WHOLE, array, ref, thing
from tests.support.trades import does, serve

LINE = thing("line_id sku", line_id=TEXT, sku=TEXT, quantity=WHOLE)
ASKED = thing("sku", sku=TEXT, quantity=WHOLE)


def baskets(
    array_name: str = "lines", step: str = "lines", change: str = "PATCH", **more: Any
) -> Any:
    basket = thing("id " + array_name, id=TEXT, **{array_name: array(LINE)}, **more)
    one = "/baskets/{basket_id}"
    operations = {
        "POST /baskets": does(ref("Basket"), thing(note=TEXT), status=201),
        f"GET {one}": does(ref("Basket")),
        f"POST {one}/{step}": does(ref("Basket"), ASKED, status=201),
        f"{change} {one}/{step}/{{line_id}}": does(ref("Basket"), thing(quantity=WHOLE)),
        f"DELETE {one}/{step}/{{line_id}}": does(ref("Basket")),
    }
    return serve(operations, Basket=basket)


@pytest.mark.parametrize(
    ("array_name", "step", "change"),
    [
        ("lines", "lines", "PATCH"),
        ("lines", "lines", "PUT"),
        ("basket_lines", "basket_lines", "PATCH"),
        ("lines", "line", "PATCH"),
    ],
)
def test_each_change_of_an_element_shows_the_whole(array_name: str, step: str, change: str) -> None:
    with baskets(array_name, step, change) as server:
        client = server.client
        basket = client.post("/baskets", json={"note": "a"}).json()
        assert basket[array_name] == []
        own = f"/baskets/{basket['id']}"
        first = client.post(f"{own}/{step}", json={"sku": "tea", "quantity": 2})
        assert first.status_code == 201
        assert first.json()["id"] == basket["id"]
        both = client.post(f"{own}/{step}", json={"sku": "milk"}).json()
        assert [line["sku"] for line in both[array_name]] == ["tea", "milk"]
        line = both[array_name][0]["line_id"]
        changed = client.request(change, f"{own}/{step}/{line}", json={"quantity": 5}).json()
        assert changed[array_name][0] == {"line_id": line, "sku": "tea", "quantity": 5}
        left = client.delete(f"{own}/{step}/{line}").json()
        assert [line["sku"] for line in left[array_name]] == ["milk"]
        assert client.get(own).json() == left


def test_the_number_of_elements_follows() -> None:
    with baskets(line_count=WHOLE) as server:
        basket = server.client.post("/baskets", json={}).json()
        assert basket["line_count"] == 0
        own = f"/baskets/{basket['id']}"
        shown = server.client.post(f"{own}/lines", json={"sku": "tea"}).json()
        assert shown["line_count"] == 1
        line = shown["lines"][0]["line_id"]
        assert server.client.delete(f"{own}/lines/{line}").json()["line_count"] == 0


def test_an_unknown_element_changes_nothing() -> None:
    with baskets() as server:
        own = f"/baskets/{server.client.post('/baskets', json={}).json()['id']}"
        before = server.client.post(f"{own}/lines", json={"sku": "tea"}).json()
        assert server.client.patch(f"{own}/lines/none", json={"quantity": 1}).status_code == 404
        assert server.client.get(own).json() == before
