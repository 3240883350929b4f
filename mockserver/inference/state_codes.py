"""A status in codes: numbers or letters, of which the document says what they mean.

`0 = draft, 1 = published`, `"BK", Booked`, `(A)ctive or (S)uspended`, `x-enum-varnames`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.inference.state_texts import any_known
from mockserver.inference.states import ACTIVE, INITIAL, SUCCESS, kind_of
from mockserver.inference.words import bag
from mockserver.openapi.schemas.resolved import Schemas

Code = str | int

_NAMES_OF = ("x-enum-varnames", "x-enumNames", "x-enum-names", "x-enum-descriptions")
"""Lists beside an enum that name its values, or tell them in words."""
_MARK = "[`*\"'\u201c\u201d\u2018\u2019]"
_CODE = r"-?\d{1,3}|[A-Z]{1,3}"
_MEANING = r"[A-Za-z][A-Za-z_]*(?:[ -][A-Za-z_]+){0,4}"
_SAID = re.compile(
    rf"(?<![\w.-]){_MARK}{{0,2}}({_CODE}){_MARK}{{0,2}}"
    rf"\s*(?:(?:\)\s*)?\bmeans\b|=>|->|[:=\u2013\u2014)(-]|\bis\b)[\s`'\"*]*({_MEANING})"
    rf"|(?<!\w){_MARK}({_CODE}){_MARK},\s*(?:or )?[`'\"*]*([A-Z][A-Za-z_]+)\b"
)
"""`0 - draft`, `1: Open`, `N (new)`; `"BK", Booked` only in quotes and with a capital."""
_NO_STATE = bag("a an the of or and it in not this that means for to if only")
"""With what a text begins that does not begin with a state."""
_BREAKS = bag("because by due after when that which and or the a an until since")
"""With what an explanation begins that follows a state."""
_FIRST_LETTER = re.compile(r"(?<!\w)\(([A-Z])\)([a-z]{3,})")
_FROM_NAME = re.compile(
    rf"\b([A-Za-z][A-Za-z_]{{3,}})\s*[=(:]\s*{_MARK}?(\d{{1,3}}){_MARK}?(?=[\s,;.)]|$)"
)
"""`Draft = 0`, `active (1)`."""


def codes_of(schemas: Schemas, schema: Any, texts: Iterable[str] = ()) -> dict[str, Code]:
    """The states of a status in codes, each with its code; empty if it has none, or they mean no
    states. `texts` are other texts that may explain them."""
    flat = schemas.flat(schema)
    types = {*flat.types} - {"null"}
    if not types or not types <= {"integer", "number", "string"}:
        return {}
    plain = schemas.plain(schema)
    listed = [one for one in flat.values or () if one is not None and not isinstance(one, bool)]
    if any(isinstance(one, str) and len(one) > 3 for one in listed):
        return {}
    found = _named(plain, listed)
    if len(found) < 2:
        said = f"{plain.get('title') or ''}\n{plain.get('description') or ''}"
        found = _read(said)
        if len(found) < 2 and types == {"string"}:
            found = _read("\n".join((said, *texts)), quoted=True)
    numbers = types <= {"integer", "number"}
    states: dict[str, Code] = {}
    for code, meaning in found.items():
        value: Code | None = _number(code) if numbers else code
        if value is not None and (not listed or value in listed):
            states.setdefault(meaning, value)
    ways = {kind_of(state) for state in states} & {INITIAL, ACTIVE, SUCCESS}
    return states if len(states) > 1 and ways else {}


def _named(plain: Mapping[str, Any], listed: Sequence[Any]) -> dict[str, str]:
    """The names that extensions give the values of an enum."""
    for key in _NAMES_OF:
        names = plain.get(key)
        if isinstance(names, list) and len(names) == len(listed) > 1:
            return {str(v): _short(n) for v, n in zip(listed, names, strict=True) if _short(n)}
        if isinstance(names, Mapping):
            return {str(v): _short(n) for v, n in names.items() if _short(n)}
    enum = plain.get("x-ms-enum")
    rows = enum.get("values") if isinstance(enum, Mapping) else None
    pairs = ((one.get("value"), one.get("name")) for one in rows or () if isinstance(one, Mapping))
    return {str(v): _short(n) for v, n in pairs if v is not None and _short(n)}


def _read(text: str, *, quoted: bool = False) -> dict[str, str]:
    """The codes that a text explains. `quoted`: only those in quotes."""
    found: dict[str, str] = {}
    for code, meaning in _pairs(text, quoted=quoted):
        short = _short(meaning)
        if short and short.upper() != code:
            found.setdefault(code, short)
    return found


def _pairs(text: str, *, quoted: bool) -> Iterator[tuple[str, str]]:
    if not quoted:
        yield from ((m[1], m[1] + m[2]) for m in _FIRST_LETTER.finditer(text))
    for match in _SAID.finditer(text):
        code, meaning, apart, after = match.groups()
        if apart:
            yield apart, after
        elif not quoted:
            yield code, meaning
    if not quoted:
        yield from ((match[2], match[1]) for match in _FROM_NAME.finditer(text))


def _short(meaning: object) -> str:
    """A state without what explains it: `Cleaned because of hard bounce` -> `Cleaned`."""
    words = str(meaning).replace("_", " ").split() if isinstance(meaning, str) else []
    until = next((i for i, word in enumerate(words) if word.lower() in _BREAKS), len(words))
    starts = (" ".join(words[:length]) for length in range(min(3, until), 0, -1))
    found = next((one for one in (*starts, *words) if any_known([one])), "")
    return found or next((word for word in words[:1] if word.lower() not in _NO_STATE), "")


def _number(code: str) -> int | None:
    return int(code) if code.lstrip("-").isdecimal() else None
