"""The readings of an operation as a verb on one entity.

Each reading has a weight, the sum of its evidence; `actions.py` takes the heaviest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference import verb_words as known
from mockserver.inference.answers import Answers
from mockserver.inference.bodies import Bodies, names_several, shows_own
from mockserver.inference.effects import Effects
from mockserver.inference.elements import elements
from mockserver.inference.evidence import WEIGHTS, Maker, Reading, Target, Targets, weight_of
from mockserver.inference.merges import source_of
from mockserver.inference.model import Action, Source, Transition, in_words
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import ANY, Steps
from mockserver.inference.resource_model import Path, Resource
from mockserver.inference.soft_deletes import SOFT, is_kept
from mockserver.inference.starts import StartReader
from mockserver.inference.states import spelled
from mockserver.inference.verbs import (
    VERBS,
    acting_verb,
    is_about,
    last_part,
    opposite_of,
    spaced,
    verb_in_text,
    verb_of,
)
from mockserver.inference.words import is_id_of_new, last_word, noun, snake_case, tokens
from mockserver.records import dataclass

CHANGING = ("POST", "PUT", "PATCH")
_DELETES = frozenset(("delete", "remove", "destroy", "erase", "purge", "drop", "unregister"))


@dataclass(frozen=True, eq=False)
class _Use:
    """A verb that an operation applies to an entity. `word` is how the path writes it ("" if only
    a name or the summary says it), `rest` are the path's steps after the entity. The response shows
    the entity if it is the `same`, `at` this place."""

    facts: Facts
    target: Target
    verb: str
    word: str
    rest: Steps
    same: bool
    at: Path


class VerbReader:
    """Reads operations as verbs."""

    def __init__(
        self,
        survey: Survey,
        resources: Mapping[str, Resource],
        refs: Mapping[str, set[str]],
        targets: Targets,
        singles: Mapping[Steps, str],
        make: Maker,
    ) -> None:
        self.survey = survey
        self.resources = resources
        self.refs = refs
        self.targets = targets
        self.singles = singles
        self.make = make
        self.effects = Effects(survey)
        self.bodies = Bodies(survey)
        self.starts = StartReader(survey, resources, refs, make)
        self.answers = Answers(survey, refs)

    def readings(self, facts: Facts) -> Iterator[Reading]:
        """Every reading as a verb."""
        if facts.method not in (*CHANGING, "DELETE"):
            return
        target, rest = self._target(facts)
        if tokens(facts.route.last)[:1] and tokens(facts.route.last)[0] in known.READING:
            if target is not None and rest:
                yield from self._shows_one(facts, target)
            return
        if target is not None:
            yield from self._on_one(facts, self._with_state(target, facts, rest), rest)
        if facts.method == "POST":
            own = target.resource.name if target is not None else None
            yield from self.starts.readings(facts, own)

    def _shows_one(self, facts: Facts, target: Target) -> Iterator[Reading]:
        """An operation that shows the entity, whatever its method (`POST /jobs/get_light`)."""
        resource = target.resource
        same, at = self.answers.entity(facts, resource)
        if same:
            why = f"`{facts.route.last}` shows one {resource.noun}"
            action = self.make(
                facts, "fetch", why, "likely", item=self._item(facts, target),
                resource=resource.name,
            )  # fmt: skip
            yield Reading(weight_of(["word", "answers"]), _answering(action, at))

    def _target(self, facts: Facts) -> tuple[Target | None, Steps]:
        """The entity it acts on, and the remaining steps of the path."""
        steps = facts.route.steps
        for length in range(len(steps), 0, -1):
            name = self.targets.of(steps[:length])
            if name is None and length < len(steps):
                name = self.singles.get(steps[:length])
            resource = self.resources[name] if name is not None else None
            # One without a schema may be an element of an array of the entity above.
            if resource is not None and resource.schema is not None:
                return Target(resource, length), steps[length:]
        return None, steps

    def _with_state(self, target: Target, facts: Facts, rest: Steps) -> Target:
        """The entity, or the singleton below it that has its state, if the verb changes that."""
        verb = verb_of(facts.route.verb or (rest[-1] if len(rest) == 1 else ""))
        steps = facts.route.steps[: target.length]
        for name in map(self.singles.get, ((*steps, "state"), (*steps, "status"))):
            beside = self.resources[name] if name is not None and verb else None
            if beside is not None and self.effects.changes(beside, verb, ""):
                return Target(beside, target.length) if target.resource.states is None else target
        return target

    # -- a verb on one entity

    def _on_one(self, facts: Facts, target: Target, rest: Steps) -> Iterator[Reading]:
        resource = target.resource
        if ANY in rest:
            yield from self._of_element(facts, target, rest)
            return
        while len(rest) > 1 and rest[-1] in _CALLER:
            rest = rest[:-1]  # `PUT /posts/{post}/likes/me`
        word = spaced(facts.route.verb or (rest[-1] if rest else ""), facts.operation.id)
        stated = self._stated_verbs(facts, word, resource)
        if facts.method == "DELETE" and rest:
            yield from self._undone(facts, target, word, rest)
            return
        same, at = self.answers.entity(facts, resource)
        for verb, evidence in stated.items():
            if (
                not word
                and verb not in known.CLONING
                and resource.states is None
                and not self.effects.changes(resource, verb, word)
            ):
                continue
            use = _Use(facts, target, verb, word, rest, same, at)
            yield from self._verb(use, evidence)
        chosen = None if word else self._chosen(facts, target, same, at)
        if chosen is not None:
            yield chosen
        if word and not stated and facts.method in CHANGING:
            first = (tokens(word) or ("",))[0]
            use = _Use(facts, target, first, word, rest, same, at)
            yield from self._verb(use, ["part"])

    def _of_element(self, facts: Facts, target: Target, rest: Steps) -> Iterator[Reading]:
        """An operation that adds or removes an element which the path names: `DELETE
        /issues/{issue}/labels/{label}`."""
        if len(rest) != 2 or rest[-1] != ANY:
            return
        resource = target.resource
        same, at = self.answers.entity(facts, resource)
        changes = tuple(elements(self.survey, facts, resource, rest, same=same))
        if changes:
            effect = ", ".join(f"`{name}` {change}" for name, change in changes)
            action = self.make(
                facts, "transition", f"it sets {effect} of one {resource.noun}", "likely",
                item=self._item(facts, target), resource=resource.name,
                transition=Transition("change", changes, same),
            )  # fmt: skip
            yield Reading(
                weight_of(["part", "word", "sets"]), _answering(action, at if same else ())
            )

    def _chosen(self, facts: Facts, target: Target, same: bool, at: Path) -> Reading | None:
        """A change of the entity whose body has the verb: `PUT /calls/{id}` with
        `{"action": "hangup"}`."""
        resource = target.resource
        by, choices = self.effects.chosen(facts, resource, "")
        if not choices:
            return None
        why = f"`{by}` of the body says the verb: {', '.join(choices)}"
        action = self.make(
            facts, "transition", why, "likely", item=self._item(facts, target),
            resource=resource.name,
            transition=Transition(same=same, chosen_by=by, choices=choices),
        )  # fmt: skip
        return Reading(weight_of(["chosen", "changes"]), _answering(action, at))

    def _stated_verbs(self, facts: Facts, word: str, resource: Resource) -> dict[str, list[str]]:
        """The verbs in the path, the operationId and the summary, each with its source."""
        found: dict[str, list[str]] = {}
        verb = verb_of(word) if word and not names_several(self.survey, facts) else ""
        nouns = (*tokens(resource.noun), resource.noun)
        # Below a noun (`/files`), only names that speak of the entity say what is done to it.
        below = bool(word) and not verb
        guessed = not verb or (verb == "rerun" and tokens(word)[:1] != ("rerun",))
        full = snake_case(word)
        two = "_" in full and full not in VERBS and self.effects.says_state(resource, full)
        if word and (two or (guessed and self.effects.says_state(resource, full))):
            # A state that is called after the word says more than the vocabulary.
            verb = full
        if word and not verb and self.effects.lasts_longer(facts, resource):
            verb = "extend"
        if verb:
            found[verb] = ["colon" if facts.route.verb else "word"]
        name = last_part(facts.operation.id)
        stated = acting_verb(name, tokens(resource.noun))
        if below and not is_about(name, nouns, word):
            stated = ""
        if stated and (not found or stated in found):
            found.setdefault(stated, []).append("operation")
        summary = facts.operation.summary or facts.operation.description
        stated = verb_in_text(summary) or self.effects.verb_called(resource, summary)
        if below and not is_about(summary, nouns, word):
            stated = ""
        if stated and (not found or stated in found):
            found.setdefault(stated, []).append("summary")
        return found

    def _verb(self, use: _Use, evidence: list[str]) -> Iterator[Reading]:
        facts, target, verb, word, same = use.facts, use.target, use.verb, use.word, use.same
        resource = target.resource
        if self._copies(facts, resource, verb, same):
            yield self._copy(use, evidence)
            return
        if verb in known.MAKING_OTHERS and not same and facts.ref:
            return
        takes = self.bodies.takes(facts, resource, verb, use.rest, same=same)
        trashes = verb in known.TRASHING and facts.method != "DELETE"
        changes, bodily = self._changes(use, takes, trashes)
        by_value, choices = self.effects.chosen(facts, resource, word)
        shows, by, linked = (None, None, {}) if same else self._shown(facts, resource, word)
        changes = {**changes, **bodily, **linked}
        sets = bool(bodily) or (takes and self.bodies.sets(facts, resource))
        secret = self.effects.renewed_secret(facts, resource, verb)
        seen = changes or sets or secret or trashes
        evidence = [
            *evidence,
            *(["answers"] if same else []),
            *(["changes"] if changes or choices else []),
            *(["sets"] if (sets or linked) and word else []),
            *(["bodiless"] if facts.operation.body is None else []),
            *(["own"] if not same and shows_own(self.survey, facts) else []),
            *(["far"] if len(use.rest) > 1 else []),
            *([] if seen or same or choices or verb == "restore" else ["no_effect"]),
        ]
        effect = in_words(changes, resource)
        told = f"it tells another `{secret}`" if secret else "nothing says what it sets"
        told = "it sets what is sent" if sets else told
        effect = f"it sets {effect}" if effect else told
        effect += f", and as `{by_value}` says" if choices else ""
        why = f"the verb `{word or verb}` on one {resource.noun}; {effect}"
        sure = "likely" if seen or choices else "guess"
        action = self.make(
            facts, "transition", why, sure, item=self._item(facts, target), resource=resource.name,
            transition=Transition(
                verb, tuple(changes.items()), same, shows, by,
                chosen_by=by_value or None, choices=choices, takes=takes, soft=trashes,
            ),
        )  # fmt: skip
        yield Reading(weight_of(evidence), _answering(action, use.at))

    def _changes(
        self, use: _Use, takes: bool, trashes: bool
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the verb itself changes, and what the body of the request says."""
        facts, resource, verb, word = use.facts, use.target.resource, use.verb, use.word
        changes = dict(self.effects.of_part(resource, verb, use.rest))
        changes = changes or dict(self.effects.changes(resource, verb, word, facts, use.rest[:-1]))
        if not changes and trashes:
            changes = dict(self.effects.changes(resource, "delete", ""))
        bodily: dict[str, Any] = dict(self.bodies.from_body(facts, resource, word) if takes else ())
        if not changes and word:
            bodily |= dict(elements(self.survey, facts, resource, use.rest, same=use.same))
        if not changes and not bodily and word:
            bodily = dict(self.bodies.placed(facts, resource, use.rest))
        return {**changes, **dict(self.effects.unset(facts, resource, verb))}, bodily

    def _copy(self, use: _Use, evidence: list[str]) -> Reading:
        """A verb that makes another entity, which the response shows at a place, if it does."""
        facts, resource = use.facts, use.target.resource
        named, by = self.answers.name_of_copy(facts, resource)
        why = f"`{use.word or use.verb}` makes another {resource.noun}"
        why += f", whose `{by}` is the `{named[-1]}` that is sent" if named else ""
        action = self.make(
            facts, "clone", why, "likely",
            item=self._item(facts, use.target), resource=resource.name,
            transition=Transition(use.verb, same=use.same),
        )  # fmt: skip
        action = replace(action, request=replace(action.request, copy=(named, by)))
        where = action.response.at if action.response.id_path else ()
        weight = weight_of([*evidence, "copies", "answers", "changes"])
        return Reading(weight, _answering(action, use.at if use.same else where))

    def source(self, facts: Facts, made: Action) -> Source | None:
        """What becomes of the entity that a path names, of which another one is made."""
        target, rest = self._target(facts)
        item = self._item(facts, target) if target is not None else None
        if target is None or item is None or not rest or ANY in rest:
            return None
        if "{" + item + "}" not in facts.operation.url_path:
            return None  # a `requestId` of the query names no entity
        found = source_of(self.effects, facts, target.resource, self.resources[made.resource or ""])
        links = tuple(link for link in made.parents if link.parameter != item)
        return replace(found, item=item, parents=links) if found is not None else None

    def _item(self, facts: Facts, target: Target) -> str | None:
        if target.resource.singleton:
            return None
        steps = facts.route.steps[: target.length]
        return facts.route.names[steps.count(ANY) - 1]

    def _copies(self, facts: Facts, resource: Resource, verb: str, same: bool) -> bool:
        """Whether the verb creates a new entity of the same kind."""
        silent = facts.operation.success == 201 and not facts.ref
        direct = silent or facts.route.is_item or facts.route.parent.is_item
        if verb in known.CLONING and not self.survey.flat(facts.ref).properties:
            silent = direct and not self.answers.goes_elsewhere(facts)
        # Of one of a kind, there is no other.
        if same and verb in known.MAKING_OTHERS and "as" in tokens(facts.route.last):
            # `/boards/{board}/save-as-template`
            return facts.operation.success == 201 and not self._always_201(facts)
        if verb not in known.CLONING | known.AGAIN or not resource.name or resource.singleton:
            return False
        asks = verb in known.CLONING and bool(self.answers.name_of_copy(facts, resource)[0])
        if not (same or silent or asks or self._tells_id(facts, resource)):
            return False
        if not (same or asks) and any(True for _ in self.starts.readings(facts, resource.name)):
            return False
        if verb in known.CLONING:
            return True
        about = f"{facts.operation.summary} {facts.operation.description}"
        named = re.search(rf"\bnew (?:\w+ )?{last_word(resource.noun)}\b", about.lower())
        return bool(named) or (facts.operation.success == 201 and not self._always_201(facts))

    def _always_201(self, facts: Facts) -> bool:
        """Whether verbs beside this one that make nothing respond with 201, too (`/cancel`)."""
        above = facts.route.upto(len(facts.route.steps) - 1)
        return any(
            one.operation.success == 201 and verb_of(one.route.last) in known.ENDING
            for one in self.survey.about([above])
        )

    def _tells_id(self, facts: Facts, resource: Resource) -> bool:
        own = self.survey.flat(facts.ref).properties
        short = last_word(resource.noun)
        if resource.identity.key in own or any(is_id_of_new(name, short) for name in own):
            return True
        inner = (own[name] for name in ("data", "result") if name in own)
        return "id" in own or any("id" in self.survey.schemas.flat(s).properties for s in inner)

    def _undone(self, facts: Facts, target: Target, word: str, rest: Steps) -> Iterator[Reading]:
        """A DELETE that undoes a verb, `DELETE /gists/{gist}/star`, or empties a property."""
        verb = verb_of(word) or (noun(word) if noun(word) in known.COUNTED else "")
        resource = target.resource
        if len(rest) == 1 and not known.FOR_GOOD.isdisjoint(tokens(word)):
            why = f"DELETE of `{word}` removes one {resource.noun} for good"
            item = self._item(facts, target)
            action = self.make(facts, "remove", why, "likely", item=item, resource=resource.name)
            yield Reading(WEIGHTS["removal"], action)
            return
        summary = facts.operation.summary or facts.operation.description
        about = is_about(summary, tokens(resource.noun), word)
        stated = verb_in_text(summary) if about else ""
        if not verb and stated not in ("", *_DELETES):
            # `DELETE /issues/{issue}/subscription`: Unsubscribe from an issue
            same, at = self.answers.entity(facts, resource)
            use = _Use(facts, target, stated, word, rest, same, at)
            yield from self._verb(use, ["part", "summary"])
        if not verb:
            yield from self._emptied(facts, target, rest)
            return
        opposite = opposite_of(verb)
        changes = self.effects.undone(resource, verb, opposite)
        if not changes:
            yield from self._emptied(facts, target, rest)
            return
        same, at = self.answers.entity(facts, resource)
        effect = in_words(changes, resource)
        action = self.make(
            facts, "transition", f"DELETE of `{word}` undoes it; it sets {effect}", "likely",
            item=self._item(facts, target), resource=resource.name,
            transition=Transition(opposite, tuple(changes.items()), same),
        )  # fmt: skip
        yield Reading(weight_of(["word", "changes"]), _answering(action, at if same else ()))

    def _emptied(self, facts: Facts, target: Target, rest: Steps) -> Iterator[Reading]:
        """A DELETE of one property of an entity: `DELETE /orgs/{org}/exportToken`."""
        resource = target.resource
        same, at = self.answers.entity(facts, resource)
        changes: dict[str, Any] = dict(elements(self.survey, facts, resource, rest, same=same))
        changes = changes or dict(self.bodies.placed(facts, resource, rest))
        changes = changes or dict(self.bodies.put_there(facts, resource))
        if not changes:
            return
        effect = ", ".join(f"`{name}`" for name in changes)
        action = self.make(
            facts, "transition", f"DELETE of {effect} of one {resource.noun}", "likely",
            item=self._item(facts, target), resource=resource.name,
            transition=Transition("remove", tuple(changes.items()), same),
        )  # fmt: skip
        yield Reading(weight_of(["part", "changes"]), _answering(action, at if same else ()))

    def _shown(
        self, facts: Facts, resource: Resource, word: str
    ) -> tuple[str | None, str | None, dict[str, Any]]:
        """`set-active-revision` returns the revision that the body names, and stores its id and its
        embedded copy."""
        sent = self.survey.flat(facts.body).properties
        own = self.survey.flat(resource.schema).properties
        about = "_".join(tokens(word)[1:])
        for given in sent:
            words = tokens(given)
            if words[-1:] != ("id",) or len(words) < 2:
                continue
            name = next((n for n, refs in self.refs.items() if facts.ref in refs), None)
            if name is not None and last_word(self.resources[name].noun) != words[-2]:
                name = None
            kept = {
                field: f"body.{given}"
                for field in own
                if snake_case(field) == f"{about}_id" and about
            }
            if name is None:
                name = self.starts.one_of("_".join(words[:-1])) if kept else None
            if name is None and not kept:
                continue
            embedded = {
                field: f"shown.{given}"
                for field in own
                if snake_case(field) == about and name is not None
            }
            return name, given, {**kept, **embedded}
        return None, None, {}

    # -- DELETE of the entity itself

    def removal(
        self, facts: Facts, resource: Resource, *, same: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """A DELETE that marks the entity instead of removing it: the verb and its changes. What is
        cancelled and shown (`same`) stays, even if nothing says how it changes."""
        operation = facts.operation
        about = f"{operation.summary} {operation.description} {operation.id}"
        state = self.effects.stated(facts, resource)
        if state is not None and resource.states is not None:
            return "remove", {resource.states.name: state}
        stated = (
            verb_in_text(operation.summary or operation.description),
            acting_verb(last_part(operation.id), tokens(resource.noun)),
        )
        for verb in stated:
            if not verb or verb in _DELETES | known.STARTING:
                continue
            changes = dict(self.effects.changes(resource, verb, ""))
            if changes or (same and verb in known.ENDING_EARLY):
                return verb, changes
        if not SOFT.search(about) and not is_kept(self.survey, facts, resource):
            return "", {}
        for verb in ("delete", "discard", "remove", "archive", "trash", "deactivate"):
            changes = dict(self.effects.changes(resource, verb, ""))
            if changes:
                return verb, changes
        return "trash", {}

    def leaving(self, resource: Resource) -> str | None:
        """The state of an entity that is being deleted."""
        states = resource.states
        if states is None:
            return None
        ended = {*states.failure, *states.cancelled}
        found = (value for value, after in states.leads.items() if after not in ended)
        return next((v for v in found if spelled(v).split("_")[-1] in _REMOVING), None)


_CALLER = frozenset(("me", "self", "mine"))
_REMOVING = frozenset(("deleting", "deprovisioning", "destroying", "removing", "terminating"))


def _answering(action: Action, at: Path) -> Action:
    return replace(action, response=replace(action.response, at=at))
