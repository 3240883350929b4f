"""Webhooks and callbacks: timing, content, receivers, signatures."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator
from standardwebhooks import Webhook
from yaml import safe_load

from mockserver import MockServer
from mockserver.errors import BadRequest, Conflict
from mockserver.server.webhooks.subscriptions import why_not
from tests.server.running import running

HOOKS = Path(__file__).parent.parent / "fixtures/hooks.yaml"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CSV = {"format": "csv"}


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer(HOOKS) as started:
        yield started


class Receiver:
    """A real receiver on a port, with configurable responses."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.end_headers()
                with receiver.arrived:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    receiver.heard.append((headers, body))
                    receiver.arrived.notify_all()

            def log_message(self, *words: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def wait_for(self, number: int) -> list[Any]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.heard) >= number, 30)
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.server.shutdown()
    started.server.server_close()
    started.thread.join(10)


def told(mock: MockServer) -> list[str]:
    return [delivery.event.announcement.name for delivery in mock.webhooks.deliveries]


def test_what_is_announced_and_when(mock: MockServer) -> None:
    announced = {
        (each.name, each.operation): (each.resource, each.created, each.states)
        for each in mock.mock.api.webhooks.announcements
    }
    ends = frozenset({"succeeded", "failed", "canceled"})
    assert announced == {
        ("export.created", ""): ("exports", True, frozenset()),
        ("export.started", ""): ("exports", False, {"running"}),
        ("export.completed", ""): ("exports", False, {"succeeded"}),
        ("export.canceled", ""): ("exports", False, {"canceled"}),
        ("invoice.overdue", ""): ("", False, frozenset()),
        ("exportEnded", "startExport"): ("exports", False, ends),
    }


def test_each_event_comes_once_when_its_time_has_come(mock: MockServer) -> None:
    mock.webhooks.send_to(lambda event: None)
    export = mock.client.post("/exports", json=CSV).json()
    assert mock.webhooks.deliver() == 1
    assert mock.webhooks.deliver() == 0
    seen = [export["status"]]
    while len(told(mock)) < 3:
        mock.clock.advance(0.5)
        status = mock.client.get(f"/exports/{export['id']}").json()["status"]
        seen += [status] if status != seen[-1] else []
        assert len(told(mock)) == len(seen)
    mock.clock.advance(3600)
    assert told(mock) == ["export.created", "export.started", "export.completed"]


def test_the_body_is_what_the_document_says(mock: MockServer) -> None:
    mock.webhooks.send_to(lambda event: None)
    export = mock.client.post("/exports", json=CSV).json()
    mock.clock.advance(3600)
    document = mock.mock.contract.document
    schema = {
        "$ref": "#/components/requestBodies/Event/content/application~1json/schema",
        "components": document["components"],
    }
    validator = Draft202012Validator(schema)
    statuses = []
    for delivery in mock.webhooks.deliveries:
        body = delivery.event.body
        validator.validate(body)
        assert body["type"] == delivery.event.announcement.name
        assert body["data"]["object"]["id"] == export["id"]
        statuses.append(body["data"]["object"]["status"])
    assert statuses == ["queued", "running", "succeeded"]
    created, *_, last = (delivery.event.body["created_at"] for delivery in mock.webhooks.deliveries)
    assert created == export["created_at"] < last


def test_it_is_signed_as_standard_webhooks_has_it(mock: MockServer) -> None:
    heard: list[httpx.Request] = []
    mock.webhooks.send_to(heard.append, secret=SECRET)
    mock.client.post("/exports", json=CSV)
    mock.webhooks.deliver()
    (request,) = heard
    body, headers = request.content.decode(), dict(request.headers)
    assert Webhook(SECRET).verify(body, headers)["type"] == "export.created"
    with pytest.raises(Exception, match=r"(?i)signature"):
        Webhook(SECRET).verify(body.replace("csv", "json"), headers)


def test_a_receiver_that_never_takes_it_is_given_up(mock: MockServer) -> None:
    mock.webhooks.send_to(lambda event: 500, events=["export.created"])
    mock.client.post("/exports", json=CSV)
    for seconds in (0, 4.9, 0.1, 300, 1800, 7199, 1, 10_000):
        mock.clock.advance(seconds)
    (delivery,) = mock.webhooks.deliveries
    assert (delivery.state, delivery.answers) == ("given up", [500] * 5)


def test_one_that_is_gone_is_not_asked_again(mock: MockServer) -> None:
    mock.webhooks.send_to(lambda event: 410, events=["export.created"])
    mock.client.post("/exports", json=CSV)
    mock.clock.advance(10_000)
    (delivery,) = mock.webhooks.deliveries
    assert delivery.answers == [410]


@pytest.mark.parametrize(
    ("order", "came"),
    [("kept", [1, 1, 2, 3]), ("any", [3, 2, 1, 1])],
)
def test_the_order(mock: MockServer, order: str, came: list[int]) -> None:
    """The first receiver fails once; later events wait for it, or don't."""
    heard: list[str] = []
    failed: list[str] = []

    def receive(request: httpx.Request) -> int:
        key = json.loads(request.content)["data"]["object"]["id"]
        heard.append(key)
        if key == first and not failed:
            failed.append(key)
            return 500
        return 200

    mock.webhooks.send_to(receive, events=["export.created"], order=order)
    keys = []
    for _ in range(3):
        keys.append(mock.client.post("/exports", json=CSV).json()["id"])
        with mock.mock.store.begin(mock.key):
            mock.mock.store.change_clock(mock.key, {"advance": 1})
    first = keys[0]
    mock.clock.advance(0)
    mock.clock.advance(5)
    assert [keys.index(key) + 1 for key in heard] == came


def test_a_receiver_may_move_the_clock(mock: MockServer) -> None:
    mock.webhooks.send_to(lambda event: mock.clock.advance(1))  # type: ignore[arg-type]
    mock.client.post("/exports", json=CSV)
    for _ in range(5):
        mock.clock.advance(60)
    assert len(told(mock)) == 3


def test_what_happened_before_is_not_told(mock: MockServer) -> None:
    mock.client.post("/exports", json=CSV)
    mock.webhooks.send_to(lambda event: None)
    mock.webhooks.deliver()
    assert told(mock) == []
    mock.clock.advance(3600)
    assert told(mock) == ["export.started", "export.completed"]


def test_a_world_that_is_reset_tells_what_is_new(mock: MockServer) -> None:
    mock.webhooks.send_to(lambda event: None)
    mock.client.post("/exports", json=CSV)
    mock.clock.advance(3600)
    assert len(told(mock)) == 3
    mock.reset()
    mock.webhooks.deliver()
    assert len(told(mock)) == 3
    mock.client.post("/exports", json=CSV)
    mock.clock.advance(60)
    assert len(told(mock)) == 6


def test_a_world_hears_of_itself_alone(mock: MockServer) -> None:
    with mock.tenant("other") as other:
        other.webhooks.send_to(lambda event: None)
        mock.client.post("/exports", json=CSV)
        mock.clock.advance(3600)
        other.webhooks.deliver()
        assert other.webhooks.deliveries == []


def test_a_callback_goes_where_the_request_said(mock: MockServer, receiver: Receiver) -> None:
    export = mock.client.post("/exports", json={**CSV, "callback_url": receiver.url}).json()
    mock.client.post("/exports", json=CSV)  # this one named none
    mock.clock.advance(3600)
    (body,) = receiver.wait_for(1)
    assert (body["id"], body["status"]) == (export["id"], "succeeded")


def test_a_delivery_shows_while_it_waits_and_is_tried_again(mock: MockServer) -> None:
    mock.webhooks.send_to(lambda request: 503)
    mock.client.post("/exports", json=CSV)
    mock.webhooks.deliver()
    (delivery,) = mock.webhooks.deliveries
    assert (delivery.state, delivery.answers) == ("waiting", [503])
    shown = mock.sender.describe()["deliveries"][0]
    assert shown["due"] == "2026-01-01T00:00:05.000000Z"
    mock.clock.advance(5)
    first, *behind = mock.webhooks.deliveries
    assert (first.state, first.answers) == ("waiting", [503, 503])
    assert all((each.state, each.answers) == ("waiting", []) for each in behind)
    mock.clock.advance(300)
    mock.clock.advance(1800)
    mock.clock.advance(7200)
    assert mock.webhooks.deliveries[0].state == "given up"
    assert mock.sender.describe()["deliveries"][-1]["due"] is None


def test_nothing_leaves_this_machine(mock: MockServer) -> None:
    mock.client.post("/exports", json={**CSV, "callback_url": "http://192.0.2.1/hook"})
    mock.clock.advance(3600)
    (delivery,) = mock.webhooks.deliveries
    assert delivery.state == "refused"
    with pytest.raises(BadRequest, match=r"--webhook-host example\.com allows it"):
        mock.webhooks.send_to("http://example.com/hook")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:1/", True),
        ("http://[::1]/", True),
        ("https://localhost/", True),
        ("http://friend.example/", True),
        ("http://127.0.0.1.example/", False),
        ("http://friend.example@192.0.2.1/", False),
        ("http://0.0.0.0/", False),
        ("file:///etc/passwd", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_where_it_may_go(url: str, allowed: bool) -> None:
    assert (why_not(url, ["friend.example"]) == "") == allowed


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({}, "such as"),
        ({"url": "http://127.0.0.1/", "nope": 1}, "the fields are url, events, secret, order"),
        ({"url": 1}, "url must be a string"),
        ({"url": "http://127.0.0.1/", "events": ["nope"]}, "the webhooks are export.created"),
        ({"url": "http://127.0.0.1/", "events": "nope"}, "a list of names"),
        ({"url": "http://127.0.0.1/", "secret": "abc"}, "whsec_"),
        ({"url": "http://127.0.0.1/", "order": "odd"}, '"kept" or "any"'),
    ],
)
def test_what_is_wrong_is_named(mock: MockServer, spec: Any, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        mock.sender.add(spec, None)


def test_a_document_without_any_says_so() -> None:
    with MockServer("feather") as feather, pytest.raises(Conflict, match="has no webhooks"):
        feather.webhooks.send_to("http://127.0.0.1:1/")


def test_a_running_server_sends_by_itself(receiver: Receiver) -> None:
    with running(str(HOOKS), pace=0.01) as url:
        plane = f"{url}/__mock__/webhooks"
        made = httpx.post(plane, json={"url": receiver.url, "secret": SECRET}).json()
        receiver.answers = [204]
        httpx.post(f"{url}/exports", json=CSV)
        bodies = receiver.wait_for(3)
        assert [body["type"] for body in bodies] == [
            "export.created",
            "export.started",
            "export.completed",
        ]
        shown = httpx.get(plane).json()
        assert [each["id"] for each in shown["subscriptions"]] == [made["id"]]
        assert {
            "name": "invoice.overdue",
            "operation": None,
            "resource": None,
            "when": [],
        } in shown["announced"]
        assert httpx.delete(plane, params={"id": made["id"]}).json() == {"removed": 1}
        assert httpx.delete(plane, params={"id": made["id"]}).status_code == 404


def test_what_it_says_is_what_has_happened() -> None:
    """The event's name, where there are several, matches the entity."""
    document = safe_load(HOOKS.read_text())
    said = {"enum": ["export.succeeded", "export.failed", "export.canceled"]}
    event = document["components"]["requestBodies"]["Event"]["content"]["application/json"]
    event["schema"]["properties"]["type"] = said
    ended = document["webhooks"]["export.completed"]
    document["webhooks"] = {"exportFinished": ended}
    with MockServer(document) as mock:
        mock.webhooks.send_to(lambda request: None)
        mock.webhooks.send_to(lambda request: None, events=["export.failed"])
        ids = [mock.client.post("/exports", json=CSV).json()["id"] for _ in range(3)]
        mock.client.post(f"/exports/{ids[0]}/cancel")
        with mock.mock.store.begin(mock.key) as world:
            assert mock.mock.api.jobs.steer is not None
            mock.mock.api.jobs.steer(world, ids[1], {"outcome": "failed"})
            world.commit()
        mock.clock.advance(3600)
        bodies = [d.event.body for d in mock.webhooks.deliveries if d.subscription == "w1"]
        assert {b["data"]["object"]["id"]: b["type"] for b in bodies} == {
            ids[0]: "export.canceled",
            ids[1]: "export.failed",
            ids[2]: "export.succeeded",
        }
        assert all(b["type"] == f"export.{b['data']['object']['status']}" for b in bodies)
        (one,) = [d.event.body["type"] for d in mock.webhooks.deliveries if d.subscription == "w2"]
        assert one == "export.failed"


def registrable() -> dict[str, Any]:
    """The same document, with webhooks that a client registers through the API."""
    document = safe_load(HOOKS.read_text())
    hook = {
        "type": "object",
        "required": ["url"],
        "properties": {
            "url": {"type": "string", "format": "uri"},
            "events": {"type": "array", "items": {"type": "string"}},
            "active": {"type": "boolean"},
        },
    }
    kept = {**hook, "required": ["id", "url"]}
    kept["properties"] = {"id": {"type": "string"}, **hook["properties"]}
    answer = {"description": "", "content": {"application/json": {"schema": kept}}}
    body = {"content": {"application/json": {"schema": hook}}}
    one = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    document["paths"]["/webhooks"] = {
        "post": {"operationId": "hook", "requestBody": body, "responses": {"201": answer}}
    }
    partial = {"content": {"application/json": {"schema": {**hook, "required": []}}}}
    document["paths"]["/webhooks/{id}"] = {
        "parameters": [one],
        "get": {"operationId": "getHook", "responses": {"200": answer}},
        "patch": {"operationId": "change", "requestBody": partial, "responses": {"200": answer}},
        "delete": {"operationId": "unhook", "responses": {"204": {"description": ""}}},
    }
    return document


def test_whom_a_client_registers_with_the_api_hears_of_what_he_asked_for(
    receiver: Receiver,
) -> None:
    with MockServer(registrable()) as mock:
        mock.client.post("/exports", json=CSV)  # before anybody listens
        asked = {"url": receiver.url, "events": ["export.completed"]}
        hook = f"/webhooks/{mock.client.post('/webhooks', json=asked).json()['id']}"
        mock.client.post("/webhooks", json={"url": "http://192.0.2.1/hook"})

        def ended(expected: int) -> bool:
            mock.client.post("/exports", json=CSV)
            mock.clock.advance(3600)
            receiver.wait_for(expected)
            time.sleep(0.2)  # for what should not come
            return len(receiver.heard) == expected

        assert ended(2)
        assert {body["type"] for body in receiver.wait_for(2)} == {"export.completed"}
        refused = [each for each in mock.webhooks.deliveries if each.state == "refused"]
        assert refused, "nothing leaves this machine"
        assert mock.client.patch(hook, json={"active": False}).status_code == 200
        assert ended(2)
        mock.client.patch(hook, json={"active": True, "events": ["export.started"]})
        assert ended(3)
        mock.client.delete(hook)
        assert ended(3)
