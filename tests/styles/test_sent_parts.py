"""Entities that are sent with the one above them, and read at paths of their own."""

from __future__ import annotations

from typing import Any

from mockserver import MockServer
from tests.support.documents import (
    TEXT,
    WHOLE,
    array,
    obj,
    one_of,
    operation,
    path,
    ref,
    with_schemas,
)


def crates() -> dict[str, Any]:
    """Crates and the bottles in them; a crate does not show its bottles."""
    bottle = obj("label", label=TEXT, crate_id=TEXT, colour=one_of("green", "brown"))
    sent = obj("name", name=TEXT, bottles=array(obj("label", label=TEXT, colour=TEXT)))
    crate = obj("id", "bottle_count", id=TEXT, name=TEXT, bottle_count=WHOLE)
    listing = operation(
        "listBottles", array(ref("Bottle")), query={"colour": one_of("green", "brown")}
    )
    paths = {
        "/crates": {
            "get": operation("listCrates", array(ref("Crate"))),
            "post": operation("createCrate", ref("Crate"), status=201, sent=sent),
        },
        "/crates/{id}": path("id", get=operation("getCrate", ref("Crate"))),
        "/crates/{id}/bottles": path("id", get=listing),
        "/crates/{id}/bottles/{label}": path(
            "id", "label", get=operation("getBottle", ref("Bottle"), also=(404,))
        ),
    }
    return with_schemas(paths, Crate=crate, Bottle=bottle)


def test_what_is_sent_with_a_crate_is_below_it() -> None:
    with MockServer(crates()) as mock:
        bottles = [{"label": "a", "colour": "green"}, {"label": "b", "colour": "green"}]
        crate = mock.client.post("/crates", json={"name": "x", "bottles": bottles}).json()
        assert crate["bottle_count"] == 2
        where = f"/crates/{crate['id']}/bottles"
        assert [one["label"] for one in mock.client.get(where).json()] == ["a", "b"]
        assert mock.client.get(f"{where}/b").json()["colour"] == "green"
        assert mock.client.get(f"{where}?colour=brown").json() == []
        assert mock.client.get(f"/crates/{crate['id']}").json()["bottle_count"] == 2


def test_a_crate_of_which_nothing_is_sent_has_bottles_that_only_the_vendor_makes() -> None:
    with MockServer(crates()) as mock:
        crate = mock.client.post("/crates", json={"name": "x"}).json()
        assert mock.client.get(f"/crates/{crate['id']}/bottles").json()


def test_a_second_crate_takes_nothing_out_of_the_first() -> None:
    with MockServer(crates()) as mock:
        sent = {"name": "x", "bottles": [{"label": "a", "colour": "green"}]}
        first, second = (mock.client.post("/crates", json=sent).json()["id"] for _ in "12")
        for crate in (first, second):
            assert mock.client.get(f"/crates/{crate}").json()["bottle_count"] == 1
            assert len(mock.client.get(f"/crates/{crate}/bottles").json()) == 1
