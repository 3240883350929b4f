"""The requests that lead to a failure: from a HAR file, or from the exchanges of a report."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from mockserver.errors import UsageError
from mockserver.files.har import archived
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json
from mockserver.verify.diff.id_map import (
    TIME,
    UUID,
    IdMap,
    family,
    is_opaque,
    noun_in_url,
    noun_within,
    time_form,
)
from mockserver.verify.diff.model import STATUS_NAMES
from mockserver.verify.diff.runner import OPEN
from mockserver.verify.model import Exchange

SAFE = ("GET", "HEAD", "OPTIONS")
_UNANSWERED = 0
_MOST_SHOWN = 10
_ID = re.compile(r"[\w-]{6,}")
_NAMED_PART = re.compile(r"/([^/?#]+)")


@dataclass(frozen=True)
class Recorded:
    """A request and the response that was recorded. `pause` is the time in seconds between the
    response before and this one, 0 if unknown. Header names are in lower case."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes
    pause: float = 0.0

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Failure:
    """`steps` in order; the last one shows the failure. `title` says what it is."""

    title: str
    steps: Sequence[Recorded]


def read_failure(path: str, wanted: str = "") -> Failure:
    """The failure of a recording.

    `wanted` is the id or the rule of a finding, or the number of the exchange that shows the
    failure, from 1. Without it, it is the only finding, or the last response with a 5xx. Raises
    UsageError if there is none, or if there are several.
    """
    exchanges, findings = _read(path)
    if findings and not wanted.isdigit():
        failure = _found(path, findings, wanted)
        return Failure(failure.title, [*_creators(failure.steps, exchanges), *failure.steps])
    if wanted and not wanted.isdigit():
        raise UsageError(
            f"--from {wanted}: {path} has no findings; give the number of the exchange that shows "
            f"the failure, from 1 to {len(exchanges)}"
        )
    if wanted:
        number = int(wanted)
    else:
        broken = [n for n, one in enumerate(exchanges, 1) if one.status >= 500]
        if not broken:
            raise UsageError(
                f"{path}: none of its {len(exchanges)} responses is a 5xx; give the number of the "
                "exchange that shows the failure with --from"
            )
        number = broken[-1]
    if not 1 <= number <= len(exchanges):
        raise UsageError(f"--from {wanted}: {path} has the exchanges 1 to {len(exchanges)}")
    steps = _needed(exchanges[:number])
    return Failure(f"exchange {number}: {steps[-1].line} returned {steps[-1].status}", steps)


def _found(path: str, findings: Mapping[str, tuple[str, Failure]], wanted: str) -> Failure:
    """The finding with this id, or with this rule."""
    fitting = [
        (name, failure)
        for name, (rule, failure) in findings.items()
        if not wanted or wanted in (name, rule)
    ]
    if len(fitting) == 1:
        return fitting[0][1]
    shown = fitting or [(name, failure) for name, (_, failure) in findings.items()]
    listed = "; ".join(f"{name} {failure.title}" for name, failure in shown[:_MOST_SHOWN])
    more = f"; and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    if wanted and not fitting:
        raise UsageError(f"--from {wanted}: {path} has no such finding; it has {listed}{more}")
    raise UsageError(f"{path}: name one of its findings with --from: {listed}{more}")


def _read(path: str) -> tuple[list[Recorded], dict[str, tuple[str, Failure]]]:
    """The exchanges, and the findings by id with their rules."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text: {error.reason}") from None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    whole = isinstance(value, dict) and not {"exchange", "finding"} & value.keys()
    exchanges, findings = (list(_from_har(value, path)), {}) if whole else _from_lines(text, path)
    exchanges = [one for one in exchanges if one.status != _UNANSWERED]
    if not exchanges and not findings:
        raise UsageError(f"{path}: it has no exchanges")
    return exchanges, findings


def _from_har(value: Json, path: str) -> Iterator[Recorded]:
    before = None
    for one in archived(value, path):
        try:
            ended = one.ended
        except ValueError:
            ended = None
        pause = ended - before if ended is not None and before is not None else 0.0
        before = ended
        yield Recorded(
            one.method,
            one.url,
            {n.lower(): v for n, v in one.request_headers if not n.startswith(":")},
            one.request_body,
            one.status,
            {n.lower(): v for n, v in one.headers},
            one.body,
            max(0.0, pause),
        )


def _from_lines(text: str, path: str) -> tuple[list[Recorded], dict[str, tuple[str, Failure]]]:
    """Read the exchanges.ndjson of a report."""
    exchanges: list[Recorded] = []
    findings: dict[str, tuple[str, Failure]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            if "exchange" in value:
                exchanges.append(_plain(value["exchange"]))
            elif value["finding"]["steps"] and not value["finding"]["accepted"]:
                one = value["finding"]
                title = f"{one['where']}: {one['title']} ({one['rule']})"
                failure = Failure(title, _with_pauses(one["steps"]))
                findings[str(one["id"])] = (str(one["rule"]), failure)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(
                f"{path}: neither a HAR file nor the exchanges.ndjson of a report (line {number})"
            ) from None
    return exchanges, findings


def _with_pauses(values: Sequence[Mapping[str, Json]]) -> list[Recorded]:
    ends = [float(one.get("at", 0)) + float(one.get("seconds", 0)) for one in values]
    known = all(one.get("at") for one in values)
    pauses = [0.0, *(b - a if known else 0.0 for a, b in pairwise(ends))]
    return [_plain(one, pause) for one, pause in zip(values, pauses, strict=True)]


def _plain(value: Mapping[str, Json], pause: float = 0.0) -> Recorded:
    return Recorded(
        str(value["method"]),
        str(value["url"]),
        {name.lower(): str(text) for name, text in value["request_headers"].items()},
        _bytes(value["request_body"]),
        int(value["status"]),
        {name.lower(): str(text) for name, text in value["headers"].items()},
        _bytes(value["body"]),
        max(0.0, pause),
    )


def _bytes(text: str) -> bytes:
    if not text.startswith("base64:"):
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text.removeprefix("base64:"))
    except binascii.Error:
        return text.encode()


def _needed(exchanges: Sequence[Recorded]) -> list[Recorded]:
    """The exchanges without reads whose response no later request needs. Pauses are kept."""
    names = _names(exchanges[-1])
    kept = [exchanges[-1]]
    for one in reversed(exchanges[:-1]):
        given = set(_ID.findall(one.body.decode("utf-8", "replace")))
        if one.method not in SAFE or given & names:
            kept.append(one)
            names |= _names(one)
    return kept[::-1]


def _creators(steps: Sequence[Recorded], exchanges: Sequence[Recorded]) -> list[Recorded]:
    """The requests that created what the steps name, if they are not among the steps."""
    makers: dict[str, int] = {}
    for number, one in enumerate(exchanges):
        if one.method == "POST" and one.status < 300:
            for name in _ids(one.body.decode("utf-8", "replace") + one.headers.get("location", "")):
                makers.setdefault(name, number)
    given = _ids(" ".join(step.body.decode("utf-8", "replace") for step in steps[:-1]))
    found: set[int] = set()
    todo = list(steps)
    while todo:
        for name in _names(todo.pop()) - given:
            maker = makers.get(name)
            if maker is not None and maker not in found and exchanges[maker] not in steps:
                found.add(maker)
                todo.append(exchanges[maker])
    return [exchanges[number] for number in sorted(found)]


def _ids(text: str) -> set[str]:
    """The parts of a text that may be ids: not plain words."""
    return {name for name in _ID.findall(text) if not name.isalpha()}


def _names(one: Recorded) -> set[str]:
    """The parts of a request that may be ids."""
    path = _NAMED_PART.findall(one.path)
    text = urlsplit(one.url).query + " " + one.request_body.decode("utf-8", "replace")
    return {*path, *_ID.findall(text)}


# Compare a response with the recorded one, apart from ids, times and how far a job is.

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
    differs = dict(_differences(mine, theirs, "", "", ids, noun_in_url(recorded.path), 0))
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
    one: Json, other: Json, name: str, place: str, ids: IdMap, noun: str, depth: int
) -> Iterator[tuple[str, str]]:
    """Places and the other value there; `one` is recorded."""
    if isinstance(one, dict) and isinstance(other, dict) and depth < _DEEPEST:
        for key in dict.fromkeys([*one, *other]):
            inner = f"{place}.{key}" if place else key
            mine, theirs = one.get(key, MISSING), other.get(key, MISSING)
            yield from _differences(
                mine, theirs, key, inner, ids, noun_within(name, noun) if name else noun, depth + 1
            )
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            inner = f"{place}.{number}" if place else str(number)
            yield from _differences(mine, theirs, name, inner, ids, noun, depth + 1)
    elif not _same(one, other, name, ids, noun):
        yield place or "body", "absent" if other is MISSING else json.dumps(other)[:200]


def _same(one: Json, other: Json, name: str, ids: IdMap, noun: str) -> bool:
    if one is MISSING or other is MISSING:
        return one is other
    if is_opaque(name, one) and is_opaque(name, other):
        return one == other or ids.pairs.agree(one, other, family(name, one, noun))
    if name in STATUS_NAMES and OPEN.match(str(one)) and OPEN.match(str(other)):
        return True
    if time_form(one) and time_form(one) == time_form(other):
        return True
    if isinstance(one, str) and isinstance(other, str):
        return _MOMENT.sub("", ids.text(one)) == _MOMENT.sub("", other)
    return type(one) is type(other) and bool(one == other)
