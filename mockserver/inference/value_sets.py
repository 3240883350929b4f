"""Sets of values that an entity has and that paths below it change: the labels of an issue, the
admins of a group.

`POST /issues/{id}/labels` adds the strings in its body, `PUT` sets them, `DELETE .../{label}` takes
one away. They are no entities, and the issue shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from mockserver.inference.elements import ADDING
from mockserver.inference.memberships import kind_of
from mockserver.inference.model import Action, Elements, RequestUse, ResponseUse, ValueSet
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.paths import ANY, Steps
from mockserver.inference.relations import Linker
from mockserver.inference.resource_model import FIRST, Because, Path, Resource
from mockserver.inference.verbs import first_words
from mockserver.inference.words import bag, last_word, noun, tokens
from mockserver.records import dataclass

_SETTING = bag("set replace overwrite overwrites replaces sets")
_NAMES = ("name", "key", "label", "value", "title", "id", "email", "tag")
_SCALARS = {"string", "integer", "number"}
_TEXTS = {"add": "adds to", "remove": "takes from", "set": "sets", "show": "shows"}


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """The values of `owner` at `steps`, kept in its property `name`; `named` is the property that
    holds a value where the owner shows objects."""

    owner: Resource
    steps: Steps
    name: str
    own: bool
    named: str | None = None


def with_value_sets(
    survey: Survey,
    resources: Mapping[str, Resource],
    actions: Mapping[str, Action],
    linker: Linker,
) -> dict[str, Action]:
    """The actions, with those that change a set of values of an entity."""
    beneath: dict[Steps, list[Facts]] = {}
    for facts in survey.facts:
        steps = facts.route.steps
        for here in {steps, steps[:-1]}:
            if len(here) > 1 and here[-1] != ANY and here[-2] == ANY:
                beneath.setdefault(here, []).append(facts)
    found = dict(actions)
    for steps, several in beneath.items():
        links = linker.links(several[0].route, len(steps), ())
        owner = resources.get(links[-1].resource or "") if links else None
        if owner is None or owner.singleton or owner.schema is None:
            continue
        about = {
            one.operation.id: resources.get(actions[one.operation.id].resource or "")
            for one in several
        }
        if any(_is_of_entities(survey, actions[n], owner, one) for n, one in about.items()):
            continue
        place = _place(survey, owner, steps, several)
        changed = dict(_changed(survey, place, several, actions, linker)) if place else {}
        if place is not None and _is_sure(place, [action.values for action in changed.values()]):
            found.update(changed)
    return found


def _is_sure(place: _Place, uses: Iterable[ValueSet | None]) -> bool:
    """Whether operations make a set of it: they change one that is shown, or they give and take."""
    changes = [use.change for use in uses if use is not None]
    done = {one.how for one in changes if one.how == "show" or _names_values(one)}
    if not done - {"show"}:  # emptying something is no sign of a set
        return False
    return place.own or "show" in done or done >= {"add", "remove"}


def _names_values(change: Elements) -> bool:
    return change.parameter is not None or change.sent is not None


def _is_of_entities(
    survey: Survey, action: Action, owner: Resource, resource: Resource | None
) -> bool:
    """Whether an operation is about entities of a resource rather than values of the owner."""
    if action.kind in ("link", "unlink"):
        return True
    known = resource is not None and resource.schema != owner.schema
    known = known and resource is not None and bool(survey.flat(resource.schema).properties)
    return known and action.kind in ("list", "create", "sweep", "read", "write", "replace")


def _place(survey: Survey, owner: Resource, steps: Steps, several: list[Facts]) -> _Place | None:
    """Where an entity keeps the values at a path: in an array called like it, or beside what it
    shows, if a GET shows an array of values."""
    about = noun(steps[-1])
    schemas = survey.schemas
    for name, item in schemas.arrays(owner.schema or "").items():
        called = noun(name)
        if called == about or called.endswith(f"_{about}") or about.endswith(f"_{called}"):
            flat = schemas.flat_at(schemas.canonical(item))
            if set(flat.types) & _SCALARS:
                return _Place(owner, steps, name, own=True)
            if len(flat.required) <= 1 and len(flat.properties) <= 4:
                named = next((one for one in _NAMES if one in flat.properties), None)
                if named is not None and set(flat.required) <= {named}:
                    return _Place(owner, steps, name, own=True, named=named)
    if any(_values_shown(survey, facts) is not None for facts in several):
        return _Place(owner, steps, steps[-1], own=False)
    return None


def _values_shown(survey: Survey, facts: Facts) -> Path | None:
    """Where a response has its only array of values."""
    media = facts.operation.success_json
    return _array(survey, media.pointer) if media is not None and media.pointer else None


def _array(survey: Survey, pointer: str) -> Path | None:
    """The path to the only array of scalars in a body."""
    schemas = survey.schemas
    place = schemas.main(pointer)
    inner = schemas.place(place, None)
    if inner is not None:
        return () if set(schemas.flat_at(schemas.canonical(inner)).types) & _SCALARS else None
    arrays = [
        name
        for name, item in schemas.arrays(place).items()
        if set(schemas.flat_at(schemas.canonical(item)).types) & _SCALARS
    ]
    return (arrays[0],) if len(arrays) == 1 else None


def _changed(
    survey: Survey,
    place: _Place,
    several: list[Facts],
    actions: Mapping[str, Action],
    linker: Linker,
) -> Iterator[tuple[str, Action]]:
    for facts in several:
        values = _values(survey, place, facts)
        if values is None:
            continue
        operation = facts.operation
        shows_owner = bool(facts.ref) and facts.ref == place.owner.schema
        shown = None if shows_owner else _values_shown(survey, facts)
        text = _TEXTS[values.change.how]
        why = Because(f"{operation.path} {text} `{place.name}` of one {place.owner.noun}", "likely")
        depth = len(place.steps) - 1
        names = [link.parameter for link in linker.links(facts.route, depth, ())]
        yield (
            operation.id,
            replace(
                actions[operation.id],
                kind="values",
                resource=place.owner.name,
                item=names[-1],
                parents=linker.links(facts.route, depth - 1, ()),
                request=RequestUse(),
                response=ResponseUse(at=facts.at if shows_owner else ()),
                values=replace(values, shown=shown, shows_owner=shows_owner),
                transition=None,
                elsewhere=False,
                starts=None,
                because=(why,),
                instead=None,
            ),
        )


def _values(survey: Survey, place: _Place, facts: Facts) -> ValueSet | None:
    """What an operation does to a set; None if it is about anything else."""
    here = facts.route.steps
    if facts.operation.method == "GET":
        shown = here == place.steps and _values_shown(survey, facts) is not None
        change = Elements("show") if shown else None
    else:
        change = _change(survey, place, facts, here[-1] if len(here) > len(place.steps) else "")
    return ValueSet(place.name, replace(change, key=place.named)) if change is not None else None


def _change(survey: Survey, place: _Place, facts: Facts, word: str) -> Elements | None:
    method = facts.operation.method
    if word == ANY:
        how: Literal["add", "remove", "set"] = "remove" if method == "DELETE" else "add"
        return Elements(how, parameter=facts.route.names[-1])
    kind = kind_of(facts, word)
    if kind is None:
        return None
    how = "remove" if kind == "unlink" else "add"
    words = set(tokens(f"{facts.operation.summary} {facts.operation.id}"))
    adds = not ADDING.isdisjoint(first_words(facts.operation.summary))
    if how == "add" and (words & _SETTING or (method == "PUT" and not adds)):
        how = "set"
    sent = _sent(survey, place, facts)
    if sent is not None:
        return Elements(how, sent=sent)
    about = last_word(noun(place.steps[-1]))
    parameters = [p.name for p in facts.operation.parameters if p.place == "query"]
    named = next((name for name in parameters if last_word(noun(name)) == about), None)
    if named is not None:
        return Elements(how, parameter=named)
    return Elements("set") if how == "remove" and not facts.operation.body and not word else None


def _sent(survey: Survey, place: _Place, facts: Facts) -> Path | None:
    """Where a request has the values: its only array of scalars, or a scalar called like them."""
    media = body_of(facts.operation)
    if media is None or not media.pointer:
        return None
    found = _array(survey, media.pointer)
    if found is not None:
        return (*found, FIRST)
    body = survey.flat(survey.schemas.main(media.pointer)).properties
    about = last_word(noun(place.steps[-1]))
    for name, schema in body.items():
        called = last_word(noun(name)) == about or (len(body) == 1 and name in _NAMES)
        if called and survey.schemas.kinds(schema) & _SCALARS:
            return (name,)
    return None
