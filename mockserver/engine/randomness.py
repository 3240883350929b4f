"""Randomness as a value: the same salt gives the same results."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from mockserver.engine.faker import faker
from mockserver.engine.world import World, digest

if TYPE_CHECKING:
    from faker import Faker


class Dice:
    """A random generator that depends only on its salt and the current time.

    `child` returns one that doesn't depend on earlier calls.
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
        """A Faker driven by these dice, until other dice use it."""
        fake: Any = faker()
        fake.random = self.random
        found: Faker = fake
        return found

    def chance(self, of: float) -> bool:
        return self.random.random() < of
