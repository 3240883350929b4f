"""A Feather mock with many personas in the world `mock-key`, for pages among a million.

python bench/filled.py PORT COUNT
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mockserver.engine.pipeline import Message
from mockserver.engine.world import digest, uuid_of
from mockserver.files.documents import as_document
from mockserver.server.asgi.uvicorn import bind, make_server
from mockserver.server.mock import Options, load


def personas(known: Any, count: int) -> Iterator[Any]:
    """Copies of a row with unique ids and times."""
    for number in range(count):
        key = uuid_of(digest("persona", number))
        yield {**known, "id": key, "created_at": known["created_at"] - number}


def main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    mock = load(as_document("feather"), Options())
    with mock.store.begin("mock-key") as world:
        rows: Any = world["personas"]
        rows.fill(list(personas(next(rows.scan()), count)))
        world.commit()
    server = make_server(
        mock.app(),
        lambda refusal, target: mock.pipeline.refuse_unrouted(Message("?", target), refusal),
    )
    server.run(sockets=bind("127.0.0.1", port))


if __name__ == "__main__":
    main()
