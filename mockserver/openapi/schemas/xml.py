"""The `xml` keywords of schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.openapi.schemas.resolved import Flat


def xml_words(flat: Flat) -> Mapping[str, Any]:
    """The `xml` object of a schema; that of a property wins over that of its reference's target."""
    found: dict[str, Any] = {}
    for part in flat.parts:
        words = part.get("xml")
        if isinstance(words, Mapping):
            found = {**words, **found}
    return found


def is_attribute(words: Mapping[str, Any]) -> bool:
    """Whether it is an attribute of the enclosing element."""
    return bool(words.get("attribute")) or words.get("nodeType") == "attribute"


def is_content(words: Mapping[str, Any]) -> bool:
    """Whether it is the text of the enclosing element (OpenAPI 3.2)."""
    return words.get("nodeType") in ("text", "cdata")


def is_wrapped(words: Mapping[str, Any]) -> bool:
    """Whether an array has an element around its items."""
    return bool(words.get("wrapped")) or words.get("nodeType") == "element"
