"""What a document says that requests are refused for: values that are taken, and removals of
entities that others depend on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mockserver.inference.model import Action, Constraint
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.words import bag, last_word, plural, snake_case, tokens
from mockserver.openapi.model import Operation

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
    for facts in survey.facts:
        action = found[facts.operation.id]
        about = resources.get(action.resource or "")
        if about is None or action.elsewhere:
            continue
        if action.kind == "create":
            made = _unique(survey, facts, about)
        elif action.kind == "remove" or (action.transition is not None and action.transition.soft):
            by = naming.get(about.name, {})
            by = {**_naming(survey, resources, about), **by}
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


def _naming(survey: Survey, resources: Mapping[str, Resource], about: Resource) -> dict[str, str]:
    """The resources whose entities have the id of one, each with their property that has it."""
    wanted = {f"{one}_id" for one in (about.noun, last_word(about.noun))}
    found = {}
    for name, other in resources.items():
        own = survey.flat(other.schema).properties if name != about.name else ()
        field = next((n for n in own if snake_case(n) in wanted), None)
        above = {link.resource for link in other.parents}
        if field is not None and not other.singleton and about.name not in above:
            found[name] = field
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
