"""Write a calibration file from a recording of a real server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mockserver.files.documents import read_contract
from mockserver.openapi.model import Contract
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibrate import Calibration, read_json, read_lock, write_lock
from mockserver.verify.diff.calibrate.mock_replay import pairs_of_replies
from mockserver.verify.diff.calibrate.recording import Recorded, recorded
from mockserver.verify.diff.id_map import is_opaque
from mockserver.verify.diff.mock_side import own_mocks
from mockserver.verify.diff.observations import Habits, choices_of, status_name
from mockserver.verify.lifecycle.infer import dereferenced, properties, reply_schema

Json = Any


def calibrate_recording(source: str, spec: str, output: str, before: str = "") -> Calibration:
    """Replay the requests of a HAR file on a mock of `spec`, and write what the recorded server
    does differently. `before` is a calibration file to add to; the mock follows it.

    Raises UsageError, ContractError.
    """
    contract = read_contract(spec)[1]
    recording = recorded(read_json(source), contract, source)
    followed = read_lock(before).written if before else {}
    options = ["--calibration", before] if before else []
    with own_mocks(spec, (1,), options) as urls:
        samples = list(pairs_of_replies(recording.exchanges, contract, urls[0]))
    found = calibration_of(recording.exchanges, contract, samples, followed)
    if recording.prefix != contract.base_path.rstrip("/"):
        found.notes.append(f"the recorded API is at {recording.prefix or '/'}")
    made = datetime.fromtimestamp(recording.exchanges[-1].at, UTC).isoformat(timespec="seconds")
    write_lock(found, output, f"the recording {source}", made, contract.title)
    return found


def calibration_of(
    exchanges: Sequence[Recorded],
    contract: Contract,
    samples: Sequence[Mapping[str, Json]],
    followed: Mapping[str, Json],
) -> Calibration:
    """Answers from the pairs of replies, and what all successes of an operation have in common."""
    found = Calibration()
    found.begin(samples, followed)
    by_operation: dict[str, list[Recorded]] = {}
    for one in exchanges:
        if one.status < 300:
            by_operation.setdefault(one.operation.id, []).append(one)
    for good in by_operation.values():
        _successes(found, contract, good)
    found.add_habits(_habits(exchanges, contract).as_json())
    found.finish(followed)
    return found


def _successes(found: Calibration, contract: Contract, good: list[Recorded]) -> None:
    operation = good[0].operation
    response = operation.response_for(operation.success)
    usual = {name.partition(";")[0].strip() for name in response.content} if response else set()
    types = {one.media_type for one in good if one.media_type}
    if usual and len(types) == 1 and not types & usual:
        found.rule(operation.id, "media_types", str(good[0].status), types.pop())
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


def _habits(exchanges: Sequence[Recorded], contract: Contract) -> Habits:
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
