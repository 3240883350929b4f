"""Removing what a fuzz run made."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mockserver.verify.ledger import Asked, Entry, Ledger
from mockserver.verify.lifecycle.model import Api, Resource
from mockserver.verify.model import Exchange
from mockserver.verify.target import Target, fill

GONE = (404, 410)
ROUNDS = 3


def clean_up(
    ledger: Ledger, target: Target, api: Api, progress: Callable[[str], None]
) -> list[str]:
    """Remove everything, the newest first; what is left is named, with the reason.

    Something may be in use until another thing has gone, so it is tried in rounds.
    """
    for asked in list(ledger.asked.values()):
        _find_again(asked, ledger, target, api)
    left: dict[int, str] = {}
    for _ in range(ROUNDS):
        left = {}
        for entry in list(ledger.left()):
            reply = _remove(entry, target)
            gone = reply.status < 300 or reply.status in GONE
            if gone or (reply.status == 403 and _went_along(entry, ledger)):
                ledger.removed(entry)
            else:
                left[entry.number] = f"{entry.kind} {entry.id}: {reply.method} gave {reply.status}"
        if not left:
            break
    progress(f"removed {len(ledger.gone)} of {len(ledger.entries)} things")
    unknown = [f"{a.operation} was sent and never answered" for a in ledger.asked.values()]
    return [*left.values(), *unknown]


def _went_along(entry: Entry, ledger: Ledger) -> bool:
    """Whether what it stood below is gone: some servers then say 403, not 404."""
    above = [ledger.entries[number] for number in ledger.gone]
    return any(set(e.where.values()) < set(entry.where.values()) for e in above)


def _remove(entry: Entry, target: Target) -> Exchange:
    operation = target.contract.by_id[entry.remove]
    return target.send(
        operation.method,
        fill(operation.path, entry.where),
        operation=entry.remove,
        source="cleanup",
    )


def _find_again(asked: Asked, ledger: Ledger, target: Target, api: Api) -> None:
    """A creation without an answer: its marker is looked for in the list of its kind."""
    names = {**{r.create: r.name for r in api.resources.values()}, **api.clone}
    if not asked.marker or not api.resources[names[asked.operation]].list:
        return
    resource = api.resources[names[asked.operation]]
    for row in _rows(resource, asked, target):
        if asked.marker in str(row):
            own = {k: v for k, v in asked.path.items() if k in resource.parents}
            where = {**own, resource.id_parameter: str(row[resource.id_field])}
            ledger.made(asked.number, resource.remove, where, resource.name)
            return
    ledger.nothing(asked.number)


def _rows(resource: Resource, asked: Asked, target: Target) -> Iterator[dict[str, object]]:
    paging = resource.paging
    assert paging is not None
    operation = target.contract.by_id[resource.list]
    params: dict[str, str] = {}
    while True:
        path = fill(operation.path, asked.path)
        page = target.send("GET", path, params=params, source="cleanup")
        if page.status != 200:
            return
        value = page.json()
        yield from value.get(paging.items, []) if paging.items else value
        cursor = value.get(paging.cursor) if paging.cursor else None
        if not cursor or not paging.cursor_parameter:
            return
        params[paging.cursor_parameter] = cursor
