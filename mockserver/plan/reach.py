"""Which things a client can come to know: by lists and creates that it can ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mockserver.plan.model import Action, Because, Resource


def reached(
    resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Resource]:
    """The resources; `open` are those, too, that are listed and made only beneath what can't be
    known before (`/rules/{id}/rules`): without a first one there would never be any."""
    known = {name for name, one in resources.items() if one.singleton or one.open}
    ways = [
        (action.resource, {link.resource for link in action.parents if link.resource in resources})
        for action in actions.values()
        if action.kind in ("list", "create") and action.resource in resources
    ]
    more = True
    while more:
        found = {name for name, needed in ways if needed <= known} - known
        known |= found
        more = bool(found)
    why = Because("it is listed and made only beneath things that nobody can know before", "guess")
    return {
        name: one if name in known else replace(one, open=True, because=(*one.because, why))
        for name, one in resources.items()
    }
