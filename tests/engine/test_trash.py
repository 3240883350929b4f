"""What is deleted softly is in the trash, can be brought back, and is removed for good."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, document, thing

FLAG = {"type": "boolean", "readOnly": True}
MOMENT = {"type": "string", "format": "date-time", "nullable": True, "readOnly": True}
STATE = {"type": "string", "enum": ["active", "deleted"], "readOnly": True}
MARKS = {"deleted_at": MOMENT, "is_deleted": FLAG, "status": STATE, "archived": FLAG}
TRASH = {"trash": "/sketches/trash", "deleted": "/sketches/deleted", "its own": "/trash"}
BACK = ("restore", "undelete", "recover")
LISTED = ("include_deleted", "with_deleted", "showDeleted")
FOR_GOOD: dict[str, tuple[str, str, dict[str, str]]] = {
    "a part": ("delete", "/sketches/{id}/permanent", {}),
    "a verb": ("post", "/sketches/{id}/purge", {}),
    "a parameter": ("delete", "/sketches/{id}", {"permanent": "true"}),
}


def sketches(mark: str, trash: str, back: str, listed: str, for_good: str) -> dict[str, Any]:
    one = thing("id name", id={**TEXT, "readOnly": True}, name=TEXT, **{mark: MARKS[mark]})
    ref = {"$ref": "#/components/schemas/Sketch"}
    rows = {"responses": {"200": answer({"type": "array", "items": ref})}}
    flag = {"in": "query", "schema": {"type": "boolean"}}
    done = {"responses": {"204": answer()}}
    does = "Archives" if mark == "archived" else "Soft-deletes"
    item: dict[str, Any] = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
        "get": {"responses": {"200": answer(ref), "404": answer()}},
        "delete": {"summary": f"{does} a sketch", **done},
    }
    paths: dict[str, Any] = {
        "/sketches": {
            "get": {**rows, "parameters": [{"name": listed, **flag}]},
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(ref)}},
        },
        "/sketches/{id}": item,
        TRASH[trash]: {"get": {**rows, "summary": "Lists deleted sketches"}},
    }
    bring = {"parameters": item["parameters"], "responses": {"200": answer(ref)}}
    paths[f"/sketches/{{id}}/{back}"] = {"post": bring}
    method, path, query = FOR_GOOD[for_good]
    if query:
        item["delete"]["parameters"] = [{"name": name, **flag} for name in query]
    else:
        paths[path] = {method: {"parameters": item["parameters"], **done}}
    return document(paths, schemas={"Sketch": one})


@pytest.mark.parametrize(
    ("mark", "trash", "back", "listed", "for_good"), in_turns(MARKS, TRASH, BACK, LISTED, FOR_GOOD)
)
def test_what_is_deleted(mark: str, trash: str, back: str, listed: str, for_good: str) -> None:
    with MockServer(sketches(mark, trash, back, listed, for_good), seeds="none") as mock:
        client = mock.client
        one, other = (client.post("/sketches", json={"name": n}).json()["id"] for n in "ab")

        def ids(path: str, **query: str) -> set[str]:
            return {row["id"] for row in client.get(path, params=query).json()}

        assert client.delete(f"/sketches/{one}").status_code == 204
        assert (ids("/sketches"), ids(TRASH[trash])) == ({other}, {one})
        assert ids("/sketches", **{listed: "true"}) == {one, other}
        restored = client.post(f"/sketches/{one}/{back}").json()
        assert restored[mark] in (None, False, "active")
        assert (ids("/sketches"), ids(TRASH[trash])) == ({one, other}, set())
        method, path, query = FOR_GOOD[for_good]
        if not query:
            client.delete(f"/sketches/{one}")
        gone = client.request(method.upper(), path.replace("{id}", one), params=query)
        assert gone.status_code == 204
        assert client.get(f"/sketches/{one}").status_code == 404
        assert one not in ids(TRASH[trash]) | ids("/sketches", **{listed: "true"})
