"""Several entities in one request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.engine.inferred.repository import Entity, OwnRepository
from tests.support.documents import TEXT, answer, array, body, collection, document, thing

DOCUMENT = Path(__file__).parent.parent / "fixtures" / "bulk.yaml"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with MockServer(DOCUMENT, clock="manual", seed=7) as server:
        yield server.client


def listed(client: httpx.Client, path: str = "/contacts") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(path).raise_for_status().json()
    return rows


def test_each_of_an_array_is_made(client: httpx.Client) -> None:
    before = listed(client)
    reply = client.post("/contacts", json=[{"name": "Ada"}, {"name": "Grace"}])
    assert reply.status_code == 201
    made = reply.json()
    assert [contact["name"] for contact in made] == ["Ada", "Grace"]
    assert listed(client) == [*before, *made]
    assert client.get(f"/contacts/{made[1]['id']}").json() == made[1]


def test_an_array_inside_an_object(client: httpx.Client) -> None:
    before = listed(client)
    made = client.post("/contacts/batch", json={"contacts": [{"name": "A"}, {"name": "B"}]}).json()
    assert [contact["name"] for contact in made["contacts"]] == ["A", "B"]
    assert listed(client) == [*before, *made["contacts"]]


def test_of_none_nothing_is_made(client: httpx.Client) -> None:
    before = listed(client)
    assert client.post("/contacts", json=[]).json() == []
    assert client.post("/contacts/batch", json={"contacts": []}).json() == {"contacts": []}
    assert listed(client) == before


def test_all_or_none(client: httpx.Client) -> None:
    before = listed(client)
    reply = client.post("/contacts", json=[{"name": "New"}, {"name": "Old", "id": before[0]["id"]}])
    assert reply.status_code == 409
    assert listed(client) == before


def test_those_that_are_named_go_once(client: httpx.Client) -> None:
    one, two, three = listed(client)
    ids = [one["id"], one["id"], "nobody", three["id"]]
    assert client.delete("/contacts", params={"ids": ids}).status_code == 204
    assert listed(client) == [two]
    assert client.get(f"/contacts/{one['id']}").status_code == 404


def test_ids_in_a_body(client: httpx.Client) -> None:
    one, two, three = listed(client, "/labels")
    body = {"label_ids": [two["id"], 10**9]}
    reply = client.request("DELETE", "/labels", json=body)
    assert reply.json() == {"deleted": 1}
    assert listed(client, "/labels") == [one, three]


def test_ids_below_a_thing(client: httpx.Client) -> None:
    label = listed(client, "/labels")[0]["id"]
    marks = listed(client, f"/labels/{label}/marks")
    gone = {"ids": [marks[0]["id"]]}
    assert client.delete(f"/labels/{label}/marks", params=gone).status_code == 204
    assert listed(client, f"/labels/{label}/marks") == marks[1:]


def test_an_entity_for_each_recipient() -> None:
    shown = thing("id to body", id=TEXT, to=TEXT, body=TEXT)
    sent = thing("to body", to={"type": "array", "items": TEXT}, body=TEXT)
    several = {"type": "array", "items": shown}
    paths = {
        "/messages": {
            "get": {"responses": {"200": answer(several)}},
            "post": {"requestBody": body(sent), "responses": {"201": answer(several)}},
        }
    }
    with MockServer(document(paths)) as server:
        made = server.client.post("/messages", json={"to": ["a", "b"], "body": "hi"}).json()
        assert [(one["to"], one["body"]) for one in made] == [("a", "hi"), ("b", "hi")]
        listed = server.client.get("/messages").json()
        assert all(one in listed for one in made)


def test_the_copies_for_each_recipient_are_bounded() -> None:
    sent = thing("to body", to={"type": "array", "items": TEXT}, body=TEXT)
    several = {"type": "array", "items": thing("id to body", id=TEXT, to=TEXT, body=TEXT)}
    paths = {
        "/messages": {
            "get": {"responses": {"200": answer(several)}},
            "post": {"requestBody": body(sent), "responses": {"201": answer(several)}},
        }
    }
    with MockServer(document(paths), seeds="none") as server:
        many = {"to": ["a"] * 2000, "body": "b" * 20_000}
        refused = server.client.post("/messages", json=many)
        assert refused.status_code == 413
        assert "'to'" in refused.text
        assert server.client.get("/messages").json() == []
        assert server.client.post("/messages", json={**many, "to": ["a"]}).status_code == 201


def test_one_that_two_ids_name_is_removed_once() -> None:
    shown = thing("id name", id={"type": "integer"}, name=TEXT)
    ids = {"type": "array", "items": {"type": ["string", "integer"]}}
    gone = thing("deleted", deleted={"type": "integer"})
    paths = collection("/things", shown, thing("name", name=TEXT)) | {
        "/things/bulk-delete": {
            "post": {"requestBody": body(thing("ids", ids=ids)), "responses": {"200": answer(gone)}}
        }
    }
    with MockServer(document(paths), seeds="none") as server:
        made = server.client.post("/things", json={"name": "a"}).json()["id"]
        removed = server.client.post("/things/bulk-delete", json={"ids": [made, str(made)]})
        assert removed.json() == {"deleted": 1}
        assert server.client.get("/things").json() == []


def test_a_row_for_each_item_of_an_array() -> None:
    result = {"type": "array", "items": thing(to=TEXT, code={"type": "integer"})}
    sent = {"type": "array", "items": thing("to", to=TEXT)}
    paths = {
        "/send/batch": {"post": {"requestBody": body(sent), "responses": {"200": answer(result)}}}
    }
    with MockServer(document(paths)) as server:
        shown = server.client.post("/send/batch", json=[{"to": "a"}, {"to": "b"}]).json()
        assert [one.get("to") for one in shown] == ["a", "b"]


def test_each_row_of_a_batch_says_how_it_went() -> None:
    """An entity in each row of the response, beside its outcome."""
    image = thing("id", id=TEXT, width={"type": "integer"})
    status = {"type": "string", "enum": ["ErrorSize", "OK"]}
    row = thing(sourceUrl=TEXT, status=status, image={"$ref": "#/components/schemas/Image"})
    told = thing(images=array(row), isBatchSuccessful={"type": "boolean"})
    sent = thing(images=array(thing("url", url=TEXT)), tagIds=array(TEXT))
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    shown = {"$ref": "#/components/schemas/Image"}
    paths = {
        "/images": {
            "post": {"requestBody": body(thing(data=TEXT)), "responses": {"200": answer(told)}}
        },
        "/images/urls": {"post": {"requestBody": body(sent), "responses": {"200": answer(told)}}},
        "/images/{id}": {"parameters": [item], "get": {"responses": {"200": answer(shown)}}},
    }
    with MockServer(document(paths, schemas={"Image": image})) as server:
        urls = ["https://a.example", "https://b.example"]
        made = server.client.post(
            "/images/urls", json={"images": [{"url": u} for u in urls]}
        ).json()
        assert made["isBatchSuccessful"] is True
        assert [(one["status"], one["sourceUrl"]) for one in made["images"]] == [
            ("OK", url) for url in urls
        ]
        ids = [one["image"]["id"] for one in made["images"]]
        assert len(set(ids)) == 2
        assert [server.client.get(f"/images/{own}").json()["id"] for own in ids] == ids


def test_a_flag_says_that_it_was_done() -> None:
    reject = thing("email", email=TEXT, reason=TEXT)
    told = thing("added", email=TEXT, added={"type": "boolean"})
    paths = {
        "/rejects": {
            "get": {"responses": {"200": answer(array(reject))}},
            "post": {
                "requestBody": body(thing("email", email=TEXT)),
                "responses": {"201": answer(told)},
            },
        }
    }
    with MockServer(document(paths)) as server:
        assert server.client.post("/rejects", json={"email": "a@b.cc"}).json()["added"] is True


POINT = thing("id", id={"type": "integer"}, name=TEXT, groupId={"type": "integer"})
RECEIPT = thing("id", id={"type": "integer"}, uri=TEXT)


def points(method: str, summary: str, sent: dict[str, Any]) -> dict[str, Any]:
    """Points, below groups as well, with an operation on several that says what it does."""
    one, told = ({"$ref": f"#/components/schemas/{name}"} for name in ("Point", "Receipt"))
    made = {"requestBody": body(one), "responses": {"200": answer(told)}}
    group = thing("id", id={"type": "integer"}, title=TEXT)
    number = {"get": {"responses": {"200": answer(thing(count={"type": "integer"}))}}}
    item = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    rows = {"200": answer(thing(entities=array({"$ref": "#/components/schemas/Receipt"})))}
    several = {"summary": summary, "requestBody": body(sent), "responses": {"200": answer()}}
    paths = {
        "/points": {"get": {"responses": rows}, "post": made},
        "/points/{id}": {"parameters": [item], "get": {"responses": {"200": answer(one)}}},
        "/points/batch": {method: several},
        "/points/count": number,
        "/groups": {
            "get": {"responses": {"200": answer(array(group))}},
            "post": {"requestBody": body(group), "responses": {"200": answer(group)}},
        },
        "/groups/{id}": {"parameters": [item], "get": {"responses": {"200": answer(group)}}},
        "/groups/{id}/points": {"parameters": [item], "get": {"responses": rows}, "post": made},
        "/groups/{id}/points/count": {"parameters": [item], **number},
    }
    return document(paths, schemas={"Point": POINT, "Receipt": RECEIPT})


LIST = thing(List=array({"$ref": "#/components/schemas/Point"}))


@pytest.mark.parametrize("method", ["put", "post"])
def test_a_summary_says_that_several_are_made(method: str) -> None:
    with MockServer(points(method, "Create multiple points", LIST), seeds="none") as server:
        sent = {"List": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]}
        server.client.request(method, "/points/batch", json=sent).raise_for_status()
        assert server.client.get("/points/count").json() == {"count": 2}


@pytest.mark.parametrize("method", ["put", "post"])
def test_a_summary_says_that_several_are_changed(method: str) -> None:
    with MockServer(points(method, "Update multiple points", LIST), seeds="none") as server:
        ids = [
            server.client.post("/points", json={"id": n, "name": "a"}).json()["id"] for n in (1, 2)
        ]
        sent = {"List": [{"id": own, "name": f"new {own}"} for own in ids]}
        server.client.request(method, "/points/batch", json=sent).raise_for_status()
        names = [server.client.get(f"/points/{own}").json()["name"] for own in ids]
        assert names == [f"new {own}" for own in ids]
        assert server.client.get("/points/count").json() == {"count": 2}


@pytest.mark.parametrize("name", ["Entities", "Whatever"])
def test_a_delete_of_several_has_ids_in_its_body(name: str) -> None:
    sent = thing(**{name: array(RECEIPT)})
    with MockServer(points("delete", "Delete multiple points", sent), seeds="none") as server:
        ids = [server.client.post("/points", json={"id": n}).json()["id"] for n in (1, 2)]
        gone = {name: [{"id": ids[0]}]}
        server.client.request("DELETE", "/points/batch", json=gone).raise_for_status()
        rows = server.client.get("/points").json()["entities"]
        assert [row["id"] for row in rows] == ids[1:]


def test_seed_entities_are_deleted_by_their_ids() -> None:
    """Also if nothing has looked at the collection before."""
    linked = body(thing("user_id group_id", user_id=TEXT, group_id=TEXT))
    shown = thing("id", id=TEXT, user_id=TEXT, group_id=TEXT)
    paths = {
        "/permissions": {
            "get": {"responses": {"200": answer({"type": "array", "items": shown})}},
            "post": {"requestBody": linked, "responses": {"201": answer(shown)}},
            "delete": {"requestBody": linked, "responses": {"204": {"description": "Done."}}},
        }
    }
    with MockServer(document(paths), seed=1) as mock:
        rows = listed(mock.client, "/permissions")
    pair = {name: rows[0][name] for name in ("user_id", "group_id")}
    with MockServer(document(paths), seed=1) as mock:
        reply = mock.client.request("DELETE", "/permissions", json=pair)
        assert reply.status_code == 204
        assert listed(mock.client, "/permissions") == rows[1:]


def test_what_is_made_below_another_is_counted_there() -> None:
    with MockServer(points("put", "", LIST), seeds="none") as server:
        group, other = (server.client.post("/groups", json={"id": n}).json()["id"] for n in (7, 8))
        own = server.client.post(f"/groups/{group}/points", json={"id": 1, "name": "x"}).json()[
            "id"
        ]
        assert server.client.get(f"/groups/{group}/points/count").json() == {"count": 1}
        assert server.client.get(f"/groups/{other}/points/count").json() == {"count": 0}
        assert server.client.get(f"/points/{own}").json()["name"] == "x"


def test_rows_have_the_ids_of_what_is_made_elsewhere() -> None:
    """A message for each row of a request, read at a path of its own."""
    message = thing("messageId", messageId=TEXT, text=TEXT)
    item = {"name": "messageId", "in": "path", "required": True, "schema": TEXT}
    sent = thing(requests=array(thing("text", text=TEXT, to=TEXT)))
    told = thing(responses=array(thing(messageId=TEXT, error=TEXT)))
    paths = {
        "/sms/send-bulk": {"post": {"requestBody": body(sent), "responses": {"200": answer(told)}}},
        "/messages/{messageId}": {
            "parameters": [item],
            "get": {"responses": {"200": answer(message), "404": answer()}},
        },
    }
    with MockServer(document(paths)) as server:
        requests = [{"text": "a", "to": "1"}, {"text": "b", "to": "2"}]
        rows = server.client.post("/sms/send-bulk", json={"requests": requests}).json()["responses"]
        texts = [server.client.get(f"/messages/{one['messageId']}").json()["text"] for one in rows]
        assert texts == ["a", "b"]
        assert not any(one.get("error") for one in rows)


@pytest.mark.parametrize("name", ["recipients", "messages"])
def test_rows_of_what_is_kept_nowhere(name: str) -> None:
    row = thing(
        number=TEXT, ref=TEXT, accepted={"type": "boolean"}, error=TEXT, cost={"type": "number"}
    )
    sent = thing(recipients=array(thing("number", number=TEXT, ref=TEXT)))
    paths = {
        "/send": {
            "post": {
                "requestBody": body(sent),
                "responses": {"200": answer(thing(**{name: array(row)}))},
            }
        },
        "/status": {
            "post": {
                "requestBody": body(array({"type": "integer"})),
                "responses": {
                    "200": answer(array(thing("smsId", smsId={"type": "integer"}, cost=TEXT)))
                },
            }
        },
    }
    with MockServer(document(paths)) as server:
        recipients = [{"number": "1", "ref": "a"}, {"number": "2", "ref": "b"}]
        rows = server.client.post("/send", json={"recipients": recipients}).json()[name]
        assert [(one["number"], one["ref"], one["accepted"]) for one in rows] == [
            ("1", "a", True),
            ("2", "b", True),
        ]
        assert not any(one.get("error") for one in rows)
        assert [one["smsId"] for one in server.client.post("/status", json=[11, 12]).json()] == [
            11,
            12,
        ]


def test_values_of_their_own_cost_no_look_at_each_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = thing("id", id=TEXT, login=TEXT, name=TEXT)
    several = {"type": "array", "items": thing("login", login=TEXT, name=TEXT)}
    taken = {"409": {"description": "A user with this login already exists"}}
    shown = {"type": "array", "items": user}
    paths = {
        "/users": {
            "get": {"responses": {"200": answer(shown)}},
            "post": {"requestBody": body(several["items"]), "responses": {"201": answer(user)}},
        },
        "/users/batch": {
            "post": {"requestBody": body(several), "responses": {"201": answer(shown), **taken}}
        },
        "/users/{user_id}": {"get": {"responses": {"200": answer(user)}}},
    }
    looked = 0
    as_of = OwnRepository.as_of

    def counted(self: OwnRepository, row: Any, now: int) -> Entity:
        nonlocal looked
        looked += 1
        return as_of(self, row, now)

    with MockServer(document(paths), clock="manual", seeds="none") as server:
        monkeypatch.setattr(OwnRepository, "as_of", counted)
        sent = [{"login": f"user {number}"} for number in range(200)]
        assert server.client.post("/users/batch", json=sent).status_code == 201
        assert looked < 2000
        for login in ("USER 7", "new", "New"):
            sent = [{"login": "other"}, {"login": login}]
            reply = server.client.post("/users/batch", json=sent)
            assert reply.status_code == (201 if login == "new" else 409)
            # What a refused request has made is taken back, from the order that is kept, too.
            assert len(server.client.get("/users").json()) == (200 if login == "USER 7" else 202)


def test_texts_that_are_sent_make_no_rows_of_texts() -> None:
    """A response whose array holds texts says nothing of each item that was sent."""
    kinds = {"type": "array", "items": {"type": "string", "enum": ["MADE", "GONE"]}}
    shown = {"type": "object", "properties": {"kinds": kinds, "note": {"type": "string"}}}
    sent = {"type": "object", "properties": {"kinds": kinds}}
    paths = {"/test": {"post": {"requestBody": body(sent), "responses": {"200": answer(shown)}}}}
    with MockServer(document(paths)) as mock:
        response = mock.client.post("/test", json={"kinds": ["GONE"]})
        assert response.status_code == 200, response.text
