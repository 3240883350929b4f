"""What the lines of an order cost together, and each by its quantity and price."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

NUMBER = {"type": "number"}
MONEY = thing(amount=WHOLE, currency=TEXT)
LINES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any], Any]] = {
    "a unit price": (
        {"unit_price": NUMBER, "quantity": WHOLE},
        [{"unit_price": 10, "quantity": 2}, {"unit_price": 5.5, "quantity": 1}], NUMBER, 25.5,
    ),
    "a price": ({"price": WHOLE}, [{"price": 700}, {"price": 30}], WHOLE, 730),
    "an amount": ({"amount": NUMBER}, [{"amount": 1.1}, {"amount": 2.2}], NUMBER, 3.3),
    "texts": (
        {"price": TEXT, "qty": WHOLE}, [{"price": "1.25", "qty": 4}, {"price": "3", "qty": 1}],
        {**TEXT, "example": "7.00"}, "8.00",
    ),
    "money": (
        {"base_price_money": MONEY, "quantity": TEXT},
        [{"base_price_money": {"amount": 200, "currency": "CHF"}, "quantity": "3"}], MONEY, 600,
    ),
}  # fmt: skip


def orders(line: dict[str, Any], **own: Any) -> dict[str, Any]:
    """Orders with lines that have no paths of their own."""
    rows = {"type": "array", "items": thing(sku=TEXT, **line)}
    shown = thing(" ".join(own), id=TEXT, note=TEXT, lines=rows, **own)
    paths = {
        "/orders": {
            "get": {"responses": {"200": answer({"type": "array", "items": shown})}},
            "post": {
                "requestBody": body(thing(note=TEXT, lines=rows)),
                "responses": {"201": answer(shown)},
            },
        },
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
            "get": {"responses": {"200": answer(shown)}},
            "patch": {
                "requestBody": body(thing(lines=rows)), "responses": {"200": answer(shown)},
            },
        },
    }  # fmt: skip
    return document(paths)


@pytest.mark.parametrize("name", ["total", "totalAmount", "order_total", "subtotal", "total_money"])
@pytest.mark.parametrize("shape", LINES)
def test_an_order_costs_what_its_lines_cost(shape: str, name: str) -> None:
    line, sent, schema, total = LINES[shape]
    with MockServer(orders(line, **{name: schema}), seeds="none") as mock:
        made = mock.client.post("/orders", json={"lines": sent}).json()
        shown = made[name]["amount"] if shape == "money" else made[name]
        assert shown == total
        changed = mock.client.patch(f"/orders/{made['id']}", json={"lines": [*sent, *sent]})
        assert changed.json() == mock.client.get(f"/orders/{made['id']}").json()
        assert changed.json()[name] != made[name]


def test_a_line_and_what_is_added_and_taken_off() -> None:
    line = {"quantity": WHOLE, "unit_price": NUMBER, "line_total": NUMBER}
    own = {"subtotal": NUMBER, "tax": NUMBER, "discount": NUMBER, "total": NUMBER}
    with MockServer(orders(line, **own), seeds="none") as mock:
        sent = [{"quantity": 3, "unit_price": 4}, {"quantity": 1, "unit_price": 8}]
        made = mock.client.post("/orders", json={"lines": sent}).json()
        assert [one["line_total"] for one in made["lines"]] == [12, 8]
        assert made["subtotal"] == 20
        assert made["total"] == pytest.approx(20 + made["tax"] - made["discount"])


@pytest.mark.parametrize("other", ["payments", "refunds", "tax_lines", "discounts"])
def test_what_else_costs_something_is_no_line(other: str) -> None:
    rows = {"type": "array", "items": thing(amount=NUMBER)}
    line = {"price": NUMBER}
    with MockServer(orders(line, total=NUMBER, **{other: rows}), seeds="none") as mock:
        made = mock.client.post("/orders", json={"lines": [{"price": 9}]}).json()
        assert made["total"] == 9


def test_a_total_that_the_client_sends_stays() -> None:
    described = orders({"price": NUMBER}, total=NUMBER)
    new = described["paths"]["/orders"]["post"]["requestBody"]
    new["content"]["application/json"]["schema"]["properties"]["total"] = NUMBER
    with MockServer(described, seeds="none") as mock:
        made = mock.client.post("/orders", json={"lines": [{"price": 9}], "total": 12}).json()
        assert made["total"] == 12


def test_a_line_without_a_price_leaves_the_total_alone() -> None:
    with MockServer(orders({"price": NUMBER}, total=NUMBER), seeds="none") as mock:
        made = mock.client.post("/orders", json={"lines": [{"sku": "a"}, {"price": 2}]}).json()
        assert made == mock.client.get(f"/orders/{made['id']}").json()


@pytest.mark.parametrize(
    "price", ["1e100000", "1e99999999", "1e999999999999", "-1e-99999999", "nan"]
)
@pytest.mark.parametrize("total", [TEXT, NUMBER, WHOLE])
def test_a_price_of_a_few_letters_makes_no_huge_total(price: str, total: dict[str, Any]) -> None:
    line = {"quantity": WHOLE, "unit_price": TEXT}
    with MockServer(orders(line, total=total), seeds="none") as mock:
        made = mock.client.post("/orders", json={"lines": [{"quantity": 2, "unit_price": price}]})
        assert made.status_code == 201
        assert len(made.content) < 1000


def test_a_total_beyond_what_numbers_can_say_is_not_computed() -> None:
    with MockServer(orders({"quantity": NUMBER, "price": NUMBER}, total=NUMBER)) as mock:
        line = {"quantity": 2**52, "price": 2**52}
        made = mock.client.post("/orders", json={"lines": [line]})
        assert made.status_code == 201
        assert abs(made.json().get("total") or 0) < 2**53
