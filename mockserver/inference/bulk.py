"""Operations on several entities of a collection: which ids or entities a request names, and what
is done to each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.inference.drafts import is_link
from mockserver.inference.effects import Effects
from mockserver.inference.evidence import WEIGHTS, Maker, Reading
from mockserver.inference.model import Action, Transition, in_words
from mockserver.inference.operations import BULK, Facts, Survey, body_of
from mockserver.inference.paths import ANY
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.verbs import first_words, says_made, verb_of
from mockserver.inference.words import bag, last_word, noun, plural, snake_case, tokens
from mockserver.records import dataclass

Steps = tuple[str, ...]

_REMOVING = bag("delete remove destroy purge deletes deletion deletions erase trash discard")
_CHANGING = bag("update modify edit patch change save upsert set merge put")
_ADDING = bag("upsert put save merge")
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
        if snake_case(parameter.name) in names or (query == arrays and len(arrays) == 1):
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
        if rows is not None and (snake_case(name) in names | _WRAPS or only):
            found = _ids_of(survey, arrays_[name], resource, (name, FIRST))
            if found is not None:
                return Named(f"`{name}`", at=found)
        elif (
            snake_case(name) in names
            and "object" not in survey.schemas.flat(flat.properties[name]).types
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
    spelled = {snake_case(name): name for name in flat.properties}
    wanted = [*map(snake_case, own), f"{resource.noun}_id", "id", "uuid"]
    named = next((spelled[one] for one in wanted if one in spelled), None)
    return (*path, named) if named is not None else None


def _names(resource: Resource) -> Iterator[str]:
    """What requests call the ids of a resource."""
    short = last_word(resource.noun)
    yield from ("ids", "id")
    for one in dict.fromkeys((resource.noun, short)):
        yield from (f"{one}_ids", f"{one}_id", plural(one))
    for name in (resource.identity.key, resource.identity.parameter):
        if name:  # entities known only by path have no ids to send
            yield from (snake_case(name), plural(snake_case(name)))


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
    changes = ("update",) if facts.method == "PATCH" else ()
    return frozenset((*first_words(facts.operation.summary), *changes))


def named_alike(survey: Survey, facts: Facts, resource: Resource) -> tuple[str, ...]:
    """The properties of a body that only says by what entities are found: `DELETE
    /keys/{key}/privileges` with `{"privilege": ...}`."""
    sent = survey.flat(facts.body).properties if facts.body else {}
    own = survey.flat(resource.schema).properties.keys() - {resource.identity.key}
    nested = {"array", "object"}
    plain = all(nested.isdisjoint(survey.schemas.types(one)) for one in sent.values())
    return tuple(sent) if plain and sent.keys() <= own and FIRST not in facts.sent else ()


class SeveralReader:
    """Reads operations on several entities of a collection."""

    def __init__(
        self,
        survey: Survey,
        resources: Mapping[str, Resource],
        collections: Mapping[Steps, str],
        make: Maker,
        effects: Effects,
    ) -> None:
        self.survey = survey
        self.resources = resources
        self.collections = collections
        self.make = make
        self.effects = effects
        self._beside: dict[tuple[Steps, str], Steps] = {}
        for steps in collections:
            if steps:
                self._beside.setdefault((steps[:-1], noun(steps[-1])), steps)

    def readings(self, facts: Facts) -> Iterator[Reading]:
        """`POST /contacts/delete` and `/contacts/batch/update`, with ids or entities in a body."""
        if facts.operation.method in ("GET", "HEAD") or facts.plain is not None:
            return
        for steps in _without_bulk(facts.route.steps):
            said = _said(facts)
            several = steps != facts.route.steps
            alone = _REMOVING | {"archive"}
            for found, read in (
                (self._collection(steps, _REMOVING, _REMOVING, said, several), self.sweep),
                (self._collection(steps, _CHANGING, frozenset(), said, several), self.change),
                (self._acted(steps, several), self._act),
                (self._collection(steps, alone, _REMOVING, said, several), self.sweep),
            ):
                action = read(facts, self.resources[self.collections[found]]) if found else None
                if action is not None:
                    yield Reading(WEIGHTS["plain"] + WEIGHTS["several"], action)
            if several and steps in self.collections and facts.method in ("POST", "PUT"):
                resource = self.resources[self.collections[steps]]
                if FIRST in facts.sent and self.sends_like(facts, resource):
                    why = f"makes several {plural(resource.noun)}: an array of them is sent"
                    action = self.make(facts, "create", why, "likely", resource=resource.name)
                    yield Reading(WEIGHTS["plain"], action)

    def sweep(self, facts: Facts, resource: Resource) -> Action | None:
        """DELETE on a collection, with the ids to remove in the request, or of all of it."""
        why = f"{facts.method} of {facts.operation.path}"
        if is_link(self.survey, facts):
            by = tuple((name, name) for name in self.survey.flat(facts.body).properties)
            return self.make(
                facts, "sweep", f"{why} with the ids it links", "likely",
                resource=resource.name, by=by,
            )  # fmt: skip
        found = ids_in(self.survey, facts, resource)
        if found is not None:
            return self.make(
                facts, "sweep", f"{why} with ids in {found.text}", "likely",
                resource=resource.name, ids=found.query, sent=found.at,
            )  # fmt: skip
        alike = named_alike(self.survey, facts, resource)
        if alike:
            return self.make(
                facts, "sweep", f"{why} with `{'`, `'.join(alike)}` of what is removed", "likely",
                resource=resource.name, by=tuple((name, name) for name in alike),
            )  # fmt: skip
        if facts.operation.method == "DELETE" and means_all(facts):
            why += f", which names none: all {plural(resource.noun)}"
            return self.make(facts, "sweep", why, "likely", resource=resource.name, every=True)
        return None

    def change(self, facts: Facts, resource: Resource) -> Action | None:
        """An array of entities to change, each of which names itself."""
        key = resource.identity.key
        if FIRST not in facts.sent or key not in self.survey.flat(facts.body).properties:
            return None
        why = f"{facts.method} of {facts.operation.path} changes several, each named by its `{key}`"
        adds = says_made(facts.operation.summary, facts.operation.id)
        adds = adds or not _ADDING.isdisjoint(_words(facts.route.last))
        return self.make(
            facts, "create", why + (", or makes them" if adds else ""), "likely",
            resource=resource.name, upsert=True, partial=not adds,
        )  # fmt: skip

    def sends_like(self, facts: Facts, resource: Resource) -> bool:
        """Whether the request holds several of what creates one entity (`POST /emails/batch`)."""
        sent = self.survey.flat(facts.body).properties.keys()
        one = self.survey.flat(resource.request or resource.schema).properties.keys()
        several = facts.route.last in BULK or noun(facts.sent[0]) == resource.noun
        alike = 2 * len(sent & one) > len(sent) or facts.ref == resource.schema
        return several and bool(sent) and alike

    def _collection(
        self,
        steps: Steps,
        verbs: frozenset[str],
        alone: frozenset[str],
        said: frozenset[str],
        several: bool = False,
    ) -> Steps | None:
        """The collection before a verb, and a word for several unless the verb may stand `alone`;
        or beside it: `/delete-contacts`. What is `said` counts where the path has nothing but such
        a word, which may stand before the collection, too: `several`."""
        for length in (len(steps) - 1, len(steps) - 2):
            above = steps[: max(length, 0)]
            if not above or above not in self.collections or ANY in steps[length:]:
                continue
            words = {one for step in steps[length:] for one in _words(step)}
            own = set(tokens(above[-1]))
            many = several or words & (_BESIDE | BULK) or words & own
            found = words & verbs or (not words - _BESIDE - BULK - own and said & verbs)
            if found and not words - verbs - _BESIDE - BULK - own:
                return above if many or words & alone else None
        if several and steps in self.collections and said & verbs:
            return steps
        rest = [one for one in _words(steps[-1]) if one not in verbs | _BESIDE | BULK]
        if rest and len(rest) < len(_words(steps[-1])) and plural(rest[-1]) == rest[-1]:
            return self._beside.get((steps[:-1], noun("_".join(rest))))
        return None

    def _acted(self, steps: Steps, several: bool) -> Steps | None:
        """The collection before another verb and a word for several: `/messages/batch/archive`."""
        for length in (len(steps) - 1, len(steps) - 2):
            above = steps[: max(length, 0)]
            if above and above in self.collections and ANY not in steps[length:]:
                words = [one for step in steps[length:] for one in _words(step)]
                left = [one for one in words if one not in _BESIDE | BULK]
                many = several or len(left) < len(words)
                return above if many and left and verb_of("_".join(left)) else None
        return None

    def _act(self, facts: Facts, resource: Resource) -> Action | None:
        """A verb on each of those whose ids are sent."""
        found = ids_in(self.survey, facts, resource)
        words = [one for one in _words(facts.route.last) if one not in _BESIDE | BULK]
        verb = verb_of("_".join(words))
        changes = dict(self.effects.changes(resource, verb, "_".join(words), facts))
        if found is None or not changes:
            return None
        effect = in_words(changes, resource)
        why = f"`{verb}` of those with ids in {found.text}: it sets {effect}"
        return self.make(
            facts, "sweep", why, "likely", resource=resource.name, ids=found.query, sent=found.at,
            transition=Transition(verb, tuple(changes.items())),
        )  # fmt: skip


def _words(step: str) -> tuple[str, ...]:
    """The words of a step; `batchdelete` is two."""
    found: list[str] = []
    for one in tokens(step):
        head = next(
            (w for w in ("batch", "bulk") if one.startswith(w) and verb_of(one[len(w) :])), ""
        )
        found += [head, one[len(head) :]] if head else [one]
    return tuple(found)


def _without_bulk(steps: Steps) -> Iterator[Steps]:
    """The steps, and those without a word for several before the last one: `/bulk/contacts`."""
    if steps:
        yield steps
    plain = tuple(one for one in steps[:-1] if one.lower() not in ("bulk", "batch"))
    if len(plain) == len(steps) - 2:
        yield (*plain, steps[-1])
