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
