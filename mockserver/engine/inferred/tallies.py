"""Numbers that count other entities: which properties they are, and what they count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mockserver.engine.inferred.reference_names import is_id
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.inferred.schedules import state_of
from mockserver.inference.model import Membership
from mockserver.inference.resource_model import Path, Resource
from mockserver.inference.states import kind_of, spelled
from mockserver.inference.words import bag, counted, is_plural, last_word, noun, snake_case
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
    for name, schema in flat_of(schemas, resource).properties.items():
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
    wanted = {f"{one}_{end}" for one in nouns for end in ("id", "uuid")}
    own = dict(flat_of(schemas, other).properties)
    if other.request is not None:
        own |= schemas.flat_at(other.request).properties
    found = next((name for name in own if snake_case(name) in wanted), None)
    if found is not None or not plainly:
        return found
    values = {"string", "integer"}
    plain = [n for n in own if snake_case(n) in nouns]
    found = next((n for n in plain if values & set(schemas.types(own[n]))), None)
    inner = (n for n in plain if any(map(is_id, schemas.flat(own[n]).properties)))
    return found or next(inner, None)
