"""Roles of properties: timestamps, owners, counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from hashlib import sha256
from itertools import islice
from typing import Any, Literal

from mockserver.engine.generation.by_name import in_millis
from mockserver.engine.generation.strings import constant_told
from mockserver.engine.timestamps import SECOND, http_date, render, spellings
from mockserver.engine.world import World, tenant_id
from mockserver.inference.words import (
    bag,
    counted,
    is_plural,
    last_word,
    moment_stem,
    snake_case,
    tokens,
)
from mockserver.openapi.schemas.formats import reader
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass

_CREATED = bag(
    "created_at created created_on created_date created_time create_time date_created "
    "creation_date creation_time inserted_at added_at registered_at creation_timestamp "
    "registration registration_date date_registered registered_on joined_at date_joined "
    "date_added opened_at queued_at queue_time queued_on enqueued_at"
)
_UPDATED = bag(
    "updated_at updated updated_on updated_date update_time date_updated modified_at modified "
    "last_modified last_updated last_updated_at last_modified_at modification_date date_modified "
    "modified_on updated_time changed_at"
)
_CREATING = bag(
    "created creation inserted erstellt angelegt creado creada creacion cree criado creato "
    "aangemaakt"
)
_UPDATING = bag(
    "updated modified last_modified last_updated modification last_modification geandert "
    "geaendert aktualisiert bearbeitet "
    "actualizado modificado modificacion modifie atualizado aggiornato gewijzigd"
)
_MADE_BY = bag("submitted requested ordered placed issued registered uploaded received")
"""Words of a time of creation, if it is required and no other property has that."""
_MADE_ALWAYS = bag("ordered placed uploaded registered")
"""The same, also if it is optional."""
_OF_CREATION = re.compile(r"\b(?:of creation|(?:was|were|been|is) (?:created|made|added))\b", re.I)
_OF_TIME = re.compile(r"\b(?:unix|epoch|timestamp|(?:milli)?seconds)\b", re.I)
_OWNERS = {
    "organization": bag("organization_id organisation_id org_id tenant_id workspace_id account_id"),
    "user": bag("owner_id user_id created_by created_by_id creator_id author_id updated_by"),
}
_COUNTED = bag("number sequence_number sequence")
_VERSIONS = bag("version revision version_number revision_number lock_version object_version")
_POSITIONS = bag("index position ordinal")
_MEASURES = bag("page word row byte character char token line pixel frame attempt retry try")
"""Nouns whose number is a result or a part of the content, not a count of entities."""


_SWITCHES = dict.fromkeys(
    bag(
        "disabled archived deleted resolved locked blocked paused suspended hidden closed revoked "
        "expired cancelled canceled rejected completed published approved verified muted pinned "
        "starred removed discarded trashed accepted fulfilled used consumed confirmed"
    ),
    False,
) | dict.fromkeys(("enabled", "active"), True)
"""Flags that verbs switch, with their first values."""
_FAULTS = bag("error errors failed failure failures fault")
"""Flags that say that something went wrong."""


@dataclass(slots=True, eq=False)
class Roles:
    """Property names by role. `held` are the roles within `holder`, the nested object with most
    properties."""

    created: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    """Texts that change with each change: etags."""
    updated: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    counted: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    switches: dict[str, bool | str] = field(default_factory=dict)
    """The first values of flags, and the kinds that are always the same."""
    holder: str = ""
    held: Roles | None = None

    def first(self, role: Literal["created", "updated"]) -> str | tuple[str, ...] | None:
        """The first property with a role, or the path to it in the holder."""
        own: list[str] = getattr(self, role)
        if own:
            return own[0]
        inner: list[str] = getattr(self.held, role) if self.held is not None else []
        return (self.holder, inner[0]) if inner else None


def roles_of(schemas: Schemas, flat: Flat, holder: str | None = None) -> Roles:
    """The roles of the properties of a resource. `holder` is the nested object with most of
    them."""
    found = Roles()
    if holder is not None:
        found.holder = holder
        found.held = roles_of(schemas, schemas.flat(flat.properties[holder]))
    for name, schema in flat.properties.items():
        word = snake_case(name)
        stem = moment_stem(name)
        if word in _CREATED or stem in _CREATING:
            found.created.append(name)
        elif word in _UPDATED or stem in _UPDATING:
            found.updated.append(name)
        elif "integer" in schemas.types(schema) or "number" in schemas.types(schema):
            _add_number(schemas, found, name, word, schema)
        elif "boolean" in schemas.types(schema):
            first = _SWITCHES.get(word.removeprefix("is_").removeprefix("has_"))
            if first is None and _FAULTS & set(tokens(name)):
                first = False
            if first is None and _SWITCHES.get("".join(tokens(name)[-1:])) is False:
                first = False  # `domain_verified`
            if first is not None:
                default = schemas.flat(schema).notes.default
                found.switches[name] = first if default is None else default
        elif tokens(name)[-1:] == ("etag",) and schemas.flat(schema).notes.read_only:
            found.marks.append(name)
        elif constant := constant_told(name, schemas.flat(schema)):
            found.switches[name] = constant
        for owner, words in _OWNERS.items():
            if word in words and "uuid" in formats(schemas, schema):
                found.owners[name] = owner
    if len(found.created) > 1:
        # A mail that was sent is opened later, if at all; a ticket at once.
        later = [n for n in found.created if tokens(n)[:1] == ("opened",)]
        later = [n for n in later if is_nullable(schemas, flat.properties[n])]
        found.created = [n for n in found.created if n not in later]
    if not found.created:
        found.created = [
            name
            for name, schema in flat.properties.items()
            if (moment_stem(name) in _MADE_BY and name in flat.required)
            or moment_stem(name) in _MADE_ALWAYS
            if not is_nullable(schemas, schema)
        ][:1]
    if not found.created:
        told = (n for n, one in flat.properties.items() if _is_told_as_creation(schemas, one))
        found.created = list(islice(told, 1))
    return found


def _is_told_as_creation(schemas: Schemas, schema: Any) -> bool:
    """Whether a description says of a moment that it is that of the creation."""
    known = schemas.resolved(schema)
    told = str(known.get("description", "")) if isinstance(known, Mapping) else ""
    if not _OF_CREATION.search(told):
        return False
    dated = "date-time" in formats(schemas, schema)
    return dated or (bool(_OF_TIME.search(told)) and "integer" in schemas.types(schema))


def _add_number(schemas: Schemas, found: Roles, name: str, word: str, schema: Any) -> None:
    """Note what a number is for."""
    about = counted(name)
    whole = "integer" in schemas.types(schema)
    if word in _COUNTED and whole:
        found.counted.append(name)
    elif word in _VERSIONS:
        found.versions.append(name)
    elif word in _POSITIONS and whole:
        found.positions.append(name)
    elif about and last_word(about) not in _MEASURES and (whole or word.endswith("_count")):
        several = tokens(name)[-1] in ("count", "counts") or any(map(is_plural, tokens(name)))
        low = schemas.flat(schema).rules.get("minimum", 0)
        if several and isinstance(low, int | float) and low <= 0:
            found.numbers.append(name)


def set_times(
    schemas: Schemas,
    flat: Flat,
    roles: Roles,
    data: dict[str, Any],
    instant: int,
    *,
    made: bool = False,
    missing: bool = False,
) -> None:
    """Set when an entity was changed and `made`, and count the change; with `missing`, only where
    there is no value yet."""
    names = (*roles.created, *roles.updated) if made else roles.updated
    for name in names:
        if not missing or name not in data:
            data[name] = stamp(schemas, name, flat.properties[name], instant)
    for name in roles.versions:
        before = data.get(name)
        if made:
            data.setdefault(name, 1)
        elif isinstance(before, int) and not isinstance(before, bool):
            data[name] = before + 1
    for name in roles.marks if not made else ():
        if isinstance(data.get(name), str):
            data[name] = _another_mark(data[name])
    held = roles.held
    if held is not None and (held.created or held.updated or held.versions):
        part = data.get(roles.holder)
        if isinstance(part, Mapping) or made:
            inner = dict(part) if isinstance(part, Mapping) else {}
            within = schemas.flat(flat.properties[roles.holder])
            set_times(schemas, within, held, inner, instant, made=made, missing=missing)
            data[roles.holder] = inner


def _another_mark(before: str) -> str:
    """An etag of the form of the one before it."""
    made = sha256(before.encode()).hexdigest()[: len(before)]
    return f'"{made[:-2]}"' if before.startswith('"') else made


def kinds(schemas: Schemas, schema: Any) -> set[str]:
    """The types that a property may have."""
    return {kind for flat in _branches(schemas, schema) for kind in flat.types}


def formats(schemas: Schemas, schema: Any) -> set[str]:
    """The formats that a property may have; "" for a text without one."""
    return {
        str(flat.rules.get("format", ""))
        for flat in _branches(schemas, schema)
        if "string" in flat.types
    }


def is_nullable(schemas: Schemas, schema: Any) -> bool:
    return any(flat.nullable for flat in _branches(schemas, schema))


def _branches(schemas: Schemas, schema: Any, depth: int = 0) -> list[Flat]:
    flat = schemas.flat(schema)
    if not flat.choices or depth > 4:
        return [flat]
    return [
        inner
        for branches in flat.choices
        for branch in branches
        for inner in _branches(schemas, branch, depth + 1)
    ]


def stamp(schemas: Schemas, name: str, schema: Any, instant: int) -> Any:
    """A time in the format that a property's schema describes."""
    spoken = kinds(schemas, schema)
    if "string" in spoken or not spoken:
        text = render(instant)
        if "date" in formats(schemas, schema):
            text = text[:10]
        for flat in _branches(schemas, schema) if "string" in spoken else ():
            return as_described(instant, flat, text)
        return text
    counts_millis = any(in_millis(name, flat) for flat in _branches(schemas, schema))
    return instant * 1000 // SECOND if counts_millis else instant // SECOND


def as_described(instant: int, flat: Flat, usual: str) -> str:
    """A time as text, by the pattern or format of the schema."""
    if flat.rules.get("format") == "http-date":
        return http_date(instant)
    matches = reader(flat.rules["pattern"]) if isinstance(flat.rules.get("pattern"), str) else None
    if matches is None or matches(usual):
        return usual
    return next((text for text in spellings(instant) if matches(text)), usual)


def owner_values(world: World, roles: Roles) -> dict[str, str]:
    """The ids of the tenant, under the resource's own names for them."""
    return {name: tenant_id(world, owner) for name, owner in roles.owners.items()}
