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


def _jobs(*states: str, **properties: Any) -> dict[str, Any]:
    job = obj("id", id=text(), status=one_of(*states) if states else text(), **properties)
    return document(
        {
            "/jobs": {
                "get": operation("list", array(ref("Job"))),
                "post": operation("create", ref("Job"), status=201, sent=obj(name=text())),
            },
            "/jobs/{id}": path("id", get=operation("get", ref("Job"))),
        },
        Job=job,
    )


def test_the_backlog_of_a_queue_is_worked_off() -> None:
    states = ("BACKLOG", "QUEUED", "PROCESSING", "COMPLETED", "FAILED")
    with MockServer(_jobs(*states), clock="manual") as mock:
        made = mock.client.post("/jobs", json={}).json()
        assert made["status"] == "BACKLOG"
        mock.clock.advance(3600)
        assert mock.client.get(f"/jobs/{made['id']}").json()["status"] == "COMPLETED"


def test_a_backlog_that_people_work_off_stays() -> None:
    with MockServer(_jobs("backlog", "in_progress", "done"), clock="manual") as mock:
        made = mock.client.post("/jobs", json={}).json()
        mock.clock.advance(3600)
        assert mock.client.get(f"/jobs/{made['id']}").json()["status"] == "backlog"


def test_what_is_sent_by_a_verb_waits_for_it() -> None:
    mine = _jobs(started_at={**MOMENT, "nullable": True}, completed_at={**MOMENT, "nullable": True})
    mine["paths"]["/jobs/{id}/send"] = path("id", post=operation("send", ref("Job")))
    with MockServer(mine, clock="manual") as mock:
        made = mock.client.post("/jobs", json={}).json()
        mock.clock.advance(3600)
        shown = mock.client.get(f"/jobs/{made['id']}").json()
        assert (shown["status"], shown.get("started_at")) == (made["status"], None)
        mock.client.post(f"/jobs/{made['id']}/send")
        mock.clock.advance(3600)
        shown = mock.client.get(f"/jobs/{made['id']}").json()
        assert shown["status"] != made["status"]
        assert shown["completed_at"]


def test_what_has_to_be_verified_is_not_verified_at_first() -> None:
    told = "Its status is `verified` then."
    verified = text(example="verified")
    domain = obj(
        "id", "status", id=text(), status=verified, verified_at={**MOMENT, "nullable": True}
    )
    at = "/domains/{id}"
    mine = document(
        {
            "/domains": {"post": operation("add", ref("Domain"), status=201, sent=obj())},
            at: path("id", get=operation("get", ref("Domain"))),
            f"{at}/verify": path("id", post=operation("verify", ref("Domain"), description=told)),
        },
        Domain=domain,
    )
    with MockServer(mine) as mock:
        made = mock.client.post("/domains", json={}).json()
        assert made["status"] != "verified"
        assert made.get("verified_at") is None
        done = mock.client.post(f"/domains/{made['id']}/verify").json()
        assert done["status"] == "verified"
        assert done["verified_at"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("from", "from_email"), ("to", "to_address"), ("html", "html_content"), ("text", "text_body")],
)
def test_parts_of_a_message_have_longer_names_in_responses(sent: str, shown: str) -> None:
    mine = _jobs(**{shown: text()})
    mine["paths"]["/jobs"]["post"]["requestBody"] = body(obj(**{sent: text()}))
    with MockServer(mine) as mock:
        assert mock.client.post("/jobs", json={sent: "a@b.example"}).json()[shown] == "a@b.example"


@pytest.mark.parametrize("limit", ["text", "integer"])
def test_a_text_offset_is_a_number_where_the_limit_is_a_text_as_well(limit: str) -> None:
    kind = {"type": "string"} if limit == "text" else {"type": "integer"}
    mine = _jobs(name=text())
    query = {"limit": kind, "offset": text()}
    mine["paths"]["/jobs"]["get"] = operation("list", array(ref("Job")), query=query)
    with MockServer(mine) as mock:
        for number in range(3):
            mock.client.post("/jobs", json={"name": str(number)})
        response = mock.client.get("/jobs", params={"limit": 1, "offset": "1"})
        assert (response.status_code == 200) is (limit == "text")


@pytest.mark.parametrize("last", ["submit", "start-import", "createToken", "issue"])
def test_each_order_gets_a_number_of_its_own(last: str) -> None:
    receipt = obj("job_guid", job_guid=text(format="uuid"))
    mine = document({f"/work/{last}": {"post": operation("do", receipt, sent=obj(code=text()))}})
    with MockServer(mine) as mock:
        made = [mock.client.post(f"/work/{last}", json={"code": "a"}).json() for _ in range(3)]
        assert len({one["job_guid"] for one in made}) == 3


def test_a_mail_is_not_opened_when_it_is_made() -> None:
    opened = {**MOMENT, "nullable": True}
    with MockServer(_jobs(created_at=MOMENT, opened_at=opened)) as mock:
        made = mock.client.post("/jobs", json={}).json()
        assert made["created_at"]
        assert made.get("opened_at") is None
