"""What a verb changes in an entity: its state, its flags and moments, a part of it, what the body
says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.inference import verb_words as known
from mockserver.inference.lifecycles import enumerated
from mockserver.inference.model import LATER, LESS, MORE, NEW, OTHER, Action
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.parts import has_properties
from mockserver.inference.paths import Steps
from mockserver.inference.resource_model import FIRST, Resource
from mockserver.inference.state_changes import (
    entered,
    marked,
    opposites,
    state_change,
    state_in,
    stated,
)
from mockserver.inference.states import spelled
from mockserver.inference.verbs import (
    called_after,
    first_words,
    flags,
    is_about,
    is_beside,
    object_of,
    of_caller,
    outcome,
    state_called,
    toggles,
    undone_by,
    verb_of,
)
from mockserver.inference.words import (
    SECRETS,
    bag,
    counted,
    gerund,
    is_expiry,
    is_period,
    last_word,
    moment_stem,
    noun,
    participles,
    singular,
    snake_case,
    tokens,
)

_CHOOSING = bag("action command operation event verb op type act method transition job_type")
"""Properties of a body whose value may be the verb."""
_EVENTS = bag("action event command operation transition")
"""What the name of such a property may end in: `state_event`."""
_ALLOWED = bag("enable enabled allow allowed use has")
_BEGUN = bag("started opened launched activated enabled")
_BEING = bag("is are was has have been")
_OF_ITSELF = bag("request status state job task process execution run order work now failed")
_WAYS = bag("action command operation transition state status lifecycle do control event reaction")
"""Steps of paths before a verb that say nothing."""
_ASKED = {"requested"}
"""What precedes a verb that is only asked for."""
_LAST = re.compile(r"(?:last|latest)_")
"""What precedes a verb that may be carried out again: `last_disabled_at`."""
Changes = Mapping[str, Any]


class Effects:
    """Reads what verbs change."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey

    def changes(
        self,
        resource: Resource,
        verb: str,
        word: str,
        facts: Facts | None = None,
        between: Steps = (),
    ) -> Mapping[str, Any]:
        """The properties that a verb changes, and their new values; `between` are the steps from
        the entity to the verb."""
        flat = self.survey.flat(resource.schema)
        found: dict[str, Any] = {}
        beside = is_beside(verb, word)
        switched = {} if beside else dict(self.flags(resource, flags(verb)))
        states = resource.states
        about = tokens(word)[1:]
        named = next((name for name in flat.properties if about and tokens(name) == about), None)
        if named is not None and verb in known.RENEWING:
            return {named: NEW}
        away = beside or self._leads_away(resource, between, facts)
        elsewhere = away or self._is_elsewhere(resource, word)
        if states is not None and states.name and elsewhere:
            called = None if states.open or away else state_called(verb, states.known)
            value = state_in(word, states.known) or called
            doing = (one for one in states.known if spelled(one) == gerund(verb))
            value = value or (None if away else next(doing, None))
            found |= {states.name: value} if value is not None else {}
        elif verb in known.BRINGING_BACK and False in switched.values():
            pass  # what is brought back is in the state in which it was
        elif states is not None and states.name:
            # `verify-domain` of a certificate says nothing of the certificate's own way.
            own = set(about) <= set(tokens(resource.noun))
            found.update(state_change(states, verb, word, own=own, guess=not switched))
            found.update(self._beside(resource, verb))
        elif states is not None and verb in known.ENDING_EARLY and not elsewhere:
            found[states.name] = states.cancelled[0]
        found.update(self._of_object(resource, verb, about or tokens("_".join(between))))
        found.update(switched)
        if not found:
            found.update(self._deep_flags(resource, flags(verb, doing=False)))
        adjective = marked(word)
        if adjective and not found:
            wanted = {adjective: True, **dict.fromkeys(opposites(adjective), False)}
            wanted |= {f"is_{name}": holds for name, holds in wanted.items()}
            found.update(self.flags(resource, wanted))
        if verb in known.EXTENDING:
            found.update(self._extended(resource, facts))
        found.update(self._numbered(resource, verb))
        found |= self._toggled(resource, word, found, facts)
        if not found and not elsewhere:
            found.update(self._listed_value(resource, verb))
        stated = self.stated(facts, resource) if facts is not None else None
        if stated is not None and states is not None and not (elsewhere and found):
            usual = found.get(states.name)
            if usual is None or states.leads.get(usual, usual) != stated:
                found[states.name] = stated
        if states is not None and isinstance(found.get(states.name), str):
            accepted = facts is not None and facts.operation.success == 202
            found[states.name] = entered(states, found[states.name], accepted=accepted)
        return found

    def _beside(self, resource: Resource, verb: str) -> Iterator[tuple[str, str]]:
        """The values of other status properties to which a verb leads."""
        own = self.survey.flat(resource.schema).properties
        for name in resource.states.beside if resource.states is not None else ():
            values = enumerated(self.survey.schemas, own[name])
            value = outcome(verb, values) if values else None
            if value is not None:
                yield name, value

    def _numbered(self, resource: Resource, verb: str) -> Iterator[tuple[str, str]]:
        """The number of those who have done it: `likes_count` or `stats.likes` of `like` and
        `unlike`; of any other verb, the `bookmarks_count` that is named after it."""
        undone = next((one for one in undone_by(verb) if one in known.COUNTED), "")
        undone = undone or (verb.removeprefix("un") if verb.startswith("un") else "")
        nouns = known.COUNTED.get(undone or verb, frozenset())
        tried = resource.states.attempts if resource.states is not None else None
        schemas = self.survey.schemas
        for name, schema in self.survey.flat(resource.schema).properties.items() if verb else ():
            numbers = {name: schema}
            if nouns and has_properties(schemas, schema):
                inner = schemas.flat(schema)
                numbers = {f"{name}.{n}": one for n, one in inner.properties.items()}
                numbers = {} if "id" in inner.properties else numbers
            for path, one in numbers.items():
                about, plain = counted(path.rpartition(".")[2]), noun(path.rpartition(".")[2])
                if not ((about or plain) in nouns or (about == (undone or verb) and path != tried)):
                    continue
                if "integer" in schemas.types(one):
                    yield path, LESS if undone else MORE

    def _toggled(
        self, resource: Resource, word: str, found: Changes, facts: Facts | None
    ) -> dict[str, Any]:
        """The flags that an operation turns over, if it is said to toggle: those in its path
        (`toggle-archived`), those of the verb, or else the only one of the entity."""
        if facts is None or not toggles(facts.operation, facts.route):
            return {}
        about = "_".join(one for one in tokens(word) if one not in ("toggle", "toggles"))
        wanted = {about: True, f"is_{about}": True, **flags(verb_of(about))} if about else {}
        switched = dict(self.flags(resource, wanted)) or {**found}
        if not switched:
            own = self.survey.flat(resource.schema).properties.items()
            every = [name for name, one in own if "boolean" in self.survey.schemas.kinds(one)]
            switched = dict.fromkeys(every, True) if len(every) == 1 else {}
        return {name: OTHER for name, value in switched.items() if value is True}

    def renewed_secret(self, facts: Facts, resource: Resource, verb: str) -> str:
        """The secret that only the response of a verb like `rotate` tells; "" if there is none."""
        told = self.survey.flat(facts.ref).properties if verb in known.RENEWING else {}
        own = self.survey.flat(resource.schema).properties
        return next(
            (n for n in told if n not in own and not SECRETS.isdisjoint(tokens(n)[-1:])), ""
        )

    def _listed_value(self, resource: Resource, verb: str) -> dict[str, str]:
        """The only property with a list of values of which one is what the verb leads to:
        `approve` with a `decision` of pending, approved, rejected."""
        found = {}
        for name, schema in self.survey.flat(resource.schema).properties.items():
            values = enumerated(self.survey.schemas, schema)
            value = outcome(verb, values) if len(values) > 1 else None
            if value is not None:
                found[name] = value
        return found if len(found) == 1 else {}

    def _of_object(
        self, resource: Resource, verb: str, about: Sequence[str]
    ) -> Iterator[tuple[str, str | bool | None]]:
        """The flags and moments of what a verb does to its object: `payment_dispute_lost_at` of
        `lose_dispute`, `isEmailVerified` of `verify-email`, `autorenew` of `disable-autorenew`."""
        wanted = flags(verb) if about else {}
        switch = self._switch(verb) if verb not in known.GETTING | known.REMOVING else None
        for name, schema in self.survey.flat(resource.schema).properties.items() if wanted else ():
            stem = moment_stem(name)
            words = [word for word in tokens(stem or name) if word not in _BEING]
            holds = wanted.get(words[-1]) if set(about) <= set(words[:-1]) else None
            if stem and holds is not None:
                yield name, "now" if holds else None
            elif not stem and "boolean" in self.survey.schemas.kinds(schema):
                if [*about] in (words, words[1:] if words[0] in _ALLOWED else words):
                    holds = switch
                if holds is not None:
                    yield name, holds

    def stated(self, facts: Facts, resource: Resource) -> str | None:
        """The state that a description, or its response, says it leads to."""
        states = resource.states
        if states is None or not states.name:
            return None
        return stated(self.survey.schemas, facts, states)

    def lasts_longer(self, facts: Facts, resource: Resource) -> bool:
        """Whether a request says no more than how long the entity lasts from now on:
        `POST /sessions/{id}/timeout` with a `timeout`."""
        sent = self.survey.flat(facts.body).properties
        if not sent or not all(is_period(name) for name in sent):
            return False
        own = self.survey.flat(resource.schema).properties.items()
        plain = self.survey.schemas.plain
        return any(is_expiry(n, str(plain(one).get("description") or "")) for n, one in own)

    def _extended(self, resource: Resource, facts: Facts | None) -> Iterator[tuple[str, str]]:
        """The moments up to which it lasts, unless the request says what is new."""
        sent = self.survey.flat(facts.body).properties if facts is not None else {}
        own = self.survey.flat(resource.schema).properties
        for name, schema in own.items() if sent.keys().isdisjoint(own) else ():
            flat = self.survey.schemas.flat(schema)
            timed = moment_stem(name) or flat.rules.get("format") in ("date", "date-time")
            if timed and not known.EXPIRY.isdisjoint(tokens(name)):
                yield name, LATER

    def undone(self, resource: Resource, verb: str, opposite: str) -> dict[str, Any]:
        """What undoing a verb changes: `DELETE /calls/{id}/hold`, `DELETE /payouts/{id}/schedule`.
        A state without an opposite is left for the first one."""
        found = dict(self.flags(resource, {name: not holds for name, holds in flags(verb).items()}))
        found |= dict(self._numbered(resource, f"un{verb}"))
        states = resource.states
        if states is not None and states.name:
            changes = dict(state_change(states, opposite, "", own=False, guess=False))
            reached = outcome(verb, states.known)
            if not changes and reached is not None and reached != states.new:
                changes = {states.name: states.new}
            found |= {name: each for name, each in changes.items() if each is not None}
        return found

    def _is_elsewhere(self, resource: Resource, word: str) -> bool:
        """Whether a verb is about something else than the entity itself and its states:
        `reset_spent_time`, `cancel-subscription` of an account."""
        nouns = {*tokens(resource.noun), *map(singular, tokens(resource.noun))}
        listed = {part for value in values_of(resource) for part in spelled(value).split("_")}
        about = {singular(one) for one in object_of(word)}
        return bool(about - nouns - listed - _OF_ITSELF)

    def _leads_away(self, resource: Resource, between: Steps, facts: Facts | None) -> bool:
        """Whether the steps before a verb name what it is about: `/issues/{issue}/stopwatch/stop`,
        unless the summary says that it is the entity."""
        words = {singular(word) for step in between for word in tokens(step)}
        words -= {*tokens(resource.noun), *_OF_ITSELF, *_WAYS}
        if not words or facts is None:
            return False
        said = facts.operation.summary or facts.operation.description
        return not said or not is_about(said, tokens(resource.noun), "_".join(words), named=True)

    def of_part(self, resource: Resource, verb: str, rest: Steps) -> Iterator[tuple[str, Any]]:
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
            if words != part:
                continue
            if "boolean" in self.survey.schemas.kinds(schema):
                # `/privacy/purchase`, `/autorenew/disable`
                switched = self._switch(verb)
                if switched is not None:
                    yield name, switched
            if verb in known.RENEWING:
                yield name, NEW
            # What a part is to end is off: `/backups/cancel`.
            wanted = flags(verb) | (flags("disable") if verb in known.ENDING else {})
            for inner, value in self._flags_in(schema, wanted):
                yield f"{name}.{inner}", value

    def _switch(self, verb: str) -> bool | None:
        """Whether a verb switches something on or off."""
        if verb in known.STARTING | known.GETTING:
            return True
        return False if verb in known.ENDING else None

    def _flags_in(self, schema: Any, wanted: Mapping[str, bool]) -> Iterator[tuple[str, Any]]:
        for name, one in self.survey.schemas.flat(schema).properties.items():
            yield from self._flag(name, one, wanted, snake_case(name))

    def flags(self, resource: Resource, wanted: Mapping[str, bool]) -> Iterator[tuple[str, Any]]:
        verbs = {verb for verb, holds in wanted.items() if holds}
        sent = self.survey.flat(resource.request).properties if resource.request else {}
        for name, schema in self.survey.flat(resource.schema).properties.items():
            # `eventCancelled` of an event
            called = snake_case(name).removeprefix(f"{last_word(resource.noun)}_")
            yield from self._flag(name, schema, wanted, called, own=name not in sent)
            about = known.OTHER_NAMES.get(snake_case(name), "")
            if about and set(participles(about)) & verbs:
                # `approval.approved_at`
                found = dict(self._flags_in(schema, wanted))
                # `cancellation.cancellation_requested_date`
                own = self.survey.schemas.flat(schema).properties if not found else {}
                asked = (n for n in own if set(tokens(moment_stem(n))) - {*tokens(name)} == _ASKED)
                for inner, value in {**found, **dict.fromkeys(asked, "now")}.items():
                    yield f"{name}.{inner}", value
            elif self._is_of_moments(schema):
                # `status_transitions.finalized_at`
                for inner, value in self._flags_in(schema, wanted):
                    if value == "now":
                        yield f"{name}.{inner}", value

    def _is_of_moments(self, schema: Any) -> bool:
        """Whether a part of an entity holds moments, and little else."""
        if not has_properties(self.survey.schemas, schema):
            return False
        inner = self.survey.schemas.flat(schema)
        moments = sum(1 for name in inner.properties if moment_stem(name))
        return "object" in inner.types and moments > 1 and 2 * moments > len(inner.properties)

    def _deep_flags(
        self, resource: Resource, wanted: Mapping[str, bool]
    ) -> Iterator[tuple[str, Any]]:
        """Flags in the parts of an entity: `chargeState.isCharging`."""
        for name, schema in self.survey.flat(resource.schema).properties.items():
            if has_properties(self.survey.schemas, schema):
                inner = self.survey.schemas.flat(schema)
                if "object" in inner.types and "id" not in inner.properties:
                    for flag, value in self._flags_in(schema, wanted):
                        yield f"{name}.{flag}", value

    def says_state(self, resource: Resource, word: str) -> bool:
        """Whether a word that is no known verb is one here: a state or a flag is called after it
        (`/ships/{ship}/dock` beside `DOCKED`)."""
        if state_called(word, values_of(resource)) is not None:
            return True
        return bool(word) and any(True for _ in self.flags(resource, flags(word)))

    def verb_called(self, resource: Resource, text: str) -> str:
        """The verb that a summary begins with, if a state is called after it: `Instruct payout`."""
        values = values_of(resource)
        words = tuple(first_words(text)) if values else ()
        if not known.MAKING.isdisjoint(words):
            return ""  # "Creates a job" makes nothing `created`
        return next((one for one in words if state_called(one, values) is not None), "")

    def chosen(
        self, facts: Facts, resource: Resource, word: str
    ) -> tuple[str, dict[str, tuple[str, Changes]]]:
        """The property of a body whose value is the verb (`{"action": "hangup"}`), and for each of
        its values the verb and what that changes; "" if there is none."""
        own = self.survey.flat(resource.schema).properties
        every: dict[str, dict[str, tuple[str, Changes]]] = {}
        for name, schema in self._sent(facts):
            words = tokens(name)
            event = len(words) > 1 and words[-1] in _EVENTS
            if name in own or not ("_".join(words) in _CHOOSING or event):
                continue
            for value in enumerated(self.survey.schemas, schema):
                verb = verb_of(value)
                changes = dict(self.changes(resource, verb, "")) if verb else {}
                if verb and not changes and word:
                    changes = dict(self._switched(resource, verb, word))
                if changes:
                    every.setdefault(name, {})[value] = verb, changes
        return next(iter(every.items()), ("", {}))

    def _sent(self, facts: Facts) -> Iterator[tuple[str, Any]]:
        """The properties of a body, or of each kind of it."""
        media = body_of(facts.operation)
        if media is None or not media.pointer:
            return
        if facts.sent and FIRST not in facts.sent:
            yield from self.survey.flat(facts.body).properties.items()
            return
        for place in self.survey.schemas.branches(media.pointer) or [media.pointer]:
            yield from self.survey.flat(place).properties.items()

    def _switched(self, resource: Resource, verb: str, word: str) -> Iterator[tuple[str, Any]]:
        """A flag that a path names, and the verb of its body switches: `/charging` with `START`."""
        holds = verb in known.STARTING
        if holds or verb in known.ENDING:
            called = snake_case(word)
            wanted = {called: holds, f"is_{called}": holds}
            yield from self.flags(resource, wanted)
            yield from self._deep_flags(resource, wanted)

    def unset(self, facts: Facts, resource: Resource, verb: str) -> Iterator[tuple[str, None]]:
        """What the opposite verb has set from its body: `detach` empties what `attach` fills."""
        opposite = known.UNSETTING.get(verb)
        steps = facts.route.steps
        other = self.survey.at((*steps[:-1], opposite), "POST", "PUT") if opposite else None
        own = self.survey.flat(resource.schema).properties
        for name in self.survey.flat(other.body).properties if other is not None else ():
            if name in own and tokens(name)[-1:] == ("id",):
                yield name, None

    def _flag(
        self, name: str, schema: Any, wanted: Mapping[str, bool], word: str, *, own: bool = False
    ) -> Iterator[tuple[str, Any]]:
        """What a verb makes of a flag, or of a moment, which is called `word` without its noun.
        `own`: no client sends it, as it may send a `publish_date`."""
        stem = moment_stem(name) or word
        # `deletedStatus` is a flag if it is a boolean.
        flag = word.removesuffix("_status").removesuffix("_flag")
        flag = flag if flag in wanted else of_caller(flag)
        if flag in wanted and "boolean" in self.survey.schemas.kinds(schema):
            yield name, wanted[flag]
        elif word in wanted and word.endswith("ed") and self._is_date(schema):
            # `deleted`, if it says when; what is stopped has been started.
            if wanted[word] or word not in _BEGUN:
                yield name, "now" if wanted[word] else None
        elif word in wanted and word.endswith("ed") and self._is_any_text(schema):
            yield name, str(wanted[word]).lower()
        elif stem != word and wanted.get(_LAST.sub("", stem)) and _LAST.match(stem):
            yield name, "now"
        elif stem != word and (called := _called(stem, wanted, own=own)):
            yield name, "now" if wanted[called] else None

    def _is_date(self, schema: Any) -> bool:
        return self.survey.schemas.flat(schema).rules.get("format") in ("date", "date-time")

    def _is_any_text(self, schema: Any) -> bool:
        flat = self.survey.schemas.flat(schema)
        return set(flat.types) - {"null"} == {"string"} and not flat.values and not flat.rules


def with_switches(
    resources: Mapping[str, Resource], actions: Iterable[Action]
) -> dict[str, Resource]:
    """The resources, with the flags that their verbs switch (off at first, unless all that can be
    done is to switch one off), the numbers that they count up and the timestamps that they set."""
    seen: dict[str, dict[str, set[bool]]] = {}
    stamped: dict[str, set[str]] = {}
    counted_up: dict[str, dict[str, int]] = {}
    for action in actions:
        verb = action.transition
        if verb is None or action.resource is None:
            continue
        each = [verb.changes, *(changes.items() for _, changes in verb.choices.values())]
        for name, value in (change for changes in each for change in changes):
            if isinstance(value, bool) or value == OTHER:
                seen.setdefault(action.resource, {}).setdefault(name, set()).add(value is not False)
            elif value in (MORE, LESS):
                counted_up.setdefault(action.resource, {})[name] = 0
            elif value == "now":
                stamped.setdefault(action.resource, set()).add(name)
    found = dict(resources)
    for name in seen.keys() | stamped.keys() | counted_up.keys():
        states = found[name].states
        first: dict[str, int] = {f: True not in values for f, values in seen.get(name, {}).items()}
        first |= counted_up.get(name, {})
        by_state = states.moments if states is not None else {}
        times = frozenset(stamped.get(name, set()) - by_state.keys())
        found[name] = replace(found[name], switches=first, stamped=times)
    return found


def values_of(resource: Resource) -> tuple[str, ...]:
    """The states of a resource."""
    return resource.states.known if resource.states is not None else ()


def _called(stem: str, wanted: Mapping[str, bool], *, own: bool) -> str:
    """What of a verb a moment is called after: `confirmed` of `confirmed_at`, and of the server's
    `own` `confirm_timestamp` if it is what the verb makes so."""
    if stem in wanted or not own:
        return stem if stem in wanted else ""
    return called_after(stem, {word for word, holds in wanted.items() if holds})
