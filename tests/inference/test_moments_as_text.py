"""Moments that are texts without a format, and counts that are 0 at first."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer

_TEXT = {"type": "string"}
_PATTERN = r"^(?:(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d+)?))$"
_MOMENTS: dict[str, dict[str, Any]] = {
    "format": {"format": "date-time"},
    "pattern": {"pattern": _PATTERN},
    "example": {"example": "2023-11-02T21:49:25.586965"},
    "described": {"description": "The date and time the job was completed"},
    "timestamp": {"description": "ISO 8601 timestamp of its end"},
}
_NO_MOMENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "duration": {"description": "The time it took"},
    "word": {"example": "yes"},
    "any": {"pattern": "^.*$"},
}


def _document(shown: dict[str, Any], *, sent: dict[str, Any] | None = None) -> dict[str, Any]:
    status = {"type": "string", "enum": ["queued", "processing", "completed", "error"]}
    job = {"type": "object", "properties": {"id": _TEXT, "status": status, **shown}}
    job["required"] = ["id", "status", *shown]
    body = {"type": "object", "properties": sent or {"url": _TEXT}}
    answer = {
        "200": {"description": "ok", "content": {"application/json": {"schema": job}}},
    }
    asked = {"content": {"application/json": {"schema": body}}}
    one = {"name": "id", "in": "path", "required": True, "schema": _TEXT}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Jobs", "version": "1"},
        "paths": {
            "/jobs": {"post": {"requestBody": asked, "responses": answer}},
            "/jobs/{id}": {"parameters": [one], "get": {"responses": answer}},
        },
    }


@pytest.mark.parametrize("name", ["completed", "finished"])
@pytest.mark.parametrize("said", _MOMENTS)
def test_a_text_that_is_a_moment_is_set_at_the_end(said: str, name: str) -> None:
    shown = {name: {"type": ["string", "null"], **_MOMENTS[said]}}
    with MockServer(_document(shown), clock="manual", seed=0) as mock:
        made = mock.client.post("/jobs", json={"url": "https://example.com"}).json()
        assert made[name] is None
        mock.clock.advance(86400)
        done = mock.client.get(f"/jobs/{made['id']}").json()
        assert done["status"] == "completed"
        assert done[name].startswith(("2026-01-01T", "2026-01-02T"))


@pytest.mark.parametrize("said", _NO_MOMENTS)
def test_other_texts_are_no_moments(said: str) -> None:
    shown = {"completed": {"type": "string", **_NO_MOMENTS[said]}}
    with MockServer(_document(shown), clock="manual", seed=0) as mock:
        made = mock.client.post("/jobs", json={"url": "https://example.com"}).json()
        mock.clock.advance(86400)
        done = mock.client.get(f"/jobs/{made['id']}").json()
        assert not done["completed"].startswith("2026-01-0")


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize("name", ["opened_count", "clickedCount", "sent_count", "bounced_count"])
def test_what_happens_to_work_later_is_counted_from_0(name: str, kind: str) -> None:
    document = _document({name: {"type": [kind, "null"]}})
    with MockServer(document, clock="manual", seed=0) as mock:
        assert mock.client.post("/jobs", json={"url": "https://example.com"}).json()[name] == 0


@pytest.mark.parametrize(
    ("asked", "status", "changed"),
    [
        ({"if_exists": "do_nothing"}, 200, False),
        ({"ifExists": "ignore"}, 200, False),
        ({"on_conflict": "update"}, 200, True),
        ({"onConflict": "OVERWRITE"}, 200, True),
        ({"if_exists": "raise"}, 409, False),
        ({}, 409, False),
    ],
)
def test_a_create_does_with_what_is_there_as_it_is_asked(
    asked: dict[str, str], status: int, changed: bool
) -> None:
    sent = {"id": _TEXT, "title": _TEXT, **dict.fromkeys(asked, _TEXT)}
    document = _document({"title": _TEXT}, sent=sent)
    answers = document["paths"]["/jobs"]["post"]["responses"]
    answers["409"] = {"description": "It exists already"}
    with MockServer(document, clock="manual", seed=0) as mock:
        mock.client.post("/jobs", json={"id": "a", "title": "one"})
        again = mock.client.post("/jobs", json={"id": "a", "title": "two", **asked})
        assert again.status_code == status
        assert mock.client.get("/jobs/a").json()["title"] == ("two" if changed else "one")
