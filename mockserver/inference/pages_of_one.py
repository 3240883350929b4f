"""Responses that show one entity as a list shows several: in a page, or in an array."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from typing import TYPE_CHECKING

from mockserver.inference.paths import ANY
from mockserver.inference.resource_model import FIRST, Path
from mockserver.inference.words import is_id_of, last_word, tokens
from mockserver.openapi.schemas.resolved import Schemas

if TYPE_CHECKING:
    from mockserver.inference.operations import Facts


def read_pages_of_one(
    schemas: Schemas, every: Sequence[Facts], item_steps: Collection[tuple[str, ...]]
) -> None:
    """Find one entity where its response is a page, too: `{"count": 1, "items": [{}]}` of
    `/jobs/{id}`, as in the response of the list, or `[{}]`."""
    pages: dict[object, Facts] = {}
    lists: dict[tuple[str, ...], str] = {}
    changed = {one.route.steps for one in every if one.method in ("PUT", "PATCH")}
    for facts in every:
        if facts.envelope is not None and facts.envelope.items:
            pages.setdefault(_page_of(schemas, facts, facts.envelope.items), facts)
        if facts.envelope is not None and facts.method == "GET":
            lists[facts.route.steps] = facts.ref
    pages.pop(None, None)
    envelopes = (one.envelope for one in pages.values())
    # In the order of the document: a set of paths is ordered by chance.
    places = list(dict.fromkeys(one.items for one in envelopes if one is not None))
    for facts in every:
        if facts.envelope is not None and not _is_bare(facts):
            continue
        if facts.envelope is not None:
            below = (*facts.route.steps, ANY) in item_steps
            listed = lists.get(facts.route.steps[:-1]) == facts.ref and _has_id(facts)
            put = facts.route.steps in changed and _is_named(schemas, facts)
            if not below and (listed or put):
                facts.at = (FIRST, *facts.envelope.row)
                facts.envelope = None
            continue
        if FIRST in facts.at or (facts.method == "GET" and not facts.route.is_item):
            continue
        own = _own(schemas, facts)[1]
        for items in places:
            if items[0] not in own:
                continue
            if facts.at != items[: len(facts.at)]:
                continue  # it shows one beside the page
            page = pages.get(_page_of(schemas, facts, items))
            if page is not None and page.envelope is not None:
                facts.at = (*items, FIRST, *page.envelope.row)
                facts.ref = page.ref


def _is_bare(facts: Facts) -> bool:
    """Whether a path that ends in an id responds with an array."""
    return (
        facts.envelope is not None
        and not facts.envelope.items
        and facts.method == "GET"
        and facts.route.is_item
    )


def _has_id(facts: Facts) -> bool:
    """Whether the path ends in the id of one entity."""
    name = facts.route.names[-1]
    return is_id_of(name, last_word(facts.route.noun)) and not name.lower().endswith("s")


def _is_named(schemas: Schemas, facts: Facts) -> bool:
    """Whether what the array has is named as the path names it: `fqdn` of `/forwards/{fqdn}`."""
    own = {tokens(name) for name in schemas.flat_at(facts.ref).properties} if facts.ref else ()
    return tokens(facts.route.names[-1]) in own


def _page_of(schemas: Schemas, facts: Facts, items: Path) -> object:
    """What a page says: its properties, and those of an item; nothing for no page."""
    place, own = _own(schemas, facts)
    if items[0] not in own:
        return None
    place = schemas.along(place, items)
    item = schemas.place(schemas.main(place), None) if place is not None else None
    shown = schemas.flat_at(item).properties.keys() if item is not None else ()
    return (items, frozenset(own), frozenset(shown)) if shown else None


def _own(schemas: Schemas, facts: Facts) -> tuple[str | None, Set[str]]:
    """The place of the schema of a response, and its properties."""
    media = facts.operation.success_json
    place = media.pointer if media is not None else None
    return place, schemas.flat_at(place).properties.keys() if place is not None else frozenset()
