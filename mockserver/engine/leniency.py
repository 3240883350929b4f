"""How lenient a mock is: one record, set by `--lenient` as a whole and by options in parts.

The pipeline puts it into the world before a request is carried out; code that would refuse checks
it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal, get_args

from mockserver.errors import Conflict, NotFound, PreconditionFailed, Refusal
from mockserver.records import dataclass

UnknownIds = Literal["refuse", "known", "always"]
UnknownCursors = Literal["refuse", "first-page"]
Conflicts = Literal["refuse", "ignore"]
Validation = Literal["strict", "warn", "off"]
CHOICES: Mapping[str, tuple[str, ...]] = {
    "unknown_ids": get_args(UnknownIds),
    "unknown_cursors": get_args(UnknownCursors),
    "conflicts": get_args(Conflicts),
    "validate": get_args(Validation),
}
_PREFERRED = re.compile(r"([a-z-]+)\s*=\s*\"?([a-z-]+)\"?", re.IGNORECASE)
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True, slots=True)
class Leniency:
    """What is tolerated.

    `any_key`: every credential, or none, is a tenant. `unknown_ids` are a 404; or `known`, created
    on first access, while removed ones are a 404; or always created (`always`). `unknown_cursors`
    are rejected or mean the first page. `conflicts`: conflicting requests (the entity exists, the
    job has ended) are rejected or carried out. `validate`: invalid requests are rejected, carried
    out with a warning, or just carried out. `fill`: optional properties are present, and lists have
    an item.
    """

    any_key: bool = False
    unknown_ids: UnknownIds = "refuse"
    unknown_cursors: UnknownCursors = "refuse"
    conflicts: Conflicts = "refuse"
    validate: Validation = "strict"
    fill: bool = False

    @property
    def words(self) -> str:
        """Its parts that are not strict, as a user sets them: `any-key, validate warn`."""
        parts = ((name, getattr(self, name)) for name in PARTS if self != STRICT)
        return ", ".join(
            name.replace("_", "-") + ("" if value is True else f" {value}")
            for name, value in parts
            if value != getattr(STRICT, name)
        )

    @property
    def knows_any_id(self) -> bool:
        return self.unknown_ids != "refuse"

    @property
    def knows_removed_ids(self) -> bool:
        return self.unknown_ids == "always"

    @property
    def overrules(self) -> bool:
        return self.conflicts == "ignore"

    def forgives(self, refusal: Refusal) -> bool:
        """Whether this refusal is suppressed."""
        if isinstance(refusal, NotFound):
            return self.knows_removed_ids
        return self.overrules and isinstance(refusal, Conflict | PreconditionFailed)


STRICT = Leniency()
LENIENT = Leniency(True, "always", "first-page", "ignore", "warn", True)
PARTS = tuple(field.name for field in fields(Leniency))


def leniency_of(lenient: bool, parts: Mapping[str, Any]) -> Leniency:
    """Everything or nothing, except for the parts that are given (not None)."""
    given = {name: parts[name] for name in PARTS if parts.get(name) is not None}
    return replace(LENIENT if lenient else STRICT, **given)


def preferred(header: str, usual: Leniency) -> Leniency:
    """The leniency in a `Prefer` header: `handling=lenient` or `handling=strict` (RFC 7240) for
    everything, and each part by name (`unknown-ids=known`). Unknown preferences are ignored, as the
    RFC says."""
    found: dict[str, Any] = {}
    for name, value in _PREFERRED.findall(header):
        key, word = name.lower().replace("-", "_"), value.lower()
        if key == "handling" and word in ("lenient", "strict"):
            usual = LENIENT if word == "lenient" else STRICT
        elif word in CHOICES.get(key, ()):
            found[key] = word
        elif key in ("any_key", "fill") and word in (*_YES, *_NO):
            found[key] = word in _YES
    return replace(usual, **found) if found else usual
