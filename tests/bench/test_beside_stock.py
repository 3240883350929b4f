"""Classes of faults, as the comparison with stock Schemathesis counts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.verify_real.beside_stock import Beside, classes, ours
from mockserver.openapi.build import build_contract
from mockserver.verify.conformance.exemptions import Requests

CONTRACT = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things": {"get": {"operationId": "list", "responses": {"200": {}}}}},
    }
)


def event(status: int, *failed: str) -> dict[str, Any]:
    """One request, and the checks that failed on it."""
    request = {"method": "GET", "uri": "http://x/things", "headers": {}}
    failure = {"operation": "GET /things", "title": "", "message": "", "case_id": None}
    checks = [
        {"name": name, "status": "failure", "failure_info": {"failure": failure}} for name in failed
    ]
    recorder = {
        "label": "GET /things",
        "cases": {"a": {"value": {"path": "/things"}}},
        "checks": {"a": checks},
        "interactions": {"a": {"request": request, "response": {"status_code": status}}},
    }
    return {"ScenarioFinished": {"phase": "coverage", "status": "failure", "recorder": recorder}}


def test_stock_is_read_up_to_the_limit_and_what_is_no_fault_is_known() -> None:
    events = [
        event(404, "status_code_conformance", "content_type_conformance"),
        event(200, "negative_data_rejection"),
        event(500, "not_a_server_error"),
    ]
    found, no_faults, sent = classes(events, Requests(CONTRACT), limit=2)
    # The request of the second was valid.
    assert no_faults == {("GET /things", "invalid request accepted")}
    assert found == no_faults | {("GET /things", "undocumented status")}
    assert sent == 2


def test_ours_are_read_from_the_report(tmp_path: Path) -> None:
    finding = {
        "rules": ["reply_conforms", "unsupported_method"],
        "message": "Unknown response http status: 202",
        "operations": ["GET /things", "GET /rooms"],
        "steps": [{"status": 202}],
    }
    report = tmp_path / "exchanges.ndjson"
    report.write_text(json.dumps({"finding": finding}) + "\n")
    found = ours(report)
    assert found == {
        ("GET /things", "undocumented status"),
        ("GET /rooms", "undocumented status"),
        ("/things", "methods"),
        ("/rooms", "methods"),
    }
    stock = {("/things", "methods"), ("/calls", "methods"), ("/calls", "access")}
    beside = Beside("x", "1", (10, 11), found, stock, {("/calls", "access")})
    assert beside.row() == "| x 1 | 10, 11 | 1 | 3 | 1 | 1 |"
