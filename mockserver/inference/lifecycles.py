"""Status-like properties: which values come first, which last, and whether time moves them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.inference.model import Because, States
from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas

_NAMES = ("status", "state", "phase", "stage", "lifecycle")
_INITIAL = bag(
    "pending queued created new draft submitted scheduled waiting requested accepted initialized "
    "initialised initiated init unstarted todo open not_started provisioning starting received "
    "registered requires_payment_method enqueued deferred"
)
_ACTIVE = bag(
    "running in_progress inprogress processing active started executing working ongoing building "
    "deploying syncing uploading ingesting indexing validating analyzing analysing evaluating "
    "compiling finalizing training in_transit sending retrying transcribing generating "
    "preparing importing exporting rendering calling ringing"
)
_SUCCESS = bag(
    "completed complete succeeded success successful done finished ready passed ok resolved "
    "delivered processed closed ended available compiled indexed ingested deployed published "
    "paid fulfilled shipped approved exported sent synced"
)
_FAILURE = bag(
    "failed failure error errored timeout timed_out rejected expired crashed partial_failure "
    "incomplete budget_exceeded declined invalid unsuccessful undelivered bounced"
)
_CANCELLED = bag(
    "cancelled canceled aborted stopped terminated killed skipped revoked void voided withdrawn "
    "cancelling canceling"
)
# Success words that only jobs have: a thing in these states was worked on.
_JOB_SUCCESS = bag(
    "completed complete succeeded success successful done finished ready processed compiled "
    "indexed ingested deployed exported passed synced"
)
_USUAL = ("pending", "running", "completed", "failed", "cancelled")
_JOBS = bag("job run task export import sync batch execution build deployment operation")
_STARTED = bag("started start began running processing")
_ENDED = bag("completed ended finished done end processed closed stopped terminated")


@dataclass(frozen=True, slots=True)
class Hints:
    """What else speaks of a thing's status.

    `sent` are the properties that a client may set, `verbs` what it may be asked to do,
    `accepted` says that making one answers 202, `asked` are the values of query parameters.
    """

    noun: str = ""
    sent: frozenset[str] = frozenset()
    verbs: tuple[str, ...] = ()
    accepted: bool = False
    asked: Mapping[str, Sequence[str]] = field(default_factory=dict)


def states_of(schemas: Schemas, flat: Flat, hints: Hints) -> States | None:
    """The status of a thing, if it has one."""
    found = _property(schemas, flat, hints)
    if found is None:
        return None
    name, values, source = found
    sent, verbs = hints.sent, hints.verbs
    kinds: dict[str, list[str]] = {
        kind: [] for kind in ("initial", "active", "success", "failure", "cancelled", "other")
    }
    for value in values:
        kinds[kind_of(value)].append(value)
    started = _moment(flat, _STARTED)
    ended = _moment(flat, _ENDED)
    because = [source]
    evidence = []
    if hints.accepted:
        evidence.append("making one is answered with 202")
    if started or ended:
        evidence.append(f"it has {' and '.join(f'`{n}`' for n in (started, ended) if n)}")
    doing = [verb for verb in verbs if verb in ("cancel", "retry", "stop", "abort", "rerun")]
    if doing:
        evidence.append(f"it can be asked to {', '.join(sorted(set(doing)))}")
    if hints.noun.rsplit("_", 1)[-1] in _JOBS and not doing and not evidence:
        evidence.append(f"a {hints.noun.replace('_', ' ')} is work by its name")
    working = bool(kinds["initial"] or kinds["active"])
    job = any("_".join(tokens(value)) in _JOB_SUCCESS for value in kinds["success"])
    moves = working and job and bool(evidence) and name not in sent
    if moves:
        because.append(Because(f"a job that moves by itself: {'; '.join(evidence)}"))
    elif name in sent:
        because.append(Because("the client sets it, so time does not"))
    else:
        because.append(Because("nothing says that it moves by itself"))
    listed: dict[str, Any] = {kind: tuple(values) for kind, values in kinds.items()}
    return States(
        name=name,
        moves=moves,
        started=started,
        ended=ended,
        because=tuple(because),
        **listed,
    )


def _property(schemas: Schemas, flat: Flat, hints: Hints) -> tuple[str, list[str], Because] | None:
    """The property, its values, and where these are from."""
    ranked = sorted(
        (_NAMES.index(tokens(name)[-1]), len(tokens(name)), name)
        for name in flat.properties
        if tokens(name)[-1:] and tokens(name)[-1] in _NAMES
    )
    for _, _, name in ranked:
        values = enumerated(schemas, flat.properties[name])
        if len(values) >= 2:
            return name, values, Because(f"`{name}` is one of {', '.join(values)}", "certain")
    for _, _, name in ranked:
        if tokens(name)[:-1] not in ((), tokens(hints.noun)[-1:]):
            continue
        if schemas.plain(flat.properties[name]).get("type") == "string":
            asked = [v for v in hints.asked.get(name, ()) if isinstance(v, str)]
            if len(asked) >= 2:
                why = f"lists can be filtered by `{name}`: {', '.join(asked)}"
                return name, asked, Because(why)
            if _moment(flat, _STARTED) or _moment(flat, _ENDED) or hints.accepted:
                why = f"`{name}` is any text: the usual states of a job"
                return name, list(_USUAL), Because(why, "guess")
            return name, [], Because(f"`{name}` is any text", "guess")
    return None


def enumerated(schemas: Schemas, schema: object) -> list[str]:
    """The texts that a property may be, `or null` left aside."""
    found: dict[str, None] = {}
    waiting, seen = [schema], set()
    for one in waiting:
        if id(one) not in seen:
            seen.add(id(one))
            flat = schemas.flat(one)
            found.update((value, None) for value in flat.values or () if isinstance(value, str))
            waiting.extend(branch for branches in flat.choices for branch in branches)
    return list(found)


def kind_of(value: str) -> str:
    """What a state's name says of it: initial, active, success, failure, cancelled or other."""
    word = "_".join(tokens(value))
    for kind, words in (
        ("initial", _INITIAL),
        ("active", _ACTIVE),
        ("success", _SUCCESS),
        ("failure", _FAILURE),
        ("cancelled", _CANCELLED),
    ):
        if word in words:
            return kind
    return "other"


def _moment(flat: Flat, words: frozenset[str]) -> str | None:
    for name in flat.properties:
        parts = tokens(name)
        if len(parts) >= 2 and parts[-1] in ("at", "time", "on", "date") and parts[-2] in words:
            return name
    return None


RESULTS = bag(
    "result results output outputs download downloads artifact artifacts report summary score "
    "scores duration elapsed size bytes pages transcript transcription recording response answer "
    "completion metrics usage preview expires file files"
)
_NO_RESULTS = bag(
    "input source request requested max maximum min minimum limit expected estimated callback "
    "webhook redirect parent original"
)
_PROGRESS = bag("progress percent percentage")
_FAULTS = bag("error errors failure exception fault")
_FAULT_WORDS = bag("failed_reason fail_reason failed_message failed_at errored_at")
_CANCELS = bag("cancelled canceled cancellation cancel aborted")
_CAUSES = bag("by reason at on note message comment")
_COUNTS = bag("count counts rate total number ratio percent")
_ATTEMPTS = bag(
    "attempts attempt attempt_count attempt_number attempts_made tries retries retry_count"
)
# "Set once it has succeeded", "available when the job is complete"
_LATER = re.compile(
    r"\b(?:once|when|after|until|upon|only if)\b.{0,60}?"
    r"\b(?:succe(?:eds?|eded|ss(?:ful)?)|complet(?:ed?|ion|es)|finish(?:ed|es)?|done|ready)\b",
    re.IGNORECASE | re.DOTALL,
)


def with_outcomes(
    states: States, schemas: Schemas, flat: Flat, sent: Set[str], key: str | None = None
) -> States:
    """The states, with the properties that follow from them. What the client sends, and the id,
    are none."""
    own = {states.name, states.started, states.ended, key}
    free = {name: schema for name, schema in flat.properties.items() if name not in own | sent}
    faults = tuple(name for name in free if _is_fault(name))
    cancels = tuple(name for name in free if _is_cancel(name))
    progress = next((name for name in free if _counts(schemas, free[name], name, _PROGRESS)), None)
    attempts = next(
        (n for n in free if "_".join(tokens(n)) in _ATTEMPTS and _is_whole(schemas, free[n])), None
    )
    taken = {*faults, *cancels, progress, attempts}
    results = tuple(
        name for name, schema in free.items() if name not in taken and _is_result(name, schema)
    )
    return replace(
        states,
        results=results,
        faults=faults,
        cancels=cancels,
        progress=progress,
        attempts=attempts,
    )


def told(states: States) -> str:
    """In words, what of a job depends on how it goes; "" if nothing does."""
    parts = [
        f"{', '.join(f'`{name}`' for name in names)} {when}"
        for names, when in (
            (states.results, "once it has succeeded"),
            (states.faults, "if it has failed"),
            (states.cancels, "if it was cancelled"),
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
    later = isinstance(text, str) and bool(_LATER.search(text))
    counted = len(words) > 1 and words[-1] == "count" and words[-2] in ("page", "row", "word")
    return later or counted or not RESULTS.isdisjoint(words)


def _counts(schemas: Schemas, schema: object, name: str, words: frozenset[str]) -> bool:
    kinds = schemas.flat(schema).types
    return not words.isdisjoint(tokens(name)) and bool({"integer", "number"} & set(kinds))


def _is_whole(schemas: Schemas, schema: object) -> bool:
    return "integer" in schemas.flat(schema).types
