"""A Redis (or Valkey) server for the tests."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

BINARY = shutil.which("redis-server") or shutil.which("valkey-server")
WHY_NOT = "no redis-server or valkey-server on this machine (Debian: apt install redis-server)"


class RedisServer:
    """A server that can be stopped, killed and restarted in its folder, on its port."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        assert BINARY is not None, WHY_NOT
        place = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder))
        self._process = subprocess.Popen(
            [BINARY, *place, "--save", "", *self._options], stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + 20
        while not self._answers():
            assert self._process.poll() is None, "the Redis server did not start"
            assert time.monotonic() < until, "the Redis server does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def halt(self) -> None:
        """SIGSTOP: connections are accepted but get no response."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as opened:
                opened.sendall(b"PING\r\n")
                return opened.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
