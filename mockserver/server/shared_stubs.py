"""The stubs of several processes: added by one, applied and counted by all."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import orjson

from mockserver.engine.messages import NO_BODY
from mockserver.engine.stubs import Stub, Stubs, read_stub
from mockserver.errors import BadRequest
from mockserver.store.base import Board

NAME = "stubs"
_CALLS = "calls"
_SHOWN_ONLY = ("id", "calls", "json", "operation")


class SharedStubs(Stubs):
    """Stubs on the board. Each process caches them in memory and is notified of changes."""

    def __init__(self, board: Board, operations: Mapping[str, str]) -> None:
        super().__init__()
        self._board = board
        self._operations = operations
        board.on_news(self.refresh)

    def add(self, stub: Stub) -> Stub:
        """Raises BadRequest for a condition that only this process can judge."""
        if callable(stub.when):
            raise BadRequest("when takes an object: several processes can't share a function")
        stub.id = f"stub-{self._board.add(NAME, 'serial')}"
        self._board.put(NAME, {stub.id: orjson.dumps(_note(stub))})
        self.refresh()
        return stub

    def remove(self, name: str | None = None, tenant: str | None = None) -> int:
        self.refresh()
        before = set(self._all)
        count = super().remove(name, tenant)
        gone = sorted(before - set(self._all))
        if gone:
            self._board.put(NAME, {}, gone)
        for each in gone:
            self._board.forget(_counts(each))
        return count

    def take_over(self, before: Stubs, operations: Container[str]) -> list[str]:
        """They are on the board already."""
        self.refresh()
        return []

    def describe(self, tenant: str | None = None) -> list[dict[str, Any]]:
        self.refresh()
        return super().describe(tenant)

    def use(self, stub: Stub) -> bool:
        calls = self._board.add(_counts(stub.id), _CALLS)
        if stub.times is None or calls <= stub.times:
            return True
        self._board.add(_counts(stub.id), _CALLS, -1)
        return False

    def calls(self, stub: Stub) -> int:
        return self._board.counts(_counts(stub.id)).get(_CALLS, 0)

    def refresh(self) -> None:
        """Read the stubs from the board."""
        found: dict[str, Stub] = {}
        for name, text in sorted(self._board.notes(NAME).items(), key=_number):
            note = orjson.loads(text)
            if note["operation"] in self._operations:
                found[name] = read_stub(note, self._operations)
                found[name].id = name
        with self._lock:
            self._all = found
            self.active = bool(found)


def _note(stub: Stub) -> dict[str, Any]:
    """The JSON of which `read_stub` makes the same stub."""
    shown = {name: value for name, value in stub.as_json().items() if name not in _SHOWN_ONLY}
    body = {"json": stub.json} if stub.json is not NO_BODY else {}
    return {**shown, **body, "operation": stub.operation}


def _number(note: tuple[str, bytes]) -> int:
    return int(note[0].removeprefix("stub-"))


def _counts(stub: str) -> str:
    return f"{NAME}:{stub}"
