"""Resources without a status, of which flags or moments say whether their work is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from mockserver.inference import state_words as known
from mockserver.inference.outcomes import ENDED, STARTED, WORK_ENDED, is_progress, moment_of
from mockserver.inference.resource_model import Because, States
from mockserver.inference.states import is_job, is_work
from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas

_WORKS = frozenset(("running",))
_BUSY = frozenset(("running", "busy"))
"""The same of a word that alone makes nothing a job: `building`."""
_ENDS = frozenset(("completed", "failed", "cancelled"))
PERSONS = bag("complete finish close end resolve fulfill done process")
"""Verbs by which somebody ends what has no status: then time does not."""


_WORK = States(
    name="",
    active=("running",),
    success=("completed",),
    failure=("failed",),
    cancelled=("cancelled",),
    new="running",
    path=("running", "completed"),
)


def by_flags(
    schemas: Schemas, flat: Flat, about: str, sent: Set[str], holder: str | None, *, job: bool
) -> States | None:
    """A resource with a boolean that says whether it is done or running. `job`: there is
    other evidence that it is a job."""
    flags = dict(_work_flags(schemas, flat.properties, sent))
    within: dict[str, Mapping[str, frozenset[str]]] = {}
    if holder is not None:
        inner = schemas.flat(flat.properties[holder]).properties
        found = dict(_work_flags(schemas, inner, sent))
        within = {holder: found} if found else {}
    every = [*flags.values(), *(kinds for one in within.values() for kinds in one.values())]
    if not every or not (is_job(about) or job or _WORKS in every):
        return None
    names = ", ".join(
        f"`{name}`" for name in (*flags, *(n for one in within.values() for n in one))
    )
    because = (Because(f"{names} says whether it is done"),)
    return replace(_WORK, flags=flags, within=within, because=because)


def has_done_flag(schemas: Schemas, flat: Flat, sent: Set[str]) -> bool:
    """Whether a boolean says that the work is done: `completed`."""
    return any(kinds == _ENDS for _, kinds in _work_flags(schemas, flat.properties, sent))


def by_moments(
    schemas: Schemas, flat: Flat, about: str, sent: Set[str], *, job: bool
) -> States | None:
    """A resource with the moment at which its work was done, which the server sets. A period
    (`started_at`, `ended_at`) alone is no work."""
    started = moment_of(schemas, flat, STARTED)
    ended = moment_of(schemas, flat, WORK_ENDED)
    ended = ended or (moment_of(schemas, flat, ENDED) if job or is_job(about) else None)
    if ended is None or ended in sent or started in sent:
        return None
    if not (started or job or is_job(about)):
        return None
    both = " and ".join(f"`{name}`" for name in (started, ended) if name)
    because = (Because(f"{both} says when it was done"),)
    return replace(_WORK, started=started, ended=ended, because=because)


def by_progress(
    schemas: Schemas, flat: Flat, about: str, sent: Set[str], *, job: bool
) -> States | None:
    """A job that only says how far it is: `percentComplete`."""
    found = (n for n, one in flat.properties.items() if is_progress(schemas, one, n))
    name = next((one for one in found if one not in sent), None)
    if name is None or not (job or is_job(about)):
        return None
    return replace(_WORK, because=(Because(f"`{name}` says how far it is"),))


def _work_flags(
    schemas: Schemas, properties: Mapping[str, Any], sent: Set[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for name, schema in properties.items():
        if set(schemas.types(schema)) - {"null"} != {"boolean"} or name in sent:
            continue
        word = "_".join(word for word in tokens(name) if word not in ("is", "has"))
        if word in known.DONE_FLAGS:
            yield name, _ENDS
        elif word in known.WORK_FLAGS:
            yield name, _WORKS
        elif is_work(word):
            yield name, _BUSY
