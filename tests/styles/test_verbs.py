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
