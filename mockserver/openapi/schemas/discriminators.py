"""Which branch of a union a value belongs to: by the discriminator, or by the enums of branches.

A base with a discriminator stands for the schemas that extend it. Many documents define `Pet` with
a discriminator and `Cat: {allOf: [Pet, ...]}`, and use `Pet` where a cat is allowed. Here `Pet`
becomes `anyOf: [Cat, Dog]` and the base itself is moved aside, so that readers of a contract only
have to handle unions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from mockserver.openapi.document import copied, find, join, pointer_of, reference_to
from mockserver.openapi.objects import objects, reference_in

_ASKING = ("minProperties", "if", "not")
_SCALARS = frozenset(("string", "number", "integer", "boolean"))
_SIZES = ("float", "double", "int32", "int64")
_NOTES = ("type", "$ref", "allOf", "title", "description", "example", "examples", "default")
"""What a schema that admits every value of its type may have."""
_MOST_COMPARED = 60
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
        return _by_discriminator(tag, facts, branches)
    if len(branches) < 2 or not all(fact.is_object for fact in facts):
        return None
    for name in facts[0].required:
        listed = [fact.listed(name) if name in fact.required else None for fact in facts]
        found = _dispatch(name, [tuple(values or ()) for values in listed], True, True)
        if found is not None:
            return found
    return None


def _by_discriminator(
    tag: Mapping[str, Any], facts: Sequence[_Facts], branches: Sequence[Any]
) -> Dispatch | None:
    """The property of a `discriminator`, with the values that name each branch."""
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


def _dispatch(
    name: str, names: Sequence[tuple[Any, ...]], needed: bool, closed: bool
) -> Dispatch | None:
    every = [one for branch in names for one in branch]
    # A number has several spellings; a text has one.
    distinct = all(isinstance(one, str) for one in every) and len(set(every)) == len(every)
    return Dispatch(name, tuple(names), needed, closed) if distinct and all(names) else None


def is_loose(document: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether a value can match several branches of a `oneOf` because one of them requires nothing
    that another one does not, both take null, or both take an empty array.

    Such a union is read as an `anyOf`: a value belongs to the branch it fits best. Where each
    branch requires something of its own (`card` or `iban`), what has both still fits none.
    """
    branches = schema.get("oneOf")
    if not isinstance(branches, list) or len(branches) < 2:
        return False
    facts = [_Facts(document, branch) for branch in branches[:_MOST_COMPARED]]
    if sum(one.nullable for one in facts) > 1 or sum(one.may_be_empty for one in facts) > 1:
        return True
    return any(one is not other and one.covers(other) for one in facts for other in facts)


class _Facts:
    """The combined constraints of one branch, with references and `allOf` followed."""

    def __init__(self, document: Mapping[str, Any], branch: Any) -> None:
        self.required: dict[str, None] = {}
        self.is_object = self.nullable = False
        self._asks = self._closed = False
        self._listed: dict[str, list[Any]] = {}
        self._kinds: dict[str, set[str]] = {}
        self._patterns: dict[str, str] = {}
        hidden: set[str] = set()
        self._parts = list(plain_parts(document, branch))
        for part in self._parts:
            properties = part.get("properties")
            properties = properties if isinstance(properties, Mapping) else {}
            self.is_object = self.is_object or part.get("type") == "object" or bool(properties)
            self.nullable = self.nullable or _takes_null(part)
            needed = part.get("required")
            if isinstance(needed, list):
                self.required.update(dict.fromkeys(n for n in needed if isinstance(n, str)))
            chooses = any(part.get(word) for word in ("oneOf", "anyOf", "enum", "const"))
            self._asks = self._asks or chooses or any(word in part for word in _ASKING)
            closed = (part.get(w) for w in ("additionalProperties", "unevaluatedProperties"))
            self._closed = self._closed or any(value is False for value in closed)
            for name, value in properties.items():
                if isinstance(value, Mapping) and (value.get("readOnly") or value.get("writeOnly")):
                    hidden.add(name)
                for inner in plain_parts(document, value):
                    values = [inner["const"]] if "const" in inner else inner.get("enum")
                    if isinstance(values, list) and values:
                        self._listed.setdefault(name, values)
                    self._kinds.setdefault(name, set()).update(_types(inner))
                    if isinstance(inner.get("pattern"), str):
                        self._patterns[name] = inner["pattern"]
        # Hidden on one side (readOnly, writeOnly).
        for name in hidden:
            self.required.pop(name, None)

    def listed(self, name: str) -> list[Any] | None:
        """The enum of a property; None if it has none."""
        return self._listed.get(name)

    def covers(self, other: _Facts) -> bool:
        """Whether all that the other branch needs is enough for this one, too."""
        if not (self.is_object and other.is_object):
            # A plain `type` takes what the other one restricts: texts, and a list of texts.
            kinds = other.scalars()
            return bool(kinds) and kinds <= self.scalars() and self._says_only_its_kind()
        if self._asks or not self.required.keys() <= other.required.keys():
            return False
        if self._closed and not other.required.keys() <= self._kinds.keys():
            return False
        return not any(self._differs(other, name) for name in self.required)

    def _differs(self, other: _Facts, name: str) -> bool:
        """Whether a property tells the branches apart."""
        listed = self._listed.get(name), other.listed(name)
        if listed[0] and listed[1] and not any(value in listed[1] for value in listed[0]):
            return True
        patterns = {one._patterns[name] for one in (self, other) if name in one._patterns}
        mine, others = self._kinds.get(name), other._kinds.get(name)
        return len(patterns) > 1 or bool(mine and others and mine.isdisjoint(others))

    def scalars(self) -> set[str]:
        """The types of the values, if they are neither objects nor arrays."""
        found: set[str] = set()
        for part in self._parts:
            found.update(_types(part))
            if not found and isinstance(part.get("enum"), list):
                found.update("string" for value in part["enum"] if isinstance(value, str))
        return found if found <= _SCALARS else set()

    def _says_only_its_kind(self) -> bool:
        return all(
            word in _NOTES or word.startswith("x-") or (word == "format" and part[word] in _SIZES)
            for part in self._parts
            for word in part
        )

    @property
    def may_be_empty(self) -> bool:
        """Whether it takes an empty array."""
        arrays = any("array" in _types(part) for part in self._parts)
        return arrays and not any(part.get("minItems") for part in self._parts)


def _types(part: Mapping[str, Any]) -> list[str]:
    found = part.get("type")
    found = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return [*found, "integer"] if "number" in found else found


def _takes_null(part: Mapping[str, Any]) -> bool:
    return part.get("nullable") is True or ("null" in _types(part) and part.get("type") != "null")


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


PLACE = "x-base"
KIND = "x-kind-of"
"""Which value the discriminator has in an extension, by the name of the property."""
_AZURE = "x-ms-discriminator-value"
"""What names an extension in documents of Azure, whose Swagger 2 has no mapping."""
_MOST_CHILDREN = 30
"""A base with more extensions is a common root, which says little about a value."""


def with_choices(document: dict[str, Any]) -> dict[str, Any]:
    """The document with each inherited discriminator as a union; unchanged if it has none."""
    try:
        if b'"discriminator"' not in orjson.dumps(document):
            return document
    except TypeError:
        return document  # Values that aren't JSON are rejected later, with their place.
    bases = _bases(document)
    if not bases:
        return document
    changed: dict[str, Any] = copied(document)
    schemas = changed["components"]["schemas"]
    aside = changed.setdefault(PLACE, {})
    moved = {_at(base): reference_to(join("#", PLACE, base)) for base in bases}
    for _, kind, node in list(objects(changed)):
        if kind == "schema" and isinstance(node.get("allOf"), list):
            for part in node["allOf"]:
                reference = reference_in(part)
                if reference is not None and pointer_of(reference) in moved:
                    part["$ref"] = moved[pointer_of(reference)]
    for base, children in bases.items():
        aside[base] = schemas[base]
        named = {child: schemas[child].get(_AZURE) for child in children}
        schemas[base] = _choice(base, schemas[base], named, moved[_at(base)])
        _tell_kinds(schemas, children, schemas[base]["discriminator"])
        del aside[base]["discriminator"]
    return changed


def _tell_kinds(schemas: Mapping[str, Any], children: list[str], tag: Mapping[str, Any]) -> None:
    """Note in each extension the value that its discriminator has where the extension is used by
    itself: a mate that is an owl is of the kind `owl`, which only the base lists."""
    for value, target in tag["mapping"].items():
        name = next(
            (child for child in children if target in (child, reference_to(_at(child)))), ""
        )
        if name:
            schemas[name].setdefault(KIND, {}).setdefault(tag["propertyName"], value)


def _at(name: str) -> str:
    return join("#/components/schemas", name)


def _bases(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """The schemas with a discriminator and no union of their own, with their extensions."""
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    if not isinstance(schemas, Mapping):
        return {}
    extended: dict[str, list[str]] = {}
    for name, schema in schemas.items():
        for base in _extends(schema):
            extended.setdefault(base, []).append(name)
    found = {}
    for name, schema in schemas.items():
        tag = schema.get("discriminator") if isinstance(schema, Mapping) else None
        if not isinstance(tag, Mapping) or not isinstance(tag.get("propertyName"), str):
            continue
        if schema.keys() & {"oneOf", "anyOf"}:
            continue
        children = _descendants(name, extended)
        # A single extension is the same resource in responses: NewPet, and Pet with its id.
        several = len(extended.get(name, ())) > 1 or isinstance(tag.get("mapping"), Mapping)
        if children and several and len(children) <= _MOST_CHILDREN:
            found[name] = children
    return found


def _extends(schema: Any) -> Iterator[str]:
    parts = schema.get("allOf") if isinstance(schema, Mapping) else None
    for part in parts if isinstance(parts, list) else ():
        reference = reference_in(part)
        if reference is not None and reference.startswith("#/components/schemas/"):
            pointer = pointer_of(reference)
            if pointer.count("/") == 3:
                yield pointer.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")


def _descendants(name: str, extended: Mapping[str, list[str]]) -> list[str]:
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        for child in extended.get(waiting.pop(), ()):
            if child not in found and child != name:
                found[child] = None
                waiting.append(child)
    return list(found)


def _listed(schema: Mapping[str, Any], name: str) -> list[str]:
    """The enum values of a base's discriminator."""
    properties = schema.get("properties")
    own = properties.get(name) if isinstance(properties, Mapping) else None
    values = own.get("enum") if isinstance(own, Mapping) else None
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _choice(
    base: str, schema: Mapping[str, Any], children: Mapping[str, Any], aside: str
) -> dict[str, Any]:
    """The union of the children, each with the value that names it beside its own name, if any."""
    tag = schema["discriminator"]
    name = tag["propertyName"]
    mapping = tag.get("mapping")
    mapping = dict(mapping) if isinstance(mapping, Mapping) else {}
    own = [word for word, target in mapping.items() if target in (base, reference_to(_at(base)))]
    for word in own:
        mapping[word] = aside
    targets = [reference_to(_at(child)) for child in children]
    # A base without a required discriminator, or with a value of its own, is concrete.
    for child, value in children.items():
        if isinstance(value, str):
            mapping.setdefault(value, reference_to(_at(child)))
        if not {child, reference_to(_at(child))} & {str(target) for target in mapping.values()}:
            mapping.setdefault(child, reference_to(_at(child)))
    needed = schema.get("required")
    others = [word for word in _listed(schema, name) if word not in mapping]
    mapping.update(dict.fromkeys(others, aside))
    if own or others or not (isinstance(needed, list) and name in needed):
        mapping.setdefault(base, aside)
        targets.append(aside)
    kept = {k: v for k, v in schema.items() if k in ("title", "description", "nullable", "xml")}
    kept |= {k: v for k, v in schema.items() if k.startswith("x-")}
    return {
        **kept,
        # An extension of a child is a kind of that child, too.
        "anyOf": [{"$ref": target} for target in targets],
        "discriminator": {**tag, "mapping": mapping},
    }
