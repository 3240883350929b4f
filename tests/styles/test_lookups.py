"""Entities that are read by another property than their id."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import (
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


def users(paths: dict[str, Any]) -> dict[str, Any]:
    shown = obj("id", id=text(), email=text(), externalId=text(), status=one_of("new", "old"))
    sent = obj("email", email=text(), externalId=text(), status=one_of("new", "old"))
    own = {
        "/users": {
            "get": operation("listUsers", array(ref("User"))),
            "post": operation("createUser", ref("User"), status=201, sent=sent),
        },
        "/users/{id}": path("id", get=operation("getUser", ref("User"), also=(404,))),
    }
    return with_schemas({**own, **paths}, User=shown, Wrapped=obj(user=ref("User")))


@pytest.mark.parametrize("shown", ["User", "Wrapped"])
def test_by_a_property_in_the_path(shown: str) -> None:
    found = operation("byEmail", ref(shown), also=(404,))
    with MockServer(users({"/users/email/{email}": path("email", get=found)})) as mock:
        made = mock.client.post("/users", json={"email": "a@b.test", "status": "old"}).json()
        there = mock.client.get("/users/email/A@b.test").json()
        assert (there if shown == "User" else there["user"]) == made
        assert mock.client.get("/users/email/c@d.test").status_code == 404


def test_by_a_property_in_the_query() -> None:
    """The parameter is called otherwise; the summary says which property it means."""
    found = operation(
        "extUser", ref("User"), query={"extid": text()}, summary="Gets a user by external id."
    )
    with MockServer(users({"/extuser": {"get": found}})) as mock:
        made = mock.client.post("/users", json={"email": "a@b.test", "externalId": "x7"}).json()
        assert mock.client.get("/extuser?extid=x7").json() == made


def test_lists_of_those_with_a_property() -> None:
    found = operation("byStatus", array(ref("User")))
    with MockServer(users({"/users/status/{status}": path("status", get=found)})) as mock:
        made = mock.client.post("/users", json={"email": "a@b.test", "status": "old"}).json()
        assert made in mock.client.get("/users/status/old").json()
        assert made not in mock.client.get("/users/status/new").json()


def test_several_by_their_ids() -> None:
    found = operation("some", array(ref("User")))
    some = path("userIds", get=found, delete=operation("removeSome", status=204))
    paths = users({})
    paths["paths"] = {"/users": paths["paths"]["/users"], "/users/{userIds}": some}
    with MockServer(paths) as mock:
        made = [mock.client.post("/users", json={"email": e}).json() for e in ("a@b.c", "d@e.f")]
        ids = [one["id"] for one in made]
        assert mock.client.get(f"/users/{ids[1]}").json() == made[1:]
        seen = mock.client.get(f"/users/{';'.join(ids)}").json()
        assert sorted(one["id"] for one in seen) == sorted(ids)
        assert mock.client.delete(f"/users/{','.join(ids)}").status_code == 204
        left = {one["id"] for one in mock.client.get("/users").json()}
        assert not left & set(ids)


UUID = text(format="uuid")
_NOTE = obj("noteId", "fileName", noteId=UUID, fileName=text(), body=text())


def named(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema, **more}


def notes(*, example: str | None = None) -> dict[str, Any]:
    """Notes of books, at two paths of one shape: by id, and by the name of their file."""
    shown = {"example": example} if example is not None else {}
    sent = obj("fileName", fileName=text(), body=text())
    one, book = ref("Note"), named("bookId", text())
    get = operation("note", one, also=(404,))
    by_name = operation("noteByFile", one, also=(404,))
    put = operation("putNote", one, sent=obj(body=text()), status=201)
    paths = {
        "/books": {
            "get": operation("books", array(ref("Book"))),
            "post": operation("makeBook", ref("Book"), status=201, sent=obj(title=text())),
        },
        "/books/{bookId}": path("bookId", get=operation("book", ref("Book"), also=(404,))),
        "/books/{bookId}/notes": path(
            "bookId",
            get=operation("notes", array(one)),
            post=operation("makeNote", one, status=201, sent=sent),
        ),
        "/books/{bookId}/notes/{noteId}": {"parameters": [book, named("noteId", UUID)], "get": get},
        "/books/{bookId}/notes/{fileName}": {
            "parameters": [book, named("fileName", text(), **shown)],
            "get": by_name,
            "put": put,
            "delete": operation("dropNote", status=204, also=(404,)),
        },
    }
    return with_schemas(paths, Note=_NOTE, Book=obj("bookId", bookId=text(), title=text()))


def book(mock: MockServer) -> str:
    made = mock.client.post("/books", json={"title": "a"})
    return f"/books/{made.json()['bookId']}/notes"


def test_two_paths_of_one_shape_name_one_by_its_id_or_by_a_property() -> None:
    with MockServer(notes(), seeds="none") as mock:
        there = book(mock)
        made = mock.client.post(there, json={"fileName": "a.txt", "body": "x"}).json()
        assert mock.client.get(f"{there}/{made['noteId']}").json() == made
        assert mock.client.get(f"{there}/a.txt").json() == made
        assert mock.client.get(f"{there}/b.txt").status_code == 404
        assert mock.client.delete(f"{there}/a.txt").status_code == 204
        assert mock.client.get(f"{there}/{made['noteId']}").status_code == 404


def test_what_is_put_under_a_name_gets_an_id_and_is_changed_under_its_name() -> None:
    with MockServer(notes(), seeds="none") as mock:
        there = book(mock)
        made = mock.client.put(f"{there}/a.txt", json={"body": "x"})
        assert made.status_code == 201
        assert made.json()["fileName"] == "a.txt"
        assert made.json()["noteId"] != "a.txt"
        again = mock.client.put(f"{there}/a.txt", json={"body": "y"}).json()
        assert (again["noteId"], again["body"]) == (made.json()["noteId"], "y")
        assert mock.client.get(f"{there}/{again['noteId']}").json() == again
        assert mock.client.get(there).json() == [again]


def test_a_name_means_the_one_under_the_parent_of_the_path() -> None:
    with MockServer(notes(), seeds="none") as mock:
        one, other = book(mock), book(mock)
        for there, body in ((one, "x"), (other, "y")):
            mock.client.post(there, json={"fileName": "a.txt", "body": body})
        assert mock.client.get(f"{one}/a.txt").json()["body"] == "x"
        assert mock.client.get(f"{other}/a.txt").json()["body"] == "y"


def test_the_example_of_a_name_is_there_under_it_and_under_its_id() -> None:
    with MockServer(notes(example="read.me")) as mock:
        there = f"/books/{mock.client.get('/books').json()[0]['bookId']}/notes"
        shown = mock.client.get(f"{there}/read.me").json()
        assert shown["fileName"] == "read.me"
        assert mock.client.get(f"{there}/{shown['noteId']}").json() == shown


def teams(example: dict[str, Any] | None = None) -> dict[str, Any]:
    """Teams by their slug below an organization, and by their number at an old path."""
    team = obj("id", "slug", id=WHOLE, slug=text(), name=text(), url=text())
    org = obj("id", "login", id=WHOLE, login=text())
    get = operation("team", ref("Team"), also=(404,))
    fetch_org = operation("org", ref("Org"), also=(404,))
    if example is not None:
        for one, shown in ((get, example), (fetch_org, {"id": 3, "login": "acme"})):
            one["responses"]["200"]["content"]["application/json"]["example"] = shown
    sent = obj("name", name=text(), slug=text())
    paths = {
        "/orgs": {"get": operation("orgs", array(ref("Org")))},
        "/orgs/{org}": path("org", get=fetch_org),
        "/orgs/{org}/teams": path(
            "org",
            get=operation("teams", array(ref("Team"))),
            post=operation("makeTeam", ref("Team"), status=201, sent=sent),
        ),
        "/orgs/{org}/teams/{team_slug}": path("org", "team_slug", get=get),
        "/teams/{team_id}": {
            "parameters": [named("team_id", WHOLE)],
            "get": operation("oldTeam", ref("Team"), also=(404,)),
        },
    }
    return with_schemas(paths, Team=team, Org=org)


def test_a_second_path_names_it_by_a_number() -> None:
    with MockServer(teams(), seeds="generated") as mock:
        org = mock.client.get("/orgs").json()[0]["id"]
        sent = {"name": "Core", "slug": "core-team"}
        made = mock.client.post(f"/orgs/{org}/teams", json=sent).json()
        assert made["slug"] == "core-team"
        assert mock.client.get(f"/orgs/{org}/teams/core-team").json() == made
        assert mock.client.get(f"/teams/{made['id']}").json() == made
        assert mock.client.get("/teams/77777777").status_code == 404


@pytest.mark.parametrize(
    "url",
    ["https://api.test/orgs/acme/teams/crew", "/v3/orgs/acme/teams/crew", "/orgs/3/teams/crew"],
)
def test_an_example_lies_below_the_one_that_its_url_names(url: str) -> None:
    """The parent is called by its login, while its id is a number."""
    example = {"id": 8, "slug": "crew", "name": "Crew", "url": url}
    with MockServer(teams(example)) as mock:
        for found in ("/orgs/acme/teams/crew", "/orgs/3/teams/crew", "/teams/8"):
            assert mock.client.get(found).json() == example, found
        assert example in mock.client.get("/orgs/acme/teams").json()
        assert mock.client.get("/orgs/acme").json()["id"] == 3


def test_seed_entities_differ_in_the_number_by_which_a_path_names_them() -> None:
    document = teams()
    document["components"]["schemas"]["Team"]["properties"]["id"]["example"] = 42
    with MockServer(document) as mock:
        org = mock.client.get("/orgs").json()[0]["id"]
        shown = mock.client.get(f"/orgs/{org}/teams").json()
        assert len(shown) > 1
        for one in shown:
            assert mock.client.get(f"/teams/{one['id']}").json() == one


@pytest.mark.parametrize(
    "between", ["flags/{flag}", "regions/{region}/zones/{zone}", "views/{view}"]
)
def test_what_stands_between_an_entity_and_its_parent_is_no_part_of_its_key(between: str) -> None:
    """`/projects/{project}/flags/{flag}/stages/{stageKey}/changes`: stages are of a project, and
    clients choose their keys."""
    stage = obj("key", key=text(), name=text())
    above = ["project", *(step[1:-1] for step in between.split("/") if step.startswith("{"))]
    changes = f"/projects/{{project}}/{between}/stages/{{stageKey}}/changes"
    named_by = [*above, "stageKey"]
    paths = {
        "/projects": {
            "post": operation("project", ref("Project"), status=201, sent=obj(name=text()))
        },
        "/projects/{project}": path("project", get=operation("one", ref("Project"), also=(404,))),
        "/projects/{project}/stages": path(
            "project", post=operation("make", ref("Stage"), status=201, sent=stage)
        ),
        "/projects/{project}/stages/{stageKey}": path(
            "project", "stageKey", get=operation("stage", ref("Stage"), also=(404,))
        ),
        changes: path(
            *named_by,
            get=operation("changes", array(ref("Change")), also=(404,)),
            post=operation("change", ref("Change"), status=201, sent=obj("text", text=text())),
        ),
        f"{changes}/{{changeId}}": path(
            *named_by, "changeId", get=operation("theChange", ref("Change"), also=(404,))
        ),
    }
    schemas = {"Project": obj("id", id=text()), "Stage": stage}
    document = with_schemas(paths, **schemas, Change=obj("id", id=text(), text=text()))
    with MockServer(document, seeds="none") as mock:
        one, other = (mock.client.post("/projects", json={}).json()["id"] for _ in range(2))
        sent = {"key": "dev", "name": "Dev"}
        assert mock.client.post(f"/projects/{one}/stages", json=sent).status_code == 201

        def place(project: str) -> str:
            found = changes.replace("{project}", project).replace("{stageKey}", "dev")
            return found.replace("{", "").replace("}", "")

        made = mock.client.post(place(one), json={"text": "x"})
        assert made.status_code == 201
        assert mock.client.get(f"{place(one)}/{made.json()['id']}").json() == made.json()
        assert mock.client.get(place(one)).json() == [made.json()]
        assert mock.client.get(place(other)).status_code == 404
