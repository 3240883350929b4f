"""Lists: which rows, in which order, on which page, in which envelope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from mockserver.engine.generation.generator import MISSING
from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import Context, named
from mockserver.engine.inferred.filters import (
    Make,
    Test,
    equal_to,
    filters_of,
    needed_of,
    ordered,
    sought_in,
)
from mockserver.engine.inferred.repository import Entity, newest_first
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pagination import decode_cursor, encode_cursor
from mockserver.engine.randomness import Dice
from mockserver.engine.serialization import choose_media_type
from mockserver.errors import BadRequest, Invalid, ReplyError
from mockserver.inference.model import Action, Envelope, Path
from mockserver.inference.words import tokens
from mockserver.openapi.model import Operation, Violation


def is_never_empty(context: Context, operation: Operation, envelope: Envelope) -> bool:
    """Whether the document says that there is always a row."""
    pointer = _pointer(operation, operation.success)
    for name in envelope.items:
        if pointer is None or name not in context.schemas.flat_at(pointer).required:
            return False
        pointer = context.schemas.place(pointer, name)
    return pointer is not None and bool(context.schemas.flat_at(pointer).rules.get("minItems"))


def bare(context: Context, operation: Operation, dice: Dice, items: list[Any]) -> Reply:
    """The rows without an envelope."""
    pointer = _pointer(operation, operation.success)
    if pointer is not None and context.schemas.flat_at(pointer).choices:
        # Of several kinds of lists the rows tell which it is.
        return context.answers.reply(operation, dice, items or MISSING, (), "fresh")
    reply = context.answers.reply(operation, dice, [], (), "fresh")
    if not isinstance(reply.body, bytes):
        reply.body = items
    return reply


def leave_out(context: Context, operation: Operation, reply: Reply, path: Path) -> None:
    """Of an empty list not even the property, if it may not be empty but missing."""
    pointer = _pointer(operation, reply.status)
    if pointer is None or context.values.check(pointer).is_valid(reply.body):
        return
    holder = reply.body
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]


def _pointer(operation: Operation, status: int) -> str | None:
    """Where the schema of an answer stands, if it has one."""
    response = operation.response_for(status)
    media = response.content.get(choose_media_type(response)) if response is not None else None
    return media.pointer if media is not None else None


def listing(context: Context, operation: Operation, action: Action) -> CallHandler:
    """A handler that lists a resource."""
    envelope = action.envelope or Envelope()
    repository = context.repository_of(action)
    filters = filters_of(context.schemas, operation, envelope, repository)
    needed = needed_of(operation, filters, repository)
    sought = sought_in(operation, filters)
    paging = envelope.paging
    example = _example_page(operation, envelope)

    def handle(call: Call) -> Reply:
        call.check_parents()
        request = call.request
        if envelope.paging.in_body:
            request = _asked_in_body(request, envelope)
        if (
            example is not None
            and paging.page is not None
            and request.query.get(paging.page) == example
        ):
            rest = {n: v for n, v in request.query.items() if n != paging.page}
            request = replace(request, query=rest)
        call = replace(call, request=request)
        asked = [name for name in filters if name in request.query]
        tests = [filters[name](request.query[name]) for name in asked]
        found = _found(call, envelope, tests)
        if not found and sought and context.sower.is_vendors(repository):
            # Nobody can know what to search for: whatever is sought is about all of them.
            tests = [t for n, t in zip(asked, tests, strict=True) if n not in sought]
            found = _found(call, envelope, tests)
        if needed and not found:
            known = {field: request.query.get(name) for name, field in needed.items()}
            within = _within(call)
            if context.sower.sow_alike(call.world, repository, within or "", known):
                found = _found(call, envelope, tests)
        if not found and not asked and is_never_empty(context, operation, envelope):
            _sow_one(call)
            found = _found(call, envelope, tests)
        if not found and call.world.leniency.fill:
            found = _filled(call, envelope, filters, tests)
        page = _page(call, found, envelope)
        return _reply(call, envelope, page)

    return handle


def _example_page(operation: Operation, envelope: Envelope) -> Any:
    """A default page beyond the first, which is meant as an example: nobody begins there."""
    for parameter in operation.parameters:
        if parameter.place == "query" and parameter.name == envelope.paging.page:
            default = parameter.schema.get("default")
            return default if isinstance(default, int) and default > 1 else None
    return None


def _asked_in_body(request: Request, envelope: Envelope) -> Request:
    """The request as if it had asked for its page in the query."""
    sent = {n: v for n, v in named(request.body).items() if n in envelope.paging.names}
    return replace(request, query={**request.query, **sent})


def _sow_one(call: Call) -> None:
    """What is there of a kind of which something always is."""
    within = _within(call)
    call.context.sower.sow_some(call.world, call.repository, within or "", _named_above(call))


def _named_above(call: Call) -> dict[str, Any]:
    """What the path says of the rows, where they do not lie under what it names."""
    parents = call.action.parents
    field = parents[-1].field if parents and _within(call) is None else None
    return {field: call.request.path[parents[-1].parameter]} if field is not None else {}


def _filled(
    call: Call, envelope: Envelope, filters: Mapping[str, Make], tests: list[Test]
) -> list[Entity]:
    """What is shown where nothing would be: a new row that is as the filters ask, as far as a
    property can be; whatever else they ask, it is shown."""
    query, within = call.request.query, _within(call)
    known = {
        field: value[0] if isinstance(value, list) else value
        for name, field in equal_to(filters).items()
        if (value := query.get(name)) not in (None, [])
    }
    known.update(_named_above(call))
    call.context.sower.sow_another(call.world, call.repository, within or "", known)
    return _found(call, envelope, tests) or _found(call, envelope, [])


def _found(call: Call, envelope: Envelope, tests: list[Test]) -> list[Entity]:
    rows = ordered(_rows(call), call.request.query, envelope, call.repository)
    return [entity for entity in rows if entity.data and all(test(entity) for test in tests)]


def _within(call: Call) -> str | None:
    """The key of the row that the rows lie under; None if the path does not tell it."""
    own, parents = call.resource.parents[-1:], call.action.parents
    for index in reversed(range(len(parents))) if own else ():
        if own[0].alike(parents[index]):
            return call.key_above(index)
    return None


def _rows(call: Call) -> Iterator[Entity]:
    repository, action = call.repository, call.action
    within = _within(call)
    call.context.sower.sow(call.world, repository, within)
    newest = action.envelope is not None and newest_first(
        action.envelope, bool(repository.roles.created)
    )
    rows = repository.scan(call.world, within, newest)
    if within and repository.resource.parents[-1].resource is None:
        # What an example shows without a word of what it lies under.
        rows = chain(rows, repository.scan(call.world, "", newest))
    hidden = _shows_hidden(call)
    rows = (
        entity
        for entity in rows
        if not entity.row.get("gone") and (hidden or not entity.row.get("hidden"))
    )
    if action.parents and within is None:
        return _under(rows, call.request, action)
    return rows


def _shows_hidden(call: Call) -> bool:
    """Whether a list is asked for what was deleted softly, too."""
    states = call.resource.states
    asked = {"_".join(tokens(name)) for name in call.request.query}
    words = {word for name in asked for word in name.split("_")}
    return bool(words & _HIDDEN) or (states is not None and states.name in call.request.query)


_HIDDEN = frozenset(("deleted", "archived", "discarded", "include", "trashed", "inactive"))


def _under(rows: Iterator[Entity], request: Request, action: Action) -> Iterator[Entity]:
    """The rows whose field says that they belong to what another path names."""
    link = action.parents[-1]
    value = request.path[link.parameter]
    field = link.field
    return (entity for entity in rows if not field or str(entity.data.get(field)) == str(value))


class Page:
    """The rows of one page, and what is known of the others."""

    def __init__(self, rows: list[Entity], total: int, start: int, size: int, cursor: str) -> None:
        self.rows = rows
        self.total = total
        self.start = start
        self.size = size
        self.more = start + len(rows) < total
        self.cursor = cursor


def _page(call: Call, found: list[Entity], envelope: Envelope) -> Page:
    query, paging = call.request.query, envelope.paging
    size = _number(_value(query, paging.limit), paging.default_limit)
    if not paging.names and envelope.page.next is None:
        return Page(found, len(found), 0, max(1, len(found)), "")
    start = 0
    scope = _scope(call, envelope)
    cursor = _value(query, paging.cursor)
    offset, number = _value(query, paging.offset), _value(query, paging.page)
    if offset is not None:
        start = _number(offset, 0, least=0)
    elif isinstance(number, int):
        start = (max(paging.first_page, number) - paging.first_page) * size
    elif paging.cursor is not None and cursor not in (None, ""):
        try:
            start = _after(found, str(cursor), scope)
        except BadRequest as error:
            if call.world.leniency.unknown_cursors == "first-page":
                rest = {n: v for n, v in query.items() if n != paging.cursor}
                first = replace(call, request=replace(call.request, query=rest))
                return _page(first, found, envelope)
            # As any other parameter that does not fit.
            fault = Violation(("query", paging.cursor), "cursor", error.message, cursor)
            raise Invalid(error.message, violations=[fault]) from None
    rows = found[start : start + size]
    ahead = encode_cursor(scope, (rows[-1].key,)) if rows else ""
    return Page(rows, len(found), start, size, ahead)


def _scope(call: Call, envelope: Envelope) -> tuple[Any, ...]:
    paging, request = envelope.paging.names, call.request
    filters = sorted((n, str(v)) for n, v in request.query.items() if n not in paging)
    return (call.action.operation, *sorted(request.path.items()), *filters)


def _after(found: list[Entity], cursor: str, scope: tuple[Any, ...]) -> int:
    """Where the page after a cursor begins. A cursor may be the id of the last row.

    Raises BadRequest.
    """
    keys = [entity.key for entity in found]
    if cursor in keys:
        return keys.index(cursor) + 1
    (key, *_) = (*decode_cursor(scope, cursor), "")
    if key in keys:
        return keys.index(key) + 1
    # The row is gone meanwhile; what came before it can't be told any more.
    raise BadRequest("The cursor belongs to a row that is gone.")


def _value(query: Mapping[str, Any], name: str | None) -> Any:
    """What a query parameter says, if the list has it."""
    return query.get(name) if name is not None else None


def _number(value: Any, default: int, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    return max(least, int(value))


def _reply(call: Call, envelope: Envelope, page: Page) -> Reply:
    context, request = call.context, call.request
    try:
        items = [_shown(call, envelope, entity) for entity in page.rows]
    except ReplyError:
        # No value can show a row, as its schema contradicts itself: no row is all that can be said.
        page, items = Page([], 0, 0, page.size, ""), []
    dice = call.lasting(*sorted(request.path.items()))
    if not envelope.items:
        reply = bare(context, request.operation, dice, items)
    else:
        known = _parts(call, envelope, page)
        _put(known, envelope.items, [])
        reply = context.answers.reply(request.operation, dice, known, (), "fresh")
        if isinstance(reply.body, dict):
            _put(reply.body, envelope.items, items)
            if not items:
                leave_out(context, request.operation, reply, envelope.items)
    if envelope.page.link_header or (page.more and not envelope.items and envelope.paging.page):
        link = _links(call, envelope, page)
        if link:
            reply.headers["Link"] = link
    return reply


def _shown(call: Call, envelope: Envelope, entity: Entity) -> Any:
    name = _name(call, envelope, entity)
    if name is not MISSING:
        return name
    known: Any = call.known(entity)
    if envelope.item is None:
        return known
    context = call.context
    exact = entity.shown_by(call.action.operation) if not envelope.row else None
    if exact is not None and context.values.check(envelope.item).is_valid(exact):
        return exact
    plain = context.values.plain(envelope.item, known) if not envelope.row else MISSING
    if plain is not MISSING:
        return plain
    for step in reversed(envelope.row):
        known = {step: known}
    dice = call.lasting("row", entity.key)
    resource = call.resource
    mode = call.mode(entity.mode)
    return context.values.make(envelope.item, dice, known, mode=mode, owner=resource.noun)


def _name(call: Call, envelope: Envelope, entity: Entity) -> Any:
    """What a row is called, in a list of nothing but names; MISSING if the list shows objects."""
    if envelope.item is None:
        return MISSING
    types = call.context.schemas.flat_at(envelope.item).types
    if not types or {"object", "array"} & set(types):
        return MISSING
    name = call.id_of(entity)
    return name if call.context.values.check(envelope.item).is_valid(name) else MISSING


def _parts(call: Call, envelope: Envelope, page: Page) -> dict[str, Any]:
    """The envelope's own properties."""
    known: dict[str, Any] = {"url": call.path()}
    ahead = _ahead(call, envelope, page)
    for path, value in (
        (envelope.page.next, ahead if page.more else None),
        (envelope.page.previous, None),
        (envelope.page.more, page.more),
        (envelope.page.total, page.total),
        (envelope.page.pages, -(-page.total // page.size)),
    ):
        if path:
            _put(known, path, value)
    current = {
        "limit": page.size if envelope.paging.limit else len(page.rows),
        "offset": page.start,
        "page": page.start // page.size + envelope.paging.first_page,
    }
    for path, what in envelope.page.echoes:
        _put(known, path, current[what])
    return known


def _ahead(call: Call, envelope: Envelope, page: Page) -> Any:
    """What the property about the next page says."""
    if envelope.page.next_is_url:
        return _url(call, _next_query(call.request, envelope, page))
    if envelope.paging.page and not envelope.paging.cursor:
        return page.start // page.size + envelope.paging.first_page + 1
    if envelope.paging.offset and not envelope.paging.cursor:
        return page.start + page.size
    return page.cursor


def _next_query(request: Request, envelope: Envelope, page: Page) -> dict[str, Any]:
    query = dict(request.query)
    if envelope.paging.limit:
        query[envelope.paging.limit] = page.size
    if envelope.paging.cursor:
        query[envelope.paging.cursor] = page.cursor
    elif envelope.paging.page:
        query[envelope.paging.page] = page.start // page.size + envelope.paging.first_page + 1
    elif envelope.paging.offset:
        query[envelope.paging.offset] = page.start + page.size
    return query


def _url(call: Call, query: Mapping[str, Any]) -> str:
    request = call.request
    host = request.headers.get("host", "127.0.0.1:8000")
    base = request.base_url or f"http://{host}"
    return f"{base}{call.path()}?{urlencode(query, doseq=True)}"


def _links(call: Call, envelope: Envelope, page: Page) -> str:
    if not page.more:
        return ""
    return f'<{_url(call, _next_query(call.request, envelope, page))}>; rel="next"'


def _put(target: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        inner = target.get(name)
        if not isinstance(inner, dict):
            inner = target[name] = {}
        target = inner
    target[path[-1]] = value
