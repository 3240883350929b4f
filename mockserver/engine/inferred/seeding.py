"""What a world holds before anybody has written to it.

Rows are sown when somebody first looks, yet follow from the seed and from when the world was
born alone: it makes no difference who looks, or when.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.consistency import agreeing
from mockserver.engine.inferred.field_roles import kinds, owner_values, stamp
from mockserver.engine.inferred.identifiers import Keys
from mockserver.engine.inferred.job_fields import said_of
from mockserver.engine.inferred.repository import SYSTEM, Entity, OwnRepository, Repository
from mockserver.engine.randomness import Dice
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import World, digest, uuid_of
from mockserver.inference.model import Plan, Resource

_HOUR = 3600 * SECOND


def note_birth(world: World) -> None:
    """Remember when the world began."""
    world[SYSTEM.name].put({"id": "born", "at": world.now})


def birth(world: World) -> int:
    """When the world began; now, if nobody has noted it."""
    noted = world[SYSTEM.name].get("born")
    return int(noted["at"]) if noted is not None else world.now


def lasting(world: World, *salt: object) -> Dice:
    """Dice for what does not change from one look to the next."""
    return Dice(birth(world), world.settings.seed, world.tenant, *salt)


def sown(repository: OwnRepository, parent: str) -> str:
    """The id of the row that says that what lies under a parent has been sown."""
    return f"{repository.collection.name}/{parent}"


def makeable(plan: Plan) -> frozenset[str]:
    """The resources of which a client can make one."""
    return frozenset(
        action.resource
        for action in plan.actions.values()
        if action.resource is not None
        if action.kind in ("create", "clone") or action.request.upsert
    )


class Sower:
    """Sows the rows of the seed world, one repository and parent at a time."""

    def __init__(
        self,
        values: Values,
        repositories: Mapping[str, Repository],
        keys: Keys,
        makeable: frozenset[str] = frozenset(),
    ) -> None:
        self._makeable = makeable
        self._keys = keys
        self._values = values
        self._repositories = repositories

    def sow(self, world: World, repository: Repository, parent: str | None) -> None:
        """See to it that what lies under `parent` (None: under any) is there."""
        resource = repository.resource
        if not isinstance(repository, OwnRepository) or not resource.seeds:
            return
        above = self._above(resource)
        if parent is None and above is not None:
            self.sow(world, above, None)
            marks = world[SYSTEM.name]
            for entity in list(above.scan(world, None, False)):
                if marks.get(sown(repository, entity.key)) is None:
                    self.sow(world, repository, entity.key)
            return
        parent = parent or ""
        mark = sown(repository, parent)
        system = world[SYSTEM.name]
        if system.get(mark) is None:
            # First of all, as a row may ask for its parent's rows.
            system.put({"id": mark})
            if self._sown_under(world, resource, parent):
                for ordinal in range(resource.seeds):
                    self._add(world, repository, parent, ordinal)

    def sow_alike(
        self, world: World, repository: Repository, parent: str, known: Mapping[str, Any]
    ) -> bool:
        """Rows with these properties, where a list must be asked for them and nobody but the
        vendor makes any; whether there are new ones."""
        if not isinstance(repository, OwnRepository) or not self.is_vendors(repository):
            return False
        if not self._sown_under(world, repository.resource, parent):
            return False
        return self.sow_some(world, repository, parent, known)

    def sow_some(
        self, world: World, repository: Repository, parent: str, known: Mapping[str, Any]
    ) -> bool:
        """Rows with these properties, once; whether there are new ones."""
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

    def is_vendors(self, repository: Repository) -> bool:
        """Whether there are rows that nobody but the vendor makes."""
        return bool(repository.resource.seeds) and repository.resource.name not in self._makeable

    def _above(self, resource: Resource) -> Repository | None:
        """Where what it lies under is kept."""
        name = resource.parents[-1].resource if resource.parents else None
        return self._repositories.get(name) if name is not None else None

    def _sown_under(self, world: World, resource: Resource, parent: str) -> bool:
        """Whether there are rows under this parent: under one that a client made only such as
        nobody but the vendor makes."""
        if not resource.parents or not resource.parents[-1].resource:
            return True
        above = self._above(resource)
        if not isinstance(above, OwnRepository):
            return not resource.creatable
        self.sow(world, above, None)
        entity = above.get(world, parent)
        if entity is None:
            return above.resource.identity.open
        return entity.seed or resource.name not in self._makeable

    def _finished(self, repository: OwnRepository, at: int, dice: Dice) -> dict[str, Any]:
        """A job of the seed world is done."""
        states = repository.resource.states
        if states is None or not states.moves or not states.success:
            return {}
        known: dict[str, Any] = {states.name: states.success[0]}
        if repository.phases is not None:
            results = said_of(
                self._values, repository.resource, states.results, dice.child("results")
            )
            known.update(repository.phases.finished(results, at + 30 * SECOND))
        for name, later in ((states.started, 1), (states.ended, 30)):
            if name is not None:
                known[name] = stamp(
                    repository.schemas, name, repository.flat.properties[name], at + later * SECOND
                )
        return known

    def _add(
        self,
        world: World,
        repository: OwnRepository,
        parent: str,
        ordinal: int,
        like: Mapping[str, Any] | None = None,
    ) -> None:
        resource = repository.resource
        salt: tuple[object, ...] = (
            world.settings.seed, "seed", resource.name, parent, ordinal
        )  # fmt: skip
        if like:
            salt = (*salt, repr(sorted(like.items())))
        at = max(0, birth(world) - (resource.seeds - ordinal) * 7 * _HOUR)
        dice = Dice(at, *salt)
        known: dict[str, Any] = {**owner_values(world, repository.roles)}
        for name in (*repository.roles.created, *repository.roles.updated):
            known[name] = stamp(repository.schemas, name, repository.flat.properties[name], at)
        known.update(dict.fromkeys(repository.roles.counted, ordinal + 1))
        if resource.parents and resource.parents[-1].field:
            known[resource.parents[-1].field] = parent.rsplit("/", 1)[-1]
        known.update(self._finished(repository, at, dice))
        known.update(like or {})
        if resource.identity.key:
            schema = repository.flat.properties.get(resource.identity.key, {})
            if {"integer", "number"} & kinds(repository.schemas, schema):
                # Under several parents the same small numbers would meet.
                large = int.from_bytes(digest(*salt)) % 900_000 + 100_000
                known[resource.identity.key] = large if resource.parents else ordinal + 1
            elif not repository.schemas.flat(schema).values:
                known[resource.identity.key] = uuid_of(digest(*salt))
            wished = known.get(resource.identity.key, "")
            small = ordinal + 1 + 10 * (int.from_bytes(digest(parent)) % 9000 if parent else 0)
            known[resource.identity.key] = self._keys.fitting(resource, wished, dice, small)
            if known[resource.identity.key] == "":
                del known[resource.identity.key]
        data: Any = None
        if resource.schema is not None:
            data = self._values.kept(resource.schema, dice, known, owner=resource.noun)
        if not isinstance(data, dict):
            return
        data = agreeing(repository.schemas, repository.flat, resource, data, known)
        key = data.get(resource.identity.key) if resource.identity.key else None
        if not key:
            key = self._keys.fitting(resource, uuid_of(digest(*salt)), dice, ordinal + 1)
        key = f"{parent}/{key}" if resource.identity.nested and parent else str(key)
        if repository.get(world, key) is None:
            row = {"at": at, "n": ordinal - resource.seeds, "seed": True}
            repository.put(world, Entity(key, data, parent, row))
