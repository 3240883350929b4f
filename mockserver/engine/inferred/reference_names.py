"""The names under which requests and responses refer to one entity: `project_id`, `projectUuid`,
`project`, or the object `{"project": {"id": 7}}`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mockserver.inference.resource_model import Resource
from mockserver.inference.words import ID_ENDS, names_member, stem_of, tokens
from mockserver.openapi.schemas.resolved import Schemas

_ENDS = (*ID_ENDS, ("key",))


def alike(own: Iterable[str], name: str) -> list[str]:
    """The properties that refer to what `name` refers to, where they are called otherwise."""
    stem = stem_of(name)
    return [one for one in own if one != name and stem_of(one) == stem != ()]


def id_in(value: Any) -> str | int | None:
    """The id that a property refers by, alone or in an object; None if it has none."""
    if isinstance(value, Mapping):
        ids = [one for name, one in value.items() if is_id(name)]
        value = value.get("id", ids[0] if len(ids) == 1 else None)
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def only_ids(key: str | None, value: Any) -> bool:
    """Whether a value says no more than the ids of others, where an entity shows them: `{"id":
    7}`."""
    each = listed(value)
    return bool(each) and all(isinstance(one, Mapping) and one.keys() == {key} for one in each)


def listed(value: Any) -> list[Any]:
    """The values of a property with one or several, or none."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def under_other_names(
    schemas: Schemas, own: Mapping[str, Any], sent: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """The properties of an entity that get an id which is sent under another name, or in another
    form, with their values: `projectId` gets 7 of `{"project": {"id": 7}}`."""
    for name, value in sent.items():
        free = [one for one in alike(own, name) if one not in sent] if name not in own else []
        if name in own and isinstance(value, Mapping) and "object" not in schemas.types(own[name]):
            free = [name]
        own_id = id_in(value)
        plain = "integer" if isinstance(own_id, int) else "string"
        for one in free if own_id is not None else ():
            # An object shows the entity itself, found by the id that is kept beside it.
            if plain in schemas.types(own[one]):
                yield one, own_id


def is_id(name: str) -> bool:
    """Whether a property is called like an id."""
    return tokens(name)[-1:] in _ENDS


def for_member(resource: Resource, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent of a row that stands for another entity, with the id of that where the row has
    it."""
    member = resource.identity.member
    found = dict(sent)
    for name, value in sent.items() if member is not None else ():
        own = id_in(value)
        if member is None or own is None or not names_member(resource.identity.member, name):
            continue
        del found[name]
        more = value if len(member) > 1 and isinstance(value, Mapping) else {}
        found[member[0]] = own if len(member) == 1 else {**more, member[1]: own}
    return found
