"""Filters written as one text or object, in the styles of OData, SCIM, RSQL, SQL and search boxes.

name eq 'x' and (price gt 5 or contains(name, 'y'))    status:open -label:"to do"
name==x;price=gt=5                                     {"name": {"contains": "x"}}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mockserver.engine.inferred.conditions import Operator, operator_of
from mockserver.inference.words import bag, snake_case
from mockserver.records import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A property compared with a value; without a name, a text to search for."""

    name: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """All of several parts, or (`either`) any of them; `negated`: the opposite."""

    parts: tuple[Expression, ...]
    either: bool = False
    negated: bool = False


Expression = Term | Group

_SPACE = re.compile(r"\s*")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.|'')*)'|\"((?:[^\"\\]|\\.)*)\"")
_NAME = re.compile(r"[\w.$@/-]*[\w$@]")
_SIGN = re.compile(r"=\w+=|==|!=|<>|>=|<=|=~|!~|~=|\^=|\$=|\*=|::|:|=|<|>|~")
_WORD = re.compile(r"\w+")
_VALUE = re.compile(r"[^\s();,&|\[\]]+")
_AND = re.compile(r"and\b|&&?|;|\+(?=\S)", re.I)
_OR = re.compile(r"or\b|\|\|?", re.I)
_NOT = re.compile(r"not\b\s*|!|-(?=\w+\s*[:=])", re.I)
_FUNCTIONS = bag("contains startswith endswith substringof eq equals like")


_DEEPEST = 32
_MOST = 256
"""Levels and comparisons of an expression; each comparison costs time for every entity."""


class _Unreadable(Exception):
    """The text is in none of the styles."""


class _TooLarge(Exception):
    """The expression has too many parts or levels."""


@dataclass(slots=True, eq=False)
class _Size:
    """What has been read of one expression. Raises _TooLarge."""

    parts: int = 0
    depth: int = 0

    def add(self) -> None:
        self.parts += 1
        if self.parts > _MOST:
            raise _TooLarge

    @contextmanager
    def level(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _TooLarge
        try:
            yield
        finally:
            self.depth -= 1


def parsed(wanted: Any) -> Expression | None:
    """The expression in a value, or None if it is none or too large."""
    try:
        found = _of_value(wanted, _Size())
    except _TooLarge:
        return None
    return found if found is None or sum(map(_texts_in, terms_of(found))) <= _MOST else None


def _of_value(wanted: Any, size: _Size) -> Expression | None:
    size.add()
    if isinstance(wanted, Mapping):
        return _of_object(wanted, size)
    if isinstance(wanted, list | tuple):
        with size.level():
            parts = [_of_value(one, size) for one in wanted]
        return Group(tuple(one for one in parts if one is not None)) if any(parts) else None
    if not isinstance(wanted, str) or not wanted.strip():
        return None
    try:
        if wanted.lstrip()[:1] in "{[":
            return _of_value(json.loads(wanted), size)
        told = _TOLD.fullmatch(wanted.strip())
        if told is not None and (operator := operator_of(told[2].lower())) is not None:
            return Term(told[1], operator, told[3])  # `price,gt,5`
        return _Reader(wanted, size).read()
    except (ValueError, RecursionError, _Unreadable):
        return None


def _texts_in(term: Term) -> int:
    """The number of texts that each entity is compared with."""
    one_by_one = isinstance(term.value, list) and term.operator not in ("equal", "differs")
    return len(term.value) if one_by_one else 1


def terms_of(expression: Expression) -> Iterator[Term]:
    """Every comparison in an expression."""
    if isinstance(expression, Term):
        yield expression
    else:
        for part in expression.parts:
            yield from terms_of(part)


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, size: _Size) -> None:
        self._text = text
        self._size = size
        self._at = 0
        # RSQL joins alternatives with commas, others what is all wanted.
        self._rsql = bool(re.search(r"==|=\w+=", text))

    def read(self) -> Expression:
        found = self._alternatives()
        if self._ahead():
            raise _Unreadable
        return found

    def _alternatives(self) -> Expression:
        parts = [self._all()]
        while self._take(_OR) or (self._rsql and self._take(_COMMA)):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Group(tuple(parts), either=True)

    def _all(self) -> Expression:
        parts = [self._one()]
        while True:
            joined = self._take(_AND) or (not self._rsql and self._take(_COMMA))
            ahead = self._ahead()
            ends = not joined and (ahead in ")],|" or _OR.match(self._text, self._at))
            if not ahead or ends:
                break
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Group(tuple(parts))

    def _one(self) -> Expression:
        if self._take(_NOT):
            with self._size.level():
                return Group((self._one(),), negated=True)
        if joined := self._take(_JOINING):  # `and(equals(a,'x'),equals(b,'y'))`
            with self._size.level():
                parts = [self._one()]
                while self._take(_COMMA):
                    parts.append(self._one())
            self._expect(_CLOSE)
            return Group(tuple(parts), either=joined[1].lower() == "or")
        if self._take(_OPEN):
            with self._size.level():
                found = self._alternatives()
            self._expect(_CLOSE)
            return found
        self._size.add()
        return self._compared()

    def _compared(self) -> Term:
        quoted = self._take(_QUOTED)
        if quoted:
            return Term("", "like", _unquoted(quoted))
        name = self._take(_NAME)
        if name is None:
            raise _Unreadable
        function = snake_case(name[0])
        if (name[0].lower() in _FUNCTIONS or operator_of(function)) and self._take(_OPEN):
            return self._call(function)
        sign = self._take(_SIGN)
        operator = _signed(sign[0].lower()) if sign else self._worded()
        if operator is None:
            return Term("", "like", name[0])
        if operator == "set":
            return Term(name[0], operator, True)
        if sign and sign[0] in (":", "=") and (compared := self._take(_COMPARED)):
            operator = operator_of(compared[0]) or operator
        return _wild(Term(name[0], operator, self._value()))

    def _worded(self) -> Operator | None:
        """An operator that is a word: `name eq 'x'`."""
        before = self._at
        found = self._take(_WORD)
        operator = operator_of(found[0].lower()) if found else None
        if operator is None or (operator != "set" and not self._ahead()):
            self._at = before
            return None
        return operator

    def _call(self, function: str) -> Term:
        first = self._value()
        self._expect(_COMMA)
        second = self._value()
        self._expect(_CLOSE)
        if function == "substringof":
            first, second = second, first
        return Term(str(first), operator_of(function) or "equal", second)

    def _value(self) -> Any:
        if self._take(_OPEN):
            values = [self._scalar()]
            while self._take(_COMMA):
                values.append(self._scalar())
            self._expect(_CLOSE)
            return values
        return self._scalar()

    def _scalar(self) -> str:
        quoted = self._take(_QUOTED)
        if quoted:
            return _unquoted(quoted)
        found = self._take(_VALUE)
        if found is None:
            raise _Unreadable
        return found[0]

    def _ahead(self) -> str:
        """The next character that is no space, "" at the end; skips the spaces."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self._ahead()
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found

    def _expect(self, pattern: re.Pattern[str]) -> None:
        if self._take(pattern) is None:
            raise _Unreadable


_OPEN, _CLOSE, _COMMA = re.compile(r"[(\[]"), re.compile(r"[)\]]"), re.compile(",")
_JOINING = re.compile(r"(and|or)\(", re.IGNORECASE)
_TOLD = re.compile(r"([A-Za-z][\w.]*),(\w+),([^,]+)")
_COMPARED = re.compile(r">=|<=|>|<")


def _signed(sign: str) -> Operator | None:
    """The operator that a sign means: `>=`, `=gt=`."""
    return operator_of(sign.strip("=") if sign[-1] == "=" and sign[1:-1].isalpha() else sign)


def _wild(term: Term) -> Term:
    """`name==x*` compares a part of the text."""
    value = term.value
    if term.operator != "equal" or not isinstance(value, str) or len(value.strip("*")) == 0:
        return term
    ends: dict[tuple[bool, bool], Operator]
    ends = {(True, True): "like", (True, False): "ends", (False, True): "starts"}
    operator = ends.get((value[0] == "*", value[-1] == "*"))
    return term if operator is None else Term(term.name, operator, value.strip("*"))


def _unquoted(match: re.Match[str]) -> str:
    text = match[1] if match[1] is not None else match[2]
    return re.sub(r"\\(.)|''", lambda one: one[1] or "'", text)


_ALL, _ANY = (
    bag("and all must _and filters conditions rules"),
    bag("or any should _or filter_groups"),
)
_FIELD = bag("field name property attribute column key property_name field_name path attr "
             "fieldname filter_by")  # fmt: skip
_HOW = bag("operator op comparator condition comparison operation relation match_type predicate")
_WITH = bag("value values val operand term terms")


def _of_object(wanted: Mapping[str, Any], size: _Size) -> Expression | None:
    """`{"name": "x", "price": {"gte": 5}}`, `{"field": "name", "op": "eq", "value": "x"}`,
    `{"property": "name", "equals": "x"}` or `{"op": "or", "value": [...]}`."""
    by_word = {snake_case(name): value for name, value in wanted.items()}
    field, how, value = (
        next((by_word[name] for name in by_word if name in words), None)
        for words in (_FIELD, _HOW, _WITH)
    )
    joined = how.lower() if isinstance(how, str) else ""
    listed = [part for part in wanted.values() if isinstance(part, list)]
    if joined in _ALL | _ANY and len(listed) == 1:
        return _of_value({joined: listed[0]}, size)
    if isinstance(field, str) and value is None and (said := _said_of(wanted)) is not None:
        size.add()
        return Term(field, *said)
    if isinstance(field, str) and value is not None:
        operator = operator_of(snake_case(str(how)) or str(how)) if how is not None else "equal"
        return Term(field, operator or "equal", value)
    parts: list[Expression] = []
    with size.level():
        for name, inner in wanted.items():
            size.add()
            parts.extend(_of_entry(name, inner, size))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Group(tuple(parts))


def _said_of(wanted: Mapping[str, Any]) -> tuple[Operator, Any] | None:
    """The operator and the value beside the name of a property, also within its kind:
    `{"property": "size", "number": {"greater_than": 5}}`."""
    others = [name for name in wanted if snake_case(name) not in _FIELD]
    if len(others) != 1:
        return None
    operator, value = operator_of(snake_case(others[0])), wanted[others[0]]
    if operator is None and isinstance(value, Mapping):
        return _said_of(value)
    return (operator, value) if operator is not None else None


def _compares(value: Any) -> bool:
    """Whether an object has an operator and a value, but no property."""
    words = {snake_case(name) for name in value} if isinstance(value, Mapping) else set()
    return bool(words & _HOW and words & _WITH) and not words & _FIELD


def _of_entry(name: str, inner: Any, size: _Size) -> Iterator[Expression]:
    called = snake_case(name)
    if inner is None:
        return
    if called in _ALL | _ANY and isinstance(inner, list | Mapping):
        listed = inner if isinstance(inner, list) else [inner]
        parts = [_of_value(one, size) for one in listed]
        yield Group(tuple(p for p in parts if p is not None), either=called in _ANY)
    elif called == "not" and isinstance(inner, Mapping):
        found = _of_object(inner, size)
        if found is not None:
            yield Group((found,), negated=True)
    elif all(map(_compares, listed := inner if isinstance(inner, list) else [inner])) and listed:
        # `{"price": [{"operator": ">", "value": 5}, {"operator": "<", "value": 9}]}`
        for one in listed:
            size.add()
            found = _of_object({"field": name, **one}, size)
            if found is not None:
                yield found
    elif isinstance(inner, Mapping):
        bounds = [(operator_of(snake_case(key) or key), value) for key, value in inner.items()]
        known = [(operator, value) for operator, value in bounds if operator is not None]
        if known and len(known) == len(bounds):
            yield from (Term(name, operator, value) for operator, value in known)
        else:
            # A part of the filter (`{"date_filter": {...}}`), or of the entity.
            nested = _of_object(inner, size)
            yield from (
                (Term(f"{name}.{one.name}", one.operator, one.value) for one in terms_of(nested))
                if nested is not None
                else ()
            )
    else:
        yield Term(name, "equal", inner)
