"""Where requests name entities: by an id, and what these places demand of it; by another property;
by several ids. Also lists in a shorter form, and counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from mockserver.inference.model import Action
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import Steps
from mockserver.inference.resource_model import Resource
from mockserver.inference.statistics import COUNTS
from mockserver.inference.words import (
    is_id_of,
    is_plural,
    last_word,
    noun,
    other_name_in,
    snake_case,
    tokens,
)

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
                named_by=tuple(_naming_any(survey, found[name])),
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
    """The ids that are fixed in the path. Signs alone, as in `/dags/~/runs`, are no id: they stand
    for all."""
    for pointer in pointers:
        value = _literal(survey, pointer)
        if value is not None and any(map(str.isalnum, value)):
            yield value


def _literal(survey: Survey, pointer: str) -> str | None:
    """The only value of a schema, by `const`, an enum, or a pattern that matches one value."""
    schema = survey.schemas.resolved(survey.schemas.at(pointer))
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (found := _LITERAL.fullmatch(pattern)):
        return found[1]
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return None


def _naming_any(survey: Survey, pointers: Iterable[str]) -> list[str]:
    """The places of path parameters that may name any entity; all, if each has only one value."""
    pointers = list(pointers)
    return [one for one in pointers if _literal(survey, one) is None] or pointers


_NEWEST = (("latest",), ("newest",), ("last",), ("most", "recent"), ("latest", "version"))


def looked_up_by(survey: Survey, facts: Facts, resource: Resource) -> dict[str, str]:
    """The parameters by which a GET finds entities of a resource, each with the property that it is
    compared with: the last parameter of the path, else those of the query."""
    operation, key = facts.operation, resource.identity.key
    lists = facts.envelope is not None
    own = {
        tokens(name): name
        for name in survey.flat(resource.schema).properties
        if name != key or not lists
    }
    if not facts.route.is_item:
        parameters = [
            one.name for one in operation.parameters if one.place == "query" and not lists
        ]
    else:
        parameters = [facts.route.names[-1]]
        if lists and key is not None and are_ids(parameters[0], resource):
            return {parameters[0]: key}
    found = {name: own[tokens(name)] for name in parameters if tokens(name) in own}
    if not found and len(parameters) == 1:
        text = f"{operation.id} {operation.summary} {operation.description}"
        named = _named_in(text, own)
        return {parameters[0]: named} if named is not None else {}
    return found


def is_newest(step: str) -> bool:
    """Whether a step behind a collection means its newest entity: `/releases/latest`."""
    return tokens(step) in _NEWEST


def _named_in(text: str, own: Mapping[Steps, str]) -> str | None:
    """The property that a text names after "by": "gets a user by external id"."""
    words = tokens(text)
    for index, one in enumerate(words):
        if one in ("by", "with", "using"):
            for length in (3, 2):
                for start in (index + 1, index + 2):  # "by its external id"
                    name = own.get(words[start : start + length])
                    if name is not None:
                        return name
    return None


def are_ids(parameter: str, resource: Resource) -> bool:
    """Whether a path parameter holds ids of several entities: `{orderIds}`."""
    key = tokens(resource.identity.key or "id")
    ids = is_id_of(parameter, last_word(resource.noun))
    return (ids or noun(parameter) == "_".join(key)) and is_plural(parameter)


def shown_in_short(survey: Survey, facts: Facts, resources: Iterable[Resource]) -> Resource | None:
    """The resource whose entities a list shows in a shorter form: each row has the id, and most of
    its other properties are properties of the entity."""
    rows = survey.flat(facts.ref).properties.keys() if facts.envelope is not None else set()
    if len(rows) < 2 or not facts.route.plural:
        return None
    spelled = {tokens(name) for name in rows}
    found = [
        one
        for one in resources
        if one.noun == facts.route.noun and not one.singleton and one.identity.key in rows
        if 3 * len(spelled & _known_of(survey, one)) >= 2 * len(spelled)
    ]
    return found[0] if len(found) == 1 else None


def shown_whole(
    survey: Survey, facts: Facts, resources: Iterable[Resource], refs: Mapping[str, Set[str]]
) -> Resource | None:
    """The resource whose entities a list shows as its own lists do, by the schema of the rows:
    `/reports/route` shows positions."""
    media = facts.operation.success_json
    if facts.envelope is None or media is None or not facts.ref.startswith("#/components/"):
        return None
    if len(survey.schemas.arrays(survey.schemas.main(media.pointer or facts.ref))) > 1:
        return None  # which of them it is about, nobody can tell
    found = [
        one
        for one in resources
        if facts.ref in refs[one.name] and one.identity.key and not one.singleton
        if not one.identity.nested and facts.route.last.lower() not in COUNTS
    ]
    if len(found) > 1:
        found = [one for one in found if one.items and one.creatable]
    return found[0] if len(found) == 1 else None


def state_of_all(facts: Facts, resource: Resource) -> tuple[tuple[str, str], ...]:
    """The state that all entities of a list have, by the end of its path, with its property:
    `/orders/status/approved`."""
    states = resource.states
    if states is None or not states.name or states.inner or states.codes:
        return ()
    known = {snake_case(value): value for value in states.known}
    value = known.get(snake_case(facts.route.last))
    return ((states.name, value),) if value is not None else ()


def _known_of(survey: Survey, resource: Resource) -> set[Steps]:
    """The properties of a resource, and of the part that holds most of them."""
    own = survey.flat(resource.schema).properties
    held = survey.schemas.flat(own[resource.holder]).properties if resource.holder else {}
    return {tokens(name) for name in (*own, *held)}


def part_called(survey: Survey, facts: Facts, resource: Resource, called: str) -> str | None:
    """The property of an entity that a path below it shows: `charge_state` at
    `/cars/{id}/charge-state`."""
    shown = survey.flat(facts.ref)
    for name, schema in survey.flat(resource.schema).properties.items():
        if snake_case(name) == snake_case(called) and "object" in shown.types:
            own = survey.schemas.flat(schema).properties.keys()
            if own and 2 * len(own & shown.properties.keys()) > len(own):
                return name
    return None


_ARTICLE = r"(?:the |its |an? )?(?:\w+ )?"
_BY_ID_OR = re.compile(
    rf"\bby {_ARTICLE}(?:uu|s|u)?id(?: ?/ ?| or ){_ARTICLE}(\w+)"
    rf"|\bby {_ARTICLE}(\w+)(?: ?/ ?| or ){_ARTICLE}(?:uu|s|u)?id\b",
    re.IGNORECASE,
)


def ids_said(facts: Facts | None) -> set[str]:
    """The names, in lower case, by which an operation says that it finds an entity beside its id:
    `Finds an organization by id/namespace`."""
    text = f"{facts.operation.summary}. {facts.operation.description}" if facts is not None else ""
    return {word.lower() for found in _BY_ID_OR.findall(text) for word in found if word}


def says_own_id(schema: Any, short: str) -> bool:
    """Whether the text of a property says that it is an id of the entity: `appId`, "The application
    ID"."""
    text = schema.get("description") if isinstance(schema, Mapping) else None
    found = _OWN_ID.match(text) if isinstance(text, str) else None
    return found is not None and noun(snake_case(found[1] or found[2])) == short


_OWN_ID = re.compile(
    r"\s*(?:the |an? )?(?:unique )?(?:(\w+)(?:'s)? (?:unique )?(?:id|identifier|uuid)"
    r"|(?:id|identifier|uuid) (?:of|for) (?:the |this |an? )?(\w+))\W*(?:\.|$)",
    re.IGNORECASE,
)
