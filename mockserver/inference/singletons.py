"""Resources of which there is one (`/settings`), or one below each entity
(`/users/{id}/profile`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference.draft_model import Draft
from mockserver.inference.drafts import STATES
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.pagination import read_whole
from mockserver.inference.paths import ANY
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.verbs import verb_of
from mockserver.inference.words import noun, tokens

_FEW = 3
"""So many properties a response has that has the part under its own name: `{"labels": {}}`."""


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


def with_shared_parts(survey: Survey, resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """The resources, in which a singleton knows the property of the entity above that shows it:
    `/vms/{vm}/scheduling`, where a VM has a `scheduling`."""
    found = dict(resources)
    for name, resource in resources.items():
        above = resource.parents[-1].resource if resource.parents else None
        holder = resources.get(above) if above is not None else None
        if not resource.singleton or holder is None or holder.singleton:
            continue
        own = survey.flat(holder.schema).properties
        called = {noun(one): one for one in own}.get(resource.noun.rsplit(".", 1)[-1])
        if called is None or not _is_alike(survey, resource, called, own[called]):
            continue
        why = f"`{called}` of one {holder.noun} shows it"
        because = (*resource.because, Because(why, "likely"))
        found[name] = replace(resource, within=called, because=because)
    return found


def _is_alike(survey: Survey, resource: Resource, called: str, schema: Any) -> bool:
    """Whether a singleton shows the same as the property `called`: most of its properties, or the
    property itself."""
    shown = survey.flat(resource.schema).properties
    if called in shown:
        alike = survey.schemas.types(shown[called]) == survey.schemas.types(schema)
        return alike and len(shown) <= _FEW
    held = survey.schemas.flat(schema)
    if "object" not in held.types:
        return False
    return 2 * len(held.properties.keys() & shown.keys()) > max(
        len(held.properties), len(shown)
    ) or (not held.properties and not shown)
