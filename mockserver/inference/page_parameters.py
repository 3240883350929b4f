"""The parameters that page and order a list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from typing import Any

from mockserver.inference.page_fields import (
    BEFORE,
    CURSOR,
    DIRECTION,
    FALLING,
    LIMIT,
    OFFSET,
    PAGE,
    RISING,
    SORT,
    VAGUE,
    falling,
)
from mockserver.inference.page_model import Ordering, Paging
from mockserver.inference.words import bag, snake_case, tokens
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Operation, Parameter
from mockserver.openapi.schemas.resolved import Schemas

_DEFAULT = re.compile(
    r"default(?:s|ed)?(?: value| page size| limit)?(?: is| to| of|:|=)*\s*`?(\d{1,4})\b", re.I
)


def paging_of(
    schemas: Schemas,
    operation: Operation,
    parameters: Mapping[str, Any],
    posted: bool,
    own: Set[str] = frozenset(),
) -> Paging:
    """The paging parameters. `own` are the properties of the rows, in normal form: a string
    parameter with the name of one (`from` of a message) is a filter."""
    parameters = {
        n: s for n, s in parameters.items() if snake_case(n) not in own or not _is_text(schemas, s)
    }
    limit = parameter_of(parameters, LIMIT) or _told(schemas, operation, parameters, "limit")
    page = parameter_of(parameters, PAGE) or _told(schemas, operation, parameters, "page")
    offset = parameter_of(parameters, OFFSET) or _told(schemas, operation, parameters, "offset")
    cursor = parameter_of(parameters, CURSOR)
    before = parameter_of(parameters, BEFORE)
    if (
        offset is not None
        and "skip" not in snake_case(offset)
        and _is_text(schemas, parameters[offset])
        and _digits(_default_of(schemas, parameters[offset])) is None
        and not (limit is not None and _is_text(schemas, parameters[limit]))
    ):
        # A text `offset` is a cursor, unless it starts with "0", the limit is a text as well, or,
        # for `from`, it is a date.
        cursor = cursor or (offset if _plain_text(schemas, parameters[offset]) else None)
        offset = None
    needed = {parameter.name for parameter in operation.parameters if parameter.required}
    if cursor in needed or (cursor is not None and not _names_row(schemas, parameters[cursor])):
        cursor = None  # nobody has one for the first page
    if before is not None and not (cursor and _names_row(schemas, parameters[before])):
        before = None
    return Paging(
        limit=limit,
        default_limit=_default(schemas, operation, parameters, limit),
        cursor=cursor,
        first_cursor=_default_of(schemas, parameters[cursor]) if cursor is not None else None,
        before=before,
        offset=offset,
        page=page,
        first_page=0 if _counts_from(0, schemas, operation, parameters, page) else 1,
        first_offset=1 if _counts_from(1, schemas, operation, parameters, offset) else 0,
        in_body=posted,
        limits=tuple(
            (name, _default_of(schemas, parameters[name]))
            for name in _parameters(parameters, LIMIT - VAGUE)
            if name != limit
        ),
    )


_SAID = {
    "limit": re.compile(
        r"\b(?:max(?:imum|iumum)? (?:number|count|amount)|limit) of [\w ]{1,40}"
        r"\b(?:to return|returned|to (?:show|include|fetch|list|display)|per page|in the)"
        r"|\b(?:number|count) of (?:results|items|records|rows|entries|objects|elements)\b"
        r"(?! to skip)|\b(?:results|items|records|entries|rows|objects) per page\b"
        r"|\bpage size\b",
        re.I,
    ),
    "page": re.compile(
        r"\bpage (?:number|index)\b|\bthe page\b(?: \(int\)| of| to|,)|\bwhich page\b"
        r"|\bnumber of the page\b",
        re.I,
    ),
    "offset": re.compile(
        r"\bnumber of [\w ]{1,40}\bto skip\b|\b(?:start|first) index\b"
        r"|\bindex of the first\b",
        re.I,
    ),
}


def _told(
    schemas: Schemas, operation: Operation, parameters: Mapping[str, Any], role: str
) -> str | None:
    """The integer parameter of which a description says that it pages the list."""
    known = LIMIT | PAGE | OFFSET | CURSOR | BEFORE
    for name, schema in parameters.items():
        if "integer" not in schemas.types(schema) or snake_case(name) in known - VAGUE:
            continue
        if any(
            _SAID[role].search(text) for text in _descriptions(schemas, operation, parameters, name)
        ):
            return name
    return None


_FIRST_NUMBER = {
    0: re.compile(
        r"\b(?:zero|0)[- ](?:based|index(?:ed)?|origin)\b"
        r"|\b(?:starts?|begins?|starting|beginning|counts?|counted|indexed)\b[^.]{0,40}"
        r"\b(?:at|with|from|to)\b[^.]{0,8}\b(?:0|zero)\b"
        r"|\bfirst page\b[^.]{0,12}\b(?:0|zero)\b",
        re.I,
    ),
    1: re.compile(r"\b(?:one|1)[- ](?:based|index(?:ed)?|origin)\b", re.I),
}
"""By the number of the first page or row: how descriptions say it."""


def _counts_from(
    first: int,
    schemas: Schemas,
    operation: Operation,
    parameters: Mapping[str, Any],
    name: str | None,
) -> bool:
    """Whether the first page or row has this number, by the schema or the description."""
    if name is None:
        return False
    if _digits(_minimum(parameters, name)) == first:
        return True
    texts = _descriptions(schemas, operation, parameters, name)
    return any(map(_FIRST_NUMBER[first].search, texts))


def _descriptions(
    schemas: Schemas, operation: Operation, parameters: Mapping[str, Any], name: str
) -> Iterator[str]:
    """The descriptions of a parameter, in its schema or beside it."""
    schema = parameters.get(name)
    text = schema.get("description") if isinstance(schema, Mapping) else None
    if isinstance(text, str):
        yield text
    yield from (p.description for p in operation.parameters if p.name == name)


def asked_in(schemas: Schemas, operation: Operation) -> dict[str, Any]:
    """What a list may be asked for: the parameters in the query, also those that an object there
    has (`page[size]`, or `size` where each part stands alone), and what pages it in a header."""
    found: dict[str, Any] = {}
    for parameter in operation.parameters:
        if parameter.place == "query":
            alone = stands_alone(parameter)
            orders = snake_case(parameter.name) in SORT  # each order is read as a whole
            whole = not alone and (parameter.style != "deepObject" or orders)
            parts = {} if whole else schemas.flat(parameter.schema).properties
            for name, schema in parts.items():
                found.setdefault(name if alone else f"{parameter.name}[{name}]", schema)
            if not parts:
                found.setdefault(parameter.name, parameter.schema)
        elif parameter.place == "header" and not _IN_HEADERS.isdisjoint(_spellings(parameter.name)):
            found.setdefault(parameter.name, parameter.schema)
    return found


def stands_alone(parameter: Parameter) -> bool:
    """Whether each part of an object in the query is a parameter of its own."""
    plain = parameter.place == "query" and parameter.media_type is None
    return plain and parameter.style == "form" and parameter.explode


_IN_HEADERS = (LIMIT - VAGUE) | CURSOR | PAGE | (OFFSET - {"from"})


def sent_in(schemas: Schemas, operation: Operation) -> dict[str, Any]:
    """The properties of a JSON body."""
    for media in operation.body.content.values() if operation.body is not None else ():
        if media.pointer and is_json(media.name):
            return dict(schemas.flat_at(schemas.canonical(media.pointer)).properties)
    return {}


def parameter_of(parameters: Mapping[str, Any], words: frozenset[str]) -> str | None:
    """The first parameter with one of these names, plain or within `page[...]`."""
    return next(_parameters(parameters, words), None)


def _parameters(parameters: Mapping[str, Any], words: frozenset[str]) -> Iterator[str]:
    """The parameters with one of these names, plain or within `page[...]`."""
    return (name for name in parameters if not words.isdisjoint(_spellings(name)))


_OF_A_HEADER = re.compile(r"^x_(?:ms_|[a-z]+_(?=page|cursor|next|continuation))?")


_OF_A_MODEL = re.compile(
    r"(?:query|request|search|list|paging|pagination|filters?|params?|parameters|options|criteria|"
    r"model|input)[a-z]*\.(?=[a-z])",
    re.IGNORECASE,
)


def without_model(name: str) -> str:
    """A parameter without the object of the server that it is bound to: `page` of
    `queryOptions.page`."""
    return _OF_A_MODEL.sub("", name, count=1) if "." in name else name


@lru_cache(maxsize=16_384)
def _spellings(name: str) -> tuple[str, ...]:
    """The names of a parameter: `page_size` and `size`; `page[number]` is a `page`."""
    name = without_model(name)
    spelled = snake_case(name.strip("$").replace("[", "_").replace("]", ""))
    spelled = _OF_A_HEADER.sub("", spelled)
    outer, _, part = name.lower().partition("[")
    held = bool(part) and outer in ("page", "pager", "paging", "pagination")
    inner = snake_case(part.strip("]")) if held else spelled.removeprefix("page_")
    numbered = held and inner == "number"
    return (spelled, inner, "page") if numbered else (spelled, inner)


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
    schemas: Schemas, operation: Operation, parameters: Mapping[str, Any], name: str | None
) -> int:
    """The default page size, by the schema or by the description."""
    schema = parameters.get(name) if name is not None else None
    default = _digits(_default_of(schemas, schema))
    if default:
        return default
    texts = _descriptions(schemas, operation, parameters, name) if name is not None else ()
    for text in texts:
        found = _DEFAULT.search(text)
        if found and int(found[1]) > 0:
            return int(found[1])
    return 50


def _minimum(parameters: Mapping[str, Any], name: str | None) -> Any:
    schema = parameters.get(name) if name is not None else None
    return schema.get("default", schema.get("minimum")) if isinstance(schema, Mapping) else None


def ordering_of(schemas: Schemas, operation: Operation, parameters: Mapping[str, Any]) -> Ordering:
    """How a list is ordered, by the parameters' enum values where they have any."""
    sort, direction = parameter_of(parameters, SORT), parameter_of(parameters, DIRECTION)
    if sort is None and direction is None:
        sort = next((name for name in parameters if set(tokens(name)[:1]) & _SORTING), None)
    for name in dict.fromkeys(one for one in (sort, direction) if one is not None):
        values = [v for v in schemas.flat(parameters[name]).values or () if isinstance(v, str)]
        ways = [v for v in values if set(tokens(v)) & (FALLING | RISING)]
        bare = [v for v in ways if set(tokens(v)) <= (FALLING | RISING)]
        if bare and len(bare) == len(values):
            sort, direction = (None if name == sort else sort), direction or name
        elif values and not bare and name == direction:
            sort, direction = sort or name, None if sort is None else direction
    return Ordering(
        sort,
        direction,
        _newest_first(schemas, operation, parameters, (sort, direction)),
        _usual(schemas, operation, parameters, sort),
        _way_of(schemas, operation, parameters, direction) if sort is not None else None,
    )


_SORTING = bag("sort sorted sorting order ordered ordering orderby sortby")


def _usual(
    schemas: Schemas, operation: Operation, parameters: Mapping[str, Any], name: str | None
) -> str | None:
    """What a list is sorted by, by the default of the parameter or by a description."""
    if name is not None:
        default = _default_of(schemas, parameters[name])
        if isinstance(default, str) and default:
            return default
        for text in _descriptions(schemas, operation, parameters, name):
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
    schemas: Schemas, operation: Operation, parameters: Mapping[str, Any], name: str | None
) -> bool | None:
    """Whether a list descends, by the default of a parameter; None if it has none."""
    if name is None:
        return None
    default = _default_of(schemas, parameters[name])
    way = falling(default) if isinstance(default, str) else None
    if way is not None:
        return way
    for text in _descriptions(schemas, operation, parameters, name):
        found = _WAY_IS_USUAL.search(text) or _USUAL_WAY.search(text)
        if found is not None:
            return falling(found[1])
    return None


def _newest_first(
    schemas: Schemas,
    operation: Operation,
    parameters: Mapping[str, Any],
    names: tuple[str | None, ...],
) -> bool | None:
    """Whether the newest come first; None if the document doesn't say."""
    for name in names:
        way = _way_of(schemas, operation, parameters, name)
        if way is not None:
            return way
    for text in _texts(operation):
        if any(words in text for words in _NEWEST):
            return True
        if any(words in text for words in _OLDEST):
            return False
    return None


_WAY_IS_USUAL = re.compile(
    r"\b((?:de|a)sc(?:ending)?)\b[`'\"]?,? (?:\(|is |as |being )?(?:the )?default\b", re.I
)
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
