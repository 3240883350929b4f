"""docs/scale.md: failing examples of one CI job are tried first by others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.redis_server import RedisServer

DOCS = Path(__file__).resolve().parents[2] / "docs" / "scale.md"

TEST = """
from hypothesis import Phase, given, settings, strategies as st

@settings(phases=PHASES, max_examples=2000)
@given(st.integers(0, 2**64))
def test_rare(number):
    assert number % 97 or number < 10**6
"""


def job(folder: Path, url: str, phases: str) -> subprocess.CompletedProcess[str]:
    """A CI job in its own folder: the documented conftest.py and one test."""
    folder.mkdir()
    found = re.search(r"<!-- fleet -->\n```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert found is not None
    (folder / "conftest.py").write_text(found[1])
    (folder / "test_rare.py").write_text(TEST.replace("PHASES", phases))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=folder,
        env={**os.environ, "HYPOTHESIS_REDIS": url, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_failing_example_travels(redis_server: RedisServer, tmp_path: Path) -> None:
    pytest.importorskip("redis")
    url = redis_server.url.removesuffix("/0") + "/9"
    reuse = "[Phase.reuse]"
    finder = job(tmp_path / "finder", url, "[Phase.reuse, Phase.generate, Phase.shrink]")
    assert finder.returncode == 1, finder.stdout
    other = job(tmp_path / "other", url, reuse)
    assert other.returncode == 1, other.stdout
    falsified = re.search(r"number ?= ?[\d_]+", finder.stdout)
    assert falsified is not None, finder.stdout
    assert falsified[0] in other.stdout
