"""Operations on one element of an array that respond with what holds the array: the items of a
cart, each with a path of its own, where every change shows the whole cart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mockserver.inference.operations import Facts
from mockserver.inference.paths import ANY
from mockserver.inference.words import ID_ENDS, is_id_of, last_word, noun, tokens
from mockserver.openapi.schemas.resolved import Schemas

Steps = tuple[str, ...]
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
