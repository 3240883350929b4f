"""What of a job depends on how it goes: its progress, its results, what went wrong."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import replace

from mockserver.contract.flat import Flat
from mockserver.contract.schemas import Schemas
from mockserver.plan.model import States
from mockserver.plan.naming import bag, tokens

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
    states: States, schemas: Schemas, flat: Flat, sent: Set[str], key: str = ""
) -> States:
    """The states, with the properties that follow from them. What the client sends, and the id,
    are none."""
    own = {states.name, states.started, states.ended, key}
    free = {name: schema for name, schema in flat.properties.items() if name not in own | sent}
    faults = tuple(name for name in free if _is_fault(name))
    cancels = tuple(name for name in free if _is_cancel(name))
    progress = next((name for name in free if _counts(schemas, free[name], name, _PROGRESS)), "")
    attempts = next(
        (n for n in free if "_".join(tokens(n)) in _ATTEMPTS and _is_whole(schemas, free[n])), ""
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
