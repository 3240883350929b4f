"""Operations on several entities of a collection: which ids or entities a request names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.inference.model import FIRST, Path, Resource
from mockserver.inference.operations import BULK, Facts, Survey, body_of
from mockserver.inference.page_fields import word
from mockserver.inference.verbs import first_words
from mockserver.inference.words import bag, plural, tokens
from mockserver.records import dataclass

Steps = tuple[str, ...]

_REMOVING = bag("delete remove destroy purge deletes deletion deletions erase trash discard")
_CHANGING = bag("update modify edit patch change save upsert set merge")
_BESIDE = bag("batch bulk many multiple several all by ids id request requests selected list mass")
_WRAPS = bag(
    "inputs items objects data entries elements records requests values operations keys entities "
    "list selection selected targets"
)
_ALL = bag("all every clear clears empty empties everything purge purges")


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Where a request has the ids of several entities: in a query parameter, or at a path in the
    body (with `FIRST` where an array stands). `every`: it has none, and means all of them."""

    text: str
    query: str | None = None
    at: Path = ()
    every: bool = False


def ids_in(survey: Survey, facts: Facts, resource: Resource) -> Named | None:
    """Where a request has ids of a resource; None if it has none."""
    names = set(_names(resource))
    query = [one for one in facts.operation.parameters if one.place == "query"]
    arrays = [one for one in query if "array" in survey.schemas.flat(one.schema).types]
    for parameter in query:
        if word(parameter.name) in names or (query == arrays and len(arrays) == 1):
            return Named(f"`{parameter.name}`", query=parameter.name)
    media = body_of(facts.operation)
    if media is None or not media.pointer:
        return None
    body = survey.schemas.main(media.pointer)
    flat = survey.flat(body)
    if "array" in flat.types:
        found = _ids_of(survey, survey.schemas.place(body, None), resource, (FIRST,))
        return Named("the body", at=found) if found is not None else None
    arrays_ = survey.schemas.arrays(body)
    for name in flat.properties:
        rows = survey.flat(survey.schemas.canonical(arrays_[name])) if name in arrays_ else None
        only = rows is not None and bool(rows.properties) and len(arrays_) == 1
        if rows is not None and (word(name) in names | _WRAPS or only):
            found = _ids_of(survey, arrays_[name], resource, (name, FIRST))
            if found is not None:
                return Named(f"`{name}`", at=found)
        elif (
            word(name) in names and "object" not in survey.schemas.flat(flat.properties[name]).types
        ):
            return Named(f"`{name}`", at=(name,))
    return None


def _ids_of(survey: Survey, place: str | None, resource: Resource, path: Path) -> Path | None:
    """The path to the ids in an array: its items, or a property of each."""
    if place is None:
        return path
    flat = survey.flat(survey.schemas.canonical(place))
    if not flat.properties:
        return path if "object" not in flat.types else None
    own = {resource.identity.key or "", resource.identity.parameter or ""} - {""}
    spelled = {word(name): name for name in flat.properties}
    wanted = [*map(word, own), f"{resource.noun}_id", "id", "uuid"]
    named = next((spelled[one] for one in wanted if one in spelled), None)
    return (*path, named) if named is not None else None


def _names(resource: Resource) -> Iterator[str]:
    """What requests call the ids of a resource."""
    short = resource.noun.rsplit("_", 1)[-1]
    yield from ("ids", "id")
    for noun in dict.fromkeys((resource.noun, short)):
        yield from (f"{noun}_ids", f"{noun}_id", plural(noun))
    for name in (resource.identity.key, resource.identity.parameter):
        if name:  # entities known only by path have no ids to send
            yield from (word(name), plural(word(name)))


def means_all(facts: Facts) -> bool:
    """Whether a DELETE of a collection has nothing that could name a few of it."""
    operation = facts.operation
    if operation.body is not None:
        return False
    says = {*tokens(operation.summary), *tokens(operation.id), *tokens(operation.description[:200])}
    query = [one for one in operation.parameters if one.place == "query" and one.required]
    return not query or bool(says & _ALL)


def _said(facts: Facts) -> frozenset[str]:
    """What an operation says that it does, where its path does not: by its method or summary."""
    if facts.method == "DELETE":
        return frozenset(("delete",))
    return frozenset(first_words(facts.operation.summary))


def swept_collection(steps: Steps, collections: Mapping[Steps, str], facts: Facts) -> Steps | None:
    """The collection of which `POST /contacts/delete` or `/contacts/batch/archive` removes some."""
    return _collection(steps, collections, _REMOVING | {"archive"}, _REMOVING, _said(facts))


def changed_collection(
    steps: Steps, collections: Mapping[Steps, str], facts: Facts
) -> Steps | None:
    """The collection of which `POST /contacts/batch/update` changes some."""
    return _collection(steps, collections, _CHANGING, frozenset(), _said(facts))


def _collection(
    steps: Steps,
    collections: Mapping[Steps, str],
    verbs: frozenset[str],
    alone: frozenset[str],
    said: frozenset[str],
) -> Steps | None:
    """The collection before a verb, and a word for several unless the verb may stand `alone`. What
    is `said` counts where the path has nothing but such a word."""
    for length in (len(steps) - 1, len(steps) - 2):
        above = steps[: max(length, 0)]
        if not above or above not in collections:
            continue
        words = {one for step in steps[length:] for one in tokens(step)}
        noun = set(tokens(above[-1]))
        several = words & (_BESIDE | BULK) or words & noun
        found = words & verbs or (not words - _BESIDE - BULK - noun and said & verbs)
        if found and not words - verbs - _BESIDE - BULK - noun:
            return above if several or words & alone else None
    return None
