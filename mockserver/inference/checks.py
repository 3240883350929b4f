"""Paths that only say by their status whether something is so: `GET /gists/{id}/star` is a 204 once
it is starred, else a 404."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference.drafts import Draft
from mockserver.inference.model import Action, RequestUse
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import label
from mockserver.inference.relations import Linker
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.resources import make_resource

_MARKS = ("fixed", "transition", "replace", "read", "write", "fetch")


def with_checks(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The plan in which a check tells what the verb at its path did: it reads what that changes in
    an entity, or a mark of its own that is there once it is set and gone once it is deleted."""
    kept, changed = dict(resources), dict(actions)
    listed = {action.resource for action in actions.values() if action.kind == "list"}
    for facts in survey.facts:
        steps = facts.route.steps
        verb, undone = survey.at(steps, "PUT", "POST"), survey.at(steps, "DELETE")
        before = actions[facts.operation.id]
        if not _is_check(facts) or verb is None or before.resource in listed - {None}:
            continue
        setting = actions[verb.operation.id]
        if before.kind not in _MARKS or setting.kind not in _MARKS:
            continue
        only = _plain_changes(setting)
        if only or setting.request.marked is not None:
            why = f"it says whether {facts.route.parent} is so: {verb.method} of its path sets it"
            request = replace(setting.request, only=only)
            changed[facts.operation.id] = replace(
                setting, operation=facts.operation.id, kind="fetch", method=before.method,
                path=before.path, request=request, response=before.response, transition=None,
                because=(Because(why),),
            )  # fmt: skip
            continue
        draft = Draft(collections=[facts.route], creates=[verb], singleton=True)
        draft.say(f"{facts.operation.path} is there once {verb.method} has set it", "likely")
        name = label(steps)
        parents = tuple(
            # What is marked may be kept nowhere.
            link if link.resource != name else replace(link, resource=None)
            for link in linker.links(facts.route, len(steps), ())
        )
        kept[name] = replace(make_resource(survey, name, draft, linker), parents=parents)
        for kind, one in (("read", facts), ("write", verb), ("clear", undone)):
            if one is not None:
                action = replace(actions[one.operation.id], resource=name, parents=parents)
                changed[one.operation.id] = _marked(one, action, kind)
    used = {action.resource for action in changed.values()}
    used |= {link.resource for action in changed.values() for link in action.parents}
    unused = {action.resource for action in actions.values()} - used
    return {name: one for name, one in kept.items() if name not in unused}, changed


def _is_check(facts: Facts) -> bool:
    """Whether a GET tells nothing but by its status: 204, or 404."""
    operation = facts.operation
    documented = operation.documented
    silent = operation.success == 204 and 404 in documented and 200 not in documented
    return operation.method == "GET" and silent and bool(facts.route.steps)


def _plain_changes(action: Action) -> tuple[tuple[str, str], ...]:
    """What a verb sets to one value: a state, or a flag."""
    changes = action.transition.changes if action.transition is not None else ()
    return tuple(
        (name, str(value).lower() if isinstance(value, bool) else value)
        for name, value in changes
        if isinstance(value, bool) or (isinstance(value, str) and value.isidentifier())
        if value != "now"
    )


def _marked(facts: Facts, action: Action, kind: Any) -> Action:
    """The action as one that reads, sets or removes a mark."""
    why = f"{facts.method} of {facts.operation.path}: it is there once it is set"
    return replace(
        action, kind=kind, item=None, membership=None, request=RequestUse(), transition=None,
        because=(Because(why),), instead=None,
    )  # fmt: skip
