from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver import MockServer
from tests.vendors.truestate.sandbox import Sandbox


@pytest.fixture(scope="session")
def server() -> Iterator[MockServer]:
    with MockServer("truestate", clock="manual", seed=7) as server:
        yield server


@pytest.fixture
def sandbox(server: MockServer) -> Sandbox:
    """A fresh world with a manual clock."""
    server.reset()
    return Sandbox(server)
