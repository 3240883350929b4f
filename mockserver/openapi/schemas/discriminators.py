"""What a discriminator says: which value names which branch of a choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def names_of(tag: Mapping[str, Any], branch: Any) -> list[str]:
    """The values that name a branch, those of the mapping first; none of one that stands inline,
    of which a discriminator does not speak."""
    reference = branch.get("$ref") if isinstance(branch, Mapping) else None
    if not isinstance(reference, str):
        return []
    last = reference.rsplit("/", 1)[-1]
    mapping = tag.get("mapping")
    mapping = mapping if isinstance(mapping, Mapping) else {}
    found = [name for name, target in mapping.items() if target in (reference, last)]
    return found if last in mapping else [*found, last]


def told(tag: Mapping[str, Any], branches: Sequence[Any]) -> list[dict[str, Any]]:
    """What the discriminator asks of a value, as JSON Schema: to fit the branch that it names.

    The branches keep their references as they are written here.
    """
    name = tag.get("propertyName")
    if not isinstance(name, str):
        return []
    return [
        {
            "if": {
                "type": "object",
                "properties": {name: {"enum": names}},
                "required": [name],
            },
            "then": {"$ref": branch["$ref"]},
        }
        for branch in branches
        for names in (names_of(tag, branch),)
        if names
    ]
