"""Infers what each operation does to which resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference.bulk import SeveralReader
from mockserver.inference.by_value import upserted_by
from mockserver.inference.default_entity import DefaultReader
from mockserver.inference.draft_model import Draft, refs_of
from mockserver.inference.evidence import WEIGHTS, Reading, Targets, reasons, unsure
from mockserver.inference.identifiers import place_of_id
from mockserver.inference.lifecycles import says_background
from mockserver.inference.lookups import (
    are_ids,
    is_newest,
    looked_up_by,
    part_called,
    shown_in_short,
    shown_whole,
    state_of_all,
)
from mockserver.inference.making import made_behind
from mockserver.inference.merges import MergeReader
from mockserver.inference.model import Action, RequestUse, ResponseUse, Transition, in_words
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.outcomes import says_it_awaits
from mockserver.inference.paths import ANY, Steps
from mockserver.inference.relations import Linker, upwards
from mockserver.inference.resource_model import FIRST, Because, Confidence, Path, Resource
from mockserver.inference.soft_deletes import UNLISTED
from mockserver.inference.statistics import counted_collection, statistics_action
from mockserver.inference.transitions import VerbReader
from mockserver.inference.verbs import PARTIAL, says_it_changes, says_made, says_put_there, verb_of
from mockserver.inference.words import noun, plural

_TELLING = ("list", "create", "clone", "fetch", "replace", "patch", "remove")
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
        self._fields: dict[str, tuple[str, ...]] = {}
        for name, draft in drafts.items():
            for route in draft.collections:
                (self._singles if draft.singleton else self._collections)[route.steps] = name
            if not draft.singleton:
                self._items.update({route.steps: name for route in draft.items})
                self._lists.update({facts.route.steps: name for facts in draft.lists})
                for facts in draft.lists:
                    self._collections.setdefault(facts.route.steps, name)
                self._creates.update({(f.route.steps, f.method): name for f in draft.creates})
        targets = Targets(self._items, self._collections, resources)
        self._verbs = VerbReader(survey, resources, self._refs, targets, self._singles, self._make)
        above = {steps[:-1]: name for steps, name in self._items.items()} | self._collections
        self._several = SeveralReader(survey, resources, above, self._make, self._verbs.effects)
        self._merges = MergeReader(survey, resources, self._items, above, self._make)
        self._defaults = DefaultReader(survey, resources, self._collections, self._refs, self._make)

    def action(self, facts: Facts) -> Action:
        """The action of one operation."""
        readings = list(self._plain(facts))
        readings += self._statistics(facts)
        if not readings:
            readings += self._lookup(facts)
        if facts.route.verb:
            readings += self._several.readings(facts)
        readings += self._merges.readings(facts)
        readings += self._defaults.readings(facts)
        if facts.method == "GET" and not any(reading.weight > 1 for reading in readings):
            readings += self._view(facts)
        if not any(reading.weight > WEIGHTS["sure"] for reading in readings):
            readings += self._verbs.readings(facts)
        nothing = self._make(facts, "fixed", "no resource is known by this path", "guess")
        best, instead = reasons([*readings, Reading(0, nothing)])
        changes = facts.method not in ("GET", "HEAD", "OPTIONS", "TRACE")
        if changes and (best.action.kind == "fixed" or best.weight <= WEIGHTS["part"]):
            # A verb without an effect is always a guess.
            return replace(unsure(best.action), instead=instead)
        job = self._verbs.starts.tracking(facts, best.action)
        made = best.action.elsewhere and best.action.kind == "create"
        source = self._verbs.source(facts, best.action) if made else None
        beside = self._verbs.starts.beside(facts, best.action) if job is None else ()
        return replace(best.action, instead=instead, starts=job, source=source, beside=beside)

    def _plain(self, facts: Facts) -> Iterator[Reading]:
        """The action that the path and the method alone suggest."""
        steps = facts.route.steps
        if facts.route.verb:
            return
        if steps in self._items and facts.method == "POST":
            yield from self._several.sent_below(facts, self.resources[self._items[steps]])
        for known, find in (
            (self._items, self._of_item),
            (self._singles, self._of_singleton),
            (self._collections, self._of_collection),
        ):
            if steps in known:
                found = find(facts, self.resources[known[steps]])
                if found is not None:
                    yield self._weighed(facts, found)
                    return
        if steps and steps[-1] != ANY:
            yield from self._beneath(facts, steps)

    def _statistics(self, facts: Facts) -> Iterator[Reading]:
        """What counts or sums up the entities of a collection."""
        name = counted_collection(facts, self._collections)
        if name is None or (not facts.route.verb and facts.route.steps in self._lists):
            return
        action = statistics_action(self.survey, facts, self.resources[name], self._make)
        if action is not None:
            yield Reading(WEIGHTS["plain"], action)

    def _weighed(self, facts: Facts, action: Action) -> Reading:
        """The weight of that plain reading."""
        about = f"{facts.operation.summary} {facts.operation.id}".lower()
        if action.kind == "remove":
            deletes = "delete" in about or "remove" in about or "destroy" in about
            return Reading(WEIGHTS["removal"] + WEIGHTS["deletes"] * deletes, action)
        if facts.method == "POST" and action.item is not None and action.kind != "replace":
            resource = self.resources[action.resource or ""]
            own = self.survey.flat(resource.schema).properties.keys()
            sends = bool(self.survey.flat(facts.body).properties.keys() & own)
            says = any(word in about for word in ("update", "edit", "modif", "change"))
            weight = WEIGHTS["posted"] + WEIGHTS["sends"] * sends + WEIGHTS["deletes"] * says
            return Reading(weight, action)
        empty = facts.method in ("PUT", "PATCH") and not facts.body and not action.request.upsert
        if empty and action.item is not None:
            return Reading(WEIGHTS["posted"], action)
        verb = verb_of(facts.route.last) and not facts.route.plural
        made = action.kind == "create" and not verb
        return Reading(WEIGHTS["plain"] + WEIGHTS["collection"] * made, action)

    def _fields_of(self, name: str) -> tuple[str, ...]:
        """The properties of a resource that may name a parent: its own id doesn't, even under the
        same name."""
        found = self._fields.get(name)
        if found is None:
            resource = self.resources[name]
            properties = self.survey.flat(resource.schema).properties
            found = tuple(each for each in properties if each != resource.identity.key)
            self._fields[name] = found
        return found

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
        id_path: Path = ()
        id_schema: str | None = None
        by, ids = more.pop("by", ()), more.pop("ids", None)
        named = {ids, *(name for name, _ in by)}
        if resource is not None:
            fields = self._fields_of(resource)
        if resource is not None and kind in _TELLING:
            draft, about = self._drafts[resource], self.resources[resource]
            id_path, id_schema = place_of_id(
                self.survey, draft, facts, about, kind in ("create", "clone")
            )
        return Action(
            operation=facts.operation.id,
            kind=kind,
            method=facts.method,
            path=facts.operation.path,
            item=item,
            parents=tuple(
                link
                for link in self.linker.links(route, length, fields)
                # What a body names is no part of the path.
                if f"{{{link.parameter}}}" in facts.operation.path and link.parameter not in named
            ),
            request=RequestUse(
                at=more.pop("sent", facts.sent),
                ids=ids,
                partial=more.pop("partial", False),
                upsert=more.pop("upsert", False),
                every=more.pop("every", False),
                by=by,
                item_in=facts.plain.place if facts.plain is not None and item else "path",
                several=facts.several if kind == "create" else None,
            ),
            response=ResponseUse(
                at=facts.at,
                id_path=id_path,
                id_schema=id_schema,
                awaits=more.pop("awaits", None),
                early=more.pop("early", 409),
                part=more.pop("part", None),
                several=facts.shown if kind == "create" else None,
                holder=facts.holder_at,
            ),
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
                return self._removal(facts, resource, item)
            case "PATCH":
                return self._make(
                    facts, "patch", f"PATCH of {path}", item=item, resource=name, partial=True,
                    upsert=201 in facts.operation.documented,
                )  # fmt: skip
            case "PUT":
                partial = self._is_partial(facts, resource)
                why = f"PUT of {path}" + ("; nothing in its body is required" if partial else "")
                return self._make(
                    facts, "replace", why, item=item, resource=name, partial=partial,
                    upsert=self._upserts(facts, resource),
                )  # fmt: skip
            case "POST":
                why = f"POST to {path}, which names one {resource.noun}"
                if resource.identity.member is not None:
                    return self._make(
                        facts, "replace", why, item=item, resource=name, partial=True, upsert=True
                    )
                return self._make(
                    facts, "patch", why, "likely", item=item, resource=name, partial=True,
                    upsert=201 in facts.operation.documented
                    or resource.identity.open
                    or _makes(facts)
                    or (not resource.creatable and says_put_there(facts.operation)),
                )  # fmt: skip
        return None

    def _removal(self, facts: Facts, resource: Resource, item: str) -> Action:
        why = f"DELETE of {facts.operation.path}, which names one {resource.noun}"
        same, at = self._verbs.answers.entity(facts, resource)
        verb, changes = self._verbs.removal(facts, resource, same=same)
        if verb:
            effect = in_words(changes, resource)
            effect = f"sets {effect}" if effect else "stays"
            about = f"{facts.operation.summary} {facts.operation.description}"
            soft = verb in ("delete", "discard", "remove", "archive", "trash")
            soft = soft or bool(UNLISTED.search(about))
            action = self._make(
                facts, "transition", f"{why}; it says `{verb}`, and {effect}", "likely",
                item=item, resource=resource.name,
                transition=Transition(verb, tuple(changes.items()), same, soft=soft),
            )  # fmt: skip
            return replace(action, response=replace(action.response, at=at))
        later = 202 in facts.operation.documented or says_background(facts.operation.description)
        leaving = self._verbs.leaving(resource) if same or later else None
        states = resource.states
        change = (
            Transition("delete", ((states.name, leaving),), same) if leaving and states else None
        )
        if change is not None:
            why += f"; it is {leaving} for a while"
        return self._make(
            facts, "remove", why, item=item, resource=resource.name, transition=change
        )

    def _is_partial(self, facts: Facts, resource: Resource) -> bool:
        sent = self.survey.flat(facts.body)
        if sent.properties and PARTIAL.search(facts.operation.description):
            return True
        needed = self.survey.flat(resource.request).required if resource.request else {}
        changes = says_it_changes(facts.operation)
        return bool(sent.properties) and not sent.required and bool(needed or changes)

    def _upserts(self, facts: Facts, resource: Resource) -> bool:
        made = 201 in facts.operation.documented or _makes(facts)
        return made or not resource.creatable or resource.identity.open

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
                return self._make(facts, "clear", f"DELETE of {path}, one of a kind", resource=name)
        return None

    def _of_collection(self, facts: Facts, resource: Resource) -> Action | None:
        name, path, steps = resource.name, facts.operation.path, facts.route.steps
        if facts.is_list and self._lists.get(steps) == name:
            why = f"{facts.method} of {path} lists {plural(resource.noun)}"
            action = self._make(facts, "list", why, resource=name, envelope=facts.envelope)
            action = upwards(self.survey, facts, action, resource)
            only = state_of_all(facts, resource) if path != resource.path else ()
            return replace(action, request=replace(action.request, only=only))
        if (either := self._several.either(facts, resource)) is not None:
            return either
        if facts.method in ("POST", "PUT") and self._creates.get((steps, facts.method)) == name:
            several = f", or several: {_ARRAY}" if FIRST in facts.sent else ""
            why = f"{facts.method} to {path} makes one ({resource.noun}){several}"
            by = upserted_by(self.survey, facts, resource)
            why += f", or changes the one with its `{by[0][0]}`" if by else ""
            return self._make(
                facts, "create", why, resource=name, by=by, upsert=bool(by), partial=bool(by)
            )
        if facts.method == "DELETE":
            return self._several.sweep(facts, resource)
        if facts.method in ("PUT", "PATCH"):
            changes = self._several.sets(facts, resource) or self._several.change(facts, resource)
            changes = changes or self._several.one(facts, resource)
            if changes is not None:
                return changes
        if facts.method in ("PUT", "PATCH") and facts.ref in self._refs[name]:
            if not self._several.may_make(facts):
                return None
            key = resource.identity.key
            known = key and key in self.survey.flat(facts.body).properties
            why = f"{facts.method} of {path} answers one {resource.noun}"
            why += f", named by `{key}` in the body" if known else ""
            return self._make(
                facts, "create", why, "likely", resource=name, upsert=True,
                partial=facts.method == "PATCH",
            )  # fmt: skip
        return None

    def _beneath(self, facts: Facts, steps: Steps) -> Iterator[Reading]:
        """`/things/{thing}/word` and `/things/word`."""
        above = steps[:-1]
        yield from self._several.readings(facts)
        if above in self._items:
            resource = self.resources[self._items[above]]
            yield Reading(1, self._of_part(facts, resource, steps[-1]))
            yield from self._child(facts, resource, steps[-1])
            yield from self._several.children(facts, resource)
        elif above in self._collections:
            resource = self.resources[self._collections[above]]
            known = facts.ref in self._refs[resource.name]
            if facts.method == "GET" and known and facts.envelope is None and is_newest(steps[-1]):
                why = f"it shows the newest of the {plural(resource.noun)}"
                action = self._make(facts, "fetch", why, "likely", resource=resource.name)
                request = replace(action.request, newest=True)
                yield Reading(WEIGHTS["plain"], replace(action, request=request))
            if facts.envelope is not None and known:
                why = f"it lists {plural(resource.noun)}, as GET of {resource.path} does"
                action = self._make(
                    facts, "list", why, "likely", resource=resource.name, envelope=facts.envelope
                )
                yield Reading(WEIGHTS["plain"], action)
            several = FIRST in facts.sent and (known or self._several.sends_like(facts, resource))
            if facts.method in ("POST", "PUT", "PATCH") and several:
                changes = self._several.change(facts, resource)
                if changes is not None and says_it_changes(facts.operation):
                    yield Reading(WEIGHTS["plain"] + WEIGHTS["several"], changes)
                    return
            if facts.method in ("POST", "PUT") and several:
                why = f"makes several {plural(resource.noun)}: {_ARRAY}"
                action = self._make(facts, "create", why, "likely", resource=resource.name)
                yield Reading(WEIGHTS["plain"], action)
            why = made_behind(facts, resource)
            if facts.method == "POST" and known and why:
                action = self._make(facts, "create", why, "likely", resource=resource.name)
                yield Reading(WEIGHTS["plain"], action)
            by = upserted_by(self.survey, facts, resource) if known else ()
            if by and facts.method in ("POST", "PUT"):
                why = f"it finds one ({resource.noun}) by its `{by[0][0]}`, or makes it"
                action = self._make(
                    facts, "create", why, "likely", resource=resource.name, by=by, upsert=True,
                    partial=True,
                )  # fmt: skip
                yield Reading(WEIGHTS["plain"] + WEIGHTS["collection"], action)

    def _lookup(self, facts: Facts) -> Iterator[Reading]:
        """Entities of a resource named by other properties: `GET /users/email/{email}`."""
        if facts.method == "DELETE" and facts.route.is_item:
            yield from self._of_several(facts)
        owners = [name for name, refs in self._refs.items() if facts.ref in refs]
        homes = [name for name in owners if self._reads(self._drafts[name], facts.ref)] or owners
        if facts.method != "GET" or len(homes) != 1 or self.resources[homes[0]].singleton:
            return
        resource = self.resources[homes[0]]
        by = looked_up_by(self.survey, facts, resource)
        if by:
            kind = "fetch" if facts.envelope is None else "list"
            quoted = ", ".join(f"`{name}`" for name in by.values())
            action = self._make(
                facts, kind, f"it shows {plural(resource.noun)} by {quoted}", "likely",
                resource=resource.name, envelope=facts.envelope, by=tuple(by.items()),
            )  # fmt: skip
            yield Reading(WEIGHTS["part"] + WEIGHTS["answers"], action)

    def _view(self, facts: Facts) -> Iterator[Reading]:
        """A list of known entities in another form: `/users/{user}/teams`."""
        found = shown_in_short(self.survey, facts, self.resources.values())
        if found is not None:
            action = self._make(
                facts, "list", f"it shows {plural(found.noun)} in short", "likely",
                resource=found.name, envelope=facts.envelope,
            )  # fmt: skip
            yield Reading(WEIGHTS["part"] + WEIGHTS["answers"], action)
            return
        found = shown_whole(self.survey, facts, self.resources.values(), self._refs)
        if found is not None:
            why = f"its rows are {plural(found.noun)}, by their schema"
            action = self._make(
                facts, "list", why, "likely", resource=found.name, envelope=facts.envelope
            )
            action = upwards(self.survey, facts, action, found)
            own = {link.resource for link in found.parents}
            if any(link.field is None and link.resource not in own for link in action.parents):
                return  # of which nothing says what they have to do with them
            only = state_of_all(facts, found)
            action = replace(action, request=replace(action.request, only=only))
            yield Reading(WEIGHTS["part"] + WEIGHTS["answers"], action)

    def _of_several(self, facts: Facts) -> Iterator[Reading]:
        """`DELETE /orders/{orderIds}`: it removes those of a collection that its path names."""
        name = self._collections.get(facts.route.steps[:-1])
        parameter = facts.route.names[-1]
        if name is not None and are_ids(parameter, self.resources[name]):
            why = f"{facts.operation.path} names several {plural(self.resources[name].noun)}"
            action = self._make(facts, "sweep", why, "likely", resource=name, ids=parameter)
            yield Reading(WEIGHTS["removal"], action)

    def _reads(self, draft: Draft, ref: str) -> bool:
        """Whether a path of a resource reads one as this schema describes it."""
        read = (self.survey.at(route.steps, "GET") for route in draft.items)
        return any(one is not None and one.ref == ref for one in read)

    def _child(self, facts: Facts, above: Resource, called: str) -> Iterator[Reading]:
        """`POST /calendars/{id}/block`: it makes one of `/calendars/{id}/blocks`, which nothing
        else makes."""
        short = noun(called)
        alike = [
            one
            for one in self.resources.values()
            if one.noun == short and one.parents and one.parents[-1].resource == above.name
        ]
        if facts.method != "POST" or len(alike) != 1 or alike[0].creatable or alike[0].singleton:
            return
        sent = self.survey.flat(facts.body).properties.keys()
        own = self.survey.flat(alike[0].schema).properties.keys()
        if 2 * len(sent & own) > len(sent):
            why = f"POST to {facts.operation.path} makes one ({short})"
            action = self._make(facts, "create", why, "likely", resource=alike[0].name)
            yield Reading(WEIGHTS["plain"], action)

    def _of_part(self, facts: Facts, resource: Resource, word: str) -> Action:
        why = f"a part of one {resource.noun} that nothing else changes"
        states = resource.states
        if states is not None and facts.method == "GET":
            early, told = says_it_awaits(facts.operation, word)
            if early:
                why += f"; {told}: it is the result of a {resource.noun}"
                return self._make(facts, "fixed", why, "likely", awaits=resource.name, early=early)
        part = part_called(self.survey, facts, resource, word) if facts.method == "GET" else None
        if part is not None:
            item = facts.route.names[-1]
            why = f"`{part}` of one {resource.noun} is shown"
            return self._make(
                facts, "fetch", why, "likely", item=item, resource=resource.name, part=part
            )
        return self._make(facts, "fixed", why, "likely")


def _makes(facts: Facts) -> bool:
    """Whether the document says of an operation on an item's path that it makes the item."""
    operation = facts.operation
    return says_made(operation.summary or operation.description, operation.id)
