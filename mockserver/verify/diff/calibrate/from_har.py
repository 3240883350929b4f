"""Write a calibration file from a recording of a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from mockserver.files.documents import read_contract
from mockserver.openapi.credentials import credential
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Json
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibrate import Calibration, read_json, write_lock
from mockserver.verify.diff.calibrate.recording import Recorded, recorded
from mockserver.verify.diff.calibration_file import read_lock
from mockserver.verify.diff.id_map import IdMap, is_opaque, noun_of, nouns_in
from mockserver.verify.diff.mock_side import own_mocks
from mockserver.verify.diff.model import Seen, Step, status_name
from mockserver.verify.diff.observations import Habits, choices_of
from mockserver.verify.diff.recorded import TRAITS, sample
from mockserver.verify.diff.runner import TICK, parsed
from mockserver.verify.lifecycle.clock import clock_of, reset
from mockserver.verify.model import Exchange
from mockserver.verify.schemas import dereferenced, properties, reply_schema
from mockserver.verify.target import Target, fill

# Send recorded requests to a mock, for pairs of replies as a differential run has them.

_KEY = "mock-recording"
_LONGEST_PAUSE = 86_400.0
"""Seconds by which the clock advances at most between two requests."""
_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


def pairs_of_replies(
    exchanges: Sequence[Recorded], contract: Contract, url: str
) -> Iterator[dict[str, Json]]:
    """Send the requests in order to the mock at `url`, with its ids in place of the recorded ones.

    Yields samples. Left out are requests about entities from before the recording, which the mock
    does not have, and about those that only one side has made or changed.
    """
    headers = {"x-mock-tenant": _KEY, TRAITS: "yes"}
    with Target(contract, url, _KEY, headers=headers) as target:
        reset(target)
        replay = _Replay(target)
        for number, one in enumerate(exchanges):
            before = exchanges[number - 1].at if number else one.at
            found = replay.step(number, one, one.at - before)
            if found is not None:
                yield found


@dataclass
class _Replay:
    target: Target
    ids: IdMap = field(default_factory=IdMap)
    apart: set[str] = field(default_factory=set)
    """Path values of entities that the two sides treated differently."""

    def __post_init__(self) -> None:
        self.time = clock_of(self.target, 0)

    def step(self, number: int, one: Recorded, pause: float) -> dict[str, Json] | None:
        self.time.pass_(min(max(pause, TICK), _LONGEST_PAUSE))
        mock = self._send(one)
        value = parsed(mock)
        if one.status < 300 and mock.status < 300:
            noun, lists = noun_of(one.operation.url_path), one.operation.method != "GET"
            self.ids.learn(one.value, value, noun, lists=lists)
            self.ids.learn_location(one.location, mock.headers.get("location", ""))
        named = set(one.path.values())
        strange = bool(named & self.apart) or not _says_something(one, mock)
        done = (one.status < 300, mock.status < 300)
        if one.operation.method in _WRITES and done[0] != done[1]:
            self.apart |= named
        if strange:
            return None
        step = Step(number, one.operation.id, "read")
        real = Seen(step, [_as_exchange(one)], one.value)
        found = sample(real, Seen(step, [mock], value), one.operation.url_path)
        return found and {"operation": one.operation.id, **found, "path": dict(one.path)}

    def _send(self, one: Recorded) -> Exchange:
        operation, body = one.operation, one.sent_value
        declared = {p.name.lower() for p in operation.parameters if p.place == "header"}
        declared = (declared | {"content-type", "accept"}) - {*_CONDITIONS}
        raw = body is MISSING and one.sent
        noun, nouns = noun_of(operation.url_path), nouns_in(operation.url_path)
        path = {n: self.ids.named(v, nouns.get(n, noun)) for n, v in one.path.items()}
        return self.target.send(
            operation.method,
            fill(operation.url_path, path),
            body=None if body is MISSING else self.ids.value(body, noun=noun),
            content=self.ids.text(one.sent).encode() if raw else None,
            params={n: str(self.ids.value(v, n, noun)) for n, v in one.query.items()},
            key=self._key(one),
            headers={n: self.ids.text(v) for n, v in one.headers.items() if n in declared},
            operation=operation.id,
            source="calibrate",
        )

    def _key(self, one: Recorded) -> str | None:
        """The recorded credential is masked: ours stands for it, a wrong one for a refused one."""
        carried = credential(self.target.contract, _KEY)
        names = {*one.headers, *one.query}
        wanted = {"authorization", *map(str.lower, carried.with_cookies), *dict(carried.query)}
        if not wanted & names:
            return None
        return "no-such-key" if one.status == 401 else ""


def _says_something(one: Recorded, mock: Exchange) -> bool:
    """Whether the two replies can be compared: not if only the mock lacks the entity, or if the
    request was conditional."""
    lacks = bool(one.path) and mock.status == 404
    gone = one.status in (401, 403, 404, 405, 410)
    return (not lacks or gone) and not any(name in one.headers for name in _CONDITIONS)


def _as_exchange(one: Recorded) -> Exchange:
    """The recorded exchange; of its URL only the query matters."""
    return Exchange(
        method=one.operation.method,
        url="?" + urlencode(one.query),
        request_headers=one.headers,
        request_body=one.sent.encode(),
        status=one.status,
        headers={"content-type": one.media_type},
        body=one.body,
        elapsed=0.0,
        source="recording",
        operation=one.operation.id,
    )


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
