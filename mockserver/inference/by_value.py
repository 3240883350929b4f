"""Which entities of a collection a request names by their values, where its path names none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.inference.operations import Facts, Survey
from mockserver.inference.resource_model import Resource
from mockserver.inference.verbs import says_it_changes
from mockserver.inference.words import (
    CONTROLS,
    ID_ENDS,
    last_word,
    noun,
    snake_case,
    stem_of,
    tokens,
)
from mockserver.openapi.model import Operation

_NESTED = {"array", "object"}


def names_of(resource: Resource) -> Iterator[str]:
    """What requests call the id of one entity of a resource."""
    short = last_word(resource.noun)
    yield "id"
    for one in dict.fromkeys((resource.noun, short)):
        yield from (f"{one}_id", f"{one}_uuid", f"{one}_key")
    for name in (resource.identity.key, resource.identity.parameter):
        if name:  # entities known only by path have no ids to send
            yield snake_case(name)


def own_name(survey: Survey, resource: Resource, name: str) -> str | None:
    """The plain property of a resource that a request calls so: `email` of `user_email` or
    `emails`. What ends in an id is that of another entity."""
    own = {
        tokens(each): each
        for each, schema in survey.flat(resource.schema).properties.items()
        if _NESTED.isdisjoint(survey.schemas.types(schema))
    }
    for words in (tokens(name), tuple(noun(name).split("_"))):
        for start in range(len(words)):
            if words[start:] in own and not (start and words[-1:] in ID_ENDS):
                return own[words[start:]]
    return _shown_whole(survey, resource, name)


def _shown_whole(survey: Survey, resource: Resource, name: str) -> str | None:
    """The property that shows the entity whose id a request has: `user` of `user_ids`."""
    stem = stem_of(name)
    if stem == tokens(name):
        return None
    for each, schema in survey.flat(resource.schema).properties.items():
        inner = survey.schemas.flat(schema).properties
        if tokens(each) == stem and any(tokens(one)[-1:] in ID_ENDS for one in inner):
            return each
    return None


def named_in_body(survey: Survey, facts: Facts, resource: Resource) -> tuple[tuple[str, str], ...]:
    """The properties of a body that only says by what entities are found, each with theirs:
    `DELETE /keys/{key}/privileges` with `{"privilege": ...}`, or `{"emails": [...]}`."""
    sent = survey.flat(facts.body).properties if facts.body else {}
    if facts.sent or not sent:
        return ()
    found = []
    for name, schema in sent.items():
        if not _is_plain(survey, schema) or (len(sent) > 1 and not _same(survey, resource, name)):
            return ()
        own = own_name(survey, resource, name)
        if own is None or own == resource.identity.key:
            return ()
        found.append((name, own))
    return tuple(found)


def _same(survey: Survey, resource: Resource, name: str) -> bool:
    return name in survey.flat(resource.schema).properties


def _is_plain(survey: Survey, schema: Any) -> bool:
    """Whether a property holds one value, or an array of values."""
    flat = survey.schemas.flat(schema)
    if flat.arrays.items is not None:
        flat = survey.schemas.flat(flat.arrays.items)
    return _NESTED.isdisjoint(flat.types) and not flat.properties


def named_in_query(survey: Survey, facts: Facts, resource: Resource) -> tuple[tuple[str, str], ...]:
    """The required query parameters by which entities are found, each with their property:
    `DELETE /webhooks?target_url=`, or `?wishId=` of a wish list."""
    above = {link.parameter for link in resource.parents}
    needed = [
        one
        for one in facts.operation.parameters
        if one.place == "query" and one.required and snake_case(one.name) not in CONTROLS
    ]
    found = []
    for parameter in needed:
        own = own_name(survey, resource, parameter.name)
        if own is None and _names_one(resource, parameter.name, above, alone=len(needed) == 1):
            own = resource.identity.key
        if own is None or not _is_plain(survey, parameter.schema):
            return ()
        found.append((parameter.name, own))
    return tuple(found)


def _names_one(resource: Resource, name: str, above: set[str], *, alone: bool) -> bool:
    """Whether a parameter is the id of one of the resource, or the only id that is required."""
    if resource.identity.key is None:
        return False
    is_id = tokens(name)[-1:] in ID_ENDS and name not in above
    return snake_case(name) in set(names_of(resource)) or (alone and is_id)


def named_so(survey: Survey, resource: Resource, array: str) -> str | None:
    """The property that the values of an array are, where each stands for one of the resource:
    `email` of `emails`, or the name of a label of `labels`."""
    own = own_name(survey, resource, array)
    if own is not None or noun(array) not in (resource.noun, last_word(resource.noun)):
        return own
    properties = survey.flat(resource.schema).properties
    named = [name for name in properties if snake_case(name) in ("name", f"{resource.noun}_name")]
    text = named and "string" in survey.schemas.types(properties[named[0]])
    return named[0] if text else None


_MAKES = r"(?:creat|add|insert|register|mak|new)(?:e?s|e|ing)?"
_UPSERTS = re.compile(
    rf"\bupserts?\b|\b{_MAKES} or (?:updates?|replaces?|gets?|finds?|returns?)\b"
    rf"|\b(?:updates?|gets?|finds?|fetch(?:es)?|retrieves?|returns?)\b[^.]{{0,60}},? or {_MAKES}\b"
    rf"|\b{_MAKES}\b[^.]{{0,80}}\b(?:if|when|unless)\b[^.]{{0,40}}"
    r"\b(?:not (?:yet |already )?exist|n't (?:yet |already )?exist|is none|not (?:yet )?known"
    r"|is missing)"
    r"|\bif [^.]{0,60}\bexists?(?: already)?,? [^.]{0,40}\b(?:return|updat)(?:s|es|ed)?\b",
    re.IGNORECASE,
)
"""What is said of an operation that finds an entity, and makes one only if there is none."""
_REFUSES = re.compile(r"\b(?:4\d\d|conflict|error|fails?|failure)\b", re.IGNORECASE)
_KNOWN_BY = re.compile(
    r"\b(?:by|with|same|matching|given)(?: an?| the| its| their| this| that| same| given| unique)*"
    r" [`'\"]?(\w+)",
    re.IGNORECASE,
)


def says_upsert(operation: Operation) -> bool:
    """Whether an operation is said to find or change an entity, or else to make it: "Create or
    update a contact"."""
    sentences = _said(operation).split(".")
    return any(_UPSERTS.search(one) and not _REFUSES.search(one) for one in sentences)


def _said(operation: Operation) -> str:
    step = " ".join(tokens(operation.path.rstrip("/").rpartition("/")[2]))
    return f"{operation.summary}. {operation.description}. {step}"


def upserted_by(survey: Survey, facts: Facts, resource: Resource) -> tuple[tuple[str, str], ...]:
    """The property by which a create is said to find the one that it changes or returns, if there
    is one: "Create or update a contact by email". It is named in the text, or is the only one that
    has to be sent."""
    if not says_upsert(facts.operation):
        return ()
    text = _said(facts.operation)
    flat = survey.flat(facts.body)
    own = survey.flat(resource.schema).properties
    key = resource.identity.key
    known = [n for n in flat.properties if n in own and (n != key or resource.identity.client_key)]
    named = {snake_case(found[1]) for found in _KNOWN_BY.finditer(text)}
    found = [n for n in known if snake_case(n) in named] or [n for n in known if n in flat.required]
    alone = len(found) == 1 and _is_plain(survey, flat.properties[found[0]])
    return ((found[0], found[0]),) if alone else ()


def key_sent(survey: Survey, facts: Facts, resource: Resource) -> str | None:
    """The property of a body with one entity that says which one is meant: its id."""
    sent = survey.flat(facts.body).properties
    own = "".join(tokens(resource.identity.key or ""))
    key = next((name for name in sent if own and "".join(tokens(name)) == own), None)
    if key is None and own:
        # `bookId`, where a book shows its `uuid`
        strange = sent.keys() - survey.flat(resource.schema).properties.keys()
        called = {*names_of(resource), resource.noun}
        named = [name for name in sent if name in strange and snake_case(name) in called]
        return named[0] if len(named) == 1 else None
    if key is None:
        return None
    shown = survey.schemas.flat(sent[key]).notes.read_only
    # What is new may be described by the schema of what is shown.
    return key if not shown or says_it_changes(facts.operation) else None


def sends_most(survey: Survey, sent: Mapping[str, Any], resource: Resource) -> bool:
    """Whether most of what is sent are properties of a resource, and more than its id."""
    own = {*survey.flat(resource.schema).properties, *survey.flat(resource.request).properties}
    alike = sent.keys() & own
    return 2 * len(alike) > len(sent) and bool(alike - {resource.identity.key})
