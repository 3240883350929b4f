"""Check conformance with Schemathesis, run in a separate process.

Its NDJSON report delivers every exchange as it happens, for the second validator and the reports.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mockserver.errors import UsageError
from mockserver.openapi.model import Contract, Json
from mockserver.verify.access import Login
from mockserver.verify.conformance import exemptions
from mockserver.verify.conformance.config import Settings, configuration, toml
from mockserver.verify.model import Exchange, Finding
from mockserver.verify.signals import raise_if_pending
from mockserver.verify.target import NoReply, Target, credentials, keys_in_query

WITHHELD = "x-mockserver-withheld"
_FATAL = "FatalError"
NO_LINKS = "link definitions required for stateful testing are excluded"
"""An error of the stateful phase that is none: the operations in view have no links."""


@dataclass
class ReportPart:
    """The content of one report line."""

    exchanges: list[Exchange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    phase: tuple[str, str] | None = None
    scenario: str = ""
    """The phase and the operation that have ended."""
    stopped: str = ""


def run(
    target: Target,
    document: Mapping[str, Any],
    settings: Settings,
    take: Callable[[ReportPart], None],
    *,
    other_key: str = "",
    login: Login | None = None,
    rate: float = 0.0,
) -> None:
    """Run Schemathesis against the target; call `take` with each part of its report.

    Raises UsageError if it can't be started, NoReply if it far exceeds its time limit.
    """
    with tempfile.TemporaryDirectory(prefix="mockserver-") as folder:
        home = Path(folder)
        spec = home / "openapi.json"
        spec.write_text(json.dumps(document), encoding="utf-8")
        settings, environment = _with_credentials(target, settings, other_key, home)
        config = home / "schemathesis.toml"
        config.write_text(toml(configuration(target.contract, settings)), encoding="utf-8")
        policy = home / "policy.json"
        policy.touch(mode=0o600)
        policy.write_text(json.dumps(_policy(target, spec, login, rate)), encoding="utf-8")
        report = home / "events.ndjson"
        report.touch()
        requests = exemptions.Requests(target.contract, urlsplit(target.url).path.rstrip("/"))
        command = _command(policy, config, spec, target.url, report, settings)
        with (home / "out.txt").open("w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=home,
                # Ctrl-C reaches only this process, which then ends the other one cleanly.
                start_new_session=True,
            )
            finished = False
            try:
                for line in _follow(report, process, settings.budget.longest):
                    part = understand(json.loads(line), requests)
                    finished = finished or bool(part.stopped)
                    take(part)
            finally:
                _end(process)
            if not finished:
                output.seek(0)
                raise UsageError("Schemathesis stopped early: " + _tail(output.read()))


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _policy(target: Target, spec: Path, login: Login | None, rate: float) -> dict[str, Any]:
    """The settings for the guard in the other process."""
    ownership = target.ownership
    ledger = ownership.ledger if ownership is not None else None
    policy: dict[str, Any] = {
        "parent": os.getpid(),
        "base": urlsplit(target.url).path.rstrip("/"),
        "url": target.url,
        "timeout": target.timeout,
        "rate": rate,
        "token": target.key if login is not None else "",
        "login": login.as_json() if login is not None else "",
        "ledger": "",
    }
    if ownership is not None and ledger is not None:
        policy |= {
            "document": str(spec),
            "ledger": str(ledger.path.resolve()),
            "overrides": dict(ownership.overrides),
            "allowed": sorted(ownership.allowed),
            "excluded": sorted(ownership.excluded),
            "disposable": ownership.disposable,
            "given": ownership.given,
            "credentials": credentials(target.contract, target.key, target.keys),
            "headers": {**target.headers, **credentials(target.contract, target.key, target.keys)},
        }
    return policy


def _with_credentials(
    target: Target, settings: Settings, other_key: str, home: Path
) -> tuple[Settings, dict[str, str]]:
    """Pass keys in variables, and in a file with two users for comparing tenants."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SCHEMATHESIS_")}
    if "SSL_CERT_FILE" in environment:
        # Its client has a name of its own for this.
        environment.setdefault("REQUESTS_CA_BUNDLE", environment["SSL_CERT_FILE"])
    owner = _as_written(target.contract, credentials(target.contract, target.key, target.keys))
    given = _as_written(target.contract, target.headers)
    in_query = keys_in_query(target.contract, target.key, target.keys)
    settings = replace(settings, query_keys=in_query)
    if other_key and owner:
        other = _as_written(target.contract, credentials(target.contract, other_key))
        users = {"owner": owner, "other": other}
        entries = [
            {
                "name": name,
                "fixedHeaders": [{"name": n, "value": v} for n, v in headers.items()],
            }
            for name, headers in users.items()
        ]
        peers = home / "users.json"
        peers.touch(mode=0o600)
        peers.write_text(json.dumps({"auth": entries}), encoding="utf-8")
        return replace(
            settings, peers_file=str(peers), headers={**settings.headers, **given}
        ), environment
    headers = {**settings.headers, **given}
    for number, (name, value) in enumerate(owner.items()):
        environment[f"MOCKSERVER_KEY_{number}"] = value
        headers[name] = f"${{MOCKSERVER_KEY_{number}}}"
    return replace(settings, headers=headers), environment


def _as_written(contract: Contract, headers: Mapping[str, str]) -> dict[str, str]:
    """Headers spelt as in the security schemes. Schemathesis compares names case-sensitively and
    would leave the key in where it means to send none."""
    names = {s.parameter.lower(): s.parameter for s in contract.schemes.values() if s.parameter}
    names["authorization"] = "Authorization"
    return {names.get(name, name): value for name, value in headers.items()}


def _command(
    policy: Path, config: Path, spec: Path, url: str, report: Path, settings: Settings
) -> list[str]:
    command = [sys.executable, "-m", "mockserver.verify.conformance.guarded", str(policy)]
    command += ["--config-file", str(config)]
    command += ["run", str(spec), "--url", url, "--no-color"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(report)]
    if settings.checks:
        command += ["--checks", ",".join(settings.checks)]
    if settings.exclude_checks:
        command += ["--exclude-checks", ",".join(settings.exclude_checks)]
    if settings.include_path:
        command += ["--include-path-regex", settings.include_path]
    if settings.budget.seconds:
        command += ["--max-time", str(settings.budget.seconds)]
    return command


def _follow(report: Path, process: subprocess.Popen[Any], longest: float) -> Iterator[str]:
    """The lines of a file that another process is still writing. Raises NoReply after `longest`
    seconds."""
    end = time.monotonic() + longest
    with report.open(encoding="utf-8") as stream:
        rest = ""
        while True:
            raise_if_pending()
            ended = process.poll() is not None
            chunk = stream.read()
            rest += chunk
            *lines, rest = rest.split("\n")
            yield from (line for line in lines if line)
            if ended and not chunk:
                return
            if time.monotonic() > end:
                raise NoReply(
                    f"conformance took longer than {longest:.0f} s and was stopped; "
                    "reduce it (--max-examples, --include) or give it more time (--max-time)"
                )
            if not chunk:
                time.sleep(0.05)


def _tail(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-4:]) or "no output"


def understand(event: Json, requests: exemptions.Requests) -> ReportPart:
    ((name, value),) = event.items()
    part = ReportPart()
    if name == "ScenarioFinished":
        _scenario(value, requests, part)
    elif name == "PhaseFinished":
        part.phase = (value["phase"]["name"], value["status"])
    elif name == "NonFatalError":
        error = value.get("value") or {}
        part.errors.append(f"{value.get('label', '')}: {error.get('message', error)}")
    elif name == _FATAL:
        error = value.get("exception") or {}
        part.errors.append(f"Schemathesis: {error.get('message', error)}")
        part.stopped = "fatal"
    elif name == "EngineFinished":
        part.stopped = value["stop_reason"]
    return part


def _scenario(value: Json, requests: exemptions.Requests, part: ReportPart) -> None:
    recorder, phase = value["recorder"], value["phase"]
    if value["status"] != "interrupted" and phase != "stateful":
        part.scenario = f"{phase} {recorder.get('label')}"
    cases, checks = recorder.get("cases", {}), recorder.get("checks", {})
    exchanges = {
        case_id: _exchange(
            interaction, cases.get(case_id, {}), phase, requests.contract, checks, case_id
        )
        for case_id, interaction in recorder.get("interactions", {}).items()
    }
    exchanges = {case: one for case, one in exchanges.items() if WITHHELD not in one.headers}
    part.exchanges += exchanges.values()
    for exchange in exchanges.values():
        requests.note(exchange)
    for case_id, nodes in checks.items():
        for node in nodes:
            if node["status"] == "failure":
                if _shown(node, case_id) not in exchanges:
                    # The request that it is about was not sent.
                    continue
                finding = _finding(node, case_id, cases, exchanges)
                if not exemptions.allowed(finding, requests):
                    part.findings.append(finding)


def _shown(node: Json, case_id: str) -> str:
    """The case that shows a failed check; a check may send requests of its own."""
    return str(node["failure_info"]["failure"].get("case_id") or case_id)


def _finding(node: Json, case_id: str, cases: Json, exchanges: Mapping[str, Exchange]) -> Finding:
    failure = node["failure_info"]["failure"]
    shown = _shown(node, case_id)
    chain: list[str] = []
    current: str | None = shown
    while current and current not in chain:
        chain.insert(0, current)
        current = cases.get(current, {}).get("parent_id")
    return Finding(
        rule=node["name"],
        where=failure.get("operation") or "",
        title=failure["title"],
        message=failure["message"],
        steps=[exchanges[step] for step in chain if step in exchanges],
        origin="schemathesis",
        extra={"code": failure.get("code", ""), "severity": failure.get("severity", "")},
    )


def _exchange(
    interaction: Json, case: Json, phase: str, contract: Contract, checks: Json, case_id: str
) -> Exchange:
    request, reply = interaction["request"], interaction.get("response") or {}
    value = case.get("value", {})
    mode = value.get("meta", {}).get("generation", {}).get("mode")
    return Exchange(
        method=request["method"],
        url=request["uri"],
        request_headers=_headers(request.get("headers")),
        request_body=_bytes(request.get("body")),
        status=reply.get("status_code", 0),
        headers=_headers(reply.get("headers")),
        body=_bytes(reply.get("content")),
        elapsed=reply.get("elapsed", 0.0),
        source=phase,
        operation=_operation(contract, request["method"], value),
        positive={"positive": True, "negative": False}.get(mode),
        verdicts=_failed(checks[case_id]) if case_id in checks else None,
    )


def _failed(nodes: Json) -> frozenset[str]:
    return frozenset(node["name"] for node in nodes if node["status"] == "failure")


def _operation(contract: Contract, method: str, case: Json) -> str:
    """The operation of a request; None if the path does not have its method."""
    for operation in contract.operations:
        if operation.method == method and operation.path == case.get("path"):
            return operation.id
    return ""


def _headers(headers: Json) -> dict[str, str]:
    return {
        name.lower(): ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in (headers or {}).items()
    }


def _bytes(value: Json) -> bytes:
    if isinstance(value, dict):
        return base64.b64decode(value.get("$base64", ""))
    return value.encode() if isinstance(value, str) else b""
