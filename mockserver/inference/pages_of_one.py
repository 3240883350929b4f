"""Responses that show one entity as a list shows several: in a page, or in an array."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from mockserver.inference.model import FIRST, Path
from mockserver.inference.paths import ANY
from mockserver.inference.words import is_id_of
from mockserver.openapi.media_types import is_json_or_any
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
        if facts.envelope is not None:
            below = (*facts.route.steps, ANY) in item_steps
            if not below and lists.get(facts.route.steps[:-1]) == facts.ref and _is_bare(facts):
                facts.at = (FIRST, *facts.envelope.row)
                facts.envelope = None
            continue
        if FIRST in facts.at or (facts.method == "GET" and not facts.route.is_item):
            continue
        for items in places:
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
        and is_id_of(facts.route.names[-1], facts.route.noun.rsplit("_", 1)[-1])
        and not facts.route.names[-1].lower().endswith("s")
    )


def _page_of(schemas: Schemas, facts: Facts, items: Path) -> object:
    """What a page says: its properties, and those of an item; nothing for no page."""
    response = facts.operation.response_for(facts.operation.success)
    content = response.content if response is not None else {}
    place = next((media.pointer for name, media in content.items() if is_json_or_any(name)), None)
    own = schemas.flat_at(place).properties.keys() if place is not None else ()
    if items[0] not in own:
        return None
    for name in items:
        place = schemas.place(place, name) if place is not None else None
    item = schemas.place(schemas.main(place), None) if place is not None else None
    shown = schemas.flat_at(item).properties.keys() if item is not None else ()
    return (items, frozenset(own), frozenset(shown)) if shown else None
