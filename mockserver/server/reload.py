"""`--reload`: reload changed files in the running process, and keep the state."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchfiles import Change, awatch

from mockserver.engine.faults.spec import read_fault
from mockserver.errors import BadRequest, MockServerError, StoreError
from mockserver.files.documents import find_document, other_files
from mockserver.files.wording import counted
from mockserver.server.config_file import DEFAULT_CONFIG, beside
from mockserver.server.mock import Mock, real_now

if TYPE_CHECKING:
    from mockserver.server.service import Service, Serving

log = logging.getLogger("mockserver")

_FIXED = ("host", "port", "state", "store", "workers", "reload")
MILLISECONDS_TO_SETTLE = 100
_SHOWN_ONLY = ("id", "met", "struck")


class Reloader:
    """Watches the document, handlers, config and calibration file of a service."""

    def __init__(self, service: Service, resolve: Callable[[], Serving]) -> None:
        self._service = service
        self._resolve = resolve

    def files(self) -> set[Path]:
        """The watched files. A link counts with its target."""
        serving = self._service.serving
        given = (
            self._service.source.path,
            serving.handlers,
            serving.config,
            serving.options.calibration,
        )
        named = {path.absolute() for path in given if path is not None}
        if self._service.source.path is not None:
            named |= other_files(self._service.source)
            if serving.config is None:  # one that is written later counts from then on
                later = filter(None, (DEFAULT_CONFIG, beside(serving.spec)))
                named |= {path.absolute() for path in later}
        return named | {path.resolve() for path in named}

    async def run(self) -> None:
        """Reload on every change, until cancelled."""
        if self._service.source.path is None:
            log.warning("--reload: a document at a URL is not watched")
        while files := self.files():
            try:
                await self._watch(files)
            except OSError as error:
                log.error("--reload is off: the files can't be watched: %s", error)
                return

    async def _watch(self, files: set[Path]) -> None:
        # Watch folders, not files: many editors write a new file and rename it.
        folders = {path.parent for path in files if path.parent.is_dir()}

        def wanted(change: Change, path: str) -> bool:
            return Path(path) in files

        async for _ in awatch(
            *folders, watch_filter=wanted, step=MILLISECONDS_TO_SETTLE, recursive=False
        ):
            await self.reload()
            if self.files() != files:
                return

    async def reload(self) -> bool:
        """Replace the mock; returns whether it was. Errors are logged and change nothing."""
        service = self._service
        try:
            serving = self._resolve()
            source = find_document(serving.spec)
            mock = await asyncio.to_thread(service.load, serving, source)
            # No request comes in between, because nothing here awaits.
            dropped = carry_over(service.mock, mock)
        except MockServerError as error:
            log.error("not reloaded, still serving the previous version: %s", error)
            return False
        for fault in carry_faults(service.mock, mock):
            log.warning("the fault %s no longer matches any operation and was removed", fault)
        for stub in mock.stubs.take_over(service.mock.stubs, mock.contract.by_id):
            log.warning("the document no longer has the operation of %s, which was removed", stub)
        before = service.serving
        service.install(mock, serving, source)
        log.info(
            "reloaded %s: %s, the state is kept",
            source.name,
            counted(len(mock.contract.operations), "operation"),
        )
        for name in dropped:
            log.warning("the document no longer has %s; its state was dropped", name)
        for name in _FIXED:
            if getattr(before, name) != getattr(serving, name):
                log.warning("a change of %s takes effect after a restart", name)
        return True


def carry_over(before: Mock, after: Mock) -> list[str]:
    """Move the state to a new mock; returns collections that it does not have.

    Raises StoreError if the rest does not fit either.
    """
    if after.store.board is not None:
        return []  # already known; collections that no longer exist are ignored
    snapshot = before.store.snapshot(None)
    known = after.api.collections
    dropped: set[str] = set()
    for world in snapshot["worlds"].values():
        gone = [name for name in world["collections"] if name not in known]
        for name in gone:
            del world["collections"][name]
        dropped.update(gone)
    _carry_clock(before, after)
    try:
        after.store.restore({**snapshot, "api": after.api.name})
    except StoreError as error:
        raise StoreError(f"the state does not fit the new document: {error}") from None
    return sorted(dropped)


def carry_faults(before: Mock, after: Mock) -> list[str]:
    """Move the faults to a new mock; returns the ids of those that do not fit."""
    lost = []
    for shown in before.faults.describe():
        spec = {name: value for name, value in shown.items() if name not in _SHOWN_ONLY}
        try:
            after.faults.add([read_fault(spec, after.pipeline.contract.names)])
        except BadRequest:
            lost.append(shown["id"])
    return lost


def _carry_clock(before: Mock, after: Mock) -> None:
    """New worlds continue with the time that was set for all."""
    old = before.store.clock(None)
    new = after.store.clock(None)
    order: dict[str, Any] = {}
    real = real_now()
    if old.now(real) > new.now(real):
        order["set"] = old.describe(real)["now"]
    if old.mode != new.mode or old.speed != new.speed:
        order["speed"] = old.describe(real)["speed"]
    if order:
        with suppress(BadRequest):
            after.store.change_clock(None, order)
