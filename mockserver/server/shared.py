"""What several processes of one mock share, through the board of their store.

Faults and stubs are set by one process, applied and counted by all. Each process keeps a journal of
its own, and publishes it on request.
"""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson

from mockserver.engine.faults import Count, Faults, Injection
from mockserver.engine.faults.spec import Fault, read_fault
from mockserver.engine.messages import NO_BODY
from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.serialization import Sent, dump
from mockserver.engine.stubs import Stub, Stubs, read_stub
from mockserver.errors import BadRequest, StoreUnavailable
from mockserver.openapi.model import Operation, Violation
from mockserver.server.journal.journal import KEPT, KEPT_BYTES, Entry, Journal, brief
from mockserver.store.base import Board
from mockserver.store.worlds import read_json

FAULTS = "faults"
_BETWEEN = "\x1f"


class SharedFaults(Faults):
    """Faults on the board. Each process caches them in memory and is notified of changes."""

    def __init__(self, board: Board, operations: Mapping[str, str]) -> None:
        super().__init__()
        self._board = board
        self._operations = operations
        board.on_news(self._on_news)

    def add(self, faults: Iterable[Fault]) -> list[str]:
        added = {f"f{self._board.add(FAULTS, 'serial')}": fault for fault in faults}
        self._board.put(FAULTS, {name: orjson.dumps(f.as_json()) for name, f in added.items()})
        self.refresh()
        return list(added)

    def remove(self, fault_id: str | None = None, tenant: str | None = None) -> int:
        self.refresh()
        before = set(self._faults)
        count = super().remove(fault_id, tenant)
        gone = before - set(self._faults)
        if gone:
            self._board.put(FAULTS, {}, sorted(gone))
        for name in gone:
            self._board.forget(_fault_count(name))
        return count

    def describe(self, tenant: str | None = None) -> list[dict[str, Any]]:
        self.refresh()
        return super().describe(tenant)

    def refresh(self) -> None:
        """Read the faults from the board."""
        notes = sorted(self._board.notes(FAULTS).items(), key=lambda note: int(note[0][1:]))
        faults = {name: read_fault(orjson.loads(text), self._operations) for name, text in notes}
        with self._lock:
            self._faults = faults
            self.active = bool(faults)

    def count(self, name: str, tenant: str) -> Count:
        return _SharedCount(self._board, _fault_count(name), tenant)

    def totals(self, name: str, tenant: str | None) -> dict[str, int]:
        found = {"met": 0, "struck": 0}
        for field, count in self._board.counts(_fault_count(name)).items():
            what, _, who = field.partition(_BETWEEN)
            if what in found and tenant in (None, who):
                found[what] += count
        return found

    def _on_news(self) -> None:
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


def _fault_count(fault: str) -> str:
    return f"{FAULTS}:{fault}"


STUBS = "stubs"
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
        stub.id = f"stub-{self._board.add(STUBS, 'serial')}"
        self._board.put(STUBS, {stub.id: orjson.dumps(_note(stub))})
        self.refresh()
        return stub

    def remove(self, name: str | None = None, tenant: str | None = None) -> int:
        self.refresh()
        before = set(self._all)
        count = super().remove(name, tenant)
        gone = sorted(before - set(self._all))
        if gone:
            self._board.put(STUBS, {}, gone)
        for each in gone:
            self._board.forget(_stub_count(each))
        return count

    def take_over(self, before: Stubs, operations: Container[str]) -> list[str]:
        """Nothing to do: they are on the board."""
        self.refresh()
        return []

    def describe(self, tenant: str | None = None) -> list[dict[str, Any]]:
        self.refresh()
        return super().describe(tenant)

    def use(self, stub: Stub) -> bool:
        calls = self._board.add(_stub_count(stub.id), _CALLS)
        if stub.times is None or calls <= stub.times:
            return True
        self._board.add(_stub_count(stub.id), _CALLS, -1)
        return False

    def calls(self, stub: Stub) -> int:
        return self._board.counts(_stub_count(stub.id)).get(_CALLS, 0)

    def refresh(self) -> None:
        """Read the stubs from the board."""
        found: dict[str, Stub] = {}
        for name, text in sorted(self._board.notes(STUBS).items(), key=_number):
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


def _stub_count(stub: str) -> str:
    return f"{STUBS}:{stub}"


JOURNAL = "journal"
SECONDS_BETWEEN_WRITES = 0.1
# The first reader waits for the other processes; for a while after that nobody has to.
SECONDS_TO_GATHER = 0.25
SECONDS_OF_INTEREST = 60
# Longer bodies are omitted: secrets can't be masked in truncated JSON.
LONGEST_BODY = 16 * 1024


class SharedJournal(Journal):
    """This process' exchanges, and on the board those of all processes, once requested.

    Recording costs as much as in one process: nothing is written while nobody reads. `operations`
    are those of the document, by id.
    """

    def __init__(self, board: Board, operations: Mapping[str, Operation]) -> None:
        super().__init__(KEPT, KEPT_BYTES)
        self._board = board
        self._operations = operations
        self._counted = 0
        self._shown = 0

    def write(self) -> None:
        """Publish what others requested. Raises StoreUnavailable."""
        recorded = self.recorded
        if recorded != self._counted:
            self._board.add(JOURNAL, "total", recorded - self._counted)
            self._counted = recorded
        if recorded != self._shown and self._board.is_asked(JOURNAL):
            recorded, newest = self.latest(KEPT)
            new = newest[-(recorded - self._shown) :]
            self._board.append(JOURNAL, [_text(ended, exchange) for ended, exchange in new], KEPT)
            self._shown = recorded

    @property
    def total(self) -> int:
        self.write()
        return self._board.counts(JOURNAL).get("total", 0)

    @property
    def kept(self) -> int:
        return sum(1 for _ in self.entries())

    def entries(self) -> Iterator[Entry]:
        if self._board.ask(JOURNAL, SECONDS_OF_INTEREST):
            time.sleep(SECONDS_TO_GATHER)
        total = self.total
        found = sorted(self._kept(), key=lambda entry: entry.ended)
        for back, entry in enumerate(reversed(found)):
            yield replace(entry, number=total - back)

    def clear(self) -> int:
        count = self.kept
        self._board.clear(JOURNAL)
        self._forgotten("")
        return count

    def forget(self, tenant: str) -> int:
        count = sum(1 for entry in self.entries() if entry.exchange.tenant == tenant)
        self._forgotten(tenant)
        return count

    def _forgotten(self, tenant: str) -> None:
        # Other processes may have unwritten exchanges.
        self._board.put(JOURNAL, {tenant: b"%d" % time.time_ns()}, quietly=True)

    def _kept(self) -> Iterator[Entry]:
        marks = {tenant: int(ended) for tenant, ended in self._board.notes(JOURNAL).items()}
        for entry in map(self._read, self._board.log(JOURNAL)):
            if entry.ended > max(marks.get("", 0), marks.get(entry.exchange.tenant, 0)):
                yield entry

    def _read(self, text: bytes) -> Entry:
        record = read_json(text)
        exchange = Exchange(
            _message(record["message"]),
            self._operations.get(record["operation"]),
            record["tenant"],
            _sent(record["sent"]) if record["sent"] is not None else None,
            tuple(Violation(tuple(where), *rest) for where, *rest in record["violations"]),
            record["problem"],
            _injection(record) if record["faults"] else None,
            record["now"],
            upstream=record["upstream"],
            stub=Stub("", id=record["stub"]) if record.get("stub") else None,
            refused=record.get("refused", 0),
        )
        return Entry(0, record["ended"], exchange)


async def keep_written(journal: Callable[[], Journal]) -> None:
    """Call `write` of `journal` periodically until cancelled, and once more then."""
    try:
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_WRITES)
            _write(journal())
    finally:
        _write(journal())


def _write(journal: Journal) -> None:
    if isinstance(journal, SharedJournal):
        with suppress(StoreUnavailable):
            journal.write()


def _message(record: dict[str, Any]) -> Message:
    query, body = record.pop("query"), record.pop("body")
    return Message(**record, query=query.encode("latin-1"), body=b64decode(body))


def _injection(record: dict[str, Any]) -> Injection:
    lost = record["lost"]
    return Injection(
        record["faults"], drop=lost["drop"], truncate=lost["truncate"], committed=lost["committed"]
    )


def _sent(record: dict[str, Any]) -> Sent:
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in record["headers"]]
    return Sent(record["status"], headers, b64decode(record["body"]), record["undocumented"])


def _text(ended: int, exchange: Exchange) -> bytes:
    message, sent = exchange.message, exchange.sent
    record: dict[str, Any] = {
        "ended": ended,
        "operation": exchange.operation.id if exchange.operation is not None else "",
        "tenant": exchange.tenant,
        "message": {
            "method": message.method,
            "target": message.target,
            "path_values": dict(message.path_values),
            "query": message.query.decode("latin-1"),
            "headers": dict(message.headers),
            "body": _shown(message.body),
            "started": message.started,
        },
        "sent": sent
        and {
            "status": sent.status,
            "headers": [(n.decode("latin-1"), v.decode("latin-1")) for n, v in sent.headers],
            "body": _shown(sent.body),
            "undocumented": sent.undocumented,
        },
        "violations": [
            (violation.where, violation.keyword, violation.message, brief(violation.value))
            for violation in exchange.violations
        ],
        "problem": exchange.problem,
        "faults": exchange.injection.faults if exchange.injection is not None else [],
        "lost": exchange.injection
        and {
            "drop": exchange.injection.drop,
            "truncate": exchange.injection.truncate,
            "committed": exchange.injection.committed,
        },
        "now": exchange.now,
        "upstream": exchange.upstream,
        "stub": exchange.stub.id if exchange.stub is not None else "",
        "refused": exchange.refused,
    }
    return dump(record)


def _shown(body: bytes) -> str:
    return b64encode(body).decode() if len(body) <= LONGEST_BODY else ""
