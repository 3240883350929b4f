"""Commits rows until it is killed, and keeps them with `--state`.

    python state_writer.py FILE SECONDS_BETWEEN_WRITES

Prints `row N` for each committed row, `snapshot N` when a write starts with N rows and `written N`
when it has ended.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from mockserver.engine.clock import Clock
from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.world import Settings
from mockserver.server import state_file
from mockserver.store.memory import MemoryStore
from tests.store.machine import API

PADDING = "x" * 20_000


def say(word: str, count: int) -> None:
    sys.stdout.write(f"{word} {count} {time.monotonic()}\n")
    sys.stdout.flush()


class Telling(state_file.StateFile):
    """A state file that prints when it writes."""

    def _write(self, snapshot: dict[str, Any]) -> None:
        count = len(snapshot["worlds"]["mock-a"]["collections"]["things"])
        say("snapshot", count)
        super()._write(snapshot)
        say("written", count)


def new_store() -> MemoryStore:
    clock = Clock("manual", 0, 0)
    return MemoryStore(API, Settings(), real_now=lambda: 0, clock=clock)


async def work(path: Path) -> None:
    keeper = Telling(path)
    keeper.store = store = new_store()
    keeper.load()
    writing = asyncio.create_task(keeper.keep())
    while True:
        with store.begin("mock-a") as world:
            number = len(world["things"])
            row = {"id": f"{number:06}", "created_at": number, "colour": None, "parent": PADDING}
            world["things"].put(row)
            world.commit()
        keeper.note(Exchange(Message("POST", "/"), None, "mock-a"))
        say("row", number + 1)
        await asyncio.sleep(0.002)
        assert not writing.done()


if __name__ == "__main__":
    state_file.SECONDS_BETWEEN_WRITES = float(sys.argv[2])
    asyncio.run(work(Path(sys.argv[1])))
