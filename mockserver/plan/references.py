"""Which properties of a request's body name things of other resources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from mockserver.plan.model import Action, Because, Reference, Resource
from mockserver.plan.naming import tokens
from mockserver.plan.survey import Facts, Survey

_SENDING = frozenset(("create", "replace", "patch"))


def referring(
    survey: Survey, actions: Mapping[str, Action], resources: Mapping[str, Resource]
) -> dict[str, Action]:
    """The actions with what the bodies of their requests refer to.

    That an unknown id is refused is only taken for sure where the document lists a 404 which
    can speak of nothing else: the path names no thing.
    """
    known: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources.values():
        if resource.key and not (resource.singleton or resource.open or resource.nested):
            known[resource.noun].append(resource)
    found = dict(actions)
    for facts in survey.facts:
        action = found[facts.operation.id]
        if action.kind in _SENDING and "{" not in facts.operation.path:
            refers = tuple(_references(survey, facts, action, known))
            if refers:
                names = ", ".join(f"`{one.field}`" for one in refers)
                why = Because(f"a 404 is listed, which can only be about {names}", "likely")
                because = (*action.because, why)
                found[facts.operation.id] = replace(action, refers=refers, because=because)
    return found


def _references(
    survey: Survey, facts: Facts, action: Action, known: Mapping[str, list[Resource]]
) -> list[Reference]:
    if 404 not in facts.operation.documented:
        return []
    found = []
    for name, schema in survey.flat(facts.body).properties.items():
        words = tokens(name)
        about = known.get("_".join(words[:-1]), ()) if words[-1:] == ("id",) else ()
        if len(about) == 1 and about[0].name != action.resource:
            kept = survey.flat(about[0].schema).properties.get(about[0].key, {})
            if (survey.kinds(schema) & survey.kinds(kept)) - {"null"}:
                found.append(Reference(name, about[0].name))
    return found
