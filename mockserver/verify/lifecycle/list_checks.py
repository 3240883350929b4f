"""Checks of lists: every matching row once, over all pages."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.files.wording import counted
from mockserver.openapi.model import Json
from mockserver.verify.lifecycle.model import Filter, Resource
from mockserver.verify.lifecycle.samples import written
from mockserver.verify.lifecycle.session import Broken, Entity, Session
from mockserver.verify.model import Exchange
from mockserver.verify.schemas import solid

MOST_PAGES = 60
ALL = 10**6
"""The largest page that the list allows."""


def walk(
    session: Session,
    resource: Resource,
    path: Mapping[str, str],
    *,
    limit: int = 0,
    filters: Mapping[str, str] | None = None,
    key: str = "",
) -> list[dict[str, Json]]:
    """Every row; each page keeps to its limit and correctly reports whether there are more."""
    paging = resource.paging
    assert paging is not None
    rows: list[dict[str, Json]] = []
    cursors: set[str] = set()
    params = dict(filters or {})
    limit = min(limit, paging.most)
    if limit and paging.limit_parameter:
        params[paging.limit_parameter] = str(limit)
    for number in range(MOST_PAGES):
        exchange = _page(session, resource, path, params, key)
        session.expect(exchange, [200], "list_is_there", f"the list of {resource.name}")
        page = session.value(exchange)
        found = paging.rows(page)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            session.fail("list_of_rows", "the list contains values that are not objects")
        if limit and paging.limit_parameter and len(found) > limit:
            session.fail("page_limit", f"{counted(len(found), 'row')} with a limit of {limit}")
        rows += found
        cursor = paging.next(page)
        if cursor is None and found and paging.is_after(page):
            cursor = _id(resource, found[-1])
        _says_rightly(session, resource, page, cursor, len(found))
        full = bool(limit and paging.limit_parameter and len(found) >= limit)
        if cursor is None and full and paging.offset_parameter:
            params[paging.offset_parameter] = str(paging.first_offset + len(rows))
            continue
        if cursor is None and full and paging.page_parameter:
            params[paging.page_parameter] = str(paging.first_page + number + 1)
            continue
        if cursor is None or not paging.cursor_parameter:
            return rows
        if cursor in cursors:
            session.fail("pages_end", f"the cursor {cursor!r} is repeated")
        cursors.add(cursor)
        params[paging.cursor_parameter] = cursor
    return rows


def _page(
    session: Session, resource: Resource, path: Mapping[str, str], params: dict[str, str], key: str
) -> Exchange:
    """One page, requested in the query, or in the body of a POST."""
    paging = resource.paging
    if session.operation(resource.list).method == "GET" or paging is None:
        return session.call(resource.list, path, params=params, key=key)
    if not paging.in_body:
        return session.call(resource.list, path, params=params, body={}, key=key)
    body = {name: int(value) if value.isdigit() else value for name, value in params.items()}
    return session.call(resource.list, path, body=body, key=key)


def is_whole(resource: Resource, rows: Sequence[Json]) -> bool:
    """Whether these can be all rows; not if the only available page is full."""
    paging = resource.paging
    assert paging is not None
    more = paging.has_cursor or paging.offset_parameter or paging.page_parameter
    return bool(more) or not paging.limit_parameter or len(rows) < paging.most


def _says_rightly(
    session: Session, resource: Resource, page: Json, cursor: Json, count: int
) -> None:
    paging = resource.paging
    assert paging is not None
    has_flag = isinstance(page, dict) and paging.more in page
    if not (paging.more and paging.cursor) or not has_flag:
        return
    if bool(page[paging.more]) != (cursor is not None):
        session.fail(
            "more_or_end",
            f"{paging.more} is {page[paging.more]} and {paging.cursor} is {cursor!r}",
        )
    if page[paging.more] and not count:
        session.fail("more_or_end", f"an empty page with {paging.more}")


def listed(session: Session, resource: Resource, path: Mapping[str, str]) -> None:
    """Created entities are listed once, as they are read; removed ones are not; pages add up."""
    whole = settled(session, resource, path)
    ids = [_id(resource, row) for row in whole]
    twice = {i for i in ids if ids.count(i) > 1 and i != "None"}
    if twice:
        session.fail("listed_once", f"{min(twice)} is listed more than once")
    complete = is_whole(resource, whole)
    for entity in _mine(session, resource, path):
        if entity.alive and entity.id not in ids and not complete:
            continue
        if entity.alive and entity.id not in ids and listed_otherwise(session, entity, path):
            continue
        if entity.alive != (entity.id in ids):
            state = "created and is not listed" if entity.alive else "removed and is still listed"
            session.fail("listed_once", f"{resource.name} {entity.id} was {state}")
        if entity.alive:
            as_read(session, entity, whole[ids.index(entity.id)])
    _pages(session, resource, path, ids)
    if resource.newest_first:
        _newest_first(session, whole)


def listed_otherwise(session: Session, entity: Entity, path: Mapping[str, str]) -> bool:
    """Whether another value of a parameter with a default lists the entity: without one, the list
    shows only some (`?status=` with the default "active")."""
    resource = entity.resource
    for parameter in session.operation(resource.list).parameters:
        schema = solid(session.target.contract, parameter.schema)
        options = schema.get("enum") or ([True, False] if schema.get("type") == "boolean" else [])
        if parameter.place != "query" or schema.get("default") is None:
            continue
        for value in (one for one in options if one not in (None, schema["default"])):
            filters = {parameter.name: written(value)}
            rows = walk(session, resource, path, limit=ALL, filters=filters)
            if any(_id(resource, row) == entity.id for row in rows):
                return True
    return False


def as_read(session: Session, entity: Entity, row: Mapping[str, Json]) -> None:
    """The row shows what the entity's path does: of what has changed since the entity was seen,
    what it does now."""
    try:
        session.unchanged(entity, row, "row_as_read", "in the list")
        return
    except Broken as broken:
        if not session.can_have_aged(entity) or not entity.resource.read:
            raise
        where = broken.finding.where
    now = session.look_again(entity, entity.value)
    session.unchanged(entity, now, "read_your_writes", "nothing has changed it")
    session.saw(entity, now)
    try:
        session.unchanged(entity, row, "row_as_read", "in the list")
    except Broken as broken:
        raise Broken(replace(broken.finding, where=where)) from None


def settled(session: Session, resource: Resource, path: Mapping[str, str]) -> list[dict[str, Json]]:
    """All rows; on a real clock, waits for a list that lags behind."""
    for _ in range(3):
        whole = walk(session, resource, path, limit=ALL)
        ids = {_id(resource, row) for row in whole}
        right = all(t.alive == (t.id in ids) for t in _mine(session, resource, path))
        if right or resource.strict or not session.time.pass_(0.5):
            break
    return whole


def _mine(session: Session, resource: Resource, path: Mapping[str, str]) -> list[Entity]:
    return [
        entity
        for entity in session.entities
        if entity.resource is resource and all(entity.path.get(k) == v for k, v in path.items())
    ]


def _pages(
    session: Session, resource: Resource, path: Mapping[str, str], ids: Sequence[str]
) -> None:
    """Small pages have the same rows in the same order."""
    paging = resource.paging
    assert paging is not None
    if not paging.limit_parameter or not paging.has_cursor or len(ids) < 2:
        return
    limit = max(1, -(-len(ids) // 4))
    rows = walk(session, resource, path, limit=limit)
    paged = [_id(resource, row) for row in rows]
    if paged != list(ids):
        lost = [i for i in ids if i not in paged]
        twice = [i for i in paged if paged.count(i) > 1]
        what = f"{lost[0]} is lost" if lost else f"{twice[0]} is repeated" if twice else "reordered"
        session.fail("pages_add_up", f"in pages of {limit}: {what}")


def _newest_first(session: Session, rows: Sequence[Mapping[str, Json]]) -> None:
    for newer, older in itertools.pairwise(rows):
        if newer["created_at"] < older["created_at"]:
            session.fail(
                "newest_first", f"{newer['created_at']} comes before {older['created_at']}"
            )


def filtered(session: Session, resource: Resource, path: Mapping[str, str]) -> None:
    """A filter returns exactly the matching rows, alone and combined with another."""
    rows = walk(session, resource, path, limit=ALL)
    choices = [(f, value) for f in resource.filters for value in _values(f, rows)]
    pairs = [
        (one, two)
        for one, two in itertools.combinations(choices, 2)
        if one[0].parameter != two[0].parameter
    ]
    for chosen in [*((c,) for c in choices), *_informative_pairs(pairs, rows)]:
        wanted = [r for r in rows if all(f.admits(r, value) for f, value in chosen)]
        params = {f.parameter: written(value) for f, value in chosen}
        found = walk(session, resource, path, limit=ALL, filters=params)
        filters = " and ".join(f"{name}={value}" for name, value in params.items())
        for row in found:
            if not all(f.admits(row, value) for f, value in chosen):
                session.fail("filter_holds", f"{filters} gives {_id(resource, row)} too")
        # Between the two lists a job may have moved on.
        free = resource.live if session.time.still else resource.live | resource.moving
        live = any(f.field in free for f, _ in chosen)
        missing = {_id(resource, r) for r in wanted} - {_id(resource, r) for r in found}
        if missing and not live:
            session.fail("filter_is_whole", f"{filters} lacks {min(missing)}")


def _id(resource: Resource, row: Mapping[str, Json]) -> str:
    return str(resource.identity(row))


def _values(by: Filter, rows: Sequence[Mapping[str, Json]]) -> list[Json]:
    """Two informative values: some rows have them, others don't."""
    counts: dict[Json, int] = {}
    for row in rows:
        value = row.get(by.field)
        for one in value if isinstance(value, list) else [value]:
            if by.values and one not in by.values:
                continue
            if isinstance(one, str | int | bool) and one != "":
                counts[one] = counts.get(one, 0) + 1
    selective = sorted(counts, key=lambda v: (counts[v] == len(rows), counts[v], str(v)))
    chosen = selective[:1] + selective[-1:] if len(selective) > 1 else selective
    if by.kind == "contains":
        return [str(v)[: max(3, len(str(v)) - 2)].upper() for v in chosen]
    return chosen


def _informative_pairs(pairs: list[Any], rows: Sequence[Mapping[str, Json]]) -> list[Any]:
    """Pairs of filters in which one excludes rows that the other keeps; three at most."""
    found = []
    for pair in pairs:
        (one, a), (two, b) = pair
        left = [r for r in rows if one.admits(r, a)]
        right = [r for r in rows if two.admits(r, b)]
        both = [r for r in left if two.admits(r, b)]
        if len(both) < len(left) and len(both) < len(right):
            found.append(pair)
    return found[:3]


def bounds(session: Session, resource: Resource, path: Mapping[str, str]) -> None:
    """A limit below one and an invalid cursor are refused."""
    paging = resource.paging
    assert paging is not None
    operation = session.operation(resource.list)
    limit = next((p for p in operation.parameters if p.name == paging.limit_parameter), None)
    if limit is not None and limit.place == "query" and limit.schema.get("minimum") == 1:
        exchange = session.call(resource.list, path, params={paging.limit_parameter: "0"})
        if exchange.status < 400:
            session.fail("limit_is_checked", f"limit 0 is accepted with {exchange.status}")
    if paging.cursor_parameter and resource.strict:
        exchange = session.call(
            resource.list, path, params={paging.cursor_parameter: "!no cursor!"}
        )
        session.expect(exchange, [400], "cursor_is_checked", "an invented cursor")
