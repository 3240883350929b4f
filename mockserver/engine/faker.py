"""Faker: one seeded generator per thread, and its placeholders in fixtures.

A placeholder is `{company}` or, with an argument, `{bothify:ORD-####}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from threading import local
from typing import TYPE_CHECKING, Any

from mockserver.engine.world import World, digest

if TYPE_CHECKING:
    from faker import Faker

_generators = local()


def fake_for(world: World, *salt: object) -> Faker:
    """Faker, seeded by the seed, the tenant and `salt`. Use it before the next call of this."""
    fake = faker()
    fake.seed_instance(int.from_bytes(digest(world.settings.seed, world.tenant, *salt)))
    return fake


def faker() -> Faker:
    """This thread's generator: a seeded one that two threads share gives neither its values."""
    found: Faker | None = getattr(_generators, "faker", None)
    if found is None:
        found = _generators.faker = _new_faker()
    return found


def _new_faker() -> Faker:
    # Importing Faker is a quarter of the start-up time, and not every run needs it.
    from faker import Faker
    from faker.providers.lorem.en_US import Provider

    class Words(Provider):
        """Gives what Faker's own provider gives for the same seed, in a tenth of the time."""

        _all = tuple(Provider.word_list)

        def words(
            self,
            nb: int = 3,
            ext_word_list: Sequence[str] | None = None,
            part_of_speech: str | None = None,
            unique: bool = False,
        ) -> list[str]:
            if unique or part_of_speech or ext_word_list is not None:
                others = list(ext_word_list) if ext_word_list is not None else None
                return super().words(nb, others, part_of_speech, unique)
            random = self.generator.random
            return [random.choice(self._all)] if nb == 1 else random.choices(self._all, k=nb)

        def word(
            self, part_of_speech: str | None = None, ext_word_list: Sequence[str] | None = None
        ) -> str:
            return self.words(1, ext_word_list, part_of_speech)[0]

    # Weighting names by how common they are costs ten times as much as the name.
    found = Faker("en_US", use_weighting=False)
    found.add_provider(Words)
    return found


_PLACE = re.compile(r"(?<!\$)\{([a-z_]+)(?::([^}]*))?\}")


def filled(world: World, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with its places filled: the same place in it gets the same text."""
    fake = fake_for(world, "seed", name)
    known: dict[str, str] = {}

    def text(match: re.Match[str]) -> str:
        place = match[0]
        if place not in known:
            method = getattr(fake, match[1])
            known[place] = str(method(match[2]) if match[2] else method())
        return known[place]

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return _PLACE.sub(text, value)
        if isinstance(value, dict):
            return {key: fill(part) for key, part in value.items()}
        return [fill(part) for part in value] if isinstance(value, list) else value

    return {key: fill(value) for key, value in entry.items()}
