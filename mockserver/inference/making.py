"""Whether an operation makes entities of a collection, or does something else at its path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.inference.identifiers import has_key
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import ANY, Route
from mockserver.inference.resource_model import FIRST, Resource
from mockserver.inference.verb_words import CLONING, IMPORTING
from mockserver.inference.verbs import first_words, says_made, verb_of
from mockserver.inference.words import ID_ENDS, about, is_id_of, last_word, noun, tokens


def makes(survey: Survey, making: Facts, listing: Facts | None, named: bool) -> bool:
    """Whether a POST makes entities; `listing` is the GET of the same path, and `named` says that
    something names the path as that of a resource."""
    verb = verb_of(making.route.last)
    if making.plain is not None and making.method == "POST" and (listing is not None or named):
        return True
    if making.holder_at is not None:
        return True  # an element of an array of the entity above
    if listing is not None:
        return not _adds(survey, making, listing) and (
            named or _makes_rows(survey, making, listing)
        )
    above = making.route.parent.steps
    whole = survey.at(above, "GET") if above[-1:] == (ANY,) else None
    if whole is not None and same(making, whole) and _is_part(survey, making):
        return False
    if whole is not None and verb_of(making.route.last) in CLONING:
        shown, own = (survey.flat(one.ref).properties.keys() for one in (making, whole))
        if shown <= own:
            return False  # `/pages/{page}/copies`
    if named and (making.route.plural or not verb or survey.holds_several(making.route)):
        return True
    if is_link(survey, making):
        return True
    if not making.route.plural and (verb or _is_kept_elsewhere(survey, making)):
        return False
    beneath = above in survey.by_steps and above[-1:] != (ANY,)
    sure = making.operation.success == 201 and (making.route.plural or not beneath)
    return sure and has_key(survey.flat(making.ref), making.route.noun)


def made_behind(facts: Facts, resource: Resource) -> str:
    """Why an operation behind a collection that answers one entity makes it, by its status or its
    words: `Creates an event from a text` of `/events/quickAdd`, `Imports an event`; "" if nothing
    says so."""
    operation = facts.operation
    if operation.success == 201:
        return f"answers 201 with the schema of one ({resource.noun})"
    if facts.envelope is not None or FIRST in facts.at or not resource.creatable:
        return ""
    text = operation.summary or operation.description
    alike = bool(facts.body) and facts.body == resource.request
    imports = alike and not IMPORTING.isdisjoint(first_words(text))
    told = imports or says_made(text, operation.id)
    return f"it says that it makes one ({resource.noun})" if told else ""


def _makes_rows(survey: Survey, making: Facts, listing: Facts) -> bool:
    """Whether a POST to a list makes what the list has."""
    if making.operation.success == 201 or not making.ref:
        return True
    if same(making, listing) or _shown_alike(survey, making, listing):
        return True
    if sends_rows(survey, making, listing):
        return True
    says = says_made(making.operation.summary, making.operation.id)
    return says and has_key(survey.flat(making.ref), making.route.noun)


def _is_kept_elsewhere(survey: Survey, making: Facts) -> bool:
    """Whether what a POST answers is read at the path of something with another name: the order of
    `/carts/{cart}/checkout`."""
    homes = survey.homes.get(making.ref, ()) if making.ref else ()
    return bool(homes) and all(noun(Route(steps, ()).last) != making.route.noun for steps in homes)


def is_link(survey: Survey, facts: Facts) -> bool:
    """Whether a request has nothing but ids of two or more others, which POST links and DELETE
    unlinks: `{"user_id": 7, "group_id": 2}` to `/permissions`."""
    sent = survey.flat(facts.body).properties.keys() if facts.body else set()
    both = [survey.at(facts.route.steps, method) for method in ("POST", "DELETE")]
    alike = all(one is not None and survey.flat(one.body).properties.keys() == sent for one in both)
    return alike and len(sent) > 1 and all(tokens(name)[-1:] in ID_ENDS for name in sent)


def _adds(survey: Survey, making: Facts, listing: Facts) -> bool:
    """Whether a request has nothing but ids of what is read elsewhere: `{"attachment_id": 7}`."""
    sent, here = survey.flat(making.body).properties, making.route.steps
    short = last_word(making.route.noun)
    elsewhere = any(steps[:-1] != here for steps in survey.homes.get(listing.ref, ()))
    return bool(sent) and elsewhere and all(is_id_of(name, short) for name in sent)


def _is_part(survey: Survey, making: Facts) -> bool:
    """Whether an operation that answers the entity above its path changes that: `POST
    /issues/{issue}/subscription`, or `/labels` of an issue with an array of labels."""
    shown = survey.flat(making.ref).properties.items()
    arrays = {noun(name) for name, one in shown if "array" in survey.schemas.types(one)}
    return not making.route.plural or making.route.noun in arrays


def _shown_alike(survey: Survey, making: Facts, listing: Facts) -> bool:
    """Whether a response without a name for its schema has what the rows of a list have."""
    one, other = (survey.flat(facts.ref).properties.keys() for facts in (making, listing))
    alike = 4 * len(one & other) >= 3 * max(len(one), len(other))
    return alike and (len(one) > 2 or (len(one) == 2 and one == other))


def same(one: Facts, other: Facts) -> bool:
    return bool(one.ref) and one.ref == other.ref


def sends_rows(survey: Survey, made: Facts, listing: Facts) -> bool:
    """Whether a POST sends what the rows of a list at its path have: most of what is sent, or some
    of it, where responses show it alike."""
    if made.is_list or (verb_of(made.route.last) and not made.route.plural):
        return False
    listed = survey.flat(listing.ref).properties
    rows = {about(name) for name in listed}
    shown = {about(name) for name in survey.flat(made.ref).properties}
    if len(shown) > 2 and 2 * len(shown & rows) < len(shown):
        return False  # it answers something else, such as an operation that goes on
    sent = _nouns_sent(survey, made)
    if sent == {"id"} and _names_only_one(survey, listed):
        return True  # of what each row is about
    alike = len(sent & rows)
    if made.ref == listing.ref and alike > 1:
        return True
    said = says_made(made.operation.summary or made.operation.description, made.operation.id)
    return bool(alike) and (2 * alike > len(sent) or (said and made.ref == listing.ref))


def _names_only_one(survey: Survey, row: Mapping[str, Any]) -> bool:
    """Whether one property of a row has an id: `user_id`, or a `user` with its `id`."""
    inner = ("id" in survey.schemas.flat(schema).properties for schema in row.values())
    return (
        sum(tokens(name)[-1:] in ID_ENDS or within for name, within in zip(row, inner, strict=True))
        == 1
    )


def _nouns_sent(survey: Survey, made: Facts) -> set[str]:
    """The names of what is sent, in the body or else in the query, in the singular: `emails` are
    several rows with an `email`."""
    properties = survey.flat(made.body).properties if made.body else {}
    if not properties:
        return {about(one.name) for one in made.operation.parameters if one.place == "query"}
    return {about(one) for one in properties}
