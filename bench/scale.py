"""Requests a second with worlds in memory and in Redis, with one worker and with several.

The load comes from wrk over 16 connections, with one key or with 16 in turn. Nothing is pinned:
wrk, Redis and the workers share the machine, as they would. The processor time of a request, in the
mock and in Redis, says what more cores would give, and suffers least from what else runs here.
Needs Linux, wrk and redis-server (Debian: apt-get install wrk redis-server).

    python bench/scale.py [--seconds 5] [--rounds 3] [--workers 1 2] [--fsync everysec]
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
    """A mock that is served."""

    name: str
    base: str
    pid: int


@contextmanager
def running(command: list[str], answers: str, folder: Path) -> Iterator[int]:
    """A server; gives its process id."""
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
    """Of one round: requests a second, the 99th percentile in ms, processor time in us."""

    rate: float
    slow: float
    mock: float
    redis: float


def measure(
    server: Server, redis: int, work: str, keys: int, seconds: int, folder: Path
) -> Figures:
    before = processor_seconds(server.pid), processor_seconds(redis)
    rate, slow, count = load(server.base, work, keys, seconds, folder)
    after = processor_seconds(server.pid), processor_seconds(redis)
    mock, store = ((b - a) / count * 1e6 for a, b in zip(before, after, strict=True))
    return Figures(rate, slow, mock, store if "redis" in server.name else 0.0)


def load(base: str, work: str, keys: int, seconds: int, folder: Path) -> tuple[float, float, int]:
    """Requests a second, the 99th percentile in ms, how many requests. Fails on any error."""
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--fsync", default="everysec", choices=["no", "everysec", "always"])
    options = parser.parse_args()
    need("wrk", "redis-server")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis_port = free_port()
        durable = ["--appendonly", "yes", "--appendfsync", options.fsync, "--save", ""]
        place = ["--port", str(redis_port), "--bind", "127.0.0.1", "--dir", str(folder)]
        address = f"127.0.0.1:{redis_port}"
        redis = stack.enter_context(running(["redis-server", *place, *durable], address, folder))
        servers = []
        for number in (0, *options.workers):
            port = free_port()
            store = ["--store", f"redis://{address}/{number}", "--workers", str(number)]
            command = [sys.executable, "-m", "mockserver", "serve", "--port", str(port)]
            base = f"http://127.0.0.1:{port}"
            command += store if number else []
            pid = stack.enter_context(running(command, f"{base}/__mock__/health", folder))
            name = f"redis, {number} worker{'s' * (number > 1)}" if number else "memory"
            servers.append(Server(name, base, pid))
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, appendfsync {options.fsync}")
        found: dict[tuple[str, int, str], list[Figures]] = {}
        for _ in range(options.rounds):
            for work in WORKS:
                for keys in (1, CONNECTIONS):
                    for server in servers:
                        figures = measure(server, redis, work, keys, options.seconds, folder)
                        found.setdefault((work, keys, server.name), []).append(figures)
    print("requests/s  99 % in ms  us in the mock  us in Redis")
    for (work, keys, name), rounds in found.items():
        rate, slow, mock, store = (
            statistics.median(getattr(one, field) for one in rounds)
            for field in ("rate", "slow", "mock", "redis")
        )
        print(
            f"{rate:10.0f}  {slow:10.1f}  {mock:14.0f}  {store:11.0f}  {work}, {keys} keys, {name}"
        )


if __name__ == "__main__":
    main()
