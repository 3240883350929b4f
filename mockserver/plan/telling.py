"""Whether and where the answers of a document tell what a thing is called."""

from __future__ import annotations

from typing import Protocol

from mockserver.contract.flat import Flat
from mockserver.plan.keys import key_of
from mockserver.plan.model import Because, Path, Resource
from mockserver.plan.naming import bag, tokens
from mockserver.plan.routes import Route
from mockserver.plan.survey import Facts, Survey

_PARTS = bag(
    "data item result resource entity object attributes properties metadata summary info details "
    "identifier"
)
# Parts that are about another one of the same kind.
_OTHERS = bag("previous prev next parent last first original source target related")
_ID_WORDS = (("id",), ("uuid",), ("guid",), ("identifier",))


class Drafted(Protocol):
    """What of a resource in the making counts here."""

    items: list[Route]
    lists: list[Facts]
    creates: list[Facts]

    @property
    def noun(self) -> str: ...


def key_in(survey: Survey, draft: Drafted, flat: Flat) -> tuple[str, Because | None]:
    """The id property, by what the paths call the thing: their own word, else one further on."""
    names = survey.names(draft.items) or [""]
    found = (_key_of(survey, flat, draft.noun, name) for name in names)
    return next((one for one in found if one[0]), ("", None))


def _key_of(survey: Survey, flat: Flat, noun: str, name: str) -> tuple[str, Because | None]:
    asked = id(flat), noun, name
    known = survey.keys.get(asked)
    if known is None:
        # With the schema, so that its id stays its own.
        known = survey.keys[asked] = flat, key_of(survey.schemas, flat, noun, name)
    return known[1]


def few_names(survey: Survey, draft: Drafted, flat: Flat, key: str) -> bool:
    """Whether the ids are of a few words that the document lists (`/policies/{default}`): the
    same ones under each parent."""
    if key and survey.schemas.flat(flat.properties[key]).values is not None:
        return True
    return any(
        parameter.place == "path"
        and parameter.name == route.names[-1]
        and survey.schemas.flat(parameter.schema).values is not None
        for route in draft.items
        for facts in survey.by_steps[route.steps].values()
        for parameter in facts.operation.parameters
    )


def told_at(survey: Survey, draft: Drafted, ref: str, key: str) -> Path:
    """Where an answer (its schema is at `ref`) holds the id: the thing's own `key`, what it is
    called in a summary (`groupName` of a `billingGroupName`), or a step deeper in a part
    (`Attachment.AttachmentId`); () if nowhere."""
    flat = survey.flat(ref)
    if key and key in flat.properties:
        return (key,)
    found, _ = key_in(survey, draft, flat)
    if found:
        return (found,)
    for name, schema in flat.properties.items():
        inner = survey.schemas.flat(schema)
        if not inner.properties or "array" in inner.types or _OTHERS & set(tokens(name)):
            continue
        found, _ = key_in(survey, draft, inner)
        named = any(tokens(found) == tokens(one) for one in survey.names(draft.items))
        if found and (_about(name, draft.noun) or (named and len(tokens(found)) > 1)):
            return name, found
    return ()


def place_of_id(
    survey: Survey, draft: Drafted, facts: Facts, resource: Resource, made: bool
) -> tuple[Path, str]:
    """Where an operation's answer holds the id of the thing, and the schema of it there; () if it
    is where and as the resource has it. `made`: the answer is about a new thing, so that its only
    id is the thing's."""
    if not facts.ref:
        return (), ""
    found = told_at(survey, draft, facts.ref, resource.key)
    if not found and made:
        only = only_id(survey, facts.ref)
        found = (only,) if only and only not in survey.flat(resource.schema).properties else ()
    place = _schema_at(survey, facts.ref, found)
    own = found == (resource.key,) and place == _schema_at(survey, resource.schema, found)
    return ((), "") if own else (found, place)


def _schema_at(survey: Survey, pointer: str, path: Path) -> str:
    """Where the schema of what stands at a path of an object is; "" if nothing is said of it."""
    place: str | None = pointer if path else None
    for step in path:
        place = survey.schemas.place(place, step) if place else None
    return survey.schemas.canonical(place) if place else ""


def _about(name: str, noun: str) -> bool:
    """Whether a property is about the thing itself: its data, or the thing under its name."""
    words = tokens(name)
    own = noun.rsplit("_", 1)[-1]
    return bool(words) and (words[-1] in _PARTS or "_".join(words) in (noun, own))


def only_id(survey: Survey, ref: str) -> str:
    """The one property that is an id, whatever it is called (`{"lockId": ..., "since": ...}`)."""
    names = [
        name
        for name, schema in survey.flat(ref).properties.items()
        if tokens(name)[-1:] in _ID_WORDS
        and not {"object", "array", "boolean"} & set(survey.schemas.flat(schema).types)
    ]
    return names[0] if len(names) == 1 else ""


def learnt(survey: Survey, draft: Drafted, schema: str, client_key: bool) -> bool:
    """Whether a client can come to know an id: from a list, from what a create answers, or as it
    has chosen it."""
    if client_key or any(_lists_ids(survey, draft, one, schema) for one in draft.lists):
        return True
    return any(_tells(survey, draft, one) for one in draft.creates)


def _lists_ids(survey: Survey, draft: Drafted, listing: Facts, schema: str) -> bool:
    """Whether the rows of a list say what they are called; one that is no object is its name, one
    of which nothing is said shows all that is known of the thing (`schema`). What nobody can
    make, and of which nothing is known, is never in a list."""
    if not schema and not draft.creates:
        return False
    ref = listing.ref
    flat = survey.flat(ref)
    if not flat.types and not flat.properties:
        ref, flat = schema, survey.flat(schema)
    plain = bool(flat.types) and not {"object", "array"} & set(flat.types)
    return plain or bool(told_at(survey, draft, ref, ""))


def _tells(survey: Survey, draft: Drafted, made: Facts) -> bool:
    response = made.operation.response_for(made.operation.success)
    if response is not None and any(name.lower() == "location" for name in response.headers):
        return True
    if not made.ref:
        return False
    flat = survey.flat(made.ref)
    if "object" not in flat.types:
        # The id alone.
        return not flat.types or bool(set(flat.types) & {"string", "integer", "number"})
    return bool(told_at(survey, draft, made.ref, "") or only_id(survey, made.ref))
