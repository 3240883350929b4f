"""Resources that keep the versions of an entity, one for each change: `/pages/{id}/versions`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference.model import Action
from mockserver.inference.operations import Survey
from mockserver.inference.parts import has_properties
from mockserver.inference.resource_model import Because, Resource, Versions
from mockserver.inference.words import ID_ENDS, bag, last_word, moment_stem, snake_case, tokens
from mockserver.openapi.schemas.resolved import Flat

_NOUNS = bag("version revision history edit snapshot change changelog")
"""What versions are called. Longer nouns begin with such a word, or end in it."""
_NUMBERS = bag("version revision number version_number revision_number version_no sequence")
_OWN = bag(
    "object type kind url href self links version revision number etag created_by updated_by "
    "author editor comment message"
)
"""What a version has of its own, whatever the entity has under the same name."""
_SAID = re.compile(
    r"\b(?:creates?|makes?|adds?|stores?|saves?|keeps?|records?)\b[^.]{0,40}\b"
    r"(?:versions?|revisions?)\b",
    re.IGNORECASE,
)
"""What the text of a change says if it makes a version. It has to, where clients can make versions,
too."""
_CHANGING = ("patch", "replace")


def with_versions(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> tuple[dict[str, Resource], dict[str, Action]]:
    """The resources and actions, in which a resource whose entities can be changed knows the one
    that keeps their versions."""
    found, acting = dict(resources), dict(actions)
    changes: dict[str, list[str]] = {}
    made = set()
    for action in actions.values():
        if action.resource is not None and action.kind in _CHANGING:
            operation = survey.contract.by_id[action.operation]
            text = f"{operation.summary}. {operation.description}"
            changes.setdefault(action.resource, []).append(text)
        elif action.kind in ("create", "clone") and action.resource is not None:
            made.add(action.resource)
    for name, resource in resources.items():
        above = resource.parents[-1].resource if resource.parents else None
        if above not in changes or above == name or not _keeps(resource):
            continue
        if name in made and not any(map(_SAID.search, changes[above])):
            continue
        owner = found[above]
        versions = _of(survey, owner, resource)
        if owner.versions is not None or versions is None:
            continue
        why = Because(f"each change of one {owner.noun} makes one ({resource.noun})", "likely")
        identity = resource.identity
        number = identity.key is not None and identity.key == versions.number
        identity = replace(identity, nested=identity.nested or number)
        found[above] = replace(owner, versions=versions)
        parents = resource.parents
        if versions.holder is not None and parents[-1].field == versions.holder:
            # It has the entity as it was, not as it is.
            parents = (*parents[:-1], replace(parents[-1], field=None))
            for action in acting.values():
                links = tuple(
                    replace(one, field=None) if one.field == versions.holder else one
                    for one in action.parents
                )
                if action.resource == name and links != action.parents:
                    acting[action.operation] = replace(action, parents=links)
        because = (*resource.because, why)
        found[name] = replace(resource, identity=identity, because=because, parents=parents)
    return found, acting


def _keeps(resource: Resource) -> bool:
    """Whether the noun of a resource says that it keeps versions of the one above. One whose states
    change with time has jobs instead."""
    works = resource.states is not None and resource.states.moves
    kept = bool(resource.schema) and not resource.singleton and not works
    return kept and not _NOUNS.isdisjoint((last_word(resource.noun), *resource.noun.split("_")[:1]))


def _of(survey: Survey, owner: Resource, resource: Resource) -> Versions | None:
    """What versions have of the entity."""
    own, there = survey.flat(owner.schema), survey.flat(resource.schema)
    link = resource.parents[-1]
    left = {owner.identity.key, resource.identity.key, link.field}
    kept = _shared(own, there.properties, left)
    holder = None
    for name, schema in there.properties.items() if not kept else ():
        if name not in own.properties and has_properties(survey.schemas, schema):
            inner = _shared(own, survey.schemas.flat(schema).properties, left)
            if inner:
                holder, kept = name, inner
                break
    numbers = (n for n, one in there.properties.items() if snake_case(n) in _NUMBERS)
    whole = (n for n in numbers if "integer" in survey.schemas.types(there.properties[n]))
    return Versions(resource.name, kept, holder, next(whole, None))


def _shared(own: Flat, there: Mapping[str, Any], left: Iterable[str | None]) -> tuple[str, ...]:
    """The names of what an entity and its version have in common."""
    return tuple(
        name
        for name in own.properties
        if name in there
        and name not in left
        and tokens(name)[-1:] not in ID_ENDS
        and not moment_stem(name)
        and snake_case(name) not in _OWN
    )
