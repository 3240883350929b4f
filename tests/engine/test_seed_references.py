"""Seed entities name the entities above them, and others that are there."""

from __future__ import annotations

from typing import Any

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, document, thing


def _one(schema: Any, *names: str) -> dict[str, Any]:
    where = {"in": "path", "required": True, "schema": WHOLE}
    found = {"get": {"responses": {"200": answer(schema)}}}
    return {**found, "parameters": [{"name": name, **where} for name in names]}


def _many(schema: Any, *names: str) -> dict[str, Any]:
    return _one({"type": "array", "items": schema}, *names)


def _served() -> MockServer:
    project = thing("id", id=WHOLE, name=TEXT)
    template = thing("id", id=WHOLE, project_id=WHOLE, name=TEXT)
    task = thing("id", id=WHOLE, project_id=WHOLE, template_id=WHOLE, state=TEXT)
    note = thing("id", id=WHOLE, project_id=WHOLE, task_id=WHOLE, template_ids=_ids(), text=TEXT)
    below = "/projects/{project_id}"
    return MockServer(
        document(
            {
                "/projects": _many(project),
                below: _one(project, "project_id"),
                f"{below}/templates": _many(template, "project_id"),
                f"{below}/templates/{{id}}": _one(template, "project_id", "id"),
                f"{below}/tasks": _many(task, "project_id"),
                f"{below}/tasks/{{task_id}}": _one(task, "project_id", "task_id"),
                f"{below}/tasks/{{task_id}}/notes": _many(note, "project_id", "task_id"),
                f"{below}/tasks/{{task_id}}/notes/{{id}}": _one(
                    note, "project_id", "task_id", "id"
                ),
            }
        )
    )


def _ids() -> dict[str, Any]:
    return {"type": "array", "items": WHOLE}


def test_the_numbers_of_the_path_are_in_what_lies_below_it() -> None:
    with _served() as mock:
        for project in mock.client.get("/projects").json():
            tasks = mock.client.get(f"/projects/{project['id']}/tasks").json()
            assert tasks
            assert {task["project_id"] for task in tasks} == {project["id"]}
            path = f"/projects/{project['id']}/tasks/{tasks[0]['id']}/notes"
            for note in mock.client.get(path).json():
                named = (note["project_id"], note["task_id"])
                assert named == (project["id"], tasks[0]["id"])


def test_what_is_named_lies_under_the_same_parent() -> None:
    with _served() as mock:
        for project in mock.client.get("/projects").json():
            path = f"/projects/{project['id']}"
            known = {one["id"] for one in mock.client.get(f"{path}/templates").json()}
            tasks = mock.client.get(f"{path}/tasks").json()
            assert known
            assert {task["template_id"] for task in tasks} <= known
            for note in mock.client.get(f"{path}/tasks/{tasks[0]['id']}/notes").json():
                assert set(note["template_ids"]) <= known
