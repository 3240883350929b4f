"""One page of a list: how it is requested, and how its envelope describes it and its neighbours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote_plus, urlencode

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.repository import Entity
from mockserver.engine.pagination import (
    Ordered,
    Page,
    Pages,
    Sorted,
    decode_cursor,
    encode_cursor,
)
from mockserver.engine.world import SortKey
from mockserver.errors import BadRequest, Invalid
from mockserver.inference.model import Envelope
from mockserver.inference.page_model import Form, PageField
from mockserver.openapi.model import Violation
from mockserver.records import dataclass

ALL = 1 << 60
"""The size of the page of a list that has no pages."""
_OF_QUERIES = "%&=+,;:@/?!$'()*~"
"""What stays as it is in a query (RFC 3986); a `[` that a client sends is escaped in links."""
AHEAD, BACK = ">", "<"
_BEGINNING = (None, "", 0, "0")
"""Cursors behind no row: a client that has seen none asks for what follows 0."""
_RANGE = re.compile(r"\s*(?:(\w+)[= ])?(\d{1,9})-(\d{1,9})?\s*")


class PageRequest:
    """The requested page: a size, and a position or number to start from.

    `most` is the number of rows that the response may have.
    """

    def __init__(self, call: Call, envelope: Envelope, most: int = ALL) -> None:
        self._call = call
        query, paging = call.request.query, envelope.paging
        self.names = paging.names
        paged = bool(paging.names) or envelope.page.path("next") is not None
        size = _value(query, paging.limit)
        for more, default in paging.limits if size in (None, paging.default_limit) else ():
            other = _value(query, more)
            size = size if other in (None, default) else other
        self.is_limited = size is not None
        # A negative limit asks for everything.
        whole = not paged or ((asked := _whole(size)) is not None and asked < 0)
        self.size = min(ALL if whole else _number(size, paging.default_limit), most)
        self.way = ""
        self.cursor: Any = None
        self.unit = ""
        self.parameter = ""
        self.start = 0
        offset, number = _value(query, paging.offset), _value(query, paging.page)
        for name, way in ((paging.before, BACK), (paging.cursor, AHEAD)):
            value = _value(query, name)
            if name is not None and value not in (*_BEGINNING, paging.first_cursor):
                self.parameter, self.cursor, self.way = name, value, way
        if self.cursor is not None:
            return
        self._read_range(_value(query, paging.range))
        if offset is not None:
            first = paging.first_offset
            self.start = max(0, _number(offset, first, least=0) - first)
        elif number is not None:
            first = paging.first_page
            page = _whole(number)
            if page is None and paging.page is not None and number != "":
                self.parameter, self.cursor, self.way = paging.page, number, AHEAD
            elif page is not None:
                self.start = min((max(first, page) - first) * self.size, ALL)

    def _read_range(self, value: Any) -> None:
        """Take the rows from a range, `items=0-9` or `0-9`."""
        found = _RANGE.fullmatch(value) if isinstance(value, str) else None
        if found is not None and int(found[2]) <= int(found[3] or ALL):
            self.unit, self.start = found[1] or "items", int(found[2])
            self.size = min(int(found[3] or ALL) - self.start + 1, ALL)

    def go_to(self, start: int) -> None:
        """Ask for the page from this row on instead."""
        self.cursor, self.way, self.start = None, "", start

    def scope(self) -> tuple[Any, ...]:
        """What a cursor is valid for: this list with these filters."""
        request = self._call.request
        filters = sorted((n, str(v)) for n, v in request.query.items() if n not in self.names)
        return (self._call.action.operation, *sorted(request.path.items()), *filters)

    def of(self, pages: Pages[Entity]) -> Page[Entity]:
        """The page of a request. Raises Invalid for a bad cursor."""
        if self.cursor is None:
            return pages.page(self.size, skip=self.start)
        try:
            way, place = self._place(pages, str(self.cursor))
        except BadRequest as error:
            if self._call.world.leniency.unknown_cursors == "first-page":
                self.cursor = None
                return pages.page(self.size)
            # Like any invalid parameter.
            fault = Violation(("query", self.parameter), "cursor", error.message, self.cursor)
            raise Invalid(error.message, violations=[fault]) from None
        if BACK in (way, self.way):
            page = pages.page(self.size, before=place)
            self.start = max(0, self.start - len(page.rows))
            return page
        return pages.page(self.size, after=place)

    def _place(self, pages: Pages[Entity], cursor: str) -> tuple[str, SortKey]:
        """The position that a cursor means; it may be the id of an entity. Raises BadRequest."""
        call = self._call
        key = call.key_of(cursor)
        for own in (key, cursor):
            entity = call.repository.get(call.world, own)
            if entity is not None:
                if isinstance(pages, Sorted | Ordered):
                    place = pages.place(own)
                else:
                    place = call.repository.place(entity)
                if place is not None:
                    return self.way, place
        return self.decoded(cursor)

    def decoded(self, cursor: str) -> tuple[str, SortKey]:
        """The position in a cursor that this list gave out. Raises BadRequest for any other."""
        decoded = decode_cursor(self.scope(), cursor)
        if len(decoded) < 3:
            raise BadRequest("The cursor is not valid.")
        way, start, *rest = decoded
        self.start = int(start)
        return str(way), tuple(rest)

    def cursor_for(self, way: str, start: int, place: SortKey) -> str:
        """The cursor of the page after a position, or before it."""
        return encode_cursor(self.scope(), (way, start, *place))


def _value(query: Mapping[str, Any], name: str | None) -> Any:
    """The value of a query parameter, if the list has it."""
    return query.get(name) if name is not None else None


def _whole(value: Any) -> int | None:
    """A value as an integer; text of digits is accepted."""
    if isinstance(value, str) and value.isdecimal() and value.isascii():
        return int(value)
    return None if isinstance(value, bool) or not isinstance(value, int | float) else int(value)


def _number(value: Any, default: int, least: int = 1) -> int:
    number = _whole(value)
    return default if number is None else min(max(least, number), ALL)


@dataclass(eq=False)
class ShownPage:
    """A page, and what its envelope says about it and its neighbours."""

    call: Call
    envelope: Envelope
    pages: Pages[Entity]
    request: PageRequest

    def __post_init__(self) -> None:
        self.page = self.request.of(self.pages)
        self.start = self.request.start
        whole = self.request.size == ALL
        self.size = max(1, len(self.page.rows)) if whole else self.request.size

    @cached_property
    def total(self) -> int:
        return self.pages.count()

    @property
    def number(self) -> int:
        """The number of the page, counted as this list counts."""
        return self.start // self.size + self.envelope.paging.first_page

    @property
    def last_start(self) -> int:
        """The position of the last page."""
        return max(0, self.total - 1) // self.size * self.size

    def row_cursor(self, index: int) -> str:
        """The cursor of one row: with it, the next page begins behind this row."""
        row = self.page.rows[index]
        if isinstance(self.pages, Sorted | Ordered):
            place = self.pages.place(row.key)
        else:
            place = self.call.repository.place(row)
        return self.request.cursor_for(AHEAD, self.start + index + 1, place or ())

    def value(self, field: PageField) -> Any:
        """The value of an envelope property; None if there is none."""
        rows, call = self.page.rows, self.call
        match field.meaning:
            case "next" | "previous" | "first" | "last" | "self":
                return self._other(field.meaning, field.form)
            case "more":
                return self.page.more
            case "less":
                return self.page.less
            case "final":
                return not self.page.more
            case "initial":
                return not self.page.less
            case "empty":
                return not rows
            case "remaining":
                return max(0, self.total - self.start - len(rows))
            case "range":
                return self.range()
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
                return self.start + self.envelope.paging.first_offset
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

    def range(self) -> str:
        """The rows of the page as Content-Range has them (RFC 9110): `items 0-9/42`."""
        unit = self.envelope.items[-1] if self.envelope.items else "items"
        unit = self.request.unit or unit
        shown = len(self.page.rows)
        rows = f"{self.start}-{self.start + shown - 1}" if shown else "*"
        return f"{unit} {rows}/{self.total}"

    def _other(self, meaning: str, form: Form) -> Any:
        """The reference to another page; None if there is none."""
        query = self.query(meaning)
        if query is None:
            return None
        paging = self.envelope.paging
        if form == "url":
            return self.url(query)
        if form == "cursor" and meaning in ("next", "previous"):
            return self._cursor(meaning) if self._moves_by_cursor(meaning) else self._bare(meaning)
        starts = {
            "next": self.start + self.size,
            "previous": max(0, self.start - self.size),
            "last": self.last_start,
            "self": self.start,
        }
        start = starts.get(meaning, 0)
        if form == "offset":
            return start + paging.first_offset
        return start // self.size + paging.first_page

    def beyond(self, form: Form) -> Any:
        """The reference to a page behind the last one, which is empty: for a response that has to
        name a next page."""
        paging, end = self.envelope.paging, self.start + len(self.page.rows)
        number = -(-end // self.size) + paging.first_page
        place = self.page.last or (self.pages.page(1, skip=end - 1) if end else self.page).last
        cursor = self.request.cursor_for(AHEAD, end, place or ("", 0))
        values = {
            paging.cursor: cursor, paging.page: number, paging.offset: end + paging.first_offset,
        }  # fmt: skip
        if form == "url":
            query = dict(self.call.request.query)
            for name, value in values.items():
                if name is not None:
                    return self.url({**query, name: value})
        by_form = {"page": number, "offset": end + paging.first_offset}
        return by_form.get(form, cursor)

    def _bare(self, meaning: str) -> Any:
        """The reference to another page in a list without cursors: its number."""
        query = self.query(meaning) or {}
        paging = self.envelope.paging
        name = paging.page if paging.page is not None else paging.offset
        return str(query.get(name, "")) if name is not None else None

    def _moves_by_cursor(self, meaning: str) -> bool:
        paging = self.envelope.paging
        named = paging.before is not None if meaning == "previous" else False
        return named or paging.cursor is not None or (paging.page is None and paging.offset is None)

    def _cursor(self, meaning: str) -> str | None:
        page = self.page
        if meaning == "next":
            if page.last is None:
                return None
            return self.request.cursor_for(AHEAD, self.start + len(page.rows), page.last)
        return self.request.cursor_for(BACK, self.start, page.first) if page.first else None

    def query(self, meaning: str) -> dict[str, Any] | None:
        """The query of another page; None if there is none."""
        paging, query = self.envelope.paging, dict(self.call.request.query)
        if meaning == "self":
            return query
        if (meaning == "next" and not self.page.more) or (
            meaning == "previous" and not self.page.less
        ):
            return None
        for name in (paging.cursor, paging.before, paging.page, paging.offset):
            if name is not None:
                query.pop(name, None)
        if paging.limit is not None:
            query[paging.limit] = self.size
        numbered = paging.page if paging.page is not None else paging.offset
        by_number = numbered is not None and self.request.cursor is None
        if meaning in ("next", "previous") and self._moves_by_cursor(meaning):
            suffix = set(self.call.request.query) & {paging.page, paging.offset}
            if not (by_number and (suffix or meaning == "previous")):
                cursor = self._cursor(meaning)
                name = paging.before if meaning == "previous" else None
                name = name or paging.cursor
                if cursor is not None and name is not None:
                    query[name] = cursor
                return query
        if meaning == "last" and numbered is None:
            return None
        start = {
            "next": self.start + self.size,
            "previous": max(0, self.start - self.size),
            "last": self.last_start if meaning == "last" else 0,
        }.get(meaning, 0)
        if paging.page is not None:
            query[paging.page] = start // self.size + paging.first_page
        elif paging.offset is not None:
            query[paging.offset] = start + paging.first_offset
        # The query as sent, with the new parameters appended.
        before = [name for name in self.call.request.query if name in query]
        return {name: query[name] for name in dict.fromkeys([*before, *query])}

    def url(self, query: Mapping[str, Any]) -> str:
        request = self.call.request
        host = request.headers.get("host", "127.0.0.1:8000")
        base = request.base_url or f"http://{host}"
        said = "&".join(self._said(name, value) for name, value in query.items())
        return f"{base}{self.call.path()}{f'?{said}' if said else ''}"

    def _said(self, name: str, value: Any) -> str:
        """A parameter in a query: an array or object as it was sent, in whatever style."""
        if isinstance(value, Mapping | list):
            sent = self.call.request.raw_query.decode("latin-1").split("&")
            named = [(unquote_plus(part.partition("=")[0]), part) for part in sent if part]
            own = [part for n, part in named if n == name or n.startswith(f"{name}[")]
            if not own and isinstance(value, Mapping):
                own = [part for n, part in named if n in value]  # each property by itself
            if own:
                return quote("&".join(own), safe=_OF_QUERIES)
        return urlencode({name: str(value).lower() if isinstance(value, bool) else value}, True)

    def link_header(self) -> str:
        """The `Link` header with the neighbouring pages."""
        found = []
        by_number = self.envelope.paging.page is not None or self.envelope.paging.offset is not None
        for rel, meaning in (
            ("first", "first"),
            ("prev", "previous"),
            ("next", "next"),
            ("last", "last"),
        ):
            if meaning in ("first", "last") and not (
                by_number and (self.page.more or self.page.less)
            ):
                continue
            query = self.query(meaning)
            if query is not None:
                rel = "prev" if meaning == "previous" else meaning
                found.append(f'<{self.url(query)}>; rel="{rel}"')
        return ", ".join(found)
