"""What `mockserver test` and stock Schemathesis find on the same service with equal requests.

A class is an operation and a kind of fault, so that several failures of one kind count once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.verify_real.services import Live
from mockserver.files.documents import read_contract
from mockserver.verify.conformance.exemptions import Requests
from mockserver.verify.conformance.schemathesis import understand

KINDS = {
    "not_a_server_error": "server error",
    "no_server_error": "server error",
    "status_code_conformance": "undocumented status",
    "content_type_conformance": "media type",
    "response_schema_conformance": "schema",
    "response_headers_conformance": "headers",
    "negative_data_rejection": "invalid request accepted",
    "bad_body_refused": "invalid request accepted",
    "positive_data_acceptance": "valid request refused",
    "missing_required_header": "access",
    "ignored_auth": "access",
    "key_is_needed": "access",
    "unsupported_method": "methods",
    "allow_header_conformance": "methods",
    "allow_is_true": "methods",
    "use_after_free": "removed and still there",
    "gone_is_gone": "removed and still there",
}
"""The kind of fault of a rule; other rules are kinds of their own, which take several requests."""
_OF_UNDOCUMENTED = ("media type", "schema")
"""Kinds that follow from an undocumented status, of which the document says nothing."""
HEAD = "| service | requests | both | mockserver only | stock only | of stock, no faults |"
"""Of the table of `Beside.row`."""
Class = tuple[str, str]


@dataclass
class Beside:
    """The classes of one service. `no_faults` are those of stock alone that are exempt, by
    `conformance/exemptions.py`."""

    service: str
    version: str
    requests: tuple[int, int]
    ours: set[Class] = field(default_factory=set)
    stock: set[Class] = field(default_factory=set)
    no_faults: set[Class] = field(default_factory=set)

    @property
    def missed(self) -> set[Class]:
        return self.stock - self.ours - self.no_faults

    def row(self) -> str:
        counts = (
            len(self.ours & self.stock),
            len(self.ours - self.stock),
            len(self.missed),
            len(self.no_faults - self.ours),
        )
        sent = f"{self.requests[0]}, {self.requests[1]}"
        return f"| {self.service} {self.version} | {sent} | {' | '.join(map(str, counts))} |"


def ours(report: Path) -> set[Class]:
    """The classes in the report of `mockserver test`."""
    found: set[Class] = set()
    for line in report.read_text(encoding="utf-8").splitlines():
        if line.startswith('{"finding"'):
            finding = json.loads(line)["finding"]
            status = finding["steps"][-1]["status"] if finding["steps"] else 0
            for rule in finding["rules"]:
                kind = _kind(rule, finding["message"], status)
                if kind in _OF_UNDOCUMENTED and "status_code_conformance" in finding["rules"]:
                    continue
                found |= {_class(where, kind) for where in finding["operations"]}
    return found


def _kind(rule: str, message: str, status: int) -> str:
    if rule != "reply_conforms":
        return KINDS.get(rule, rule)
    # The second validator checks all of these.
    if status >= 500:
        return "server error"
    if "response http status" in message:
        return "undocumented status"
    return "media type" if "content type" in message.lower() else "schema"


def _class(where: str, kind: str) -> Class:
    # Of a method that is not there, only the path is of interest.
    return (where.partition(" ")[2] if kind == "methods" else where, kind)


def stock(
    live: Live, folder: Path, limit: int, seconds: float
) -> tuple[set[Class], set[Class], int]:
    """What `classes` finds in a run of stock Schemathesis."""
    _, contract = read_contract(str(live.spec))
    requests = Requests(contract, urlsplit(live.url).path.rstrip("/"))
    return classes(_events(live, folder, seconds), requests, limit)


def classes(
    events: Iterable[Mapping[str, Any]], requests: Requests, limit: int
) -> tuple[set[Class], set[Class], int]:
    """The classes that Schemathesis reports in its first `limit` requests, those of them that are
    no faults, and the number of requests."""
    found: set[Class] = set()
    faults: set[Class] = set()
    sent = 0
    for event in events:
        checks = (event.get("ScenarioFinished") or {}).get("recorder", {}).get("checks", {})
        for nodes in checks.values():
            failed = {node["name"]: node for node in nodes if node["status"] == "failure"}
            for rule, node in failed.items():
                kind = KINDS.get(rule, rule)
                if kind in _OF_UNDOCUMENTED and "status_code_conformance" in failed:
                    continue
                where = node["failure_info"]["failure"].get("operation") or ""
                found.add(_class(where, kind))
        part = understand(event, requests)
        sent += len(part.exchanges)
        faults |= {_class(f.where, KINDS.get(f.rule, f.rule)) for f in part.findings}
        if sent >= limit:
            break
    return found, found - faults, sent


def _events(live: Live, folder: Path, seconds: float) -> Iterator[Mapping[str, Any]]:
    """The events of a run as they happen; it is stopped when nobody reads on, or after a time."""
    report, config = folder / "stock.ndjson", folder / "schemathesis.toml"
    report.touch()
    given = [pair.partition("=") for word, pair in pairwise(live.options) if word == "--param"]
    lines = ["[parameters]", *(f'"{name}" = "{value}"' for name, _, value in given)]
    config.write_text("\n".join(lines) + "\n" if given else "")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    command += [str(live.spec), "--url", live.url, "-c", "all", "--no-color", "--seed", "1"]
    command += ["--continue-on-failure", "--max-examples", "4", "--request-timeout", "10"]
    command += ["--suppress-health-check", "all"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(report)]
    for name, value in live.headers.items():
        # Schemathesis only leaves out a key that is spelt as in the document.
        command += ["-H", f"{name.replace('authorization', 'Authorization')}: {value}"]
    with (folder / "stock.txt").open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=folder, start_new_session=True
        )
    end, rest = time.monotonic() + seconds, ""
    try:
        with report.open(encoding="utf-8") as stream:
            while True:
                over = process.poll() is not None or time.monotonic() > end
                rest += stream.read()
                *whole, rest = rest.split("\n")
                yield from (json.loads(line) for line in whole if line)
                if over:
                    return
                time.sleep(0.2)
    finally:
        process.kill()
        process.wait()
