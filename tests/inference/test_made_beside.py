"""What an operation makes beside its entity, shown beside it in the response."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer

_STATES = ["scheduling", "running", "finished", "failed"]


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    text = {name: {"type": "string"} for name in required if name not in properties}
    return {"type": "object", "required": [*required], "properties": {**text, **properties}}


def _operation(shown: Any, sent: Any = None, code: str = "200") -> dict[str, Any]:
    made: dict[str, Any] = {
        "responses": {
            code: {"description": "ok", "content": {"application/json": {"schema": shown}}}
        }
    }
    if sent is not None:
        made["requestBody"] = {"content": {"application/json": {"schema": sent}}}
    return made


def _document(together: str) -> dict[str, Any]:
    """Projects with branches and operations. `together` says how the new ones are shown."""
    parts = {
        "project": _ref("Project"),
        "branch": _ref("Branch"),
        "operations": {"type": "array", "items": _ref("Operation")},
    }
    more = {name: {"type": "string"} for name in ("a", "b", "c", "d")} if "wide" in together else {}
    shown: Any = _object("project", "branch", "operations", **parts, **more)
    if "composed" in together:
        shown = {"allOf": [_object(name, **{name: one}) for name, one in parts.items()]}
    ids = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ("project_id", "branch_id", "operation_id")
    ]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bases", "version": "1"},
        "paths": {
            "/projects": {
                "post": _operation(shown, _object("project", project=_ref("New")), "201")
            },
            "/projects/{project_id}": {
                "parameters": ids[:1],
                "get": _operation(_object("project", project=_ref("Project"))),
            },
            "/projects/{project_id}/branches": {
                "parameters": ids[:1],
                "get": _operation(_object(branches={"type": "array", "items": _ref("Branch")})),
                "post": _operation(_ref("Branch"), _ref("New"), "201"),
            },
            "/projects/{project_id}/branches/{branch_id}": {
                "parameters": ids[:2],
                "get": _operation(_object("branch", branch=_ref("Branch"))),
            },
            "/projects/{project_id}/operations/{operation_id}": {
                "parameters": [ids[0], ids[2]],
                "get": _operation(_object("operation", operation=_ref("Operation"))),
            },
        },
        "components": {
            "schemas": {
                "New": _object("name"),
                "Project": _object("id", "name"),
                "Branch": _object("id", "name", "project_id"),
                "Operation": _object(
                    "id", "project_id", "branch_id", status={"type": "string", "enum": _STATES}
                ),
            }
        },
    }


@pytest.mark.parametrize("together", ["plain", "composed", "wide", "wide and composed"])
def test_what_is_made_with_a_project_can_be_read(together: str) -> None:
    with MockServer(_document(together), clock="manual") as mock:
        made = mock.client.post("/projects", json={"project": {"name": "shop"}}).json()
        project, branch = made["project"], made["branch"]
        assert project["name"] == "shop"
        home = f"/projects/{project['id']}"
        assert mock.client.get(home).json()["project"] == project
        assert mock.client.get(f"{home}/branches/{branch['id']}").json()["branch"] == branch
        assert mock.client.get(f"{home}/branches").json()["branches"] == [branch]
        assert branch["project_id"] == project["id"]


@pytest.mark.parametrize("together", ["plain", "composed", "wide", "wide and composed"])
def test_the_jobs_that_are_shown_exist_and_end(together: str) -> None:
    with MockServer(_document(together), clock="manual", seed=0) as mock:
        made = mock.client.post("/projects", json={"project": {"name": "shop"}}).json()
        (job,) = made["operations"]
        assert job["status"] in _STATES[:2]
        assert (job["project_id"], job["branch_id"]) == (
            made["project"]["id"],
            made["branch"]["id"],
        )
        place = f"/projects/{job['project_id']}/operations/{job['id']}"
        assert mock.client.get(place).json()["operation"] == job
        mock.clock.advance(7200)
        assert mock.client.get(place).json()["operation"]["status"] in _STATES[2:]


def _with_ids(own: str, below: str, style: str) -> dict[str, Any]:
    """Things of which a create's response has the ids alone, beside one of what lies below it."""
    ids = [f"{own}{style}", f"{below}{style}"]
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ids
    ]
    home, inner = f"/{own}s", f"/{own}s/{{{ids[0]}}}/{below}s"
    views = {"type": "array", "items": _object(ids[1], status=_ref("Status"))}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pairs", "version": "1"},
        "paths": {
            home: {
                "post": _operation(_object(*ids), _object("name"), "202"),
                "get": _operation({"type": "array", "items": _object(*ids, "name")}),
            },
            f"{home}/{{{ids[0]}}}": {
                "parameters": path[:1],
                "get": _operation(_object(ids[0], "name", f"{below}s", **{f"{below}s": views})),
            },
            inner: {"parameters": path[:1], "post": _operation(_ref("Below"), _object(), "202")},
            f"{inner}/{{{ids[1]}}}": {"parameters": path, "get": _operation(_ref("Below"))},
        },
        "components": {
            "schemas": {
                "Status": {"type": "string", "enum": ["building", "ready", "error"]},
                "Below": _object(*ids, status=_ref("Status"), log={"type": "string"}),
            }
        },
    }


@pytest.mark.parametrize("style", ["ID", "Id", "_id"])
@pytest.mark.parametrize(("own", "below"), [("template", "build"), ("agent", "deployment")])
def test_of_two_ids_in_a_response_both_can_be_read(own: str, below: str, style: str) -> None:
    mine, theirs = f"{own}{style}", f"{below}{style}"
    with MockServer(_with_ids(own, below, style), clock="manual", seed=0) as mock:
        made = mock.client.post(f"/{own}s", json={"name": "web"}).json()
        home = f"/{own}s/{made[mine]}"
        found = mock.client.get(f"{home}/{below}s/{made[theirs]}").json()
        assert (found[mine], found[theirs]) == (made[mine], made[theirs])
        assert found["status"] == "building"
        shown = mock.client.get(home).json()
        assert [one[theirs] for one in shown[f"{below}s"]] == [made[theirs]]
        listed = mock.client.get(f"/{own}s").json()
        assert [one[theirs] for one in listed if one[mine] == made[mine]] == [made[theirs]]
        mock.clock.advance(86400)
        assert mock.client.get(home).json()[f"{below}s"][0]["status"] == "ready"


def test_an_id_that_may_be_null_or_was_sent_makes_nothing() -> None:
    document = _with_ids("customer", "card", "_id")
    shown = document["paths"]["/customers"]["post"]["responses"]["202"]
    shown["content"]["application/json"]["schema"]["required"] = ["customer_id"]
    with MockServer(document, clock="manual", seed=0) as mock:
        made = mock.client.post("/customers", json={"name": "ann"}).json()
        assert mock.client.get(f"/customers/{made['customer_id']}").json()["cards"] == []
