"""Documents in which existing entities are put into others and taken out again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.engine.inferred.repository import OwnRepository
from tests.support.documents import (
    WHOLE,
    answer,
    array,
    body,
    obj,
    operation,
    path,
    ref,
    text,
    with_schemas,
)

USERS = "/groups/{groupId}/users"
IDS = obj("userIds", userIds=array(text()))


def groups(paths: dict[str, Any]) -> dict[str, Any]:
    """Users, groups, and these paths."""
    created = answer(ref("User"))
    user = {**operation("createUser"), "requestBody": body(obj("email", email=text()))}
    own = {
        "/users": {
            "get": operation("listUsers", array(ref("User"))),
            "post": {**user, "responses": {"201": created}},
        },
        "/users/{userId}": path("userId", get=operation("getUser", ref("User"), also=(404,))),
        "/groups": {"post": operation("createGroup", ref("Group"), sent=obj(name=text()))},
        "/groups/{groupId}": path("groupId", get=operation("getGroup", ref("Group"))),
    }
    schemas = {"User": obj("id", id=text(), email=text()), "Group": obj("id", id=text())}
    return with_schemas({**own, **paths}, **schemas)


STYLES: dict[str, tuple[dict[str, Any], tuple[str, str, str], tuple[str, str, str]]] = {
    "a path for each": (
        {
            f"{USERS}/{{userId}}": path(
                "groupId",
                "userId",
                put=operation("add", status=204),
                delete=operation("remove", status=204),
            )
        },
        ("PUT", "/{user}", ""),
        ("DELETE", "/{user}", ""),
    ),
    "an id in the body": (
        {
            f"{USERS}/{{userId}}": path(
                "groupId", "userId", delete=operation("remove", status=204)
            ),
            "add": {"post": operation("add", ref("User"), sent=obj("user_id", user_id=text()))},
        },
        ("POST", "", "user_id"),
        ("DELETE", "/{user}", ""),
    ),
    "several ids": (
        {
            f"{USERS}/remove": path(
                "groupId", post=operation("remove", obj(removed=WHOLE), sent=IDS)
            ),
            "add": {"post": operation("add", obj(added=WHOLE), sent=IDS)},
        },
        ("POST", "", "userIds"),
        ("POST", "/remove", "userIds"),
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_members_are_added_and_removed(style: str) -> None:
    paths, add, remove = STYLES[style]
    more = paths.get("add", {})
    listing = path("groupId", get=operation("members", obj(users=array(ref("User")))), **more)
    paths = {USERS: listing, **{url: item for url, item in paths.items() if url != "add"}}
    with MockServer(groups(paths)) as mock:
        client = mock.client
        group = client.post("/groups", json={"name": "g"}).json()["id"]
        user = client.post("/users", json={"email": "a@b.test"}).json()
        everybody = len(client.get("/users").json())

        def send(how: tuple[str, str, str]) -> Any:
            method, below, name = how
            url = f"/groups/{group}/users" + below.replace("{user}", user["id"])
            value = [user["id"]] if name.endswith("s") else user["id"]
            response = client.request(method, url, json={name: value} if name else None)
            assert response.is_success, response.text
            return response

        def members() -> list[Any]:
            return client.get(f"/groups/{group}/users").json()["users"]

        assert members() == []
        added = send(add)
        if style == "an id in the body":
            assert added.json() == user
        if style == "several ids":
            assert added.json() == {"added": 1}
        assert members() == [user]
        send(remove)
        assert members() == []
        assert client.get(f"/users/{user['id']}").json() == user
        assert len(client.get("/users").json()) == everybody


def test_only_what_exists_becomes_a_member() -> None:
    item = path("groupId", "userId", put=operation("add", status=204, also=(404,)))
    listing = path("groupId", get=operation("members", array(ref("User"))))
    with MockServer(groups({USERS: listing, f"{USERS}/{{userId}}": item})) as mock:
        group = mock.client.post("/groups", json={"name": "g"}).json()["id"]
        assert mock.client.put(f"/groups/{group}/users/nobody").status_code == 404
        assert mock.client.put("/groups/none/users/nobody").status_code == 404


def test_children_that_are_made_below_their_parent_are_no_members() -> None:
    """`POST` with the properties of an entity makes one, as before."""
    make = operation("make", ref("User"), sent=obj("email", email=text()))
    listing = path("groupId", get=operation("members", array(ref("User"))), post=make)
    with MockServer(groups({USERS: listing})) as mock:
        group = mock.client.post("/groups", json={"name": "g"}).json()["id"]
        made = mock.client.post(f"/groups/{group}/users", json={"email": "c@d.test"}).json()
        assert made["email"] == "c@d.test"
        assert made in mock.client.get(f"/groups/{group}/users").json()


def test_members_that_only_their_owner_shows() -> None:
    playlist = obj("id", id=text(), name=text(), tracks=array(ref("Track")), trackCount=WHOLE)
    tracks = "/playlists/{playlistId}/tracks"
    paths = {
        "/tracks": {"post": operation("createTrack", ref("Track"), sent=obj(title=text()))},
        "/tracks/{id}": path("id", get=operation("getTrack", ref("Track"), also=(404,))),
        "/playlists": {"post": operation("create", ref("Playlist"), sent=obj(name=text()))},
        "/playlists/{playlistId}": path("playlistId", get=operation("get", ref("Playlist"))),
        tracks: path(
            "playlistId",
            post=operation("add", ref("Playlist"), sent=obj("trackId", trackId=text())),
        ),
        f"{tracks}/{{trackId}}": path(
            "playlistId", "trackId", delete=operation("remove", ref("Playlist"))
        ),
    }
    schemas = {"Track": obj("id", id=text(), title=text()), "Playlist": playlist}
    with MockServer(with_schemas(paths, **schemas)) as mock:
        track = mock.client.post("/tracks", json={"title": "t"}).json()
        url = "/playlists/" + mock.client.post("/playlists", json={"name": "p"}).json()["id"]
        added = mock.client.post(f"{url}/tracks", json={"trackId": track["id"]}).json()
        assert (added["tracks"], added["trackCount"]) == ([track], 1)
        assert mock.client.get(url).json() == added
        removed = mock.client.delete(f"{url}/tracks/{track['id']}").json()
        assert removed["tracks"] == []
        assert mock.client.get(f"/tracks/{track['id']}").json() == track


def test_members_are_named_by_objects_with_their_ids() -> None:
    """`POST /groups/{id}/users` with `{"users": [{"id": 7}]}`, where each path calls its id so."""
    sent = obj("users", users=array(obj("id", id=text())))
    listed = operation("listMembers", array(ref("User")))
    added = {**operation("addMembers", array(ref("User"))), "requestBody": body(sent)}
    document = groups({USERS: path("groupId", get=listed, post=added)})
    renamed = json.loads(json.dumps(document).replace("groupId", "id").replace("userId", "id"))
    with MockServer(renamed) as server:
        user = server.client.post("/users", json={"email": "a@example.com"}).json()
        group = server.client.post("/groups", json={"name": "g"}).json()
        where = f"/groups/{group['id']}/users"
        assert server.client.post(where, json={"users": [{"id": user["id"]}]}).status_code == 200
        assert user in server.client.get(where).json()


def _clubs(paths: dict[str, Any]) -> dict[str, Any]:
    """People, clubs, and these paths."""
    person = obj("id", id=text(), email=text(), clubs=array(ref("Club")))
    own = {
        "/people": {
            "get": operation("listPeople", array(ref("Person"))),
            "post": operation(
                "createPerson", ref("Person"), status=201, sent=obj(email=text(), club_id=text())
            ),
        },
        "/people/{id}": path("id", get=operation("getPerson", ref("Person"))),
        "/clubs": {
            "get": operation("listClubs", array(ref("Club"))),
            "post": operation("createClub", ref("Club"), status=201, sent=obj(name=text())),
        },
        "/clubs/{id}": path("id", get=operation("getClub", ref("Club"))),
    }
    club = obj("id", id=text(), name=text())
    return with_schemas({**own, **paths}, Person=person, Club=club)


ADD = operation("add", array(ref("Person")), sent=obj("person_ids", person_ids=array(text())))
REMOVE = operation("remove", status=204, query={"person_ids": array(text())})
PEOPLE = path("id", get=operation("of", array(ref("Person"))), post=ADD, delete=REMOVE)


def test_members_are_seen_from_both_sides() -> None:
    """A club lists its people, a person their clubs; a DELETE with ids removes nobody for good."""
    clubs = path("id", get=operation("clubsOf", array(ref("Club"))))
    document = _clubs({"/clubs/{id}/people": PEOPLE, "/people/{id}/clubs": clubs})
    with MockServer(document) as mock:
        client = mock.client
        club = client.post("/clubs", json={"name": "chess"}).json()
        person = client.post("/people", json={"email": "a@b.test"}).json()["id"]
        members, url = f"/clubs/{club['id']}/people", f"/people/{person}"
        assert client.get(members).json() == []
        added = client.post(members, json={"person_ids": [person]}).json()
        assert [one["id"] for one in added] == [person]
        assert client.get(url).json()["clubs"] == [club]
        assert client.get(f"{url}/clubs").json() == [club]
        assert client.delete(f"{members}?person_ids={person}").status_code == 204
        assert client.get(members).json() == client.get(f"{url}/clubs").json() == []
        assert client.get(url).status_code == 200


def test_a_new_entity_is_of_the_owner_that_it_names() -> None:
    listing = path("id", get=operation("of", array(ref("Person"))))
    with MockServer(_clubs({"/clubs/{id}/people": listing})) as mock:
        client = mock.client
        one, other = (client.post("/clubs", json={"name": "c"}).json()["id"] for _ in range(2))
        person = client.post("/people", json={"email": "a@b.test", "club_id": one}).json()["id"]
        assert [each["id"] for each in client.get(f"/clubs/{one}/people").json()] == [person]
        assert client.get(f"/clubs/{other}/people").json() == []


@pytest.mark.parametrize("several", [False, True])
def test_members_that_name_their_owner_are_found_in_order(
    several: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an index if each names one owner; those that were linked lie among them."""
    field = "club_ids" if several else "club_id"
    sent = obj(email=text(), **{field: array(text()) if several else text()})
    person = obj("id", id=text(), email=text(), **{field: sent["properties"][field]})
    club = obj("id", id=text(), member_count=WHOLE)
    listing = operation("of", array(ref("Person")))
    add = operation("addPerson", status=204, sent=obj("person_id", person_id=text()))
    leave = path("id", "personId", delete=operation("leave", status=204))
    document = _clubs({"/clubs/{id}/people": path("id", get=listing, post=add)})
    document["paths"]["/clubs/{id}/people/{personId}"] = leave
    document["paths"]["/people"]["post"] = operation("make", ref("Person"), status=201, sent=sent)
    document["components"]["schemas"] |= {"Person": person, "Club": club}
    with MockServer(document, seeds="none") as mock:
        client = mock.client
        one, other = (client.post("/clubs", json={"name": name}).json()["id"] for name in "ab")
        owners = [one, other, one, other, other, one]
        people = [
            client.post("/people", json={field: [owner] if several else owner}).json()["id"]
            for owner in owners
        ]
        client.post(f"/clubs/{one}/people", json={"person_id": people[1]}).raise_for_status()
        client.delete(f"/clubs/{one}/people/{people[0]}").raise_for_status()
        listed = client.get(f"/clubs/{one}/people").json()
        assert [each["id"] for each in listed] == [people[1], people[2], people[5]]
        assert [each["member_count"] for each in client.get("/clubs").json()] == [3, 3]
        if not several:
            monkeypatch.setattr(OwnRepository, "scan", None)
            assert client.get(f"/clubs/{one}").json()["member_count"] == 3


def test_members_named_by_another_property() -> None:
    join = operation("join", ref("Person"), sent=obj("email", email=text()))
    listing = path("id", get=operation("of", array(ref("Person"))), post=join)
    leave = path("id", "personId", delete=operation("leave", status=204))
    paths = {"/clubs/{id}/people": listing, "/clubs/{id}/people/{personId}": leave}
    with MockServer(_clubs(paths)) as mock:
        client = mock.client
        club = client.post("/clubs", json={"name": "chess"}).json()["id"]
        person = client.post("/people", json={"email": "a@b.test"}).json()["id"]
        joined = client.post(f"/clubs/{club}/people", json={"email": "a@b.test"}).json()
        assert joined["id"] == person
        assert client.delete(f"/clubs/{club}/people/{person}").status_code == 204
        assert client.get(f"/clubs/{club}/people").json() == []


def test_lists_of_what_is_read_elsewhere() -> None:
    """`/favourites` shows people who can be fetched."""
    favourites = {"get": operation("favourites", array(ref("Person")))}
    with MockServer(_clubs({"/favourites": favourites})) as mock:
        for one in mock.client.get("/favourites").json():
            assert mock.client.get(f"/people/{one['id']}").json() == one


def runs() -> dict[str, Any]:
    """Check runs of a repository, which a suite of it lists as well; the example's URL names
    another repository."""
    suite = {"type": "object", "properties": {"id": WHOLE}}
    run = obj("id", id=WHOLE, name=text(), url=text(), suite=suite)
    example = {"id": 4, "name": "lint", "suite": {"id": 5}, "url": "/repos/other/runs/4"}
    fetch = operation("run", ref("Run"), also=(404,))
    fetch["responses"]["200"]["content"]["application/json"]["example"] = example
    sent = obj("name", name=text(), suite=suite)
    paths = {
        "/repos": {"post": operation("makeRepo", ref("Repo"), sent=obj(name=text()), status=201)},
        "/repos/{repo}": path("repo", get=operation("repo", ref("Repo"), also=(404,))),
        "/repos/{repo}/suites": path(
            "repo", post=operation("makeSuite", ref("Suite"), sent=obj(name=text()), status=201)
        ),
        "/repos/{repo}/suites/{suite}": path(
            "repo", "suite", get=operation("suite", ref("Suite"), also=(404,))
        ),
        "/repos/{repo}/runs": path(
            "repo", post=operation("makeRun", ref("Run"), sent=sent, status=201)
        ),
        "/repos/{repo}/runs/{run}": path("repo", "run", get=fetch),
        "/repos/{repo}/suites/{suite}/runs": path(
            "repo", "suite", get=operation("runs", array(ref("Run")))
        ),
    }
    schemas = {"Run": run, "Repo": obj("id", id=text()), "Suite": obj("id", id=WHOLE, name=text())}
    return with_schemas(paths, **schemas)


@pytest.mark.parametrize("seeds", ["examples", "generated", "none"])
def test_what_a_list_below_two_shows_can_be_read_below_the_first(seeds: Any) -> None:
    """`/repos/{repo}/suites/{suite}/runs` shows no run of another repository."""
    with MockServer(runs(), seeds=seeds) as mock:
        repos = [mock.client.post("/repos", json={"name": n}).json()["id"] for n in "ab"]
        for repo in repos:
            suite = mock.client.post(f"/repos/{repo}/suites", json={"name": "s"}).json()["id"]
            sent = {"name": "test", "suite": {"id": suite}}
            made = mock.client.post(f"/repos/{repo}/runs", json=sent).json()
            shown = mock.client.get(f"/repos/{repo}/suites/{suite}/runs").json()
            assert made in shown
            for one in shown:
                assert mock.client.get(f"/repos/{repo}/runs/{one['id']}").status_code == 200
            elsewhere = repos[1 - repos.index(repo)]
            found = mock.client.get(f"/repos/{elsewhere}/suites/{suite}/runs")
            assert found.status_code == 404 or made not in found.json()
