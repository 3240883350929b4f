"""In which states an operation is possible, by what its description says."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from mockserver.inference.model import BACK, NEXT, Action
from mockserver.inference.operations import Survey
from mockserver.inference.resource_model import Because, Resource, States
from mockserver.inference.state_texts import sentences
from mockserver.inference.state_words import STANDING
from mockserver.inference.states import spelled
from mockserver.inference.words import last_word
from mockserver.openapi.model import Operation

_TAGS = re.compile(r"<[^>]*>|[`*\"\u201c\u201d\u2018]|\B'|'\B")
_BE = (
    r"(?:be|have been|currently be|already be|be currently|be already)"
    r"(?! (?:set|changed|moved|updated|marked|put)\b)"
)
_NEEDED = re.compile(
    rf"\b(?:must|has to|have to|needs? to|should|can only|may only|only) {_BE}\b|\bonly\b"
    r"|\b(?:requires|provided|assuming) (?:that )?(?:the|an?)\b",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(
    r"\b(?:cannot|can not|can't|may not|must not|mustn't|won't|will not|unable to|impossible|fails?"
    r"|not (?:be )?(?:possible|allowed|permitted))\b",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\bto \w+ (?:an?|any) ([^,]{3,60}),[^.]{0,60}\b(?:must|needs? to|ha[sv]e? to|should)\b"
    r"[^.]{0,60}\b(?:first|before|beforehand)\b",
    re.IGNORECASE,
)
"""To delete an active job, you must first cancel it. To restart one that is running, it must have
been stopped before."""
_WHEN = re.compile(
    r"\b(?:if|while|when|once|after|that|which|unless|until|before)\b", re.IGNORECASE
)
_OTHERWISE = re.compile(r"\bother (?:reason|than|cause)", re.IGNORECASE)
"""What is said of some of those in a state only."""
_INVERTED = frozenset(("unless", "until", "before"))
_NO_LONGER = re.compile(r"(?: \w+){0,2}? (?:is|are|was|were|has|have) (?:no longer|not)\b", re.I)
"""What is no longer a draft can't be deleted."""
_REACH = 90
"""How far from such words a state may be, in characters."""


def with_preconditions(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Action]:
    """The actions, with the states in which they are possible where the document says so."""
    found = dict(actions)
    operations = {facts.operation.id: facts.operation for facts in survey.facts}
    for name, action in actions.items():
        resource = resources.get(action.resource or "")
        if action.item is None or resource is None or resource.states is None:
            continue
        if action.kind not in ("remove", "patch", "replace", "transition", "clone"):
            continue
        if name not in operations:
            continue
        states, operation = resource.states, operations[name]
        after, refusal = _led_to(action, states), _refusal(operation)
        allowed = allowed_states(operation.description, states, after)
        allowed = allowed or allowed_states(refusal, states, after)
        allowed = allowed or refusing_states(refusal, resource.noun, states)
        if allowed is not None:
            why = Because(
                f"the description allows it only while it is {', '.join(sorted(allowed))}"
            )
            found[name] = replace(action, allowed=allowed, because=(*action.because, why))
    return found


def _refusal(operation: Operation) -> str:
    """What the document says of a request that comes at the wrong time."""
    return operation.responses["409"].description if 409 in operation.documented else ""


def refusing_states(text: str, noun: str, states: States) -> frozenset[str] | None:
    """The states in which an operation is possible whose refusal is described by the state of the
    entity: `The door is locked`, `The booking is no longer held`. None if it is not."""
    about = re.escape(last_word(noun))
    text = _TAGS.sub("", text)
    # A pattern for each resource costs more than a look.
    if not states.known or last_word(noun).lower() not in text.lower():
        return None
    found = re.search(
        rf"\b{about} (?:is|was|has been|has) (?:currently |already )?(not yet |not |no longer )?"
        rf"(?:currently |already |been )?([\w -]+?)(?:[.,;]|$)",
        text,
        re.IGNORECASE,
    )
    if found is None:
        return None
    words = {value: _pattern(value) for value in states.known}
    named = {value for value, pattern in words.items() if pattern.fullmatch(found[2].strip())}
    if not named:
        return None
    return frozenset(named if found[1] else set(states.known) - named)


def _led_to(action: Action, states: States) -> Collection[str]:
    """The states that a verb leads to."""
    verb = action.transition
    changed = [value for name, value in verb.changes if name == states.name] if verb else []
    ends = [value for value in changed if isinstance(value, str) and value not in (NEXT, BACK)]
    return [*ends, *(states.leads.get(value, value) for value in ends)]


def allowed_states(text: str, states: States, after: Collection[str]) -> frozenset[str] | None:
    """The states in which a description allows an operation that leads to `after`; None if it says
    nothing of that."""
    words = [value for value in states.known if value not in after]
    if not text or not words:
        return None
    needed: set[str] = set()
    forbidden: set[str] = set()
    for sentence in sentences(text):
        sentence = _TAGS.sub("", sentence)
        first = _FIRST.search(sentence)
        if first is not None:
            forbidden.update(_within(states, first[1], 0, words))
            continue
        negated = _FORBIDDEN.search(sentence)
        if negated is not None:
            before = _WHEN.search(sentence, 0, negated.start())
            condition = before or _WHEN.search(sentence, negated.start())
            if condition is not None and not _OTHERWISE.search(sentence):
                inverted = condition[0].lower() in _INVERTED
                denied = _NO_LONGER.match(sentence, condition.end())
                into = needed if inverted != bool(denied) else forbidden
                end = negated.start() if before else len(sentence)
                into.update(_within(states, sentence[:end], condition.end(), words))
            continue
        for match in _NEEDED.finditer(sentence):
            if sentence.rstrip().endswith(":") or "unless" in sentence:
                # What follows says more than one sentence does.
                return None
            named = set(_within(states, sentence, match.end(), words))
            denied = re.search(r"\bnot\b", sentence[match.end() : match.end() + _REACH])
            (forbidden if denied else needed).update(named)
    needed -= forbidden
    if needed and needed != set(states.known):
        return frozenset(needed | set(_coming(states, needed)))
    if forbidden and set(states.known) - forbidden - {*after}:
        return frozenset(states.known) - forbidden
    return None


def _coming(states: States, needed: Collection[str]) -> Iterator[str]:
    """The states from which time alone leads to one in which the entity then stays: clients do not
    wait until a new server is running."""
    for value in needed:
        if value in states.path and spelled(value).split("_")[-1] in STANDING:
            for before in reversed(states.path[: states.path.index(value)]):
                if before in states.holds:
                    break
                yield before


_WORKING = ("active", "running", "in progress", "ongoing", "executing", "processing")
_ENDS = ("terminal", "finished", "ended", "completed", "complete")


def _kinds_said(states: States, words: Collection[str], part: str) -> Iterator[str]:
    """The states of a kind that a text names without being one of them: what is `active`."""
    spelt = {spelled(value).replace("_", " ") for value in states.known}
    for names, values in (
        (_WORKING, (*states.initial, *states.active) if states.moves else ()),
        (_ENDS, tuple(states.terminal) if states.moves else ()),
    ):
        named = [n for n in names if n not in spelt and re.search(rf"\b{n}\b", part, re.I)]
        if named:
            yield from (value for value in values if value in words)


def _within(states: States, sentence: str, start: int, words: Collection[str]) -> Iterator[str]:
    """The states that are named soon after a place in a sentence."""
    part = sentence[start : start + _REACH]
    late = re.search(r"\b(?:before|until|after|instead|otherwise|then|becomes?|will)\b", part)
    part = part[: late.start()] if late else part
    yield from (value for value in words if _pattern(value).search(part))
    yield from _kinds_said(states, words, part)


@lru_cache(maxsize=4096)
def _pattern(value: str) -> re.Pattern[str]:
    spaced = spelled(value).replace("_", r"[\s_-]*")
    return re.compile(rf"\b{spaced}\b", re.IGNORECASE)
