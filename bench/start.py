"""From process start to the first response, compared with bare uvicorn, in one run.

Wall time, processor time and memory, each as a ratio to uvicorn with a constant response. Starts
are interleaved, so that drift affects all equally; on a busy machine rely on processor time. Each
document is started without the cache ("first"), and with it ("cached"). Then the processor time of
`import mockserver.pytest_plugin` and of the plan of 491 operations. `--against` is another checkout
to compare with, run in the same environment.

    python -m bench.start [--rounds 7] [--against ../old-checkout]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from bench import peers
from bench.harness import Running, checkout_at, free_port, processor_seconds, resident, running

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SHARED", ROOT.parent / "shared"))
VENDOR = SHARED / "specs" / "feather-1.21.0.json"
PROBE = "/v1/personas?limit=5"


@contextmanager
def mockserver(checkout: Path, spec: str, cached: bool) -> Iterator[Running]:
    port = free_port()
    command = [sys.executable, "-P", "-m", "mockserver", "serve", spec, "--port", str(port)]
    env = {
        "PYTHONPATH": str(checkout),
        "PYTHONDONTWRITEBYTECODE": "",
        "MOCKSERVER_NO_CACHE": "" if cached else "1",
    }
    with running("mockserver", command, port, PROBE, env=env) as server:
        yield server


@contextmanager
def bare() -> Iterator[Running]:
    port = free_port()
    with running("bare uvicorn", peers.bare(port, 2), port, "/") as server:
        yield server


IMPORT = """
import time
import mockserver.pytest_plugin
print(time.process_time())
"""
# The packages had other names before.
PLAN = """
import json, sys, time
try:
    from mockserver.inference.build import build_plan
    from mockserver.openapi.build import build_contract
except ImportError:
    from mockserver.contract.build import build_contract
    from mockserver.plan.build import build_plan
contract = build_contract(json.load(open(sys.argv[1])))
start = time.process_time()
build_plan(contract, {})
print(time.process_time() - start)
"""


def processor_time(checkout: Path, program: str, *arguments: str) -> float:
    """The seconds that a program prints, run with the package of a checkout."""
    command = [sys.executable, "-P", "-c", program, *arguments]
    env = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": ""}
    return float(subprocess.run(command, env=env, check=True, capture_output=True).stdout)


def programs(checkouts: list[tuple[str, Path]], rounds: int) -> Iterator[str]:
    """Processor times without a server, for each checkout, and its ratio to the last one's."""
    wanted: dict[str, tuple[str, ...]] = {"import mockserver.pytest_plugin": (IMPORT,)}
    if VENDOR.is_file():
        wanted["the plan of 491 operations"] = (PLAN, str(VENDOR))
    for about, program in wanted.items():
        found: dict[str, list[float]] = {name: [] for name, _ in checkouts}
        for round_ in range(rounds + 1):
            for name, checkout in checkouts:
                took = processor_time(checkout, *program)
                if round_:
                    found[name].append(took)
        last = found[checkouts[-1][0]]
        for name, times in found.items():
            ratio = median(a / b for a, b in zip(times, last, strict=True))
            beside = f", {ratio:.2f} of {checkouts[-1][0]}" if times is not last else ""
            yield f"{about}, {name}: {median(times):.3f} s of processor time{beside}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--against", type=checkout_at, metavar="FOLDER")
    options = parser.parse_args()
    checkouts = [("ours", ROOT)]
    if options.against is not None:
        checkouts.append((options.against.name, options.against))
    specs = [("root contract", "feather")]
    if VENDOR.is_file():
        specs.append(("491 operations", str(VENDOR)))
    servers: dict[str, Callable[[], AbstractContextManager[Running]]] = {"bare uvicorn": bare}
    for name, checkout in checkouts:
        for about, spec in specs:
            for cached in (False, True):
                kind = "cached" if cached else "first"
                servers[f"{name}, {about}, {kind}"] = partial(mockserver, checkout, spec, cached)
    measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in servers}
    for round_ in range(options.rounds + 1):
        for name, start in servers.items():
            with start() as server:
                figures = (server.first, processor_seconds(server.pid), resident(server.pid))
            if round_:  # the first round compiles
                measured[name].append(figures)
    print(f"{'':34} {'wall s':>7} {'ratio':>6} {'cpu s':>7} {'ratio':>6} {'MB':>5}")
    for name, rows in measured.items():
        wall, cpu, memory = (median(column) for column in zip(*rows, strict=True))
        pairs = list(zip(rows, measured["bare uvicorn"], strict=True))
        walls, cpus = (median(a[i] / b[i] for a, b in pairs) for i in (0, 1))
        print(f"{name:34} {wall:7.2f} {walls:6.2f} {cpu:7.2f} {cpus:6.2f} {memory:5.0f}")
    for line in programs(checkouts, options.rounds):
        print(line)


if __name__ == "__main__":
    main()
