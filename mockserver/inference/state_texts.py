"""The states of a status without an enum, from descriptions, filters and examples.

A status in codes, numbers or letters, has states of which the document says what they mean:
`0 = draft, 1 = published`, `"BK", Booked`, `(A)ctive or (S)uspended`, `x-enum-varnames`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from mockserver.inference import state_words as known
from mockserver.inference.states import ACTIVE, INITIAL, SUCCESS, kind_of, spelled
from mockserver.inference.words import bag, singular, tokens
from mockserver.openapi.schemas.resolved import Schemas

Code = str | int

_NAMES_OF = ("x-enum-varnames", "x-enumNames", "x-enum-names", "x-enum-descriptions")
"""Lists beside an enum that name its values, or tell them in words."""
_CODE_MARK = "[`*\"'\u201c\u201d\u2018\u2019]"
_NAMED_CODE = r"-?\d{1,3}|[A-Z]{1,3}"
_MEANING = r"[A-Za-z][A-Za-z_]*(?:[ -][A-Za-z_]+){0,4}"
_SAID = re.compile(
    rf"(?<![\w.-]){_CODE_MARK}{{0,2}}({_NAMED_CODE}){_CODE_MARK}{{0,2}}"
    rf"\s*(?:(?:\)\s*)?\bmeans\b|=>|->|[:=\u2013\u2014)(-]|\bis\b)[\s`'\"*]*({_MEANING})"
    rf"|(?<!\w){_CODE_MARK}({_NAMED_CODE}){_CODE_MARK},\s*(?:or )?[`'\"*]*([A-Z][A-Za-z_]+)\b"
)
"""`0 - draft`, `1: Open`, `N (new)`; `"BK", Booked` only in quotes and with a capital."""
_NO_STATE = bag("a an the of or and it in not this that means for to if only")
"""With what a text begins that does not begin with a state."""
_BREAKS = bag("because by due after when that which and or the a an until since")
"""With what an explanation begins that follows a state."""
_FIRST_LETTER = re.compile(r"(?<!\w)\(([A-Z])\)([a-z]{3,})")
_FROM_NAME = re.compile(
    rf"\b([A-Za-z][A-Za-z_]{{3,}})\s*[=(:]\s*{_CODE_MARK}?(\d{{1,3}}){_CODE_MARK}?(?=[\s,;.)]|$)"
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


_CODE = re.compile(r"<\s*(code|tt|var)\s*>\s*([^<>]{2,40}?)\s*<\s*/\s*\1\s*>", re.I)
_BOLD = re.compile(r"<\s*(b|strong|i|em)\s*>\s*([^<>]{2,40}?)\s*<\s*/\s*\1\s*>", re.I)
_QUOTED = re.compile(r"[`'\"\u201c\u2018*]+([A-Za-z][A-Za-z_ -]{1,30}[A-Za-z])[`'\"\u201d\u2019*]+")
_LISTED = re.compile(
    r"(?:one of|values?(?: are| is| include)?|can be|may be|either|possible \w+|status(?:es)?"
    r"|states?)[\s:=(]+((?:[A-Za-z_-]+(?:\s*(?:,|/|\||;|\bor\b|\band\b)\s*)+)+[A-Za-z_-]+)",
    re.IGNORECASE,
)
_STEP = r"`?([A-Za-z][A-Za-z_-]{2,30})`?"
_FLOW = re.compile(rf"{_STEP}(?:\s*(?:-+>|=+>|>|\u2192|\u27a1)\s*{_STEP})+")
_MARK = "[`*\"'\u201c\u201d\u2018\u2019]{1,3}"
_MARKED = rf"{_MARK}([A-Za-z][\w -]{{1,30}}?){_MARK}"
_BESIDE = re.compile(
    rf"\b(?:status|state)(?: (?:of|is|to|as|was|be|becomes|set))* ?:? ?{_MARKED}"
    rf"|{_MARKED} (?:status|state)\b",
    re.IGNORECASE,
)
"""A state in quotes or in bold, beside the word: the status **Placed**."""
_CONSTANT = re.compile(r"\b[A-Z][A-Z_]{3,30}\b")
_REMARKS = frozenset(("deprecated", "removed", "none", "other", "unknown", "up", "pass", "ok"))
"""Words that texts often use without meaning a state."""
_EVERY = frozenset(("all", "any", "both", "every"))
"""Values of a filter that are no states."""


def any_known(values: Iterable[str]) -> bool:
    """Whether any value is a known state, which the states of an address (`NSW`) are not."""
    return any(kind_of(value) != "other" or spelled(value) in known.ASIDE for value in values)


def spoken_values(text: str) -> list[str]:
    """The states that a description lists, in quotes or in an enumeration."""
    text = _plain(text)
    quoted = list(dict.fromkeys(_QUOTED.findall(text)))
    for found in (quoted, *(_in_a_row(match) for match in _LISTED.findall(text))):
        sure = [value for value in found if spelled(value) and any_known([value])]
        if len(sure) >= 2 and len(sure) * 2 >= len(found):
            return sure if found is quoted else found
    return []


def named_values(texts: Iterable[str]) -> list[str]:
    """The states that texts about operations name as code, as constants (`RUNNING`), or beside the
    word (the status **Placed**); those of a flow (`QUEUED > RUNNING`) first, in its order."""
    flows: dict[str, None] = {}
    others: dict[str, None] = {}
    for text in map(_plain, texts):
        for flow in _FLOW.finditer(text):
            steps = re.findall(_STEP, flow[0])
            if all(map(_is_state, steps)):
                flows.update(dict.fromkeys(steps))
        beside = ("".join(found) for found in _BESIDE.findall(text))
        for value in (*_CONSTANT.findall(text), *_in_code(text), *beside):
            if _is_state(value):
                others[value] = None
    return list(flows | others)


def filtered_values(
    name: str, noun: str, filters: Iterable[tuple[str, Sequence[object]]]
) -> list[str]:
    """The values of the list filter for a property. `filters` are the names of filters with their
    values: `state`, `filter[state]` or `state_in` for `state`, `campaign_statuses` for
    `campaignStatus`."""
    own = _filter_words(name, noun)
    for other, values in filters:
        texts = [v for v in values if isinstance(v, str) and v.lower() not in _EVERY]
        if len(texts) > 1 and _filter_words(other, noun) == own:
            return texts
    return []


def shown_values(shown: Iterable[Mapping[str, object]], name: str) -> list[str]:
    """The states that examples of an entity have in a property."""
    found = (entity.get(name) for entity in shown)
    texts = (each for each in found if isinstance(each, str) and len(each) <= 30)
    return [each for each in dict.fromkeys(texts) if _is_state(each)]


def quoted_states(name: str, texts: Iterable[str]) -> list[str]:
    """The states that texts quote after the name of the status: "if its `state` is 'complete'"."""
    verbs = r"(?:is|becomes|equals|=|turns(?: to)?|has become)\s+(?:either\s+|set to\s+)?"
    about = re.compile(
        rf"\b{re.escape(name)}[`'\"*]*\s+(?:of \S+ )?{verbs}{_QUOTED.pattern}", re.IGNORECASE
    )
    found = (value for text in map(_plain, texts) for value in about.findall(text))
    return [value for value in dict.fromkeys(found) if _is_state(value)]


def styled(word: str, like: Iterable[str]) -> str:
    """A state in the case of the other states: `PAUSED` beside `RUNNING`."""
    others = [value for value in like if value]
    if others and all(value.isupper() for value in others):
        return word.upper()
    if others and all(value[0].isupper() for value in others):
        return word[0].upper() + word[1:]
    return word


def _plain(text: str) -> str:
    """The text with HTML code and bold words turned into Markdown, and entities decoded."""
    if "<" not in text and "&" not in text:
        return text
    return _BOLD.sub(r"**\2**", _CODE.sub(r"`\2`", html.unescape(text)))


def _in_code(text: str) -> Iterator[str]:
    return (value for value in re.findall(r"`([A-Za-z][A-Za-z_-]{2,30})`", text))


def _is_state(value: str) -> bool:
    word = spelled(value)
    return bool(word) and word not in _REMARKS and any_known([value])


def _in_a_row(text: str) -> list[str]:
    parts = re.split(r"\s*(?:,|/|\||;|\bor\b|\band\b)\s*", text)
    return list(dict.fromkeys(part for part in parts if part))


def _filter_words(name: str, noun: str) -> tuple[str, ...]:
    words = [singular(word) for word in tokens(name)]
    about = {*tokens(noun), "filter", "in", "eq", "by", "is"}
    return tuple(word for word in words if word not in about)


_LEADS = re.compile(
    r"\b(?:becomes?|(?:changes?|changed|set|sets|moves?|moved|goes|transitions?|switches)"
    r"(?: [\w`-]+){0,4}? (?:to|into))[ :]+(?:the )?[`*\"']+([\w -]{2,40}?)[`*\"']",
    re.IGNORECASE,
)
_OR_ANOTHER = re.compile(r"[`*\"']*(?:\s*[,/]\s*(?:or\s+)?|\s+or\s+)[`*\"']+[\w -]+[`*\"']")
"""Another value after one: `A`, `B` or `C`."""
_ALSO = re.compile(r"\s*(?:,\s*(?:or\s+)?|/\s*|\s+or\s+)([\w-]+)", re.IGNORECASE)
_STATE = r"\b(?:status|state)"
_MOVING = (
    r"\b(?:set|put|mov|chang|switch|revert|return|reset|turn|transition|updat|br(?:ing|ought)"
    r"|plac|restor|go)(?:s|es|e|ed|d|t|ing)?\b"
)
_UNLESS = re.compile(
    r"\b(?:if|when|while|unless|only|must|can(?:no|')t|until|already|should|not|without)\b", re.I
)
_SENTENCES = re.compile(
    r"(?<=[.!?;:])\s+|\n\s*\n|\n(?=\s*(?:[*+-]|\d+[.)]|\||#)\s)|<br\s*/?>|</?(?:p|li|span|div)\b[^>]*>",
    re.IGNORECASE,
)
"""What separates sentences; a line that ends within one does not."""
_SPACES = re.compile(r"[\s_-]+")
_MARKUP = re.compile(r"<[^>]*>|[`*\"\u201c\u201d\u2018]|\B'|'\B")


def sentences(text: str) -> list[str]:
    """The sentences of a text, each on one line."""
    return [" ".join(one.split()) for one in _SENTENCES.split(text)]


def led_to(text: str, values: Sequence[str]) -> str | None:
    """The state that an operation leads to, by its text: ``The state becomes `sent` ``, `Reverts it
    to draft state`, `Marks it as spam`. None if there are several. Sentences with a condition are
    left out."""
    found = {
        match[1]
        for match in _LEADS.finditer(text)
        if match[1] in values and not _OR_ANOTHER.match(text, match.end(1))
    }
    if not found and _may_name(_MARKUP.sub("", text), values):
        for sentence in sentences(text):
            sentence = _MARKUP.sub("", sentence)
            if not _may_lead(sentence, values) or _UNLESS.search(sentence):
                continue
            pattern, spelt = _leading(tuple(values))
            for match in pattern.finditer(sentence):
                part = next(filter(None, match.groups()))
                after = _ALSO.match(sentence, match.end())
                if after is None or _squeezed(after[1]) not in spelt:
                    found.add(spelt[_squeezed(part)])
    return found.pop() if len(found) == 1 else None


def first_state(text: str, values: Sequence[str]) -> str | None:
    """The initial state, by a text: "The initial state is open", "It is created with the status
    `ACTIVE`"."""
    text = _MARKUP.sub("", text)
    if not _may_name(text, values):
        return None
    pattern, spelt = _beginning(tuple(values))
    found = pattern.search(text)
    part = next(filter(None, found.groups()), None) if found is not None else None
    return spelt[_squeezed(part)] if part is not None else None


def _squeezed(value: str) -> str:
    """A state without spaces, underscores and case."""
    return spelled(value).replace("_", "")


def _may_name(text: str, values: Sequence[str]) -> bool:
    """Whether a text has one of these states, with any spaces: a cheap test before the patterns."""
    plain = _SPACES.sub("", text).lower()
    return any((word := _squeezed(v)) and word in plain for v in values)


@lru_cache(maxsize=4096)
def _beginning(values: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """The pattern of texts that name one of these states as the initial one."""
    one, spelt = _one_of(values)
    being = r"(?:is|of|will be|:|are|=)"
    created = r"\b(?:created|starts?|begins?|added|made)(?: out)? (?:with|in|as)(?: the| a| an)?"
    set_at_first = r"\binitiali[sz]ed (?:as|to|with|in)(?: the| a| an)?"
    forms = (
        rf"{_STATE} of (?:an? |the )?(?:newly[ -]created|new) [\w ]{{1,30}}? {being} {one}",
        rf"\b(?:initial|first|default|starting) (?:status|state) {being} (?:the )?{one}",
        rf"{created} (?:initial )?(?:status|state)(?: of)? {one}",
        rf"{created} {one} (?:status|state)\b",
        rf"\b(?:created|starts?|begins?) as (?:an? )?{one}",
        rf"{set_at_first} (?:(?:status|state) )?{one}",
    )
    return re.compile("|".join(forms) if one else r"(?!)", re.IGNORECASE), spelt


def _one_of(values: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """A pattern for one of these states, and the states by their text without spaces and case."""
    spelt = {_squeezed(value): value for value in values}
    words = sorted((spelled(value) for value in values if spelled(value)), key=len, reverse=True)
    listed = "|".join(word.replace("_", r"[\s_-]*") for word in words)
    return (rf"({listed})\b" if words else ""), spelt


def _may_lead(sentence: str, values: Sequence[str]) -> bool:
    """Whether a sentence has a word of each form of `_leading`, which takes long to make."""
    lower = sentence.lower()
    return any(word in lower for word in _LEADING) and _may_name(sentence, values)


_LEADING = ("status", "state", "becomes", "mark")


@lru_cache(maxsize=4096)
def _leading(values: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """The pattern of texts that name one of these states as the next one."""
    one, spelt = _one_of(values)
    to = r"(?:to|into|in|as)(?: the| a| an)?"
    forms = (
        rf"\benters? (?:the )?(?:status|state)(?: of)? {one}",
        rf"{_STATE}(?: of [\w ]{{1,40}}?)?(?: is)?"
        r"(?: (?:set|changes?d?|updated|move[sd]|goes|switche[sd]))?"
        rf"(?: from [\w ,]{{1,40}}?)? (?:to|into|becomes|as|will be) (?:the )?{one}",
        rf"{_MOVING}[^.;]{{0,80}}? {to} {one} (?:status|state)\b",
        rf"{_MOVING}[^.;]{{0,80}}? {to} (?:status|state)(?: of)? {one}",
        rf"\bbecomes {one}(?: again)?(?=\s*(?:[.;,]|$))",
        rf"\bmark(?:s|ed|ing)?\b[\w ,']{{1,60}}? as (?:an? |being )?{one}",
    )
    return re.compile("|".join(forms) if one else r"(?!)", re.IGNORECASE), spelt
