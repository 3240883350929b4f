"""Who follows a user, whom a user follows, and the counts of both."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, array, document, obj, ref
from tests.support.trades import does

COUNT = {"type": "integer"}
VERBS = [
    ("POST /users/{user_id}/follow", "POST /users/{user_id}/unfollow"),
    ("PUT /users/{user_id}/follow", "DELETE /users/{user_id}/follow"),
    ("PUT /me/following/{user_id}", "DELETE /me/following/{user_id}"),
]


@pytest.mark.parametrize(("verbs", "status", "counts"), in_turns(VERBS, [204, 200], [True, False]))
def test_a_follower_is_listed_and_counted(
    verbs: tuple[str, str], status: int, counts: bool
) -> None:
    users, one = "/users", "/users/{user_id}"
    numbers = dict.fromkeys(("followers_count", "following_count"), COUNT) if counts else {}
    operations = {
        f"POST {users}": does(ref("User"), obj("name", name=TEXT), status=201),
        f"GET {users}": does(array(ref("User"))),
        f"GET {one}": does(ref("User")),
        f"GET {one}/followers": does(array(ref("User"))),
        f"GET {one}/following": does(array(ref("User"))),
        "GET /me": does(ref("User"), says="The authenticated user"),
        "GET /me/following": does(array(ref("User"))),
        verbs[0]: does(ref("User") if status == 200 else None, status=status, says="Follow a user"),
        verbs[1]: does(None, status=204, says="Unfollow a user"),
    }
    paths: dict[str, Any] = {}
    for place, operation in operations.items():
        method, path = place.split()
        named = [{"name": "user_id", "in": "path", "required": True, "schema": TEXT}]
        own = {**operation, "parameters": named if "{" in path else []}
        paths.setdefault(path, {})[method.lower()] = own
    user = obj("id", "name", id=TEXT, name=TEXT, **numbers)
    written = document(paths, "3.0.3", schemas={"User": user})
    with MockServer(written, clock="manual", seeds="none") as server:
        client = server.client
        made = [client.post(users, json={"name": name}).json()["id"] for name in "abc"]
        caller = client.get("/me").json()["id"]
        followed, other = (key for key in made if key != caller)

        def send(verb: str) -> None:
            method, path = verb.replace("{user_id}", followed).split()
            assert client.request(method, path).is_success

        def listed(path: str) -> list[str]:
            return [row["id"] for row in client.get(path).json()]

        def check(on: bool) -> None:
            assert listed(f"{users}/{followed}/followers") == [caller] * on
            assert listed("/me/following") == [followed] * on
            assert listed(f"{users}/{caller}/following") == [followed] * on
            assert listed(f"{users}/{other}/followers") == []
            if counts:
                assert client.get(f"{users}/{followed}").json()["followers_count"] == on
                assert client.get("/me").json()["following_count"] == on

        check(on=False)
        send(verbs[0])
        check(on=True)
        send(verbs[1])
        check(on=False)
