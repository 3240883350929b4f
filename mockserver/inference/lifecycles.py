"""Which property is the status of a resource, and which values it has.

`states.py` reads the words of the values; `decisions.py` decides whether time changes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from mockserver.inference import state_words as known
from mockserver.inference.outcomes import (
    COMPLETED,
    ENDED,
    STARTED,
    WORK_ENDED,
    is_progress,
    moment_of,
)
from mockserver.inference.parts import USUAL, has_properties
from mockserver.inference.resource_model import Because, Path, States
from mockserver.inference.state_texts import (
    Code,
    any_known,
    codes_of,
    filtered_values,
    first_state,
    named_values,
    quoted_states,
    shown_values,
    spoken_values,
    styled,
)
from mockserver.inference.stateless import by_flags, by_moments, by_progress, has_done_flag
from mockserver.inference.states import (
    ACTIVE,
    INITIAL,
    OTHER,
    SUCCESS,
    Reading,
    is_job,
    kind_of,
    read_states,
    spelled,
)  # fmt: skip
from mockserver.inference.words import bag, noun, tokens
from mockserver.openapi.schemas.formats import alternatives
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass

_NAMES = ("status", "state", "phase", "stage", "lifecycle", "statut", "estado", "etat", "stato")
_SPELLED = tuple((name,) for name in _NAMES)
_CODED = (("code",), ("name",), ("value",))
_INNER = ("state", "status", "status_code", "state_code", "code", "phase", "name", "value", "type")
_USUAL = ("pending", "running", "completed", "failed", "cancelled")
_OTHERS = bag("last previous prior old from default")
"""What begins the name of a status that is not the present one."""

_BACKGROUND = re.compile(
    r"asynchron|in the background|\bpoll(?:ing|ed)?\b|long[- ]running|will be (?:processed|queued)"
    r"|queued for|(?:is|are) (?:then )?(?:being )?processed|once (?:it|the \w+) (?:is|has) "
    r"(?:been )?(?:complete|finish|process|ready)|starts? (?:a|an|the) [\w -]{0,30}"
    r"(?:job|task|run|export|import|process)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class Hints:
    """Other evidence about the status of a resource.

    `sent` are the properties that a client may set on create, `changed` those it may set later,
    with the values in `choices` where the update lists fewer than the resource has;
    `accepted`: the create answers 202; `shared`: it sends the schema that it responds with;
    `whole`: so does every update; `filters` are the enum values of query parameters; `texts` are
    the descriptions; `spoken` are those of every operation on one; `shown` are the examples of one
    in responses; `made` says how one is made, `begins` are the values that its response lists;
    `others` are the nouns of other resources. `read`: its paths only read one by its id;
    `status_only`: one of them reads only its status.
    """

    noun: str = ""
    sent: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    accepted: bool = False
    shared: bool = False
    whole: bool = False
    filters: Mapping[str, Sequence[object]] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    shown: tuple[Mapping[str, object], ...] = ()
    made: tuple[str, ...] = ()
    begins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    read: bool = False
    status_only: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A property that can be the status."""

    name: str
    values: list[str]
    because: Because
    inner: Path = ()
    default: object = None
    open: bool = False
    """Whether it may have other values as well: it is any text."""
    codes: Mapping[str, Code] = field(default_factory=dict)
    """The code of each value, where the property has codes."""


def states_of(
    schemas: Schemas, flat: Flat, hints: Hints, holder: str | None = None
) -> States | None:
    """The status of a resource, if it has one. Whether it changes with time is decided later."""
    candidates = list(_properties(schemas, flat, hints))
    if not candidates:
        job = _is_job(schemas, flat, hints)
        accepted = hints.accepted or is_background(hints)
        about, sent = hints.noun, hints.sent
        return (
            by_flags(schemas, flat, about, sent, holder, job=job)
            or by_moments(schemas, flat, about, sent, job=accepted)
            or by_progress(schemas, flat, about, sent, job=accepted)
        )
    found, *others = candidates
    said = (*hints.made, *_said(schemas, flat, found))
    first = first_state("\n".join(said), found.values)
    reading = read_states(found.values, tokens(hints.noun))
    kinds: dict[str, Any] = {
        kind: reading.of(kind)
        for kind in ("initial", "active", "success", "failure", "cancelled", "other")
    }
    because = [found.because]
    if reading.unplaced:
        because.append(Because(f"values not placed: {', '.join(reading.unplaced)}"))
    states = States(
        name=found.name,
        inner=found.inner,
        new=_fitting(first or new_state_of(reading, found.default), reading, found, hints),
        path=reading.path,
        open=found.open,
        codes=found.codes,
        leads=reading.leads,
        unplaced=reading.unplaced,
        because=tuple(because),
        beside={
            one.name: way
            for one in others
            if not one.inner
            and one.values
            and one.because.confidence == "certain"
            and one.name not in hints.sent
            and (way := _way_of(one))
        },
        **kinds,
    )  # fmt: skip
    return replace(
        states,
        started=moment_of(schemas, flat, STARTED, hints.sent),
        ended=moment_of(schemas, flat, ENDED | COMPLETED, hints.sent),
    )


def new_state_of(reading: Reading, default: object = None) -> str:
    """The initial state: never a terminal one that the entity has to reach first."""
    values = list(reading.kinds)
    said = isinstance(default, str) and default in reading.kinds
    if said and (spelled(str(default)).split("_")[-1] not in known.UNKNOWN or not reading.path):
        return str(default)
    if not values:
        return ""
    first = values[0]
    waiting = any(spelled(value) in known.RESTING for value in reading.of(INITIAL))
    settled = not reading.of(ACTIVE) and first in reading.of(SUCCESS) and not waiting
    sorted_by_name = values == sorted(values)
    if settled and not sorted_by_name and spelled(first).split("_")[-1] in known.STANDING:
        return first
    for kind in (INITIAL, ACTIVE):
        if reading.of(kind):
            return reading.of(kind)[0]
    standing = [v for v in reading.of(SUCCESS) if spelled(v).split("_")[-1] in known.STANDING]
    if standing:
        return standing[0]
    never = known.REMOVED | {"unknown", "none", "unspecified", "undefined", "other", "archived"}
    aside = known.ASIDE | never
    # What is `held` at first comes first in a list that is not sorted by name.
    alive = [
        v
        for v in reading.of(OTHER)
        if spelled(v).split("_")[-1] not in (aside if sorted_by_name or v != first else never)
    ]
    return next(iter((*alive, *reading.of(SUCCESS), *values)))


def _fitting(first: str, reading: Reading, found: Found, hints: Hints) -> str:
    """The initial state, as the response to a create can show it: one that lists `ACTIVE` alone
    comes after the work."""
    listed = hints.begins.get(found.name, frozenset()) if not found.inner else frozenset()
    ways = (first, *reading.path, *reading.kinds)
    return next((value for value in ways if value in listed), first)


def _said(schemas: Schemas, flat: Flat, found: Found) -> Iterator[str]:
    """What the document says of a status."""
    for name in (found.name, *found.inner):
        schema = flat.properties.get(name)
        text = schemas.plain(schema).get("description")
        if isinstance(text, str):
            yield text
        flat = schemas.flat(schema)


def _way_of(found: Found) -> tuple[str, ...]:
    """The states of another status property; only the first if nothing suggests work."""
    reading = read_states(found.values)
    new = new_state_of(reading, found.default)
    works = bool(reading.of("active")) and bool(reading.of(SUCCESS))
    return reading.path if works and new in reading.path[:1] else (new,) if new else ()


def _properties(schemas: Schemas, flat: Flat, hints: Hints) -> Iterator[Found]:
    """The candidate properties, best first."""
    own = {*tokens(hints.noun), hints.noun}
    found: list[tuple[int, int, Found]] = []
    vague: list[str] = []
    texts: list[str] = []
    for place, name in enumerate(flat.properties):
        words = tokens(name)
        schema = flat.properties[name]
        if words[:1] and words[0] in _OTHERS:
            continue  # `last_run_status` is of something else
        if (
            words[-1:] in _CODED
            and words[-2:-1] in _SPELLED
            and any_known(enumerated(schemas, schema))
        ):
            words = words[:-1]  # `StatusCode`, if it is a word
        if not words or words[-1] not in _NAMES:
            if noun(name) not in hints.others or noun(name) in own:
                found.extend(
                    (_worth(one, tokens(one.inner[-1]), own) - 5, place, one)
                    for one in _inside(schemas, name, schema)
                )
            continue
        values = enumerated(schemas, schema)
        coded = _in_codes(schemas, name, schema, hints)
        if coded is not None:
            found.append((_worth(coded, words, own), place, coded))
        elif len(values) < 2:
            texts.append(name)
            found.extend(
                (_worth(one, words, own), place, one) for one in _deeper(schemas, name, schema)
            )
        elif any_known(values):
            one = Found(name, values, _one_of(name, values), (), _default(schemas, schema))
            found.append((_worth(one, words, own), place, one))
        else:
            vague.append(name)
    for _, _, one in sorted(found, key=lambda each: (-each[0], each[1])):
        yield one
    for name in vague:
        values = enumerated(schemas, flat.properties[name])
        yield Found(name, values, _one_of(name, values))
    about = tokens(hints.noun)
    whole = ((), about, about[-1:])

    def rank(name: str) -> tuple[bool, int, int]:
        *words, last = tokens(name)
        return tuple(words) not in whole, _NAMES.index(last), len(words)

    for name in sorted(texts, key=rank):
        yield from _open_text(schemas, flat, hints, name)
    for name in flat.properties:
        if name.lower() in USUAL:
            yield from _text_inside(schemas, name, flat.properties[name], hints)


def _text_inside(schemas: Schemas, name: str, schema: Any, hints: Hints) -> Iterator[Found]:
    """A status without an enum in the part that has most of the entity, if its states are known:
    `properties.provisioningState`."""
    if not has_properties(schemas, schema):
        return
    inner = schemas.flat(schema)
    for deeper, one in inner.properties.items():
        words = tokens(deeper)
        if words and words[-1] in _NAMES and words[0] not in _OTHERS:
            for found in (
                _open_text(schemas, inner, hints, deeper) if not enumerated(schemas, one) else ()
            ):
                if len(found.values) > 1:
                    yield replace(found, name=name, inner=(deeper,))


def _in_codes(schemas: Schemas, name: str, schema: Any, hints: Hints) -> Found | None:
    """A status whose values are codes that the document explains."""
    codes = codes_of(schemas, schema, hints.spoken)
    if not codes:
        return None
    listed = ", ".join(f"{code} is {state}" for state, code in codes.items())
    default = _default(schemas, schema)
    first = next((state for state, code in codes.items() if code == default), None)
    why = Because(f"`{name}` has codes: {listed}", "certain")
    return Found(name, list(codes), why, (), first, codes=codes)


def _one_of(name: str, values: Iterable[str]) -> Because:
    return Because(f"`{name}` is one of {', '.join(values)}", "certain")


def _worth(found: Found, words: tuple[str, ...], own: set[str]) -> int:
    """How much a property looks like a status, by its values and its name."""
    reading = read_states(found.values)
    strange = [word for word in words[:-1] if word not in own | _PLAIN]
    work = 2 if reading.of("active") else 0
    way = 1 if len(reading.path) > 1 and reading.of(SUCCESS) else 0
    order = {"status": 2, "state": 2}.get(words[-1], 0)
    return work + way + order - 3 * len(strange)


_PLAIN = bag("current processing process job run overall lifecycle ready execution task latest")


def _inside(schemas: Schemas, name: str, schema: Any) -> Iterator[Found]:
    """A status in a nested object: `attributes.status`, `nav.status`."""
    if not has_properties(schemas, schema):
        return
    inner = schemas.flat(schema)
    if "object" not in inner.types or "id" in inner.properties:
        return
    for deeper, one in inner.properties.items():
        words = tokens(deeper)
        if words and words[-1] in _NAMES and words[0] not in _OTHERS:
            values = enumerated(schemas, one)
            if len(values) >= 2 and any_known(values):
                yield Found(name, values, _one_of(f"{name}.{deeper}", values), (deeper,))
            for found in () if values else _deeper(schemas, deeper, one):
                yield replace(found, name=name, inner=(deeper, *found.inner))


def _deeper(schemas: Schemas, name: str, schema: Any) -> Iterator[Found]:
    """`status.state`: an object that holds the state."""
    inner = schemas.flat(schema)
    if "object" not in inner.types:
        return
    spelt = {spelled(one): one for one in inner.properties}
    for deeper in (spelt[word] for word in _INNER if word in spelt):
        values = enumerated(schemas, inner.properties[deeper])
        if len(values) >= 2 and any_known(values):
            yield Found(name, values, _one_of(f"{name}.{deeper}", values), (deeper,))
            return


def _open_text(schemas: Schemas, flat: Flat, hints: Hints, name: str) -> Iterator[Found]:
    """A text without an enum: its states come from descriptions, from the filters of lists and
    from examples."""
    schema = schemas.plain(flat.properties[name])
    if schema.get("type") not in ("string", ["string", "null"], ["null", "string"]):
        return
    if schema.get("enum"):
        return
    default = _default(schemas, schema)
    called = known.USUAL_OF.get("_".join(tokens(name)[:-1]))
    described = spoken_values(f"{schema.get('title', '')} {schema.get('description', '')}")
    about = set(tokens(name)[:-1]) <= {*tokens(hints.noun), *_PLAIN}
    filtered = filtered_values(name, hints.noun, hints.filters.items()) if about else []
    named = named_values(hints.spoken) if about and (described or not filtered) else []
    shown = shown_values(hints.shown, name) if about or described else []
    values = _once((*named, *described) if described else (*named, *shown))
    job = about and _is_job(schemas, flat, hints)
    if len(filtered) >= 2 and not described:
        why = f"lists can be filtered by `{name}`: {', '.join(filtered)}"
        yield Found(name, filtered, Because(why), (), default, open=True)
    elif called is not None and name not in hints.sent:
        states = [*called, *(value for value in described if value not in called)]
        why = f"`{name}` is any text: the usual states of its name"
        yield Found(name, states, Because(why), (), default, open=True)
    elif len(values) >= 2:
        text = f"descriptions speak of {', '.join(values)}"
        begun = {kind_of(v) for v in values if spelled(v) not in known.ENDINGS}
        begun &= {"initial", "active"}
        if job and not begun:
            values = [*(styled(one, values) for one in _USUAL[:2]), *values]
        yield Found(name, values, Because(text), (), default, open=True)
    elif not about:
        return
    elif job:
        why = f"`{name}` is any text: the usual states of a job"
        spoken = {kind_of(value): value for value in quoted_states(name, hints.spoken)}
        like = [*values, *_example(schema)]
        usual = [spoken.get(kind_of(one)) or styled(one, like) for one in _USUAL]
        yield Found(name, usual, Because(why, "guess"), (), default, open=True)
    else:
        values = values or [value for value in _example(schema) if any_known([value])]
        text = f"`{name}` is any text" + (f", such as {values[0]}" if values else "")
        yield Found(name, values, Because(text, "guess"), (), default, open=True)


def _once(values: Iterable[str]) -> list[str]:
    """The values in their order, each in the first of its spellings."""
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(spelled(value), value)
    return list(found.values())


def _example(schema: Mapping[str, Any]) -> list[str]:
    """The example of a property, if it is one word."""
    value = schema.get("example")
    return [value] if isinstance(value, str) and re.fullmatch(r"[A-Za-z_-]{2,30}", value) else []


_WORK = {
    "sure": 3,  # a noun of nothing but work
    "noun": 2,
    "accepted": 3,  # the create answers 202
    "documented": 2,  # the document says that it runs in the background
    "moments": 3,  # it has timestamps for both the start and the end of work
    "moment": 1,  # ... for its end alone, or those of any period if it is work by its name
    "progress": 2,
    "done": 1,  # a flag says that it is done
    "read": 1,  # it can only be looked at
    "status": 3,  # there is nothing to see of it but its status
}
"""What speaks for work where no values of a status do."""
_ENOUGH = 3


def _is_job(schemas: Schemas, flat: Flat, hints: Hints) -> bool:
    return sum(_WORK[name] for name in _signs_of_work(schemas, flat, hints)) >= _ENOUGH


def _signs_of_work(schemas: Schemas, flat: Flat, hints: Hints) -> Iterator[str]:
    """The evidence for work, as names of `_WORK`."""
    words = tokens(hints.noun)
    if words and (words[-1] in known.SURE_JOBS or words[0] in known.JOBS_FIRST):
        yield "sure"
    elif is_job(hints.noun):
        yield "noun"
    if hints.accepted:
        yield "accepted"
    if is_background(hints):
        yield "documented"
    started, ended = (moment_of(schemas, flat, one, hints.sent) for one in (STARTED, WORK_ENDED))
    if started and ended:
        yield "moments"
    elif ended or (is_job(hints.noun) and moment_of(schemas, flat, STARTED | ENDED, hints.sent)):
        yield "moment"
    if any(is_progress(schemas, one, name) for name, one in flat.properties.items()):
        yield "progress"
    if has_done_flag(schemas, flat, hints.sent):
        yield "done"
    if hints.read:
        yield "read"
    if hints.status_only:
        yield "status"


def _default(schemas: Schemas, schema: Any) -> object:
    return schemas.flat(schema).notes.default


def enumerated(schemas: Schemas, schema: object) -> list[str]:
    """The enum of a property without null, or the words that its pattern lists."""
    found: dict[str, None] = {}
    waiting, seen = [schema], set()
    for one in waiting:
        if id(one) not in seen:
            seen.add(id(one))
            flat = schemas.flat(one)
            values = flat.values or alternatives(flat.rules.get("pattern", ""))
            found.update((value, None) for value in values if isinstance(value, str))
            waiting.extend(branch for branches in flat.choices for branch in branches)
    return list(found)


def is_background(hints: Hints) -> bool:
    """Whether the document says that the work goes on after a response."""
    return any(map(says_background, hints.texts))


def says_background(text: str) -> bool:
    """Whether a text says so of the operation that it describes."""
    return bool(_BACKGROUND.search(text))
