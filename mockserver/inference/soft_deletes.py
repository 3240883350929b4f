"""Entities that stay after a DELETE: lists of what is in the trash, and operations that remove for
good."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from mockserver.inference.model import Action, ResponseUse
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import route
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.words import bag, plural, tokens

SOFT = re.compile(
    r"\bsoft[- ]?\w*|mark(?:s|ed)? .{0,30}\bas (?:deleted|discarded|archived|inactive|removed)"
    r"|can be restored|(?:move|send)s? .{0,30}\bto (?:the )?(?:trash|bin|archive)",
    re.IGNORECASE,
)
"""Words of a description for a DELETE that marks an entity."""
UNLISTED = re.compile(
    r"\b(?:not|no longer|never|neither)\b.{0,25}\b(?:list|listed|lists|appear|appears|show up)\b"
    r"|\b(?:hides?|hidden|excluded|omitted|disappears?|removed) from (?:\w+ ){0,3}lists?\b",
    re.IGNORECASE,
)
"""Words of a description for entities that lists leave out."""

_DELETED = bag("deleted trashed discarded removed")
_TRASH = bag("deleted trashed discarded removed archived trash bin trashcan recycled")
_FOR_GOOD = bag("purge permanent permanently forever hard destroy erase expunge")


def is_kept(survey: Survey, facts: Facts, resource: Resource) -> bool:
    """Whether a deleted entity can be listed or restored: a list has a parameter for deleted
    entities or stands at `/trash`, or there is a verb for it."""
    for path in resource.collections:
        steps = route(path).steps
        listing = survey.at(steps, "GET")
        for parameter in listing.operation.parameters if listing is not None else ():
            if parameter.place == "query" and _DELETED & set(tokens(parameter.name)):
                return True
        for word in _TRASH - {"archived"}:
            trash = survey.at((*steps, word), "GET")
            if trash is not None and trash.envelope is not None and trash.ref == resource.schema:
                return True
    return any(route(path).steps in survey.restored for path in resource.items)


def with_trash(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Action]:
    """The actions, with those about what was deleted softly: `GET /files/trash` lists nothing else,
    and `DELETE /files/{id}/permanent` removes it."""
    found = dict(actions)
    softly = {
        (action.resource, route(action.path).steps): action
        for action in actions.values()
        if action.transition is not None and action.transition.soft and action.resource is not None
    }
    kinds = {name for name, _ in softly}
    for facts in survey.facts if softly else ():
        action, words = found[facts.operation.id], set(tokens(facts.route.last))
        if action.kind == "list" and action.resource in kinds and words & _TRASH:
            why = Because(f"it lists deleted {plural(resources[str(action.resource)].noun)}")
            request = replace(action.request, left=True, only=())
            because = (*action.because, why)
            found[action.operation] = replace(action, request=request, because=because)
        elif facts.method in ("POST", "DELETE") and words & _FOR_GOOD:
            above = facts.route.steps if facts.route.verb else facts.route.steps[:-1]
            soft = next((one for (_, steps), one in softly.items() if steps == above), None)
            if soft is not None:
                why = Because(f"`{facts.route.last}` removes for good what DELETE only marks")
                found[action.operation] = replace(
                    soft, operation=action.operation, method=facts.method, path=action.path,
                    kind="remove", transition=None, response=ResponseUse(at=facts.at),
                    because=(why,),
                )  # fmt: skip
    return found
