"""A client gets the documented media type that it prefers."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, answer, document, thing


def reports(*more: str) -> dict[str, Any]:
    """A document with a report in several media types."""
    content = {
        "text/plain": {"schema": TEXT},
        "application/json": {"schema": thing("id name", id=TEXT, name=TEXT)},
        "application/xml": {"schema": thing("id name", id=TEXT, name=TEXT)},
        "image/*": {},
    }
    responses = {"200": {"description": "", "content": content}, **{s: answer() for s in more}}
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    return document({"/reports/{id}": {"parameters": [item], "get": {"responses": responses}}})


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"),
        ("application/xml", "application/xml"),
        ("text/*;q=0.5, application/xml;q=0.4", "text/plain"),
        ("application/json;q=0.1, */*;q=0.9", "text/plain"),
        ("image/webp", "image/webp"),
        ("image/*", "image/png"),
        ("application/vnd.unknown", "application/json"),
        ("nonsense", "application/json"),
    ],
)
def test_the_form_that_is_accepted(accept: str, expected: str) -> None:
    with MockServer(reports()) as server:
        response = server.client.get("/reports/7", headers={"accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, expected)


@pytest.mark.parametrize("accept", ["audio/mpeg", "application/json;q=0", "text/html, image/a;q=0"])
def test_nothing_that_is_accepted(accept: str) -> None:
    with MockServer(reports("406")) as server:
        assert server.client.get("/reports/7", headers={"accept": accept}).status_code == 406


def test_each_form_says_the_same() -> None:
    with MockServer(reports()) as server:
        said = server.client.get("/reports/7").json()
        written = server.client.get("/reports/7", headers={"accept": "application/xml"}).text
    assert f"<name>{said['name']}</name>" in written
