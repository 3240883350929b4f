"""Operations that make one entity of another: a lead becomes a deal, a cart an order. The first one
is converted, or checked out, and may name what it has become."""

from __future__ import annotations

from typing import Any

from mockserver.inference.effects import Effects, values_of
from mockserver.inference.model import Source, Transition
from mockserver.inference.operations import Facts
from mockserver.inference.resource_model import Resource
from mockserver.inference.verbs import flags, spaced, state_called, verb_of
from mockserver.inference.words import last_word, snake_case, tokens


def source_of(effects: Effects, facts: Facts, resource: Resource, made: Resource) -> Source | None:
    """What becomes of an entity of `resource` when the operation makes one of `made`: the states,
    flags and moments that are called after the verb, or that the description tells. What a job is
    started for is not done yet."""
    if made.name == resource.name or (made.states is not None and made.states.moves):
        return None
    word = spaced(facts.route.verb or facts.route.last, facts.operation.id)
    verb = verb_of(word) or ("" if facts.route.plural else snake_case(word))
    states = resource.states
    changes: dict[str, Any] = {}
    if verb:
        named = state_called(verb, values_of(resource))
        if named is not None and states is not None and states.name:
            changes[states.name] = named
        changes |= {n: value for n, value in effects.flags(resource, flags(verb)) if value}
    stated = effects.stated(facts, resource)
    if stated is not None and states is not None:
        changes[states.name] = stated
    naming = _naming(effects, facts, resource, made)
    if not changes and naming is None:
        return None
    transition = Transition(verb, tuple(changes.items()), takes=False)
    return Source(resource.name, transition=transition, naming=naming)


def _naming(effects: Effects, facts: Facts, resource: Resource, made: Resource) -> str | None:
    """The property of an entity that names what is made of it: `converted_deal_id`."""
    survey = effects.survey
    sent = survey.flat(facts.body).properties.keys() if facts.body else set()
    asked = survey.flat(resource.request).properties.keys() if resource.request else set()
    wanted = (last_word(made.noun), "id")
    own = survey.flat(resource.schema).properties.keys() - sent - asked
    found = [name for name in own if tokens(name)[-2:] == wanted]
    return found[0] if len(found) == 1 else None
