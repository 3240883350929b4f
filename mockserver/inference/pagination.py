"""How lists are answered: where the rows stand, and how one asks for more of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.inference.model import (
    FIRST,
    Because,
    Envelope,
    Ordering,
    PageFields,
    Paging,
    Path,
)
from mockserver.inference.words import bag, noun, plural, tokens
from mockserver.openapi.model import Operation, Response
from mockserver.openapi.schemas.resolved import Flat, Schemas

_ITEMS = (
    *("items", "data", "results", "result", "records", "rows", "entries", "values", "value"),
    *("list", "content", "elements", "objects", "nodes", "collection", "hits", "docs", "edges"),
)
_OUTER = bag("data result results embedded response payload body page")
_META = bag("meta pagination paging page page_info pageinfo metadata links response_metadata")

_LIMIT = bag(
    "limit per_page page_size pagesize size page_limit max_results maxresults max_items first top "
    "take count num num_results results_per_page items_per_page rows perpage page_length"
)
_VAGUE = bag("size count first top take rows")
_CURSOR = bag(
    "cursor after starting_after start_after page_token pagetoken next_token continuation_token "
    "continuation marker next_cursor page_cursor next_page_token scroll_id"
)
_OFFSET = bag("offset skip start start_index startindex start_at first_result from_index")
_PAGE = bag("page page_number pagenumber page_num page_no pageno p page_index current_page")
_SORT = bag("sort sort_by order_by orderby sortby ordering sort_field")
_DIRECTION = bag("order direction sort_order sort_direction sortdirection dir order_direction")

_NEXT = bag(
    "next_cursor cursor next_page_token next_token continuation_token next next_page next_url "
    "next_link end_cursor next_page_url next_offset after next_marker odata_next_link"
)
_PREVIOUS = bag("previous prev previous_cursor prev_cursor previous_page prev_page previous_url")
_MORE = bag("has_more has_next has_next_page more has_more_items is_truncated truncated")
_TOTAL = bag(
    "total total_count total_items total_results total_elements total_records count total_size "
    "num_results items_count result_count total_rows record_count number_of_results"
)
_PAGES = bag("total_pages page_count pages num_pages last_page total_page")
_ECHOES = {
    "page": _PAGE, "limit": _LIMIT - {"count", "first"}, "offset": _OFFSET,
}  # fmt: skip
_PAGING = frozenset().union(
    *(_NEXT, _PREVIOUS, _MORE, _TOTAL, _PAGES, _PAGE, _LIMIT, _OFFSET, _META),
    bag("object url self href success ok status code message first last kind etag type error"),
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
    parts: dict[str, Any] = {}
    if items:
        _read_parts(schemas, pointer, (), items, parts)
    limit = _parameter(asked, _LIMIT)
    page = _parameter(asked, _PAGE)
    ahead: Path | None = parts.get("next")
    return Envelope(
        items=items,
        item=schemas.canonical(one),
        paging=Paging(
            limit=limit,
            default_limit=_default(asked, limit),
            cursor=_parameter(asked, _CURSOR),
            offset=_parameter(asked, _OFFSET),
            page=page,
            first_page=0 if _minimum(asked, page) == 0 else 1,
            in_body=posted,
        ),
        ordering=Ordering(
            sort=_parameter(asked, _SORT),
            direction=_parameter(asked, _DIRECTION),
            newest_first=_newest_first(operation),
        ),
        page=PageFields(
            next=ahead,
            previous=parts.get("previous"),
            more=parts.get("more"),
            total=parts.get("total"),
            pages=parts.get("pages"),
            echoes=tuple(parts.get("echoes", ())),
            next_is_url=ahead is not None and _is_url(schemas, pointer, ahead),
            link_header=any(name.lower() == "link" for name in response.headers),
        ),
        because=(because,),
    )


def _read_parts(
    schemas: Schemas, pointer: str, path: Path, items: Path, parts: dict[str, Any]
) -> None:
    pointer = schemas.canonical(pointer)
    flat = schemas.flat_at(pointer)
    for name in flat.properties:
        here = (*path, name)
        spelled = word(name)
        inner = schemas.place(pointer, name)
        if here == items or inner is None:
            continue
        kinds = schemas.flat_at(schemas.canonical(inner)).types
        if "object" in kinds:
            if len(path) < 1 and (spelled in _META or here == items[: len(here)]):
                _read_parts(schemas, inner, here, items, parts)
        elif spelled in _MORE and ("boolean" in kinds or not kinds):
            parts.setdefault("more", here)
        elif spelled in _PAGES and "integer" in kinds:
            parts.setdefault("pages", here)
        elif spelled in _TOTAL and kinds and kinds[0] in ("integer", "number"):
            parts.setdefault("total", here)
        elif spelled in _NEXT:
            parts.setdefault("next", here)
        elif spelled in _PREVIOUS:
            parts.setdefault("previous", here)
        else:
            for what, words in _ECHOES.items():
                if spelled in words and kinds and kinds[0] in ("integer", "number"):
                    parts.setdefault("echoes", []).append((here, what))


def _sent(schemas: Schemas, operation: Operation) -> dict[str, Any]:
    """The properties of a JSON body."""
    for media in operation.body.content.values() if operation.body is not None else ():
        if media.pointer and "json" in media.name:
            return dict(schemas.flat_at(schemas.canonical(media.pointer)).properties)
    return {}


def _parameter(asked: Mapping[str, Any], words: frozenset[str]) -> str | None:
    for name in asked:
        spelled = word(name.strip("$").replace("[", "_").replace("]", ""))
        if spelled in words or spelled.removeprefix("page_") in words & {"cursor", "offset"}:
            return name
    return None


def _default(asked: Mapping[str, Any], name: str | None) -> int:
    schema = asked.get(name) if name is not None else None
    default = schema.get("default") if isinstance(schema, Mapping) else None
    return default if isinstance(default, int) and default > 0 else 50


def _minimum(asked: Mapping[str, Any], name: str | None) -> Any:
    schema = asked.get(name) if name is not None else None
    return schema.get("default", schema.get("minimum")) if isinstance(schema, Mapping) else None


def _is_url(schemas: Schemas, pointer: str, path: Path) -> bool:
    for name in path:
        inner = schemas.place(pointer, name)
        if inner is None:
            return False
        pointer = inner
    flat = schemas.flat_at(schemas.canonical(pointer))
    last = word(path[-1])
    return flat.rules.get("format") in ("uri", "url", "uri-reference") or last.endswith(
        ("url", "link", "href")
    )


def _newest_first(operation: Operation) -> bool:
    text = f"{operation.summary} {operation.description}".lower()
    if any(w in text for w in ("newest first", "most recent", "latest first", "descending")):
        return True
    return bool(operation.responses) and any(
        p.place == "query" and word(p.name) in _DIRECTION and p.schema.get("default") == "desc"
        for p in operation.parameters
    )


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
