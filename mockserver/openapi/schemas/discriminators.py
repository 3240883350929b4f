"""Which branch of a union a value belongs to: by the discriminator, or by the branches' enums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mockserver.openapi.document import find, pointer_of

_BOUNDS = ("minProperties", "patternProperties", "propertyNames", "dependentRequired", "if", "not")
_NOTES = ("type", "$ref", "allOf", "title", "description", "example", "examples", "default")
"""What a schema that admits every text may have."""
_MOST_PARTS = 200


class Dispatch(NamedTuple):
    """A property whose value names the branch.

    `names` are the values for each branch, in branch order. `needed`: a value without the property
    is invalid; `closed`: an unknown name is invalid.
    """

    property: str
    names: tuple[tuple[Any, ...], ...]
    needed: bool
    closed: bool


def names_of(tag: Mapping[str, Any], branch: Any) -> list[str]:
    """The values that name a branch, those of the mapping first; none for an inline branch, which a
    discriminator can't name."""
    reference = branch.get("$ref") if isinstance(branch, Mapping) else None
    if not isinstance(reference, str):
        return []
    last = reference.rsplit("/", 1)[-1]
    mapping = _mapping(tag)
    found = [name for name, target in mapping.items() if target in (reference, last)]
    return found if last in mapping else [*found, last]


def dispatch_of(
    document: Mapping[str, Any], schema: Mapping[str, Any], branches: Sequence[Any]
) -> Dispatch | None:
    """The property that selects the branch; None if nothing does so reliably."""
    tag = schema.get("discriminator")
    facts = [_Facts(document, branch) for branch in branches]
    if isinstance(tag, Mapping) and isinstance(tag.get("propertyName"), str):
        name = tag["propertyName"]
        mapped = {str(target) for target in _mapping(tag).values()}
        listed: list[list[Any]] = [fact.listed(name) or [] for fact in facts]
        every = [str(value) for values in listed for value in values]
        if len(set(every)) < len(every):
            # Properties that all branches inherit don't distinguish them.
            listed = [[] for _ in facts]
        names = [
            tuple(dict.fromkeys((*names_of(tag, branch), *values)))
            for branch, values in zip(branches, listed, strict=True)
        ]
        exhaustive = all(
            values or mapped & {branch.get("$ref"), names_of(tag, branch)[-1]}
            for branch, values in zip(branches, listed, strict=True)
            if isinstance(branch, Mapping) and isinstance(branch.get("$ref"), str)
        )
        closed = exhaustive and "defaultMapping" not in tag
        return _dispatch(name, names, all(name in fact.required for fact in facts), closed)
    if len(branches) < 2:
        return None
    for name in facts[0].required:
        named_values = [fact.listed(name) if name in fact.required else None for fact in facts]
        if all(named_values) and all(fact.is_object for fact in facts):
            found = _dispatch(name, [tuple(one or ()) for one in named_values], True, True)
            if found is not None:
                return found
    return None


def _dispatch(
    name: str, names: Sequence[tuple[Any, ...]], needed: bool, closed: bool
) -> Dispatch | None:
    every = [one for branch in names for one in branch]
    # A number has several spellings; a text has one.
    distinct = all(isinstance(one, str) for one in every) and len(set(every)) == len(every)
    return Dispatch(name, tuple(names), needed, closed) if distinct and all(names) else None


def is_loose(document: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether several branches of a `oneOf` can match only because one of them requires nothing.

    Such a union is read as an `anyOf`: a value belongs to the branch it fits best.
    """
    branches = schema.get("oneOf")
    if not isinstance(branches, list) or len(branches) < 2:
        return False
    facts = [_Facts(document, branch) for branch in branches]
    objects = [fact for fact in facts if fact.is_object]
    if len(objects) > 1 and any(fact.asks_for_nothing for fact in objects):
        return True
    return _is_open_list(document, branches)


def _is_open_list(document: Mapping[str, Any], branches: Sequence[Any]) -> bool:
    """Whether one branch lists texts and another admits any: `[{"enum": ["a"]}, {"type":
    "string"}]`."""
    parts = [list(plain_parts(document, branch)) for branch in branches]
    lists = any(
        isinstance(values, list) and any(isinstance(value, str) for value in values)
        for one in parts
        for part in one
        for values in (part.get("enum"),)
    )
    return lists and any(
        any(part.get("type") == "string" for part in one)
        and all(word in _NOTES or word.startswith("x-") for part in one for word in part)
        for one in parts
    )


class _Facts:
    """The combined constraints of one branch, with references and `allOf` followed."""

    def __init__(self, document: Mapping[str, Any], branch: Any) -> None:
        self.required: dict[str, None] = {}
        self.is_object = self.bounded = False
        self._listed: dict[str, list[Any]] = {}
        hidden: set[str] = set()
        for part in plain_parts(document, branch):
            properties = part.get("properties")
            properties = properties if isinstance(properties, Mapping) else {}
            self.is_object = self.is_object or part.get("type") == "object" or bool(properties)
            needed = part.get("required")
            if isinstance(needed, list):
                self.required.update(dict.fromkeys(n for n in needed if isinstance(n, str)))
            closed = (part.get(w) for w in ("additionalProperties", "unevaluatedProperties"))
            chooses = any(part.get(word) for word in ("oneOf", "anyOf", "enum", "const"))
            self.bounded = self.bounded or chooses or any(word in part for word in _BOUNDS)
            self.bounded = self.bounded or any(value is False for value in closed)
            for name, value in properties.items():
                if isinstance(value, Mapping) and (value.get("readOnly") or value.get("writeOnly")):
                    hidden.add(name)
                for inner in plain_parts(document, value):
                    values = [inner["const"]] if "const" in inner else inner.get("enum")
                    if isinstance(values, list) and values:
                        self._listed.setdefault(name, values)
        # Hidden on one side (readOnly, writeOnly).
        for name in hidden:
            self.required.pop(name, None)

    @property
    def asks_for_nothing(self) -> bool:
        # A property with an enum identifies its branch, if it is present.
        return not (self.required or self.bounded or self._listed)

    def listed(self, name: str) -> list[Any] | None:
        """The enum of a property; None if it has none."""
        return self._listed.get(name)


def plain_parts(document: Mapping[str, Any], schema: Any) -> Iterable[Mapping[str, Any]]:
    """The schema with its references and all parts of `allOf`, each once."""
    seen: set[int] = set()
    waiting = [schema]
    while waiting and len(seen) < _MOST_PARTS:
        part = waiting.pop()
        if not isinstance(part, Mapping) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        below = part.get("allOf")
        waiting.extend(reversed(below) if isinstance(below, list) else ())
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            waiting.append(find(document, pointer_of(reference)))


def _mapping(tag: Mapping[str, Any]) -> Mapping[str, Any]:
    mapping = tag.get("mapping")
    return mapping if isinstance(mapping, Mapping) else {}
