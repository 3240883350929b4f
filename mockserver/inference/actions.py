"""What each operation does to which resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference.identifiers import place_of_id
from mockserver.inference.lifecycles import RESULTS, enumerated
from mockserver.inference.model import (
    FIRST,
    Action,
    Because,
    Confidence,
    Path,
    RequestUse,
    Resource,
    ResponseUse,
    Transition,
)
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.pagination import word
from mockserver.inference.paths import ANY
from mockserver.inference.relations import Linker
from mockserver.inference.resources import Draft, refs_of
from mockserver.inference.verbs import CLONING, OUTCOMES, flags, outcome, verb_of
from mockserver.inference.words import plural, tokens

Steps = tuple[str, ...]
_TELLING = ("list", "create", "fetch", "replace", "patch")
_ARRAY = "an array of them is sent"


class Deducer:
    """Finds the action of each operation, given the resources."""

    def __init__(
        self,
        survey: Survey,
        drafts: Mapping[str, Draft],
        resources: Mapping[str, Resource],
        linker: Linker,
    ) -> None:
        self.survey = survey
        self.resources = resources
        self.linker = linker
        self._drafts = drafts
        self._items: dict[Steps, str] = {}
        self._lists: dict[Steps, str] = {}
        self._creates: dict[tuple[Steps, str], str] = {}
        self._collections: dict[Steps, str] = {}
        self._singles: dict[Steps, str] = {}
        self._refs = {name: refs_of(survey, draft) for name, draft in drafts.items()}
        for name, draft in drafts.items():
            for route in draft.collections:
                (self._singles if draft.singleton else self._collections)[route.steps] = name
            if not draft.singleton:
                self._items.update({route.steps: name for route in draft.items})
                self._lists.update({facts.route.steps: name for facts in draft.lists})
                self._creates.update({(f.route.steps, f.method): name for f in draft.creates})

    def action(self, facts: Facts) -> Action:
        """What this operation does."""
        steps = facts.route.steps
        if facts.route.verb:
            return self._verb(facts, facts.route.verb, steps)
        for known, find in (
            (self._items, self._of_item),
            (self._singles, self._of_singleton),
            (self._collections, self._of_collection),
        ):
            if steps in known:
                found = find(facts, self.resources[known[steps]])
                if found is not None:
                    return found
        if steps and steps[-1] != ANY:
            return self._beneath(facts, steps)
        return self._make(facts, "fixed", "no resource is known by this path", "guess")

    def _make(
        self, facts: Facts, kind: Any, why: str, sure: Confidence = "certain", **more: Any
    ) -> Action:
        route = facts.route
        item: str | None = more.pop("item", None)
        length = len(route.steps)
        if item is not None:
            length = max(i for i, step in enumerate(route.steps) if step == ANY)
        resource: str | None = more.get("resource")
        fields: tuple[str, ...] = ()
        tells: Path = ()
        told_by: str | None = None
        if resource is not None:
            own = self.resources[resource].identity.key
            properties = self.survey.flat(self.resources[resource].schema).properties
            # Its own id says nothing of those above it, even under the same name.
            fields = tuple(name for name in properties if name != own)
        if resource is not None and kind in _TELLING:
            draft, about = self._drafts[resource], self.resources[resource]
            tells, told_by = place_of_id(self.survey, draft, facts, about, kind == "create")
        return Action(
            operation=facts.operation.id,
            kind=kind,
            method=facts.method,
            path=facts.operation.path,
            item=item,
            parents=self.linker.links(route, length, fields),
            request=RequestUse(
                at=more.pop("sent", facts.sent),
                ids=more.pop("ids", None),
                partial=more.pop("partial", False),
                upsert=more.pop("upsert", False),
            ),
            response=ResponseUse(facts.at, tells, told_by, more.pop("awaits", None)),
            because=(Because(why, sure),),
            **more,
        )

    def _of_item(self, facts: Facts, resource: Resource) -> Action | None:
        item = facts.route.names[-1]
        name = resource.name
        path = facts.operation.path
        match facts.method:
            case "GET" | "HEAD":
                why = f"{facts.method} of {path}, which names one {resource.noun}"
                return self._make(facts, "fetch", why, item=item, resource=name)
            case "DELETE":
                why = f"DELETE of {path}, which names one {resource.noun}"
                return self._make(facts, "remove", why, item=item, resource=name)
            case "PATCH":
                return self._make(
                    facts, "patch", f"PATCH of {path}", item=item, resource=name, partial=True
                )
            case "PUT":
                partial = self._is_partial(facts, resource)
                why = f"PUT of {path}" + ("; nothing in its body is required" if partial else "")
                return self._make(
                    facts, "replace", why, item=item, resource=name, partial=partial,
                    upsert=self._upserts(facts, resource),
                )  # fmt: skip
            case "POST":
                why = f"POST to {path}, which names one {resource.noun}"
                return self._make(
                    facts, "patch", why, "likely", item=item, resource=name, partial=True,
                    upsert=201 in facts.operation.documented or resource.identity.open,
                )  # fmt: skip
        return None

    def _is_partial(self, facts: Facts, resource: Resource) -> bool:
        sent = self.survey.flat(facts.body)
        needed = self.survey.flat(resource.request).required if resource.request else {}
        return bool(sent.properties) and not sent.required and bool(needed)

    def _upserts(self, facts: Facts, resource: Resource) -> bool:
        return 201 in facts.operation.documented or not resource.creatable or resource.identity.open

    def _of_singleton(self, facts: Facts, resource: Resource) -> Action | None:
        name, path = resource.name, facts.operation.path
        match facts.method:
            case "GET" | "HEAD":
                return self._make(facts, "read", f"GET of {path}, one of a kind", resource=name)
            case "PUT":
                return self._make(
                    facts, "write", f"PUT of {path}, one of a kind", resource=name,
                    partial=not self.survey.flat(facts.body).required,
                )  # fmt: skip
            case "PATCH":
                why = f"PATCH of {path}, one of a kind"
                return self._make(facts, "write", why, resource=name, partial=True)
            case "POST":
                why = f"POST to {path}, one of a kind"
                return self._make(facts, "write", why, "likely", resource=name)
            case "DELETE":
                why = f"DELETE of {path}, one of a kind"
                return self._make(facts, "clear", why, resource=name)
        return None

    def _of_collection(self, facts: Facts, resource: Resource) -> Action | None:
        name, path, steps = resource.name, facts.operation.path, facts.route.steps
        lists = facts.is_list and self._lists.get(steps) == name
        if lists:
            why = f"{facts.method} of {path} lists {plural(resource.noun)}"
            return self._make(facts, "list", why, resource=name, envelope=facts.envelope)
        if facts.method in ("POST", "PUT") and self._creates.get((steps, facts.method)) == name:
            several = f", or several: {_ARRAY}" if FIRST in facts.sent else ""
            why = f"{facts.method} to {path} makes one ({resource.noun}){several}"
            return self._make(facts, "create", why, resource=name)
        if facts.method == "DELETE":
            return self._sweep(facts, resource)
        if facts.method in ("PUT", "PATCH") and facts.ref in self._refs[name]:
            key = resource.identity.key
            known = key and key in self.survey.flat(facts.body).properties
            why = f"{facts.method} of {path} answers one {resource.noun}"
            why += f", named by `{key}` in the body" if known else ""
            return self._make(
                facts, "create", why, "likely", resource=name, upsert=True,
                partial=facts.method == "PATCH",
            )  # fmt: skip
        return None

    def _sweep(self, facts: Facts, resource: Resource) -> Action | None:
        """DELETE of a collection with the ids of those that shall go."""
        names = {
            "ids",
            "id",
            f"{resource.noun}_ids",
            plural(resource.identity.key),
            plural(resource.noun),
        }
        why = f"DELETE of {facts.operation.path} with ids in"
        for parameter in facts.operation.parameters:
            if parameter.place == "query" and word(parameter.name) in names:
                return self._make(
                    facts, "sweep", f"{why} `{parameter.name}`", "likely", resource=resource.name,
                    ids=parameter.name,
                )  # fmt: skip
        flat = self.survey.flat(facts.body)
        name = next((n for n in flat.properties if word(n) in names), "")
        if name or "array" in flat.types:
            told = f"{why} `{name or 'the body'}`"
            sent = (name,) if name else ()
            return self._make(facts, "sweep", told, "likely", resource=resource.name, sent=sent)
        return None

    def _beneath(self, facts: Facts, steps: Steps) -> Action:
        """`/things/{thing}/word` and `/things/word`."""
        above = steps[:-1]
        word = steps[-1]
        if above in self._items:
            return self._of_part(facts, self.resources[self._items[above]], word)
        if above in self._collections:
            resource = self.resources[self._collections[above]]
            known = facts.ref in self._refs[resource.name]
            if facts.envelope is not None and known:
                why = f"it lists {plural(resource.noun)}, as GET of {resource.path} does"
                return self._make(
                    facts, "list", why, "likely", resource=resource.name, envelope=facts.envelope
                )
            if facts.method == "POST" and FIRST in facts.sent and known:
                why = f"makes several {plural(resource.noun)}: {_ARRAY}"
                return self._make(facts, "create", why, "likely", resource=resource.name)
            if facts.method == "POST" and known and facts.operation.success == 201:
                why = f"answers 201 with the schema of one ({resource.noun})"
                return self._make(facts, "create", why, "likely", resource=resource.name)
        if facts.method in ("POST", "PUT", "PATCH") and verb_of(word):
            # `/runs/{run}/compile/cancel`: the verb acts on the nearest thing above.
            for length in range(len(above), 0, -1):
                if steps[:length] in self._items:
                    resource = self.resources[self._items[steps[:length]]]
                    if facts.ref in self._refs[resource.name]:
                        return self._verb(facts, word, steps[:length])
                    break
        return self._make(facts, "fixed", "no resource is known by this path", "guess")

    def _of_part(self, facts: Facts, resource: Resource, word: str) -> Action:
        same = facts.ref in self._refs[resource.name]
        if facts.method in ("POST", "PUT", "PATCH") and (same or verb_of(word)):
            return self._verb(facts, word, facts.route.steps[:-1])
        if facts.method in ("POST", "PUT", "PATCH") and self._sets(facts, resource):
            return self._verb(facts, word, facts.route.steps[:-1])
        if facts.method == "DELETE" and verb_of(word):
            opposite = {"lock": "unlock", "star": "unstar", "pin": "unpin"}.get(verb_of(word), "")
            if opposite:
                return self._verb(facts, opposite, facts.route.steps[:-1])
        why = f"a part of one {resource.noun} that nothing else changes"
        states = resource.states
        waits = states is not None and states.moves and facts.method == "GET"
        if waits and 409 in facts.operation.documented and not RESULTS.isdisjoint(tokens(word)):
            why += f"; a 409 is listed: it is the result of a {resource.noun}"
            return self._make(facts, "fixed", why, "likely", awaits=resource.name)
        return self._make(facts, "fixed", why, "likely")

    def _sets(self, facts: Facts, resource: Resource) -> bool:
        """Whether the body speaks of properties that the thing has, and of nothing else."""
        sent = self.survey.flat(facts.body).properties.keys()
        return bool(sent) and sent <= self.survey.flat(resource.schema).properties.keys()

    def _verb(self, facts: Facts, word: str, steps: Steps) -> Action:
        verb = verb_of(word) or (tokens(word) or ("",))[0]
        name = self._items.get(steps, "")
        if not name or facts.method == "GET":
            return self._make(facts, "fixed", f"`{word}` acts on nothing that is kept", "guess")
        resource = self.resources[name]
        same = facts.ref in self._refs[name]
        item = facts.route.names[steps.count(ANY) - 1]
        if verb in CLONING and same:
            action = self._make(
                facts, "clone", f"`{word}`, and the answer is one {resource.noun}", item=item,
                resource=name, transition=Transition(verb, same=same),
            )  # fmt: skip
        else:
            changes = self._changes(resource, verb)
            shows, linked = (None, ()) if same else self._shown(facts, resource, word)
            changes = (*changes, *linked)
            told = ", ".join(f"{n} = {v}" for n, v in changes) or "nothing that is known"
            why = f"the verb `{word}` on one {resource.noun}; it sets {told}"
            action = self._make(
                facts, "transition", why, "likely" if same or changes else "guess", item=item,
                resource=name, transition=Transition(verb, changes, same, shows),
            )  # fmt: skip
        if not same:
            return replace(action, response=replace(action.response, at=()))
        return action

    def _shown(
        self, facts: Facts, resource: Resource, word: str
    ) -> tuple[str | None, tuple[tuple[str, str], ...]]:
        """`set-active-revision` answers the revision that the body names, and keeps its id."""
        name = next((n for n, refs in self._refs.items() if facts.ref in refs), None)
        sent = self.survey.flat(facts.body).properties
        given = next(iter(sent), "")
        about = self.resources[name].noun.rsplit("_", 1)[-1] if name else ""
        if len(sent) != 1 or tokens(given)[-2:] != (about, "id"):
            return None, ()
        kept = "_".join((*tokens(word)[1:], "id"))
        for field in self.survey.flat(resource.schema).properties:
            if "_".join(tokens(field)) == kept:
                return name, ((field, f"body.{given}"),)
        return name, ()

    def _changes(self, resource: Resource, verb: str) -> tuple[tuple[str, Any], ...]:
        flat = self.survey.flat(resource.schema)
        found: dict[str, Any] = {}
        states = resource.states
        if states is not None:
            values = enumerated(self.survey.schemas, flat.properties.get(states.name, {}))
            value = outcome(verb, values)
            if not values:
                known = (*states.initial, *states.active, *states.terminal)
                value = outcome(verb, known) or next(iter(OUTCOMES.get(verb, ())), None)
            if value is not None:
                found[states.name] = value
        wanted = flags(verb)
        for name, schema in flat.properties.items():
            spelled = "_".join(tokens(name))
            if spelled in wanted and "boolean" in self.survey.kinds(schema):
                found[name] = wanted[spelled]
            elif spelled.removesuffix("_at") in wanted and spelled.endswith("_at"):
                found[name] = "now" if wanted[spelled.removesuffix("_at")] else None
        return tuple(found.items())
