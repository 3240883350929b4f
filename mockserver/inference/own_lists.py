"""What the caller likes, follows or has starred: `/me/following`, which verbs on entities change
(`/users/{user}/follow`), or a path below the list (`PUT /me/following/{user}`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mockserver.inference import verb_words as known
from mockserver.inference.callers import SELF
from mockserver.inference.effects import Effects
from mockserver.inference.model import Action, RequestUse, ResponseUse, Transition
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import ANY, Steps, route
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.verbs import gerund
from mockserver.inference.words import ID_ENDS, noun, participles, plural, snake_case, tokens

_NOT = ("repost", "share", "view", "join", "react", "clap")
"""Deeds that are counted, and of which nobody keeps a list of what they were done to."""
_VERBS = {
    word: verb
    for verb in known.COUNTED
    if verb not in _NOT
    for word in (verb, plural(verb), gerund(verb), f"{gerund(verb)}s", *participles(verb))
}
_VERBS |= {"subscription": "subscribe", "subscriptions": "subscribe", "favourites": "favourite"}


def with_own_lists(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The resources and actions, in which such lists show the entities that verbs have marked."""
    found, changed = dict(resources), dict(actions)
    effects = Effects(survey)
    for facts in survey.facts:
        verb = _VERBS.get(snake_case(facts.route.last)) if _is_own(facts.route.steps) else None
        if verb is None or facts.method != "GET" or facts.envelope is None:
            continue
        listed = _listed(facts, found)
        marking = dict(_marking(survey, effects, facts, listed, verb, actions)) if listed else {}
        if listed is None or not marking:
            continue
        why = Because(f"{facts.operation.path} lists what `{verb}` marks", "likely")
        listing = actions[facts.operation.id]
        request = replace(listing.request, marked=verb)
        changed[facts.operation.id] = replace(
            listing, kind="list", resource=listed.name, envelope=facts.envelope, because=(why,),
            request=request, parents=(), membership=None, instead=None,
        )  # fmt: skip
        changed |= marking
    used = {one.resource for one in changed.values()}
    used |= {link.resource for one in changed.values() for link in one.parents}
    idle = {one.resource for one in actions.values()} - used
    return {name: one for name, one in found.items() if name not in idle}, changed


def _is_own(steps: Steps) -> bool:
    """Whether a path is right below that of the caller."""
    return len(steps) > 1 and snake_case("_".join(steps[-2:-1])) in SELF | {"user", "account"}


def _listed(facts: Facts, resources: Mapping[str, Resource]) -> Resource | None:
    """The resource of the listed entities, which has paths of its own."""
    alike = [
        one
        for one in resources.values()
        if one.schema == facts.ref and one.items and not one.singleton
        and one.path != facts.operation.path
    ]  # fmt: skip
    return alike[0] if len(alike) == 1 else None


def _marking(
    survey: Survey,
    effects: Effects,
    listing: Facts,
    listed: Resource,
    verb: str,
    actions: Mapping[str, Action],
) -> Iterator[tuple[str, Action]]:
    """The operations that mark entities, or take the mark away."""
    steps = listing.route.steps
    items = {route(path).steps for path in listed.items}
    for facts in survey.facts:
        action, method = actions[facts.operation.id], facts.operation.method
        done = action.transition.verb if action.transition is not None else ""
        if action.resource == listed.name and done in (verb, f"un{verb}"):
            yield facts.operation.id, _marked(action, verb)
            continue
        below = facts.route.steps == (*steps, ANY)
        # `DELETE /users/{user}/follow`, where nothing else tells of it
        last = facts.route.last
        beside = facts.route.steps[:-1] in items and not facts.route.is_item
        below = below or (beside and (_VERBS.get(last) == verb or last == f"un{verb}"))
        sent = None
        if facts.route.steps == steps and method in ("POST", "PUT"):
            ids = [n for n in survey.flat(facts.body).properties if tokens(n)[-1:] in ID_ENDS]
            sent = ids[0] if len(survey.flat(facts.body).properties) == len(ids) == 1 else None
        if method not in ("PUT", "POST", "DELETE") or not (below or sent):
            continue
        undone = method == "DELETE" or last == f"un{verb}"
        changes = (
            effects.undone(listed, verb, f"un{verb}") if undone
            else dict(effects.changes(listed, verb, verb))
        )  # fmt: skip
        why = Because(f"`{'un' if undone else ''}{verb}` of one {noun(listed.noun)}", "likely")
        own = facts.ref == listed.schema
        use = RequestUse(marked=verb, item_in="path" if sent is None else "body")
        yield facts.operation.id, Action(
            operation=facts.operation.id, kind="transition", method=method,
            path=facts.operation.path, resource=listed.name, because=(why,),
            item=sent or facts.route.names[-1], request=use,
            response=ResponseUse(at=facts.at if own else ()),
            transition=Transition(f"un{verb}" if undone else verb, tuple(changes.items()), own),
        )  # fmt: skip


def _marked(action: Action, verb: str) -> Action:
    return replace(action, request=replace(action.request, marked=verb))
