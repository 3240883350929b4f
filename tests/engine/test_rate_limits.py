"""Rate limit headers: what is left goes down, comes back with time, and is nothing at a 429."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.engine.faults.spec import read_fault
from tests.support.documents import TEXT, WHOLE, answer, document, thing


def cars(**headers: Any) -> MockServer:
    """A list whose responses have these headers, given by their schemas, or as they are."""
    said = {
        name.replace("_", "-"): one if "schema" in one else {"schema": one}
        for name, one in headers.items()
    }
    asked = {"name": "size", "in": "query", "schema": WHOLE}
    rows = answer({"type": "array", "items": TEXT}, headers=said)
    refused = answer(thing("", message=TEXT), headers=said)
    get = {"parameters": [asked], "responses": {"200": rows, "422": refused, "429": refused}}
    other = {"responses": {"200": answer(TEXT)}}
    paths = {"/cars": {"get": get}, "/other": {"get": other}}
    return MockServer(document(paths), clock="manual")


def many(client: httpx.Client, name: str, times: int = 3, **options: Any) -> list[str]:
    return [client.get("/cars", **options).headers[name] for _ in range(times)]


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("X-RateLimit-Remaining", WHOLE, ["999", "998", "997"]),
        ("X-Rate-Limit-Used", WHOLE, ["1", "2", "3"]),
        ("RateLimit-Remaining", TEXT, ["999", "998", "997"]),
        ("X-RateLimit-Remaining-Requests", WHOLE, ["999", "998", "997"]),
        ("X-RateLimit-Limit", WHOLE, ["1000"] * 3),
        ("RateLimit-Policy", TEXT, ['"default";q=1000;w=60'] * 3),
        ("RateLimit", TEXT, [f'"default";r={left};t=60' for left in (999, 998, 997)]),
        ("X-RateLimit-Remaining", {"enum": [7]}, ["7"] * 3),
        ("X-RateLimit-Remaining", {**WHOLE, "minimum": 999}, ["999"] * 3),
    ],
)
def test_each_request_counts(name: str, schema: Any, expected: list[str]) -> None:
    with cars(**{name: schema}) as server:
        assert many(server.client, name) == expected


def test_the_limit_is_that_of_the_document() -> None:
    limit = {"schema": WHOLE, "example": 2}
    with cars(**{"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": WHOLE}) as server:
        assert many(server.client, "X-RateLimit-Remaining", 4) == ["1", "0", "0", "0"]


def test_time_brings_it_back() -> None:
    names = {"X-RateLimit-Remaining": WHOLE, "X-RateLimit-Reset": WHOLE}
    epoch = {"schema": {**WHOLE, "description": "UTC epoch seconds"}}
    with cars(**names, **{"RateLimit-Reset": epoch}) as server:
        many(server.client, "X-RateLimit-Reset")
        server.clock.advance(45)
        found = server.client.get("/cars").headers
        assert (found["x-ratelimit-remaining"], found["x-ratelimit-reset"]) == ("996", "15")
        end = int(found["ratelimit-reset"])
        server.clock.advance(15)
        found = server.client.get("/cars").headers
        assert (found["x-ratelimit-remaining"], found["x-ratelimit-reset"]) == ("999", "60")
        assert int(found["ratelimit-reset"]) == end + 60


def test_tenants_count_apart_and_so_do_other_operations() -> None:
    name = "X-RateLimit-Remaining"
    with cars(**{name: WHOLE}) as server:
        assert many(server.client_for("mock-a"), name) == ["999", "998", "997"]
        server.client_for("mock-b").get("/other")
        assert many(server.client_for("mock-b"), name, 1) == ["999"]


@pytest.mark.parametrize("way", ["prefer", "fault"])
def test_a_429_leaves_nothing(way: str) -> None:
    name = "X-RateLimit-Remaining"
    with cars(**{name: WHOLE}) as server:
        if way == "fault":
            server.mock.faults.add([read_fault({"status": 429}, server.mock.contract.names)])
        wish = {"prefer": "code=429"} if way == "prefer" else {}
        found = server.client.get("/cars", headers=wish)
        assert (found.status_code, found.headers[name]) == (429, "0")


def test_a_refusal_counts_too() -> None:
    name = "X-RateLimit-Remaining"
    with cars(**{name: WHOLE}) as server:
        assert many(server.client, name, 1) == ["999"]
        refused = server.client.get("/cars", params={"size": "x"})
        assert (refused.status_code, refused.headers[name]) == (422, "998")
        assert many(server.client, name, 1) == ["997"]


def test_a_fault_that_sets_a_limit_is_the_one_that_counts() -> None:
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    with cars(**dict.fromkeys(names, WHOLE)) as server:
        spec = {"status": 429, "rate": {"limit": 2, "per": 10}}
        server.mock.faults.add([read_fault(spec, server.mock.contract.names)])
        found = []
        for _ in range(3):
            answer_ = server.client.get("/cars")
            found.append((answer_.status_code, *(answer_.headers[name] for name in names)))
        assert found == [(200, "2", "1", "10"), (200, "2", "0", "10"), (429, "2", "0", "10")]
        server.clock.advance(10)
        assert many(server.client, names[1], 1) == ["1"]
