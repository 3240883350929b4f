"""Properties that follow from the state of an entity: moments, results, faults, progress, flags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import lru_cache
from typing import Any

from mockserver.inference import state_words as known
from mockserver.inference.parts import has_properties
from mockserver.inference.resource_model import States
from mockserver.inference.states import (
    ACTIVE,
    CANCELLED,
    FAILURE,
    SUCCESS,
    is_job,
    kind_of,
    spelled,
)
from mockserver.inference.verbs import called_after
from mockserver.inference.words import bag, is_expiry, moment_stem, snake_case, tokens
from mockserver.openapi.model import Operation
from mockserver.openapi.schemas.formats import reader
from mockserver.openapi.schemas.resolved import Flat, Schemas

STARTED = bag("started start began begin begun running processing in_progress launched")
ENDED = bag("ended end finished finish stopped stop closed terminated done processed")
COMPLETED = bag("completed complete completion succeeded success done finished")
PERIOD = bag("ended end stop stopped closed terminated")
"""Ends of what need not be work: a meeting, a contract."""
WORK_ENDED = (ENDED | COMPLETED) - PERIOD
RESULTS = bag(
    "result results output outputs download downloads artifact artifacts report summary score "
    "scores duration elapsed size bytes pages transcript transcription recording response answer "
    "completion metrics usage preview expires file files solution solutions analysis findings "
    "insights conclusion"
)
CONTENTS = bag("content contents data")
"""Paths at which there are results."""
_CONTENT = bag(
    "text content contents body html markdown image images video videos audio media url urls words "
    "segments utterances sentences chapters paragraphs translation translations caption captions "
    "subtitles confidence embedding embeddings"
)
"""What a job makes, if it may be null."""
_MADE = bag(
    "attachments images videos clips frames pages artifacts transcripts downloads documents"
)
"""What a job makes, if there may be several."""
_BY_WORK = re.compile(
    r"(?<!system[- ])(?<!server[- ])(?<!auto[- ])(?<!automatically )"
    r"\b(?:generated|extracted|resulting|produced)\b",
    re.IGNORECASE,
)
_IS_SENT = re.compile(r"\b(?:sources?|inputs?|required|provided)\b", re.IGNORECASE)
_NAMES = bag(
    "id uuid sid guid uid name number key token secret type status state date time at on slug tags "
    "labels etag md5 checksum fingerprint reason"
)
_NO_RESULTS = bag(
    "input source request requested max maximum min minimum limit expected estimated callback "
    "webhook redirect parent original training associated config configuration settings options"
)
_PROGRESS = bag("progress")
_PERCENT = bag("percent percentage pct")
_OF_PROGRESS = bag("complete completed completion done finished processed") | known.JOBS
"""Of what a share is progress: `percent_complete`, not `discount_percent`."""
_FAULTS = bag("error errors failure exception fault")
_FAULT_WORDS = bag("failed_reason fail_reason failed_message")
_CANCELS = bag("cancelled canceled cancellation cancel aborted")
_CAUSES = bag("by reason note message comment")
_COUNTS = bag("count counts rate total number ratio percent cases")
_ATTEMPTS = bag(
    "attempts attempt attempt_count attempt_number attempts_made tries retries retry_count"
)
_TIMEOUTS = bag("timeout_at times_out_at timeout_time deadline deadline_at expires_at expire_at "
                "expiration_time expires_on expiry")  # fmt: skip
_END = r"(?:succe(?:eds?|eded|ss(?:ful)?)|complet(?:ed?|ion|es)|finish(?:ed|es)?|done|ready)\b"
# "Set once it has succeeded", "available when the job is complete", "null while running"
LATER = re.compile(
    r"\b(?:once|when|after|until|upon|only if)\b.{0,60}?\b" + _END
    + r"|\b(?:null|empty|absent|missing|not (?:set|present|available))\b.{0,40}?\b(?:while|until|if"
    r"|before|unless|during)\b.{0,60}?\b(?:running|in progress|progress|processing|pending|queued"
    r"|work|" + _END + r")",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
NOT_YET = re.compile(
    r"\bnot (?:been )?(?:ready|completed?|finished|done|processed)\b|(?:\bnot|n't)\b.{0,30}\byet\b"
    r"|\bstill (?:running|processing|in progress|pending|being)\b|\btoo early\b",
    re.IGNORECASE,
)
"""What a refusal says of a result that is not there yet."""


def with_outcomes(
    states: States,
    schemas: Schemas,
    flat: Flat,
    sent: Set[str],
    key: str | None = None,
    holder: str | None = None,
    *,
    noun: str = "",
) -> States:
    """The states, with the properties that follow from them. Properties that the client sends,
    and the id, do not follow. `holder` is the property with most of the entity, if there is one.
    What is work by its `noun`, or shows no id of its own beside its status, makes its `data`."""
    work = bool(states.active and states.success)
    work = work and (key not in flat.properties or is_job(noun))
    moments = dict(moments_of(states, schemas, flat, sent))
    within = dict(_within(states, schemas, flat, sent, holder))
    for name, found in states.within.items():
        within[name] = {**within.get(name, {}), **found}
    timeout = next(
        (name for name in flat.properties if snake_case(name) in _TIMEOUTS and _timed_out(states)),
        None,
    )
    own = {states.name, key, timeout, *moments, *states.beside}
    free = {name: schema for name, schema in flat.properties.items() if name not in own | sent}
    flags = {name: kinds for name in free if (kinds := _flag(states, schemas, free[name], name))}
    flags.update(states.flags)
    verdicts = {n: ends for n in free if (ends := _verdict(states, schemas, free[n]))}
    free = {name: schema for name, schema in free.items() if name not in verdicts}
    faults = tuple(name for name in free if _is_fault(name) and name not in flags)
    cancels = tuple(name for name in free if _is_cancel(name) and name not in flags)
    progress = next((name for name in free if is_progress(schemas, free[name], name)), None)
    attempts = next(
        (n for n in free if snake_case(n) in _ATTEMPTS and _is_whole(schemas, free[n])), None
    )
    taken = {*faults, *cancels, *flags, progress, attempts}
    results = tuple(
        name
        for name, schema in free.items()
        if name not in taken
        and (
            _is_result(name, schema)
            or _is_late(schemas, name, schema)
            or (work and _is_made(schemas, name, schema))
        )
    )
    return replace(
        states,
        moments=moments,
        within=within,
        timeout=timeout,
        results=results,
        faults=faults,
        cancels=cancels,
        progress=progress,
        attempts=attempts,
        flags=flags,
        verdicts=verdicts,
    )


def _within(
    states: States, schemas: Schemas, flat: Flat, sent: Set[str], holder: str | None
) -> Iterator[tuple[str, dict[str, frozenset[str]]]]:
    """The parts of an entity that hold moments and flags of its states:
    `status_transitions.paid_at`, `state.running` beside `state.status`."""
    for name, schema in flat.properties.items():
        if not has_properties(schemas, schema):
            continue
        inner = schemas.flat(schema)
        words = {tokens(one)[-1:] for one in inner.properties}
        other = {("status",), ("state",), ("id",)} & words and name != states.name
        if "object" not in inner.types or (name != holder and (name in sent or other)):
            continue
        given = sent if name == holder else frozenset[str]()
        found = dict(moments_of(states, schemas, inner, given))
        own = name in (states.name, holder) or len(found) * 2 >= len(inner.properties)
        if name == holder or (name == states.name and states.inner):
            for one, about in inner.properties.items():
                kinds = _flag(states, schemas, about, one) if one not in given else frozenset()
                if kinds:
                    found[one] = kinds
        if found and own:
            yield name, found


def _timed_out(states: States) -> bool:
    return any(spelled(value).split("_")[-1] in ("expired", "out", "timeout", "timedout")
               for value in states.failure)  # fmt: skip


def moments_of(
    states: States, schemas: Schemas, flat: Flat, sent: Set[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    """The properties that say when it entered a state, each with the states that count."""
    spelt = _by_word(states)
    stems = {
        n: known.IN_ENGLISH.get(stem, stem)
        for n, one in flat.properties.items()
        if (stem := stem_of(schemas, n, one))
    }
    after = frozenset((*states.active, *states.success, *states.failure))
    separate = any(kind_of(stem) in (FAILURE, "cancelled") for stem in stems.values())
    # What a client switches has its own moment: `completed_at` beside `completed`.
    switched = {snake_case(n) for n in sent if "boolean" in _kinds(schemas, flat, n)}
    for name, stem in stems.items():
        if name in sent or stem in switched or not _is_instant(schemas, flat.properties[name]):
            continue
        if snake_case(name) in _TIMEOUTS:
            continue
        exact = frozenset(_called(stem, spelt))
        if stem in STARTED and not (exact - set(states.initial) and stem not in ("started",)):
            yield name, after
        elif exact and not (stem in COMPLETED and not separate and exact & set(states.success)):
            yield name, exact - set(states.initial[1:]) if len(exact) > 1 else exact
        elif stem in ENDED:
            yield name, _over(states)
        elif stem in COMPLETED:
            yield name, frozenset(states.success) if separate else states.terminal
        elif entered := _of_kind(states, stem):
            yield name, entered


def _by_word(states: States) -> dict[str, list[str]]:
    """The states by their words: in whole, by the last word, and without a leading `in`."""
    found: dict[str, list[str]] = {}
    for value in states.known:
        word = spelled(value)
        for part in (word, word.split("_")[-1], word.removeprefix("in_")):
            found.setdefault(part, []).append(value)
    return found


def _of_kind(states: States, stem: str) -> frozenset[str]:
    """The terminal states of the kind that a word names: those that begin like it, else all."""
    kind = kind_of(stem)
    if kind not in (FAILURE, "cancelled", SUCCESS):
        return frozenset()
    by_kind = {FAILURE: states.failure, "cancelled": states.cancelled, SUCCESS: states.success}
    entering = by_kind[kind]
    alike = [value for value in entering if spelled(value)[:5] == stem[:5]]
    if kind == SUCCESS and not alike and not states.active:
        return frozenset()
    if kind == FAILURE and stem in known.TIMED_OUT:
        alike = [value for value in entering if spelled(value) in known.TIMED_OUT]
    return frozenset(alike or entering)


def _over(states: States) -> frozenset[str]:
    """The states in which it has ended; of what runs until it is stopped, those after that."""
    stopped = {v for v in states.known if spelled(v).split("_")[-1] in known.STOPPED}
    standing = {v for v in states.success if spelled(v).split("_")[-1] in known.STANDING}
    return (states.terminal - standing) | stopped if stopped and standing else states.terminal


def _called(stem: str, spelt: Mapping[str, list[str]]) -> Sequence[str]:
    """The states that a moment is called after: `paid` of `paid_at`, `answered` of `answerTime`."""
    if stem in spelt or stem in STARTED | ENDED | COMPLETED:
        return spelt.get(stem, ())
    return spelt.get(called_after(stem, spelt), ())


def _kinds(schemas: Schemas, flat: Flat, name: str) -> Sequence[str]:
    return schemas.types(flat.properties[name]) if name in flat.properties else ()


def _is_instant(schemas: Schemas, schema: Any) -> bool:
    types = {kind for flat in _all(schemas, schema) for kind in flat.types} - {"null"}
    return not types or types <= {"string", "integer", "number"}


def _all(schemas: Schemas, schema: Any, depth: int = 0) -> Iterator[Flat]:
    flat = schemas.flat(schema)
    yield flat
    if depth < 3:
        for branches in flat.choices:
            for branch in branches:
                yield from _all(schemas, branch, depth + 1)


ENDED_EARLY = ""
"""Among terminal states: a job that was ended by a verb, where no state says so."""


def _verdict(states: States, schemas: Schemas, schema: Any) -> dict[str, str]:
    """The value of a property in each terminal state, if its enum tells success from failure."""
    values = [v for flat in _all(schemas, schema) for v in flat.values or () if isinstance(v, str)]
    kinds: dict[str, str] = {}
    for value in reversed(values):
        kinds[kind_of(value)] = value
    if not {SUCCESS, FAILURE} <= kinds.keys() or kinds.keys() & {ACTIVE}:
        return {}
    kinds.setdefault(CANCELLED, kinds[FAILURE])
    ends = ((SUCCESS, states.success), (FAILURE, states.failure), (CANCELLED, states.cancelled))
    return {ENDED_EARLY: kinds[CANCELLED]} | {s: kinds[kind] for kind, found in ends for s in found}


def _flag(states: States, schemas: Schemas, schema: Any, name: str) -> frozenset[str]:
    """The states in which a flag is true: `done`, `is_running`, `expired`."""
    found = _flagged(states, name)
    if not found:
        return found
    kinds = {kind for flat in _all(schemas, schema) for kind in flat.types} - {"null"}
    return found if kinds == {"boolean"} else frozenset()


def _flagged(states: States, name: str) -> frozenset[str]:
    """The states that a name speaks of."""
    word = spelled(name.removeprefix("is_").removeprefix("has_"))
    if tokens(name)[:1] == ("is",):
        word = "_".join(tokens(name)[1:])
    exact = {value for value in states.known if spelled(value) == word}
    if exact:
        return frozenset(exact)
    if word in ("done", "finished", "ended"):
        return states.terminal
    if word == "success" and states.name:
        return frozenset()  # beside a status, of the request
    if word in known.JOB_DONE:
        return frozenset(states.success)
    return frozenset(states.failure) if word in ("failed", "errored", "has_failed") else frozenset()


def outcome_in_words(states: States) -> str:
    """In words, what of a job depends on how it goes; "" if nothing does."""
    parts = [
        f"{', '.join(f'`{name}`' for name in names)} {when}"
        for names, when in (
            (states.results, "once it has succeeded"),
            (states.faults, "if it has failed"),
            (states.cancels, "if it was cancelled"),
            (tuple(states.moments), "when that happens"),
        )
        if names
    ]
    if states.progress:
        parts.append(f"`{states.progress}` goes up while it works")
    if states.attempts:
        parts.append(f"`{states.attempts}` counts how often it was tried")
    return "; ".join(parts)


def _is_fault(name: str) -> bool:
    words = tokens(name)
    if words[-1:] and words[-1] in _COUNTS:
        return False
    return not _FAULTS.isdisjoint(words) or "_".join(words) in _FAULT_WORDS


def _is_cancel(name: str) -> bool:
    words = tokens(name)
    return len(words) > 1 and words[0] in _CANCELS and words[-1] in _CAUSES


def _is_result(name: str, schema: object) -> bool:
    words = tokens(name)
    if not _NO_RESULTS.isdisjoint(words):
        return False
    text = schema.get("description") if isinstance(schema, dict) else None
    later = isinstance(text, str) and bool(LATER.search(text))
    if words[:1] == ("new",) and len(words) > 1:
        return True  # `new_task` of a job that copies one
    counted = len(words) > 1 and words[-1] == "count" and words[-2] in ("page", "row", "word")
    return later or counted or not RESULTS.isdisjoint(words)


def _is_late(schemas: Schemas, name: str, schema: object) -> bool:
    """Whether a property holds content, or leads to it, that may be null at first."""
    words = tokens(name)
    later = bool(words) and words[-1] in {*_CONTENT, "uri"} and _NO_RESULTS.isdisjoint(words)
    flat = schemas.flat(schema)
    branches = [schemas.flat(branch) for choice in flat.choices for branch in choice]
    several = "array" in flat.types and bool(words) and words[-1] in _MADE
    return (later and any(each.nullable for each in (flat, *branches))) or several


def _is_made(schemas: Schemas, name: str, schema: object) -> bool:
    """Whether a property is what work makes, beside a status that says that it works: its `data`,
    or what it calls final or generated."""
    words = tokens(name)
    if not words or not _NO_RESULTS.isdisjoint(words) or words[-1] in _NAMES:
        return False
    if not {"string", "object", "array"} & set(schemas.types(schema)):
        return False
    text = schemas.plain(schema).get("description")
    said = text if isinstance(text, str) else ""
    if _IS_SENT.search(said):
        return False
    told = bool(_BY_WORK.search(said))
    return told or words[0] == "final" or snake_case(name) in CONTENTS


def is_progress(schemas: Schemas, schema: object, name: str) -> bool:
    """Whether a property says how far the work is."""
    words = set(tokens(name))
    share = bool(words & _PERCENT) and words - _PERCENT <= _OF_PROGRESS
    numeric = {"integer", "number"} & set(schemas.types(schema))
    return bool(numeric) and (share or not _PROGRESS.isdisjoint(words))


def _is_whole(schemas: Schemas, schema: object) -> bool:
    return "integer" in schemas.types(schema)


def moment_of(
    schemas: Schemas, flat: Flat, words: frozenset[str], sent: Set[str] = frozenset()
) -> str | None:
    """The timestamp property of one of these events that clients don't send."""
    properties = ((name, one) for name, one in flat.properties.items() if name not in sent)
    return next((name for name, one in properties if stem_of(schemas, name, one) in words), None)


def stem_of(schemas: Schemas, name: str, schema: Any) -> str:
    """The event of a timestamp: `completed` of `completed_at`, or of a `completed` that the schema
    says to be an instant; "" for other properties."""
    stem = moment_stem(name)
    if stem:
        told = str(schemas.plain(schema).get("description") or "") if stem in PERIOD else ""
        return "" if told and is_expiry(name, told) else stem
    word = _event_in(name)
    return word if word and _says_when(schemas, schema) else ""


@lru_cache(maxsize=16_384)
def _event_in(name: str) -> str:
    """The event that a name is: `end`, and of a run `run_end`; "" for other names."""
    words = tokens(name)
    word = "_".join(words[1:] if len(words) > 1 and words[0] in known.RUNS else words)
    happens = word in _EVENTS or kind_of(word) in (FAILURE, "cancelled", SUCCESS)
    return word if happens else ""


_EVENTS = STARTED | ENDED | COMPLETED
_INSTANT = ("date-time", "date", "unixtime", "unix-time", "timestamp", "epoch")
_WHEN = re.compile(r"\b(?:timestamp|date|time|moment|instant)\b", re.IGNORECASE)


_TOLD_AS_TEXT = re.compile(
    r"^\W*(?:the |a |an )?(?:utc |iso[- ]?8601 |rfc[- ]?3339 )?"
    r"(?:date(?:[- ]?time)?|timestamp|time)\b"
    r"(?! (?:it |that it |taken|spent|needed|zone|limit|to\b))",
    re.IGNORECASE,
)
"""What the description of a text begins with that is an instant: `The date and time it ended`."""
_DATED = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?$")
_SAMPLES = ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09", "2024-05-06 07:08:09", "2024-05-06")


def _says_when(schemas: Schemas, schema: Any) -> bool:
    """Whether a property is an instant, by its format, pattern, example or description."""
    flat = schemas.flat(schema)
    if flat.rules.get("format") in _INSTANT:
        return True
    told = schemas.plain(schema).get("description")
    text = told if isinstance(told, str) else ""
    if {"integer", "number"} & set(flat.types):
        return bool(_WHEN.search(text))
    if "string" not in flat.types or flat.rules.get("format") or flat.values:
        return False
    pattern = flat.rules.get("pattern")
    if isinstance(pattern, str):
        matches = reader(pattern)
        return matches is not None and not matches("word") and any(map(matches, _SAMPLES))
    shown = [one for one in flat.notes.examples if isinstance(one, str)]
    return any(map(_DATED.match, shown)) or (not shown and bool(_TOLD_AS_TEXT.match(text)))


_EARLY = (409, 425, 404, 202, 204)
"""The usual statuses of what is not there yet, the likeliest first."""


def says_it_awaits(operation: Operation, word: str) -> tuple[int, str]:
    """The status of a part of a job until that has succeeded, and by what a document tells that it
    is so: the description of the part or of a response, or a 409 or a second success for what is
    called a result; 0 if it does not."""
    listed = [one for one in _EARLY if one in operation.documented - {operation.success}]
    others = sorted(one for one in operation.documented if 400 <= one < 500 and one not in listed)
    for status in (*listed, *others):
        response = operation.responses.get(str(status))
        text = response.description if response is not None else ""
        if NOT_YET.search(text) or LATER.search(text):
            return status, f"a {status} says that it comes later"
    is_result = not (RESULTS | CONTENTS).isdisjoint(tokens(word))
    if is_result and not {409, 202}.isdisjoint(listed):
        status = 409 if 409 in listed else 202
        return status, f"a {status} is listed"
    if listed and LATER.search(f"{operation.summary}\n{operation.description}"):
        return listed[0], "its description says when it is there"
    return 0, ""
