"""Lists of entities at paths that say something else of them."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, answer, array, body, document, thing

Json = dict[str, Any]
STATUS: Json = {"type": "string", "enum": ["waiting", "APPROVED", "sent-off"]}
REF: Json = {"$ref": "#/components/schemas/Parcel"}
PARCEL = thing("id name status", id=TEXT, name=TEXT, status=STATUS, depotId=TEXT)
SENT = thing("name status", name=TEXT, status=STATUS, depotId=TEXT)


def item(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def parcels(path: str, rows: Json, *names: str) -> Json:
    depot = thing("id", id=TEXT, name=TEXT)
    view = {"parameters": list(map(item, names)), "get": {"responses": {"200": answer(rows)}}}
    return document(
        {
            "/parcels": {
                "get": {"responses": {"200": answer(array(REF))}},
                "post": {"requestBody": body(SENT), "responses": {"201": answer(REF)}},
            },
            "/parcels/{parcelId}": {
                "parameters": [item("parcelId")],
                "get": {"responses": {"200": answer(REF)}},
            },
            "/depots": {
                "get": {"responses": {"200": answer(array(depot))}},
                "post": {"requestBody": body(depot), "responses": {"201": answer(depot)}},
            },
            "/depots/{depotId}": {
                "parameters": [item("depotId")],
                "get": {"responses": {"200": answer(depot)}},
            },
            path: view,
        },
        schemas={"Parcel": PARCEL},
    )


@pytest.mark.parametrize(
    ("path", "rows", "names"),
    [
        ("/reports/route", array(REF), ["Ada", "Bea", "Cia"]),
        ("/parcels/status/approved", array(REF), ["Bea"]),
        ("/parcels/list/sentOff", thing("data", data=array(REF)), ["Cia"]),
        ("/overview/waiting", thing("items total", items=array(REF), total={}), ["Ada"]),
    ],
)
def test_a_list_shows_what_its_rows_are(path: str, rows: Json, names: list[str]) -> None:
    with MockServer(parcels(path, rows), seeds="none", clock="manual") as server:
        client = server.client
        for name, status in zip(("Ada", "Bea", "Cia"), STATUS["enum"], strict=True):
            client.post("/parcels", json={"name": name, "status": status}).raise_for_status()
        shown = client.get(path).raise_for_status().json()
        listed = shown if isinstance(shown, list) else shown.get("data", shown.get("items"))
        assert [one["name"] for one in listed] == names


def test_those_of_an_owner_are_those_that_name_it() -> None:
    source = parcels("/depots/{depotId}/report", array(REF), "depotId")
    with MockServer(source, seeds="none") as server:
        client = server.client
        depot = client.post("/depots", json={"id": "d", "name": "D"}).json()["id"]
        for name, place in (("Ada", depot), ("Bea", "other")):
            sent = {"name": name, "status": "waiting", "depotId": place}
            client.post("/parcels", json=sent).raise_for_status()
        shown = client.get(f"/depots/{depot}/report").json()
        assert [one["name"] for one in shown] == ["Ada"]
