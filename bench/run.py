"""Requests a second of the hot paths, as a ratio to bare uvicorn in the same run.

Every server is pinned to one core and wrk to the other; the rounds are interleaved, so that a
drift of the machine hits all alike. Needs wrk (Debian: apt-get install wrk) and Linux' taskset.

    python bench/run.py [--seconds 3] [--rounds 3] [SPEC ...]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
RUN = f"/v1/sim-suites/{ID}/runs/{ID}"
CONNECTIONS = 16

BARE = """
import sys
BODY = b"x" * int(sys.argv[2])
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
import uvicorn
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
"""


@dataclass(frozen=True)
class Work:
    """One kind of request to one server."""

    name: str
    url: str
    method: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: list[str], probe: str) -> Iterator[float]:
    """Run a server on core 0; gives the seconds until its first reply."""
    start = time.perf_counter()
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                request = urllib.request.Request(probe, headers={"x-api-key": "mock-key"})
                with urllib.request.urlopen(request, timeout=5):
                    break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit(f"did not start: {' '.join(command)}") from None
                if time.perf_counter() - start > 60:
                    raise SystemExit(f"no reply within 60 s: {' '.join(command)}") from None
                time.sleep(0.005)
        yield time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(10)


def load(work: Work, seconds: int) -> float:
    """Requests a second, from wrk on core 1. Fails on any reply that is not 2xx."""
    script = Path(f"/tmp/mockserver-bench-{os.getpid()}.lua")
    script.write_text(f'wrk.method = "{work.method}"\nwrk.headers["x-api-key"] = "mock-key"\n')
    try:
        out = subprocess.run(
            ["taskset", "-c", "1", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
             "-s", str(script), work.url],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    finally:
        script.unlink()
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{work.name}: {out}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", out)
    if found is None:
        raise SystemExit(f"{work.name}: wrk said {out!r}")
    return float(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    vendors = ROOT.parent / "shared" / "specs" / "feather-1.21.0.json"
    default = ["feather", *([str(vendors)] if vendors.exists() else [])]
    parser.add_argument("specs", nargs="*", default=default, metavar="SPEC")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for tool in ("wrk", "taskset"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: apt-get install wrk util-linux")
    with ExitStack() as stack:
        works: list[Work] = []
        port = free_port()
        stack.enter_context(
            server([sys.executable, "-c", BARE, str(port), "2"], f"http://127.0.0.1:{port}/")
        )
        bare = Work("bare uvicorn, constant bytes", f"http://127.0.0.1:{port}/", "POST")
        for spec in options.specs:
            port = free_port()
            command = [sys.executable, "-m", "mockserver", "serve", spec, "--port", str(port)]
            base = f"http://127.0.0.1:{port}"
            first = stack.enter_context(server(command, base + RUN))
            sys.stdout.write(f"{spec}: first reply after {first:.2f} s\n")
            works.append(Work(f"{spec}: cancel", f"{base}{RUN}/cancel", "POST"))
            works.append(Work(f"{spec}: read a suite run", base + RUN, "GET"))
        figures: dict[str, list[float]] = {work.name: [] for work in [bare, *works]}
        for work in [bare, *works]:
            load(work, 1)
        for _ in range(options.rounds):
            for work in [bare, *works]:
                figures[work.name].append(load(work, options.seconds))
    limit = statistics.median(figures[bare.name])
    for name, rates in figures.items():
        rate = statistics.median(rates)
        spread = (max(rates) - min(rates)) / rate
        sys.stdout.write(f"{rate / limit:5.2f}  {rate:8.0f}/s  ±{spread / 2:4.0%}  {name}\n")


if __name__ == "__main__":
    main()
