"""The counts of a job: its parts, and how many of them are done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from mockserver.inference.model import States
from mockserver.inference.words import bag, moment_stem, tokens
from mockserver.openapi.schemas.resolved import Schemas

_TOTAL = bag("total totals all overall")
_DONE = bag("completed complete processed finished done handled executed ended")
_GOOD = bag("succeeded successful success passed imported sent delivered accepted valid created")
_BAD = bag("failed failures failure errored errors error rejected invalid bounced expired")
_ACTIVE = bag("running processing progress active executing inprogress started")
_WAITING = bag("pending queued remaining waiting left outstanding todo scheduled")
_STOPPED = bag("cancelled canceled skipped aborted")
_ROLES = (
    ("total", _TOTAL), ("done", _DONE), ("good", _GOOD), ("bad", _BAD), ("active", _ACTIVE),
    ("waiting", _WAITING), ("stopped", _STOPPED),
)  # fmt: skip
_FILLING = bag("count counts number num of nb in the")


@dataclass(frozen=True, slots=True)
class Group:
    """Counts that add up: within one object (`above`), or about one noun."""

    above: str | None
    names: Mapping[str, str]


class Counts:
    """The counts of one kind of job at an instant."""

    def __init__(self, schemas: Schemas, properties: Mapping[str, Any], states: States) -> None:
        self._states = states
        self.groups = [*_groups(schemas, None, properties)]
        for name, schema in properties.items():
            inner = schemas.flat(schema)
            if "object" in inner.types:
                self.groups += _groups(schemas, name, inner.properties)

    def at(self, state: str, share: float, luck: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """The counts when this share of the work is done."""
        found: dict[str, Any] = {}
        for group in self.groups:
            holder = data.get(group.above) if group.above is not None else data
            known = holder if isinstance(holder, Mapping) else {}
            counts = self._counted(group, state, share, self._total(group, luck, known))
            if group.above is not None:
                found[group.above] = {**known, **counts}
            else:
                found.update(counts)
        return found

    def _total(self, group: Group, luck: str, data: Mapping[str, Any]) -> int:
        lengths = [len(value) for value in data.values() if isinstance(value, list) and value]
        return max(lengths, default=3 + crc32(luck.encode()) % 6)

    def _counted(self, group: Group, state: str, share: float, total: int) -> dict[str, int]:
        states = self._states
        done = total if state in states.success else min(total, int(total * share))
        bad = max(1, done // 4) if state in states.failure else 0
        done = max(done, bad)
        active = min(1, total - done) if state in states.active else 0
        stopped = total - done if state in states.cancelled else 0
        values = {
            "total": total, "done": done, "good": done - bad, "bad": bad, "active": active,
            "stopped": stopped, "waiting": total - done - active - stopped,
        }  # fmt: skip
        roles = set(group.names.values())
        if "good" not in roles and "bad" in roles:
            values["done"] = done - bad
        found = {}
        taken: set[str] = set()
        for name, role in group.names.items():
            # Duplicates count once.
            found[name] = values[role] if role not in taken or role == "total" else 0
            taken.add(role)
        return found


def _groups(schemas: Schemas, above: str | None, properties: Mapping[str, Any]) -> Iterable[Group]:
    by_noun: dict[tuple[str, ...], dict[str, str]] = {}
    for name, schema in properties.items():
        words = [word for word in tokens(name) if word not in _FILLING]
        if moment_stem(name):
            continue
        role = next((role for role, known in _ROLES if set(words) & known), None)
        if role is None or "integer" not in schemas.flat(schema).types:
            continue
        known = dict(_ROLES)[role]
        rest = tuple(word for word in words if word not in known)
        by_noun.setdefault(rest, {})[name] = role
    for noun, names in by_noun.items():
        roles = set(names.values())
        enough = len(names) > 2 or ("total" in roles and len(names) > 1)
        if enough and (noun or above is not None or "total" in roles):
            yield Group(above, names)
