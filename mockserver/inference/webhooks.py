"""When the webhooks and callbacks of a document are sent, and what they report.

The events are read from the name (`renderFinished`), from the values of the property that names the
event (`event: [render.succeeded, render.failed]`), or from both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from mockserver.errors import ContractError, PlanError
from mockserver.inference import corrections
from mockserver.inference.lifecycles import enumerated
from mockserver.inference.model import CREATED, REMOVED, UPDATED, Announcement, Plan, done_by
from mockserver.inference.resource_model import CORRECTED, Because, Resource, States
from mockserver.inference.states import kind_of
from mockserver.inference.verb_words import OUTCOMES, TELLERS
from mockserver.inference.verbs import outcome
from mockserver.inference.words import (
    bag,
    may_register,
    participles,
    registers,
    singular,
    snake_case,
    tokens,
)
from mockserver.openapi.document import join, resolve
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Contract
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.records import dataclass

_CREATED = bag("created create new added add submitted received")
_UPDATED = bag("updated update changed change modified modify edited edit")
_CHANGED = _UPDATED | bag("status state progress")
_ENDED = bag("ended finished done settled")
_REMOVED = bag("deleted delete removed remove destroyed destroy")
_UPDATING = frozenset({"patch", "replace", "write", "values", "transition", "link", "unlink"})
_REMOVING = frozenset({"remove", "sweep", "clear", "transition"})
_SAID, _ALIKE, _END, _CHANGE = range(4)


@dataclass(eq=False)
class Ranks:
    """The events that a name matches; the lower the number, the better the match."""

    ranks: dict[str, int] = field(default_factory=dict)

    def add(self, moments: Iterable[str], rank: int) -> None:
        for moment in sorted(moments):  # sets have no order of their own
            self.ranks[moment] = min(rank, self.ranks.get(moment, rank))

    def closest(self) -> frozenset[str]:
        """The best matching states, and whether creation matches."""
        least = min((r for m, r in self.ranks.items() if m != CREATED), default=0)
        return frozenset(m for m, rank in self.ranks.items() if m == CREATED or rank == least)


@dataclass(eq=False)
class Acts:
    """What requests can do to entities of one resource: whether they update and remove them, and
    the operations with a verb by its forms (`archive`, `archived`)."""

    updates: bool = False
    removes: bool = False
    verbs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, resource: Resource) -> Acts:
        actions = [one for one in plan.actions.values() if one.resource == resource.name]
        kinds = {one.kind for one in actions}
        found = cls(bool(kinds & _UPDATING), bool(kinds & _REMOVING))
        for action in actions:
            if action.kind == "transition":
                verb = snake_case(action.path.rsplit("/", 1)[-1])
                for form in (verb, *participles(verb)):
                    found.verbs.setdefault(form, action.operation)
        return found


NOTHING_DONE = Acts()


def read(
    name: str, noun: Collection[str], states: States | None, acts: Acts = NOTHING_DONE
) -> Ranks:
    """What a name (`render.timed_out`) says about an entity with this noun and these states, to
    which requests can do these acts."""
    rest = [word for word in tokens(name) if word not in noun]
    words = {*rest, "_".join(rest)}
    found = Ranks()
    if words & _REMOVED and acts.removes:
        found.add([REMOVED], _SAID)
    if words & _UPDATED and acts.updates and not words & (_CHANGED - _UPDATED):
        found.add([UPDATED], _CHANGE)
    every = _all(states)
    readings = [state for state in every if {*tokens(state)} <= words]
    found.add(readings, _SAID)
    if states is not None:
        if not readings:
            found.add(_alike(words - _ENDED, every), _ALIKE)
            if words & _ENDED:
                found.add(states.terminal, _END)
        if words & _CHANGED:
            found.add(every[len(states.initial) :], _CHANGE)
        if set(readings) & set(states.initial):
            # The initial state.
            found.add([CREATED], _ALIKE)
    if words & _CREATED and not set(readings) - set(states.initial if states else ()):
        found.add([CREATED], _SAID)
    if not found.ranks:
        done = (acts.verbs[word] for word in words if word in acts.verbs)
        found.add(map(done_by, done), _SAID)
    return found


def best(readings: Mapping[str, Ranks], states: States | None) -> dict[str, str]:
    """The best matching value for each event; events without a match are left out."""
    found: dict[str, tuple[int, str]] = {}
    for value, read_ in readings.items():
        for moment, rank in read_.ranks.items():
            if moment not in found or rank < found[moment][0]:
                found[moment] = rank, value
    if states is not None:
        ill = {*states.failure, *states.cancelled}
        if any(rank <= _ALIKE for moment, (rank, _) in found.items() if moment in ill):
            # Beside `job.failed`, `job.finished` means success.
            found = {m: (r, v) for m, (r, v) in found.items() if not (m in ill and r == _END)}
    return {moment: value for moment, (_, value) in found.items()}


def _alike(words: set[str], states: tuple[str, ...]) -> set[str]:
    """The states with a synonymous name."""
    kinds = {kind_of(word) for word in words} & {"success", "failure", "cancelled", "active"}
    found = {state for state in states if kind_of(state) in kinds}
    led = {outcome(word, states) for word in words if word in OUTCOMES}
    return found | {state for state in led if state is not None}


_VAGUE = bag("name kind type")
_METHODS = ("post", "put", "patch")


def announced(
    contract: Contract, plan: Plan, schemas: Schemas, overrides: Mapping[str, Any]
) -> tuple[Announcement, ...]:
    """Every webhook and callback; one that reports on several resources appears once for each.

    `overrides` are the [webhooks] tables of mockserver.toml: `resource`, and `when`, a list of
    states and "created". Raises PlanError for one that does not fit.
    """
    found = list(_written(contract))
    names = dict.fromkeys(one.name for one in found)
    for name in overrides:
        if name not in names:
            listed = ", ".join(names) or "none"
            raise PlanError(f"{name!r} is not a webhook of this document; there is {listed}")
    reader = _Reader(plan, schemas)
    return tuple(
        each for one in found for each in reader.understood(one, overrides.get(one.name, {}))
    )


class _Reader:
    """Reads when each one is sent."""

    def __init__(self, plan: Plan, schemas: Schemas) -> None:
        self._plan = plan
        self._schemas = schemas
        self._by_schema = {
            schemas.canonical(resource.schema): resource
            for resource in plan.resources.values()
            if resource.schema
        }

    def understood(self, one: Announcement, given: Any) -> list[Announcement]:
        event_field, values = self._teller(one.schema)
        if given:
            return [self._configured(one, given, event_field, values)]
        resource, why = self._subject(one)
        by_resource: dict[str, list[str]] = {}
        for value in values:
            subject = _spoken_of(value, self._plan)
            if subject is not None:
                by_resource.setdefault(subject.name, []).append(value)
        others = one.operation and by_resource and resource and resource.name not in by_resource
        if others and resource and (registers(resource.noun) or may_register(resource.noun)):
            # A callback of a registration is a webhook, for all that are registered.
            one, resource = replace(one, operation="", url=""), None
        if resource is not None:
            return [self._when(one, resource, event_field, values, why)]
        found = [
            self._when(
                one,
                self._plan.resources[name],
                event_field,
                own,
                Because(
                    f"values of `{event_field}` speak of a {_shown(self._plan.resources[name])}"
                ),
            )
            for name, own in by_resource.items()
        ]
        sent = [each for each in found if each.moments]
        return sent or [replace(one, because=(Because("nothing says what it reports", "guess"),))]

    def _subject(self, one: Announcement) -> tuple[Resource | None, Because]:
        """The resource it reports on: by its name, its operation, or its body."""
        resource = _spoken_of(one.name, self._plan)
        if resource is not None:
            return resource, Because(f"its name speaks of a {_shown(resource)}")
        action = self._plan.actions.get(one.operation)
        resource = self._plan.resource_of(action) if action is not None else None
        if resource is not None:
            return resource, Because(f"{one.operation} asks for it, about a {_shown(resource)}")
        held = self._held(one.schema)
        if len(held) == 1:
            return held[0], Because(f"its body holds a {_shown(held[0])}")
        return None, Because("", "guess")

    def _is(self, schema: str | None, resource: Resource) -> bool:
        """Whether the body is just the entity."""
        if not schema or resource.schema is None:
            return False
        return self._schemas.canonical(schema) == self._schemas.canonical(resource.schema)

    def _held(self, schema: str) -> list[Resource]:
        """The resources that a body is, or contains."""
        try:
            names = self._schemas.flat_at(schema).properties if schema else ()
            places = [schema, *(self._schemas.place(schema, name) for name in names)]
            at = [self._schemas.canonical(place) for place in places if place]
        except ContractError:
            return []
        found = {place: self._by_schema[place] for place in at if place in self._by_schema}
        return list(found.values())

    def _teller(self, schema: str) -> tuple[str, list[str]]:
        """The property of a body that names the event, and its possible values."""
        try:
            flat = self._schemas.flat_at(schema) if schema else self._schemas.flat({})
        except ContractError:
            return "", []
        branches = [self._schemas.flat(one) for several in flat.choices for one in several]
        for each in (flat, *branches):
            for name in each.properties:
                if snake_case(name) in TELLERS:
                    values = [
                        value
                        for part in (flat, *branches)
                        if name in part.properties
                        for value in enumerated(self._schemas, part.properties[name])
                    ]
                    if values:
                        return name, list(dict.fromkeys(values))
        return "", []

    def _when(
        self,
        one: Announcement,
        resource: Resource,
        event_field: str,
        values: list[str],
        why: Because,
    ) -> Announcement:
        """The announcement with its events, by its name and by the values."""
        states = resource.states
        noun = {*tokens(resource.noun), *tokens(resource.name)}
        acts = Acts.of(self._plan, resource)
        named = read(one.name, noun, states, acts)
        readings = {value: read(value, noun, states, acts) for value in values}
        vague = event_field in _VAGUE and not any(noun & _words(value) for value in values)
        if vague or self._is(one.schema, resource):
            readings = {}  # the values are kinds of resources, not events
        by_value = {} if one.name in values else best(readings, states)
        evidence = [why]
        if named.ranks:
            moments = named.closest()
            evidence.append(Because("its name says when"))
        elif by_value:
            moments = frozenset(by_value)
            evidence.append(Because(f"`{event_field}` says when: {', '.join(by_value.values())}"))
        elif one.operation:
            # A callback without an event reports the end; or the creation, if there is no end.
            ends = states is not None and states.moves
            moments = states.terminal if states and ends else frozenset((CREATED,))
            evidence.insert(0, Because("it does not say when: at the end", "guess"))
        else:
            moments = frozenset()
            evidence.insert(0, Because("neither its name nor its body says when"))
        if one.name in values:
            by_value = dict.fromkeys(sorted(moments), one.name)
        elif by_value:
            # Events without a matching value are not sent.
            moments &= by_value.keys()
        return _made(one, resource, event_field, by_value, moments, evidence)

    def _configured(
        self, one: Announcement, given: Any, event_field: str, values: list[str]
    ) -> Announcement:
        where = f"webhooks.{one.name}"
        if not isinstance(given, Mapping) or not given.keys() <= {
            *corrections.names(corrections.WEBHOOKS)
        }:
            raise PlanError(f"{where} is a table of `resource` and `when`")
        subject, _ = self._subject(one)
        name = given.get("resource", subject.name if subject else "")
        if name not in self._plan.resources:
            raise PlanError(f"{where}.resource is one of {', '.join(self._plan.resources)}")
        resource = self._plan.resources[name]
        states = resource.states
        said = {"created": CREATED, "updated": UPDATED, "removed": REMOVED}
        known = (*said, *_all(states))
        when = given.get("when")
        if not isinstance(when, list) or not when or any(each not in known for each in when):
            raise PlanError(f"{where}.when is a list of some of: {', '.join(known)}")
        noun = {*tokens(resource.noun), *tokens(resource.name)}
        acts = Acts.of(self._plan, resource)
        by_value = best({value: read(value, noun, states, acts) for value in values}, states)
        moments: frozenset[str] = frozenset(said.get(str(each), str(each)) for each in when)
        if one.name in values:
            by_value = dict.fromkeys(sorted(moments), one.name)
        unsaid = moments - by_value.keys() if by_value else ()
        for moment in unsaid:
            raise PlanError(
                f"{where}.when: no value of `{event_field}` says {moment or 'created'}; "
                f"there is {', '.join(values)}"
            )
        return _made(one, resource, event_field, by_value, moments, [CORRECTED])


def _made(
    one: Announcement,
    resource: Resource,
    event_field: str,
    values: Mapping[str, str],
    moments: frozenset[str],
    evidence: Iterable[Because],
) -> Announcement:
    readings = {moment: value for moment, value in values.items() if moment in moments}
    states = moments & {*_all(resource.states)}
    return replace(
        one,
        resource=resource.name,
        created=CREATED in moments,
        states=states,
        changes=moments - {CREATED} - states,
        event_field=event_field if readings else "",
        values=readings,
        because=tuple(evidence),
    )


def _all(states: States | None) -> tuple[str, ...]:
    if states is None:
        return ()
    return (*states.initial, *states.active, *states.success, *states.failure, *states.cancelled)


def _shown(resource: Resource) -> str:
    return resource.noun.replace("_", " ")


def _words(name: str) -> set[str]:
    return {*tokens(name), *map(singular, tokens(name))}


def _spoken_of(name: str, plan: Plan) -> Resource | None:
    """The resource with the longest noun that occurs in a name."""
    words = [singular(word) for word in tokens(name)]
    found: tuple[int, Resource] | None = None
    for resource in plan.resources.values():
        noun = [singular(word) for word in tokens(resource.noun)]
        size = len(noun)
        there = any(words[at : at + size] == noun for at in range(len(words) - size + 1))
        if there and noun and (found is None or size > found[0]):
            found = size, resource
    return found[1] if found is not None else None


def _written(contract: Contract) -> Iterator[Announcement]:
    """The values as the document spells them."""
    webhooks = contract.document.get("webhooks")
    if isinstance(webhooks, Mapping):
        for name, item in webhooks.items():
            yield from _sent(contract, str(name), item, join("#/webhooks", name))
    for operation in contract.operations:
        for name, given in operation.callbacks.items():
            pointer = join(operation.pointer, "callbacks", name)
            item, pointer = _resolved(contract, given, pointer)
            for expression, path in item.items() if isinstance(item, Mapping) else ():
                if not str(expression).startswith("x-"):
                    place = join(pointer, expression)
                    yield from _sent(contract, str(name), path, place, operation.id, expression)


def _resolved(contract: Contract, value: Any, pointer: str) -> tuple[Any, str]:
    try:
        return resolve(contract.document, value, pointer)
    except ContractError:
        return {}, pointer


def _sent(
    contract: Contract, name: str, item: Any, pointer: str, operation: str = "", url: str = ""
) -> Iterator[Announcement]:
    item, pointer = _resolved(contract, item, pointer)
    for method in _METHODS:
        raw = item.get(method) if isinstance(item, Mapping) else None
        if not isinstance(raw, Mapping):
            continue
        place = join(pointer, method, "requestBody")
        body, place = _resolved(contract, raw.get("requestBody", {}), place)
        content = body.get("content", {}) if isinstance(body, Mapping) else {}
        media = next((kind for kind in content if is_json(kind)), "")
        schema = join(place, "content", media, "schema") if media else ""
        if media and "schema" not in content[media]:
            schema = ""
        yield Announcement(
            name,
            method.upper(),
            join(pointer, method),
            schema,
            media or "application/json",
            operation,
            url,
        )
