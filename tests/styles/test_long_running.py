"""Documents in which another resource tells how a request is going on."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import (
    FLAG,
    WHOLE,
    answer,
    array,
    body,
    obj,
    one_of,
    operation,
    path,
    ref,
    text,
    with_schemas,
)

ANY: dict[str, Any] = {"type": "object", "additionalProperties": True}


def clusters() -> dict[str, Any]:
    """Clusters whose changes are tracked by operations that are `done` one day."""
    started = ref("Operation")
    states = one_of("PROVISIONING", "RUNNING", "STOPPING", "STOPPED", "DELETING", "ERROR")
    cluster = obj(name=text(readOnly=True), displayName=text(), state={**states, "readOnly": True})
    error = obj(code=WHOLE, message=text())
    return with_schemas(
        {
            "/v1/{project}/clusters": path(
                "project",
                get=operation("ListClusters", obj(clusters=array(ref("Cluster")))),
                post=operation(
                    "CreateCluster", started, sent=ref("Cluster"), query={"clusterId": text()}
                ),
            ),
            "/v1/{project}/clusters/{cluster}": path(
                "project",
                "cluster",
                get=operation("GetCluster", ref("Cluster"), also=(404,)),
                delete=operation("DeleteCluster", started),
            ),
            "/v1/{project}/clusters/{cluster}:stop": path(
                "project", "cluster", post=operation("StopCluster", started)
            ),
            "/v1/{project}/operations": path(
                "project", get=operation("ListOperations", obj(operations=array(started)))
            ),
            "/v1/{project}/operations/{operation}": path(
                "project", "operation", get=operation("GetOperation", started, also=(404,))
            ),
            "/v1/{project}/operations/{operation}:cancel": path(
                "project", "operation", post=operation("CancelOperation", obj())
            ),
        },
        Cluster=cluster,
        Operation=obj(name=text(), done=FLAG, metadata=ANY, response=ANY, error=error),
    )


def test_an_operation_tracks_what_it_does() -> None:
    with MockServer(clusters(), clock="manual") as mock:
        client = mock.client
        begun = client.post("/v1/p/clusters?clusterId=c", json={"displayName": "x"}).json()
        assert begun["done"] is False
        operation_url = f"/v1/p/operations/{begun['name']}"
        assert client.get(operation_url).json()["done"] is False
        cluster = client.get("/v1/p/clusters/c").json()
        assert cluster == {"name": "c", "displayName": "x", "state": "PROVISIONING"}
        mock.clock.advance(3600)
        ended = client.get(operation_url).json()
        assert ended["done"] is True
        assert "error" not in ended
        assert ended["response"]["displayName"] == "x"
        assert client.get("/v1/p/clusters/c").json()["state"] == "RUNNING"


def test_verbs_and_deletes_are_tracked_too() -> None:
    with MockServer(clusters(), clock="manual") as mock:
        client = mock.client
        client.post("/v1/p/clusters?clusterId=c", json={})
        mock.clock.advance(3600)
        for method, url in (("POST", "/v1/p/clusters/c:stop"), ("DELETE", "/v1/p/clusters/c")):
            name = client.request(method, url).json()["name"]
            assert client.get(f"/v1/p/operations/{name}").status_code == 200
            mock.clock.advance(3600)
            assert client.get(f"/v1/p/operations/{name}").json()["done"] is True
            state = client.get("/v1/p/clusters/c")
            assert state.status_code == 404 if method == "DELETE" else state.json()["state"]
        assert client.get("/v1/p/clusters/c").status_code == 404


def test_a_cancelled_operation_is_done_without_a_response() -> None:
    with MockServer(clusters(), clock="manual") as mock:
        name = mock.client.post("/v1/p/clusters", json={}).json()["name"]
        mock.client.post(f"/v1/p/operations/{name}:cancel")
        found = mock.client.get(f"/v1/p/operations/{name}").json()
        assert found["done"] is True
        assert "response" not in found


def test_a_flag_and_a_verdict_tell_how_a_build_went() -> None:
    build = obj(
        "number",
        number=WHOLE,
        building=FLAG,
        result=one_of("SUCCESS", "FAILURE", "ABORTED", None),
    )
    number = {"name": "number", "in": "path", "required": True, "schema": WHOLE}
    paths = {
        "/job/{name}/build": path("name", post=operation("trigger", ref("Build"), status=201)),
        "/job/{name}/builds": path("name", get=operation("builds", array(ref("Build")))),
        "/job/{name}/builds/{number}": path("name", get=operation("build", ref("Build"))),
        "/job/{name}/builds/{number}/stop": path("name", post=operation("stop", ref("Build"))),
    }
    for url, item in paths.items():
        item["parameters"] += [number] if "{number}" in url else []
    with MockServer(with_schemas(paths, Build=build), clock="manual") as mock:
        first = mock.client.post("/job/app/build").json()
        assert (first["building"], first["result"]) == (True, None)
        second = mock.client.post("/job/app/build").json()
        mock.client.post(f"/job/app/builds/{second['number']}/stop")
        mock.clock.advance(3600)
        results = {
            n: mock.client.get(f"/job/app/builds/{n}").json()
            for n in (first["number"], second["number"])
        }
        assert [(b["building"], b["result"]) for b in results.values()] == [
            (False, "SUCCESS"),
            (False, "ABORTED"),
        ]


def test_drafts_wait_until_they_are_sent_and_pauses_end() -> None:
    states = one_of("DRAFT", "SCHEDULED", "SENDING", "PAUSED", "SENT", "CANCELED")
    campaign = obj("id", id=text(), name=text(), state=states, sentAt=text(format="date-time"))
    item = "/campaigns/{id}"
    paths: dict[str, Any] = {
        "/campaigns": {
            "post": {
                "operationId": "create",
                "requestBody": body(obj("name", name=text())),
                "responses": {"201": answer(ref("Campaign"))},
            }
        },
        item: path("id", get=operation("get", ref("Campaign"))),
    }
    for verb in ("send", "pause", "resume", "cancel"):
        paths[f"{item}/{verb}"] = path("id", post=operation(verb, ref("Campaign"), also=(409,)))
    with MockServer(with_schemas(paths, Campaign=campaign), clock="manual") as mock:
        url = "/campaigns/" + mock.client.post("/campaigns", json={"name": "n"}).json()["id"]
        mock.clock.advance(3600)
        assert mock.client.get(url).json()["state"] == "DRAFT"
        seen = [mock.client.post(f"{url}/{verb}").json()["state"] for verb in ("send", "pause")]
        mock.clock.advance(3600)
        seen.append(mock.client.get(url).json()["state"])
        seen.append(mock.client.post(f"{url}/resume").json()["state"])
        mock.clock.advance(3600)
        seen.append(mock.client.get(url).json()["state"])
        assert seen == ["SENDING", "PAUSED", "PAUSED", "SENDING", "SENT"]
        assert mock.client.post(f"{url}/cancel").status_code == 409


def test_what_is_paid_is_not_voided_and_what_is_restored_is_not_deleted() -> None:
    states = one_of("draft", "open", "paid", "void")
    invoice = obj(
        "id", id=text(), customer=text(), status=states, deletedAt=text(format="date-time")
    )
    created = answer(ref("Invoice"))
    sent = body(obj("customer", customer=text()))
    item = "/invoices/{id}"
    summary = "Soft delete an invoice. It can be restored later."
    paths: dict[str, Any] = {
        "/invoices": {
            "post": {"operationId": "create", "requestBody": sent, "responses": {"201": created}},
            "get": operation("list", obj(data=array(ref("Invoice")))),
        },
        item: path(
            "id",
            get=operation("get", ref("Invoice")),
            delete=operation("delete", status=204, summary=summary),
        ),
    }
    for verb in ("pay", "void", "restore"):
        paths[f"{item}/{verb}"] = path("id", post=operation(verb, ref("Invoice"), also=(409,)))
    with MockServer(with_schemas(paths, Invoice=invoice)) as mock:
        url = "/invoices/" + mock.client.post("/invoices", json={"customer": "c"}).json()["id"]
        assert mock.client.post(f"{url}/pay").json()["status"] == "paid"
        assert mock.client.post(f"{url}/void").status_code == 409
        mock.client.delete(url)
        assert "deletedAt" not in mock.client.post(f"{url}/restore").json()


def test_a_client_orders_and_the_server_works() -> None:
    """The update lists fewer states than the resource has: the server sets the others."""
    order = one_of("UploadComplete", "Aborted")
    states = one_of("Open", "UploadComplete", "InProgress", "JobComplete", "Aborted", "Failed")
    job = obj("id", "state", id=text(), object=text(), state=states)
    change = body(obj("state", state=order))
    paths = {
        "/jobs": {"post": operation("create", ref("Job"), sent=obj("object", object=text()))},
        "/jobs/{id}": path(
            "id",
            get=operation("get", ref("Job")),
            patch={**operation("change", ref("Job")), "requestBody": change},
        ),
    }
    with MockServer(with_schemas(paths, Job=job), clock="manual") as mock:

        def begun() -> str:
            return "/jobs/" + str(mock.client.post("/jobs", json={"object": "a"}).json()["id"])

        done, aborted = begun(), begun()
        mock.clock.advance(3600)
        assert mock.client.get(done).json()["state"] == "Open"
        assert mock.client.patch(done, json={"state": "UploadComplete"}).status_code == 200
        mock.client.patch(aborted, json={"state": "Aborted"})
        mock.clock.advance(3600)
        assert mock.client.get(done).json()["state"] == "JobComplete"
        assert mock.client.get(aborted).json()["state"] == "Aborted"


def test_a_run_is_completed_and_its_conclusion_says_that_it_was_cancelled() -> None:
    states, conclusion = (
        one_of("queued", "in_progress", "completed"),
        one_of("success", "failure", "cancelled", None),
    )
    run = obj("id", id=text(), status=states, conclusion=conclusion)
    paths = {
        "/runs": {"post": operation("start", ref("Run"), sent=obj(branch=text()))},
        "/runs/{id}": path("id", get=operation("get", ref("Run"))),
        "/runs/{id}/cancel": path("id", post=operation("cancel", ref("Run"), also=(409,))),
        "/runs/{id}/rerun": path("id", post=operation("rerun", ref("Run"))),
    }
    with MockServer(with_schemas(paths, Run=run), clock="manual") as mock:
        url = "/runs/" + mock.client.post("/runs", json={}).json()["id"]
        cancelled = mock.client.post(f"{url}/cancel").json()
        assert (cancelled["status"], cancelled["conclusion"]) == ("completed", "cancelled")
        again = mock.client.post(f"{url}/rerun").json()
        assert (again["status"], again["conclusion"]) == ("queued", None)
        mock.clock.advance(3600)
        ended = mock.client.get(url).json()
        assert (ended["status"], ended["conclusion"]) == ("completed", "success")
        assert mock.client.post(f"{url}/cancel").status_code == 409


@pytest.mark.parametrize(
    "waits", [10**15, 1e308, -1e308, "²", "9" * 400, f"P{'9' * 5000}D", "9999-12-31T23:59:59-23:00"]
)
def test_a_deadline_may_be_any_value(waits: Any) -> None:
    hold = obj(id=text(), status=one_of("pending", "completed", "expired"))
    paths = {
        "/holds": {"post": operation("hold", ref("Hold"), status=201, sent=obj(expires_in={}))},
        "/holds/{id}": path("id", get=operation("get", ref("Hold"))),
    }
    with MockServer(with_schemas(paths, Hold=hold), seeds="none") as mock:
        made = mock.client.post("/holds", json={"expires_in": waits}).raise_for_status().json()
        assert mock.client.get(f"/holds/{made['id']}").json() == made


def test_what_a_create_wraps_under_another_name_is_what_its_item_path_shows() -> None:
    job = obj(id=text(readOnly=True), status={**one_of("QUEUED", "DONE"), "readOnly": True})
    document = with_schemas(
        {
            "/batches": path(
                get=operation("ListBatches", array(ref("Job"))),
                post=operation(
                    "CreateBatch", obj(job=ref("Job"), warning=text()), sent=obj(model=text())
                ),
            ),
            "/batches/{id}": path("id", get=operation("GetBatch", ref("Job"), also=(404,))),
        },
        Job=job,
    )
    with MockServer(document) as mock:
        made = mock.client.post("/batches", json={"model": "x"}).json()["job"]
        assert mock.client.get(f"/batches/{made['id']}").json()["status"] == "QUEUED"
        mock.clock.advance(3600)
        assert mock.client.get(f"/batches/{made['id']}").json()["status"] == "DONE"
