"""Lists: which entities, in which order, on which page, in which envelope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from mockserver.engine.generation.generator import MISSING
from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import Context, named
from mockserver.engine.inferred.filters import Filters
from mockserver.engine.inferred.ordering import order_of, sorted_by
from mockserver.engine.inferred.repository import Choice, Entity, Test
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pagination import Page, Pages, Sorted, decode_cursor, encode_cursor
from mockserver.engine.randomness import Dice
from mockserver.engine.serialization import choose_media_type
from mockserver.engine.world import SortKey
from mockserver.errors import BadRequest, Invalid, ReplyError
from mockserver.inference.model import Action, Envelope, Form, PageField, Path
from mockserver.inference.words import bag, tokens
from mockserver.openapi.model import Operation, Violation

_ALL = 1 << 60
"""The size of the page of a list that has no pages."""
_AHEAD, _BACK = ">", "<"


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


def _pointer(operation: Operation, status: int) -> str | None:
    """Where the schema of a response stands, if it has one."""
    response = operation.response_for(status)
    media = response.content.get(choose_media_type(response)) if response is not None else None
    return media.pointer if media is not None else None


def listing(context: Context, operation: Operation, action: Action) -> CallHandler:
    """A handler that lists a resource."""
    envelope = action.envelope or Envelope()
    repository = context.repository_of(action)
    filters = Filters(context.schemas, operation, envelope, repository)
    example = _example_page(operation, envelope)

    def handle(call: Call) -> Reply:
        call.check_parents()
        call = replace(call, request=_asked(call.request, envelope, example))
        query, sower = call.request.query, context.sower
        within = _within(call)
        sower.sow(call.world, repository, within)
        tests, fields = filters.asked(query)
        request = _PageRequest(call, envelope)
        pages = _pages(call, envelope, within, tests, fields)
        if _is_empty(pages) and filters.sought and sower.is_vendors(repository):
            # Nobody can know what to search for: whatever is sought is about all of them.
            tests, fields = filters.asked(query, but=filters.sought)
            pages = _pages(call, envelope, within, tests, fields)
        if filters.needed and _is_empty(pages):
            known = {field: query.get(name) for name, field in filters.needed.items()}
            sower.sow_alike(call.world, repository, within or "", known)
        always = not (tests or fields) and is_never_empty(context, operation, envelope)
        if always and _is_empty(pages):
            sower.sow_some(call.world, repository, within or "", _named_above(call, within))
        if call.world.leniency.fill and _is_empty(pages):
            # Something is shown where nothing would be, as the filters ask as far as that can be.
            known = {**filters.equal_to(query), **_named_above(call, within)}
            sower.sow_another(call.world, repository, within or "", known)
            if _is_empty(pages):
                pages = _pages(call, envelope, within, [], {})
        return _reply(call, envelope, _Shown(call, envelope, pages, request))

    return handle


def _is_empty(pages: Pages[Entity]) -> bool:
    return not pages.page(1).rows


def _example_page(operation: Operation, envelope: Envelope) -> Any:
    """A default page beyond the first, which is meant as an example: nobody begins there."""
    for parameter in operation.parameters:
        if parameter.place == "query" and parameter.name == envelope.paging.page:
            default = parameter.schema.get("default")
            return default if isinstance(default, int) and default > 1 else None
    return None


def _asked(request: Request, envelope: Envelope, example: Any) -> Request:
    """The request; what a body asks for is as if the query did."""
    query = dict(request.query)
    if envelope.paging.in_body:
        query.update(named(request.body))
    name = envelope.paging.page
    if example is not None and name is not None and query.get(name) == example:
        del query[name]
    return replace(request, query=query)


def _named_above(call: Call, within: str | None) -> dict[str, Any]:
    """What the path says of the entities, where they do not lie under what it names."""
    parents = call.action.parents
    field = parents[-1].field if parents and within is None else None
    return {field: call.request.path[parents[-1].parameter]} if field is not None else {}


def _within(call: Call) -> str | None:
    """The key of the entity that the list lies under; None if the path does not tell it."""
    own, parents = call.resource.parents[-1:], call.action.parents
    for index in reversed(range(len(parents))) if own else ():
        if own[0].alike(parents[index]):
            return call.key_above(index)
    return None


def _pages(
    call: Call, envelope: Envelope, within: str | None, tests: list[Test], fields: dict[str, str]
) -> Pages[Entity]:
    """The list that is asked for."""
    order = order_of(call.request.query, envelope, call.repository)
    if call.action.parents and within is None:
        # Their field says that they belong to what another path names.
        link = call.action.parents[-1]
        if link.field is not None:
            fields = {**fields, link.field: str(call.request.path[link.parameter])}
    choice = Choice(within, order.newest_first, fields, shows_hidden=_shows_hidden(call))
    selection = call.repository.select(call.world, tests, choice)
    if not order.fields:
        return selection
    return Sorted(sorted_by(list(selection.page(_ALL).rows), order), lambda entity: entity.key)


def _shows_hidden(call: Call) -> bool:
    """Whether a list is asked for what was deleted softly, too."""
    states, query = call.resource.states, call.request.query
    words = {word for name, value in query.items() if value is not False for word in tokens(name)}
    return bool(words & _HIDDEN) or (states is not None and states.name in query)


_HIDDEN = bag("deleted archived discarded include trashed inactive")


class _PageRequest:
    """Which page is asked for: a size, and a place or a number to begin with."""

    def __init__(self, call: Call, envelope: Envelope) -> None:
        self._call = call
        query, paging = call.request.query, envelope.paging
        self.names = paging.names
        paged = bool(paging.names) or envelope.page.path("next") is not None
        size = _value(query, paging.limit)
        self.size = _number(size, paging.default_limit) if paged else _ALL
        self.way = ""
        self.cursor: Any = None
        self.parameter = ""
        self.start = 0
        offset, number = _value(query, paging.offset), _value(query, paging.page)
        for name, way in ((paging.before, _BACK), (paging.cursor, _AHEAD)):
            value = _value(query, name)
            if name is not None and value not in (None, ""):
                self.parameter, self.cursor, self.way = name, value, way
        if self.cursor is not None:
            return
        if offset is not None:
            self.start = _number(offset, 0, least=0)
        elif number is not None:
            first = paging.first_page
            page = _whole(number)
            if page is None and paging.page is not None and number != "":
                self.parameter, self.cursor, self.way = paging.page, number, _AHEAD
            elif page is not None:
                self.start = (max(first, page) - first) * self.size

    def scope(self) -> tuple[Any, ...]:
        """What a cursor is good for: this list with these filters."""
        request = self._call.request
        filters = sorted((n, str(v)) for n, v in request.query.items() if n not in self.names)
        return (self._call.action.operation, *sorted(request.path.items()), *filters)

    def of(self, pages: Pages[Entity]) -> Page[Entity]:
        """The page. Raises Invalid for a cursor that is none."""
        if self.cursor is None:
            return pages.page(self.size, skip=self.start)
        try:
            way, place = self._place(pages, str(self.cursor))
        except BadRequest as error:
            if self._call.world.leniency.unknown_cursors == "first-page":
                self.cursor = None
                return pages.page(self.size)
            # As any other parameter that does not fit.
            fault = Violation(("query", self.parameter), "cursor", error.message, self.cursor)
            raise Invalid(error.message, violations=[fault]) from None
        if _BACK in (way, self.way):
            page = pages.page(self.size, before=place)
            self.start = max(0, self.start - len(page.rows))
            return page
        return pages.page(self.size, after=place)

    def _place(self, pages: Pages[Entity], cursor: str) -> tuple[str, SortKey]:
        """Where a cursor leads; it may be the id of a row. Raises BadRequest."""
        call = self._call
        key = call.key_of(cursor)
        for own in (key, cursor):
            entity = call.repository.get(call.world, own)
            if entity is not None:
                place = (
                    pages.place(own) if isinstance(pages, Sorted) else call.repository.place(entity)
                )
                if place is not None:
                    return self.way, place
        decoded = decode_cursor(self.scope(), cursor)
        if len(decoded) < 3:
            raise BadRequest("The cursor is not valid.")
        way, start, *rest = decoded
        self.start = int(start)
        return str(way), tuple(rest)

    def cursor_for(self, way: str, start: int, place: SortKey) -> str:
        """The cursor of the page behind a place, or of the one in front of it."""
        return encode_cursor(self.scope(), (way, start, *place))


def _value(query: Mapping[str, Any], name: str | None) -> Any:
    """What a query parameter says, if the list has it."""
    return query.get(name) if name is not None else None


def _whole(value: Any) -> int | None:
    """A value as a whole number, a text of digits too."""
    if isinstance(value, str) and value.isdecimal() and value.isascii():
        return int(value)
    return None if isinstance(value, bool) or not isinstance(value, int | float) else int(value)


def _number(value: Any, default: int, least: int = 1) -> int:
    number = _whole(value)
    return default if number is None else max(least, number)


@dataclass
class _Shown:
    """A page, and what its envelope says of it and of the others."""

    call: Call
    envelope: Envelope
    pages: Pages[Entity]
    request: _PageRequest

    def __post_init__(self) -> None:
        self.page = self.request.of(self.pages)
        self.start = self.request.start
        whole = self.request.size == _ALL
        self.size = max(1, len(self.page.rows)) if whole else self.request.size

    @cached_property
    def total(self) -> int:
        return self.pages.count()

    @property
    def number(self) -> int:
        """The number of the page, counted as this list does."""
        return self.start // self.size + self.envelope.paging.first_page

    @property
    def last_start(self) -> int:
        """Where the last page begins."""
        return max(0, self.total - 1) // self.size * self.size

    def value(self, field: PageField) -> Any:
        """What a property of the envelope says; None if there is nothing to say."""
        rows, call = self.page.rows, self.call
        match field.said:
            case "next" | "previous" | "first" | "last" | "self":
                return self._other(field.said, field.form)
            case "more":
                return self.page.more
            case "less":
                return self.page.less
            case "total":
                return self.total
            case "pages":
                return -(-self.total // self.size)
            case "returned":
                return len(rows)
            case "page":
                return self.number
            case "limit":
                limited = self.envelope.paging.limit is not None
                return self.size if limited else len(rows)
            case "offset":
                return self.start
            case "from":
                return self.start + 1 if rows else None
            case "to":
                return self.start + len(rows) if rows else None
            case "first_id":
                return call.id_of(rows[0]) if rows else None
            case "last_id":
                return call.id_of(rows[-1]) if rows else None
            case "items_name":
                return self.envelope.items[-1] if self.envelope.items else None

    def _other(self, said: str, form: Form) -> Any:
        """How another page is named; None if there is none."""
        query = self.query(said)
        if query is None:
            return None
        paging = self.envelope.paging
        if form == "url":
            return self.url(query)
        if form == "cursor" and said in ("next", "previous"):
            return self._cursor(said) if self._moves_by_cursor(said) else self._bare(said)
        starts = {
            "next": self.start + self.size,
            "previous": max(0, self.start - self.size),
            "last": self.last_start,
            "self": self.start,
        }
        start = starts.get(said, 0)
        return start if form == "offset" else start // self.size + paging.first_page

    def _bare(self, said: str) -> Any:
        """What a text says of another page of a list that has no cursors: its number."""
        query = self.query(said) or {}
        paging = self.envelope.paging
        name = paging.page if paging.page is not None else paging.offset
        return str(query.get(name, "")) if name is not None else None

    def _moves_by_cursor(self, said: str) -> bool:
        paging = self.envelope.paging
        named = paging.before is not None if said == "previous" else False
        return named or paging.cursor is not None or (paging.page is None and paging.offset is None)

    def _cursor(self, said: str) -> str | None:
        page = self.page
        if said == "next":
            if page.last is None:
                return None
            return self.request.cursor_for(_AHEAD, self.start + len(page.rows), page.last)
        return self.request.cursor_for(_BACK, self.start, page.first) if page.first else None

    def query(self, said: str) -> dict[str, Any] | None:
        """The query that asks for another page; None if there is none."""
        paging, query = self.envelope.paging, dict(self.call.request.query)
        if said == "self":
            return query
        if (said == "next" and not self.page.more) or (said == "previous" and not self.page.less):
            return None
        for name in (paging.cursor, paging.before, paging.page, paging.offset):
            if name is not None:
                query.pop(name, None)
        if paging.limit is not None:
            query[paging.limit] = self.size
        numbered = paging.page if paging.page is not None else paging.offset
        by_number = numbered is not None and self.request.cursor is None
        if said in ("next", "previous") and self._moves_by_cursor(said):
            asked = set(self.call.request.query) & {paging.page, paging.offset}
            if not (by_number and (asked or said == "previous")):
                cursor = self._cursor(said)
                name = paging.before if said == "previous" else None
                name = name or paging.cursor
                if cursor is not None and name is not None:
                    query[name] = cursor
                return query
        if said == "last" and numbered is None:
            return None
        start = {
            "next": self.start + self.size,
            "previous": max(0, self.start - self.size),
            "last": self.last_start if said == "last" else 0,
        }.get(said, 0)
        if paging.page is not None:
            query[paging.page] = start // self.size + paging.first_page
        elif paging.offset is not None:
            query[paging.offset] = start
        # As it was asked, with what is new behind.
        before = [name for name in self.call.request.query if name in query]
        return {name: query[name] for name in dict.fromkeys([*before, *query])}

    def url(self, query: Mapping[str, Any]) -> str:
        request = self.call.request
        host = request.headers.get("host", "127.0.0.1:8000")
        base = request.base_url or f"http://{host}"
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        return f"{base}{self.call.path()}{asked}"

    def link_header(self) -> str:
        """`Link`: the pages that there are."""
        found = []
        by_number = self.envelope.paging.page is not None or self.envelope.paging.offset is not None
        for rel, said in (
            ("first", "first"),
            ("prev", "previous"),
            ("next", "next"),
            ("last", "last"),
        ):
            if said in ("first", "last") and not (by_number and (self.page.more or self.page.less)):
                continue
            query = self.query(said)
            if query is not None:
                rel = "prev" if said == "previous" else said
                found.append(f'<{self.url(query)}>; rel="{rel}"')
        return ", ".join(found)


def _reply(call: Call, envelope: Envelope, shown: _Shown) -> Reply:
    context, operation = call.context, call.request.operation
    try:
        items = [_item(call, envelope, entity) for entity in shown.page.rows]
    except ReplyError:
        # No value can show a row, as its schema contradicts itself: no row is all that can be said.
        shown.pages = Sorted((), lambda entity: entity.key)
        shown.page, shown.start, items = Page(()), 0, []
    dice = call.lasting(*sorted(call.request.path.items()))
    if not envelope.items:
        reply = bare(context, operation, dice, items)
    else:
        said = [(field, shown.value(field)) for field in envelope.page.fields]
        known: dict[str, Any] = {"url": call.path()}
        for field, value in said:
            _put(known, field.path, value)
        _put(known, envelope.items, [])
        reply = context.answers.reply(operation, dice, known, (), "fresh")
        if isinstance(reply.body, dict):
            _put(reply.body, envelope.items, items)
            _settle(context, operation, reply, envelope, said)
    for name, value in _headers(shown, reply).items():
        reply.headers[name] = value
    return reply


def _headers(shown: _Shown, reply: Reply) -> dict[str, str]:
    """What the headers say of the page."""
    envelope = shown.envelope
    found = {}
    numbered = envelope.paging.page is not None or envelope.paging.offset is not None
    if envelope.page.link_header or (shown.page.more and not envelope.items and numbered):
        link = shown.link_header()
        if link:
            found["Link"] = link
        else:
            for name in [name for name in reply.headers if name.lower() == "link"]:
                del reply.headers[name]
    for field in envelope.page.headers:
        value = shown.value(field)
        name = next((n for n in reply.headers if n.lower() == field.path[0].lower()), field.path[0])
        if value is None:
            reply.headers.pop(name, None)
        else:
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def _settle(
    context: Context,
    operation: Operation,
    reply: Reply,
    envelope: Envelope,
    said: list[tuple[PageField, Any]],
) -> None:
    """Say of the page what is true, and of what there is not, nothing: null, or no property."""
    pointer = _pointer(operation, reply.status)
    if pointer is None:
        return
    check = context.values.check(pointer).is_valid
    if not _dug(reply.body, envelope.items) and not check(reply.body):
        # Of an empty list not even the property, if it may not be empty but missing.
        _drop(reply.body, envelope.items)
    for field, value in said:
        before = _dug(reply.body, field.path)
        if before == value and type(before) is type(value):
            continue
        if value is not None:
            _put(reply.body, field.path, value)
            if not check(reply.body):
                _put(reply.body, field.path, str(value))
        else:
            _drop(reply.body, field.path)
            if not check(reply.body):
                _put(reply.body, field.path, "")
        if not check(reply.body):
            _put(reply.body, field.path, before)


def _item(call: Call, envelope: Envelope, entity: Entity) -> Any:
    """An entity as the list shows it."""
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
    mode, owner = call.mode(entity.mode), call.resource.noun
    return context.values.make(envelope.item, dice, known, mode=mode, owner=owner)


def _name(call: Call, envelope: Envelope, entity: Entity) -> Any:
    """What a row is called, in a list of nothing but names; MISSING if the list shows objects."""
    if envelope.item is None:
        return MISSING
    types = call.context.schemas.flat_at(envelope.item).types
    if not types or {"object", "array"} & set(types):
        return MISSING
    name = call.id_of(entity)
    return name if call.context.values.check(envelope.item).is_valid(name) else MISSING


def _put(target: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        inner = target.get(name)
        if not isinstance(inner, dict):
            inner = target[name] = {}
        target = inner
    target[path[-1]] = value


def _dug(body: Any, path: Path) -> Any:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _drop(body: dict[str, Any], path: Path) -> None:
    holder = _dug(body, path[:-1])
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
