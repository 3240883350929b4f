"""What is read and set as a whole, however much it looks like a list; and one entity shown as a
list of one."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

ROW = thing(text=TEXT, needed={"type": "boolean"})
ROWS = {
    "objects": ({"type": "array", "items": ROW}, [{"text": "Why?", "needed": True}]),
    "texts": ({"type": "array", "items": TEXT}, ["a", "b"]),
    "numbers": ({"type": "array", "items": WHOLE}, [3, 1]),
}
PLACES = {
    "a path": "/settings/questions",
    "below": "/meetings/{meeting_id}/questions",
    "deep": "/meetings/{meeting_id}/registrants/structure",
    "versioned": "/v4/config/options",
}
NAMES = ("questions", "items", "structures", "values")


def whole(place: str, rows: str, name: str, method: str, answers: bool) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Whole"}
    names = [{"name": "meeting_id", "in": "path", "required": True, "schema": TEXT}]
    parameters = names if "{meeting_id}" in place else []
    read = {"parameters": parameters, "responses": {"200": answer(schema)}}
    done = {"200": answer(schema)} if answers else {"204": answer()}
    written = {"parameters": parameters, "requestBody": body(schema), "responses": done}
    meeting = thing(id=TEXT, topic=TEXT)
    paths: dict[str, Any] = {place: {"get": read, method: written}}
    if parameters:
        made = {"requestBody": body(thing(topic=TEXT)), "responses": {"201": answer(meeting)}}
        paths["/meetings"] = {"post": made}
        one = {"parameters": names, "responses": {"200": answer(meeting)}}
        paths["/meetings/{meeting_id}"] = {"get": one}
    return document(paths, schemas={"Whole": thing(**{name: ROWS[rows][0]})})


@pytest.mark.parametrize(
    ("place", "rows", "name", "method", "answers"),
    in_turns([*PLACES], [*ROWS], [*NAMES], ["put", "patch"], [True, False]),
)
def test_an_array_set_as_a_whole_is_read_back(
    place: str, rows: str, name: str, method: str, answers: bool
) -> None:
    path = PLACES[place]
    client = MockServer(whole(path, rows, name, method, answers)).client
    if "{" in path:
        made = client.post("/meetings", json={"topic": "x"}).json()
        path = path.replace("{meeting_id}", made["id"])
    sent = {name: ROWS[rows][1]}
    assert client.request(method, path, json=sent).is_success
    assert client.get(path).json() == sent


def test_a_get_named_like_its_path_is_of_the_same_resource_as_the_put() -> None:
    schema = thing(theme=TEXT)
    paths = {
        "/globalconfig": {
            "get": {"operationId": "globalConfig", "responses": {"200": answer(schema)}},
            "put": {"requestBody": body(schema), "responses": {"200": answer(schema)}},
        }
    }
    client = MockServer(document(paths)).client
    client.put("/globalconfig", json={"theme": "dark"})
    assert client.get("/globalconfig").json() == {"theme": "dark"}


ONES = {
    "an id": ("/bounces/{bounce_id}", thing(id=TEXT, reason=TEXT, created=TEXT)),
    "another name": ("/bounces/{contactId}", thing(id=TEXT, reason=TEXT, created=TEXT)),
    "a property": ("/bounces/{email}", thing(email=TEXT, reason=TEXT, created=TEXT)),
    "a slash": ("/bounces/{bounce_id}/", thing(id=TEXT, reason=TEXT, created=TEXT)),
}


@pytest.mark.parametrize("one", ONES)
@pytest.mark.parametrize("method", ["delete", "put", "patch"])
def test_one_shown_in_an_array_can_be_changed_and_removed(one: str, method: str) -> None:
    path, row = ONES[one]
    schema = {"$ref": "#/components/schemas/Bounce"}
    rows = {"200": answer({"type": "array", "items": schema})}
    name = path.split("{")[1].split("}")[0]
    named = [{"name": name, "in": "path", "required": True, "schema": TEXT}]
    change: dict[str, Any] = {"parameters": named, "responses": {"204": answer()}}
    if method != "delete":
        change["requestBody"] = body(thing(reason=TEXT))
    paths = {
        path.split("{")[0].rstrip("/") + "/" * path.endswith("/"): {"get": {"responses": rows}},
        path: {"get": {"parameters": named, "responses": rows}, method: change},
    }
    client = MockServer(document(paths, schemas={"Bounce": row})).client
    listed = client.get(next(iter(paths))).json()
    key = "email" if name == "email" else "id"
    here = path.replace(f"{{{name}}}", listed[0][key])
    assert [found[key] for found in client.get(here).json()] == [listed[0][key]]
    assert client.request(method, here, json={"reason": "full"}).is_success
    rest = client.get(next(iter(paths))).json()
    if method == "delete":
        assert rest == listed[1:]
        assert client.get(here).status_code == 404
    else:
        assert client.get(here).json()[0]["reason"] == "full"
        assert len(rest) == len(listed)


@pytest.mark.parametrize("path", ["/baskets/{name}/requests", "/events", "/me/watched/videos"])
def test_rows_that_nothing_else_is_about_are_all_removed(path: str) -> None:
    row = thing(date=TEXT, method=TEXT)
    page = thing(requests={"type": "array", "items": row}, total=WHOLE)
    names = [{"name": "name", "in": "path", "required": True, "schema": TEXT}]
    parameters = names if "{name}" in path else []
    limit = {"name": "limit", "in": "query", "schema": WHOLE}
    paths = {
        path: {
            "get": {"parameters": [*parameters, limit], "responses": {"200": answer(page)}},
            "delete": {"parameters": parameters, "responses": {"204": answer()}},
        }
    }
    client = MockServer(document(paths)).client
    here = path.replace("{name}", "a")
    assert client.get(here).json()["requests"]
    assert client.delete(here).status_code == 204
    assert client.get(here).json() == {"requests": [], "total": 0}


@pytest.mark.parametrize("said", ["Update payments", "Replace the payments", "Sets all payments"])
@pytest.mark.parametrize("path", ["/documents/{id}/payments", "/v3/documents/{id}/payment_history"])
def test_an_array_of_rows_without_ids_is_put_and_emptied(path: str, said: str) -> None:
    row = {"$ref": "#/components/schemas/Payment"}
    rows = {"200": answer({"type": "array", "items": row})}
    named = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    whole = thing(id=TEXT, title=TEXT)
    above = path.rsplit("/", 1)[0]
    sent = body({"type": "array", "items": row})
    paths = {
        path: {
            "get": {"parameters": named, "responses": rows},
            "put": {"summary": said, "parameters": named, "requestBody": sent, "responses": rows},
            "delete": {"parameters": named, "responses": {"204": answer()}},
        },
        above: {"get": {"parameters": named, "responses": {"200": answer(whole)}}},
        above.rsplit("/", 1)[0]: {
            "post": {"requestBody": body(thing(title=TEXT)), "responses": {"201": answer(whole)}}
        },
    }
    payment = thing(price=WHOLE, date=TEXT)
    client = MockServer(document(paths, schemas={"Payment": payment})).client
    made = client.post(above.rsplit("/", 1)[0], json={"title": "x"}).json()
    here = path.replace("{id}", made["id"])
    put = [{"price": 3, "date": "a"}, {"price": 4, "date": "b"}]
    assert client.put(here, json=put).json() == put
    assert client.get(here).json() == put
    assert client.put(here, json=put[:1]).is_success
    assert client.get(here).json() == put[:1]
    assert client.delete(here).status_code == 204
    assert client.get(here).json() == []


def test_links_beside_the_rows_of_a_page_are_no_rows() -> None:
    page = thing(
        page=WHOLE,
        totalElements=WHOLE,
        links={"type": "array", "items": thing(rel=TEXT, href=TEXT)},
        webServiceMessages={"type": "array", "items": thing(messageId=TEXT, text=TEXT)},
    )
    one = thing(messageId=TEXT, text=TEXT)
    named = [{"name": "messageId", "in": "path", "required": True, "schema": TEXT}]
    gone = {"parameters": named, "responses": {"204": answer()}}
    paths = {
        "/messages/all": {"get": {"responses": {"200": answer(page)}}},
        "/messages/{messageId}": {
            "get": {"parameters": named, "responses": {"200": answer(one)}},
            "delete": gone,
        },
    }
    client = MockServer(document(paths)).client
    before = client.get("/messages/all").json()
    first = before["webServiceMessages"][0]["messageId"]
    assert client.delete(f"/messages/{first}").status_code == 204
    after = client.get("/messages/all").json()
    assert after["totalElements"] == before["totalElements"] - 1
    assert after["webServiceMessages"] == before["webServiceMessages"][1:]


@pytest.mark.parametrize("said", ["Delete all entries", "Leave the group"])
@pytest.mark.parametrize("made", [True, False])
def test_rows_without_ids_are_added_and_removed(said: str, made: bool) -> None:
    row = thing(thumbprint=TEXT, algorithm=TEXT, publicData=TEXT)
    rows = {"200": answer(thing(value={"type": "array", "items": row}))}
    sent = body(thing("thumbprint algorithm", thumbprint=TEXT, algorithm=TEXT, data=TEXT))
    paths: dict[str, Any] = {
        "/certificates": {
            "get": {"responses": rows},
            "delete": {"summary": said, "responses": {"204": answer()}},
        }
    }
    if made:
        paths["/certificates"]["post"] = {"requestBody": sent, "responses": {"201": answer()}}
    client = MockServer(document(paths)).client
    before = client.get("/certificates").json()["value"]
    if made:
        new = {"thumbprint": "ab", "algorithm": "sha1"}
        assert client.post("/certificates", json=new).status_code == 201
        after = client.get("/certificates").json()["value"]
        assert len(after) == len(before) + 1
        assert any(new.items() <= one.items() for one in after)
    assert client.delete("/certificates").status_code == 204
    left = client.get("/certificates").json()["value"]
    assert (left == []) is (said == "Delete all entries")
