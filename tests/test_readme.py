"""The README's own API and the tour of Feather, run as printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
FEATHER = (ROOT / "docs/tutorial/feather.md").read_text()
TOUR = re.findall(r"<!-- tour -->\n```sh\n(.*?)```", FEATHER, re.DOTALL)


def test_it_is_short() -> None:
    lines = README.splitlines()
    assert len(lines) <= 150
    links = re.compile(r"\]\([^)]*\)")
    assert not [line for line in lines if len(links.sub("]", line)) > 100]


@pytest.mark.skipif(shutil.which("curl") is None, reason="it is made of curl commands")
def test_an_api_of_one_s_own_works_as_printed(tmp_path: Path) -> None:
    (document,) = re.findall(r"<!-- document -->\n```yaml\n(.*?)```", README, re.DOTALL)
    (script,) = re.findall(r"<!-- tour -->\n```sh\n(.*?)```", README, re.DOTALL)
    (tmp_path / "renders.yaml").write_text(document)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    command = f"{sys.executable} -m mockserver serve"
    script = script.replace("8000", port).replace("mockserver serve", command)
    done = subprocess.run(
        ["bash", "-euc", f"trap 'kill %1 || true' EXIT\n{script}"],
        capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    said = [value for value in values(done.stdout) if isinstance(value, dict)]
    queued, clock, finished, cancelled, refused = [one for one in said if one != {"status": "ok"}]
    assert (queued["status"], finished["status"]) == ("queued", "done")
    assert finished["id"] == queued["id"]
    assert clock["mode"] == "manual"
    assert cancelled["status"] == "cancelled"
    assert refused["status"] == 422


def test_the_document_has_no_problem(tmp_path: Path) -> None:
    """Who tries `check` and `test` next has no findings about the page's own document."""
    (document,) = re.findall(r"<!-- document -->\n```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "renders.yaml").write_text(document)
    command = [sys.executable, "-m", "mockserver", "check", "--strict", "renders.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout


def values(text: str) -> list[Any]:
    """The JSON values and the lines of a text, in order."""
    decoder = json.JSONDecoder()
    found: list[Any] = []
    while text := text.strip():
        if text[0] in "{[":
            value, end = decoder.raw_decode(text)
        else:
            value, end = text.partition("\n")[0], text.find("\n") % (len(text) + 1)
        found.append(value)
        text = text[end:]
    return found


@pytest.fixture
def server() -> Iterator[str]:
    """The base URL of `mockserver serve`, as run by `make serve`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "serve", "--port", str(port), "--quiet"],
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/__mock__/health")
                break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is made of curl commands")
def test_the_tour_works_as_printed(server: str, tmp_path: Path):
    script = "".join(TOUR).replace("http://127.0.0.1:8000", server)
    done = subprocess.run(
        ["bash", "-euc", script],
        capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path,
    )  # fmt: skip
    cancelled, fresh, clock, later, *refused, reset, anew, back, again = values(done.stdout)
    before = {run["status"] for run in cancelled["runs"]}
    assert before <= {"completed", "failed", "cancelled"}
    assert "cancelled" in before
    assert cancelled["status"] == "failed"
    started = json.loads((tmp_path / "run.json").read_text())
    assert started["status"] == "pending"
    assert fresh.startswith(f"{started['id']} is ")
    assert fresh.count("pending") + fresh.count("running") == 6
    assert clock["mode"] == "real"
    assert later.startswith(f"{started['id']} is ")
    assert "pending" not in later
    assert refused[0]["detail"][0]["type"] == "greater_than_equal"
    assert refused[1]["detail"][0]["type"] == "uuid_parsing"
    assert refused[2]["error"] == "authentication_required"
    assert json.loads((tmp_path / "theirs.json").read_text())["items"]
    assert list(json.loads((tmp_path / "world.json").read_text())["worlds"]) == ["mock-key"]
    assert reset
    assert started["id"] not in anew
    assert back
    assert again == later


def test_the_python_example_works_as_printed():
    """The README's pytest example is in test_packaging."""
    (example,) = re.findall(r"(?<!<!-- test -->\n)```python\n(.*?)```", FEATHER, re.DOTALL)
    exec(compile(example, "feather.md", "exec"), {})
