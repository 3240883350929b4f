"""What a receipt says of the job that was started: its id, or where to ask for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import Steps
from mockserver.inference.paths import route as route_of
from mockserver.inference.remote_calls import is_status_path
from mockserver.inference.resource_model import Path, Resource
from mockserver.inference.state_words import ANY_WORK
from mockserver.inference.states import is_job
from mockserver.inference.status_links import leading, leads
from mockserver.inference.words import ID_ENDS, LEADING, TOLD, bag, singular, snake_case, tokens
from mockserver.records import dataclass

Mark = str | Steps
"""What tells resources apart: a word, or what their paths begin with."""

_IDS = bag("id uuid guid uid sid token ticket reference key")
"""What a receipt calls the id of an entity that it does not show."""
_ID_FORMATS = ("uuid", "guid", "ulid", "objectid")
_CHATTER = bag(
    "message messages status state code success ok link links url href self location duration time "
    "timestamp at request result results data meta errors error warnings note description created "
    "type kind"
)
"""Properties that a receipt may have beside an id."""
MANY = 40
"""So many jobs with something in common are compared one by one."""
_BELOW = 20
"""The weight of a job that is read below the path that starts it; a shared word weighs 1 or 2."""
_COMMON = bag(
    "get list show fetch retrieve check find view return post create start begin initiate "
    "request the a an of to for by with in on and or its is be this that your from api id v "
    "status state result info detail async asynchronou new all operation use which you when it "
    "been has have are will can"
)
"""Words that do not show what an operation is about."""
_ENDING = re.compile(
    r"(?<=\w{3})(?:ification|ify|iption|ibe|ysis|yze|yse|ation|ate|sion|tion|ion|ment|ing|ed|e|t)$"
)
"""The endings of verbs, and of the nouns for what they make: `/transcribe`, a transcription."""


def _words(text: str) -> set[str]:
    """The stems of the words of a text that show what it is about: no `v1`."""
    return _stems({singular(word) for word in tokens(text) if word.isalpha()} - _COMMON)


def _stems(words: Iterable[str]) -> set[str]:
    return {_ENDING.sub("", singular(word)) for word in words}


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A job without a create of its own: the words of the operations that read it, those of its
    noun, the paths at which it is read, and whether it may be work of any kind: an operation."""

    words: set[str]
    noun: set[str]
    places: list[Steps]
    generic: bool


class Receipts:
    """Finds the job that a receipt is about. Candidates are the jobs that nothing else makes.

    `reading` returns the operations that read an entity of a resource by its id.
    """

    def __init__(
        self,
        survey: Survey,
        resources: Mapping[str, Resource],
        reading: Callable[[str], list[Facts]],
    ) -> None:
        self._survey = survey
        self._resources = resources
        self._reading = reading
        self._index: dict[Mark, dict[str, None]] | None = None

    def job_of(self, facts: Facts, own: str | None, *, ids: bool) -> tuple[str, Path] | None:
        """The job whose id is in the response to a POST, or to which a link in it leads, with the
        place of the id. `ids`: an id alone says so."""
        operation = facts.operation
        if operation.response_for(operation.success) is None or facts.method != "POST":
            return None
        linked = self._leads(facts)
        id_path = receipt_id(self._survey, facts) if ids else None
        if id_path and snake_case(id_path[-1]) in _named_in_path(facts):
            return None  # it says again for which one it was
        if id_path is None and not linked:
            return None
        ranked = self._ranked(facts, own)
        if not ranked:
            return None
        worth, name = ranked[0]
        accepted = operation.success == 202
        if id_path is None and not accepted and worth < _BELOW:
            return None
        if worth < 2 or (len(ranked) > 1 and worth == ranked[1][0]):
            # Nothing tells them apart, but one may be work of any kind.
            generic = [one for _, one in ranked if accepted and self.unmade[one].generic]
            alone = generic if len(generic) == 1 else [one for _, one in ranked if linked]
            return (alone[0], id_path or ()) if len(alone) == 1 else None
        if id_path and not self._may_be_called(id_path[-1], name, facts):
            return None
        return name, id_path or ()

    def _may_be_called(self, called: str, name: str, facts: Facts) -> bool:
        """Whether the id of a job may have this name: a `task_id` is not the id of a run."""
        stem, job = tokens(called)[:-1], self.unmade[name]
        own = _stems(stem[-1:])
        if own <= job.noun or (job.generic and not ANY_WORK.isdisjoint(stem[-1:])):
            return True
        about = _words(f"{facts.operation.path} {facts.operation.id}")
        return bool(job.noun & about) or (job.generic and own <= about)

    def _leads(self, facts: Facts) -> bool:
        """Whether a header or a property of the response leads to what was started."""
        operation = facts.operation
        response, media = operation.response_for(operation.success), operation.success_json
        if response is not None and any(name.lower() in LEADING for name in response.headers):
            return True
        if media is None or not media.pointer:
            return False
        schemas = self._survey.schemas
        place = schemas.main(media.pointer)
        found = next(leading(schemas, place), None)
        others = (name for name in schemas.flat_at(place).properties if not leads(name))
        return found is not None and all(is_chatter(name) for name in others)

    def _ranked(self, facts: Facts, own: str | None) -> list[tuple[int, str]]:
        """The jobs that an operation may start, the likeliest first, with what speaks for them: the
        one that is read below its path, else the words in common."""
        operation, steps = facts.operation, facts.route.steps
        about = _words(f"{operation.path} {operation.id} {operation.summary}")
        described = _words(operation.description)
        itself = _stems(tokens(self._resources[own].noun)) if own else set()
        ranked = list[tuple[int, str]]()
        for name in self._likely(steps, about | described):
            job = self.unmade[name]
            if name != own and not job.noun < itself:  # a funding account is no funding
                below = any(place[: len(steps)] == steps for place in job.places)
                alike = (
                    2 * len(about & job.words)
                    + len((described - about) & job.words)
                    + len(about & job.noun)
                )
                ranked.append((_BELOW * below + alike, name))
        return sorted(ranked, reverse=True)

    def _likely(self, steps: Steps, words: set[str]) -> Iterable[str]:
        """The jobs below a path, and those that share a word with an operation. What many jobs
        have in common tells none of them from the others, so an operation never looks at all."""
        jobs = self.unmade
        if len(jobs) <= MANY:
            return jobs
        if self._index is None:
            self._index = {}
            for name, job in jobs.items():
                below = {place[:length] for place in job.places for length in range(len(place) + 1)}
                marks: list[Mark] = [*below, *job.words, *job.noun]
                for mark in marks:
                    self._index.setdefault(mark, {})[name] = None
        asked: list[Mark] = [steps, *sorted(words)]
        alike = (self._index.get(mark, {}) for mark in asked)
        return dict.fromkeys(name for found in alike if len(found) <= MANY for name in found)

    @cached_property
    def unmade(self) -> Mapping[str, _Job]:
        """The jobs without a create of their own."""
        found = dict[str, _Job]()
        for name, resource in self._resources.items():
            reads = [] if resource.singleton or resource.creatable else self._reading(name)
            works = resource.states is not None and bool(resource.states.active)
            by_status = any(is_status_path(route_of(f.operation.url_path)) for f in reads)
            if reads and (works or by_status or is_job(resource.noun)):
                words = tokens(resource.noun)
                texts = (f"{o.path} {o.id} {o.summary}" for o in (f.operation for f in reads))
                found[name] = _Job(
                    {word for text in texts for word in _words(text)} | _stems(words),
                    _stems(words),
                    [f.route.steps for f in reads],
                    ANY_WORK.issuperset(word for word in words if word not in TOLD),
                )
        return found


def _named_in_path(facts: Facts) -> set[str]:
    """The parameters of a path that say what they name: `task_id`, no `id`."""
    return {snake_case(name) for name in facts.route.names if tokens(name) not in ID_ENDS}


def receipt_id(survey: Survey, facts: Facts) -> Path | None:
    """The place of the id in a response with little else; () if the response is the id, None
    without one."""
    media = facts.operation.success_json
    if media is None or not media.pointer:
        return None
    schemas = survey.schemas
    flat = schemas.flat_at(schemas.main(media.pointer))
    if not flat.properties:
        is_id = "string" in flat.types and flat.rules.get("format") in _ID_FORMATS
        return () if is_id else None
    path: Path = ()
    if len(flat.properties) == 1 and facts.at and facts.ref:
        path, flat = facts.at, survey.flat(facts.ref)
    found = []
    for name, schema in flat.properties.items():
        words = tokens(name)
        if words and (words[-1] in _IDS or (len(words) == 1 and words[0] in ANY_WORK)):
            if {"string", "integer"} & set(schemas.types(schema)):
                found.append(name)
        elif not is_chatter(name):
            return None
    alone = [name for name in found if tokens(name)[-1] in _IDS] or found
    if len(alone) > 1:
        alone = [name for name in alone if len(tokens(name)) == 1]
    return (*path, alone[0]) if len(alone) == 1 else None


def is_chatter(name: str) -> bool:
    """Whether a property of a receipt says nothing of what was started: `warnings`, `links`."""
    words = tokens(name)
    return not words or not _CHATTER.isdisjoint(words) or leads(name)
