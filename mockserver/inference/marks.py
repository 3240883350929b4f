"""Marks that callers set on entities by verbs such as `star` and `follow`, and what tells of them.

Lists of the caller (`/me/following`) have the marked entities. A check (`GET /gists/{id}/star`)
says whether there is a mark only by its status: 204, or 404.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference import verb_words as known
from mockserver.inference.draft_model import Draft
from mockserver.inference.effects import Effects
from mockserver.inference.link_rows import givens
from mockserver.inference.model import (
    Action,
    Membership,
    RequestUse,
    ResponseUse,
    Transition,
    unused,
)
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import ANY, is_of_caller, label, route
from mockserver.inference.relations import Linker
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.resources import make_resource
from mockserver.inference.words import (
    ID_ENDS,
    about,
    gerund,
    last_word,
    noun,
    participles,
    plural,
    snake_case,
    tokens,
)

_UNLISTED = ("repost", "share", "view", "join", "react", "clap")
"""Verbs that are counted, but nobody keeps a list of what they were done to."""
_VERBS = {
    word: verb
    for verb in known.COUNTED
    if verb not in _UNLISTED
    for word in (verb, plural(verb), gerund(verb), f"{gerund(verb)}s", *participles(verb))
}
_VERBS |= {"subscription": "subscribe", "subscriptions": "subscribe", "favourites": "favourite"}
_CHECKED = ("fixed", "transition", "replace", "read", "write", "fetch")
"""The kinds of actions that a check and what stands at its path may have been taken for."""


def with_marks(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The resources and actions, in which the lists of a caller and checks follow the verbs."""
    changed = _with_lists(survey, resources, actions)
    changed |= dict(_followers(survey, resources, changed, linker))
    found, changed = _with_checks(survey, resources, changed, linker)
    idle = unused(actions, changed)
    return {name: one for name, one in found.items() if name not in idle}, changed


def _with_lists(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Action]:
    """The actions, in which the lists of a caller show the entities that verbs have marked."""
    changed = dict(actions)
    effects = Effects(survey)
    for facts in survey.facts:
        if not is_of_caller(facts.route.steps):
            continue
        verb = _VERBS.get(snake_case(facts.route.last))
        if facts.method != "GET" or facts.envelope is None:
            continue
        listed = _listed(facts, resources)
        marking = dict(_saving(survey, facts, listed)) if listed else {}
        if len(marking) > 1:
            verb = _saved(facts)
        elif listed is not None and verb is not None:
            marking = dict(_marking(survey, effects, facts, listed, verb, actions))
        if listed is None or verb is None or not marking:
            continue
        why = Because(f"{facts.operation.path} lists what `{verb}` marks", "likely")
        listing = actions[facts.operation.id]
        request = replace(listing.request, marked=verb)
        changed[facts.operation.id] = replace(
            listing, kind="list", resource=listed.name, envelope=facts.envelope, because=(why,),
            request=request, parents=(), membership=None, instead=None,
        )  # fmt: skip
        changed |= marking
    return changed


_FOLLOWED = {"followers": False, "following": True, "followees": True, "followed": True}
"""Lists below a user, and whether they have those whom the user follows."""


def _followers(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> Iterator[tuple[str, Action]]:
    """The lists of who follows a user, and whom a user follows, with the verbs that tell of it."""
    for facts in survey.facts:
        steps, action = facts.route.steps, actions[facts.operation.id]
        inverse = _FOLLOWED.get(snake_case(facts.route.last))
        if facts.method != "GET" or facts.envelope is None or inverse is None:
            continue
        links = linker.links(facts.route, len(steps), ()) if steps[-2:-1] == (ANY,) else ()
        owner = resources.get(links[-1].resource or "") if links else None
        if owner is None or owner.schema != facts.ref:
            continue
        verbs = [
            (name, replace(one, request=replace(one.request, marked="follow")))
            for name, one in actions.items()
            if one.resource == owner.name and one.transition is not None
            if one.transition.verb in ("follow", "unfollow")
        ]
        if not verbs:
            continue
        yield from verbs
        why = Because(f"`follow` tells which {plural(owner.noun)} {facts.operation.path} has")
        yield facts.operation.id, replace(
            action, kind="list", resource=owner.name, envelope=facts.envelope, parents=links,
            membership=Membership(owner.name, "follow", inverse=inverse), because=(why,),
            instead=None,
        )  # fmt: skip


def _listed(facts: Facts, resources: Mapping[str, Resource]) -> Resource | None:
    """The resource of the listed entities, which has paths of its own."""
    alike = [
        one
        for one in resources.values()
        if one.schema == facts.ref and one.items and not one.singleton
        and one.path != facts.operation.path
    ]  # fmt: skip
    return alike[0] if len(alike) == 1 else None


def _saved(listing: Facts) -> str:
    """The name of the mark of what the caller has put in a list."""
    return f"save {label(listing.route.steps)}"


def _saving(survey: Survey, listing: Facts, listed: Resource) -> Iterator[tuple[str, Action]]:
    """The operations at the path of a list that put in and take out those whose ids they have."""
    named = {"id", "uuid", "uri", listed.noun, last_word(listed.noun)}
    for method in ("PUT", "POST", "DELETE"):
        facts = survey.at(listing.route.steps, method)
        for given in givens(survey, facts, listing.route.steps) if facts is not None else ():
            at = next((at for name, at in given.names.items() if about(name) in named), None)
            if facts is None or at is None or given.how != ("add", "remove")[method == "DELETE"]:
                continue
            verb = "save" if given.how == "add" else "unsave"
            why = Because(f"`{verb}` of those {plural(listed.noun)} that it names", "likely")
            yield facts.operation.id, Action(
                operation=facts.operation.id, kind="sweep", method=method,
                path=facts.operation.path, resource=listed.name, because=(why,),
                request=RequestUse(marked=_saved(listing), ids=given.query, at=at),
                transition=Transition(verb, takes=False),
            )  # fmt: skip


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
            request = replace(action.request, marked=verb)
            yield facts.operation.id, replace(action, request=request)
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


def _with_checks(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The resources and actions, in which a check tells what the verb at its path did. Where that
    changes an entity, the check looks at the entity; else the path is a singleton, which is there
    once it is set and gone once it is deleted."""
    kept, changed = dict(resources), dict(actions)
    listed = {action.resource for action in actions.values() if action.kind == "list"}
    for facts in survey.facts:
        steps = facts.route.steps
        verb, undone = survey.at(steps, "PUT", "POST"), survey.at(steps, "DELETE")
        before = actions[facts.operation.id]
        if not _is_check(facts) or verb is None or before.resource in listed - {None}:
            continue
        setting = actions[verb.operation.id]
        if before.kind not in _CHECKED or setting.kind not in _CHECKED:
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
            # No resource may keep what the path names.
            link if link.resource != name else replace(link, resource=None)
            for link in linker.links(facts.route, len(steps), ())
        )
        kept[name] = replace(make_resource(survey, name, draft, linker), parents=parents)
        for kind, one in (("read", facts), ("write", verb), ("clear", undone)):
            if one is not None:
                action = replace(actions[one.operation.id], resource=name, parents=parents)
                changed[one.operation.id] = _on_singleton(one, action, kind)
    return kept, changed


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


def _on_singleton(facts: Facts, action: Action, kind: Any) -> Action:
    """The action as one that reads, sets or removes the singleton of a check."""
    why = f"{facts.method} of {facts.operation.path}: it is there once it is set"
    return replace(
        action, kind=kind, item=None, membership=None, request=RequestUse(), transition=None,
        because=(Because(why),), instead=None,
    )  # fmt: skip
