"""Resources in the making: the paths that are about one kind of entity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from mockserver.inference.identifiers import has_key
from mockserver.inference.lifecycles import Hints
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import Route
from mockserver.inference.remote_calls import is_status_path
from mockserver.inference.resource_model import Because, Confidence
from mockserver.inference.words import tokens
from mockserver.records import dataclass


@dataclass(slots=True)
class Draft:
    """A resource in the making: every path that belongs to it."""

    collections: list[Route] = field(default_factory=list)
    items: list[Route] = field(default_factory=list)
    lists: list[Facts] = field(default_factory=list)
    creates: list[Facts] = field(default_factory=list)
    because: list[Because] = field(default_factory=list)
    singleton: bool = False
    hints: Hints | None = None

    @property
    def route(self) -> Route:
        """The main path of the resource: that of the create, else of the list, else of an item."""
        if self.creates:
            return self.creates[0].route
        if self.collections:
            return max(self.collections, key=lambda r: len(r.steps))
        return self.items[0].parent

    @property
    def noun(self) -> str:
        if len(self.items) == 1 and not self.collections and is_status_path(self.route):
            # `/status/{exportId}` reads an export.
            return "_".join(tokens(self.items[0].names[-1])[:-1]) or self.route.noun
        return self.route.noun

    def absorb(self, other: Draft) -> None:
        """Take over the paths and operations of another draft."""
        self.collections += other.collections
        self.items += other.items
        self.lists += other.lists
        self.creates += other.creates
        self.because += other.because

    def say(self, text: str, confidence: Confidence = "likely") -> None:
        self.because.append(Because(text, confidence))


def refs_of(survey: Survey, draft: Draft) -> set[str]:
    """The named schemas of the entity; what is read elsewhere, such as the operation with which a
    create responds, is another one."""
    facts = [*draft.lists, *draft.creates]
    for route in draft.items:
        found = survey.by_steps[route.steps]
        facts += (found[m] for m in ("GET", "PUT", "PATCH") if m in found and not found[m].is_list)
    refs = {one.ref for one in facts if one.ref.startswith(("#/components/", "#/x-bundled/"))}
    own = {route.steps for route in draft.items}
    read = {ref for ref in refs if not own.isdisjoint(survey.homes.get(ref, ()))}
    return {r for r in refs if r in read or r not in survey.homes} if read else refs


def described(survey: Survey, draft: Draft) -> Iterator[str]:
    routes = [*draft.items, *(draft.collections if draft.singleton else ())]
    for methods in (("GET",), ("PUT", "PATCH")):
        for route in routes:
            facts = survey.at(route.steps, *methods)
            if facts is not None and facts.ref:
                yield facts.ref
    # What a create answers may be nothing but a receipt, with an id.
    sent = {name for one in draft.creates for name in survey.flat(one.body).properties}
    full = [one for one in draft.creates if sent & survey.flat(one.ref).properties.keys()]
    if not any(has_key(survey.flat(one.ref), draft.noun) for one in (*draft.lists, *full)):
        rows = max((len(survey.flat(one.ref).properties) for one in draft.lists), default=0)
        full = [one for one in full if len(survey.flat(one.ref).properties) > rows]
    rest = [one for one in draft.creates if one not in full]
    yield from (facts.ref for facts in (*full, *draft.lists, *rest) if facts.ref)
