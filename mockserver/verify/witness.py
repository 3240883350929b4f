"""What a server makes beside what a request asks for: a project's first board, a tag by its name.

Lists are read just before and just after a request. What appears in between, and names the entity
of the request or has a name that an array in its body has, was made by it. A row that comes at any
other time may be somebody else's, whatever it names: others may comment on an entity of the run.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from mockserver.inference.model import Action, Plan
from mockserver.inference.page_model import Paging
from mockserver.inference.words import singular, tokens
from mockserver.openapi.model import Contract, Json
from mockserver.verify.ledger import Ledger
from mockserver.verify.replies import at, parsed
from mockserver.verify.schemas import inner, properties, reply_schema

NAMES = ("name", "slug", "key", "title")
LOOKS, TRIES = 2, 20
"""After so many successes, or requests, that have added nothing to a list, an operation adds
nothing to it. Of names there may be some already, so their lists are read for longer."""
_LONGER = 3
MOST_PAGES = 200
MOST_ROWS = 1000
"""A longer list is not read for each request."""
_ANYTHING = frozenset(("entity", "object", "parent", "resource", "source", "subject", "target"))
"""Words of fields that may name an entity of any kind."""
SECONDS = 5.0
"""What may be spent on looks by operations that have added nothing yet."""
Look = Callable[[str, str, Mapping[str, str], Json], Json]
"""The JSON that a read gives, by method, path, query and body; None if it fails."""
_Way = tuple[str, str, bool]
"""An operation, a kind, and whether the body may have names of it."""
Added = tuple[str, str, Mapping[str, Json]]
"""A kind, an id, and the row of a list."""
Seen = Mapping[str, frozenset[str]]
"""Kinds, each with the ids in its list."""


@dataclass
class Witness:
    """Looks at lists around requests. `list_of` gives the list of a kind without values in its
    path, `kinds` are those that can be created and removed."""

    contract: Contract
    plan: Plan
    kinds: Collection[str]
    list_of: Callable[[str], tuple[Action, str] | None]
    look: Look
    _looks: Counter[_Way] = field(default_factory=Counter)
    _tries: Counter[_Way] = field(default_factory=Counter)
    _makes: set[_Way] = field(default_factory=set)
    _spent: dict[bool, float] = field(default_factory=lambda: {False: 0.0, True: 0.0})
    _may: dict[tuple[str, str], bool] = field(default_factory=dict)

    def before(
        self, operation: str, about: Collection[str], body: bytes | None, ledger: Ledger
    ) -> Seen:
        """The ids in the lists that a request may add to; `about` are the kinds of its entities."""
        found = {}
        for kind in self.kinds:
            if kind not in ledger.listed or kind in about:
                continue
            way = self._way(operation, kind, body)
            if not way[2] and not any(self._may_name(kind, one) for one in about):
                continue
            longer = _LONGER if way[2] else 1
            enough = self._looks[way] >= (TRIES if way[2] else LOOKS)
            enough = enough or self._tries[way] >= TRIES * longer
            if (enough or self._spent[way[2]] >= SECONDS * longer) and way not in self._makes:
                continue
            self._tries[way] += 1
            rows = self._rows(kind, way)
            if rows is not None:
                found[kind] = frozenset(rows)
        return found

    def after(self, operation: str, before: Seen, body: bytes | None) -> Iterator[Added]:
        """What has been added to the lists since, when the request has succeeded."""
        for kind, ids in before.items():
            way = self._way(operation, kind, body)
            self._looks[way] += 1
            for identity, row in (self._rows(kind, way) or {}).items():
                if identity not in ids:
                    yield kind, identity, row

    def made(self, operation: str, kind: str, body: bytes | None) -> None:
        """Remember that an operation makes entities of a kind: it is looked at each time."""
        self._makes.add(self._way(operation, kind, body))

    def _way(self, operation: str, kind: str, body: bytes | None) -> _Way:
        named = {singular(tokens(name)[-1]) for name in arrays_of(body) if tokens(name)}
        return operation, kind, self._noun(kind) in named

    def _rows(self, kind: str, way: _Way) -> dict[str, Mapping[str, Json]] | None:
        """The rows of a list by id; None if it is too long."""
        found = self.list_of(kind)
        if found is None:
            return None
        action, path = found
        method = self.contract.by_id[action.operation].method

        def page(params: Mapping[str, str | int]) -> Json:
            query, body = query_and_body(action, method, params)
            return self.look(method, path, query, body)

        start = time.monotonic()
        rows = list(islice(rows_of(action, page), MOST_ROWS + 1))
        self._spent[way[2]] += 0 if way in self._makes else time.monotonic() - start
        key = key_of(action, self.plan)
        return {str(at(row, key)): row for row in rows} if len(rows) <= MOST_ROWS else None

    def _noun(self, kind: str) -> str:
        resource = self.plan.resources.get(kind)
        words = tokens(resource.noun if resource is not None else kind)
        return singular(words[-1]) if words else ""

    def _may_name(self, kind: str, about: str) -> bool:
        """Whether entities of a kind have a field that may name one of another kind."""
        if (kind, about) not in self._may:
            words = {self._noun(about), *_ANYTHING}
            fields = self._fields(kind)
            self._may[kind, about] = any(words & set(map(singular, tokens(f))) for f in fields)
        return self._may[kind, about]

    def _fields(self, kind: str) -> Collection[str]:
        """The fields of what is read of a kind."""
        for action in self.plan.actions.values():
            if action.resource == kind and action.kind in ("fetch", "create"):
                schema = reply_schema(self.contract, self.contract.by_id[action.operation])
                path = [one for one in action.response.at if isinstance(one, str)]
                if schema is not None:
                    return properties(self.contract, inner(self.contract, schema, path)).keys()
        return ()


def rows_of(
    action: Action, page_of: Callable[[Mapping[str, str | int]], Json]
) -> Iterator[Mapping[str, Json]]:
    """The rows of a list, page by page; `page_of` gives the page that the parameters ask for, None
    if it can't be read."""
    envelope = action.envelope
    paging = envelope.paging if envelope else Paging()
    ahead = envelope.page.path("next") if envelope else None
    params: dict[str, str | int] = {}
    count, before = 0, None
    for number in range(MOST_PAGES):
        value = page_of(params)
        rows = at(value, envelope.items if envelope else action.response.at)
        # Some servers give the first page again, whatever is asked for.
        if not isinstance(rows, list) or not rows or rows == before:
            return
        yield from (row for row in rows if isinstance(row, dict))
        count, before = count + len(rows), rows
        cursor = at(value, ahead) if ahead is not None else None
        if paging.cursor:
            if not cursor or params.get(paging.cursor) == cursor:
                return
            params[paging.cursor] = cursor
        elif paging.offset:
            params[paging.offset] = count
        elif paging.page:
            params[paging.page] = paging.first_page + number + 1
        else:
            return


def query_and_body(
    action: Action, method: str, params: Mapping[str, str | int]
) -> tuple[dict[str, str], Json]:
    """The query and the body that ask for a page, which a POST may take in its body."""
    in_body = action.envelope is not None and action.envelope.paging.in_body
    query = {} if in_body else {name: str(value) for name, value in params.items()}
    return query, None if method == "GET" else dict(params) if in_body else {}


def key_of(action: Action, plan: Plan) -> tuple[str, ...]:
    """Where a row of a list has its id."""
    resource = plan.resource_of(action)
    name = resource.identity.key if resource is not None else None
    return action.response.id_path or (name or "id",)


def names_one(row: Mapping[str, Json], ids: Collection[str]) -> bool:
    """Whether a row names one of these entities."""
    return any(isinstance(value, str | int) and str(value) in ids for value in row.values())


def name_among(row: Mapping[str, Json], names: Collection[str]) -> str | None:
    """Which of these names a row has."""
    texts = (row.get(name) for name in NAMES)
    return next((text for text in texts if isinstance(text, str) and text in names), None)


def arrays_of(body: bytes | None) -> dict[str, set[str]]:
    """The texts in the arrays of a JSON body, by the property that has the array."""
    found: dict[str, set[str]] = {}

    def walk(value: Json, name: str) -> None:
        for inner_name, one in value.items() if isinstance(value, Mapping) else ():
            walk(one, inner_name)
        for one in value if isinstance(value, list) else ():
            if isinstance(one, str):
                found.setdefault(name, set()).add(one)
            else:
                walk(one, name)

    walk(parsed(body or b""), "")
    return found


def texts_of_arrays(body: bytes | None) -> set[str]:
    """The texts in all arrays of a JSON body."""
    return {text for texts in arrays_of(body).values() for text in texts}
