"""`mockserver test`, `fuzz`, `diff` and calibration, on real third-party services.

    python -m bench.verify_real.run [SERVICE ...] [--part test] [--seconds 60] [--keep DIR]
        [--write]

Each part gets a newly started service. `stock` is `test` and stock Schemathesis with equal
requests. Besides the exit code it records whether the command crashed or had to be killed, what it
left behind, and whether it touched other people's rows.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.harness import free_port
from bench.pages import DOCS, write_table
from bench.verify_real.beside_stock import HEAD, Beside, ours, stock
from bench.verify_real.census import Census, take
from bench.verify_real.learn import read, write_rows
from bench.verify_real.more_services import SERVICES
from bench.verify_real.services import Live, Service, Unavailable

PARTS = ("test", "fuzz", "diff", "learn", "stock")
_FINDINGS = re.compile(r"  (\d+) findings?")
GRACE = 120
"""Seconds beyond its own limit after which a command counts as hanging."""


@dataclass
class Outcome:
    """The result of one command on one service."""

    service: str
    version: str
    part: str
    exit: int | None = None
    """None: it was killed."""
    seconds: float = 0.0
    requests: int = 0
    reached: str = ""
    found: int = 0
    """The number of findings."""
    findings: list[dict[str, str]] = field(default_factory=list)
    """Those of each operation; one in several operations is there for each."""
    crash: str = ""
    errors: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    fidelity: str = ""
    broken: list[str] = field(default_factory=list)
    """Behaviours that calibration made wrong."""
    learned: str = ""
    """The row of the table in docs/fidelity.md."""

    def take(self, line: str) -> None:
        """Take in a line of mockserver's output."""
        if "this is a bug" in line or "Traceback" in line:
            self.crash = line[-200:]
        elif line.startswith(("could not judge", "mockserver:")) or "could not be judged:" in line:
            self.errors.append(line[:300])
        elif " requests in " in line:
            self.requests = int(line.split()[0])
        elif "requests to the real side" in line:
            self.requests = int(line.split(" requests to the real")[0].split()[-1])
        elif counted := _FINDINGS.fullmatch(line):
            self.found = int(counted[1])
        elif "operations reached" in line:
            self.reached = f"({line.strip().split(';')[0]})"
        elif "fidelity" in line and "%" in line:
            self.fidelity = line.strip().removeprefix("fidelity ")

    def row(self) -> str:
        """For the table of the documentation."""
        what = SERVICES[self.service].what
        reached = self.reached.strip("()").removesuffix(" operations reached")
        cells = (reached, str(self.requests), str(self.found), str(len(self.left)))
        return f"| {self.service} {self.version} ({what}) | {' | '.join(cells)} |"

    def line(self) -> str:
        state = "hung" if self.exit is None else f"exit {self.exit}"
        words = [f"{self.service} {self.version} {self.part}: {state}, {self.seconds:.0f} s"]
        words.append(f"{self.requests} requests, {self.found} findings {self.reached}")
        words += [f"fidelity {self.fidelity}"] if self.fidelity else []
        words += [self.learned] if self.learned else []
        words += [f"broken: {name}" for name in self.broken]
        words += [f"CRASH {self.crash}"] if self.crash else []
        words += [f"could not judge: {error}" for error in self.errors[:3]]
        words += (
            [f"left behind: {len(self.left)} ({', '.join(self.left[:3])})"] if self.left else []
        )
        words += [f"TOUCHED {', '.join(self.touched)}"] if self.touched else []
        return "; ".join(words)


def command(live: Live, *words: str, folder: Path, limit: float, outcome: Outcome) -> str:
    """Run mockserver; returns its output, and adds its messages to the outcome."""
    start = time.monotonic()
    output = folder / f"{words[0]}.txt"
    with output.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "mockserver", *words],
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
        )
        try:
            outcome.exit = process.wait(limit)
        except subprocess.TimeoutExpired:
            outcome.exit = None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    outcome.seconds += time.monotonic() - start
    said = output.read_text(errors="replace")
    for line in said.splitlines():
        outcome.take(line)
    return said


def findings(folder: Path) -> list[dict[str, str]]:
    """Rule, place and title of everything in a JUnit file."""
    found = []
    for file in sorted(folder.glob("**/*unit*.xml")):
        for case in ElementTree.parse(file).getroot().iter("testcase"):
            for failure in case.iter("failure"):
                found.append(
                    {
                        "where": case.get("classname", ""),
                        "rule": case.get("name", ""),
                        "what": " ".join((failure.get("message") or "").split())[:300],
                    }
                )
    return found


def part(live: Live, service: Service, name: str, seconds: int, folder: Path) -> Outcome:
    """One command on one service."""
    outcome = Outcome(service.name, service.version(), name)
    spec, options = str(live.spec), [*live.options, "--timeout", "10"]
    before = take(live)
    limit = seconds + GRACE
    reports = folder / "report"
    to = ["--report-dir", str(reports)]
    if name == "test":
        words = ["test", spec, "--url", live.url, "--max-examples", "4", *to]
        command(
            live,
            *words,
            "--max-time",
            str(seconds),
            *options,
            folder=folder,
            limit=2 * limit,
            outcome=outcome,
        )
        outcome.findings = findings(reports)
    elif name == "fuzz":
        words = ["fuzz", spec, "--url", live.url, "--allow-host", "127.0.0.1", *to]
        words += ["--rate", "50", "--max-time", str(seconds), *options]
        words += [] if "--api-key" in options else ["--api-key", "none"]
        command(live, *words, folder=folder, limit=limit, outcome=outcome)
        outcome.findings = findings(reports)
    else:
        words = ["diff", spec, "--real", live.url, "--examples", "5", *to, *options]
        command(live, *words, folder=folder, limit=4 * limit, outcome=outcome)
    _compare(before, take(live), live, outcome)
    return outcome


def learn(service: Service, seconds: int, folder: Path) -> Outcome:
    """A differential run, calibration, and another run with a new seed on a new service."""
    service.install()
    outcome = Outcome(service.name, service.version(), "learn")
    lock = folder / "mockserver.lock.toml"
    for seed in ("1", "2"):
        home = folder / f"seed{seed}"
        with service.running(home / "data") as live:
            words = ["diff", str(live.spec), "--real", live.url, "--examples", "5"]
            words += [*live.options, "--disposable", "--no-shorten"]
            words += ["--seed", seed, "--report-dir", str(home), "--max-differences", "2000"]
            words += ["--calibration", str(lock)] if lock.exists() else []
            command(live, *words, folder=home, limit=6 * (seconds + GRACE), outcome=outcome)
            source = home / "fidelity.json"
            if seed == "1" and source.exists():
                words = ["calibrate", str(source), "--output", str(lock)]
                command(live, *words, folder=home, limit=4 * (seconds + GRACE), outcome=outcome)
    learned = read(folder / "seed1" / "fidelity.json", folder / "seed2" / "fidelity.json")
    name = f"{service.name} {outcome.version}".strip()
    outcome.learned = "" if learned is None else learned.row(name)
    outcome.broken = [] if learned is None else learned.broken
    return outcome


def beside(service: Service, seconds: int, folder: Path) -> Beside:
    """`mockserver test` and stock Schemathesis on a new service each."""
    with service.running(folder / "data") as live:
        # Stock sends everything, and a limited time changes how the requests are distributed.
        words = ["test", str(live.spec), "--url", live.url, *live.options, "--disposable"]
        words += ["--max-examples", "4", "--timeout", "10", "--report-dir", "report"]
        outcome = Outcome(service.name, service.version(), "stock")
        command(live, *words, folder=folder, limit=20 * seconds, outcome=outcome)
        found = ours(folder / "report" / "exchanges.ndjson")
    (folder / "stock").mkdir()
    with service.running(folder / "stock-data") as live:
        theirs, no_faults, sent = stock(live, folder / "stock", outcome.requests, 20 * seconds)
    requests = (outcome.requests, sent)
    return Beside(service.name, service.version(), requests, found, theirs, no_faults)


def write_pages(outcomes: Sequence[Outcome], rows: Sequence[Beside]) -> None:
    """Write the tables of the documentation."""
    day = datetime.now(UTC).date()
    measured = f"Measured until {day} on {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}."
    tested = [outcome.row() for outcome in outcomes if outcome.part == "test"]
    if tested:
        head = "| service | operations reached | requests | findings | left behind |"
        write_table(DOCS / "contract-tests.md", "verify-real", head, tested, [measured])
    if rows:
        written = [row.row() for row in rows]
        write_table(DOCS / "comparison.md", "verify-real", HEAD, written, [measured])


def _compare(before: Census, after: Census, live: Live, outcome: Outcome) -> None:
    outcome.left = sorted(after.rows.keys() - before.rows.keys())
    outcome.touched = [f"{row} is gone" for row in sorted(before.rows.keys() - after.rows.keys())]
    for path, value in live.precious.items():
        status, now = live.ask("GET", path)
        if status != 200:
            outcome.touched.append(f"GET {path} gives {status}")
        elif now != value:
            outcome.touched.append(f"{path} has changed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("services", nargs="*", metavar="SERVICE", help=", ".join(SERVICES))
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--seconds", type=int, default=60, help="for each command")
    parser.add_argument("--keep", type=Path, help="output and reports stay here")
    parser.add_argument("--write", action="store_true", help="write the tables in docs/")
    given = parser.parse_args()
    outcomes: list[Outcome] = []
    rows: list[Beside] = []
    with tempfile.TemporaryDirectory() as temporary:
        home = (given.keep or Path(temporary)).resolve()
        for name in given.services or SERVICES:
            for what in given.part or PARTS:
                outcome = _one(SERVICES[name], what, given.seconds, home)
                if outcome is None:
                    break
                if isinstance(outcome, Beside):
                    rows.append(outcome)
                    print(
                        outcome.row(), *sorted(outcome.missed), sep="\n  stock only: ", flush=True
                    )
                else:
                    outcomes.append(outcome)
                    print(outcome.line(), flush=True)
        if given.write:
            write_pages(outcomes, rows)
            write_rows([outcome.learned for outcome in outcomes if outcome.learned])
        home.mkdir(parents=True, exist_ok=True)
        told: list[Any] = [asdict(outcome) for outcome in outcomes]
        (home / "outcomes.json").write_text(json.dumps(told, indent=1))
    bad = [o for o in outcomes if o.exit is None or o.crash or o.left or o.touched]
    return 1 if bad else 0


def _one(service: Service, what: str, seconds: int, home: Path) -> Outcome | Beside | None:
    folder = home / service.name / f"{what}-{free_port()}"
    folder.mkdir(parents=True)
    try:
        if what == "learn":
            return learn(service, seconds, folder)
        if what == "stock":
            return beside(service, seconds, folder)
        with service.running(folder / "data") as live:
            return part(live, service, what, seconds, folder)
    except (Unavailable, RuntimeError) as error:
        print(f"{service.name}: left out, {error}", flush=True)
        return None


if __name__ == "__main__":
    sys.exit(main())
