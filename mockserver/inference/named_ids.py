"""Where requests name an entity, and what these places demand of its id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mockserver.inference.model import Action
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.resource_model import Resource
from mockserver.inference.words import other_name_in, tokens

_IDS = ("id", "_id", "uuid", "guid", "uid", "sid")
_LITERAL = re.compile(r"\^([\w-]+)\$")


def named(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Resource]:
    """The resources, with the schemas of their path parameters and of the properties that hold
    their ids."""
    found: dict[str, dict[str, None]] = {name: {} for name in resources}
    returned: dict[str, dict[str, None]] = {name: {} for name in resources}
    referred: dict[str, dict[str, None]] = {name: {} for name in resources}
    nouns = _only_ones(resources)
    for facts in survey.facts:
        action = actions[facts.operation.id]
        about = {link.parameter: link.resource for link in action.parents if link.certain}
        if action.item is not None:
            about[action.item] = action.resource
        for parameter in facts.operation.parameters:
            name = about.get(parameter.name) if parameter.place == "path" else None
            if name is None or not parameter.pointer:
                continue
            if other_name_in(resources[name], parameter.name) is None:
                found[name][parameter.pointer] = None
        if action.resource is not None and action.response.id_schema is not None:
            returned[action.resource][action.response.id_schema] = None
        for name, pointer in said(survey, facts):
            words = tokens(name)
            other = nouns.get("_".join(words[:-1])) if words[-1:] and words[-1] in _IDS else None
            if name == action.item and action.request.item_in != "path":
                other = action.resource
            if other is not None and pointer not in found[other] and _is_ruled(survey, pointer):
                referred[other][pointer] = None
    return {
        name: replace(
            resource,
            identity=replace(
                resource.identity,
                named_by=tuple(found[name]),
                returned_as=tuple(returned[name]),
                referred_by=tuple(referred[name]),
                given=tuple(dict.fromkeys(_literals(survey, found[name]))),
            ),
        )
        for name, resource in resources.items()
    }


def _only_ones(resources: Mapping[str, Resource]) -> dict[str, str]:
    """Resources by noun, leaving out nouns that several resources share."""
    found: dict[str, str | None] = {}
    for resource in resources.values():
        if not resource.singleton:
            found[resource.noun] = None if resource.noun in found else resource.name
    return {noun: name for noun, name in found.items() if name is not None}


def said(survey: Survey, facts: Facts) -> Iterator[tuple[str, str]]:
    """The properties of a request that end like an id (`ServiceSid`), with the places of their
    schemas."""
    for parameter in facts.operation.parameters:
        if parameter.place in ("path", "query") and parameter.pointer:
            yield parameter.name, parameter.pointer
    for name in survey.flat(facts.body).properties if facts.body else ():
        pointer = survey.schemas.place(facts.body, name)
        if pointer is not None:
            yield name, pointer


def _is_ruled(survey: Survey, pointer: str) -> bool:
    """Whether a schema restricts its text by a format, a pattern or an enum."""
    flat = survey.schemas.flat(survey.schemas.at(pointer))
    return bool({"pattern", "minLength", "maxLength", "format"} & flat.rules.keys())


def _literals(survey: Survey, pointers: Iterable[str]) -> Iterator[str]:
    """The ids that are fixed in the path: by an enum, or by a pattern that matches one value."""
    for pointer in pointers:
        schema = survey.schemas.resolved(survey.schemas.at(pointer))
        values, pattern = schema.get("enum"), schema.get("pattern")
        if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str):
            yield values[0]
        elif isinstance(pattern, str) and (found := _LITERAL.fullmatch(pattern)):
            yield found[1]
