"""Versions of an entity: one for each of its changes, and the way back to one."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import MOMENT, TEXT, WHOLE, array, obj, one_of, ref, thing
from tests.support.trades import does, serve

KINDS = {"versions": "version", "revisions": "revision", "history": "history"}
ROWS = {
    "copy": {"title": TEXT, "body": TEXT},
    "part": {"page": obj(title=TEXT, body=TEXT)},
    "bare": {},
}
TOLD: dict[str, Any] = {
    "version": WHOLE,
    "version_count": WHOLE,
    "current_version_id": {"type": ["string", "null"]},
    "latest_version": ref("Version"),
}


def pages(
    kind: str, change: str, row: str, key: str, told: str = "version", **more: Any
) -> MockServer:
    """Pages with versions; `key` is the property and path parameter that names one."""
    noun = KINDS[kind]
    number = {} if key == "number" else {"number": WHOLE}
    version = thing(key, **{key: WHOLE if key == "number" else TEXT}, created_at=MOMENT, **number)
    version["properties"] |= ROWS[row]
    page = thing("id title", id=TEXT, title=TEXT, body=TEXT, updated_at=MOMENT)
    page["properties"][told.replace("version", noun)] = TOLD[told]
    page["properties"]["status"] = one_of("draft", "published")
    sent = thing("title", title=TEXT, body=TEXT)
    one = f"/pages/{{page_id}}/{kind}/{{{key}}}"
    operations = {
        "GET /pages": does(array(ref("Page"))),
        "POST /pages": does(ref("Page"), sent, status=201),
        "GET /pages/{page_id}": does(ref("Page")),
        f"{change} /pages/{{page_id}}": does(ref("Page"), sent, says="Update a page"),
        "POST /pages/{page_id}/publish": does(ref("Page"), says="Publish a page"),
        f"GET /pages/{{page_id}}/{kind}": does(array(ref("Version"))),
        f"GET {one}": does(ref("Version")),
        f"POST {one}/restore": does(ref("Page"), says="Restore the page as it was"),
        "POST /pages/{page_id}/revert": does(ref("Page"), obj(number=WHOLE, version=WHOLE)),
        **more,
    }
    return serve(operations, Page=page, Version=version)


@pytest.mark.parametrize(
    ("kind", "change", "row", "key", "told"),
    in_turns(KINDS, ["PATCH", "PUT", "POST"], ROWS, ["id", "number"], TOLD),
)
def test_each_change_makes_a_version(kind: str, change: str, row: str, key: str, told: str) -> None:
    with pages(kind, change, row, key, told) as server:
        client = server.client
        paths = [
            "/pages/" + client.post("/pages", json={"title": n, "body": "x"}).json()["id"]
            for n in "az"
        ]
        own, other = paths

        def rows(path: str) -> list[Any]:
            found: list[Any] = client.get(f"{path}/{kind}").json()
            return found

        assert len(rows(own)) == len(rows(other)) == 1
        for title in "bc":
            assert client.request(change, own, json={"title": title}).status_code == 200
        client.post(f"{own}/publish")
        kept = rows(own)
        assert sorted(one["number"] for one in kept) == [1, 2, 3]
        assert len({one[key] for one in kept}) == 3
        assert len(rows(other)) == 1
        for one in kept:
            assert client.get(f"{own}/{kind}/{one[key]}").json() == one
        page = client.get(own).json()
        newest = max(kept, key=lambda one: one["number"])
        if told == "version" and kind == "versions":
            assert page["version"] >= 3
        elif told == "version_count":
            assert page[told.replace("version", KINDS[kind])] == 3
        elif told == "current_version_id":
            assert str(page[told.replace("version", KINDS[kind])]) == str(newest[key])
        elif told == "latest_version":
            assert page[told.replace("version", KINDS[kind])][key] == newest[key]
        if row != "bare":
            texts = {one["number"]: one.get("page", one).get("title") for one in kept}
            assert texts == {1: "a", 2: "b", 3: "c"}
            first = next(one for one in kept if one["number"] == 1)
            back = client.post(f"{own}/{kind}/{first[key]}/restore").json()
            assert (back["id"], back["title"]) == (page["id"], "a")
            assert client.get(own).json()["title"] == "a"
            assert len(rows(own)) == 4


def test_a_page_is_reverted_to_the_version_that_is_sent() -> None:
    with pages("versions", "PATCH", "copy", "id") as server:
        client = server.client
        own = "/pages/" + client.post("/pages", json={"title": "a"}).json()["id"]
        client.patch(own, json={"title": "b"})
        assert client.post(f"{own}/revert", json={"version": 1}).json()["title"] == "a"
        assert client.get(own).json()["title"] == "a"


@pytest.mark.parametrize(
    ("says", "count"), [("Update a page", 1), ("Updates a page and creates a new version", 2)]
)
def test_versions_that_clients_make_are_made_by_changes_only_where_that_is_said(
    says: str, count: int
) -> None:
    sent = thing("title", title=TEXT, body=TEXT)
    more = {
        "POST /pages/{page_id}/versions": does(ref("Version"), obj(title=TEXT), status=201),
        "PATCH /pages/{page_id}": does(ref("Page"), sent, says=says),
    }
    with pages("versions", "PATCH", "copy", "id", **more) as server:
        client = server.client
        own = "/pages/" + client.post("/pages", json={"title": "a"}).json()["id"]
        before = len(client.get(f"{own}/versions").json())
        client.patch(own, json={"title": "b"})
        client.post(f"{own}/versions", json={"title": "c"})
        assert len(client.get(f"{own}/versions").json()) == before + count
