"""How lists are read, by their document: the envelope of the rows, their pages and filters."""

from __future__ import annotations

from mockserver.openapi.model import Contract, Operation
from mockserver.verify.lifecycle.model import Filter, Paging
from mockserver.verify.schemas import Schema, inner, properties, reply_schema, solid

_CURSORS = ("next_cursor", "nextCursor", "next_page_token", "nextPageToken")
_MORE = ("has_more", "hasMore", "has_next", "hasNext")
_LIMITS = ("limit", "page_size", "pageSize", "per_page")
CURSOR_PARAMETERS = ("cursor", "page_token", "pageToken", "after", "starting_after")


def _paging(contract: Contract, listing: Operation) -> Paging | None:
    """The envelope of a list that belongs to no creatable resource."""
    schema = reply_schema(contract, listing)
    if schema is None:
        return None
    if schema.get("type") == "array":
        return Paging("", "", "", "", "")
    names = properties(contract, schema)
    arrays = [n for n, s in names.items() if s.get("type") == "array"]
    if len(arrays) != 1:
        return None
    query = {p.name: p.schema for p in listing.parameters if p.place == "query"}
    limit = next((n for name in _LIMITS for n in (name, f"_{name}") if n in query), "")
    return Paging(
        items=arrays[0],
        cursor=next((n for n in _CURSORS if n in names), ""),
        more=next((n for n in _MORE if n in names), ""),
        limit_parameter=limit,
        most=min(200, solid(contract, query.get(limit, {})).get("maximum", 200)),
        cursor_parameter=next((n for n in CURSOR_PARAMETERS if n in query), ""),
    )


def listing_of(
    contract: Contract, operation: Operation
) -> tuple[Paging, tuple[Filter, ...]] | None:
    """The envelope and filters of an operation that returns rows with ids."""
    paging = _paging(contract, operation)
    if paging is None or "id" not in _row(contract, operation, paging):
        return None
    return paging, filters_of(contract, operation, paging)


def _row(contract: Contract, listing: Operation, paging: Paging) -> dict[str, Schema]:
    """The properties of a list's rows."""
    return properties(contract, inner(contract, rows_of(contract, listing, paging), paging.row))


def rows_of(contract: Contract, listing: Operation, paging: Paging) -> Schema:
    schema = reply_schema(contract, listing) or {}
    schema = inner(contract, schema, paging.items.split(".") if paging.items else ())
    return solid(contract, schema.get("items", {}))


def filters_of(contract: Contract, listing: Operation, paging: Paging) -> tuple[Filter, ...]:
    row = _row(contract, listing, paging)
    found = []
    for parameter in listing.parameters:
        name = parameter.name
        values = tuple(solid(contract, parameter.schema).get("enum", ()))
        if parameter.place != "query" or parameter.required:
            continue
        if name in row and row[name].get("type") not in ("array", "object"):
            found.append(Filter(name, name, values=values))
        elif name.endswith("_contains") and name.removesuffix("_contains") in row:
            found.append(Filter(name, name.removesuffix("_contains"), "contains"))
        elif name in row and row[name].get("type") == "array":
            found.append(Filter(name, name, "member"))
    return tuple(found)
