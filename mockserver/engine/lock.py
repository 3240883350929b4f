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

Json = Any


@dataclass(frozen=True)
class Rules:
    """Of one operation. `bodies`, `statuses` and `media_types` are by the status of the mock.

    `bodies` are whole ones, of refusals mostly; a "{name}" in their texts is the path parameter
    of that name.
    """

    statuses: Mapping[str, int] = field(default_factory=dict)
    bodies: Mapping[str, Json] = field(default_factory=dict)
    media_types: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Json] = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)
    absent: Sequence[str] = ()


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
    elif sent.status < 300 and (rules.extra or rules.absent):
        sent = _reshaped(rules, sent)
    if status in rules.media_types:
        sent = _labelled(sent, rules.media_types[status])
    return replace(sent, status=rules.statuses.get(status, sent.status))


def _reshaped(rules: Rules, sent: Sent) -> Sent:
    try:
        value = json.loads(sent.body)
    except ValueError:
        return sent
    if not isinstance(value, dict):
        return sent
    kept = {name: one for name, one in value.items() if name not in rules.absent}
    new = {**rules.extra, **kept}
    return replace(sent, body=json.dumps(new, ensure_ascii=False).encode())


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
