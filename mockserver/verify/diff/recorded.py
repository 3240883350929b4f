"""Runs of the real side as JSON, so that calibration can compare them with a mock again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json
from mockserver.verify.diff.model import Listing, Program, Run, Seen, Step
from mockserver.verify.model import Exchange

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
