"""What a handler gets: the data, time and randomness of one tenant."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from operator import itemgetter
from random import Random
from typing import Any, Protocol, TypeVar

from mockserver.engine.leniency import Leniency
from mockserver.records import dataclass

Row = Mapping[str, Any]
SortKey = tuple[Any, ...]
Place = tuple[SortKey, SortKey]
"""A rank, and the sort key of the row that has it."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Collection:
    """How rows of one kind are stored.

    `key` is the field that names a row, `order` the fields that sort rows (oldest first; the key is
    added as the last one), `indexes` the fields with an index; a `sparse` index holds only rows
    that have a value. `path` is the collection's path in the document, if it has one. An `internal`
    collection has the mock's own notes, which no client sees.
    """

    name: str
    key: str = "id"
    order: tuple[str, ...] = ("created_at",)
    indexes: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()
    path: str = ""
    internal: bool = False
    sort_key: Callable[[Row], SortKey] = field(init=False, repr=False, compare=False)
    """The position of a row."""

    def __post_init__(self) -> None:
        get = itemgetter(*self.order, self.key) if self.order else lambda row: (row[self.key],)
        object.__setattr__(self, "sort_key", get)


class Listed(Protocol):
    """Rows that can be read in order: a collection, or some of one."""

    @property
    def spec(self) -> Collection: ...
    def get(self, key: str) -> Row | None: ...
    def __len__(self) -> int: ...
    def scan(
        self,
        *,
        newest_first: bool = False,
        after: SortKey | None = None,
        skip: int = 0,
        **where: Any,
    ) -> Iterator[Row]:
        """Rows in order, lazily; `where` is at most one indexed field and its value.

        `after` is the sort key to continue from; its row is left out and need not exist any more.
        `skip` rows are skipped, at no cost.
        """
        ...

    def count(self, **where: Any) -> int:
        """The number of rows `scan` would return."""
        ...

    def ordered(self, name: Hashable, rank: Callable[[Row], SortKey]) -> Sequence[Place]:
        """All rows by their rank, each as its rank and its sort key; kept up to date under this
        name, which stands for the function."""
        ...


class Rows(Listed, Protocol):
    """One collection of a world. Rows are never changed in place: put a new one."""

    def pick(self, keys: Iterable[str]) -> list[Row]:
        """The existing rows with these keys, in this order."""
        ...

    def put(self, row: Row) -> None: ...
    def remove(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's settings for every world."""

    seed: int = 0
    pace: float = 1.0
    undocumented: str = "nearest"


class World(Protocol):
    """The state of one tenant during one request; writes count only after a commit."""

    tenant: str
    now: int
    settings: Settings
    leniency: Leniency

    def __getitem__(self, collection: str) -> Rows: ...
    def __contains__(self, collection: str) -> bool: ...
    def ordinal(self, kind: str) -> int:
        """1, 2, 3, ... for each kind."""
        ...

    def show(self, row: Row, collection: str | None = None) -> Any:
        """What a client sees when it fetches this row, as a JSON value of its own.

        The collection is found by the row's key if not given. Raises LookupError if there is none,
        or more than one.
        """
        ...


def new_id(world: World, kind: str) -> str:
    """A new UUID (version 4 in form); the same world and order give the same ids."""
    ordinal = world.ordinal("id:" + kind)
    return uuid_of(digest(world.settings.seed, world.tenant, kind, ordinal))


def uuid_of(raw: bytes) -> str:
    """16 bytes as a UUID, version 4 in form."""
    text = raw.hex()
    variant = "89ab"[raw[8] >> 4 & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def tenant_id(world: World, kind: str) -> str:
    """A UUID that is constant for a tenant (its organization, its user)."""
    return _tenant_id(world.settings.seed, world.tenant, kind)


@lru_cache(maxsize=4096)  # tenants come and go
def _tenant_id(seed: int, tenant: str, kind: str) -> str:
    return uuid_of(digest(seed, tenant, kind))


def random_for(world: World, *salt: object) -> Random:
    """A generator that depends only on the seed, the tenant and `salt`."""
    return Random(digest(world.settings.seed, world.tenant, *salt))


def digest(*parts: object) -> bytes:
    """16 bytes that depend on all parts."""
    return blake2b("\x1f".join(map(str, parts)).encode("utf-8", "replace"), digest_size=16).digest()


Seeder = Callable[[World, Mapping[str, Any]], None]
"""Fills a new world; the mapping is the API's fixtures, parsed."""


def take(found: Iterator[T], limit: int) -> tuple[list[T], bool]:
    """At most `limit` of them, and whether there are more."""
    taken = list(islice(found, limit))
    return taken, next(found, None) is not None
