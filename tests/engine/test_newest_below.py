"""What an entity tells of the newest of those below it, and names that cloud vendors use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.documents import FLAG, TEXT, array, obj, one_of, ref, thing
from tests.support.trades import does, kept, serve

STATES = ("queued", "running", "succeeded", "failed")
NULLABLE = {"type": ["string", "null"]}


@pytest.mark.parametrize("word", ["last", "latest", "current", "most_recent"])
@pytest.mark.parametrize("start", ["POST /pipelines/{pipeline_id}/runs", "POST /runs"])
def test_an_entity_follows_the_newest_of_those_below_it(word: str, start: str) -> None:
    pipeline = thing("id", id=TEXT, name=TEXT)
    pipeline["properties"] |= {
        f"{word}_run_id": NULLABLE,
        f"{word}_run_status": one_of(*STATES),
        f"{word}_run_label": NULLABLE,
    }
    run = thing("id", id=TEXT, pipeline_id=TEXT, status=one_of(*STATES), label=TEXT)
    sent = thing("label", label=TEXT, **({} if "{" in start else {"pipeline_id": TEXT}))
    operations = {
        **kept("/pipelines", "Pipeline", thing("name", name=TEXT)),
        start: does(ref("Run"), sent, status=202),
        "GET /runs": does(array(ref("Run"))),
        "GET /runs/{run_id}": does(ref("Run")),
    }
    with serve(operations, Pipeline=pipeline, Run=run) as server:
        client = server.client
        one, other = (client.post("/pipelines", json={"name": n}).json()["id"] for n in "ab")
        assert not client.get(f"/pipelines/{one}").json().get(f"{word}_run_id")
        path = start.split()[1].replace("{pipeline_id}", one)
        for label in ("first", "second"):
            body = {"label": label, **({} if "{" in start else {"pipeline_id": one})}
            made = client.post(path, json=body).json()
        shown = client.get(f"/pipelines/{one}").json()
        assert shown[f"{word}_run_id"] == made["id"]
        assert shown[f"{word}_run_label"] == "second"
        assert shown[f"{word}_run_status"] in STATES[:2]
        server.clock.advance(3600)
        assert client.get(f"/pipelines/{one}").json()[f"{word}_run_status"] == "succeeded"
        assert not client.get(f"/pipelines/{other}").json().get(f"{word}_run_id")


@pytest.mark.parametrize("rows", ["JobList", "Jobs", "JobSummaryList"])
@pytest.mark.parametrize("status", ["StatusCode", "JobStatus", "StatusName"])
@pytest.mark.parametrize("wrapper", ["jobParameters", "jobInput", ""])
def test_names_of_cloud_vendors(rows: str, status: str, wrapper: str) -> None:
    states = ("InProgress", "Succeeded", "Failed")
    job: dict[str, Any] = {"JobId": TEXT, "JobDescription": TEXT, "Tier": TEXT, "Completed": FLAG}
    job[status] = one_of(*states)
    sent = thing(Description=TEXT, Tier=TEXT)
    operations = {
        "POST /vaults/{vault}/jobs": does(
            obj(JobId=TEXT), obj(**{wrapper: sent}) if wrapper else sent, status=202
        ),
        "GET /vaults/{vault}/jobs": does(
            obj(**{rows: array(ref("Job")), "Marker": TEXT}), statuscode=TEXT, completed=FLAG
        ),
        "GET /vaults/{vault}/jobs/{jobId}": does(ref("Job")),
    }
    with serve(operations, Job=thing(**job)) as server:
        body = {"Description": "d", "Tier": "slow"}
        reply = server.client.post("/vaults/v/jobs", json={wrapper: body} if wrapper else body)
        assert reply.status_code == 202

        def listed(**query: str) -> list[Any]:
            found: list[Any] = server.client.get("/vaults/v/jobs", params=query).json()[rows]
            return found

        (row,) = listed()
        assert (row["JobDescription"], row["Tier"], row[status]) == ("d", "slow", "InProgress")
        assert status != "StatusCode" or not listed(statuscode="Succeeded")
        assert listed(completed="false")
        server.clock.advance(36_000)
        own = server.client.get(f"/vaults/v/jobs/{row['JobId']}").json()
        assert (own[status], own["Completed"]) == ("Succeeded", True)
        assert not listed(completed="false")


def test_what_is_listed_before_the_end_is_the_way_there() -> None:
    way = ("DeviceOrdered", "DevicePrepared", "Dispatched", "AtDatacenter", "DataCopy", "Completed")
    parcel = thing("id", id=TEXT, status=one_of(*way, "CompletedWithErrors", "Cancelled"))
    operations = {
        "POST /parcels": does(ref("Parcel"), thing(name=TEXT), status=201),
        "GET /parcels/{parcel_id}": does(ref("Parcel")),
        "POST /parcels/{parcel_id}/cancel": does(ref("Parcel")),
    }
    with serve(operations, Parcel=parcel) as server:
        made = server.client.post("/parcels", json={"name": "a"}).json()
        seen = [made["status"]]
        for _ in range(400):
            server.clock.advance(2)
            status = server.client.get(f"/parcels/{made['id']}").json()["status"]
            seen += [status] if status != seen[-1] else []
        assert tuple(seen) == way
