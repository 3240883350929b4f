"""The example project, as its README runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())


@pytest.mark.skipif(shutil.which("make") is None, reason="the commands are in a Makefile")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_works(example: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(example, tmp_path / "project")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PYTHON": sys.executable,
        "MOCKSERVER": f"{sys.executable} -m mockserver",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["make", "test", "check"],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    assert "queued > rendering > done, or failed  [mockserver.toml]" in done.stdout
    assert "handlers.py:8" in done.stdout
