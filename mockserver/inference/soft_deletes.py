"""Entities that stay after a DELETE: lists of what is in the trash, and operations that remove for
good."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mockserver.inference.model import Action, RequestUse, ResponseUse, Transition
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import ANY, Steps, route
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.verbs import verb_of
from mockserver.inference.words import bag, plural, snake_case, tokens

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
        if _bin_of(survey, steps) is not None:
            return True
    return any(route(path).steps in survey.restored for path in resource.items)


def _bin_of(survey: Survey, steps: Steps) -> Facts | None:
    """The list beside a collection that shows what was deleted from it: `/deletedNotes`."""
    if not steps or steps[-1] == ANY:
        return None
    words = snake_case(steps[-1]).split("_")
    for deleted in sorted(_DELETED):
        both = [deleted, *words]
        camel = both[0] + "".join(map(str.capitalize, both[1:]))
        for name in (camel, "-".join(both), "_".join(both), "".join(both), camel.capitalize()):
            found = survey.at((*steps[:-1], name), "GET")
            if found is not None and found.envelope is not None:
                return found
    return None


def _in_bin(
    survey: Survey, resource: Resource, removal: Action, listing: Facts, before: Action
) -> Iterator[Action]:
    """The actions on what was deleted, where it has paths of its own: `/deletedNotes` lists it,
    `/deletedNotes/{id}` shows it or removes it for good, `/deletedNotes/{id}/restore` brings it
    back."""
    steps = listing.route.steps
    why = Because(f"it has deleted {plural(resource.noun)}", "likely")
    common = replace(removal, transition=None, because=(why,), instead=None)
    yield replace(
        before, resource=resource.name, kind="list", parents=removal.parents, because=(why,),
        request=replace(before.request, left=True, only=()), envelope=listing.envelope,
        instead=None,
    )  # fmt: skip
    for facts in survey.facts:
        route = facts.route
        if route.steps[: len(steps) + 1] != (*steps, ANY) or len(route.steps) > len(steps) + 2:
            continue
        word = route.verb or (route.steps[-1] if len(route.steps) > len(steps) + 1 else "")
        request = RequestUse(left=True)
        one = replace(
            common, operation=facts.operation.id, method=facts.method, path=facts.operation.path,
            item=route.names[-1], request=request, response=ResponseUse(at=facts.at),
        )  # fmt: skip
        if word and verb_of(word) == "restore":
            same = facts.ref == resource.schema
            yield replace(one, kind="transition", transition=Transition("restore", same=same))
        elif not word and facts.method in ("GET", "DELETE"):
            yield replace(one, kind="fetch" if facts.method == "GET" else "remove")


def with_trash(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Action]:
    """The actions, with those about what was deleted softly: `GET /files/trash` and `/deletedFiles`
    list nothing else, and `DELETE /files/{id}/permanent` removes it."""
    found = dict(actions)
    softly = {
        (action.resource, route(action.path).steps): action
        for action in actions.values()
        if action.transition is not None and action.transition.soft and action.resource is not None
    }
    kinds = {name for name, _ in softly}
    for (name, steps), removal in softly.items():
        listing = _bin_of(survey, steps[:-1]) if steps[-1:] == (ANY,) else None
        if listing is not None and name in resources:
            before = found[listing.operation.id]
            for one in _in_bin(survey, resources[name], removal, listing, before):
                found[one.operation] = one
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
