"""Chance, as a value: the same salt throws the same."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from mockserver.engine.faker import faker
from mockserver.engine.world import World, digest

if TYPE_CHECKING:
    from faker import Faker


class Dice:
    """A generator of chance that depends on its salt only, and the time it is.

    `child` gives one that does not depend on what was thrown before.
    """

    __slots__ = ("_salt", "now", "random")

    def __init__(self, now: int, *salt: object) -> None:
        self.now = now
        self._salt = digest(*salt)
        self.random = Random(self._salt)

    @classmethod
    def of(cls, world: World, *salt: object) -> Dice:
        return cls(world.now, world.settings.seed, world.tenant, *salt)

    def child(self, *salt: object) -> Dice:
        return Dice(self.now, self._salt.hex(), *salt)

    @property
    def fake(self) -> Faker:
        """Faker, driven by these dice until other dice ask for it."""
        fake: Any = faker()
        fake.random = self.random
        found: Faker = fake
        return found

    def chance(self, of: float) -> bool:
        return self.random.random() < of
