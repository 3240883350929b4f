"""What the admin API shows of worlds: jobs with their future states, rows, the document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.server.access import Guard
from mockserver.server.admin.app import admin_api
from mockserver.server.admin.request import Panel
from mockserver.server.clients import InProcessTransport
from mockserver.server.mock import MockServer
from tests.support.documents import TEXT, collection, document, thing

SUITE = "/v1/sim-suites/3c90c3cc-0d44-4b50-8888-8dd25736052a"
AGENT = {"agent_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"}
JOBS = Path(__file__).parent.parent / "fixtures/jobs.yaml"


class Watched:
    """A mock, its API as one tenant, and its admin API."""

    def __init__(self, spec: str | dict[str, Any]) -> None:
        self.mock = MockServer(spec)
        panel = Panel(self.mock.mock, self.mock.recorder)
        app = self.mock.mock.app(admin_api(panel, Guard()))
        self.control = httpx.Client(
            transport=InProcessTransport(app), base_url="http://127.0.0.1/__mock__"
        )
        self.api = self.mock.client

    def jobs(self) -> list[dict[str, Any]]:
        found = self.control.get("/jobs", params={"tenant": "mock-key"})
        assert found.status_code == 200, found.text
        jobs: list[dict[str, Any]] = found.json()["jobs"]
        return jobs


@pytest.fixture
def feather() -> Iterator[Watched]:
    watched = Watched("feather")
    with watched.mock, watched.control:
        yield watched


def test_a_suite_run_is_watched_as_the_api_tells_it(feather: Watched) -> None:
    run = feather.api.post(f"{SUITE}/runs", json=AGENT).json()
    for _ in range(8):
        told = feather.api.get(f"{SUITE}/runs/{run['id']}").json()
        job = next(job for job in feather.jobs() if job["id"] == run["id"])
        assert job["state"] == told["status"]
        assert [(c["id"], c["state"]) for c in job["children"]] == [
            (child["id"], child["status"]) for child in told["runs"]
        ]
        assert job["open"] == any(c["status"] in ("pending", "running") for c in told["runs"])
        feather.mock.clock.advance(4)
    assert not job["open"]


def test_what_lies_ahead_is_told(feather: Watched) -> None:
    run = feather.api.post(f"{SUITE}/runs", json=AGENT).json()
    job = next(job for job in feather.jobs() if job["id"] == run["id"])
    assert job["kind"] == "suite run"
    assert job["name"]
    for child in job["children"]:
        assert child["state"] == "pending"
        assert child["schedule"][0]["state"] == "pending"
        assert child["schedule"][-1]["last"]
        moments = [step["at"] for step in child["schedule"]]
        assert moments == sorted(moments)


def test_the_outcomes_that_are_offered_can_be_ordered(feather: Watched) -> None:
    outcomes = feather.control.get("/jobs").json()["outcomes"]
    assert "stuck" in outcomes
    for outcome in outcomes:
        run = feather.api.post(f"{SUITE}/runs", json=AGENT).json()
        ordered = feather.control.post(f"/jobs/{run['id']}", json={"outcome": outcome})
        assert ordered.status_code == 200, ordered.text


def test_looking_changes_nothing(feather: Watched) -> None:
    feather.api.post(f"{SUITE}/runs", json=AGENT)
    feather.mock.clock.advance(60)
    before = feather.mock.snapshot()
    feather.jobs()
    feather.control.get("/rows", params={"collection": "runs"})
    feather.control.get("/worlds", params={"tenant": "mock-key"})
    assert json.dumps(feather.mock.snapshot()) == json.dumps(before)
    assert feather.mock.recorder.total == 1


def test_a_job_is_shown_by_its_name() -> None:
    status = {"enum": ["queued", "rendering", "done", "failed"], "readOnly": True}
    render = thing("name", id={**TEXT, "readOnly": True}, name=TEXT, status=status)
    watched = Watched(document(collection("/renders", render, render)))
    with watched.mock, watched.control:
        assert watched.api.post("/renders", json={"name": "intro"}).status_code < 300
        assert "intro" in [job["name"] for job in watched.jobs()]


@pytest.mark.parametrize("spec", ["speechify", "truestate"])
def test_every_built_in_api_has_jobs_to_watch(spec: str) -> None:
    watched = Watched(spec)
    with watched.mock, watched.control:
        watched.mock.snapshot()
        jobs = watched.jobs()
        assert jobs, "the seed world has some"
        assert all(job["schedule"] or job["children"] for job in jobs)
        created = [job["created"] for job in jobs]
        assert created == sorted(created, reverse=True)


def test_inferred_jobs_are_watched_too() -> None:
    watched = Watched(str(JOBS))
    with watched.mock, watched.control:
        made = watched.api.post("/exports", json={"format": "csv"})
        assert made.status_code == 202, made.text
        made_id = made.json()["id"]
        job = next(one for one in watched.jobs() if one["id"] == made_id)  # beside seed jobs
        assert (job["kind"], job["open"], job["name"]) == ("export", True, "")
        watched.mock.clock.advance(3600)
        job = next(one for one in watched.jobs() if one["id"] == made_id)
        assert job["state"] == watched.api.get(f"/exports/{job['id']}").json()["status"]
        assert not job["open"]


def test_worlds_are_listed_with_their_clocks(feather: Watched) -> None:
    assert [world["tenant"] for world in feather.control.get("/worlds").json()["worlds"]] == [
        "mock-key"
    ]
    feather.mock.client_for("mock-two").get("/v1/sim-suites")
    feather.mock.clock_for("mock-two").advance(3600)
    worlds = feather.control.get("/worlds").json()["worlds"]
    clocks = {world["tenant"]: world["clock"]["now"] for world in worlds}
    assert clocks["mock-two"].startswith("2026-01-01T01:00")


def test_a_world_has_its_collections_counted(feather: Watched) -> None:
    listed = feather.api.get("/v1/sim-suites?limit=100").json()["items"]
    (world,) = feather.control.get("/worlds?tenant=mock-key").json()["worlds"]
    counts = {each["name"]: each["rows"] for each in world["collections"]}
    assert counts["suites"] == len(listed)


def test_rows_are_told_newest_first_with_instants_spelt_out(feather: Watched) -> None:
    run = feather.api.post(f"{SUITE}/runs", json=AGENT).json()
    found = feather.control.get("/rows?collection=suite_runs&limit=1").json()
    (row,) = found["rows"]
    assert found["total"] > 1
    assert row["id"] == run["id"]
    assert row["created_at"] == "2026-01-01T00:00:00.000000Z"
    (child, *_) = feather.control.get("/rows?collection=runs").json()["rows"]
    assert child["state now"] == "pending"


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("", 400, "choose one with ?collection="),
        ("?collection=nope", 404, "there is no collection 'nope'; the collections are agents"),
        ("?collection=runs&limit=0", 400, "limit must be an integer"),
    ],
)
def test_what_is_asked_wrongly_is_named(
    feather: Watched, query: str, status: int, says: str
) -> None:
    refused = feather.control.get(f"/rows{query}")
    assert refused.status_code == status
    assert says in refused.json()["error"]


def test_several_worlds_want_a_name(feather: Watched) -> None:
    for key in ("mock-one", "mock-two"):
        feather.mock.client_for(key).get("/v1/sim-suites")
    assert "?tenant=KEY" in feather.control.get("/jobs").json()["error"]


def test_the_document_is_the_true_one(feather: Watched) -> None:
    root = Path(__file__).parent.parent.parent / "openapi.json"
    assert feather.control.get("/document").json() == json.loads(root.read_text("utf-8"))


def test_jobs_are_filtered_sorted_and_paged(feather: Watched) -> None:
    for _ in range(3):
        feather.api.post(f"{SUITE}/runs", json=AGENT)

    def jobs(**query: Any) -> dict[str, Any]:
        found = feather.control.get("/jobs", params={"tenant": "mock-key", **query})
        assert found.status_code == 200, found.text
        return dict(found.json())

    every = jobs()["jobs"]
    assert [job["id"] for job in jobs(limit=2, offset=1)["jobs"]] == [j["id"] for j in every[1:3]]
    assert jobs(limit=2)["more"]
    assert not jobs()["more"]
    pending = jobs(state="pending", kind="suite run")
    assert {job["state"] for job in pending["jobs"]} == {"pending"}
    assert [job["id"] for job in jobs(text=every[0]["id"])["jobs"]] == [every[0]["id"]]
    names = [job["name"] for job in jobs(sort="name")["jobs"]]
    assert names == sorted(names)
    assert [job["name"] for job in jobs(sort="-name")["jobs"]] == sorted(names, reverse=True)
    assert {"suite run"} <= {*jobs()["kinds"]}
    assert {"pending", "failed"} <= {*jobs()["states"]}


def test_rows_are_searched_paged_and_shown_as_a_client_sees_them() -> None:
    watched = Watched(str(JOBS))
    with watched.mock, watched.control:
        made = watched.api.post("/exports", json={"format": "csv", "note": "needle"}).json()
        query = {"tenant": "mock-key", "collection": "exports"}
        found = watched.control.get("/rows", params={**query, "text": "needle"}).json()
        assert [row["id"] for row in found["rows"]] == [made["id"]]
        assert found["shown"][made["id"]] == watched.api.get(f"/exports/{made['id']}").json()
        page = watched.control.get("/rows", params={**query, "limit": 2, "offset": 1}).json()
        assert (len(page["rows"]), page["more"]) == (2, True)
        assert page["total"] == 6  # the seed data, although nobody has listed it


def test_one_exchange_is_shown_with_bodies_and_without_secrets(feather: Watched) -> None:
    feather.api.post("/v1/sim-suites", json={"name": "x", "password": "hunter2"})
    feather.api.get("/v1/nowhere")
    found = feather.control.get("/journal", params={"tenant": "mock-key", "unknown": 1}).json()
    assert found["found"] == 2
    number = found["exchanges"][-1]["number"]
    shown = feather.control.get(f"/journal/{number}").json()
    assert shown["operation"] == "createSimulationSuite"
    assert '"name":"x"' in shown["request"]["postData"]["text"].replace(" ", "")
    assert "hunter2" not in json.dumps(shown)
    assert shown["response"]["status"] == shown["status"]
    assert feather.control.get("/journal/99").status_code == 404
    odd = feather.control.get("/journal", params={"noted": 1, "status": "4xx", "text": "nowhere"})
    assert [each["status"] for each in odd.json()["exchanges"]] == [404]


@pytest.mark.parametrize(
    "query", ["/jobs?sort=size", "/jobs?offset=-1", "/journal?status=6xx", "/rows?limit=0"]
)
def test_a_wrong_page_is_refused(feather: Watched, query: str) -> None:
    feather.api.get("/v1/agents")
    assert feather.control.get(query).status_code == 400
