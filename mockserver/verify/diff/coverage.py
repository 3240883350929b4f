"""The programs that every run begins with: each operation, each bound, each kind of refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from mockserver.contract.model import Operation, Parameter
from mockserver.verify.lifecycle.derive import body_schema, solid
from mockserver.verify.lifecycle.describe import Resource
from mockserver.verify.target import PLACEHOLDER

from .bodies import WHOLE, variations
from .build import Builder, CannotBuild
from .knowledge import Knowledge
from .model import Program

Json = Any
PACK = 16
"""Requests beside the preparations in a program."""
MALFORMED = "nope"


def coverage(knowledge: Knowledge) -> Iterator[Program]:
    """Always the same programs for the same document."""
    parts: tuple[Callable[[Knowledge], Iterator[Builder]], ...] = (
        lives,
        jobs,
        commands,
        lists,
        creations,
        changes,
        bodies_of_commands,
        plain_reads,
        queries,
        unknown,
        keys,
    )
    for part in parts:
        for builder in part(knowledge):
            if builder.steps:
                yield builder.program(part.__name__.replace("_", " "))


def _resources(knowledge: Knowledge) -> Iterator[Resource]:
    yield from (r for r in knowledge.api.resources.values() if r.create)


def lives(knowledge: Knowledge) -> Iterator[Builder]:
    """Made, read, listed, changed, removed; with every field, and with as few as possible."""
    for resource in _resources(knowledge):
        for full in (True, False):
            builder = Builder(knowledge)
            with suppress(CannotBuild):
                thing = builder.make(resource, full=full)
                _look(builder, resource, thing.where, thing.label)
                _change(builder, resource, thing.where, full=full)
                if resource.remove:
                    builder.add(resource.remove, "remove", path=thing.where)
                    _look(builder, resource, thing.where, thing.label)
                    builder.add(resource.remove, "remove", path=thing.where, about="again")
                    _change(builder, resource, thing.where, full=full)
            yield builder
        yield from _orphans(knowledge, resource)


def _orphans(knowledge: Knowledge, resource: Resource) -> Iterator[Builder]:
    """What becomes of a thing when one that it stands on, or names, is removed."""
    for other in _resources(knowledge):
        if not other.remove or other is resource:
            continue
        builder = Builder(knowledge)
        with suppress(CannotBuild):
            thing = builder.make(resource)
            owner = next((t for t in builder.things if t.resource is other), None)
            if owner is None:
                continue
            builder.add(other.remove, "remove", path=owner.where, about=f"has a {resource.name}")
            _look(builder, resource, thing.where, thing.label)
            if other.read:
                builder.add(other.read, "read", path=owner.where)
            yield builder


def _look(builder: Builder, resource: Resource, where: Mapping[str, str], label: int) -> None:
    if resource.read:
        builder.add(resource.read, "read", path=where)
    if resource.list:
        made = next(step for step in builder.steps if step.label == label)
        builder.add(resource.list, "list", path=_path_of(builder, resource.list, made.path), pages=8)
    for parent in builder.things:
        if parent.label != label and parent.resource.read and resource.parents:
            builder.add(parent.resource.read, "read", path=parent.where, about="the parent")
            return


def _path_of(builder: Builder, operation: str, path: Mapping[str, str]) -> dict[str, str]:
    template = builder.knowledge.contract.by_id[operation].path
    return {name: value for name, value in path.items() if "{" + name + "}" in template}


def _change(builder: Builder, resource: Resource, where: Mapping[str, str], *, full: bool) -> None:
    if not resource.change:
        return
    builder.number += 1
    body = builder.sample(resource.change, resource, full=full)
    builder.add(resource.change, "change", path=where, body=body)
    if resource.read:
        builder.add(resource.read, "read", path=where, about="after a change")


def jobs(knowledge: Knowledge) -> Iterator[Builder]:
    """Waited for; commanded at once, on the way, and after the end, twice each time."""
    for resource in _resources(knowledge):
        if not knowledge.is_job(resource):
            continue
        orders = [op for op in knowledge.commands if _is_about(knowledge, op, resource)]
        ways: tuple[str, ...] = ("at once", "change", "end")
        for order in [*orders, *([] if orders else [None])]:
            for way in ways:
                builder = Builder(knowledge)
                with suppress(CannotBuild):
                    thing = builder.make(resource)
                    _wait(builder, resource, thing.where, way)
                    if order is not None:
                        _order(builder, order)
                        _order(builder, order, "again")
                        _look(builder, resource, thing.where, thing.label)
                    _wait(builder, resource, thing.where, "end")
                yield builder
        if len(orders) > 1:
            yield from _all_orders(knowledge, resource, orders)


def _all_orders(
    knowledge: Knowledge, resource: Resource, orders: list[Operation]
) -> Iterator[Builder]:
    for first in orders:
        for second in orders:
            if first is not second:
                builder = Builder(knowledge)
                with suppress(CannotBuild):
                    thing = builder.make(resource)
                    _order(builder, first)
                    _order(builder, second)
                    _wait(builder, resource, thing.where, "end")
                yield builder


def _wait(builder: Builder, resource: Resource, where: Mapping[str, str], way: str) -> None:
    status = builder.knowledge.job_status(resource.read)
    if way != "at once" and resource.read and status:
        builder.add(resource.read, "settle", path=where, status_at=status, until=way)


def _order(builder: Builder, operation: Operation, about: str = "") -> None:
    builder.number += 1
    body = builder.sample(operation.id, None, full=True)
    path = builder.values(operation)
    intent = "read" if operation.method == "GET" else "command"
    builder.add(operation.id, intent, path=path, body=body, about=about)


def _is_about(knowledge: Knowledge, operation: Operation, resource: Resource) -> bool:
    """Whether an operation is a command to such a thing."""
    start = resource.item.rstrip("/") + "/"
    return operation.method != "GET" and operation.path.startswith(start)


def commands(knowledge: Knowledge) -> Iterator[Builder]:
    """Every other operation, twice, and what it is about before and after."""
    for operation in knowledge.commands:
        builder = Builder(knowledge)
        with suppress(CannotBuild):
            path = builder.values(operation)
            _reads(builder)
            _order(builder, operation)
            _reads(builder)
            _order(builder, operation, "again")
            if path:
                for thing in builder.things:
                    if thing.resource.remove and thing.where.items() <= path.items():
                        builder.add(thing.resource.remove, "remove", path=thing.where)
                        _order(builder, operation, "of what is gone")
                        break
        yield builder


def _reads(builder: Builder) -> None:
    for thing in builder.things[-2:]:
        if thing.resource.read:
            builder.add(thing.resource.read, "read", path=thing.where)


def lists(knowledge: Knowledge) -> Iterator[Builder]:
    """Three things of a kind, in pages of several sizes, by every filter."""
    for resource in _resources(knowledge):
        if not resource.list or resource.paging is None:
            continue
        for chunk in _packed(list(_questions(knowledge, resource.list))):
            builder = Builder(knowledge)
            with suppress(CannotBuild):
                things = [builder.make(resource, full=full) for full in (True, False, True)]
                path = _path_of(builder, resource.list, builder.steps[things[0].label - 1].path)
                for query, pages, about in chunk:
                    builder.add(
                        resource.list,
                        "list",
                        path=path,
                        query=_resolved(builder, resource, query),
                        pages=pages,
                        about=about,
                    )
            yield builder


def _resolved(builder: Builder, resource: Resource, query: Mapping[str, str]) -> dict[str, str]:
    """A filter by an id gets that of a thing of this program; "@" stands for a sent value."""
    result = {}
    for name, value in query.items():
        target = resource.references.get(name)
        thing = next((t for t in builder.things if t.resource.name == target), None)
        if value == "@" and thing is not None:
            value = "{{" + f"{thing.label}.{thing.resource.id_field}" + "}}"
        elif value == "@":
            by = next((f.field for f in resource.filters if f.parameter == name), name)
            first = next(t for t in builder.things if t.resource is resource)
            sent = builder.steps[first.label - 1].body
            found = sent.get(by) if isinstance(sent, dict) else None
            found = found[0] if isinstance(found, list) and found else found
            plain = str(found).lower() if isinstance(found, bool) else str(found)
            value = plain if found is not None and not isinstance(found, dict) else "x"
        result[name] = value
    return result


def _questions(knowledge: Knowledge, operation_id: str) -> Iterator[tuple[dict[str, str], int, str]]:
    """What a list can be asked: the query, how many pages, and words for it."""
    lists_ = knowledge.lists[operation_id]
    operation = knowledge.contract.by_id[operation_id]
    limit = lists_.paging.limit_parameter
    if limit:
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


def _packed(items: list[Any], size: int = PACK) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def creations(knowledge: Knowledge) -> Iterator[Builder]:
    """Bodies at the bounds of their schema and beyond; what is made is read."""
    for resource in _resources(knowledge):
        yield from _bodies(knowledge, resource.create, resource, "make")


def changes(knowledge: Knowledge) -> Iterator[Builder]:
    for resource in _resources(knowledge):
        if resource.change:
            yield from _bodies(knowledge, resource.change, resource, "change")


def bodies_of_commands(knowledge: Knowledge) -> Iterator[Builder]:
    for operation in knowledge.commands:
        if operation.body is not None:
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
            thing = builder.make(resource) if resource and intent == "change" else None
            path = thing.where if thing is not None else builder.values(operation)
            body = (
                builder.body_for(resource)
                if resource and intent == "make"
                else builder.sample(operation_id, resource, full=True)
            )
        except CannotBuild:
            return
        todo: list[tuple[str, Json]] = list(variations(contract, schema, body))
        todo += [(about, _Raw(text)) for about, text in WHOLE]
        count = len(todo)
        for about, new in todo[start : start + PACK]:
            _send_body(builder, operation_id, resource, intent, path, new, about)
        start += PACK
        yield builder


class _Raw(str):
    """A body as it goes out."""


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
        where = {k: v for k, v in path.items() if "{" + k + "}" in resource.item}
        where[resource.id_parameter] = "{{" + f"{label}.{resource.id_field}" + "}}"
        builder.add(resource.read, "read", path=where, about=f"made with: {about}")
    elif resource and resource.read:
        builder.add(resource.read, "read", path=path, about=f"after: {about}")


def plain_reads(knowledge: Knowledge) -> Iterator[Builder]:
    """What can be read without anything having been made."""
    builder = Builder(knowledge)
    for operation in knowledge.contract.operations:
        if operation.method == "GET" and "{" not in operation.path:
            intent: Any = "list" if operation.id in knowledge.lists else "read"
            builder.add(operation.id, intent)
            if intent == "read":
                builder.add(operation.id, intent, about="again")
    yield builder


def queries(knowledge: Knowledge) -> Iterator[Builder]:
    """Query parameters at their bounds and beyond."""
    for operation in knowledge.contract.operations:
        todo = [
            ({p.name: value}, f"{p.name} {about}")
            for p in operation.parameters
            if p.place == "query"
            for value, about in _odd(knowledge, operation, p)
        ]
        for chunk in _packed(todo):
            builder = Builder(knowledge)
            with suppress(CannotBuild):
                path = builder.values(operation)
                for query, about in chunk:
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
    """Ids that name nothing, and ids that can't be ids."""
    able = [op for op in knowledge.contract.operations if "{" in op.path]
    for chunk in _packed(able):
        builder = Builder(knowledge)
        for operation in chunk:
            names = [part.split("}")[0] for part in operation.path.split("{")[1:]]
            body = builder.sample(operation.id, None, full=False)
            for value, about in ((PLACEHOLDER, "nothing has this id"), (MALFORMED, "no id")):
                path = dict.fromkeys(names, value)
                builder.add(operation.id, "unknown", path=path, body=body, about=about)
        yield builder


def keys(knowledge: Knowledge) -> Iterator[Builder]:
    """Without a key, and with one that is none."""
    able = [op for op in knowledge.contract.operations if op.security]
    for chunk in _packed(able):
        builder = Builder(knowledge)
        for operation in chunk:
            names = [part.split("}")[0] for part in operation.path.split("{")[1:]]
            path = dict.fromkeys(names, PLACEHOLDER)
            for key in ("none", "wrong"):
                builder.add(operation.id, "auth", path=path, key=key, about=f"key: {key}")
        yield builder


