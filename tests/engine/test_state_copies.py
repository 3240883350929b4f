"""What stands within a job is about the same work where it has the same states."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import MOMENT, TEXT, WHOLE, answer, body, document, thing

STATE = {"type": "string", "enum": ["queued", "rendering", "rendered", "failed"]}
OTHER = {"type": "string", "enum": ["draft", "signed", "paid"]}


def rendered(sent: Any, **parts: Any) -> dict[str, Any]:
    """Films that are rendered, with these parts."""
    shown = thing("id state", id=TEXT, state=STATE, **parts)
    item = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    return {
        "/films": {"post": {"requestBody": body(sent), "responses": {"202": answer(shown)}}},
        "/films/{id}": {"parameters": item, "get": {"responses": {"200": answer(shown)}}},
    }


def many(row: Any) -> dict[str, Any]:
    return {"type": "array", "items": row}


def played(paths: dict[str, Any], sent: Any) -> tuple[Any, Any]:
    """A film at first, and at last."""
    with MockServer(document(paths), clock="manual") as server:
        first = server.client.post("/films", json=sent).json()
        server.clock.advance(86400)
        last = server.client.get(f"/films/{first['id']}").json()
    assert (first["state"], last["state"]) == ("queued", "rendered")
    return first, last


@pytest.mark.parametrize(
    ("name", "status", "share"),
    [
        ("outputs", "state", "progress"),
        ("renditions", "status", "percent"),
        ("files", "outcome", "progressPercent"),
        ("parts", "phase", "percentage"),
        ("targets", "status", "done_progress"),
    ],
)
def test_the_rows_of_an_array_go_with_their_job(name: str, status: str, share: str) -> None:
    row = thing("format", format=TEXT, **{status: STATE, share: WHOLE})
    paths = rendered(thing(**{name: many(thing(format=TEXT))}), **{name: many(row)})
    first, last = played(paths, {name: [{"format": "mp4"}, {"format": "gif"}]})
    assert [(row[status], row[share]) for row in first[name]] == [("queued", 0)] * 2
    assert [(row[status], row[share]) for row in last[name]] == [("rendered", 100)] * 2
    assert [row["format"] for row in last[name]] == ["mp4", "gif"]


@pytest.mark.parametrize("name", ["details", "summary", "settings", "info", "meta"])
def test_a_copy_in_a_part_goes_with_its_job(name: str) -> None:
    part = thing("state", state=STATE, title=TEXT)
    paths = rendered(thing(**{name: thing(title=TEXT)}), **{name: part})
    first, last = played(paths, {name: {"title": "one"}})
    assert first[name] == {"title": "one", "state": "queued"}
    assert last[name] == {"title": "one", "state": "rendered"}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("history", thing("state", state=STATE, at=MOMENT)),
        ("previous_states", thing("state", state=STATE)),
        ("contracts", thing("status", status=OTHER)),
        ("events", thing("state", state=STATE)),
        ("attempts", thing("state", state=STATE)),
    ],
)
def test_what_was_before_or_is_something_else_stays(name: str, row: Any) -> None:
    status = next(iter(row["properties"]))
    value = row["properties"][status]["enum"][-1]
    paths = rendered(thing(**{name: many(row)}), **{name: many(row)})
    _, last = played(paths, {name: [{status: value}]})
    assert [one[status] for one in last[name]] == [value]


def test_the_state_of_another_entity_is_its_own() -> None:
    part = thing("id state", id=TEXT, state=STATE)
    paths = rendered(thing(source=part), source=part)
    _, last = played(paths, {"source": {"id": "other", "state": "failed"}})
    assert last["source"] == {"id": "other", "state": "failed"}


@pytest.mark.parametrize("name", ["status", "progress"])
def test_a_state_stands_two_levels_deep(name: str) -> None:
    deep = thing(status_code=STATE, reason=TEXT)
    shown = thing("id", id=TEXT, properties=thing(title=TEXT, **{name: deep}))
    item = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    paths = {
        "/orders": {
            "post": {
                "requestBody": body(thing(properties=thing(title=TEXT))),
                "responses": {"202": answer(shown)},
            }
        },
        "/orders/{id}": {"parameters": item, "get": {"responses": {"200": answer(shown)}}},
    }
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/orders", json={"properties": {"title": "map"}}).json()
        server.clock.advance(86400)
        last = server.client.get(f"/orders/{made['id']}").json()["properties"]
        if name == "status":
            assert made["properties"]["status"]["status_code"] == "queued"
            assert last["status"]["status_code"] == "rendered"
        assert last["title"] == "map"
