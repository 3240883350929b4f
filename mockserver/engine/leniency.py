"""How much a mock forgives: one record, set as a whole by `--lenient` and part by part.

The pipeline puts it into the world before a request is carried out; whoever would refuse asks it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from mockserver.errors import Conflict, NotFound, PreconditionFailed, Refusal

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
    """What is forgiven.

    `any_key`: every credential, or none, is a tenant. `unknown_ids`: a 404; `known`, made on first
    look, while what was removed is a 404; or made `always`. `unknown_cursors` are refused or mean
    the first page. `conflicts`: what stands in the way of a request (it exists already, it has
    ended) is refused or overruled. `validate`: requests that do not fit the document are refused,
    carried out and noted, or carried out. `fill`: optional properties are there, and lists have an
    entry.
    """

    any_key: bool = False
    unknown_ids: UnknownIds = "refuse"
    unknown_cursors: UnknownCursors = "refuse"
    conflicts: Conflicts = "refuse"
    validate: Validation = "strict"
    fill: bool = False

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
        """Whether a refusal is one that a client shall not see."""
        if isinstance(refusal, NotFound):
            return self.knows_removed_ids
        return self.overrules and isinstance(refusal, Conflict | PreconditionFailed)


STRICT = Leniency()
LENIENT = Leniency(True, "always", "first-page", "ignore", "warn", True)
PARTS = tuple(field.name for field in fields(Leniency))


def leniency_of(lenient: bool, parts: Mapping[str, Any]) -> Leniency:
    """All or nothing, but for the parts that are given (not None)."""
    given = {name: parts[name] for name in PARTS if parts.get(name) is not None}
    return replace(LENIENT if lenient else STRICT, **given)


def preferred(header: str, usual: Leniency) -> Leniency:
    """What a request asks for in its `Prefer`: `handling=lenient` or `handling=strict` (RFC 7240)
    for all of it, and each part by its name (`unknown-ids=known`). Unknown words are passed over,
    as the RFC has it."""
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
