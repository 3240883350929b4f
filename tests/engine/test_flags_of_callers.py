"""Flags of the caller and the numbers beside them: likes, stars, bookmarks and their undoing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.combinations import in_turns
from tests.support.documents import FLAG, TEXT, WHOLE, ref, thing
from tests.support.trades import does, kept, serve

VERBS = {
    "like": ("liked", "likes"),
    "star": ("starred", "stars"),
    "bookmark": ("bookmarked", "bookmarks"),
    "follow": ("followed", "followers"),
    "upvote": ("upvoted", "upvotes"),
}
FLAGS = ["viewer_has_{}", "has_{}", "is_{}", "{}_by_me", "user_has_{}", "user_{}", "i_{}"]
COUNTS = ["{}_count", "{}", "num_{}", "total_{}", "stats.{}"]
WAYS = [
    ("POST /{verb}", "DELETE /{verb}"),
    ("PUT /{verb}", "DELETE /{verb}"),
    ("POST /{verb}", "POST /un{verb}"),
    ("POST /{noun}", "DELETE /{noun}"),
    ("POST /reactions/{verb}", "DELETE /reactions/{verb}"),
    ("PUT /{noun}/me", "DELETE /{noun}/me"),
    ("POST /{verb}", ""),
]


@pytest.mark.parametrize(("flag", "way", "verb", "count"), in_turns(FLAGS, WAYS, VERBS, COUNTS))
def test_a_flag_of_the_caller_and_its_number(
    flag: str, way: tuple[str, str], verb: str, count: str
) -> None:
    done, noun = VERBS[verb]
    flag, count = flag.format(done), count.format(noun)
    holder, _, inner = count.rpartition(".")
    numbers: dict[str, Any] = {inner: WHOLE}
    post = thing("id", id=TEXT, title=TEXT, **{flag: FLAG})
    post["properties"] |= {holder: thing(**numbers)} if holder else numbers
    on, off = (one.format(verb=verb, noun=noun).split() for one in way)
    says = verb if off else f"Toggle the {verb}"
    operations = {
        **kept("/posts", "Post", thing("title", title=TEXT)),
        f"{on[0]} /posts/{{post_id}}{on[1]}": does(ref("Post"), says=f"{says} of a post"),
    }
    if off:
        operations[f"{off[0]} /posts/{{post_id}}{off[1]}"] = does(ref("Post"), says=f"Un{verb}")
    with serve(operations, Post=post) as server:
        path = "/posts/" + server.client.post("/posts", json={"title": "a"}).json()["id"]

        def look() -> tuple[Any, Any]:
            shown = server.client.get(path).json()
            return shown[flag], (shown[holder] if holder else shown)[inner]

        assert look() == (False, 0)
        for _ in range(2 if off else 1):
            assert server.client.request(on[0], path + on[1]).json()[flag] is True
            assert look() == (True, 1)
        method, step = off or on
        assert server.client.request(method, path + step).json()[flag] is False
        assert look() == (False, 0)


@pytest.mark.parametrize(
    ("step", "name"), [("toggle", "done"), ("toggle-archived", "archived"), ("toggle", "is_on")]
)
def test_a_flag_is_turned_over(step: str, name: str) -> None:
    todo = thing("id", id=TEXT, title=TEXT, **{name: FLAG})
    operations = {
        **kept("/todos", "Todo", thing("title", title=TEXT)),
        f"POST /todos/{{todo_id}}/{step}": does(ref("Todo"), says="Toggle a todo"),
    }
    with serve(operations, Todo=todo) as server:
        path = "/todos/" + server.client.post("/todos", json={"title": "a"}).json()["id"]
        for wanted in (True, False, True):
            assert server.client.post(f"{path}/{step}").json()[name] is wanted
            assert server.client.get(path).json()[name] is wanted


def test_a_flag_of_others_is_none_of_the_caller() -> None:
    site = thing("id", id=TEXT, user_active=FLAG, owner_has_published=FLAG)
    operations = {
        **kept("/sites", "Site", thing("title", title=TEXT)),
        "POST /sites/{site_id}/activate": does(ref("Site"), says="Activate a site"),
        "POST /sites/{site_id}/publish": does(ref("Site"), says="Publish a site"),
    }
    with serve(operations, Site=site) as server:
        path = "/sites/" + server.client.post("/sites", json={"title": "a"}).json()["id"]
        before = server.client.get(path).json()
        server.client.post(f"{path}/activate")
        server.client.post(f"{path}/publish")
        assert server.client.get(path).json() == before
