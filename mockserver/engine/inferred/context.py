"""What every generic handler needs: document, plan, values, repositories."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from mockserver.engine.generation.responses import Answers
from mockserver.engine.generation.unions import best
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.compositions import Compositions
from mockserver.engine.inferred.embeds import Embeds
from mockserver.engine.inferred.examples import Examples, NoExamples
from mockserver.engine.inferred.given import Given, GivenExamples
from mockserver.engine.inferred.identifiers import Keys
from mockserver.engine.inferred.identifiers import dig as dig
from mockserver.engine.inferred.identifiers import id_text as id_text
from mockserver.engine.inferred.joins import Joins
from mockserver.engine.inferred.repository import Entity, OwnRepository, Repository
from mockserver.engine.inferred.seed_references import Sought
from mockserver.engine.inferred.seeding import Sower, lasting
from mockserver.engine.serialization import pointer_of
from mockserver.engine.world import World
from mockserver.errors import NotFound
from mockserver.inference.model import Action, Plan
from mockserver.inference.page_fields import LINKS
from mockserver.inference.paths import route
from mockserver.inference.resource_model import Link, Path, Resource
from mockserver.inference.status_links import leading
from mockserver.inference.words import bag, last_word, noun, snake_case, tokens
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.openapi.schemas.validators import Validators
from mockserver.records import dataclass

_MOST_JOBS = 200
"""How many of the newest jobs are searched for the one with a result."""


@dataclass(slots=True, eq=False)
class Context:
    """One document as the generic engine serves it. `repositories` are keyed by resource name."""

    contract: Contract
    plan: Plan
    values: Values
    answers: Answers
    repositories: Mapping[str, Repository]
    sower: Sower
    keys: Keys
    examples: Examples
    embeds: Embeds
    joins: Joins
    compositions: Compositions
    _self_links: dict[tuple[str, str | None], Mapping[Path, str]] = field(default_factory=dict)
    _below: dict[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    _pages: dict[str, Mapping[str, bool]] = field(default_factory=dict)
    _locations: dict[tuple[str, Path], tuple[Path, ...]] = field(default_factory=dict)
    _results: dict[str, list[tuple[Repository, str]]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        contract: Contract,
        plan: Plan,
        validators: Validators,
        schemas: Schemas,
        repositories: Mapping[str, Repository],
        seeds: str = "examples",
        given: Given | None = None,
    ) -> Context:
        """`seeds`: worlds start with the document's `examples`, with `generated` entities, or with
        `none`; plus `given` ones. Raises UsageError for invalid given entities."""
        values = Values(contract, validators, schemas=schemas)
        for repository in repositories.values():
            if isinstance(repository, OwnRepository) and repository.phases is not None:
                repository.phases.use(values)
        answers = Answers(values)
        keys = Keys(values)
        shown = seeds == "examples"
        examples = Examples(contract, plan, values, keys) if shown else NoExamples()
        empty = seeds == "none"
        if given is not None:
            examples = GivenExamples(given, plan, values, keys, examples)
        sought = Sought(contract, plan)
        sower = Sower(values, repositories, keys, examples, plan, sought, empty=empty)
        embeds = Embeds(schemas, plan, repositories, sower)
        joins = Joins(schemas, plan, repositories, sower, embeds)

        def seen(resource: str) -> Mapping[str, Any] | None:
            first = examples.first(resource)
            return first.data if first is not None else None

        return cls(
            contract, plan, values, answers, repositories, sower, keys, examples, embeds, joins,
            Compositions(values, seen),
        )  # fmt: skip

    @property
    def schemas(self) -> Schemas:
        return self.values.schemas

    def flat(self, resource: Resource) -> Flat:
        return self.schemas.flat_at(resource.schema) if resource.schema else self.schemas.flat({})

    def fitting(self, pointer: str | None, known: Any) -> Flat:
        """The schema for a known value: of a union, the branch that fits best."""
        return best(self.schemas, pointer, known) if pointer else self.schemas.flat({})

    def repository_of(self, action: Action) -> Repository:
        """The repository of the action's resource."""
        assert action.resource is not None, action.operation
        return self.repositories[action.resource]

    def above(self, link: Link) -> Repository | None:
        """The repository of the entities that a path parameter names, if known."""
        return self.repositories.get(link.resource) if link.resource is not None else None

    def self_links(self, resource: Resource, shown: str | None = None) -> Mapping[Path, str]:
        """The properties that hold the URL of the entity itself, with the pointers to their
        schemas; in the schema at `shown`, if that is another one."""
        requested = resource.name, shown if shown != resource.schema else None
        found = self._self_links.get(requested)
        if found is None:
            found = self._self_links[requested] = dict(
                self._find_self_links(resource, requested[1])
            )
        return found

    def lead_to_itself(
        self, found: dict[str, Any], resource: Resource, url: Callable[[], str], shown: str | None
    ) -> None:
        """Set the properties of an entity that hold its own URL, also those at `shown`."""
        links = self.self_links(resource)
        if shown is not None:
            links = {**links, **self.self_links(resource, shown)}
        for path, pointer in links.items():
            if len(path) > 1 and found.get(path[0]) is None and self._needs_more(resource, path):
                continue  # the rest would be another in each response
            own, part = url(), found
            # A pattern may want a path, or what no URL of this mock can be.
            fits = self.values.check(pointer).is_valid
            fitting = next(filter(fits, (own, urlsplit(own).path)), None)
            for step in path[:-1]:
                inner = part.get(step)
                part[step] = part = dict(inner) if isinstance(inner, Mapping) else {}
            if fitting is not None or path[-1] not in part:
                part[path[-1]] = fitting or own
        for name, steps in self._sub_links(resource).items():
            there = found.get(name)
            below = {snake_case(step): f"{url()}/{step}" for step in steps}
            found[name] = {**below, **(there if isinstance(there, Mapping) else {})}
        for name, whole in self._pages_below(resource).items():
            there = found.get(name)
            if isinstance(there, Mapping):
                own = url() if whole else urlsplit(url()).path
                found[name] = {**there, "url": f"{own}/{name}"}

    def _needs_more(self, resource: Resource, path: Path) -> bool:
        """Whether the object that holds a link requires other properties."""
        place = self.schemas.place(resource.schema, path[0]) if resource.schema else None
        return place is not None and bool({*self.schemas.flat_at(place).required} - {path[1]})

    def _sub_links(self, resource: Resource) -> Mapping[str, tuple[str, ...]]:
        """The properties that hold the URLs of what is below an entity (`links`, an object whose
        properties the document doesn't list), with the last steps of these."""
        found = self._below.get(resource.name)
        if found is None:
            names = [
                name
                for name, schema in self.flat(resource).properties.items()
                if snake_case(name) in _LINKED
                and (flat := self.schemas.flat(schema)).types == ("object",)
                and not (flat.properties or flat.objects.closed)
            ]
            steps = self._steps_below(resource) if names else ()
            found = self._below[resource.name] = dict.fromkeys(names, steps)
        return found

    def _pages_below(self, resource: Resource) -> Mapping[str, bool]:
        """The properties that hold the first page of a list below an entity (`data`, `has_more` and
        its `url`), by whether the URL is one with a host. Such APIs name lists by their paths."""
        found = self._pages.get(resource.name)
        if found is None:
            inner = {
                name: flat.properties["url"]
                for name, schema in self.flat(resource).properties.items()
                if {"data", "has_more", "url"}
                <= (flat := self.schemas.flat(schema)).properties.keys()
            }
            steps = self._steps_below(resource) if inner else ()
            found = self._pages[resource.name] = {
                name: self.schemas.flat(schema).rules.get("format") in ("uri", "url", "iri")
                for name, schema in inner.items()
                if name in steps
            }
        return found

    def _steps_below(self, resource: Resource) -> tuple[str, ...]:
        """The last steps of the paths of what can be read below an entity."""
        items = [route(path).steps for path in resource.items]
        steps = (
            one.steps[-1]
            for operation in self.contract.operations
            if operation.method == "GET"
            and (one := route(operation.path)).steps[:-1] in items
            and not one.is_item
        )
        return tuple(dict.fromkeys(steps))

    def _find_self_links(self, resource: Resource, shown: str | None) -> Iterator[tuple[Path, str]]:
        schemas, start = self.schemas, str(shown or resource.schema)
        flat = schemas.flat_at(start) if shown or resource.schema else schemas.flat({})
        for name, schema in flat.properties.items():
            place = schemas.place(start, name)
            if place is None:
                continue
            if self._leads_to_itself(resource, name, schema):
                yield (name,), place
            elif name.lower() in LINKS or snake_case(name) in _ABOUT:
                # `{"_links": {"self": {"href": ...}}}`, `{"meta": {"location": ...}}`
                for inner, one in schemas.flat(schema).properties.items():
                    called = snake_case(inner)
                    if called not in ("self", "self_url", "self_link") and (
                        called not in ("location", "href", "uri") or snake_case(name) not in _ABOUT
                    ):
                        continue
                    below = schemas.place(place, inner)
                    if below is not None and "string" in schemas.types(one):
                        yield (name, inner), below
                    elif below is not None and "href" in schemas.flat(one).properties:
                        last = schemas.place(below, "href")
                        if last is not None:
                            yield (name, inner, "href"), last

    def locations(self, operation: Operation, at: Path) -> tuple[Path, ...]:
        """The texts of a response to a create that say where the new entity is, beside or in
        place of it: `{"entity_id": 7, "location": "https://..."}`."""
        requested = operation.id, at
        found = self._locations.get(requested)
        if found is None:
            place = self.schemas.along(pointer_of(operation, operation.success), at)
            texts = leading(self.schemas, self.schemas.main(place)) if place else ()
            found = self._locations[requested] = tuple(path for path, _ in texts)
        return found

    def _leads_to_itself(self, resource: Resource, name: str, schema: Any) -> bool:
        flat = self.schemas.flat(schema)
        if "string" not in flat.types or flat.values:
            return False
        requested = self.schemas.flat_at(resource.request).properties if resource.request else {}
        spelled = snake_case(name)
        if spelled.startswith("self_"):
            return True  # whatever the schema of requests has: clients don't say where things are
        if name in requested and not self.schemas.flat(requested[name]).notes.read_only:
            return False
        if spelled in _SELF:
            return True
        said = (one for one in (schema, self.schemas.resolved(schema)) if isinstance(one, Mapping))
        text = " ".join(str(one.get("description") or "") for one in said)
        return spelled in ("url", "uri", "link") and bool(_ITSELF.search(text))

    def any_is_known(self, world: World, resource: Resource, key: str) -> bool:
        """Whether any id exists: the user wants it so, the document names it, or clients can't
        learn ids because no response contains one that a path could use."""
        if world.leniency.knows_any_id:
            return True
        given = key.rsplit("/", 1)[-1] in resource.identity.given
        return given or resource.identity.open or self.keys.unspeakable(resource)

    def find(
        self, world: World, repository: Repository, key: str, parent: str | None = None
    ) -> Entity | None:
        """An entity by its key; the seed entities are created before it counts as missing: those
        of examples, those of its `parent`, and all only then."""
        entity = repository.get(world, key)
        if entity is None and self.sower.has_any(repository):
            for _ in self.sower.steps(world, repository, parent):
                entity = repository.get(world, key)
                if entity is not None:
                    return entity
        return self._result(world, repository, key) if entity is None else entity

    def _result(self, world: World, repository: Repository, key: str) -> Entity | None:
        """The result of a job: it exists once a job holds it, or its id (`output_file_id`)."""
        resource = repository.resource
        own = resource.identity.key
        for jobs, name in self._told_by_jobs(resource):
            newest = jobs.scan(world, None, newest_first=True)
            for _, job in zip(range(_MOST_JOBS), newest, strict=False):
                stored = job.data.get(name)
                whole = stored if isinstance(stored, Mapping) else {own: stored} if own else {}
                if stored is not None and str(whole.get(own, stored)) == key and resource.schema:
                    rng = lasting(world, "result", resource.name, key)
                    data = self.values.kept(resource.schema, rng, whole, owner=resource.noun)
                    shown = data if isinstance(data, Mapping) else whole
                    return Entity(key, shown, "", {"seed": True})
        return None

    def _told_by_jobs(self, resource: Resource) -> list[tuple[Repository, str]]:
        """The jobs whose results are entities of a resource, with the property that holds the
        entity or its id."""
        found = self._results.get(resource.name)
        if found is None:
            found = self._results[resource.name] = [
                (jobs, name)
                for jobs in self.repositories.values()
                if (states := jobs.resource.states) is not None and states.moves
                for name in states.results
                if tokens(name)[-2:] == (last_word(resource.noun), "id")
                or self._holds(jobs.resource, name, resource)
            ]
        return found

    def _holds(self, jobs: Resource, name: str, resource: Resource) -> bool:
        """Whether a property of a job has the schema of a resource."""
        schemas = self.schemas
        place = schemas.place(jobs.schema, name) if jobs.schema is not None else None
        if place is None or resource.schema is None:
            return False
        return schemas.canonical(place) == schemas.canonical(resource.schema)


_ABOUT = bag("meta metadata")
_LINKED = bag("links subresource_uris resource_links")
_SELF = bag("self href self_url self_link resource_url resource_uri")
_ITSELF = re.compile(
    r"\b(?:url|uri|link|address|location)\b.{0,20}\b(?:of|to|for)\b.{0,12}\b(?:this|the|resource)\b",
    re.IGNORECASE,
)


def not_found(resource: Resource, value: object) -> NotFound:
    """The refusal for a missing entity."""
    name = resource.noun.replace("_", " ") or "resource"
    if value == "":
        return NotFound(f"The request names no {name}.")
    return NotFound(f"{name.capitalize()} '{value}' was not found.")


def wrapped(path: tuple[str, ...], value: Any) -> Any:
    """The value within objects with these property names."""
    for name in reversed(path):
        value = {name: value}
    return value


def put_in(holder: dict[str, Any], path: Path, value: Any) -> None:
    """Set what is at a path within an object; the objects on the way are copied or made."""
    *above, name = path
    for step in above:
        inner = holder.get(step)
        holder[step] = holder = dict(inner) if isinstance(inner, Mapping) else {}
    holder[name] = value


def named(value: Any) -> dict[str, Any]:
    """The properties of an object; empty for anything else."""
    return dict(value) if isinstance(value, Mapping) else {}


def unbracketed(sent: Mapping[str, Any], about: str, own: set[tuple[str, ...]]) -> dict[str, Any]:
    """The sent body. The form field `pet[name]` about a pet is `name` in it; `own` are the words of
    each property of a pet."""
    found = {}
    for name, value in sent.items():
        outer, _, rest = name.partition("[")
        inner = rest.removesuffix("[]").removesuffix("]")
        is_own = noun(outer) == about and tokens(inner) in own
        found[inner if is_own and inner not in sent else name] = value
    return found
