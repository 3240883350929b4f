"""Several processes and one Redis: acknowledged writes survive any kill."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mockserver.server.mock import MockServer
from tests.store.redis_server import RedisServer
from tests.store.serving import HEADERS, Served

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tests look into /proc")

CLIENTS = 4
SECONDS_OF_LOAD = 4.0


@pytest.fixture
def durable(redis_server: RedisServer, tmp_path: Path) -> Iterator[RedisServer]:
    """A server that loses nothing."""
    server = RedisServer(tmp_path, "--appendonly", "yes", "--appendfsync", "always")
    yield server
    server.kill()


class Client(threading.Thread):
    """Creates personas in sequence, and remembers the acknowledged ones."""

    def __init__(self, url: str, number: int, until: float) -> None:
        super().__init__()
        self.acknowledged: dict[str, str] = {}
        self.failed = 0
        self.unexpected: list[str] = []
        self._url, self._number, self._until = url, number, until

    def run(self) -> None:
        tries = 0
        with httpx.Client(base_url=self._url, headers=HEADERS, timeout=10) as client:
            while time.monotonic() < self._until:
                tries += 1
                name = f"client {self._number} try {tries}"
                try:
                    reply = client.post("/v1/personas", json={"name": name, "body": "b"})
                except httpx.TransportError:
                    self.failed += 1
                    continue
                if reply.status_code == 503:
                    self.failed += 1
                    time.sleep(0.02)
                elif reply.is_success:
                    self.acknowledged[reply.json()["id"]] = name
                else:
                    self.unexpected.append(reply.text)


def personas(url: str) -> set[str]:
    """The ids of the newest ones, as a client sees them."""
    page = httpx.get(f"{url}/v1/personas", params={"limit": "50"}, headers=HEADERS, timeout=30)
    rows = next(rows for rows in page.raise_for_status().json().values() if isinstance(rows, list))
    return {row["id"] for row in rows}


def kept(server: RedisServer) -> dict[str, str]:
    """All of them, as another process sees them."""
    with MockServer(store=server.url) as mock, mock.mock.store.begin("mock-key") as world:
        return {row["id"]: row["name"] for row in world["personas"].scan()}


def test_nothing_acknowledged_is_lost(durable: RedisServer, tmp_path: Path) -> None:
    """Workers and Redis are killed under load; the clients continue."""
    served = Served(tmp_path, "--store", durable.url, "--workers", "3")
    seeded = kept(durable)
    until = time.monotonic() + SECONDS_OF_LOAD
    clients = [Client(served.url, number, until) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    chance = random.Random(5)
    killed = 0
    while time.monotonic() < until - 0.7:
        time.sleep(chance.uniform(0.2, 0.5))
        alive = [pid for pid in served.workers() if _runs(pid)]
        if alive:
            os.kill(chance.choice(alive), signal.SIGKILL)
            killed += 1
        if killed == 3:
            durable.kill()
            durable.start()
    for client in clients:
        client.join()

    assert served.end() == 0
    durable.kill()
    durable.start()
    found = kept(durable)
    acknowledged = {id_: name for client in clients for id_, name in client.acknowledged.items()}
    failed = sum(client.failed for client in clients)
    report = f"{len(acknowledged)} acknowledged, {failed} failed, {killed} workers killed"
    sys.stdout.write(report + "\n")
    assert [text for client in clients for text in client.unexpected] == []
    assert killed >= 4, report
    assert len(acknowledged) > 20, report
    lost = {id_: name for id_, name in acknowledged.items() if found.get(id_) != name}
    assert lost == {}, report
    # And nothing is there twice, however often a request was repeated inside.
    made = [name for id_, name in found.items() if id_ not in seeded]
    assert len(set(made)) == len(made)
    assert len(made) <= len(acknowledged) + failed
    assert served.said().count("SIGKILL; starting another") == killed


def test_workers_share_worlds_and_clocks(redis_server: RedisServer, tmp_path: Path) -> None:
    served = Served(tmp_path, "--store", redis_server.url, "--seed", "4711", "--workers", "3")
    assert len(served.workers()) == 3
    made = set()
    for number in range(12):  # each by a connection of its own: by several workers
        body = {"name": f"n{number}", "body": "b"}
        reply = httpx.post(f"{served.url}/v1/personas", json=body, headers=HEADERS)
        made.add(reply.json()["id"])
        listed = httpx.get(f"{served.url}/v1/personas", headers=HEADERS).json()
        assert made <= {
            row["id"] for row in next(v for v in listed.values() if isinstance(v, list))
        }
    assert len(made) == 12
    httpx.post(f"{served.url}/__mock__/clock", json={"speed": 0}).raise_for_status()
    shown = {httpx.get(f"{served.url}/__mock__/clock").json()["now"] for _ in range(12)}
    assert len(shown) == 1
    with pytest.raises(AssertionError, match=r"is in use; .* --port"):
        Served(tmp_path, "--store", redis_server.url, "--workers", "2", "--port", str(served.port))
    # Ended by force it takes its workers along.
    workers = served.workers()
    served.end(signal.SIGKILL)
    until = time.monotonic() + 15
    while any(Path(f"/proc/{pid}").exists() and _runs(pid) for pid in workers):
        assert time.monotonic() < until, "a worker goes on alone"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
