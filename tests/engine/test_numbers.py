"""Numbers that follow from what there is: counts, lengths, versions, positions."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.engine.inferred.field_roles import roles_of
from mockserver.openapi.schemas.resolved import Schemas
from tests.support.documents import TEXT, WHOLE, answer, body, collection, document, thing

ITEM = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]


def many(schema: Any) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def made(server: MockServer, path: str, **sent: Any) -> dict[str, Any]:
    found = server.client.post(path, json=sent)
    assert found.status_code < 300, found.text
    return dict(found.json())


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("line_count", "lines"),
        ("statementLineCount", "statementLines"),
        ("number_of_tags", "tags"),
        ("total_items", "items"),
        ("numPhones", "phones"),
        ("lineCount", "orderLines"),
    ],
)
def test_how_long_an_array_is(name: str, array: str) -> None:
    sent = thing(**{array: many(TEXT)})
    shown = thing("id", id=TEXT, **{array: many(TEXT), name: WHOLE})
    with MockServer(document(collection("/orders", shown, sent))) as server:
        row = made(server, "/orders", **{array: ["a", "b"]})
        assert row[name] == 2
        changed = server.client.patch(f"/orders/{row['id']}", json={array: ["a"]})
        assert changed.json()[name] == 1


@pytest.mark.parametrize(
    "name", ["total_comment_count", "commentsCount", "num_comments", "comment_count"]
)
def test_what_nobody_has_added_is_none_yet(name: str) -> None:
    shown = thing("id", id=TEXT, title=TEXT, **{name: WHOLE})
    below = thing("id", id=TEXT, text=TEXT)
    paths = collection("/posts", shown, thing(title=TEXT)) | {
        "/posts/{id}/comments": {
            "parameters": ITEM,
            "post": {"requestBody": body(thing(text=TEXT)), "responses": {"201": answer(below)}},
            "get": {"responses": {"200": answer(many(below))}},
        }
    }
    with MockServer(document(paths)) as server:
        row = made(server, "/posts", title="a")
        assert row[name] == 0
        made(server, f"/posts/{row['id']}/comments", text="b")
        assert server.client.get(f"/posts/{row['id']}").json()[name] == 1


def test_what_measures_the_content_is_no_count_of_things() -> None:
    names = ("total_price", "word_count", "page_count", "amount", "retry_count", "total", "country")
    schemas = Schemas({}, "3.1.0")
    several = ("likes_count", "totalItems", "numberOfItemsSent")
    flat = schemas.flat(thing(**dict.fromkeys((*names, *several), WHOLE)))
    assert roles_of(schemas, flat).numbers == list(several)


@pytest.mark.parametrize(
    ("step", "schema", "place"),
    [
        ("count", thing(count=WHOLE), ("count",)),
        ("count", WHOLE, ()),
        ("counter", thing(data=thing(total=WHOLE)), ("data", "total")),
        ("count", many(thing(postCount=WHOLE)), (0, "postCount")),
        ("total", thing(at=TEXT, posts={"type": "number"}), ("posts",)),
    ],
)
def test_how_many_there_are(step: str, schema: Any, place: tuple[Any, ...]) -> None:
    shown = thing("id", id=TEXT, title=TEXT)
    paths = collection("/posts", shown, thing(title=TEXT))
    paths[f"/posts/{step}"] = {"get": {"responses": {"200": answer(schema)}}}

    def number() -> Any:
        found = server.client.get(f"/posts/{step}").json()
        for name in place:
            found = found[name]
        return found

    with MockServer(document(paths)) as server:
        assert number() == len(server.client.get("/posts").json())
        row = made(server, "/posts", title="a")
        before = number()
        server.client.delete(f"/posts/{row['id']}")
        assert number() == before - 1


@pytest.mark.parametrize("name", ["version", "revision", "lockVersion", "revision_number"])
def test_a_version_grows_with_each_change(name: str) -> None:
    shown = thing("id", id=TEXT, title=TEXT, **{name: WHOLE})
    with MockServer(document(collection("/flows", shown, thing(title=TEXT)))) as server:
        row = made(server, "/flows", title="a")
        path = f"/flows/{row['id']}"
        seen = [row[name]]
        for title in ("b", "b", "c"):
            seen.append(server.client.patch(path, json={"title": title}).json()[name])
        assert seen == [1, 2, 2, 3]


def test_a_version_grows_once_with_a_verb() -> None:
    status = {"type": "string", "enum": ["draft", "published"]}
    shown = thing("id status", id=TEXT, status=status, version=WHOLE, updated_at=TEXT)
    paths = collection("/flows", shown, thing(title=TEXT))
    paths["/flows/{id}/publish"] = {
        "post": {"parameters": ITEM, "responses": {"200": answer(shown)}}
    }
    with MockServer(document(paths)) as server:
        row = made(server, "/flows", title="a")
        assert server.client.post(f"/flows/{row['id']}/publish").json()["version"] == 2


def test_a_position_counts_what_is_there_already() -> None:
    talk = thing("id", id=TEXT, title=TEXT)
    message = thing("id", id=TEXT, text=TEXT, index=WHOLE)
    paths = collection("/talks", talk, thing(title=TEXT)) | {
        "/talks/{id}/messages": {
            "parameters": ITEM,
            "post": {"requestBody": body(thing(text=TEXT)), "responses": {"201": answer(message)}},
            "get": {"responses": {"200": answer(many(message))}},
        }
    }
    with MockServer(document(paths)) as server:
        for _ in range(2):
            path = f"/talks/{made(server, '/talks', title='a')['id']}/messages"
            assert [made(server, path, text="b")["index"] for _ in range(3)] == [0, 1, 2]


def test_a_batch_that_can_be_fetched_is_one_entity() -> None:
    batch = thing("id", id=TEXT, note=TEXT, documents=many(thing(text=TEXT)))
    sent = thing(note=TEXT, documents=many(thing(text=TEXT)))
    paths = {
        "/documents": {"get": {"responses": {"200": answer(many(thing("id", id=TEXT)))}}},
        "/documents/batches": {
            "post": {"requestBody": body(sent), "responses": {"201": answer(batch)}}
        },
        "/documents/batches/{id}": {
            "parameters": ITEM,
            "get": {"responses": {"200": answer(batch)}},
        },
    }
    with MockServer(document(paths)) as server:
        row = made(server, "/documents/batches", note="n", documents=[{"text": "a"}])
        assert server.client.get(f"/documents/batches/{row['id']}").json() == row
        assert (row["note"], row["documents"]) == ("n", [{"text": "a"}])
