"""Which resource a path parameter names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from mockserver.plan.model import Link
from mockserver.plan.naming import noun, tokens
from mockserver.plan.routes import ANY, Route


class Named(Protocol):
    """What of a resource in the making counts here."""

    items: list[Route]
    singleton: bool

    @property
    def noun(self) -> str: ...


class Linker:
    """Finds the resource that a path parameter names."""

    def __init__(self, drafts: Mapping[str, Named]) -> None:
        self._items = {r.steps: name for name, draft in drafts.items() for r in draft.items}
        self._nouns: dict[str, list[str]] = defaultdict(list)
        for name, draft in drafts.items():
            if draft.items and not draft.singleton:
                self._nouns[draft.noun.rsplit("_", 1)[-1]].append(name)

    def links(self, route: Route, length: int, fields: Iterable[str]) -> tuple[Link, ...]:
        """The parents that the first `length` steps of a path name."""
        fields = list(fields)
        found = []
        names = iter(route.names)
        for index, step in enumerate(route.steps[:length]):
            if step == ANY:
                parameter = next(names)
                resource = self._items.get(route.steps[: index + 1], "")
                certain = bool(resource)
                if not resource:
                    resource = self._by_name(route.steps[index - 1] if index else "", parameter)
                field_name = _field(parameter, resource, fields)
                found.append(Link(parameter, resource, field_name, certain))
        return tuple(found)

    def _by_name(self, before: str, parameter: str) -> str:
        words = tokens(parameter)
        about = words[-2] if len(words) > 1 and words[-1] in ("id", "uuid", "key") else ""
        if about and noun(before).rsplit("_", 1)[-1] == about:
            candidates = self._nouns.get(about, [])
            return candidates[0] if len(candidates) == 1 else ""
        return ""


def _field(parameter: str, resource: str, fields: list[str]) -> str:
    about = noun(resource.rsplit(".", 1)[-1]) if resource else ""
    spelled = {"_".join(tokens(name)): name for name in reversed(fields)}
    for wanted in ("_".join(tokens(parameter)), f"{about}_id" if about else "", about):
        if wanted and wanted in spelled:
            return spelled[wanted]
    return ""
