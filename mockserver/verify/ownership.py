"""Decide what may be sent to a server that holds other people's data.

Reads are free. An entity is created only if it can be removed again, and it is recorded in the
ledger before the request is sent. Changes and removals go only to our own entities, to what is
below them, or to ids known not to exist. The effects of any other operation are unknown: it is sent
only if it is allowed by name, or if the server is disposable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from mockserver.inference.model import Action, Plan
from mockserver.openapi.model import Contract, Json, Operation
from mockserver.openapi.path_templates import Router, filled, parameters_of
from mockserver.verify.ledger import Entry, Ledger, marker_of
from mockserver.verify.model import json_of
from mockserver.verify.replies import (
    Creator,
    at,
    creators_of,
    each_made,
    identity_of,
    only_changes,
    property_of,
    shown_of,
    shows_none,
)
from mockserver.verify.witness import (
    Added,
    Look,
    Seen,
    Witness,
    name_among,
    names_one,
    texts_of_arrays,
)

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
HARMLESS = (*SAFE, "QUERY")
READS = frozenset(
    {"count", "exists", "export", "filter", "find", "history", "list", "lookup", "paginate"}
    | {"preview", "query", "search", "validate"}
)
"""Last words of paths whose POST only reads."""
COMMANDS = frozenset(
    ("delete", "disable", "logout", "purge", "reload", "reset", "restart", "shutdown", "stop")
)
"""Last words of paths whose GET may have side effects."""
_ALL = re.compile(r"[-*~%_.+]+|_?all", re.IGNORECASE)
"""An id that some servers take for every entity."""
_UNKNOWN = (400, 404, 410, 422)
"""Statuses by which a read shows that no entity has the id. Others, such as a 405, show nothing."""
Probe = Callable[[str], int]
"""The status of a read, by its path."""
Kind = Literal["read", "create", "own", "never"]


class Withheld(Exception):
    """A request is not sent; the message states why."""


@dataclass(frozen=True)
class Ticket:
    """Permission to send a request; `number` is its line in the ledger, or 0."""

    operation: Operation | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    number: int = 0
    named: str = ""
    """The id of the new entity, if the body chooses it."""
    marker: str = ""
    """A text that a change writes into the entity."""
    body: bytes | None = None
    """What is sent."""
    before: Seen = field(default_factory=dict)
    """What the lists show that the request may add to."""


class Ownership:
    """Decides for each request; `given` are path parameter values supplied by the user."""

    def __init__(
        self,
        contract: Contract,
        plan: Plan,
        ledger: Ledger | None = None,
        *,
        allowed: Iterable[str] = (),
        excluded: Iterable[str] = (),
        disposable: bool = False,
        given: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        probe: Probe = lambda path: 0,
        look: Look = lambda method, path, query, body: None,
    ) -> None:
        self.contract = contract
        self.plan = plan
        self.ledger = ledger
        self.allowed = frozenset(allowed)
        self.excluded = frozenset(excluded)
        self.disposable = disposable
        self.given = dict(given or {})
        self.overrides = dict(overrides or {})
        """The plan's overrides, for another process that rebuilds it."""
        self.probe = probe
        self.withheld: dict[str, str] = {}
        """Operations that were not sent at least once, and why."""
        self.ambiguous: set[str] = set()
        """Operations that have created an entity with the id of another one."""
        self._router = Router(contract)
        self._fetches = {
            a.resource: a
            for a in plan.actions.values()
            if a.kind == "fetch" and a.resource and contract.by_id[a.operation].method in SAFE
        }
        self.creators = dict(creators_of(plan))
        kinds = dict.fromkeys(creator.resource.name for creator in self.creators.values())
        self._witness = Witness(contract, plan, kinds, lambda kind: self.list_of(kind, {}), look)
        self._there: dict[str, bool] = {}

    def has_path(self, path: str) -> bool:
        """Whether the document has a path, with or without a slash at its end."""
        other = path[:-1] if path.endswith("/") else f"{path}/"
        return any(self._router.find("GET", one)[1] for one in (path, other))

    def given_in(self, path: str) -> dict[str, str]:
        return {name: self.given[name] for name in parameters_of(path) if name in self.given}

    def list_of(self, resource: str, where: Mapping[str, str]) -> tuple[Action, str] | None:
        """A list of the resource, a GET if there is one, and its path with values."""
        lists = [a for a in self.plan.actions.values() if a.kind == "list"]
        lists.sort(key=lambda action: self.contract.by_id[action.operation].method != "GET")
        for action in lists:
            if action.resource != resource:
                continue
            values = {**where, **self.given}
            if all(name in values for name in parameters_of(action.path)):
                return action, filled(action.path, values)
        return None

    # --- before the first request

    def kind(self, operation: Operation) -> tuple[Kind, str]:
        """What may be done with an operation, and otherwise why not."""
        if operation.id in self.excluded:
            return "never", "excluded by --exclude"
        if operation.id in self.ambiguous and not self.disposable:
            return "never", "what it creates can't be removed: it had the id of another one"
        if self.disposable or operation.id in self.allowed:
            return ("create" if operation.id in self.creators else "own"), ""
        action = self.plan.actions.get(operation.id)
        last = operation.path.rstrip("/").rsplit("/", 1)[-1].lower()
        words = set(re.split(r"[^a-z]+", last))
        if operation.method in SAFE:
            if words & COMMANDS and not last.startswith("{"):
                return "never", f"to {last} is no read"
            return "read", ""
        reading = action is not None and action.kind in ("list", "fetch", "read")
        if operation.method == "POST" and (reading or words & READS):
            return "read", ""
        named = [name for name in parameters_of(operation.path) if name not in self.given]
        makes = action is not None and action.kind in ("create", "clone")
        if action is not None and makes and not only_changes(action):
            if operation.id in self.creators:
                return "create", ""
            if not named:
                return "never", f"what it creates ({action.resource}) can't be removed"
        if named:
            return "own", ""
        return "never", "its effect is unknown"

    # --- each request

    def admit(self, method: str, path: str, body: bytes | None = None) -> Ticket:
        """Permit a request to `path`, relative to the base path. Raises Withheld if it may not be
        sent."""
        path = urlsplit(path).path
        operation, template, where = self._router.find(method, path)
        if not self.disposable or (operation is not None and operation.id in self.excluded):
            reason = self._why_not(method, operation, template, where)
            if reason:
                if operation is not None:
                    self.withheld.setdefault(operation.id, reason)
                raise Withheld(reason)
        number = 0
        if operation is not None and self.ledger is not None:
            creator = self.creators.get(operation.id)
            action = self.plan.actions[operation.id]
            # A PUT to our own entity creates nothing; other creations show in the reply.
            chosen = creator is not None and creator.chosen and not self.owns(action, where)
            makes = action.kind in ("create", "clone") or "201" in operation.responses
            if creator is not None and (makes or chosen) and operation.method not in SAFE:
                named = self._named(creator, action, body)
                source = self._ours(action, where)
                copied = source.marker if source is not None else ""
                marker = named or marker_of(body) or copied
                before = self._before(action, where, body)
                number = self.ledger.ask(operation.id, where, marker, texts_of_arrays(body))
                return Ticket(operation, where, number, named, body=body, before=before)
        known = self.plan.actions[operation.id] if operation is not None else None
        sent = marker_of(body) if known and known.kind in ("patch", "replace") else ""
        before = self._before(known, where, body) if known and known.kind != "remove" else {}
        return Ticket(operation, where, number, marker=sent, body=body, before=before)

    def _before(self, action: Action, where: Mapping[str, str], body: bytes | None) -> Seen:
        """What there is in the lists that a request of effect on entities of ours may add to."""
        operation, creates = self.contract.by_id[action.operation], action.kind == "create"
        ours = creates or self.owns(action, where)
        if self.ledger is None or operation.method in HARMLESS or not ours:
            return {}
        kinds = {action.resource or "", *self._links(action, where)}
        return self._witness.before(operation.id, kinds - {""}, body, self.ledger)

    def _named(self, creator: Creator, action: Action, body: bytes | None) -> str:
        """The id that the client chooses in the body, if any. Raises Withheld if no path can lead
        to it."""
        try:
            sent = at(json_of(body or b""), action.request.at)
        except ValueError:
            return ""
        places = (creator.id_path, (creator.resource.identity.key or "id",), ("id",))
        found = next((one for place in places if (one := at(sent, place)) is not None), None)
        if not isinstance(found, str | int) or isinstance(found, bool):
            return ""
        if found in ("", ".", "..") and not self.disposable:
            raise Withheld(f"what it creates can't be removed: its id is {found!r}")
        kind = creator.resource.name
        if not self.disposable and self.ledger and (kind, str(found)) in self.ledger.others:
            # Some servers take it for a change of what is there.
            raise Withheld(f"{kind} {found} is not ours")
        return str(found)

    def _why_not(
        self, method: str, operation: Operation | None, template: str, where: Mapping[str, str]
    ) -> str:
        if operation is None:
            return self._why_not_undocumented(method, template, where)
        kind, reason = self.kind(operation)
        if kind == "never":
            return reason
        if kind == "read" or self.disposable or operation.id in self.allowed:
            return ""
        action = self.plan.actions[operation.id]
        links = self._links(action, where)
        if not links or self.owns(action, where):
            return ""
        if self._is_there(action, where):
            return f"{', '.join(links.values())} is not ours"
        return ""

    def _why_not_undocumented(self, method: str, template: str, where: Mapping[str, str]) -> str:
        """A method missing from the document may do anything, if the server has it."""
        here = [op for op in self.contract.operations if op.path == template]
        if not here:
            return ""
        if method in HARMLESS:
            # Some servers run a HEAD like a GET.
            reads = [self.kind(op) for op in here if op.method == "GET"]
            return next((reason for kind, reason in reads if kind == "never"), "")
        action = self.plan.actions[here[0].id]
        known = self._links(action, where)
        if known and (self.owns(action, where) or not self._is_there(action, where)):
            return ""
        return f"{method} {template} is not in the document"

    def _links(self, action: Action, where: Mapping[str, str]) -> dict[str, str]:
        """The entities that a path names: resource (or parameter) -> id."""
        kinds = self._kinds(action)
        return {
            kinds.get(name, name): value for name, value in where.items() if name not in self.given
        }

    def _kinds(self, action: Action) -> dict[str, str]:
        """The resources that the operation's path parameters name, where known."""
        kinds = {link.parameter: link.resource or link.parameter for link in action.parents}
        if action.path_item:
            kinds[action.path_item] = action.resource or action.path_item
        return kinds

    def owns(self, action: Action, where: Mapping[str, str]) -> bool:
        """Whether a path leads to an entity of ours, or below one."""
        return self._ours(action, where) is not None

    def _ours(self, action: Action, where: Mapping[str, str]) -> Entry | None:
        if self.ledger is None:
            return None
        links = self._links(action, where)
        for kind, identity in links.items():
            for entry in self.ledger.called(kind, identity):
                if entry.name is not None:
                    continue  # others may use it, too
                above = self._links(self.plan.actions[entry.remove], entry.where)
                if all(links.get(name, value) == value for name, value in above.items()):
                    return entry
        return None

    def own_paths(self, operation: Operation) -> list[dict[str, str]]:
        """Path values that lead to entities of ours; one empty mapping if the path has no
        parameters."""
        names = [name for name in parameters_of(operation.path) if name not in self.given]
        given = self.given_in(operation.path)
        if not names:
            return [given]
        if self.ledger is None:
            return []
        action = self.plan.actions[operation.id]
        kinds = self._kinds(action)
        found = []
        for entry in (one for one in self.ledger.left() if one.name is None):
            links = self._links(self.plan.actions[entry.remove], entry.where)
            values = {name: links.get(kinds.get(name, name)) for name in names}
            if all(value is not None for value in values.values()):
                found.append({**given, **{n: v for n, v in values.items() if v is not None}})
        return found

    def _is_there(self, action: Action, where: Mapping[str, str]) -> bool:
        """Whether what a path names exists; assumed if it can't be read or may stand for all."""
        links = self._links(action, where)
        if any(map(_ALL.fullmatch, links.values())):
            return True
        if action.path_item:
            there = self._looked_up(action.resource, links)
            if there or action.operation not in self.creators or len(links) < 2:
                return there  # otherwise it makes something below another one
        owners = [link for link in action.parents if link.parameter not in self.given]
        return not owners or self._looked_up(owners[-1].resource, links)

    def _looked_up(self, resource: str | None, links: Mapping[str, str]) -> bool:
        fetch = self._fetches.get(resource) if resource is not None else None
        if fetch is None:
            return True
        kinds = self._kinds(fetch)
        values = {
            name: self.given.get(name) or links.get(kinds.get(name, name))
            for name in parameters_of(fetch.path)
        }
        if None in values.values():
            return True
        path = filled(fetch.path, values)
        if path not in self._there:
            self._there[path] = self.probe(path) not in _UNKNOWN
        return self._there[path]

    # --- after it

    def settle(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes
    ) -> Entry | None:
        """Record a reply in the ledger and return what was created, the first of several."""
        added = self._added(ticket) if 200 <= status < 300 else []
        known = set(self.ledger.entries) if self.ledger is not None else set()
        entry = self._settle(ticket, status, headers, body)
        if added and self.ledger is not None:
            self._record_added(self.ledger, ticket, added, known)
        return entry

    def _added(self, ticket: Ticket) -> list[Added]:
        name = ticket.operation.id if ticket.operation is not None else ""
        return list(self._witness.after(name, ticket.before, ticket.body))

    def _record_added(
        self, ledger: Ledger, ticket: Ticket, added: Iterable[Added], known: set[int]
    ) -> None:
        """Record what has been `added` to lists and is about the request, not about the `known`."""
        assert ticket.operation is not None
        ids = {e.id for number, e in ledger.entries.items() if number not in known}
        if self.owns(self.plan.actions[ticket.operation.id], ticket.where):
            ids |= {one for name, one in ticket.where.items() if name not in self.given}
        for kind, identity, row in added:
            name, creator = next(o for o in self.creators.items() if o[1].resource.name == kind)
            where = self.where_to_remove(creator, {kind: identity}, {}, [row])
            called = name_among(row, texts_of_arrays(ticket.body))
            about = called is not None or names_one(row, ids)
            if where is not None and about and not any(ledger.called(kind, identity)):
                self._witness.made(ticket.operation.id, kind, ticket.body)
                number = ledger.ask(name, {}, "")
                ledger.made(number, creator.remove.operation, where, kind, called)

    def _settle(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes
    ) -> Entry | None:
        operation = ticket.operation
        if operation is None or self.ledger is None or operation.method in SAFE:
            return None
        ledger, action = self.ledger, self.plan.actions[operation.id]
        creator = self.creators.get(operation.id)
        succeeded = 200 <= status < 300
        named = None
        if creator is not None and succeeded:
            making = action.kind in ("create", "clone")
            shown = each_made(creator, body, ticket.body) if making else [(creator, body)]
            made, *others = (self._made(action, c, ticket, status, headers, b) for c, b in shown)
            for other in filter(None, others):
                self._record_made(ledger, creator, replace(ticket, number=0), other, status)
            if made is not None:
                return self._record_made(ledger, creator, ticket, made, status)
            named = identity_of(creator, headers, body)
            if ticket.number and making and shows_none(creator, body):
                ledger.nothing(ticket.number)
                return None
        if ticket.marker and succeeded:
            changed = self._ours(action, ticket.where)
            if changed is not None:
                ledger.marked(changed, ticket.marker)
        if ticket.number:
            itself = named is not None and named == ticket.where.get(action.path_item or "")
            if itself or self._made_nothing(ticket, status):
                ledger.nothing(ticket.number)
            elif succeeded:
                ledger.succeeded(ticket.number)
        elif action.kind == "remove" and succeeded:
            for entry in list(ledger.left()):
                if entry.remove == operation.id and dict(entry.where) == dict(ticket.where):
                    ledger.removed(entry)
        return None

    def _record_made(
        self, ledger: Ledger, creator: Creator, ticket: Ticket, made: dict[str, str], status: int
    ) -> Entry | None:
        """Record an entity at the path `made`, if it is ours."""
        operation = ticket.operation
        assert operation is not None
        kind = creator.resource.name
        if not ledger.is_others(kind, made):
            number = ticket.number or ledger.ask(operation.id, ticket.where, "")
            return ledger.made(number, creator.remove.operation, made, kind)
        if ticket.number and status == 201:
            # Another one with the same id, or the old one again: the list shows which.
            ledger.succeeded(ticket.number, alike=next(reversed(made.values())))
            self.ambiguous.add(operation.id)
        elif ticket.number:
            ledger.nothing(ticket.number)
        return None

    def _made_nothing(self, ticket: Ticket, status: int) -> bool:
        """Whether a creation certainly created nothing, or its result could not be found."""
        pending = self.ledger.pending.get(ticket.number) if self.ledger else None
        creator = self.creators[ticket.operation.id] if ticket.operation else None
        if pending is None or creator is None:
            return False
        if status < 500:
            return status >= 300 or (status >= 200 and bool(creator.chosen))
        if creator.chosen:
            return False
        return not pending.marker or self.list_of(creator.resource.name, ticket.where) is None

    def _made(
        self,
        action: Action,
        creator: Creator,
        ticket: Ticket,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
    ) -> dict[str, str] | None:
        """The path of what a successful reply reports as created."""
        if creator.chosen:
            # If it was not read before, only a 201 proves that it is new.
            new = bool(ticket.number) and (status == 201 or not self.disposable)
            identity: str | None = ticket.where.get(creator.chosen) if new else None
        else:
            identity = identity_of(creator, headers, body) or ticket.named or None
        if identity is None:
            return None
        if not creator.chosen and identity == ticket.where.get(action.path_item or ""):
            return None
        links = {**self._links(action, ticket.where), creator.resource.name: identity}
        return self.where_to_remove(
            creator, links, ticket.where, shown_of(creator, body, ticket.body)
        )

    def where_to_remove(
        self,
        creator: Creator,
        links: Mapping[str, str],
        path: Mapping[str, str],
        shown: Sequence[Json],
    ) -> dict[str, str] | None:
        """The path of an entity's removal: `links` are the ids by kind, `path` has the values with
        which it was created; what these lack has a property of the same name in what is `shown` of
        the entity. None if a value is unknown."""
        where: dict[str, str] = {}
        by_name = self._kinds(creator.remove)
        for name in parameters_of(creator.remove.path):
            value: Json = links.get(by_name.get(name, name), path.get(name))
            value = self.given.get(name) if value is None else value
            value = property_of(name, shown) if value is None else value
            if value is None:
                return None
            where[name] = str(value)
        # The id comes last: `Entry.id` relies on it.
        item = creator.remove.path_item or next(reversed(where))
        where[item] = where.pop(item)
        return where
