"""What resources are called: in the paths that name one, and in the answers that tell an id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mockserver.plan.model import Action, Resource
from mockserver.plan.survey import Survey

_LITERAL = re.compile(r"\^([\w-]+)\$")


def named(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Resource]:
    """The resources with the schemas of the path parameters that name one of theirs, and of the
    properties that tell its id."""
    found: dict[str, dict[str, None]] = {name: {} for name in resources}
    told: dict[str, dict[str, None]] = {name: {} for name in resources}
    for facts in survey.facts:
        action = actions[facts.operation.id]
        about = {link.parameter: link.resource for link in action.parents if link.certain}
        if action.item:
            about[action.item] = action.resource
        for parameter in facts.operation.parameters:
            name = about.get(parameter.name, "") if parameter.place == "path" else ""
            if name and parameter.pointer:
                found[name][parameter.pointer] = None
        if action.told_by:
            told[action.resource][action.told_by] = None
    return {
        name: replace(
            resource,
            named_by=tuple(found[name]),
            told_by=tuple(told[name]),
            given=tuple(dict.fromkeys(_literals(survey, found[name]))),
        )
        for name, resource in resources.items()
    }


def _literals(survey: Survey, pointers: Iterable[str]) -> Iterator[str]:
    """The ids that paths have by name: a pattern or a list of values that allows only one."""
    for pointer in pointers:
        schema = survey.schemas.resolved(survey.schemas.at(pointer))
        values, pattern = schema.get("enum"), schema.get("pattern")
        if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str):
            yield values[0]
        elif isinstance(pattern, str) and (found := _LITERAL.fullmatch(pattern)):
            yield found[1]
