"""Elements of an array: verbs on them, or on one other entity that a property shows (add and remove
tags, set the parent); and operations on one that respond with what holds the array: the items of a
cart, each with a path of its own, where every change shows the whole cart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from mockserver.inference.identifiers import key_of
from mockserver.inference.model import Elements
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.paths import ANY, Steps
from mockserver.inference.resource_model import Resource
from mockserver.inference.verbs import first_words
from mockserver.inference.words import ID_ENDS, bag, is_id_of, last_word, noun, tokens
from mockserver.openapi.schemas.resolved import Schemas

_How = Literal["add", "remove", "set"]

ADDING = bag("add attach append assign link put post include tag label")
_REMOVING = bag("remove delete detach unassign unlink untag unlabel exclude clear")
_SETTING = bag("set replace update change")
_ENDINGS = bag("id ids gid gids uuid uuids key keys name names")


def elements(
    survey: Survey, facts: Facts, resource: Resource, rest: Steps, *, same: bool
) -> Iterator[tuple[str, Elements]]:
    """The properties of an entity whose elements an operation changes, and how. `same`: it responds
    with the entity."""
    words = tokens(next((step for step in reversed(rest) if step != ANY), ""))
    how = _how(facts, words)
    if not words or how is None:
        return
    own = survey.flat(resource.schema).properties
    verbal = words[0] in ADDING | _REMOVING | _SETTING and len(words) > 1
    if rest[-1] == ANY and how == "set":
        if facts.method == "PATCH" or facts.operation.body is not None:
            return  # one of them is changed, or made under this name
        how = "add"
    if not verbal and ((facts.ref and not same) or survey.at(facts.route.steps, "GET")):
        # What is there is of another kind.
        return
    about = words[1:] if verbal else words
    if len(words) == 1 and words[0] in ADDING | _REMOVING:
        yield from _named_alone(survey, facts, rest, own, how)
        return
    if words[0] in _SETTING:
        yield from _shown(survey, facts, own)
    for name, schema in own.items():
        if "array" not in survey.schemas.kinds(schema) or noun("_".join(about)) != noun(name):
            continue
        named = _source(survey, facts, rest, noun(name))
        if named is None and (how != "remove" or facts.operation.body is not None):
            return
        items = survey.schemas.flat(schema).arrays.items
        change = replace(named or Elements("set"), how="set" if named is None else how)
        yield name, replace(change, key=_key(survey, facts, items))
        return


def _named_alone(
    survey: Survey, facts: Facts, rest: Steps, own: Mapping[str, Any], how: _How
) -> Iterator[tuple[str, Elements]]:
    """The one array whose elements a request names, where the path is a bare verb: `/add` with a
    `feed_key` for `feeds`."""
    named = {p.name for p in facts.operation.parameters if p.place == "query"}
    called = {_called(name) for name in named | survey.flat(facts.body).properties.keys()}
    arrays = [n for n, one in own.items() if "array" in survey.schemas.kinds(one)]
    meant = [name for name in arrays if noun(name) in called]
    source = _source(survey, facts, rest, noun(meant[0])) if len(meant) == 1 else None
    if source is not None:
        items = survey.schemas.flat(own[meant[0]]).arrays.items
        yield meant[0], replace(source, how=how, key=_key(survey, facts, items))


def how_of(words: Sequence[str]) -> Literal["add", "remove", "set"] | None:
    """What verbs among these words do to the elements of an array; None if there is none."""
    if not _REMOVING.isdisjoint(words):
        return "remove"
    if not ADDING.isdisjoint(words):
        return "add"
    return None if _SETTING.isdisjoint(words) else "set"


def _how(facts: Facts, words: tuple[str, ...]) -> _How | None:
    first = words[0] if words else ""
    if first in _REMOVING or facts.method == "DELETE":
        return "remove"
    if first in ADDING:
        return "add"
    says = {*first_words(facts.operation.summary or facts.operation.description)}
    if first not in _SETTING and facts.method in ("POST", "PUT") and says & ADDING:
        return "add"  # "Add restaurants to a pool" of `PUT /restaurants`
    if first not in _SETTING and facts.method == "POST" and says & _REMOVING:
        return "remove"
    if first in _SETTING or facts.method == "PUT":
        return "set"
    return "add" if facts.method == "POST" else None


def _source(survey: Survey, facts: Facts, rest: Steps, called: str) -> Elements | None:
    """What names the elements: the last parameter of the path, or a property of the body."""
    if rest[-1] == ANY:
        return Elements("set", parameter=facts.route.names[-1])
    body = body_of(facts.operation)
    flat = survey.flat(body.pointer) if body is not None and body.pointer else None
    if flat is None:
        query = (p.name for p in facts.operation.parameters if p.place == "query")
        parameter = next((name for name in query if _called(name) == called), None)
        return Elements("set", parameter=parameter) if parameter is not None else None
    if "array" in flat.types:
        return Elements("set", sent=())
    sent = survey.flat(facts.body).properties
    # What is wrapped, `{"message": {...}}`, is the element as a whole.
    alike = [name for name in (*flat.properties, *sent) if _called(name) == called]
    alike = alike or (list(sent) if len(sent) == 1 else [])
    return Elements("set", sent=(alike[0],)) if alike else None


def _called(name: str) -> str:
    words = [word for word in tokens(name) if word not in _ENDINGS] or list(tokens(name))
    return noun("_".join(words))


def _key(survey: Survey, facts: Facts, items: Any) -> str | None:
    """The property by which an element is known; None for elements that are no objects."""
    flat = survey.schemas.flat(items)
    if not flat.properties:
        return None
    # `gid`, where paths name entities by a `task_gid`.
    ending = tokens(facts.route.names[-1])[-1:] if facts.route.names else ()
    for parameter in (*ending, ""):
        key = key_of(survey.schemas, flat, "", parameter)[0]
        if key:
            return key
    return next(iter(flat.properties))


def _shown(survey: Survey, facts: Facts, own: Mapping[str, Any]) -> Iterator[tuple[str, Elements]]:
    """The properties that show another entity of which the body has the id: `{"parent": "7"}`."""
    for name, schema in survey.flat(facts.body).properties.items():
        if name in own and "object" in survey.schemas.kinds(own[name]) - survey.schemas.kinds(
            schema
        ):
            yield name, Elements("one", sent=(name,), key=_key(survey, facts, own[name]))


_CHANGING = ("PUT", "PATCH", "DELETE")


def read_embedded(
    schemas: Schemas, every: Sequence[Facts], by_steps: Mapping[Steps, Mapping[str, Facts]]
) -> None:
    """Read the operations on elements as about these: their schema is that of an element, and what
    holds them is only what they show."""
    read = {one.ref for one in every if one.method == "GET" and one.route.is_item}
    found: list[tuple[Facts, str]] = []
    for facts in every:
        above = facts.route.steps[: len(facts.route.steps) - (2 if facts.route.is_item else 1)]
        whole = by_steps.get(above, {}).get("GET") if above[-1:] == (ANY,) else None
        named = facts.route.steps[len(above) : len(above) + 1]
        item = by_steps.get((*above, *named, ANY), {})
        if whole is None or not facts.ref or facts.ref != whole.ref or facts is whole:
            continue
        if facts.route.verb or "GET" in item or not named:
            continue
        if facts.method not in (_CHANGING if facts.route.is_item else ("POST",)):
            continue
        place = _element(schemas, whole.ref, named[0])
        if place is None or place in read or not _has_id(schemas, place, item, named[0]):
            continue
        making = by_steps.get((*above, *named), {}).get("POST")
        if _is_changed(item, whole) or (making is not None and _is_made(schemas, making, place)):
            found.append((facts, place))
    for facts, place in found:
        facts.ref, facts.holder_at, facts.at = place, facts.at, ()


def _is_changed(item: Mapping[str, Facts], whole: Facts) -> bool:
    """Whether an element is changed by itself: a value of a set is only added and removed."""
    changes = [item[method] for method in ("PUT", "PATCH") if method in item]
    return any(one.body and one.ref == whole.ref for one in changes)


def _is_made(schemas: Schemas, making: Facts, place: str) -> bool:
    """Whether a POST sends what an element has besides its id, rather than which one is added."""
    sent = schemas.flat_at(making.body).properties if making.body and not making.sent else {}
    own = schemas.flat_at(place).properties.keys()
    ids = {name for name in sent if tokens(name)[-1:] in ID_ENDS}
    return bool(sent.keys() & own - ids) and sent.keys() <= own and "id" in own


def _element(schemas: Schemas, ref: str, step: str) -> str | None:
    """The place of the schema of the elements that a path names, in the schema of what has them."""
    for name, place in schemas.arrays(ref).items():
        called = noun(name) in (noun(step), last_word(noun(step)))
        if called and schemas.flat_at(schemas.canonical(place)).properties:
            return schemas.canonical(place)
    return None


def _has_id(schemas: Schemas, place: str, item: Mapping[str, Facts], step: str) -> bool:
    """Whether an element shows the id by which a path names it."""
    parameters = [one.route.names[-1] for one in item.values()]
    own = schemas.flat_at(place).properties
    words = {tokens(name) for name in own}
    return any(tokens(one) in words for one in parameters) or any(
        is_id_of(name, last_word(noun(step))) and tokens(name)[-1:] in ID_ENDS for name in own
    )
