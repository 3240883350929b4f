"""What an entity tells of those below it: of its own kind, their number, the newest of them."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import MOMENT, TEXT, WHOLE, array, ref, thing
from tests.support.trades import does, kept, serve

NULLABLE = {"type": ["string", "null"]}


def tree(step: str, field: str, number: str) -> MockServer:
    node = thing("id name", id=TEXT, name=TEXT, **{field: NULLABLE, number: WHOLE})
    operations = {
        **kept("/nodes", "Node", thing("name", name=TEXT, **{field: TEXT})),
        f"GET /nodes/{{node_id}}/{step}": does(array(ref("Node"))),
    }
    return serve(operations, Node=node)


@pytest.mark.parametrize(
    ("step", "field", "number"),
    [
        ("children", "parent_id", "children_count"),
        ("subnodes", "parentId", "subnodes_count"),
        ("replies", "in_reply_to_id", "reply_count"),
        ("direct-reports", "manager_id", "direct_reports_count"),
        ("child-nodes", "parent_node_id", "child_nodes_count"),
    ],
)
def test_those_of_its_own_kind_below_one(step: str, field: str, number: str) -> None:
    with tree(step, field, number) as server:
        client = server.client

        def made(**sent: str) -> dict[str, Any]:
            found: dict[str, Any] = client.post("/nodes", json=sent).json()
            return found

        top, other = made(name="a"), made(name="b")
        assert top[number] == 0
        two = [made(name=name, **{field: top["id"]})["id"] for name in "cd"]
        assert [one["id"] for one in client.get(f"/nodes/{top['id']}/{step}").json()] == two
        assert client.get(f"/nodes/{other['id']}/{step}").json() == []
        assert client.get(f"/nodes/{top['id']}").json()[number] == 2
        client.patch(f"/nodes/{two[0]}", json={"name": "c", field: other["id"]})
        assert client.get(f"/nodes/{top['id']}").json()[number] == 1
        assert client.get(f"/nodes/{other['id']}").json()[number] == 1


@pytest.mark.parametrize("step", ["similar", "versions", "related"])
def test_others_of_its_kind_are_not_below_it(step: str) -> None:
    with tree(step, "parent_id", "size") as server:
        client = server.client
        top = client.post("/nodes", json={"name": "a"}).json()["id"]
        client.post("/nodes", json={"name": "b", "parent_id": top})
        assert len(client.get(f"/nodes/{top}/{step}").json()) != 1


@pytest.mark.parametrize("step", ["posts/{post_id}/comments", "comments"])
def test_the_newest_of_them(step: str) -> None:
    post = thing(
        "id", id=TEXT, title=TEXT, last_comment_at={**MOMENT, "type": ["string", "null"]},
        latest_comment_id=NULLABLE, latest_comment=ref("Comment"),
    )  # fmt: skip
    sent = thing("text", text=TEXT, post_id=TEXT)
    operations = {
        **kept("/posts", "Post", thing(title=TEXT)),
        f"POST /{step}": does(ref("Comment"), sent, status=201),
        "GET /comments/{comment_id}": does(ref("Comment")),
        "DELETE /comments/{comment_id}": does(status=204),
    }
    comment = thing("id post_id", id=TEXT, text=TEXT, post_id=TEXT, created_at=MOMENT)
    with serve(operations, Post=post, Comment=comment) as server:
        client = server.client
        own = client.post("/posts", json={"title": "a"}).json()
        assert not own.get("last_comment_at")
        path = "/" + step.replace("{post_id}", own["id"])
        one = client.post(path, json={"text": "x", "post_id": own["id"]}).json()
        two = client.post(path, json={"text": "y", "post_id": own["id"]}).json()
        shown = client.get(f"/posts/{own['id']}").json()
        assert shown["last_comment_at"] == two["created_at"]
        assert shown["latest_comment_id"] == two["id"]
        assert shown["latest_comment"] == two
        client.delete(f"/comments/{two['id']}")
        assert client.get(f"/posts/{own['id']}").json()["latest_comment"] == one


@pytest.mark.parametrize(
    ("verb", "number", "flag"),
    [
        ("like", "likes_count", "liked"),
        ("star", "stargazers_count", "starred"),
        ("follow", "follower_count", "followed"),
        ("upvote", "vote_count", None),
        ("favorite", "favorites_count", "favorited"),
    ],
)
def test_who_has_done_it_is_counted(verb: str, number: str, flag: str | None) -> None:
    more = {flag: {"type": "boolean"}} if flag else {}
    song = thing("id", id=TEXT, name=TEXT, **{number: WHOLE}, **more)
    operations = {
        **kept("/songs", "Song", thing(name=TEXT)),
        f"POST /songs/{{song_id}}/{verb}": does(ref("Song")),
        f"DELETE /songs/{{song_id}}/{verb}": does(ref("Song")),
    }
    with serve(operations, Song=song) as server:
        client = server.client
        own = f"/songs/{client.post('/songs', json={'name': 'a'}).json()['id']}"
        first = client.get(own).json()[number]
        assert client.post(f"{own}/{verb}").json()[number] == first + 1
        again = client.post(f"{own}/{verb}").json()[number]
        assert again == first + (1 if flag else 2)
        assert client.delete(f"{own}/{verb}").json()[number] == again - 1


def test_what_has_others_that_name_it_is_kept() -> None:
    team = {
        **kept("/teams", "Team", thing(name=TEXT)),
        **kept("/players", "Player", thing("name", name=TEXT, team_id=TEXT)),
    }
    refused = {"409": {"description": "The team still has players"}}
    team["DELETE /teams/{team_id}"]["responses"].update(refused)
    schemas = {
        "Team": thing("id", id=TEXT, name=TEXT, headcount=WHOLE),
        "Player": thing("id", id=TEXT, name=TEXT, team_id=TEXT),
    }
    with serve(team, **schemas) as server:
        client = server.client
        own = client.post("/teams", json={"name": "a"}).json()["id"]
        player = client.post("/players", json={"name": "b", "team_id": own}).json()["id"]
        assert client.delete(f"/teams/{own}").status_code == 409
        client.delete(f"/players/{player}")
        assert client.delete(f"/teams/{own}").status_code == 204


def test_either_end_may_be_meant() -> None:
    way = thing("id", id=TEXT, from_city_id=TEXT, to_city_id=TEXT)
    operations = kept("/ways", "Way", thing(from_city_id=TEXT, to_city_id=TEXT))
    operations["GET /ways"] = does(array(ref("Way")), city_id=TEXT)
    with serve(operations, Way=way) as server:
        ways = [("a", "b"), ("b", "c"), ("c", "d")]
        for start, end in ways:
            server.client.post("/ways", json={"from_city_id": start, "to_city_id": end})
        rows = server.client.get("/ways", params={"city_id": "b"}).json()
        assert [(row["from_city_id"], row["to_city_id"]) for row in rows] == ways[:2]


@pytest.mark.parametrize("name", ["exclude_archived", "hideArchived", "without_archived"])
def test_a_list_may_leave_some_out(name: str) -> None:
    room = thing("id archived", id=TEXT, title=TEXT, archived={"type": "boolean"})
    operations = kept("/rooms", "Room", thing(title=TEXT))
    operations["GET /rooms"] = does(array(ref("Room")), **{name: {"type": "boolean"}})
    operations["POST /rooms/{room_id}/archive"] = does(ref("Room"))
    with serve(operations, Room=room) as server:
        client = server.client
        one, two = (client.post("/rooms", json={"title": t}).json()["id"] for t in "ab")
        client.post(f"/rooms/{one}/archive")
        for value, shown in (("true", [two]), ("false", [one, two])):
            rows = client.get("/rooms", params={name: value}).json()
            assert [row["id"] for row in rows] == shown
