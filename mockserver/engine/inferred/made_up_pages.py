"""Pages of rows that are no entities: of a response from the schema alone, or of values that one
entity has. They are turned as the pages of a list are, and come to an end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import Context, dig
from mockserver.engine.inferred.page_parts import (
    as_query,
    asked_elsewhere,
    example_page,
    page_headers,
    put,
    settle,
    with_links,
)
from mockserver.engine.inferred.pages import ALL, BACK, PageRequest, ShownPage
from mockserver.engine.inferred.repository import Entity, value_at
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pagination import Pages, Sorted
from mockserver.engine.serialization import pointer_of
from mockserver.engine.world import SortKey
from mockserver.errors import BadRequest
from mockserver.inference.model import Action, Envelope
from mockserver.inference.page_model import PageField
from mockserver.inference.resource_model import Path
from mockserver.inference.words import snake_case
from mockserver.openapi.model import Operation

_DEEP = 3


def turning(
    context: Context, operation: Operation, action: Action, handler: CallHandler
) -> CallHandler:
    """The handler, with its response as the page that is requested, if it has the form of one."""
    if action.envelope is None or action.kind == "list":
        return handler
    envelope = with_links(action.envelope)
    example = example_page(operation, envelope)
    asked = tuple(asked_elsewhere(context.schemas, operation, envelope))
    names = envelope.paging.names

    def handle(call: Call) -> Reply:
        reply = handler(replace(call, request=_of_any_page(call.request, envelope)))
        if reply.status != operation.success or not isinstance(reply.body, dict | list):
            return reply
        call = replace(call, request=as_query(call.request, envelope, example, asked))
        reply = replace(reply, body=deepcopy(reply.body), headers=dict(reply.headers))
        return _turned(call, envelope, reply)

    return handle if names or _says_more(envelope) else handler


def _says_more(envelope: Envelope) -> bool:
    page = envelope.page
    return bool(page.fields or page.headers or page.link_header)


def _of_any_page(request: Request, envelope: Envelope) -> Request:
    """The request without what says which page it is for: each page shows some of the same rows."""
    names = envelope.paging.names
    query = {name: value for name, value in request.query.items() if name not in names}
    body = request.body
    if envelope.paging.in_body and isinstance(body, Mapping):
        body = {name: value for name, value in body.items() if name not in names}
    return replace(request, query=query, body=body)


def _turned(call: Call, envelope: Envelope, reply: Reply) -> Reply:
    """The reply with the rows of the requested page, and with what is true of this page."""
    places = _places(envelope, reply.body)
    rows = [(place, row) for place in places for row in value_at(reply.body, place)]
    pages = Sorted(list(_entities(envelope, rows)), lambda entity: entity.key)
    shown = _Shown(call, envelope, pages, _Request(call, envelope))
    if len(shown.page.rows) != len(rows):
        kept = [rows[entity.row["at"]] for entity in shown.page.rows]
        if not _is_put(call, reply, places, kept):
            # The document says that there is always a row.
            shown = _Shown(call, envelope, pages, _Request(call, envelope, whole=True))
    if isinstance(reply.body, dict):
        said = [one for one in envelope.page.fields if _is_said(shown.request, one, reply.body)]
        fields = [(one, shown.value(one)) for one in said]
        settle(reply, shown, fields)
    for name, value in page_headers(shown, reply).items():
        reply.headers[name] = value
    return reply


def _places(envelope: Envelope, body: Any) -> list[Path]:
    """The paths of the arrays of rows: of all arrays if the document says of none that it has the
    rows."""
    if isinstance(body, dict) and not envelope.items:
        return [(name,) for name, value in body.items() if isinstance(value, list)]
    return [envelope.items] if isinstance(value_at(body, envelope.items), list) else []


def _entities(envelope: Envelope, rows: list[tuple[Path, Any]]) -> Iterator[Entity]:
    """The rows, each with a key: its id, or its place."""
    keys: set[str] = set()
    for index, (_, row) in enumerate(rows):
        inner = dig(row, envelope.row) if envelope.row else row
        data = inner if isinstance(inner, Mapping) else {"": inner}
        own = next((v for n, v in data.items() if snake_case(n) in ("id", "")), None)
        key = str(own) if isinstance(own, str | int) and str(own) not in keys else f"\n{index}"
        keys.add(key)
        yield Entity(key, data, row={"at": index, "id": str(own)})


def _is_put(call: Call, reply: Reply, places: list[Path], kept: list[tuple[Path, Any]]) -> bool:
    """Leave only these rows in the reply, if the document allows that."""
    pointer = pointer_of(call.operation, reply.status)
    after = deepcopy(reply.body)
    for place in places:
        rows = [row for own, row in kept if own == place]
        if place:
            put(after, place, rows)
        else:
            after = rows
    if pointer is not None:
        check = call.context.values.check(pointer).is_valid
        if not check(after) and check(reply.body):
            return False
    reply.body = after
    return True


def _is_said(request: PageRequest, field: PageField, body: dict[str, Any]) -> bool:
    """Whether a body says this of its page: an example may leave something out, and may have
    another size than a request that does not say one."""
    if field.meaning == "limit" and not request.is_limited:
        return False
    holder = value_at(body, field.path[:-1])
    return isinstance(holder, Mapping) and field.path[-1] in holder


class _Request(PageRequest):
    """A request for a page of rows that only the response itself knows."""

    def __init__(self, call: Call, envelope: Envelope, *, whole: bool = False) -> None:
        super().__init__(call, envelope)
        if whole:
            self.cursor, self.start, self.size = None, 0, ALL

    def _place(self, pages: Pages[Entity], cursor: str) -> tuple[str, SortKey]:
        assert isinstance(pages, Sorted)
        rows = pages.page(ALL).rows[::-1]
        own = (one for one in rows if one.row["id"] == cursor)
        named = next(own, None) or next((one for one in rows if _has(one.data, cursor)), None)
        if named is not None:
            return self.way, pages.place(named.key) or ()
        try:
            return self.decoded(cursor)
        except BadRequest:
            if self._call.world.leniency.unknown_cursors == "first-page":
                raise
        # Whatever it is, there is nothing behind it.
        return self.way, ("\n", 0 if self.way == BACK else pages.count())


def _has(value: Any, cursor: str, depth: int = _DEEP) -> bool:
    """Whether a value is among those of a row."""
    if isinstance(value, Mapping | list):
        inner = value.values() if isinstance(value, Mapping) else value
        return depth > 0 and any(_has(one, cursor, depth - 1) for one in inner)
    return not isinstance(value, bool) and str(value) == cursor


class _Shown(ShownPage):
    """A page of rows whose ids are those that they show."""

    def value(self, field: PageField) -> Any:
        rows = self.page.rows
        if field.meaning in ("first_id", "last_id"):
            row = (rows[0] if field.meaning == "first_id" else rows[-1]) if rows else None
            return row.key if row is not None and not row.key.startswith("\n") else None
        return super().value(field)
