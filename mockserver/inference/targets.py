"""The entity that a path leads through, whatever follows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mockserver.inference.model import Resource
from mockserver.inference.paths import ANY, is_version
from mockserver.inference.words import noun as noun_of

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """The entity that a path names: its resource, and the number of path steps that lead to it."""

    resource: Resource
    length: int


class Targets:
    """Finds the entity that a path leads through: by the path of the resource, by that of another
    version, or by a collection whose items can't be fetched."""

    def __init__(
        self,
        items: Mapping[Steps, str],
        collections: Mapping[Steps, str],
        resources: Mapping[str, Resource],
    ) -> None:
        self._resources = resources
        self._items = dict(items)
        for steps, name in collections.items():
            self._items.setdefault((*steps, ANY), name)
        self._versionless: dict[Steps, set[str]] = {}
        self._nouns: dict[str, set[str]] = {}
        for steps, name in self._items.items():
            self._versionless.setdefault(_plain(steps), set()).add(name)
            if len(steps) > 1:
                self._nouns.setdefault(noun_of(steps[-2]), set()).add(name)

    def of(self, steps: Steps) -> str | None:
        """The resource whose entity is at these steps."""
        if not steps or steps[-1] != ANY:
            return None
        found = self._items.get(steps)
        if found is not None:
            return found
        for names in (
            self._versionless.get(_plain(steps), set()),
            self._nouns.get(noun_of(steps[-2]) if len(steps) > 1 else "", set()),
        ):
            if len(names) == 1:
                return next(iter(names))
            made = [name for name in names if self._resources[name].creatable]
            if len(made) == 1:
                return made[0]
        return None


def _plain(steps: Steps) -> Steps:
    return tuple(step for step in steps if step == ANY or not is_version(step))
