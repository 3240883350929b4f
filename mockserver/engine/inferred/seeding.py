"""The seed entities of a world: those in the document's examples, else generated ones.

They are created on first access, but depend only on the seed and the time at which the world began,
so it makes no difference who looks, or when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from mockserver.engine.generation.modes import Mode
from mockserver.engine.generation.unions import kind, may_be_null
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.consistency import agreeing
from mockserver.engine.inferred.examples import Examples
from mockserver.engine.inferred.field_roles import kinds, owner_values, set_times, stamp
from mockserver.engine.inferred.identifiers import Keys, id_text
from mockserver.engine.inferred.job_fields import results_of
from mockserver.engine.inferred.repository import (
    SYSTEM,
    Entity,
    OwnRepository,
    Repository,
    called,
    is_taken,
)
from mockserver.engine.inferred.schedules import past, state_of, with_state
from mockserver.engine.inferred.seed_references import (
    SeedReferences,
    Sought,
    listed_flags,
    makeable,
    numbered,
    offset_of,
    unique_values,
)
from mockserver.engine.inferred.shown_entities import Shown
from mockserver.engine.randomness import Rng, filled
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import World, digest, uuid_of
from mockserver.inference.model import Plan
from mockserver.inference.resource_model import Resource
from mockserver.openapi.document import MISSING

_HOUR = 3600 * SECOND
_TRIES = 20


def note_creation(world: World) -> None:
    """Record when the world began."""
    world[SYSTEM.name].put({"id": "born", "at": world.now})


def created(world: World) -> int:
    """When the world began; now, if that isn't recorded."""
    noted = world[SYSTEM.name].get("born")
    return int(noted["at"]) if noted is not None else world.now


def lasting(world: World, *salt: object) -> Rng:
    """Rng that don't change over time."""
    return Rng(created(world), world.settings.seed, world.tenant, *salt)


def sown(repository: OwnRepository, parent: str) -> str:
    """The id of the row that records that the entities of a parent have been created."""
    return f"{repository.collection.name}/{parent}"


class Sower:
    """Creates the seed entities, one repository and parent at a time."""

    def __init__(
        self,
        values: Values,
        repositories: Mapping[str, Repository],
        keys: Keys,
        examples: Examples,
        plan: Plan,
        sought: Sought,
        *,
        empty: bool = False,
    ) -> None:
        self._sought = sought
        self._makeable = makeable(plan)
        self._unique = unique_values(plan)
        self._listed = listed_flags(plan)
        self._examples = examples
        self._empty = empty
        self._keys = keys
        self._values = values
        self._repositories = repositories
        self._references = SeedReferences(repositories)

    def sow(self, world: World, repository: Repository, parent: str | None) -> None:
        """Create the seed entities below `parent` (None: any), if not done yet."""
        resource = repository.resource
        if not isinstance(repository, OwnRepository):
            return
        self._sow_shown(world, repository)
        seeds = 0 if self._empty or self._examples.settles(resource.name) else resource.seeds
        anywhere = [one for one in self._examples.of(resource.name) if one.is_under_each(resource)]
        if not seeds and not anywhere:
            return
        above = self._above(resource)
        if parent is None and above is not None:
            self.sow(world, above, None)
            marks = world[SYSTEM.name]
            # Below what clients have made there are only seed entities that they cannot make.
            makeable = isinstance(above, OwnRepository) and resource.name in self._makeable
            every = above.seeds(world) if makeable else above.scan(world, None, False)
            for entity in list(every):
                if marks.get(sown(repository, entity.key)) is None:
                    self.sow(world, repository, entity.key)
            return
        parent = parent or ""
        mark = sown(repository, parent)
        system = world[SYSTEM.name]
        if system.get(mark) is None:
            # First, since a row may need its parent's rows.
            system.put({"id": mark})
            if self._sown_under(world, resource, parent):
                for index, one in enumerate(anywhere):
                    self._add_shown(world, repository, one, index - len(anywhere), parent)
                for ordinal in range(self._shown_under(world, repository, parent), seeds):
                    self._add(world, repository, parent, ordinal)

    def steps(self, world: World, repository: Repository, parent: str | None) -> Iterator[None]:
        """Create the seed entities: those of examples, then those of this parent, then all."""
        if isinstance(repository, OwnRepository):
            self._sow_shown(world, repository)
            yield
        if parent:
            self.sow(world, repository, parent)
            yield
        self.sow(world, repository, None)
        yield

    def has_any(self, repository: Repository) -> bool:
        """Whether there may be seed entities."""
        made_up = bool(repository.resource.seeds) and not self._empty
        return made_up or bool(self._examples.of(repository.resource.name))

    def _shown_under(self, world: World, repository: OwnRepository, parent: str) -> int:
        """How many generated entities of a parent the examples replace: all, if they describe
        entities and not just ids."""
        resource = repository.resource
        homeless = bool(resource.parents) and not resource.parents[-1].resource
        named = 0
        for place in {parent, ""} if homeless else {parent}:
            for entity in repository.scan(world, place, False):
                if entity.row.get("shown"):
                    return resource.seeds
                named += entity.seed
        return named

    def _sow_shown(self, world: World, repository: OwnRepository) -> None:
        """Create the entities in the document's examples, under all their parents."""
        shown = self._examples.of(repository.resource.name)
        system = world[SYSTEM.name]
        mark = f"{repository.collection.name}!"
        if not shown or repository.resource.singleton or system.get(mark) is not None:
            return
        system.put({"id": mark})
        for index, one in enumerate(shown):
            parent = self._home(world, repository, one)
            if parent is not None:
                self._add_shown(world, repository, one, index - len(shown), parent)

    def _home(self, world: World, repository: OwnRepository, shown: Shown) -> str | None:
        """The parent of an example: if it names none, the first one; None where it is sown with
        each. Where any id names a parent, the example lies under each ("")."""
        resource = repository.resource
        if shown.parent is not None or not resource.parents:
            return shown.parent or ""
        above = self._above(resource)
        if shown.is_under_each(resource):
            return None
        if above is None or (above.resource.identity.open and not shown.within):
            return ""
        first = self._first(world, above)
        if shown.within is not None:
            name, owners = shown.within
            own = repository.schemas.flat_at(above.resource.schema or "").properties
            owners = {one: owner for one, owner in owners.items() if one in own}
            named = called(above, world, name, owners)
            if named is not None:
                return named.key
        return first.key if first is not None else None

    def _first(self, world: World, repository: Repository) -> Entity | None:
        """The first seed entity: one that an example shows, else one below the first parent. Only
        if there is none, those of all the parents are created."""
        if isinstance(repository, OwnRepository):
            self._sow_shown(world, repository)
            shown = (e for e in repository.seeds(world) if e.row.get("shown"))
            first = next(shown, None)
            above = self._above(repository.resource)
            parent = self._first(world, above) if first is None and above is not None else None
            if parent is not None:
                self.sow(world, repository, parent.key)
                first = next(repository.seeds(world), None)
            if first is not None:
                return first
        self.sow(world, repository, None)
        return next(repository.seeds(world), None)

    def _add_shown(
        self, world: World, repository: OwnRepository, shown: Shown, place: int, parent: str
    ) -> None:
        """Create one entity from its examples, as far as they fit."""
        resource = repository.resource
        at = max(0, created(world) + (place - resource.seeds) * 7 * _HOUR)
        salt = (world.settings.seed, "shown", resource.name, parent, shown.value, place)
        rng = Rng(at, *salt)
        known = dict(shown.data)
        if shown.fill:
            known = filled(world, f"{resource.name}/{place}", known)
            known = {**self._following(repository, at, salt, known), **known}
        guide = self._examples.guide(resource, 0)
        made = guide.keys() if not shown.whole else repository.flat.required
        known = {**{n: guide[n] for n in made if n in guide}, **known}
        for name in (*repository.roles.created, *repository.roles.updated):
            if not shown.whole or name in repository.flat.required:
                known.setdefault(
                    name, stamp(repository.schemas, name, repository.flat.properties[name], at)
                )
        if not shown.whole:
            known = {
                **owner_values(world, repository.roles),
                **self.finished(repository, at, rng),
                **known,
            }
        named = self._references.values(world, self.sow, repository, parent, max(0, -place))
        up = {link.field for link in resource.parents}
        known = {**{n: v for n, v in named if n in up or not shown.whole}, **known}
        value = shown.value
        if value is MISSING:
            value = self._keys.fitting(resource, uuid_of(digest(*salt)), rng, -place)
        if resource.identity.key and value != "":
            known[resource.identity.key] = value
        data: Any = known
        if resource.schema and not (
            shown.whole and self._values.literal(resource.shape or "").is_valid(known)
        ):
            mode: Mode = "bare" if shown.whole else "full" if world.leniency.fill else "rich"
            shape = resource.shape or resource.schema
            data = self._values.shown(shape, rng, known, mode=mode, owner=resource.noun)
        if not isinstance(data, dict):
            return
        if not shown.whole:
            data = agreeing(repository.schemas, repository.flat, resource, data, known)
            deep = self._references.within
            data |= deep(world, self.sow, repository, parent, max(0, -place), data, shown.data)
        own = id_text(data.get(resource.identity.key, value) if resource.identity.key else value)
        key = f"{parent}/{own}" if resource.identity.nested and parent else own
        if repository.get(world, key) is None:
            row = {"at": at, "n": place - resource.seeds, **shown.row}
            repository.put(world, Entity(key, data, parent, row))

    def _following(
        self, repository: OwnRepository, at: int, salt: tuple[object, ...], given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What follows from the state that the user gives a job: its times, progress, results and
        error; for a job without a state those of a finished one."""
        states, flat = repository.resource.states, repository.flat
        if states is None or not states.name or repository.phases is None:
            return {}
        if states.name not in given:
            needed = states.name in flat.required
            found = self.finished(repository, at, Rng(at, *salt)) if needed else {}
        else:
            state = state_of(states, given)
            if not states.moves or state not in states.known:
                return {}
            schedule, salt_of_job = past(states, state, at), f"{at}:{digest(*salt).hex()}"
            found = repository.phases.at(schedule, at + _HOUR, salt_of_job, given)
        return {
            name: value
            for name, value in found.items()
            if value is not None or may_be_null(repository.schemas, flat.properties[name])
        }

    def sow_alike(
        self, world: World, repository: Repository, parent: str, known: Mapping[str, Any]
    ) -> bool:
        """Create entities with these properties, where a list requires them and clients can't
        create any; returns whether there are new ones."""
        if not isinstance(repository, OwnRepository) or not self.is_vendors(repository):
            return False
        noted = world[SYSTEM.name].get(sown(repository, parent)) or {}
        if noted.get("sent") or not self._sown_under(world, repository.resource, parent):
            return False
        return self.sow_some(world, repository, parent, known)

    def sow_some(
        self, world: World, repository: Repository, parent: str, known: Mapping[str, Any]
    ) -> bool:
        """Create entities with these properties, once; returns whether there are new ones."""
        resource = repository.resource
        if not isinstance(repository, OwnRepository):
            return False
        single = {n: v[0] if isinstance(v, list) and v else v for n, v in known.items()}
        mark = f"{sown(repository, parent)}?{sorted(single.items())!r}"
        system = world[SYSTEM.name]
        if system.get(mark) is not None:
            return False
        system.put({"id": mark})
        for ordinal in range(resource.seeds):
            self._add(world, repository, parent, ordinal, single)
        return True

    def sow_another(
        self, world: World, repository: Repository, parent: str, known: Mapping[str, Any]
    ) -> None:
        """Create one more entity with these properties."""
        if isinstance(repository, OwnRepository):
            made = world.ordinal("sown:" + repository.collection.name)
            self._add(world, repository, parent, repository.resource.seeds + made, known)

    def is_vendors(self, repository: Repository) -> bool:
        """Whether there are entities that clients can't create."""
        vendors = repository.resource.name not in self._makeable
        return vendors and not self._empty and bool(repository.resource.seeds)

    def _above(self, resource: Resource) -> Repository | None:
        """The repository of the parent."""
        name = resource.parents[-1].resource if resource.parents else None
        return self._repositories.get(name) if name is not None else None

    def _sown_under(self, world: World, resource: Resource, parent: str) -> bool:
        """Whether this parent gets seed entities; a parent created by a client gets only what
        clients can't create."""
        if not resource.parents or not resource.parents[-1].resource:
            return True
        above = self._above(resource)
        if not isinstance(above, OwnRepository):
            return not resource.creatable
        entity = above.get(world, parent)
        if entity is None:
            # Only then: with several levels, looking through all above each would not end.
            self.sow(world, above, None)
            entity = above.get(world, parent)
        if entity is None:
            return above.resource.identity.open or world.leniency.knows_any_id
        return entity.seed or resource.name not in self._makeable

    @staticmethod
    def _state(repository: OwnRepository, ordinal: int) -> str:
        """The state of one of the first entities, so that each state occurs; "" for the
        usual one."""
        each = repository.resource.states.each if repository.resource.states is not None else ()
        return each[ordinal] if ordinal < len(each) else ""

    def finished(self, repository: OwnRepository, at: int, rng: Rng) -> dict[str, Any]:
        """The properties of a seed job, which is done; a resource that doesn't change with time is
        in its initial state."""
        states = repository.resource.states
        if states is None or not states.known:
            return {}
        if not states.moves or not states.success:
            first = states.new
            return {states.name: with_state(states, {}, first)} if first and states.name else {}
        state = states.path[-1] if states.path else states.success[0]
        known: dict[str, Any] = {}
        if states.name:
            known[states.name] = with_state(states, {}, state)
        if repository.phases is not None:
            results = results_of(
                self._values, repository.resource, states.results, rng.child("results")
            )
            known.update(repository.phases.finished(results, at + 30 * SECOND))
        passed = {one: at + place * SECOND for place, one in enumerate(states.path)}
        passed[state] = at + 30 * SECOND
        for name, kinds_ in states.moments.items():
            entered = [when for one, when in passed.items() if one in kinds_]
            if entered:
                schema = repository.flat.properties[name]
                known[name] = stamp(repository.schemas, name, schema, min(entered))
        for name, kinds_ in states.flags.items():
            known[name] = state in kinds_
        known.update({name: ends[state] for name, ends in states.verdicts.items() if state in ends})
        return known

    def _guided(self, resource: Resource, ordinal: int, *, full: bool) -> Mapping[str, Any]:
        """The example values of such an entity, without those that identify it; a `full` one has
        those of the first entity, too."""
        apart = {resource.identity.key, *(link.field for link in resource.parents)}
        guide = self._examples.guide(resource, ordinal)
        if full:
            guide = {**self._examples.guide(resource, 0), **guide}
        return {name: value for name, value in guide.items() if name not in apart}

    def _add(
        self,
        world: World,
        repository: OwnRepository,
        parent: str,
        ordinal: int,
        like: Mapping[str, Any] | None = None,
    ) -> None:
        resource = repository.resource
        more = (repr(sorted(like.items())),) if like else ()
        salt = (world.settings.seed, "seed", resource.name, parent, ordinal, *more)
        at = max(0, created(world) - (resource.seeds - ordinal) * 7 * _HOUR)
        rng = Rng(at, *salt)
        row: dict[str, Any] = {"at": at, "n": ordinal - resource.seeds, "seed": True}
        full = world.leniency.fill  # for tests of clients, which may not know every kind
        known = dict(self._guided(resource, ordinal, full=full))
        known |= owner_values(world, repository.roles) | self._listed.get(resource.name, {})
        known.update(self._references.values(world, self.sow, repository, parent, ordinal))
        set_times(repository.schemas, repository.flat, repository.roles, known, at, made=True)
        known.update(dict.fromkeys(repository.roles.counted, ordinal + 1))
        state = self._state(repository, ordinal)
        states = resource.states
        if state and states is not None and states.moves and state not in states.path[-1:]:
            row.update(schedule=past(states, state, at), salt=f"{at}:{digest(*salt).hex()}")
        elif states is not None and states.moves:
            known.update(self.finished(repository, at, rng))
        if state and states is not None and states.name and states.name not in known:
            known[states.name] = with_state(states, {}, state)
        known.update(like or {})
        known.update(self._id_of(repository, parent, ordinal, like, known, rng, digest(*salt)))
        if resource.schema is None:
            return
        shape, marks = kind(repository.schemas, resource.shape or "", 0 if full else ordinal)
        known |= marks
        mode: Mode = "full" if full else "rich"
        data: Any = self._values.kept(
            shape, rng, known, mode=mode, owner=resource.noun, wanted=self._sought.of(repository)
        )
        if not isinstance(data, dict):
            return
        data = agreeing(repository.schemas, repository.flat, resource, data, known)
        data |= self._references.within(world, self.sow, repository, parent, ordinal, data, like)
        data |= self._distinct(world, repository, parent, data, like or {})
        key = data.get(resource.identity.key) if resource.identity.key else None
        if not key:
            key = self._keys.fitting(resource, uuid_of(digest(*salt)), rng, ordinal + 1)
        key = f"{parent}/{key}" if resource.identity.nested and parent else str(key)
        if repository.get(world, key) is None:
            repository.put(world, Entity(key, data, parent, row))

    def _id_of(
        self,
        repository: OwnRepository,
        parent: str,
        ordinal: int,
        like: Mapping[str, Any] | None,
        known: Mapping[str, Any],
        rng: Rng,
        salt: bytes,
    ) -> Iterator[tuple[str, Any]]:
        """The id of a seed entity under its name, if it is shown and one fits."""
        resource, name = repository.resource, repository.resource.identity.key
        if not name:
            return
        schema = repository.flat.properties.get(name, {})
        wished = known.get(name, "")
        if {"integer", "number"} & kinds(repository.schemas, schema):
            # Small numbers would collide under several parents, or with those that were first.
            large = int.from_bytes(salt) % 900_000 + 100_000
            wished = large if resource.parents or like else ordinal + 1
        elif not repository.schemas.flat(schema).values:
            wished = uuid_of(salt)
        small = ordinal + 1 + offset_of(parent or (repr(sorted(like.items())) if like else ""))
        fitting = self._keys.fitting(resource, wished, rng, small)
        if fitting != "":
            yield name, fitting

    def _distinct(
        self,
        world: World,
        repository: OwnRepository,
        parent: str,
        data: Mapping[str, Any],
        like: Mapping[str, Any],
    ) -> Iterator[tuple[str, Any]]:
        """Other values for those that an entity must not share with one that exists: what the
        document says is unique, and numbers by which a path names one."""
        resource, place_of = repository.resource, repository.schemas.place
        numbers = (name for name in resource.identity.names if isinstance(data.get(name), int))
        for name in dict.fromkeys((*self._unique.get(resource.name, ()), *numbers)):
            place = place_of(resource.schema or "", name)
            if place is None or data.get(name) is None or name in like:
                continue

            taken = partial(is_taken, repository, world, parent, name)
            if not taken(data[name]):
                continue
            number = repository.number(world, parent)
            rng = lasting(world, resource.name, parent, name, number)
            check = self._values.check(place)
            made = (self._values.make(place, rng, name=name) for _ in range(_TRIES))
            for value in (numbered(data[name], number + 1), *made):
                if not taken(value) and check.is_valid(value):
                    yield name, value
                    break
