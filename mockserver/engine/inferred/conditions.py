"""Tests of one property of an entity: equal to a value, within bounds, like a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Literal

from mockserver.engine.inferred.narrowing import ByText
from mockserver.engine.inferred.repository import Entity, Test
from mockserver.engine.timestamps import SECOND, parse
from mockserver.inference.resource_model import Path
from mockserver.inference.words import bag

Operator = Literal[
    "equal", "differs", "like", "unlike", "starts", "ends", "from", "to", "above", "below",
    "between", "set",
]  # fmt: skip
Fields = tuple[Path, ...]
"""Where the value of a property may be; one of them is enough."""

_OPERATORS: Mapping[Operator, frozenset[str]] = {
    "equal": bag("in eq is equals equal any exact exactly = == :: : iexact equal_to one_of ie"),
    "differs": bag("not ne neq exclude excluding != <> nin not_in not_equal not_equals is_not "
                   "not_eq noteq out n nie"),
    "like": bag("contains like ilike icontains substring search match co =~ ~ ~= *= has fuzzy "
                "pattern text substringof includes matches ic"),
    "unlike": bag("not_contains not_like nlike !~ ncontains does_not_contain notcontains nic"),
    "starts": bag("prefix starts_with startswith begins_with sw ^= beginswith starts isw "
                  "istartswith prefix_pattern"),
    "ends": bag("suffix suffix_pattern ends_with endswith ew $= ends iew iendswith"),
    "from": bag("from since gte ge min start begin minimum >= at_least start_at start_date "
                "start_time greater_than_or_equal greater_or_equal on_or_after starting newer "
                "gteq min_date earliest lower"),
    "to": bag("to until lte le max end maximum till <= at_most end_at end_date end_time upto "
              "less_than_or_equal less_or_equal on_or_before ending older lteq through max_date "
              "latest upper"),
    "above": bag("gt after greater_than newer_than > greater more_than"),
    "below": bag("lt before less_than older_than < less fewer_than"),
    "between": bag("between range"),
    "set": bag("exists present pr is_set not_null notnull"),
}  # fmt: skip
_BY_WORD = {word: name for name, words in _OPERATORS.items() for word in words}

_DATED = re.compile(r"\d{4}-\d\d-\d\d")
_BETWEEN = re.compile(r"\.\.|\bTO\b")
_END = re.compile(r"[\w.:+\- *]*")
_DATES = re.compile(r"(\d{4}-\d\d-\d\d[\w:.+\-]*),(\d{4}-\d\d-\d\d[\w:.+\-]*)")
_PREFIXED = re.compile(r"(gte|lte|gt|lt|ge|le|ne|eq|>=|<=|>|<)[:.]?\s*(?=[\d-])(.+)")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)")
_BOTH = re.compile(r"\.\.|,|\band\b|\bto\b", re.IGNORECASE)
_NOTHING = bag("null _is_null is_null nil <null>")
EVERYTHING = bag("all any * everything")
"""Values of a filter that exclude nothing: `all`."""


_ENDS: tuple[Operator, Operator] = ("from", "to")


def operator_of(word: str) -> Operator | None:
    """The operator that a word or sign means."""
    return _BY_WORD.get(word)


def condition(operator: Operator, fields: Fields, wanted: Any) -> Test:
    """A test whether a property has the wanted value, by an operator."""
    test = _condition(operator, fields, wanted)
    if isinstance(test, ByText) or not all(fields):
        return test
    return ByText(test, frozenset(path[0] for path in fields), None)


def _condition(operator: Operator, fields: Fields, wanted: Any) -> Test:
    match operator:
        case "differs" | "unlike":
            opposite = condition("equal" if operator == "differs" else "like", fields, wanted)
            return lambda entity: not opposite(entity)
        case "equal":
            return _equal(fields, wanted)
        case "between":
            text = str(wanted).strip("[]()")
            ends = _SPAN.fullmatch(text)
            both = ends.groups() if ends else tuple(map(str.strip, _BOTH.split(text, maxsplit=1)))
            if isinstance(wanted, list | tuple) or len(both) < 2:
                both = (*_listed(wanted), None)[:2]
            tests = [_bound(how, fields, end) for how, end in zip(_ENDS, both, strict=True) if end]
            return lambda entity: all(test(entity) for test in tests)
        case "set":
            is_set = wanted not in (False, "false", "False", 0, "0")
            return lambda entity: any(map(_is_set, found(entity, fields))) is is_set
        case "like" | "starts" | "ends":
            texts = [str(one).casefold().strip("%*") for one in _listed(wanted)]
            return _text(operator, fields, texts)
    return _bound(operator, fields, wanted)


def found(entity: Entity, fields: Fields) -> Iterable[Any]:
    """The values of a property, and those within lists."""
    if len(fields) == 1 and len(fields[0]) == 1:
        (name,) = fields[0]
        return (entity.data[name],) if name in entity.data else ()
    return _found(entity, fields)


def _found(entity: Entity, fields: Fields) -> Iterator[Any]:
    for path in fields:
        yield from _within(entity.data, path)


def _within(data: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield data
    elif isinstance(data, Mapping):
        if path[0] in data:
            yield from _within(data[path[0]], path[1:])
    elif isinstance(data, list):
        for one in data:
            yield from _within(one, path)


def _is_set(value: Any) -> bool:
    return value not in (None, "", False) and value != [] and value != {}


def under(wanted: Any) -> Test:
    """A test whether an entity is below one of these parents."""
    texts = _texts(_listed(wanted))
    return lambda entity: entity.parent.rsplit("/", 1)[-1] in texts


def searched(fields: Fields, wanted: Any, *, by_key: bool = False) -> Test:
    """A test whether a text occurs in an entity, and with `by_key` in its key."""
    text = str(wanted).casefold().strip("*%")

    def test(entity: Entity) -> bool:
        key = entity.key.rsplit("/", 1)[-1].casefold()
        if text == key or (by_key and text in key):
            return True
        return any(text in one.casefold() for one in _strings(found(entity, fields)))

    return test


def _strings(values: Iterable[Any], depth: int = 0) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif depth < 3 and isinstance(value, Mapping):
            yield from _strings(value.values(), depth + 1)
        elif depth < 3 and isinstance(value, list):
            yield from _strings(value, depth + 1)


def _listed(wanted: Any) -> list[Any]:
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]


def _texts(values: Iterable[Any]) -> set[str]:
    """The values as texts, and the parts of comma-separated ones."""
    texts = set()
    for value in values:
        text = _text_of(value)
        texts.add(text)
        if isinstance(value, str) and "," in value:
            texts.update(part.strip() for part in value.split(","))
    return texts


def _text_of(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equal(fields: Fields, wanted: Any) -> Test:
    # Sets, as there may be many values and many entities.
    values = _listed(wanted)
    whole = {_text_of(value) for value in values}
    texts = _texts(values)
    parts, unset = texts - whole, bool(texts & _NOTHING)
    numbers = {value for value in values if isinstance(value, int | float)}
    days = {text for text in texts if len(text) == 10 and _DATED.match(text)}
    bounds = _bounds_in(wanted)
    span = _SPAN.fullmatch(wanted) if isinstance(wanted, str) else None

    def is_one(value: Any) -> bool:
        if value is None:
            return unset
        if isinstance(value, Mapping):
            return not texts.isdisjoint(_names_of(value))
        if isinstance(value, list):
            names = set(_names_of(value))
            return whole <= names or not parts.isdisjoint(names)
        if _text_of(value) in texts or (value in numbers and not isinstance(value, bool)):
            return True
        if span and isinstance(value, int | float) and not isinstance(value, bool):
            return float(span[1]) <= value <= float(span[2])
        if bounds and not isinstance(value, bool):
            return all(_is_beyond(operator, value, bound) for operator, bound in bounds)
        return isinstance(value, str) and len(value) > 10 and value[:10] in days

    def test(entity: Entity) -> bool:
        there = list(found(entity, fields))
        return any(map(is_one, there)) or (unset and not there)

    if len(fields) == 1 == len(fields[0]) and not (unset or bounds or span or days):
        return ByText(test, fields[0], texts | set(map(str, numbers)))
    return test


def _names_of(item: Any) -> Iterator[str]:
    """The texts that an item is, or by which it is named: 12 of `{"workspace": {"id": 12}}`."""
    if isinstance(item, list):
        for one in item:
            yield from _names_of(one)
    elif isinstance(item, Mapping):
        for name, value in item.items():
            # `{"data": {"id": 7}}` is a relationship of JSON:API.
            if name == "data" or not isinstance(value, list | Mapping):
                yield from _names_of(value)
    else:
        yield _text_of(item)


def _bounds_in(wanted: Any) -> list[tuple[Operator, str]]:
    """The bounds that a text has in it: `2020-01-01..2020-02-01`, `>=5`, `gt:5`."""
    if not isinstance(wanted, str):
        return []
    between = _BETWEEN.split(wanted.removeprefix("[").removesuffix("]"), maxsplit=1)
    if len(between) == 1 and (dates := _DATES.fullmatch(wanted)):
        between = [dates[1], dates[2]]
    if len(between) == 2 and all(map(_END.fullmatch, between)):
        ends: list[tuple[Operator, str]] = [("from", between[0]), ("to", between[1])]
        return [(operator, end.strip()) for operator, end in ends if end.strip("* ")]
    prefixed = _PREFIXED.fullmatch(wanted)
    operator = operator_of(prefixed[1]) if prefixed is not None else None
    return [(operator, prefixed[2])] if prefixed is not None and operator is not None else []


def _text(operator: Operator, fields: Fields, texts: list[str]) -> Test:
    def fits(value: str) -> bool:
        if operator == "starts":
            return value.startswith(tuple(texts))
        if operator == "ends":
            return value.endswith(tuple(texts))
        return any(text in value for text in texts)

    def test(entity: Entity) -> bool:
        return any(fits(one.casefold()) for one in _strings(found(entity, fields)))

    return test


def _bound(operator: Operator, fields: Fields, wanted: Any) -> Test:
    number = _number(wanted) if isinstance(wanted, str) else wanted
    compared: Callable[[Any, Any], bool] = _COMPARED.get(operator, eq)
    plain = isinstance(number, int | float) and not isinstance(number, bool)

    def fits(value: Any) -> bool:
        # Read once, as there may be many entities.
        if plain and type(value) in (int, float):
            return bool(compared(value, number))
        return _is_beyond(operator, value, wanted)

    return lambda entity: any(map(fits, found(entity, fields)))


_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "from": ge,
    "to": le,
    "above": gt,
    "below": lt,
    "differs": ne,
}


def _is_beyond(operator: Operator, value: Any, wanted: Any) -> bool:
    """Whether a value is on this side of a bound. A time as a bound is within them."""
    order = _compare(value, wanted)
    if order is None:
        return False
    match operator:
        case "from":
            return order >= 0
        case "to":
            return order <= 0
        case "above":
            return order > 0 if _is_exact(wanted) else order >= 0
        case "below":
            return order < 0 if _is_exact(wanted) else order <= 0
        case "differs":
            return order != 0
    return order == 0


def _is_exact(wanted: Any) -> bool:
    """Whether a bound is exact. Times are not: clients send them without fractions of a second."""
    return not isinstance(wanted, str) or not _DATED.match(wanted)


def _compare(value: Any, wanted: Any) -> int | None:
    """-1, 0 or 1; None if the two can't be compared."""
    if isinstance(wanted, str) and (number := _number(wanted)) is not None:
        wanted = number
    if isinstance(value, str) and isinstance(wanted, int | float) and not isinstance(wanted, bool):
        if (number := _number(value)) is not None:
            value = number
        else:
            # Seconds since 1970, or milliseconds.
            wanted = max(-_LATEST, min(wanted, _LATEST))
            wanted = int(wanted * (SECOND if abs(wanted) < 10**11 else SECOND // 1000))
            value = _instant(value)
    if isinstance(value, int) and isinstance(wanted, str):
        instant = _instant(wanted)
        if isinstance(instant, int):
            wanted = instant // (SECOND if abs(value) < 10**11 else SECOND // 1000)
    if isinstance(value, str) and isinstance(wanted, str):
        if len(wanted) == 10 and _DATED.match(wanted) and _DATED.match(value):
            value = value[:10]
        value, wanted = _instant(value), _instant(wanted)
    if isinstance(value, bool) or isinstance(wanted, bool):
        return None
    if isinstance(value, str) and isinstance(wanted, str):
        return (value > wanted) - (value < wanted)
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return (value > wanted) - (value < wanted)
    return None


def _number(text: str) -> int | float | None:
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


_LATEST = 1e15
"""Milliseconds since 1970; no time is later."""
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d+)?", re.ASCII)


def _instant(text: str) -> Any:
    """A date or date-time as microseconds; other text unchanged."""
    if not _DATED.match(text):
        return text
    try:
        return parse(text)
    except ValueError:
        return text
