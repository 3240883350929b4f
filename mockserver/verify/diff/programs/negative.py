"""Programs with requests to be refused, and with those that are barely valid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from mockserver.openapi.model import Operation, Parameter
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.programs.bodies import WHOLE, variations
from mockserver.verify.diff.programs.builder import PACK, Builder, CannotBuild, packed
from mockserver.verify.lifecycle.infer import body_schema, solid
from mockserver.verify.lifecycle.model import Resource
from mockserver.verify.target import PLACEHOLDER

Json = Any
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
            path = entity.where if entity is not None else builder.values(operation)
            for number in range(start, start + PACK):
                # A new body each time: names may have to be unique.
                builder.number = number + 1
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
        where = {k: v for k, v in path.items() if "{" + k + "}" in resource.item}
        where[resource.id_parameter] = "{{" + f"{label}.{resource.id_field}" + "}}"
        builder.add(resource.read, "read", path=where, about=f"made with: {about}")
    elif resource and resource.read:
        builder.add(resource.read, "read", path=path, about=f"after: {about}")


def queries(knowledge: Knowledge) -> Iterator[Builder]:
    """Query parameters at their bounds and beyond."""
    for operation in knowledge.contract.operations:
        todo = [
            ({p.name: value}, f"{p.name} {about}")
            for p in operation.parameters
            if p.place == "query"
            for value, about in _odd(knowledge, operation, p)
        ]
        for chunk in packed(todo):
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
    """Unknown ids, and malformed ones."""
    able = [op for op in knowledge.contract.operations if "{" in op.path]
    for chunk in packed(able):
        builder = Builder(knowledge)
        for operation in chunk:
            names = [part.split("}")[0] for part in operation.path.split("{")[1:]]
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
            names = [part.split("}")[0] for part in operation.path.split("{")[1:]]
            path = dict.fromkeys(names, PLACEHOLDER)
            for key in ("none", "wrong"):
                builder.add(operation.id, "auth", path=path, key=key, about=f"key: {key}")
        yield builder
