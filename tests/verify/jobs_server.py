"""A small service of jobs that can be cancelled and retried, optionally with a planted fault."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.documents import TEXT

Json = Any
STATES = ["queued", "running", "done", "failed", "cancelled"]


def document(slash: str = "", wrap: str = "", post_list: bool = False) -> dict[str, Json]:
    """`slash` ends the collection's path, `wrap` is the object around a job in replies."""
    job = {
        "type": "object",
        "required": ["id", "name", "status"],
        "properties": {
            "id": TEXT,
            "name": TEXT,
            "status": {"type": "string", "enum": STATES, "readOnly": True},
            "version": {"type": "integer", "readOnly": True},
        },
    }
    one = {"type": "object", "required": [wrap], "properties": {wrap: job}} if wrap else job
    rows = {"type": "array", "items": job}
    many = {"type": "object", "required": ["items"], "properties": {"items": rows}}
    body = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}

    def reply(schema: Json, status: str = "200") -> Json:
        return {status: {"description": "It.", "content": {"application/json": {"schema": schema}}}}

    refusals = {s: {"description": "No."} for s in ("400", "404", "409", "422")}
    item = [{"name": "job_id", "in": "path", "required": True, "schema": TEXT}]
    listing: Json = {"operationId": "listJobs", "responses": reply(many)}
    create = {
        "operationId": "makeJob",
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {**reply(one, "201"), **refusals},
    }
    paths: dict[str, Json] = {
        f"/jobs{slash}": {"post": create},
        "/jobs/{job_id}": {
            "parameters": item,
            "get": {"operationId": "getJob", "responses": {**reply(one), **refusals}},
            "delete": {
                "operationId": "removeJob",
                "responses": {"204": {"description": "Gone."}, **refusals},
            },
        },
    }
    for verb in ("cancel", "retry"):
        paths[f"/jobs/{{job_id}}/{verb}"] = {
            "parameters": item,
            "post": {"operationId": f"{verb}Job", "responses": {**reply(one), **refusals}},
        }
    if post_list:
        number = {"type": "integer", "minimum": 0, "maximum": 200}
        pending = {"type": "object", "properties": {"limit": number, "offset": number}}
        listing["responses"] = reply(rows)
        listing["requestBody"] = {"content": {"application/json": {"schema": pending}}}
        paths["/jobs/filter"] = {"post": listing}
    else:
        paths[f"/jobs{slash}"]["get"] = listing
    return {"openapi": "3.1.0", "info": {"title": "Jobs", "version": "1"}, "paths": paths}


class Moments:
    """A simulated clock for both the server and the `Time` of a run."""

    still = False

    def __init__(self, patience: float = 20, step: float = 0.3) -> None:
        self.now, self.deadline, self.step = 0.0, patience, step

    @property
    def moment(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pass_(self, seconds: float) -> bool:
        self.now += max(0.0, min(self.step, seconds))
        return self.now < self.deadline


@dataclass
class Jobs:
    """Jobs that go from queued to running to done in a second; `fault` selects what is wrong."""

    fault: str = ""
    slash: str = ""
    wrap: str = ""
    rows: dict[str, dict[str, Json]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    clock: Moments = field(default_factory=Moments)

    def shown(self, job: dict[str, Json]) -> dict[str, Json]:
        age = self.clock.now - job["since"]
        status = job["ended"] or ("queued" if age < 0.2 else "running" if age < 1 else "done")
        return {"id": job["id"], "name": job["name"], "status": status, "version": job["version"]}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Json]:
        self.log.append(f"{method} {path}")
        if path in (f"/jobs{self.slash}", "/jobs/filter"):
            if method == "POST" and path != "/jobs/filter":
                return self._make(body)
            rows = [self._row(job) for job in list(self.rows.values())]
            return 200, rows if path == "/jobs/filter" else {"items": rows}
        _, _, identity, *verb = path.split("/")
        job = self.rows.get(identity)
        if job is None:
            return 404, {"detail": "none"}
        if method == "DELETE" and not verb:
            del self.rows[identity]
            return 204, None
        if method == "GET" and not verb:
            return 200, self._wrapped(self.shown(job))
        if method == "POST" and verb == ["cancel"]:
            return self._cancel(job)
        if method == "POST" and verb == ["retry"]:
            return self._retry(job)
        return 405, {"detail": "no"}

    def _wrapped(self, value: Json) -> Json:
        return {self.wrap: value} if self.wrap else value

    def _row(self, job: dict[str, Json]) -> Json:
        row = self.shown(job)
        if self.fault == "list forgets" and row["status"] == "cancelled":
            row["status"] = "running"
        return row

    def _make(self, body: bytes) -> tuple[int, Json]:
        try:
            value = json.loads(body)
        except ValueError:
            return 400, {"detail": "no JSON"}
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            return 422, {"detail": "no name"}
        job = {"id": str(uuid.uuid4()), "name": value["name"], "version": 1, "ended": ""}
        job["since"] = self.clock.now
        self.rows[job["id"]] = job
        return 201, self._wrapped(self.shown(job))

    def _cancel(self, job: dict[str, Json]) -> tuple[int, Json]:
        status = self.shown(job)["status"]
        if status in ("done", "failed") and self.fault != "cancels what is done":
            if self.fault == "refuses and changes":
                job["name"] = "changed"
            return 409, {"detail": "it has ended"}
        if status == "cancelled" and self.fault == "cancel toggles":
            job["ended"] = "failed"
        elif self.fault != "cancel does nothing":
            job["ended"] = "cancelled"
        job["version"] += 1
        other = next(iter(self.rows.values())) if self.fault == "answers another" else job
        return 200, self._wrapped(self.shown(other))

    def _retry(self, job: dict[str, Json]) -> tuple[int, Json]:
        if self.shown(job)["status"] not in ("failed", "cancelled"):
            return 409, {"detail": "it has not failed"}
        job["ended"], job["since"] = "", self.clock.now
        job["version"] += 1
        return 200, self._wrapped(self.shown(job))


def closes(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a response."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def hangs(handler: BaseHTTPRequestHandler) -> None:
    """Send nothing for longer than any client waits."""
    time.sleep(4)


def drips(handler: BaseHTTPRequestHandler) -> None:
    """Send a reply that never quite ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
    handler.wfile.write(b"content-length: 1000\r\n\r\n")
    for _ in range(40):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def drips_its_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-pad: ")
    for _ in range(40):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


def streams(handler: BaseHTTPRequestHandler) -> None:
    """Send an event stream that stays open."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
    for number in range(40):
        handler.wfile.write(b"data: %d\n\n: heartbeat\n\n" % number)
        handler.wfile.flush()
        time.sleep(0.1)


@dataclass
class Troubled:
    """A service with failures: `when` gets the number of a request, its method and path, and
    returns the response to send instead (None: the normal one)."""

    behind: Any
    when: Callable[[int, str, str], tuple[int, Json] | None]
    headers: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Json]:
        self.count += 1
        return self.when(self.count, method, path) or self.behind.answer(method, path, body)


@contextmanager
def serving(jobs: Any) -> Iterator[str]:
    """The URL of a server whose `answer(method, path, body)` returns status and JSON; the path has
    its query if `with_query` is set."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body go out as two packets, and without this the second waits for an ACK: 40 ms.
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            path = self.path if getattr(jobs, "with_query", False) else self.path.partition("?")[0]
            status, value = jobs.answer(self.command, path, body)
            if callable(value):
                # An answer that is none, or none that ends.
                with suppress(OSError):
                    value(self)
                self.close_connection = True
                return
            content = b"" if value is None else json.dumps(value).encode()
            self.send_response(status)
            for name, text in getattr(jobs, "headers", {}).items():
                self.send_header(name, text)
            if value is not None:
                self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer
        do_HEAD = do_OPTIONS = do_TRACE = _answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
