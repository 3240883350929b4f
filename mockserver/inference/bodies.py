"""What a verb takes from its request: the properties of an entity that the body, the query or the
path say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.inference import verb_words as known
from mockserver.inference.lifecycles import enumerated
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.parts import has_properties
from mockserver.inference.paths import ANY, Steps
from mockserver.inference.resource_model import FIRST, Resource
from mockserver.inference.verbs import (
    VERBS,
    first_words,
    is_beside,
    object_of,
    says_made,
    verb_of,
    verbs_of_noun,
)
from mockserver.inference.words import bag, is_plural, singular, snake_case, stem_of, tokens

_WHERE = bag("to new target next desired destination dest")
"""Words that tell what a value is for, before the name of the property that gets it."""
_MOVING = (("move",), ("transfer",), ("relocate",))


class Bodies:
    """Reads what verbs take from their requests."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey

    def takes(
        self, facts: Facts, resource: Resource, verb: str, rest: Steps, *, same: bool
    ) -> bool:
        """Whether an operation stores what is sent under the names of the entity's properties.

        What a verb is about, or how it is to be carried out, is no new value of the entity: the
        `name` of a tunnel to clear, the `amount` of a refund, what is sent of others (`{"children":
        []}`). `same`: it responds with the entity.
        """
        operation = facts.operation
        word = facts.route.verb or (rest[-1] if rest else "")
        # Some summaries are only the path.
        said = operation.summary if "/" not in operation.summary[:20] else ""
        said = said or operation.description
        says = {verb, verb_of(word), snake_case(word), *first_words(said)}
        if (
            not known.KEEPING.isdisjoint(says)
            or is_beside(verb, word)
            or self._sends_others(facts, rest)
        ):
            return False
        if facts.method == "POST" and word and says_made(said, operation.id):
            return False
        says |= {*tokens(word), *tokens(operation.id)[:1]}
        if same or not word or not known.SETTING.isdisjoint(says):
            return True
        first, *others = tokens(word)
        if first.endswith("ation") and not {*others} - {"request"}:
            verb = next((one for one in verbs_of_noun(first) if one in VERBS), verb)
        if verb in VERBS and not verb_of(word):
            return True  # a verb, or the summary says what is done to the entity
        verbal = bool(verb_of(word)) or tokens(word)[0] in {*first_words(said)}
        about = {singular(one) for one in (object_of(word) if verbal else tokens(word))}
        about -= {*tokens(resource.noun)}
        if verbal:
            return not about or bool(about & self._named(facts, resource))
        named = facts.method != "POST" or bool(about & self._named(facts, None))
        return named and (facts.method != "POST" or not is_plural(word))

    def _sends_others(self, facts: Facts, rest: Steps) -> bool:
        """Whether an array is sent, or nothing but query parameters that every operation on the
        entity has."""
        media = body_of(facts.operation)
        if media is not None:
            flat = self.survey.flat(media.pointer) if media.pointer else None
            return FIRST in facts.sent or (flat is not None and "array" in flat.types)
        steps = facts.route.steps
        reads = self.survey.at(steps[: len(steps) - len(rest)], "GET") if rest else None
        usual = {p.name for p in reads.operation.parameters} if reads is not None else set()
        query = {p.name for p in facts.operation.parameters if p.place == "query"}
        return bool(query) and query <= usual

    def _named(self, facts: Facts, resource: Resource | None) -> set[str]:
        """The words of what is sent; only of properties of the entity, if there is one."""
        query = {p.name for p in facts.operation.parameters if p.place == "query"}
        sent = self.survey.flat(facts.body).properties.keys() | query
        if resource is not None:
            sent &= self.survey.flat(resource.schema).properties.keys()
        return {singular(word) for name in sent for word in tokens(name)}

    def placed(
        self, facts: Facts, resource: Resource, rest: Steps
    ) -> Iterator[tuple[str, str | bool | None]]:
        """What a path names of an entity, and its body says: `/metadata/category` with
        `{"category": ...}`, `/schedule` with the properties of `schedule`."""
        flat, place = self.survey.flat(resource.schema), []
        for step in rest:
            name = _named_by(step, flat.properties) or _named_by(
                _part_of(step, resource.noun), flat.properties
            )
            if name is None:
                if tokens(rest[-1])[:1] and tokens(rest[-1])[0] in known.UPDATING:
                    yield from self._in_a_part(facts, resource)
                return
            place.append(name)
            flat = self.survey.schemas.flat(flat.properties[name])
        sent = self.survey.flat(facts.body).properties
        if not place or len(place) > 2 or self.survey.at(facts.route.steps, "GET") is not None:
            return
        empties = tokens(rest[-1])[0] in known.EMPTYING and facts.operation.body is None
        if facts.method == "DELETE" or empties:
            # A flag that is deleted is off.
            flag = len(place) == 1 and "boolean" in self.survey.schemas.kinds(
                self.survey.flat(resource.schema).properties[place[0]]
            )
            yield ".".join(place), False if flag else None
            return
        alone = next((n for n in sent if tokens(n) == tokens(place[-1])), None)
        if alone is not None and len(sent) == 1:
            yield ".".join(place), f"body.{alone}"
            return
        both = [name for name in sent if name in flat.properties]
        others = sent.keys() - self.survey.flat(resource.schema).properties.keys() - set(both)
        if len(place) == 1 and both and len(both) >= len(others):
            for name in both:
                yield f"{place[0]}.{name}", f"body.{name}"

    def put_there(self, facts: Facts, resource: Resource) -> Iterator[tuple[str, None]]:
        """The properties that another operation sets at the path of a DELETE, and this one empties:
        the `owner_id` that PUT sends to `/contacts/{contact}/owner`."""
        puts = self.survey.at(facts.route.steps, "PUT", "POST")
        sent = self.survey.flat(puts.body).properties if puts is not None and puts.body else {}
        own = self.survey.flat(resource.schema).properties
        about = {singular(word) for word in tokens(facts.route.last)}
        if all(name in own and about & {*map(singular, tokens(name))} for name in sent):
            yield from ((name, None) for name in sent if name != resource.identity.key)

    def _in_a_part(self, facts: Facts, resource: Resource) -> Iterator[tuple[str, str]]:
        """What the body says of the one part of an entity that has it: `/update` with properties of
        `HostConfig`."""
        own = self.survey.flat(resource.schema).properties
        sent = self.survey.flat(facts.body).properties.keys()
        if not sent or sent & own.keys():
            return
        parts = {
            name: sent & self.survey.schemas.flat(schema).properties.keys()
            for name, schema in own.items()
            if has_properties(self.survey.schemas, schema)
        }
        most = max(parts, key=lambda name: len(parts[name]), default=None)
        if most is not None and len(parts[most]) > 1 and 2 * len(parts[most]) > len(sent):
            for name in sorted(parts[most]):
                yield f"{most}.{name}", f"body.{name}"

    def from_body(self, facts: Facts, resource: Resource, word: str) -> Iterator[tuple[str, str]]:
        """The properties whose new value has another name in the body: `to_status`, `value` of
        `/clusters/{cluster}/status`."""
        own = self.survey.flat(resource.schema).properties
        sent = self.survey.flat(facts.body).properties
        spelt = {snake_case(name): name for name in own}
        below = spelt.get(snake_case(word.removeprefix("set-").removeprefix("change-")))
        for name in sent:
            if name in own:
                continue
            words = [w for w in tokens(name) if w not in _WHERE]
            plain = spelt.get("_".join(words))
            if plain is None and tokens(word)[:1] in _MOVING:
                plain = self._where_to(resource, words, alone=len(sent) == 1)
            if plain is None and below is not None and len(sent) == 1 and words:
                plain = below
            states = resource.states
            if plain is None and states is not None:
                values = set(enumerated(self.survey.schemas, sent[name]))
                if len(values) > 1 and values <= set(states.known):
                    plain = states.name
            if plain is None and word:
                # The `reason` of an abort is the `abort_reason`.
                about = [own_ for own_ in own if tokens(own_)[1:] == tokens(name)]
                plain = next((one for one in about if one.startswith(tokens(word)[0][:4])), None)
            if plain is not None and self._fits(own[plain], sent[name]):
                yield plain, f"body.{name}"

    def _where_to(self, resource: Resource, words: list[str], *, alone: bool) -> str | None:
        """The property that names what an entity is moved to: `list_id` of `list`; of a bare
        `destination`, if it is `alone`, the one that names what it belongs to."""
        key = resource.identity.key
        own = [n for n in self.survey.flat(resource.schema).properties if n != key]
        stem = stem_of("_".join(words))
        found = [name for name in own if stem_of(name) == stem != ()]
        if not found and alone and words in ([], ["id"]):
            field = next((link.field for link in resource.parents[-1:]), None)
            nouns = self.survey.nouns - {resource.noun}
            found = [field] if field else [n for n in own if "_".join(stem_of(n)) in nouns]
        return found[0] if len(found) == 1 else None

    def _fits(self, own: Any, sent: Any) -> bool:
        kinds, others = self.survey.schemas.kinds(own), self.survey.schemas.kinds(sent)
        return not kinds or not others or bool((kinds & others) - {"null"})

    def sets(self, facts: Facts, resource: Resource) -> bool:
        """Whether the body has properties of the entity and little else, beside its id; or the
        query has."""
        named = {resource.identity.key}
        if facts.plain is not None:
            named |= {*facts.route.names[-1:]}
        sent = self.survey.flat(facts.body).properties.keys() - named
        own = self.survey.flat(resource.schema).properties.keys()
        spelt = {tokens(name) for name in own}
        query = (p for p in facts.operation.parameters if p.place == "query")
        if not facts.body and any(tokens(p.name) in spelt for p in query):
            return True
        return bool(sent & own) and len(sent - own) <= len(sent & own)


def _named_by(step: str, properties: Mapping[str, Any]) -> str | None:
    """The property that a step of a path names: by its name, or the last word of one."""
    words = tokens(step)
    run_on = "".join(words)
    for name in properties:
        if run_on and "".join(tokens(name)) == run_on:
            return name
    ends = [name for name in properties if len(words) == 1 and tokens(name)[-1:] == words]
    if not ends and words:
        # The `logo` is at `logoUrl`.
        ends = [n for n in properties if tokens(n)[:-1] == words and tokens(n)[-1] in _PLACES]
    return ends[0] if len(ends) == 1 else None


_PLACES = bag("url uri href link")


def _part_of(step: str, noun: str) -> str:
    """What a verb and the noun of an entity leave of a step: `update_campaign_budget` -> budget,
    `booking-contact` -> contact."""
    words, own = list(tokens(step)), tokens(noun)
    verbal = words[:1] and words[0] in known.UPDATING | known.EMPTYING | {"replace"}
    if verbal or tuple(words[: len(own)]) == own:
        return "_".join(word for word in words[bool(verbal) :] if word not in own)
    return ""


def names_several(survey: Survey, facts: Facts) -> bool:
    """Whether the last step of a path names several entities, and no verb: `/restorePlans`, where
    one is made, or where they are listed or have paths of their own."""
    here = facts.route
    if here.verb or not is_plural(here.last) or here.last != here.steps[-1]:
        return False
    said = facts.operation.summary or facts.operation.description
    makes = facts.method == "POST" and says_made(said, facts.operation.id)
    return (
        makes or survey.at(here.steps, "GET") is not None or (*here.steps, ANY) in survey.by_steps
    )


def shows_own(survey: Survey, facts: Facts) -> bool:
    """Whether GET of the same path shows what the operation responds with."""
    shown = survey.at(facts.route.steps, "GET") if not facts.route.verb else None
    return shown is not None and shown.ref == facts.ref and bool(facts.ref)
