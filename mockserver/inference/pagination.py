"""The shape of lists: where their items are, and which parameters page and order them. Also
responses that show one entity as a list shows several: in a page, or in an array.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mockserver.inference.model import Envelope
from mockserver.inference.page_fields import (
    CURSOR,
    LIMIT,
    NEXT,
    OFFSET,
    PAGING,
    PAGING_ALONE,
    VAGUE,
    PageReader,
    page_headers,
)
from mockserver.inference.page_model import PageField, PageFields
from mockserver.inference.page_parameters import (
    asked_in,
    ordering_of,
    paging_of,
    parameter_of,
    sent_in,
)
from mockserver.inference.paths import ANY
from mockserver.inference.resource_model import FIRST, Because, Path
from mockserver.inference.state_words import ANY_WORK, FAILS
from mockserver.inference.states import ACTIVE, is_job, kind_of
from mockserver.inference.words import (
    WRAPPERS,
    bag,
    is_id_of,
    last_word,
    noun,
    plural,
    snake_case,
    tokens,
    told_of,
)
from mockserver.openapi.model import Operation, Response
from mockserver.openapi.schemas.resolved import Flat, Schemas

if TYPE_CHECKING:
    from mockserver.inference.operations import Facts


def pages_of_one(
    schemas: Schemas, every: Sequence[Facts], item_steps: Collection[tuple[str, ...]]
) -> None:
    """Find one entity where its response is a page, too: `{"count": 1, "items": [{}]}` of
    `/jobs/{id}`, as in the response of the list, or `[{}]`."""
    pages: dict[object, Facts] = {}
    lists: dict[tuple[str, ...], str] = {}
    rows: dict[str, list[str]] = {}
    put = {one.route.steps for one in every if one.method in ("PUT", "PATCH")}
    removed = {one.route.steps for one in every if one.method == "DELETE"}
    for facts in every:
        if facts.envelope is not None and facts.envelope.items:
            pages.setdefault(_page_of(schemas, facts, facts.envelope.items), facts)
        if facts.envelope is not None and facts.method == "GET":
            lists[facts.route.steps] = facts.ref
            if not facts.route.is_item:
                rows.setdefault(facts.route.noun, []).append(facts.ref)
    pages.pop(None, None)
    envelopes = (one.envelope for one in pages.values())
    # In the order of the document: a set of paths is ordered by chance.
    places = list(dict.fromkeys(one.items for one in envelopes if one is not None))
    for facts in every:
        if facts.envelope is not None and not _is_bare(facts):
            continue
        if facts.envelope is not None:
            steps = facts.route.steps
            alike = any(
                _are_alike(schemas, facts.ref, ref) for ref in rows.get(facts.route.noun, ())
            )
            one = lists.get(steps[:-1]) == facts.ref and _has_id(facts)
            one = one or (steps in put and (_is_named(schemas, facts) or alike))
            one = one or (steps in removed and alike and not _names_several(facts))
            if one and (*steps, ANY) not in item_steps:
                facts.at = (FIRST, *facts.envelope.row)
                facts.envelope = None
            continue
        if FIRST in facts.at or (facts.method == "GET" and not facts.route.is_item):
            continue
        own = _own(schemas, facts)[1]
        for items in places:
            if items[0] not in own:
                continue
            if facts.at != items[: len(facts.at)]:
                continue  # it shows one beside the page
            page = pages.get(_page_of(schemas, facts, items))
            if page is not None and page.envelope is not None:
                facts.at = (*items, FIRST, *page.envelope.row)
                facts.ref = page.ref


def read_whole(schemas: Schemas, reading: Facts, written: Facts, sent: str | None) -> bool:
    """Take what a GET responds with as one object, not as a list, if a PUT or PATCH whose schema
    stands at `sent` sets its array under the same name: `{"questions": []}`. Returns whether it
    does."""
    media, told = (one.operation.success_json for one in (reading, written))
    at = reading.envelope.items if reading.envelope is not None else ()
    place = schemas.along(media.pointer, at[:-1]) if media is not None else None
    if not at or FIRST in at or place is None or sent is None:
        return False
    top = schemas.main(sent)
    own, properties = (schemas.flat_at(one).properties.keys() for one in (place, top))
    if at[-1] not in schemas.arrays(top) or not properties <= own:
        return False
    reading.envelope, reading.at, reading.ref = None, at[:-1], schemas.main(place)
    written.sent, written.body, written.several = (), top, None
    answered = told.pointer if told is not None else None
    shows = answered is not None and at[0] in schemas.flat_at(answered).properties
    written.at, written.ref = (reading.at, reading.ref) if shows else ((), "")
    return True


def _is_bare(facts: Facts) -> bool:
    """Whether a path that ends in an id responds with an array."""
    return (
        facts.envelope is not None
        and not facts.envelope.items
        and facts.method == "GET"
        and facts.route.is_item
    )


def _are_alike(schemas: Schemas, ref: str, other: str) -> bool:
    """Whether the rows of two lists are of one kind: one schema, or mostly the same properties."""
    own, others = (schemas.flat_at(each).properties.keys() for each in (ref, other))
    shared = own & others
    return ref == other or (len(shared) > 1 and 3 * len(shared) >= 2 * min(len(own), len(others)))


def _has_id(facts: Facts) -> bool:
    """Whether the path ends in the id of one entity."""
    name = facts.route.names[-1]
    return is_id_of(name, last_word(facts.route.noun)) and not _names_several(facts)


def _names_several(facts: Facts) -> bool:
    """Whether the path ends in ids: `/users/{userIds}`."""
    return facts.route.names[-1].lower().endswith("s")


def _is_named(schemas: Schemas, facts: Facts) -> bool:
    """Whether what the array has is named as the path names it: `fqdn` of `/forwards/{fqdn}`."""
    own = {tokens(name) for name in schemas.flat_at(facts.ref).properties} if facts.ref else ()
    return tokens(facts.route.names[-1]) in own


def _page_of(schemas: Schemas, facts: Facts, items: Path) -> object:
    """What a page says: its properties, and those of an item; nothing for no page."""
    place, own = _own(schemas, facts)
    if items[0] not in own:
        return None
    place = schemas.along(place, items)
    item = schemas.place(schemas.main(place), None) if place is not None else None
    shown = schemas.flat_at(item).properties.keys() if item is not None else ()
    return (items, frozenset(own), frozenset(shown)) if shown else None


def _own(schemas: Schemas, facts: Facts) -> tuple[str | None, Set[str]]:
    """The place of the schema of a response, and its properties."""
    media = facts.operation.success_json
    place = media.pointer if media is not None else None
    return place, schemas.flat_at(place).properties.keys() if place is not None else frozenset()


_ITEMS = (
    *("items", "data", "results", "result", "records", "rows", "entries", "values", "value"),
    *("list", "content", "elements", "objects", "nodes", "collection", "hits", "docs", "edges"),
)
_NO_ROWS = bag("links errors warnings facets filters aggregations included sort sorts")
"""Arrays beside the rows of a page."""
_DONE = bag(
    "created updated deleted removed new added inserted processed accepted successful saved"
)
_ROWS_OF = re.compile(r"_(?:(?:summary|detail|info|item|entry)_)?list$|_(?:summaries|infos)$")
"""What an array of entities is called after their noun: `JobList`, `JobSummaryList`."""
_OUTER = bag("data result results embedded response payload body page")


def list_place(schemas: Schemas, pointer: str, about: str) -> tuple[Path, str, Because] | None:
    """Where in a body the items of a list are, and the schema of one item.

    `about` is the noun of the path.
    """
    pointer = schemas.main(pointer)
    flat = schemas.flat_at(pointer)
    if "array" in flat.types and flat.arrays.items is not None:
        one = schemas.place(pointer, None)
        if one is not None:
            return (), one, Because("the response is an array", "certain")
    found = _listed_property(schemas, pointer, flat, about)
    if found is not None:
        return found
    for name in flat.properties:
        outer = snake_case(name) in _OUTER or name == "_embedded"
        outer = outer or all(n == name or snake_case(n) in PAGING for n in flat.properties)
        inner = schemas.place(pointer, name) if outer else None
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
    arrays = schemas.arrays(pointer)
    if not arrays:
        return None
    others = [name for name in flat.properties if name not in arrays]
    paging = [name for name in others if snake_case(name) in PAGING]
    own = {plural(about), about, last_word(about), plural(last_word(about))}
    # An object with an id is an entity, unless it is a page with an id of its own.
    page = any(snake_case(name) in NEXT and snake_case(name).startswith("next_") for name in others)
    for name in arrays:
        spelled = snake_case(name)
        made = spelled.partition("_")[2] if spelled.partition("_")[0] in _DONE else spelled
        made = _ROWS_OF.sub("", made)
        if (spelled in _ITEMS or made in own) and (page or "id" not in flat.properties):
            text = f"`{name}` is an array" + (f" beside `{'`, `'.join(paging)}`" if paging else "")
            return (name,), arrays[name], Because(text, "certain" if paging else "likely")
    rows = [n for n, one in arrays.items() if "object" in schemas.flat_at(one).types]
    rows = [name for name in rows if snake_case(name) not in _NO_ROWS] or rows
    counts = [name for name in paging if snake_case(name) in PAGING_ALONE]
    if len(rows) == 1 and counts and "id" not in flat.properties:
        text = f"`{rows[0]}` is the only array of objects beside `{'`, `'.join(counts)}`"
        return (rows[0],), arrays[rows[0]], Because(text)
    if len(arrays) == 1 and (page or len(paging) == len(others)):
        (name, one) = next(iter(arrays.items()))
        rest = "beside the token of the next page" if page else "the rest is about paging"
        return (name,), one, Because(f"`{name}` is the only array, {rest}")
    return None


def beside_failures(schemas: Schemas, pointer: str) -> tuple[Path, str, Because] | None:
    """The rows of those that went well, beside others: `{"Successes": [...], "Errors": [...]}`."""
    arrays = schemas.arrays(schemas.main(pointer))
    good = [name for name in arrays if FAILS.isdisjoint(tokens(name))]
    if len(good) != 1 or len(arrays) < 2:
        return None
    why = Because(f"`{good[0]}` is the only array that is about no failure")
    return (good[0],), arrays[good[0]], why


def envelope_of(
    schemas: Schemas,
    operation: Operation,
    response: Response,
    pointer: str,
    about: str,
    *,
    lists: bool = False,
) -> Envelope | None:
    """The envelope of an operation that lists, or None if its response is no list.

    A POST is a list if its body has paging properties (`{"maxResults": 10, "nextToken": ...}`), or
    if its path says so (`lists`).
    """
    query = asked_in(schemas, operation)
    posted = operation.method == "POST"
    if posted:
        query |= sent_in(schemas, operation)
        paged = any(parameter_of(query, words) for words in (LIMIT - VAGUE, CURSOR, OFFSET))
        if not (lists or paged):
            return None
    found = list_place(schemas, pointer, about)
    if found is None:
        return None
    items, one, because = found
    own = {snake_case(name) for name in schemas.flat_at(schemas.canonical(one)).properties}
    own = set() if own == _EDGE else own
    paging = paging_of(schemas, operation, query, posted, own)
    if not (paging.page or paging.offset or paging.cursor) and _counts_rows(operation):
        ranges = (p.name for p in operation.parameters if snake_case(p.name) == "range")
        paging = replace(paging, range=next(ranges, None))
    fields: list[PageField] = []
    if items:
        reader = PageReader(schemas, paging, items)
        fields = list(reader.read(pointer))
        shown = any(
            one.meaning == "page" and reader.begins_with_zero(pointer, one) for one in fields
        )
        if shown or _names(fields) >= _SPRINGS:
            paging = replace(paging, first_page=0)
        if _names(fields) >= _SCIMS:
            paging = replace(paging, first_offset=1)
    return Envelope(
        items=items,
        item=schemas.canonical(one),
        paging=paging,
        ordering=ordering_of(schemas, operation, query),
        page=PageFields(
            tuple(fields),
            tuple(page_headers(response, PageReader(schemas, paging, ()))),
            any(name.lower() == "link" for name in response.headers),
        ),
        because=(because,),
    )


_TURNS = frozenset(("next", "more", "final"))


def shown_page(
    schemas: Schemas, operation: Operation, response: Response, pointer: str, about: str
) -> Envelope | None:
    """The envelope of an operation that lists no resource, if its response is a page; without items
    if several arrays are: `{"users": [], "groups": [], "next_cursor": ...}`. An entity may show its
    rows page by page, too."""
    if operation.method not in ("GET", "POST"):
        return None
    found = envelope_of(schemas, operation, response, pointer, about, lists=True)
    if found is None:
        pointer = schemas.main(pointer)
        flat = schemas.flat_at(pointer)
        names = tuple(schemas.arrays(pointer)) if "object" in flat.types else ()
        if not names:
            return None
        posted = operation.method == "POST"
        query = asked_in(schemas, operation) | (sent_in(schemas, operation) if posted else {})
        paging = paging_of(schemas, operation, query, posted)
        items = names if len(names) == 1 else ()
        fields = tuple(PageReader(schemas, paging, items).read(pointer))
        links = any(name.lower() == "link" for name in response.headers)
        why = Because(f"it says of `{'`, `'.join(names)}` whether there are more")
        found = Envelope(items, paging=paging, page=PageFields(fields, (), links), because=(why,))
    turns = [one for one in found.page.fields if one.meaning in _TURNS]
    paging = found.paging
    asked = paging.cursor or paging.page or paging.offset or paging.range
    said = any(snake_case(one.path[-1]) in PAGING_ALONE for one in turns)
    said = said or found.page.link_header or bool(found.page.headers)
    # A `start` alone may be a moment.
    sized = paging.page or paging.limit or found.page.fields
    return found if said or (asked and sized) else None


_EDGE = bag("node cursor")
"""The rows of a Relay connection."""
_SPRINGS = bag("number total_elements")
"""What pages of Spring Data say, which count from 0."""
_SCIMS = bag("start_index items_per_page total_results")
"""What pages of SCIM and OpenSearch say, whose rows count from 1."""


def _names(fields: Sequence[PageField]) -> Set[str]:
    return {snake_case(one.path[-1]) for one in fields if one.path}


def _counts_rows(operation: Operation) -> bool:
    """Whether responses say which rows they are: `Content-Range: items 0-9/42`."""
    answers = (operation.response_for(status) for status in (operation.success, 206))
    return any(
        name.lower() == "content-range"
        for answer in answers
        if answer is not None
        for name in answer.headers
    )


_IDS = bag("id uuid number code key sid")
_REQUESTS = bag("request correlation trace transaction log session tracking")
"""Whose ids envelopes have."""


_SAID_OF_ONE = (
    "description", "detail", "details", "info", "metadata", "data", "summary", "response", "result",
    "resource", "object", "entity", "output", "property", "properties",
)  # fmt: skip
"""What follows a noun in the name of a wrapper: `{"ModelDescription": {...}}`."""
_SENT_OF_ONE = (
    "parameter",
    "param",
    "input",
    "config",
    "configuration",
    "spec",
    "request",
    "option",
)
"""The same for the only one in a body: `{"jobParameters": {...}}`."""


def entity_place(schemas: Schemas, pointer: str, about: str, level: int = 0) -> tuple[Path, str]:
    """Where in a body a single entity is: in `data` or under its own name, in an array of one
    (`FIRST`), or the whole body."""
    pointer = schemas.main(pointer)
    flat = schemas.flat_at(pointer)
    if "object" not in flat.types or "id" in flat.properties or len(flat.properties) > 6:
        return (), pointer
    last = last_word(told_of(about))
    wrapped: tuple[Path, str] = (), pointer
    for name in flat.properties:
        spelled = noun(name)
        own = spelled in (about, last) or spelled.endswith("_" + last)
        # `backendEnvironment` of `/backendenvironments`
        own = own or spelled.replace("_", "") == about.replace("_", "")
        own = own or any(spelled in (f"{last}_{one}", f"{about}_{one}") for one in _SAID_OF_ONE)
        # `import_task` of `/imports`
        own = own or (spelled.startswith((f"{last}_", f"{about}_")) and is_job(spelled))
        alone = len(flat.properties) == 1
        own = own or (alone and spelled in {f"{last}_{one}" for one in _SENT_OF_ONE})
        own = own or (alone and _is_work(schemas, spelled, flat.properties))
        if not own and (snake_case(name) not in WRAPPERS or _is_beside(name, last, flat)):
            continue
        if _works_on(schemas, flat, pointer, name, own=own):
            continue
        path, inner = _inside(schemas, pointer, name)
        if not inner:
            continue
        # `{"data": {"order": {...}}}`
        deeper, place = ((), "") if own or level else entity_place(schemas, inner, about, level + 1)
        if deeper:
            return (*path, *deeper), place
        # What is nothing but one wrapper, beside what envelopes have, may hold as little:
        # `{"order": {"note": ...}}`, `{"data": {"attributes": {...}}}`.
        held = len(schemas.flat_at(inner).properties)
        if held > 1 or (
            held and all(n == name or snake_case(n) in PAGING for n in flat.properties)
        ):
            if own:
                return path, inner
            wrapped = wrapped if wrapped[0] else (path, inner)
    return wrapped


def _is_work(schemas: Schemas, called: str, properties: Mapping[str, Any]) -> bool:
    """Whether the only property of a body is some work, `{"job": {"id": ..., "state": ...}}`, and
    not what is sent for it."""
    if called not in ANY_WORK:
        return False
    shown = {snake_case(n) for one in properties.values() for n in schemas.flat(one).properties}
    return not shown.isdisjoint(_STATUS | {"id"})


def _works_on(schemas: Schemas, flat: Flat, pointer: str, name: str, *, own: bool) -> bool:
    """Whether the status beside a property says that there is work on it: the whole is a job with a
    result, `{"status": "processing", "solution": {...}}`, unless that has a status, too. What has
    only the name of a wrapper (not its `own`) is one where it has an id."""
    for other, schema in flat.properties.items():
        if other != name and snake_case(other) in _STATUS:
            values = schemas.flat(schema).values or ()
            if any(isinstance(one, str) and kind_of(one) == ACTIVE for one in values):
                inner = schemas.place(pointer, name)
                held = schemas.flat_at(schemas.canonical(inner)).properties if inner else {}
                ids = _STATUS if own else _STATUS | {"id"}
                return not any(snake_case(one) in ids for one in held)
    return False


_STATUS = bag("status state phase job_status task_status")


def _is_beside(name: str, last: str, flat: Flat) -> bool:
    """Whether what is called like a wrapper is a part: `result` beside the `report_number` of a
    report, or beside a `taskId`."""
    called = [words for words in map(tokens, flat.properties) if words]
    if any(words[:-1] == (last,) and words[-1] in _IDS for words in called):
        return True
    ids = (words for words in called if words[-1] == "id" and _REQUESTS.isdisjoint(words))
    return snake_case(name) == "result" and any(ids)


def _inside(schemas: Schemas, pointer: str, name: str) -> tuple[Path, str]:
    """The place of the schema of a property, or of the items of an array property."""
    inner = schemas.place(pointer, name)
    if inner is None:
        return (), ""
    inner = schemas.canonical(inner)
    if schemas.flat_at(inner).types != ("array",):
        return (name,), inner
    row = schemas.place(inner, None)
    return ((name, FIRST), schemas.canonical(row)) if row is not None else ((), "")
