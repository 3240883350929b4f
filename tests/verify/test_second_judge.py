"""The second validator reads a reply as HTTP defines."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from mockserver import MockServer
from mockserver.verify.conformance.openapi_core import ReplyJudge

PETSTORE = Path(__file__).parent.parent / "fixtures" / "petstore.yaml"


@pytest.fixture
def made() -> httpx.Response:
    with MockServer(PETSTORE) as server:
        return server.client.post("/owners", json={"name": "Ada"})


def test_the_name_of_a_header_may_be_in_any_case(made: httpx.Response) -> None:
    judge = ReplyJudge(str(PETSTORE), "http://mock.local")
    assert "location" in made.headers
    assert judge.complaint("createOwner", made) == ""
    del made.headers["location"]
    assert "Missing required header: Location" in judge.complaint("createOwner", made)
