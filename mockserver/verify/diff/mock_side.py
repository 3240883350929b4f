"""The mock side: any number of worlds, on its own server or a given one."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, Self

from mockserver.errors import UsageError
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Program, Run
from mockserver.verify.diff.observations import Jobs
from mockserver.verify.diff.runner import Side
from mockserver.verify.http import Wire, WireError
from mockserver.verify.lifecycle.clock import Manual, Real, Time, clock_of, is_mock, reset
from mockserver.verify.target import Target

PACES = (0.0, 0.0, 0.0, 1.0, 3.0, 0.0, 8.0, 20.0, 0.3, 60.0)
"""Seconds by which each world's clock advances before each step, to see jobs in every state."""
START_TIMEOUT = 60.0
TRAITS = "x-mock-traits"
"""A response to a request with this header has a header with the request's traits."""


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
            self.jobs.hear(run)
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
    # A file: a pipe that nobody reads is full one day, and then the mock waits for ever.
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
