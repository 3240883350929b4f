"""Entities with a home of their own (`/labels`) that are put into others by ids or names, and what
is moved to the trash by a verb, and a value that is shown with its label."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, collection, document, thing

LABEL = {"id": TEXT, "name": TEXT}
SENT = {"ids": "ids", "label_ids": "ids", "labels": "names", "labelIds": "ids"}


def labels() -> dict[str, Any]:
    return {"type": "array", "items": thing("id name", **LABEL)}


def kite() -> dict[str, Any]:
    return thing("id", id=TEXT, name=TEXT, labels=labels())


def put_in(sent: str, shown: str) -> dict[str, Any]:
    schema = {"kite": kite(), "list": labels()}.get(shown)
    change = {
        "requestBody": body(thing(sent, **{sent: {"type": "array", "items": TEXT}})),
        "responses": {"200" if schema else "204": answer(schema)},
    }
    named = [{"name": name, "in": "path", "required": True, "schema": TEXT}
             for name in ("id", "label_id")]  # fmt: skip
    return document(
        {
            **collection("/labels", thing("id name", **LABEL), thing("name", name=TEXT)),
            **collection("/kites", kite(), thing("name", name=TEXT)),
            "/kites/{id}/labels": {
                "parameters": named[:1],
                "get": {"responses": {"200": answer(labels())}},
                "put": {"summary": "Replace all labels", **change},
                "post": {"summary": "Add labels", **change},
            },
            "/kites/{id}/labels/{label_id}": {
                "parameters": named,
                "delete": {"responses": {"204": answer()}},
            },
        }
    )


@pytest.mark.parametrize(("sent", "shown"), in_turns(SENT, ["nothing", "kite", "list"]))
def test_labels_by_ids_or_names(sent: str, shown: str) -> None:
    with MockServer(put_in(sent, shown)) as mock:
        client = mock.client
        own = client.post("/kites", json={"name": "a"}).json()["id"]
        made = [client.post("/labels", json={"name": n}).json() for n in ("x", "y", "z")]
        named = [one["name"] if SENT[sent] == "names" else one["id"] for one in made]
        path = f"/kites/{own}/labels"

        def there() -> list[str]:
            return [one["name"] for one in client.get(path).json()]

        put = client.put(path, json={sent: named[:2]})
        assert there() == ["x", "y"]
        if shown == "kite":
            assert put.json() == client.get(f"/kites/{own}").json()
        client.post(path, json={sent: named[2:]})
        assert there() == ["x", "y", "z"]
        assert [one["name"] for one in client.get(f"/kites/{own}").json()["labels"]] == there()
        client.delete(f"{path}/{made[0]['id']}")
        assert there() == ["y", "z"]
        client.put(path, json={sent: named[:1]})
        assert there() == ["x"]
        kept = [client.get(f"/labels/{one['id']}").status_code for one in made]
        assert kept == [200, 200, 200]


MARKS: dict[str, Any] = {
    "deleted_at": {**TEXT, "format": "date-time", "nullable": True},
    "is_deleted": {"type": "boolean"},
    "trashed": {"type": "boolean"},
    "state": {**TEXT, "enum": ["active", "trashed"]},
}


@pytest.mark.parametrize(("mark", "back"), in_turns(MARKS, ["untrash", "restore", "recover"]))
@pytest.mark.parametrize("method", ["post", "delete"])
def test_what_is_in_the_trash_is_not_listed(method: str, mark: str, back: str) -> None:
    one = thing("id", id=TEXT, name=TEXT, **{mark: MARKS[mark]})
    paths = collection("/kites", one, thing("name", name=TEXT))
    named = paths["/kites/{id}"]["parameters"]
    shown = {"responses": {"200": answer(one)}}
    paths["/kites/{id}/trash"] = {"parameters": named, "post": shown}
    paths["/kites/{id}/" + back] = {"parameters": named, "put": shown}
    if method == "delete":
        del paths["/kites/{id}/trash"]
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/kites", json={"name": "a"}).json()
        path = f"/kites/{made['id']}"
        if method == "post":
            mock.client.post(f"{path}/trash")
        else:
            mock.client.delete(path)
        assert made["id"] not in [one["id"] for one in mock.client.get("/kites").json()]
        assert mock.client.put(f"{path}/{back}").status_code == 200
        assert made["id"] in [one["id"] for one in mock.client.get("/kites").json()]
        after = mock.client.get(path).json()
        assert after[mark] == "active" if mark == "state" else not after.get(mark)


@pytest.mark.parametrize("value", ["active", "retired"])
def test_a_value_of_a_list_that_is_shown_with_its_label(value: str) -> None:
    shown = thing(
        "value",
        value={"type": "string", "enum": ["active", "retired"]},
        label={"type": "string", "enum": ["Active", "Retired"]},
    )
    site = thing("id", id=TEXT, name=TEXT, status=shown)
    sent = thing("name", name=TEXT, status=TEXT)
    with MockServer(document(collection("/sites", site, sent))) as mock:
        made = mock.client.post("/sites", json={"name": "a", "status": value}).json()
        assert made["status"] == {"value": value, "label": value.title()}
        other = "active" if value == "retired" else "retired"
        path = f"/sites/{made['id']}"
        mock.client.put(path, json={"name": "b", "status": other})
        assert mock.client.get(path).json()["status"]["value"] == other


@pytest.mark.parametrize("shown", ["kite", "nothing"])
def test_values_are_a_set_of_the_one_above_them(shown: str) -> None:
    array = {"type": "array", "items": TEXT}
    one = thing("id", id=TEXT, name=TEXT, tags=array)
    paths = collection("/kites", one, thing("name", name=TEXT))
    change = {
        "requestBody": body(array),
        "responses": {"200": answer(one)} if shown == "kite" else {"204": answer()},
    }
    paths["/kites/{id}/tags"] = {
        "parameters": paths["/kites/{id}"]["parameters"],
        "get": {"responses": {"200": answer(array)}},
        "put": {"summary": "Replace all tags", **change},
        "post": {"summary": "Add tags", **change},
        "delete": {"summary": "Remove tags", **change},
    }
    with MockServer(document(paths)) as mock:
        path = f"/kites/{mock.client.post('/kites', json={'name': 'a'}).json()['id']}"
        for method, sent, wanted in (
            ("PUT", ["a", "b"], ["a", "b"]),
            ("POST", ["c"], ["a", "b", "c"]),
            ("DELETE", ["a"], ["b", "c"]),
        ):
            mock.client.request(method, f"{path}/tags", json=sent)
            assert mock.client.get(f"{path}/tags").json() == wanted
            assert mock.client.get(path).json()["tags"] == wanted
