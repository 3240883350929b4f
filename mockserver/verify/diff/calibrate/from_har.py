"""Write a calibration file from a recording of a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from mockserver.errors import UsageError
from mockserver.files.documents import read_contract
from mockserver.files.har import Archived, archived
from mockserver.openapi.media_types import essence
from mockserver.openapi.model import Contract, Operation
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibrate import DEPENDS, Calibration, read_json, templated, write_lock
from mockserver.verify.diff.id_map import is_opaque
from mockserver.verify.diff.model import MISSING
from mockserver.verify.diff.observations import Habits, choices_of, status_name
from mockserver.verify.lifecycle.infer import dereferenced, properties, reply_schema

Json = Any
Pattern = tuple[Operation, re.Pattern[str]]


@dataclass(frozen=True)
class Recorded:
    """One recorded exchange. `at` is its time in seconds, `sent` the request body."""

    operation: Operation
    path: Mapping[str, str]
    sent: str
    status: int
    media_type: str
    value: Json
    at: float


def calibrate_recording(source: str, spec: str, output: str) -> Calibration:
    """Write the calibration file of a HAR file. Raises UsageError, ContractError."""
    contract = read_contract(spec)[1]
    exchanges = recorded(read_json(source), contract, source)
    found = calibration_of(exchanges, contract)
    made = datetime.fromtimestamp(exchanges[-1].at, UTC).isoformat(timespec="seconds")
    write_lock(found, output, f"the recording {source}", made, contract.title)
    return found


def recorded(value: Mapping[str, Json], contract: Contract, source: str) -> list[Recorded]:
    """The exchanges that match the document, in order. Raises UsageError if there are none."""
    entries = archived(value, source)
    patterns = list(_patterns(contract))
    try:
        found = [one for entry in entries if (one := _exchange(entry, patterns)) is not None]
    except ValueError as error:
        raise UsageError(f"{source}: an exchange has no startedDateTime ({error})") from None
    if not found:
        raise UsageError(
            f"{source}: none of its {len(entries)} exchanges matches the document; check --spec"
        )
    return sorted(found, key=lambda one: one.at)


def calibration_of(exchanges: list[Recorded], contract: Contract) -> Calibration:
    """Rules on which all exchanges of an operation agree. There is no mock run to compare with, so
    the mock's behaviour is derived from the document."""
    found = Calibration()
    by_operation: dict[str, list[Recorded]] = {}
    for one in exchanges:
        by_operation.setdefault(one.operation.id, []).append(one)
    for operation, group in by_operation.items():
        _refusals(found, operation, group)
        good = [one for one in group if one.status < 300]
        if good:
            _successes(found, contract, good)
    found.add_habits(_habits(exchanges, contract).as_json())
    return found


def _refusals(found: Calibration, operation: str, group: list[Recorded]) -> None:
    """Error bodies that are constant apart from the ids in the path."""
    for status in sorted({one.status for one in group if one.status >= 400}):
        these = [one for one in group if one.status == status and one.value is not MISSING]
        bodies = [templated(one.value, one.path) for one in these]
        if bodies and status not in DEPENDS and all(body == bodies[0] for body in bodies):
            found.rule(operation, "bodies", str(status), bodies[0])


def _successes(found: Calibration, contract: Contract, good: list[Recorded]) -> None:
    operation = good[0].operation
    statuses = {one.status for one in good}
    if len(statuses) == 1 and operation.success < 300 and operation.success not in statuses:
        found.rule(operation.id, "statuses", str(operation.success), statuses.pop())
    response = operation.response_for(operation.success)
    usual = {name.partition(";")[0].strip() for name in response.content} if response else set()
    types = {one.media_type for one in good if one.media_type}
    if usual and len(types) == 1 and not types & usual:
        found.rule(operation.id, "media_types", str(operation.success), types.pop())
    schema = reply_schema(contract, operation)
    bodies = [one.value for one in good if isinstance(one.value, dict)]
    if schema is None or not bodies or not schema.get("properties"):
        return
    known = properties(contract, dereferenced(contract, schema))
    for name, value in bodies[0].items():
        same = all(body.get(name) == value for body in bodies)
        plain = isinstance(value, str | int | float) and not is_opaque(name, value)
        if name not in known and same and plain and len(bodies) > 1:
            found.rule(operation.id, "extra", name, value)


def _habits(exchanges: list[Recorded], contract: Contract) -> Habits:
    """Observed field values, and how long jobs stayed in transient states."""
    habits = Habits()
    knowledge = Knowledge.of(contract)
    makers: dict[str, str] = {}
    since: dict[str, tuple[str, float]] = {}
    commands = {op.id for op in knowledge.commands if op.method != "GET"}
    ordered: set[str] = set()
    sent = ""
    for one in exchanges:
        sent += one.sent
        if one.operation.id in commands:
            ordered |= set(one.path.values())
        if one.status >= 300:
            continue
        for name, value, _ in choices_of(contract, one.operation.id, one.value):
            if json.dumps(value)[1:-1] not in sent:
                habits.choice(one.operation.id, name, value)
        resource = next(
            (r for r in knowledge.makeable if one.operation.id in (r.create, r.read)), None
        )
        entity = one.value
        if resource is None or not isinstance(entity, dict) or not status_name(entity):
            continue
        identity = str(entity.get(resource.id_field))
        state = entity[status_name(entity)]
        if one.operation.id == resource.create:
            makers[identity] = resource.create
            since[identity] = (state, one.at)
        elif identity in since and since[identity][0] != state:
            before, moment = since[identity]
            if identity not in ordered:
                habits.stay(makers[identity], before, one.at - moment)
            since[identity] = (state, one.at)
    return habits


# --- archives


def _exchange(entry: Archived, patterns: Sequence[Pattern]) -> Recorded | None:
    route = _route(patterns, entry.method, urlsplit(entry.url).path)
    if route is None or not entry.status:
        return None
    return Recorded(
        *route,
        sent=entry.request_body.decode("utf-8", "replace"),
        status=entry.status,
        media_type=essence(entry.header("content-type")),
        value=_parsed(entry.body.decode("utf-8", "replace")),
        at=entry.ended,
    )


def _parsed(text: str) -> Json:
    try:
        return json.loads(text) if text else MISSING
    except (ValueError, RecursionError):
        return MISSING


def _route(
    patterns: Sequence[Pattern], method: str, path: str
) -> tuple[Operation, Mapping[str, str]] | None:
    """The operation of a path, with its parameters; literal segments win."""
    for operation, pattern in patterns:
        if operation.method == method:
            found = pattern.search(path)
            if found is not None:
                names = [part.split("}")[0] for part in operation.path.split("{")[1:]]
                return operation, dict(zip(names, map(unquote, found.groups()), strict=True))
    return None


def _patterns(contract: Contract) -> Iterator[Pattern]:
    base = re.escape(contract.base_path.rstrip("/"))
    for operation in sorted(contract.operations, key=lambda op: op.path.count("{")):
        parts = re.split(r"\{[^{}]*\}", operation.path.partition("?")[0])
        yield operation, re.compile(f"^{base}{'([^/]+)'.join(map(re.escape, parts))}/?$")
