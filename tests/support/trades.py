"""Small documents of trades: collections with verbs, in a line for each operation."""

from __future__ import annotations

import re
from typing import Any

from mockserver import MockServer
from tests.support.documents import TEXT, answer, array, body, document, ref

Json = dict[str, Any]


def does(
    shown: Any = None, sent: Any = None, *, status: int = 200, says: str = "", **query: Any
) -> Json:
    """An operation; `query` are its parameters."""
    found: Json = {"summary": says, "responses": {str(status): answer(shown)}}
    if sent is not None:
        found["requestBody"] = body(sent)
    found["parameters"] = [{"name": n, "in": "query", "schema": s} for n, s in query.items()]
    return found


def kept(path: str, name: str, sent: Any) -> dict[str, Json]:
    """The operations of a collection: list, create, read, change and remove. `name` is that of the
    schema, `sent` what a create has."""
    one = path + "/{" + name.lower() + "_id}"
    return {
        f"GET {path}": does(array(ref(name))),
        f"POST {path}": does(ref(name), sent, status=201),
        f"GET {one}": does(ref(name)),
        f"PATCH {one}": does(ref(name), sent),
        f"DELETE {one}": does(status=204),
    }


def serve(operations: dict[str, Json], **schemas: Any) -> MockServer:
    """A server of these operations, each by its method and path, without seed data."""
    paths: dict[str, Json] = {}
    for place, operation in operations.items():
        method, path = place.split()
        named = [
            {"name": name, "in": "path", "required": True, "schema": TEXT}
            for name in re.findall(r"{(\w+)}", path)
        ]
        parameters = [*named, *operation["parameters"]]
        paths.setdefault(path, {})[method.lower()] = {**operation, "parameters": parameters}
    return MockServer(document(paths, schemas=schemas), clock="manual", seeds="none")
