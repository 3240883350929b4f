"""An application with its admin API, in process."""

from __future__ import annotations

from typing import Any

import httpx

from mockserver.server.access import Guard
from mockserver.server.admin.app import admin_api
from mockserver.server.admin.request import Panel
from mockserver.server.clients import InProcessTransport
from mockserver.server.journal.journal import Journal
from mockserver.server.mock import Options, load

THING = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "size": {"type": "integer"}},
}
CONTENT = {"application/json": {"schema": THING}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things <&>", "version": "1"},
    "security": [{"key": []}],
    "paths": {
        "/things/{id}": {
            "get": {"operationId": "getThing", "responses": {"200": {"content": CONTENT}}},
            "put": {
                "operationId": "putThing",
                "requestBody": {"required": True, "content": CONTENT},
                "responses": {"200": {"content": CONTENT}, "422": {}},
            },
        }
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Key"}}},
}


class Plane:
    """An application with its admin API, and clients for it."""

    def __init__(self, guard: Guard | None = None, **options: Any) -> None:
        self.journal = Journal()
        self.mock = load(DOCUMENT, Options(**options), journal=self.journal)
        self.panel = Panel(self.mock, self.journal, "things.yaml")
        self.app = self.mock.app(admin_api(self.panel, guard or Guard()))

    def client(self, caller: str | None = "127.0.0.1", **headers: str) -> httpx.Client:
        """A client whose requests appear to come from `caller`."""

        def app(scope: Any, receive: Any, send: Any) -> Any:
            scope["client"] = None if caller is None else (caller, 50000)
            return self.app(scope, receive, send)

        return httpx.Client(
            transport=InProcessTransport(app),
            base_url="http://127.0.0.1:8000/__mock__",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


def call_api(plane: Plane, key: str = "mock-key", method: str = "GET", **rest: Any) -> Any:
    with plane.client() as client:
        return client.request(
            method, "http://127.0.0.1:8000/things/a", headers={"key": key}, **rest
        )
