"""Operations that start a job of another resource: `POST /bases/{base}/ingest` starts a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mockserver.inference.evidence import Maker, Reading, weight_of
from mockserver.inference.model import Action, JobStart, Path, Resource
from mockserver.inference.operations import Facts, Survey, json_of
from mockserver.inference.paths import Route
from mockserver.inference.words import bag, tokens
from mockserver.inference.words import noun as noun_of

_GENERIC = bag("id ids name slug key code uuid guid uid sid number type status") | {""}
"""Parameters that say nothing of what they name."""

_CHANGING = ("create", "replace", "patch", "remove", "transition")


@dataclass(frozen=True, slots=True)
class Started:
    """What a response says about the started entity: its resource, its place in the response, and
    the place of its id if the response holds nothing else."""

    resource: str
    at: Path
    id_path: Path
    evidence: str


class StartReader:
    """Reads operations that create an entity of a resource with another path."""

    def __init__(
        self,
        survey: Survey,
        resources: Mapping[str, Resource],
        refs: Mapping[str, set[str]],
        make: Maker,
    ) -> None:
        self.survey = survey
        self.resources = resources
        self.refs = refs
        self.make = make
        self._of_ref: dict[str, list[str]] = {}
        for name, places in refs.items():
            for place in places:
                self._of_ref.setdefault(place, []).append(name)
        self._by_noun: dict[str, list[str]] = {}
        for name, resource in resources.items():
            if not resource.singleton:
                self._by_noun.setdefault(resource.noun, []).append(name)
        self._by_parameter: dict[str, list[str]] = {}
        for name, resource in resources.items():
            called = "".join(tokens(resource.identity.parameter or ""))
            if called not in _GENERIC:
                self._by_parameter.setdefault(called, []).append(name)
        self._ends: dict[str, list[str]] = {}
        for noun in self._by_noun:
            for ending in _endings(noun):
                self._ends.setdefault(ending, []).append(noun)

    def readings(self, facts: Facts, own: str | None) -> Iterator[Reading]:
        """The reading as a start, if the response is or names an entity of another resource than
        `own`."""
        found = self._started(facts, own) if facts.envelope is None else None
        if found is None:
            return
        evidence = [found.evidence]
        resource = self.resources[found.resource]
        if facts.operation.success in (201, 202):
            evidence.append("new")
        states = resource.states
        if states is not None and (states.active or states.initial):
            evidence.append("works")
        elif "new" not in evidence:
            return
        why = f"{facts.operation.path} starts a {resource.noun.replace('_', ' ')}"
        id_path = found.id_path
        why += f", with the id as `{id_path[-1]}`" if id_path else ", which is the response"
        action = self.make(facts, "create", why, "likely", resource=resource.name, elsewhere=True)
        response = action.response
        if id_path or found.at != response.at:
            response = replace(response, at=found.at, id_path=id_path, id_schema=None)
        yield Reading(weight_of(evidence), replace(action, response=response))

    def tracking(self, facts: Facts, action: Action) -> JobStart | None:
        """The job that the response of an action shows, instead of the entity it is about."""
        if action.kind not in _CHANGING or action.elsewhere or action.resource is None:
            return None
        found = self._started(facts, action.resource)
        if found is None or found.id_path:
            return None
        if found.at[: len(facts.at)] == facts.at and self._shows(facts, action.resource):
            # A part of the entity itself, or what two resources look like.
            return None
        states = self.resources[found.resource].states
        own = self.survey.flat(self.resources[action.resource].schema).properties.keys()
        sent = self.survey.flat(facts.body).properties.keys()
        if states is None or not states.active or (sent and not sent & own):
            return None
        return JobStart(found.resource, found.at)

    def _shows(self, facts: Facts, name: str) -> bool:
        """Whether the response has most of what an entity of the resource has."""
        own = self.survey.flat(self.resources[name].schema).properties.keys()
        return 2 * len(own & self.survey.flat(facts.ref).properties.keys()) > len(own)

    def _started(self, facts: Facts, own: str | None) -> Started | None:
        sent = {"_".join(tokens(name)) for name in self.survey.flat(facts.body).properties}
        for name in self._of_ref.get(facts.ref, ()):
            if name == own or self.resources[name].singleton:
                continue
            noun = self.resources[name].noun
            if not {f"{noun}_id", f"{noun.rsplit('_', 1)[-1]}_id"} & sent:
                return Started(name, facts.at, (), "shown")
        response = facts.operation.response_for(facts.operation.success)
        media = json_of(response.content) if response is not None else None
        if media is None or not media.pointer:
            return None
        schemas = self.survey.schemas
        top = schemas.main(media.pointer)
        for name in schemas.flat_at(top).properties:
            place = schemas.place(top, name)
            inner = schemas.canonical(place) if place is not None else ""
            found = self._part(name, inner, own, sent, facts.route)
            if found is not None:
                return found
        return None

    def _part(
        self, name: str, place: str, own: str | None, sent: set[str], route: Route
    ) -> Started | None:
        """What a property of a response holds: the entity or its id."""
        words = tokens(name)
        other = next(iter(self._of_ref.get(place, ())), None)
        if other is not None and other != own and "_".join((*words, "id")) not in sent:
            return None if self.resources[other].singleton else Started(other, (name,), (), "shown")
        alike = self._by_noun.get("_".join(words), ()) if place else ()
        if len(alike) == 1 and alike[0] != own and self._is_alike(place, alike[0]):
            return Started(alike[0], (name,), (), "shown")
        called = self._called(words, route)
        if called not in (None, own) and "_".join(words) not in sent:
            return Started(called or "", (), (name,), "named")
        if words[-1:] not in (("id",), ("uuid",)) or len(words) < 2 or "_".join(words) in sent:
            return None
        other = self.one_of("_".join(words[:-1]))
        return Started(other, (), (name,), "named") if other not in (None, own) else None

    def _is_alike(self, place: str, name: str) -> bool:
        """Whether a schema without a name of its own is that of a resource, by its properties."""
        resource = self.resources[name]
        shown = self.survey.flat(place).properties.keys()
        shared = shown & self.survey.flat(resource.schema).properties.keys()
        key = resource.identity.key
        return key in shared and len(shared) > 2 and 2 * len(shared) > len(shown)

    def _called(self, words: Sequence[str], route: Route) -> str | None:
        """The resource whose paths have a parameter of this name; of several the one that this path
        speaks of (`/message/send` beside `/messages/{messageId}`)."""
        names = self._by_parameter.get("".join(words), ())
        if len(names) < 2:
            return next(iter(names), None)
        for step in reversed(route.steps):
            for name in names:
                if noun_of(step) == self.resources[name].noun:
                    return name
        return None

    def one_of(self, noun: str) -> str | None:
        """The resource with this noun, or with a noun that ends in it."""
        names = self._by_noun.get(noun)
        if not names:
            nouns = [*self._ends.get(noun, ()), *(e for e in _endings(noun) if e in self._by_noun)]
            names = [name for other in dict.fromkeys(nouns) for name in self._by_noun[other]]
        return names[0] if len(names) == 1 else None


def _endings(noun: str) -> Iterator[str]:
    """What a noun ends in: `sim_suite_run` -> suite_run, run."""
    while "_" in noun:
        noun = noun.partition("_")[2]
        yield noun
