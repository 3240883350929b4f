"""Links in responses that lead to what was made or started: `location`, `status_url`.

The engine follows them too, so this module imports no rules of inference: a start that finds its
plan in the cache loads none.
"""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.inference.page_fields import LINKS
from mockserver.inference.resource_model import Path
from mockserver.inference.words import bag, snake_case, tokens
from mockserver.openapi.schemas.resolved import Schemas

_SELF = bag("location href self resource_url resource_uri self_url self_link location_url")
_ASKED = bag("status state job task operation poll polling monitor progress tracking check request")
"""What is asked at the URL that a receipt gives: `status_url`, `pollingUrl`."""
_URLS = bag("url uri href link endpoint")


def leading(schemas: Schemas, place: str) -> Iterator[tuple[Path, str]]:
    """The texts of a response that lead to what was made or started, each with the place of its
    schema: `location`, `status_url`, `_links.self.href`."""
    for name in schemas.flat_at(place).properties:
        at = schemas.place(place, name)
        if at is None:
            continue
        if "string" in schemas.flat_at(at).types and leads(name):
            yield (name,), at
        elif name.lower() in LINKS:
            for inner in schemas.flat_at(at).properties:
                below = schemas.place(at, inner)
                if below is None or snake_case(inner) not in ("self", *_ASKED):
                    continue
                if "string" in schemas.flat_at(below).types:
                    yield (name, inner), below
                elif "href" in schemas.flat_at(below).properties:
                    yield (name, inner, "href"), schemas.place(below, "href") or below


def leads(name: str) -> bool:
    """Whether a text with this name leads to what was made or started."""
    *words, last = tokens(name) or ("",)
    asked = last in _URLS and bool(words) and _ASKED.issuperset(words)
    return asked or snake_case(name) in _SELF
