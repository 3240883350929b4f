"""Lists as documents write them."""

from __future__ import annotations

from mockserver import MockServer
from tests.support.documents import WHOLE, obj, operation, path, ref, text, with_schemas


def test_a_list_of_unique_items_shows_alike_ones_once() -> None:
    """Entities that differ in nothing but the id, which this list leaves out."""
    row = {"type": "array", "uniqueItems": True, "items": obj(maker=text())}
    paths = {
        "/cars": {
            "get": operation("list", obj(cars=row, total=WHOLE)),
            "post": operation("create", ref("Car"), sent=obj("maker", maker=text())),
        },
        "/cars/{id}": path("id", get=operation("get", ref("Car"))),
    }
    car = obj("id", id=text(), maker=text())
    with MockServer(with_schemas(paths, Car=car), seeds="none") as mock:
        for _ in range(2):
            mock.client.post("/cars", json={"maker": "Saab"})
        assert mock.client.get("/cars").json()["cars"] == [{"maker": "Saab"}]
