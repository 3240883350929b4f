"""Contract + overrides -> Plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference.actions import Deducer
from mockserver.inference.callers import with_callers
from mockserver.inference.constraints import constrained, with_preconditions
from mockserver.inference.credentials import plan_credentials
from mockserver.inference.decisions import with_decisions
from mockserver.inference.draft_model import Draft
from mockserver.inference.drafts import find_drafts, name_drafts
from mockserver.inference.effects import with_switches
from mockserver.inference.elements import read_embedded
from mockserver.inference.link_rows import with_link_rows, with_questions
from mockserver.inference.lookups import named
from mockserver.inference.marks import with_marks
from mockserver.inference.memberships import with_memberships
from mockserver.inference.model import Action, Plan, unused
from mockserver.inference.operations import Survey
from mockserver.inference.overrides import corrected, with_stated
from mockserver.inference.pagination import shown_page
from mockserver.inference.paths import label
from mockserver.inference.relations import Linker, linked, reached, referring, with_relationships
from mockserver.inference.resource_model import FIRST, Because, Resource
from mockserver.inference.resources import (
    hints_of,
    make_resource,
    without_circles,
)
from mockserver.inference.singletons import find_singletons, with_shared_parts
from mockserver.inference.soft_deletes import with_trash
from mockserver.inference.stand_ins import with_cascades
from mockserver.inference.value_sets import with_value_sets
from mockserver.inference.versions import with_versions
from mockserver.inference.webhooks import announced
from mockserver.inference.wrappers import read_wrapped
from mockserver.openapi.model import Contract
from mockserver.openapi.schemas.resolved import Schemas


def build_plan(
    contract: Contract,
    overrides: Mapping[str, Any] | None = None,
    schemas: Schemas | None = None,
) -> Plan:
    """Infer the resources of a document and what each operation does to them.

    `schemas` are those of the document if there are some already.

    Raises PlanError for an override that does not fit.
    """
    survey = Survey(contract, schemas)
    read_wrapped(survey)
    read_embedded(survey.schemas, survey.facts, survey.by_steps)
    overrides = overrides or {}
    found = find_drafts(survey)
    found += find_singletons(survey, found)
    drafts = with_stated(survey, name_drafts(found), overrides)
    linker = Linker(drafts)
    resources = without_circles(
        {name: make_resource(survey, name, draft, linker) for name, draft in drafts.items()}
    )
    deducer = Deducer(survey, drafts, resources, linker)
    actions = {facts.operation.id: deducer.action(facts) for facts in survey.facts}
    actions = with_link_rows(survey, resources, actions)
    resources, actions = with_memberships(survey, resources, actions, linker)
    resources, actions = with_relationships(survey, resources, actions, linker)
    resources, actions, callers = with_callers(survey, resources, actions, linker)
    resources, actions = with_marks(survey, resources, actions, linker)
    actions = with_questions(survey, actions)
    actions = with_value_sets(survey, resources, actions, linker)
    drafts = {name: draft for name, draft in drafts.items() if name in resources}
    hints = {name: hints_of(survey, draft) for name, draft in drafts.items()}
    resources = with_switches(with_decisions(resources, hints, actions), actions.values())
    actions = with_preconditions(survey, resources, actions)
    resources = with_shared_parts(survey, resources)
    resources, actions = with_versions(survey, resources, actions)
    resources = with_cascades(reached(survey, named(survey, resources, actions), actions))
    actions = linked(survey, referring(survey, actions, resources), resources)
    before = constrained(survey, actions, resources)
    actions = with_trash(survey, resources, before)
    idle = unused(before, actions)
    resources = {name: one for name, one in resources.items() if name not in idle}
    resources, actions = with_rows(survey, resources, actions, linker)
    actions = with_pages(survey, actions)
    plan = Plan(actions=actions, resources=resources, callers=callers)
    if overrides:
        plan = corrected(plan, overrides, survey)
    configured = overrides.get("webhooks", {})
    return replace(
        plan,
        announcements=announced(contract, plan, survey.schemas, configured),
        credentials=plan_credentials(contract, survey.schemas),
    )


def with_rows(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The plan in which lists of what nothing else is about (reports, search results) have rows of
    their own, where they are paged or sorted: each page shows some of the same rows."""
    found, listing = dict(resources), dict(actions)
    for facts in survey.facts:
        action, envelope = actions[facts.operation.id], facts.envelope
        if action.kind != "fixed" or facts.method != "GET" or envelope is None:
            continue
        response = action.response
        if response.statistics or response.awaits is not None:
            continue
        sorts = envelope.ordering.sort is not None
        if not (sorts or envelope.paging.names or envelope.page.fields or envelope.page.headers):
            continue
        flat = survey.flat(envelope.item)
        if not flat.properties or "object" not in flat.types:
            continue
        draft = Draft(collections=[facts.route], lists=[facts])
        draft.say(f"{facts.operation.path} shows pages of rows", "guess")
        name = label(facts.route.steps)
        while name in found:
            name += "_"
        rows = make_resource(survey, name, draft, linker)
        parents = linker.links(facts.route, len(facts.route.steps), flat.properties)
        found[name] = replace(rows, parents=parents)
        because = Because(f"pages of rows that nothing else is about: {envelope.because[0].text}")
        listing[facts.operation.id] = replace(
            action, kind="list", resource=name, envelope=envelope, because=(because,),
            parents=parents, instead=None,
        )  # fmt: skip
    return found, listing


def with_pages(survey: Survey, actions: Mapping[str, Action]) -> dict[str, Action]:
    """The actions, each that is no list with the form of its response if that is a page."""
    found = dict(actions)
    for facts in survey.facts:
        operation, action = facts.operation, actions[facts.operation.id]
        response, media = operation.response_for(operation.success), operation.success_json
        if action.kind not in _PAGED or response is None or media is None or not media.pointer:
            continue
        shows_one = action.kind != "fixed" and FIRST in action.response.at
        if action.envelope is not None or shows_one:
            continue
        about = facts.route.noun
        page = shown_page(survey.schemas, operation, response, media.pointer, about)
        if page is None:
            continue
        asked = page.paging.cursor or page.paging.page or page.paging.offset
        if action.kind != "fetch" or asked:
            found[operation.id] = replace(action, envelope=page)
    return found


_PAGED = ("fixed", "fetch", "read", "values")
"""What may show a page of rows that are no entities."""
