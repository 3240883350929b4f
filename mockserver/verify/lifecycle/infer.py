"""Resources, envelopes, filters and references, read off a document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.errors import ContractError
from mockserver.openapi.document import resolve
from mockserver.openapi.model import Contract, Operation
from mockserver.verify.lifecycle.model import Api, Filter, Paging, Resource

Schema = Mapping[str, Any]
_CURSORS = ("next_cursor", "nextCursor", "next_page_token", "nextPageToken")
_MORE = ("has_more", "hasMore", "has_next", "hasNext")
_LIMITS = ("limit", "page_size", "pageSize", "per_page")
_WRAPPINGS = ("data", "item", "result", "object", "resource")
_WORK = re.compile(
    r"(started|finished|completed|ended|finalized|processed)_?(at|on)", re.IGNORECASE
)
_STATES = ("status", "state", "phase", "stage", "job_status", "jobStatus")
_CREATED = frozenset({"created_at", "createdAt", "created", "creation_time", "createTime"})
CURSOR_PARAMETERS = ("cursor", "page_token", "pageToken", "after", "starting_after")


def derive(
    contract: Contract, names: Mapping[str, str] | None = None, *, wrapped: bool = False
) -> Api:
    """What can be known of an API from its document alone.

    `names` gives the resources that some operations make a name, and lets them be what an id of
    their kind stands for. `wrapped`: things in wrappings count too, and the id field of one is
    then a path like "data.id".
    """
    names = names or {}
    by_route = {(op.method, op.path): op for op in contract.operations}
    resources: dict[str, Resource] = {}
    for operation in contract.operations:
        if operation.method != "POST":
            continue
        found = _resource(contract, operation, by_route, wrapped)
        if found is not None:
            if operation.id in names:
                found = replace(found, name=names[operation.id])
            elif found.name in {*resources, *names.values()}:
                found = replace(found, name=f"{found.name} of {found.collection}")
            resources[found.name] = found
    return Api(
        contract.title,
        {name: _with_references(contract, r, resources, names) for name, r in resources.items()},
    )


def _resource(
    contract: Contract,
    create: Operation,
    by_route: Mapping[tuple[str, str], Operation],
    wrapped: bool,
) -> Resource | None:
    base = create.path.rstrip("/")
    slash = "/" if create.path.endswith("/") else ""
    item = next(
        (
            op.path
            for op in contract.operations
            if re.fullmatch(re.escape(base) + r"/\{[^/{}]+\}" + slash, op.path)
        ),
        None,
    ) or _linked(contract, create)
    answer = reply_schema(contract, create)
    if item is None or answer is None:
        return None
    parameter = item.rstrip("/").rsplit("{", 1)[1].rstrip("}")
    id_field = _id_field(contract, answer, parameter)
    if id_field is None and wrapped:
        id_field = _wrapped_id(contract, answer)
    if id_field is None:
        return None
    operations = {m: by_route.get((m, item)) for m in ("GET", "PUT", "PATCH", "DELETE")}
    change = operations["PATCH"] or operations["PUT"]
    listing = by_route.get(("GET", create.path))
    paging = _paging(contract, listing) if listing else None
    if listing and paging and not _has(contract, listing, paging, id_field):
        paging = None
    return Resource(
        name=re.sub(r"_?id$", "", parameter, flags=re.IGNORECASE) or base.rsplit("/", 1)[1],
        collection=create.path,
        item=item,
        id_parameter=parameter,
        create=create.id,
        read=operations["GET"].id if operations["GET"] else "",
        list=listing.id if listing and paging else "",
        change=change.id if change else "",
        remove=operations["DELETE"].id if operations["DELETE"] else "",
        id_field=id_field,
        paging=paging,
        filters=_filters(contract, listing, paging) if listing and paging else (),
        partial=operations["PATCH"] is not None,
        **_movement(contract, answer, [op for op in (create, change) if op], id_field),
    )


def _movement(
    contract: Contract, answer: Schema, writers: list[Operation], id_field: str
) -> dict[str, Any]:
    """What time may change, if a thing has a state that nobody sets: the state, and with it all
    else that nobody sets, the id and the creation's moment apart; within a state the progress,
    which is a number or a moment."""
    shown = properties(contract, answer)
    bodies = [body_schema(contract, operation) or {} for operation in writers]
    theirs = {name for body in bodies for name in properties(contract, body)}
    own = {n: s for n, s in shown.items() if s.get("readOnly") or n not in theirs}
    works = any(_WORK.fullmatch(name) for name in own)
    state = next((n for n in _STATES if n in own and _is_state(own[n], works)), "")
    if not state:
        return {}
    moving = own.keys() - {id_field} - _CREATED
    growing = {n for n in moving - {state} if _grows(own[n])}
    return {"state": state, "moving": frozenset(moving), "growing": frozenset(growing)}


def _is_state(schema: Schema, works: bool) -> bool:
    """Whether it has several values; of any text, whether moments of work stand beside it."""
    values = schema.get("enum", ())
    return len(values) > 1 or (works and not values and schema.get("type") == "string")


def _grows(schema: Schema) -> bool:
    return schema.get("type") in ("integer", "number") or schema.get("format") == "date-time"


def _linked(contract: Contract, create: Operation) -> str | None:
    """The path of the read that a link of the creation leads to with the new id."""
    for status, response in create.responses.items():
        if not status.startswith("2"):
            continue
        for link in response.links.values():
            target = contract.by_id.get(link.get("operationId", ""))
            values = list((link.get("parameters") or {}).values())
            if target and target.method == "GET" and values == ["$response.body#/id"]:
                return target.path if target.path.endswith("}") else None
    return None


def _id_field(contract: Contract, answer: Schema, parameter: str) -> str | None:
    names = properties(contract, answer)
    return next((name for name in ("id", parameter, "uuid") if name in names), None)


def _wrapped_id(contract: Contract, answer: Schema) -> str | None:
    """Where the id is within what wraps a thing; it may be one of those that are not listed."""
    for name in _WRAPPINGS:
        value = properties(contract, answer).get(name, {})
        if value.get("type") == "object" and (
            "id" in properties(contract, value) or _is_open(value)
        ):
            return f"{name}.id"
    return None


def _is_open(schema: Schema) -> bool:
    """Whether it says that there may be more than it lists."""
    return schema.get("additionalProperties", False) is not False


def _has(contract: Contract, listing: Operation, paging: Paging, id_field: str) -> bool:
    """Whether the rows of a list have the id, so far as the document says."""
    if id_field in _row(contract, listing, paging):
        return True
    _, _, inner = id_field.rpartition(".")
    rows = _rows(contract, listing, paging)
    return "." in id_field and (inner in properties(contract, rows) or _is_open(rows))


def _paging(contract: Contract, listing: Operation) -> Paging | None:
    schema = reply_schema(contract, listing)
    if schema is None:
        return None
    if schema.get("type") == "array":
        return Paging("", "", "", "", "")
    names = properties(contract, schema)
    arrays = [n for n, s in names.items() if s.get("type") == "array"]
    if len(arrays) != 1:
        return None
    asked = {p.name: p.schema for p in listing.parameters if p.place == "query"}
    limit = next((n for name in _LIMITS for n in (name, f"_{name}") if n in asked), "")
    return Paging(
        items=arrays[0],
        cursor=next((n for n in _CURSORS if n in names), ""),
        more=next((n for n in _MORE if n in names), ""),
        limit_parameter=limit,
        most=min(200, solid(contract, asked.get(limit, {})).get("maximum", 200)),
        cursor_parameter=next((n for n in CURSOR_PARAMETERS if n in asked), ""),
    )


def listing_of(
    contract: Contract, operation: Operation
) -> tuple[Paging, tuple[Filter, ...]] | None:
    """The envelope and the filters of an operation that answers with rows that have ids."""
    paging = _paging(contract, operation)
    if paging is None or "id" not in _row(contract, operation, paging):
        return None
    return paging, _filters(contract, operation, paging)


def _row(contract: Contract, listing: Operation, paging: Paging) -> dict[str, Schema]:
    """The properties of a list's rows."""
    return properties(contract, _rows(contract, listing, paging))


def _rows(contract: Contract, listing: Operation, paging: Paging) -> Schema:
    schema = reply_schema(contract, listing) or {}
    if paging.items:
        schema = properties(contract, schema)[paging.items]
    return dereferenced(contract, schema.get("items", {}))


def _filters(contract: Contract, listing: Operation, paging: Paging) -> tuple[Filter, ...]:
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


def _with_references(
    contract: Contract,
    resource: Resource,
    resources: Mapping[str, Resource],
    known: Mapping[str, str],
) -> Resource:
    """A field called like the id of another resource, or ending so, names one."""
    by_parameter = _telling(resources)
    by_parameter |= {resources[n].id_parameter: n for n in known.values() if n in resources}
    names: dict[str, str] = {}
    for schema in _bodies(contract, resource):
        for name in _all_names(contract, schema, 2):
            single = re.sub(r"_ids$", "_id", name)
            for parameter, target in by_parameter.items():
                if single == parameter or single.endswith("_" + parameter):
                    names[name] = target
    return replace(resource, references=names)


def _telling(resources: Mapping[str, Resource]) -> dict[str, str]:
    """The resource that an id's name stands for, where it is one."""
    names = [r.id_parameter for r in resources.values()]
    return {r.id_parameter: r.name for r in resources.values() if names.count(r.id_parameter) == 1}


def _bodies(contract: Contract, resource: Resource) -> list[Schema]:
    operations = [contract.by_id[i] for i in (resource.create, resource.change) if i]
    return [s for s in (body_schema(contract, op) for op in operations) if s is not None]


def _all_names(contract: Contract, schema: Schema, depth: int) -> set[str]:
    names: set[str] = set()
    for name, value in properties(contract, schema).items():
        names.add(name)
        if depth:
            inner = dereferenced(contract, value.get("items", value))
            names |= _all_names(contract, inner, depth - 1)
    return names


# --- schemas


def dereferenced(contract: Contract, schema: Any) -> Schema:
    """The schema that a reference leads to; {} if it leads nowhere."""
    try:
        found, _ = resolve(contract.document, schema, "#")
    except ContractError:
        return {}
    return found if isinstance(found, Mapping) else {}


def properties(contract: Contract, schema: Schema) -> dict[str, Schema]:
    """The properties of an object, those of its allOf included, each resolved and not null."""
    found: dict[str, Schema] = {}
    for part in schema.get("allOf", ()):
        found |= properties(contract, dereferenced(contract, part))
    for name, value in (schema.get("properties") or {}).items():
        found[name] = solid(contract, value)
    return found


def solid(contract: Contract, given: Any) -> Schema:
    """A schema without its null: the first other branch of an anyOf or oneOf."""
    schema = dereferenced(contract, given)
    for word in ("anyOf", "oneOf"):
        branches = [dereferenced(contract, b) for b in schema.get(word, ())]
        solid_ones = [b for b in branches if b.get("type") != "null"]
        if solid_ones and "properties" not in schema:
            return {**solid(contract, solid_ones[0]), "x-null": len(solid_ones) < len(branches)}
    kind = schema.get("type")
    if isinstance(kind, list):
        rest = [k for k in kind if k != "null"]
        return {**schema, "type": rest[0] if rest else "null", "x-null": "null" in kind}
    if schema.get("nullable"):
        return {**schema, "x-null": True}
    return schema


def reply_schema(contract: Contract, operation: Operation) -> Schema | None:
    """The schema of an operation's successful JSON reply."""
    for status, response in sorted(operation.responses.items()):
        if status.startswith("2"):
            for name, media in response.content.items():
                if "json" in name and media.schema is not None:
                    return dereferenced(contract, media.schema)
    return None


def body_schema(contract: Contract, operation: Operation) -> Schema | None:
    """The schema of an operation's JSON body."""
    for name, media in (operation.body.content if operation.body else {}).items():
        if "json" in name and media.schema is not None:
            return dereferenced(contract, media.schema)
    return None
