"""Copies, with what belongs to the original, and entities that go to another parent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.documents import TEXT, WHOLE, array, ref, thing
from tests.support.trades import does, kept, serve

ALBUM = thing("id name", id=TEXT, name=TEXT, owner=TEXT, song_count=WHOLE)
SONG = thing("id title", id=TEXT, title=TEXT, album_id=TEXT)


def albums(place: str = "", operation: Any = None, album: Any = ALBUM) -> Any:
    sent = thing("title", title=TEXT)
    operations = {
        **kept("/albums", "Album", thing("name", name=TEXT, owner=TEXT)),
        "GET /albums/{album_id}/songs": does(array(ref("Song"))),
        "POST /albums/{album_id}/songs": does(ref("Song"), sent, status=201),
        "GET /songs/{song_id}": does(ref("Song")),
        "PATCH /songs/{song_id}": does(ref("Song"), thing(title=TEXT, album_id=TEXT)),
        "POST /songs/{song_id}/move": does(ref("Song"), thing("album_id", album_id=TEXT)),
    }
    if place:
        operations[place] = operation
    return serve(operations, Album=album, Song=SONG)


def one(client: Any) -> tuple[str, list[str]]:
    album = client.post("/albums", json={"name": "a", "owner": "Ann"}).json()["id"]
    songs = [client.post(f"/albums/{album}/songs", json={"title": t}).json()["id"] for t in "xy"]
    return album, songs


@pytest.mark.parametrize(
    ("place", "says", "below"),
    [
        ("POST /albums/{album_id}/copy", "Copy an album with its songs", 2),
        ("POST /albums/{album_id}/duplicate", "Duplicates an album and each song", 2),
        ("POST /albums/{album_id}/clone", "Clone an album", 0),
    ],
)
def test_a_copy_has_what_the_document_says(place: str, says: str, below: int) -> None:
    with albums(place, does(ref("Album"), thing(name=TEXT), status=201, says=says)) as server:
        client = server.client
        album, songs = one(client)
        path = place.split()[1].replace("{album_id}", album)
        copy = client.post(path, json={"name": "b"}).json()
        assert copy["id"] != album
        assert (copy["name"], copy["owner"]) == ("b", "Ann")
        rows = client.get(f"/albums/{copy['id']}/songs").json()
        assert [row["title"] for row in rows] == ["x", "y"][:below]
        assert not {row["id"] for row in rows} & {*songs}
        assert all(row["album_id"] == copy["id"] for row in rows)
        assert client.get(f"/albums/{copy['id']}").json()["song_count"] == below
        assert [row["id"] for row in client.get(f"/albums/{album}/songs").json()] == songs


def test_a_copy_has_what_the_entity_shows() -> None:
    shown = {**ALBUM, "properties": {**ALBUM["properties"], "songs": array(ref("Song"))}}
    place = "POST /albums/{album_id}/clone"
    with albums(place, does(ref("Album"), status=201, says="Clone"), shown) as server:
        album, songs = one(server.client)
        copy = server.client.post(f"/albums/{album}/clone").json()
        assert [song["title"] for song in copy["songs"]] == ["x", "y"]
        assert [s["id"] for s in server.client.get(f"/albums/{album}").json()["songs"]] == songs


@pytest.mark.parametrize("name", ["newName", "new_album_name", "copy_title"])
def test_the_query_may_name_the_copy(name: str) -> None:
    own = "album_title" if "title" in name else "name"
    album = thing("id", id=TEXT, owner=TEXT, **{own: TEXT})
    operations = {
        **kept("/albums", "Album", thing(owner=TEXT, **{own: TEXT})),
        "POST /albums/{album_id}/clone": does(thing(id=TEXT), **{name: TEXT}),
    }
    with serve(operations, Album=album) as server:
        client = server.client
        first = client.post("/albums", json={own: "a", "owner": "Ann"}).json()
        copy = client.post(f"/albums/{first['id']}/clone", params={name: "b"}).json()["id"]
        assert client.get(f"/albums/{copy}").json() == {"id": copy, "owner": "Ann", own: "b"}
        assert client.get(f"/albums/{first['id']}").json() == first


def test_what_is_saved_as_another_is_another() -> None:
    operation = does(ref("Album"), thing(name=TEXT), status=201)
    with albums("POST /albums/{album_id}/save-as-template", operation) as server:
        album, _ = one(server.client)
        path = f"/albums/{album}/save-as-template"
        made = server.client.post(path, json={"name": "t"}).json()
        assert made["id"] != album
        assert made["name"] == "t"
        assert server.client.get(f"/albums/{album}").json()["name"] == "a"


@pytest.mark.parametrize("how", ["POST move", "PATCH"])
def test_it_goes_to_another_parent(how: str) -> None:
    with albums() as server:
        client = server.client
        album, songs = one(client)
        other = client.post("/albums", json={"name": "b"}).json()["id"]
        method, _, step = how.partition(" ")
        path = f"/songs/{songs[0]}/{step}".rstrip("/")
        moved = client.request(method, path, json={"album_id": other}).json()
        assert (moved["id"], moved["album_id"]) == (songs[0], other)
        for place, left in ((album, songs[1:]), (other, songs[:1])):
            assert [row["id"] for row in client.get(f"/albums/{place}/songs").json()] == left
            assert client.get(f"/albums/{place}").json()["song_count"] == 1
        client.delete(f"/albums/{album}")
        assert client.get(f"/songs/{songs[0]}").status_code == 200
