"""What an entity shows after a verb whose request has properties of the same names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import MockServer

TEXT = {"type": "string"}
BARREL = {"$ref": "#/components/schemas/Barrel"}


def said(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def deed(summary: str, sent: Any, shown: Any = None) -> dict[str, Any]:
    return {
        "post": {
            "summary": summary,
            **({"requestBody": said(sent)} if sent else {}),
            "responses": {"200": {"description": "done", **(said(shown) if shown else {})}},
        }
    }


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Cellar", "version": "1"},
    "components": {
        "schemas": {
            "Barrel": of(
                id=TEXT,
                label=TEXT,
                price={"type": "number"},
                remarks={"type": "array", "items": of(text=TEXT)},
                labelChecked={"type": "boolean"},
                lastTastedAt={"type": "string", "format": "date-time"},
            )
        }
    },
    "paths": {
        "/barrels": {
            "post": {
                "requestBody": said(BARREL),
                "responses": {"201": {"description": "made", **said(BARREL)}},
            }
        },
        "/barrels/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
            "get": {"responses": {"200": {"description": "one", **said(BARREL)}}},
        },
        **{
            f"/barrels/{{id}}/{word}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
                **operation,
            }
            for word, operation in {
                "refund": deed("Refund a barrel", of(price={"type": "number"}), BARREL),
                "relabel": deed("Relabel a barrel", of(label=TEXT), BARREL),
                "clear_taps": deed("Clear the taps", of(label=TEXT, tap=TEXT)),
                "addRemark": deed("Add a remark", of(remark=of(text=TEXT, label=TEXT)), BARREL),
                "check-label": deed("", None, BARREL),
                "sell": deed("Sell a barrel", of(id=TEXT, price={"type": "number"}), BARREL),
                "taste": deed("", None, BARREL),
            }.items()
        },
    },
}


@pytest.fixture
def cellar() -> Iterator[MockServer]:
    with MockServer(DOCUMENT) as mock:
        yield mock


def made(cellar: MockServer) -> str:
    sent = {"label": "oak", "price": 90.0, "remarks": []}
    return str(cellar.client.post("/barrels", json=sent).json()["id"])


def after(cellar: MockServer, word: str, sent: Any) -> Any:
    barrel = made(cellar)
    assert cellar.client.post(f"/barrels/{barrel}/{word}", json=sent).status_code == 200
    return cellar.client.get(f"/barrels/{barrel}").json()


def test_what_is_given_back_is_no_new_price(cellar: MockServer) -> None:
    assert after(cellar, "refund", {"price": 5.0})["price"] == 90.0


def test_what_a_deed_is_about_is_no_new_name(cellar: MockServer) -> None:
    assert after(cellar, "clear_taps", {"label": "left", "tap": "1"})["label"] == "oak"


def test_a_new_name_is_kept(cellar: MockServer) -> None:
    assert after(cellar, "relabel", {"label": "ash"})["label"] == "ash"


def test_wrapped_elements_are_added_and_change_nothing_else(cellar: MockServer) -> None:
    barrel = made(cellar)
    for text in ("full", "empty"):
        sent = {"remark": {"text": text, "label": "no"}}
        cellar.client.post(f"/barrels/{barrel}/addRemark", json=sent)
    shown = cellar.client.get(f"/barrels/{barrel}").json()
    assert [one["text"] for one in shown["remarks"]] == ["full", "empty"]
    assert shown["label"] == "oak"


def test_what_was_done_to_a_part_shows(cellar: MockServer) -> None:
    barrel = made(cellar)
    assert cellar.client.get(f"/barrels/{barrel}").json()["labelChecked"] is False
    cellar.client.post(f"/barrels/{barrel}/check-label")
    assert cellar.client.get(f"/barrels/{barrel}").json()["labelChecked"] is True


def test_the_last_time_is_now(cellar: MockServer) -> None:
    barrel = made(cellar)
    assert not cellar.client.get(f"/barrels/{barrel}").json().get("lastTastedAt")
    assert cellar.client.post(f"/barrels/{barrel}/taste").json()["lastTastedAt"]


def test_an_id_that_is_sent_says_what_is_sold(cellar: MockServer) -> None:
    barrel = made(cellar)
    sent = {"id": "cup", "price": 5.0}
    sold = cellar.client.post(f"/barrels/{barrel}/sell", json=sent).json()
    assert (sold["id"], sold["price"]) == (barrel, 5.0)


@pytest.mark.parametrize("status", ["200", "201"])
@pytest.mark.parametrize("wrapper", ["entity", "input", "cask"])
def test_what_a_wrapper_of_any_name_holds_is_kept(status: str, wrapper: str) -> None:
    row = of(id=TEXT, label=TEXT, price={"type": "number"})
    sent = of(**{wrapper: of(label=TEXT, price={"type": "number"})})
    listed = {"200": {"description": "all", **said({"type": "array", "items": row})}}
    made = {status: {"description": "made", **said(row)}}
    paths = {"/casks": {"get": {"responses": listed}}}
    paths["/casks"]["post"] = {"requestBody": said(sent), "responses": made}
    with MockServer({**DOCUMENT, "paths": paths}) as mock:
        made_one = mock.client.post("/casks", json={wrapper: {"label": "Rye", "price": 7}}).json()
        assert (made_one["label"], made_one["price"]) == ("Rye", 7)
        assert made_one in mock.client.get("/casks").json()
