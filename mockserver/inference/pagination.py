"""The shape of lists: where their items are, and which parameters page and order them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.errors import ContractError
from mockserver.inference.model import FIRST, Because, Envelope, Path
from mockserver.inference.page_fields import (
    BEFORE,
    CURSOR,
    DIRECTION,
    FALLING,
    LIMIT,
    NEXT,
    OFFSET,
    PAGE,
    PAGING,
    RISING,
    SORT,
    VAGUE,
    PageReader,
    falling,
    page_headers,
    word,
)
from mockserver.inference.page_model import Ordering, PageField, PageFields, Paging
from mockserver.inference.words import bag, noun, plural, tokens
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Operation, Parameter, Response
from mockserver.openapi.schemas.resolved import Flat, Schemas

_ITEMS = (
    *("items", "data", "results", "result", "records", "rows", "entries", "values", "value"),
    *("list", "content", "elements", "objects", "nodes", "collection", "hits", "docs", "edges"),
)
_DONE = bag(
    "created updated deleted removed new added inserted processed accepted successful saved"
)
_OUTER = bag("data result results embedded response payload body page")

_DEFAULT = re.compile(
    r"default(?:s|ed)?(?: value| page size| limit)?(?: is| to| of|:|=)*\s*`?(\d{1,4})\b", re.I
)


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
    arrays = schemas.arrays(pointer)
    if not arrays:
        return None
    others = [name for name in flat.properties if name not in arrays]
    paging = [name for name in others if word(name) in PAGING]
    own = {plural(about), about, about.rsplit("_", 1)[-1], plural(about.rsplit("_", 1)[-1])}
    # An object with an id is an entity, unless it is a page with an id of its own.
    page = any(word(name) in NEXT and word(name).startswith("next_") for name in others)
    for name in arrays:
        spelled = word(name)
        made = spelled.partition("_")[2] if spelled.partition("_")[0] in _DONE else spelled
        if (spelled in _ITEMS or made in own) and (page or "id" not in flat.properties):
            text = f"`{name}` is an array" + (f" beside `{'`, `'.join(paging)}`" if paging else "")
            return (name,), arrays[name], Because(text, "certain" if paging else "likely")
    if len(arrays) == 1 and (page or len(paging) == len(others)):
        (name, one) = next(iter(arrays.items()))
        rest = "beside the token of the next page" if page else "the rest is about paging"
        return (name,), one, Because(f"`{name}` is the only array, {rest}")
    return None


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
    asked = {p.name: p.schema for p in operation.parameters if p.place == "query"}
    posted = operation.method == "POST"
    if posted:
        asked = _sent(schemas, operation)
        paged = any(_parameter(asked, words) for words in (LIMIT - VAGUE, CURSOR, OFFSET))
        if not (lists or paged):
            return None
    found = list_place(schemas, pointer, about)
    if found is None:
        return None
    items, one, because = found
    paging = _paging(schemas, operation, asked, posted)
    fields: list[PageField] = []
    if items:
        reader = PageReader(schemas, paging, items)
        fields = list(reader.read(pointer))
        shown = any(one.said == "page" and reader.begins_with_zero(pointer, one) for one in fields)
        if shown or _is_springs(fields):
            paging = replace(paging, first_page=0)
    return Envelope(
        items=items,
        item=schemas.canonical(one),
        paging=paging,
        ordering=_ordering(schemas, operation, asked),
        page=PageFields(
            tuple(fields),
            tuple(page_headers(response, PageReader(schemas, paging, ()))),
            any(name.lower() == "link" for name in response.headers),
        ),
        because=(because,),
    )


def _is_springs(fields: Sequence[PageField]) -> bool:
    """Whether the page is one of Spring Data, which counts from 0: `number`, `totalElements`."""
    names = {word(one.path[-1]) for one in fields if one.path}
    return {"number", "total_elements"} <= names


def _paging(
    schemas: Schemas, operation: Operation, asked: Mapping[str, Any], posted: bool
) -> Paging:
    """The paging parameters."""
    limit = _parameter(asked, LIMIT)
    page = _parameter(asked, PAGE)
    offset = _parameter(asked, OFFSET)
    cursor = _parameter(asked, CURSOR)
    before = _parameter(asked, BEFORE)
    if (
        offset is not None
        and "skip" not in word(offset)
        and _is_text(schemas, asked[offset])
        and _digits(_default_of(schemas, asked[offset])) is None
    ):
        # A text `offset` is a cursor, unless it starts with "0" or, for `from`, is a date.
        cursor = cursor or (offset if _plain_text(schemas, asked[offset]) else None)
        offset = None
    needed = {parameter.name for parameter in operation.parameters if parameter.required}
    if cursor in needed or (cursor is not None and not _names_row(schemas, asked[cursor])):
        cursor = None  # nobody has one for the first page
    if before is not None and not (cursor and _names_row(schemas, asked[before])):
        before = None
    return Paging(
        limit=limit,
        default_limit=_default(schemas, operation, asked, limit),
        cursor=cursor,
        first_cursor=_default_of(schemas, asked[cursor]) if cursor is not None else None,
        before=before,
        offset=offset,
        page=page,
        first_page=0 if _counts_from_zero(schemas, operation, asked, page) else 1,
        in_body=posted,
        limits=tuple(name for name in _parameters(asked, LIMIT - VAGUE) if name != limit),
    )


_FROM_ZERO = re.compile(
    r"\b(?:zero|0)[- ](?:based|index(?:ed)?|origin)\b"
    r"|\b(?:starts?|begins?|starting|beginning|counts?|counted|indexed)\b[^.]{0,40}"
    r"\b(?:at|with|from|to)\b[^.]{0,8}\b(?:0|zero)\b"
    r"|\bfirst page\b[^.]{0,12}\b(?:0|zero)\b",
    re.I,
)


def _counts_from_zero(
    schemas: Schemas, operation: Operation, asked: Mapping[str, Any], page: str | None
) -> bool:
    """Whether the first page has the number 0, by the schema or the description."""
    if page is None:
        return False
    if _digits(_minimum(asked, page)) == 0:
        return True
    return any(_FROM_ZERO.search(text) for text in _descriptions(schemas, operation, asked, page))


def _descriptions(
    schemas: Schemas, operation: Operation, asked: Mapping[str, Any], name: str
) -> Iterator[str]:
    """What a document says of a parameter, in its schema or beside it."""
    schema = asked.get(name)
    text = schema.get("description") if isinstance(schema, Mapping) else None
    if isinstance(text, str):
        yield text
    yield from (described(schemas, p) for p in operation.parameters if p.name == name)


def _sent(schemas: Schemas, operation: Operation) -> dict[str, Any]:
    """The properties of a JSON body."""
    for media in operation.body.content.values() if operation.body is not None else ():
        if media.pointer and is_json(media.name):
            return dict(schemas.flat_at(schemas.canonical(media.pointer)).properties)
    return {}


def _parameter(asked: Mapping[str, Any], words: frozenset[str]) -> str | None:
    """The first parameter with one of these names, plain or within `page[...]`."""
    return next(_parameters(asked, words), None)


def _parameters(asked: Mapping[str, Any], words: frozenset[str]) -> Iterator[str]:
    """The parameters with one of these names, plain or within `page[...]`."""
    for name in asked:
        spelled = word(name.strip("$").replace("[", "_").replace("]", ""))
        inner = spelled.removeprefix("page_")
        numbered = name.lower().startswith("page[") and inner == "number" and "page" in words
        if spelled in words or (inner != spelled and inner in words) or numbered:
            yield name


def _is_text(schemas: Schemas, schema: Any) -> bool:
    types = set(schemas.types(schema))
    return "string" in types and not types & {"integer", "number"}


def _plain_text(schemas: Schemas, schema: Any) -> bool:
    """Whether a text is unrestricted, so that it can be a cursor."""
    flat = schemas.flat(schema)
    return not flat.rules.get("format") and not flat.values


def _names_row(schemas: Schemas, schema: Any) -> bool:
    """Whether a value can be a cursor; dates and enum values can't."""
    flat = schemas.flat(schema)
    if flat.rules.get("format") in ("date", "date-time", "time") or flat.values:
        return False
    types = set(flat.types)
    return not types or bool(types & {"string", "integer", "number"})


def _default_of(schemas: Schemas, schema: Any) -> Any:
    """The default of a parameter."""
    found = schemas.resolved(schema)
    return found.get("default") if isinstance(found, Mapping) else None


def _digits(value: Any) -> int | None:
    """A non-negative integer, or a text of digits."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    return value if type(value) is int and value >= 0 else None


def _default(
    schemas: Schemas, operation: Operation, asked: Mapping[str, Any], name: str | None
) -> int:
    """The default page size, by the schema or by the description."""
    schema = asked.get(name) if name is not None else None
    default = _digits(_default_of(schemas, schema))
    if default:
        return default
    told = _descriptions(schemas, operation, asked, name) if name is not None else ()
    for text in told:
        found = _DEFAULT.search(text)
        if found and int(found[1]) > 0:
            return int(found[1])
    return 50


def described(schemas: Schemas, parameter: Parameter) -> str:
    """The description of a parameter."""
    place, schema, _ = parameter.pointer.rpartition("/schema")
    try:
        found = schemas.at(place) if schema else {}
    except ContractError:
        return ""
    return str(found.get("description") or "") if isinstance(found, Mapping) else ""


def _minimum(asked: Mapping[str, Any], name: str | None) -> Any:
    schema = asked.get(name) if name is not None else None
    return schema.get("default", schema.get("minimum")) if isinstance(schema, Mapping) else None


def _ordering(schemas: Schemas, operation: Operation, asked: Mapping[str, Any]) -> Ordering:
    """How a list is ordered, by the parameters' enum values where they have any."""
    sort, direction = _parameter(asked, SORT), _parameter(asked, DIRECTION)
    for name in dict.fromkeys(one for one in (sort, direction) if one is not None):
        values = [v for v in schemas.flat(asked[name]).values or () if isinstance(v, str)]
        ways = [v for v in values if set(tokens(v)) & (FALLING | RISING)]
        bare = [v for v in ways if set(tokens(v)) <= (FALLING | RISING)]
        if bare and len(bare) == len(values):
            sort, direction = (None if name == sort else sort), direction or name
        elif values and not bare and name == direction:
            sort, direction = sort or name, None if sort is None else direction
    return Ordering(
        sort,
        direction,
        _newest_first(schemas, operation, asked, (sort, direction)),
        _usual(schemas, operation, asked, sort),
        _way_of(schemas, operation, asked, direction) if sort is not None else None,
    )


def _usual(
    schemas: Schemas, operation: Operation, asked: Mapping[str, Any], name: str | None
) -> str | None:
    """What a list is sorted by, by the default of the parameter or by a description."""
    if name is not None:
        default = _default_of(schemas, asked[name])
        if isinstance(default, str) and default:
            return default
        for text in _descriptions(schemas, operation, asked, name):
            if found := _USUAL_FIELD.search(text):
                return found[1]
    about = f"{operation.summary}. {operation.description}"
    found = _SORTED_BY.search(about)
    return f"{found[1]} {found[2] or ''}".strip() if found else None


_USUAL_FIELD = re.compile(
    r"\bdefaults?\b(?: (?:value|sort|order|sorting|ordering|field|is|to|by|of)\b|[:=])*"
    r"\s*[`'\"]?([-+]?[a-z]\w*(?:[_.]\w+)*)",
    re.I,
)
_SORTED_BY = re.compile(
    r"\b(?:sorted|ordered)(?: by default)? by [`'\"]?(\w{2,})[`'\"]?"
    r"(?:,? (?:in )?((?:de|a)sc(?:ending)?))?",
    re.I,
)


def _way_of(
    schemas: Schemas, operation: Operation, asked: Mapping[str, Any], name: str | None
) -> bool | None:
    """Whether a list descends, by the default of a parameter; None if it has none."""
    if name is None:
        return None
    default = _default_of(schemas, asked[name])
    way = falling(default) if isinstance(default, str) else None
    if way is not None:
        return way
    for text in _descriptions(schemas, operation, asked, name):
        found = _USUAL_WAY.search(text)
        if found is not None:
            return falling(found[1])
    return None


def _newest_first(
    schemas: Schemas,
    operation: Operation,
    asked: Mapping[str, Any],
    names: tuple[str | None, ...],
) -> bool | None:
    """Whether the newest come first; None if the document doesn't say."""
    for name in names:
        way = _way_of(schemas, operation, asked, name)
        if way is not None:
            return way
    for text in _texts(operation):
        if any(words in text for words in _NEWEST):
            return True
        if any(words in text for words in _OLDEST):
            return False
    return None


_USUAL_WAY = re.compile(
    r"\bdefaults?\b[^.;]{0,40}?\b((?:de|a)sc(?:ending)?|(?:new|old|lat)est(?: first)?)\b", re.I
)
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


WRAPPERS = bag("data result item resource response payload record")
"""What a wrapper of one entity is called, whatever it is."""


def thing_place(schemas: Schemas, pointer: str, about: str, level: int = 0) -> tuple[Path, str]:
    """Where in a body a single entity is: in `data` or under its own name, in an array of one
    (`FIRST`), or the whole body."""
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
        if not own and word(name) not in WRAPPERS:
            continue
        path, inner = _inside(schemas, pointer, name)
        if not inner:
            continue
        # `{"data": {"order": {...}}}`
        deeper, place = ((), "") if own or level else thing_place(schemas, inner, about, level + 1)
        if deeper:
            return (*path, *deeper), place
        # What is nothing but one wrapper, beside what envelopes have, may hold as little:
        # `{"order": {"note": ...}}`, `{"data": {"attributes": {...}}}`.
        held = len(schemas.flat_at(inner).properties)
        if held > 1 or (held and all(n == name or word(n) in PAGING for n in flat.properties)):
            if own:
                return path, inner
            wrapped = wrapped if wrapped[0] else (path, inner)
    return wrapped


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
