"""What a real server was seen to do otherwise than its document lets one guess.

`mockserver calibrate` writes it down, a person reviews it, and the mock follows it: the defaults
before a request is validated, the rest after the reply has been.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.engine.negotiate import Sent
from mockserver.plan.model import Plan

Json = Any


@dataclass(frozen=True)
class Rules:
    """Of one operation. `bodies`, `words`, `statuses` and `media_types` are by the status of the
    mock.

    `bodies` are whole ones, of refusals mostly; a "{name}" in their texts is the path parameter
    of that name. `words` are single fields of a refusal. The names in `extra` and `absent` are
    dotted places. `durations` are the seconds that a job is in a state, `enums` the values that
    a field has been seen with; both say something of the thing that the operation makes or shows.
    """

    statuses: Mapping[str, int] = field(default_factory=dict)
    bodies: Mapping[str, Json] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    media_types: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Json] = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)
    absent: Sequence[str] = ()
    durations: Mapping[str, float] = field(default_factory=dict)
    enums: Mapping[str, Sequence[Json]] = field(default_factory=dict)


Lock = Mapping[str, Rules]
"""By operationId."""


def with_defaults(rules: Rules, body: bytes) -> bytes:
    """A request's body with the defaults that it leaves out; one that is no object stays."""
    if not rules.defaults or not body:
        return body
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # which the pipeline refuses in its own words
        return body
    if not isinstance(value, dict) or not rules.defaults.keys() - value.keys():
        return body
    return json.dumps({**rules.defaults, **value}, ensure_ascii=False).encode()


def adapted(rules: Rules, path_values: Mapping[str, str], sent: Sent) -> Sent:
    """A reply as the real server gives it."""
    status = str(sent.status)
    if status in rules.bodies:
        body = _filled(rules.bodies[status], path_values)
        sent = replace(sent, body=json.dumps(body, ensure_ascii=False).encode())
        sent = _labelled(sent, "application/json")
    elif status in rules.words:
        sent = _reshaped(sent, rules.words[status], (), over=True)
    elif sent.status < 300 and (rules.extra or rules.absent):
        sent = _reshaped(sent, rules.extra, rules.absent)
    if status in rules.media_types:
        sent = _labelled(sent, rules.media_types[status])
    return replace(sent, status=rules.statuses.get(status, sent.status))


def locked(plan: Plan, lock: Lock) -> Plan:
    """The plan with the durations and the values in use that the lock knows of."""
    resources = dict(plan.resources)
    for name, rules in lock.items():
        action = plan.actions.get(name)
        resource = resources.get(action.resource) if action else None
        if resource is None:
            continue
        states = resource.states
        if states is not None and rules.durations:
            states = replace(states, lasts={**states.lasts, **rules.durations})
        moving = {states.name} if states is not None else set()
        seen = {k: tuple(v) for k, v in rules.enums.items() if v and k not in moving}
        in_use = {**resource.in_use, **seen}
        resources[resource.name] = replace(resource, states=states, in_use=in_use)
    return replace(plan, resources=resources)


def _reshaped(
    sent: Sent, extra: Mapping[str, Json], absent: Sequence[str], *, over: bool = False
) -> Sent:
    """A reply without some fields and with others; `over`: those that it has are written over."""
    try:
        value = json.loads(sent.body)
    except ValueError:
        return sent
    if not isinstance(value, dict):
        return sent
    for place in absent:
        _, holder, name = _holder(value, place)
        holder.pop(name, None)
    for place, given in extra.items():
        there, holder, name = _holder(value, place)
        if there and (over or name not in holder):
            holder[name] = given
    return replace(sent, body=json.dumps(value, ensure_ascii=False).encode())


def _holder(value: dict[str, Json], place: str) -> tuple[bool, dict[str, Json], str]:
    """What a dotted place is in, whether that is there, and the last name."""
    *path, name = place.split(".")
    for step in path:
        if not isinstance(value.get(step), dict):
            return False, {}, name
        value = value[step]
    return True, value, name


def _labelled(sent: Sent, media_type: str) -> Sent:
    headers = [(name, value) for name, value in sent.headers if name.lower() != b"content-type"]
    return replace(sent, headers=[*headers, (b"content-type", media_type.encode())])


def _filled(value: Json, path_values: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        for name, given in path_values.items():
            value = value.replace("{" + name + "}", given)
        return value
    if isinstance(value, list):
        return [_filled(item, path_values) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, path_values) for name, item in value.items()}
    return value
