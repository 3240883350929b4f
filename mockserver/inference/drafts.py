"""Resources in the making: which paths are about the same kind of entity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from mockserver.inference.identifiers import has_key, key_in, only_id
from mockserver.inference.lifecycles import Hints
from mockserver.inference.link_rows import links_others, only_rows
from mockserver.inference.making import makes, sends_rows
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.parts import USUAL, properties_of
from mockserver.inference.paths import ANY, Route, Steps, is_version, label
from mockserver.inference.relations import names_owner
from mockserver.inference.remote_calls import is_search, is_status_path
from mockserver.inference.resource_model import FIRST, Because, Confidence
from mockserver.inference.verbs import says_made
from mockserver.inference.words import noun, tokens
from mockserver.records import dataclass

STATES = (("status",), ("state",))
"""What the name of a property with a state ends in."""


@dataclass(slots=True)
class Draft:
    """A resource in the making: every path that belongs to it."""

    collections: list[Route] = field(default_factory=list)
    items: list[Route] = field(default_factory=list)
    lists: list[Facts] = field(default_factory=list)
    creates: list[Facts] = field(default_factory=list)
    because: list[Because] = field(default_factory=list)
    singleton: bool = False
    hints: Hints | None = None

    @property
    def route(self) -> Route:
        """The main path of the resource: that of the create, else of the list, else of an item."""
        if self.creates:
            return self.creates[0].route
        if self.collections:
            return max(self.collections, key=lambda r: len(r.steps))
        return self.items[0].parent

    @property
    def noun(self) -> str:
        if len(self.items) == 1 and not self.collections and is_status_path(self.route):
            # `/status/{exportId}` reads an export.
            return "_".join(tokens(self.items[0].names[-1])[:-1]) or self.route.noun
        return self.route.noun

    def absorb(self, other: Draft) -> None:
        """Take over the paths and operations of another draft."""
        self.collections += other.collections
        self.items += other.items
        self.lists += other.lists
        self.creates += other.creates
        self.because += other.because

    def say(self, text: str, confidence: Confidence = "likely") -> None:
        self.because.append(Because(text, confidence))


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
    merged = _with_views(survey, _merge(survey, list(drafts.values())))
    return _with_parts_listed(survey, _with_bare_items(survey, merged))


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
        if not _rows_alike(survey, into, facts):
            continue
        into.lists.append(facts)
        into.say(f"{facts.method} {facts.operation.path} finds them", "likely")
        own = drafts.get(steps)
        if own is not None and own.items:
            own.lists, own.collections = [], []
        elif own is not None:
            del drafts[steps]


def _rows_alike(survey: Survey, draft: Draft, listing: Facts) -> bool:
    """Whether the rows of a list say which entities of a draft they are, and much of these."""
    rows = survey.flat(listing.ref).properties.keys()
    for ref in described(survey, draft):
        flat = survey.flat(ref)
        key = key_in(survey, draft, flat)[0]
        if rows and key in flat.properties:
            return key in rows and 3 * len(rows & flat.properties.keys()) >= len(rows)
    return not rows or has_key(survey.flat(listing.ref), draft.noun)


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


def refs_of(survey: Survey, draft: Draft) -> set[str]:
    """The named schemas of the entity; what is read elsewhere, such as the operation with which a
    create responds, is another one."""
    facts = [*draft.lists, *draft.creates]
    for route in draft.items:
        found = survey.by_steps[route.steps]
        facts += (found[m] for m in ("GET", "PUT", "PATCH") if m in found and not found[m].is_list)
    refs = {one.ref for one in facts if one.ref.startswith(("#/components/", "#/x-bundled/"))}
    own = {route.steps for route in draft.items}
    read = {ref for ref in refs if not own.isdisjoint(survey.homes.get(ref, ()))}
    return {r for r in refs if r in read or r not in survey.homes} if read else refs


def _merge(survey: Survey, drafts: list[Draft]) -> list[Draft]:
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


def _with_parts_listed(survey: Survey, drafts: list[Draft]) -> list[Draft]:
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
            alike = all(_rows_alike(survey, other, one) for one in draft.lists)
        if alike:
            found.append(other)
    return found


def _is_kind(survey: Survey, draft: Draft, other: Draft) -> bool:
    above = draft.route.parent.steps
    if any(route.parent.steps == above for route in other.items):
        return bool(refs_of(survey, draft) & refs_of(survey, other))
    beside = any(route.parent.parent.steps == above for route in other.items)
    return beside and not other.creates and draft.noun.endswith(f"_{other.noun}")


def _with_views(survey: Survey, drafts: list[Draft]) -> list[Draft]:
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


def name_drafts(drafts: Iterable[Draft]) -> dict[str, Draft]:
    """A name for each resource, from its path."""
    found: dict[str, Draft] = {}
    for draft in sorted(drafts, key=lambda d: len(d.route.steps)):
        name = label(draft.route.steps)
        while name in found:
            name += "_"
        found[name] = draft
    return found


def described(survey: Survey, draft: Draft) -> Iterator[str]:
    routes = [*draft.items, *(draft.collections if draft.singleton else ())]
    for methods in (("GET",), ("PUT", "PATCH")):
        for route in routes:
            facts = survey.at(route.steps, *methods)
            if facts is not None and facts.ref:
                yield facts.ref
    # What a create answers may be nothing but a receipt, with an id.
    sent = {name for one in draft.creates for name in survey.flat(one.body).properties}
    full = [one for one in draft.creates if sent & survey.flat(one.ref).properties.keys()]
    if not any(has_key(survey.flat(one.ref), draft.noun) for one in (*draft.lists, *full)):
        rows = max((len(survey.flat(one.ref).properties) for one in draft.lists), default=0)
        full = [one for one in full if len(survey.flat(one.ref).properties) > rows]
    rest = [one for one in draft.creates if one not in full]
    yield from (facts.ref for facts in (*full, *draft.lists, *rest) if facts.ref)
