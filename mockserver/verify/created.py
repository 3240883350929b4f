"""What a reply tells of what was created."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from mockserver.inference.model import Action
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.words import snake_case
from mockserver.openapi.model import Json
from mockserver.verify.model import json_of


@dataclass(frozen=True)
class Creator:
    """What an operation creates, and how that is removed."""

    resource: Resource
    remove: Action
    at: Path
    id_path: Path
    chosen: str = ""
    """The path parameter by which the client chooses the id."""


def identity_of(creator: Creator, headers: Mapping[str, str], body: bytes) -> str | None:
    """The id of what was created, by the reply or its Location."""
    try:
        value = json_of(body)
    except ValueError:
        value = None
    entity = at(value, creator.at)
    found = at(entity, creator.id_path)
    if not isinstance(found, str | int) and isinstance(value, Mapping):
        names = ("id", creator.remove.path_item, "uuid", "name", "key")
        places = [entity, value, *value.values()]
        found = next(
            (p[n] for n in names for p in places if isinstance(p, Mapping) and n in p), None
        )
    if isinstance(found, bool) or not isinstance(found, str | int):
        location = headers.get("location", "")
        found = unquote(urlsplit(location).path.rstrip("/").rsplit("/", 1)[-1]) or None
    return None if found is None else str(found)


def shown_of(creator: Creator, body: bytes, sent: bytes | None) -> list[Json]:
    """The entity in a reply, the reply, and the request that created it."""
    found: list[Json] = []
    for text, place in ((body, creator.at), (body, ()), (sent or b"", ())):
        with suppress(ValueError):
            found.append(at(json_of(text), place))
    return found


def property_of(name: str, shown: Sequence[Json]) -> str | None:
    """The value of a property with the name of a path parameter, however it is spelt. A mere "id"
    is the entity's own."""
    wanted = snake_case(name)
    for value in shown if wanted not in ("id", "uuid") else ():
        for key, inner in value.items() if isinstance(value, Mapping) else ():
            if snake_case(key) == wanted and isinstance(inner, str | int):
                return None if isinstance(inner, bool) else str(inner)
    return None


def at(value: Json, path: Path) -> Json:
    """The value at a path of property names, or None."""
    for name in path:
        if name == FIRST:
            value = value[0] if isinstance(value, list) and value else None
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value
