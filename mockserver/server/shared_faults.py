"""The faults of several processes: set by one, applied and counted by all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from mockserver.engine.faults import Count, Faults
from mockserver.engine.faults.spec import Fault, read_fault
from mockserver.store.base import Board

NAME = "faults"
_BETWEEN = "\x1f"


class SharedFaults(Faults):
    """Faults on the board. Each process caches them in memory and is notified of changes."""

    def __init__(self, board: Board, operations: Mapping[str, str]) -> None:
        super().__init__()
        self._board = board
        self._operations = operations
        board.on_news(self._hear)

    def add(self, faults: Iterable[Fault]) -> list[str]:
        added = {f"f{self._board.add(NAME, 'serial')}": fault for fault in faults}
        self._board.put(NAME, {name: orjson.dumps(f.as_json()) for name, f in added.items()})
        self.refresh()
        return list(added)

    def remove(self, fault_id: str | None = None, tenant: str | None = None) -> int:
        self.refresh()
        before = set(self._faults)
        count = super().remove(fault_id, tenant)
        gone = before - set(self._faults)
        if gone:
            self._board.put(NAME, {}, sorted(gone))
        for name in gone:
            self._board.forget(_counts(name))
        return count

    def describe(self, tenant: str | None = None) -> list[dict[str, Any]]:
        self.refresh()
        return super().describe(tenant)

    def refresh(self) -> None:
        """Read the faults from the board."""
        notes = sorted(self._board.notes(NAME).items(), key=lambda note: int(note[0][1:]))
        faults = {name: read_fault(orjson.loads(text), self._operations) for name, text in notes}
        with self._lock:
            self._faults = faults
            self.active = bool(faults)

    def count(self, name: str, tenant: str) -> Count:
        return _SharedCount(self._board, _counts(name), tenant)

    def totals(self, name: str, tenant: str | None) -> dict[str, int]:
        found = {"met": 0, "struck": 0}
        for field, count in self._board.counts(_counts(name)).items():
            what, _, who = field.partition(_BETWEEN)
            if what in found and tenant in (None, who):
                found[what] += count
        return found

    def _hear(self) -> None:
        self.refresh()
        self.version += 1


class _SharedCount:
    def __init__(self, board: Board, name: str, tenant: str) -> None:
        self._board = board
        self._name = name
        self._tenant = tenant

    def meet(self) -> int:
        return self._add("met")

    def inject(self, most: int | None) -> bool:
        struck = self._add("struck")
        if most is None or struck <= most:
            return True
        self._add("struck", -1)
        return False

    def use(self, window: int) -> int:
        used = self._add(f"used {window}")
        if used == 1:
            before = [
                field
                for field in self._board.counts(self._name)
                if field.startswith("used ")
                and field.endswith(_BETWEEN + self._tenant)
                and field != self._field(f"used {window}")
            ]
            if before:
                self._board.forget(self._name, *before)
        return used

    def _add(self, what: str, amount: int = 1) -> int:
        return self._board.add(self._name, self._field(what), amount)

    def _field(self, what: str) -> str:
        return what + _BETWEEN + self._tenant


def _counts(fault: str) -> str:
    return f"{NAME}:{fault}"
