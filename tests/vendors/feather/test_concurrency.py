"""Fifty threads dispatch, poll, cancel and retry concurrently: every reply follows the rules."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Lock
from typing import Any

import httpx
import pytest

from mockserver import MockServer

ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
RUNS = f"/v1/sim-suites/{ID}/runs"
OPEN = {"pending", "running"}
FINAL = {"completed", "failed", "cancelled", "budget_exceeded"}
THREADS = 50
STEPS = 12


def derived(statuses: list[str]) -> str:
    """Rule 75, reimplemented."""
    if set(statuses) == {"pending"}:
        return "pending"
    for wanted, result in (
        (OPEN, "running"),
        ({"failed"}, "failed"),
        ({"budget_exceeded"}, "budget_exceeded"),
        ({"cancelled"}, "cancelled"),
    ):
        if wanted & set(statuses):
            return result
    return "completed"


class Oracle:
    """What all replies must satisfy, whichever client received them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.final: dict[str, dict[str, Any]] = {}
        self.replies = 0

    def judge(self, suite_run: dict[str, Any]) -> None:
        children = suite_run["runs"]
        ids = [child["id"] for child in children]
        assert len(set(ids)) == len(ids)
        assert len({child["session_id"] for child in children}) == len(ids)
        latest: dict[tuple[str, str], str] = {}
        for child in children:
            assert child["status"] in OPEN | FINAL
            ended = child["status"] in FINAL
            assert (child["finished_at"] is not None) == ended
            assert (child["error_text"] is not None) == (child["status"] == "failed")
            if child["started_at"] is not None:
                assert child["created_at"] <= child["started_at"]
                assert child["finished_at"] is None or child["started_at"] <= child["finished_at"]
            latest[child["persona_id"], child["scenario_id"]] = child["status"]
        assert suite_run["status"] == derived(list(latest.values()))
        with self._lock:
            self.replies += 1
            for child in children:
                if child["status"] in FINAL:
                    # A final child is the same in every field, in every later reply.
                    assert self.final.setdefault(child["id"], child) == child


@pytest.fixture(params=["in process", "over HTTP"])
def clients(request: pytest.FixtureRequest) -> Iterator[list[httpx.Client]]:
    with MockServer("feather", clock="real", pace=0.02) as mock:
        if request.param == "in process":
            yield [mock.client] * THREADS
        else:
            url, headers = mock.url, mock.headers
            found = [
                httpx.Client(base_url=url, headers=headers, timeout=60) for _ in range(THREADS)
            ]
            yield found
            for client in found:
                client.close()


def work(client: httpx.Client, seed: int, oracle: Oracle) -> None:
    random = Random(seed)
    shared = client.post(RUNS, json={"agent_id": ID}).raise_for_status().json()["id"]
    for _ in range(STEPS):
        action = random.choice(["dispatch", "poll", "poll", "cancel", "retry-failed", "newest"])
        if action == "dispatch":
            reply = client.post(RUNS, json={"agent_id": ID})
            assert reply.status_code == 201, reply.text
        elif action == "poll":
            reply = client.get(f"{RUNS}/{shared}")
        elif action == "newest":
            # Somebody else's run, most often: they are at it, too.
            page = client.get(RUNS, params={"limit": 3}).raise_for_status().json()
            for suite_run in page["items"]:
                oracle.judge(suite_run)
            shared = random.choice(page["items"])["id"]
            continue
        else:
            reply = client.post(f"{RUNS}/{shared}/{action}")
            assert reply.status_code == 200, reply.text
        suite_run = reply.json()
        oracle.judge(suite_run)
        if action == "cancel":
            assert not OPEN & {child["status"] for child in suite_run["runs"]}


def finish(client: httpx.Client, oracle: Oracle) -> None:
    """Wait for a run that nobody cancels: fast threads may have cancelled all others."""
    suite_run = client.post(RUNS, json={"agent_id": ID}).raise_for_status().json()
    while OPEN & {child["status"] for child in suite_run["runs"]}:
        time.sleep(0.02)
        suite_run = client.get(f"{RUNS}/{suite_run['id']}").raise_for_status().json()
        oracle.judge(suite_run)


def test_every_reply_keeps_the_rules(clients: list[httpx.Client]):
    oracle = Oracle()
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = [pool.submit(work, clients[n], n, oracle) for n in range(THREADS)]
        for job in jobs:
            job.result()
    assert oracle.replies >= THREADS * STEPS
    finish(clients[0], oracle)
    ends = {child["status"] for child in oracle.final.values()}
    # Which others there are depends on the threads.
    assert "cancelled" in ends
    assert ends - {"cancelled"}
