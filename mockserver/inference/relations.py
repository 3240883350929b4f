"""Relations between resources: parents in paths and references in bodies.

JSON:API has endpoints for them: `/tasks/{id}/relationships/labels` shows the identifiers of the
labels of a task; POST adds some, DELETE takes some away, and PATCH sets them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Protocol

from mockserver.inference.by_value import names_of
from mockserver.inference.model import (
    Action,
    Elements,
    Reference,
    RequestUse,
    ResponseUse,
    Through,
    ValueSet,
    unused,
)
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.parts import RELATIONSHIPS, path_of_relationship, relationships_of
from mockserver.inference.paths import ANY, Route, Steps
from mockserver.inference.resource_model import FIRST, Because, Link, Resource
from mockserver.inference.words import (
    ID_ENDS,
    OWN_NAMES,
    is_below,
    last_word,
    noun,
    plural,
    snake_case,
    tokens,
    upward,
)


class Named(Protocol):
    """What this module needs of a draft resource."""

    items: list[Route]
    singleton: bool

    @property
    def creates(self) -> Sequence[object]: ...

    @property
    def noun(self) -> str: ...


class Linker:
    """Finds the resource that a path parameter names."""

    def __init__(self, drafts: Mapping[str, Named]) -> None:
        self._items = {r.steps: name for name, draft in drafts.items() for r in draft.items}
        self.nouns = frozenset(d.noun for d in drafts.values() if d.items and not d.singleton)
        self._called: dict[str, list[Named]] = defaultdict(list)
        self._nouns: dict[str, list[str]] = defaultdict(list)
        self._made: dict[str, list[str]] = defaultdict(list)
        self._ends: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._deep: dict[str, int] = {}
        self._nearer: dict[tuple[str, str, str], bool] = {}
        for name, draft in drafts.items():
            for item in draft.items if not draft.singleton else ():
                if len(item.steps) < 2 or item.steps[-1] != ANY:
                    continue
                end = item.steps[-2], snake_case(item.names[-1])
                nearer = ("", *item.steps)[-3], *end
                self._nearer[nearer] = self._nearer.get(nearer, False) or bool(draft.creates)
                if draft.creates:
                    self._ends[end].add(name)
                    self._deep[name] = max(self._deep.get(name, 0), len(item.names))
            if draft.items and not draft.singleton:
                self._nouns[last_word(draft.noun)].append(name)
                self._called[draft.noun].append(draft)
            if draft.creates:
                self._made[last_word(draft.noun)].append(name)

    def is_other(self, noun: str, draft: object) -> bool:
        """Whether a resource besides this one is called so."""
        return any(one is not draft for one in self._called.get(noun, ()))

    def links(self, route: Route, length: int, fields: Iterable[str]) -> tuple[Link, ...]:
        """The parents that the first `length` steps of a path name."""
        fields = list(fields)
        found: list[Link] = []
        names = iter(route.names)
        for index, step in enumerate(route.steps[:length]):
            if step == ANY:
                parameter = next(names)
                resource = self._items.get(route.steps[: index + 1])
                certain = resource is not None
                ahead = ("", "", *route.steps[:index])[-2:]
                before = ahead[-1]
                if resource is None and (named := self._ending(ahead, parameter, len(found))):
                    resource, certain = named, True
                if resource is None:
                    resource = self._by_name(before, parameter)
                field_name = _field(parameter, resource, fields)
                found.append(Link(parameter, resource, field_name, certain))
        return tuple(found)

    def _ending(self, ahead: Steps, parameter: str, above: int) -> str | None:
        """The only resource that clients make whose items have a path that ends like this one, with
        the last of the two steps `ahead`: `/users/@me/lists/{tasklist}` reads what
        `/lists/{tasklist}/tasks` lies under. What lies below more than the parameters `above` is
        named otherwise; so is what both steps say of another that no client makes."""
        end = ahead[-1], snake_case(parameter)
        if ahead[-1] in ("", ANY) or tokens(parameter) in ID_ENDS:
            return None
        if not self._nearer.get((ahead[0], *end), True):
            return None
        found = self._ends.get(end, ())
        name = next(iter(found)) if len(found) == 1 else None
        return name if name is not None and self._deep[name] <= above + 1 else None

    def _by_name(self, before: str, parameter: str) -> str | None:
        words = tokens(parameter)
        about = words[-2] if len(words) > 1 and words[-1] in ("id", "uuid", "key") else ""
        called = last_word(noun(before)) if before != ANY else ""
        candidates: list[str] = []
        if about and called == about:
            candidates = self._nouns.get(about, [])
        if not candidates and called and (about == called or words in ID_ENDS):
            # Nothing reads one by its id, but there are some.
            candidates = self._made.get(called, [])
        return candidates[0] if len(candidates) == 1 else None


def _field(parameter: str, resource: str | None, fields: list[str]) -> str | None:
    """The property that holds the id of a parent: named like the path parameter, like its end
    (`category_id` of `{interest_category_id}`), or like the parent. A `name` is an entity's own,
    also below `{name}`."""
    about = noun(resource.rsplit(".", 1)[-1]) if resource else ""
    spelled = {snake_case(name): name for name in reversed(fields)}
    words = tokens(parameter)
    ends = ["_".join(words[n:]) for n in range(1, len(words) - 1)] if words[-1:] == ("id",) else []
    ids = [f"{about}_{end}" for (end,) in ID_ENDS] if about else []
    for wanted in ("_".join(words), *ids, about, *ends):
        if wanted and wanted in spelled and wanted not in OWN_NAMES:
            return spelled[wanted]
    # `orgid` and `orgId` are one name; words do not tell.
    joined = {"".join(tokens(name)): name for name in reversed(fields)}
    return joined.get("".join(words)) if "_".join(words) not in OWN_NAMES else None


def upwards(survey: Survey, facts: Facts, action: Action, resource: Resource) -> Action:
    """A list below an entity of its own resource, with the property that names that:
    `/comments/{comment}/replies` has those whose `parent_id` it is."""
    link = action.parents[-1] if action.parents else None
    if link is None or link.resource != resource.name or link.field is not None:
        return action
    names = [*survey.flat(resource.schema).properties, *survey.flat(resource.request).properties]
    name = upward(names, resource.noun)
    if name is None or not is_below(facts.route.last, resource.noun):
        return action
    return replace(action, parents=(*action.parents[:-1], replace(link, field=name)))


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
        if (
            resource.identity.key
            and not (resource.singleton or resource.identity.open or resource.identity.nested)
            and (resource.items or resource.creatable)
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


def linked(
    survey: Survey, actions: Mapping[str, Action], resources: Mapping[str, Resource]
) -> dict[str, Action]:
    """The actions, with the parameters of lists that are about links: `/users?group_id=7` where
    neither users have a group nor groups have users, but `/memberships` have both."""
    ids: dict[str, dict[str, str]] = {}
    for resource in resources.values():
        places = (resource.schema, resource.request) if resource.creatable else ()
        spelled = {snake_case(n): n for p in places if p for n in survey.flat(p).properties}
        ids[resource.name] = {
            word.rpartition("_")[0]: name
            for word, name in spelled.items()
            if "_" in word and tokens(name)[-1:] in ID_ENDS and name != resource.identity.key
        }
    found = dict(actions)
    for facts in survey.facts:
        action = actions[facts.operation.id]
        listed = resources.get(action.resource or "")
        if action.kind != "list" or listed is None or action.membership is not None:
            continue
        own = {snake_case(name) for name in survey.flat(listed.schema).properties}
        short = last_word(listed.noun)
        through = []
        for parameter in facts.operation.parameters:
            word = snake_case(parameter.name)
            about, _, end = word.rpartition("_")
            if parameter.place != "query" or (end,) not in ID_ENDS or not about:
                continue
            if own & {word, about, plural(about), f"{about}_ids"} or about in (listed.noun, short):
                continue
            between = [
                (name, both[about], both.get(listed.noun) or both.get(short) or "")
                for name, both in ids.items()
                if about in both and (listed.noun in both or short in both) and name != listed.name
            ]
            if len(between) == 1:
                through.append(Through(parameter.name, *between[0]))
        if through:
            names = ", ".join(f"`{one.parameter}`" for one in through)
            why = Because(f"{names} is known of each by {through[0].resource}", "likely")
            request = replace(action.request, through=tuple(through))
            because = (*action.because, why)
            found[facts.operation.id] = replace(action, request=request, because=because)
    return found


def _references(
    survey: Survey, facts: Facts, action: Action, known: Mapping[str, list[Resource]]
) -> list[Reference]:
    if 404 not in facts.operation.documented:
        return []
    found = []
    for name, schema in _sent(survey, facts):
        words = tokens(name)
        inner = survey.schemas.flat(schema).properties if len(words) == 1 else {}
        if len(inner) == 1 and tokens(next(iter(inner))) == ("id",):
            ((own, schema),) = inner.items()
            name, words = f"{name}.{own}", (*words, "id")
        # A parent may be of any kind.
        called = "_".join(words[:-1]) if words[-1:] == ("id",) and words[0] != "parent" else ""
        called = called or _named_whole(facts, words, known)
        about = known.get(called, ())
        if len(about) == 1 and about[0].name != action.resource:
            kept = survey.flat(about[0].schema).properties.get(about[0].identity.key or "", {})
            if (survey.schemas.kinds(schema) & survey.schemas.kinds(kept)) - {"null"}:
                found.append(Reference(name, about[0].name))
    return found


def _sent(survey: Survey, facts: Facts) -> Iterator[tuple[str, Any]]:
    """The properties of a body, and the query parameters that are required."""
    yield from survey.flat(facts.body).properties.items() if facts.body else ()
    for parameter in facts.operation.parameters:
        if parameter.place == "query" and parameter.required:
            yield parameter.name, parameter.schema


def _named_whole(facts: Facts, words: tuple[str, ...], known: Mapping[str, list[Resource]]) -> str:
    """The noun of the resource that a property names without a word for its id (`station`), where
    the refusal speaks of it: `There is no such station`."""
    called = "_".join(words)
    refusal = facts.operation.responses["404"].description
    return called if called in known and called in snake_case(refusal) else ""


def reached(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Resource]:
    """The resources, with `open` set for those that are listed and created only below entities
    nobody can know (`/rules/{id}/rules`), or listed by nothing but their ids (`/tracks?ids=`, which
    is required): without a first one, there would never be any."""
    resources = {name: _closed(one, actions) for name, one in resources.items()}
    known = {name for name, one in resources.items() if one.singleton or one.identity.open}
    ways = [
        (action.resource, {link.resource for link in action.parents if link.resource in resources})
        for action in actions.values()
        if action.kind in ("list", "create") and action.resource is not None
        if action.kind == "create" or not _asks_ids(survey, action, resources[action.resource])
    ]
    more = True
    while more:
        found = {name for name, needed in ways if needed <= known} - known
        known |= found
        more = bool(found)
    for action in actions.values():
        one = resources.get(action.resource or "")
        if one is None or one.creatable or action.kind != "list" or action.path != one.path:
            continue
        if _asks_ids(survey, action, one):
            known.discard(one.name)  # others show a few of a catalogue
    why = Because(
        "it is listed and made only beneath things that nobody can know before, or by its ids",
        "guess",
    )
    return {name: one if name in known else _opened(one, why) for name, one in resources.items()}


def _asks_ids(survey: Survey, action: Action, resource: Resource) -> bool:
    """Whether a list has to be asked for by the ids of what it shows."""
    operation = survey.contract.by_id[action.operation]
    names = {one for name in names_of(resource) for one in (name, plural(name))}
    query = (one for one in operation.parameters if one.place == "query" and one.required)
    return any(snake_case(one.name) in names for one in query)


def _closed(resource: Resource, actions: Mapping[str, Action]) -> Resource:
    """The resource; clients learn the ids of what an operation on something else starts."""
    if not resource.identity.open or not resource.states or not resource.states.moves:
        return resource
    started = (one for one in actions.values() if one.resource == resource.name and one.elsewhere)
    if not any(one.kind == "create" for one in started):
        return resource
    return replace(resource, identity=replace(resource.identity, open=False, returned=True))


def _opened(resource: Resource, why: Because) -> Resource:
    identity = replace(resource.identity, open=True)
    return replace(resource, identity=identity, because=(*resource.because, why))


def names_owner(survey: Survey, one: Route, other: Route, refs: Iterable[str]) -> bool:
    """Whether one path is the other one below an owner whom the entity names: `/stores` and
    `/merchants/{merchantId}/stores` of what has a `merchantId`. `refs` are their common schemas."""
    short, long = sorted((one, other), key=lambda route: len(route.steps))
    owners = long.names[: len(long.names) - len(short.names)]
    if not owners or long.steps[len(long.steps) - len(short.steps) :] != short.steps:
        return False
    own = {tokens(name) for ref in refs for name in survey.flat(ref).properties}
    return all(tokens(name) in own for name in owners)


_HOW: Mapping[str, Literal["add", "remove", "set", "show"]] = {
    "GET": "show", "POST": "add", "DELETE": "remove", "PATCH": "set", "PUT": "set",
}  # fmt: skip


def with_relationships(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The resources and actions; what is at the path of a relationship is no resource."""
    changed = dict(_changed(survey, resources, actions, linker))
    found = {**actions, **changed}
    idle = unused(actions, found)
    return {name: one for name, one in resources.items() if name not in idle}, found


def _changed(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> Iterator[tuple[str, Action]]:
    for facts in survey.facts:
        steps = facts.route.steps
        if len(steps) < 4 or steps[-2] != RELATIONSHIPS or steps[-3] != ANY or steps[-1] == ANY:
            continue
        links = linker.links(facts.route, len(steps) - 2, ())
        owner = resources.get(links[-1].resource or "") if links else None
        use = _use(survey, facts, owner) if owner is not None else None
        if owner is None or use is None:
            continue
        why = Because(f"{facts.operation.path} is about the relationship `{steps[-1]}`", "certain")
        yield (
            facts.operation.id,
            replace(
                actions[facts.operation.id], kind="values", resource=owner.name,
                item=links[-1].parameter, parents=links[:-1], request=RequestUse(),
                response=ResponseUse(), values=use, transition=None, elsewhere=False, starts=None,
                envelope=None, because=(why,), instead=None,
            ),
        )  # fmt: skip


def _use(survey: Survey, facts: Facts, owner: Resource) -> ValueSet | None:
    """What an operation does to a relationship that its owner shows."""
    related = relationships_of(survey.schemas, survey.flat(owner.schema))
    spelled = {tokens(name): name for name in related}
    name = spelled.get(tokens(facts.route.last))
    how = _HOW.get(facts.operation.method)
    if name is None or how is None:
        return None
    media = facts.operation.success_json
    top = survey.schemas.main(media.pointer) if media is not None and media.pointer else None
    shown = ("data",) if "data" in survey.flat(top).properties else None
    if how == "show":
        change = Elements("show", key="id")
    elif related[name]:
        change = Elements(how, sent=("data", FIRST), key="id")
    else:
        change = Elements("one", sent=("data",), key="id")
    return ValueSet(path_of_relationship(name), change, shown, whole=True)
