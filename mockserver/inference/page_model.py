"""How requests ask for a page of a list and its order, and how responses describe it."""

from __future__ import annotations

from typing import Any, Literal

from mockserver.records import dataclass


@dataclass(frozen=True, slots=True)
class Paging:
    """The query parameters of a page; properties of the body if `in_body`. A part of an object in
    the query (`page[size]`) and a header (`x-ms-continuation`) count as one.

    `cursor` requests what follows an entity, `before` what precedes one. `first_cursor` is the
    value of a cursor that requests the first page, its default (`*`). `limits` are other names of
    the size of a page (`limit` beside `page_size`), each with its default; `range` has the first
    and the last row (`Range: items=0-9`).
    """

    limit: str | None = None
    default_limit: int = 50
    cursor: str | None = None
    first_cursor: Any = None
    before: str | None = None
    offset: str | None = None
    page: str | None = None
    first_page: int = 1
    first_offset: int = 0
    in_body: bool = False
    limits: tuple[tuple[str, Any], ...] = ()
    range: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """All parameter names."""
        found = (self.limit, self.cursor, self.before, self.offset, self.page, self.range)
        more = (name for name, _ in self.limits)
        return frozenset(name for name in (*found, *more) if name is not None)


@dataclass(frozen=True, slots=True)
class Ordering:
    """The query parameters that order a list, and its default order if the document states one.

    `usual` is what it is sorted by if nothing is requested, `falls` whether it descends if only a
    property is.
    """

    sort: str | None = None
    direction: str | None = None
    newest_first: bool | None = None
    usual: str | None = None
    falls: bool | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The parameter names, the one with the field first."""
        return tuple(name for name in (self.sort, self.direction) if name is not None)


Meaning = Literal[
    "next", "previous", "first", "last", "self", "more", "less", "total", "pages", "returned",
    "page", "limit", "offset", "from", "to", "first_id", "last_id", "items_name", "final",
    "initial", "empty", "remaining", "range",
]  # fmt: skip
Form = Literal["cursor", "url", "page", "offset"]


@dataclass(frozen=True, slots=True)
class PageField:
    """One property of a response that describes the page.

    `form` is how it refers to another page: by cursor, URL, number or offset.
    """

    path: tuple[str, ...]
    meaning: Meaning
    form: Form = "cursor"


@dataclass(frozen=True, slots=True)
class PageFields:
    """Where a response describes its page, in the body and in headers."""

    fields: tuple[PageField, ...] = ()
    headers: tuple[PageField, ...] = ()
    link_header: bool = False

    def path(self, meaning: Meaning) -> tuple[str, ...] | None:
        """The place of this field, if the response has it."""
        return next((one.path for one in self.fields if one.meaning == meaning), None)
