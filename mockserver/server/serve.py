"""`mockserver serve`: from the settings to a process that listens until it is told to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp

from mockserver.errors import UsageError
from mockserver.server.banner import banner
from mockserver.server.control import control_plane
from mockserver.server.documents import DEFAULT_SPEC, Source, find_document, read_document
from mockserver.server.guard import Guard
from mockserver.server.journal import Journal
from mockserver.server.mock import Mock, Options, load
from mockserver.server.panel import Panel
from mockserver.server.serving import bind, make_server, url_of


@dataclass(frozen=True)
class Serving:
    """What `serve` was told, beside the mock's own options."""

    spec: str = DEFAULT_SPEC
    host: str = "127.0.0.1"
    port: int = 8000
    options: Options = field(default_factory=Options)
    store: str = "memory"
    workers: int = 1
    state: Path | None = None
    handlers: Path | None = None
    config: Path | None = None
    reload: bool = False
    control_token: str = ""


def serve(serving: Serving, say: Callable[[str], None]) -> None:
    """Serve until a signal comes. Raises a MockServerError before listening, or not at all."""
    _refuse_what_is_to_come(serving)
    source = find_document(serving.spec)
    journal = Journal()
    # Binding first: a port in use is found out before a large document is read.
    sockets = bind(serving.host, serving.port)
    try:
        mock = load(read_document(source), serving.options, journal=journal)
        app = build(mock, source, serving, journal)
        url = url_of(sockets, serving.host)
        server = make_server(app, lambda: say(banner(mock, source.name, url, [])))
        _quiet_logs()
        server.run(sockets=sockets)
    finally:
        for opened in sockets:
            opened.close()


def build(mock: Mock, source: Source, serving: Serving, journal: Journal) -> ASGIApp:
    """The application with its control plane."""
    panel = Panel(mock, journal, source.name)
    guard = Guard(serving.control_token, frozenset({serving.host.lower()}))
    return mock.app(control_plane(panel, guard))


def _refuse_what_is_to_come(serving: Serving) -> None:
    if serving.store.startswith(("redis://", "rediss://")):
        raise UsageError("--store redis://... is still to come; worlds are kept in memory for now")
    if serving.store != "memory":
        raise UsageError(f"--store {serving.store}: there is memory, and redis:// is still to come")
    if serving.workers != 1:
        raise UsageError(
            f"--workers {serving.workers}: worlds kept in memory belong to one process; "
            "leave it at 1 until --store redis:// is there"
        )


def _quiet_logs() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("mockserver: %(message)s"))
    for name, level in (("mockserver", logging.INFO), ("uvicorn.error", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.propagate = False
        logger.handlers = [handler]
