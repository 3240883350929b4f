"""Fixtures of the server tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver import MockServer
from mockserver.server.tenant import Tenant


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer("feather") as mock:
        yield mock


@pytest.fixture
def tenant(server: MockServer, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A new world for each test."""
    with server.tenant(request.node.nodeid) as made:
        yield made
