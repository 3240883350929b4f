"""Memberships: entities with a home of their own that are put into others and taken out again.

`PUT /groups/{group}/users/{user}` adds an existing user to a group, and `DELETE` at the same path
takes the user out; neither changes nor removes the user.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from mockserver.inference.model import (
    Action,
    Because,
    Link,
    Membership,
    Reference,
    Resource,
    ResponseUse,
)
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.paths import ANY, Route
from mockserver.inference.words import bag, noun, tokens

# Relations between resources: parents in paths and references in bodies.


class Named(Protocol):
    """What this module needs of a draft resource."""

    items: list[Route]
    singleton: bool

    @property
    def noun(self) -> str: ...


class Linker:
    """Finds the resource that a path parameter names."""

    def __init__(self, drafts: Mapping[str, Named]) -> None:
        self._items = {r.steps: name for name, draft in drafts.items() for r in draft.items}
        self.nouns = frozenset(d.noun for d in drafts.values() if d.items and not d.singleton)
        self._nouns: dict[str, list[str]] = defaultdict(list)
        for name, draft in drafts.items():
            if draft.items and not draft.singleton:
                self._nouns[draft.noun.rsplit("_", 1)[-1]].append(name)

    def links(self, route: Route, length: int, fields: Iterable[str]) -> tuple[Link, ...]:
        """The parents that the first `length` steps of a path name."""
        fields = list(fields)
        found = []
        names = iter(route.names)
        for index, step in enumerate(route.steps[:length]):
            if step == ANY:
                parameter = next(names)
                resource = self._items.get(route.steps[: index + 1])
                certain = resource is not None
                if resource is None:
                    resource = self._by_name(route.steps[index - 1] if index else "", parameter)
                field_name = _field(parameter, resource, fields)
                found.append(Link(parameter, resource, field_name, certain))
        return tuple(found)

    def _by_name(self, before: str, parameter: str) -> str | None:
        words = tokens(parameter)
        about = words[-2] if len(words) > 1 and words[-1] in ("id", "uuid", "key") else ""
        if about and noun(before).rsplit("_", 1)[-1] == about:
            candidates = self._nouns.get(about, [])
            return candidates[0] if len(candidates) == 1 else None
        return None


def _field(parameter: str, resource: str | None, fields: list[str]) -> str | None:
    about = noun(resource.rsplit(".", 1)[-1]) if resource else ""
    spelled = {"_".join(tokens(name)): name for name in reversed(fields)}
    for wanted in ("_".join(tokens(parameter)), f"{about}_id" if about else "", about):
        if wanted and wanted in spelled:
            return spelled[wanted]
    return None


_SENDING = frozenset(("create", "replace", "patch"))


def referring(
    survey: Survey, actions: Mapping[str, Action], resources: Mapping[str, Resource]
) -> dict[str, Action]:
    """The actions, with the entities that their request bodies refer to.

    Rejecting an unknown id is certain only where the document lists a 404 that can mean nothing
    else, because the path names no entity.
    """
    known: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources.values():
        if resource.identity.key and not (
            resource.singleton or resource.identity.open or resource.identity.nested
        ):
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
                request = replace(action.request, refers=refers)
                found[facts.operation.id] = replace(action, request=request, because=because)
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
            kept = survey.flat(about[0].schema).properties.get(about[0].identity.key or "", {})
            if (survey.kinds(schema) & survey.kinds(kept)) - {"null"}:
                found.append(Reference(name, about[0].name))
    return found


def reached(
    resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Resource]:
    """The resources, with `open` set for those that are listed and created only below entities
    nobody can know (`/rules/{id}/rules`): without a first one, there would never be any."""
    known = {name for name, one in resources.items() if one.singleton or one.identity.open}
    ways = [
        (action.resource, {link.resource for link in action.parents if link.resource in resources})
        for action in actions.values()
        if action.kind in ("list", "create") and action.resource is not None
    ]
    more = True
    while more:
        found = {name for name, needed in ways if needed <= known} - known
        known |= found
        more = bool(found)
    why = Because("it is listed and made only beneath things that nobody can know before", "guess")
    return {name: one if name in known else _opened(one, why) for name, one in resources.items()}


def _opened(resource: Resource, why: Because) -> Resource:
    identity = replace(resource.identity, open=True)
    return replace(resource, identity=identity, because=(*resource.because, why))


_ADDING = bag("add attach assign link include join invite put post")
_REMOVING = bag("remove delete detach unassign unlink exclude leave")
_ENDINGS = ("id", "ids", "uuid", "uuids", "key", "keys")

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Relation:
    """The members of `owner` at `steps` are entities of `member`; `parents` are named there."""

    owner: Resource
    member: Resource
    steps: Steps
    parents: tuple[Link, ...]


def with_memberships(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The resources and actions, with those that are about members of another resource."""
    found = dict(actions)
    given_up: set[str] = set()
    beneath: dict[Steps, list[Facts]] = {}
    for facts in survey.facts:
        steps = facts.route.steps
        for place in {steps, steps[:-1]}:
            beneath.setdefault(place, []).append(facts)
    for relation in _relations(survey, resources, actions):
        changed = dict(_of_relation(survey, relation, beneath[relation.steps], actions))
        if not any(action.kind in ("link", "unlink") for action in changed.values()):
            continue
        given_up |= {str(actions[name].resource) for name in changed}
        found.update(changed)
    used = {action.resource for action in found.values()}
    used |= {link.resource for action in found.values() for link in action.parents}
    idle = given_up - used
    return {name: one for name, one in resources.items() if name not in idle}, found


def _relations(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> Iterator[_Relation]:
    homes: dict[str, list[Resource]] = {}
    for resource in resources.values():
        if resource.schema is not None and not resource.singleton:
            homes.setdefault(resource.schema, []).append(resource)
    for facts in survey.facts:
        action, steps = actions[facts.operation.id], facts.route.steps
        if action.kind != "list" or steps[-2:-1] != (ANY,) or not action.parents:
            continue
        owner = resources.get(action.parents[-1].resource or "")
        listed = resources.get(action.resource or "")
        if owner is None or listed is None or owner.singleton or action.parents[-1].field:
            continue
        member = _at_home(homes.get(listed.schema or "", ()), owner)
        if member is not None:
            yield _Relation(owner, member, steps, action.parents)
    yield from _embedded(survey, resources, actions)


def _embedded(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> Iterator[_Relation]:
    """Members that only their owner shows: the `tracks` of a playlist."""
    nouns: dict[str, list[Resource]] = {}
    for resource in resources.values():
        if not resource.parents and not resource.singleton and resource.schema is not None:
            nouns.setdefault(resource.noun, []).append(resource)
    for facts in survey.facts:
        action, steps = actions[facts.operation.id], facts.route.steps
        if facts.method not in ("POST", "PUT") or steps[-2:-1] != (ANY,) or not action.parents:
            continue
        owner = resources.get(action.parents[-1].resource or "")
        members = nouns.get(noun(steps[-1]), [])
        if owner is None or len(members) != 1 or survey.at(steps, "GET") is not None:
            continue
        arrays = survey.schemas.arrays(owner.schema or "")
        shown = any(survey.schemas.canonical(p) == members[0].schema for p in arrays.values())
        if shown and members[0] is not owner and _ids(survey, facts, members[0]) is not None:
            yield _Relation(owner, members[0], steps, action.parents)


def _at_home(alike: Iterable[Resource], owner: Resource) -> Resource | None:
    """The resource of the listed entities, of those with their schema: that which lives elsewhere
    than below the owner."""
    alike = [
        one
        for one in alike
        if one.name != owner.name and all(link.resource != owner.name for link in one.parents)
    ]
    return alike[0] if len(alike) == 1 else None


def _of_relation(
    survey: Survey, relation: _Relation, beneath: list[Facts], actions: Mapping[str, Action]
) -> Iterator[tuple[str, Action]]:
    owner, member, steps = relation.owner, relation.member, relation.steps
    own = survey.flat(member.schema).properties.keys()
    for facts in beneath:
        action, here = actions[facts.operation.id], facts.route.steps
        membership = Membership(owner.name, "/".join(steps))
        if here == steps and action.kind == "list":
            why = Because(f"{member.name} of one {owner.noun}, which are added and removed")
            yield (
                action.operation,
                replace(
                    action,
                    resource=member.name,
                    membership=membership,
                    because=(*action.because, why),
                ),
            )
        elif here == (*steps, ANY):
            sent = survey.flat(facts.body).properties.keys() if facts.body else set()
            if facts.method in ("PUT", "POST", "DELETE") and not sent & own:
                kind = "unlink" if facts.method == "DELETE" else "link"
                named = replace(membership, parameter=facts.route.names[-1])
                yield action.operation, _changed(survey, facts, action, relation, kind, named)
            elif facts.method == "GET" and action.kind == "fetch":
                yield action.operation, replace(action, resource=member.name)
        else:
            ids = _ids(survey, facts, member)
            word = here[-1] if len(here) > len(steps) else ""
            how = _kind(facts, word)
            if ids is not None and how is not None:
                named = replace(membership, ids=ids, sets=facts.method == "PUT")
                yield action.operation, _changed(survey, facts, action, relation, how, named)


def _kind(facts: Facts, word: str) -> str | None:
    words = set(tokens(word or facts.operation.id))
    if facts.operation.method == "DELETE" or (word and words & _REMOVING):
        return "unlink"
    if not word and facts.operation.method in ("POST", "PUT"):
        return "link"
    return "link" if word and words & _ADDING else None


def _ids(survey: Survey, facts: Facts, member: Resource) -> str | None:
    """The property of the body, or the query parameter, with the ids of members; None if the
    request says anything else of them."""
    body = body_of(facts.operation)
    sent = list(survey.flat(body.pointer).properties) if body and body.pointer else []
    names = sent or [p.name for p in facts.operation.parameters if p.place == "query"]
    short = tokens(member.noun)[-1]
    found = [
        name
        for name in names
        if _names(tokens(name), short) or noun(name).rsplit("_", 1)[-1] == short
    ]
    own = survey.flat(member.schema).properties.keys()
    return found[0] if len(found) == 1 and not (set(sent) - set(found)) & own else None


def _names(words: Steps, short: str) -> bool:
    """Whether a name is that of the ids of a noun: `user_id`, `userIds`, `ids`."""
    if not words or words[-1] not in _ENDINGS:
        return False
    return len(words) == 1 or noun(words[-2]) == short


def _changed(
    survey: Survey,
    facts: Facts,
    action: Action,
    relation: _Relation,
    kind: str,
    membership: Membership,
) -> Action:
    member, owner = relation.member, relation.owner
    place = facts.ref
    shows = ""
    for name, resource in (("member", member), ("owner", owner)):
        if place and resource.schema is not None and place == resource.schema:
            shows = name
    verb = "adds" if kind == "link" else "removes"
    why = Because(f"{facts.operation.path} {verb} {member.name} of one {owner.noun}", "likely")
    above = zip(relation.parents, facts.route.names, strict=False)
    return replace(
        action,
        kind="link" if kind == "link" else "unlink",
        parents=action.parents or tuple(replace(link, parameter=name) for link, name in above),
        resource=member.name,
        item=membership.parameter,
        response=ResponseUse(at=facts.at),
        membership=replace(membership, shows=shows),
        transition=None,
        elsewhere=False,
        starts=None,
        because=(why,),
        instead=None,
    )


def members_of(actions: Iterable[Action]) -> dict[str, tuple[str, Membership]]:
    """The memberships of a plan by their names, each with the resource of its members."""
    return {
        action.membership.name: (str(action.resource), action.membership)
        for action in actions
        if action.membership is not None
    }
