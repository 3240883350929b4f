"""`mockserver serve` as a separate process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.store.redis_server import free_port

HEADERS = {"x-api-key": "mock-key"}


class Served:
    """A served mock, with its output."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"mockserver-{self.port}.log"
        command = [sys.executable, "-m", "mockserver", "serve", "--port", str(self.port), "--quiet"]
        command += options
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=log, stderr=log, env=environment
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                httpx.get(f"{self.url}/__mock__/health", timeout=5).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError(f"it did not start: {self.said()}")

    def said(self) -> str:
        return self.log.read_text()

    def workers(self) -> list[int]:
        """The worker processes (Linux)."""
        pid = self.process.pid
        return [int(w) for w in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; returns the exit status."""
        self.process.send_signal(number)
        return self.process.wait(20)
