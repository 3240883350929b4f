"""What a differential run records for calibration: whole runs of the real side, to compare them
with a mock again, and a sample of every step.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from urllib.parse import parse_qsl, unquote, urlsplit

from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Json
from mockserver.openapi.path_templates import values_in
from mockserver.verify.diff.model import Listing, Program, Run, Seen, Step
from mockserver.verify.model import Exchange

TRAITS = "x-mock-traits"
"""A response to a request with this header has a header with the request's traits."""
_LARGEST = 200_000
"""Maximum size in bytes of a recorded body; a larger one is left out."""


def run_as_json(run: Run) -> dict[str, Json]:
    """A run: of each step the last exchange, and what was seen besides."""
    return {
        "origin": run.program.origin,
        "fine_clock": run.fine_clock,
        "edges": sorted(map(list, run.edges)),
        "steps": [_seen_as_json(seen) for seen in run],
    }


def run_from_json(value: Mapping[str, Json]) -> Run:
    """A run written by `run_as_json`."""
    seen = [_seen_from_json(one) for one in value["steps"]]
    program = Program(tuple(one.step for one in seen), value["origin"])
    edges = frozenset((kind, before, after) for kind, before, after in value["edges"])
    return Run(program, seen, value["fine_clock"], edges)


def _seen_as_json(seen: Seen) -> dict[str, Json]:
    step = {one.name: getattr(seen.step, one.name) for one in fields(Step)}
    if step["body"] is MISSING:
        del step["body"]
    found: dict[str, Json] = {"step": step, "states": seen.states, "stays": seen.stays}
    if seen.listing is not None:
        listing = seen.listing
        rows = [dict(row) for row in listing.rows]
        found["listing"] = {"rows": rows, "facts": sorted(listing.facts), "whole": listing.whole}
    if seen.exchanges and not seen.skipped:
        found["last"] = _exchange_as_json(seen.last)
    return found


def _seen_from_json(value: Mapping[str, Json]) -> Seen:
    step = Step(**value["step"])
    if "last" not in value:
        return Seen(step, skipped=True)
    last = _exchange_from_json(value["last"], step.operation)
    try:
        body = last.json() if last.body else MISSING
    except (ValueError, RecursionError):
        body = MISSING
    listing = value.get("listing")
    return Seen(
        step,
        [last],
        body,
        Listing(tuple(listing["rows"]), frozenset(listing["facts"]), listing["whole"])
        if listing
        else None,
        tuple(value["states"]),
        tuple((state, seconds) for state, seconds in value["stays"]),
    )


def _exchange_as_json(exchange: Exchange) -> dict[str, Json]:
    body = exchange.body if len(exchange.body) <= _LARGEST else b""
    return {
        "method": exchange.method,
        "url": exchange.url,
        "sent": exchange.request_body.decode("utf-8", "replace"),
        "status": exchange.status,
        "headers": dict(exchange.headers),
        "body": body.decode("utf-8", "replace"),
    }


def _exchange_from_json(value: Mapping[str, Json], operation: str) -> Exchange:
    return Exchange(
        method=value["method"],
        url=value["url"],
        request_headers={},
        request_body=value["sent"].encode(),
        status=value["status"],
        headers=value["headers"],
        body=value["body"].encode(),
        elapsed=0.0,
        source="diff",
        operation=operation,
    )


_LARGEST_SAMPLE = 20_000
"""Maximum size in bytes of a response body in a sample."""
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


def samples(real: Run, mock: Run, contract: Contract) -> Iterator[dict[str, Json]]:
    """A sample for each step of a program: `operation`, the `traits` that the mock has named, the
    URL's path (`at`), the `path` parameters, `query` and `body` that were sent, and the responses
    `real` and `mock`, each with `status` and `body`.

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
                made = step.intent == "make"
                apart |= {v for v in step.path.values() if made or "{{" in v}
        found = sample(ours, theirs, operation.path)
        if found is not None:
            yield {"operation": operation.id, **found}


def sample(real: Seen, mock: Seen, template: str) -> dict[str, Json] | None:
    """The sample of one step, without its operation. None if the mock has named no traits, the real
    server failed (5xx), or its body is too large."""
    traits = mock.last.headers.get(TRAITS)
    if not traits or real.status >= 500 or len(real.last.body) > _LARGEST_SAMPLE:
        return None
    sent = real.last
    return {
        "traits": json.loads(traits),
        "at": unquote(urlsplit(sent.url).path),
        "path": path_values(template, sent.url),
        "query": dict(parse_qsl(urlsplit(sent.url).query, keep_blank_values=True)),
        "body": sent_json(sent),
        "real": {"status": real.status, "body": plain(real.value)},
        "mock": {
            "status": mock.status,
            "body": plain(mock.value),
            "at": unquote(urlsplit(mock.last.url).path),
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
