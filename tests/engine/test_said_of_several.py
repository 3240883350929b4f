"""Verbs on several entities whose ids a request has, with what it says of each of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.documents import FLAG, TEXT, WHOLE, array, one_of, ref, thing
from tests.support.trades import does, kept, serve

PAGE = thing(
    "id title tags",
    id=TEXT, title=TEXT, tags=array(TEXT), folder_id=TEXT, state=one_of("live", "archived"),
    pinned=FLAG,
)  # fmt: skip
IDS = array(TEXT)
PAGES = thing(pages=array(ref("Page")))


def pages(place: str, operation: dict[str, Any]) -> Any:
    sent = thing("title", title=TEXT, tags=array(TEXT), folder_id=TEXT)
    return serve({**kept("/pages", "Page", sent), place: operation}, Page=PAGE)


def three(client: Any) -> list[str]:
    sent = [{"title": title, "tags": ["old"]} for title in "abc"]
    return [client.post("/pages", json=one).json()["id"] for one in sent]


@pytest.mark.parametrize(
    ("place", "sent", "name", "after"),
    [
        ("/pages/bulk_tag", {"page_ids": IDS, "tags": IDS}, "tags", ["old", "new"]),
        ("/pages/batch/add-tags", {"ids": IDS, "tags": IDS}, "tags", ["old", "new"]),
        ("/pages/tags/add", {"page_ids": IDS, "tags": IDS}, "tags", ["old", "new"]),
        ("/pages:addTags", {"page_ids": IDS, "tags": IDS}, "tags", ["old", "new"]),
        ("/pages/bulk-untag", {"ids": IDS, "tags": IDS}, "tags", ["old"]),
        ("/pages/move", {"page_ids": IDS, "folder_id": TEXT}, "folder_id", "new"),
        ("/pages/bulk/move", {"ids": IDS, "target_folder_id": TEXT}, "folder_id", "new"),
        ("/pages/archive", {"page_ids": IDS}, "state", "archived"),
        ("/pages:batchArchive", {"ids": IDS}, "state", "archived"),
        ("/pages/pin", {"ids": IDS}, "pinned", True),
    ],
)
def test_each_of_those_that_are_named(
    place: str, sent: dict[str, Any], name: str, after: Any
) -> None:
    with pages(f"POST {place}", does(thing(updated=WHOLE), thing(**sent))) as server:
        client = server.client
        *two, other = three(client)
        before = client.get(f"/pages/{other}").json()
        body: dict[str, Any] = {}
        for one, schema in sent.items():
            ids = "ids" in one
            body[one] = two if ids else ["new"] if schema is IDS else "new"
        reply = client.post(place, json=body)
        assert reply.json() == {"updated": 2}, reply.text
        for own in two:
            assert client.get(f"/pages/{own}").json().get(name) == after
        assert client.get(f"/pages/{other}").json() == before


@pytest.mark.parametrize(
    ("place", "query", "sent"),
    [
        ("PATCH /pages", {"ids": TEXT}, thing(page=thing(title=TEXT))),
        ("PUT /pages/update_many", {"ids": TEXT}, thing(page=thing(title=TEXT))),
        ("PATCH /pages/bulk", {}, thing(ids=IDS, changes=thing(title=TEXT))),
        ("POST /pages/bulk_update", {}, thing(page_ids=IDS, data=thing(title=TEXT))),
        ("PATCH /pages", {}, thing(ids=IDS, title=TEXT)),
    ],
)
def test_they_get_what_is_sent_and_are_shown(place: str, query: Any, sent: Any) -> None:
    with pages(place, does(PAGES, sent, **query)) as server:
        client = server.client
        *two, other = three(client)
        method, path = place.split()
        body: dict[str, Any] = {}
        for name, schema in sent["properties"].items():
            inner = "properties" in schema
            body[name] = {"title": "z"} if inner else two if schema is IDS else "z"
        asked = {"ids": ",".join(two)} if query else {}
        reply = client.request(method, path, json=body, params=asked)
        assert [row["title"] for row in reply.json()["pages"]] == ["z", "z"], reply.text
        assert {row["id"] for row in reply.json()["pages"]} == {*two}
        assert client.get(f"/pages/{other}").json()["title"] == "c"


@pytest.mark.parametrize("place", ["/pages/bulk_export", "/pages/bulk_email", "/pages/print"])
def test_what_is_only_asked_about_several_changes_none(place: str) -> None:
    with pages(f"POST {place}", does(None, thing(ids=IDS, format=TEXT))) as server:
        own = three(server.client)
        before = server.client.get("/pages").json()
        server.client.post(place, json={"ids": own, "format": "pdf"})
        assert server.client.get("/pages").json() == before


MEMBERS = {
    **kept("/users", "User", thing("name", name=TEXT)),
    **kept("/teams", "Team", thing(title=TEXT)),
    "GET /teams/{team_id}/users": does(array(ref("User"))),
}
TEAM = thing("id user_count", id=TEXT, title=TEXT, user_count=WHOLE)


@pytest.mark.parametrize(
    ("adds", "removes"),
    [
        ("/teams/{team_id}:addUsers", "/teams/{team_id}:removeUsers"),
        ("/teams/{team_id}/add-users", "/teams/{team_id}/remove-users"),
        ("/teams/{team_id}/addUsers", "/teams/{team_id}/removeUsers"),
        ("/teams/{team_id}/users/add", "/teams/{team_id}/users/remove"),
    ],
)
def test_members_come_and_go_by_a_verb_with_their_noun(adds: str, removes: str) -> None:
    verb = does(ref("Team"), thing(user_ids=IDS))
    schemas = {"User": thing("id", id=TEXT, name=TEXT), "Team": TEAM}
    with serve({**MEMBERS, f"POST {adds}": verb, f"POST {removes}": verb}, **schemas) as server:
        client = server.client
        users = [client.post("/users", json={"name": n}).json()["id"] for n in "ab"]
        team = client.post("/teams", json={"title": "t"}).json()["id"]
        added = client.post(adds.format(team_id=team), json={"user_ids": users})
        assert added.json()["title"] == "t"
        assert client.get(f"/teams/{team}").json()["user_count"] == 2
        client.post(removes.format(team_id=team), json={"user_ids": users[:1]})
        assert [one["id"] for one in client.get(f"/teams/{team}/users").json()] == users[1:]
        assert len(client.get("/users").json()) == 2


@pytest.mark.parametrize(
    ("method", "after"),
    [("POST", ["old", "new"]), ("PUT", ["new"]), ("DELETE", [])],
)
def test_the_path_may_name_their_array(method: str, after: list[str]) -> None:
    operation = does(None, thing(page_ids=IDS, tags=IDS))
    with pages(f"{method} /pages/tags", operation) as server:
        client = server.client
        *two, other = three(client)
        tags = ["old"] if method == "DELETE" else ["new"]
        client.request(method, "/pages/tags", json={"page_ids": two, "tags": tags})
        shown = {row["id"]: row["tags"] for row in client.get("/pages").json()}
        assert shown == {two[0]: after, two[1]: after, other: ["old"]}


@pytest.mark.parametrize("name", ["deleted", "deleted_ids", "removed"])
def test_the_ids_of_what_is_done_are_told_within_a_wrapper(name: str) -> None:
    sent = thing(data=thing(page_ids=IDS))
    with pages("POST /pages/delete", does(thing(**{name: IDS}), sent)) as server:
        one, *rest = three(server.client)
        body = {"data": {"page_ids": [one, "nobody"]}}
        assert server.client.post("/pages/delete", json=body).json() == {name: [one]}
        assert [row["id"] for row in server.client.get("/pages").json()] == rest
