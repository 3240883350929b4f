"""Speed compared with others: requests per second, first response, memory; writes
docs/benchmarks.md.

Every server is pinned to one core and wrk to the other; rounds are interleaved, so that drift
affects all equally; ratios come first. Needs Linux, wrk and taskset, and for the others node, npm
and java. The vendor's document in ../shared is skipped where it is missing.

    python bench/run.py [--seconds 2] [--rounds 3] [--only-ours] [--million] [--no-report]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import in_process, peers, report
from bench.harness import Load, Running, Work, free_port, load, need, resident, running

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT.parent / "shared" / "specs" / "feather-1.21.0.json"
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
RUN = f"/v1/sim-suites/{ID}/runs/{ID}"
KEY = {"x-api-key": "mock-key"}
CANCEL = Work("cancel a suite run", "POST", f"{RUN}/cancel")
READ = Work("read a suite run of 5", "GET", RUN)
CREATE = Work("create a persona", "POST", "/v1/personas", '{"name": "Ada", "body": "In a hurry."}')
REFUSED = Work("a body that is refused", "POST", "/v1/personas", '{"name": 7}')
LIST = Work("a list of 5", "GET", "/v1/personas?limit=5")
PAGE = Work("a page of 50", "GET", "/v1/personas?limit=50")
GITHUB = Work("read what there is", "GET", "/meta", headers={})
MANY, FEW = 1_000_000, 1_000


@dataclass
class Figures:
    """The measurements. Keys: (document, work, server); (document, server)."""

    loads: dict[tuple[str, str, str], list[Load]] = field(default_factory=dict)
    first: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    memory: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    in_process: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Document:
    """A document and the request that shows that its server responds."""

    name: str
    path: Path
    probe: str


@contextmanager
def mockserver(document: str, probe: str, *options: str) -> Iterator[Running]:
    port = free_port()
    command = [sys.executable, "-m", "mockserver", "serve", document, "--port", str(port)]
    env = {"PYTHONPATH": str(ROOT)}
    with running("mockserver", [*command, *options], port, probe, env=env) as server:
        yield server


@contextmanager
def uvicorn_with(size: int, name: str) -> Iterator[Running]:
    port = free_port()
    with running(name, peers.bare(port, size), port, "/") as server:
        yield server


@contextmanager
def peer(one: peers.Peer, document: Document) -> Iterator[Running]:
    port = free_port()
    with running(one.name, one.command(document.path, port), port, document.probe) as server:
        yield server


def fetched(server: Running, method: str, path: str, body: object = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    headers = {**KEY, "content-type": "application/json"}
    request = urllib.request.Request(server.base + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as reply:
        return bytes(reply.read())


def big_run(server: Running) -> Work:
    """A suite run with 200 cancelled children, which no longer change."""
    item = json.loads(fetched(server, "GET", f"/v1/sim-suites/{ID}"))["items"][0]
    given = {name: item[name] for name in ("persona_id", "scenario_id")}
    agent = json.loads(fetched(server, "GET", RUN))["agent_id"]
    body = {"name": "Two hundred", "items": [given] * 200}
    suite = json.loads(fetched(server, "POST", "/v1/sim-suites", body))["id"]
    order = {"agent_id": agent, "channel": "text"}
    run = json.loads(fetched(server, "POST", f"/v1/sim-suites/{suite}/runs", order))
    assert len(run["runs"]) == 200, len(run["runs"])
    path = f"/v1/sim-suites/{suite}/runs/{run['id']}"
    fetched(server, "POST", f"{path}/cancel")
    return Work("read a suite run of 200", "GET", path)


Job = tuple[str, Work, Running]


def our_jobs(stack: ExitStack, documents: list[Document], folder: Path) -> list[Job]:
    """Bare uvicorn with replies of the same size, stock Connexion, and ours."""
    root = documents[0].name
    ours = stack.enter_context(mockserver("feather", RUN))
    big = big_run(ours)
    jobs: list[Job] = []
    answer = fetched(ours, "GET", RUN)
    tiny = stack.enter_context(uvicorn_with(2, "bare uvicorn, 2 bytes"))
    as_many = stack.enter_context(uvicorn_with(len(answer), "bare uvicorn, as many bytes"))
    big_size = len(fetched(ours, "GET", big.path))
    as_big = stack.enter_context(uvicorn_with(big_size, "bare uvicorn, as many bytes"))
    port = free_port()
    command = peers.connexion(folder, port, stock_document(), json.loads(answer))
    stock = stack.enter_context(running("stock Connexion", command, port, RUN))
    for work in (CANCEL, READ):
        jobs += [(root, work, server) for server in (tiny, as_many, ours, stock)]
    jobs += [(root, big, as_big), (root, big, ours)]
    jobs += [(root, work, server) for work in (LIST, REFUSED, CREATE) for server in (tiny, ours)]
    for count in (FEW, MANY):
        port = free_port()
        command = [sys.executable, str(ROOT / "bench" / "filled.py"), str(port), str(count)]
        server = stack.enter_context(running("mockserver", command, port, PAGE.path))
        work = Work(f"{PAGE.name} among {count:,}", PAGE.method, PAGE.path)
        jobs.append((root, work, server))
    for document in documents[1:]:
        server = stack.enter_context(mockserver(str(document.path), document.probe))
        works = (CANCEL, READ, REFUSED, CREATE) if document.path == VENDOR else (GITHUB,)
        jobs += [(document.name, work, server) for work in works]
    return jobs


def peer_jobs(stack: ExitStack, documents: list[Document], figures: Figures) -> list[Job]:
    jobs: list[Job] = []
    for document in documents:
        for one in peers.PEERS:
            try:
                server = stack.enter_context(peer(one, document))
            except (RuntimeError, OSError) as error:
                figures.notes.append(f"{one.name} on {document.name}: {str(error).splitlines()[0]}")
                continue
            works = [CANCEL, READ] if document.path != peers.github() else [GITHUB]
            if document is documents[0]:
                works += [CREATE, REFUSED]
            jobs += [(document.name, work, server) for work in works]
    return jobs


def stock_document() -> dict[str, object]:
    """The two paths of a suite run, as an OpenAPI 3.0 document that Connexion supports."""

    def operation(name: str) -> dict[str, object]:
        reply = {"200": {"description": "The suite run.", "content": {"application/json": {}}}}
        return {"operationId": name, "responses": reply}

    names = ("suite_id", "suite_run_id")
    schema = {"type": "string", "format": "uuid"}
    parameters = [{"name": n, "in": "path", "required": True, "schema": schema} for n in names]
    base = "/v1/sim-suites/{suite_id}/runs/{suite_run_id}"
    return {
        "openapi": "3.0.3",
        "info": {"title": "Suite runs", "version": "1"},
        "paths": {
            base: {"parameters": parameters, "get": operation("read")},
            f"{base}/cancel": {"parameters": parameters, "post": operation("cancel")},
        },
    }


def measure_loads(jobs: list[Job], options: argparse.Namespace, figures: Figures) -> None:
    broken: set[tuple[str, str, str]] = set()
    for round_ in range(options.rounds + 1):
        for document, work, server in jobs:
            key = document, work.name, server.name
            if key in broken:
                continue
            try:
                found = load(server, work, options.seconds if round_ else 1)
            except RuntimeError as error:
                broken.add(key)
                figures.notes.append(str(error).splitlines()[0])
                continue
            if found.refused and work is not REFUSED:
                broken.add(key)
                figures.notes.append(f"{server.name} refuses: {work.name} on {document}")
            elif round_:  # the first round warms up
                figures.loads.setdefault(key, []).append(found)


def measure_starts(
    documents: list[Document], options: argparse.Namespace, figures: Figures
) -> None:
    """First response and resident memory, each server started alone."""
    for _ in range(options.starts):
        for document in documents:
            spec = "feather" if document is documents[0] else str(document.path)
            servers = [lambda spec=spec, d=document: mockserver(spec, d.probe)]
            if not options.only_ours:
                servers += [lambda p=p, d=document: peer(p, d) for p in peers.PEERS]
            for start in servers:
                try:
                    with start() as server:
                        key = document.name, server.name
                        figures.first.setdefault(key, []).append(server.first)
                        figures.memory.setdefault(key, []).append(resident(server.pid))
                except (RuntimeError, OSError) as error:
                    figures.notes.append(str(error).splitlines()[0])


def a_million(figures: Figures) -> None:
    """Resident memory after a million requests to one server."""
    with mockserver("feather", RUN) as server:
        before, count = resident(server.pid), 0
        while count < 1_000_000:
            count += load(server, READ, 20).count
        figures.notes.append(
            f"mockserver: {before:.0f} MB resident after its first reply, "
            f"{resident(server.pid):.0f} MB after {count:,} requests"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--only-ours", action="store_true", help="no other mock servers")
    parser.add_argument("--million", action="store_true", help="memory after a million requests")
    parser.add_argument("--no-report", action="store_true", help="print only, write nothing")
    options = parser.parse_args()
    need("wrk", "taskset")
    documents = [Document("Feather, 56 operations", ROOT / "openapi.json", RUN)]
    if VENDOR.exists():
        documents.append(Document("the vendor's, 491 operations", VENDOR, RUN))
    if not options.only_ours:
        peers.fetch()
    if peers.github().exists():
        documents.append(Document("GitHub's, 1,223 operations", peers.github(), GITHUB.path))
    figures = Figures()
    begun = os.getloadavg()[0]
    measure_starts(documents, options, figures)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        jobs = our_jobs(stack, documents, folder)
        if not options.only_ours:
            jobs += peer_jobs(stack, documents, figures)
        measure_loads(jobs, options, figures)
    if options.million:
        a_million(figures)
    figures.in_process = in_process.figures(options.rounds)
    figures.notes = list(dict.fromkeys(figures.notes))
    lines = list(report.lines(figures, options.rounds, options.seconds, begun))
    sys.stdout.write("\n".join(lines) + "\n")
    if not options.no_report:
        report.write(ROOT / "docs", lines, figures)


if __name__ == "__main__":
    main()
