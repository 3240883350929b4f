"""What an entity shows of others: its children, their number, and entities it refers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from mockserver.engine.inferred.embeds import Embeds
from mockserver.engine.inferred.field_roles import stamp
from mockserver.engine.inferred.links import members, names
from mockserver.engine.inferred.reference_names import listed
from mockserver.engine.inferred.repository import (
    Entity,
    OwnRepository,
    Repository,
    held_at,
    is_listed,
)
from mockserver.engine.inferred.seeding import Sower
from mockserver.engine.inferred.sums import Below, Line, Sum, sums_of, told_by
from mockserver.engine.inferred.tallies import (
    Tally,
    fits,
    flat_of,
    kinds_of,
    naming,
    newest,
    numbers,
    readings,
    showing,
    spellings,
    standing,
    upward_of,
)
from mockserver.engine.world import World
from mockserver.inference.model import Membership, Plan
from mockserver.inference.resource_model import Resource
from mockserver.inference.words import (
    counted,
    is_below,
    last_word,
    noun,
    snake_case,
    tokens,
)
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Children:
    """A property that lists the entities of `repository` below one, or those that name it in
    `field`."""

    name: str
    repository: OwnRepository
    field: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Joined:
    """The joined properties of one resource, each with its name."""

    children: tuple[Children, ...]
    single: tuple[tuple[str, OwnRepository], ...]
    lengths: tuple[tuple[str, str], ...]
    """The properties that say how long an array is."""
    tallies: tuple[Tally, ...]
    newest: tuple[tuple[str, str, Tally], ...]
    """The properties that tell of the newest child: of its time, its id, or all of it."""
    linked: tuple[tuple[str, str, Membership], ...]
    """The properties that show members, with the resource of these."""
    sums: tuple[Sum, ...]
    line: Line | None
    """How the entity itself says what it costs."""


class Joins:
    """The joined properties of each resource of a document."""

    def __init__(
        self,
        schemas: Schemas,
        plan: Plan,
        repositories: Mapping[str, Repository],
        sower: Sower,
        embeds: Embeds,
    ) -> None:
        self._schemas = schemas
        self._plan = plan
        self._repositories = repositories
        self._sower = sower
        self._embeds = embeds
        self._joined: dict[str, _Joined | None] = {}
        # Each once, with the resource of its members.
        self._memberships = {
            action.membership.name: (str(action.resource), action.membership)
            for action in plan.actions.values()
            if action.membership is not None and action.kind in ("link", "unlink")
        }.values()
        self._kinds = kinds_of(plan)

    def shown(self, world: World, repository: Repository, entity: Entity) -> Mapping[str, Any]:
        """The entity with its current children."""
        joined = self._joined_in(repository.resource)
        if joined is None:
            return entity.data
        found = dict(entity.data)
        for prop, member, membership in joined.linked:
            there = members(self._repositories, world, member, membership, entity.key)
            found[prop] = [dict(one.data) for one in there]
        for child in joined.children:
            self._add_children(world, repository, child, entity, found)
        for prop, of in joined.single:
            below = of.get(world, entity.key)
            if below is not None:
                found[prop] = below.data
        for prop, array in joined.lengths:
            if isinstance(found.get(array), list):
                found[prop] = len(found[array])
        for tally in joined.tallies:
            *above, last = tally.path
            holder = found
            for step in above:
                part = holder.get(step)
                holder[step] = dict(part) if isinstance(part, Mapping) else {}
                holder = holder[step]
            holder[last] = self._number(world, repository, tally, entity)
        for prop, what, tally in joined.newest:
            self._add_newest(world, repository, tally, entity, (prop, what), found)
        if not entity.seed:
            self._add_sums(world, joined, entity, found)
        return found

    def _add_sums(
        self, world: World, joined: _Joined, entity: Entity, found: dict[str, Any]
    ) -> None:
        """What an entity and its lines cost, by quantities and prices."""
        if joined.line is not None:
            found.update(joined.line.told(found))
        for one in joined.sums:
            if one.array is not None:
                rows = listed(found.get(one.array))
                rows = [{**r, **one.line.told(r)} if isinstance(r, Mapping) else r for r in rows]
                found.update({one.array: rows} if rows else {})
            else:
                assert one.below is not None
                rows = [each.data for each in one.below.scan(world, entity.key, False)]
            found.update(one.of(found, rows))

    def _add_newest(
        self,
        world: World,
        owner: Repository,
        tally: Tally,
        entity: Entity,
        told: tuple[str, str],
        found: dict[str, Any],
    ) -> None:
        """What it tells of the newest of its children, once there is one that is no seed."""
        name, what = told
        below = tally.repository
        some = below.scan(world, entity.key, False)
        if tally.field is not None:
            some = self._naming_it(world, owner, tally, entity)
        last = max((one for one in some if not one.seed), key=below.place, default=None)
        if last is None:
            return
        schema = self._flat(owner.resource).properties[name]
        if what.startswith("."):
            value = last.data.get(what[1:])
            if fits(self._schemas, schema, value):
                found[name] = value
        elif what == "time":
            found[name] = stamp(self._schemas, name, schema, last.row.get("at", world.now))
        else:
            found[name] = last.id(below.resource) if what == "id" else dict(last.data)

    def below(self, resource: Resource) -> Mapping[str, OwnRepository]:
        """The entities below one that its properties list: their repository, by property."""
        joined = self._joined_in(resource)
        children = joined.children if joined is not None else ()
        return {child.name: child.repository for child in children if child.field is None}

    def _joined_in(self, resource: Resource) -> _Joined | None:
        """The joined properties of a resource, found once; None if it has none."""
        if resource.name not in self._joined:
            self._joined[resource.name] = self._find_joined(resource)
        return self._joined[resource.name]

    def _number(self, world: World, owner: Repository, tally: Tally, entity: Entity) -> int:
        """How many entities there are of those that a property counts."""
        if tally.membership is not None:
            name = tally.repository.resource.name
            there = members(self._repositories, world, name, tally.membership, entity.key)
            return tally.of(there)
        if tally.field is not None:
            if entity.seed:
                self._sower.sow(world, tally.repository, None)
            return tally.of(self._naming_it(world, owner, tally, entity))
        if entity.seed:
            self._sower.sow(world, tally.repository, entity.key)
        assert isinstance(tally.repository, OwnRepository)
        if tally.kept:
            return tally.of(tally.repository.scan(world, entity.key, False))
        return tally.repository.number(world, entity.key)

    def _add_children(
        self,
        world: World,
        repository: Repository,
        child: Children,
        entity: Entity,
        found: dict[str, Any],
    ) -> None:
        if entity.seed:
            self._sower.sow(world, child.repository, None if child.field else entity.key)
        if child.field is not None:
            below = [one.data for one in self._naming_it(world, repository, child, entity)]
        else:
            there = child.repository.scan(world, entity.key, False)
            below = [one.data for one in there if is_listed(one.row, world.now, False)]
        own = found.get(child.name)
        own = own if isinstance(own, list) else []
        key = child.repository.resource.identity.key or "id"
        known = {str(data[key]) for data in below if data.get(key) is not None}
        # Sent with the entity, or generated where it has no children.
        sent = [one for one in own if not (isinstance(one, Mapping) and str(one.get(key)) in known)]
        if entity.seed and below:
            sent = []
        if sent or below or child.name in found:
            found[child.name] = [*sent, *(dict(data) for data in below)]

    def _naming_it(
        self, world: World, owner: Repository, what: Children | Tally, entity: Entity
    ) -> Iterator[Entity]:
        """The entities that name one in a property."""
        assert what.field is not None
        own = {entity.key, str(entity.id(owner.resource))}
        for one in what.repository.holding(world, what.field, own):
            if names(held_at(one.data, what.field), own, owner) and not one.row.get("gone"):
                yield one

    def _flat(self, resource: Resource) -> Flat:
        return flat_of(self._schemas, resource)

    def _find_joined(self, resource: Resource) -> _Joined | None:
        lists: list[Children] = []
        singles: list[tuple[str, OwnRepository]] = []
        properties = self._flat(resource).properties
        for name, other, field in showing(self._schemas, self._kinds, resource):
            repository = self._repositories[other]
            if isinstance(repository, OwnRepository):
                lists.append(Children(name, repository, field))
        beneath = list(self._beneath(resource))
        for repository in beneath:
            child = repository.resource
            for name in properties:
                place = self._schemas.place(resource.schema or "", name)
                if place is None or child.schema is None:
                    continue
                if child.singleton:
                    if self._is_of(place, child):
                        singles.append((name, repository))
                elif self._lists(place, name, child):
                    lists.append(Children(name, repository))
        tallies = {tally.path: tally for tally in self._find_tallies(resource)}
        lengths = self._find_lengths(resource, {path[0] for path in tallies})
        linked = tuple(self._find_linked(resource))
        below: list[Below] = [(one.name, one.repository) for one in lists if one.field is None]
        shown = {one.resource.name for _, one in below}
        below += [(None, one) for one in beneath if one.resource.name not in shown]
        sums = tuple(sums_of(self._schemas, resource, below))
        line = told_by(self._schemas, resource)
        found = _Joined(
            tuple(lists), tuple(singles), tuple(lengths), tuple(tallies.values()),
            tuple(self._find_newest(resource)), linked, sums, line,
        )  # fmt: skip
        parts = (lists, singles, found.lengths, tallies, found.newest, linked, sums, line)
        return found if any(parts) else None

    def _beneath(self, resource: Resource) -> Iterator[OwnRepository]:
        """What lies directly below a resource."""
        for repository in self._repositories.values():
            above = [link.resource for link in repository.resource.parents[-1:]]
            if above == [resource.name] and isinstance(repository, OwnRepository):
                yield repository

    def _find_linked(self, resource: Resource) -> Iterator[tuple[str, str, Membership]]:
        """The properties that show the members of an entity."""
        arrays = self._schemas.arrays(resource.schema) if resource.schema is not None else {}
        for member, membership in self._memberships if arrays else ():
            if membership.owner == resource.name:
                for name, place in arrays.items():
                    same = self._schemas.canonical(place) == self._plan.resources[member].schema
                    if same or self._embeds.shown_at(name, place) == member:
                        yield name, member, membership
            elif member == resource.name:
                # The groups that a user shows.
                owner = self._plan.resources[membership.owner]
                for name, place in arrays.items():
                    if self._embeds.shown_at(name, place) == owner.name:
                        inverse = replace(membership, owner=member, inverse=True, fields=())
                        yield name, owner.name, inverse

    def _find_lengths(self, resource: Resource, taken: Set[str]) -> Iterator[tuple[str, str]]:
        """The properties with the length of another one, an array: `lineCount` of `lines`."""
        flat = self._flat(resource)
        sent = self._schemas.flat_at(resource.request).properties if resource.request else {}
        arrays = {
            noun(name): name
            for name, schema in flat.properties.items()
            if "array" in self._schemas.types(schema)
        }
        for name, schema in flat.properties.items() if arrays else ():
            about = counted(name)
            if about is None or name in taken or name in sent:
                continue
            if "integer" not in self._schemas.types(schema):
                continue
            ends = [array for array in arrays if array.endswith(f"_{about}")]
            if about in arrays or len(ends) == 1:
                yield name, arrays[about if about in arrays else ends[0]]

    def _is_of(self, place: str, resource: Resource) -> bool:
        if resource.schema is None:
            return False
        return self._schemas.canonical(place) == self._schemas.canonical(resource.schema)

    def _lists(self, place: str, name: str, child: Resource) -> bool:
        """Whether a property is an array of the entity's children."""
        inner = self._schemas.place(place, None)
        if inner is None:
            return False
        if self._is_of(inner, child):
            return True
        called = noun(name) in (child.noun, last_word(child.noun))
        own = self._flat(child).properties.keys()
        shown = self._schemas.flat_at(self._schemas.canonical(inner)).properties.keys()
        key = child.identity.key
        # Its own view of them, in which they have their ids: `builds` with a `buildID`.
        if called and key in shown and tokens(key or "")[:-1]:
            return True
        return called and bool(shown) and 2 * len(shown & own) > len(shown)

    def _find_tallies(self, resource: Resource) -> Iterator[Tally]:
        """The properties that count other entities: `comments_count`, `counts.comments`."""
        counts = list(numbers(self._schemas, resource))
        found = self._counted(resource) if counts else {}
        for path, about in counts:
            if _SELF in found and is_below(about, resource.noun):
                yield replace(found[_SELF], path=path)
                continue
            for called, how in readings(about):
                one = found.get(called)
                kept = standing(self._schemas, one.repository.resource, how) if one else None
                if one is not None and kept is not None:
                    yield replace(one, path=path, kept=kept)
                    break

    def _find_newest(self, resource: Resource) -> Iterator[tuple[str, str, Tally]]:
        """The properties that tell of the newest child: `last_message_at`, `latest_release`."""
        told = list(newest(self._schemas, resource))
        found = self._counted(resource) if told else {}
        known = set()
        for name, about, what in told:
            one = found.get(about)
            if one is None or one.membership is not None or name in known:
                continue
            if what.startswith("."):
                own = {snake_case(each): each for each in one.repository.flat.properties}
                if what[1:] not in own:
                    continue
                what = "." + own[what[1:]]
            known.add(name)
            yield name, what, one

    def _counted(self, resource: Resource) -> dict[str, Tally]:
        """The entities that belong to one of a resource, by what they are called."""
        found: dict[str, Tally] = {}
        for repository in self._repositories.values():
            other = repository.resource
            if other.singleton:
                continue
            if other.name == resource.name:
                above = upward_of(self._schemas, resource)
                found |= {_SELF: Tally((), repository, field=above)} if above is not None else {}
                continue
            above = other.parents[-1].resource if other.parents else None
            if above == resource.name and isinstance(repository, OwnRepository):
                found.setdefault(other.noun, Tally((), repository))
            elif not resource.identity.nested and (
                field := naming(self._schemas, other, resource, True)
            ):
                # Whatever they lie below; ids that are unique per parent name no one.
                found.setdefault(other.noun, Tally((), repository, field=field))
        for member, membership in self._memberships:
            if membership.owner == resource.name:
                tally = Tally((), self._repositories[member], membership)
                noun_ = self._plan.resources[member].noun
                called = noun(membership.name.rpartition("/")[2])
                found |= {noun_: tally, "member": tally, called: tally}
        for name, tally in list(found.items()):
            for called in spellings(name):
                found.setdefault(called, tally)
        return found


_SELF = ""
"""What counts those of the same resource."""
