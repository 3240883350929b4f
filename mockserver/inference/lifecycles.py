"""Which property is the status of a resource, whether it changes with time, and what follows.

The evidence for and against a job is weighed in one table, `JOB`. `states.py` reads the words of
the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.inference import state_words as known
from mockserver.inference.model import NEXT, Action, Because, Confidence, Path, Resource, States
from mockserver.inference.outcomes import (
    COMPLETED,
    ENDED,
    STARTED,
    is_progress,
    moment_of,
)
from mockserver.inference.parts import USUAL, has_properties
from mockserver.inference.stateless import PERSONS, by_flags, by_moments
from mockserver.inference.states import (
    SUCCESS,
    birth_of,
    kind_of,
    read_states,
    spelled,
)  # fmt: skip
from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas

_NAMES = ("status", "state", "phase", "stage", "lifecycle", "statut", "estado", "etat", "stato")
_INNER = ("state", "status", "code", "phase", "name", "value", "type")
_USUAL = ("pending", "running", "completed", "failed", "cancelled")

JOB = {
    "work": 3,  # a value means work in progress
    "end": 2,  # a value means that work is done
    "way": 1,  # there is a path from the initial state to success
    "failure": 1,  # it can fail
    "accepted": 3,  # the create answers 202
    "moments": 2,  # it has timestamps for start or end
    "progress": 2,
    "asked": 2,  # it can be cancelled or retried
    "noun": 2,
    "told": 2,  # the document says that it runs in the background
    "sent": -4,  # clients set the status on create
    "changed": -4,  # clients change the status
    "person": -4,  # a person ends the initial state
    "vague": -2,  # there is no enum
}
"""What speaks for a job: its status changes with time, and what against it."""
MOVES = 4
"""From here on it does."""

_BACKGROUND = re.compile(
    r"asynchron|in the background|\bpoll(?:ing|ed)?\b|long[- ]running|will be (?:processed|queued)"
    r"|queued for|(?:is|are) (?:being )?processed|once (?:it|the \w+) (?:is|has) "
    r"(?:been )?(?:complete|finish|process|ready)|starts? (?:a|an|the) [\w -]{0,30}"
    r"(?:job|task|run|export|import|process)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hints:
    """Other evidence about the status of a resource.

    `sent` are the properties that a client may set on create, `changed` those it may set later,
    with the values in `choices` where the update lists fewer than the resource has;
    `accepted`: the create answers 202; `asked` are the enum values of query parameters; `texts` are
    the descriptions.
    """

    noun: str = ""
    sent: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    accepted: bool = False
    asked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A property that can be the status."""

    name: str
    values: list[str]
    because: Because
    inner: Path = ()
    default: object = None


def states_of(
    schemas: Schemas, flat: Flat, hints: Hints, holder: str | None = None
) -> States | None:
    """The status of a resource, if it has one. Whether it changes with time is decided later."""
    candidates = list(_properties(schemas, flat, hints))
    if not candidates:
        job = _is_job(schemas, flat, hints)
        return by_flags(schemas, flat, hints.noun, hints.sent, holder, job=job) or by_moments(
            schemas, flat, hints.noun, hints.sent, job=hints.accepted or _background(hints)
        )
    found, *others = candidates
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
        birth=birth_of(reading, found.default),
        path=reading.path,
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
        started=moment_of(schemas, flat, STARTED),
        ended=moment_of(schemas, flat, ENDED | COMPLETED),
    )


def _way_of(found: Found) -> tuple[str, ...]:
    """The states of another status property; only the first if nothing suggests work."""
    reading = read_states(found.values)
    birth = birth_of(reading, found.default)
    works = bool(reading.of("active")) and bool(reading.of(SUCCESS))
    return reading.path if works and birth in reading.path[:1] else (birth,) if birth else ()


def _properties(schemas: Schemas, flat: Flat, hints: Hints) -> Iterator[Found]:
    """The candidate properties, best first."""
    own = set(tokens(hints.noun))
    found: list[tuple[int, int, Found]] = []
    vague: list[str] = []
    texts: list[str] = []
    for place, name in enumerate(flat.properties):
        words = tokens(name)
        schema = flat.properties[name]
        if not words or words[-1] not in _NAMES:
            found.extend(
                (_worth(one, words, own) - 3, place, one) for one in _inside(schemas, name, schema)
            )
            continue
        values = enumerated(schemas, schema)
        if len(values) < 2:
            texts.append(name)
            found.extend(
                (_worth(one, words, own), place, one) for one in _deeper(schemas, name, schema)
            )
        elif _speaks(values):
            one = Found(name, values, _one_of(name, values), (), _default(schemas, schema))
            found.append((_worth(one, words, own), place, one))
        else:
            vague.append(name)
    for _, _, one in sorted(found, key=lambda each: (-each[0], each[1])):
        yield one
    for name in vague:
        values = enumerated(schemas, flat.properties[name])
        yield Found(name, values, _one_of(name, values))
    for name in sorted(texts, key=lambda one: (_NAMES.index(tokens(one)[-1]), len(tokens(one)))):
        yield from _open_text(schemas, flat, hints, name)


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
        if words and words[-1] in _NAMES:
            values = enumerated(schemas, one)
            if len(values) >= 2 and _speaks(values):
                yield Found(name, values, _one_of(f"{name}.{deeper}", values), (deeper,))
                return


def _speaks(values: Iterable[str]) -> bool:
    """Whether any value is a known state; the states of an address (`NSW`) are not."""
    return any(kind_of(value) != "other" or spelled(value) in known.ASIDE for value in values)


def _deeper(schemas: Schemas, name: str, schema: Any) -> Iterator[Found]:
    """`status.state`: an object that holds the state."""
    inner = schemas.flat(schema)
    if "object" not in inner.types:
        return
    spelt = {spelled(one): one for one in inner.properties}
    for deeper in (spelt[word] for word in _INNER if word in spelt):
        values = enumerated(schemas, inner.properties[deeper])
        if len(values) >= 2 and _speaks(values):
            yield Found(name, values, _one_of(f"{name}.{deeper}", values), (deeper,))
            return


def _open_text(schemas: Schemas, flat: Flat, hints: Hints, name: str) -> Iterator[Found]:
    """A text without an enum: its states come from its description and from the list's filters."""
    own = tokens(hints.noun)[-1:]
    schema = schemas.plain(flat.properties[name])
    if schema.get("type") not in ("string", ["string", "null"], ["null", "string"]):
        return
    if schema.get("enum"):
        return
    said = spoken_values(f"{schema.get('title', '')} {schema.get('description', '')}")
    if len(said) >= 2:
        text = f"the description of `{name}` speaks of {', '.join(said)}"
        yield Found(name, said, Because(text), (), _default(schemas, schema))
        return
    if tokens(name)[:-1] not in ((), own):
        return
    asked = [v for v in hints.asked.get(name, ()) if isinstance(v, str)]
    if len(asked) >= 2:
        why = f"lists can be filtered by `{name}`: {', '.join(asked)}"
        yield Found(name, asked, Because(why))
    elif _is_job(schemas, flat, hints):
        why = f"`{name}` is any text: the usual states of a job"
        yield Found(name, list(_USUAL), Because(why, "guess"))
    else:
        yield Found(name, [], Because(f"`{name}` is any text", "guess"))


def _is_job(schemas: Schemas, flat: Flat, hints: Hints) -> bool:
    moments = moment_of(schemas, flat, STARTED) or moment_of(schemas, flat, ENDED | COMPLETED)
    progress = any(is_progress(schemas, s, n) for n, s in flat.properties.items())
    noun = tokens(hints.noun)[-1:] and tokens(hints.noun)[-1] in known.JOBS
    return bool(moments) or hints.accepted or progress or bool(noun and _background(hints))


_QUOTED = re.compile(r"[`'\"\u201c\u2018*]+([A-Za-z][A-Za-z_ -]{1,30}[A-Za-z])[`'\"\u201d\u2019*]+")
_LISTED = re.compile(
    r"(?:one of|values?(?: are| is| include)?|can be|may be|either|possible \w+|statuse?s|states?)"
    r"[\s:=(]+((?:[A-Za-z_-]+(?:\s*(?:,|/|\||;|\bor\b|\band\b)\s*)+)+[A-Za-z_-]+)",
    re.IGNORECASE,
)


def spoken_values(text: str) -> list[str]:
    """The states that a description lists, quoted or in a row."""
    quoted = list(dict.fromkeys(_QUOTED.findall(text)))
    for found in (quoted, *(_in_a_row(match) for match in _LISTED.findall(text))):
        sure = [value for value in found if spelled(value) and _speaks([value])]
        if len(sure) >= 2 and len(sure) * 2 >= len(found):
            return sure if found is quoted else found
    return []


def _in_a_row(text: str) -> list[str]:
    parts = re.split(r"\s*(?:,|/|\||;|\bor\b|\band\b)\s*", text)
    return list(dict.fromkeys(part for part in parts if part))


def _default(schemas: Schemas, schema: Any) -> object:
    return schemas.flat(schema).notes.default


def enumerated(schemas: Schemas, schema: object) -> list[str]:
    """The enum of a property without null."""
    found: dict[str, None] = {}
    waiting, seen = [schema], set()
    for one in waiting:
        if id(one) not in seen:
            seen.add(id(one))
            flat = schemas.flat(one)
            found.update((value, None) for value in flat.values or () if isinstance(value, str))
            waiting.extend(branch for branches in flat.choices for branch in branches)
    return list(found)


# -- Whether time moves it


def decided(states: States, hints: Hints, actions: Iterable[Action]) -> States:
    """The states, with what the verbs imply: whether the resource is a job, and where it waits for
    a client."""
    actions = list(actions)
    orders = _orders(states, hints)
    if orders:
        states = _with_orders(states, orders)
    evidence = list(_evidence(states, hints, actions))
    score = sum(JOB[name] for name, _ in evidence)
    way = len(states.path) > 1 and any(value in states.success for value in states.path[1:])
    moves = way and score >= MOVES
    listed = "; ".join(text for name, text in evidence if text and JOB[name] > 0)
    against = "; ".join(text for name, text in evidence if text and JOB[name] < 0)
    sure: Confidence = "likely" if abs(score - MOVES) > 1 or not way else "guess"
    if moves:
        why = Because(f"a job: its status changes with time: {listed}", sure)
        instead = f"no job: its status stays as set: {against}" if against else None
    elif against and score + 4 >= MOVES:
        why = Because(f"no job: its status stays as set: {against}", sure)
        instead = f"a job: its status changes with time: {listed}" if listed and way else None
    else:
        why = Because("nothing says that it changes with time", sure)
        instead = f"a job: its status changes with time: {listed}" if listed and way else None
    first, *rest = states.because
    return replace(
        states,
        moves=moves,
        holds=tuple(_holds(states, actions, orders)),
        because=(first, why, *rest),
        instead=instead,
    )


def _evidence(states: States, hints: Hints, actions: list[Action]) -> Iterator[tuple[str, str]]:
    """The evidence for and against a job, as names of `JOB` with their texts."""
    if states.active:
        yield "work", f"{', '.join(states.active)} is work"
    done = [value for value in states.success if spelled(value) in known.JOB_DONE]
    if done:
        yield "end", f"{', '.join(done)} is the end of work"
    if len(states.path) > 1:
        yield "way", ""
    if states.failure:
        yield "failure", ""
    if hints.accepted:
        yield "accepted", "making one is answered with 202"
    if states.started or states.ended:
        both = " and ".join(f"`{name}`" for name in (states.started, states.ended) if name)
        yield "moments", f"it has {both}"
    if states.progress:
        yield "progress", f"it has `{states.progress}`"
    doing = sorted(
        {
            verb
            for action in actions
            if (verb := _verb(action)) in ("cancel", "retry", "stop", "abort", "rerun", "terminate")
        }
    )
    if doing:
        yield "asked", f"it can be asked to {', '.join(doing)}"
    if tokens(hints.noun)[-1:] and tokens(hints.noun)[-1] in known.JOBS:
        yield "noun", f"a {hints.noun.replace('_', ' ')} is work by its name"
    if _background(hints):
        yield "told", "the document says that it goes on in the background"
    own = states.inner[-1] if states.inner and states.name in USUAL else states.name
    orders = _orders(states, hints)
    changes = own in hints.changed and not orders
    sets = changes and any(action.kind in ("patch", "replace") for action in actions)
    if own in hints.sent:
        yield "sent", f"a client sets `{states.name}` when it makes one"
    if sets:
        yield "changed", f"a client changes `{states.name}`"
    first = spelled(states.birth or "")
    sent_on = orders or set(states.active) & _led_to(states, actions)
    if first in known.BY_PERSONS and not sent_on:
        yield "person", f"what is {states.birth} waits for somebody"
    ends = sorted({verb for action in actions if (verb := _verb(action)) in PERSONS})
    if not states.name and ends:
        yield "person", f"somebody has to {', '.join(ends)} it"
        yield "changed", ""
    if states.because[0].confidence == "guess":
        yield "vague", ""


def _is_systems(word: str) -> bool:
    """Whether the server ends a state on its own, whatever verbs exist."""
    return word in ("queued", "enqueued", "in_queue", "provisioning", "starting")


_BACK = bag("cancel retry rerun restart resume unpause reopen reactivate restore unarchive reboot")
"""Verbs that lead back to what was before, not on."""


def _verb(action: Action) -> str:
    return action.transition.verb if action.transition is not None else ""


def _background(hints: Hints) -> bool:
    return any(_BACKGROUND.search(text) for text in hints.texts)


def _led_to(states: States, actions: list[Action]) -> set[str]:
    """The states that verbs lead on to."""
    return {
        value
        for action in actions
        if action.transition is not None
        and action.kind == "transition"
        and action.transition.verb not in _BACK
        for name, value in action.transition.changes
        if name == states.name and isinstance(value, str)
    }


def _orders(states: States, hints: Hints) -> frozenset[str]:
    """The states that a client may set, where the server alone sets some of those of work."""
    found = hints.choices.get(states.name, frozenset()) & set(states.known)
    return found if found and set(states.active) - found else frozenset()


def _with_orders(states: States, orders: frozenset[str]) -> States:
    """What a client sets is an order, and no end of work as long as the server has one of its own:
    `UploadComplete` before `InProgress` and `JobComplete`."""
    ends = [value for value in states.success if value not in orders]
    begun = [value for value in states.success if value in orders]
    if not ends or not begun:
        return states
    first = [value for value in states.path if value not in states.success]
    place = next((i for i, value in enumerate(first) if value in states.active), len(first))
    path = (*first[:place], *begun, *first[place:], ends[-1])
    return replace(states, initial=(*states.initial, *begun), success=tuple(ends), path=tuple(path))


def _holds(
    states: States, actions: list[Action], orders: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The states that a client has to end: a verb leads to the next one, or the word implies it."""
    told_to = _led_to(states, actions) | orders
    for value, after in zip(states.path, states.path[1:], strict=False):
        word = spelled(value)
        if NEXT in told_to and value == states.birth and not _is_systems(word):
            yield value
            continue
        first = word.split("_")[0]
        if after in told_to and value in (*states.initial, states.birth):
            if not _is_systems(word):
                yield value
        elif word in known.BY_PERSONS:
            yield value
        elif value in states.initial and (word in known.WAITS or first in known.WAITS_FOR):
            later = set(states.path[states.path.index(value) + 1 :])
            waits = bool(states.timeout) and word != "pending"
            if later & told_to or waits:
                yield value


# -- Where it is known from


def with_decisions(
    resources: Mapping[str, Resource],
    hints: Mapping[str, Hints],
    actions: Mapping[str, Action],
) -> dict[str, Resource]:
    """The resources, with whether each is a job now that their verbs are known."""
    about: dict[str, list[Action]] = {}
    for action in actions.values():
        if action.resource is not None:
            about.setdefault(action.resource, []).append(action)
    found = dict(resources)
    for name, resource in resources.items():
        if resource.states is not None:
            states = decided(resource.states, hints[name], about.get(name, ()))
            found[name] = replace(resource, states=states)
    return found
