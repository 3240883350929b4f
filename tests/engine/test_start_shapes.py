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


def asked(path: str, named: str, receipt: Any, style: str = "status") -> dict[str, Any]:
    """Renders that are asked for by an id in the query, or in a body, of one path."""
    made = rendering("/looms/{id}/render", "/renders/{renderId}", style, receipt)
    paths = made["paths"]
    del paths["/renders/{renderId}/result"]
    shown = paths.pop("/renders/{renderId}")["get"]
    if path.startswith("POST "):
        paths[path[5:]] = {"post": shown | {"requestBody": body(thing(named, **{named: TEXT}))}}
    else:
        query = [{"name": named, "in": "query", "required": True, "schema": TEXT}]
        paths[path] = {"get": shown | {"parameters": query}}
    return made


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/tasks/status", "task_id"),
        ("/getJobStatus", "jobId"),
        ("/render/progress", "renderId"),
        ("/v2/check-status", "render_id"),
        ("POST /getStatus", "job_id"),
        ("POST /renders/status", "id"),
        ("POST /query_render_status", "render_id"),
    ],
)
def test_a_path_asks_how_a_job_is(path: str, named: str, style: str) -> None:
    with MockServer(asked(path, named, thing(id=TEXT), style), clock="manual") as server:

        def ask(own: str) -> Any:
            if path.startswith("POST "):
                return server.client.post(path[5:], json={named: own})
            return server.client.get(path, params={named: own})

        loom = server.client.post("/looms", json={"name": "old"}).json()["id"]
        own = server.client.post(f"/looms/{loom}/render", json={"colour": "red"}).json()["id"]
        assert ask(own).json()["id"] == own
        assert not is_over(style, ask(own).json())
        server.clock.advance(3600)
        assert is_over(style, ask(own).json())
        assert ask("nonesuch").status_code == 404


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("wrapper", ["job", "task", "operation", "render"])
@pytest.mark.parametrize("read", ["/renders/{renderId}/status", "/v1/jobs/{jobId}"])
def test_a_wrapper_is_named_after_the_work(wrapper: str, read: str, style: str) -> None:
    shown = thing(id=TEXT, **STYLES[style], resultUrl=TEXT, startedAt=MOMENT)
    whole = thing(**{wrapper: shown})
    made = rendering("/looms/{id}/render", read, style, whole)
    made["paths"][read]["get"]["responses"]["200"] = answer(whole)
    with MockServer(made, clock="manual") as server:
        loom = server.client.post("/looms", json={"name": "old"}).json()["id"]
        told = server.client.post(f"/looms/{loom}/render", json={"colour": "red"}).json()[wrapper]
        assert not is_over(style, told)
        own = read.replace(read[read.index("{") : read.index("}") + 1], told["id"])
        assert server.client.get(own).json()[wrapper] == told
        server.clock.advance(3600)
        assert is_over(style, server.client.get(own).json()[wrapper])


@pytest.mark.parametrize("status", ["404", "409", "425", "400", "202", "204"])
@pytest.mark.parametrize("text", ["The render has not finished yet.", "Still running: ask later."])
def test_a_result_that_is_not_there_yet_has_the_status_that_says_so(status: str, text: str) -> None:
    made = rendering("/renders", "/renders/{renderId}", "status", thing(id=TEXT))
    result = made["paths"]["/renders/{renderId}/result"]["get"]["responses"]
    del result["409"]
    result[status] = {"description": text}
    with MockServer(made, clock="manual") as server:
        own = server.client.post("/renders", json={"colour": "red"}).json()["id"]
        assert server.client.get(f"/renders/{own}/result").status_code == int(status)
        server.clock.advance(3600)
        assert server.client.get(f"/renders/{own}/result").status_code == 200


DEEDS = {
    "transcribe": "transcriptions",
    "analyze": "analyses",
    "convert": "conversions",
    "generate": "generations",
    "classify": "classifications",
    "deploy": "deployments",
}


@pytest.mark.parametrize("verb", DEEDS)
def test_a_verb_starts_what_is_called_after_it(verb: str) -> None:
    start, read = f"/looms/{{id}}/{verb}", f"/{DEEDS[verb]}/{{id}}"
    made = rendering(start, read, "status", thing(id=TEXT))
    for other in ("weavings", "translations"):
        made["paths"][f"/{other}/{{id}}"] = made["paths"][read]
    with MockServer(made, clock="manual") as server:
        loom = server.client.post("/looms", json={"name": "old"}).json()["id"]
        own = server.client.post(f"/looms/{loom}/{verb}", json={"colour": "red"}).json()["id"]
        assert server.client.get(f"/{DEEDS[verb]}/{own}").json()["status"] == "queued"
        server.clock.advance(3600)
        assert server.client.get(f"/{DEEDS[verb]}/{own}").json()["status"] == "printed"


@pytest.mark.parametrize("name", ["progress", "percentComplete", "percent_done", "pct_complete"])
def test_a_share_alone_says_how_far_a_job_is(name: str) -> None:
    share = {"type": "integer", "minimum": 0, "maximum": 100}
    made = rendering("/renders", "/renders/{renderId}", "status", thing(id=TEXT))
    shown = thing(id=TEXT, **{name: share}, resultUrl=TEXT)
    made["paths"]["/renders/{renderId}"]["get"]["responses"]["200"] = answer(shown)
    with MockServer(made, clock="manual") as server:
        own = "/renders/" + server.client.post("/renders", json={"colour": "red"}).json()["id"]
        first = server.client.get(own).json()
        assert (first[name], first.get("resultUrl")) == (0, None)
        server.clock.advance(3600)
        last = server.client.get(own).json()
        assert last[name] == 100
        assert last["resultUrl"]


@pytest.mark.parametrize("failed", ["errored", "error", "failed", "failure"])
def test_a_job_without_a_cancelled_state_fails_when_it_is_cancelled(failed: str) -> None:
    made = rendering("/renders", "/renders/{renderId}", "status", thing(id=TEXT))
    status = {"type": "string", "enum": ["queued", "printing", "printed", failed]}
    shown = answer(thing(id=TEXT, status=status))
    paths = made["paths"]
    paths["/renders/{renderId}"]["get"]["responses"]["200"] = shown
    cancel = {"post": {"responses": {"200": shown, "409": answer()}}}
    paths["/renders/{renderId}/cancel"] = cancel | {"parameters": ids("{renderId}")}
    with MockServer(made, clock="manual") as server:
        own = "/renders/" + server.client.post("/renders", json={"colour": "red"}).json()["id"]
        assert server.client.post(own + "/cancel").json()["status"] == failed
        server.clock.advance(3600)
        assert server.client.get(own).json()["status"] == failed
        assert server.client.post(own + "/cancel").status_code == 409
