"""Corrections of what was inferred, as they stand in mockserver.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, get_args

from mockserver.errors import PlanError
from mockserver.inference.lifecycles import enumerated
from mockserver.inference.model import (
    Action,
    ActionKind,
    Because,
    Plan,
    Reference,
    Resource,
    States,
    Transition,
)
from mockserver.openapi.schemas.resolved import Schemas

_TOLD = Because("mockserver.toml says so", "certain")
_KINDS: tuple[str, ...] = get_args(ActionKind)
_ON_ONE = frozenset(("fetch", "replace", "patch", "remove", "transition", "clone"))
_DEEPEST = 5
_LISTS = ("initial", "active", "success", "failure", "cancelled")


def corrected(plan: Plan, overrides: Mapping[str, Any], schemas: Schemas) -> Plan:
    """The plan with the overrides applied. Raises PlanError for one that does not fit.

    `operations` by operationId (`action`, `resource`, `verb`, `changes`, `refers`), `resources` by
    name (`key`, `seeds`), `lifecycles` by the name of a resource (`property`, the five lists of
    states, `moves`, `passes`: a table of states that pass by themselves). What `webhooks` says is
    read in `inference/webhooks.py`.
    """
    _known("a table", overrides, ("operations", "resources", "lifecycles", "webhooks"))
    resources, actions = dict(plan.resources), dict(plan.actions)
    for name, told in _tables(overrides, "resources"):
        _known("a resource", (name,), resources)
        resources[name] = _resource(resources[name], told, schemas)
    for name, told in _tables(overrides, "lifecycles"):
        _known("a resource", (name,), resources)
        resource = resources[name]
        resources[name] = replace(resource, states=_states(resource, told, schemas))
    for name, told in _tables(overrides, "operations"):
        _known("an operation", (name,), actions)
        actions[name] = _action(actions[name], told, resources)
    _tables(overrides, "webhooks")
    return Plan(actions, resources)


def _tables(overrides: Mapping[str, Any], kind: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    tables = overrides.get(kind, {})
    if not isinstance(tables, Mapping):
        raise PlanError(f"[{kind}] is a table of tables")
    for name, told in tables.items():
        if not isinstance(told, Mapping):
            raise PlanError(f"[{kind}.{name}] is a table")
        yield name, told


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    listed = list(known)
    for name in names:
        if name not in listed:
            near = get_close_matches(name, listed, 1)
            hint = (
                f"did you mean {near[0]!r}?" if near else "`mockserver explain` lists what there is"
            )
            raise PlanError(f"{name!r} is not {what} of this document; {hint}")


def _properties(resource: Resource, schemas: Schemas) -> dict[str, Any]:
    """The properties that the document gives it, those of every choice too; none if it is vague."""
    found: dict[str, Any] = {}
    pending: list[tuple[Any, int]] = [(schemas.at(resource.schema), 0)] if resource.schema else []
    while pending:
        schema, depth = pending.pop(0)
        flat = schemas.flat(schema)
        found = {**flat.properties, **found}
        if depth < _DEEPEST:
            pending.extend((one, depth + 1) for branches in flat.choices for one in branches)
    return found


def _text(where: str, value: Any, what: str, known: Iterable[str] = ()) -> str:
    """A text, one of the known ones if any are. Raises PlanError."""
    if not isinstance(value, str):
        raise PlanError(f"{where} is {what}, not {value!r}")
    listed = list(known)
    if listed and value not in listed:
        raise PlanError(f"{where} is {what}, one of {', '.join(listed)}; not {value!r}")
    return value


def _resource(resource: Resource, told: Mapping[str, Any], schemas: Schemas) -> Resource:
    where = f"resources.{resource.name}"
    _fields(where, told, ("key", "seeds"))
    seeds = told.get("seeds", resource.seeds)
    if isinstance(seeds, bool) or not isinstance(seeds, int) or not 0 <= seeds <= 1000:
        raise PlanError(f"{where}.seeds is a number from 0 to 1000, not {seeds!r}")
    key = resource.identity.key
    if told.get("key", key) != key:
        known = _properties(resource, schemas)
        key = _text(f"{where}.key", told["key"], "the name of a property", known)
    identity = replace(resource.identity, key=key)
    because = (_TOLD, *resource.because)
    return replace(resource, identity=identity, seeds=seeds, because=because)


def _states(resource: Resource, told: Mapping[str, Any], schemas: Schemas) -> States:
    where = f"lifecycles.{resource.name}"
    _fields(where, told, ("property", "moves", "passes", *_LISTS))
    found = resource.states if resource.states is not None else States(name="status")
    changes: dict[str, Any] = {"because": (_TOLD,)}
    known = _properties(resource, schemas)
    name = told.get("property", found.name)
    if "property" in told:
        changes["name"] = _text(f"{where}.property", name, "the name of a property", known)
    values = enumerated(schemas, known[name]) if name in known else []
    for kind in _LISTS:
        if kind in told:
            listed = told[kind]
            if not isinstance(listed, list) or not all(isinstance(v, str) for v in listed):
                raise PlanError(f"{where}.{kind} is a list of texts, not {listed!r}")
            for value in listed:
                _text(f"{where}.{kind}", value, f"a list of values of {name!r}", values)
            changes[kind] = tuple(listed)
    if set(told) & {"initial", "active", "success", "moves"}:
        first = changes.get("initial", found.initial)
        path = (*first[:1], *changes.get("active", found.active))
        changes["path"] = (*path, *changes.get("success", found.success)[:1])
        changes["birth"] = next(iter(changes["path"]), None)
    if "passes" in told:
        changes["leads"] = _passing(where, told["passes"], values)
    if "moves" in told:
        if not isinstance(told["moves"], bool):
            raise PlanError(f"{where}.moves is true or false, not {told['moves']!r}")
        changes["moves"] = told["moves"]
    found = replace(found, **changes)
    if found.moves and not (found.initial or found.active):
        raise PlanError(f"{where}: what moves needs an initial or an active state")
    return found


def _passing(where: str, told: Any, values: list[str]) -> dict[str, str]:
    """States that pass by themselves, each with what follows. Raises PlanError."""
    if not isinstance(told, Mapping):
        raise PlanError(f"{where}.passes is a table of states and what follows them")
    for state, after in told.items():
        _text(f"{where}.passes", state, "a table of values of the status", values)
        if after != "":
            _text(f"{where}.passes.{state}", after, "a value of the status", values)
    return dict(told)


def _action(action: Action, told: Mapping[str, Any], resources: Mapping[str, Resource]) -> Action:
    where = f"operations.{action.operation}"
    _fields(where, told, ("action", "resource", "verb", "changes", "refers"))
    kind = told.get("action", action.kind)
    if kind not in _KINDS:
        raise PlanError(f"{where}.action is one of {', '.join(_KINDS)}, not {kind!r}")
    resource = action.resource
    if "resource" in told:
        resource = _text(f"{where}.resource", told["resource"], "the name of a resource") or None
    if kind != "fixed":
        if resource is None:
            raise PlanError(f"{where}: {kind!r} needs a resource")
        _known("a resource", (resource,), resources)
    item, parents = action.item, action.parents
    if kind in _ON_ONE and not item:
        if not parents:
            raise PlanError(f"{where}: {kind!r} needs a path that names one")
        # The last parameter of the path names the thing itself.
        item, parents = parents[-1].parameter, parents[:-1]
    refers = told.get("refers", {one.field: one.resource for one in action.request.refers})
    if not isinstance(refers, Mapping):
        raise PlanError(f"{where}.refers is a table of properties and resources")
    for field, name in refers.items():
        _known("a resource", (_text(f"{where}.refers.{field}", name, "a resource"),), resources)
    transition = action.transition or Transition()
    changes = told.get("changes", dict(transition.changes))
    if not isinstance(changes, Mapping):
        raise PlanError(f"{where}.changes is a table of properties and values")
    verb = _text(f"{where}.verb", told.get("verb", transition.verb), "a text")
    transition = replace(transition, verb=verb, changes=tuple(changes.items()))
    references = tuple(Reference(field, name) for field, name in refers.items())
    return replace(
        action,
        kind=kind,
        resource=resource if kind != "fixed" else None,
        item=item if kind in _ON_ONE else None,
        parents=parents,
        request=replace(action.request, refers=references),
        transition=transition if kind in ("transition", "clone") else None,
        because=(_TOLD,),
    )


def _fields(where: str, told: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in told:
        if name not in known:
            raise PlanError(f"{where}: there is no {name!r}; there are {', '.join(known)}")
