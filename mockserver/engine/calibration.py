"""How a real server was seen to differ from what its document suggests.

`mockserver calibrate` writes the file, a person reviews it, and the mock follows it: defaults are
applied before a request is validated, the rest after the reply is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.engine.serialization import Sent
from mockserver.engine.traits import holds
from mockserver.inference.model import Plan

Json = Any


@dataclass(frozen=True)
class Rules:
    """Of one operation. `bodies`, `words`, `statuses` and `media_types` are by the status of the
    mock.

    `bodies` are whole ones, of refusals mostly; a "{name}" in their texts is the path parameter
    of that name. `words` are single fields of a refusal. The names in `extra` and `absent` are
    dotted places, `*` for every element. `durations` are the seconds that a job is in a state,
    `enums` the values that a field has been seen with; both are of the thing that the operation
    makes or shows.
    """

    statuses: Mapping[str, int] = field(default_factory=dict)
    bodies: Mapping[str, Json] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    media_types: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Json] = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)
    absent: Sequence[str] = ()
    nulls: Sequence[str] = ()
    """Places of fields that are null where a reply lacks them."""
    durations: Mapping[str, float] = field(default_factory=dict)
    enums: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    order: Mapping[str, str] = field(default_factory=dict)
    """Of a list that nobody ordered: `first` is the newest or the oldest."""
    answers: Sequence[Answer] = ()


Lock = Mapping[str, Rules]
"""By operationId."""
EVERY = "*"
"""The name under which a calibration file has what holds for every operation."""


@dataclass(frozen=True)
class Answer:
    """What the real server gives to requests with certain traits.

    `status` 0 is the mock's own. `body` (None: the mock's own) may have `{name}` for a path
    parameter, `{body.name}` and `{query.name}` for what was sent. `seen` is how many exchanges
    have shown it.
    """

    when: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    body: Json = None
    seen: int = 0


def answer_for(answers: Sequence[Answer], traits: Mapping[str, str]) -> Answer | None:
    """The first that fits; a file has them in the order in which they count."""
    return next((answer for answer in answers if holds(answer.when, traits)), None)


def rules_of(written: Mapping[str, Mapping[str, Any]], operations: Iterable[str]) -> Lock:
    """The rules of every operation, by what a calibration file has; what it says of every
    operation counts after what it says of one."""
    every = _answers(written.get(EVERY, {}))
    found = {}
    for name in operations:
        table = dict(written.get(name, {}))
        answers = (*_answers(table), *every)
        if table or answers:
            found[name] = Rules(**{**table, "answers": answers})
    return found


def _answers(table: Mapping[str, Any]) -> tuple[Answer, ...]:
    return tuple(Answer(**each) for each in table.get("answers", ()))


def with_defaults(rules: Rules, body: bytes) -> bytes:
    """The request body with the defaults for what it leaves out; a body that is no object is
    unchanged."""
    if not rules.defaults or not body:
        return body
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # the pipeline rejects it with a proper error
        return body
    if not isinstance(value, dict) or not rules.defaults.keys() - value.keys():
        return body
    return json.dumps({**rules.defaults, **value}, ensure_ascii=False).encode()


def adapted(rules: Rules, path_values: Mapping[str, str], sent: Sent) -> Sent:
    """The reply as the real server would give it."""
    status = str(sent.status)
    if status in rules.bodies:
        sent = with_body(sent, filled(rules.bodies[status], path_values))
    elif status in rules.words:
        sent = _reshaped(sent, rules.words[status], (), over=True)
    elif sent.status < 300 and (rules.extra or rules.absent or rules.nulls):
        nulls = dict.fromkeys(rules.nulls)
        sent = _reshaped(sent, {**nulls, **rules.extra}, rules.absent)
    if status in rules.media_types:
        sent = _labelled(sent, rules.media_types[status])
    return replace(sent, status=rules.statuses.get(status, sent.status))


def locked(plan: Plan, lock: Lock) -> Plan:
    """The plan with the calibrated durations and enum values."""
    resources, actions = dict(plan.resources), dict(plan.actions)
    for name, rules in lock.items():
        action = plan.actions.get(name)
        if action is not None and action.envelope is not None and rules.order:
            envelope = action.envelope
            newest = rules.order["first"] == "newest"
            ordering = replace(envelope.ordering, newest_first=newest)
            actions[name] = replace(action, envelope=replace(envelope, ordering=ordering))
        resource = plan.resource_of(action) if action is not None else None
        if resource is None:
            continue
        resource = resources[resource.name]
        states = resource.states
        if states is not None and rules.durations:
            states = replace(states, lasts={**rules.durations, **states.lasts})
        moving = {states.name} if states is not None else set()
        in_use = dict(resource.in_use)
        for field_name, values in rules.enums.items():
            if field_name not in moving:
                in_use[field_name] = (*in_use.get(field_name, ()), *values)
        resources[resource.name] = replace(resource, states=states, in_use=in_use)
    return replace(plan, resources=resources, actions=actions)


def _reshaped(
    sent: Sent, extra: Mapping[str, Json], absent: Sequence[str], *, over: bool = False
) -> Sent:
    """The reply with some fields removed and others added; `over`: existing fields are
    overwritten."""
    try:
        value = json.loads(sent.body)
    except ValueError:
        return sent
    for place in absent:
        for holder, name in _holders(value, place):
            holder.pop(name, None)
    for place, given in extra.items():
        for holder, name in _holders(value, place):
            if over or name not in holder:
                holder[name] = given
    return replace(sent, body=json.dumps(value, ensure_ascii=False).encode())


def _holders(value: Json, place: str) -> Iterator[tuple[dict[str, Json], str]]:
    """The objects at a dotted place (`*` matches every element), and the last name."""
    step, _, rest = place.partition(".")
    if step == "*" and isinstance(value, list):
        for item in value:
            yield from _holders(item, rest)
    elif isinstance(value, dict) and rest:
        yield from _holders(value.get(step), rest)
    elif isinstance(value, dict):
        yield value, step


def with_body(sent: Sent, body: Json) -> Sent:
    """A reply with another body, in JSON."""
    sent = replace(sent, body=json.dumps(body, ensure_ascii=False).encode())
    return _labelled(sent, "application/json")


def _labelled(sent: Sent, media_type: str) -> Sent:
    headers = [(name, value) for name, value in sent.headers if name.lower() != b"content-type"]
    return replace(sent, headers=[*headers, (b"content-type", media_type.encode())])


def filled(value: Json, values: Mapping[str, Json]) -> Json:
    """A template with its `{name}` replaced; one that is the whole text may be any JSON value."""
    if isinstance(value, str):
        if value[:1] == "{" and value[-1:] == "}" and value[1:-1] in values:
            return values[value[1:-1]]
        for name, given in values.items():
            value = value.replace("{" + name + "}", given) if isinstance(given, str) else value
        return value
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if isinstance(value, dict):
        return {name: filled(item, values) for name, item in value.items()}
    return value
