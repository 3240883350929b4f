"""What the caller follows, likes or has starred, as a list of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.combinations import in_turns
from tests.support.documents import FLAG, TEXT, WHOLE, array, obj, ref, thing
from tests.support.trades import does, kept, serve

LISTS = {"following": "follow", "starred": "star", "liked": "like", "bookmarks": "bookmark"}
WAYS = [
    ("PUT {own}/{id}", "DELETE {own}/{id}"),
    ("POST /things/{id}/{verb}", "DELETE /things/{id}/{verb}"),
    ("POST /things/{id}/{verb}", "POST /things/{id}/un{verb}"),
    ("POST {own}", "DELETE {own}/{id}"),
]


@pytest.mark.parametrize(
    ("word", "way", "me", "wrapped"),
    in_turns(LISTS, WAYS, ["/me", "/users/me", "/user"], [True, False]),
)
def test_a_list_has_what_the_caller_marked(
    word: str, way: tuple[str, str], me: str, wrapped: bool
) -> None:
    verb, own = LISTS[word], f"{me}/{word}"
    on, off = (
        one.replace("{own}", own).replace("{verb}", verb).replace("{id}", "{thing_id}").split()
        for one in way
    )
    sent = thing("thing_id", thing_id=TEXT) if on[1] == own else None
    some = obj(items=array(ref("Thing")), total=WHOLE) if wrapped else array(ref("Thing"))
    item = thing("id", id=TEXT, name=TEXT, viewer_has_marked=FLAG)
    operations = {
        **kept("/things", "Thing", thing("name", name=TEXT)),
        f"GET {own}": does(some, says="Lists those of the current user"),
        " ".join(on): does(None, sent, status=204, says=f"{verb} a thing"),
        " ".join(off): does(None, status=204, says=f"Un{verb} a thing"),
    }
    with serve(operations, Thing=item) as server:
        client = server.client
        one, two = (client.post("/things", json={"name": n}).json()["id"] for n in "ab")

        def listed() -> list[Any]:
            found = client.get(own).json()
            return [row["id"] for row in (found["items"] if wrapped else found)]

        def call(way: list[str], name: str) -> None:
            body = {"thing_id": name} if sent and way is on else None
            path = way[1].replace("{thing_id}", name)
            reply = client.request(way[0], path, **({"json": body} if body else {}))
            assert reply.status_code == 204

        assert listed() == []
        call(on, one)
        call(on, one)
        assert listed() == [one]
        call(on, two)
        assert sorted(listed()) == sorted([one, two])
        call(off, one)
        assert listed() == [two]
        assert len(client.get("/things").json()) == 2
