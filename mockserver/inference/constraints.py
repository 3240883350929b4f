"""What a document says that requests are refused for: a state in which an operation is impossible,
values that are taken, and removals of entities that others depend on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from mockserver.inference.model import BACK, NEXT, Action, Constraint
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.resource_model import Because, Resource, States
from mockserver.inference.state_texts import sentences
from mockserver.inference.state_words import STANDING
from mockserver.inference.states import spelled
from mockserver.inference.verb_words import ENDING_EARLY
from mockserver.inference.words import bag, last_word, plural, snake_case, tokens
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
_TOLD = re.compile(
    r"\b(?:callback|webhook|event|notification|e-?mail|message)s? (?:will|is|are|was|gets?) "
    r"(?:only )?(?:be )?(?:only )?(?:sent|fired|triggered|emitted|delivered)\b",
    re.IGNORECASE,
)
"""What is said of news about an operation: they are sent only when it has completed."""
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
        early = action.transition is not None and action.transition.verb in ENDING_EARLY
        if allowed is not None and not (early and _is_over(allowed, states)):
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


def _is_over(found: frozenset[str], states: States) -> bool:
    """Whether nothing is left to be ended in any of these states: what is running could be."""
    done = {one for one in states.success if spelled(one) not in STANDING}
    return found <= {*done, *states.cancelled}


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
        if _TOLD.search(sentence):
            continue
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


_REFUSING = (409, 400, 422, 412, 403, 406)
_TAKEN = re.compile(
    r"\balready (?:been )?(?:exist|in use|taken|used|registered|assigned to)|\bexists? already\b"
    r"|\b(?:is|are|or \w+|name|email) (?:already )?(?:taken|in use)\b|\bduplicate[ds]?\b"
    r"|\bmust be unique\b|\bno two \w+ can have\b|\balready existed\b",
    re.IGNORECASE,
)
_KEPT = re.compile(
    r"\b(?:can|could|may|will|must) ?not\b|\bcan't\b|\bonly (?:be )?(?:delete|remove|possible)"
    r"|\bunable to\b|\bnot allowed\b|\bin use\b|\bonly if\b|\bstill\b|\bnot empty\b|\bonly empty\b"
    r"|\bmust be empty\b|\bfails? if\b|\bhas (?:any|no|active|existing|open)\b"
    r"|\bhas \w+ (?:that|which) (?:are|have) not\b",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"\bpermissions? (?:to|required)\b|\bby (?:its|the|an?) (?:creator|owner|author|user|admin)",
    re.IGNORECASE,
)
"""Texts about who may do something say nothing of what there is."""
_OPEN = re.compile(
    r"\b(?:active|open|running|pending|ongoing|unfinished|outstanding)\b"
    r"|\bnot (?:yet )?(?:been )?(?:finished|ended|completed|complete|closed|done)\b",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"\b(?:not|non|only|must be|if)[ -]empty\b|\bis empty\b", re.IGNORECASE)
_NAMING = bag(
    "name title email mail username login slug handle alias number code key sku domain hostname"
    " host url path phone label identifier reference ref serial address"
)
_POINTING = ("this", "that", "same", "given", "specified", "provided", "such", "duplicate")
"""Words before the name of a property whose value is taken: `with the same plate`."""
_USUAL = ("name", "username", "email", "slug", "login", "code")
_HINTS = {
    _TAKEN: ("already", "exist", "taken", "in use", "duplicate", "unique", "no two"),
    _KEPT: ("not", "only", "can", "unable", "in use", "still", "empty", "fail", "has "),
}
"""Texts without any of these fit neither; looking for them costs less."""
_SENTENCE = re.compile(r"[.;\n](?:\s|$)")


def constrained(
    survey: Survey, actions: Mapping[str, Action], resources: Mapping[str, Resource]
) -> dict[str, Action]:
    """The actions, with what their requests may be refused for."""
    found = dict(actions)
    below: dict[str, list[Resource]] = {}
    for resource in resources.values():
        if resource.parents and resource.parents[-1].resource is not None:
            below.setdefault(resource.parents[-1].resource, []).append(resource)
    naming: dict[str, dict[str, str]] = {}
    for action in actions.values():
        for reference in action.request.refers if action.kind == "create" else ():
            naming.setdefault(reference.resource, {})[action.resource or ""] = reference.field
    held: dict[str, dict[str, tuple[int, str]]] | None = None
    for facts in survey.facts:
        action = found[facts.operation.id]
        about = resources.get(action.resource or "")
        if about is None or action.elsewhere:
            continue
        if action.kind == "create":
            made = _unique(survey, facts, about)
        elif action.kind == "remove" or (action.transition is not None and action.transition.soft):
            by = naming.get(about.name, {})
            held = _ids_held(survey, resources) if held is None else held
            by = {**_naming(held, resources, about), **by}
            others = [*below.get(about.name, []), *(resources[n] for n in by if n in resources)]
            made = _kept(facts, about, others, by)
        else:
            continue
        if made is not None:
            constraint, why = made
            request = replace(action.request, constraint=constraint)
            because = (*action.because, Because(why, "likely"))
            found[facts.operation.id] = replace(action, request=request, because=because)
    return found


def _ids_held(
    survey: Survey, resources: Mapping[str, Resource]
) -> dict[str, dict[str, tuple[int, str]]]:
    """For each resource its properties that are ids, by their spelling: their places and names."""
    found: dict[str, dict[str, tuple[int, str]]] = {}
    for name, resource in resources.items():
        own = found[name] = {}
        for place, one in enumerate(survey.flat(resource.schema).properties):
            spelled = snake_case(one)
            if spelled.endswith("_id"):
                own.setdefault(spelled, (place, one))
    return found


def _naming(
    held: Mapping[str, Mapping[str, tuple[int, str]]],
    resources: Mapping[str, Resource],
    about: Resource,
) -> dict[str, str]:
    """The resources whose entities have the id of one, each with their property that has it."""
    wanted = {f"{one}_id" for one in (about.noun, last_word(about.noun))}
    found = {}
    for name, other in resources.items():
        own = held[name]
        fields = [own[one] for one in wanted if one in own] if name != about.name else ()
        above = {link.resource for link in other.parents} if fields else ()
        if fields and not other.singleton and about.name not in above:
            found[name] = min(fields)[1]
    return found


def _texts(operation: Operation, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """The sentences that fit a pattern, each with the status of the refusal that it is about."""
    documented = operation.documented
    listed = [status for status in _REFUSING if status in documented]
    texts = [(status, operation.responses[str(status)].description) for status in listed]
    if listed:
        named = (status for status in listed if str(status) in operation.description)
        others = (status for status in listed if status not in (400, 422))
        usual = next(iter((*named, *others, listed[0])))
        texts.append((usual, operation.description))
    for status, text in texts:
        lower = text.lower()
        if any(hint in lower for hint in _HINTS[pattern]) and pattern.search(text):
            for sentence in _SENTENCE.split(text):
                if pattern.search(sentence):
                    yield status, sentence


def _unique(survey: Survey, facts: Facts, about: Resource) -> tuple[Constraint, str] | None:
    """The properties of a new entity of which no other may have the same value."""
    texts = list(_texts(facts.operation, _TAKEN))
    if not texts:
        return None
    sent = survey.flat(facts.body)
    names = [name for name in sent.properties if name != about.identity.key]
    for status, text in texts:
        unique = [
            name
            for name in names
            if _says(snake_case(name), text) and tokens(name) != ("id",)
            if tokens(name)[-1] in _NAMING or tokens(name)[-1] == "id" or _points_at(name, text)
            if "object" not in survey.schemas.kinds(sent.properties[name])
        ]
        if not unique:
            usual = (name for name in _USUAL if name in names and name in sent.required)
            unique = [one for one in usual if _says(last_word(about.noun), text)][:1]
        if unique:
            quoted = ", ".join(f"`{name}`" for name in unique)
            return Constraint(
                status, unique=tuple(unique)
            ), f"{quoted} may be taken: {text.strip()}"
    return None


def _kept(
    facts: Facts, about: Resource, below: list[Resource], naming: Mapping[str, str]
) -> tuple[Constraint, str] | None:
    """The resources below an entity, or `naming` it, without which it can't be removed."""
    for status, text in _texts(facts.operation, _KEPT):
        found = [
            one.name
            for one in (below if _WHO.search(text) is None else ())
            if not one.singleton and (_says(one.noun, text) or _EMPTY.search(text))
        ]
        if found:
            by = {name: naming[name] for name in found if name in naming}
            ended = _OPEN.search(text) is not None
            kept = Constraint(status, without=tuple(found), naming=by, ended=ended)
            return kept, f"it may be kept: {text.strip()}"
    return None


def _points_at(name: str, text: str) -> bool:
    words, called = f"_{'_'.join(tokens(text))}_", snake_case(name)
    return any(f"_{word}_{called}_" in words for word in _POINTING)


def _says(called: str, text: str) -> bool:
    """Whether a text speaks of a name of one or more words, in the singular or the plural."""
    words = f"_{'_'.join(tokens(text))}_"
    return f"_{called}_" in words or f"_{plural(called)}_" in words
