"""One path in two versions of which only one reads what both make."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer

_KITE = {
    "type": "object",
    "properties": {"kiteId": {"type": "string"}, "name": {"type": "string"}},
}


def _answer(status: str, schema: Any) -> dict[str, Any]:
    return {
        "responses": {
            status: {"description": "", "content": {"application/json": {"schema": schema}}}
        }
    }


def _document(new: str, old: str) -> dict[str, Any]:
    sent = {"requestBody": {"content": {"application/json": {"schema": _KITE}}}}
    at = {"name": "kiteId", "in": "path", "required": True, "schema": {"type": "string"}}
    receipt = {"type": "object", "properties": {"kiteId": {"type": "string"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kites", "version": "1"},
        "paths": {
            f"{new}/kites": {
                "post": {**sent, **_answer("202", receipt)},
                "get": _answer("200", {"type": "array", "items": _KITE}),
            },
            f"{new}/kites/{{kiteId}}": {
                "parameters": [at],
                "patch": {**sent, **_answer("200", _KITE)},
            },
            f"{old}/kites": {"post": {**sent, **_answer("201", _KITE)}},
            f"{old}/kites/{{kiteId}}": {"parameters": [at], "get": _answer("200", _KITE)},
        },
    }


@pytest.mark.parametrize(
    ("new", "old"),
    [("/v3", ""), ("/v2", "/v1"), ("/api/v2", "/api"), ("", "/v1"), ("/2.0", "/1.0")],
)
def test_what_is_made_at_one_version_is_read_at_the_other(new: str, old: str) -> None:
    with MockServer(_document(new, old)) as mock:
        made = mock.client.post(f"{new}/kites", json={"name": "Red"}).json()["kiteId"]
        assert mock.client.get(f"{old}/kites/{made}").json()["name"] == "Red"
        mock.client.patch(f"{new}/kites/{made}", json={"name": "Blue"})
        assert mock.client.get(f"{old}/kites/{made}").json()["name"] == "Blue"
        also = mock.client.post(f"{old}/kites", json={"name": "Green"}).json()["kiteId"]
        assert also in [one["kiteId"] for one in mock.client.get(f"{new}/kites").json()]
