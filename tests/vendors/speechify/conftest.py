from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver import MockServer
from tests.vendors.speechify.sandbox import Sandbox


@pytest.fixture(scope="session")
def server() -> Iterator[MockServer]:
    with MockServer("speechify", clock="manual", seed=7) as server:
        yield server


@pytest.fixture
def sandbox(server: MockServer) -> Sandbox:
    """A fresh workspace with a manual clock."""
    server.reset()
    return Sandbox(server)


@pytest.fixture
def older(sandbox: Sandbox) -> Sandbox:
    """The same workspace in the older version."""
    return sandbox.older
