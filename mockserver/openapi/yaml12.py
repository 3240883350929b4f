"""YAML by the core schema of version 1.2, as OpenAPI requires.

Values are built directly from the parser's events. This is several times faster than building
nodes, needs no recursion, and allows counting what aliases and merge keys expand to.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml
from yaml import events
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from mockserver.errors import ContractError

DEEPEST = 500
MOST_VALUES = 5_000_000
"""The most values of a document, with what its aliases stand for: nine lines can be gigabytes."""
_LONGEST_NUMBER = 400

_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+").fullmatch
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+").fullmatch
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?").fullmatch
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)").fullmatch
_MAY_BE_NO_TEXT = frozenset("-+.0123456789nNtTfF~")
_STANDARD = "tag:yaml.org,2002:"
_TEXTS = frozenset(("!", *(_STANDARD + name for name in ("str", "timestamp", "binary"))))
_PLAIN = frozenset(_STANDARD + name for name in ("int", "float", "bool", "null"))
_COLLECTIONS = frozenset(("!", *(_STANDARD + name for name in ("map", "seq"))))
_MERGE = object()
_UNENDED = object()


class _PurePython(Reader, Scanner, Parser):
    """The parser for a PyYAML that was built without libyaml."""

    def __init__(self, stream: bytes) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)


try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # pragma: no cover
    _Parser = _PurePython  # type: ignore[assignment, misc]


class NotYaml(Exception):
    """The text is not YAML; `line` counts from 0 and is None if unknown."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def load(text: bytes, slips: list[str]) -> Any:
    """Parse a text with one document. `slips` gets a line for each duplicate key.

    Keys are text as written: `200:` is "200", `on:` is "on". Raises NotYaml, or ContractError for
    YAML that can't be used.
    """
    try:
        return _Builder(_events(text), slips).build()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        detail = " ".join(str(error).replace(' in "<byte string>",', " at").split())
        raise NotYaml(detail, None if mark is None else mark.line) from None


def _events(text: bytes) -> Iterator[Any]:
    get = _Parser(text).get_event
    event = get()
    while event is not None:
        yield event
        event = get()


def plain_value(text: str) -> Any:
    """The value of a scalar without quotes and tag.

    Raises ValueError for a number that JSON can't represent.
    """
    if text[:1] not in _MAY_BE_NO_TEXT and text:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _BASED(text):
        return _whole(int(text, 0)) if len(text) <= _LONGEST_NUMBER else _too_long(text)
    if _INTEGER(text):
        return _whole(int(text)) if len(text) <= _LONGEST_NUMBER else _too_long(text)
    if _FLOAT(text):
        return _finite(float(text)) if len(text) <= _LONGEST_NUMBER else _too_long(text)
    if _NOT_JSON(text):
        raise ValueError(f"{text} is no number that JSON can say")
    return text


def _too_long(text: str) -> NoReturn:
    raise ValueError(f"a number of {len(text)} characters is too long")


def _whole(number: int) -> int | float:
    # As for JSON: integers beyond 64 bits become floats.
    return number if -(2**63) <= number < 2**64 else _finite(number)


def _finite(number: float) -> float:
    try:
        found = float(number)
    except OverflowError:
        found = math.inf
    if math.isinf(found):
        raise ValueError("a number is larger than any that JSON can say")
    return found


class _Open:
    """A list or an object that has not ended yet."""

    __slots__ = ("anchor", "before", "key", "lines", "merged", "value")

    def __init__(self, value: Any, anchor: str | None, before: int) -> None:
        self.value = value
        self.anchor = anchor
        self.before = before
        self.key: Any = None
        self.lines: dict[str, Any] = {}
        self.merged: list[Any] = []


class _Builder:
    def __init__(self, stream: Iterator[Any], slips: list[str]) -> None:
        self._stream = stream
        self._slips = slips
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0
        self._root: Any = None
        self._stack: list[_Open] = []

    def build(self) -> Any:
        documents = 0
        for event in self._stream:
            kind = event.__class__
            if kind is events.ScalarEvent:
                self._scalar(event)
            elif kind is events.MappingStartEvent:
                self._begin({}, event)
            elif kind is events.SequenceStartEvent:
                self._begin([], event)
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                self._end(event)
            elif kind is events.AliasEvent:
                self._alias(event)
            elif kind is events.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document begins; an OpenAPI document is one")
        return self._root

    def _refuse(self, event: Any, why: str) -> NoReturn:
        raise ContractError(f"line {event.start_mark.line + 1}: {why}")

    def _scalar(self, event: Any) -> None:
        stack = self._stack
        text = event.value
        if stack and stack[-1].key is None and stack[-1].value.__class__ is dict:
            self._key(stack[-1], text, event)
            return
        value = text
        if (event.implicit[0] and event.tag is None) or event.tag in _PLAIN:
            try:
                value = plain_value(text)
            except ValueError as error:
                self._refuse(event, str(error))
            if event.tag in _PLAIN and isinstance(value, str):
                self._refuse(event, f"{text[:80]!r} does not fit its tag")
        elif event.tag is not None and event.tag not in _TEXTS:
            self._refuse(event, f"the tag {event.tag!r} is unknown")
        self._add(1)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, 1
        self._put(value, event)

    def _key(self, parent: _Open, text: str, event: Any) -> None:
        if text == "<<" and event.implicit[0]:
            parent.key = _MERGE
            return
        if event.anchor is not None:
            self._anchors[event.anchor] = text, 1
        first = parent.lines.get(text)
        if first is not None:
            self._slips.append(
                f"line {event.start_mark.line + 1}: the key {text!r} stands twice in one object, "
                f"first in line {first.line + 1}; only the last one counts"
            )
        else:
            parent.lines[text] = event.start_mark
        parent.key = text

    def _begin(self, value: Any, event: Any) -> None:
        stack = self._stack
        if stack and stack[-1].key is None and stack[-1].value.__class__ is dict:
            self._refuse(event, "a key is a list or an object, where only text can be one")
        if event.tag is not None and event.tag not in _COLLECTIONS:
            self._refuse(event, f"the tag {event.tag!r} is unknown")
        if len(stack) >= DEEPEST:
            self._refuse(event, f"nested too deeply: more than {DEEPEST} levels")
        if event.anchor is not None:
            self._anchors[event.anchor] = _UNENDED, 0
        self._add(1)
        stack.append(_Open(value, event.anchor, self._count))

    def _end(self, event: Any) -> None:
        done = self._stack.pop()
        value = done.value
        if done.merged:
            value = {}
            for one in reversed(done.merged):
                value.update(one)
            value.update(done.value)
        if done.anchor is not None:
            self._anchors[done.anchor] = value, self._count - done.before + 1
        self._put(value, event)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            self._refuse(event, f"the alias *{event.anchor} names no anchor before it")
        value, weight = self._anchors[event.anchor]
        if value is _UNENDED:
            self._refuse(event, f"the alias *{event.anchor} stands inside of what it names")
        stack = self._stack
        if stack and stack[-1].key is None and stack[-1].value.__class__ is dict:
            if not isinstance(value, str):
                self._refuse(event, "a key is no text")
            self._key(stack[-1], value, event)
            return
        self._add(weight)
        self._put(value, event)

    def _add(self, weight: int) -> None:
        self._count += weight
        if self._count > MOST_VALUES:
            raise ContractError(
                f"its aliases and merge keys stand for too many values: more than {MOST_VALUES}"
            )

    def _put(self, value: Any, event: Any) -> None:
        if not self._stack:
            self._root = value
            return
        parent = self._stack[-1]
        if parent.value.__class__ is list:
            parent.value.append(value)
        elif parent.key is _MERGE:
            self._merge(parent, value, event)
            parent.key = None
        else:
            parent.value[parent.key] = value
            parent.key = None

    def _merge(self, parent: _Open, value: Any, event: Any) -> None:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in sources):
            self._refuse(event, "the merge key << takes an object or a list of objects")
        parent.merged.extend(sources)
