"""Resources of which there is one (`/settings`), or one below each entity
(`/users/{id}/profile`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mockserver.inference.draft_model import Draft
from mockserver.inference.drafts import STATES
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.pagination import read_whole
from mockserver.inference.paths import ANY
from mockserver.inference.verbs import verb_of
from mockserver.inference.words import tokens


def find_singletons(survey: Survey, drafts: Iterable[Draft]) -> Iterator[Draft]:
    """The singletons: what is read and set as a whole. The paths of `drafts`, the other resources,
    are left alone."""
    taken = {route.steps for draft in drafts for route in (*draft.collections, *draft.items)}
    for steps, found in survey.by_steps.items():
        facts = next(iter(found.values()))
        if steps in taken or facts.route.is_item or not steps:
            continue
        reading = found.get("GET")
        writing: list[str] = [m for m in ("PUT", "PATCH") if m in found and "GET" in found]
        made = found.get("POST")
        creates = made is not None and made.operation.success == 201 and _reads(reading, made)
        if creates or (made is not None and reading is not None and _sets(survey, reading, made)):
            writing.append("POST")
        if not writing and "DELETE" in found and survey.verbs([facts.route]):
            # `/auto-import` is read and removed, and `/auto-import/pause` changes it.
            writing = ["DELETE"]
        if reading is not None and _is_state(survey, reading):
            writing.append("verbs")
        if (
            reading is not None
            and writing
            and (reading.envelope is None or _is_whole(survey, found))
        ):
            draft = Draft(collections=[facts.route], singleton=True)
            if creates and made is not None:
                draft.creates.append(made)
            draft.say(f"{facts.operation.path} is read and set as a whole ({', '.join(found)})")
            yield draft


def _is_state(survey: Survey, reading: Facts) -> bool:
    """Whether a path shows the state of the entity above, which does not show it itself, and verbs
    beside it change it: `/campaigns/{id}/state`, `/campaigns/{id}/pause`."""
    route = reading.route
    if tokens(route.last)[-1:] not in STATES or not route.parent.is_item:
        return False
    whole = survey.at(route.parent.steps, "GET")
    own = survey.flat(whole.ref).properties if whole is not None else {}
    shown = survey.flat(reading.ref).properties
    here, above = (any(tokens(name)[-1:] in STATES for name in one) for one in (shown, own))
    return here and not above and any(survey.verbs([route.parent]))


def _is_whole(survey: Survey, found: Mapping[str, Facts]) -> bool:
    """Whether a list is set as a whole: nothing is added to it, and nothing lies beneath."""
    reading, written = found["GET"], found.get("PUT") or found.get("PATCH")
    if written is None or "POST" in found or (*reading.route.steps, ANY) in survey.by_steps:
        return False
    body = body_of(written.operation)
    return read_whole(survey.schemas, reading, written, body.pointer if body else None)


def _sets(survey: Survey, reading: Facts, made: Facts) -> bool:
    """Whether a POST sends what GET of the same path reads: `POST /settings`."""
    if reading.envelope is not None or made.route.plural or verb_of(made.route.last):
        return False
    sent = {tokens(name) for name in survey.flat(made.body).properties}
    shown = {tokens(name) for name in survey.flat(reading.ref).properties}
    if reading.ref == made.ref and sent and sent <= shown:
        return True
    return len(sent & shown) > 1 and 2 * len(sent & shown) > len(sent)


def _reads(reading: Facts | None, made: Facts) -> bool:
    return reading is not None and reading.envelope is None and reading.ref == made.ref
