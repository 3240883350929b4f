"""Which state a verb leads to, and what its word says of an entity."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from mockserver.inference import verb_words as known
from mockserver.inference.model import BACK, NEXT
from mockserver.inference.operations import Facts
from mockserver.inference.outcomes import ENDED_EARLY
from mockserver.inference.resource_model import States
from mockserver.inference.state_texts import led_to, styled
from mockserver.inference.state_words import IN_REVIEW, QUEUES, STANDING, WAITS_FOR
from mockserver.inference.states import kind_of, spelled
from mockserver.inference.verb_words import OUTCOMES
from mockserver.inference.verbs import outcome, passing, state_called, undone_by
from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.resolved import Schemas


def state_change(
    states: States, verb: str, word: str, *, own: bool, guess: bool
) -> Iterator[tuple[str, Any]]:
    """The status after a verb, and the verdict of a job that it ends. `own`: the verb is about the
    entity as a whole; `guess`: a state may be called after it where any text is one."""
    value = (
        state_in(word, states.known)
        or outcome(verb, states.known)
        or state_called(verb, states.known)
        or _begun_again(verb, states)
        or _gone_on(verb, states)
    )
    if value is None and verb in known.ENDING_EARLY and states.verdicts and states.success:
        # `status: completed` with `conclusion: cancelled`
        value = states.success[-1]
        yield from ((name, ends[ENDED_EARLY]) for name, ends in states.verdicts.items())
    through = passing(verb, states.leads, None)
    off = known.OFF & {spelled(one) for one in states.known}
    stands = value in states.active or spelled(value or "") in known.STANDS
    if verb in known.SWITCHING_ON and value is not None and off and stands:
        # What is enabled does not work yet: it is as it was at first.
        value = states.new or value
    if value is None and states.open and guess and not through:
        outcomes = OUTCOMES.get(verb, ())
        value = styled(outcomes[0], states.known) if outcomes else None
    if verb in known.SENDING_ON and _waits_unsent(states, value):
        value, through = NEXT, None  # what is sent only then waits until it is
    if value is not None:
        yield states.name, passing(verb, (*states.leads, *states.active), value) or value
    elif through is not None:
        yield states.name, through
    elif any(outcome(one, states.known) for one in undone_by(verb)):
        yield states.name, BACK
    elif verb in _going_on(states) and states.initial and own and _goes_on(states):
        yield states.name, NEXT


def stated(schemas: Schemas, facts: Facts, states: States) -> str | None:
    """The state that the description of a verb, or its response, says it leads to."""
    said = f"{facts.operation.summary}. {facts.operation.description}"
    return led_to(said, states.known) or _answered(schemas, facts.ref, states)


def _answered(schemas: Schemas, shown: str, states: States) -> str | None:
    """The state that is the only one that the response of a verb can have, by the schema at
    `shown`: `status: {enum: [cancelled]}`. None if it can have others, or a job has no such
    state."""
    schema = schemas.flat_at(shown).properties.get(states.name) if shown else None
    values = schemas.flat(schema).values if schema is not None and not states.inner else None
    value = values[0] if values and len(values) == 1 else None
    if not isinstance(value, str):
        return None
    return value if value in states.known or (states.open and kind_of(value) != "other") else None


def entered(states: States, value: str, *, accepted: bool) -> str:
    """The state right after a verb that leads to another one: the queue before work that a client
    has ordered (`created`, `queued`, `running`), and the work before its end, if the verb is only
    `accepted` with a 202 (`idle`, `training`, `trained`)."""
    before = states.path[: states.path.index(value)] if value in states.path else ()
    if value in states.active and states.new in before:
        after_new = before[before.index(states.new) + 1 :]
        return next((one for one in after_new if spelled(one) in QUEUES), value)
    if accepted and value in states.success and before:
        works = before[-1] in states.active and before[-1] != states.new
        return before[-1] if works else value
    return value


def _waits_unsent(states: States, value: str | None) -> bool:
    """Whether a state is how an entity is before it is sent. One that stands (`enabled`) is how it
    is afterwards, and so is one that says for what it waits: `submit` leads to
    `pending_approval`."""
    if value is None or value != states.new or value not in states.initial:
        return False
    word = spelled(value)
    first, *rest = word.split("_")
    awaits = word in IN_REVIEW or (bool(rest) and first in WAITS_FOR)
    return len(states.path) > 1 and states.path[0] == value and not awaits and word not in STANDING


def _going_on(states: States) -> Set[str]:
    """The verbs that lead from the first state to the next one."""
    waits = WAITS_FOR & {spelled(states.new or "").split("_")[0]}
    return known.FINISHING if waits else known.FORWARD


def _goes_on(states: States) -> bool:
    """Whether a state follows the first one."""
    return max(len(states.path), len(states.initial)) > 1


def _begun_again(verb: str, states: States) -> str | None:
    """The state in which work begins, for a verb that begins it again where none has its name."""
    again = verb in known.TRYING_AGAIN and len(states.path) > 1
    return states.new if again and states.new not in states.success else None


def _gone_on(verb: str, states: States) -> str | None:
    """The state of work, for a verb that ends a pause where no state has its name."""
    return states.active[-1] if verb in ("resume", "unpause") and states.active else None


def marked(word: str) -> str:
    """`mark-as-paid` -> `paid`, `make-default` -> `default`, `bring-back-online` -> `online`."""
    words = [w for w in tokens(word) if w not in ("as", "a", "the", "back")]
    return "_".join(words[1:]) if words[:1] and words[0] in _MARKING else ""


_MARKING = bag("mark make set take bring put turn switch go")
_NEGATIONS = (("un", ""), ("in", ""), ("dis", ""), ("off", "on"))


def opposites(adjective: str) -> Iterator[str]:
    """What an entity is not any more: `offline` -> online, `available` -> unavailable."""
    for negative, positive in _NEGATIONS:
        if adjective.startswith(negative):
            yield positive + adjective.removeprefix(negative)
        if adjective.startswith(positive):
            yield negative + adjective.removeprefix(positive)


def state_in(word: str, values: tuple[str, ...]) -> str | None:
    """The state that a path names: `/orders/{order}/mark-as-paid`, `/orders/{order}/shipped`."""
    if not word:
        return None
    spelt = {spelled(value): value for value in values}
    plain = spelled(word)
    if plain in spelt and (plain.endswith("ed") or plain in ("paid", "sent", "done", "complete")):
        return spelt[plain]
    return spelt.get(marked(word))
