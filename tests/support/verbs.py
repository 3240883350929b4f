"""Small documents with verbs on one entity, and what their calls leave behind."""

from __future__ import annotations

from typing import Any

from mockserver import MockServer
from tests.support.documents import TEXT, answer, body, document, thing

ITEM = {"name": "id", "in": "path", "required": True, "schema": TEXT}
FLAG = {"type": "boolean"}


def states(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def kept(shown: Any, path: str = "/ships", **verbs: Any) -> dict[str, Any]:
    """A collection, its items, and the verbs of an item, by the path below it."""
    paths: dict[str, dict[str, Any]] = {
        path: {
            "post": {
                "requestBody": body(thing(name=TEXT)),
                "responses": {"201": answer(shown)},
            }
        },
        path + "/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(shown)}}},
    }
    for name, operation in verbs.items():
        method, _, step = name.partition("_")
        where = path + "/{id}" + ("/" + step.replace("__", "/") if step else "")
        paths.setdefault(where, {"parameters": [ITEM]})[method] = operation
    return paths


def operation(sent: Any = None, shown: Any = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"responses": {"200": answer(shown)}, **more}
    return found if sent is None else {**found, "requestBody": body(sent)}


def after(
    paths: dict[str, Any], *calls: tuple[str, str, Any], path: str = "/ships"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The entity before and after some calls."""
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post(path, json={"name": "a"}).json()
        own = f"{path}/{made['id']}"
        before = server.client.get(own).json()
        for method, step, sent in calls:
            where = f"{own}/{step}" if step else own
            found = server.client.request(method, where, json=sent)
            assert found.status_code < 300, found.text
        return before, server.client.get(own).json()
