"""The mock side: worlds of mocks, and the comparison of runs of the real side with as many worlds
as it takes.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, Self

from mockserver.errors import UsageError
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibration_file import Enums, Signature, departs
from mockserver.verify.diff.compare import Comparison
from mockserver.verify.diff.model import Difference, Kind, Mismatch, Program, Report, Run
from mockserver.verify.diff.observations import Habits, Jobs
from mockserver.verify.diff.programs.coverage import waits
from mockserver.verify.diff.recorded import TRAITS, samples
from mockserver.verify.diff.runner import Side
from mockserver.verify.http import Wire, WireError
from mockserver.verify.lifecycle.clock import Manual, Real, Time, clock_of, is_mock, reset
from mockserver.verify.target import Target

PACES = (0.0, 0.0, 0.0, 1.0, 3.0, 0.0, 8.0, 20.0, 0.3, 60.0)
"""Seconds by which each world's clock advances before each step, to see jobs in every state."""
START_TIMEOUT = 60.0


@dataclass
class Mocks:
    """Numbered worlds of the mock, each with its own key, randomness and clock."""

    knowledge: Knowledge
    urls: Sequence[str]
    timeout: float = 10.0
    shortest: float = 0.0
    """The minimum time that a job stays in a state, if shorter than a step of the clock."""
    own: bool = False
    """Whether the run has started the servers: they are of this version, and have no worlds yet."""
    requests: int = 0
    _runs: dict[tuple[str, int], Run] = field(default_factory=dict)
    jobs: Jobs = field(default_factory=Jobs)
    _used: set[str] = field(default_factory=set)
    _clocks: dict[str, Time] = field(default_factory=dict)
    _wires: list[Wire] = field(init=False)

    def __post_init__(self) -> None:
        self._wires = [Wire(url, self.timeout) for url in self.urls]

    def close(self) -> None:
        for wire in self._wires:
            wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def runs(self, program: Program, count: int) -> list[Run]:
        """The runs of the first `count` worlds; earlier ones are cached."""
        return [self._run(program, number) for number in range(count)]

    def _run(self, program: Program, number: int) -> Run:
        place = (program.digest, number)
        if place not in self._runs:
            if len(self._runs) > 5000:
                self._runs.clear()
            self._runs[place] = self._execute(program, number)
        return self._runs[place]

    def _execute(self, program: Program, number: int) -> Run:
        wire = self._wires[number % len(self._wires)]
        key = f"mock-diff-{program.digest}-{number}"
        with Target(
            self.knowledge.contract,
            wire.url,
            key,
            headers={"x-mock-tenant": key, TRAITS: "yes"},
            timeout=self.timeout,
            wire=wire,
            params=self.knowledge.sandbox.params,
        ) as target:
            if not self.own or key in self._used:
                reset(target)
            self._used.add(key)
            clock = self._clock_of(target)
            side = Side(
                target,
                self.knowledge,
                clock,
                variant=PACES[number % len(PACES)],
                shortest=self.shortest,
                carried=TRAITS if self.own and clock.still else "",
            )
            run = side.execute(program)
            self.requests += side.requests
            self.jobs.observe(run)
        return run

    def _clock_of(self, target: Target) -> Time:
        """The clock of a world: on one server all are moved, or none."""
        known = self._clocks.get(target.url)
        if known is None:
            self._clocks[target.url] = known = clock_of(target, 30)
        return Manual(target) if isinstance(known, Manual) else Real(30)


def check_mock(url: str) -> None:
    """Raises UsageError unless a mockserver responds there."""
    from mockserver.openapi.model import Contract

    bare = Contract({}, "", "", (), {}, "", ())
    with Target(bare, url, "mock-key") as target:
        if not is_mock(target):
            raise UsageError(
                f"--mock {url}: no mockserver responds there; start one with "
                "mockserver serve SPEC --clock manual, or omit --mock"
            )


@contextmanager
def own_mocks(spec: str, seeds: Sequence[int], options: Sequence[str] = ()) -> Iterator[list[str]]:
    """Start a mock of SPEC for each seed, each in a process with a manual clock.

    Raises UsageError if one does not start.
    """
    with ExitStack() as stack:
        # Start all of them, then wait for each.
        started = [
            stack.enter_context(_served(spec, seed, port, options))
            for seed, port in zip(seeds, free_ports(len(seeds)), strict=True)
        ]
        for process, url, errors in started:
            _await(process, url, errors, spec)
        yield [url for _, url, _ in started]


@contextmanager
def _served(
    spec: str, seed: int, port: int, options: Sequence[str]
) -> Iterator[tuple[subprocess.Popen[bytes], str, IO[bytes]]]:
    command = [sys.executable, "-m", "mockserver", "serve", spec, "--port", str(port)]
    command += [
        "--clock",
        "manual",
        "--seed",
        str(seed),
        "--max-worlds",
        "200",
        "--quiet",
        *options,
    ]
    # A file, because a pipe that nobody reads fills up, and the mock would then block.
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            yield process, f"http://127.0.0.1:{port}", errors
        finally:
            process.terminate()
            process.wait(timeout=20)


def _await(process: subprocess.Popen[bytes], url: str, errors: IO[bytes], spec: str) -> None:
    end = time.monotonic() + START_TIMEOUT
    wire = Wire(url, 2)
    while time.monotonic() < end:
        if process.poll() is not None:
            errors.seek(0)
            text = errors.read().decode("utf-8", "replace")
            line = text.strip().splitlines()[-1:] or ["no output"]
            raise UsageError(f"the mock of {spec} does not start: {line[0]}")
        try:
            wire.send("GET", "/__mock__/health", headers={})
        except WireError:
            time.sleep(0.05)
        else:
            wire.close()
            return
    raise UsageError(f"the mock of {spec} does not respond within {START_TIMEOUT:g} s")


def free_ports(count: int) -> list[int]:
    """This many free ports, all different."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(sock.getsockname()[1]) for sock in taken]


WORLDS = (1, 2, 4)
WITH_JOBS = (1, 2, 12, 40)
"""Numbers of mock worlds to run a program in. One world's behaviour may be random, so a mismatch is
checked in more worlds, and is a difference if none of them does what the real side does. Jobs vary
most."""
MOST_SAMPLES = 20_000
"""Pairs of replies to keep for calibration."""
Shown = tuple[Program, Mismatch, Run]
"""A program, the mismatch that it shows, and the real side's behaviour."""


@dataclass
class Comparer:
    """Compares what the real side did in programs with the mocks, and adds it to the report."""

    mocks: Mocks
    report: Report
    accepted: Mapping[Signature, str] = field(default_factory=dict)
    """Known differences, with the real side's behaviour."""
    in_use: Mapping[str, Enums] = field(default_factory=dict)
    """Observed values of enum fields, by operation."""
    view: Collection[str] | None = None
    """The operations to report; None for all."""
    shown: set[tuple[str, Kind]] = field(default_factory=set)
    """The behaviours that differed in the last run, known ones and all."""
    worlds: int = WITH_JOBS[-1]
    """The maximum number of worlds to compare with."""
    _known: dict[Signature, Difference] = field(default_factory=dict)
    _habits: Habits = field(default_factory=Habits)
    _surveyed: bool = False
    _doubtful: set[Signature] = field(default_factory=set)

    def new_mismatches(self, program: Program, real: Run) -> list[Mismatch]:
        """Compare a run; returns the mismatches that are new."""
        self._habits.observe(real, self.mocks.knowledge)
        knowledge = self.mocks.knowledge
        if len(self.report.samples) < MOST_SAMPLES:
            self.report.runs.append(real)
            first = self.mocks.runs(program, 1)[0]
            self.report.samples += samples(real, first, knowledge.contract)
        fresh: list[Mismatch] = []
        self.shown = set()
        for mismatch in self._explained(program, real, most=self.worlds):
            self.shown.add((mismatch.operation, mismatch.kind))
            signature = mismatch.signature
            if self.view is not None and mismatch.operation not in self.view:
                continue
            if self._is_accepted(mismatch):
                self.report.known[signature] = self.report.known.get(signature, 0) + 1
            elif signature in self._known:
                self._known[signature].count += 1
            elif signature not in self._doubtful:
                fresh.append(mismatch)
        return fresh

    def keep(self, shown: Shown) -> None:
        """Add a difference to the report."""
        program, mismatch, real = shown
        mock = self.mocks.runs(program, 1)[0]
        where = self._where(mismatch.operation)
        found = Difference(mismatch, program, real, mock, where=where)
        self._known[mismatch.signature] = found
        self.report.differences.append(found)

    def conclude(self) -> None:
        """Complete the report."""
        self.report.habits = self._habits.as_json()
        self.report.mock_requests = self.mocks.requests

    def _explained(
        self,
        program: Program,
        real: Run,
        wanted: Collection[Signature] | None = None,
        most: int = WITH_JOBS[-1],
    ) -> list[Mismatch]:
        """The mismatches that remain after comparing with more worlds of the mock, up to a limit;
        only those that are `wanted`, if given."""

        def open_ones(found: list[Mismatch]) -> list[Mismatch]:
            if wanted is not None:
                return [m for m in found if m.signature in wanted]
            new = [m for m in found if m.signature not in self._known]
            return [m for m in new if not self._is_accepted(m)]

        has_jobs = self._has_jobs(program)
        for count in (n for n in (WITH_JOBS if has_jobs else WORLDS) if n <= most):
            comparison = self._compared(program, real, count)
            fresh = open_ones(comparison.found)
            if fresh and has_jobs and self._survey():
                comparison = self._compared(program, real, count)
                fresh = open_ones(comparison.found)
            # A mismatch that is checked again may show only in other worlds.
            unsure = comparison.unsure or (wanted is not None and comparison.partial)
            if not fresh and not unsure:
                break
        if wanted is None:
            for cell in comparison.reached:
                self.report.cells[cell] = self.report.cells.get(cell, 0) + 1
        first: dict[Signature, Mismatch] = {}
        for mismatch in comparison.found:
            first.setdefault(mismatch.signature, mismatch)
        return list(first.values())

    def _compared(self, program: Program, real: Run, count: int) -> Comparison:
        mocks = self.mocks.runs(program, count)
        comparison = Comparison(
            self.mocks.knowledge.contract, real, mocks, self.mocks.jobs, self.in_use
        )
        comparison.run()
        return comparison

    def _is_accepted(self, mismatch: Mismatch) -> bool:
        """Whether the difference is known and unchanged."""
        known = self.accepted.get(mismatch.signature)
        return known is not None and not departs(mismatch.kind, known, mismatch.real)

    def _has_jobs(self, program: Program) -> bool:
        jobs = self.mocks.knowledge.jobs
        return any(step.operation in jobs for step in program.steps)

    def _survey(self) -> bool:
        """Learn the state transitions of the mock's jobs on first use; False on later calls."""
        if self._surveyed:
            return False
        self._surveyed = True
        for program in waits(self.mocks.knowledge):
            self.mocks.runs(program, WITH_JOBS[-1])
        return True

    def _where(self, operation_id: str) -> str:
        operation = self.mocks.knowledge.contract.by_id[operation_id]
        return f"{operation.method} {operation.path}"
