"""Operations whose status alone says whether something is so, and what sets and unsets it."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, document, thing

FLAG = {"type": "boolean"}
STATE = {"type": "string", "enum": ["open", "merged", "locked"]}
ENTITIES = {
    "plain": thing(id=TEXT, name=TEXT),
    "with a state": thing(id=TEXT, name=TEXT, state=STATE, merged=FLAG, locked=FLAG),
}
MARKS = [
    ("/gists/{id}/star", "put", True),
    ("/gists/{id}/star", "post", True),
    ("/user/starred/{id}", "put", True),
    ("/me/blocks/{id}", "put", True),
    ("/gists/{id}/merge", "put", False),
    ("/gists/{id}/merge", "post", False),
    ("/gists/{id}/lock", "put", True),
    ("/gists/{id}/vulnerability-alerts", "put", True),
    ("/gists/{id}/read", "put", True),
]
Json = dict[str, Any]


def named(path: str) -> list[Json]:
    names = [step.strip("{}") for step in path.split("/") if step.startswith("{")]
    return [{"name": one, "in": "path", "required": True, "schema": TEXT} for one in names]


def kept(path: str, schema: Json, parameter: str) -> Json:
    """List, create, fetch and remove."""
    new, found = body(thing(name=TEXT)), {"200": answer(schema), "404": answer()}
    one = f"{path}/{{{parameter}}}"
    rows = {"200": answer({"type": "array", "items": schema})}
    return {
        path: {
            "get": {"responses": rows},
            "post": {"requestBody": new, "responses": {"201": answer(schema)}},
        },
        one: {
            "get": {"parameters": named(one), "responses": found},
            "delete": {"parameters": named(one), "responses": {"204": answer()}},
        },
    }


@pytest.mark.parametrize(
    ("mark", "entity", "said"), in_turns(MARKS, [*ENTITIES], ["Check if it is so", ""])
)
def test_a_check_tells_what_the_verb_at_its_path_did(
    mark: tuple[str, str, bool], entity: str, said: str
) -> None:
    path, method, undone = mark
    here, gone = named(path), {"204": answer(), "404": answer()}
    at: Json = {
        "get": {"summary": said, "parameters": here, "responses": gone},
        method: {"parameters": here, "responses": {"204": answer()}},
    }
    if undone:
        at["delete"] = {"parameters": here, "responses": {"204": answer()}}
    gist = {"$ref": "#/components/schemas/Gist"}
    paths = {**kept("/gists", gist, "id"), path: at}
    client = MockServer(document(paths, schemas={"Gist": ENTITIES[entity]})).client
    one, other = (client.post("/gists", json={"name": name}).json()["id"] for name in "ab")
    url = path.replace("{id}", one)
    assert client.get(url).status_code == 404
    assert client.request(method, url).status_code == 204
    assert client.get(url).status_code == 204
    assert client.get(path.replace("{id}", other)).status_code == 404
    if undone:
        assert client.delete(url).status_code == 204
        assert client.get(url).status_code == 404


LISTS = [
    "/me/channels",
    "/user/starred",
    "/me/following",
    "/users/{uid}/likes",
    "/users/{uid}/channels",
    "/users/me/bookmarks",
]


@pytest.mark.parametrize(
    ("path", "parameter", "said", "checked"),
    in_turns(LISTS, ["id", "channel_id"], ["Unsubscribe", ""], [True, False]),
)
def test_what_the_caller_subscribes_to_is_listed_and_goes_on_to_exist(
    path: str, parameter: str, said: str, checked: bool
) -> None:
    channel, one = {"$ref": "#/components/schemas/Channel"}, f"{path}/{{{parameter}}}"
    rows = {"200": answer({"type": "array", "items": channel})}
    at: Json = {
        "put": {"parameters": named(one), "responses": {"204": answer()}},
        "delete": {"summary": said, "parameters": named(one), "responses": {"204": answer()}},
    }
    if checked:
        told = {"204": answer(), "404": answer()}
        at["get"] = {"parameters": named(one), "responses": told}
    paths = {
        **kept("/channels", channel, parameter),
        **kept("/users", {"$ref": "#/components/schemas/User"}, "uid"),
        path: {"get": {"parameters": named(path), "responses": rows}},
        one: at,
    }
    entity = thing(id=TEXT, name=TEXT)
    schemas = {"Channel": entity, "User": entity}
    client = MockServer(document(paths, schemas=schemas)).client
    user = client.post("/users", json={"name": "u"}).json()["id"]
    first, second = (client.post("/channels", json={"name": name}).json()["id"] for name in "ab")
    listed, url = path.replace("{uid}", user), f"{path}/{first}".replace("{uid}", user)
    other = f"{listed}/{second}"

    def ids() -> list[str]:
        return [row["id"] for row in client.get(listed).json()]

    assert first not in ids()
    assert not checked or client.get(url).status_code == 404
    assert client.put(url).status_code == 204
    assert first in ids()
    assert second not in ids()
    assert not checked or (client.get(url).status_code, client.get(other).status_code) == (204, 404)
    assert client.delete(url).status_code == 204
    assert first not in ids()
    assert not checked or client.get(url).status_code == 404
    assert client.get(f"/channels/{first}").status_code == 200
