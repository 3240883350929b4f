from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from mockserver import MockServer
from mockserver.files.documents import read_contract
from mockserver.openapi.model import Contract
from mockserver.verify import cleanup, persistence
from mockserver.verify.lifecycle import clock
from mockserver.verify.lifecycle.clock import Surroundings
from tests.support.fault_proxy.catalogue import Fault, load
from tests.support.fault_proxy.proxy import FaultProxy, the_proxy

FAULTS = {fault.id: fault for fault in load()}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of these tests are quick: nothing comes seconds after its request."""
    monkeypatch.setattr(cleanup, "PAUSES", (0.0, 0.05, 0.1))
    monkeypatch.setattr(persistence, "PAUSE", 0.1)
    monkeypatch.setattr(clock.Real, "step", 0.1)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return read_contract("feather")[1]


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer("feather", clock="manual", seed=0) as running:
        yield running


class MockTime:
    still = True

    def __init__(self, mock: MockServer) -> None:
        self.mock = mock
        self.moment = 0.0

    def pass_(self, seconds: float) -> bool:
        self.moment += seconds
        self.mock.clock.advance(seconds)
        return True


def around(mock: MockServer) -> Surroundings:
    return Surroundings(MockTime(mock), mock.reset, mock=True)


@dataclass
class Faulty:
    """A mock behind a proxy with an optional fault."""

    mock: MockServer
    proxy: FaultProxy
    url: str

    def plant(self, fault: str | Fault) -> None:
        self.proxy.plant(FAULTS[fault] if isinstance(fault, str) else fault)
        self.mock.reset()


@pytest.fixture
def faulty(mock: MockServer) -> Iterator[Faulty]:
    with the_proxy(mock.url) as (proxy, url):
        yield Faulty(mock, proxy, url)
