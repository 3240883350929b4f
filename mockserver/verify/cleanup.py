"""Remove what a run created."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from mockserver.inference.model import Action
from mockserver.openapi.model import Json
from mockserver.verify.ledger import Entry, Ledger, PendingCreation, texts_in
from mockserver.verify.lifecycle.samples import MARK
from mockserver.verify.lifecycle.values import GONE as GONE_WORD
from mockserver.verify.model import Exchange
from mockserver.verify.ownership import Ownership
from mockserver.verify.replies import at
from mockserver.verify.target import NoReply, Target, fill, is_page
from mockserver.verify.witness import NAMES, key_of, name_among, names_one, query_and_body, rows_of

GONE = (404, 410)
ROUNDS = 3
_MADE = re.compile(r"(secret|token|key|code|handle|uuid)$", re.IGNORECASE)
_MARK = re.compile(r"(?!\d{4}-\d\d-\d\d)[^\s/]{16,}")
"""A text so long that nothing else is likely to have it."""
PAUSES = (0.0, 0.5, 2.0)
"""Seconds before each look for what was sent and got no reply: the server may still be at it."""


def note_others(ledger: Ledger, target: Target, ownership: Ownership) -> None:
    """Record the ids of what is there before the first creation, as far as lists show them."""
    for resource in {creator.resource.name for creator in ownership.creators.values()}:
        found = ownership.list_of(resource, {})
        if found is None:
            continue
        action, path = found
        key = key_of(action, ownership.plan)
        with suppress(NoReply):
            ids = [at(row, key) for row in _rows(path, action, target)]
            ledger.found(resource, [str(one) for one in ids if isinstance(one, str | int)])


def clean_up(
    ledger: Ledger,
    target: Target,
    ownership: Ownership,
    progress: Callable[[str], None],
    *,
    check: bool = True,
) -> list[str]:
    """Remove everything, newest first, and list what could not be removed, with reasons.

    Works in rounds, because an entity may be in use until another is gone. With `check`, lists are
    read afterwards: some servers accept the removal of anything. Raises NoReply if the server is
    gone.
    """
    held, target.ownership = target.ownership, None
    target.persistence.quarantined.clear()
    try:
        asked = dict(ledger.pending)
        _look_for_unanswered(ledger, target, ownership)
        _side_products(asked, ledger, target, ownership)
        left: dict[int, str] = {}
        for _ in range(ROUNDS):
            left = {}
            # What others may use, too, goes last: they may have copied what is gone by then.
            for named in (False, True):
                for entry in list(_used_by_others(ledger, target, ownership)) if named else ():
                    progress(f"{entry.kind} {entry.name!r} stays: others use it by now")
                    ledger.keep(entry)
                for entry in [e for e in ledger.left() if (e.name is not None) == named]:
                    trouble = entry.number not in ledger.gone and _remove(
                        entry, ledger, target, ownership
                    )
                    if trouble:
                        left[entry.number] = trouble
            if not left:
                break
        if check:
            left = _checked(left, ledger, target, ownership)
    finally:
        target.ownership = held
    progress(f"removed {len(ledger.gone)} of {len(ledger.entries)} entities")
    return [*left.values(), *map(_unknown, ledger.pending.values())]


def _side_products(
    asked: Mapping[int, PendingCreation], ledger: Ledger, target: Target, ownership: Ownership
) -> None:
    """Record what the server itself made for creations whose responses are unknown, as after a loss
    of power: it was not there before the run, and names what they made by an id that nothing else
    is likely to have, or has a name that they sent in an array, such as a tag's. For the others
    that is known from looks at the lists."""
    ids = {entry.id for number, entry in ledger.entries.items() if number in asked}
    ids = {one for one in ids if _MARK.fullmatch(one)}
    names = {name for one in asked.values() for name in one.names}
    names = {name for name in names if MARK in name}
    by_kind = {one.resource.name: (name, one) for name, one in ownership.creators.items()}
    for kind, (operation, creator) in by_kind.items():
        found = ownership.list_of(kind, {}) if kind in ledger.listed else None
        if found is None or not (ids or names):
            continue
        action, path = found
        key = key_of(action, ownership.plan)
        with suppress(NoReply):
            for row in list(_rows(path, action, target)):
                identity = str(at(row, key))
                known = (kind, identity) in ledger.others or any(ledger.called(kind, identity))
                where = ownership.where_to_remove(creator, {kind: identity}, {}, [row])
                called = name_among(row, names)
                if not known and where is not None and (called is not None or names_one(row, ids)):
                    number = ledger.ask(operation, {}, "")
                    ledger.made(number, creator.remove.operation, where, kind, called)


def _used_by_others(ledger: Ledger, target: Target, ownership: Ownership) -> Iterator[Entry]:
    """What the server made by a name, such as a tag, that an entity of others has by now."""
    named = [entry for entry in ledger.left() if entry.name is not None]
    texts: set[str] = set()
    for kind in ledger.listed if named else ():
        found = ownership.list_of(kind, {})
        if found is not None:
            key = key_of(found[0], ownership.plan)
            ours = {entry.id for entry in ledger.entries.values() if entry.kind == kind}
            with suppress(NoReply):
                for row in list(_rows(found[1], found[0], target)):
                    if str(at(row, key)) not in ours:
                        texts.update(texts_in(row))
    yield from (entry for entry in named if texts & {entry.name, entry.id})


def _checked(
    left: Mapping[int, str], ledger: Ledger, target: Target, ownership: Ownership
) -> dict[int, str]:
    """What is left after another look at the lists: also what is still listed although its removal
    was accepted. An entity that is removed by something else than its id, such as a token that only
    the server makes, is removed by that."""
    suspects = list(ledger.entries.values())
    for pause in PAUSES:
        target.persistence.sleep(pause)
        lists = _Lists(target, ownership)
        ours = [one for one in suspects if (one.kind, one.id) not in ledger.others]
        # Nothing is listed below what is gone.
        gone = {ledger.entries[number].id for number in ledger.gone}
        ours = [one for one in ours if gone.isdisjoint([*one.where.values()][:-1])]
        suspects = [one for one in ours if lists.rows_of(one)]
        if not suspects:
            break
    found = dict(left)
    for entry in {(e.kind, *e.where.items()): e for e in suspects}.values():
        item = next(reversed(list(entry.where)))
        for row in lists.rows_of(entry):
            for value in lists.marks_of(entry, row):
                _send_removal(entry.remove, {**entry.where, item: value}, target)
        twins = [one for one in suspects if (one.kind, one.where) == (entry.kind, entry.where)]
        if _Lists(target, ownership).rows_of(entry):
            told = f"{entry.kind} {entry.id}: it was removed, and is still listed"
            found = {**{one.number: told for one in twins[:1]}, **found}
            continue
        for twin in twins:
            found.pop(twin.number, None)
            if twin.number not in ledger.gone:
                ledger.removed(twin)
    return found


@dataclass
class _Lists:
    """The rows of lists, each read once."""

    target: Target
    ownership: Ownership
    rows: dict[str, list[Mapping[str, Json]]] = field(default_factory=dict)

    def _all(self, entry: Entry) -> tuple[Action | None, list[Mapping[str, Json]]]:
        found = self.ownership.list_of(entry.kind, entry.where)
        if found is None:
            return None, []
        action, path = found
        if path not in self.rows:
            self.rows[path] = []
            try:
                self.rows[path] = list(_rows(path, action, self.target))
            except NoReply:
                # A list that fails shows nothing; the removal itself has been reported.
                if not self.target.is_there():
                    raise
        return action, self.rows[path]

    def rows_of(self, entry: Entry) -> list[Mapping[str, Json]]:
        """The rows that show an entity as there."""
        action, rows = self._all(entry)
        key = key_of(action, self.ownership.plan) if action is not None else ()
        return [
            row for row in rows if str(at(row, key)) == entry.id and not GONE_WORD.search(str(row))
        ]

    def marks_of(self, entry: Entry, row: Mapping[str, Json]) -> list[str]:
        """The long texts of a row that only the server makes, such as a token, and that no other
        row has."""
        _, rows = self._all(entry)
        others = [other for other in rows if other is not row]
        return [
            value
            for name, value in row.items()
            if isinstance(value, str)
            and _MADE.search(name)
            and _MARK.fullmatch(value)
            and value not in (entry.id, entry.marker)
            and not any(value in other.values() for other in others)
        ]


def _unknown(pending: PendingCreation) -> str:
    if pending.alike:
        return f"what {pending.operation} created: another entity has its id {pending.alike!r}, too"
    if pending.succeeded:
        return f"what {pending.operation} created, which its response does not name"
    return f"{pending.operation} was sent and got no response"


def _look_for_unanswered(ledger: Ledger, target: Target, ownership: Ownership) -> None:
    """Find out which creations without a response have made nothing. Raises NoReply if the server
    is gone; what can't be read meanwhile stays unknown."""
    missing = list(ledger.pending.values())
    for pause in PAUSES:
        if missing:
            target.persistence.sleep(pause)
        left, unread = [], set()
        for pending in missing:
            try:
                if _is_missing(pending, ledger, target, ownership):
                    left.append(pending)
            except NoReply:
                if not target.is_there():
                    raise
                left.append(pending)
                unread.add(pending.number)
        missing = left
    for pending in missing:
        if pending.number not in unread:
            ledger.nothing(pending.number)


def _remove(entry: Entry, ledger: Ledger, target: Target, ownership: Ownership) -> str:
    """Why it could not be removed, or ""."""
    operation = target.contract.by_id.get(entry.remove)
    if operation is None:
        return f"{entry.kind} {entry.id}: the document no longer has {entry.remove!r}"
    try:
        reply = _send_removal(entry.remove, entry.where, target)
        if reply.status in GONE and (name := _name_in_list(entry, target, ownership)):
            # Some paths want the name, not the id.
            item = next(reversed(list(entry.where)))
            reply = _send_removal(entry.remove, {**entry.where, item: name}, target)
            if _name_in_list(entry, target, ownership):
                return (
                    f"{entry.kind} {entry.id}: {reply.method} gave {reply.status}, "
                    "and it is still listed"
                )
    except NoReply as error:
        if not target.is_there():
            raise
        return f"{entry.kind} {entry.id}: {error}"
    page = reply.status < 300 and is_page(reply)
    done = reply.status < 300 and not page
    went = done or reply.status in GONE or _went_along(entry, ledger, reply)
    if went or ((page or 400 <= reply.status < 500) and _is_gone(entry, target)):
        for twin in list(ledger.left()):
            # An entity that was created again, as by PUT, is in the ledger again.
            if (twin.remove, twin.where) == (entry.remove, entry.where):
                ledger.removed(twin)
        return ""
    return f"{entry.kind} {entry.id}: {reply.method} gave {reply.status}"


def _is_gone(entry: Entry, target: Target) -> bool:
    """Whether nothing can be read where the entity was, so that a refused removal is no trouble:
    the entity may never have been created."""
    path = target.contract.by_id[entry.remove].path
    reads = any(op.method == "GET" and op.path == path for op in target.contract.operations)
    return reads and target.status_of(fill(path, entry.where)) in GONE


def _send_removal(remove: str, where: Mapping[str, str], target: Target) -> Exchange:
    operation = target.contract.by_id[remove]
    path = fill(operation.path, where)
    return target.send(operation.method, path, operation=remove, source="cleanup")


def _name_in_list(entry: Entry, target: Target, ownership: Ownership) -> str:
    """The name under which the entity is listed, if no other one has it; its id without a name,
    and "" if it is not listed."""
    found = ownership.list_of(entry.kind, entry.where)
    if found is None:
        return ""
    action, path = found
    rows = list(_rows(path, action, target))
    key = key_of(action, ownership.plan)
    mine = [row for row in rows if str(at(row, key)) == entry.id]
    if not mine:
        return ""
    for name in NAMES:
        value = mine[0].get(name)
        alone = sum(row.get(name) == value for row in rows) == 1
        if isinstance(value, str) and value not in ("", entry.id) and alone:
            return value
    return entry.id


def _went_along(entry: Entry, ledger: Ledger, reply: Exchange) -> bool:
    """Whether a parent is gone: some servers then respond 403, not 404."""
    if reply.status != 403:
        return False
    above = [ledger.entries[number] for number in ledger.gone]
    return any(set(e.where.values()) < set(entry.where.values()) for e in above)


def _is_missing(
    pending: PendingCreation, ledger: Ledger, target: Target, ownership: Ownership
) -> bool:
    """Whether the list lacks what an unanswered creation should have made. What is found, by its
    chosen id or its marker in the list, is recorded."""
    creator = ownership.creators.get(pending.operation)
    if creator is None:
        return False
    resource, remove = creator.resource.name, creator.remove
    if creator.chosen:
        ledger.made(pending.number, remove.operation, dict(pending.path), resource)
        return False
    found = ownership.list_of(resource, pending.path)
    if pending.alike:
        key = None if found is None else key_of(found[0], ownership.plan)
        rows = [] if found is None else list(_rows(found[1], found[0], target))
        return key is None or sum(str(at(row, key)) == pending.alike for row in rows) < 2
    if not pending.marker or found is None:
        return False
    action, path = found
    mine = [row for row in _rows(path, action, target) if _has(row, pending.marker)]
    known = {entry.id for entry in ledger.entries.values() if entry.kind == resource}
    known |= {identity for kind, identity in ledger.others if kind == resource}
    key = key_of(action, ownership.plan)
    ids = [str(at(row, key)) for row in mine if isinstance(at(row, key), str | int)]
    for identity in (one for one in ids if one not in known):
        row = next(row for row in mine if str(at(row, key)) == identity)
        links = {resource: identity}
        where = ownership.where_to_remove(creator, links, pending.path, [row])
        if where is not None:
            ledger.made(pending.number, remove.operation, where, resource)
        return False
    return not pending.succeeded


def _has(row: Json, marker: str) -> bool:
    return marker in json.dumps(row, ensure_ascii=False)


def _rows(path: str, action: Action, target: Target) -> Iterator[Mapping[str, Json]]:
    """The rows of a list, page by page; empty if it can't be read."""

    def page_of(params: Mapping[str, str | int]) -> Json:
        page = _page(path, action, params, target)
        try:
            return page.json() if page.status == 200 else None
        except ValueError:
            return None

    return rows_of(action, page_of)


def _page(path: str, action: Action, params: Mapping[str, str | int], target: Target) -> Exchange:
    """One page of a list, requested in the query, or in the body of a POST."""
    method = target.contract.by_id[action.operation].method
    query, body = query_and_body(action, method, params)
    return target.send(method, path, params=query, body=body, source="cleanup")
