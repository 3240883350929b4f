"""Where work is started, how the response tells it, and where it is read, in every combination."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import MOMENT, TEXT, answer, body, document, thing

FLAG = {"type": "boolean"}
STATUS = {"type": "string", "enum": ["queued", "printing", "printed", "failed"]}
STYLES = {
    "status": {"status": STATUS},
    "inside": {"status": thing(state=STATUS)},
    "done": {"done": FLAG, "error": thing(message=TEXT)},
}


def ids(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", path)
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


def rendering(start: str, read: str, style: str, told: Any) -> dict[str, Any]:
    """Looms, with renders that are started at one path and read at another."""
    loom = thing("id", id=TEXT, name=TEXT)
    shown = thing(id=TEXT, **STYLES[style], resultUrl=TEXT, startedAt=MOMENT)
    response = told if isinstance(told, dict) and "headers" in told else answer(told or shown)
    cloth = {"text/csv": {"schema": TEXT}}
    result = {"200": {"description": "", "content": cloth}, "409": answer(), "404": answer()}
    paths: dict[str, Any] = {
        "/looms": {
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(loom)}}
        },
        "/looms/{id}": {"parameters": ids("{id}"), "get": {"responses": {"200": answer(loom)}}},
        read: {
            "parameters": ids(read),
            "get": {"responses": {"200": answer(shown), "404": answer()}},
        },
        read + "/result": {"parameters": ids(read), "get": {"responses": result}},
    }
    paths[start] = {
        "parameters": ids(start),
        "post": {"requestBody": body(thing(colour=TEXT)), "responses": {"202": response}},
    }
    return document(paths)


def is_over(style: str, shown: Any) -> bool:
    if style == "done":
        return bool(shown.get("done"))
    status = shown["status"]
    return (status["state"] if style == "inside" else status) == "printed"


STARTS = ["/looms/{id}/render", "/looms/{id}:render", "/renders", "/renders/start"]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("read", ["/renders/{renderId}", "/jobs/{jobId}", "/status/{renderId}"])
def test_a_whole_job_is_read_elsewhere_by_its_id(start: str, style: str, read: str) -> None:
    with MockServer(rendering(start, read, style, None), clock="manual") as server:
        loom = server.client.post("/looms", json={"name": "old"}).json()["id"]
        path = start.replace("{id}", loom)
        reply = server.client.post(path, json={"colour": "red"})
        assert reply.status_code == 202
        own = read.replace(read[read.index("{") :], reply.json()["id"])
        assert not is_over(style, reply.json())
        assert not is_over(style, server.client.get(own).json())
        if not read.startswith("/status"):
            assert server.client.get(own + "/result").status_code == 409
        server.clock.advance(3600)
        assert is_over(style, server.client.get(own).json())
        assert server.client.get(own + "/result").status_code == 200


@pytest.mark.parametrize("header", ["Location", "Operation-Location", "Content-Location"])
@pytest.mark.parametrize("style", STYLES)
def test_a_header_that_leads_to_a_job_makes_its_id_known(header: str, style: str) -> None:
    told = {"description": "Accepted", "headers": {header: {"schema": TEXT}}}
    made = rendering("/renders", "/renders/{renderId}", style, told)
    with MockServer(made, clock="manual") as server:
        url = server.client.post("/renders", json={"colour": "red"}).headers[header]
        path = re.sub(r"^https?://[^/]+", "", url)
        assert not is_over(style, server.client.get(path).json())
        server.clock.advance(3600)
        assert is_over(style, server.client.get(path).json())
        assert server.client.get("/renders/nonesuch").status_code == 404


URL = {"type": "string", "format": "uri"}
RECEIPTS = {
    "id": (thing(id=TEXT, message=TEXT), ["id"]),
    "noun": (thing(renderId=TEXT), ["renderId"]),
    "work": (thing(task=TEXT), ["task"]),
    "token": (thing(token=TEXT, status=TEXT), ["token"]),
    "self": (thing(message=TEXT, _links=thing(self=thing(href=TEXT))), ["_links", "self", "href"]),
    "flat": (thing(links=thing(status=URL)), ["links", "status"]),
    "url": (thing(status_url=URL, message=TEXT), ["status_url"]),
    "polling": (thing(pollingUrl=URL), ["pollingUrl"]),
}


@pytest.mark.parametrize("told", RECEIPTS)
@pytest.mark.parametrize("start", ["/looms/{id}/weave", "/renders/start", "/colourings"])
@pytest.mark.parametrize("read", ["/jobs/{jobId}", "/operations/{id}", "/job_status/{taskId}"])
def test_a_receipt_tells_work_of_any_kind(told: str, start: str, read: str) -> None:
    receipt, path = RECEIPTS[told]
    with MockServer(rendering(start, read, "status", receipt), clock="manual") as server:
        loom = server.client.post("/looms", json={"name": "old"}).json()["id"]
        found = server.client.post(start.replace("{id}", loom), json={"colour": "red"}).json()
        for step in path:
            found = found[step]
        link = re.sub(r"^https?://[^/]+", "", found)
        own = link if "/" in link else read.replace(read[read.index("{") :], found)
        assert server.client.get(own).json()["status"] == "queued"
        server.clock.advance(3600)
        assert server.client.get(own).json()["status"] == "printed"
        unknown = read.replace(read[read.index("{") :], "nonesuch")
        assert server.client.get(unknown).status_code == 404


@pytest.mark.parametrize("others", ["/tasks/{id}", "/commands/{id}"])
def test_of_two_kinds_of_any_work_a_receipt_tells_neither(others: str) -> None:
    made = rendering("/colourings", "/jobs/{jobId}", "status", thing(id=TEXT))
    made["paths"][others] = made["paths"]["/jobs/{jobId}"] | {"parameters": ids(others)}
    with MockServer(made) as server:
        first = server.client.post("/colourings", json={"colour": "red"}).json()
        assert first == server.client.post("/colourings", json={"colour": "red"}).json()
