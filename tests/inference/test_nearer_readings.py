"""What an operation shows, or is told, beside what it is about: readings that go too far."""

from __future__ import annotations

import pytest

from mockserver import MockServer
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from tests.support.documents import (
    MOMENT,
    TEXT,
    array,
    obj,
    one_of,
    operation,
    path,
    ref,
    text,
    with_schemas,
)


@pytest.mark.parametrize("part", ["published_deploy", "milestone", "current"])
def test_what_an_entity_shows_as_its_part_is_not_shown_in_its_place(part: str) -> None:
    states = one_of("queued", "building", "ready", "failed")
    site = obj("id", "name", id=TEXT, name=TEXT, **{part: ref("Deploy")})
    paths = {
        "/sites": path(post=operation("makeSite", ref("Site"), sent=obj(name=TEXT), status=201)),
        "/sites/{site_id}": path(
            "site_id",
            get=operation("readSite", ref("Site")),
            patch=operation("changeSite", ref("Site"), sent=obj(name=TEXT)),
        ),
        "/deploys": path(post=operation("deploy", ref("Deploy"), sent=obj(title=TEXT), status=201)),
        "/deploys/{deploy_id}": path("deploy_id", get=operation("readDeploy", ref("Deploy"))),
    }
    deploy = obj("id", "title", "state", id=TEXT, title=TEXT, state=states)
    with MockServer(with_schemas(paths, Site=site, Deploy=deploy)) as mock:
        made = mock.client.post("/sites", json={"name": "shop"}).json()
        assert made["name"] == "shop"
        place = f"/sites/{made['id']}"
        assert mock.client.get(place).json() == made
        assert mock.client.patch(place, json={"name": "store"}).json()["name"] == "store"


@pytest.mark.parametrize(
    ("states", "after"),
    [
        ("pending_approval approved rejected released", "pending_approval"),
        ("PendingApproval Approved Rejected Released", "PendingApproval"),
        ("draft pending_review approved rejected", "pending_review"),
        ("draft in_review approved rejected", "in_review"),
    ],
)
def test_what_is_submitted_waits_for_its_approval(states: str, after: str) -> None:
    claim = obj("id", "status", id=TEXT, title=TEXT, status=one_of(*states.split()))
    paths = {
        "/claims": path(post=operation("make", ref("Claim"), sent=obj(title=TEXT), status=201)),
        "/claims/{id}": path("id", get=operation("read", ref("Claim"))),
        "/claims/{id}/submit": path("id", post=operation("submit", ref("Claim"))),
    }
    with MockServer(with_schemas(paths, Claim=claim), clock="manual") as mock:
        made = mock.client.post("/claims", json={"title": "Trip"}).json()
        assert mock.client.post(f"/claims/{made['id']}/submit").json()["status"] == after
        assert mock.client.get(f"/claims/{made['id']}").json()["status"] == after


@pytest.mark.parametrize(
    "told",
    [
        "You can stop a worker only if it is in the running state.",
        "Stops a worker. It must be running.",
    ],
)
def test_what_does_not_run_is_not_stopped(told: str) -> None:
    states = one_of("starting", "stopping", "ready", "running")
    worker = obj("id", "status", id=TEXT, name=TEXT, status=states)
    stop = operation("stop", ref("Worker"), also=(409,), description=told)
    paths = {
        "/workers": path(post=operation("make", ref("Worker"), sent=obj(name=TEXT), status=201)),
        "/workers/{id}": path("id", get=operation("read", ref("Worker"))),
        "/workers/{id}/stop": path("id", post=stop),
    }
    with MockServer(with_schemas(paths, Worker=worker), clock="manual") as mock:
        made = mock.client.post("/workers", json={"name": "one"}).json()
        assert made["status"] == "starting"
        assert mock.client.post(f"/workers/{made['id']}/stop").status_code == 409


@pytest.mark.parametrize("mirror", ["data", "cache", "reports"])
def test_what_lies_below_a_copy_that_is_only_read_is_not_below_what_clients_make(
    mirror: str,
) -> None:
    bill = obj("id", "total", id=TEXT, total=TEXT)
    receipt = obj("id", "status", id=TEXT, status=TEXT)
    note = obj("id", "text", id=TEXT, text=TEXT)
    home = "/links/{linkId}"
    paths = {
        "/push/bills": path(post=operation("push", receipt, sent=obj(total=TEXT), status=201)),
        "/push/bills/{billId}": path(
            "billId", put=operation("change", receipt, sent=obj(total=TEXT))
        ),
        f"/{mirror}/bills": path(get=operation("bills", array(ref("Bill")))),
        f"/{mirror}/bills/{{billId}}": path("billId", get=operation("bill", ref("Bill"))),
        f"{home}/{mirror}/bills/{{billId}}/notes": path(
            "linkId", "billId", get=operation("notes", array(ref("Note")), also=(404,))
        ),
    }
    with MockServer(with_schemas(paths, Bill=bill, Note=note)) as mock:
        known = mock.client.get(f"/{mirror}/bills").json()[0]["id"]
        assert mock.client.get(f"/links/1/{mirror}/bills/{known}/notes").status_code == 200


@pytest.mark.parametrize("kind", ["entity", "field", "node"])
def test_a_post_to_a_kind_makes_one_of_that_kind(kind: str) -> None:
    row = obj("id", "value", id=TEXT, value=TEXT)
    kinds = obj("name", "label", name=TEXT, label=TEXT)
    given = f"{{{kind}_id}}"
    item = f"/{kind}/{given}/{{{kind}_item_id}}"
    paths = {
        f"/{kind}/list": path(get=operation("kinds", array(ref("Kind")))),
        f"/{kind}/{given}": path(
            f"{kind}_id",
            get=operation("kind", ref("Kind")),
            post=operation("add", ref("Item"), sent=obj(value=text()), status=201),
        ),
        f"/{kind}/{given}/list": path(f"{kind}_id", get=operation("items", array(ref("Item")))),
        item: path(f"{kind}_id", f"{kind}_item_id", get=operation("item", ref("Item"))),
    }
    with MockServer(with_schemas(paths, Kind=kinds, Item=row)) as mock:
        known = mock.client.get(f"/{kind}/list").json()[0]["name"]
        made = mock.client.post(f"/{kind}/{known}", json={"value": "7"}).json()
        assert mock.client.get(f"/{kind}/{known}/{made['id']}").json() == made


def test_an_id_that_the_path_has_is_none_of_another_job() -> None:
    request = obj("status", status=one_of("queued", "running", "failed", "completed"), note=TEXT)
    receipt = obj("token", "createdAt", token=TEXT, createdAt=MOMENT)
    paths = {}
    for kind in ("delete", "export"):
        home, item = f"/user/requests/{kind}", f"/user/requests/{kind}/{{token}}"
        paths[home] = path(post=operation(f"{kind}Mine", receipt, status=201))
        paths[item] = path("token", get=operation(f"read_{kind}", request))
        cancel = operation(f"Requests_Cancel_{kind}_request", receipt, status=202)
        cancel["responses"]["202"]["headers"] = {"Location": {"schema": TEXT}}
        paths[f"{item}/cancel"] = path("token", post=cancel)
    plan = build_plan(build_contract(with_schemas(paths)))
    for kind in ("delete", "export"):
        found = plan.actions[f"Requests_Cancel_{kind}_request"]
        assert (found.kind, found.resource) == ("transition", f"user.requests.{kind}")


@pytest.mark.parametrize("name", ["latestRunId", "last_run_id", "currentRunId", "parentRunId"])
def test_a_change_starts_no_run_whose_id_it_shows_as_an_earlier_one(name: str) -> None:
    run = obj("id", "status", id=TEXT, status=one_of("queued", "running", "completed", "failed"))
    trial = obj("id", "title", id=TEXT, title=TEXT, size=TEXT)
    short = obj("id", "title", id=TEXT, title=TEXT, **{name: TEXT})
    change = operation("change", short, sent=obj(title=TEXT))
    paths = {
        "/trials": path(post=operation("make", trial, sent=obj(title=TEXT), status=201)),
        "/trials/{trialId}": path("trialId", get=operation("read", trial), patch=change),
        "/trials/{trialId}/runs": path("trialId", get=operation("runs", array(run))),
        "/trials/{trialId}/runs/{runId}": path("trialId", "runId", get=operation("run", run)),
    }
    assert build_plan(build_contract(with_schemas(paths))).actions["change"].starts is None
