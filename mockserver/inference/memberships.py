"""Memberships: entities with a home of their own that are put into others and taken out again.

`PUT /groups/{group}/users/{user}` adds an existing user to a group, and `DELETE` at the same path
takes the user out; neither changes nor removes the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace

from mockserver.inference.link_rows import givens
from mockserver.inference.model import Action, Membership, ResponseUse, unused
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.parts import path_of_relationship, relationships_of
from mockserver.inference.paths import ANY, Steps
from mockserver.inference.relations import Linker
from mockserver.inference.resource_model import FIRST, Because, Resource
from mockserver.inference.verb_words import JOINING, LEAVING
from mockserver.inference.words import (
    OWN_NAMES,
    bag,
    is_id_of,
    last_word,
    noun,
    plural,
    snake_case,
    tokens,
)
from mockserver.records import dataclass

_NAMING = bag("email mail address username login handle slug code serial number name key")
"""The last words of properties by which one is known besides its id."""


@dataclass(frozen=True, slots=True, eq=False)
class _Relation:
    """The members of `owner` at `steps` are entities of `member`."""

    owner: Resource
    member: Resource
    steps: Steps
    listed: bool = True


def _verbal(facts: Facts) -> tuple[Steps, str]:
    """The entity of `/groups/{group}/add-users` or `/groups/{group}:addUsers`, and the noun of what
    is added to it or taken out; "" for none, as in `/groups/{group}/invite`."""
    route = facts.route
    word, above = (route.verb, route.steps) if route.verb else (route.last, route.steps[:-1])
    first, *rest = tokens(word) or ("",)
    known = above[-1:] == (ANY,) and first in JOINING | LEAVING
    return (above, noun("_".join(rest))) if known else ((), "")


class _Relations:
    """Finds the relations of a document."""

    def __init__(
        self,
        survey: Survey,
        resources: Mapping[str, Resource],
        actions: Mapping[str, Action],
        linker: Linker,
    ) -> None:
        self.survey = survey
        self.resources = resources
        self.actions = actions
        self.linker = linker
        self.beneath: dict[Steps, list[Facts]] = {}
        for facts in survey.facts:
            steps = facts.route.steps
            for place in {steps, steps[:-1]}:
                self.beneath.setdefault(place, []).append(facts)
        named = {(steps[:-1], noun(steps[-1])): steps for steps in self.beneath if steps}
        self.verbal: dict[Steps, list[Facts]] = {}
        """Verbs of entities (`/groups/{group}/invite`) whose paths do not tell of whom they are."""
        for facts in survey.facts:
            above, _ = said = _verbal(facts)
            place = named.get(said, ())
            if above and not place:
                self.verbal.setdefault(above, []).append(facts)
            elif place not in ((), facts.route.steps, facts.route.steps[:-1]):
                self.beneath[place].append(facts)
        self._homes: dict[str, list[Resource]] = {}
        self._nouns: dict[str, list[Resource]] = {}
        for resource in resources.values():
            if resource.schema is None or resource.singleton:
                continue
            self._homes.setdefault(resource.schema, []).append(resource)
            if not resource.parents:
                self._nouns.setdefault(resource.noun, []).append(resource)

    def each(self) -> Iterator[_Relation]:
        """The relations, by their paths."""
        for steps, facts in self.beneath.items():
            if len(steps) < 2 or steps[-1] == ANY or steps[-2] != ANY:
                continue
            here = next((one for one in facts if one.route.steps == steps), None)
            owner = self._owner(here or facts[0], steps)
            if owner is None or owner.singleton:
                continue
            member = self._member(steps, owner)
            if member is not None:
                listed = self.survey.at(steps, "GET") is not None
                yield _Relation(owner, member, steps, listed)

    def _owner(self, facts: Facts, steps: Steps) -> Resource | None:
        links = self.linker.links(facts.route, len(steps), ())
        return self.resources.get(links[-1].resource or "") if links else None

    def _member(self, steps: Steps, owner: Resource) -> Resource | None:
        """The resource of the members at a path: what it lists, or what only their owner shows."""
        listing = self.survey.at(steps, "GET")
        if listing is not None:
            action = self.actions[listing.operation.id]
            listed = self.resources.get(action.resource or "")
            if action.kind != "list" or listed is None or listed.schema is None:
                return None
            own = self._homes.get(listing.ref) or self._homes[listed.schema]
            alike = [*own, *self._nouns.get(listed.noun, ())]
            found = self._at_home(alike, owner, listed)
            return found if found is not None else self._called(steps, owner, listing)
        members = self._nouns.get(noun(steps[-1]), [])
        arrays = self.survey.schemas.arrays(owner.schema or "")
        shown = members and any(
            self.survey.schemas.canonical(place) == members[0].schema for place in arrays.values()
        )
        adding = self.survey.at(steps, "POST", "PUT")
        if len(members) != 1 or not shown or members[0] is owner:
            return None
        if adding is None:
            both = (self.survey.at((*steps, ANY), one) for one in ("PUT", "DELETE"))
            by_id = all(one is not None and not one.body for one in both)
            return members[0] if by_id and members[0].items else None
        return members[0] if _ids(self.survey, adding, members[0]) is not None else None

    def _called(self, steps: Steps, owner: Resource, listing: Facts) -> Resource | None:
        """The resource of members that have a schema of their own (`TeamMember`), but are added by
        nothing but the id of a user, and removed at `{user}`."""
        adding = self.survey.at(steps, "POST", "PUT")
        items = [one for one in self.beneath[steps] if one.route.steps == (*steps, ANY)]
        if adding is None or not items:
            return None
        words = tokens(items[0].route.names[-1])
        about = noun("_".join(words[:-1] if words[-1:] in (("id",), ("uuid",)) else words))
        members = self._nouns.get(about, [])
        key = members[0].identity.key if len(members) == 1 else None
        if key is None or members[0] is owner or not members[0].items:
            return None
        names = {key, f"{about}_id", f"{about}_{key}"}
        names |= {plural(one) for one in names} | {plural(about)}
        sent = {snake_case(name) for name in self.survey.flat(adding.body).properties}
        rows = self.survey.flat(listing.ref).properties
        shown = {key} & rows.keys() or {snake_case(name) for name in rows} & names
        return members[0] if len(sent) == 1 and sent <= names and shown else None

    def _at_home(
        self, alike: Iterable[Resource], owner: Resource, listed: Resource
    ) -> Resource | None:
        """The resource of the listed entities, of those like them: the one that lives elsewhere
        than below the owner."""
        found = {
            one.name: one
            for one in alike
            if all(link.resource != owner.name for link in one.parents[-1:])
            and (one.items or not one.parents)
            and (one is listed or one.schema == listed.schema or self._shaped(one, listed))
        }
        read = [one for one in found.values() if one.items]
        for some in (list(found.values()), read, [one for one in read if one.noun == listed.noun]):
            if len(some) == 1:
                return some[0]
        return None

    def _shaped(self, one: Resource, other: Resource) -> bool:
        """Whether two schemas without a common name describe entities with the same id."""
        if one.identity.parameter is None or one.identity.key != other.identity.key:
            return False
        shapes = [self.survey.flat(each.schema).properties.keys() for each in (one, other)]
        alike = 3 * len(shapes[0] & shapes[1]) >= 2 * min(map(len, shapes))
        return one.identity.parameter == other.identity.parameter and alike


def with_memberships(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The resources and actions, with those that are about members of another resource."""
    found = dict(actions)
    relations = _Relations(survey, resources, actions, linker)
    links: dict[tuple[str, str], str] = {}
    views: list[tuple[_Relation, dict[str, Action]]] = []
    for relation in relations.each():
        changed = dict(_of_relation(relations, relation))
        here = (facts.operation.id for facts in relations.beneath[relation.steps])
        if any(actions[one].kind == "create" and one not in changed for one in here):
            continue  # it is made here
        if any(action.kind in ("link", "unlink") for action in changed.values()):
            links[relation.owner.name, relation.member.name] = "/".join(relation.steps)
            found.update(changed)
        elif relation.member is not relation.owner and _is_view(relation, changed, actions):
            views.append((relation, changed))
    for relation, changed in views:
        found.update(_as_views(relations, relation, changed, links))
    each = (one for action in found.values() for one in (action, *action.parts))
    made = {action.resource for action in each if action.kind in ("create", "clone")}
    linked = {str(found[name].resource) for name in found if found[name].membership is not None}
    resources = {
        name: replace(one, creatable=name in made or (one.creatable and name not in linked))
        for name, one in resources.items()
    }
    idle = unused(actions, found, through=False)
    for name, action in found.items():
        one = action.membership
        if one is not None and one.through is not None and one.through[0] in idle:
            # What it goes through has become a relation itself.
            found[name] = replace(action, membership=replace(one, through=None))
    return {name: one for name, one in resources.items() if name not in idle}, found


def _is_view(
    relation: _Relation, changed: Mapping[str, Action], actions: Mapping[str, Action]
) -> bool:
    """Whether nothing but a list shows the relation, and it is of entities made elsewhere."""
    made = {one.path for one in actions.values() if one.kind == "create"}
    here = [action.path for action in changed.values()]
    kinds = {action.kind for action in changed.values()}
    return kinds == {"list"} and relation.member.creatable and not made.intersection(here)


def _as_views(
    relations: _Relations,
    relation: _Relation,
    changed: Mapping[str, Action],
    links: Mapping[tuple[str, str], str],
) -> Iterator[tuple[str, Action]]:
    """The lists of a relation that other operations make: links in the other direction, or
    entities below the members that name the owner."""
    owner, member = relation.owner, relation.member
    name = links.get((member.name, owner.name))
    between = _between(relations.resources, owner, member) if name is None else ()
    direct = name is not None or bool(between)
    through = None if direct else _through(relations, owner, member)
    held = None if direct or through else _holds(relations.survey, owner, relation)
    for operation, action in changed.items():
        membership = action.membership
        if membership is not None and name is not None:
            membership = replace(membership, name=name, inverse=True)
        elif membership is not None:
            membership = replace(membership, through=through, held=held, between=between)
        yield operation, replace(action, membership=membership)


def _between(
    resources: Mapping[str, Resource], owner: Resource, member: Resource
) -> tuple[str, ...]:
    """The resources on the way down from an owner to what lies at least two levels below it."""
    found: tuple[str, ...] = ()
    above = member.parents[-1].resource if member.parents else None
    while above is not None and above != owner.name and above not in found:
        found = (above, *found)
        parents = resources[above].parents if above in resources else ()
        above = parents[-1].resource if parents else None
    return found if above == owner.name else ()


def _holds(survey: Survey, owner: Resource, relation: _Relation) -> str | None:
    """The array of an owner that has the entities which a path below it lists."""
    nouns = {relation.member.noun, noun(relation.steps[-1])}
    arrays = (
        name
        for name, schema in survey.flat(owner.schema).properties.items()
        if noun(name) in nouns and "array" in survey.schemas.types(schema)
    )
    related = relationships_of(survey.schemas, survey.flat(owner.schema)).items()
    several = (path_of_relationship(name) for name, many in related if many and noun(name) in nouns)
    return next(arrays, next(several, None))


def _through(relations: _Relations, owner: Resource, member: Resource) -> tuple[str, str] | None:
    """The resource below the members that names the owners, and the property that does."""
    for child in relations.resources.values():
        above = child.parents[-1].resource if child.parents else None
        if above == member.name and child.creatable and not child.singleton:
            fields = _fields(relations.survey, owner, child)
            if fields:
                return child.name, fields[0]
    return None


def _of_relation(relations: _Relations, relation: _Relation) -> Iterator[tuple[str, Action]]:
    owner, member, steps = relation.owner, relation.member, relation.steps
    survey, actions = relations.survey, relations.actions
    own = survey.flat(member.schema).properties.keys()
    fields = _fields(survey, owner, member)
    verbs = [f for f in relations.verbal.get(steps[:-1], ()) if _ids(survey, f, member) is not None]
    for facts in (*relations.beneath[steps], *verbs):
        action, here = actions[facts.operation.id], facts.route.steps
        if (
            here == steps
            and facts.method == "PATCH"
            and (both := _both(relations, facts, relation))
        ):
            yield action.operation, both
            continue
        membership = Membership(owner.name, "/".join(steps), fields=fields)
        if here == steps and action.kind == "list":
            why = Because(f"{member.name} of one {owner.noun}, which are added and removed")
            because = (*action.because, why)
            parents = relations.linker.links(facts.route, len(steps), ())
            yield (
                action.operation,
                replace(
                    action, resource=member.name, membership=membership, because=because,
                    parents=parents,
                ),
            )  # fmt: skip
        elif here == (*steps, ANY) and not verbs and _is_own(survey, facts, relation):
            continue
        elif here == (*steps, ANY):
            asked = facts.route.names[-1:] if facts.plain is not None else ()
            sent = survey.flat(facts.body).properties.keys() - {*asked} if facts.body else set()
            if facts.method in ("PUT", "POST", "DELETE") and not sent & own:
                kind = "unlink" if facts.method == "DELETE" else "link"
                name = facts.route.names[-1]
                if facts.plain is None:
                    named = replace(membership, parameter=name)
                else:
                    named = replace(membership, ids=name)
                yield action.operation, _changed(relations, facts, relation, kind, named)
            elif facts.method == "GET" and action.kind == "fetch":
                named = replace(membership, parameter=facts.route.names[-1])
                yield (
                    action.operation,
                    replace(
                        action, resource=member.name, membership=named,
                        parents=relations.linker.links(facts.route, len(steps), ()),
                    ),
                )  # fmt: skip
        else:
            word = facts.route.verb or (here[-1] if here != steps else "")
            how = kind_of(facts, word)
            sent_as = _named(survey, facts, relation, membership)
            if sent_as is not None and how is not None:
                yield action.operation, _changed(relations, facts, relation, how, sent_as)


def _both(relations: _Relations, facts: Facts, relation: _Relation) -> Action | None:
    """The action of a request that puts some in and takes others out: `{"add": [7], "remove":
    [8]}`; None if it is another request."""
    parts = []
    for given in givens(relations.survey, facts, relation.steps):
        shorts = {tokens(relation.member.noun)[-1], last_word(facts.route.noun)}
        named = any(is_id_of(name, short) for name in given.names for short in shorts)
        if named and given.how != "set" and len(given.at) > 1:
            kind = "unlink" if given.how == "remove" else "link"
            membership = Membership(
                relation.owner.name, "/".join(relation.steps), ids=given.at[0],
                fields=_fields(relations.survey, relation.owner, relation.member),
            )  # fmt: skip
            parts.append(_changed(relations, facts, relation, kind, membership))
    if len(parts) < 2:
        return None
    return replace(parts[0], parts=tuple(parts))


def _is_own(survey: Survey, facts: Facts, relation: _Relation) -> bool:
    """Whether a path below an owner is that of the entity itself: what is put there is its content
    (a file, a value), or nothing is ever put there, and it has this path, too."""
    puts = survey.at(facts.route.steps, "PUT", "POST")
    if puts is not None:
        body = puts.operation.body
        return body is not None and not survey.flat(puts.body).properties
    adds = survey.at(relation.steps, "PUT", "POST")
    return adds is None and facts.operation.path in relation.member.items


def _named(
    survey: Survey, facts: Facts, relation: _Relation, membership: Membership
) -> Membership | None:
    """The membership, with where the request has the members; None if it says anything else."""
    ids = _ids(survey, facts, relation.member)
    by = None
    if ids is None and facts.method == "POST" and facts.body:
        sent = list(survey.flat(facts.body).properties)
        own = survey.flat(relation.member.schema).properties
        leaving = survey.at((*relation.steps, ANY), "DELETE")
        if len(sent) == 1 and sent[0] in own and tokens(sent[0])[-1:] and leaving is not None:
            ids = by = sent[0] if tokens(sent[0])[-1] in _NAMING else None
    if ids is None:
        return None
    return replace(membership, ids=ids, by=by, sets=facts.method == "PUT" and bool(facts.body))


def _fields(survey: Survey, owner: Resource, member: Resource) -> tuple[str, ...]:
    """The properties in which a member names its owners: `group_id`, `groups`."""
    short = last_word(owner.noun)
    wanted = {
        f"{name}{end}" for name in (owner.noun, short) for end in ("", "_id", "_ids", "_uuid")
    }
    wanted |= {plural(owner.noun), plural(short), snake_case(owner.identity.parameter or "")}
    wanted -= {*OWN_NAMES, "id", "ids", "uuid", "key", "", member.noun, f"{member.noun}_id"}
    named = [
        name
        for place in (member.request, member.schema)
        for name in survey.flat(place).properties
        if snake_case(name) in wanted
    ]
    related = relationships_of(survey.schemas, survey.flat(member.schema))
    named += [path_of_relationship(name) for name in related if snake_case(name) in wanted]
    return tuple(dict.fromkeys(named))


def kind_of(facts: Facts, word: str) -> str | None:
    """Whether an operation puts something in (`link`) or takes it out (`unlink`), by its method and
    the word at the end of its path; None if neither."""
    words = set(tokens(word or facts.operation.id))
    if facts.operation.method == "DELETE" or (word and words & LEAVING):
        return "unlink"
    if not word and facts.operation.method in ("POST", "PUT", "PATCH"):
        return "link"
    return "link" if word and words & JOINING else None


def _ids(survey: Survey, facts: Facts, member: Resource) -> str | None:
    """The property of the body, or the query parameter, with the ids of members; None if the
    request says anything else of them."""
    body = body_of(facts.operation)
    sent = list(survey.flat(body.pointer).properties) if body and body.pointer else []
    inner = survey.schemas.place(body.pointer, None) if body and body.pointer else None
    row = survey.flat(survey.schemas.canonical(inner)).properties if inner is not None else {}
    shorts = {tokens(member.noun)[-1], last_word(facts.route.noun)}
    if inner is not None and (not row or any(is_id_of(n, one) for n in row for one in shorts)):
        return FIRST
    names = sent or [p.name for p in facts.operation.parameters if p.place == "query"]
    found = [
        name
        for name in names
        if any(is_id_of(name, short) or last_word(noun(name)) == short for short in shorts)
    ]
    if not found and len(sent) == 1:
        # `{"members": [{"user_id": 7}]}`
        rows = survey.schemas.arrays(body.pointer) if body and body.pointer else {}
        inner = rows.get(sent[0])
        row = survey.flat(survey.schemas.canonical(inner)).properties if inner else {}
        found = sent if any(is_id_of(name, one) for name in row for one in shorts) else []
    own = survey.flat(member.schema).properties.keys()
    return found[0] if len(found) == 1 and not (set(sent) - set(found)) & own else None


def _names(relations: _Relations, resource: Resource) -> Set[str]:
    """The properties of the entities of a resource."""
    return relations.survey.flat(resource.schema).properties.keys()


def _changed(
    relations: _Relations, facts: Facts, relation: _Relation, kind: str, membership: Membership
) -> Action:
    member, owner = relation.member, relation.owner
    place = facts.ref
    shows = ""
    both = (("member", member), ("owner", owner))
    for name, resource in both:
        if place and resource.schema is not None and place == resource.schema:
            shows = name
    if place and not shows:
        # Where each operation has a schema of its own, it has the same properties.
        names = relations.survey.flat(place).properties.keys()
        alike = [name for name, one in both if names == _names(relations, one)]
        shows = alike[0] if len(alike) == 1 and len(names) > 1 else ""
    listing = relations.survey.at(relation.steps, "GET")
    if not shows and FIRST in facts.at and listing is not None:
        rows = (relations.survey.flat(ref).properties.keys() for ref in (place, listing.ref))
        shows = "member" if len(set(map(frozenset, rows))) == 1 else ""
    at = facts.at
    if facts.envelope is not None:
        at = (*at, FIRST, *facts.envelope.row)
    verb = "adds" if kind == "link" else "removes"
    why = Because(f"{facts.operation.path} {verb} {member.name} of one {owner.noun}", "likely")
    return replace(
        relations.actions[facts.operation.id],
        kind="link" if kind == "link" else "unlink",
        resource=member.name,
        item=membership.parameter,
        parents=relations.linker.links(facts.route, len(relation.steps), ()),
        response=ResponseUse(at=at),
        membership=replace(membership, shows=shows),
        transition=None,
        elsewhere=False,
        starts=None,
        because=(why,),
        instead=None,
    )
