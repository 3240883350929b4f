"""What requests for a page and its response have in common, whoever has the rows: parameters that
stand elsewhere than in the query, and what the body and headers say about the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from mockserver.engine.inferred.context import named
from mockserver.engine.inferred.filter_names import is_in_filter_object
from mockserver.engine.inferred.pages import ShownPage
from mockserver.engine.inferred.repository import value_at
from mockserver.engine.messages import Reply, Request
from mockserver.engine.serialization import pointer_of
from mockserver.inference.model import Envelope
from mockserver.inference.page_model import PageField
from mockserver.inference.page_parameters import asked_in, stands_alone
from mockserver.inference.resource_model import Path
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Operation, Parameter
from mockserver.openapi.schemas.resolved import Schemas

_LINKED = "page_token"


def with_links(envelope: Envelope) -> Envelope:
    """The envelope, with a parameter for its links to other pages where the document has none."""
    paging, page = envelope.paging, envelope.page
    linked = page.link_header or any(one.form == "url" for one in page.fields)
    if not linked or paging.cursor or paging.page or paging.offset:
        return envelope
    return replace(envelope, paging=replace(paging, cursor=_LINKED))


def example_page(operation: Operation, envelope: Envelope) -> Any:
    """A default page beyond the first, which is meant as an example and is ignored."""
    for parameter in operation.parameters:
        if parameter.place == "query" and parameter.name == envelope.paging.page:
            default = parameter.schema.get("default")
            return default if isinstance(default, int) and default > 1 else None
    return None


def asked_elsewhere(
    schemas: Schemas, operation: Operation, envelope: Envelope
) -> Iterator[Parameter]:
    """The headers that page a list, and the objects in the query that have parts of what it is
    asked for."""
    names = envelope.paging.names | set(envelope.ordering.names)
    names |= {name for name in asked_in(schemas, operation) if is_in_filter_object(name)}
    for parameter in operation.parameters:
        header = parameter.place == "header" and parameter.name in names
        deep = any(name.startswith(f"{parameter.name}[") for name in names)
        if header or deep or stands_alone(parameter):
            yield parameter


def _spread(query: dict[str, Any], asked: Iterable[Parameter], headers: Mapping[str, str]) -> None:
    """Put what headers and objects say into the query."""
    for parameter in asked:
        name, value = parameter.name, query.get(parameter.name)
        if parameter.place == "header":
            query.update({name: headers[name.lower()]} if name.lower() in headers else {})
        elif isinstance(value, Mapping):
            del query[name]
            deep = parameter.style == "deepObject"
            query |= {(f"{name}[{inner}]" if deep else inner): one for inner, one in value.items()}


def as_query(
    request: Request, envelope: Envelope, example: Any, asked: Iterable[Parameter]
) -> Request:
    """The request, with list parameters of the body, of headers and of objects moved to the
    query."""
    query = dict(request.query)
    _spread(query, asked, request.headers)
    if envelope.paging.in_body:
        query.update(named(request.body))
    if envelope.paging.cursor == _LINKED and _LINKED not in query:
        found = parse_qs(request.raw_query.decode("latin-1")).get(_LINKED)
        query.update({_LINKED: found[-1]} if found else {})
    name = envelope.paging.page
    if example is not None and name is not None and query.get(name) == example:
        del query[name]
    return replace(request, query=query)


def page_headers(shown: ShownPage, reply: Reply) -> dict[str, str]:
    """The headers that describe the page."""
    envelope = shown.envelope
    numbered = envelope.paging.page is not None or envelope.paging.offset is not None
    shown_fields: dict[str, Any] = {}
    if envelope.page.link_header or (shown.page.more and not envelope.items and numbered):
        shown_fields["Link"] = shown.link_header() or None
    if shown.request.unit:
        shown_fields["Content-Range"] = shown.range()
    shown_fields.update({field.path[0]: shown.value(field) for field in envelope.page.headers})
    found = {}
    for header, value in shown_fields.items():
        name = next((n for n in reply.headers if n.lower() == header.lower()), header)
        if value is not None:
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
        elif not _is_required(shown.call.operation, reply.status, name):
            reply.headers.pop(name, None)
        elif header == "Link":
            # The header is required, but there is no such page.
            found[name] = ""
    return found


def _is_required(operation: Operation, status: int, name: str) -> bool:
    """Whether the header is required."""
    response = operation.response_for(status)
    documented = response.headers.get(name) if response is not None else None
    return documented is not None and documented.required


def settle(reply: Reply, shown: ShownPage, shown_fields: list[tuple[PageField, Any]]) -> None:
    """Set what is true of the page in the body; properties without a value are null or left out."""
    pointer = pointer_of(shown.call.operation, reply.status)
    if pointer is None:
        return
    items = shown.envelope.items
    check = shown.call.context.values.check(pointer).is_valid
    if not value_at(reply.body, items) and not check(reply.body):
        # An empty list is left out where it may be missing but not empty.
        drop(reply.body, items)
    for field, value in shown_fields:
        before = value_at(reply.body, field.path)
        if before == value and type(before) is type(value):
            continue
        for one in _spellings(field, value):
            if one is MISSING:
                drop(reply.body, field.path)
            else:
                put(reply.body, field.path, one)
            if check(reply.body):
                break
        else:
            beyond = shown.beyond(field.form) if field.meaning == "next" else before
            put(reply.body, field.path, beyond)
            if not check(reply.body):
                put(reply.body, field.path, before)


def _spellings(field: PageField, value: Any) -> tuple[Any, ...]:
    """The ways to say this, the best first. That there is no other page is said by null, by no
    property, or by what clients take for nothing."""
    if value is not None:
        return value, str(value)
    numbered = field.meaning in ("next", "previous") and field.form == "page"
    return (None, MISSING, "", 0) if numbered else (None, MISSING, "")


def put(target: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        inner = target.get(name)
        if not isinstance(inner, dict):
            inner = target[name] = {}
        target = inner
    target[path[-1]] = value


def drop(body: dict[str, Any], path: Path) -> None:
    holder = value_at(body, path[:-1])
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
