"""Rows that stand for entities of another resource below an owner: the members of a team, the songs
of a playlist. Each has the id of its user or song, and none of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Protocol

from mockserver.inference.identifiers import Drafted
from mockserver.inference.link_rows import names_given
from mockserver.inference.operations import Survey
from mockserver.inference.paths import Route
from mockserver.inference.resource_model import Path, Resource
from mockserver.inference.words import about, bag, last_word, noun, snake_case
from mockserver.openapi.schemas.resolved import Flat

_OWN_IDS = bag("id _id uuid guid")


class Others(Protocol):
    """What this module needs to know of all resources."""

    def is_other(self, noun: str, draft: object) -> bool:
        """Whether a resource besides this draft is called so."""
        ...


def member_of(
    survey: Survey, draft: Drafted, flat: Flat, key: str, others: Others
) -> tuple[str, Path] | None:
    """The noun of the resource for whose entities the rows of a draft stand, and where a row has
    the id of one: in `user_id`, or in the `id` of its `user`. None if they are entities of their
    own."""
    keyed = not _OWN_IDS.isdisjoint(flat.properties)
    sent = {
        about(name)
        for one in draft.creates
        for name in (survey.flat(one.body).properties if one.body else ())
    }
    if not draft.items and not keyed:
        sent |= {name for one in draft.lists for name in names_given(survey, one)}
    for route in draft.items:
        called = about(route.names[-1])
        found = _place(survey, flat, called) if others.is_other(called, draft) else None
        own = called in (draft.noun, last_word(draft.noun)) or found == (key,)
        put_in = not draft.creates or _is_put_in(survey, route, sent)
        if own and (keyed or not put_in or any(r.parent != draft.route for r in draft.items)):
            continue  # it is its own id, whatever else is called so
        if found is not None:
            return called, found
    if draft.items or keyed:
        return None
    shown = list(_references(survey, draft, flat, others))
    named = [one for one in shown if one[0] in sent or {"id", "uuid", "uri"} & sent]
    only = len(named) == 1 and key in ("", named[0][1][0])
    return named[0] if only else None


def _is_put_in(survey: Survey, item: Route, sent: Set[str]) -> bool:
    """Whether what a path names is put there, or a create says which one it is."""
    puts = survey.at(item.steps, "PUT", "POST") is not None
    return puts or not sent.isdisjoint((about(item.names[-1]), "id", "uuid", "uri"))


def with_cascades(resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """The resources, whose entities take with them the rows that stand for them."""
    found = dict(resources)
    for name, resource in resources.items():
        member = resource.identity.member
        if member is None:
            continue
        called = about(member[0])
        whole = [n for n, one in resources.items() if one.noun == called and n != name]
        if len(whole) == 1:
            other = found[whole[0]]
            cascades = (*other.cascades, (name, ".".join(member)))
            found[whole[0]] = replace(other, cascades=cascades)
    return found


def _references(
    survey: Survey, draft: Drafted, flat: Flat, others: Others
) -> Iterator[tuple[str, Path]]:
    """The other entities that a row names, each with where it has the id."""
    above = noun(draft.route.parent.parent.last)
    for name in flat.properties:
        called = about(name)
        found = _place(survey, flat, called)
        known = called != above and others.is_other(called, draft)
        if known and found is not None and found[0] == name:
            yield called, found


def _place(survey: Survey, flat: Flat, called: str) -> Path | None:
    """Where a row has the id of an entity that is called so."""
    for name, schema in flat.properties.items():
        if snake_case(name) in (f"{called}_id", f"{called}_uuid"):
            return (name,)
        inner = survey.schemas.flat(schema)
        if snake_case(name) == called and "id" in inner.properties and "array" not in inner.types:
            return (name, "id")
    return None
