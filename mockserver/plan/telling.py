"""Whether and where the answers of a document tell what a thing is called."""

from __future__ import annotations

from typing import Protocol

from mockserver.contract.flat import Flat
from mockserver.plan.keys import key_of
from mockserver.plan.model import Because
from mockserver.plan.naming import tokens
from mockserver.plan.routes import Route
from mockserver.plan.survey import Facts, Survey


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
    found = (key_of(survey.schemas, flat, draft.noun, name) for name in names)
    return next((one for one in found if one[0]), ("", None))


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


def learnt(survey: Survey, draft: Drafted, schema: str) -> bool:
    """Whether a client can come to know an id: from a list, or from what a create answers."""
    return any(_lists_ids(survey, draft, one, schema) for one in draft.lists) or any(
        _tells(survey, draft, one) for one in draft.creates
    )


def _lists_ids(survey: Survey, draft: Drafted, listing: Facts, schema: str) -> bool:
    """Whether the rows of a list say what they are called; one that is no object is its name, one
    of which nothing is said shows all that is known of the thing (`schema`)."""
    flat = survey.flat(listing.ref)
    if not flat.types and not flat.properties:
        flat = survey.flat(schema)
    plain = bool(flat.types) and not {"object", "array"} & set(flat.types)
    return plain or bool(key_in(survey, draft, flat)[0])


def _tells(survey: Survey, draft: Drafted, made: Facts) -> bool:
    response = made.operation.response_for(made.operation.success)
    if response is not None and any(name.lower() == "location" for name in response.headers):
        return True
    flat = survey.flat(made.ref)
    if not made.ref:
        return False
    if "object" not in flat.types:
        # The id alone.
        return not flat.types or bool(set(flat.types) & {"string", "integer", "number"})
    return bool(key_in(survey, draft, flat)[0]) or any(
        tokens(name)[-1:] == ("id",)
        and not {"object", "array"} & set(survey.schemas.flat(schema).types)
        for name, schema in flat.properties.items()
    )
