"""What clients rely on in documents that were read whole before anything was run on them."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import MOMENT, array, body, obj, one_of, operation, path, ref, text
from tests.support.documents import with_schemas as document

RUN = obj("id", id=text(), state=one_of("NEW", "RUNNING", "COMPLETED", "FAILED"), endedAt=MOMENT)


def _runs(finish: str) -> dict[str, Any]:
    at = "/runs/{id}"
    return document(
        {
            "/runs": {"post": operation("createRun", ref("Run"), status=201, sent=obj())},
            at: path("id", get=operation("getRun", ref("Run"))),
            f"{at}/start": path("id", post=operation("startRun", ref("Run"))),
            f"{at}/{finish}": path("id", post=operation(f"{finish}Run", ref("Run"))),
            f"{at}/fail": path("id", post=operation("failRun", ref("Run"))),
        },
        Run=RUN,
    )


@pytest.mark.parametrize("finish", ["complete", "finish", "succeed"])
def test_work_that_clients_complete_completes_when_they_say_so(finish: str) -> None:
    with MockServer(_runs(finish), clock="manual") as mock:
        run = mock.client.post("/runs", json={}).json()["id"]
        mock.client.post(f"/runs/{run}/start")
        mock.clock.advance(3600)
        shown = mock.client.get(f"/runs/{run}").json()
        assert (shown["state"], shown.get("endedAt")) == ("RUNNING", None)
        mock.client.post(f"/runs/{run}/{finish}")
        shown = mock.client.get(f"/runs/{run}").json()
        assert (shown["state"], shown["endedAt"][:13]) == ("COMPLETED", "2026-01-01T01")


@pytest.mark.parametrize("verb", ["remind", "greet", "release_hold", "cancel", "nudge-owner"])
def test_whatever_the_word_before_an_id_the_path_is_about_that_one(verb: str) -> None:
    letter = obj("letter_id", letter_id=text(), title=text())
    wrapped = obj("letter", letter=ref("Letter"))
    mine = document(
        {
            "/letter/send": {"post": operation("send", wrapped, sent=obj(title=text()))},
            "/letter/{letter_id}": path("letter_id", get=operation("get", wrapped)),
            "/letter/list": {"get": operation("list", obj(letters=array(ref("Letter"))))},
            f"/letter/{verb}/{{letter_id}}": path("letter_id", post=operation("do", wrapped)),
        },
        Letter=letter,
    )
    with MockServer(mine) as mock:
        made = mock.client.post("/letter/send", json={"title": "Hi"}).json()["letter"]["letter_id"]
        done = mock.client.post(f"/letter/{verb}/{made}")
        assert done.json()["letter"]["letter_id"] == made
        assert mock.client.post(f"/letter/{verb}/nobody").status_code == 404


@pytest.mark.parametrize("beside", [{}, {"warnings": array(text())}, {"message": text()}])
def test_a_job_in_a_wrapper_of_its_name_is_started(beside: dict[str, Any]) -> None:
    job = obj("bulk_job_id", bulk_job_id=text(), created_at=MOMENT)
    made = obj("bulk_job", bulk_job=ref("BulkJob"), **beside)
    mine = document(
        {
            "/letters/bulk_send": {"post": operation("bulk", made, sent=obj(titles=array(text())))},
            "/bulk_job/{bulk_job_id}": path("bulk_job_id", get=operation("getJob", made)),
            "/bulk_job/list": {"get": operation("jobs", obj(bulk_jobs=array(ref("BulkJob"))))},
        },
        BulkJob=job,
    )
    with MockServer(mine) as mock:
        done = mock.client.post("/letters/bulk_send", json={"titles": ["a"]}).json()
        found = done["bulk_job"]["bulk_job_id"]
        assert mock.client.get(f"/bulk_job/{found}").json()["bulk_job"]["bulk_job_id"] == found
        listed = mock.client.get("/bulk_job/list").json()["bulk_jobs"]
        assert found in [one["bulk_job_id"] for one in listed]


def _boxes(**properties: Any) -> dict[str, Any]:
    box = obj("id", id=text(), name=text(), **properties)
    sent = obj(name=text(), timeout={"type": "integer"}, ttl={"type": "integer"})
    lasts = body(obj("timeout", timeout={"type": "integer"}))
    return document(
        {
            "/boxes": {"post": operation("create", ref("Box"), status=201, sent=sent)},
            "/boxes/{id}": path("id", get=operation("get", ref("Box"))),
            "/boxes/{id}/timeout": path("id", post={**operation("set"), "requestBody": lasts}),
        },
        Box=box,
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [("expires_at", ""), ("endAt", "When the box will expire"), ("end_time", "Expiry of the box")],
)
def test_what_lasts_a_while_ends_when_the_client_asked(name: str, told: str) -> None:
    with MockServer(_boxes(**{name: {**MOMENT, "description": told}}), clock="manual") as mock:
        made = mock.client.post("/boxes", json={"name": "a", "timeout": 300}).json()
        box = mock.client.get(f"/boxes/{made['id']}").json()
        assert box[name].startswith("2026-01-01T00:05:00")
        mock.clock.advance(60)
        mock.client.post(f"/boxes/{made['id']}/timeout", json={"timeout": 600})
        box = mock.client.get(f"/boxes/{made['id']}").json()
        assert box[name].startswith("2026-01-01T00:11:00")


@pytest.mark.parametrize(
    "told", ["Null if there is no expiry.", "Never expires if omitted", "Empty: does not expire"]
)
def test_what_was_given_no_end_has_none(told: str) -> None:
    moment = {**MOMENT, "description": told}
    with MockServer(_boxes(expires_at=moment)) as mock:
        assert mock.client.post("/boxes", json={"name": "a"}).json().get("expires_at") is None
        lasts = mock.client.post("/boxes", json={"name": "a", "ttl": 60}).json()
        assert lasts["expires_at"]


def test_an_example_that_is_a_reference_to_a_file_is_no_example() -> None:
    mine = document(
        {"/team": {"get": operation("team", obj("team", team=obj(name=text())))}},
    )
    media = mine["paths"]["/team"]["get"]["responses"]["200"]["content"]["application/json"]
    media["examples"] = {"usual": {"value": {"$ref": "examples/team.json"}}}
    with MockServer(mine) as mock:
        assert mock.client.get("/team").json()["team"]["name"]
