"""Operations that name entities by other properties than the id, or several by their ids."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.inference.model import Resource
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.words import is_id_of, is_plural, noun, tokens

Steps = tuple[str, ...]


def looked_up_by(survey: Survey, facts: Facts, resource: Resource) -> dict[str, str]:
    """The parameters of a GET that name entities of a resource, each with the property that it is
    the value of: the last of the path, else those of the query."""
    operation, key = facts.operation, resource.identity.key
    lists = facts.envelope is not None
    own = {
        tokens(name): name
        for name in survey.flat(resource.schema).properties
        if name != key or not lists
    }
    if not facts.route.is_item:
        asked = [one.name for one in operation.parameters if one.place == "query" and not lists]
    else:
        asked = [facts.route.names[-1]]
        if lists and key is not None and are_ids(asked[0], resource):
            return {asked[0]: key}
    found = {name: own[tokens(name)] for name in asked if tokens(name) in own}
    if not found and len(asked) == 1:
        said = f"{operation.id} {operation.summary} {operation.description}"
        named = _named_in(said, own)
        return {asked[0]: named} if named is not None else {}
    return found


def _named_in(text: str, own: Mapping[Steps, str]) -> str | None:
    """The property by which a text says that one is found: "gets a user by external id"."""
    words = tokens(text)
    for index, one in enumerate(words):
        if one in ("by", "with", "using"):
            for length in (3, 2):
                for start in (index + 1, index + 2):  # "by its external id"
                    name = own.get(words[start : start + length])
                    if name is not None:
                        return name
    return None


def are_ids(parameter: str, resource: Resource) -> bool:
    """Whether a path parameter holds ids of several entities: `{orderIds}`."""
    key = tokens(resource.identity.key or "id")
    ids = is_id_of(parameter, resource.noun.rsplit("_", 1)[-1])
    return (ids or noun(parameter) == "_".join(key)) and is_plural(parameter)
