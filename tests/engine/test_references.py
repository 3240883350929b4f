"""Children are of the parent that their creation names, whatever names it: a path, a property of
the body in any form, or the query."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

OBJECT = thing(id=TEXT, name=TEXT)
# How a creation names the parent: its path, the place and name, the schema.
CREATIONS: dict[str, tuple[str, str, str, Any]] = {
    "the path": ("/shelves/{shelf_id}/jars", "path", "shelf_id", TEXT),
    "an id": ("/jars", "body", "shelf_id", TEXT),
    "an id in camel case": ("/jars", "body", "shelfId", TEXT),
    "an object": ("/jars", "body", "shelf", thing("id", id=TEXT)),
    "a plain name": ("/jars", "body", "shelf", TEXT),
    "the query": ("/jars", "query", "shelf_id", TEXT),
}
# How a child shows its parent.
FIELDS: dict[str, Any] = {
    "shelf_id": TEXT, "shelfId": TEXT, "shelfUuid": TEXT, "shelf": TEXT, "shelf.id": OBJECT,
}  # fmt: skip
LISTS = {
    "the path": "/shelves/{shelf_id}/jars", "an id": "shelf_id", "camel case": "shelfId",
    "a plain name": "shelf", "a filter": "filter[shelf_id]",
}  # fmt: skip


def parameter(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": TEXT}


def shelves(creation: str, field: str, listed: str) -> dict[str, Any]:
    path, place, name, kind = CREATIONS[creation]
    shelf = thing(id=TEXT, name=TEXT, jar_count=WHOLE)
    jar = thing(id=TEXT, label=TEXT, **{field.partition(".")[0]: FIELDS[field]})
    required = f"label {name}" if place == "body" else "label"
    sent = thing(required, label=TEXT, **({name: kind} if place == "body" else {}))
    own = parameter("shelf_id", "path")
    rows = {"responses": {"200": answer({"type": "array", "items": jar})}}
    paths: dict[str, Any] = {
        "/shelves": {
            "get": {"responses": {"200": answer({"type": "array", "items": shelf})}},
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(shelf)}},
        },
        "/shelves/{shelf_id}": {"get": {"parameters": [own], "responses": {"200": answer(shelf)}}},
        "/shelves/{shelf_id}/jars/{jar_id}": {
            "parameters": [own, parameter("jar_id", "path")],
            "get": {"responses": {"200": answer(jar), "404": answer()}},
            "delete": {"responses": {"204": answer()}},
        },
    }
    made = {"requestBody": body(sent), "responses": {"201": answer(jar), "404": answer()}}
    needed = [{**parameter(name, place), "required": True}] if place != "body" else []
    paths.setdefault(path, {})["post"] = {**made, "parameters": needed}
    by_path = LISTS[listed].startswith("/")
    asked = own if by_path else parameter(LISTS[listed], "query")
    where = paths.setdefault(LISTS[listed] if by_path else "/jars", {})
    where["get"] = {**rows, "parameters": [asked]}
    return document(paths)


@pytest.mark.parametrize(("creation", "field", "listed"), in_turns(CREATIONS, FIELDS, LISTS))
def test_a_child_is_of_the_parent_that_its_creation_names(
    creation: str, field: str, listed: str
) -> None:
    path, place, name, kind = CREATIONS[creation]
    with MockServer(shelves(creation, field, listed)) as mock:
        client = mock.client
        high, low = (client.post("/shelves", json={"name": n}).json()["id"] for n in "ab")

        def make(label: str, shelf: str) -> Any:
            value = {"id": shelf} if isinstance(kind, dict) and "properties" in kind else shelf
            sent = {"label": label, **({name: value} if place == "body" else {})}
            query = {name: shelf} if place == "query" else {}
            return client.post(path.replace("{shelf_id}", shelf), json=sent, params=query)

        def of(shelf: str) -> list[str]:
            if LISTS[listed].startswith("/"):
                rows = client.get(LISTS[listed].replace("{shelf_id}", shelf))
            else:
                rows = client.get("/jars", params={LISTS[listed]: shelf})
            return [row["label"] for row in rows.json()]

        jam, honey, tea = make("jam", high).json(), make("honey", high).json(), make("tea", low)
        outer, _, inner = field.partition(".")
        assert (jam[outer][inner] if inner else jam[outer]) == high
        assert sorted(of(high)) == ["honey", "jam"]
        assert of(low) == [tea.json()["label"]] == ["tea"]
        assert client.get(f"/shelves/{high}").json()["jar_count"] == 2
        assert client.get(f"/shelves/{high}/jars/{jam['id']}").json() == jam
        assert client.get(f"/shelves/{low}/jars/{jam['id']}").status_code == 404
        client.delete(f"/shelves/{high}/jars/{honey['id']}")
        assert of(high) == ["jam"]
        assert client.get(f"/shelves/{high}").json()["jar_count"] == 1
        if creation != "a plain name":  # which may be any text
            assert make("salt", "no-such-shelf").status_code == 404


def test_a_parent_with_several_names_is_counted_and_filtered_by_its_id() -> None:
    shelf = thing(id=TEXT, key=TEXT, name=TEXT, jar_count=WHOLE)
    jar = thing(id=TEXT, label=TEXT, shelf=thing(id=TEXT, key=TEXT, name=TEXT))
    named = parameter("shelf_id", "query")
    new = body(thing("label shelf_id", label=TEXT, shelf_id=TEXT))
    rows = {"responses": {"200": answer({"type": "array", "items": jar})}}
    paths = {
        "/shelves": {
            "get": {"responses": {"200": answer({"type": "array", "items": shelf})}},
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(shelf)}},
        },
        "/shelves/{shelf_id}": {
            "get": {
                "parameters": [parameter("shelf_id", "path")],
                "responses": {"200": answer(shelf)},
            }
        },
        "/jars": {
            "get": {"parameters": [named], **rows},
            "post": {"requestBody": new, "responses": {"201": answer(jar)}},
        },
    }
    with MockServer(document(paths)) as mock:
        client = mock.client
        high, low = (client.post("/shelves", json={"name": n}).json()["id"] for n in "ab")
        client.post("/jars", json={"label": "jam", "shelf_id": high})
        rows_of = [client.get("/jars", params={"shelf_id": one}).json() for one in (high, low)]
        assert [[row["label"] for row in each] for each in rows_of] == [["jam"], []]
        assert client.get(f"/shelves/{high}").json()["jar_count"] == 1
