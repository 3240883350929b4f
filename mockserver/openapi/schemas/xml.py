"""How a schema says that it is written as XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.openapi.schemas.resolved import Flat


def xml_words(flat: Flat) -> Mapping[str, Any]:
    """The `xml` object of a schema; that of a property comes before that of what it refers to."""
    found: dict[str, Any] = {}
    for part in flat.parts:
        words = part.get("xml")
        if isinstance(words, Mapping):
            found = {**words, **found}
    return found


def is_attribute(words: Mapping[str, Any]) -> bool:
    """Whether it is an attribute of the element around it."""
    return bool(words.get("attribute")) or words.get("nodeType") == "attribute"


def is_content(words: Mapping[str, Any]) -> bool:
    """Whether it is the text of the element around it (OpenAPI 3.2)."""
    return words.get("nodeType") in ("text", "cdata")


def is_wrapped(words: Mapping[str, Any]) -> bool:
    """Whether an array has an element of its own around its items."""
    return bool(words.get("wrapped")) or words.get("nodeType") == "element"
