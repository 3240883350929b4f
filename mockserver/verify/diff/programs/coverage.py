"""The programs at the start of every run, which cover each operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import product
from typing import Any

from mockserver.openapi.model import Json, Operation, Parameter
from mockserver.openapi.path_templates import parameters_of
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Intent, Program
from mockserver.verify.diff.programs.builder import (
    PACK,
    WHOLE,
    Builder,
    CannotBuild,
    packed,
    variations,
)
from mockserver.verify.lifecycle.model import Resource
from mockserver.verify.schemas import body_schema, solid
from mockserver.verify.target import PLACEHOLDER

# Programs with requests to be refused, and with those that are barely valid.

MALFORMED = "nope"


def creations(knowledge: Knowledge) -> Iterator[Builder]:
    """Create with bodies at the bounds of their schema and beyond; read what was created."""
    for resource in knowledge.makeable:
        yield from _bodies(knowledge, resource.create, resource, "make")


def changes(knowledge: Knowledge) -> Iterator[Builder]:
    for resource in knowledge.makeable:
        if resource.change:
            yield from _bodies(knowledge, resource.change, resource, "change")


def bodies_of_commands(knowledge: Knowledge) -> Iterator[Builder]:
    for operation in knowledge.commands:
        if operation.body is not None:
            yield from _bodies(knowledge, operation.id, None, "command")


def bodies_of_lists(knowledge: Knowledge) -> Iterator[Builder]:
    """Those of lists that are asked for by POST."""
    for operation in knowledge.contract.operations:
        if operation.id in knowledge.lists and operation.body is not None:
            yield from _bodies(knowledge, operation.id, None, "command")


def _bodies(
    knowledge: Knowledge, operation_id: str, resource: Resource | None, intent: Any
) -> Iterator[Builder]:
    contract = knowledge.contract
    operation = contract.by_id[operation_id]
    schema = body_schema(contract, operation)
    if schema is None:
        return
    count, start = 1, 0
    while start < count:
        builder = Builder(knowledge)
        try:
            entity = builder.make(resource) if resource and intent == "change" else None
            chosen = resource is not None and resource.chosen and intent == "make"
            path = entity.where if entity is not None else {}
            path = path if entity is not None or chosen else builder.values(operation)
            for number in range(start, start + PACK):
                # A new body each time: names may have to be unique.
                builder.number = number + 1
                if resource and resource.chosen and intent == "make":
                    path = builder.parents(resource)
                body = (
                    builder.body_for(resource)
                    if resource and intent == "make"
                    else builder.sample(operation_id, resource, full=True)
                )
                todo: list[tuple[str, Json]] = list(variations(contract, schema, body))
                todo += [(about, _Raw(text)) for about, text in WHOLE]
                count = len(todo)
                if number < count:
                    about, new = todo[number]
                    _send_body(builder, operation_id, resource, intent, path, new, about)
        except CannotBuild:
            return
        start += PACK
        yield builder


class _Raw(str):
    """A body that is sent as is."""


def _send_body(
    builder: Builder,
    operation_id: str,
    resource: Resource | None,
    intent: Any,
    path: Mapping[str, str],
    body: Json,
    about: str,
) -> None:
    given: dict[str, Any] = {"content": str(body)} if isinstance(body, _Raw) else {"body": body}
    label = builder.add(operation_id, "refused", path=path, about=about, **given)
    if resource and resource.read and intent == "make":
        where = builder.where(resource, label, path)
        builder.add(resource.read, "read", path=where, about=f"made with: {about}")
    elif resource and resource.read:
        builder.add(resource.read, "read", path=path, about=f"after: {about}")


def queries(knowledge: Knowledge) -> Iterator[Builder]:
    """Query parameters at their bounds and beyond."""
    todo = [
        (operation, {p.name: value}, f"{p.name} {about}")
        for operation in knowledge.contract.operations
        for p in operation.parameters
        if p.place == "query"
        for value, about in _odd(knowledge, operation, p)
    ]
    # Operations of one program share what they need.
    for chunk in packed(todo):
        builder = Builder(knowledge)
        for operation, query, about in chunk:
            with suppress(CannotBuild):
                path = builder.values(operation)
                builder.add(operation.id, "refused", path=path, query=query, about=about)
        yield builder


def _odd(
    knowledge: Knowledge, operation: Operation, parameter: Parameter
) -> Iterator[tuple[str, str]]:
    schema = solid(knowledge.contract, parameter.schema)
    kind = schema.get("type")
    lists_ = knowledge.lists.get(operation.id)
    if lists_ and parameter.name == lists_.paging.cursor_parameter:
        yield "!no cursor!", "is from nowhere"
        yield "", "is empty"
        return
    yield "", "is empty"
    if kind in ("integer", "number"):
        yield "seven", "is a word"
        for word, beyond in (("minimum", -1), ("maximum", 1)):
            if word in schema:
                yield str(schema[word]), f"is at its {word}"
                yield str(schema[word] + beyond), f"is beyond its {word}"
        if "minimum" not in schema:
            yield "-1", "is negative"
    elif kind == "boolean" or schema.get("enum") or schema.get("format"):
        yield "perhaps", "is none of its values"


def unknown(knowledge: Knowledge) -> Iterator[Builder]:
    """Unknown ids, and malformed ones."""
    able = [op for op in knowledge.contract.operations if "{" in op.path]
    for chunk in packed(able):
        builder = Builder(knowledge)
        for operation in chunk:
            names = parameters_of(operation.path)
            body = builder.sample(operation.id, None, full=False)
            for value, about in ((PLACEHOLDER, "nothing has this id"), (MALFORMED, "no id")):
                path = dict.fromkeys(names, value)
                builder.add(operation.id, "unknown", path=path, body=body, about=about)
        yield builder


def keys(knowledge: Knowledge) -> Iterator[Builder]:
    """Without a key, and with an invalid one."""
    able = [op for op in knowledge.contract.operations if op.security]
    for chunk in packed(able):
        builder = Builder(knowledge)
        for operation in chunk:
            names = parameters_of(operation.path)
            path = dict.fromkeys(names, PLACEHOLDER)
            for key in ("none", "wrong"):
                builder.add(operation.id, "auth", path=path, key=key, about=f"key: {key}")
        yield builder


def coverage(knowledge: Knowledge) -> Iterator[Program]:
    """The programs; always the same for a document."""
    parts: tuple[Callable[[Knowledge], Iterator[Builder]], ...] = (
        keys,
        unknown,
        plain_reads,
        lives,
        lists,
        commands,
        jobs,
        creations,
        changes,
        bodies_of_commands,
        bodies_of_lists,
        queries,
    )
    for part in parts:
        for builder in part(knowledge):
            if builder.steps:
                yield builder.program(part.__name__.replace("_", " "))


def lives(knowledge: Knowledge) -> Iterator[Builder]:
    """Create, read, list, change, remove; with all fields, and with as few as possible."""
    for resource in knowledge.makeable:
        for full in (True, False):
            builder = Builder(knowledge, full=full)
            with suppress(CannotBuild):
                entity = builder.make(resource, full=full)
                _look(builder, resource, entity.where, entity.label)
                _change(builder, resource, entity.where, full=full)
                made = builder.steps[entity.label - 1]
                builder.add(
                    made.operation, "make", path=made.path, body=made.body, about="the same again"
                )
                if resource.remove:
                    builder.add(resource.remove, "remove", path=entity.where)
                    _look(builder, resource, entity.where, entity.label)
                    builder.add(resource.remove, "remove", path=entity.where, about="again")
                    _change(builder, resource, entity.where, full=full)
            yield builder
        if resource.parents or resource.references:
            # On what is inactive or archived, perhaps.
            builder = Builder(knowledge, full=True, flags=True)
            with suppress(CannotBuild):
                entity = builder.make(resource)
                _look(builder, resource, entity.where, entity.label)
            yield builder
        yield from _orphans(knowledge, resource)


def _orphans(knowledge: Knowledge, resource: Resource) -> Iterator[Builder]:
    """Remove an entity that another one needs or refers to."""
    for other in knowledge.makeable:
        if not other.remove or other is resource:
            continue
        builder = Builder(knowledge)
        with suppress(CannotBuild):
            entity = builder.make(resource)
            owner = next((t for t in builder.entities if t.resource is other), None)
            if owner is None:
                continue
            builder.add(other.remove, "remove", path=owner.where, about=f"has a {resource.name}")
            _look(builder, resource, entity.where, entity.label)
            if other.read:
                builder.add(other.read, "read", path=owner.where)
            yield builder


def _look(builder: Builder, resource: Resource, where: Mapping[str, str], label: int) -> None:
    if resource.read:
        builder.add(resource.read, "read", path=where)
    if resource.list:
        made = next(step for step in builder.steps if step.label == label)
        builder.add(resource.list, "list", path=path_of(builder, resource.list, made.path), pages=8)
    for parent in builder.entities:
        if parent.label != label and parent.resource.read and resource.parents:
            builder.add(parent.resource.read, "read", path=parent.where, about="the parent")
            return


def path_of(builder: Builder, operation: str, path: Mapping[str, str]) -> dict[str, str]:
    template = builder.knowledge.contract.by_id[operation].path
    return {name: value for name, value in path.items() if name in parameters_of(template)}


def _change(builder: Builder, resource: Resource, where: Mapping[str, str], *, full: bool) -> None:
    if not resource.change:
        return
    builder.number += 1
    body = builder.sample(resource.change, resource, full=full)
    builder.add(resource.change, "change", path=where, body=body)
    if resource.read:
        builder.add(resource.read, "read", path=where, about="after a change")


def jobs(knowledge: Knowledge) -> Iterator[Builder]:
    """Wait for a job; send it each command at once, midway (when it has changed its state, and when
    the first of its parts has ended), and after the end, twice each.

    What it is built upon has every field: a run of a suite without items does nothing.
    """
    for resource in knowledge.makeable:
        if not knowledge.is_job(resource):
            continue
        orders = [op for op in knowledge.commands if _is_about(knowledge, op, resource)]
        parts = ["part"] if knowledge.has_parts(resource.read) else []
        ways = ["at once", "change", *parts, "end"]
        for order in [*orders, *([] if orders else [None])]:
            for way in ways:
                builder = Builder(knowledge, full=True)
                with suppress(CannotBuild):
                    entity = builder.make(resource)
                    _wait(builder, resource, entity.where, way)
                    if order is not None:
                        _order(builder, order)
                        _order(builder, order, "again")
                        _look(builder, resource, entity.where, entity.label)
                    _wait(builder, resource, entity.where, "end")
                yield builder
        if len(orders) > 1:
            yield from _all_orders(knowledge, resource, orders)


def waits(knowledge: Knowledge) -> Iterator[Program]:
    """Create and wait for each kind of job."""
    for resource in knowledge.makeable:
        builder = Builder(knowledge, full=True)
        if knowledge.is_job(resource):
            with suppress(CannotBuild):
                _wait(builder, resource, builder.make(resource).where, "end")
                yield builder.program("waits")


def _all_orders(
    knowledge: Knowledge, resource: Resource, orders: list[Operation]
) -> Iterator[Builder]:
    for first in orders:
        for second in orders:
            if first is not second:
                builder = Builder(knowledge, full=True)
                with suppress(CannotBuild):
                    entity = builder.make(resource)
                    _order(builder, first)
                    _order(builder, second)
                    _wait(builder, resource, entity.where, "end")
                yield builder


def _wait(builder: Builder, resource: Resource, where: Mapping[str, str], way: str) -> None:
    status = builder.knowledge.job_status(resource.read)
    if way != "at once" and resource.read and status:
        builder.add(resource.read, "settle", path=where, status_at=status, until=way)


def _order(builder: Builder, operation: Operation, about: str = "") -> None:
    builder.number += 1
    body = builder.sample(operation.id, None, full=True)
    path = builder.values(operation)
    intent: Intent = "read" if operation.method == "GET" else "command"
    builder.add(operation.id, intent, path=path, body=body, about=about)


def _is_about(knowledge: Knowledge, operation: Operation, resource: Resource) -> bool:
    """Whether an operation is a command for such an entity."""
    start = resource.item.rstrip("/") + "/"
    return operation.method != "GET" and operation.path.startswith(start)


def commands(knowledge: Knowledge) -> Iterator[Builder]:
    """Every other operation, twice, reading its target before and after.

    Its target has every field, so that there is something to be seen, and then few.
    """
    for operation, full in product(knowledge.commands, (True, False)):
        builder = Builder(knowledge, full=full)
        with suppress(CannotBuild):
            path = builder.values(operation)
            _reads(builder)
            _order(builder, operation)
            _reads(builder)
            _order(builder, operation, "again")
            if path:
                for entity in builder.entities:
                    if entity.resource.remove and entity.where.items() <= path.items():
                        builder.add(entity.resource.remove, "remove", path=entity.where)
                        _order(builder, operation, "of a removed entity")
                        break
        yield builder


def _reads(builder: Builder) -> None:
    for entity in builder.entities[-2:]:
        if entity.resource.read:
            builder.add(entity.resource.read, "read", path=entity.where)


def lists(knowledge: Knowledge) -> Iterator[Builder]:
    """Three entities of a kind, in pages of several sizes, with every filter."""
    for resource in knowledge.makeable:
        if not resource.list or resource.paging is None:
            continue
        for chunk in packed(list(questions(knowledge, resource.list))):
            builder = Builder(knowledge)
            with suppress(CannotBuild):
                entities = [builder.make(resource, full=full) for full in (True, False, True)]
                path = path_of(builder, resource.list, builder.steps[entities[0].label - 1].path)
                for query, pages, about in chunk:
                    builder.add(
                        resource.list,
                        "list",
                        path=path,
                        query=resolved(builder, resource, query),
                        pages=pages,
                        about=about,
                    )
            yield builder


def resolved(builder: Builder, resource: Resource, query: Mapping[str, str]) -> dict[str, str]:
    """A filter by id gets an id from this program; "@" stands for a sent value."""
    result = {}
    for name, value in query.items():
        target = resource.references.get(name)
        entity = next((t for t in builder.entities if t.resource.name == target), None)
        if value == "@" and entity is not None:
            value = entity.where[entity.resource.id_parameter]
        elif value == "@":
            by = next((f.field for f in resource.filters if f.parameter == name), name)
            first = next(t for t in builder.entities if t.resource is resource)
            sent = builder.steps[first.label - 1].body
            found = sent.get(by) if isinstance(sent, dict) else None
            found = found[0] if isinstance(found, list) and found else found
            plain = str(found).lower() if isinstance(found, bool) else str(found)
            value = plain if found is not None and not isinstance(found, dict) else "x"
        result[name] = value
    return result


def questions(knowledge: Knowledge, operation_id: str) -> Iterator[tuple[dict[str, str], int, str]]:
    """Queries for a list: the parameters, the number of pages, and a description."""
    lists_ = knowledge.lists[operation_id]
    operation = knowledge.contract.by_id[operation_id]
    limit = lists_.paging.limit_parameter
    in_query = {p.name for p in operation.parameters if p.place == "query"}
    # A list that is asked for by POST may have its limit in the body.
    if limit in in_query:
        yield {limit: "1"}, 25, "in pages of 1"
        yield {limit: "2"}, 15, "in pages of 2"
    yield {}, 8, "without a limit"
    by_name = {f.parameter: f for f in lists_.filters}
    for parameter in operation.parameters:
        if parameter.place != "query" or parameter.name in (limit, lists_.paging.cursor_parameter):
            continue
        known = by_name.get(parameter.name)
        values = [*(known.values if known and known.values else ()), "@"]
        schema = solid(knowledge.contract, parameter.schema)
        if schema.get("type") == "boolean":
            values = ["true", "false"]
        elif schema.get("enum"):
            values = list(schema["enum"])
        for value in values[:6]:
            yield {parameter.name: str(value)}, 8, f"by {parameter.name}"


def plain_reads(knowledge: Knowledge) -> Iterator[Builder]:
    """Reads that need no created entities."""
    builder = Builder(knowledge)
    for operation in knowledge.contract.operations:
        if operation.method == "GET" and "{" not in operation.path:
            intent: Any = "list" if operation.id in knowledge.lists else "read"
            builder.add(operation.id, intent)
            if intent == "read":
                builder.add(operation.id, intent, about="again")
    yield builder
