"""`mockserver serve` as a process: start, banner, responses, state, reload, stop."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

import mockserver
from mockserver.server.asgi.protocol import MAX_HEAD

ROOT = Path(mockserver.__file__).parent.parent
CANCEL = (
    "/v1/sim-suites/3c90c3cc-0d44-4b50-8888-8dd25736052a"
    "/runs/3c90c3cc-0d44-4b50-8888-8dd25736052a/cancel"
)
THINGS = """
openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /things:
    get:
      operationId: listThings
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
"""


class Process:
    """A running server; `out` is its startup message."""

    def __init__(self, *args: str, cwd: Path) -> None:
        self.stderr = cwd / "stderr.txt"
        with self.stderr.open("w") as stderr:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--quiet", *args],
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=cwd,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                text=True,
            )
        assert self._popen.stdout is not None
        self.out = ""
        while "Ctrl-C" not in self.out:
            line = self._popen.stdout.readline()
            assert line, f"it did not start: {self.err}"
            self.out += line
        found = re.search(r"listens on (http://\S+)", self.out)
        assert found is not None
        self.url = found[1]

    @property
    def err(self) -> str:
        return self.stderr.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it and return the exit code."""
        self._popen.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        status = self._popen.wait(20)
        assert self._popen.stdout is not None
        self._popen.stdout.close()
        return status

    def kill(self) -> None:
        if self._popen.poll() is None:
            self._popen.kill()
            self.wait()


@contextmanager
def serving(*args: str, cwd: Path) -> Iterator[Process]:
    process = Process(*args, cwd=cwd)
    try:
        yield process
    finally:
        process.kill()


def refused(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A `serve` that exits before it listens, with one line."""
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", "serve", *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done


def soon(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.05)


def test_the_first_minute_with_feather(tmp_path: Path) -> None:
    state = tmp_path / "worlds.json"
    with serving("--state", "worlds.json", cwd=tmp_path) as process:
        assert "Feather API (feather, 56 operations)" in process.out
        assert "mock-key" in process.out
        assert f"{process.url}/__mock__/" in process.out
        assert "worlds.json" in process.out
        (curl,) = re.findall(r"curl .*", process.out)
        done = subprocess.run(curl, shell=True, capture_output=True, text=True, check=True)
        run = json.loads(done.stdout)
        assert {child["status"] for child in run["runs"]} <= {"completed", "failed", "cancelled"}

        health = httpx.get(process.url + "/__mock__/health")
        assert health.json()["status"] == "ok"
        assert "server" not in health.headers
        with httpx.Client(base_url=process.url, headers={"x-api-key": "mock-key"}) as client:
            again = client.post(CANCEL)
            assert again.json() == run
            long = client.get("/v1/agents", headers={"x": "a" * (MAX_HEAD + 1000)})
            assert long.status_code == 431
            assert set(long.json()) == {"error", "message"}
        assert process.stop(signal.SIGINT) == 0
        *covered, last = process.err.splitlines()
        assert covered[0] == "mockserver: 1 of 56 operations were requested (1 %)"
        assert last == "mockserver: the state is kept in worlds.json"
    assert oct(state.stat().st_mode)[-3:] == "600"

    with serving("--state", "worlds.json", cwd=tmp_path) as process:
        kept = httpx.post(process.url + CANCEL, headers={"x-api-key": "mock-key"})
        assert kept.json() == run
        assert process.stop(signal.SIGTERM) == 0


def test_a_port_in_use_is_found_out_before_anything_is_said(tmp_path: Path) -> None:
    with serving(cwd=tmp_path) as process:
        port = process.url.rpartition(":")[2]
        done = refused("--port", port, cwd=tmp_path)
        assert done.stderr.startswith(f"mockserver: port {port} on 127.0.0.1 is in use")


def test_changes_are_taken_over_and_the_state_is_kept(tmp_path: Path) -> None:
    document = tmp_path / "things.yaml"
    document.write_text(THINGS)
    with serving("things.yaml", "--reload", "--clock", "manual", cwd=tmp_path) as process:
        assert httpx.get(process.url + "/things").status_code == 200
        httpx.post(process.url + "/__mock__/clock", json={"advance": 60})

        # As many editors save: a new file under another name, then renamed.
        new = tmp_path / "things.yaml~"
        new.write_text(THINGS + THINGS.partition("paths:\n")[2].replace("hings", "oys"))
        new.rename(document)
        soon(lambda: httpx.get(process.url + "/toys").status_code == 200)
        assert "mockserver: reloaded things.yaml: 2 operations, the state is kept" in process.err
        clock = httpx.get(process.url + "/__mock__/clock").json()
        assert clock["now"] == "2026-01-01T00:01:00.000000Z"
        assert httpx.get(process.url + "/__mock__/health").json()["worlds"] == 1

        document.write_text("openapi: [")
        soon(lambda: "not reloaded" in process.err)
        assert "things.yaml" in process.err.splitlines()[-1]
        assert httpx.get(process.url + "/toys").status_code == 200
        assert "Traceback" not in process.err
        assert process.stop() == 0


def test_a_half_sent_request_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with serving(cwd=tmp_path) as process:
        with httpx.stream("GET", process.url + "/__mock__/health"):
            began = time.monotonic()
            assert process.stop() == 0
        assert time.monotonic() - began < 15
        assert "Traceback" not in process.err


def test_a_foreign_state_file_is_2_and_stays(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("{}")
    done = refused("--port", "0", "--state", "mine.json", cwd=tmp_path)
    assert done.stderr.startswith("mockserver: --state mine.json: ")
    assert (tmp_path / "mine.json").read_text() == "{}"
