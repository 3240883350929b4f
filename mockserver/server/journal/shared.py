"""The journal of several processes: each keeps its own, and publishes it on request."""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mockserver.engine.faults import Injection
from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.serialization import Sent, dump
from mockserver.engine.stubs import Stub
from mockserver.errors import StoreUnavailable
from mockserver.openapi.model import Operation, Violation
from mockserver.server.journal.journal import KEPT, KEPT_BYTES, Entry, Journal, brief
from mockserver.store.base import Board
from mockserver.store.worlds import read_json

NAME = "journal"
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
            self._board.add(NAME, "total", recorded - self._counted)
            self._counted = recorded
        if recorded != self._shown and self._board.is_asked(NAME):
            recorded, newest = self.latest(KEPT)
            new = newest[-(recorded - self._shown) :]
            self._board.append(NAME, [_text(ended, exchange) for ended, exchange in new], KEPT)
            self._shown = recorded

    @property
    def total(self) -> int:
        self.write()
        return self._board.counts(NAME).get("total", 0)

    @property
    def kept(self) -> int:
        return sum(1 for _ in self.entries())

    def entries(self) -> Iterator[Entry]:
        if self._board.ask(NAME, SECONDS_OF_INTEREST):
            time.sleep(SECONDS_TO_GATHER)
        total = self.total
        found = sorted(self._kept(), key=lambda entry: entry.ended)
        for back, entry in enumerate(reversed(found)):
            yield replace(entry, number=total - back)

    def clear(self) -> int:
        count = self.kept
        self._board.clear(NAME)
        self._forgotten("")
        return count

    def forget(self, tenant: str) -> int:
        count = sum(1 for entry in self.entries() if entry.exchange.tenant == tenant)
        self._forgotten(tenant)
        return count

    def _forgotten(self, tenant: str) -> None:
        # Other processes may have unwritten exchanges.
        self._board.put(NAME, {tenant: b"%d" % time.time_ns()}, quietly=True)

    def _kept(self) -> Iterator[Entry]:
        marks = {tenant: int(ended) for tenant, ended in self._board.notes(NAME).items()}
        for entry in map(self._read, self._board.log(NAME)):
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
