"""Documents in which one request is about several entities, however its path says so."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import (
    FLAG,
    WHOLE,
    array,
    obj,
    one_of,
    operation,
    path,
    ref,
    text,
    with_schemas,
)

MESSAGE = obj(id=text(), subject=text(), archived=FLAG, status=one_of("unread", "read"))
IDS = obj(ids=array(text()))


def messages(extra: dict[str, Any]) -> dict[str, Any]:
    """Messages, with further paths."""
    shown = ref("Message")
    paths: dict[str, Any] = {
        "/v1/messages": path(
            get=operation("list", obj(data=array(shown))),
            post=operation("create", shown, status=201, sent=obj(subject=text())),
        ),
        "/v1/messages/{id}": path(
            "id",
            get=operation("get", shown, also=(404,)),
            delete=operation("delete", status=204),
        ),
    }
    return with_schemas({**paths, **extra}, Message=MESSAGE)


def made(client: Any, number: int) -> list[str]:
    return [
        str(client.post("/v1/messages", json={"subject": f"s{n}"}).json()["id"])
        for n in range(number)
    ]


@pytest.mark.parametrize(
    "url", ["/v1/messages/batch/archive", "/v1/messages/bulkArchive", "/v1/messages/archive-many"]
)
def test_a_verb_is_done_to_each(url: str) -> None:
    document = messages({url: path(post=operation("archiveSeveral", status=204, sent=IDS))})
    with MockServer(document, seeds="none") as mock:
        one, other, left = made(mock.client, 3)
        unknown = "never-was"
        sent = {"ids": [one, other, unknown]}
        assert mock.client.post(url, json=sent).status_code == 204
        shown = [mock.client.get(f"/v1/messages/{n}").json() for n in (one, other, left)]
        assert [bool(each.get("archived")) for each in shown] == [True, True, False]


def test_what_is_too_late_for_one_is_not_counted() -> None:
    shown = obj("id", id=text(), status=one_of("queued", "running", "done", "cancelled"))
    paths = {
        "/v1/jobs": path(
            get=operation("list", array(shown)),
            post=operation("create", shown, status=201, sent=obj(note=text())),
        ),
        "/v1/jobs/{id}": path("id", get=operation("get", shown, also=(404,))),
        "/v1/jobs/{id}/cancel": path("id", post=operation("cancel", shown, also=(409,))),
        "/v1/jobs/batch/cancel": path(
            post=operation("cancelSeveral", obj(updated=WHOLE), sent=IDS, also=(409,))
        ),
    }
    with MockServer(with_schemas(paths), seeds="none", clock="manual") as mock:
        early = mock.client.post("/v1/jobs", json={}).json()["id"]
        mock.clock.advance(3600)
        late = mock.client.post("/v1/jobs", json={}).json()["id"]
        sent = {"ids": [early, late]}
        assert mock.client.post("/v1/jobs/batch/cancel", json=sent).json() == {"updated": 1}
        states = [mock.client.get(f"/v1/jobs/{one}").json()["status"] for one in sent["ids"]]
        assert states == ["done", "cancelled"]


@pytest.mark.parametrize(
    "url",
    [
        "/v1/delete-messages",
        "/v1/bulk-delete-messages",
        "/v1/bulk/messages/delete",
        "/v1/messages/batch/delete",
    ],
)
def test_several_are_removed(url: str) -> None:
    document = messages({url: path(post=operation("removeSeveral", status=204, sent=IDS))})
    with MockServer(document, seeds="none") as mock:
        one, other, left = made(mock.client, 3)
        assert mock.client.post(url, json={"ids": [one, other]}).status_code == 204
        found = [mock.client.get(f"/v1/messages/{n}").status_code for n in (one, other, left)]
        assert found == [404, 404, 200]


def test_several_are_made_where_the_word_stands_before() -> None:
    several = obj(messages=array(obj(subject=text())))
    answer = obj(messages=array(ref("Message")))
    document = messages(
        {"/v1/bulk/messages": path(post=operation("createSeveral", answer, sent=several))}
    )
    with MockServer(document, seeds="none") as mock:
        sent = {"messages": [{"subject": "a"}, {"subject": "b"}]}
        shown = mock.client.post("/v1/bulk/messages", json=sent).json()["messages"]
        assert [one["subject"] for one in shown] == ["a", "b"]
        assert mock.client.get(f"/v1/messages/{shown[1]['id']}").json()["subject"] == "b"


def test_verbs_with_the_noun_below_an_entity() -> None:
    fence = obj("FenceId", FenceId=text(), Radius=WHOLE)
    failed = obj(FenceId=text(), Message=text())
    above = "/areas/{Area}"
    paths = {
        "/areas": path(
            post=operation("createArea", obj(Area=text()), sent=obj("Area", Area=text()))
        ),
        f"{above}/put-fences": path(
            "Area",
            post=operation(
                "putFences",
                obj(Successes=array(obj(FenceId=text())), Errors=array(failed)),
                sent=obj("Entries", Entries=array(fence)),
            ),
        ),
        f"{above}/list-fences": path(
            "Area",
            post=operation(
                "listFences",
                obj(Entries=array(fence), NextToken=text()),
                sent=obj(MaxResults=WHOLE, NextToken=text()),
            ),
        ),
        f"{above}/delete-fences": path(
            "Area",
            post=operation(
                "deleteFences", obj(Errors=array(failed)), sent=obj(FenceIds=array(text()))
            ),
        ),
        f"{above}/fences/{{FenceId}}": path(
            "Area", "FenceId", get=operation("getFence", fence, also=(404,))
        ),
    }
    with MockServer(with_schemas(paths), seeds="none") as mock:
        client = mock.client
        client.post("/areas", json={"Area": "a"})
        sent = {"Entries": [{"FenceId": "f1", "Radius": 1}, {"FenceId": "f2", "Radius": 2}]}
        told = client.post("/areas/a/put-fences", json=sent).json()
        assert ([one["FenceId"] for one in told["Successes"]], told.get("Errors", [])) == (
            ["f1", "f2"],
            [],
        )
        assert client.get("/areas/a/fences/f2").json()["Radius"] == 2
        listed = client.post("/areas/a/list-fences", json={}).json()["Entries"]
        assert {one["FenceId"] for one in listed} == {"f1", "f2"}
        client.post("/areas/a/delete-fences", json={"FenceIds": ["f1"]})
        listed = client.post("/areas/a/list-fences", json={}).json()["Entries"]
        assert [one["FenceId"] for one in listed] == ["f2"]
        assert client.get("/areas/a/fences/f2").status_code == 200


def test_an_entity_for_each_of_those_to_whom_it_is_sent() -> None:
    job = obj(JobId=text(), DeviceId=text(), Kind=text(), Status=one_of("PENDING", "COMPLETED"))
    row = obj(JobId=text(), DeviceId=text())
    paths = {
        "/jobs": path(
            post=operation(
                "createJobs",
                obj(Jobs=array(row)),
                sent=obj("DeviceIds", DeviceIds=array(text()), Kind=text()),
            ),
            get=operation("listJobs", obj(Jobs=array(row))),
        ),
        "/jobs/{JobId}": path("JobId", get=operation("getJob", job, also=(404,))),
    }
    with MockServer(with_schemas(paths), seeds="none", clock="manual") as mock:
        sent = {"DeviceIds": ["d1", "d2"], "Kind": "reboot"}
        jobs = mock.client.post("/jobs", json=sent).json()["Jobs"]
        assert [one["DeviceId"] for one in jobs] == ["d1", "d2"]
        found = mock.client.get(f"/jobs/{jobs[1]['JobId']}").json()
        assert (found["DeviceId"], found["Kind"]) == ("d2", "reboot")


def test_the_id_of_what_is_above_is_no_result() -> None:
    file = obj(
        id=text(), reportId=text(), status=one_of("PROCESSING", "AVAILABLE", "FAILED"), url=text()
    )
    report = obj(id=text(), name=text())
    paths = {
        "/reports": path(post=operation("createReport", report, sent=obj(name=text()))),
        "/reports/{reportId}": path("reportId", get=operation("getReport", report)),
        "/reports/{reportId}/run": path("reportId", post=operation("run", ref("File"))),
        "/reports/{reportId}/files/{fileId}": path(
            "reportId", "fileId", get=operation("getFile", ref("File"))
        ),
    }
    with MockServer(with_schemas(paths, File=file), clock="manual") as mock:
        name = mock.client.post("/reports", json={"name": "r"}).json()["id"]
        begun = mock.client.post(f"/reports/{name}/run").json()
        assert (begun["status"], begun["reportId"]) == ("PROCESSING", name)


def test_several_are_changed_or_added() -> None:
    run = obj(runId=text(), name=text(), note=text())
    paths = {
        "/runs/{runId}": path(
            "runId",
            get=operation("get", run, also=(404,)),
            patch=operation("patch", run, sent=run, summary="Add or modify a run."),
        ),
        "/batch/runs": path(
            patch=operation(
                "batch", obj(), sent=obj(runs=array(run)), summary="Add or modify several runs."
            )
        ),
    }
    with MockServer(with_schemas(paths), seeds="none") as mock:
        client = mock.client
        client.patch("/batch/runs", json={"runs": [{"runId": "a", "name": "one"}]})
        sent = [{"runId": "a", "note": "n"}, {"runId": "b", "name": "two"}]
        client.patch("/batch/runs", json={"runs": sent})
        found = client.get("/runs/a").json()
        assert (found["name"], found["note"]) == ("one", "n")
        assert client.get("/runs/b").json()["name"] == "two"


def test_a_word_for_several_may_be_written_with_the_verb() -> None:
    sent = operation("remove", status=204, sent=IDS)
    document = messages({"/v1/messages/batchdelete": path(post=sent)})
    with MockServer(document, seeds="none") as mock:
        one, left = made(mock.client, 2)
        mock.client.post("/v1/messages/batchdelete", json={"ids": [one]})
        found = [mock.client.get(f"/v1/messages/{n}").status_code for n in (one, left)]
        assert found == [404, 200]
