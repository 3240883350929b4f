"""50 threads cancel, read and resubmit the same suite run: no reply breaks a sum or an order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from random import Random

import httpx

from mockserver import MockServer
from tests.vendors.speechify.newer_shape import check
from tests.vendors.speechify.older_shape import check as check_older
from tests.vendors.speechify.sandbox import OLD, SUITES, TESTS, Json, Sandbox

THREADS = 50
STEPS = 12
ENDED = ("completed", "failed", "cancelled")


def _work(server: MockServer, suite: Json, seed: int) -> list[tuple[str, Json]]:
    """What one client sees, in order."""
    random = Random(seed)
    client = server.client
    path = f"/v1{SUITES}/{suite['id']}"
    seen: list[tuple[str, Json]] = []

    def send(method: str, path: str, *statuses: int, **headers: str) -> httpx.Response:
        reply = client.request(method, path, headers=headers)
        assert reply.status_code in statuses, reply.text
        return reply

    for _ in range(STEPS):
        action = random.choices(
            ("read", "read older", "list", "cancel", "cancel one", "resubmit", "wait"),
            (6, 4, 2, 1, 2, 4, 4),
        )[0]
        if action == "read":
            seen.append(("newer", send("GET", path, 200).json()))
        elif action == "read older":
            seen.append(("older", send("GET", path, 200, **OLD).json()))
        elif action == "list":
            rows = send("GET", f"/v1{SUITES}?limit=3", 200).json()["suite_runs"]
            assert all(
                row["total"] == sum(row[name] for name in (*ENDED, "running", "pending"))
                for row in rows
            )
        elif action == "cancel":
            after = send("POST", f"{path}/cancel", 200).json()
            assert after["pending"] == after["running"] == 0
            seen.append(("newer", after))
        elif action == "cancel one":
            run = random.choice(suite["runs"])
            ended = send("POST", f"/v1{TESTS}/runs/{run['id']}/cancel", 200).json()
            assert ended["status"] in ENDED
        elif action == "resubmit":
            reply = send("POST", f"{path}/resubmit", 202, 400)
            if reply.status_code == 202:
                check(reply.json())
                assert reply.json()["parent_suite_run_id"] == suite["id"]
        else:
            server.clock.advance(random.random())
    return seen


def _is_after(before: Json, after: Json) -> None:
    """Children only move forward, and ended ones stay unchanged."""
    order = ("pending", "running", *ENDED)
    for old, new in zip(before["runs"], after["runs"], strict=True):
        assert old["id"] == new["id"]
        if old["status"] in ENDED:
            assert new == old
        else:
            assert order.index(new["status"]) >= order.index(old["status"])


def test_50_threads_on_one_suite_run() -> None:
    with MockServer("speechify", clock="manual", seed=11) as server:
        sandbox = Sandbox(server)
        suite = sandbox.suite("passed", "failed", "errored", "slow", "stuck", "failed", "passed")
        with ThreadPoolExecutor(THREADS) as threads:
            futures = [threads.submit(_work, server, suite, seed) for seed in range(THREADS)]
            stories = [future.result() for future in futures]
        assert sum(map(len, stories)) > THREADS
        for story in stories:
            for shape, shown in story:
                (check if shape == "newer" else check_older)(shown)
            newer = [shown for shape, shown in story if shape == "newer"]
            for before, after in pairwise(newer):
                _is_after(before, after)
        last = sandbox.cancel_suite(suite)
        check(last)
        for story in stories:
            for shape, shown in story:
                if shape == "newer":
                    _is_after(shown, last)
