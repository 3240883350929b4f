"""The readings of an operation as a verb on one entity.

Each reading has a weight, the sum of its evidence; `actions.py` takes the heaviest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference import verb_words as known
from mockserver.inference.evidence import Maker, Reading, weight_of
from mockserver.inference.lifecycles import enumerated
from mockserver.inference.model import (
    NEW,
    NEXT,
    Action,
    Path,
    Resource,
    Transition,
)
from mockserver.inference.operations import Facts, Survey, json_of
from mockserver.inference.paths import ANY
from mockserver.inference.starts import StartReader
from mockserver.inference.states import spelled
from mockserver.inference.targets import Steps, Target, Targets
from mockserver.inference.verb_words import OUTCOMES
from mockserver.inference.verbs import (
    acting_verb,
    flags,
    outcome,
    participles,
    passing,
    verb_in_text,
    verb_of,
)
from mockserver.inference.words import tokens

CHANGING = ("POST", "PUT", "PATCH")
_NEW = re.compile(r"\bnew\b|\bcreates?\b|\bcopy\b|\bcopies\b|\bduplicate", re.IGNORECASE)
_SOFT = re.compile(
    r"\bsoft[- ]?\w*|mark(?:s|ed)? .{0,30}\bas (?:deleted|discarded|archived|inactive|removed)"
    r"|can be restored|(?:move|send)s? .{0,30}\bto (?:the )?(?:trash|bin|archive)",
    re.IGNORECASE,
)
_DELETES = frozenset(("delete", "remove", "destroy", "erase", "purge", "drop", "unregister"))


class VerbReader:
    """Reads operations as verbs."""

    def __init__(
        self,
        survey: Survey,
        resources: Mapping[str, Resource],
        refs: Mapping[str, set[str]],
        targets: Targets,
        make: Maker,
    ) -> None:
        self.survey = survey
        self.resources = resources
        self.refs = refs
        self.targets = targets
        self.make = make
        self._starts = StartReader(survey, resources, refs, make)

    def readings(self, facts: Facts) -> Iterator[Reading]:
        """Every reading as a verb."""
        if facts.method not in (*CHANGING, "DELETE"):
            return
        target, rest = self._target(facts)
        if target is not None:
            yield from self._on_one(facts, target, rest)
        if facts.method == "POST":
            own = target.resource.name if target is not None else None
            yield from self._starts.readings(facts, own)

    def _target(self, facts: Facts) -> tuple[Target | None, Steps]:
        """The entity it acts on, and the remaining steps of the path."""
        steps = facts.route.steps
        for length in range(len(steps), 0, -1):
            name = self.targets.of(steps[:length])
            if name is not None and not self.resources[name].singleton:
                return Target(self.resources[name], length), steps[length:]
        return None, steps

    # -- a verb on one entity

    def _on_one(self, facts: Facts, target: Target, rest: Steps) -> Iterator[Reading]:
        if ANY in rest:
            return
        resource = target.resource
        word = facts.route.verb or (rest[-1] if rest else "")
        said = self._verbs_said(facts, word)
        if facts.method == "DELETE" and rest:
            yield from self._undone(facts, target, word)
            return
        same, at = self.answered(facts, resource)
        for verb, evidence in said.items():
            if not word and resource.states is None and not self._changes(resource, verb, word):
                continue
            yield from self._verb(facts, target, verb, word, [*evidence], rest, same, at)
        if word and not said and facts.method in CHANGING:
            yield from self._verb(
                facts, target, (tokens(word) or ("",))[0], word, ["part"], rest, same, at
            )

    def _verbs_said(self, facts: Facts, word: str) -> dict[str, list[str]]:
        """The verbs in the path, the operationId and the summary, each with its source."""
        found: dict[str, list[str]] = {}
        verb = verb_of(word) if word else ""
        if verb:
            found[verb] = ["colon" if facts.route.verb else "word"]
        told = acting_verb(_last_name(facts.operation.id))
        if told and (not found or told in found):
            found.setdefault(told, []).append("operation")
        summary = facts.operation.summary or facts.operation.description
        told = verb_in_text(summary)
        if told and (not found or told in found):
            found.setdefault(told, []).append("summary")
        return found

    def _verb(
        self,
        facts: Facts,
        target: Target,
        verb: str,
        word: str,
        evidence: list[str],
        rest: Steps,
        same: bool,
        at: Path,
    ) -> Iterator[Reading]:
        resource = target.resource
        item = self._item(facts, target)
        if self._copies(facts, resource, verb, same):
            why = f"`{word or verb}` makes another {resource.noun}"
            action = self.make(
                facts, "clone", why, "likely", item=item, resource=resource.name,
                transition=Transition(verb, same=same),
            )  # fmt: skip
            evidence = [*evidence, "copies", "answers", "changes"]
            yield Reading(weight_of(evidence), _answering(action, at if same else ()))
            return
        part = dict(self._of_part(resource, verb, rest))
        changes = part or dict(self._changes(resource, verb, word))
        bodily = dict(self._from_body(facts, resource, word))
        shows, by, linked = (None, None, {}) if same else self._shown(facts, resource, word)
        changes = {**changes, **bodily, **linked}
        sets = bool(bodily) or self._sets(facts, resource)
        evidence = [
            *evidence,
            *(["answers"] if same else []),
            *(["changes"] if changes else []),
            *(["sets"] if (sets or linked) and word else []),
            *(["bodiless"] if facts.operation.body is None else []),
            *(["far"] if len(rest) > 1 else []),
            *([] if changes or same or sets else ["no_effect"]),
        ]
        told = ", ".join(f"{name} = {value}" for name, value in changes.items())
        told = f"it sets {told}" if told else "nothing says what it sets"
        if sets and not changes:
            told = "it sets what is sent"
        why = f"the verb `{word or verb}` on one {resource.noun}; {told}"
        sure = "likely" if changes or sets else "guess"
        action = self.make(
            facts, "transition", why, sure, item=item, resource=resource.name,
            transition=Transition(verb, tuple(changes.items()), same, shows, by),
        )  # fmt: skip
        yield Reading(weight_of(evidence), _answering(action, at if same else ()))

    def _item(self, facts: Facts, target: Target) -> str:
        steps = facts.route.steps[: target.length]
        return facts.route.names[steps.count(ANY) - 1]

    def _copies(self, facts: Facts, resource: Resource, verb: str, same: bool) -> bool:
        """Whether the verb creates a new entity of the same kind."""
        if not resource.name or not (same or self._tells_id(facts)):
            return False
        if verb in known.CLONING:
            return True
        if verb not in known.AGAIN:
            return False
        about = f"{facts.operation.summary} {facts.operation.description}"
        named = re.search(rf"\bnew (?:\w+ )?{resource.noun.rsplit('_', 1)[-1]}\b", about.lower())
        return facts.operation.success == 201 or bool(named)

    def _tells_id(self, facts: Facts) -> bool:
        return "id" in self.survey.flat(facts.ref).properties

    def _sets(self, facts: Facts, resource: Resource) -> bool:
        """Whether the body has properties of the entity and little else."""
        sent = self.survey.flat(facts.body).properties.keys()
        own = self.survey.flat(resource.schema).properties.keys()
        return bool(sent & own) and len(sent - own) <= len(sent & own)

    def _undone(self, facts: Facts, target: Target, word: str) -> Iterator[Reading]:
        """A DELETE that undoes a verb: `DELETE /gists/{gist}/star`."""
        verb = verb_of(word)
        if not verb:
            return
        resource = target.resource
        opposite = next((v for v in (f"un{verb}", f"de{verb}") if v in OUTCOMES), f"un{verb}")
        spoken = {name: not holds for name, holds in flags(verb).items()}
        changes = dict(self._flags(resource, spoken))
        value = outcome(opposite, self._values(resource)) if opposite in OUTCOMES else None
        if value is not None and resource.states is not None and resource.states.name:
            changes[resource.states.name] = value
        if not changes:
            return
        same, at = self.answered(facts, resource)
        told = ", ".join(f"{name} = {value}" for name, value in changes.items())
        action = self.make(
            facts, "transition", f"DELETE of `{word}` undoes it; it sets {told}", "likely",
            item=self._item(facts, target), resource=resource.name,
            transition=Transition(opposite, tuple(changes.items()), same),
        )  # fmt: skip
        yield Reading(weight_of(["word", "changes"]), _answering(action, at if same else ()))

    # -- what the answer is

    def answered(self, facts: Facts, resource: Resource) -> tuple[bool, Path]:
        """Whether the response is the entity, and where in it."""
        refs = self.refs[resource.name]
        if facts.ref and facts.ref in refs:
            return True, facts.at
        response = facts.operation.response_for(facts.operation.success)
        media = json_of(response.content) if response is not None else None
        if media is None or not media.pointer:
            return False, ()
        schemas = self.survey.schemas
        top = schemas.main(media.pointer)
        if schemas.canonical(top) in refs:
            return True, ()
        found = self._within(top, refs, 2)
        if found is not None:
            return True, found
        own = self.survey.flat(resource.schema).properties.keys()
        shown = self.survey.flat(facts.ref).properties.keys()
        key = resource.identity.key
        shared = own & shown
        alike = key in shared and len(shared) > 2 and len(shared) * 5 >= len(shown) * 3
        return (True, facts.at) if alike else (False, ())

    def _within(self, place: str, refs: set[str], depth: int) -> Path | None:
        """Where in a response the entity is: `{"data": {"contract": {...}}}`."""
        schemas = self.survey.schemas
        inner: list[tuple[str, str]] = []
        for name in schemas.flat_at(place).properties:
            at = schemas.place(place, name)
            if at is None:
                continue
            at = schemas.canonical(at)
            if at in refs or schemas.main(at) in refs:
                return (name,)
            if "object" in schemas.flat_at(at).types:
                inner.append((name, at))
        for name, at in inner if depth > 1 and len(inner) < 4 else ():
            found = self._within(schemas.main(at), refs, depth - 1)
            if found is not None:
                return (name, *found)
        return None

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
            if name is not None and self.resources[name].noun.rsplit("_", 1)[-1] != words[-2]:
                name = None
            kept = {
                field: f"body.{given}"
                for field in own
                if "_".join(tokens(field)) == f"{about}_id" and about
            }
            if name is None:
                name = self._starts.one_of("_".join(words[:-1])) if kept else None
            if name is None and not kept:
                continue
            embedded = {
                field: f"shown.{given}"
                for field in own
                if "_".join(tokens(field)) == about and name is not None
            }
            return name, given, {**kept, **embedded}
        return None, None, {}

    # -- what changes

    def _values(self, resource: Resource) -> tuple[str, ...]:
        return resource.states.known if resource.states is not None else ()

    def _changes(self, resource: Resource, verb: str, word: str) -> Mapping[str, Any]:
        """The properties that a verb changes, and their new values."""
        flat = self.survey.flat(resource.schema)
        found: dict[str, Any] = {}
        states = resource.states
        about = tokens(word)[1:]
        named = next((name for name in flat.properties if about and tokens(name) == about), None)
        if named is not None and verb in known.RENEWING:
            return {named: NEW}
        if states is not None and states.name:
            value = _state_in(word, states.known) or outcome(verb, states.known)
            if value is None and not states.known:
                value = next(iter(OUTCOMES.get(verb, ())), None)
            if value is not None:
                working = (*states.leads, *states.active)
                found[states.name] = passing(verb, working, value) or value
            elif (through := passing(verb, states.leads, None)) is not None:
                found[states.name] = through
            elif (
                verb in known.FORWARD
                and states.initial
                and len(states.path) > 1
                and (
                    # `verify-domain` of a certificate doesn't change the certificate's state.
                    set(about) <= set(tokens(resource.noun))
                )
            ):
                found[states.name] = NEXT
            for name in states.beside:
                values = enumerated(self.survey.schemas, flat.properties[name])
                other = outcome(verb, values) if values else None
                if other is not None:
                    found[name] = other
        found.update(self._flags(resource, flags(verb)))
        marked = _marked(word)
        if marked and not found:
            found.update(self._flags(resource, {marked: True, f"is_{marked}": True}))
        return found

    def _of_part(self, resource: Resource, verb: str, rest: Steps) -> Iterator[tuple[str, Any]]:
        """What a verb changes in a nested object that the path names: `/backups/enable`,
        `/compile/cancel`."""
        if len(rest) < 2:
            return
        flat = self.survey.flat(resource.schema)
        part = tokens(rest[-2])
        for name, schema in flat.properties.items():
            words = tokens(name)
            if words[: len(part)] == part and words[-1] in ("status", "state") and len(words) > 1:
                value = outcome(verb, enumerated(self.survey.schemas, schema))
                if value is not None:
                    yield name, value
            if words == part:
                for inner, value in self._flags_in(schema, flags(verb)):
                    yield f"{name}.{inner}", value

    def _flags_in(self, schema: Any, wanted: Mapping[str, bool]) -> Iterator[tuple[str, Any]]:
        for name, one in self.survey.schemas.flat(schema).properties.items():
            yield from self._flag(name, one, wanted)

    def _flags(self, resource: Resource, wanted: Mapping[str, bool]) -> Iterator[tuple[str, Any]]:
        verbs = {verb for verb, holds in wanted.items() if holds}
        for name, schema in self.survey.flat(resource.schema).properties.items():
            yield from self._flag(name, schema, wanted)
            about = known.OTHER_NAMES.get("_".join(tokens(name)), "")
            if about and set(participles(about)) & verbs:
                # `approval.approved_at`
                for inner, value in self._flags_in(schema, wanted):
                    yield f"{name}.{inner}", value

    def _flag(
        self, name: str, schema: Any, wanted: Mapping[str, bool]
    ) -> Iterator[tuple[str, Any]]:
        word = "_".join(tokens(name))
        stem = word.removesuffix("_at").removesuffix("_on").removesuffix("_time")
        if word in wanted and "boolean" in self.survey.kinds(schema):
            yield name, wanted[word]
        elif stem != word and stem in wanted:
            yield name, "now" if wanted[stem] else None

    def _from_body(self, facts: Facts, resource: Resource, word: str) -> Iterator[tuple[str, str]]:
        """The properties whose new value has another name in the body: `to_status`, `value` of
        `/clusters/{cluster}/status`."""
        own = self.survey.flat(resource.schema).properties
        sent = self.survey.flat(facts.body).properties
        spelt = {"_".join(tokens(name)): name for name in own}
        below = spelt.get("_".join(tokens(word.removeprefix("set-").removeprefix("change-"))))
        for name in sent:
            if name in own:
                continue
            words = [w for w in tokens(name) if w not in ("to", "new", "target", "next", "desired")]
            plain = spelt.get("_".join(words))
            if plain is None and below is not None and len(sent) == 1 and words:
                plain = below
            states = resource.states
            if plain is None and states is not None:
                values = set(enumerated(self.survey.schemas, sent[name]))
                if len(values) > 1 and values <= set(states.known):
                    plain = states.name
            if plain is not None and self._fits(own[plain], sent[name]):
                yield plain, f"body.{name}"

    def _fits(self, own: Any, sent: Any) -> bool:
        kinds, others = self.survey.kinds(own), self.survey.kinds(sent)
        return not kinds or not others or bool((kinds & others) - {"null"})

    # -- DELETE of the entity itself

    def removal(self, facts: Facts, resource: Resource) -> tuple[str, dict[str, Any]]:
        """A DELETE that marks the entity instead of removing it: the verb and its changes."""
        operation = facts.operation
        about = f"{operation.summary} {operation.description} {operation.id}"
        said = [
            verb
            for verb in (
                verb_in_text(operation.summary or operation.description),
                acting_verb(_last_name(operation.id)),
            )
            if verb and verb not in _DELETES
        ]
        for verb in said:
            changes = dict(self._changes(resource, verb, ""))
            if changes:
                return verb, changes
        if not _SOFT.search(about):
            return "", {}
        for verb in ("delete", "discard", "remove", "archive", "trash", "deactivate"):
            changes = dict(self._changes(resource, verb, ""))
            if changes:
                return verb, changes
        return "", {}

    def leaving(self, resource: Resource) -> str | None:
        """The state of an entity that is being deleted."""
        states = resource.states
        if states is None:
            return None
        return next(
            (v for v in states.leads if spelled(v).split("_")[-1] in _REMOVING),
            next((v for v in states.leads if spelled(v) == "delete_in_progress"), None),
        )


_REMOVING = frozenset(("deleting", "deprovisioning", "destroying", "removing", "terminating"))


def _answering(action: Action, at: Path) -> Action:
    return replace(action, response=replace(action.response, at=at))


def _last_name(operation: str) -> str:
    """`evals.runs.cancel` -> `cancel`; a name without dots stays."""
    return re.split(r"[./#]", operation)[-1]


def _marked(word: str) -> str:
    """`mark-as-paid` -> `paid`, `make-default` -> `default`."""
    words = [w for w in tokens(word) if w not in ("as", "a", "the")]
    return "_".join(words[1:]) if words[:1] and words[0] in ("mark", "make", "set") else ""


def _state_in(word: str, values: tuple[str, ...]) -> str | None:
    """The state that a path names: `/orders/{order}/mark-as-paid`, `/orders/{order}/shipped`."""
    if not word:
        return None
    spelt = {spelled(value): value for value in values}
    plain = spelled(word)
    if plain in spelt and (plain.endswith("ed") or plain in ("paid", "sent", "done", "complete")):
        return spelt[plain]
    return spelt.get(_marked(word))
