"""The caller's own entity: `/me`, `/users/current`, and the user in the response of a login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mockserver.inference.credentials import shows_entity
from mockserver.inference.draft_model import Draft
from mockserver.inference.model import Action, ActionKind, unused
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import SELF, label
from mockserver.inference.relations import Linker
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.resources import make_resource
from mockserver.inference.words import bag, noun, snake_case

_PERSONS = bag(
    "user account member customer profile person employee operator admin staff student driver"
)
_KINDS: Mapping[str, ActionKind] = {
    "GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "POST": "write",
    "DELETE": "clear",
}  # fmt: skip


def with_callers(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> tuple[dict[str, Resource], dict[str, Action], str | None]:
    """The resources and actions in which `/me` shows one of the users, and the name of the resource
    of the users. If users have no collection, `/me` is a resource of its own."""
    found, changed = dict(resources), dict(actions)
    callers: str | None = None
    for facts in survey.facts:
        action = changed[facts.operation.id]
        if action.kind not in ("fixed", "read") or not _shows_caller(survey, facts):
            continue
        name = _collection_of(survey, facts, resources)
        if callers is not None and name != callers:
            continue
        if name is None and action.resource is not None:
            name = action.resource
        elif name is None:
            draft = Draft(collections=[facts.route], singleton=True)
            draft.say(f"{facts.operation.path} shows the caller", "likely")
            name = label(facts.route.steps)
            if name in found:
                continue
            found[name] = make_resource(survey, name, draft, linker)
        callers = name
        for other in survey.facts:
            before = changed[other.operation.id]
            kind = _KINDS.get(other.operation.method)
            if other.operation.path != facts.operation.path or kind is None:
                continue
            if before.kind in ("read", "write", "clear") or other is facts:
                changed[other.operation.id] = _on_caller(survey, other, before, kind, name)
    idle = unused(actions, changed)
    kept = {name: resource for name, resource in found.items() if name not in idle}
    return kept, changed, callers or _of_logins(kept)


def _on_caller(survey: Survey, facts: Facts, action: Action, kind: ActionKind, name: str) -> Action:
    """The action, on the caller's own entity of the resource `name`."""
    why = Because(f"{facts.operation.path} is about the caller's own entity", "likely")
    partial = action.request.partial or (kind == "write" and not survey.flat(facts.body).required)
    request = replace(action.request, item_in="caller", partial=partial)
    return replace(
        action, kind=kind, resource=name, request=request, because=(why, *action.because[:1]),
        instead=None,
    )  # fmt: skip


def _shows_caller(survey: Survey, facts: Facts) -> bool:
    """Whether it is a GET of `/me`, `/users/current` or the singular `/user`."""
    path = facts.operation.url_path
    if facts.operation.method != "GET" or "{" in path or facts.is_list or not facts.ref:
        return False
    if not survey.flat(facts.ref).properties:
        return False
    words = [snake_case(segment) for segment in path.strip("/").split("/")]
    return words[-1] in SELF or (words[-1] in _PERSONS and words[-1] == noun(words[-1]))


def _collection_of(survey: Survey, facts: Facts, resources: Mapping[str, Resource]) -> str | None:
    """The resource whose collection holds the caller's entity; None if several could."""
    found = [
        name
        for name, resource in resources.items()
        if _holds_persons(resource) and shows_entity(survey.schemas, resource, facts.ref)
    ]
    return found[0] if len(found) == 1 else None


def _holds_persons(resource: Resource) -> bool:
    collection = (
        not resource.singleton and not resource.parents and resource.identity.key is not None
    )
    return collection and resource.noun in _PERSONS


def _of_logins(resources: Mapping[str, Resource]) -> str | None:
    """The users that a login can be about, where no path shows the caller."""
    found = [name for name, one in resources.items() if _holds_persons(one) and one.noun == "user"]
    return found[0] if len(found) == 1 else None
