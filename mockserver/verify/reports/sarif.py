"""A result as SARIF 2.1.0, which code scanning tools read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mockserver
from mockserver.verify.model import Finding, Result

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def write(result: Result, path: Path) -> None:
    path.write_text(json.dumps(as_sarif(result), indent=2, ensure_ascii=False) + "\n", "utf-8")


def as_sarif(result: Result) -> dict[str, Any]:
    """One run, with a rule for each check and a result for each finding."""
    rules = {finding.rule: finding.title for finding in result.findings}
    driver = {
        "name": "mockserver",
        "version": mockserver.__version__,
        "rules": [
            {"id": rule, "shortDescription": {"text": title}} for rule, title in rules.items()
        ],
    }
    invocation = {
        "executionSuccessful": not result.errors and not result.interrupted,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": error}} for error in result.errors
        ],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": [_result(finding) for finding in result.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": "error",
        "message": {"text": f"{finding.title}: {finding.message}"},
        "occurrenceCount": finding.count,
        "locations": [
            {"logicalLocations": [{"fullyQualifiedName": finding.where, "kind": "operation"}]}
        ],
        "partialFingerprints": {"mockserver/v1": finding.id},
    }
    if finding.accepted:
        found["suppressions"] = [{"kind": "external", "justification": finding.accepted}]
    return found
