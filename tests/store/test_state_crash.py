"""--state FILE and SIGKILL: the file is always complete, and the possible loss is bounded."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mockserver.server.state_file import SECONDS_BETWEEN_WRITES, StateFile
from tests.store.state_writer import new_store

ROUNDS = 8
INTERVAL = 0.05
SLOW_MACHINE = 5.0
ROOT = Path(__file__).resolve().parents[2]


def run_and_kill(path: Path, seconds: float) -> tuple[list[tuple[str, int, float]], float]:
    """The writer's output until it was killed, `seconds` after its first row, and the time
    of that."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.store.state_writer", str(path), str(INTERVAL)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
    )
    assert writer.stdout is not None
    first = writer.stdout.readline()
    time.sleep(seconds)
    writer.kill()
    killed = time.monotonic()
    said = first + writer.stdout.read()
    writer.stdout.close()
    writer.wait()
    lines = [line.split() for line in said.decode().splitlines()]
    return [(word, int(count), float(when)) for word, count, when in lines], killed


def rows_in(path: Path) -> int:
    """The number of rows that a new process loads from the file."""
    keeper = StateFile(path)
    keeper.store = store = new_store()
    keeper.load()
    with store.begin("mock-a") as world:
        rows = [row["id"] for row in world["things"].scan()][2:]  # behind those of the seed world
    assert rows == [f"{number:06}" for number in range(2, 2 + len(rows))]
    return len(rows) + 2


@pytest.mark.slow
def test_killed_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "worlds.json"
    chance = random.Random(3)
    during, kept = 0, 2
    for _ in range(ROUNDS):
        said, killed = run_and_kill(path, chance.uniform(0.1, 0.6))
        before, kept = kept, rows_in(path)
        written = max((count for word, count, _ in said if word == "written"), default=before)
        begun = max((count for word, count, _ in said if word == "snapshot"), default=before)
        during += begun > written
        # Whole: what was written last, or what was being written.
        assert kept in {written, begun}
        lost = [when for word, count, when in said if word == "row" and count > kept]
        assert all(killed - when < INTERVAL + SLOW_MACHINE for when in lost)
        assert not list(tmp_path.glob(".*.tmp")), "what was half written was cleared away"
    sys.stdout.write(f"{ROUNDS} times killed, {during} times while it wrote; {kept} rows kept\n")


def test_what_may_be_lost_is_as_documented() -> None:
    assert SECONDS_BETWEEN_WRITES == 3.0
    assert "the last 3 seconds" in (ROOT / "docs" / "scale.md").read_text("utf-8")
