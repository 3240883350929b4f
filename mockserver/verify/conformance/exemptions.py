"""Failed checks that are not faults in any document: HTTP allows them, or the document leaves no
alternative."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.openapi.model import Contract, Operation
from mockserver.verify.model import Exchange, Finding

Json = Any
BAD_REQUEST = (400, 422)


def allowed(finding: Finding, case: Mapping[str, Json], contract: Contract) -> bool:
    """Whether a failed Schemathesis check of `case` is not a finding."""
    example = finding.example
    if example is not None and example.status == 501 and not example.operation:
        # The status for an unknown method: RFC 9110, 15.6.2.
        return True
    if finding.rule == "negative_data_rejection":
        return _only_unknown_header(case)
    if finding.rule == "status_code_conformance" and finding.example is not None:
        return unlisted_refusal(finding.example, contract)
    return False


def _only_unknown_header(case: Mapping[str, Json]) -> bool:
    """Unknown headers and cookies are ignored: RFC 9110, 5.1."""
    meta = (case.get("value") or {}).get("meta") or {}
    data = (meta.get("phase") or {}).get("data") or {}
    place = str(data.get("parameter_location") or "").lower()
    # Only the coverage phase names its scenarios; other phases describe their mutations.
    text = f"{data.get('scenario') or ''} {data.get('description') or ''}".lower()
    unknown = "object_unexpected_properties" in text or "unexpected properties" in text
    return unknown and place in ("header", "cookie")


def unlisted_refusal(exchange: Exchange, contract: Contract) -> bool:
    """Whether a bad request is refused with an undocumented status, because the operation has
    parameters or a body but documents no such refusal."""
    operation = contract.by_id.get(exchange.operation)
    if operation is None or exchange.status not in BAD_REQUEST:
        return False
    return _can_be_wrong(operation) and not any(map(operation.response_for, BAD_REQUEST))


def _can_be_wrong(operation: Operation) -> bool:
    return bool(operation.parameters) or operation.body is not None
