"""Instructions a request takes, beside another checkout and bare uvicorn, whatever else runs here.

Servers run in Valgrind, which counts the instructions of the process, without the kernel's. Each
gets the same requests on 16 connections. Ratios above 1 say that ours takes fewer. Needs valgrind.

    python -m bench.instructions [--against ../old-checkout] [--only create] [--requests 200]
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import peers
from bench.harness import CONNECTIONS, Running, Work, checkout_at, free_port, need, running
from bench.run import CANCEL, CREATE, LIST, READ, REFUSED, ROOT, RUN, VENDOR

WORKS = {"cancel": CANCEL, "read": READ, "list": LIST, "refused": REFUSED, "create": CREATE}
WARM = 400
"""Requests before it counts, for caches and Python's own specialised instructions."""


@dataclass(frozen=True)
class Counted:
    """A server in Valgrind."""

    server: Running
    folder: Path

    def instructions(self, work: Work, requests: int) -> float:
        """The instructions that a request of this kind takes."""
        with connected(self.server) as clients:
            ask(clients, work, WARM)
            self._order("instrumentation", "on")
            ask(clients, work, WARM // 10)
            self._order("zero")
            ask(clients, work, requests)
            self._order("dump")
            self._order("instrumentation", "off")
        dumps = list(self.folder.glob("counts.*"))
        text = max(dumps, key=lambda path: path.stat().st_mtime).read_text(errors="replace")
        total = next(line for line in text.splitlines() if line.startswith("summary:"))
        return int(total.split()[1]) / requests

    def _order(self, *words: str) -> None:
        command = ["vgdb", f"--pid={self.server.pid}", *words]
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def connected(server: Running) -> Iterator[list[socket.socket]]:
    """Connections that stay open."""
    host, _, port = server.base.removeprefix("http://").partition(":")
    with ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection((host, int(port)), timeout=120))
            for _ in range(CONNECTIONS)
        ]


def ask(clients: list[socket.socket], work: Work, times: int) -> None:
    """Send so many requests, on all connections at once. Raises RuntimeError if one ends."""
    body = work.body.encode()
    lines = [f"{work.method} {work.path} HTTP/1.1", "host: localhost"]
    lines += [f"{name}: {value}" for name, value in work.headers.items()]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    message = "\r\n".join([*lines, "", ""]).encode() + body
    while times > 0:
        some = clients[:times]
        for client in some:
            client.sendall(message)
        for client in some:
            read_reply(client)
        times -= len(some)


def read_reply(client: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(client)
    head, _, rest = data.partition(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    left = size - len(rest)
    while left > 0:
        left -= len(received(client))


def received(client: socket.socket) -> bytes:
    data = client.recv(65536)
    if not data:
        raise RuntimeError("the server closed the connection")
    return data


@contextmanager
def counted(name: str, command: list[str], port: int, probe: str, path: str) -> Iterator[Counted]:
    """A Python program in Valgrind; `path` is where it finds its modules."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet"]
        valgrind += [f"--callgrind-out-file={folder}/counts"]
        env = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "MOCKSERVER_QUIET": "1"}
        together = [*valgrind, *command]
        with running(name, together, port, probe, env=env, patience=600) as server:
            yield Counted(server, Path(folder))


@contextmanager
def mockserver(checkout: Path, spec: str) -> Iterator[Counted]:
    # An older checkout may need other packages.
    own = checkout / ".venv" / "bin" / "python"
    port = free_port()
    command = [str(own) if own.exists() else sys.executable, "-P", "-m", "mockserver", "serve"]
    command += [spec, "--port", str(port)]
    with counted(checkout.name, command, port, RUN, str(checkout)) as server:
        yield server


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--against", type=checkout_at, metavar="FOLDER")
    parser.add_argument("--only", choices=WORKS, action="append")
    parser.add_argument("--requests", type=int, default=320)
    parser.add_argument("--root-only", action="store_true", help="not the 491 operations")
    options = parser.parse_args()
    need("valgrind", "vgdb")
    works = {name: WORKS[name] for name in options.only or WORKS}
    port = free_port()
    with counted("bare", peers.bare(port, 2), port, "/", "") as server:
        bare = server.instructions(READ, options.requests)
    print(f"bare uvicorn: {bare:,.0f} instructions a request")
    specs = [("root contract", "feather")]
    if VENDOR.is_file() and not options.root_only:
        specs.append(("491 operations", str(VENDOR)))
    checkouts = [ROOT, *([options.against] if options.against else [])]
    heads = ["instructions", "bare / ours", *(["old / ours"] if options.against else [])]
    print(f"{'':26}" + "".join(f"{head:>14}" for head in heads))
    for about, spec in specs:
        found: dict[str, list[float]] = {name: [] for name in works}
        for checkout in checkouts:
            with mockserver(checkout, spec) as server:
                for name, work in works.items():
                    found[name].append(server.instructions(work, options.requests))
        for name, (ours, *others) in found.items():
            line = f"{about + ', ' + name:26}{ours:14,.0f}{bare / ours:14.2f}"
            print(line + "".join(f"{other / ours:14.2f}" for other in others), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()
