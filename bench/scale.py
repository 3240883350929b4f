"""Requests per second with worlds in memory and in Redis, with one worker and with several.

The load comes from wrk over 16 connections, with one key or with 16 in turn. Nothing is pinned:
wrk, Redis and the workers share the machine, as they would in practice. The processor time of a
request, in the mock and in Redis, shows what more cores would give, and is least affected by other
load. Needs Linux, wrk and redis-server (Debian: apt-get install wrk redis-server).

    python bench/scale.py [--seconds 3] [--rounds 3] [--workers 1 2] [--write]
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.harness import free_port, need, processor_seconds
from bench.pages import DOCS, write_section

ROOT = Path(__file__).resolve().parent.parent
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
RUN = f"/v1/sim-suites/{ID}/runs/{ID}"
CONNECTIONS = 16
SCRIPT = """
local made = 0
request = function()
  made = made + 1
  local key = "mock-{keys}-" .. (made % {keys})
  local headers = {{["x-api-key"] = key, ["content-type"] = "application/json"}}
  return wrk.format("{method}", "{path}", headers, '{body}')
end
"""
WORKS = {
    "read a suite run": ("GET", RUN, ""),
    "cancel it": ("POST", f"{RUN}/cancel", ""),
    "create a persona": ("POST", "/v1/personas", '{"name": "Ada", "body": "In a hurry."}'),
}


@dataclass(frozen=True)
class Server:
    """A served mock; `redis` is the process of its store, if it has one."""

    name: str
    base: str
    pid: int
    redis: int | None = None


@contextmanager
def running(command: list[str], answers: str, folder: Path) -> Iterator[int]:
    """Run a server; yields its process id."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while not _answers(answers):
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(f"did not start: {' '.join(command)}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    host, port = url.removeprefix("http://").partition("/")[0].split(":")
    try:
        if url.startswith("http://"):
            urllib.request.urlopen(url, timeout=5).close()
        else:
            socket.create_connection((host, int(port)), 1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class Figures:
    """Of one round: requests per second, the 99th percentile in ms, processor time in µs."""

    rate: float
    slow: float
    mock: float
    redis: float


def measure(server: Server, work: str, keys: int, seconds: int, folder: Path) -> Figures:
    def used() -> tuple[float, float]:
        store = processor_seconds(server.redis) if server.redis is not None else 0.0
        return processor_seconds(server.pid), store

    before = used()
    rate, slow, count = load(server.base, work, keys, seconds, folder)
    mock, store = ((b - a) / count * 1e6 for a, b in zip(before, used(), strict=True))
    return Figures(rate, slow, mock, store)


def load(base: str, work: str, keys: int, seconds: int, folder: Path) -> tuple[float, float, int]:
    """Requests per second, the 99th percentile in ms, the number of requests. Fails on any
    error."""
    method, path, body = WORKS[work]
    script = folder / "work.lua"
    script.write_text(SCRIPT.format(method=method, path=path, body=body, keys=keys))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    out = subprocess.run([*command, base], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"{work}: {out}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    count = re.search(r"(\d+) requests in", out)
    assert rate is not None
    assert slow is not None
    assert count is not None
    in_ms = float(slow[1]) * {"us": 0.001, "ms": 1, "s": 1000}[slow[2]]
    return float(rate[1]), in_ms, int(count[1])


MEMORY = "memory"


def serve_all(stack: ExitStack, folder: Path, workers: list[int]) -> list[Server]:
    """A mock in memory, some on a Redis that syncs to disk every second, and one on a Redis that
    syncs every commit."""
    servers = [_mock(stack, folder, MEMORY, [], None)]
    for fsync, numbers in (("everysec", workers), ("always", workers[:1])):
        port = free_port()
        address = f"127.0.0.1:{port}"
        place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        durable = ["--appendonly", "yes", "--appendfsync", fsync, "--save", ""]
        durable += ["--appenddirname", f"aof-{fsync}"]
        redis = stack.enter_context(running(["redis-server", *place, *durable], address, folder))
        for number in numbers:
            store = ["--store", f"redis://{address}/{number}", "--workers", str(number)]
            name = f"Redis ({fsync}), {number} worker{'s' * (number > 1)}"
            servers.append(_mock(stack, folder, name, store, redis))
    return servers


def _mock(stack: ExitStack, folder: Path, name: str, store: list[str], redis: int | None) -> Server:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mockserver", "serve", "--quiet", "--port", str(port), *store]
    pid = stack.enter_context(running(command, f"{base}/__mock__/health", folder))
    return Server(name, base, pid, redis)


def table(found: dict[tuple[str, int, str], list[Figures]]) -> Iterator[str]:
    yield "| request | keys | worlds in | of memory's rate | 99 %, ms | mock, µs | Redis, µs |"
    yield "|---|---:|---|---:|---:|---:|---:|"
    for (work, keys, name), rounds in found.items():
        memory = found[work, keys, MEMORY]
        # Of each round, as the machine is the same for both then.
        share = statistics.median(
            one.rate / other.rate for one, other in zip(rounds, memory, strict=True)
        )
        slow, mock, store = (
            statistics.median(getattr(one, field) for one in rounds)
            for field in ("slow", "mock", "redis")
        )
        shown = f"{store:.0f}" if store else ""
        yield f"| {work} | {keys} | {name} | {share:.2f} | {slow:.1f} | {mock:.0f} | {shown} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--write", action="store_true", help="write docs/scale.md")
    options = parser.parse_args()
    need("wrk", "redis-server")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = serve_all(stack, folder, options.workers)
        lines = [
            f"`make bench-scale`: {os.cpu_count()} cores for wrk, Redis and mock together, load "
            f"{os.getloadavg()[0]:.1f} when it began; {options.rounds} interleaved rounds of "
            f"{options.seconds} s, {CONNECTIONS} connections; medians.",
            "",
        ]
        found: dict[tuple[str, int, str], list[Figures]] = {}
        for _ in range(options.rounds):
            for work in WORKS:
                for keys in (1, CONNECTIONS):
                    for server in servers:
                        figures = measure(server, work, keys, options.seconds, folder)
                        found.setdefault((work, keys, server.name), []).append(figures)
    lines += table(found)
    print("\n".join(lines))
    if options.write:
        write_section(DOCS / "scale.md", "figures", lines)


if __name__ == "__main__":
    main()
