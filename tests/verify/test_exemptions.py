"""Failed checks that are not findings."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Contract
from mockserver.verify.conformance.exemptions import allowed, unlisted_refusal
from mockserver.verify.model import Exchange, Finding


def contract(*statuses: str) -> Contract:
    responses = {status: {"description": "so"} for status in statuses}
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    paths = {
        "/things": {
            "get": {"operationId": "list", "parameters": [limit], "responses": responses},
            "delete": {"operationId": "clear", "responses": responses},
        }
    }
    info = {"title": "Things", "version": "1"}
    return build_contract({"openapi": "3.1.0", "info": info, "paths": paths})


def exchange(status: int, operation: str = "list") -> Exchange:
    return Exchange("GET", "http://x/things", {}, b"", status, {}, b"", 0, "fuzzing", operation)


@pytest.mark.parametrize(
    ("documented", "status", "operation", "excused"),
    [
        (("200", "401"), 422, "list", True),
        (("200", "401"), 400, "list", True),
        (("200", "401"), 404, "list", False),
        (("200", "401"), 500, "list", False),
        (("200", "400"), 422, "list", False),
        (("200", "4XX"), 422, "list", False),
        (("200",), 422, "clear", False),
    ],
)
def test_a_bad_request_may_be_refused_where_no_refusal_is_listed(
    documented: tuple[str, ...], status: int, operation: str, excused: bool
) -> None:
    judged = contract(*documented)
    shown = exchange(status, operation)
    finding = Finding("status_code_conformance", "GET /things", "", "", [shown])
    assert unlisted_refusal(shown, judged) is excused
    assert allowed(finding, {}, judged) is excused


@pytest.mark.parametrize(
    ("data", "excused"),
    [
        ({"scenario": "object_unexpected_properties", "parameter_location": "header"}, True),
        (
            {"description": "Object with unexpected properties", "parameter_location": "cookie"},
            True,
        ),
        ({"scenario": "object_unexpected_properties", "parameter_location": "body"}, False),
        ({"scenario": "missing_parameter", "parameter_location": "header"}, False),
        ({}, False),
    ],
)
def test_a_header_that_nobody_knows_may_be_ignored(data: dict[str, Any], excused: bool) -> None:
    finding = Finding("negative_data_rejection", "GET /things", "", "", [exchange(200)])
    case = {"value": {"meta": {"phase": {"name": "coverage", "data": data}}}}
    assert allowed(finding, case, contract("200")) is excused
