"""What whole documents of other vendors rely on: how they name lists, parts and defaults."""

from __future__ import annotations

import pytest

from mockserver import MockServer
from tests.support.documents import (
    FLAG,
    MOMENT,
    TEXT,
    Json,
    array,
    obj,
    one_of,
    operation,
    path,
    ref,
    text,
    with_schemas,
)

ID = obj(id=text(), type=text())


def _catalogue(holder: str) -> Json:
    """Shows and episodes of JSON:API that no client makes; each episode names its show twice."""
    named = {"relationships": obj(show=obj(data=ref("Named")))}
    paths: Json = {}
    for name, schema in (("shows", "Show"), ("episodes", "Episode")):
        more = [
            {"name": "show_id", "in": "query", "schema": TEXT},
            {"name": "published", "in": "query", "schema": FLAG},
        ]
        paths[f"/{name}"] = {
            "get": operation("list" + schema, obj(data=array(ref(schema)))) | {"parameters": more}
        }
        paths[f"/{name}/{{id}}"] = path("id", get=operation("get" + schema, obj(data=ref(schema))))
    show = obj("id", "type", holder, id=text(), type=text(), **{holder: obj(title=TEXT, slug=TEXT)})
    inner = obj("show_id", "published", show_id=text(), title=TEXT, published=FLAG)
    episode = obj(
        "id", "type", holder, "relationships", id=text(), type=text(), **{holder: inner}, **named
    )
    named_one = obj("id", "type", id={"type": "string", "example": "one-of-them"}, type=text())
    return with_schemas(paths, Show=show, Episode=episode, Named=named_one)


@pytest.mark.parametrize("holder", ["attributes", "properties", "fields"])
def test_what_nobody_makes_names_what_exists(holder: str) -> None:
    with MockServer(_catalogue(holder), seed=3) as mock:
        episodes = mock.client.get("/episodes").json()["data"]
        assert len(episodes) > 1
        for one in episodes:
            named = one["relationships"]["show"]["data"]["id"]
            assert one[holder]["show_id"] == named
            assert mock.client.get(f"/shows/{named}").json()["data"]["id"] == named
            there = mock.client.get("/episodes", params={"show_id": named}).json()["data"]
            assert one["id"] in [row["id"] for row in there]
            assert {row[holder]["show_id"] for row in there} == {named}
        shown = mock.client.get("/episodes", params={"published": "true"}).json()["data"]
        assert all(row[holder]["published"] for row in shown)


@pytest.mark.parametrize("parameter", ["list", "tasklist", "listId"])
@pytest.mark.parametrize("above", ["/users/@me/lists", "/my/lists", "/v1/account/lists"])
def test_a_parent_that_is_read_below_another_path(parameter: str, above: str) -> None:
    paths = {
        above: {
            "get": operation("lists", obj(items=array(ref("List")))),
            "post": operation("newList", ref("List"), sent=ref("List")),
        },
        f"{above}/{{{parameter}}}": path(
            parameter, get=operation("list", ref("List")), delete=operation("drop", None)
        ),
        f"/lists/{{{parameter}}}/tasks": path(
            parameter,
            get=operation("tasks", obj(items=array(ref("Task")))),
            post=operation("newTask", ref("Task"), sent=ref("Task")),
        ),
        f"/lists/{{{parameter}}}/tasks/{{task}}": path(
            parameter, "task", get=operation("task", ref("Task"))
        ),
    }
    schemas = {"List": obj(id=text(), title=text()), "Task": obj(id=text(), title=text())}
    with MockServer(with_schemas(paths, **schemas)) as mock:
        home = mock.client.post(above, json={"title": "Home"}).json()["id"]
        work = mock.client.post(above, json={"title": "Work"}).json()["id"]
        milk = mock.client.post(f"/lists/{home}/tasks", json={"title": "milk"}).json()["id"]
        rows = mock.client.get(f"/lists/{home}/tasks").json()["items"]
        assert [row["id"] for row in rows] == [milk]
        assert mock.client.get(f"/lists/{work}/tasks").json()["items"] == []
        mock.client.delete(f"{above}/{home}")
        assert mock.client.get(f"/lists/{home}/tasks").status_code == 404


def test_a_replacement_keeps_what_only_a_create_may_say() -> None:
    changed = obj("name", name=text(), label=text())
    made = obj("name", name=text(), label=text(), kind_of_policy=text())
    paths = {
        "/policies": {"post": operation("create", ref("Policy"), sent=made)},
        "/policies/{id}": path(
            "id", get=operation("get", ref("Policy")), put=operation("put", None, sent=changed)
        ),
    }
    policy = obj("id", id=text(), name=text(), label=text(), kind_of_policy=text())
    with MockServer(with_schemas(paths, Policy=policy)) as mock:
        sent = {"name": "a", "label": "b", "kind_of_policy": "TAKE_BACK"}
        key = mock.client.post("/policies", json=sent).json()["id"]
        mock.client.put(f"/policies/{key}", json={"name": "c"})
        assert mock.client.get(f"/policies/{key}").json() == {
            "id": key, "name": "c", "kind_of_policy": "TAKE_BACK",
        }  # fmt: skip


@pytest.mark.parametrize(
    "told",
    [
        'This is always "tasks#task".',
        "Always `tasks#task`.",
        'The fixed string "tasks#task".',
        'What kind of resource this is. Value: the fixed string "tasks#task".',
        "always be 'tasks#task'",
    ],
)
def test_a_kind_that_is_always_the_same(told: str) -> None:
    task = obj(id=text(), title=text(), kind={"type": "string", "description": told})
    paths = {
        "/tasks": {"post": operation("create", ref("Task"), sent=ref("Task"))},
        "/tasks/{task}": path("task", get=operation("get", ref("Task"))),
    }
    with MockServer(with_schemas(paths, Task=task)) as mock:
        key = mock.client.post("/tasks", json={"title": "milk"}).json()["id"]
        assert mock.client.get(f"/tasks/{key}").json()["kind"] == "tasks#task"


SHOWN = {
    "show_hidden": "Whether hidden ones are listed. The default is False.",
    "include_hidden": "Defaults to `false`.",
    "showHidden": "",
}


@pytest.mark.parametrize("name", SHOWN)
def test_flagged_ones_are_listed_on_demand(name: str) -> None:
    schema = FLAG if SHOWN[name] else {"type": "boolean", "default": False}
    asked = {"name": name, "in": "query", "schema": schema, "description": SHOWN[name]}
    done = {"name": "showDone", "in": "query", "schema": FLAG, "description": "Default: True."}
    paths = {
        "/tasks": {
            "get": operation("list", array(ref("Task"))) | {"parameters": [asked, done]},
            "post": operation("create", ref("Task"), sent=ref("Task")),
        },
        "/tasks/{task}": path("task", get=operation("get", ref("Task"))),
    }
    task = obj(id=text(), title=text(), hidden=FLAG, state=one_of("open", "done"))
    with MockServer(with_schemas(paths, Task=task), seeds="none") as mock:
        for title, hidden, state in (
            ("a", False, "open"),
            ("b", True, "open"),
            ("c", False, "done"),
        ):
            sent = {"title": title, "hidden": hidden, "state": state}
            mock.client.post("/tasks", json=sent)

        def titles(**query: str) -> list[str]:
            return sorted(row["title"] for row in mock.client.get("/tasks", params=query).json())

        assert titles() == ["a", "c"]
        assert titles(**{name: "true"}) == ["a", "b", "c"]
        assert titles(**{name: "false"}) == ["a", "c"]
        assert titles(showDone="false") == ["a"]


@pytest.mark.parametrize("moment", ["dateTime", "date_time", "at"])
def test_times_within_an_object(moment: str) -> None:
    """`start: {dateTime, timeZone}` is found by bounds that are told in words, and sorted by."""
    when = obj(timeZone=text(), **{moment: MOMENT})
    event = obj(id=text(), summary=text(), start=when, end=when, updated=MOMENT)
    asked = [
        {"name": "timeMin", "in": "query", "schema": TEXT,
         "description": "Lower bound (exclusive) for an event's end time to filter by."},
        {"name": "timeMax", "in": "query", "schema": TEXT,
         "description": "Upper bound (exclusive) for an event's start time to filter by."},
        {"name": "orderBy", "in": "query", "schema": one_of("startTime", "updated")},
    ]  # fmt: skip
    paths = {
        "/events": {
            "get": operation("list", obj(items=array(ref("Event")))) | {"parameters": asked},
            "post": operation("create", ref("Event"), sent=ref("Event")),
        },
        "/events/{id}": path("id", get=operation("get", ref("Event"))),
    }
    with MockServer(with_schemas(paths, Event=event), seeds="none") as mock:
        for name, day in (("late", "2030-02-01"), ("early", "2030-01-05")):
            span = {
                "start": {moment: f"{day}T09:00:00Z"},
                "end": {moment: f"{day}T10:00:00Z"},
            }
            mock.client.post("/events", json={"summary": name, **span})

        def names(**query: str) -> list[str]:
            rows = mock.client.get("/events", params=query).json()["items"]
            return [row["summary"] for row in rows]

        assert names(orderBy="startTime") == ["early", "late"]
        assert names(timeMin="2030-01-20T00:00:00Z") == ["late"]
        assert names(timeMax="2030-01-20T00:00:00Z") == ["early"]


@pytest.mark.parametrize("link", ["selfLink", "self_url", "self_uri"])
def test_a_link_to_itself_is_the_servers(link: str) -> None:
    task = obj(id=text(), title=text(), **{link: text()})
    paths = {
        "/tasks": {"post": operation("create", ref("Task"), sent=ref("Task"))},
        "/tasks/{task}": path("task", get=operation("get", ref("Task"))),
    }
    with MockServer(with_schemas(paths, Task=task)) as mock:
        made = mock.client.post("/tasks", json={"title": "milk"}).json()
        assert made[link].endswith(f"/tasks/{made['id']}")


@pytest.mark.parametrize("key", ["taxJurisdictionId", "tax_jurisdiction_id"])
def test_an_id_with_the_noun_before_it(key: str) -> None:
    paths = {
        "/tax": {"get": operation("list", obj(taxes=array(ref("Tax"))))},
        "/tax/{countryCode}/{jurisdictionId}": path(
            "countryCode", "jurisdictionId",
            get=operation("get", ref("Tax")),
            put=operation("put", None, sent=obj(rate=text())),
        ),
    }  # fmt: skip
    tax = obj(countryCode=text(), rate=text(), **{key: text()})
    with MockServer(with_schemas(paths, Tax=tax), seeds="none") as mock:
        mock.client.put("/tax/US/NY", json={"rate": "8.5"})
        found = mock.client.get("/tax/US/NY").json()
        assert found == {"countryCode": "US", key: "NY", "rate": "8.5"}
