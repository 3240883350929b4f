"""Documents whose words say what verbs do: open statuses, conditions in prose, elements."""

from __future__ import annotations

from typing import Any

import httpx

from mockserver import MockServer
from tests.support.documents import (
    FLAG,
    WHOLE,
    answer,
    array,
    obj,
    one_of,
    operation,
    path,
    ref,
    text,
    with_schemas,
)


def campaigns() -> dict[str, Any]:
    """Campaigns whose states only prose tells, and whose creates respond without a body."""
    campaign = obj(
        id=text(), name=text(), campaignStatus=text(), budget=obj(amount=WHOLE, currency=text())
    )
    about = "Pauses an active (<code>RUNNING</code>) campaign: it is <code>PAUSED</code>."
    ended = "Deletes it. You can only delete campaigns that have <b>ENDED</b>."
    return with_schemas(
        {
            "/campaigns": path(
                post={**operation("create", status=201, sent=obj("name", name=text()))},
            ),
            "/campaigns/{id}": path(
                "id",
                get=operation("fetch", ref("Campaign"), also=(404,)),
                delete=operation("delete", status=204, also=(409,), description=ended),
            ),
            "/campaigns/{id}/pause": path(
                "id", post=operation("pause", status=204, description=about)
            ),
            "/campaigns/{id}/end": path("id", post=operation("end", status=204)),
            "/campaigns/{id}/update_campaign_budget": path(
                "id", post=operation("budget", status=204, sent=obj(amount=WHOLE, currency=text()))
            ),
            "/campaigns/{id}/clone": path("id", post={"responses": {"201": answer()}}),
        },
        Campaign=campaign,
    )


def made(client: httpx.Client) -> str:
    return client.post("/campaigns", json={"name": "spring"}).headers["location"]


def test_prose_tells_the_states_of_a_status_without_an_enumeration() -> None:
    with MockServer(campaigns(), clock="manual") as mock:
        url = made(mock.client)
        assert mock.client.get(url).json()["campaignStatus"] == "RUNNING"
        mock.client.post(f"{url}/pause")
        assert mock.client.get(url).json()["campaignStatus"] == "PAUSED"
        mock.client.post(f"{url}/end")
        assert mock.client.get(url).json()["campaignStatus"] == "ENDED"


def test_prose_tells_when_an_operation_is_possible() -> None:
    with MockServer(campaigns(), clock="manual") as mock:
        url = made(mock.client)
        assert mock.client.delete(url).status_code == 409
        assert mock.client.get(url).status_code == 200
        mock.client.post(f"{url}/end")
        assert mock.client.delete(url).status_code == 204
        assert mock.client.get(url).status_code == 404


def test_a_verb_changes_the_part_that_it_names() -> None:
    with MockServer(campaigns(), clock="manual") as mock:
        url = made(mock.client)
        sent = {"amount": 7, "currency": "EUR"}
        mock.client.post(f"{url}/update_campaign_budget", json=sent)
        assert mock.client.get(url).json()["budget"] == sent


def test_a_copy_without_a_body_is_told_by_its_location() -> None:
    with MockServer(campaigns(), clock="manual") as mock:
        url = made(mock.client)
        copy = mock.client.post(f"{url}/clone").headers["location"]
        assert copy != url
        assert mock.client.get(copy).json()["name"] == "spring"


def tasks() -> dict[str, Any]:
    """Tasks with tags, which verbs add and remove, and with a parent."""
    tag = obj("id", id=text(), name=text())
    task = obj("id", id=text(), name=text(), tags=array(ref("Tag")), notes=array(text()))
    task["properties"]["parent"] = obj(id=text(), name=text())
    changed = ref("Task")
    return with_schemas(
        {
            "/tags": path(post=operation("createTag", ref("Tag"), status=201, sent=ref("Tag"))),
            "/tags/{tag}": path("tag", get=operation("getTag", ref("Tag"))),
            "/tasks": path(
                post=operation("createTask", changed, status=201, sent=obj(name=text()))
            ),
            "/tasks/{task}": path("task", get=operation("getTask", changed)),
            "/tasks/{task}/addTag": path("task", post=operation("add", sent=obj(tag=text()))),
            "/tasks/{task}/removeTag": path("task", post=operation("drop", sent=obj(tag=text()))),
            "/tasks/{task}/setParent": path(
                "task", post=operation("setParent", changed, sent=obj(parent=text()))
            ),
            "/tasks/{task}/notes": path(
                "task", post=operation("note", changed, sent=array(text()))
            ),
            "/tasks/{task}/notes/{note}": path("task", "note", delete=operation("unnote")),
        },
        Tag=tag,
        Task=task,
    )


def test_elements_are_added_and_removed() -> None:
    with MockServer(tasks(), clock="manual") as mock:
        client = mock.client
        tag = client.post("/tags", json={"id": "t1", "name": "urgent"}).json()
        url = f"/tasks/{client.post('/tasks', json={'name': 'a'}).json()['id']}"
        for _ in range(2):
            client.post(f"{url}/addTag", json={"tag": tag["id"]})
        assert client.get(url).json()["tags"] == [tag]
        client.post(f"{url}/addTag", json={"tag": "unknown"})
        assert [one["id"] for one in client.get(url).json()["tags"]] == [tag["id"], "unknown"]
        client.post(f"{url}/removeTag", json={"tag": tag["id"]})
        assert [one["id"] for one in client.get(url).json()["tags"]] == ["unknown"]


def test_elements_may_be_texts_that_the_path_names() -> None:
    with MockServer(tasks(), clock="manual") as mock:
        client = mock.client
        url = f"/tasks/{client.post('/tasks', json={'name': 'a'}).json()['id']}"
        assert client.post(f"{url}/notes", json=["x", "y"]).json()["notes"] == ["x", "y"]
        client.delete(f"{url}/notes/x")
        assert client.get(url).json()["notes"] == ["y"]


def test_a_property_shows_the_entity_that_is_named() -> None:
    with MockServer(tasks(), clock="manual") as mock:
        client = mock.client
        first, second = (client.post("/tasks", json={"name": n}).json() for n in "ab")
        client.post(f"/tasks/{second['id']}/setParent", json={"parent": first["id"]})
        assert client.get(f"/tasks/{second['id']}").json()["parent"]["id"] == first["id"]


def test_an_application_waits_between_being_created_and_being_started() -> None:
    states = one_of("CREATING", "CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED")
    application = obj("id", "state", id=text(), name=text(), state={**states, "readOnly": True})
    document = with_schemas(
        {
            "/apps": path(post=operation("create", ref("App"), status=201, sent=obj(name=text()))),
            "/apps/{id}": path("id", get=operation("fetch", ref("App"))),
            "/apps/{id}/start": path("id", post=operation("start")),
            "/apps/{id}/stop": path("id", post=operation("stop")),
        },
        App=application,
    )
    with MockServer(document, clock="manual") as mock:
        url = f"/apps/{mock.client.post('/apps', json={'name': 'a'}).json()['id']}"
        seen = [mock.client.get(url).json()["state"]]
        for verb in ("", "start", "stop"):
            if verb:
                mock.client.post(f"{url}/{verb}")
            mock.clock.advance(86400)
            seen.append(mock.client.get(url).json()["state"])
        assert seen == ["CREATING", "CREATED", "STARTED", "STOPPED"]


def test_a_subpath_that_answers_the_entity_is_a_verb() -> None:
    issue = obj("id", id=text(), title=text(), subscribed=text(), open=FLAG)
    state = operation(
        "list", array(ref("Issue")), query={"state": one_of("opened", "closed", "all")}
    )
    issue["properties"]["state"] = text()
    sent = obj(title=text(), state_event=one_of("close", "reopen"))
    document = with_schemas(
        {
            "/issues": path(
                get=state,
                post=operation("create", ref("Issue"), status=201, sent=obj(title=text())),
            ),
            "/issues/{id}": path(
                "id",
                get=operation("fetch", ref("Issue")),
                put=operation("put", ref("Issue"), sent=sent),
            ),
            "/issues/{id}/subscription": path(
                "id",
                post=operation("sub", ref("Issue"), status=201, summary="Subscribe to an issue"),
            ),
        },
        Issue=issue,
    )
    with MockServer(document) as mock:
        url = f"/issues/{mock.client.post('/issues', json={'title': 'a'}).json()['id']}"
        assert mock.client.get(url).json()["state"] == "opened"
        assert mock.client.post(f"{url}/subscription").json()["subscribed"] == "true"
        assert mock.client.put(url, json={"state_event": "close"}).json()["state"] == "closed"
        assert mock.client.get(url).json()["title"] == "a"


def test_a_verb_on_what_is_one_of_a_kind() -> None:
    auto = obj("paused", paused=FLAG, interval=WHOLE)
    document = with_schemas(
        {
            "/shops/{shop}/auto-import": path(
                "shop", get=operation("read", ref("Auto")), delete=operation("drop", status=204)
            ),
            "/shops/{shop}/auto-import/pause": path("shop", post=operation("pause", status=204)),
            "/shops/{shop}/auto-import/resume": path("shop", post=operation("resume", status=204)),
        },
        Auto=auto,
    )
    with MockServer(document) as mock:
        url = "/shops/7/auto-import"
        seen = []
        for verb in ("pause", "resume"):
            mock.client.post(f"{url}/{verb}")
            seen.append(mock.client.get(url).json()["paused"])
        assert seen == [True, False]
        assert mock.client.get("/shops/8/auto-import").json()["paused"] is False


def test_kinds_that_are_made_at_paths_of_their_own_are_read_at_one() -> None:
    node = obj("id", id=WHOLE, name=text(), type=one_of("room", "folder", "file"), parentId=WHOLE)
    sent = obj("name", name=text(), parentId=WHOLE)
    made = operation("makeRoom", ref("Node"), status=201, sent=sent, also=(404,))
    document = with_schemas(
        {
            "/nodes/rooms": path(post=made),
            "/nodes/rooms/{id}": path("id", put=operation("putRoom", ref("Node"), sent=sent)),
            "/nodes/folders": path(post={**made, "operationId": "makeFolder"}),
            "/nodes/folders/{id}": path("id", put=operation("putFolder", ref("Node"), sent=sent)),
            "/nodes/{id}": path(
                "id", get=operation("fetch", ref("Node"), also=(404,)), delete=operation("drop")
            ),
        },
        Node=node,
    )
    with MockServer(document) as mock:
        client = mock.client
        room = client.post("/nodes/rooms", json={"name": "home"}).json()
        folder = client.post("/nodes/folders", json={"name": "a", "parentId": room["id"]}).json()
        assert client.get(f"/nodes/{folder['id']}").json()["type"] == "folder"
        client.put(f"/nodes/folders/{folder['id']}", json={"name": "b"})
        assert client.get(f"/nodes/{folder['id']}").json()["name"] == "b"


def uploads() -> dict[str, Any]:
    """Uploads that begin once a client commits them."""
    status = one_of("created", "committed", "processing", "indexed", "failed", "aborted")
    upload = obj("id", "status", id=text(), status=status)
    change = obj("status", status=one_of("committed", "aborted"))
    return with_schemas(
        {
            "/uploads": path(
                post=operation("begin", ref("Upload"), status=201, sent=obj(name=text()))
            ),
            "/uploads/{id}": path(
                "id",
                get=operation("fetch", ref("Upload")),
                patch=operation("change", ref("Upload"), sent=change),
            ),
        },
        Upload=upload,
    )


def test_work_waits_for_the_status_that_a_client_sets() -> None:
    with MockServer(uploads(), clock="manual") as mock:
        client = mock.client
        for order, end in (("committed", "indexed"), ("aborted", "aborted")):
            url = f"/uploads/{client.post('/uploads', json={}).json()['id']}"
            mock.clock.advance(86400)
            assert client.get(url).json()["status"] == "created"
            assert client.patch(url, json={"status": order}).json()["status"] == order
            mock.clock.advance(86400)
            assert client.get(url).json()["status"] == end


def jobs() -> dict[str, Any]:
    """Projects that are copied by jobs, and jobs whose ids are in a part."""
    job = obj("reference", reference=obj(jobId=text()), state=one_of("PENDING", "RUNNING", "DONE"))
    copying = obj("id", id=text(), status=one_of("queued", "running", "done", "failed"))
    copying["properties"]["new_project"] = {**obj(id=text()), "nullable": True}
    project = obj("id", id=text(), name=text(), completed=FLAG)
    project["properties"]["completed_at"] = text(format="date-time", nullable=True)
    keeps = "Updates it. Only the fields that are sent will be updated."
    sent = obj("name", name=text(), completed=FLAG)
    return with_schemas(
        {
            "/runs:submit": path(post=operation("submit", ref("Run"), sent=obj(run=ref("Run")))),
            "/runs": path(get=operation("list", obj(runs=array(ref("Run"))))),
            "/runs/{jobId}": path("jobId", get=operation("getRun", ref("Run"), also=(404,))),
            "/copies/{id}": path("id", get=operation("getCopy", ref("Copy"))),
            "/projects": path(post=operation("make", ref("Project"), status=201, sent=sent)),
            "/projects/{id}": path(
                "id",
                get=operation("get", ref("Project")),
                put=operation(
                    "put", ref("Project"), sent=obj(**sent["properties"]), description=keeps
                ),
            ),
            "/projects/{id}/duplicate": path(
                "id", post=operation("copy", ref("Copy"), status=201, sent=obj(name=text()))
            ),
        },
        Run=job,
        Copy=copying,
        Project=project,
    )


def test_a_copy_that_a_job_makes_leaves_the_entity() -> None:
    with MockServer(jobs(), clock="manual") as mock:
        client = mock.client
        url = f"/projects/{client.post('/projects', json={'name': 'a'}).json()['id']}"
        job = client.post(f"{url}/duplicate", json={"name": "b"}).json()
        assert job["status"] == "queued"
        assert client.get(url).json()["name"] == "a"
        mock.clock.advance(3600)
        ended = client.get(f"/copies/{job['id']}").json()
        assert ended["status"] == "done"
        assert ended["new_project"]


def test_the_id_that_a_client_sends_may_be_in_a_part() -> None:
    with MockServer(jobs()) as mock:
        mock.client.post("/runs:submit", json={"run": {"reference": {"jobId": "j1"}}})
        assert mock.client.get("/runs/j1").json()["reference"] == {"jobId": "j1"}


def test_a_flag_that_is_set_has_a_moment_and_leaves_the_rest() -> None:
    with MockServer(jobs(), clock="manual") as mock:
        client = mock.client
        url = f"/projects/{client.post('/projects', json={'name': 'a'}).json()['id']}"
        assert client.get(url).json().get("completed_at") is None
        client.put(url, json={"completed": True})
        now = client.get(url).json()
        assert now["name"] == "a"
        assert now["completed_at"]
        client.put(url, json={"completed": False})
        assert client.get(url).json()["completed_at"] is None


def calls() -> dict[str, Any]:
    """Calls of which one is shown in an array, with moments named after verbs and in a part."""
    states = one_of("RINGING", "ANSWERED", "HELD", "ENDED")
    changes = obj(held_at=text(format="date-time"), ended_at=text(format="date-time"))
    shown = ref("Call")
    return with_schemas(
        {
            "/calls": path(
                get=operation("list", array(shown)),
                post=operation("dial", shown, status=201, sent=obj(number=text(), holdDate=text())),
            ),
            "/calls/{id}": path(
                "id",
                get=operation("fetch", array(shown), summary="Get a call"),
            ),
            "/calls/{id}/answer": path("id", put=operation("answer", shown)),
            "/calls/{id}/hold": path("id", put=operation("hold", shown)),
            "/calls/{id}/reschedule": path("id", put=operation("reschedule", shown)),
        },
        Call=obj(
            "id",
            id=WHOLE,
            number=text(),
            state=states,
            answerTime=text(format="date-time"),
            holdDate=text(),
            changes=changes,
        ),
    )


def test_one_entity_may_be_shown_in_an_array() -> None:
    with MockServer(calls(), clock="manual") as mock:
        call = mock.client.post("/calls", json={"number": "7"}).json()
        (shown,) = mock.client.get(f"/calls/{call['id']}").json()
        assert (shown["id"], shown["number"]) == (call["id"], "7")
        assert len(mock.client.get("/calls").json()) > 1


def test_a_moment_may_be_named_after_the_verb_or_stand_in_a_part() -> None:
    with MockServer(calls(), clock="manual") as mock:
        sent = {"number": "7", "holdDate": "tomorrow"}
        call = mock.client.post("/calls", json=sent).json()
        assert call.get("answerTime") is None
        answered = mock.client.put(f"/calls/{call['id']}/answer").json()
        assert (answered["state"], bool(answered["answerTime"])) == ("ANSWERED", True)
        held = mock.client.put(f"/calls/{call['id']}/hold").json()
        assert held["state"] == "HELD"
        assert held["changes"]["held_at"]
        assert held["holdDate"] == "tomorrow"  # what a client sends is the client's


def orders() -> dict[str, Any]:
    """Orders that a DELETE cancels, of which nothing says how they change."""
    order = obj("id", id=text(), state=one_of("new", "processing", "done"), verified=FLAG)
    plain = obj("id", id=text(), name=text())
    return with_schemas(
        {
            "/orders": path(
                post=operation("make", ref("Order"), status=201, sent=obj(state=text()))
            ),
            "/orders/{id}": path("id", get=operation("fetch", ref("Order"))),
            "/orders/{id}/verify": path("id", post=operation("verify", ref("Order"))),
            "/bookings": path(
                post=operation("book", ref("Booking"), status=201, sent=obj(name=text()))
            ),
            "/bookings/{id}": path(
                "id",
                get=operation("fetchBooking", ref("Booking")),
                delete=operation("unbook", ref("Booking"), summary="Cancel a booking"),
            ),
        },
        Order=order,
        Booking=plain,
    )


def test_a_flag_is_set_where_no_state_follows() -> None:
    with MockServer(orders(), clock="manual") as mock:
        order = mock.client.post("/orders", json={"state": "done"}).json()
        verified = mock.client.post(f"/orders/{order['id']}/verify").json()
        assert (verified["state"], verified["verified"]) == ("done", True)


def test_rescheduling_does_not_begin_again() -> None:
    with MockServer(calls(), clock="manual") as mock:
        call = mock.client.post("/calls", json={"number": "7"}).json()
        mock.client.put(f"/calls/{call['id']}/answer")
        moved = mock.client.put(f"/calls/{call['id']}/reschedule").json()
        assert moved["state"] == "ANSWERED"


def test_what_is_cancelled_and_shown_stays() -> None:
    with MockServer(orders(), clock="manual") as mock:
        url = f"/bookings/{mock.client.post('/bookings', json={'name': 'x'}).json()['id']}"
        assert mock.client.delete(url).json()["name"] == "x"
        assert mock.client.get(url).status_code == 200


def test_what_runs_until_it_is_stopped_has_ended_then() -> None:
    state = obj(Status=one_of("created", "running", "exited"), FinishedAt=text())
    box = obj("Id", Id=text(), State=state)
    document = with_schemas(
        {
            "/boxes": path(post=operation("create", ref("Box"), status=201, sent=obj(a=text()))),
            "/boxes/{id}": path("id", get=operation("fetch", ref("Box"))),
            "/boxes/{id}/start": path("id", post=operation("start", status=204)),
            "/boxes/{id}/stop": path("id", post=operation("stop", status=204)),
        },
        Box=box,
    )
    with MockServer(document, clock="manual") as mock:
        url = f"/boxes/{mock.client.post('/boxes', json={}).json()['Id']}"
        mock.client.post(f"{url}/start")
        assert not mock.client.get(url).json()["State"].get("FinishedAt")
        mock.client.post(f"{url}/stop")
        stopped = mock.client.get(url).json()["State"]
        assert (stopped["Status"], bool(stopped["FinishedAt"])) == ("exited", True)
