"""The mocks of one MCP session: separate processes, used over HTTP."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Thread
from typing import Any

import httpx

from mockserver.errors import UsageError, did_you_mean
from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.path_templates import filled

SECONDS_TO_START = 60.0
SECONDS_TO_ANSWER = 30.0


@dataclass
class Mock:
    """A running mock. `process` is None if this session did not start it."""

    url: str
    key: str = "mock-key"
    token: str = ""
    process: subprocess.Popen[str] | None = None
    _contract: Contract | None = field(default=None, repr=False)

    @property
    def contract(self) -> Contract:
        if self._contract is None:
            self._contract = build_contract(self.admin("GET", "document"))
        return self._contract

    def operation(self, name: str) -> Operation:
        """The operation of this id. Raises UsageError with similar names if there is none."""
        if name not in self.contract.names:
            hint = did_you_mean(name, self.contract.names, 3) or "see list_operations"
            raise UsageError(f"there is no operation {name!r}; {hint}")
        return self.contract.by_id[self.contract.names[name]]

    def admin(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request to the admin API. Raises UsageError with the mock's error."""
        wanted = {name: value for name, value in query.items() if value is not None}
        headers = {"x-mock-token": self.token} if self.token else {}
        answer = self._send(method, f"/__mock__/{path}", params=wanted, json=body, headers=headers)
        try:
            lines = answer.json()
        except ValueError:
            raise UsageError(f"{self.url}: {method} /__mock__/{path} did not return JSON") from None
        if answer.is_error:
            raise UsageError(str(lines.get("error", lines)))
        return lines

    def call(self, operation: Operation, sent: Call) -> httpx.Response:
        path = filled(operation.url_path, sent.path)
        if "{" in path:
            raise UsageError(f"{operation.path}: give a value in `path` for each name in braces")
        body = {} if sent.body is None else {"json": sent.body}
        headers = {"x-mock-tenant": self.key, **sent.headers}
        return self._send(operation.method, path, params=sent.query, headers=headers, **body)

    def _send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        try:
            return httpx.request(
                method, self.url + path, timeout=SECONDS_TO_ANSWER, trust_env=False, **rest
            )
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise UsageError(f"the mock at {self.url} does not respond: {reason}") from None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Call:
    """The parts of a request that differ between calls."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    body: Any


class Mocks:
    """The mocks of one session, by name."""

    def __init__(self) -> None:
        self._mocks: dict[str, Mock] = {}

    def __getitem__(self, name: str) -> Mock:
        if not name and len(self._mocks) == 1:
            return next(iter(self._mocks.values()))
        if name not in self._mocks:
            known = ", ".join(self._mocks) or "none: use start_mock"
            raise UsageError(f"there is no mock {name!r}; running: {known}")
        return self._mocks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._mocks)

    def add(self, name: str, mock: Mock) -> str:
        base, number = name, 1
        while name in self._mocks:
            number += 1
            name = f"{base}-{number}"
        self._mocks[name] = mock
        return name

    def stop(self, name: str) -> None:
        mock = self[name]
        for known in [known for known, found in self._mocks.items() if found is mock]:
            del self._mocks[known]
        mock.stop()

    def close(self) -> None:
        for name in [*self._mocks]:
            self.stop(name)


def started(document: str, options: Mapping[str, Any]) -> Mock:
    """Start a mock in its own process. Raises UsageError with its output if it can't start."""
    command = [sys.executable, "-m", "mockserver", "serve", document, "--port", "0", "--quiet"]
    for name, value in options.items():
        if value not in (None, "", False):
            flag = f"--{name.replace('_', '-')}"
            command += [flag] if value is True else [flag, str(value)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: Queue[str] = Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)

    Thread(target=read, daemon=True).start()
    output: list[str] = []
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        with contextlib.suppress(Empty):
            line = lines.get(timeout=0.1)
            output.append(line.strip())
            if " listens on http" in line:
                return Mock(line.rpartition(" ")[2].strip(), process=process)
            continue
        if process.poll() is not None:
            break
    process.kill()
    process.wait()
    raise UsageError(" ".join(filter(None, output)) or f"{document}: the mock did not start")
