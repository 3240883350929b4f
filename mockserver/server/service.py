"""`mockserver serve`: from the settings to a process that listens until stopped."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Awaitable, Callable
from dataclasses import field
from functools import partial
from itertools import chain
from pathlib import Path
from socket import socket
from typing import Any

import click
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.serialization import Sent
from mockserver.errors import Refusal, UsageError
from mockserver.files.cache import user_cache
from mockserver.files.documents import Source, find_document, naming, read_document
from mockserver.files.reading import without_secrets
from mockserver.files.secrets import read_key_file
from mockserver.records import dataclass
from mockserver.server.access import Guard
from mockserver.server.admin.app import admin_api
from mockserver.server.admin.request import Panel
from mockserver.server.asgi.uvicorn import Background, Server, bind_for, make_server, url_of
from mockserver.server.asgi.workers import Workers, end_with_parent
from mockserver.server.authorization import signing_key
from mockserver.server.banner import banner
from mockserver.server.config_file import (
    Config,
    leniency_in,
    naming_config,
    settled,
    sources_of,
)
from mockserver.server.cors import check_origins, with_cors
from mockserver.server.handlers_file import check_known, load_handlers
from mockserver.server.journal.coverage import Coverage, Tally
from mockserver.server.journal.journal import Journal
from mockserver.server.metrics import metrics_if_installed
from mockserver.server.mock import Mock, Options, load
from mockserver.server.request_log import LogStyle, RequestLog
from mockserver.server.shared import SharedJournal, keep_written
from mockserver.server.state_file import StateFile
from mockserver.server.terminal import plain, waiting
from mockserver.server.webhooks.delivery import Webhooks, keep_delivering
from mockserver.store.base import is_shared, shown

log = logging.getLogger("mockserver")


@dataclass(frozen=True)
class Serving:
    """Settings of `serve`, besides the mock's own options."""

    spec: str
    host: str = "127.0.0.1"
    port: int = 8000
    options: Options = field(default_factory=Options)
    workers: int = 1
    state: Path | None = None
    handlers: Path | None = None
    config: Path | None = None
    reload: bool = False
    control_token: str = ""
    quiet: bool = False
    log: LogStyle = "text"
    cors: tuple[str, ...] = ()
    prefix: bool = False
    drain: float = 0

    @property
    def store(self) -> str:
        return self.options.store


_OPTIONS = (
    *("seed", "seeds", "clock", "pace", "store", "max_body", "max_worlds", "har"),
    *("tenant_by", "upstream", "data", "calibration", "no_cache", "max_bytes", "ttl"),
    "strict_base_path",
)


def serving_of(given: dict[str, Any], config: Config) -> Serving:
    """Merge the settings of the command line and the file. Raises UsageError."""
    values = settled(given, config)
    keys = values.pop("api_key")
    files = values.pop("key_file")
    _check_keys(keys)
    if values["keys"] is not None and (keys or files):
        raise UsageError("--keys is a closed list: put the other keys into its file")
    check_origins(values["cors"])
    leniency = leniency_in(values)
    if values["tenant_by"] == "subject" and not leniency.any_key:
        raise UsageError(
            "--tenant-by subject is about the keys that --any-key accepts: add --any-key"
        )
    options = Options(
        key_list=values.pop("keys"),
        keys=(*keys, *chain.from_iterable(map(read_key_file, files))),
        webhook_hosts=tuple(host.lower() for host in values.pop("webhook_host")),
        undocumented=config.undocumented,
        leniency=leniency,
        overrides=config.overrides,
        settings=config.settings,
        sources=sources_of(values["upstream"], values.pop("from_upstream"), config),
        **{name: values.pop(name) for name in _OPTIONS},
    )
    serving = Serving(options=options, config=config.path, **values)
    _check_store(serving)
    return serving


def _check_keys(keys: tuple[str, ...]) -> None:
    for key in keys:
        if not key.isascii() or not key.isprintable() or not key.strip():
            raise UsageError(f"--api-key {key!r}: this key is not valid in a header")


def _check_store(serving: Serving) -> None:
    if is_shared(serving.store):
        if serving.options.har is not None:
            raise UsageError("--har needs worlds in memory; omit --store redis://...")
        if serving.state is not None:
            raise UsageError("--state needs worlds in memory; Redis keeps its own state: omit it")
    elif serving.workers > 1:
        raise UsageError(
            f"--workers {serving.workers}: worlds in memory belong to one process; to share them "
            "use --store redis://127.0.0.1:6379/0"
        )
    if serving.workers > 1 and serving.reload:
        raise UsageError("--reload works with one process: omit --workers")


class Service:
    """The application that is served; its `mock` can be replaced while it runs."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self.source: Source = find_document(serving.spec)
        self.journal = Journal()
        self.state = StateFile(serving.state) if serving.state is not None else None
        self.log = None if serving.quiet else RequestLog(lambda: self.journal, serving.log)
        self.webhooks: Webhooks | None = None
        self.coverage: Coverage | None = None
        self.tally = Tally(lambda: self.journal.update())
        self.metrics = metrics_if_installed(self.tally)
        self.panel: Panel
        self.mock: Mock
        self._app: ASGIApp

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._app(scope, receive, send)

    def record(self, exchange: Exchange) -> None:
        """Record what the pipeline reports. On the hot path."""
        self.journal(exchange)

    def refuse(self, refusal: Refusal, target: str) -> Sent:
        """The reply to a request that can't be parsed."""
        return self.mock.pipeline.refuse_unrouted(Message("?", target), refusal)

    def load(self, serving: Serving, source: Source) -> Mock:
        """A mock of the current document. Raises a MockServerError."""
        # Before a large document is read.
        handlers = load_handlers(serving.handlers) if serving.handlers is not None else None
        lost: list[str] = []
        cache = None if serving.options.no_cache else user_cache()
        with waiting(f"Loading {source.name}"):
            document = read_document(source, lost, cache)
            with naming(source.name, document), naming_config(serving.config):
                mock = load(document, serving.options, handlers=handlers, journal=self.record)
        for text in lost:
            log.warning("%s: %s", source.name, text)
        if handlers is not None:
            check_known(f"--handlers {serving.handlers}", handlers, mock.contract.names)
        return mock

    def install(self, mock: Mock, serving: Serving, source: Source) -> None:
        """Serve this mock from now on."""
        if mock.store.board is not None:
            self.journal.update()
            self.journal = SharedJournal(mock.store.board, mock.contract.by_id)
        if self.webhooks is None:
            self.webhooks = Webhooks(mock)
        self.webhooks.mock = mock  # subscriptions survive a reload
        if self.coverage is None:
            self.coverage = Coverage(mock.pipeline.contract, self.tally)
        self.coverage.contract = mock.pipeline.contract
        self.journal.counters = (self.tally.count,)
        hearing = (self.webhooks if self.webhooks.subscribes else None, self.state)
        self.journal.listeners = tuple(each.note for each in hearing if each is not None)
        panel = Panel(mock, self.journal, source.name, sender=self.webhooks)
        panel.coverage, panel.metrics = self.coverage, self.metrics
        self.panel = panel
        if self.state is not None:
            self.state.store = mock.store
            panel.changed, panel.state_file = self.state.changed, True
        guard = Guard(serving.control_token, frozenset({serving.host.lower()}))
        app = mock.app(admin_api(panel, guard))
        self._app = with_cors(app, serving.cors) if serving.cors else app
        self.mock, self.serving, self.source = mock, serving, source


def serve(resolve: Callable[[], Serving], say: Callable[[str], None]) -> None:
    """Serve until a signal arrives.

    `resolve` reads the settings, again after each change of the config file. Raises a
    MockServerError before anything is printed, or if the state can't be written at the end.
    """
    log_to_stderr()
    service = Service(resolve())
    serving = service.serving
    # Before reading a large document, so that a port in use is reported at once.
    sockets = bind_for(serving.host, serving.port, serving.workers)
    try:
        background = prepare(service, resolve)
        # What has been loaded stays: exempt it from garbage collection.
        gc.freeze()
        announce = partial(_announce, service, url_of(sockets[0], serving.host), say)
        if serving.workers > 1:
            _serve_in_workers(service, sockets, background, announce)
        else:
            server = make_server(
                service, service.refuse, on_listening=announce, background=background
            )
            drain_before_end(server, service)
            server.run(sockets=sockets[0])
    finally:
        for opened in chain.from_iterable(sockets):
            opened.close()
    service.mock.store.close()
    print_coverage(service)
    if service.state is not None:
        if service.state.save():
            log.info("the state is kept in %s", service.state.shown)
        service.state.release()


def print_coverage(service: Service, name: str = "") -> None:
    """At the end, print the coverage of the document, if there were requests."""
    if service.coverage is not None and service.coverage.requests:
        for line in service.coverage.lines():
            log.info("%s", plain(f"{name}: {line}" if name else line))


def _announce(service: Service, url: str, say: Callable[[str], None]) -> None:
    notes = serving_notes(service.serving)
    say(banner(service.mock, service.source.name, url, notes))


def _serve_in_workers(
    service: Service,
    sockets: list[list[socket]],
    background: list[Background],
    started: Callable[[], None],
) -> None:
    def work(index: int, life: int) -> None:
        together: list[Background] = [*background, partial(end_with_parent, life)]
        server = make_server(service, service.refuse, background=together)
        drain_before_end(server, service)
        server.run(sockets=sockets[index])

    service.mock.store.close()
    Workers(service.serving.workers, work, drain=service.serving.drain).run(started)


def drain_before_end(server: Server, service: Service) -> None:
    """Let a server go on for --drain seconds after a signal, and /readyz say so."""

    def begin() -> None:
        service.panel.draining = True
        log.info("draining for %g s; another signal ends it at once", server.drain)

    server.drain, server.on_drain = service.serving.drain, begin


def prepare(service: Service, resolve: Callable[[], Serving]) -> list[Background]:
    """Load the mock and its state; returns the background tasks of the server."""
    serving, source = service.serving, service.source
    service.install(service.load(serving, source), serving, source)
    background: list[Background] = []
    if service.state is not None:
        service.state.load()
        service.state.claim()
        background.append(service.state.keep)
    if serving.workers > 1 and service.mock.api.credentials.sign is not None:
        signing_key()  # all of them sign with the same key
    if is_shared(serving.store):
        background.append(partial(keep_written, lambda: service.journal))
    if service.webhooks is not None and service.mock.api.webhooks.announcements:
        background.append(partial(keep_delivering, service.webhooks))
    if service.log is not None:
        background.append(service.log.keep_writing)
    if serving.reload:
        background.append(_watcher(service, resolve))
    return background


def _watcher(service: Service, resolve: Callable[[], Serving]) -> Background:
    from mockserver.server.reload import Reloader

    return Reloader(service, resolve).run


def serving_notes(serving: Serving) -> list[tuple[str, str]]:
    """Further lines of the banner."""
    notes = [("lenient", words)] if (words := serving.options.leniency.words) else []
    if is_shared(serving.store):
        notes.append(("store", shown(serving.store)))
    if serving.workers > 1:
        notes.append(("workers", str(serving.workers)))
    if serving.config is not None:
        notes.append(("config", str(serving.config)))
    if serving.options.upstream:
        passed = [name for name, who in serving.options.sources.items() if who == "upstream"]
        notes.append(
            ("upstream", f"{without_secrets(serving.options.upstream)} ({', '.join(passed)})")
        )
    if serving.handlers is not None:
        notes.append(("handlers", str(serving.handlers)))
    if serving.options.calibration is not None:
        notes.append(("calibration", str(serving.options.calibration)))
    if serving.options.data is not None:
        notes.append(("data", str(serving.options.data)))
    if serving.options.har is not None:
        notes.append(("archive", str(serving.options.har)))
    if serving.state is not None:
        notes.append(("state file", str(serving.state)))
    if serving.reload:
        notes.append(("reload", "on every change"))
    return notes


class _ToStderr(logging.Handler):
    """Writes one plain line per message to the current standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError, ValueError):
            click.echo(f"mockserver: {self.format(record)}", err=True)


def log_to_stderr() -> None:
    """Log our own messages, and uvicorn's errors only."""
    handler = _ToStderr()
    for name, level in (("mockserver", logging.INFO), ("uvicorn.error", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.handlers = [handler]
