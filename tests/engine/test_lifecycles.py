"""Inferred verbs and jobs as a client sees them, on a manual clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, ref

WHEN = {"type": ["string", "null"], "format": "date-time"}
SECONDS = {"type": "integer", "format": "unixtime", "description": "seconds since 1970"}


def thing(*states: str, name: str = "status", **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["id", name],
        "properties": {"id": TEXT, name: {"type": "string", "enum": list(states)}, **more},
    }


def content(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def shown(schema: Any, status: int = 200, *others: int) -> dict[str, Any]:
    found = {str(status): {"description": "", **content(schema)}}
    return {"responses": found | {str(one): {"description": ""} for one in others}}


def kept(path: str, schema: Any, status: int = 201, **sent: Any) -> dict[str, Any]:
    """A collection and its items."""
    body = {"requestBody": content({"type": "object", "properties": {"name": TEXT, **sent}})}
    rows = {"type": "array", "items": schema}
    named = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    return {
        path: {"post": {**shown(schema, status), **body}, "get": shown(rows)},
        path + "/{id}": {
            "parameters": named,
            "get": shown(schema, 200, 404),
            "delete": shown(schema, 200, 404),
        },
    }


def verb(schema: Any, *others: int, **more: Any) -> dict[str, Any]:
    named = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    return {"post": {"parameters": named, **shown(schema, 200, *others), **more}}


def served(paths: Mapping[str, Any], **schemas: Any) -> MockServer:
    info = {"title": "lives", "version": "1"}
    document = {
        "openapi": "3.1.0", "info": info, "paths": dict(paths), "components": {"schemas": schemas}
    }  # fmt: skip
    return MockServer(document, clock="manual")


def made(server: MockServer, path: str, **body: Any) -> dict[str, Any]:
    found = server.client.post(path, json={"name": "it", **body})
    assert found.status_code < 300, found.text
    return dict(found.json())


def seen(server: MockServer, path: str, name: str = "status", seconds: int = 60) -> list[Any]:
    """The states that a polling client sees."""
    found: list[Any] = []
    for _ in range(seconds * 2):
        value = server.client.get(path).json()[name]
        if found[-1:] != [value]:
            found.append(value)
        server.clock.advance(0.5)
    return found


def test_a_job_passes_every_state_on_its_way() -> None:
    schema = thing("queued", "unpacking", "rendering", "uploading", "done", "failed")
    with served(kept("/renders", ref("Render")), Render=schema) as server:
        job = made(server, "/renders")
        path = f"/renders/{job['id']}"
        assert seen(server, path) == ["queued", "unpacking", "rendering", "uploading", "done"]


def test_moments_are_set_when_it_happens_and_only_then() -> None:
    schema = thing(
        "validating", "in_progress", "completed", "failed", "cancelling", "cancelled",
        created_at=SECONDS, in_progress_at=SECONDS, completed_at=SECONDS, failed_at=SECONDS,
        cancelled_at=SECONDS, updated_at=SECONDS, output=TEXT,
    )  # fmt: skip
    paths = kept("/batches", ref("Batch")) | {"/batches/{id}/cancel": verb(ref("Batch"), 409)}
    with served(paths, Batch=schema) as server:
        job = made(server, "/batches")
        path = f"/batches/{job['id']}"
        assert "in_progress_at" not in job
        assert "completed_at" not in job
        server.clock.advance(60)
        ended = server.client.get(path).json()
        moments = [ended[n] for n in ("created_at", "in_progress_at", "completed_at")]
        assert moments == sorted(moments)
        assert ended["updated_at"] == ended["completed_at"] > ended["created_at"]
        assert ended["output"]
        assert "failed_at" not in ended
        assert "cancelled_at" not in ended
        assert server.client.post(f"{path}/cancel").status_code == 409


def test_what_is_being_cancelled_is_cancelled_later_and_never_completes() -> None:
    schema = thing("queued", "running", "completed", "cancelling", "cancelled")
    paths = kept("/runs", ref("Run")) | {
        "/runs/{id}/cancel": verb(ref("Run")),
        "/runs/{id}/resume": verb(ref("Run"), 409),
    }
    with served(paths, Run=schema) as server:
        job = made(server, "/runs")
        path = f"/runs/{job['id']}"
        assert server.client.post(f"{path}/cancel").json()["status"] == "cancelling"
        assert seen(server, path) == ["cancelling", "cancelled"]
        assert server.client.post(f"{path}/resume").status_code == 409
        assert seen(server, path) == ["cancelled"]


def test_what_waits_for_somebody_waits_until_told_or_too_late() -> None:
    schema = thing("WAITING", "COMPLETED", "TIMED_OUT", timeoutAt=WHEN, completedAt=WHEN)
    paths = kept("/approvals", ref("Approval"), 201, timeout=TEXT) | {
        "/approvals/{id}/complete": verb({"type": "object"})
    }
    with served(paths, Approval=schema) as server:
        late, told = (made(server, "/approvals", timeout="10m") for _ in range(2))
        server.clock.advance(590)
        assert server.client.get(f"/approvals/{late['id']}").json()["status"] == "WAITING"
        server.client.post(f"/approvals/{told['id']}/complete")
        server.clock.advance(20)
        assert server.client.get(f"/approvals/{late['id']}").json()["status"] == "TIMED_OUT"
        ended = server.client.get(f"/approvals/{told['id']}").json()
        assert (ended["status"], bool(ended["completedAt"])) == ("COMPLETED", True)


def test_what_is_deleted_says_so_for_a_while() -> None:
    schema = thing("creating", "available", "deleting", "failed")
    with served(kept("/databases", ref("Database"), 202), Database=schema) as server:
        path = f"/databases/{made(server, '/databases')['id']}"
        server.clock.advance(60)
        assert server.client.delete(path).json()["status"] == "deleting"
        assert server.client.get(path).json()["status"] == "deleting"
        server.clock.advance(60)
        assert server.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("made", "gone", "removed", "says"),
    [
        ("creating", "deleting", "202", ""),
        ("CREATION_IN_PROGRESS", "DELETION_IN_PROGRESS", "200", "This API is asynchronous."),
        ("Provisioning", "RemovalInProgress", "204", "The disk is erased in the background."),
        ("creating", "terminating", "204", "It is gone once it has been finished; poll for that."),
        ("pending", "deprovisioning", "202", ""),
    ],
)
def test_a_removal_that_takes_its_time(made: str, gone: str, removed: str, says: str) -> None:
    paths = kept("/disks", ref("Disk"), 202)
    paths["/disks/{id}"]["delete"] = {
        "description": says,
        "parameters": paths["/disks/{id}"]["get"].get("parameters", []),
        "responses": {removed: {"description": "on its way"}},
    }
    with served(paths, Disk=thing(made, "available", gone, "failed")) as server:
        disk = server.client.post("/disks", json={}).json()
        path = f"/disks/{disk['id']}"
        server.clock.advance(60)
        assert server.client.delete(path).status_code == int(removed)
        assert server.client.get(path).json()["status"] == gone
        server.clock.advance(60)
        assert server.client.get(path).status_code == 404


def test_a_service_runs_until_it_is_stopped_and_starts_again() -> None:
    schema = thing("provisioning", "running", "stopping", "stopped", "starting")
    paths = kept("/servers", ref("Server"), 202) | {
        "/servers/{id}/stop": verb(ref("Server"), 409),
        "/servers/{id}/start": verb(ref("Server"), 409),
    }
    with served(paths, Server=schema) as server:
        path = f"/servers/{made(server, '/servers')['id']}"
        assert seen(server, path) == ["provisioning", "starting", "running"]
        assert server.client.post(f"{path}/stop").json()["status"] == "stopping"
        assert seen(server, path) == ["stopping", "stopped"]
        assert server.client.post(f"{path}/start").json()["status"] == "starting"
        assert seen(server, path)[-1] == "running"


def test_a_verb_that_starts_work_tells_its_id() -> None:
    base = {"type": "object", "required": ["id"], "properties": {"id": TEXT, "name": TEXT}}
    job = thing("pending", "running", "succeeded", "failed", base_id=TEXT)
    answer = {"type": "object", "required": ["crawl_id"], "properties": {"crawl_id": TEXT}}
    paths = kept("/bases", ref("Base")) | kept("/crawls", ref("Crawl"))
    del paths["/crawls"]["post"]
    paths["/bases/{id}/refresh"] = verb(answer)
    with served(paths, Base=base, Crawl=job) as server:
        above = made(server, "/bases")
        started = server.client.post(f"/bases/{above['id']}/refresh").json()["crawl_id"]
        assert server.client.get(f"/crawls/{started}").json()["base_id"] == above["id"]
        assert seen(server, f"/crawls/{started}") == ["pending", "running", "succeeded"]
        assert started in [row["id"] for row in server.client.get("/crawls").json()]


@pytest.mark.parametrize("word", ["duplicate", "copy", "replay", "kopieren"])
def test_a_copy_is_another_one_at_the_beginning_of_its_life(word: str) -> None:
    schema = thing("queued", "running", "completed", name_=TEXT) | {}
    schema["properties"]["name"] = TEXT
    paths = kept("/jobs", ref("Job")) | {f"/jobs/{{id}}/{word}": verb(ref("Job"))}
    with served(paths, Job=schema) as server:
        first = made(server, "/jobs")
        server.clock.advance(60)
        other = server.client.post(f"/jobs/{first['id']}/{word}").json()
        assert (other["name"], other["status"]) == ("it", "queued")
        assert other["id"] != first["id"]
        assert server.client.get(f"/jobs/{other['id']}").json()["id"] == other["id"]


def test_a_verb_in_another_version_and_one_that_only_a_summary_tells() -> None:
    schema = thing("queued", "running", "completed", "canceled")
    paths = kept("/v2/tasks", ref("Task"))
    paths["/v3/tasks/{id}/cancel"] = verb({"type": "object", "properties": {"ok": {}}})
    paths["/v2/tasks/{id}"]["post"] = {
        "summary": "Cancel a task", "operationId": "cancelTask", **shown(ref("Task"), 200)
    }  # fmt: skip
    with served(paths, Task=schema) as server:
        one, other = made(server, "/v2/tasks")["id"], made(server, "/v2/tasks")["id"]
        server.client.post(f"/v3/tasks/{one}/cancel")
        assert server.client.get(f"/v2/tasks/{one}").json()["status"] == "canceled"
        assert server.client.post(f"/v2/tasks/{other}").json()["status"] == "canceled"


def test_the_target_is_in_the_body() -> None:
    schema = thing("open", "acknowledged", "fixed", owner_id={"type": ["string", "null"]})
    one_of = {"type": "string", "enum": ["acknowledged", "fixed"]}
    told = {"type": "object", "required": ["to_status"], "properties": {"to_status": one_of}}
    owner = {"type": "object", "required": ["owner_id"], "properties": {"owner_id": TEXT}}
    both = {"from_status": TEXT, "to_status": TEXT}
    answer = {"type": "object", "required": list(both), "properties": both}
    paths = kept("/findings", ref("Finding")) | {
        "/findings/{id}/status": verb(answer, requestBody=content(told)),
        "/findings/{id}/owner": verb({"type": "object"}, requestBody=content(owner)),
    }
    with served(paths, Finding=schema) as server:
        path = f"/findings/{made(server, '/findings')['id']}"
        said = server.client.post(f"{path}/status", json={"to_status": "fixed"}).json()
        assert (said["from_status"], said["to_status"]) == ("open", "fixed")
        server.client.post(f"{path}/owner", json={"owner_id": "ann"})
        found = server.client.get(path).json()
        assert (found["status"], found["owner_id"]) == ("fixed", "ann")


def test_a_soft_delete_leaves_it_marked_and_out_of_the_list() -> None:
    schema = thing("draft", "sent", "discarded", discarded_at=WHEN)
    paths = kept("/letters", ref("Letter"))
    paths["/letters/{id}"]["delete"] |= {"summary": "Soft-discard a letter"}
    with served(paths, Letter=schema) as server:
        letter = made(server, "/letters")["id"]
        assert server.client.delete(f"/letters/{letter}").status_code == 200
        found = server.client.get(f"/letters/{letter}").json()
        assert (found["status"], bool(found["discarded_at"])) == ("discarded", True)
        assert letter not in [row["id"] for row in server.client.get("/letters").json()]


def test_counts_never_exceed_the_whole() -> None:
    whole = {"type": "integer"}
    names = ("total_cases", "completed_cases", "failed_cases")
    inner = {"total": whole, "done": whole, "running": whole, "failed": whole}
    counts = {"type": "object", "required": list(inner), "properties": inner}
    schema = thing("queued", "running", "done", counts=counts)
    schema["properties"] |= dict.fromkeys(names, whole)
    schema["required"] += [*names, "counts"]
    with served(kept("/checks", ref("Check")), Check=schema) as server:
        path = f"/checks/{made(server, '/checks')['id']}"
        for _ in range(20):
            found = server.client.get(path).json()
            assert found["completed_cases"] + found["failed_cases"] <= found["total_cases"]
            parts = found["counts"]
            assert parts["done"] + parts["running"] + parts["failed"] <= parts["total"]
            server.clock.advance(0.5)
        assert found["completed_cases"] == found["total_cases"] > 0


def test_a_flag_alone_says_whether_the_work_is_done() -> None:
    properties = {"id": TEXT, "done": {"type": "boolean"}, "sha": TEXT}
    schema = {"type": "object", "required": ["id", "done"], "properties": properties}
    with served(kept("/builds", ref("Build")), Build=schema) as server:
        build = made(server, "/builds")
        assert build["done"] is False
        server.clock.advance(60)
        assert server.client.get(f"/builds/{build['id']}").json()["done"] is True


def test_the_state_stands_in_an_object() -> None:
    state = {"type": "string", "enum": ["PENDING", "RUNNING", "SUCCEEDED", "FAILED"]}
    status = {"type": "object", "required": ["state"], "properties": {"state": state}}
    schema = {"type": "object", "required": ["id", "status"],
              "properties": {"id": TEXT, "status": status}}  # fmt: skip
    with served(kept("/queries", ref("Query")), Query=schema) as server:
        path = f"/queries/{made(server, '/queries')['id']}"
        states = [state["state"] for state in seen(server, path)]
        assert states == ["PENDING", "RUNNING", "SUCCEEDED"]


def test_what_is_sent_in_another_spelling_is_kept() -> None:
    properties = {"id": TEXT, "friendly_name": TEXT}
    schema = {"type": "object", "required": ["id"], "properties": properties}
    with served(kept("/rooms", ref("Room"), 201, FriendlyName=TEXT), Room=schema) as server:
        assert made(server, "/rooms", FriendlyName="den")["friendly_name"] == "den"


def test_what_a_job_has_made_can_be_fetched() -> None:
    file = {"type": "object", "required": ["id"], "properties": {"id": TEXT, "name": TEXT}}
    schema = thing("queued", "running", "completed", output_file_id=TEXT)
    paths = kept("/exports", ref("Export")) | kept("/files", ref("File"))
    with served(paths, Export=schema, File=file) as server:
        job = made(server, "/exports")
        server.clock.advance(60)
        made_file = server.client.get(f"/exports/{job['id']}").json()["output_file_id"]
        assert server.client.get(f"/files/{made_file}").json()["id"] == made_file
        assert server.client.get("/files/another").status_code == 404


def test_a_snapshot_is_of_what_it_was_made_under() -> None:
    suite = thing("draft", "ready", limit={"type": "integer"})
    suite["properties"]["name"] = TEXT
    needed = ["id", "suite_name", "limit_snapshot"]
    check: dict[str, Any] = {"type": "object", "required": needed}
    check["properties"] = {
        "id": TEXT, "suite_name": TEXT, "limit_snapshot": {"type": "integer"}
    }  # fmt: skip
    named = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    paths = kept("/suites", ref("Suite"), 201, limit={"type": "integer"})
    paths["/suites/{id}/checks"] = {"parameters": named, "post": shown(ref("Check"), 201)}
    paths["/suites/{id}/checks"]["get"] = shown({"type": "array", "items": ref("Check")})
    with served(paths, Suite=suite, Check=check) as server:
        above = made(server, "/suites", limit=7)
        found = server.client.post(f"/suites/{above['id']}/checks").json()
        assert (found["suite_name"], found["limit_snapshot"]) == ("it", 7)


@pytest.mark.parametrize(
    ("told", "first"),
    [
        (["READY"], "READY"),
        (["BUILDING"], "BUILDING"),
        (["FAILED", "READY"], "READY"),
        (["BUILDING", "READY"], "BUILDING"),
        ([], "BUILDING"),
    ],
)
def test_a_new_entity_is_in_a_state_that_its_create_can_tell(told: list[str], first: str) -> None:
    silo = thing("BUILDING", "READY", "REMOVING", "FAILED", name="state")
    paths = kept("/silos", silo)
    new = thing(*told, name="state") if told else silo
    paths["/silos"]["post"]["responses"] = shown(new, 201)["responses"]
    with served(paths) as server:
        made = server.client.post("/silos", json={"name": "a"}).json()
        assert made["state"] == first
        assert server.client.get(f"/silos/{made['id']}").json()["state"] == first
        server.clock.advance(3600)
        assert server.client.get(f"/silos/{made['id']}").json()["state"] == "READY"


@pytest.mark.parametrize("listed", [(), (409,)])
def test_what_is_answered_to_be_removed_is_gone(listed: tuple[int, ...]) -> None:
    """Where a removal is allowed in some states only, and no refusal is listed."""
    paths = kept("/moulds", thing("draft", "in_use", "worn"), status=201)
    drop = {"description": "Only draft moulds can be deleted.", "responses": {}}
    drop["responses"] = {str(one): {"description": ""} for one in (204, 404, *listed)}
    paths["/moulds/{id}"]["delete"] = drop
    change = content({"type": "object", "properties": {"status": TEXT}})
    paths["/moulds/{id}"]["patch"] = {
        **shown(thing("draft", "in_use", "worn")),
        "requestBody": change,
    }
    with served(paths) as server:
        mould = server.client.post("/moulds", json={"name": "a"}).json()["id"]
        server.client.patch(f"/moulds/{mould}", json={"status": "in_use"})
        refused = server.client.delete(f"/moulds/{mould}").status_code == 409
        assert refused == bool(listed)
        assert (server.client.get(f"/moulds/{mould}").status_code == 200) == refused
