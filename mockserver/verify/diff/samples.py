"""Samples for calibration: what a differential run records of every step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Json
from mockserver.openapi.path_templates import values_in
from mockserver.verify.diff.mock_side import TRAITS
from mockserver.verify.diff.model import Run, Seen
from mockserver.verify.model import Exchange

_LARGEST = 20_000
"""Maximum size in bytes of a response body in a sample."""
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


def samples(real: Run, mock: Run, contract: Contract) -> Iterator[dict[str, Json]]:
    """A sample for each step of a program: `operation`, the `traits` that the mock has named, the
    `path`, `query` and `body` that were sent, and the responses `real` and `mock`, each with
    `status` and `body`.

    After one side has made a change that the other refused, an entity is in different states, so
    later steps about it are left out.
    """
    apart: set[str] = set()
    for ours, theirs in zip(real, mock, strict=True):
        step = ours.step
        operation = contract.by_id[step.operation]
        if ours.skipped or theirs.skipped or step.intent == "settle":
            continue
        named = {f"{{{{{label}." for label in step.needs()} | set(step.path.values())
        if named & apart:
            continue
        done = (ours.status < 300, theirs.status < 300)
        if operation.method in _WRITES and done[0] != done[1]:
            apart.add(f"{{{{{step.label}.")
            if step.intent != "refused":
                apart |= {v for v in step.path.values() if "{{" in v}
        found = sample(ours, theirs, operation.path)
        if found is not None:
            yield {"operation": operation.id, **found}


def sample(real: Seen, mock: Seen, template: str) -> dict[str, Json] | None:
    """The sample of one step, without its operation. None if the mock has named no traits, the real
    server failed (5xx), or its body is too large."""
    traits = mock.last.headers.get(TRAITS)
    if not traits or real.status >= 500 or len(real.last.body) > _LARGEST:
        return None
    sent = real.last
    return {
        "traits": json.loads(traits),
        "path": path_values(template, sent.url),
        "query": dict(parse_qsl(urlsplit(sent.url).query, keep_blank_values=True)),
        "body": sent_json(sent),
        "real": {"status": real.status, "body": plain(real.value)},
        "mock": {
            "status": mock.status,
            "body": plain(mock.value),
            "path": path_values(template, mock.last.url),
        },
    }


def path_values(template: str, url: str) -> dict[str, str]:
    """The values of the path parameters in a URL, decoded."""
    return values_in(template, urlsplit(url).path) or {}


def plain(value: Json) -> Json:
    """The JSON value of a reply, with None in place of MISSING."""
    return None if value is MISSING else value


def sent_json(exchange: Exchange) -> Json:
    """The JSON value of a request body, or None."""
    try:
        return json.loads(exchange.request_body)
    except ValueError:
        return None
