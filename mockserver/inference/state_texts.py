"""The states of a status without an enumeration: what descriptions, filters and examples say."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mockserver.inference import state_words as known
from mockserver.inference.states import kind_of, spelled
from mockserver.inference.words import singular, tokens

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
"""What operations are, or what is said in passing, as often as it is a state."""
_EVERY = frozenset(("all", "any", "both", "every"))
"""Values of a filter that are no states."""


def speaks(values: Iterable[str]) -> bool:
    """Whether any value is a known state; the states of an address (`NSW`) are not."""
    return any(kind_of(value) != "other" or spelled(value) in known.ASIDE for value in values)


def spoken_values(text: str) -> list[str]:
    """The states that a description lists, quoted or in a row."""
    text = _plain(text)
    quoted = list(dict.fromkeys(_QUOTED.findall(text)))
    for found in (quoted, *(_in_a_row(match) for match in _LISTED.findall(text))):
        sure = [value for value in found if spelled(value) and speaks([value])]
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
    name: str, noun: str, asked: Iterable[tuple[str, Sequence[object]]]
) -> list[str]:
    """The values of the filter of a list for a property: `state`, `filter[state]`, `state_in` or
    `campaign_statuses` for `campaignStatus`."""
    own = _filter_words(name, noun)
    for other, values in asked:
        texts = [v for v in values if isinstance(v, str) and v.lower() not in _EVERY]
        if len(texts) > 1 and _filter_words(other, noun) == own:
            return texts
    return []


def shown_values(shown: Iterable[Mapping[str, object]], name: str) -> list[str]:
    """The states that examples of an entity have in a property."""
    found = (entity.get(name) for entity in shown)
    texts = (each for each in found if isinstance(each, str) and len(each) <= 30)
    return [each for each in dict.fromkeys(texts) if _is_state(each)]


def styled(word: str, like: Iterable[str]) -> str:
    """A state written as the others are: `PAUSED` beside `RUNNING`."""
    others = [value for value in like if value]
    if others and all(value.isupper() for value in others):
        return word.upper()
    if others and all(value[0].isupper() for value in others):
        return word[0].upper() + word[1:]
    return word


def _plain(text: str) -> str:
    """The text with code and bold words as in Markdown, and without character references."""
    if "<" not in text and "&" not in text:
        return text
    return _BOLD.sub(r"**\2**", _CODE.sub(r"`\2`", html.unescape(text)))


def _in_code(text: str) -> Iterator[str]:
    return (value for value in re.findall(r"`([A-Za-z][A-Za-z_-]{2,30})`", text))


def _is_state(value: str) -> bool:
    word = spelled(value)
    return bool(word) and word not in _REMARKS and speaks([value])


def _in_a_row(text: str) -> list[str]:
    parts = re.split(r"\s*(?:,|/|\||;|\bor\b|\band\b)\s*", text)
    return list(dict.fromkeys(part for part in parts if part))


def _filter_words(name: str, noun: str) -> tuple[str, ...]:
    words = [singular(word) for word in tokens(name)]
    about = {*tokens(noun), "filter", "in", "eq", "by", "is"}
    return tuple(word for word in words if word not in about)
