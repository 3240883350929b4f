"""Servers in separate processes, load on them, and their resource usage. Linux only."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 16
LOAD_CORE = "1"
SERVER_CORE = "0"
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


def need(*tools: str) -> None:
    """Exit with the Debian packages to install if one of these programs is missing."""
    for tool in tools:
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: apt-get install wrk util-linux redis-server nodejs npm")


def checkout_at(path: str) -> Path:
    """The folder of another checkout, as the type of an option. Raises ArgumentTypeError if there
    is none: Python would quietly run this one instead."""
    folder = Path(path).resolve()
    if not (folder / "mockserver").is_dir():
        raise argparse.ArgumentTypeError(
            f"{path} is not a checkout; make one: git worktree add --detach FOLDER REVISION"
        )
    return folder


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Running:
    """A server that responds: `first` is the time in seconds from process start to the first
    response."""

    name: str
    base: str
    pid: int
    first: float


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    port: int,
    probe: str,
    *,
    env: Mapping[str, str] | None = None,
    core: str = SERVER_CORE,
    patience: float = 120,
) -> Iterator[Running]:
    """Run a server pinned to one core during the block. Any HTTP reply counts as the first.

    Exits if it stops by itself or does not respond within `patience` seconds.
    """
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            ["taskset", "-c", core, *command],
            stdout=output,
            stderr=output,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        try:
            while not answers(base + probe):
                late = time.perf_counter() - start > patience
                if late or process.poll() is not None:
                    output.seek(0)
                    said = output.read()[-600:].decode("utf-8", "replace")
                    raise RuntimeError(f"{name} did not start: {' '.join(command)}\n{said}")
                time.sleep(0.005)
            yield Running(name, base, process.pid, time.perf_counter() - start)
        finally:
            # Some of them are started by a script, which would leave them behind.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answers(url: str) -> bool:
    """Whether the URL returns anything over HTTP."""
    request = urllib.request.Request(url, headers={"x-api-key": "mock-key"})
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def processes(pid: int) -> list[int]:
    """A process and its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in processes(int(child)))]


def processor_seconds(pid: int) -> float:
    """Processor time used by a process and its descendants."""
    ticks = 0
    for each in processes(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """Resident memory in MB, of all its processes."""
    return (
        sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in processes(pid)) * PAGE_MB
    )


@dataclass(frozen=True)
class Work:
    """One kind of request."""

    name: str
    method: str
    path: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: {"x-api-key": "mock-key"})


@dataclass(frozen=True)
class Load:
    """The result: requests per second, the server's processor time in µs per request, and the
    number of replies that are not 2xx."""

    rate: float
    processor: float
    refused: int
    count: int


def load(server: Running, work: Work, seconds: int) -> Load:
    """Requests of one kind from wrk on the other core. Raises RuntimeError on socket errors."""
    lines = [f'wrk.method = "{work.method}"']
    headers = dict(work.headers)
    if work.body:
        headers["content-type"] = "application/json"
        lines.append(f"wrk.body = [[{work.body}]]")
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("\n".join(lines))
        script.flush()
        before = processor_seconds(server.pid)
        command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
        command += ["-s", script.name, server.base + work.path]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        used = processor_seconds(server.pid) - before
    if "Socket errors" in out:
        raise RuntimeError(f"{server.name}, {work.name}: {out}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", out), re.search(r"(\d+) requests in", out)
    if rate is None or count is None or not int(count[1]):
        raise RuntimeError(f"{server.name}, {work.name}: wrk said {out!r}")
    number = int(count[1])
    return Load(float(rate[1]), used / number * 1e6, int(refused[1]) if refused else 0, number)
