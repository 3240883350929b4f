"""Resources in the making: which paths are about the same kind of entity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mockserver.inference.draft_merges import merged, rows_alike, with_parts_listed, with_views
from mockserver.inference.draft_model import Draft, refs_of
from mockserver.inference.identifiers import has_key, only_id
from mockserver.inference.link_rows import links_others
from mockserver.inference.making import makes, sends_rows
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.paths import ANY, Steps, is_version, label
from mockserver.inference.remote_calls import is_search
from mockserver.inference.resource_model import FIRST
from mockserver.inference.verbs import says_made
from mockserver.inference.words import tokens

STATES = (("status",), ("state",))
"""What the name of a property with a state ends in."""


def find_drafts(survey: Survey) -> list[Draft]:
    """The resources that paths, methods and schemas imply, without singletons."""
    drafts: dict[Steps, Draft] = {}
    for steps, found in survey.by_steps.items():
        facts = next(iter(found.values()))
        # An API with a single resource may list it at `/`.
        if facts.route.is_item and (len(steps) > 1 or () in survey.by_steps):
            if not _names_one(survey, found):
                if (*steps, ANY) in survey.by_steps:
                    _collection(survey, steps, found, drafts)
            else:
                draft = drafts.setdefault(steps[:-1], Draft())
                draft.items.append(facts.route)
                methods = ", ".join(found)
                draft.say(f"{facts.operation.path} names one ({methods})", "certain")
            continue
        _collection(survey, steps, found, drafts)
    _searches(survey, drafts)
    whole = with_views(survey, merged(survey, list(drafts.values())))
    return with_parts_listed(survey, _with_bare_items(survey, whole))


def _with_bare_items(survey: Survey, drafts: list[Draft]) -> list[Draft]:
    """The drafts, in which items without a collection above them (`/v1/{jobName}`) belong to the
    only resource that is listed elsewhere with their schema."""
    kept = []
    for draft in drafts:
        bare = all(map(is_version, draft.route.steps)) and not (draft.lists or draft.creates)
        read = {one.ref for one in _reading(survey, draft)} if bare else set()
        others = (one for one in drafts if read and one.lists and not one.items)
        found = [one for one in others if read & refs_of(survey, one)]
        if len(found) == 1:
            found[0].say(f"{draft.items[0]} reads one: the schema agrees", "likely")
            found[0].absorb(draft)
        else:
            kept.append(draft)
    return kept


def _reading(survey: Survey, draft: Draft) -> Iterator[Facts]:
    read = (survey.at(route.steps, "GET") for route in draft.items)
    return (facts for facts in read if facts is not None and facts.envelope is None)


def _searches(survey: Survey, drafts: dict[Steps, Draft]) -> None:
    """Give the lists at `/contacts/search` to the contacts."""
    for steps, found in survey.by_steps.items():
        into = drafts.get(steps[:-1])
        facts = next((found[m] for m in ("GET", "POST") if m in found and found[m].is_list), None)
        if into is None or facts is None or not is_search(facts.route):
            continue
        if not rows_alike(survey, into, facts):
            continue
        into.lists.append(facts)
        into.say(f"{facts.method} {facts.operation.path} finds them", "likely")
        own = drafts.get(steps)
        if own is not None and own.items:
            own.lists, own.collections = [], []
        elif own is not None:
            del drafts[steps]


def _names_one(survey: Survey, found: dict[str, Facts]) -> bool:
    get = found.get("GET")
    if get is not None and get.envelope is not None:
        return False
    return bool(found.keys() & {"GET", "PUT", "PATCH", "DELETE"})


def _collection(
    survey: Survey, steps: Steps, found: dict[str, Facts], drafts: dict[Steps, Draft]
) -> None:
    named = survey.is_led_through((*steps, ANY))
    listing, making = found.get("GET"), found.get("POST")
    if making is not None and making.is_list:
        # `POST /bots` with paging in its body is a list; then PUT creates.
        listing, making = listing or making, found.get("PUT") if listing is None else None
    elif making is None and named and _puts_new(survey, found.get("PUT"), listing):
        making = found["PUT"]
    if listing is not None and (listing.envelope is None or not (named or _kept(survey, listing))):
        listing = None
    if making is not None and not makes(survey, making, listing, named):
        making = None
    if listing is None and making is None:
        return
    draft = drafts.setdefault(steps, Draft())
    if listing is not None and listing.envelope is not None:
        draft.lists.append(listing)
        draft.collections.append(listing.route)
        text = listing.envelope.because[0].text
        draft.say(f"{listing.method} {listing.operation.path} lists them: {text}", "certain")
    if making is not None:
        draft.creates.append(making)
        if making.route not in draft.collections:
            draft.collections.append(making.route)
        draft.say(
            f"{making.method} {making.operation.path} makes one ({making.operation.success})",
            "certain" if making.operation.success == 201 else "likely",
        )


def _puts_new(survey: Survey, put: Facts | None, listing: Facts | None) -> bool:
    """Whether a PUT to a collection creates an entity, by its description, or because the response
    has an id that the request has not: `PUT /backup-jobs`."""
    if put is None or put.envelope is not None or FIRST in put.sent:
        return False
    only, operation = only_id(survey, put), put.operation
    if only and tokens(only) not in {tokens(name) for name in survey.flat(put.body).properties}:
        return True
    about = operation.summary or operation.description
    return listing is None and says_made(about or "", operation.id)


def _kept(survey: Survey, listing: Facts) -> bool:
    """Whether the items of a list are entities with an id, rather than lines of a report."""
    flat, noun = survey.flat(listing.ref), listing.route.noun
    made = survey.at(listing.route.steps, "POST")
    if not has_key(flat, noun) and not (noun.endswith("s") and has_key(flat, noun[:-1])):
        # Known by nothing but what they say: the members of a project.
        if links_others(survey, listing):
            return True
        removes = survey.at(listing.route.steps, "DELETE") is not None
        if _puts_all(survey, listing) or (removes and flat.properties):
            return True  # values without properties are a set of the one above them
        if made is None:
            return False
        adds = listing.route.plural and made.operation.success == 201
        return adds or sends_rows(survey, made, listing) or _makes_rows(survey, made, listing)
    if listing.ref in survey.homes:
        return True
    if listing.route.plural or made is None:
        return listing.route.plural
    alike = made.operation.success == 201 or made.ref == listing.ref
    return alike or sends_rows(survey, made, listing)


def _puts_all(survey: Survey, listing: Facts) -> bool:
    """Whether a PUT sends all that an array of rows shall have."""
    put = survey.at(listing.route.steps, "PUT")
    media = body_of(put.operation) if put is not None else None
    if listing.envelope is None or listing.envelope.items or media is None or not media.pointer:
        return False
    row = survey.schemas.place(survey.schemas.main(media.pointer), None)
    return row is not None and survey.schemas.canonical(row) == listing.ref


def _makes_rows(survey: Survey, made: Facts, listing: Facts) -> bool:
    """Whether a POST to the path of a list answers with one of its rows, which has a status."""
    rows = survey.flat(listing.ref).properties
    same_row = listing.route.plural and made.ref == listing.ref and not made.is_list
    return same_row and any(tokens(name)[-1:] in STATES for name in rows)


def name_drafts(drafts: Iterable[Draft]) -> dict[str, Draft]:
    """A name for each resource, from its path."""
    found: dict[str, Draft] = {}
    for draft in sorted(drafts, key=lambda d: len(d.route.steps)):
        name = label(draft.route.steps)
        while name in found:
            name += "_"
        found[name] = draft
    return found
