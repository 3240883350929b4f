"""Operations that start a job of another resource: `POST /bases/{base}/ingest` starts a job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mockserver.inference.evidence import Maker, Reading, weight_of
from mockserver.inference.model import Action, JobStart
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.paths import ANY, Route, Steps
from mockserver.inference.paths import route as route_of
from mockserver.inference.receipts import MANY, Mark, Receipts, is_chatter, receipt_id
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.states import is_job
from mockserver.inference.words import bag, last_word, snake_case, tokens
from mockserver.inference.words import noun as noun_of
from mockserver.records import dataclass

_GENERIC = bag("id ids name slug key code uuid guid uid sid number type status") | {""}
"""Path parameters that do not name a resource."""

_EARLIER = bag("latest newest last previous prior current parent")
"""Words of an id that names what is there already: `latestRunId` of an experiment."""

_CHANGING = ("create", "replace", "patch", "remove", "transition", "clone", "sweep")


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """A started entity in a response: its resource, its place, and the place of its id if the
    response has only the id. `evidence` is "shown" (the entity) or "named" (its id or a link)."""

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
        self._routes: dict[str, list[Steps]] | None = None
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
        self._collections = {
            facts.route.steps[:-1]: name for name in resources for facts in self._reading(name)
        }
        self._beside: dict[str, dict[Mark, list[str]]] = {}
        self._receipts = Receipts(survey, resources, self._reading)

    def _is_above(self, facts: Facts, resource: Resource) -> bool:
        """Whether the path of an operation names an entity of a resource on its way."""
        steps = facts.route.steps
        items = (route_of(path).steps for path in resource.items)
        named = (one for one in items if one[-1:] == (ANY,) and len(one) < len(steps))
        return any(steps[: len(one)] == one for one in named)

    def readings(self, facts: Facts, own: str | None) -> Iterator[Reading]:
        """The reading of an operation as a start, if its response shows or names an entity of
        another resource than `own`."""
        found = self._find_started(facts, own) if facts.envelope is None else None
        if found is None:
            return
        evidence = [found.evidence]
        resource = self.resources[found.resource]
        named = facts.route.steps[-1:] == (ANY,) or (found.id_path and resource.creatable)
        if named and facts.ref in self.refs.get(own or "", ()):
            return  # the entity that the path names is the response, or says which it has
        several = self._sent_rows(facts) if FIRST in found.at else None
        if facts.operation.success in (201, 202) or several is not None:
            evidence.append("new")
        states = resource.states
        only = not resource.creatable and found.evidence == "shown"
        if only and self._is_main_entity(facts, found):
            evidence.append("only")
        told = found.id_path and receipt_id(self.survey, facts) == found.id_path
        if told and not resource.creatable:
            evidence.append("receipt")
        if states is not None and (states.active or states.initial):
            evidence.append("works")
        elif not {"new", "only", "receipt"} & {*evidence}:
            return
        if found.evidence == "shown" and "new" not in evidence and self._is_above(facts, resource):
            return
        why = f"{facts.operation.path} starts a {resource.noun.replace('_', ' ')}"
        id_path = found.id_path
        why += f", with the id as `{id_path[-1]}`" if id_path else ", which is the response"
        action = self.make(facts, "create", why, "likely", resource=resource.name, elsewhere=True)
        response = action.response
        if id_path or found.at != response.at:
            place = self._place_of(facts, (*found.at, *id_path)) if id_path else None
            response = replace(response, at=found.at, id_path=id_path, id_schema=place)
        request = action.request if several is None else replace(action.request, at=several[0])
        yield Reading(weight_of(evidence), replace(action, request=request, response=response))

    def _place_of(self, facts: Facts, path: Path) -> str | None:
        """The place in the document of the schema of a part of the response."""
        media = facts.operation.success_json
        place = media.pointer if media is not None else None
        for step in path:
            if place is not None:
                name = None if step == FIRST else step
                place = self.survey.schemas.place(self.survey.schemas.main(place), name)
        return place

    def tracking(self, facts: Facts, action: Action) -> JobStart | None:
        """The job that a change starts, if the response shows it in place of the changed entity."""
        if action.kind not in _CHANGING or action.elsewhere or action.resource is None:
            return None
        found = self._find_started(facts, action.resource, receipts=False)
        if found is None:
            return None
        if any(link.resource == found.resource for link in action.parents):
            return None  # it shows what it belongs to
        states = self.resources[found.resource].states
        works = states is not None and bool(states.active or states.initial)
        if found.id_path:
            told = works and self._tells_job(facts, action.resource, found)
            return JobStart(found.resource, found.at, found.id_path) if told else None
        if self._shows(facts, action.resource):
            # It is beside the entity or a part of it, or two resources look the same.
            return None
        own = self.survey.flat(self.resources[action.resource].schema).properties.keys()
        sent = self.survey.flat(facts.body).properties.keys()
        if not works or (sent and not sent & own and action.kind != "clone"):
            return None
        return JobStart(found.resource, found.at)

    def beside(self, facts: Facts, action: Action) -> tuple[JobStart, ...]:
        """What an action makes beside its entity, which the response shows beside it: the jobs that
        track it, `{"server": {}, "actions": [{}]}`, and what lies below a new entity, `{"project":
        {}, "branch": {}}`, or its id alone: `{"templateID": ..., "buildID": ...}`."""
        media = facts.operation.success_json
        if (
            action.kind not in _CHANGING
            or action.resource is None
            or facts.envelope is not None
            or media is None
        ):
            return ()
        top = self.survey.schemas.main(media.pointer or "")
        found = [] if action.elsewhere else list(self._shown_beside(facts, action, top))
        if action.kind == "create" and FIRST not in action.response.at:
            shown = {one.resource for one in found}
            found += [one for one in self._named_beside(facts, action) if one.resource not in shown]
        return tuple(sorted(found, key=lambda one: len(self.resources[one.resource].parents)))

    def _shown_beside(self, facts: Facts, action: Action, top: str) -> Iterator[JobStart]:
        """The entities beside the one that a response shows."""
        schemas = self.survey.schemas
        if len(facts.at) != 1 or not self._shows(facts, action.resource or ""):
            return
        for name, schema in schemas.flat_at(top).properties.items():
            place = schemas.place(top, name)
            if place is None or name == facts.at[0]:
                continue
            at: Path = (name,)
            if schemas.flat(schema).types == ("array",):
                place, at = schemas.place(schemas.canonical(place), None), (name, FIRST)
            ref = schemas.canonical(place) if place is not None else ""
            own = [one for one in self._of_ref.get(ref, ()) if self._is_made_with(action, one)]
            if len(own) == 1:
                yield JobStart(own[0], at)

    def _named_beside(self, facts: Facts, action: Action) -> Iterator[JobStart]:
        """What lies below a new entity, of which the response has the id as surely as that of the
        entity itself."""
        flat, sent = self.survey.flat(facts.ref), self.survey.flat(facts.body).properties
        own = self.resources[action.resource or ""]
        if not {own.identity.key, own.identity.returned, *action.response.id_path} & {
            *flat.properties
        }:
            return
        told = {"".join(tokens(name)) for name in (*sent, *facts.route.names)}
        ids = {
            "".join(tokens(name)): name
            for name in flat.required
            if name in flat.properties
            and not self.survey.schemas.flat(flat.properties[name]).nullable
            and {"string", "integer"} & {*self.survey.schemas.types(flat.properties[name])}
        }
        for resource in self.resources.values():
            if resource.singleton or resource.name == own.name or not resource.parents:
                continue
            if resource.parents[-1].resource != own.name or resource.identity.key is None:
                continue
            parameter = "".join(tokens(resource.identity.parameter or ""))
            called = {"".join(tokens(f"{resource.noun}_id"))} | ({parameter} - _GENERIC)
            name = next((ids[one] for one in sorted(called & ids.keys() - told)), None)
            if name is not None and name != own.identity.key:
                yield JobStart(resource.name, facts.at, (name,))

    def _is_made_with(self, action: Action, name: str) -> bool:
        """Whether an entity of a resource comes into being with the entity of an action."""
        resource = self.resources[name]
        if name == action.resource or resource.singleton:
            return False
        if action.kind == "create" and any(
            link.resource == action.resource for link in resource.parents
        ):
            return True
        states = resource.states
        return not resource.creatable and states is not None and bool(states.active)

    def _tells_job(self, facts: Facts, own: str, found: Started) -> bool:
        """Whether an id in the response about an entity is that of a job which nothing else makes:
        `{"AppId": ..., "JobId": ...}`, where no app has a `JobId`."""
        job, resource = self.resources[found.resource], self.resources[own]
        places = {one.ref for one in self._reading(own)} | {resource.schema}
        known = (self.survey.flat(place).properties for place in places - {facts.ref})
        return (
            is_job(job.noun)
            and not job.creatable
            and not any(found.id_path[-1] in k for k in known)
        )

    def _shows(self, facts: Facts, name: str) -> bool:
        """Whether the response has most of the properties of the resource."""
        own = self.survey.flat(self.resources[name].schema).properties.keys()
        return 2 * len(own & self.survey.flat(facts.ref).properties.keys()) > len(own)

    def _find_started(
        self, facts: Facts, own: str | None, *, receipts: bool = True
    ) -> Started | None:
        # What the request names, in its body or path, is there already.
        path = {snake_case(name) for name in facts.route.names}
        sent = path | {snake_case(name) for name in self.survey.flat(facts.body).properties}
        shown = self.survey.flat(facts.ref).properties
        for name in self._of_ref.get(facts.ref, ()):
            resource = self.resources[name]
            if name == own or resource.singleton:
                continue
            key, known = resource.identity.key, resource.identity.returned
            if key not in shown and not (known and self._shows(facts, name)):
                # The answer of its other operations is no more than `{"code": "Success"}`.
                continue
            noun = resource.noun
            # `POST /entities/{entity_id}` may make what lies below and is an entity, too.
            owners = path & {snake_case(link.parameter) for link in resource.parents}
            if not {f"{noun}_id", f"{last_word(noun)}_id"} & (sent - owners):
                return Started(name, facts.at, (), "shown")
        above = self._collections.get(facts.route.steps[:-1])
        if above not in (None, own) and self._is_one_of(facts, above or ""):
            return Started(above or "", facts.at, (), "shown")
        shaped = self._shaped_like_a_job(facts, own) if receipts else None
        media = facts.operation.success_json
        if shaped is not None or media is None or not media.pointer:
            return shaped or self._started_by_receipt(facts, own, ids=receipts)
        schemas = self.survey.schemas
        top = schemas.main(media.pointer)
        for name in schemas.flat_at(top).properties:
            place = schemas.place(top, name)
            inner = schemas.canonical(place) if place is not None else ""
            found = self._started_in_property(name, inner, own, sent, facts.route)
            if found is not None:
                return found
        rows = self._started_in_rows(facts, top, own) if receipts else None
        return rows or self._started_by_receipt(facts, own, ids=receipts)

    def _started_in_rows(self, facts: Facts, top: str, own: str | None) -> Started | None:
        """The entities that a response names by their ids, one in each row, for the rows of the
        request: `{"responses": [{"messageId": 7, "error": null}]}`."""
        schemas = self.survey.schemas
        shown, sent = schemas.arrays(top), self._sent_rows(facts)
        if facts.method != "POST" or len(shown) != 1 or sent is None:
            return None
        name, place = next(iter(shown.items()))
        given = {snake_case(one) for one in schemas.flat_at(schemas.canonical(sent[1])).properties}
        for one in schemas.flat_at(schemas.canonical(place)).properties:
            found = self._started_in_property(one, "", own, given, facts.route)
            if found is not None and found.id_path:
                return replace(found, at=(name, FIRST))
        return None

    def _sent_rows(self, facts: Facts) -> tuple[Path, str] | None:
        """The only array of objects in a request: its place, and that of the schema of a row."""
        media = body_of(facts.operation)
        if media is None or not media.pointer:
            return None
        schemas = self.survey.schemas
        top = schemas.main(media.pointer)
        row = schemas.place(top, None) if "array" in schemas.flat_at(top).types else None
        found = (
            [((), row)] if row is not None else [((n,), p) for n, p in schemas.arrays(top).items()]
        )
        rows = [(at, p) for at, p in found if schemas.flat_at(schemas.canonical(p)).properties]
        return ((*rows[0][0], FIRST), rows[0][1]) if len(rows) == 1 else None

    def _is_main_entity(self, facts: Facts, found: Started) -> bool:
        """Whether the main entity of the response to a POST is the started one: all of it, or the
        only object in it."""
        if facts.method != "POST" or facts.is_list:
            return False
        job = is_job(self.resources[found.resource].noun)
        return found.at == facts.at or (job and self._is_only_object(facts, found.at))

    def _is_only_object(self, facts: Facts, at: Path) -> bool:
        """Whether a response has nothing beside an entity that could be meant."""
        media, schemas = facts.operation.success_json, self.survey.schemas
        if media is None or not media.pointer or len(at) != 1:
            return False
        others = schemas.flat_at(schemas.main(media.pointer)).properties.items()
        return all(name == at[0] or is_chatter(name) for name, _ in others)

    def _is_one_of(self, facts: Facts, name: str) -> bool:
        """Whether `POST /exports/activity` responds with an export, which nothing else makes."""
        resource = self.resources[name]
        if resource.creatable or resource.singleton or facts.method != "POST":
            return False
        shown = self.survey.flat(facts.ref).properties.keys()
        shared = shown & self.survey.flat(resource.schema).properties.keys()
        return (
            resource.identity.key in shared
            and len(shared) > 2
            and 4 * len(shared) >= 3 * len(shown)
        )

    def _shaped_like_a_job(self, facts: Facts, itself: str | None) -> Started | None:
        """The only job without a create whose properties a response to a POST has, with its id,
        although its schema has no name."""
        if facts.method != "POST" or facts.operation.success not in (201, 202):
            return None
        shown = self.survey.flat(facts.ref).properties.keys() if facts.ref else set()
        found = []
        jobs = self._receipts.unmade
        for name in jobs if len(shown) > 2 and len(jobs) <= MANY else ():
            resource = self.resources[name]
            own = self.survey.flat(resource.schema).properties.keys()
            if name == itself or resource.identity.key not in shown & own:
                continue
            if 4 * len(shown & own) >= 3 * len(shown | own):
                found.append(name)
        return Started(found[0], facts.at, (), "shown") if len(found) == 1 else None

    def _started_by_receipt(self, facts: Facts, own: str | None, *, ids: bool) -> Started | None:
        found = self._receipts.job_of(facts, own, ids=ids)
        return Started(found[0], (), found[1], "named") if found is not None else None

    def _reading(self, name: str) -> list[Facts]:
        """The operations that read an entity of a resource by its id."""
        routes = self._item_routes().get(name, ())
        found = (self.survey.at(steps, "GET") for steps in routes)
        return [facts for facts in found if facts is not None and facts.envelope is None]

    def _item_routes(self) -> dict[str, list[Steps]]:
        if self._routes is None:
            steps = {facts.operation.path: facts.route.steps for facts in self.survey.facts}
            self._routes = {
                name: [steps[path] for path in resource.items if path in steps]
                for name, resource in self.resources.items()
            }
        return self._routes

    def _started_in_property(
        self, name: str, place: str, own: str | None, sent: set[str], route: Route
    ) -> Started | None:
        """The started entity in one property of a response: the entity itself, or its id."""
        words = tokens(name)
        flat = self.survey.flat(place) if place in self._of_ref else None
        # Many kinds may answer with an `Arn` alone: that a text has its schema says nothing.
        known = flat is not None and bool(flat.properties or flat.choices)
        other = self._of_ref[place][0] if known else None
        if other is not None and other != own and "_".join((*words, "id")) not in sent:
            return None if self.resources[other].singleton else Started(other, (name,), (), "shown")
        alike = self._by_noun.get("_".join(words), ()) if place else ()
        if len(alike) == 1 and alike[0] != own and self._is_alike(place, alike[0]):
            return Started(alike[0], (name,), (), "shown")
        called = self._by_parameter_name(words, route)
        if called not in (None, own) and "_".join(words) not in sent:
            return Started(called or "", (), (name,), "named")
        if words[-1:] not in (("id",), ("uuid",)) or len(words) < 2 or "_".join(words) in sent:
            return None
        if words[0] in _EARLIER:
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

    def _by_parameter_name(self, words: Sequence[str], route: Route) -> str | None:
        """The resource whose paths have a parameter of this name. Of several, the one that is in
        this path too, `/message/send` beside `/messages/{messageId}`, or whose path begins like
        this one: `/vrp/optimize` beside `/vrp/solution/{jobId}`."""
        called = "".join(words)
        names = self._by_parameter.get(called, ())
        if len(names) < 2:
            return next(iter(names), None)
        if called not in self._beside:
            self._beside[called] = self._marks_of(names)
        marks = self._beside[called]
        for step in reversed(route.steps):
            alike = marks.get(noun_of(step))
            if alike:
                return alike[0]
        for length in range(len(route.steps), 0, -1):
            nearest = marks.get(route.steps[:length])
            if nearest:
                return nearest[0] if len(nearest) == 1 else None
        return None

    def _marks_of(self, names: Iterable[str]) -> dict[Mark, list[str]]:
        """Resources by their nouns and by what their paths begin with; of several with the same,
        two are enough to know that."""
        marks: dict[Mark, list[str]] = {}
        for name in names:
            routes = self._item_routes().get(name, ())
            begins = {r[:length] for r in routes for length in range(1, len(r) + 1)}
            own: list[Mark] = [self.resources[name].noun, *begins]
            for mark in own:
                found = marks.setdefault(mark, [])
                if len(found) < 2:
                    found.append(name)
        return marks

    def one_of(self, noun: str) -> str | None:
        """The resource with this noun, or with a noun that ends in it."""
        names = self._by_noun.get(noun)
        if not names:
            nouns = [*self._ends.get(noun, ()), *(e for e in _endings(noun) if e in self._by_noun)]
            names = [name for other in dict.fromkeys(nouns) for name in self._by_noun[other]]
        return names[0] if len(names) == 1 else None


def _endings(noun: str) -> Iterator[str]:
    """The shorter nouns that a noun ends in: `sim_suite_run` -> suite_run, run."""
    while "_" in noun:
        noun = noun.partition("_")[2]
        yield noun
