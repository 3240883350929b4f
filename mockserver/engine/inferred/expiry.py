"""Until when a new entity lasts: as long as the client asks, or a while."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.engine.inferred.field_roles import is_nullable, stamp
from mockserver.engine.inferred.repository import Repository
from mockserver.engine.inferred.schedules import asked_until
from mockserver.engine.timestamps import SECOND
from mockserver.inference.words import is_expiry

_MAY_LAST = re.compile(
    r"\b(?:null|empty|absent|omitted|not set|unset)\b[^.]{0,40}"
    r"\b(?:no expir|not expire|never|forever)"
    r"|\b(?:not expire|never expires?|no expir)[^.]{0,30}\b(?:null|empty|absent|omitted|not set)\b",
    re.IGNORECASE,
)
"""What is said of an expiry time that is null for what lasts for good."""
_LASTS = 7 * 24 * 3600 * SECOND
"""How long a new entity lasts, where an example says only that it expires."""


def with_expiries(
    repository: Repository,
    data: dict[str, Any],
    sent: Mapping[str, Any],
    requested: Mapping[str, Any],
    now: int,
) -> dict[str, Any]:
    """The data of a new entity with its expiry times: what the client asks for, none where nothing
    was asked and that means for good, a later time for one that is over. `requested` is what the
    client has sent that the entity does not have."""
    until = asked_until({**requested, **sent}, now)
    schemas, flat = repository.schemas, repository.flat
    found = dict(data)
    for name, schema in flat.properties.items():
        value = data.get(name)
        if name in sent or isinstance(value, bool) or (value is None and until is None):
            continue
        told = str(schemas.plain(schema).get("description") or "")
        if "boolean" in schemas.types(schema) or not is_expiry(name, told):
            continue
        if until is not None:
            found[name] = stamp(schemas, name, schema, until)
        elif not _MAY_LAST.search(told):
            found[name] = _later(repository, name, schema, value, now)
        elif is_nullable(schemas, schema):
            found[name] = None
        elif name not in flat.required:
            del found[name]
    return found


def _later(repository: Repository, name: str, schema: Any, value: Any, now: int) -> Any:
    """A value in the future, for one that is over."""
    later = stamp(repository.schemas, name, schema, now + _LASTS)
    begun = stamp(repository.schemas, name, schema, now)
    over = type(value) is type(later) and value and len(str(value)) >= 10 and value <= begun
    return later if over else value
