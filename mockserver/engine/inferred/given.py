"""Seed entities that the user provides, by resource, in place of the document's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.examples import Examples
from mockserver.engine.inferred.field_roles import kinds, roles_of
from mockserver.engine.inferred.identifiers import Keys, id_text
from mockserver.engine.inferred.repository import OwnRepository
from mockserver.engine.inferred.seed_references import SeedReferences
from mockserver.engine.inferred.shown_entities import Shown
from mockserver.engine.randomness import Rng, has_placeholder, why_unfilled
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import digest, uuid_of
from mockserver.errors import ContractError, UsageError, nearest
from mockserver.inference.model import Plan
from mockserver.inference.resource_model import Resource
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.openapi.schemas.validators import Validators
from mockserver.records import dataclass

Place = tuple[str | int, ...]
MOST = 10_000
"""How many entities one entry may stand for."""
_MARK = "@"
_SHOWN = 6
_LONGEST = 60
_WRITTEN = 1_767_225_600 * SECOND
"""The moment at which a template shows entities, 2026-01-01."""


@dataclass(frozen=True, eq=False)
class Given:
    """The user's seed data: a list of entities, or entities by name, for each resource.

    `where` gives the position in the file. An entity may have a `count`, Faker placeholders
    (`{company}`) and references to named ones (`@projects.demo`, `@projects.demo.name`).
    """

    table: Mapping[str, Any]
    where: Callable[[Place], str]


@dataclass(slots=True, eq=False)
class _Entry:
    """One entity as written in the file."""

    resource: Resource
    place: Place
    data: dict[str, Any]
    number: int
    repeated: bool = False
    shown: Shown | None = None


class GivenExamples(Examples):
    """The user's entities, and the document's examples of every resource that the user doesn't
    mention."""

    def __init__(
        self, given: Given, plan: Plan, values: Values, keys: Keys, rest: Examples
    ) -> None:
        self._given = given
        self._rest = rest
        self._plan = plan
        self._values = values
        self._keys = keys
        self._named: dict[tuple[str, str], _Entry] = {}
        self._taken: dict[tuple[str, str | None, str], _Entry] = {}
        found = {name: self._resource(name) for name in given.table}
        own = (name.rpartition(".")[2] for name in plan.resources)
        self._referable = {*given.table, *plan.resources, *own}
        entries = [
            entry for name, resource in found.items() for entry in self._entries(name, resource)
        ]
        self._shown: dict[str, list[Shown]] = {one.name: [] for one in found.values()}
        # Numbers that are ids go on from the greatest one in the file.
        self._greatest: dict[str, int] = {}
        for entry in entries:
            number, name = entry.data.get(entry.resource.identity.key or ""), entry.resource.name
            if isinstance(number, int):
                self._greatest[name] = max(number, self._greatest.get(name, 0))
        for entry in entries:
            self._shown[entry.resource.name].append(self._show(entry))
        self._check_parents(entries)

    def of(self, resource: str) -> list[Shown]:
        return self._shown[resource] if resource in self._shown else self._rest.of(resource)

    def settles(self, resource: str) -> bool:
        return resource in self._shown

    def guide(self, resource: Resource, nth: int) -> Mapping[str, Any]:
        return {} if resource.name in self._shown else self._rest.guide(resource, nth)

    def body(self, operation: Operation) -> tuple[Any, bool]:
        return self._rest.body(operation)

    # -- as it is written

    def _resource(self, name: str) -> Resource:
        """The resource with this name; its parent may be left out."""
        known = self._plan.resources
        if name in known:
            return known[name]
        ending = [one for full, one in known.items() if full.endswith(f".{name}")]
        if len(ending) == 1:
            return ending[0]
        raise self._wrong((name,), f"there is no resource {name!r}", known)

    def _entries(self, name: str, resource: Resource) -> Iterator[_Entry]:
        given = self._given.table[name]
        if isinstance(given, Mapping):
            pairs: list[tuple[str | int, Any]] = list(given.items())
        elif isinstance(given, list):
            pairs = list(enumerate(given))
        else:
            raise self._wrong((name,), f"{name} is a list of entities, or entities by name")
        number = 0
        for key, data in pairs:
            place = (name, key)
            if not isinstance(data, Mapping):
                text = f"an entity of {name} is an object, not {data!r:.60}"
                told = f"{text}; entities are in a list, or under names of your choice"
                raise self._wrong(place, told)
            entity = dict(data)
            count = self._count(place, resource, entity)
            for _ in range(count):
                number += 1
                entry = _Entry(resource, place, entity, number, count > 1)
                if isinstance(key, str):
                    self._named.setdefault((name, key), entry)
                yield entry

    def _count(self, place: Place, resource: Resource, entity: dict[str, Any]) -> int:
        if "count" in self._properties(resource):
            return 1
        count = entity.pop("count", 1)
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST:
            raise self._wrong((*place, "count"), f"count is a number from 1 to {MOST}")
        return count

    def _properties(self, resource: Resource) -> Mapping[str, Any]:
        schemas = self._values.schemas
        flat = schemas.flat_at(resource.schema) if resource.schema else schemas.flat({})
        return flat.properties

    # -- as it is kept

    def _show(self, entry: _Entry) -> Shown:
        if entry.shown is not None:
            return entry.shown
        key = entry.resource.identity.key
        shown = entry.shown = Shown(MISSING, whole=True, fill=True)
        # The id first: references may be circular.
        own = entry.data.get(key) if key is not None else None
        shown.value = self._id(entry, self._resolved(own, (*entry.place, key or "")))
        shown.names = {"": []}
        data = {n: self._resolved(v, (*entry.place, n)) for n, v in entry.data.items()}
        shown.parent = self._parent(entry, data)
        self._check(entry, data)
        self._take(entry, shown)
        if key is not None and shown.value is not MISSING:
            data[key] = shown.value
        shown.data = data
        return shown

    def _id(self, entry: _Entry, given: Any) -> Any:
        resource, key = entry.resource, entry.resource.identity.key
        if given is not None:
            fitting = self._keys.readable(resource, given)
            if fitting is MISSING:
                place = (*entry.place, key or "")
                raise self._wrong(place, f"{given!r} is no id that a path could name")
            return fitting
        schema = self._properties(resource).get(key, {}) if key is not None else {}
        number = {"integer", "number"} & kinds(self._values.schemas, schema)
        salt = digest("given", resource.name, entry.number)
        next_one = self._greatest.get(resource.name, 0) + entry.number
        wished: Any = next_one if number else uuid_of(salt)
        return self._keys.fitting(resource, wished, Rng(0, salt.hex()), entry.number)

    def _take(self, entry: _Entry, shown: Shown) -> None:
        """Raises UsageError if another entity has the same id."""
        if shown.value is MISSING or entry.resource.singleton:
            return
        above = shown.parent if entry.resource.identity.nested else None
        own = entry.resource.name, above, id_text(shown.value)
        if self._taken.setdefault(own, entry) is not entry:
            place = (*entry.place, entry.resource.identity.key or "")
            why = "leave it out where there is a count" if entry.repeated else "give another"
            raise self._wrong(place, f"the id {shown.value!r} is taken; {why}")

    def _parent(self, entry: _Entry, data: dict[str, Any]) -> str | None:
        """The row key of the parent, by the property or parameter that holds it; None if
        missing."""
        resource = entry.resource
        if not resource.parents:
            return ""
        link = resource.parents[-1]
        for name in (link.field, link.parameter):
            if name is None or data.get(name) is None:
                continue
            value = data[name] if name in self._properties(resource) else data.pop(name)
            above = self._plan.resources.get(link.resource) if link.resource is not None else None
            reference = entry.data.get(name)
            if above is not None and isinstance(reference, str) and reference.startswith(_MARK):
                return self._row_key(self._entry_of(reference, (*entry.place, name)))
            return id_text(value)
        return None

    def _check_parents(self, entries: list[_Entry]) -> None:
        """Raises UsageError for an entity below one that the file should have and has not."""
        there: defaultdict[str, set[str]] = defaultdict(set)
        for entry in entries:
            there[entry.resource.name].add(self._row_key(entry))
        for entry in entries:
            parent = self._show(entry).parent
            link = entry.resource.parents[-1] if parent else None
            above = link.resource if link is not None else None
            if link is not None and above in self._shown and parent not in there[above or ""]:
                place = (*entry.place, link.field or link.parameter)
                text = f"there is no {parent!r} among the {above} of this file"
                raise self._wrong(place, text, there[above or ""], parent or "")

    def _row_key(self, entry: _Entry) -> str:
        shown = self._show(entry)
        own = id_text(shown.value)
        nested = entry.resource.identity.nested and shown.parent
        return f"{shown.parent}/{own}" if nested else own

    def _entry_of(self, reference: str, place: Place) -> _Entry:
        found = next(
            (e for n, e in self._references() if f"{reference}.".startswith(f"{n}.")), None
        )
        if found is None:
            known = [name for name, _ in self._references()]
            text = f"there is no {reference!r} in this file (write @@ for a text that begins so)"
            raise self._wrong(place, text, known, reference)
        return found

    def _references(self) -> Iterator[tuple[str, _Entry]]:
        """The id of each named entity."""
        for (name, called), entry in self._named.items():
            yield f"{_MARK}{name}.{called}", entry

    def _resolved(self, value: Any, place: Place) -> Any:
        """The value with its references replaced."""
        if isinstance(value, Mapping):
            return {n: self._resolved(v, (*place, n)) for n, v in value.items()}
        if isinstance(value, list):
            return [self._resolved(v, (*place, n)) for n, v in enumerate(value)]
        if not isinstance(value, str) or not value.startswith(_MARK):
            return value
        if value.startswith(_MARK * 2):
            return value[1:]
        if not any(value.startswith(f"{_MARK}{name}.") for name in self._referable):
            return value  # an ordinary text
        entry = self._entry_of(value, place)
        called = next(name for name, one in self._references() if one is entry)
        name = value.removeprefix(called).removeprefix(".")
        return entry.data.get(name) if name else self._show(entry).value

    def _check(self, entry: _Entry, data: Mapping[str, Any]) -> None:
        """Raises UsageError for an unknown property or an invalid value."""
        resource = entry.resource
        known = self._properties(resource)
        schemas = self._values.schemas
        for name, value in data.items():
            place = (*entry.place, name)
            self._check_placeholders(value, place)
            if known and name not in known:
                raise self._wrong(place, f"{resource.noun} has no property {name!r}", known)
            pointer = schemas.place(resource.schema, name) if resource.schema else None
            if pointer is None or has_placeholder(value):
                continue
            try:
                check = self._values.check(pointer)
            except ContractError:
                continue
            if not check.is_valid(value):
                violations = check.violations(value)
                why = violations[0].message if violations else "it does not fit its schema"
                inner = violations[0].where if violations else ()
                raise self._wrong((*place, *inner), f"{name}: {why}")

    def _check_placeholders(self, value: Any, place: Place) -> None:
        if isinstance(value, Mapping | list):
            each = value.items() if isinstance(value, Mapping) else enumerate(value)
            for name, part in each:
                self._check_placeholders(part, (*place, name))
        why = why_unfilled(value) if isinstance(value, str) and "{" in value else ""
        if why:
            raise self._wrong(place, why)

    def _wrong(self, place: Place, text: str, known: Any = (), written: str = "") -> UsageError:
        listed = sorted(map(str, known))
        written = written or (str(place[-1]) if place else "")
        hint = f"; {nearest(written, listed)}" if listed else ""
        return UsageError(f"{self._given.where(place)}: {text}{hint}")


def template(contract: Contract, plan: Plan, about: str = "") -> dict[str, Any]:
    """Seed data to start from: one named entity per resource, with the first properties that a user
    may set; all of them for resources with `about` in their names, which come alone with what they
    refer to."""
    whole = _template(contract, plan)
    if not about:
        return {name: {"first": _brief(rows["first"])} for name, rows in whole.items()}
    chosen = {name: rows for name, rows in whole.items() if about.lower() in name.lower()}
    waiting = list(chosen.values())
    while waiting:
        for value in waiting.pop()["first"].values():
            above = value[1:].rpartition(".")[0] if isinstance(value, str) else ""
            refers = above in whole and value == f"{_MARK}{above}.first"
            if refers and above not in chosen:
                chosen[above] = {"first": _brief(whole[above]["first"])}
                waiting.append(chosen[above])
    return {name: chosen[name] for name in whole if name in chosen}


def _brief(entity: Mapping[str, Any]) -> dict[str, Any]:
    """The first properties that fit on a line."""
    shown = {n: v for n, v in entity.items() if v is not None and len(str(v)) <= _LONGEST}
    # What is too long as a whole shows the first of what is in it: the `attributes` of JSON:API.
    shown |= {n: _brief(v) for n, v in entity.items() if n not in shown and isinstance(v, Mapping)}
    refers = [n for n, v in shown.items() if isinstance(v, str) and v.startswith(_MARK)]
    kept = {*refers, *[n for n in shown if n not in refers][:_SHOWN]}
    return {name: value for name, value in shown.items() if name in kept}


def _template(contract: Contract, plan: Plan) -> dict[str, Any]:
    """Each resource with everything that a user may set."""
    values = Values(contract, Validators(contract.document, contract.version))
    examples = Examples(contract, plan, values, Keys(values))
    refers = _references(plan, values.schemas)
    shown = {name for name, one in plan.resources.items() if not one.singleton and one.schema}
    found: dict[str, Any] = {}
    for name, resource in plan.resources.items():
        if resource.schema is None or name not in shown:
            continue
        first = next((e.data for e in examples.of(name) if isinstance(e.data, Mapping)), {})
        known = {**examples.guide(resource, 0), **first}
        data = values.kept(
            resource.schema, Rng(_WRITTEN, "template", name), known, owner=resource.noun
        )
        flat = values.schemas.flat_at(resource.schema)
        roles = roles_of(values.schemas, flat)
        left = {resource.identity.key, *roles.created, *roles.updated, *_following(resource)}
        entity: dict[str, Any] = {}
        for link in resource.parents[-1:]:
            above = plan.resources.get(link.resource) if link.resource is not None else None
            field = link.field or link.parameter
            shows = "object" in values.schemas.types(flat.properties.get(field, {}))
            if above is not None and above.name in found and not shows:
                entity[field] = f"{_MARK}{above.name}.first"
            left.add(field)
        for key, value in data.items() if isinstance(data, Mapping) else ():
            if key in left or values.schemas.flat(flat.properties.get(key, {})).notes.read_only:
                continue
            target, several = refers.get((name, key), ("", False))
            if target in shown:
                value = f"{_MARK}{target}.first"
                value = [value] if several else value
            entity[key] = value
        sent = values.schemas.flat_at(resource.request).properties if resource.request else {}
        # What a client sends tells more than what the server adds.
        ordered = sorted(entity, key=lambda key: key not in left and key not in sent)
        found[name] = {"first": {key: entity[key] for key in ordered}}
    return found


def _references(plan: Plan, schemas: Schemas) -> Mapping[tuple[str | None, str], tuple[str, bool]]:
    """By resource and property, the resource that it refers to, and whether it has several ids."""
    found = {
        (action.resource, one.field): (one.resource, False)
        for action in plan.actions.values()
        for one in action.request.refers
    }
    kept = {name: OwnRepository(one, schemas, name) for name, one in plan.resources.items()}
    named = SeedReferences(kept)
    for name, repository in kept.items():
        for path, target, several in named.of(repository):
            if len(path) == 1:
                found[name, path[0]] = target.resource.name, several
    return found


def _following(resource: Resource) -> set[str | None]:
    """The properties of a job that follow from its state."""
    states = resource.states
    if states is None or not states.moves or not states.name:
        return set()
    return {states.progress, *states.moments, *states.results, *states.faults, *states.cancels}
