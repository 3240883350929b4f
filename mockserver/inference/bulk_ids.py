"""Where a request has the ids of several entities, and where the response shows these entities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mockserver.inference.by_value import names_of, sends_most
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.words import bag, last_word, noun, plural, snake_case, tokens
from mockserver.openapi.schemas.resolved import Flat
from mockserver.records import dataclass

_WRAPS = bag(
    "inputs items objects data entries elements records requests values operations keys entities "
    "list selection selected targets"
)
_PLACES = bag("position order rank ordinal sequence index sort pos seq")


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Where a request has the ids of several entities: in a query parameter, or at a path in the
    body (with `FIRST` where an array stands)."""

    text: str
    query: str | None = None
    at: Path = ()
    within: Path = ()
    """The path of what wraps all that is sent, the first part of `at`: `{"data": {"ids": []}}`."""


def ids_in(survey: Survey, facts: Facts, resource: Resource) -> Named | None:
    """Where a request has ids of a resource; None if it has none."""
    names = set(_names(resource))
    query = [one for one in facts.operation.parameters if one.place == "query"]
    arrays = [one for one in query if "array" in survey.schemas.flat(one.schema).types]
    for parameter in query:
        if snake_case(parameter.name) in names or (query == arrays and len(arrays) == 1):
            return Named(f"`{parameter.name}`", query=parameter.name)
    media = body_of(facts.operation)
    if media is None or not media.pointer:
        return None
    within, body = unwrapped(survey, media.pointer)
    flat = survey.flat(body)
    if "array" in flat.types:
        found = ids_of(survey, survey.schemas.place(body, None), resource, (FIRST,))
        return Named("the body", at=found) if found is not None else None
    arrays_ = survey.schemas.arrays(body)
    for name in flat.properties:
        rows = survey.flat(survey.schemas.canonical(arrays_[name])) if name in arrays_ else None
        only = rows is not None and bool(rows.properties) and len(arrays_) == 1
        if rows is not None and (snake_case(name) in names | _WRAPS or only):
            found = ids_of(survey, arrays_[name], resource, (*within, name, FIRST))
            if found is not None:
                return Named(f"`{name}`", at=found, within=within)
        elif (
            snake_case(name) in names
            and "object" not in survey.schemas.flat(flat.properties[name]).types
        ):
            return Named(f"`{name}`", at=(*within, name), within=within)
    return None


def rows_sent(survey: Survey, facts: Facts, resource: Resource) -> tuple[Path, Flat] | None:
    """Where a request has entities in an array, beside what it says of how to store them: the path
    of one, and its schema. Each may be in an object of its own: `{"requests": [{"kite": {}}]}`."""
    media = body_of(facts.operation)
    if media is None or not media.pointer:
        return None
    schemas = survey.schemas
    within, body = unwrapped(survey, media.pointer)
    whole = survey.flat(resource.schema).properties
    arrays = dict(_arrays(survey, body))
    if len(arrays) != 1 or not whole.keys().isdisjoint((within or next(iter(arrays)))[:1]):
        return None  # it says different things, or this is what an entity has
    (name, place), *_ = arrays.items()
    at, row = (*within, *name, FIRST), schemas.canonical(place)
    rows = {at: row}
    for inner in survey.flat(row).properties:
        below = schemas.place(row, inner)
        if below is not None:
            rows[*at, inner] = schemas.canonical(below)
    flats = ((path, survey.flat(where)) for path, where in rows.items())
    found = (one for one in flats if sends_most(survey, one[1].properties, resource))
    return next(found, None)


def _arrays(survey: Survey, body: str) -> Iterator[tuple[Path, str]]:
    """The arrays of a body, with the places of their items: the body itself, or those in it."""
    item = survey.schemas.place(body, None)
    if "array" not in survey.flat(body).types:
        yield from (((name,), place) for name, place in survey.schemas.arrays(body).items())
    elif item is not None:
        yield (), item


def unwrapped(survey: Survey, pointer: str) -> tuple[Path, str]:
    """What is sent, without an object that wraps all of it: its path, and the place of its
    schema."""
    schemas, body = survey.schemas, survey.schemas.main(pointer)
    properties = survey.flat(body).properties
    name = next(iter(properties)) if len(properties) == 1 else None
    inner = schemas.place(body, name) if name is not None else None
    if name is None or inner is None or "array" in schemas.types(properties[name]):
        return (), body
    place = schemas.main(schemas.canonical(inner))
    return ((name,), place) if survey.flat(place).properties else ((), body)


def only_array(survey: Survey, facts: Facts) -> Named | None:
    """The only property of a request, if it is an array of values: `{"order": [7, 3]}`."""
    media = body_of(facts.operation)
    top = survey.schemas.main(media.pointer) if media is not None and media.pointer else None
    arrays = survey.schemas.arrays(top) if top else {}
    if len(arrays) != 1 or len(survey.flat(top).properties) != 1:
        return None
    (name, place), *_ = arrays.items()
    plain = not survey.flat(survey.schemas.canonical(place)).properties
    return Named(f"`{name}`", at=(name, FIRST)) if plain else None


def ids_of(survey: Survey, place: str | None, resource: Resource, path: Path) -> Path | None:
    """The path to the ids in an array: its items, or a property of each."""
    if place is None:
        return path
    flat = survey.flat(survey.schemas.canonical(place))
    if not flat.properties:
        return path if "object" not in flat.types else None
    own = {resource.identity.key or "", resource.identity.parameter or ""} - {""}
    spelled = {snake_case(name): name for name in flat.properties}
    wanted = [*map(snake_case, own), f"{resource.noun}_id", "id", "uuid"]
    named = next((spelled[one] for one in wanted if one in spelled), None)
    return (*path, named) if named is not None else None


def _names(resource: Resource) -> Iterator[str]:
    """What requests call the ids of a resource."""
    for one in names_of(resource):
        yield from (one, plural(one), f"{one}_list", f"list_of_{plural(one)}")
    for one in (resource.noun, last_word(resource.noun)):
        yield plural(one)
    yield "object_ids"


def rows_shown(survey: Survey, facts: Facts, resource: Resource) -> Path | None:
    """Where a response has an array of entities of a resource; None if it has none."""
    media = facts.operation.success_json
    if media is None or not media.pointer:
        return None
    schemas, top = survey.schemas, survey.schemas.main(media.pointer)
    inner = schemas.place(top, None) if "array" in schemas.flat_at(top).types else None
    rows = {(): inner} if inner is not None else {(n,): p for n, p in schemas.arrays(top).items()}
    own = survey.flat(resource.schema).properties.keys()
    for path, place in rows.items():
        shown = survey.flat(schemas.canonical(place)).properties.keys()
        known = resource.identity.key in shown or resource.identity.key is None
        if known and 2 * len(shown & own) > len(shown):
            return path
    return None


def ends_like(sent: str, own: Iterable[str]) -> str | None:
    """The property that a value is for: `folder_id` of `target_folder_id`, `tags` of `tag`."""
    words = tokens(sent)
    for name in own:
        called = tokens(name)
        if len(called) > 1 and words[-len(called) :] == called:
            return name
        if noun(name) == noun(sent):
            return name
    return None


def positions(survey: Survey, resource: Resource) -> list[str]:
    """The properties that say at which place among the others an entity stands."""
    return [
        name
        for name, schema in survey.flat(resource.schema).properties.items()
        if tokens(name)[-1:] and tokens(name)[-1] in _PLACES
        if survey.schemas.kinds(schema) & {"integer", "number"}
    ]
