"""HTTP archives (HAR) as seed data: recorded responses become rows of a world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.world import Settings, World
from mockserver.errors import UsageError
from mockserver.files.har import read_har
from mockserver.files.wording import counted
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.routing_projection import parameter_names
from mockserver.records import dataclass
from mockserver.server.asgi.routing import PathIndex
from mockserver.store.base import Transaction, transact
from mockserver.store.worlds import MemoryWorld, with_collections

if TYPE_CHECKING:
    from mockserver.server.mock import Mock


@dataclass(frozen=True)
class Recorded:
    """One recorded exchange; `body` is the response's JSON, None if it has none."""

    method: str
    path: str
    status: int
    body: Any


@dataclass
class Imported:
    """The result of an import: the number of exchanges, those used, and the rows."""

    exchanges: int = 0
    used: int = 0
    rows: int = 0

    def __str__(self) -> str:
        return (
            f"{counted(self.rows, 'row')} from {self.used} of {counted(self.exchanges, 'exchange')}"
        )


def read_archive(path: Path) -> list[Recorded]:
    """The exchanges of a HAR file, oldest first. Raises UsageError if it is not one."""
    return [Recorded(one.method, one.path, one.status, _json(one.body)) for one in read_har(path)]


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def import_archive(mock: Mock, tenant: str, path: Path) -> Imported:
    """Import an archive into a tenant's world. Raises UsageError if nothing could be used."""
    recorded = read_archive(path)

    def work(world: Transaction) -> Imported:
        found = adopt_all(mock.api, mock.contract, world, recorded)
        world.commit()
        return found

    found = transact(mock.store, tenant, work)
    check_used(path, found, mock.contract.title)
    return found


def check_used(path: Path, found: Imported, title: str) -> None:
    """Raises UsageError if nothing of an archive could be used."""
    if not found.used:
        raise UsageError(
            f"{path}: none of its {counted(found.exchanges, 'exchange')} can be imported: they "
            f"match no successful operation of {title!r}, or this API stores its rows differently"
        )


def seeded_with(api: Api, contract: Contract, path: Path) -> Api:
    """The API with an archive's content as seed data. Raises UsageError."""
    recorded = read_archive(path)
    trial = with_collections(MemoryWorld("", Settings(), Clock("manual", 0, 0)), api)
    check_used(path, adopt_all(api, contract, trial, recorded), contract.title)

    def seed(world: World, fixtures: Mapping[str, Any]) -> None:
        api.seed(world, fixtures)
        adopt_all(api, contract, world, recorded)

    return replace(api, seed=seed)


def adopt_all(api: Api, contract: Contract, world: World, recorded: list[Recorded]) -> Imported:
    """Put recorded entities into a world."""
    found = Imported(len(recorded))
    shown: set[str] = set()
    for operation, values, body in _matched(contract, recorded):
        keys = api.adopt(world, operation, values, body)
        found.used += bool(keys)
        shown.update(keys)
    found.rows = len(shown)
    return found


def _matched(
    contract: Contract, recorded: list[Recorded]
) -> Iterator[tuple[Operation, dict[str, str], Any]]:
    index = PathIndex()
    for operation in contract.operations:
        index.add(operation.path, {operation.method: operation.id})
    base = contract.base_path.rstrip("/")
    for exchange in recorded:
        if not 200 <= exchange.status < 300 or exchange.body is None:
            continue
        path = exchange.path
        if base and path.startswith(base + "/"):
            path = path[len(base) :]
        match = index.match(exchange.method, path)
        if match is not None and match.operation_id is not None:
            operation = contract.by_id[match.operation_id]
            names = parameter_names(operation.path)
            yield (
                operation,
                dict(zip(names, map(unquote, match.values), strict=True)),
                exchange.body,
            )
