"""What is deleted is in a collection of its own (`/deletedSketches`), until it is brought back or
removed for good."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, document, thing

BINS = (
    "deletedSketches",
    "deleted-sketches",
    "deleted_sketches",
    "deletedsketches",
    "trashed-sketches",
)
ABOVE = ("", "/albums/{album}")
BACK = ("/restore", "/recover", ":restore")
ROWS = ("the same", "others", "wrapped")


def sketches(name: str, above: str, back: str, rows: str) -> dict[str, Any]:
    sketch = thing("id name", id={**TEXT, "readOnly": True}, name=TEXT)
    deleted = thing("id name", id=TEXT, name=TEXT, recoveryId=TEXT)
    ref = {"$ref": "#/components/schemas/Sketch"}
    row = ref if rows == "the same" else {"$ref": "#/components/schemas/DeletedSketch"}
    several = {"type": "array", "items": row}
    several = thing("value", value=several) if rows == "wrapped" else several
    owner = [{"name": "album", "in": "path", "required": True, "schema": TEXT}] if above else []
    one = {"parameters": [*owner, {"name": "id", "in": "path", "required": True, "schema": TEXT}]}
    done = {"responses": {"204": answer(), "404": answer()}}
    listed = {"responses": {"200": answer({"type": "array", "items": ref})}}
    paths: dict[str, Any] = {
        f"{above}/sketches": {
            "parameters": owner,
            "get": listed,
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(ref)}},
        },
        f"{above}/sketches/{{id}}": {
            **one,
            "get": {"responses": {"200": answer(ref), "404": answer()}},
            "delete": done,
        },
        f"{above}/{name}": {"parameters": owner, "get": {"responses": {"200": answer(several)}}},
        f"{above}/{name}/{{id}}": {
            **one,
            "get": {"responses": {"200": answer(row), "404": answer()}},
            "delete": done,
        },
        f"{above}/{name}/{{id}}{back}": {**one, "post": {"responses": {"200": answer(ref)}}},
    }
    return document(paths, schemas={"Sketch": sketch, "DeletedSketch": deleted})


@pytest.mark.parametrize(("name", "above", "back", "rows"), in_turns(BINS, ABOVE, BACK, ROWS))
def test_what_is_deleted(name: str, above: str, back: str, rows: str) -> None:
    with MockServer(sketches(name, above, back, rows), seeds="none") as mock:
        client, above = mock.client, above.replace("{album}", "a1")
        home, bin_ = f"{above}/sketches", f"{above}/{name}"
        one, other = (client.post(home, json={"name": n}).json()["id"] for n in "ab")

        def ids(path: str) -> set[str]:
            listed = client.get(path).json()
            return {row["id"] for row in (listed["value"] if isinstance(listed, dict) else listed)}

        assert client.get(f"{bin_}/{one}").status_code == 404
        assert client.delete(f"{bin_}/{one}").status_code == 404
        assert client.delete(f"{home}/{one}").status_code == 204
        assert client.get(f"{home}/{one}").status_code == 404
        assert (ids(home), ids(bin_)) == ({other}, {one})
        assert client.get(f"{bin_}/{one}").json()["name"] == "a"
        assert client.post(f"{bin_}/{one}{back}").json()["name"] == "a"
        assert (ids(home), ids(bin_)) == ({one, other}, set())
        assert client.delete(f"{home}/{one}").status_code == 204
        assert client.delete(f"{bin_}/{one}").status_code == 204
        assert client.get(f"{bin_}/{one}").status_code == 404
        assert (ids(home), ids(bin_)) == ({other}, set())


def test_a_collection_with_another_name_is_its_own() -> None:
    paths = sketches("deletedSketches", "", "/restore", "the same")["paths"]
    other = {path.replace("deletedSketches", "deletedDrawings"): one for path, one in paths.items()}
    schemas = {"Sketch": thing("id name", id=TEXT, name=TEXT)}
    with MockServer(document(other, schemas=schemas), seeds="none") as mock:
        made = mock.client.post("/sketches", json={"name": "a"}).json()["id"]
        assert mock.client.delete(f"/sketches/{made}").status_code == 204
        assert mock.client.get("/deletedDrawings").json() == []
