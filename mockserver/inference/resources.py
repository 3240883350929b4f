"""The resources of an API: where they are listed, created and named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mockserver.inference.identifiers import (
    few_names,
    has_key,
    key_in,
    learnt,
    member_of,
    more_ids,
    only_id,
    other_names,
    told_at,
)
from mockserver.inference.lifecycles import Hints, states_of
from mockserver.inference.model import FIRST, Because, Confidence, Identity, Resource, States
from mockserver.inference.operations import Facts, Survey, json_of
from mockserver.inference.outcomes import with_outcomes
from mockserver.inference.parts import holder_of
from mockserver.inference.paths import ANY, Route, is_version, label
from mockserver.inference.relations import Linker
from mockserver.inference.verbs import verb_of
from mockserver.openapi.schemas.resolved import Flat

Steps = tuple[str, ...]
_MOST_SEEDS = 12
_SURENESS: tuple[Confidence, ...] = ("guess", "likely", "certain")


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
        return self.route.noun

    def say(self, text: str, confidence: Confidence = "likely") -> None:
        self.because.append(Because(text, confidence))


def find_drafts(survey: Survey) -> list[Draft]:
    """The resources that paths, methods and schemas imply."""
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
    merged = _merge(survey, list(drafts.values()))
    taken = {route.steps for draft in merged for route in (*draft.collections, *draft.items)}
    return [*merged, *_singletons(survey, taken)]


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
    if listing is not None and (listing.envelope is None or not (named or _kept(survey, listing))):
        listing = None
    if making is not None and not _makes(survey, making, listing, named):
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


def _kept(survey: Survey, listing: Facts) -> bool:
    """Whether the items of a list are entities with an id, rather than lines of a report."""
    if not has_key(survey.flat(listing.ref), listing.route.noun):
        return False
    made = survey.at(listing.route.steps, "POST")
    alike = made is not None and (made.operation.success == 201 or made.ref == listing.ref)
    return listing.route.plural or alike


def _makes(survey: Survey, making: Facts, listing: Facts | None, named: bool) -> bool:
    verb = verb_of(making.route.last)
    if listing is not None:
        return making.operation.success == 201 or not making.ref or _same(making, listing) or named
    if named and (making.route.plural or not verb):
        return True
    if verb and not making.route.plural:
        return False
    above = making.route.parent.steps
    beneath = above in survey.by_steps and above[-1:] != (ANY,)
    sure = making.operation.success == 201 and (making.route.plural or not beneath)
    return sure and has_key(survey.flat(making.ref), making.route.noun)


def _same(one: Facts, other: Facts) -> bool:
    return bool(one.ref) and one.ref == other.ref


def refs_of(survey: Survey, draft: Draft) -> set[str]:
    """The named schemas of the entity."""
    facts = [*draft.lists, *draft.creates]
    for route in draft.items:
        facts.extend(
            one
            for method, one in survey.by_steps[route.steps].items()
            if method in ("GET", "PUT", "PATCH") and one.envelope is None
        )
    return {one.ref for one in facts if one.ref.startswith(("#/components/", "#/x-bundled/"))}


def _merge(survey: Survey, drafts: list[Draft]) -> list[Draft]:
    """Merge several paths of one resource (`/a/{a}/runs` and `/runs/{run}`)."""
    groups: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        groups[draft.noun].append(draft)
    for name, group in groups.items():
        # The fullest draft first, so that it absorbs the others.
        group.sort(key=lambda d: (-len(d.creates), -len(d.items), -len(d.lists)))
        kept: list[Draft] = []
        for draft in group:
            into = next((other for other in kept if _alike(survey, other, draft)), None)
            if into is None:
                kept.append(draft)
                continue
            into.say(f"{draft.route} is about the same {name}s: noun and schema agree")
            into.collections += draft.collections
            into.items += draft.items
            into.lists += draft.lists
            into.creates += draft.creates
            into.because += draft.because
        groups[name] = kept
    return [draft for group in groups.values() for draft in group]


def _alike(survey: Survey, one: Draft, other: Draft) -> bool:
    if one.creates and other.creates and (one.items and other.items):
        return False
    mine, others = refs_of(survey, one), refs_of(survey, other)
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
    return orphan and _goes_through(long, short)


def _shaped_alike(survey: Survey, one: Draft, other: Draft) -> bool:
    """Whether two unnamed schemas describe the same resource."""
    shapes = [
        {name for ref in _described(survey, draft) for name in survey.flat(ref).properties}
        for draft in (one, other)
    ]
    less = min(map(len, shapes))
    return less > 1 and 3 * len(shapes[0] & shapes[1]) >= 2 * less


def _literals(draft: Draft) -> Steps:
    return tuple(step for step in draft.route.steps if step != ANY)


def _unversioned(literals: Steps) -> Steps:
    return tuple(step for step in literals if not is_version(step))


def _goes_through(long: Steps, short: Steps) -> bool:
    """Whether the short path is the long one without some inner steps."""
    rest = iter(long)
    return len(short) > 1 and all(step in rest for step in short)


def _singletons(survey: Survey, taken: set[Steps]) -> Iterator[Draft]:
    for steps, found in survey.by_steps.items():
        facts = next(iter(found.values()))
        if steps in taken or facts.route.is_item or not steps:
            continue
        reading = found.get("GET")
        writing: list[str] = [m for m in ("PUT", "PATCH") if m in found and "GET" in found]
        made = found.get("POST")
        if made is not None and made.operation.success == 201 and _reads(reading, made):
            writing.append("POST")
        if reading is not None and writing:
            draft = Draft(collections=[facts.route], singleton=True)
            if "POST" in writing and made is not None:
                draft.creates.append(made)
            draft.say(f"{facts.operation.path} is read and set as a whole ({', '.join(found)})")
            yield draft


def _reads(reading: Facts | None, made: Facts) -> bool:
    return reading is not None and reading.envelope is None and reading.ref == made.ref


def name_drafts(drafts: Iterable[Draft]) -> dict[str, Draft]:
    """A name for each resource, from its path."""
    found: dict[str, Draft] = {}
    for draft in sorted(drafts, key=lambda d: len(d.route.steps)):
        name = label(draft.route.steps)
        while name in found:
            name += "_"
        found[name] = draft
    return found


def make_resource(survey: Survey, name: str, draft: Draft, linker: Linker) -> Resource:
    """Build a Resource from a draft."""
    schema = _schema(survey, draft)
    request = next((one.body for one in draft.creates if one.body), None)
    flat = survey.flat(schema)
    sent = frozenset(survey.flat(request).properties)
    parameter = draft.items[0].names[-1] if draft.items else None
    key, why = _key(survey, draft, flat)
    if key and why is not None and not draft.singleton:
        draft.because.append(why)
    route = draft.route
    asked = survey.flat(request)
    servers = key in asked.properties and survey.schemas.flat(asked.properties[key]).notes.read_only
    client_key = bool(key) and key in sent and key in asked.required and not servers
    if client_key:
        draft.say(f"the client chooses `{key}`: it is required to make one", "certain")
    parents = linker.links(route, len(route.steps), (n for n in flat.properties if n != key))
    # Ids generated by the server are globally unique.
    chosen = client_key or few_names(survey, draft, flat, key)
    nested = chosen and bool(parents) and all(r.parent == route for r in draft.items)
    told = draft.singleton or learnt(survey, draft, schema, client_key)
    member = member_of(survey, draft, flat, linker.nouns) if parents else None
    if member is not None:
        nested = True
        draft.say(f"a path names one by the {member[0]} that it is of")
    hints = hints_of(survey, draft)
    holder = holder_of(survey.schemas, flat, draft.noun, sent)
    states = _states(survey, flat, hints, key, holder)
    union = _union(survey, draft, schema)
    kinds = len(survey.schemas.branches(union or schema)) if schema else 0
    return Resource(
        name=name,
        noun=draft.noun,
        path=_path_of(survey, route),
        collections=tuple(_path_of(survey, r) for r in draft.collections),
        items=tuple(_path_of(survey, r) for r in draft.items),
        schema=schema,
        request=request,
        union=union,
        identity=Identity(
            key=None if draft.singleton else key or None,
            parameter=parameter,
            client_key=client_key,
            nested=nested or draft.singleton,
            told=told,
            open=not told,
            names=other_names(survey, draft, flat, key),
            member=member[1] if member is not None else None,
            more=more_ids(survey, draft, schema, key, linker.nouns),
        ),
        singleton=draft.singleton,
        creatable=bool(draft.creates),
        seeds=_seeds(states, bool(parents), kinds) if draft.lists and schema else 0,
        parents=parents,
        states=states,
        because=tuple(draft.because),
        holder=holder,
    )


def hints_of(survey: Survey, draft: Draft) -> Hints:
    """Evidence about the status of a resource from outside its schema."""
    if draft.hints is None:
        draft.hints = _hints(survey, draft)
    return draft.hints


def _hints(survey: Survey, draft: Draft) -> Hints:
    request = next((one.body for one in draft.creates if one.body), "")
    changing = [
        one
        for route in draft.items
        for method, one in survey.by_steps.get(route.steps, {}).items()
        if method in ("PUT", "PATCH", "POST") and one.body
    ]
    reading = [survey.by_steps.get(route.steps, {}).get("GET") for route in draft.items]
    about = [*draft.creates, *(one for one in reading if one is not None)]
    texts = [f"{one.operation.summary} {one.operation.description}" for one in about]
    schema = _schema(survey, draft)
    if schema:
        written = survey.schemas.at(schema)
        if isinstance(written, Mapping):
            texts.append(str(written.get("description", "")))
    return Hints(
        noun=draft.noun,
        sent=_settable(survey, [request]),
        changed=_settable(survey, [one.body for one in changing]),
        accepted=any(one.operation.success == 202 for one in draft.creates),
        asked={
            p.name: p.schema.get("enum") or ()
            for one in draft.lists
            for p in one.operation.parameters
            if p.place == "query"
        },
        texts=tuple(texts),
    )


def _settable(survey: Survey, pointers: Iterable[str]) -> frozenset[str]:
    """The request body properties that a client may set."""
    return frozenset(
        name
        for pointer in pointers
        for name, schema in survey.flat(pointer).properties.items()
        if not _is_read_only(survey, schema)
    )


def _seeds(states: States | None, beneath: bool, kinds: int) -> int:
    """The number of seed entities: a few, or one for each branch of a union and each state."""
    few = max(2 if beneath else 3, min(kinds, _MOST_SEEDS))
    return few if states is None else max(few, min(len(states.each), _MOST_SEEDS))


def _is_read_only(survey: Survey, schema: object) -> bool:
    written = survey.schemas.plain(schema)
    return bool(written.get("readOnly")) or (
        isinstance(schema, Mapping) and bool(schema.get("readOnly"))
    )


def _states(
    survey: Survey, flat: Flat, hints: Hints, key: str, holder: str | None
) -> States | None:
    states = states_of(survey.schemas, flat, hints, holder)
    if states is None:
        return None
    return with_outcomes(states, survey.schemas, flat, hints.sent, key, holder)


def _key(survey: Survey, draft: Draft, flat: Flat) -> tuple[str, Because | None]:
    """The id property, "" if the entity's schema has none: the one in the paths, unless lists lack
    it and have a more certain one."""
    key, why = key_in(survey, draft, flat)
    for facts in draft.lists if key else ():
        row = survey.flat(facts.ref)
        listed, sure = key_in(survey, draft, row)
        if listed and listed != key and _surer(sure, why):
            return (listed, sure) if listed in flat.properties else ("", None)
    for facts in () if key else draft.creates:
        only = "" if told_at(survey, draft, facts.ref, None) else only_id(survey, facts)
        if only and only in flat.properties:
            return only, Because(f"`{only}` is the only id in the response of a create", "guess")
    return key, why


def _surer(one: Because | None, other: Because | None) -> bool:
    if one is None or other is None:
        return False
    return _SURENESS.index(one.confidence) > _SURENESS.index(other.confidence)


def _path_of(survey: Survey, route: Route) -> str:
    found = survey.by_steps.get(route.steps)
    return next(iter(found.values())).operation.path if found else str(route)


def _schema(survey: Survey, draft: Draft) -> str | None:
    """The fullest schema: of a fetch, else of a create or an update, else of a list.

    A schema with an id wins over one without.
    """
    known = [ref for ref in _described(survey, draft) if survey.flat(ref).properties]
    for ref in known:
        if draft.singleton or key_in(survey, draft, survey.flat(ref))[0]:
            return ref
    return known[0] if known else None


def _union(survey: Survey, draft: Draft, schema: str | None) -> str | None:
    """The place of the union whose first branch the schema is."""
    schemas = survey.schemas
    items = (one for route in draft.items for one in survey.by_steps[route.steps].values())
    for facts in (*items, *draft.creates, *draft.lists):
        response = facts.operation.response_for(facts.operation.success)
        media = json_of(response.content) if response is not None else None
        place = media.pointer if media is not None else None
        steps = [*facts.at, *([FIRST] if facts.envelope is not None else [])]
        for step in steps:
            if place is not None:
                place = schemas.place(place, None if step == FIRST else str(step))
        if place is not None and schema in schemas.branches(place):
            return schemas.canonical(place)
    return None


def _described(survey: Survey, draft: Draft) -> Iterator[str]:
    routes = [*draft.items, *(draft.collections if draft.singleton else ())]
    for methods in (("GET",), ("PUT", "PATCH")):
        for route in routes:
            facts = survey.at(route.steps, *methods)
            if facts is not None and facts.ref:
                yield facts.ref
    yield from (facts.ref for facts in (*draft.creates, *draft.lists) if facts.ref)


def without_circles(resources: dict[str, Resource]) -> dict[str, Resource]:
    """The resources, none of which is its own ancestor (`/folders/{id}/folders`)."""
    found = dict(resources)
    for name in found:
        seen = {name}
        above: str | None = name
        while above is not None and found[above].parents:
            link = found[above].parents[-1]
            if link.resource is None:
                break
            if link.resource in seen:
                kept = (*found[above].parents[:-1], replace(link, resource=None))
                found[above] = replace(found[above], parents=kept)
                break
            seen.add(link.resource)
            above = link.resource
    return found
