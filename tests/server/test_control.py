"""The admin API: responses, access, refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from mockserver.engine.api import Api, Jobs
from mockserver.engine.world import Collection
from mockserver.errors import NotFound
from mockserver.server.admin.endpoints import ROUTES
from tests.server.plane import Plane, call_api


@pytest.fixture
def plane() -> Plane:
    return Plane(clock="manual", seed=3)


@pytest.fixture
def control(plane: Plane) -> Iterator[httpx.Client]:
    with plane.client() as client:
        yield client


def test_health_says_what_is_served(control: httpx.Client) -> None:
    health = control.get("/health").json()
    assert health["status"] == "ok"
    assert health["operations"] == 2
    assert health["seed"] == 3
    assert health["document"] == "things.yaml"
    assert health["worlds"] == 0
    assert health["clock"]["mode"] == "manual"


URL = "http://127.0.0.1:8000/__mock__"


def test_the_page_loads_nothing_from_elsewhere(control: httpx.Client) -> None:
    page = control.get(f"{URL}/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "Things &lt;&amp;&gt;" in page.text
    asked = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert asked
    for name in asked:
        if name not in ("reference", "state"):
            found = control.get(f"{URL}/{name}")
            assert found.status_code == 200, name
            assert found.headers["content-type"].partition(";")[0] in (
                "application/json",
                "image/svg+xml",
                "text/css",
                "text/javascript",
            )
            assert b"://" not in found.content.replace(b"http://www.w3.org/2000/svg", b"").replace(
                b"http://127.0.0.1:8000", b""
            )


def test_what_the_page_loads_is_found_below_its_own_address(control: httpx.Client) -> None:
    assert control.get(URL, follow_redirects=False).headers["location"] == "/__mock__/"


@pytest.mark.parametrize("name", ["no.js", "dashboard.html", "..%2Fpanel.py", "../panel.py"])
def test_only_the_files_of_the_page_are_served(control: httpx.Client, name: str) -> None:
    assert control.get(f"{URL}/assets/{name}").status_code == 404


def test_the_page_says_what_becomes_of_the_worlds(plane: Plane, control: httpx.Client) -> None:
    assert "in memory, until it stops" in control.get(f"{URL}/").text
    plane.panel.state_file = True
    assert "in its state file" in control.get(f"{URL}/").text
    plane.mock.options = replace(plane.mock.options, store="redis://localhost")
    assert "in Redis" in control.get(f"{URL}/").text


def test_the_clock_is_read_and_moved(control: httpx.Client) -> None:
    before = control.get("/clock").json()
    assert before == {"now": "2026-01-01T00:00:00.000000Z", "mode": "manual", "speed": 0.0}
    after = control.post("/clock", json={"advance": 90}).json()
    assert after["now"] == "2026-01-01T00:01:30.000000Z"
    assert control.get("/clock").json() == after


def test_a_tenant_has_a_clock_of_its_own(plane: Plane, control: httpx.Client) -> None:
    call_api(plane, "mock-a")
    control.post("/clock?tenant=mock-b", json={"advance": 60})
    assert control.get("/clock?tenant=mock-a").json()["now"] == "2026-01-01T00:00:00.000000Z"
    assert control.get("/clock?tenant=mock-b").json()["now"] == "2026-01-01T00:01:00.000000Z"
    assert control.get("/clock").json()["now"] == "2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"advance": -1}, "never goes back"),
        ({"advance": "1"}, "advance takes a number"),
        ({"set": "yesterday"}, "ISO 8601"),
        ({"set": "2020-01-01T00:00:00Z"}, "never goes back"),
        ({"speed": -2}, "speed is a number"),
        ({"advance": 9e11}, "9999"),
        ({"advence": 1}, "give"),
        ({}, "give"),
        ([1], "give"),
        (None, "give"),
    ],
)
def test_a_wrong_order_to_the_clock_is_400(control: httpx.Client, order: Any, says: str) -> None:
    answer = control.post("/clock", content=json.dumps(order))
    assert answer.status_code == 400
    assert says in answer.json()["error"]


def test_reset_makes_worlds_as_they_were(plane: Plane, control: httpx.Client) -> None:
    call_api(plane, "mock-a")
    call_api(plane, "mock-b")
    control.post("/clock?tenant=mock-a", json={"advance": 60})
    assert control.post("/reset?tenant=mock-a").json() == {"reset": 1}
    assert control.get("/clock?tenant=mock-a").json()["now"] == "2026-01-01T00:00:00.000000Z"
    assert control.post("/reset").json() == {"reset": 1}
    assert control.get("/health").json()["worlds"] == 0


def test_a_snapshot_is_put_back(plane: Plane, control: httpx.Client) -> None:
    call_api(plane, "mock-a")
    call_api(plane, "mock-b")
    control.post("/clock", json={"advance": 5})
    snapshot = control.get("/state").json()
    assert set(snapshot["worlds"]) == {"mock-a", "mock-b"}
    control.post("/clock", json={"advance": 5})
    assert control.put("/state", json=snapshot).json() == {"restored": 2}
    assert control.get("/clock?tenant=mock-a").json()["now"] == "2026-01-01T00:00:05.000000Z"
    assert control.get("/state").json() == snapshot


def test_a_snapshot_of_one_world(plane: Plane, control: httpx.Client) -> None:
    call_api(plane, "mock-a")
    call_api(plane, "mock-b")
    snapshot = control.get("/state").json()
    assert set(control.get("/state?tenant=mock-a").json()["worlds"]) == {"mock-a"}
    control.post("/clock", json={"advance": 5})
    assert control.put("/state?tenant=mock-a", json=snapshot).json() == {"restored": 1}
    assert control.get("/clock?tenant=mock-a").json()["now"] == "2026-01-01T00:00:00.000000Z"
    assert control.get("/clock?tenant=mock-b").json()["now"] == "2026-01-01T00:00:05.000000Z"
    assert control.put("/state?tenant=mock-c", json=snapshot).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"worlds": 1}',
        '{"format": 99, "api": "x", "worlds": {}}',
        '{"format": 1, "api": 7, "worlds": {}}',
    ],
)
def test_what_is_no_snapshot_is_400_and_changes_nothing(
    plane: Plane, control: httpx.Client, body: str
) -> None:
    call_api(plane)
    before = control.get("/state").json()
    answer = control.put("/state", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert control.get("/state").json() == before


@pytest.mark.parametrize(
    "world",
    [
        None,
        {},
        {"clock": {}},
        {"clock": {"now": "x", "mode": "real", "speed": 1}, "counters": {}, "collections": {}},
        {
            "clock": {"now": "2026-01-01T00:00:00Z", "mode": "real", "speed": "fast"},
            "counters": {},
            "collections": {},
        },
        {
            "clock": {"now": "2026-01-01T00:00:00Z", "mode": "manual", "speed": 0},
            "counters": {"a": "b"},
            "collections": {},
        },
        {
            "clock": {"now": "2026-01-01T00:00:00Z", "mode": "manual", "speed": 0},
            "counters": {},
            "collections": {"no such": [{}]},
        },
        {
            "clock": {"now": "2026-01-01T00:00:00Z", "mode": "manual", "speed": 0},
            "counters": {},
            "collections": [],
        },
    ],
)
def test_a_broken_world_in_a_snapshot_is_400(
    plane: Plane, control: httpx.Client, world: Any
) -> None:
    call_api(plane)
    snapshot = control.get("/state").json()
    snapshot["worlds"]["mock-x"] = world
    answer = control.put("/state", json=snapshot)
    assert answer.status_code == 400, answer.text
    assert control.get("/health").json()["worlds"] == 1


def test_the_journal_is_newest_first_and_hides_keys(plane: Plane, control: httpx.Client) -> None:
    call_api(plane)
    call_api(plane, "sk-live-0123456789", "PUT", json={})
    call_api(plane, "mock-b", "PUT", json={"id": "a", "size": "big"})
    journal = control.get("/journal").json()
    assert journal["total"] == journal["kept"] == 3
    newest, refused, oldest = journal["exchanges"]
    assert oldest["tenant"] == "mock-key"
    assert (oldest["number"], newest["number"]) == (1, 3)
    assert oldest["operation"] == "getThing"
    assert oldest["target"] == "/things/a"
    assert oldest["duration_ms"] >= 0
    assert (refused["status"], refused["tenant"]) == (401, None)
    assert newest["status"] == 422
    (violation,) = newest["violations"]
    assert violation["where"] == ["body", "size"]
    assert violation["rule"] == "type"
    assert violation["value"] == "big"
    assert "sk-live" not in json.dumps(journal)


def test_the_journal_is_narrowed(plane: Plane, control: httpx.Client) -> None:
    call_api(plane)
    call_api(plane, "mock-b")
    call_api(plane, "mock-b", "PUT", json={"id": "a"})
    assert len(control.get("/journal?limit=2").json()["exchanges"]) == 2
    assert len(control.get("/journal?tenant=mock-b").json()["exchanges"]) == 2
    (only,) = control.get("/journal?tenant=mock-b&operation=putThing").json()["exchanges"]
    assert only["method"] == "PUT"
    assert control.delete("/journal?tenant=mock-b").json() == {"forgotten": 2}
    assert control.get("/journal").json()["kept"] == 1
    assert control.delete("/journal").json() == {"forgotten": 1}
    assert control.get("/journal").json()["exchanges"] == []


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1e3", "٣", "9" * 5000])
def test_a_wrong_limit_is_400(control: httpx.Client, limit: str) -> None:
    assert control.get("/journal", params={"limit": limit}).status_code == 400


def test_control_requests_are_not_journaled(control: httpx.Client) -> None:
    control.get("/health")
    control.get("/nope")
    assert control.get("/journal").json()["total"] == 0


def test_faults_are_added_listed_and_removed(plane: Plane, control: httpx.Client) -> None:
    spec = {"operation": "getThing", "status": 503, "times": 1}
    added = control.post("/faults?tenant=mock-key", json=spec)
    assert added.json() == {"added": ["f1"]}
    assert call_api(plane, "mock-other").status_code != 503
    assert call_api(plane).status_code == 503
    (shown,) = control.get("/faults").json()["faults"]
    assert shown == {"id": "f1", "tenant": "mock-key", **spec, "met": 1, "struck": 1}
    assert control.get("/faults?tenant=mock-other").json() == {"faults": []}
    assert control.get("/journal").json()["exchanges"][0]["faults"] == ["f1"]
    assert control.delete("/faults?id=f1").json() == {"removed": 1}
    assert control.delete("/faults?id=f1").status_code == 404
    assert control.delete("/faults").json() == {"removed": 0}


def test_a_wrong_fault_changes_nothing(control: httpx.Client) -> None:
    wrong = [{"status": 503}, {"operation": "getThings", "status": 503}]
    answer = control.post("/faults", json=wrong)
    assert answer.status_code == 400
    assert "did you mean 'getThing'" in answer.json()["error"]
    assert control.post("/faults").status_code == 400
    assert control.get("/faults").json() == {"faults": []}


def test_the_plan_is_shown(control: httpx.Client) -> None:
    assert "getThing" in control.get("/plan").text


def test_an_unknown_path_lists_what_there_is(control: httpx.Client) -> None:
    for path in ("/nope", "/health/x", "/assets", "/jobs/a/b", "/..%2fhealth", "/ clock"):
        answer = control.get(path)
        assert answer.status_code == 404, path
        for route in ROUTES:
            assert f"/__mock__/{route.path}" in answer.json()["error"]


def test_paths_that_only_begin_alike_are_the_apis(control: httpx.Client) -> None:
    answer = control.get("http://127.0.0.1:8000/__mock__x/health")
    assert answer.status_code == 404
    assert "__mock__/health" not in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path or "page")
def test_a_wrong_method_is_405_with_allow(control: httpx.Client, route: Any) -> None:
    path = "/" + route.path.replace("{id}", "a")
    answer = control.request("PATCH", path)
    assert answer.status_code == 405
    allowed = set(answer.headers["allow"].split(", "))
    assert set(route.methods) <= allowed
    assert control.options(path).headers["allow"] == answer.headers["allow"]
    if "GET" in route.methods:
        head = control.head(path)
        assert head.status_code == control.get(path).status_code
        assert head.content == b""


@pytest.mark.parametrize("body", [b"{", b"\xff", b"{'a': 1}", b"NaN", b"[" * 5000, b'"\x00"'])
def test_malformed_json_is_400(control: httpx.Client, body: bytes) -> None:
    for method, path in (("POST", "/clock"), ("POST", "/reset"), ("PUT", "/state")):
        answer = control.request(method, path, content=body)
        assert answer.status_code == 400
        assert "not JSON" in answer.json()["error"]


def test_a_long_body_is_413(control: httpx.Client) -> None:
    answer = control.post("/clock", content=b" " * 70_000)
    assert answer.status_code == 413
    assert "65536" in answer.json()["error"]


def test_a_misspelt_parameter_resets_nothing(plane: Plane, control: httpx.Client) -> None:
    call_api(plane)
    for query in ("tennant=mock-key", "tenant=", "tenant=a&tenant=b"):
        assert control.post("/reset?" + query).status_code == 400
    assert control.get("/health").json()["worlds"] == 1


class TestJobs:
    @pytest.fixture
    def steered(self, plane: Plane, monkeypatch: pytest.MonkeyPatch) -> Plane:
        def steer(world: Any, job: str, order: Any) -> Any:
            if job not in ("j1", world.tenant):
                raise NotFound("no such job")
            return {"id": job, "tenant": world.tenant, "now": dict(order)}

        api = Api(
            "things", collections={"jobs": Collection("jobs", order=())}, jobs=Jobs(steer=steer)
        )
        plane.mock.api = api
        return plane

    def test_a_job_is_found_in_its_world(self, steered: Plane, control: httpx.Client) -> None:
        call_api(steered, "mock-a")
        call_api(steered, "mock-b")
        order = {"outcome": "failed", "after": 3}
        answer = control.post("/jobs/mock-b", json=order)
        assert answer.json() == {"id": "mock-b", "tenant": "mock-b", "now": order}
        assert control.post("/jobs/j1", json=order).status_code == 409
        assert control.post("/jobs/j1?tenant=mock-a", json=order).json()["tenant"] == "mock-a"
        assert control.post("/jobs/mock-b?tenant=mock-a", json=order).status_code == 404
        assert control.post("/jobs/none", json=order).status_code == 404

    def test_hold_means_stuck(self, steered: Plane, control: httpx.Client) -> None:
        call_api(steered, "mock-a")
        answer = control.post("/jobs/j1", json={"hold": True})
        assert answer.json()["now"] == {"outcome": "stuck"}

    def test_an_order_is_an_object(self, steered: Plane, control: httpx.Client) -> None:
        assert control.post("/jobs/j1", json=[]).status_code == 400

    def test_an_api_without_jobs(self, control: httpx.Client) -> None:
        assert control.post("/jobs/j1", json={"outcome": "failed"}).status_code == 404


def test_an_unexpected_error_is_500_in_json(
    plane: Plane, control: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tenant: str | None) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(plane.mock.store, "snapshot", broken)
    answer = control.get("/state")
    assert answer.status_code == 500
    assert answer.json() == {"error": "RuntimeError: broken"}


def test_half_a_body_changes_nothing(plane: Plane) -> None:
    sent = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/__mock__/reset",
        "query_string": b"",
        "headers": [(b"content-length", b"10")],
        "client": ("127.0.0.1", 1),
    }
    call_api(plane)
    with pytest.raises(StopIteration):
        plane.app(scope, receive, send).send(None)  # type: ignore[attr-defined]
    assert sent == []
    assert plane.mock.store.tenants() == ["mock-key"]


def test_the_journal_names_what_came_close(plane: Plane, control: httpx.Client) -> None:
    with plane.client() as client:
        client.get("http://127.0.0.1:8000/thing/a", headers={"key": "mock-key"})
        client.get("http://127.0.0.1:8000/things/a", headers={"key": "mock-key"})
    fitting, other = control.get("/journal").json()["exchanges"]
    assert fitting["near"] == []
    assert other["near"] == ["GET /things/{id}", "PUT /things/{id}"]
