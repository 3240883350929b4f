"""Entities with their properties in a nested object, next to the id."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import MOMENT, TEXT, WHOLE, answer, body, document, thing


def kept(path: str, sent: Any, shown: Any, told: Any = None) -> dict[str, Any]:
    """A collection whose items are created, read and changed."""
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    return {
        path: {
            "post": {
                "requestBody": body(sent),
                "responses": {"201": answer(shown if told is None else told)},
            }
        },
        path + "/{id}": {
            "parameters": [item],
            "get": {"responses": {"200": answer(shown)}},
            "put": {"requestBody": body(sent), "responses": {"200": answer(shown)}},
        },
    }


SENT = thing(name=TEXT, radius=WHOLE)
PART = thing(name=TEXT, radius=WHOLE, created_at=MOMENT, updated_at=MOMENT)


@pytest.mark.parametrize(
    ("sent", "shown", "wrapped", "place"),
    [
        pytest.param(SENT, thing("id", id=TEXT, attributes=PART), (), "attributes", id="usual"),
        pytest.param(SENT, thing("id", id=TEXT, zone=PART), (), "zone", id="its own noun"),
        pytest.param(SENT, thing("id", id=TEXT, result=PART), (), "result", id="result"),
        pytest.param(SENT, thing("id", id=TEXT, ZoneConfig=PART), (), "ZoneConfig", id="another"),
        pytest.param(
            thing(data=thing(attributes=SENT)),
            thing("id", id=TEXT, type=TEXT, attributes=PART),
            ("data", "attributes"),
            "attributes",
            id="sent as it is shown",
        ),
        pytest.param(
            SENT,
            thing("id", id=TEXT, zone={"oneOf": [PART, thing("shape", shape=TEXT)]}),
            (),
            "zone",
            id="a choice",
        ),
    ],
)  # fmt: skip
def test_what_is_sent_is_shown_in_the_part(
    sent: Any, shown: Any, wrapped: tuple[str, ...], place: str
) -> None:
    def put(**values: Any) -> Any:
        for step in reversed(wrapped):
            values = {step: values}
        return values

    with MockServer(document(kept("/zones", sent, shown)), clock="manual") as server:
        made = server.client.post("/zones", json=put(name="yard", radius=3)).json()
        path = f"/zones/{made['id']}"
        assert (
            server.client.get(path).json()[place] | {"name": "yard", "radius": 3}
            == (server.client.get(path).json()[place])
        )
        server.clock.advance(90)
        server.client.put(path, json=put(name="lot", radius=3))
        found = server.client.get(path).json()[place]
        assert found["name"] == "lot"
        if "updated_at" in found:
            assert found["created_at"] == "2026-01-01T00:00:00.000000Z"
            assert found["updated_at"] == "2026-01-01T00:01:30.000000Z"


def test_what_stands_side_by_side_stays_there() -> None:
    shown = thing("id", id=TEXT, name=TEXT, radius=WHOLE, owner=thing(name=TEXT, radius=WHOLE))
    with MockServer(document(kept("/zones", SENT, shown))) as server:
        made = server.client.post("/zones", json={"name": "yard", "radius": 3}).json()
        found = server.client.get(f"/zones/{made['id']}").json()
        assert (found["name"], found["radius"]) == ("yard", 3)


def test_flags_stand_beside_the_state() -> None:
    status = {"type": "string", "enum": ["created", "running", "paused", "exited"]}
    flag = {"type": "boolean"}
    state = thing("status", status=status, running=flag, paused=flag)
    paths = kept("/boxes", thing(name=TEXT), thing("id", id=TEXT, name=TEXT, state=state))
    item = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    for verb in ("start", "pause"):
        paths[f"/boxes/{{id}}/{verb}"] = {
            "post": {"parameters": item, "responses": {"204": answer()}}
        }
    with MockServer(document(paths)) as server:
        made = server.client.post("/boxes", json={"name": "a"}).json()
        path = f"/boxes/{made['id']}"
        assert server.client.get(path).json()["state"]["running"] is False
        server.client.post(path + "/start")
        assert server.client.get(path).json()["state"] == {
            "status": "running", "running": True, "paused": False
        }  # fmt: skip
        server.client.post(path + "/pause")
        assert server.client.get(path).json()["state"]["paused"] is True


@pytest.mark.parametrize("path", ["/zones/v2", "/api/v3/zones/v4", "/zones/v1.1"])
def test_a_version_at_the_end_of_a_path_is_no_noun(path: str) -> None:
    shown = thing("id", id=TEXT, zone=PART)
    with MockServer(document(kept(path, SENT, shown))) as server:
        made = server.client.post(path, json={"name": "yard", "radius": 3}).json()
        found = server.client.get(f"{path}/{made['id']}").json()
        assert found["zone"]["name"] == "yard"
