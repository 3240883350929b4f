"""Derive the checks' description of an API from the plan of its document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.inference import resource_model
from mockserver.inference.build import build_plan
from mockserver.inference.model import Action, Plan
from mockserver.inference.verb_words import OUTCOMES
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.path_templates import parameters_of
from mockserver.verify.lifecycle.listings import filters_of, rows_of
from mockserver.verify.lifecycle.model import Api, Command, Filter, Paging, Resource
from mockserver.verify.schemas import (
    Schema,
    body_schema,
    dereferenced,
    inner,
    properties,
    reply_schema,
    solid,
)

_MORE = ("has_more", "hasMore", "has_next", "hasNext")
_WRAPPINGS = ("data", "item", "result", "object", "resource")
_CREATED = frozenset({"created_at", "createdAt", "created", "creation_time", "createTime"})


def derive(
    contract: Contract,
    names: Mapping[str, str] | None = None,
    *,
    wrapped: bool = False,
    overrides: Mapping[str, Any] | None = None,
) -> Api:
    """A description of the API by its plan: how to create, read, list, change, remove and command
    each resource that can be created.

    `names` gives a name to the resources of some create operations, so that ids can refer to them.
    `wrapped` selects how the id of a wrapped entity is expressed: as a path in the reply
    ("data.id"), or else as a path within the entity.
    """
    return _Derivation(contract, build_plan(contract, overrides), dict(names or {}), wrapped).api()


class _Derivation:
    def __init__(
        self, contract: Contract, plan: Plan, names: Mapping[str, str], wrapped: bool
    ) -> None:
        self.contract = contract
        self.plan = plan
        self.names = names
        self.wrapped = wrapped
        self.actions: dict[str, list[Action]] = {}
        for operation in contract.operations:
            action = plan.actions[operation.id]
            if action.resource is not None:
                self.actions.setdefault(action.resource, []).append(action)
        self.found: dict[str, Resource] = {}
        self.by_plan: dict[str, str] = {}
        """Names used here, by those of the plan."""

    def api(self) -> Api:
        for operation in self.contract.operations:
            action = self.plan.actions[operation.id]
            known = action.resource in self.by_plan
            if action.kind == "create" and action.resource is not None and not known:
                self._add(self.plan.resources[action.resource], action)
        for action in self._by_chosen_ids() if self.wrapped else ():
            self._add(self.plan.resources[str(action.resource)], action)
        contract = self.contract
        resources = {
            name: _with_references(contract, r, self.found, self.names)
            for name, r in self.found.items()
        }
        for plan_name, name in self.by_plan.items():
            resources[name] = replace(
                resources[name],
                references={**self._references(plan_name), **resources[name].references},
            )
        return Api(
            contract.title,
            resources,
            commands=tuple(self._commands()),
            clone={
                action.operation: self.by_plan[name]
                for name, actions in self.actions.items()
                for action in actions
                if action.kind == "clone" and name in self.by_plan
            },
        )

    def _by_chosen_ids(self) -> Iterator[Action]:
        """The operations that create at an id in their path what nothing else creates."""
        for operation in self.contract.operations:
            action = self.plan.actions[operation.id]
            if action.resource is None or action.resource in self.by_plan:
                continue
            removes = any(
                one.kind == "remove" and one.path == action.path
                for one in self.actions[action.resource]
            )
            if action.request.upsert and action.path_item and removes:
                yield action

    def _chosen(self, resource: resource_model.Resource, create: Action) -> Resource | None:
        contract = self.contract
        same = [a for a in self.actions[resource.name] if a.path == create.path]
        by_kind = {a.kind: a for a in reversed(same) if a is not create}
        read, remove = by_kind.get("fetch"), by_kind.get("remove")
        change = by_kind.get("patch") or by_kind.get("replace")
        change = create if change is None and create.method == "PUT" else change
        shown = reply_schema(contract, contract.by_id[(read or create).operation]) or {}
        at = (read or create).response.at
        listing, paging, filters = self._listing(create, self.actions[resource.name])
        entity, item = inner(contract, shown, at), str(create.path_item)
        writers = [contract.by_id[a.operation] for a in (create, change) if a is not None]
        key = resource.identity.key or item
        return Resource(
            name=re.sub(r"_?id$", "", item, flags=re.IGNORECASE) or item,
            collection=create.path.rstrip("/").rsplit("/", 1)[0],
            item=create.path,
            id_parameter=item,
            create=create.operation,
            read=read.operation if read else "",
            list=listing,
            change=change.operation if change else "",
            remove=remove.operation if remove else "",
            id_field=".".join([*at, key]),
            row_id=key,
            paging=paging,
            filters=filters,
            partial=by_kind.get("patch") is not None,
            shown=frozenset(properties(contract, entity)),
            sent=create.request.at,
            sent_change=change.request.at if change else (),
            chosen=True,
            **_movement(contract, entity, writers, key, resource.states, at),
        )

    def _add(self, resource: resource_model.Resource, create: Action) -> None:
        by_id = create.request.upsert and create.path_item is not None
        found = (self._chosen if by_id else self._resource)(resource, create)
        if found is None:
            return
        if create.operation in self.names:
            found = replace(found, name=self.names[create.operation])
        elif found.name in {*self.found, *self.names.values()}:
            found = replace(found, name=f"{found.name} of {found.collection}")
        self.found[found.name] = found
        self.by_plan[resource.name] = found.name

    def _resource(self, resource: resource_model.Resource, create: Action) -> Resource | None:
        contract, actions = self.contract, self.actions[resource.name]
        item = _item_of(create, actions)
        several = resource_model.FIRST in (*create.response.at, *create.request.at)
        at, answer = self._shown(create, actions)
        if item is None or item.path_item is None or several or answer is None:
            return None
        guessed = False
        key = create.response.id_path or _path(resource.identity.key)
        if not key:
            place = _open_id(contract, inner(contract, answer, at))
            at, key, guessed = (*at, *place[:-1]), place[-1:], True
        if not key:
            return None
        by_kind = {a.kind: a for a in reversed(actions) if a.path == item.path}
        read, remove = by_kind.get("fetch"), by_kind.get("remove")
        change = by_kind.get("patch") or by_kind.get("replace")
        listing, paging, filters = self._listing(create, actions)
        writers = [contract.by_id[a.operation] for a in (create, change) if a is not None]
        entity = inner(contract, answer, at)
        return Resource(
            name=re.sub(r"_?id$", "", item.path_item, flags=re.IGNORECASE)
            or create.path.rstrip("/").rsplit("/", 1)[1],
            collection=create.path,
            item=item.path,
            id_parameter=item.path_item,
            create=create.operation,
            read=read.operation if read else "",
            list=listing,
            change=change.operation if change else "",
            remove=remove.operation if remove else "",
            id_field=".".join([*at, *key] if self.wrapped else key),
            row_id=resource.identity.key or "",
            paging=paging,
            filters=filters,
            partial=by_kind.get("patch") is not None,
            at=() if self.wrapped else at,
            guessed=guessed,
            shown=frozenset(properties(contract, entity)),
            sent=create.request.at,
            sent_change=change.request.at if change else (),
            **_movement(contract, entity, writers, ".".join(key), resource.states, at),
        )

    def _shown(
        self, create: Action, actions: Sequence[Action]
    ) -> tuple[resource_model.Path, Schema | None]:
        """Where a creation shows the entity, and as what. One that shows nothing says where it is,
        and a fetch shows it there: RFC 9110, 15.3.2."""
        answer = reply_schema(self.contract, self.contract.by_id[create.operation])
        fetch = next((action for action in actions if action.kind == "fetch"), None)
        made = self.contract.by_id[create.operation].success == 201
        if answer is not None or fetch is None or not made:
            return create.response.at, answer
        return fetch.response.at, reply_schema(self.contract, self.contract.by_id[fetch.operation])

    def _listing(
        self, create: Action, actions: Sequence[Action]
    ) -> tuple[str, Paging | None, tuple[Filter, ...]]:
        """The operation that lists what is created, "" if none can be read; how it pages, and what
        it filters by."""
        listing = _list_of(create, actions)
        # The programs of a differential run read lists only by GET.
        if listing is None or (self.wrapped and listing.method != "GET"):
            return "", None, ()
        paging = self._paging(listing)
        if paging is None:
            return "", None, ()
        filters: tuple[Filter, ...] = ()
        if listing.method == "GET":
            filters = filters_of(self.contract, self.contract.by_id[listing.operation], paging)
        return listing.operation, paging, filters

    def _paging(self, action: Action) -> Paging | None:
        """The paging of a list whose rows are objects."""
        contract = self.contract
        listing, envelope = contract.by_id[action.operation], action.envelope
        schema = reply_schema(contract, listing)
        if schema is None or envelope is None:
            return None
        rows = rows_of(contract, listing, Paging(".".join(envelope.items), "", "", "", ""))
        if not properties(contract, inner(contract, rows, envelope.row)) and not _is_open(rows):
            return None
        query, page = envelope.paging, envelope.page
        places = {p.name: p.schema for p in listing.parameters if p.place == "query"}
        if query.in_body:
            places = dict(properties(contract, body_schema(contract, listing) or {}))
        limit = solid(contract, places.get(query.limit or "", {}))
        top = properties(contract, schema)
        more = page.path("more") or next(((n,) for n in _MORE if n in top), None)
        cursors = (
            one.path for one in page.fields if one.meaning == "next" and one.form == "cursor"
        )
        after = next(cursors, None)
        return Paging(
            items=".".join(envelope.items),
            cursor=".".join(after or ()),
            more=".".join(more or ()),
            limit_parameter=query.limit or "",
            cursor_parameter=query.cursor or "",
            most=min(200, limit.get("maximum", 200)),
            row=envelope.row,
            offset_parameter=query.offset or "",
            page_parameter=query.page or "",
            first_page=query.first_page,
            first_offset=query.first_offset,
            in_body=query.in_body,
        )

    def _references(self, plan_name: str) -> dict[str, str]:
        """Fields of the body that refer to another resource, by the plan."""
        return {
            reference.field: self.by_plan[reference.resource]
            for action in self.actions[plan_name]
            if action.kind in ("create", "patch", "replace")
            for reference in action.request.refers
            if reference.resource in self.by_plan
        }

    def _commands(self) -> Iterator[Command]:
        """Verbs that act on an entity."""
        for plan_name, name in self.by_plan.items():
            states = self.plan.resources[plan_name].states
            resource = self.found[name]
            for action in self.actions[plan_name]:
                transition = action.transition
                if action.kind != "transition" or transition is None:
                    continue
                if not action.path.startswith(resource.item.rstrip("/") + "/"):
                    continue
                changes = {n: v for n, v in transition.changes if _is_plain(v)}
                state = states.name if states is not None else ""
                if states is not None and (states.inner or states.codes):
                    # `{"status": {"state": "running"}}` is compared as a whole, as other values;
                    # of codes, nobody knows whether a server counts like the text.
                    changes.pop(state, None)
                    state = ""
                leads_to = OUTCOMES.get(transition.verb, ())
                target_state = changes.get(state)
                yield Command(
                    operation=action.operation,
                    resource=name,
                    verb=transition.verb,
                    state=state,
                    leads_to=(
                        *((target_state,) if isinstance(target_state, str) else ()),
                        *leads_to,
                    ),
                    final=states.terminal if states is not None else frozenset(),
                    changes=changes,
                    same=self._is_the_entity(action, resource, state),
                    children=tuple(self._children(plan_name)),
                )

    def _is_the_entity(self, action: Action, resource: Resource, state: str) -> bool:
        """Whether the reply to a verb is the entity itself: it has its id and its state."""
        contract = self.contract
        schema = reply_schema(contract, contract.by_id[action.operation]) or {}
        names = properties(contract, inner(contract, schema, resource.at))
        return {resource.id_field.split(".")[0], state or "id"} <= names.keys()

    def _children(self, plan_name: str) -> Iterator[tuple[str, str, frozenset[str]]]:
        """Kinds of jobs below a job: their name, their state field, their final states."""
        for other, name in self.by_plan.items():
            child = self.plan.resources[other]
            below = any(link.resource == plan_name for link in child.parents)
            if below and child.states is not None and child.states.moves:
                yield name, child.states.name, child.states.terminal


def _is_plain(value: object) -> bool:
    """Whether a change sets a value that is known before: not the time, nor what is sent."""
    if not isinstance(value, str):
        return value is None or isinstance(value, bool | int | float)
    return value != "now" and not value.startswith(("body.", "shown."))


def _open_id(contract: Contract, answer: Schema) -> resource_model.Path:
    """Where the id may be in an envelope whose content the document does not list."""
    for name, value in properties(contract, answer).items():
        if name in _WRAPPINGS and value.get("type") == "object" and _is_open(value):
            return (name, "id")
    return ("id",) if _may_have_more(answer) else ()


def _path(name: str | None) -> resource_model.Path:
    return (name,) if name else ()


def _item_of(create: Action, actions: Sequence[Action]) -> Action | None:
    """The action on the item path: the read, else the removal or a change. Its other parameters are
    those of the creation."""
    above = set(parameters_of(create.path))
    for kind in ("fetch", "remove", "patch", "replace"):
        for action in actions:
            others = set(parameters_of(action.path)) - {action.path_item}
            if action.kind == kind and action.path_item and others <= above:
                return action
    return None


def _list_of(create: Action, actions: Sequence[Action]) -> Action | None:
    """A list that contains what the creation creates, by GET if there is one."""
    above = set(parameters_of(create.path))
    lists = [a for a in actions if a.kind == "list" and set(parameters_of(a.path)) <= above]
    same = [a for a in lists if a.path.rstrip("/") == create.path.rstrip("/")]
    ranked = [*same, *(a for a in lists if a.method == "GET"), *lists]
    return ranked[0] if ranked else None


def _movement(
    contract: Contract,
    entity: Schema,
    writers: list[Operation],
    id_field: str,
    states: resource_model.States | None,
    at: Sequence[str],
) -> dict[str, Any]:
    """Which properties change without a client setting them. For a job: its state, and with it all
    others that no client sets, except the id and the creation time; within a state only the
    progress, a number or a timestamp. For any other entity its numbers, timestamps and
    enums: version, counter, last use, "busy" while something below it runs."""
    shown = properties(contract, entity)
    bodies = [body_schema(contract, operation) or {} for operation in writers]
    theirs = {name for body in bodies for name in properties(contract, body)}
    theirs |= {n for body in bodies for n in properties(contract, inner(contract, body, at))}
    own = {n: s for n, s in shown.items() if s.get("readOnly") or n not in theirs}
    moving = own.keys() - {id_field} - _CREATED
    growing = {n for n in moving if _grows(own[n])}
    if states is not None and states.moves and states.name in own:
        return {
            "state": states.name,
            "moving": frozenset(moving),
            "growing": frozenset(growing - {states.name}),
            "counted": frozenset(growing),
        }
    enums = {n for n in moving if len(own[n].get("enum", ())) > 1}
    return {"counted": frozenset(growing | enums)}


def _grows(schema: Schema) -> bool:
    return schema.get("type") in ("integer", "number") or schema.get("format") == "date-time"


def _is_open(schema: Schema) -> bool:
    """Whether the schema allows more than it lists."""
    return schema.get("additionalProperties", False) is not False


def _may_have_more(schema: Schema) -> bool:
    return schema.get("type") == "object" and schema.get("additionalProperties") is not False


def _with_references(
    contract: Contract,
    resource: Resource,
    resources: Mapping[str, Resource],
    known: Mapping[str, str],
) -> Resource:
    """A field named like another resource's id, or ending so, refers to it."""
    by_parameter = _resources_by_parameter(resources)
    by_parameter |= {resources[n].id_parameter: n for n in known.values() if n in resources}
    names: dict[str, str] = {}
    for schema in _bodies(contract, resource):
        for name in _all_names(contract, schema, 2):
            single = re.sub(r"_ids$", "_id", name)
            for parameter, target in by_parameter.items():
                if single == parameter or single.endswith("_" + parameter):
                    names[name] = target
    return replace(resource, references=names)


def _resources_by_parameter(resources: Mapping[str, Resource]) -> dict[str, str]:
    """The resource that an id's name stands for, if any."""
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
