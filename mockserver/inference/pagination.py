"""How lists are answered: where the rows stand, and how one asks for more of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.errors import ContractError
from mockserver.inference.model import (
    FIRST,
    Because,
    Envelope,
    Form,
    Ordering,
    PageField,
    PageFields,
    Paging,
    Path,
    Said,
)
from mockserver.inference.words import bag, noun, plural, tokens
from mockserver.openapi.model import Operation, Parameter, Response
from mockserver.openapi.schemas.resolved import Flat, Schemas

_ITEMS = (
    *("items", "data", "results", "result", "records", "rows", "entries", "values", "value"),
    *("list", "content", "elements", "objects", "nodes", "collection", "hits", "docs", "edges"),
)
_OUTER = bag("data result results embedded response payload body page")
_META = bag("meta pagination paging page page_info pageinfo metadata links response_metadata")

_LIMIT = bag(
    "limit per_page page_size pagesize size page_limit max_results maxresults max_items first top "
    "take count num num_results results_per_page items_per_page rows perpage page_length "
    "max_page_size maxpagesize max_count max_keys page_count_limit number_of_results batch_size"
)
_VAGUE = bag("size count first top take rows num")
_CURSOR = bag(
    "cursor after starting_after start_after page_token pagetoken next_token continuation_token "
    "continuation marker next_cursor page_cursor next_page_token scroll_id after_id after_cursor "
    "starting_after_id start_cursor pagination_token paging_token start_key exclusive_start_key "
    "last_key last_evaluated_key next_key bookmark from_id offset_token start_token next_page_id "
    "pagination_key last_id last_seen_id page_after next_page_cursor"
)
_BEFORE = bag(
    "before ending_before end_before before_id before_cursor page_before previous_cursor "
    "prev_cursor previous_page_token previous_token ending_before_id"
)
_OFFSET = bag(
    "offset skip start start_index startindex start_at first_result from_index page_offset "
    "start_offset first_index from start_position start_record startat"
)
_PAGE = bag("page page_number pagenumber page_num page_no pageno p page_index current_page")
_SORT = bag(
    "sort sort_by order_by orderby sortby ordering sort_field sort_column sort_key order_field "
    "sort_order_by sorting sorts order_column sort_property sort_on"
)
_DIRECTION = bag(
    "order direction sort_order sort_direction sortdirection dir order_direction sort_dir "
    "sortorder order_dir sort_type ascending descending"
)

_NEXT = bag(
    "next_cursor cursor next_page_token next_token continuation_token next next_page next_url "
    "next_link end_cursor next_page_url next_offset after next_marker odata_next_link "
    "next_page_cursor next_page_link next_page_id next_href next_uri next_page_uri next_key "
    "last_evaluated_key next_start next_page_number pagination_token next_continuation_token "
    "after_cursor next_after scroll_id next_page_href next_batch next_records_url"
)
_PREVIOUS = bag(
    "previous prev previous_cursor prev_cursor previous_page prev_page previous_url prev_url "
    "previous_page_url prev_page_url previous_link prev_link before previous_page_token "
    "prev_page_token previous_token prev_token start_cursor previous_offset prev_offset "
    "previous_page_number prev_page_number before_cursor previous_href prev_href previous_uri "
    "previous_page_uri prev_page_uri"
)
_FIRST = bag("first first_url first_link first_href first_page first_page_url first_page_uri")
_LAST = bag("last last_url last_link last_href last_page last_page_url last_page_uri")
_SELF = bag("self self_url self_link current current_url this uri url href")
_MORE = bag(
    "has_more has_next has_next_page more has_more_items is_truncated truncated hasmore "
    "has_more_results has_more_pages more_results has_after more_available"
)
_LESS = bag(
    "has_previous has_prev has_previous_page has_prev_page has_less has_before has_previous_items"
)
_TOTAL = bag(
    "total total_count total_items total_results total_elements total_records count total_size "
    "num_results items_count result_count total_rows record_count number_of_results results "
    "total_hits total_entries matches num_items items_total total_objects total_number totalcount "
    "results_count total_matches full_count found num_found nb_results nb_hits"
)
_COUNT = bag(
    "count num_results items_count result_count record_count number_of_results returned "
    "number_of_elements num_items returned_count current_count page_items count_on_page "
    "results_count items_returned per_page_count"
)
_PAGES = bag(
    "total_pages page_count pages num_pages last_page total_page pages_count number_of_pages "
    "last_page_number nb_pages pages_total"
)
_ECHOES = {
    "page": _PAGE | bag("number"), "limit": _LIMIT - {"count", "first", "number_of_results"},
    "offset": _OFFSET - {"from"},
}  # fmt: skip
_LINKS = bag("links link _links urls href hrefs")
_META = bag(
    "meta pagination paging page page_info pageinfo metadata links response_metadata _links _meta "
    "cursors paginator pager pages page_metadata link list_metadata list_info result_info info "
    "search_metadata navigation urls _metadata list_meta paging_info pagination_info"
)
_IDS = {"first_id": "first_id", "last_id": "last_id"}
_PAGING = frozenset().union(
    *(_NEXT, _PREVIOUS, _MORE, _LESS, _TOTAL, _COUNT, _PAGES, _PAGE, _LIMIT, _OFFSET, _META, _IDS),
    *(_FIRST, _LAST, _SELF),
    bag("object url self href success ok status code message first last kind etag type error "),
    bag("errors msg time took request_id warnings timestamp to from path api_version version"),
)
_DEFAULT = re.compile(
    r"default(?:s|ed)?(?: value| page size| limit)?(?: is| to| of|:|=)*\s*`?(\d{1,4})\b", re.I
)


def word(name: str) -> str:
    """A name in one spelling: `nextPageToken`, `next-page-token` -> `next_page_token`."""
    return "_".join(tokens(name))


def list_place(schemas: Schemas, pointer: str, about: str) -> tuple[Path, str, Because] | None:
    """Where in a body the rows of a list stand, and the schema of one.

    `about` is the noun that the path speaks of.
    """
    pointer = schemas.main(pointer)
    flat = schemas.flat_at(pointer)
    if "array" in flat.types and flat.arrays.items is not None:
        one = schemas.place(pointer, None)
        if one is not None:
            return (), one, Because("the answer is an array", "certain")
    found = _listed_property(schemas, pointer, flat, about)
    if found is not None:
        return found
    for name in flat.properties:
        if word(name) in _OUTER or name == "_embedded":
            inner = schemas.place(pointer, name)
            if inner is None or "object" not in schemas.flat_at(inner).types:
                continue
            inner = schemas.canonical(inner)
            found = _listed_property(schemas, inner, schemas.flat_at(inner), about)
            if found is not None:
                return (name, *found[0]), found[1], found[2]
    return None


def _listed_property(
    schemas: Schemas, pointer: str, flat: Flat, about: str
) -> tuple[Path, str, Because] | None:
    if "object" not in flat.types or not flat.properties:
        return None
    arrays = {
        name: one
        for name, schema in flat.properties.items()
        if (one := _array_of(schemas, pointer, name, schema)) is not None
    }
    if not arrays:
        return None
    others = [name for name in flat.properties if name not in arrays]
    paging = [name for name in others if word(name) in _PAGING]
    own = {plural(about), about, about.rsplit("_", 1)[-1], plural(about.rsplit("_", 1)[-1])}
    # What has an id is a thing, unless it is a page of a list that has one itself.
    page = any(word(name) in _NEXT and word(name).startswith("next_") for name in others)
    for name in arrays:
        spelled = word(name)
        if (spelled in _ITEMS or spelled in own) and (page or "id" not in flat.properties):
            text = f"`{name}` is an array" + (f" beside `{'`, `'.join(paging)}`" if paging else "")
            return (name,), arrays[name], Because(text, "certain" if paging else "likely")
    if len(arrays) == 1 and (page or len(paging) == len(others)):
        (name, one) = next(iter(arrays.items()))
        rest = "beside the token of the next page" if page else "the rest is about paging"
        return (name,), one, Because(f"`{name}` is the only array, {rest}")
    return None


def _array_of(schemas: Schemas, pointer: str, name: str, schema: Any) -> str | None:
    plain = schemas.plain(schema)
    if plain.get("type") not in ("array", ["array", "null"]) and "items" not in plain:
        return None
    inner = schemas.place(pointer, name)
    return schemas.place(inner, None) if inner is not None else None


def envelope_of(
    schemas: Schemas, operation: Operation, response: Response, pointer: str, about: str
) -> Envelope | None:
    """How this operation lists, or None if its answer is no list.

    A POST lists if its body asks for a page (`{"maxResults": 10, "nextToken": ...}`).
    """
    asked = {p.name: p.schema for p in operation.parameters if p.place == "query"}
    posted = operation.method == "POST"
    if posted:
        asked = _sent(schemas, operation)
        if not any(_parameter(asked, words) for words in (_LIMIT - _VAGUE, _CURSOR, _OFFSET)):
            return None
    found = list_place(schemas, pointer, about)
    if found is None:
        return None
    items, one, because = found
    limit = _parameter(asked, _LIMIT)
    page = _parameter(asked, _PAGE)
    offset = _parameter(asked, _OFFSET)
    cursor = _parameter(asked, _CURSOR)
    before = _parameter(asked, _BEFORE)
    if offset is not None and "skip" not in word(offset) and _is_text(schemas, asked[offset]):
        # `offset` with a text is a cursor; `from` a date.
        cursor = cursor or (offset if _plain_text(schemas, asked[offset]) else None)
        offset = None
    if cursor is not None and not _names_row(schemas, asked[cursor]):
        cursor = None
    if before is not None and not (cursor and _names_row(schemas, asked[before])):
        before = None
    paging = Paging(
        limit=limit,
        default_limit=_default(schemas, operation, asked, limit),
        cursor=cursor,
        before=before,
        offset=offset,
        page=page,
        first_page=0 if _minimum(asked, page) == 0 else 1,
        in_body=posted,
    )
    fields: list[PageField] = []
    if items:
        reader = _PageReader(schemas, paging, items)
        fields = list(reader.read(pointer))
        if any(one.said == "page" and reader.begins_with_zero(pointer, one) for one in fields):
            paging = replace(paging, first_page=0)
    return Envelope(
        items=items,
        item=schemas.canonical(one),
        paging=paging,
        ordering=_ordering(schemas, operation, asked),
        page=PageFields(
            tuple(fields),
            tuple(_page_headers(response, _PageReader(schemas, paging, ()))),
            any(name.lower() == "link" for name in response.headers),
        ),
        because=(because,),
    )


class _PageReader:
    """Reads what the properties of a response say of its page."""

    def __init__(self, schemas: Schemas, paging: Paging, items: Path) -> None:
        self._schemas = schemas
        self._paging = paging
        self._items = items

    def read(self, pointer: str, path: Path = (), linked: bool = False) -> Iterator[PageField]:
        pointer = self._schemas.canonical(pointer)
        flat = self._schemas.flat_at(pointer)
        spelled = {word(name) or name for name in flat.properties}
        for name in flat.properties:
            here = (*path, name)
            inner = self._schemas.place(pointer, name)
            if here == self._items or inner is None:
                continue
            inner = self._schemas.main(inner)
            kinds = set(self._schemas.flat_at(inner).types)
            called = word(name) or name
            if "object" in kinds:
                if self._goes_on(called, here, path, linked):
                    yield from self.read(inner, here, linked or name.lower() in _LINKS)
                elif linked:
                    # `{"next": {"href": ...}}`
                    link = next((n for n in self._schemas.flat_at(inner).properties
                                 if word(n) in ("href", "url")), None)  # fmt: skip
                    said = _linked(called)
                    if link is not None and said is not None:
                        yield PageField((*here, link), said, "url")
                continue
            found = self._field(called, inner, kinds, spelled, linked, bool(path))
            if found is not None:
                yield PageField(here, *found)

    def header(self, called: str, pointer: str, beside: set[str]) -> tuple[Said, Form] | None:
        """What a header says; a text there is a number as well."""
        pointer = self._schemas.main(pointer)
        kinds = set(self._schemas.flat_at(pointer).types)
        if called in _TOTAL | _PAGES | _ECHOES["page"] | _ECHOES["limit"] | _ECHOES["offset"]:
            return self._number(called, beside)
        return self._field(called, pointer, kinds, beside, False, False)

    def _goes_on(self, called: str, here: Path, path: Path, linked: bool) -> bool:
        if here == self._items[: len(here)]:
            return True
        inside = called in _META or here[-1] in _META
        return len(path) < 3 and inside and not (linked and _linked(called) and called != "pages")

    def _field(
        self, called: str, pointer: str, kinds: set[str], beside: set[str], linked: bool, deep: bool
    ) -> tuple[Said, Form] | None:
        whole = bool(kinds & {"integer", "number"})
        text = "string" in kinds or not kinds
        url = linked or self._is_url(pointer, called)
        if called in _MORE and ("boolean" in kinds or not kinds):
            return "more", "cursor"
        if called in _LESS and ("boolean" in kinds or not kinds):
            return "less", "cursor"
        if called in _IDS and (text or whole):
            return ("first_id" if called == "first_id" else "last_id"), "cursor"
        if whole and not text:
            return self._number(called, beside)
        if called in _NEXT and not (called == "cursor" and linked):
            return "next", self._form(url, called)
        if called in _PREVIOUS:
            return "previous", self._form(url, called)
        if text and url and (deep or called != "url"):
            for words, said in ((_FIRST, "first"), (_LAST, "last")):
                if called in words:
                    return ("first" if said == "first" else "last"), "url"
            if called in _SELF and (linked or called not in ("uri", "url", "href") or deep):
                return "self", "url"
        if deep and text and called == "key" and beside & _NEXT:
            return "items_name", "cursor"
        return None

    def _number(self, called: str, beside: set[str]) -> tuple[Said, Form] | None:
        """What a whole number says."""
        if called in _COUNT and beside & ((_TOTAL - _COUNT) | {"total"}):
            return "returned", "cursor"
        if called in _PAGES:
            return "pages", "page"
        if called in _TOTAL:
            return "total", "cursor"
        form: Form = "offset" if called.endswith(("offset", "start")) else "page"
        if form == "page" and self._paging.page is None and self._paging.offset is not None:
            form = "offset"
        if called in _NEXT:
            return "next", form
        if called in _PREVIOUS:
            return "previous", form
        if called in _FIRST:
            return "first", "page"
        for said, words in _ECHOES.items():
            if called in words:
                found: Said = "page" if said == "page" else "limit" if said == "limit" else "offset"
                return found, "cursor"
        if called in ("from", "to") and {"from", "to"} <= beside:
            return ("from" if called == "from" else "to"), "cursor"
        return None

    def _form(self, url: bool, called: str) -> Form:
        """How a text names another page: where nothing has a cursor, by its URL or its number."""
        paging = self._paging
        if url:
            return "url"
        if paging.cursor is not None or (paging.page is None and paging.offset is None):
            return "cursor"
        if called.endswith(("cursor", "token", "marker", "key", "id")):
            return "cursor"
        if called in ("next", "previous", "prev"):
            return "url"
        return "page" if paging.page is not None else "offset"

    def _is_url(self, pointer: str, called: str) -> bool:
        flat = self._schemas.flat_at(pointer)
        if flat.rules.get("format") in ("uri", "url", "uri-reference"):
            return True
        if called.endswith(("url", "link", "href", "uri")):
            return True
        shown = [*flat.notes.examples, *flat.notes.defaults]
        return any(isinstance(one, str) and "://" in one for one in shown)

    def begins_with_zero(self, pointer: str, field: PageField) -> bool:
        """Whether an example shows that pages are counted from 0."""
        if self._paging.page is None or self._paging.first_page == 0:
            return False
        for name in field.path:
            inner = self._schemas.place(pointer, name)
            if inner is None:
                return False
            pointer = self._schemas.main(inner)
        return 0 in self._schemas.flat_at(pointer).notes.examples


def _page_headers(response: Response, reader: _PageReader) -> Iterator[PageField]:
    """The headers that say something of the page: `X-Total-Count`, `X-Next-Page`."""
    plain = {name: word(name).removeprefix("x_").removeprefix("pagination_")
             for name in response.headers}  # fmt: skip
    for name, called in plain.items():
        if called in ("link", "url", "self"):
            continue
        header = response.headers[name]
        if header.pointer:
            found = reader.header(called, header.pointer, set(plain.values()))
            if found is not None:
                yield PageField((name,), *found)


def _linked(called: str) -> Said | None:
    """What a link of this name leads to."""
    for words, said in (
        (_NEXT, "next"), (_PREVIOUS, "previous"), (_FIRST, "first"), (_LAST, "last"),
        (_SELF, "self"),
    ):  # fmt: skip
        if called in words:
            return said  # type: ignore[return-value]
    return None


def _sent(schemas: Schemas, operation: Operation) -> dict[str, Any]:
    """The properties of a JSON body."""
    for media in operation.body.content.values() if operation.body is not None else ():
        if media.pointer and "json" in media.name:
            return dict(schemas.flat_at(schemas.canonical(media.pointer)).properties)
    return {}


def _parameter(asked: Mapping[str, Any], words: frozenset[str]) -> str | None:
    """The first parameter with one of these names, plain or within `page[...]`."""
    for name in asked:
        spelled = word(name.strip("$").replace("[", "_").replace("]", ""))
        inner = spelled.removeprefix("page_")
        if spelled in words or (inner != spelled and inner in words):
            return name
        if name.lower().startswith("page[") and inner == "number" and "page" in words:
            return name
    return None


def _is_text(schemas: Schemas, schema: Any) -> bool:
    types = set(schemas.flat(schema).types)
    return "string" in types and not types & {"integer", "number"}


def _plain_text(schemas: Schemas, schema: Any) -> bool:
    """Whether a text may be anything, so that it can be a cursor."""
    flat = schemas.flat(schema)
    return not flat.rules.get("format") and not flat.values


def _names_row(schemas: Schemas, schema: Any) -> bool:
    """Whether a value can be a cursor: no date, and no word of a few."""
    flat = schemas.flat(schema)
    if flat.rules.get("format") in ("date", "date-time", "time") or flat.values:
        return False
    types = set(flat.types)
    return not types or bool(types & {"string", "integer", "number"})


def _default(
    schemas: Schemas, operation: Operation, asked: Mapping[str, Any], name: str | None
) -> int:
    """How many rows are on a page if nobody asks: by the schema, else by the description."""
    schema = asked.get(name) if name is not None else None
    default = schema.get("default") if isinstance(schema, Mapping) else None
    if isinstance(default, int) and not isinstance(default, bool) and default > 0:
        return default
    told = [schema.get("description")] if isinstance(schema, Mapping) else []
    told += [described(schemas, p) for p in operation.parameters if p.name == name]
    for text in told:
        found = _DEFAULT.search(text) if isinstance(text, str) else None
        if found and int(found[1]) > 0:
            return int(found[1])
    return 50


def described(schemas: Schemas, parameter: Parameter) -> str:
    """What a document says of a parameter in words."""
    place, schema, _ = parameter.pointer.rpartition("/schema")
    try:
        found = schemas.at(place) if schema else {}
    except ContractError:
        return ""
    return str(found.get("description") or "") if isinstance(found, Mapping) else ""


def _minimum(asked: Mapping[str, Any], name: str | None) -> Any:
    schema = asked.get(name) if name is not None else None
    return schema.get("default", schema.get("minimum")) if isinstance(schema, Mapping) else None


_FALLING = bag("desc descending newest latest recent reverse down")
_RISING = bag("asc ascending oldest earliest up")


def _ordering(schemas: Schemas, operation: Operation, asked: Mapping[str, Any]) -> Ordering:
    """How a list is ordered, by the values that its parameters may have where these are listed."""
    sort, direction = _parameter(asked, _SORT), _parameter(asked, _DIRECTION)
    for name in dict.fromkeys(one for one in (sort, direction) if one is not None):
        values = [v for v in schemas.flat(asked[name]).values or () if isinstance(v, str)]
        ways = [v for v in values if set(tokens(v)) & (_FALLING | _RISING)]
        bare = [v for v in ways if set(tokens(v)) <= (_FALLING | _RISING)]
        if bare and len(bare) == len(values):
            sort, direction = (None if name == sort else sort), direction or name
        elif values and not bare and name == direction:
            sort, direction = sort or name, None if sort is None else direction
    return Ordering(sort, direction, _newest_first(operation, asked, (sort, direction)))


def _newest_first(
    operation: Operation, asked: Mapping[str, Any], names: tuple[str | None, ...]
) -> bool | None:
    """Whether the newest come first; None if nothing is said."""
    for name in names:
        schema = asked.get(name) if name is not None else None
        default = schema.get("default") if isinstance(schema, Mapping) else None
        way = falling(default) if isinstance(default, str) else None
        if way is not None:
            return way
    for text in _texts(operation):
        if any(words in text for words in _NEWEST):
            return True
        if any(words in text for words in _OLDEST):
            return False
    return None


_NEWEST = (
    "newest first", "most recent", "latest first", "descending", "reverse chronological",
    "newest to oldest", "most recently created", "last created first", "newest appearing first",
)  # fmt: skip
_OLDEST = (
    "oldest first", "oldest to newest", "in ascending order", "in chronological order",
    "ascending order of creation", "earliest first",
)  # fmt: skip


def _texts(operation: Operation) -> Iterator[str]:
    yield f"{operation.summary} {operation.description}".lower()
    response = operation.response_for(operation.success)
    if response is not None:
        yield str(getattr(response, "description", "")).lower()


def falling(text: str) -> bool | None:
    """Whether a value of a parameter asks for what is greater first; None if it does not say."""
    if text.startswith("-"):
        return True
    words = set(tokens(text))
    if words & _FALLING:
        return True
    return False if words & _RISING else None


def thing_place(schemas: Schemas, pointer: str, about: str, level: int = 0) -> tuple[Path, str]:
    """Where in a body one thing stands: wrapped in `data` or its own name, in an array of one
    (`FIRST`), or all of it."""
    pointer = schemas.main(pointer)
    flat = schemas.flat_at(pointer)
    if "object" not in flat.types or "id" in flat.properties or len(flat.properties) > 6:
        return (), pointer
    last = about.rsplit("_", 1)[-1]
    wrapped: tuple[Path, str] = (), pointer
    for name in flat.properties:
        spelled = noun(name)
        own = spelled in (about, last) or spelled.endswith("_" + last)
        # `backendEnvironment` of `/backendenvironments`
        own = own or spelled.replace("_", "") == about.replace("_", "")
        if not own and word(name) not in ("data", "result", "item", "resource"):
            continue
        path, inner = _inside(schemas, pointer, name)
        if not inner:
            continue
        # `{"data": {"order": {...}}}`
        deeper, place = ((), "") if own or level else thing_place(schemas, inner, about, level + 1)
        if deeper:
            return (*path, *deeper), place
        if len(schemas.flat_at(inner).properties) > 1:
            if own:
                return path, inner
            wrapped = wrapped if wrapped[0] else (path, inner)
    return wrapped


def _inside(schemas: Schemas, pointer: str, name: str) -> tuple[Path, str]:
    """What a property holds, or an array in it; where that schema stands."""
    inner = schemas.place(pointer, name)
    if inner is None:
        return (), ""
    inner = schemas.canonical(inner)
    if schemas.flat_at(inner).types != ("array",):
        return (name,), inner
    row = schemas.place(inner, None)
    return ((name, FIRST), schemas.canonical(row)) if row is not None else ((), "")
