"""The vocabulary of paging, and what the properties of a response say about the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mockserver.inference.page_model import Form, Meaning, PageField, Paging
from mockserver.inference.resource_model import Path
from mockserver.inference.words import bag, singular, snake_case, tokens
from mockserver.openapi.model import Response
from mockserver.openapi.schemas.resolved import Schemas

LIMIT = bag(
    "limit per_page page_size pagesize size page_limit max_results maxresults max_items first top "
    "take count num num_results results_per_page items_per_page rows perpage page_length "
    "max_page_size maxpagesize max_count max_keys page_count_limit number_of_results batch_size "
    "max limit_to max_records max_rows fetch_size "
    "anzahl pro_seite seitengrosse seitengroesse eintrage_pro_seite max_anzahl limite por_pagina "
    "par_page tamano_pagina tamanho_pagina registros_por_pagina taille_page nombre_par_page limiet"
)
VAGUE = bag("size count first top take rows num max")
CURSOR = bag(
    "cursor after starting_after start_after page_token pagetoken next_token continuation_token "
    "continuation marker next_cursor page_cursor next_page_token scroll_id after_id after_cursor "
    "starting_after_id start_cursor pagination_token paging_token start_key exclusive_start_key "
    "last_key last_evaluated_key next_key bookmark from_id offset_token start_token next_page_id "
    "pagination_key last_id last_seen_id page_after next_page_cursor page_key pagekey paging_key "
    "page_marker page_state next_page_key page_cursor_id bookmark_token search_after"
)
BEFORE = bag(
    "before ending_before end_before before_id before_cursor page_before previous_cursor "
    "prev_cursor previous_page_token previous_token ending_before_id"
)
OFFSET = bag(
    "offset skip start start_index startindex start_at first_result from_index page_offset "
    "start_offset first_index from start_position start_record startat record_index record_offset "
    "result_index result_offset item_offset row_offset start_row first_row first_record index_from "
    "begin_index start_item"
)
PAGE = bag(
    "page page_number pagenumber page_num page_no pageno p page_index current_page "
    "pg seite seitennummer seitenzahl pagina numero_pagina numero_page"
)
SORT = bag(
    "sort sort_by order_by orderby sortby ordering sort_field sort_column sort_key order_field "
    "sort_order_by sorting sorts order_column sort_property sort_on sort_by_field order_by_field "
    "sort_attribute sorted_by ordered_by order_key "
    "sortierung sortieren_nach sortiert_nach orden ordenar ordenar_por "
    "ordenacao trier tri trier_par ordinamento ordina_per sorteren"
)
DIRECTION = bag(
    "order direction sort_order sort_direction sortdirection dir order_direction sort_dir "
    "sortorder order_dir sort_type ascending descending order_type ordertype sort_mode order_mode "
    "sorting_order sort_by_direction order_by_direction sorting_direction sort_by_order "
    "orderascending order_ascending sortascending sort_ascending is_ascending asc "
    "orderdescending order_descending sortdescending sort_descending is_descending desc reverse "
    "sort_desc order_desc is_desc sort_asc order_asc is_asc sort_reverse reverse_order "
    "richtung sortierrichtung sortierreihenfolge direccion direcao sens"
)

NEXT = bag(
    "next_cursor cursor next_page_token next_token continuation_token next next_page next_url "
    "next_link end_cursor next_page_url next_offset after next_marker odata_next_link "
    "continuation next_page_cursor next_page_link next_page_id next_href next_uri next_page_uri "
    "next_key "
    "last_evaluated_key next_start next_page_number pagination_token next_continuation_token "
    "after_cursor next_after scroll_id next_page_href next_batch next_records_url"
)
PREVIOUS = bag(
    "previous prev previous_cursor prev_cursor previous_page prev_page previous_url prev_url "
    "previous_page_url prev_page_url previous_link prev_link before previous_page_token "
    "prev_page_token previous_token prev_token start_cursor previous_offset prev_offset "
    "previous_page_number prev_page_number before_cursor previous_href prev_href previous_uri "
    "previous_page_uri prev_page_uri"
)
FIRST = bag("first first_url first_link first_href first_page first_page_url first_page_uri")
LAST = bag("last last_url last_link last_href last_page last_page_url last_page_uri")
SELF = bag("self self_url self_link current current_url this uri url href")
MORE = bag(
    "has_more has_next has_next_page more has_more_items is_truncated truncated hasmore "
    "has_more_results has_more_pages more_results has_after more_available"
)
LESS = bag(
    "has_previous has_prev has_previous_page has_prev_page has_less has_before has_previous_items"
)
FINAL = bag("last is_last last_page is_last_page final is_final end_of_list")
INITIAL = bag("first is_first first_page is_first_page")
EMPTY = bag("empty is_empty")
REMAINING = bag("remaining remaining_count remaining_items items_remaining")
TOTAL = bag(
    "total total_count total_items total_results total_elements total_records count total_size "
    "num_results items_count result_count total_rows record_count number_of_results results "
    "total_hits total_entries matches num_items items_total total_objects total_number totalcount "
    "results_count total_matches full_count found num_found nb_results nb_hits sum odata_count "
    "gesamt gesamtanzahl anzahl_gesamt gesamtzahl total_elementos total_registros "
    "total_resultados nombre_total totale totaal"
)
COUNT = bag(
    "count num_results items_count result_count record_count number_of_results returned "
    "number_of_elements num_items returned_count current_count page_items count_on_page "
    "results_count items_returned per_page_count"
)
PAGES = bag(
    "total_pages page_count pages num_pages last_page total_page pages_count number_of_pages "
    "last_page_number nb_pages pages_total"
)
ECHOES: Mapping[Meaning, frozenset[str]] = {
    "page": PAGE | bag("number"), "limit": LIMIT - {"count", "first", "number_of_results"},
    "offset": (OFFSET - {"from"}) | {"skipped"},
}  # fmt: skip
LINKS = bag("links link _links urls href hrefs")
META = bag(
    "meta pagination paging page page_info pageinfo metadata links response_metadata _links _meta "
    "cursors paginator pager pages page_metadata link list_metadata list_info result_info info "
    "search_metadata navigation urls _metadata list_meta paging_info pagination_info "
    "page_details paging_details pagination_details pagination_metadata page_meta result_metadata "
    "summary"
)
IDS = {"first_id": "first_id", "last_id": "last_id"}
PAGING = frozenset().union(
    *(NEXT, PREVIOUS, MORE, LESS, TOTAL, COUNT, PAGES, PAGE, LIMIT, OFFSET, META, IDS),
    *(FIRST, LAST, SELF, FINAL, INITIAL, EMPTY, REMAINING),
    bag("object url self href success ok status code message first last kind etag type error "),
    bag("errors msg time took request_id warnings timestamp to from path api_version version"),
)


PAGING_ALONE = (
    (NEXT | MORE | TOTAL | PAGES | LIMIT | PAGE | OFFSET)
    - VAGUE
    - bag("after results more matches sum found start from begin p skip")
)
"""Names of properties that only pages of lists have."""
FALLING = bag("desc descending newest latest recent reverse down")
RISING = bag("asc ascending oldest earliest up")
_ALL = bag("total all overall full grand found matching available")
_COUNTING = bag("count number num nb of size no counts")
_ROWS = bag("results result items item records record rows elements entries objects hits matches")
_HERE = bag("returned shown current on page in this displayed here fetched per")


def falling(text: str) -> bool | None:
    """Whether a value of a parameter requests descending order; None if it doesn't say."""
    if text.startswith("-"):
        return True
    words = set(tokens(text))
    if words & FALLING:
        return True
    return False if words & RISING else None


class PageReader:
    """Reads how the properties of a response describe the page."""

    def __init__(self, schemas: Schemas, paging: Paging, items: Path) -> None:
        self._schemas = schemas
        self._paging = paging
        self._items = items
        about = tokens(items[-1])[-1:] if items else ()
        self._rows = {*about, *map(singular, about)} - PAGING

    def read(self, pointer: str, path: Path = (), linked: bool = False) -> Iterator[PageField]:
        pointer = self._schemas.canonical(pointer)
        flat = self._schemas.flat_at(pointer)
        spelled = {
            snake_case(name) or name
            for name, schema in flat.properties.items()
            if (*path, name) != self._items and "array" not in self._schemas.types(schema)
        }
        for name in flat.properties:
            here = (*path, name)
            inner = self._schemas.place(pointer, name)
            if here == self._items or inner is None:
                continue
            inner = self._schemas.main(inner)
            kinds = set(self._schemas.flat_at(inner).types)
            called = snake_case(name) or name
            if "object" in kinds:
                if self._goes_on(called, here, path, linked):
                    yield from self.read(inner, here, linked or name.lower() in LINKS)
                elif linked:
                    # `{"next": {"href": ...}}`
                    link = next((n for n in self._schemas.flat_at(inner).properties
                                 if snake_case(n) in ("href", "url")), None)  # fmt: skip
                    meaning = _linked(called)
                    if link is not None and meaning is not None:
                        yield PageField((*here, link), meaning, "url")
                continue
            found = self._field(called, inner, kinds, spelled, linked, bool(path))
            if found is not None:
                yield PageField(here, *found)

    def header(self, called: str, pointer: str, beside: set[str]) -> tuple[Meaning, Form] | None:
        """The meaning of a header; its text may be a number."""
        pointer = self._schemas.main(pointer)
        kinds = set(self._schemas.flat_at(pointer).types)
        if called == "content_range":
            return "range", "cursor"
        if called in TOTAL | PAGES | ECHOES["page"] | ECHOES["limit"] | ECHOES["offset"]:
            return self._number(called, beside)
        return self._field(called, pointer, kinds, beside, False, False)

    def _goes_on(self, called: str, here: Path, path: Path, linked: bool) -> bool:
        if here == self._items[: len(here)]:
            return True
        inside = called in META or here[-1] in META
        return len(path) < 3 and inside and not (linked and _linked(called) and called != "pages")

    def _field(
        self, called: str, pointer: str, kinds: set[str], beside: set[str], linked: bool, deep: bool
    ) -> tuple[Meaning, Form] | None:
        whole = bool(kinds & {"integer", "number"})
        text = "string" in kinds or not kinds
        url = linked or self._is_url(pointer, called)
        if called in MORE and ("boolean" in kinds or not kinds):
            return "more", "cursor"
        if called in LESS and ("boolean" in kinds or not kinds):
            return "less", "cursor"
        if "boolean" in kinds:
            return self._flag(called)
        if called in IDS and (text or whole):
            return ("first_id" if called == "first_id" else "last_id"), "cursor"
        if whole and not text:
            return self._number(called, beside)
        own = self._paging.cursor is not None and called == snake_case(self._paging.cursor)
        if (called in NEXT or own) and not (called == "cursor" and linked):
            return "next", self._form(url, called)
        if called in PREVIOUS:
            return "previous", self._form(url, called)
        if text and url and (deep or called != "url"):
            if called in FIRST:
                return "first", "url"
            if called in LAST:
                return "last", "url"
            if called in SELF and (linked or called not in ("uri", "url", "href") or deep):
                return "self", "url"
        if deep and text and called == "key" and beside & NEXT:
            return "items_name", "cursor"
        return None

    def _flag(self, called: str) -> tuple[Meaning, Form] | None:
        """The meaning of a boolean about the page itself."""
        if called in FINAL:
            return "final", "cursor"
        if called in INITIAL:
            return "initial", "cursor"
        return ("empty", "cursor") if called in EMPTY else None

    def _number(self, called: str, beside: set[str]) -> tuple[Meaning, Form] | None:
        """The meaning of an integer."""
        totals = (TOTAL - COUNT) | {"total"}
        if called in REMAINING:
            return "remaining", "cursor"
        has_total = bool(beside & totals) or any(map(self._is_total, beside))
        if called in COUNT and (has_total or called not in TOTAL):
            return "returned", "cursor"
        if called in PAGES:
            return "pages", "page"
        if called in TOTAL or self._is_total(called):
            return "total", "cursor"
        form: Form = "offset" if called.endswith(("offset", "start")) else "page"
        if form == "page" and self._paging.page is None and self._paging.offset is not None:
            form = "offset"
        if called in NEXT:
            return "next", form
        if called in PREVIOUS:
            return "previous", form
        if called in FIRST:
            return "first", "page"
        for meaning, words in ECHOES.items():
            if called in words:
                return meaning, "cursor"
        if self._is_returned(called):
            return "returned", "cursor"
        if called in ("from", "to") and {"from", "to"} <= beside:
            return ("from" if called == "from" else "to"), "cursor"
        return None

    def _is_total(self, called: str) -> bool:
        """Whether a number counts all rows: `total_contacts`, `contacts_count`, `all_results`."""
        words = set(called.split("_"))
        rest = words - _ALL - _COUNTING - _ROWS - self._rows
        return not rest and bool(words & (_ALL | self._rows)) and len(words) > 1

    def _is_returned(self, called: str) -> bool:
        """Whether a number counts the rows of the page: `returned_results`, `items_on_page`."""
        words = set(called.split("_"))
        about = words & (_COUNTING | _ROWS | self._rows)
        return bool(about and words & _HERE) and not words - _HERE - _COUNTING - _ROWS - self._rows

    def _form(self, url: bool, called: str) -> Form:
        """How a text refers to another page: by URL or number if there are no cursors."""
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
        """Whether an example shows that pages count from 0."""
        if self._paging.page is None or self._paging.first_page == 0:
            return False
        for name in field.path:
            inner = self._schemas.place(pointer, name)
            if inner is None:
                return False
            pointer = self._schemas.main(inner)
        return 0 in self._schemas.flat_at(pointer).notes.examples


_PREFIX = re.compile(r"^(?:x_(?:ms_)?)?(?:(?:pagination|paging)_)?")


def page_headers(response: Response, reader: PageReader) -> Iterator[PageField]:
    """The headers that describe the page: `X-Total-Count`, `X-Next-Page`."""
    plain = {name: _PREFIX.sub("", snake_case(name)) for name in response.headers}
    for name, called in plain.items():
        if called in ("link", "url", "self"):
            continue
        header = response.headers[name]
        if header.pointer:
            found = reader.header(called, header.pointer, set(plain.values()))
            if found is not None:
                yield PageField((name,), *found)


def _linked(called: str) -> Meaning | None:
    """The target of a link with this name."""
    for words, meaning in (
        (NEXT, "next"), (PREVIOUS, "previous"), (FIRST, "first"), (LAST, "last"),
        (SELF, "self"),
    ):  # fmt: skip
        if called in words:
            return meaning  # type: ignore[return-value]
    return None
