"""Round trips: what is made can be fetched, found, changed and removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.corpus.client import Client, NoRequest, dug, rows_of
from mockserver.contract.model import Operation
from mockserver.plan.model import Action, Resource


class Broken(Exception):
    """A step does not hold: `step` names it."""

    def __init__(self, step: str, text: str) -> None:
        super().__init__(text)
        self.step = step


def resources(client: Client) -> list[Resource]:
    """What can be made and fetched, if a client can come to know its id."""
    return [
        resource
        for resource in client.plan.resources.values()
        if not resource.singleton
        and any(not action.upsert for _, action in client.operations(resource, "create"))
        and client.operations(resource, "fetch")
        and not resource.open
    ]


def round_trip(client: Client, resource: Resource) -> None:
    """Raises Broken at the first step that does not hold."""
    try:
        _walk(client, resource)
    except NoRequest as error:
        raise Broken("request", str(error)) from None
    finally:
        client.forget()


def _walk(client: Client, resource: Resource) -> None:
    made = client.make(resource)
    if made is None:
        raise Broken("create", client.why() or "no create succeeds with an object")
    thing, above, key = made
    if key is None:
        raise Broken("id", f"the answer names no id: {', '.join(list(thing)[:8])}")
    operation, action = client.operations(resource, "fetch")[0]
    path = {**above, action.item: key}
    _agree("fetch", thing, _fetched(client, operation, action, path))
    _find(client, resource, above, key, thing)
    _change(client, resource, operation, action, path, key, above)
    _remove(client, resource, operation, action, path, key, above)


def _fetched(
    client: Client, operation: Operation, action: Action, path: Mapping[str, Any]
) -> dict[str, Any]:
    reply = client.send(operation, path)
    if not reply.is_success:
        raise Broken("fetch", f"{operation.path}: {reply.status_code} {reply.text[:150]}")
    thing = dug(reply, action.at)
    return thing if isinstance(thing, dict) else {}


def _agree(step: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """What both say they must say alike."""
    for name in one:
        if name in other and one[name] != other[name] and not _moves(name):
            raise Broken(step, f"{name}: {str(one[name])[:80]} became {str(other[name])[:80]}")


def _moves(name: str) -> bool:
    """What is new at each answer: etags and when something was last looked at."""
    return name.lower() in ("etag", "self_link", "selflink", "request_id", "requestid")


def _find(
    client: Client,
    resource: Resource,
    above: Mapping[str, Any],
    key: Any,
    thing: Mapping[str, Any],
) -> None:
    for operation, action in client.operations(resource, "list"):
        names = {link.parameter for link in action.parents}
        if not names <= above.keys() or operation.path != resource.path:
            continue
        rows = rows_of(client.page(operation, action, above, thing), action)
        ids = [client.id_of(resource, row) for row in rows]
        if key not in ids and str(key) not in map(str, ids):
            raise Broken("list", f"{operation.path}: {key!r} is not among {len(rows)} rows")


def _change(
    client: Client,
    resource: Resource,
    fetch: Operation,
    fetching: Action,
    path: Mapping[str, Any],
    key: Any,
    above: Mapping[str, Any],
) -> None:
    for operation, action in client.operations(resource, "patch", "replace")[:2]:
        reply = client.send(operation, {**above, action.item: key})
        if not reply.is_success:
            why = client.why() or reply.text[:150]
            raise Broken("update", f"{operation.path}: {reply.status_code} {why}")
        changed = dug(reply, action.at)
        if isinstance(changed, dict):
            _agree("update", changed, _fetched(client, fetch, fetching, path))


def _remove(
    client: Client,
    resource: Resource,
    fetch: Operation,
    fetching: Action,
    path: Mapping[str, Any],
    key: Any,
    above: Mapping[str, Any],
) -> None:
    for operation, action in client.operations(resource, "remove")[:1]:
        reply = client.send(operation, {**above, action.item: key})
        if not reply.is_success:
            raise Broken("remove", f"{operation.path}: {reply.status_code} {reply.text[:150]}")
        again = client.send(fetch, path)
        if again.is_success:
            raise Broken("gone", f"{fetch.path} still answers {again.status_code}")
