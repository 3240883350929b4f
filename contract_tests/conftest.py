"""The server that the contract suite judges: a mock in this process, or any with BASE_URL.

BASE_URL=https://... API_KEY=...   another server; OTHER_API_KEY a second tenant on it
CONTRACT_BUDGET=full               as `make contract` does; else a small one
CONTRACT_REPORT=FOLDER             reports go there
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.files.documents import read_contract
from mockserver.verify.conformance.config import Budget, Settings
from mockserver.verify.judgement import Plan, judge
from mockserver.verify.lifecycle.clock import Surroundings
from mockserver.verify.lifecycle.run import Effort
from mockserver.verify.model import Result
from mockserver.verify.reports import terminal, write
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.target import Target

SPEC = os.environ.get("SPEC", "feather")
FULL = os.environ.get("CONTRACT_BUDGET") == "full"
PLAN = Plan(settings=Settings(budget=Budget(max_examples=12)), effort=Effort(examples=40, steps=40))
# In a run of all tests a part has to do: the paths of the run and its cancel.
QUICK = Plan(
    settings=Settings(budget=Budget(max_examples=2), include_path="^/v1/sim-suites/.*runs"),
    effort=Effort(examples=6, steps=25),
)


class MockTime:
    """The clock of a mock in this process."""

    still = True

    def __init__(self, mock: MockServer) -> None:
        self.mock = mock
        self.moment = 0.0

    def pass_(self, seconds: float) -> bool:
        self.moment += seconds
        self.mock.clock.advance(seconds)
        return True


@dataclass
class Judged:
    """The server, and what the judges say of it."""

    target: Target
    document: dict[str, Any]
    surroundings: Surroundings | None

    def by(self, part: str) -> Result:
        """Everything that one part finds; the reports are written where they are wanted."""
        plan = replace(
            PLAN if FULL else QUICK, parts=(part,), other_key=os.environ.get("OTHER_API_KEY", "")
        )
        folder = os.environ.get("CONTRACT_REPORT")
        report = Path(folder) / part if folder else None
        if report is not None:
            report.mkdir(parents=True, exist_ok=True)
        with Record(report) as record:
            result = judge(self.target, self.document, plan, record, surroundings=self.surroundings)
            if report is not None:
                write(result, report, record)
        return result


@pytest.fixture(scope="session")
def judged() -> Iterator[Judged]:
    document, contract = read_contract(SPEC)
    url, key = os.environ.get("BASE_URL"), os.environ.get("API_KEY", "mock-key")
    if url:
        target = Target(contract, url, key)
        yield Judged(target, document, None)
        target.close()
        return
    with MockServer(SPEC, clock="manual", seed=0, key=key) as mock:
        target = Target(contract, mock.url, key)
        yield Judged(target, document, Surroundings(MockTime(mock), mock.reset, mock=True))
        target.close()


@pytest.fixture
def say(pytestconfig: pytest.Config) -> Callable[[Result], None]:
    """Print the summary past pytest's capture when the run is the full one."""
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")

    def tell(result: Result) -> None:
        if FULL and reporter is not None:
            reporter.write_line("")
            for line in terminal.summary(result):
                reporter.write_line(line)

    return tell
