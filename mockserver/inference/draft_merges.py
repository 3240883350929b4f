"""Which paths are about the same resource: in two versions, with and without parents, as a view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from mockserver.inference.draft_model import Draft, described, refs_of
from mockserver.inference.identifiers import has_key, key_in
from mockserver.inference.link_rows import only_rows
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.parts import USUAL, properties_of
from mockserver.inference.paths import ANY, Steps, is_version
from mockserver.inference.relations import names_owner
from mockserver.inference.words import noun, tokens


def merged(survey: Survey, drafts: list[Draft]) -> list[Draft]:
    """Merge several paths of one resource (`/a/{a}/runs` and `/runs/{run}`)."""
    groups: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        groups[draft.noun].append(draft)
    for name, group in groups.items():
        # The fullest draft first, so that it absorbs the others.
        group.sort(key=lambda d: (-len(d.creates), -len(d.items), -len(d.lists)))
        kept: list[Draft] = []
        refs: list[set[str]] = []
        for draft in group:
            own = refs_of(survey, draft)
            alike = (_alike(survey, (other, refs[n]), (draft, own)) for n, other in enumerate(kept))
            numbers = (n for n, found in enumerate(alike) if found)
            number = next(numbers, None)
            bare = not (own or draft.lists or draft.creates)
            if number is None or (bare and next(numbers, None) is not None):
                kept.append(draft)
                refs.append(own)
                continue
            into = kept[number]
            into.say(f"{draft.route} is about the same {name}s: noun and schema agree")
            into.absorb(draft)
            refs[number] = refs_of(survey, into)
        groups[name] = kept
    return _with_kinds(survey, [draft for group in groups.values() for draft in group])


def _with_kinds(survey: Survey, drafts: list[Draft]) -> list[Draft]:
    """The drafts; what is made at one path and read at another belongs to the latter:
    `/nodes/folders` and `/nodes/{node}` with one schema, `/export-jobs` and `/jobs/{job}`."""
    read = [d for d in drafts if any(survey.at(route.steps, "GET") for route in d.items)]
    kept = []
    for draft in drafts:
        found: list[Draft] = []
        if draft.creates and not draft.lists and draft not in read:
            found = [other for other in read if _is_kind(survey, draft, other)]
        if len(found) != 1:
            kept.append(draft)
            continue
        found[0].say(f"{draft.route} makes one that is read at {found[0].items[0]}")
        found[0].absorb(draft)
    return kept


def with_parts_listed(survey: Survey, drafts: list[Draft]) -> list[Draft]:
    """The drafts; what reads or lists what lies below entities, and is named after both, belongs to
    that: `/assessment-reports` and `/assessments/{id}/reports`, `/user-jobs/{job}` and
    `/users/{user}/jobs/{job}`."""
    kept = []
    for draft in drafts:
        found = [] if draft.creates else _listed_parts(survey, draft, drafts)
        if len(found) != 1:
            kept.append(draft)
            continue
        found[0].say(f"{draft.route} is about them as well: its name and schema agree", "likely")
        found[0].absorb(draft)
    return kept


def _listed_parts(survey: Survey, draft: Draft, drafts: list[Draft]) -> list[Draft]:
    found = []
    for other in drafts:
        above = other.route.parent
        if other is draft or not (other.creates or other.items) or not above.is_item:
            continue
        owners = {noun(above.last), "_".join(tokens(above.names[-1])[:-1])}
        if draft.noun not in {f"{owner}_{other.noun}" for owner in owners if owner}:
            continue
        if draft.items:
            ids = {r.names[-1] for r in draft.items} & {r.names[-1] for r in other.items}
            alike = bool(ids and refs_of(survey, draft) & refs_of(survey, other))
        else:
            alike = all(rows_alike(survey, other, one) for one in draft.lists)
        if alike:
            found.append(other)
    return found


def _is_kind(survey: Survey, draft: Draft, other: Draft) -> bool:
    above = draft.route.parent.steps
    if any(route.parent.steps == above for route in other.items):
        return bool(refs_of(survey, draft) & refs_of(survey, other))
    beside = any(route.parent.parent.steps == above for route in other.items)
    return beside and not other.creates and draft.noun.endswith(f"_{other.noun}")


def with_views(survey: Survey, drafts: list[Draft]) -> list[Draft]:
    """The drafts without those that show what has its home elsewhere: lists of what another path
    reads (`/bookmarks` with the schema of `/statuses/{id}`), and paths that look one up by another
    property (`/customers/email/{email}`)."""
    homes: dict[str, list[Draft]] = defaultdict(list)
    made: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        for ref in {facts.ref for facts in draft.lists} if draft.creates else ():
            made[ref].append(draft)
        read = (survey.at(route.steps, "GET") for route in draft.items)
        for ref in {facts.ref for facts in read if facts is not None}:
            homes[ref].append(draft)
    drafts = [draft for draft in drafts if not _looks_up(survey, draft, homes)]
    kept = []
    for draft in drafts:
        refs = {facts.ref for facts in draft.lists}
        ref = next(iter(refs), "") if len(refs) == 1 else ""
        named = ref.startswith("#/components/")
        known = homes[ref] if ref in survey.homes else made[ref] if named else []
        found = [one for one in known if one in drafts]
        if not found and not draft.items and not draft.creates and draft.lists:
            found = [one for one in drafts if one.noun == draft.noun and one.items]
            found = [one for one in found if all(_in_short(survey, one, f) for f in draft.lists)]
        if draft.items or draft.creates or len(found) != 1 or only_rows(survey, draft):
            kept.append(draft)
            continue
        found[0].lists += draft.lists
        found[0].say(f"{draft.route} lists them as well: the schema agrees")
    return kept


def _in_short(survey: Survey, draft: Draft, listing: Facts) -> bool:
    """Whether the rows of a list are the entities of a draft in another form: each has its id, and
    most of the rest is known of them, too."""
    rows = survey.flat(listing.ref).properties
    known, keys = set(), set()
    for ref in described(survey, draft):
        flat = survey.flat(ref)
        keys.add(key_in(survey, draft, flat)[0])
        known |= {tokens(name) for name in flat.properties}
        for name in flat.properties.keys() & USUAL:
            known |= {tokens(one) for one in properties_of(survey.schemas, flat.properties[name])}
    alike = sum(tokens(name) in known for name in rows)
    return bool(keys & rows.keys()) and len(rows) > 1 and 3 * alike >= 2 * len(rows)


def _looks_up(survey: Survey, draft: Draft, homes: Mapping[str, list[Draft]]) -> bool:
    """Whether a path only reads what is made or listed elsewhere, by another property."""
    if draft.lists or draft.creates or len(draft.items) != 1:
        return False
    route = draft.items[0]
    found = survey.by_steps[route.steps]
    facts = found.get("GET")
    if facts is None or len(found) > 1 or facts.ref not in survey.homes:
        return False
    others = [one for one in homes[facts.ref] if one is not draft and (one.creates or one.lists)]
    if len(others) != 1:
        return False
    flat = survey.flat(facts.ref)
    named = {tokens(name): name for name in flat.properties}.get(tokens(route.names[-1]))
    return named is not None and named != key_in(survey, others[0], flat)[0]


def _alike(survey: Survey, first: tuple[Draft, set[str]], second: tuple[Draft, set[str]]) -> bool:
    """Whether two drafts, each with its named schemas, are about one resource."""
    (one, mine), (other, others) = first, second
    if _in_versions(survey, one, other):
        return True
    if any(test(survey, one) != test(survey, other) for test in (_only_links, only_rows)):
        return False
    if one.creates and other.creates and (one.items and other.items):
        ids = {r.names[-1] for r in one.items} & {r.names[-1] for r in other.items}
        return bool(ids) and names_owner(survey, one.route, other.route, mine & others)
    both = one.creates and one.lists and other.creates and other.lists
    if (
        both
        and not (one.items or other.items)
        and mine & others
        and not (mine & others) & survey.homes.keys()
    ):
        # Kept apart, below different owners, and never read by their ids alone.
        return False
    if mine & others:
        return True
    if one.items and other.items:
        return False
    # Schemas may differ (a summary in the list, details in the item); then the path must be
    # the same except for parents: /a/{a}/runs and /runs/{run}.
    long, short = sorted((_literals(one), _literals(other)), key=len, reverse=True)
    shorter = one if _literals(one) == short else other
    if (
        long == short
        and one.route.steps != other.route.steps
        and not (one.creates and other.creates)
    ):
        # One path in two versions, each with some of the operations.
        return True
    orphan = not (shorter.lists or shorter.creates) or not (mine and others)
    if orphan and not (mine and others) and _shaped_alike(survey, one, other):
        return True
    if orphan and not (mine if shorter is one else others) and long[-1:] == short:
        return True  # nothing but `DELETE /variants/{variant}`
    halves = sorted((one, other), key=lambda draft: bool(draft.items))
    if halves[0].creates and not (halves[0].items or halves[1].creates):
        # What is made below another entity, and read by its id alone.
        return _shaped_alike(survey, one, other)
    return orphan and _goes_through(long, short)


def _in_versions(survey: Survey, one: Draft, other: Draft) -> bool:
    """Whether two drafts are one path in two versions, and only one of these reads what both make:
    `POST /v3/templates`, `GET /templates/{template}`."""
    if one.route.steps == other.route.steps or _unversioned(one) != _unversioned(other):
        return False
    read = [any(survey.at(r.steps, "GET") for r in draft.items) for draft in (one, other)]
    return read[0] != read[1]


def _unversioned(draft: Draft) -> Steps:
    return tuple(step for step in draft.route.steps if not is_version(step))


def _only_links(survey: Survey, draft: Draft) -> bool:
    """Whether nothing is sent to the paths of a draft, and none of them reads one: what `PUT
    /me/channels/{id}` subscribes to is made elsewhere."""
    found = [survey.by_steps[route.steps] for route in draft.items]
    return (
        not draft.creates
        and any("PUT" in one and one["PUT"].operation.body is None for one in found)
        and not any("GET" in one and one["GET"].ref for one in found)
    )


def _shaped_alike(survey: Survey, one: Draft, other: Draft) -> bool:
    """Whether two unnamed schemas describe the same resource."""
    shapes = [
        {name for ref in described(survey, draft) for name in survey.flat(ref).properties}
        for draft in (one, other)
    ]
    less = min(map(len, shapes))
    return less > 1 and 3 * len(shapes[0] & shapes[1]) >= 2 * less


def _literals(draft: Draft) -> Steps:
    """The words of a path, the last one in the singular: `/rules`, and `/rule/{id}`."""
    literal = tuple(step for step in draft.route.steps if step != ANY)
    return (*literal[:-1], noun(literal[-1])) if literal else ()


def _goes_through(long: Steps, short: Steps) -> bool:
    """Whether the short path is the long one without some inner steps."""
    rest = iter(long)
    return len(short) > 1 and all(step in rest for step in short)


def rows_alike(survey: Survey, draft: Draft, listing: Facts) -> bool:
    """Whether the rows of a list say which entities of a draft they are, and much of these."""
    rows = survey.flat(listing.ref).properties.keys()
    for ref in described(survey, draft):
        flat = survey.flat(ref)
        key = key_in(survey, draft, flat)[0]
        if rows and key in flat.properties:
            return key in rows and 3 * len(rows & flat.properties.keys()) >= len(rows)
    return not rows or has_key(survey.flat(listing.ref), draft.noun)
