"""Corrections of what was inferred, as they stand in mockserver.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from mockserver.errors import PlanError, nearest
from mockserver.inference import corrections as known_keys
from mockserver.inference.corrections import KINDS, MOST_SEEDS, ON_ONE, TABLES
from mockserver.inference.draft_model import Draft
from mockserver.inference.lifecycles import enumerated
from mockserver.inference.model import NEXT, Action, ItemPlace, Plan, Reference, Transition
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.resource_model import CORRECTED, Link, Resource, States
from mockserver.inference.words import noun
from mockserver.openapi.schemas.resolved import Schemas

_DEEPEST = 5
_LISTS = ("initial", "active", "success", "failure", "cancelled")


def corrected(plan: Plan, overrides: Mapping[str, Any], survey: Survey) -> Plan:
    """The plan with the overrides applied. Raises PlanError for one that does not fit.

    They are the tables of mockserver.toml that `corrections.py` describes. What `webhooks` says is
    read in `inference/webhooks.py`.
    """
    _known("a table", overrides, TABLES)
    schemas = survey.schemas
    facts = {one.operation.id: one for one in survey.facts}
    resources, actions = dict(plan.resources), dict(plan.actions)
    for name, given in tables(overrides, "resources"):
        _known("a resource", (name,), resources)
        resources[name] = _resource(resources[name], given, schemas)
    for name, given in tables(overrides, "lifecycles"):
        _known("a resource", (name,), resources)
        resources[name] = _with_states(resources[name], given, schemas)
    for name, given in tables(overrides, "operations"):
        _known("an operation", (name,), actions)
        actions[name] = _action(actions[name], given, resources, facts[name], schemas)
    for name, given in tables(overrides, "lifecycles"):
        waits = given.get("waits_for", ())
        for state, operation in waits.items() if isinstance(waits, Mapping) else ():
            _known("an operation", (operation,), actions)
            actions[operation] = _leading_on(actions[operation], resources[name], state)
    list(tables(overrides, "webhooks"))
    return Plan(actions, resources)


def with_stated(
    survey: Survey, drafts: dict[str, Draft], overrides: Mapping[str, Any]
) -> dict[str, Draft]:
    """The drafts of resources, plus those that only [operations] declares, made from the operations
    that name them.

    Their paths then belong to no other resource. Raises PlanError for one without a path.
    """
    facts = {one.operation.id: one for one in survey.facts}
    stated: dict[str, Draft] = {}
    for operation, given in tables(overrides, "operations"):
        name = given.get("resource")
        if isinstance(name, str) and name and name not in drafts and operation in facts:
            draft = stated.setdefault(name, Draft())
            _add(draft, facts[operation], given.get("action"))
    for name, draft in stated.items():
        near = get_close_matches(name, drafts, 1)
        if not (draft.collections or draft.items) or any(noun(name) == noun(n) for n in near):
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise PlanError(
                f"{name!r} is not a resource of this document; {hint}To make one, let an operation "
                'name it that says action = "create", "list", "fetch" or "read"'
            )
        draft.because.append(CORRECTED)
    taken = {r.steps for draft in stated.values() for r in (*draft.collections, *draft.items)}
    left = {}
    for name, draft in drafts.items():
        if taken:
            draft.collections = [r for r in draft.collections if r.steps not in taken]
            draft.items = [r for r in draft.items if r.steps not in taken]
            draft.lists = [one for one in draft.lists if one.route.steps not in taken]
            draft.creates = [one for one in draft.creates if one.route.steps not in taken]
        if draft.collections or draft.items:
            left[name] = draft
    return {**left, **stated}


def _add(draft: Draft, facts: Facts, kind: Any) -> None:
    """Add an operation to the draft, by its kind."""
    route = facts.route
    match kind:
        case "create" | "list":
            (draft.creates if kind == "create" else draft.lists).append(facts)
            if route not in draft.collections:
                draft.collections.append(route)
        case "read" | "write" | "clear":
            draft.singleton = True
            if route not in draft.collections:
                draft.collections.append(route)
        case "fetch" | "replace" | "patch" | "remove" if route not in draft.items:
            if route.names:
                draft.items.append(route)
            elif route not in draft.collections:
                draft.collections.append(route)  # its id is in the query or the body


def tables(overrides: Mapping[str, Any], kind: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    tables = overrides.get(kind, {})
    if not isinstance(tables, Mapping):
        raise PlanError(f"[{kind}] is a table of tables")
    for name, given in tables.items():
        if not isinstance(given, Mapping):
            raise PlanError(f"[{kind}.{name}] is a table")
        yield name, given


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    listed = list(known)
    for name in names:
        if name not in listed:
            hint = nearest(name, listed, "`mockserver explain` lists what there is", 0)
            raise PlanError(f"{name!r} is not {what} of this document; {hint}")


def _properties(resource: Resource, schemas: Schemas) -> dict[str, Any]:
    """The properties that the document describes, in any branch of a union; empty if it is
    vague."""
    return _properties_at(resource.schema, schemas) if resource.schema else {}


def _properties_at(pointer: str, schemas: Schemas) -> dict[str, Any]:
    """The properties of a schema, in any branch of a union."""
    found: dict[str, Any] = {}
    pending: list[tuple[Any, int]] = [(schemas.at(pointer), 0)]
    while pending:
        schema, depth = pending.pop(0)
        flat = schemas.flat(schema)
        found = {**flat.properties, **found}
        if depth < _DEEPEST:
            pending.extend((one, depth + 1) for branches in flat.choices for one in branches)
    return found


def _text(where: str, value: Any, what: str, known: Iterable[str] = ()) -> str:
    """A text, out of the known ones if there are any. Raises PlanError."""
    if not isinstance(value, str):
        raise PlanError(f"{where} is {what}, not {value!r}")
    listed = list(known)
    if listed and value not in listed:
        raise PlanError(f"{where} is {what}, one of {', '.join(listed)}; not {value!r}")
    return value


def _resource(resource: Resource, given: Mapping[str, Any], schemas: Schemas) -> Resource:
    where = f"resources.{resource.name}"
    _fields(where, given, known_keys.RESOURCES)
    seeds = given.get("seeds", resource.seeds)
    if isinstance(seeds, bool) or not isinstance(seeds, int) or not 0 <= seeds <= MOST_SEEDS:
        raise PlanError(f"{where}.seeds is a number from 0 to {MOST_SEEDS}, not {seeds!r}")
    key = resource.identity.key
    if given.get("key", key) != key:
        known = _properties(resource, schemas)
        key = _text(f"{where}.key", given["key"], "the name of a property", known)
    identity = replace(resource.identity, key=key)
    because = (CORRECTED, *resource.because)
    return replace(resource, identity=identity, seeds=seeds, because=because)


def _with_states(resource: Resource, given: Mapping[str, Any], schemas: Schemas) -> Resource:
    where = f"lifecycles.{resource.name}"
    _fields(where, given, known_keys.LIFECYCLES)
    found = resource.states if resource.states is not None else States(name="status")
    changes: dict[str, Any] = {"because": (CORRECTED,), "instead": None}
    known = _properties(resource, schemas)
    name = given.get("property", found.name)
    if "property" in given:
        changes["name"] = _text(f"{where}.property", name, "the name of a property", known)
    values = enumerated(schemas, known[name]) if name in known else []
    for kind in _LISTS:
        if kind in given:
            changes[kind] = _listed(f"{where}.{kind}", given[kind], name, values)
    if set(given) & {"initial", "active", "success", "moves"}:
        first = changes.get("initial", found.initial)
        path = (*first[:1], *changes.get("active", found.active))
        changes["path"] = (*path, *changes.get("success", found.success)[:1])
        changes["new"] = next(iter(changes["path"]), None)
    if "passes" in given:
        changes["leads"] = _passing(where, given["passes"], values)
    if "durations" in given:
        changes["lasts"] = _durations(f"{where}.durations", given["durations"], values)
        changes["moves"] = True
    if "waits_for" in given:
        waits = given["waits_for"]
        states = list(waits) if isinstance(waits, Mapping) else waits
        changes["holds"] = _listed(f"{where}.waits_for", states, name, values)
    if "moves" in given:
        if not isinstance(given["moves"], bool):
            raise PlanError(f"{where}.moves is true or false, not {given['moves']!r}")
        changes["moves"] = given["moves"]
    states = replace(found, **changes)
    if states.moves and not (states.initial or states.active):
        raise PlanError(f"{where}: what moves needs an initial or an active state")
    return replace(resource, states=states)


def _listed(where: str, given: Any, name: str, values: list[str]) -> tuple[str, ...]:
    """A list of states. Raises PlanError."""
    if not isinstance(given, list) or not all(isinstance(value, str) for value in given):
        raise PlanError(f"{where} is a list of texts, not {given!r}")
    for value in given:
        _text(where, value, f"a list of values of {name!r}", values)
    return tuple(given)


def _durations(where: str, given: Any, values: list[str]) -> dict[str, float]:
    """Seconds by state. Raises PlanError."""
    if not isinstance(given, Mapping):
        raise PlanError(f"{where} is a table of states and seconds, not {given!r}")
    for state, seconds in given.items():
        _text(where, state, "a table of values of the status", values)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
            raise PlanError(f"{where}.{state} is a number of seconds, not {seconds!r}")
    return {state: float(seconds) for state, seconds in given.items()}


def _leading_on(action: Action, resource: Resource, state: str) -> Action:
    """The operation that ends a waiting state."""
    where = f"lifecycles.{resource.name}.waits_for.{state}"
    states = resource.states
    assert states is not None
    if action.kind == "transition" and action.resource == resource.name:
        changes = dict(action.transition.changes) if action.transition is not None else {}
    else:
        changes = {}
    if states.name not in changes:
        changes[states.name] = NEXT
    item, parents = _named_by(where, action, "transition")
    transition = replace(action.transition or Transition(), changes=tuple(changes.items()))
    return replace(
        action, kind="transition", resource=resource.name, item=item, parents=parents,
        transition=transition, because=(CORRECTED,), instead=None,
    )  # fmt: skip


def _passing(where: str, given: Any, values: list[str]) -> dict[str, str]:
    """States that end on their own, each with the next one. Raises PlanError."""
    if not isinstance(given, Mapping):
        raise PlanError(f"{where}.passes is a table of states and what follows them")
    for state, after in given.items():
        _text(f"{where}.passes", state, "a table of values of the status", values)
        if after != "":
            _text(f"{where}.passes.{state}", after, "a value of the status", values)
    return dict(given)


def _action(
    action: Action,
    given: Mapping[str, Any],
    resources: Mapping[str, Resource],
    facts: Facts,
    schemas: Schemas,
) -> Action:
    where = f"operations.{action.operation}"
    _fields(where, given, known_keys.OPERATIONS)
    kind = given.get("action", action.kind)
    if kind not in (*KINDS, action.kind):
        raise PlanError(f"{where}.action is one of {', '.join(KINDS)}, not {kind!r}")
    resource = action.resource
    if "resource" in given:
        resource = _text(f"{where}.resource", given["resource"], "the name of a resource") or None
    if kind != "fixed":
        if resource is None:
            raise PlanError(f"{where}: {kind!r} needs a resource")
        _known("a resource", (resource,), resources)
    if kind == "list" and action.envelope is None:
        action = replace(action, envelope=facts.envelope)
        if facts.envelope is None:
            raise PlanError(f"{where}: 'list' needs a response with an array in it")
    request = replace(
        action.request, refers=_refers(where, action, given, resources, facts, schemas)
    )
    if "item" in given:
        named, place = _item(where, given["item"], facts, schemas)
        parents = tuple(link for link in action.parents if link.parameter != named)
        action = replace(action, item=named, parents=parents)
        request = replace(request, item_in=place)
    item, parents = _named_by(where, action, kind)
    transition = action.transition or Transition()
    changes = dict(transition.changes)
    if "changes" in given:
        changed = resources.get(resource or "")
        own = _properties(changed, schemas) if changed is not None else {}
        changes = _changed(f"{where}.changes", given["changes"], own, schemas)
    verb = _text(f"{where}.verb", given.get("verb", transition.verb), "a text")
    transition = replace(transition, verb=verb, changes=tuple(changes.items()))
    return replace(
        action,
        kind=kind,
        resource=resource if kind != "fixed" else None,
        item=item,
        parents=parents,
        request=request,
        transition=transition if kind in ("transition", "clone") else None,
        because=(CORRECTED,),
        instead=None,
    )


def _changed(where: str, given: Any, own: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    """What a transition changes: properties of the resource, and values that they may have, or
    where those come from (`body.x`, `now`, `(next)`). Raises PlanError."""
    if not isinstance(given, Mapping):
        raise PlanError(f"{where} is a table of properties and values, not {given!r}")
    for name, value in given.items():
        if not own:
            break
        if name not in own:
            _text(where, name.partition(".")[0], "a table of properties and values", own)
            continue
        values = enumerated(schemas, own[name])
        told = isinstance(value, str) and value.startswith(("body.", "shown.", "("))
        if values and value != "now" and not told:
            _text(f"{where}.{name}", value, "a value of this property", values)
    return dict(given)


def _named_by(where: str, action: Action, kind: str) -> tuple[str | None, tuple[Link, ...]]:
    """What names the entity of an action of this kind, and its parents."""
    item, parents = action.item, action.parents
    if kind not in ON_ONE:
        return None, parents
    if not item:
        if not parents:
            raise PlanError(
                f"{where}: {kind!r} needs a path that names one; where its id stands in the query "
                'or the body, say so: item = "NAME"'
            )
        # The last path parameter names the entity itself.
        item, parents = parents[-1].parameter, parents[:-1]
    return item, parents


def _item(where: str, given: Any, facts: Facts, schemas: Schemas) -> tuple[str, ItemPlace]:
    """The parameter that names the entity, and where the request holds it. Raises PlanError."""
    places: dict[str, ItemPlace] = dict.fromkeys(_sent(facts, schemas), "body")
    for place in ("query", "path"):
        names = (p.name for p in facts.operation.parameters if p.place == place)
        places.update(dict.fromkeys(names, place))
    what = "the name of a parameter or of a property of the body"
    name = _text(f"{where}.item", given, what, places or ("none, as it has neither",))
    return name, places[name]


def _sent(facts: Facts, schemas: Schemas) -> dict[str, Any]:
    """The properties of the body, in any branch of a union."""
    body = body_of(facts.operation)
    return _properties_at(body.pointer, schemas) if body is not None and body.pointer else {}


def _refers(
    where: str,
    action: Action,
    given: Mapping[str, Any],
    resources: Mapping[str, Resource],
    facts: Facts,
    schemas: Schemas,
) -> tuple[Reference, ...]:
    """The other resources that the body names. Raises PlanError for unknown ones."""
    if "refers" not in given:
        return action.request.refers
    refers = given["refers"]
    if not isinstance(refers, Mapping):
        raise PlanError(f"{where}.refers is a table of properties and resources")
    known = _properties_at(facts.body, schemas) if facts.body else {}
    for name, resource in refers.items():
        _known("a resource", (_text(f"{where}.refers.{name}", resource, "a resource"),), resources)
        first = name if name in known else name.partition(".")[0]
        if known and first not in known:
            hint = nearest(first, known)
            raise PlanError(f"{where}.refers: the body has no property {first!r}; {hint}")
    return tuple(Reference(name, resource) for name, resource in refers.items())


def _fields(where: str, given: Mapping[str, Any], keys: tuple[known_keys.Key, ...]) -> None:
    known = known_keys.names(keys)
    for name in given:
        if name not in known:
            raise PlanError(f"{where}: there is no {name!r}; {nearest(name, known)}")
