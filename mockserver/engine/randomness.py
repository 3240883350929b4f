"""Randomness as a value: the same salt gives the same results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from random import Random
from threading import local
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mockserver.engine.world import World, digest
from mockserver.private_imports import PrivateImporter

if TYPE_CHECKING:
    from faker import Faker


# Faker: one seeded generator per thread, and its placeholders in fixtures.
#
# A placeholder is `{company}` or, with an argument, `{bothify:ORD-####}`.

LOCALE = "en_US"
_generators = local()


def fake_for(world: World, *salt: object) -> Faker:
    """A Faker seeded by the seed, the tenant and `salt`. Valid until the next call in this
    thread."""
    fake = faker()
    fake.seed_instance(int.from_bytes(digest(world.settings.seed, world.tenant, *salt)))
    return fake


def faker() -> Faker:
    """The generator of this thread: sharing one between threads would make its values depend on
    timing."""
    found: Faker | None = getattr(_generators, "faker", None)
    if found is None:
        found = _generators.faker = _new_faker()
    return found


def _new_faker() -> Faker:
    # Importing Faker is a quarter of the start-up time, and not every run needs it.
    generator, lorem = _generator()

    class Words(lorem.Provider):  # type: ignore[name-defined,misc]
        """Gives what Faker's own provider gives for the same seed, in a tenth of the time."""

        _all = tuple(lorem.Provider.word_list)

        def words(
            self,
            nb: int = 3,
            ext_word_list: Sequence[str] | None = None,
            part_of_speech: str | None = None,
            unique: bool = False,
        ) -> list[str]:
            if unique or part_of_speech or ext_word_list is not None:
                others = list(ext_word_list) if ext_word_list is not None else None
                found: list[str] = super().words(nb, others, part_of_speech, unique)
                return found
            random = self.generator.random
            return [random.choice(self._all)] if nb == 1 else random.choices(self._all, k=nb)

        def word(
            self, part_of_speech: str | None = None, ext_word_list: Sequence[str] | None = None
        ) -> str:
            return self.words(1, ext_word_list, part_of_speech)[0]

    generator.add_provider(Words)
    found: Faker = generator
    return found


def _generator() -> tuple[Any, Any]:
    """A generator of English, and the module of its words.

    `Faker("en_US")` lists the locales of every provider and imports all of them, which takes longer
    than generating everything that a new world needs. Here a provider is imported for its first
    value; no two of them have a method of the same name.
    """
    spec = find_spec("faker")
    replaced = ModuleType("faker")
    replaced.__path__ = list(spec.submodule_search_locations or ()) if spec is not None else []
    try:
        importer = PrivateImporter("faker", replaced={"faker": replaced})
        base: Any = importer.load("faker.generator").Generator
        home = importer.load("faker.providers")
        waiting = {m.name for m in iter_modules(home.__path__) if m.ispkg} - set(_MOST_USED)

        class Growing(base):  # type: ignore[misc]
            """Takes another provider when a method is missing."""

            def __getattr__(self, name: str) -> Any:
                word = name.partition("_")[0]
                if not word:
                    raise AttributeError(name)
                # `credit_card_provider` is of credit_card, `date_this_month` of date_time.
                for other in sorted(waiting, key=lambda n: (word not in n.split("_"), n)):
                    waiting.discard(other)
                    self.add_provider(_provider(importer, other, self))
                    if name in vars(self):
                        return vars(self)[name]
                raise AttributeError(name)

        generator = Growing(locale=LOCALE, use_weighting=False)
        for name in _MOST_USED:
            generator.add_provider(_provider(importer, name, generator))
        return generator, importer.load(f"faker.providers.lorem.{LOCALE}")
    except Exception:  # this version of Faker is built differently: make one in the usual way
        full = import_module("faker").Faker(LOCALE, use_weighting=False)
        return full, import_module(f"faker.providers.lorem.{LOCALE}")


_MOST_USED = ("address", "company", "internet", "lorem", "person")


def _provider(importer: PrivateImporter, name: str, generator: Any) -> Any:
    """One provider, in English or in the language that it has."""
    module: Any = importer.load(f"faker.providers.{name}")
    locale = None
    if getattr(module, "localized", False):
        try:
            localized = importer.load(f"faker.providers.{name}.{LOCALE}")
            locale = LOCALE
        except ModuleNotFoundError:
            locale = module.default_locale
            localized = importer.load(f"faker.providers.{name}.{locale}")
        module = localized
    provider = module.Provider(generator)
    provider.__provider__, provider.__lang__ = name, locale
    # Weighting names by how common they are costs ten times as much as the name.
    provider.__use_weighting__ = False
    return provider


_PLACE = re.compile(r"(?<!\$)\{([a-z_]+)(?::([^}]*))?\}")


def filled(world: World, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The value with its placeholders filled; a placeholder at the same place gets the same
    text."""
    fake = fake_for(world, "seed", name)
    known: dict[str, str] = {}

    def text(match: re.Match[str]) -> str:
        place = match[0]
        if place not in known:
            known[place] = _text_for(fake, match) if is_placeholder(match[1]) else place
        return known[place]

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return _PLACE.sub(text, value)
        if isinstance(value, dict):
            return {key: fill(part) for key, part in value.items()}
        return [fill(part) for part in value] if isinstance(value, list) else value

    return {key: fill(value) for key, value in entry.items()}


def _text_for(fake: Faker, place: re.Match[str]) -> str:
    method = getattr(fake, place[1])
    return str(method(place[2]) if place[2] else method())


def is_placeholder(name: str) -> bool:
    """Whether a name is that of a provider's method. The provider is imported if need be."""
    generator: Any = faker()
    method = getattr(generator, name, None) if not name.startswith("_") else None
    return callable(method) and getattr(method, "__self__", generator) is not generator


def _placeholders() -> list[str]:
    """All names of placeholders, once every provider is imported: after an unknown name."""
    generator: Any = faker()
    names = (name for provider in generator.get_providers() for name in dir(provider))
    return [name for name in names if is_placeholder(name)]


def has_placeholder(value: Any) -> bool:
    """Whether there is a placeholder in the value, at any depth."""
    if isinstance(value, str):
        return any(is_placeholder(match[1]) for match in _PLACE.finditer(value))
    if isinstance(value, Mapping):
        return any(map(has_placeholder, value.values()))
    return isinstance(value, list) and any(map(has_placeholder, value))


def why_unfilled(text: str) -> str:
    """Why the placeholders of a text can't be filled: one is misspelt, or needs something else; ""
    if they can. Braces around anything else are ordinary text."""
    for place in _PLACE.finditer(text):
        if not is_placeholder(place[1]):
            close = get_close_matches(place[1], _placeholders(), n=1, cutoff=0.8)
            if close:
                return f"there is no placeholder {place[0]}; did you mean {{{close[0]}}}?"
            continue
        try:
            _text_for(faker(), place)
        except Exception as error:
            return f"the placeholder {place[0]} can't be filled: {error}"
    return ""


class Rng:
    """A random generator that depends only on its salt and the current time.

    `child` returns one that doesn't depend on earlier calls. `begins`: the generated entity begins
    now, so no time in it is earlier.
    """

    __slots__ = ("_salt", "begins", "now", "random")

    def __init__(self, now: int, *salt: object) -> None:
        self.now = now
        self.begins = False
        self._salt = digest(*salt)
        self.random = Random(self._salt)

    @classmethod
    def of(cls, world: World, *salt: object) -> Rng:
        return cls(world.now, world.settings.seed, world.tenant, *salt)

    def child(self, *salt: object) -> Rng:
        return Rng(self.now, self._salt.hex(), *salt)

    @property
    def fake(self) -> Faker:
        """A Faker that draws from this generator, until another one uses it."""
        fake: Any = faker()
        fake.random = self.random
        found: Faker = fake
        return found

    def chance(self, of: float) -> bool:
        return self.random.random() < of
