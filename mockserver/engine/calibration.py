"""How a real server was seen to differ from what its document suggests.

`mockserver calibrate` writes the file, a person reviews it, and the mock follows it: defaults are
applied before a request is validated, the rest after the reply is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from hashlib import sha1
from typing import Any

from mockserver.engine.serialization import Sent
from mockserver.engine.timestamps import render
from mockserver.inference.model import Plan
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Operation, Violation
from mockserver.records import dataclass

# What is special about a request, in words that a rule can be written with.
#
# A trait is a name and a value, both text: `body.name` is `empty text`, `query.limit` is `absent`,
# `violates body.age minimum` is `negative number`. `mockserver diff` asks the mock for the traits
# of what it sends, `mockserver calibrate` finds those that decide how the real server answers, and
# the mock looks for them again.

Traits = dict[str, str]
HEADER = "x-mock-traits"
"""A request that has it gets the traits in a header of this name. `advance=SECONDS` lets that time
pass before the request: one request in place of two."""
_MOST = 120
_HUGE = 2**53
"""Larger integers are not exact in JavaScript."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BOOLEANS = ("true", "false", "yes", "no", "on", "off", "t", "f", "y", "n")


def kind_of(value: Json) -> str:
    """The kind of a value, as finely as servers distinguish."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            fraction = isinstance(value, float) and not value.is_integer()
            sign = "negative " if value < 0 else "zero, a " if value == 0 else ""
            size = "huge " if abs(value) > _HUGE else ""
            return sign + size + ("fraction" if fraction else "number")
        case str():
            return _kind_of_text(value)
        case list():
            return "list" if value else "empty list"
        case dict():
            return "object" if value else "empty object"
    return "other"


def _kind_of_text(value: str) -> str:
    if not value:
        return "empty text"
    if _NUMBER.fullmatch(value):
        number = float(value)
        size = "huge " if abs(number) > _HUGE else ""
        return f"{'negative ' if number < 0 else ''}{size}number as text"
    if value.lower() in _BOOLEANS:
        return "yes or no as text"
    if value != value.strip():
        return "text with spaces around it"
    return "text" if value.isascii() else "text beyond ASCII"


def kind_of_id(value: object) -> str:
    """The kind of an id in a path: servers read a UUID or a number before they look for it."""
    text = str(value)
    return "UUID" if _UUID.fullmatch(text) else _kind_of_text(text)


def of_body(raw: bytes) -> tuple[str, Json]:
    """What the whole body is, and its value (None if it is not JSON)."""
    if not raw:
        return "absent", None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return "not JSON", None
    return kind_of(value), value


def of_request(operation: Operation, query: Mapping[str, Iterable[str]], raw: bytes) -> Traits:
    """The traits that need no world."""
    kind, value = of_body(raw)
    found = {"body": kind} if operation.body is not None or raw else {}
    if isinstance(value, dict):
        found |= {f"body.{name}": kind_of(each) for name, each in value.items()}
    known = {p.name for p in operation.parameters if p.place == "query"}
    for name, values in query.items():
        found[f"query.{name}"] = next((kind_of(v) for v in values), "empty text")
        if name not in known:
            found["unknown query parameter"] = "yes"
    return dict(list(found.items())[:_MOST])


def of_violations(violations: Iterable[Violation]) -> Traits:
    """What of a request does not fit the document, by place and keyword and by keyword alone."""
    found: Traits = {}
    for violation in violations:
        place = ".".join("*" if isinstance(step, int) else step for step in violation.where)
        of_what = kind_of(violation.value)
        found[f"violates {place} {violation.keyword}"] = of_what
        found.setdefault(f"violates {violation.where[0]} {violation.keyword}", of_what)
        found.setdefault("violation.name", _name_of(violation))
    return dict(list(found.items())[:_MOST])


def of_violation(violations: Iterable[Violation]) -> dict[str, str]:
    """What a template can say of the first value that breaks the document: its place within the
    body or its parameter, and what it is."""
    for violation in violations:
        value = violation.value
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        return {"violation.name": _name_of(violation), "violation.value": text}
    return {}


def _name_of(violation: Violation) -> str:
    """The place within the body, "" for the body itself, or the name of the parameter."""
    return ".".join(map(str, violation.where[1:]))


def as_header(traits: Traits) -> str:
    return json.dumps(traits, ensure_ascii=True, separators=(",", ":"))


def time_before(header: str) -> float:
    """The seconds that pass before a request with this header; 0 if it does not say."""
    name, _, seconds = header.partition("=")
    try:
        return max(0.0, float(seconds)) if name.strip() == "advance" else 0.0
    except ValueError:
        return 0.0


def holds(when: Mapping[str, str], traits: Mapping[str, str]) -> bool:
    """Whether a request has all traits of a rule; `absent` is the lack of one."""
    return all(traits.get(name, "absent") == value for name, value in when.items())


def coerced(value: Json, violations: Iterable[Violation]) -> Json:
    """The body with its values converted to the documented types where possible, as by a server
    that accepts "7" for 7."""
    for violation in violations:
        if violation.keyword == "type" and violation.where[0] == "body":
            value = _put(value, violation.where[1:], _as_type(violation.value, violation.limit))
    return value


def _put(value: Json, place: tuple[str | int, ...], new: Json) -> Json:
    if not place:
        return new
    step, rest = place[0], place[1:]
    if isinstance(value, dict) and step in value:
        return {**value, step: _put(value[step], rest, new)}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], _put(value[step], rest, new), *value[step + 1 :]]
    return value


def _as_type(value: Json, types: Json) -> Json:
    for kind in [types] if isinstance(types, str) else types or ():
        for found in _readings(value, kind):
            return found
    return value


def _readings(value: Json, kind: str) -> Iterator[Json]:
    text = str(value).strip().lower()
    if kind == "boolean" and text in (*_BOOLEANS, "1", "0", "1.0", "0.0"):
        yield text in ("true", "yes", "on", "t", "y", "1", "1.0")
    elif kind in ("integer", "number") and isinstance(value, bool):
        yield int(value)
    elif kind in ("integer", "number") and _NUMBER.fullmatch(text):
        number = float(text)
        yield int(number) if number.is_integer() else number
    elif kind == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)


Json = Any


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules of one operation. `bodies`, `words`, `statuses` and `media_types` are by the status
    of the mock.

    `bodies` are whole ones, of refusals mostly; a "{name}" in their texts is the path parameter of
    that name. `words` are single fields of a refusal. The names in `extra` and `absent` are dotted
    places, `*` for every element. `durations` are the seconds that a job is in a state, `enums` the
    values that a field has been seen with; both are of the entity that the operation creates or
    shows.
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
    omitted: Sequence[str] = ()
    """Places of fields that a reply lacks where they are null."""
    durations: Mapping[str, float] = field(default_factory=dict)
    enums: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    order: Mapping[str, str] = field(default_factory=dict)
    """The order of a list without a requested one: `first` is the newest or the oldest."""
    answers: Sequence[Answer] = ()
    fields: Mapping[str, Json] = field(default_factory=dict)
    """Schemas of fields that the document lacks, by place; they complete the document."""
    no_headers: Sequence[str] = ()
    """Headers that successes lack."""
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By the real status: headers that every reply has, with their values, or "" for none."""
    cascades: Sequence[str] = ()
    """What is removed with an entity: the operation that makes it and the property that names the
    entity, `createRun.suite_id`."""
    touches: str = ""
    """"always": a change that changes nothing counts as one, too."""
    keys: str = ""
    """"any": every credential is accepted, each with entities of its own; "none": none is looked
    at."""


Lock = Mapping[str, Rules]
"""By operationId."""
EVERY = "*"
"""The name under which a calibration file has what holds for every operation."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What the real server gives to requests with certain traits.

    `status` 0 is the mock's own. `body` (None: the mock's own) may have `{name}` for a path
    parameter, `{body.name}` and `{query.name}` for what was sent, `{violation.name}` and
    `{violation.value}` for the first value that breaks the document, `{request.path}`, `{now T3Z}`
    for the instant in that form, and `{null}`. `seen` is how many exchanges have shown it.
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
    common = dict(written.get(EVERY, {}))
    every = _answers(common)
    keys = common.get("keys", "")
    found = {}
    for name in operations:
        table = dict(written.get(name, {}))
        answers = (*_answers(table), *every)
        if table or answers or keys:
            found[name] = Rules(**{"keys": keys, **table, "answers": answers})
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
        sent = _reshaped(sent, rules.words[status], over=True)
    elif sent.status < 300 and (rules.extra or rules.absent or rules.nulls or rules.omitted):
        nulls = dict.fromkeys(rules.nulls)
        sent = _reshaped(sent, {**nulls, **rules.extra}, rules.absent, rules.omitted)
    if sent.status < 300 and rules.no_headers:
        left = [(n, v) for n, v in sent.headers if n.decode("latin-1") not in rules.no_headers]
        sent = replace(sent, headers=left)
    if status in rules.media_types:
        sent = _labelled(sent, rules.media_types[status])
    sent = replace(sent, status=rules.statuses.get(status, sent.status))
    own = rules.headers.get(str(sent.status))
    return sent if own is None else _headed(sent, own)


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
        touches = resource.touches or rules.touches == "always"
        cascades = resource.cascades + tuple(_cascades(plan, rules.cascades))
        resources[resource.name] = replace(
            resource, states=states, in_use=in_use, touches=touches, cascades=cascades
        )
    return replace(plan, resources=resources, actions=actions)


def _cascades(plan: Plan, written: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The resources and properties of what is removed with an entity."""
    for one in written:
        maker, _, name = one.partition(".")
        action = plan.actions.get(maker)
        if action is not None and action.resource is not None:
            yield action.resource, name


def _reshaped(
    sent: Sent,
    extra: Mapping[str, Json],
    absent: Sequence[str] = (),
    omitted: Sequence[str] = (),
    *,
    over: bool = False,
) -> Sent:
    """The reply with some fields removed, those that are `omitted` if they are null, and others
    added; `over`: existing fields are overwritten."""
    try:
        value = json.loads(sent.body)
    except ValueError:
        return sent
    for place in absent:
        for holder, name in _holders(value, place):
            holder.pop(name, None)
    for place in omitted:
        for holder, name in _holders(value, place):
            if holder.get(name) is None:
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
    """A reply with another body, in JSON; a media type of JSON such as `application/problem+json`
    stays."""
    sent = replace(sent, body=json.dumps(body, ensure_ascii=False).encode())
    kinds = (v.decode("latin-1") for n, v in sent.headers if n.lower() == b"content-type")
    return sent if any(map(is_json, kinds)) else _labelled(sent, "application/json")


def _tagged(value: str, body: bytes) -> str:
    """The value of a header with a tag that changes with the body."""
    return value.replace("{etag}", f'"{sha1(body, usedforsecurity=False).hexdigest()}"')


def _headed(sent: Sent, own: Mapping[str, str]) -> Sent:
    left = [(n, v) for n, v in sent.headers if n.decode("latin-1").lower() not in own]
    given = {n: _tagged(v, sent.body) if "{etag}" in v else v for n, v in own.items() if v}
    new = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in given.items()]
    return replace(sent, headers=[*left, *new])


def _labelled(sent: Sent, media_type: str) -> Sent:
    headers = [(name, value) for name, value in sent.headers if name.lower() != b"content-type"]
    return replace(sent, headers=[*headers, (b"content-type", media_type.encode())])


_NOW = re.compile(r"\{now ([T ])(\d)(Z|[+-]\d\d:?\d\d|)\}")
"""The instant of a response, with what stands before the time of day, the number of digits of a
fraction, and the zone: `{now T3Z}`."""


def _moment(instant: int, form: re.Match[str]) -> str:
    full = render(instant)
    digits = int(form[2])
    fraction = "." + full[20:26].ljust(digits, "0")[:digits] if digits else ""
    return f"{full[:10]}{form[1]}{full[11:19]}{fraction}{form[3]}"


def filled(value: Json, values: Mapping[str, Json]) -> Json:
    """A template with its `{name}` replaced; one that is the whole text may be any JSON value.
    `{null}` is null, which TOML lacks."""
    if isinstance(value, str):
        if value == "{null}":
            return None
        if value[:1] == "{" and value[-1:] == "}" and value[1:-1] in values:
            return values[value[1:-1]]
        for name, given in values.items():
            value = value.replace("{" + name + "}", given) if isinstance(given, str) else value
        instant = values.get("now")
        if not isinstance(instant, int):
            return value
        return _NOW.sub(lambda found: _moment(instant, found), value)
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if isinstance(value, dict):
        return {name: filled(item, values) for name, item in value.items()}
    return value
