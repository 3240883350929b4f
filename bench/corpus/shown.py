"""Whether the ids in a document's examples exist, and match the examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bench.corpus.client import Client
from bench.corpus.finding import NoRequest
from mockserver.inference.model import Action
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Operation, Parameter

_MOST = 200
"""How many ids of one document are asked for."""


@dataclass
class Shown:
    """An id that can be requested: its path values, and its example."""

    operation: Operation
    path: dict[str, Any]
    example: Mapping[str, Any] | None


def shown_ids(client: Client) -> Iterator[Shown]:
    """The item ids in the document's examples: of the operation, of lists of the same resource, and
    of the parameter with the id."""
    for operation in client.contract.operations:
        action = client.plan.actions[operation.id]
        if action.kind != "fetch" or action.item is None or action.resource is None:
            continue
        given = {p.name: _first(p) for p in operation.parameters if p.place == "path"}
        key = client.plan.resources[action.resource].identity.key
        seen: set[str] = set()
        for thing in _things(client, operation, action):
            value = thing.get(key) if key is not None else None
            if value is None:
                value = given.get(action.item)
            if isinstance(value, str | int) and str(value) not in seen:
                seen.add(str(value))
                above = {**_above(action, thing), **_by_url(operation, thing)}
                yield Shown(operation, {**given, **above, action.item: value}, thing)
        value = given.get(action.item)
        if isinstance(value, str | int) and str(value) not in seen:
            yield Shown(operation, given, None)


def _first(parameter: Parameter) -> Any:
    for example in parameter.examples.values():
        return example
    return parameter.schema.get("example")


def _above(action: Action, thing: Mapping[str, Any]) -> dict[str, Any]:
    """The parents' ids in the entity itself."""
    return {
        link.parameter: thing[link.field]
        for link in action.parents
        if link.field is not None and isinstance(thing.get(link.field), str | int)
    }


def _by_url(operation: Operation, thing: Mapping[str, Any]) -> dict[str, str]:
    """The path values in the entity's own URL."""
    template = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(operation.url_path))
    for value in thing.values():
        found = re.search(template + r"/?\Z", value) if isinstance(value, str) else None
        if found and not operation.url_path.startswith("/{"):
            return {name: unquote(said) for name, said in found.groupdict().items()}
    return {}


def _things(client: Client, operation: Operation, action: Action) -> Iterator[Mapping[str, Any]]:
    for body in _bodies(operation):
        thing = _at(body, action.response.at)
        if isinstance(thing, Mapping):
            yield thing


def _bodies(operation: Operation) -> Iterator[Any]:
    response = operation.response_for(operation.success)
    for media in response.content.values() if response is not None else ():
        if is_json(media.name):
            yield from media.examples.values()


def _at(body: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(body, Mapping) or name not in body:
            return None
        body = body[name]
    return body


def judge_shown(client: Client) -> tuple[int, int, list[str]]:
    """The number of ids that can be requested, how many are right, and what is wrong with the
    others.

    A malformed id can't be requested.
    """
    asked = right = 0
    wrong = []
    for one in shown_ids(client):
        if asked == _MOST:
            break
        fits = all(
            client.fits(parameter, one.path.get(parameter.name))
            or client.fits(parameter, str(one.path.get(parameter.name)))
            for parameter in one.operation.parameters
            if parameter.place == "path" and one.path.get(parameter.name) is not None
        )
        if not fits:
            continue
        known = {name: value for name, value in one.path.items() if value is not None}
        complaint: str | None = None
        for path in _paths(client, one.operation, known):
            with suppress(NoRequest):
                complaint = _complaint(client, one, client.send(one.operation, path))
            if complaint == "":
                break
        if complaint is None:
            continue
        asked += 1
        right += not complaint
        if complaint:
            wrong.append(f"{one.operation.method} {one.operation.path} {path}: {complaint}"[:300])
    return asked, right, wrong


def _paths(
    client: Client, operation: Operation, known: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The paths at which what an example shows may be: where it doesn't name a parent, one of those
    that lists show; a new one only where there is none."""
    action = client.plan.actions[operation.id]
    if all(link.parameter in known for link in action.parents):
        yield dict(known)
        return
    found = client.finder.parents_for(operation)
    for above in found:
        yield {**above, **known}
    if not found:
        with suppress(NoRequest):
            yield {**client.path_for(operation), **known}


def _complaint(client: Client, one: Shown, reply: Any) -> str:
    if one.operation.success == 204 and reply.status_code == 204:
        return ""  # whether it is there is all that is asked
    if reply.status_code != 200:
        return f"answers {reply.status_code}"
    if one.example is None:
        return ""
    action = client.plan.actions[one.operation.id]
    said = _at(reply.json(), action.response.at)
    if not isinstance(said, Mapping):
        return "answers no object"
    pointer = client.plan.resources[action.resource or ""].schema
    if pointer is None or not client.read.check(pointer).is_valid(dict(one.example)):
        return ""  # as far as it fits, which is another question
    other = [name for name, value in one.example.items() if name in said and said[name] != value]
    return f"says another {', '.join(other)}" if other else ""
