"""Requests per second of a lenient mock and a strict one: python -m bench.sdk_suites.rate."""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Mapping
from typing import Any

from mockserver import MockServer
from mockserver.engine.pipeline import Message
from tests.clients.documents import MODELS

_BATCH = b'{"input_file_id": "x", "endpoint": "/v1/x", "completion_window": "24h"}'
_CASES: tuple[tuple[str, str, bool, bytes], ...] = (
    ("list", "GET /files", False, b""),
    ("fetch", "GET /files/{file_id}", True, b""),
    ("create", "POST /batches", False, _BATCH),
)
_HEADERS = {"authorization": "Bearer mock-key", "content-type": "application/json"}
_REQUESTS, _ROUNDS = 500, 9
_LEAST = 0.95


def main() -> int:
    mocks = {
        name: MockServer(copy.deepcopy(MODELS), lenient=name == "lenient")
        for name in ("strict", "lenient")
    }
    worst = 1.0
    print("| request | strict, a second | lenient, a second | ratio |\n|---|---|---|---|")
    for name, asked, item, body in _CASES:
        best = dict.fromkeys(mocks, float("inf"))
        # In turns, so that both meet the same load of the machine.
        for _ in range(_ROUNDS):
            for kind, mock in mocks.items():
                path = {"file_id": _known(mock)} if item else {}
                best[kind] = min(best[kind], _seconds(mock, asked, path, body))
        strict, lenient = (_REQUESTS / best[kind] for kind in mocks)
        worst = min(worst, lenient / strict)
        print(f"| {name} | {strict:,.0f} | {lenient:,.0f} | {lenient / strict:.2f} |")
    return 0 if worst >= _LEAST else 1


def _known(mock: MockServer) -> str:
    return str(mock.client.get("/files").json()["data"][0]["id"])


def _seconds(mock: MockServer, asked: str, path: Mapping[str, Any], body: bytes) -> float:
    pipeline = mock.mock.pipeline
    method, _, template = asked.partition(" ")
    operation = next(
        each
        for each in pipeline.contract.operations
        if (each.method, each.url_path) == (method, template)
    )
    messages = [
        Message(method, template, dict(path), b"", _HEADERS, body) for _ in range(_REQUESTS)
    ]
    start = time.process_time()
    for message in messages:
        pipeline(operation, message)
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
