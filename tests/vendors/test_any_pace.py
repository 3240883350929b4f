"""Seeding works at any pace, even if everything ends at once."""

from __future__ import annotations

import pytest

from mockserver import MockServer

FIRST = {"feather": "/v1/personas", "speechify": "/v1/agents", "truestate": "/automations/"}


@pytest.mark.parametrize("api", FIRST)
@pytest.mark.parametrize("pace", [0.0, 0.01, 100.0])
def test_a_new_world_at_any_pace(api: str, pace: float) -> None:
    with MockServer(api, clock="manual", pace=pace) as mock:
        reply = mock.client.get(FIRST[api])
    assert reply.status_code == 200, reply.text
