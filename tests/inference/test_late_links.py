"""A nullable link that the client does not send appears once a job has succeeded."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer


def document(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    job = {
        "type": "object",
        "required": ["id", "status", name],
        "properties": {
            "id": {"type": "string"},
            "status": {"type": "string", "enum": ["queued", "rendering", "done", "failed"]},
            name: schema,
        },
    }
    shown = {"description": "ok", "content": {"application/json": {"schema": job}}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Renders", "version": "1"},
        "paths": {
            "/renders": {"post": {"responses": {"201": shown}}},
            "/renders/{id}": {"parameters": [parameter], "get": {"responses": {"200": shown}}},
        },
    }


@pytest.mark.parametrize("name", ["video_url", "url", "playbackUri", "hls_url", "public-url"])
@pytest.mark.parametrize(
    "schema",
    [
        {"type": ["string", "null"], "format": "uri"},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
    ],
)
def test_it_is_null_until_the_job_is_done(name: str, schema: dict[str, Any]) -> None:
    with MockServer(document(name, schema)) as mock:
        made = mock.client.post("/renders").json()
        assert (made["status"], made[name]) == ("queued", None)
        mock.clock.advance(600)
        done = mock.client.get(f"/renders/{made['id']}").json()
        assert done["status"] == "done"
        assert isinstance(done[name], str)


@pytest.mark.parametrize("name", ["callback_url", "source_url"])
def test_what_the_work_begins_with_is_no_result(name: str) -> None:
    with MockServer(document(name, {"type": ["string", "null"]})) as mock:
        made = mock.client.post("/renders").json()
        mock.clock.advance(600)
        assert mock.client.get(f"/renders/{made['id']}").json()[name] == made[name]
