"""The endpoints of JSON:API relationships: `/tasks/{id}/relationships/labels` shows the identifiers
of the labels of a task; POST adds some, DELETE takes some away, and PATCH sets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from mockserver.inference.model import Action, Elements, RequestUse, ResponseUse, ValueSet
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.parts import RELATIONSHIPS, path_of_relationship, relationships_of
from mockserver.inference.paths import ANY
from mockserver.inference.relations import Linker
from mockserver.inference.resource_model import FIRST, Because, Resource
from mockserver.inference.words import tokens

_HOW: Mapping[str, Literal["add", "remove", "set", "show"]] = {
    "GET": "show", "POST": "add", "DELETE": "remove", "PATCH": "set", "PUT": "set",
}  # fmt: skip


def with_relationships(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The resources and actions; what is at the path of a relationship is no resource."""
    changed = dict(_changed(survey, resources, actions, linker))
    given_up = {actions[name].resource for name in changed}
    found = {**actions, **changed}
    used = {action.resource for action in found.values()}
    used |= {link.resource for action in found.values() for link in action.parents}
    return {n: one for n, one in resources.items() if n in used or n not in given_up}, found


def _changed(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> Iterator[tuple[str, Action]]:
    for facts in survey.facts:
        steps = facts.route.steps
        if len(steps) < 4 or steps[-2] != RELATIONSHIPS or steps[-3] != ANY or steps[-1] == ANY:
            continue
        links = linker.links(facts.route, len(steps) - 2, ())
        owner = resources.get(links[-1].resource or "") if links else None
        use = _use(survey, facts, owner) if owner is not None else None
        if owner is None or use is None:
            continue
        why = Because(f"{facts.operation.path} is about the relationship `{steps[-1]}`", "certain")
        yield (
            facts.operation.id,
            replace(
                actions[facts.operation.id], kind="values", resource=owner.name,
                item=links[-1].parameter, parents=links[:-1], request=RequestUse(),
                response=ResponseUse(), values=use, transition=None, elsewhere=False, starts=None,
                envelope=None, because=(why,), instead=None,
            ),
        )  # fmt: skip


def _use(survey: Survey, facts: Facts, owner: Resource) -> ValueSet | None:
    """What an operation does to a relationship that its owner shows."""
    related = relationships_of(survey.schemas, survey.flat(owner.schema))
    spelled = {tokens(name): name for name in related}
    name = spelled.get(tokens(facts.route.last))
    how = _HOW.get(facts.operation.method)
    if name is None or how is None:
        return None
    media = facts.operation.success_json
    top = survey.schemas.main(media.pointer) if media is not None and media.pointer else None
    shown = ("data",) if "data" in survey.flat(top).properties else None
    if how == "show":
        change = Elements("show", key="id")
    elif related[name]:
        change = Elements(how, sent=("data", FIRST), key="id")
    else:
        change = Elements("one", sent=("data",), key="id")
    return ValueSet(path_of_relationship(name), change, shown, whole=True)
