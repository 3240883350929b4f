"""Numbers that count other entities: which properties they are, and what they count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.reference_names import is_id
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.inferred.schedules import state_of
from mockserver.inference.model import Membership, Plan
from mockserver.inference.parts import path_of_relationship, properties_of, relationships_of
from mockserver.inference.resource_model import Path, Resource
from mockserver.inference.states import is_job, kind_of, spelled
from mockserver.inference.words import (
    ID_ENDS,
    bag,
    counted,
    is_below,
    is_plural,
    last_word,
    moment_stem,
    noun,
    snake_case,
    tokens,
    upward,
)
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass

_COUNT_HOLDERS = bag("count counts statistics stats totals total _count summary metrics")


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """A property that is the number of entities of `repository`: below one, of its members, or of
    those that name it in `field`; only of those whose state or flag is in `kept`, if it has any."""

    path: Path
    repository: Repository
    membership: Membership | None = None
    field: str | None = None
    kept: frozenset[Any] = frozenset()

    def of(self, entities: Iterable[Entity]) -> int:
        """How many of these count."""
        return sum(1 for one in entities if not self.kept or self._counts(one))

    def _counts(self, entity: Entity) -> bool:
        states = self.repository.resource.states
        state = state_of(states, entity.data) if states is not None else None
        return state in self.kept or any(entity.data.get(str(name)) is True for name in self.kept)


def flat_of(schemas: Schemas, resource: Resource) -> Flat:
    return schemas.flat_at(resource.schema) if resource.schema else schemas.flat({})


def numbers(schemas: Schemas, resource: Resource) -> Iterator[tuple[Path, str]]:
    """The integers of a resource that count something, and what they count."""
    flat, holder = flat_of(schemas, resource), resource.holder
    held = properties_of(schemas, flat.properties[holder]) if holder in flat.properties else {}
    for name, schema in held.items():
        about = counted(name)
        if holder is not None and about and "integer" in schemas.types(schema):
            yield (holder, name), about
    for name, schema in flat.properties.items():
        about = counted(name)
        types = schemas.types(schema)
        # The first look for a singular takes the rules of English, so numbers come first.
        number = "integer" in types or (about and "number" in types)
        if number and (about or (about is None and is_plural(name))):
            yield (name,), about or noun(name)
        elif snake_case(name) in _COUNT_HOLDERS:
            flat = schemas.flat(schema)
            for inner, one in flat.properties.items() if "object" in flat.types else ():
                if "integer" in schemas.types(one):
                    yield (name, inner), counted(inner) or noun(inner)


_NEWEST = bag("last latest newest recent current")
_IDS = (*ID_ENDS, ("arn",))


def newest(schemas: Schemas, resource: Resource) -> Iterator[tuple[str, str, str]]:
    """The properties that tell of the newest entity of another kind: the property, the noun of the
    kind, and whether it has the time of its creation ("time"), its id ("id"), a property of it
    (".status") or shows it ("")."""
    for name, schema in flat_of(schemas, resource).properties.items():
        stem = moment_stem(name)
        words = tokens(stem or name)
        words = words[1:] if words[:1] == ("most",) else words
        if words[:1] and words[0] in _NEWEST and len(words) > 1:
            if stem and words[0] != "current":
                yield name, noun("_".join(words[1:])), "time"
            elif words[-1:] in _IDS:
                yield name, noun("_".join(words[1:-1])), "id"
            elif "object" in schemas.types(schema):
                yield name, noun("_".join(words[1:])), ""
            for cut in range(len(words) - 1, 1, -1):
                yield name, noun("_".join(words[1:cut])), "." + "_".join(words[cut:])


_TYPES = {str: {"string"}, bool: {"boolean"}, int: {"integer", "number"}, float: {"number"}}


def fits(schemas: Schemas, schema: Any, value: Any) -> bool:
    """Whether a property may have the plain value of another one."""
    flat = schemas.flat(schema)
    alike = not flat.types or bool(_TYPES.get(type(value), set()) & {*flat.types})
    return alike and (flat.values is None or value in flat.values)


def readings(about: str) -> Iterator[tuple[str, str]]:
    """The nouns that a number may count, each with the adjective before it: `submitted_job` counts
    submitted_job, or job with the adjective submitted."""
    yield about, ""
    words = about.split("_")
    for cut in range(1, len(words)):
        yield "_".join(words[cut:]), "_".join(words[:cut])


def standing(schemas: Schemas, resource: Resource, how: str) -> frozenset[Any] | None:
    """The states and flags of a resource that an adjective means; empty without an adjective, None
    if it means none of them."""
    if not how:
        return frozenset()
    states = resource.states
    known = states.known if states is not None else ()
    found = {value for value in known if spelled(value) == how}
    found = found or {v for v in known if kind_of(how) == kind_of(v) != "other"}
    flags = flat_of(schemas, resource).properties
    found |= {
        name
        for name, schema in flags.items()
        if snake_case(name).removeprefix("is_") == how and "boolean" in schemas.flat(schema).types
    }
    return frozenset(found) or None


def naming(
    schemas: Schemas, other: Resource, resource: Resource, plainly: bool = False
) -> str | None:
    """The property by which entities of another resource name one of this: `queue_id`, or
    `plainly` a text or number `queue`, or an object with its id."""
    nouns = {resource.noun, last_word(resource.noun)}
    wanted = {f"{one}_{end}" for one in nouns for end in ("id", "uuid", "arn")}
    own = dict(flat_of(schemas, other).properties)
    if other.request is not None:
        own |= schemas.flat_at(other.request).properties
    found = next((name for name in own if snake_case(name) in wanted), None)
    if found is not None or not plainly:
        return found
    values = {"string", "integer"}
    plain = [n for n in own if snake_case(n) in nouns]
    found = next((n for n in plain if values & set(schemas.types(own[n]))), None)
    inner = [n for n in plain if any(map(is_id, schemas.flat(own[n]).properties))]
    related = relationships_of(schemas, flat_of(schemas, other)).items()
    inner += (path_of_relationship(n) for n, many in related if not many and snake_case(n) in nouns)
    return found or next(iter(inner), None)


Kinds = Mapping[str, list[Resource]]
"""The resources whose entities have a schema."""


def kinds_of(plan: Plan) -> Kinds:
    found: dict[str, list[Resource]] = {}
    for resource in plan.resources.values():
        if resource.schema is not None and not resource.singleton:
            found.setdefault(resource.schema, []).append(resource)
    return found


def showing(schemas: Schemas, kinds: Kinds, resource: Resource) -> Iterator[tuple[str, str, str]]:
    """The properties of a resource that list entities which name it: the property, their resource,
    and their property that does. A category shows the `children` whose `parent` it is."""
    arrays = schemas.arrays(resource.schema) if resource.schema is not None else {}
    for name, place in arrays.items():
        for other in kinds.get(schemas.canonical(place), ()):
            if other is resource:
                below = noun(name) == "child" or tokens(name)[:1] in (("sub",), ("child",))
                field = upward_of(schemas, other) if below else None
            elif not any(link.resource == resource.name for link in other.parents):
                field = naming(schemas, other, resource)
            else:
                field = None
            if field is not None:
                yield name, other.name, field


def upward_of(schemas: Schemas, resource: Resource) -> str | None:
    """The property with the id of a parent of the same resource: `parent_id`."""
    own = [*flat_of(schemas, resource).properties]
    if resource.request is not None:
        own += schemas.flat_at(resource.request).properties
    return upward(own, resource.noun)


def spellings(about: str) -> tuple[str, str]:
    """Other names of what is counted: `item` and `inventoryitem` of an `inventory_item`."""
    return last_word(about), about.replace("_", "")


def counting(schemas: Schemas, plan: Plan) -> Iterator[tuple[str, str]]:
    """The resources whose entities others count or show, each with the property naming those."""
    by_noun: dict[str, list[Resource]] = {}
    kinds = kinds_of(plan)
    for resource in plan.resources.values():
        for called in dict.fromkeys((resource.noun, *spellings(resource.noun))):
            by_noun.setdefault(called, []).append(resource)
    for resource in plan.resources.values():
        for _, shown, by in showing(schemas, kinds, resource):
            yield shown, by
        told = [about for _, about in numbers(schemas, resource)]
        told += [about for _, about, _ in newest(schemas, resource)]
        for about in told:
            if is_below(about, resource.noun):
                above = upward_of(schemas, resource)
                if above is not None:
                    yield resource.name, above
                continue
            called = next((one for one, _ in readings(about) if one in by_noun), "")
            for other in by_noun.get(called, ()):
                below = other.parents and other.parents[-1].resource == resource.name
                if not (below or resource.identity.nested) and (
                    field := naming(schemas, other, resource, True)
                ):
                    yield other.name, field


def sizes(repository: Repository, sent: Mapping[str, Any]) -> dict[str, int]:
    """The properties that count the items of an array that was sent: `domain_count`, or the `count`
    of a batch, if the entity itself does not have the `domains`."""
    lists = {noun(name): len(value) for name, value in sent.items() if isinstance(value, list)}
    one = len(lists) == 1 and is_job(repository.resource.noun)
    found = {}
    for name, schema in repository.flat.properties.items() if lists else ():
        about = counted(name)
        if about is None or name in sent or "integer" not in repository.schemas.types(schema):
            continue
        only = one and about in ("", "item", "row", "record", "entry")
        number = next(iter(lists.values())) if only else lists.get(about)
        if number is not None:
            found[name] = number
    return found
