"""Webhooks about what requests do: shapes of registrations, names of events and bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import FLAG, TEXT

REGISTRATIONS = {
    "/webhooks": ("url",),
    "/webhook_endpoints": ("endpointUrl",),
    "/hooks": ("config", "url"),
    "/event-subscriptions": ("uri",),
    "/v1/subscriptions": ("callback_url",),
    "/notification-endpoints": ("destination", "url"),
    "/settings/webhooks": ("address",),
}
EVENTS = ("events", "event_types", "enabledEvents", "triggers", "actions", "")
NAMES: dict[str, Callable[[str], str]] = {
    "dots": lambda word: f"parcel.{word}",
    "capitals": lambda word: f"PARCEL_{word.upper()}",
    "camel": lambda word: f"parcel{word.capitalize()}",
    "slashes": lambda word: f"parcels/{word}",
    "a domain": lambda word: f"com.acme.parcel.{word}",
}
PLACES = ("webhook each", "one webhook", "callback")
BODIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "data": ("type", ("data",)),
    "object in data": ("type", ("data", "object")),
    "noun": ("event_type", ("parcel",)),
    "payload": ("eventType", ("payload",)),
    "id only": ("event", ()),
}
WORDS = ("created", "updated", "archived", "cancelled", "deleted")
PARCEL = {"$ref": "#/components/schemas/Parcel"}
heard: list[Any] = []


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def said(schema: Any, status: str = "200") -> dict[str, Any]:
    return {
        "responses": {
            status: {"description": "", "content": {"application/json": {"schema": schema}}}
        }
    }


def taken(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def _body(body: str, names: list[str]) -> dict[str, Any]:
    teller, path = BODIES[body]
    inner: Any = PARCEL if path else TEXT
    for name in reversed(path[1:]):
        inner = obj(**{name: inner})
    return obj(**{teller: {"enum": names}, path[0] if path else "parcel_id": inner})


def _document(at: str, events: str, name: str, place: str, body: str) -> dict[str, Any]:
    names = [NAMES[name](word) for word in WORDS]
    where: dict[str, Any] = TEXT
    for step in reversed(REGISTRATIONS[at]):
        where = obj(**{step: where})
    listed = {events: {"type": "array", "items": {"enum": names}}} if events else {}
    sent = {**where["properties"], **listed}
    register = {**taken(obj(**sent)), **said(obj(id=TEXT, **sent), "201")}
    one = {"name": "id", "in": "path", "required": True, "schema": TEXT}

    def hook(names: list[str]) -> dict[str, Any]:
        return {"post": {**taken(_body(body, names)), "responses": {}}}

    gone = {"responses": {"204": {"description": "gone"}}}
    parcel = obj(id=TEXT, label=TEXT, status={"enum": ["open", "cancelled"]})
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Parcels", "version": "1"},
        "components": {
            "schemas": {
                "Parcel": {**parcel, "properties": {**parcel["properties"], "archived": FLAG}}
            }
        },
        "paths": {
            at: {"post": register},
            f"{at}/{{id}}": {"parameters": [one], "delete": gone},
            "/parcels": {"post": {**taken(obj(label=TEXT)), **said(PARCEL, "201")}},
            "/parcels/{id}": {
                "parameters": [one],
                "get": said(PARCEL),
                "patch": {**taken({"properties": {"label": TEXT}}), **said(PARCEL)},
                "delete": gone,
            },
            "/parcels/{id}/cancel": {"parameters": [one], "post": said(PARCEL)},
            "/parcels/{id}/archive": {"parameters": [one], "post": said(PARCEL)},
        },
    }
    if place == "callback":
        url = "{$request.body#/" + "/".join(REGISTRATIONS[at]) + "}"
        register["callbacks"] = {"onEvent": {url: hook(names)}}
    elif place == "one webhook":
        document["webhooks"] = {"anything": hook(names)}
    else:
        document["webhooks"] = {each: hook([each]) for each in names}
    return document


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(10)


def _live(client: httpx.Client) -> str:
    """Create a parcel, change it in every way, and remove it; returns its id."""
    parcel: str = client.post("/parcels", json={"label": "tea"}).json()["id"]
    assert client.patch(f"/parcels/{parcel}", json={"label": "mate"}).status_code == 200
    assert client.post(f"/parcels/{parcel}/archive").status_code == 200
    assert client.post(f"/parcels/{parcel}/cancel").status_code == 200
    assert client.delete(f"/parcels/{parcel}").status_code == 204
    return parcel


@pytest.mark.parametrize(
    ("at", "events", "name", "place", "body"),
    in_turns(REGISTRATIONS, EVENTS, NAMES, PLACES, BODIES),
)
def test_a_registered_receiver_hears_what_requests_do(
    at: str, events: str, name: str, place: str, body: str, receiver: str
) -> None:
    heard.clear()
    told = [NAMES[name](word) for word in WORDS]
    with MockServer(_document(at, events, name, place, body)) as mock:
        sent: dict[str, Any] = {}
        inner = sent
        for step in REGISTRATIONS[at][:-1]:
            inner = inner.setdefault(step, {})
        inner[REGISTRATIONS[at][-1]] = receiver
        wanted = told if not events else [told[0], *told[2:]]
        hook = mock.client.post(at, json=sent | ({events: wanted} if events else {}))
        assert hook.status_code == 201
        parcel = _live(mock.client)
        mock.webhooks.deliver()
        teller, path = BODIES[body]
        # Without a list, `updated` comes beside the others where it is a webhook of its own.
        came = [one[teller] for one in heard]
        assert (came if events else list(dict.fromkeys(came))) == wanted
        for one in heard:
            about = one
            for step in path:
                about = about[step]
            assert about["id" if path else "parcel_id"] == parcel
        if path:
            (gone,) = (one for one in heard if one[teller] == told[-1])
            assert "mate" in json.dumps(gone), "as it was before it was removed"
        heard.clear()
        assert mock.client.delete(f"{at}/{hook.json()['id']}").status_code == 204
        _live(mock.client)
        mock.webhooks.deliver()
        assert heard == []


def test_each_change_is_told_once_in_its_order() -> None:
    events: list[str] = []
    document = _document("/webhooks", "events", "dots", "one webhook", "data")
    with MockServer(document) as mock:
        mock.webhooks.send_to(lambda request: events.append(json.loads(request.content)["type"]))
        _live(mock.client)
        mock.webhooks.deliver()
        first = events[:]
        assert first == [NAMES["dots"](word) for word in WORDS]
        mock.webhooks.deliver()
        assert events == first


def test_a_change_of_nothing_is_not_told() -> None:
    events: list[str] = []
    document = _document("/webhooks", "events", "dots", "one webhook", "data")
    with MockServer(document) as mock:
        parcel = mock.client.post("/parcels", json={"label": "tea"}).json()["id"]
        mock.webhooks.send_to(lambda request: events.append(json.loads(request.content)["type"]))
        assert mock.client.patch(f"/parcels/{parcel}", json={"label": "tea"}).status_code == 200
        mock.webhooks.deliver()
        assert events == []
        for _ in range(2):
            assert mock.client.post(f"/parcels/{parcel}/archive").status_code == 200
        mock.webhooks.deliver()
        assert events == [NAMES["dots"]("archived")]


def test_the_latest_changes_are_kept() -> None:
    from mockserver.engine.inferred import changes

    document = _document("/webhooks", "events", "dots", "one webhook", "data")
    with MockServer(document) as mock:
        parcel = mock.client.post("/parcels", json={"label": "tea"}).json()["id"]
        for number in range(changes.MOST + 20):
            mock.client.patch(f"/parcels/{parcel}", json={"label": str(number)})
        with mock.mock.store.begin(mock.key) as world:
            assert len(list(world[changes.CHANGES.name].scan())) <= changes.MOST
