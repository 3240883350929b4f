"""The cost of a page of an inferred list among many rows, relative to one among few.

    python bench/lists.py [--most 1000000] [--rounds 40]

In one process, with interleaved sizes, so that other load affects all equally.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mockserver import MockServer

TEXT = {"type": "string"}
PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": TEXT, "name": TEXT, "owner_id": TEXT},
}
QUERY = [
    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
    {"name": "cursor", "in": "query", "schema": TEXT},
    {"name": "owner_id", "in": "query", "schema": TEXT},
]


def answer(schema: Any, status: str = "200") -> dict[str, Any]:
    return {
        "responses": {
            status: {"description": "ok", "content": {"application/json": {"schema": schema}}}
        }
    }


PAGE = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": PET},
        "next_cursor": {"type": ["string", "null"]},
    },
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {
            "get": {"parameters": QUERY, **answer(PAGE)},
            "post": {
                "requestBody": {"content": {"application/json": {"schema": PET}}},
                **answer(PET, "201"),
            },
        },
        "/pets/{pet_id}": {
            "parameters": [{"name": "pet_id", "in": "path", "required": True, "schema": TEXT}],
            "get": answer(PET),
        },
    },
}
WORKS = {"the first page": "/pets?limit=20", "of one owner": "/pets?limit=20&owner_id=o1"}


def filled(size: int) -> MockServer:
    """A server with this many pets, forty of which belong to `o1`."""
    server = MockServer(DOCUMENT, clock="manual")
    client = server.client
    client.get("/pets")
    made = client.post("/pets", json={"id": "first", "name": "first", "owner_id": "o1"}).json()
    store = server.mock.store
    snapshot = store.snapshot(None)
    world = next(w for w in snapshot["worlds"].values() if w["collections"].get("pets"))
    rows = world["collections"]["pets"]
    like = next(row for row in rows if row["id"] == made["id"])
    for number in range(size - len(rows)):
        owner = "o1" if number % max(1, size // 40) == 0 else f"p{number % 50}"
        key = f"pet-{number}"
        data = {"id": key, "name": f"n{number}", "owner_id": owner}
        rows.append({**like, "id": key, "n": like["n"] + 1 + number, "data": data,
                     "by owner_id": owner})  # fmt: skip
    store.restore(snapshot)
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    sizes = [size for size in (100, 10_000, 1_000_000) if size <= options.most]
    servers = {size: filled(size) for size in sizes}
    for name, path in WORKS.items():
        taken: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(options.rounds):
            for size, server in servers.items():
                begun = time.perf_counter()
                reply = server.client.get(path)
                taken[size].append(time.perf_counter() - begun)
                assert len(reply.json()["items"]) == 20, reply.text
        # The lower quartile: what else the machine does only ever adds.
        least = {size: statistics.quantiles(times, n=4)[0] for size, times in taken.items()}
        for size in sizes[1:]:
            ratio = least[size] / least[100]
            print(f"{name}: {size:,} rows cost {ratio:.2f} times what 100 cost")


if __name__ == "__main__":
    main()
