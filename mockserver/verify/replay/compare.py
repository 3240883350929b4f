"""Compare a response with the recorded one, apart from ids, times and how far a job is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.verify.diff.id_map import TIME, UUID, IdMap, is_opaque, time_form
from mockserver.verify.diff.model import MISSING, STATUS_NAMES
from mockserver.verify.diff.runner import OPEN
from mockserver.verify.model import Exchange
from mockserver.verify.replay.sequence import Recorded

Json = Any
_DEEPEST = 50
_HEADERS = ("allow", "content-type", "www-authenticate")
"""Headers that are compared: others often depend on the moment."""
_MOMENT = re.compile(f"{TIME.pattern}|{UUID.pattern.removeprefix('(?i)')}", re.IGNORECASE)
"""Parts of texts that are different each time."""


@dataclass(frozen=True)
class Outcome:
    """A response compared with the recorded one: `status`, and by place the values that differ.

    The place "" is the whole response.
    """

    status: int
    differs: dict[str, str]


def compared(recorded: Recorded, exchange: Exchange, ids: IdMap) -> Outcome:
    """Any 5xx is like any other; otherwise the status and the body have to be the same."""
    if recorded.status >= 500 and exchange.status >= 500:
        return Outcome(exchange.status, {})
    if recorded.status != exchange.status:
        return Outcome(exchange.status, {"": str(exchange.status)})
    mine, theirs = _value(recorded.body), _value(exchange.body)
    differs = dict(_differences(mine, theirs, "", "", ids, 0))
    for name in _HEADERS:
        now = exchange.headers.get(name, "")
        if _parts(recorded.headers.get(name, "")) != _parts(now):
            differs[f"header {name}"] = now or "absent"
    return Outcome(exchange.status, differs)


def same_as_recorded(outcomes: Sequence[Outcome]) -> list[bool]:
    """Whether each response is like the recorded one.

    Values that are different each time, and never the recorded ones, do not count: they say
    nothing of the failure.
    """
    places = {place for outcome in outcomes for place in outcome.differs}
    random = {
        place
        for place in places
        if place
        and len(outcomes) > 1
        and len({one.differs.get(place) for one in outcomes}) == len(outcomes)
        and all(place in one.differs for one in outcomes)
    }
    return [not (outcome.differs.keys() - random) for outcome in outcomes]


def _parts(header: str) -> set[str]:
    return {part.strip().lower() for part in re.split("[,;]", header) if part.strip()}


def _value(body: bytes) -> Json:
    if not body:
        return MISSING
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _differences(
    one: Json, other: Json, name: str, place: str, ids: IdMap, depth: int
) -> Iterator[tuple[str, str]]:
    """Places and the other value there; `one` is recorded."""
    if isinstance(one, dict) and isinstance(other, dict) and depth < _DEEPEST:
        for key in dict.fromkeys([*one, *other]):
            inner = f"{place}.{key}" if place else key
            mine, theirs = one.get(key, MISSING), other.get(key, MISSING)
            yield from _differences(mine, theirs, key, inner, ids, depth + 1)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            inner = f"{place}.{number}" if place else str(number)
            yield from _differences(mine, theirs, name, inner, ids, depth + 1)
    elif not _same(one, other, name, ids):
        yield place or "body", "absent" if other is MISSING else json.dumps(other)[:200]


def _same(one: Json, other: Json, name: str, ids: IdMap) -> bool:
    if one is MISSING or other is MISSING:
        return one is other
    if is_opaque(name, one) and is_opaque(name, other):
        return one == other or ids.pairs.agree(one, other)
    if name in STATUS_NAMES and OPEN.match(str(one)) and OPEN.match(str(other)):
        return True
    if time_form(one) and time_form(one) == time_form(other):
        return True
    if isinstance(one, str) and isinstance(other, str):
        return _MOMENT.sub("", ids.text(one)) == _MOMENT.sub("", other)
    return type(one) is type(other) and bool(one == other)
