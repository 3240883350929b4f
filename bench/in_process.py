"""In a test's process: the cost of a fresh world, and of a request beyond the client's own.

python bench/in_process.py [--rounds 7]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mockserver import MockServer

ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
RUN = f"/v1/sim-suites/{ID}/runs/{ID}"


def milliseconds(work: Callable[[int], object], times: int) -> float:
    start = time.process_time()
    for number in range(times):
        work(number)
    return (time.process_time() - start) / times * 1e3


def figures(rounds: int) -> dict[str, float]:
    """Medians of processor time in ms; rounds are interleaved."""
    with MockServer("feather", clock="manual", max_worlds=10**6) as mock:
        reply = mock.client.get(RUN)
        stored = httpx.MockTransport(
            lambda request: httpx.Response(200, headers=reply.headers, content=reply.content)
        )
        bare = httpx.Client(transport=stored, base_url=str(mock.client.base_url))
        bare.headers = mock.client.headers
        start = iter(range(10**9))

        def world(_: int) -> None:
            with mock.mock.store.begin(f"mock-{next(start)}"):
                pass

        def test(_: int) -> None:
            with mock.tenant(f"test {next(start)}"):
                pass

        def first(_: int) -> None:
            with mock.tenant(f"test {next(start)}") as tenant:
                tenant.client.get(RUN)

        works: dict[str, tuple[Callable[[int], object], int]] = {
            "a fresh world": (world, 500),
            "a tenant of its own, begun and ended": (test, 100),
            "the same with one request": (first, 100),
            "a request": (lambda _: mock.client.get(RUN), 300),
            "a request to httpx.MockTransport": (lambda _: bare.get(RUN), 300),
        }
        found: dict[str, list[float]] = {name: [] for name in works}
        for round_ in range(rounds + 1):
            for name, (work, times) in works.items():
                took = milliseconds(work, times)
                if round_:
                    found[name].append(took)
    medians = {name: statistics.median(each) for name, each in found.items()}
    beyond = medians["a request"] - medians["a request to httpx.MockTransport"]
    return {**medians, "a request, beyond the client's own cost": beyond}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    for name, took in figures(parser.parse_args().rounds).items():
        sys.stdout.write(f"{took:8.3f} ms  {name}\n")


if __name__ == "__main__":
    main()
