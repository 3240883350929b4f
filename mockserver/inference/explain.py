"""The plan as a table and as JSON: each inference with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.inference.model import Action, Announcement, Elements, Envelope, Plan, in_words
from mockserver.inference.outcomes import outcome_in_words
from mockserver.inference.page_model import Meaning
from mockserver.inference.resource_model import (
    CORRECTED,
    Because,
    Confidence,
    Path,
    Resource,
    States,
)
from mockserver.records import dataclass

_ORDER: dict[Confidence, int] = {"guess": 0, "likely": 1, "certain": 2}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: kind, subject, inference and reason, and the runner-up if there is
    one.

    `resource` is the resource it concerns, `operation` the operationId.
    """

    kind: str
    subject: str
    inference: str
    evidence: str
    confidence: Confidence
    short: str = ""
    instead: str | None = None
    resource: str | None = None
    operation: str | None = None
    corrected: bool = False
    """Whether mockserver.toml says so."""

    def speaks_of(self, text: str) -> bool:
        """Whether the text occurs in the subject."""
        about = (self.subject, self.inference, self.resource, self.operation, self.kind)
        return any(text.lower() in part.lower() for part in about if part)


def rows(plan: Plan) -> list[Row]:
    """Every inference: resources first, then operations in document order."""
    found: list[Row] = []
    for resource in plan.resources.values():
        found.extend(_resource_rows(resource))
    found.extend(
        Row(
            "operation",
            f"{action.method} {action.path}",
            _doing(action, plan),
            _texts(action.because),
            confidence(action.because),
            instead=action.instead,
            resource=action.resource,
            operation=action.operation,
            corrected=CORRECTED in action.because,
        )
        for action in plan.actions.values()
    )
    found.extend(
        Row(
            "callback" if announcement.operation else "webhook",
            announcement.name,
            _sending(announcement, plan),
            _texts(announcement.because),
            _lowest(announcement.because),
        )
        for announcement in plan.announcements
    )
    return found


def confidence(because: tuple[Because, ...]) -> Confidence:
    """The confidence of a chain of reasons: that of the first, or a guess if there is none."""
    return because[0].confidence if because else "guess"


def _lowest(because: tuple[Because, ...]) -> Confidence:
    """The lowest confidence among inferences that depend on each other."""
    found: list[Confidence] = [reason.confidence for reason in because]
    return min(found, key=_ORDER.__getitem__, default="guess")


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON: `resources` by name, `operations` by operationId, `webhooks` (with
    callbacks) as a list."""
    return {
        "resources": {name: _resource(r) for name, r in plan.resources.items()},
        "operations": {name: _action(a) for name, a in plan.actions.items()},
        "webhooks": [{**t.as_json(), "because": _reasons(t.because)} for t in plan.announcements],
    }


def _resource_rows(resource: Resource) -> list[Row]:
    found = [
        Row(
            "resource",
            resource.name,
            _being(resource),
            _texts(resource.because),
            _lowest(resource.because),
            resource=resource.name,
            corrected=CORRECTED in resource.because,
        )
    ]
    for link in resource.parents:
        what = link.resource or "something that is not kept"
        how = f"its id is kept in `{link.field}`" if link.field else "its path is a prefix"
        text = f"lies under {what}, named by {{{link.parameter}}}"
        found.append(
            Row(
                "parent",
                resource.name,
                text,
                how,
                "certain" if link.certain else "guess",
                resource=resource.name,
            )
        )
    if resource.states is not None:
        found.extend(_lifecycle_rows(resource, resource.states))
    return found


def _lifecycle_rows(resource: Resource, states: States) -> list[Row]:
    parts = [
        f"{kind}: {', '.join(values)}"
        for kind, values in (
            ("initial", states.initial),
            ("active", states.active),
            ("success", states.success),
            ("failure", states.failure),
            ("cancelled", states.cancelled),
        )
        if values
    ]
    named = f"`{'.'.join((states.name, *states.inner))}` " if states.name else ""
    text = named + ("changes with time" if states.moves else "stays as set")
    text = "; ".join([text, *parts])
    found = [
        Row(
            "lifecycle",
            resource.name,
            text,
            _texts(states.because),
            _lowest(states.because),
            short=way_of(states),
            instead=states.instead,
            resource=resource.name,
            corrected=CORRECTED in states.because,
        )
    ]
    if states.moves and (outcome := outcome_in_words(states)):
        why = "the words of their names and of what is said of them"
        found.append(Row("outcome", resource.name, outcome, why, "guess", resource=resource.name))
    return found


def way_of(states: States) -> str:
    """A lifecycle in one line: `queued > running > succeeded, or failed, canceled`."""
    way = states.path if states.moves else (states.new or "",)
    ends = [v for v in (*states.failure, *states.cancelled) if v not in way]
    text = " > ".join(f"{v} (waits)" if v in states.holds and states.moves else v for v in way)
    if states.moves:
        text += f", or {', '.join(ends)}" if ends else ""
    else:
        text = f"begins as {text or 'it is sent'}, and stays as set"
    if states.unplaced:
        text += f"; values not placed: {', '.join(states.unplaced)}"
    return text


def _being(resource: Resource) -> str:
    if resource.singleton:
        return f"one of a kind at {resource.path}"
    parts = [f"kept at {resource.path}"]
    if resource.identity.key:
        who = "the client" if resource.identity.client_key else "the mock"
        parts.append(f"id `{resource.identity.key}`, given by {who}")
    if resource.identity.given:
        parts.append("there by name: " + ", ".join(f"`{name}`" for name in resource.identity.given))
    if resource.identity.open:
        parts.append("any id is known")
    elif not resource.creatable:
        parts.append("can't be made by a client")
    if resource.seeds:
        parts.append(f"{resource.seeds} to begin with")
    return "; ".join(parts)


def _doing(action: Action, plan: Plan) -> str:
    text = f"{action.kind} {action.resource or ''}".strip()
    resource = plan.resource_of(action)
    if action.transition is not None and action.transition.changes:
        text += f": {in_words(dict(action.transition.changes), resource)}"
    if action.starts is not None:
        text += f"; starts {action.starts.resource}"
    if action.beside:
        text += f"; makes {', '.join(one.resource for one in action.beside)} with it"
    key = resource.identity.key if resource is not None else None
    if action.response.id_path not in ((), (key,)):
        text += f"; its response has the id as `{'.'.join(action.response.id_path)}`"
    if action.response.awaits:
        text += f", once one of {action.response.awaits} has succeeded"
    if action.request.refers:
        known = (f"`{one.field}` must exist in {one.resource}" for one in action.request.refers)
        text += f"; {', '.join(known)}"
    if action.envelope is not None:
        text += f" ({_shape(action.envelope)})"
    return text


def _sending(announcement: Announcement, plan: Plan) -> str:
    if not announcement.when:
        return "never sent"
    noun = plan.resources[announcement.resource].noun.replace("_", " ")
    moments = ["created"] if announcement.created else []
    moments += sorted(announcement.states)
    text = f"sent about a {noun} when it is {' or '.join(moments)}"
    values = {**announcement.values}
    if len(set(values.values())) == 1:
        text += f"; `{announcement.event_field}` is {next(iter(values.values()))}"
    elif values:
        named = (f"{value} ({m or 'created'})" for m, value in sorted(values.items()))
        text += f"; `{announcement.event_field}` is {', '.join(named)}"
    return text


def _shape(envelope: Envelope) -> str:
    where = ".".join(envelope.items) if envelope.items else "a bare array"
    parameters = [
        value
        for name, value in _paging_parameters(envelope)
        if value is not None and name != "sort"
    ]
    return f"rows in {where}" + (f", paged by {', '.join(parameters)}" if parameters else "")


def _paging_parameters(envelope: Envelope) -> Iterator[tuple[str, str | None]]:
    """The query parameters of a list, by purpose."""
    for name in ("limit", "cursor", "offset", "page"):
        yield name, getattr(envelope.paging, name)
    yield "sort", envelope.ordering.sort


def _said(envelope: Envelope) -> Iterator[tuple[str, Path | None]]:
    """The properties that describe the page of a list."""
    names: tuple[Meaning, ...] = ("next", "previous", "more", "total", "pages")
    for name in names:
        yield name, envelope.page.path(name)


def _texts(because: tuple[Because, ...]) -> str:
    return "; ".join(dict.fromkeys(reason.text for reason in because))


def _reasons(because: tuple[Because, ...]) -> list[dict[str, str]]:
    return [{"text": b.text, "confidence": b.confidence} for b in because]


def _resource(resource: Resource) -> dict[str, Any]:
    found: dict[str, Any] = {
        "path": resource.path,
        "collections": list(resource.collections),
        "items": list(resource.items),
        "schema": resource.schema,
        "singleton": resource.singleton,
        "creatable": resource.creatable,
        "id": resource.identity.key,
        "id_from": "client" if resource.identity.client_key else "mock",
        "seeds": resource.seeds,
        "parents": [
            {"parameter": x.parameter, "resource": x.resource, "property": x.field}
            for x in resource.parents
        ],
        "because": _reasons(resource.because),
    }
    states = resource.states
    if states is not None:
        found["lifecycle"] = {
            "property": states.name,
            "moves": states.moves,
            "initial": list(states.initial),
            "active": list(states.active),
            "success": list(states.success),
            "failure": list(states.failure),
            "cancelled": list(states.cancelled),
            "other": list(states.other),
            "outcome": outcome_in_words(states) if states.moves else "",
            "because": _reasons(states.because),
        }
    return found


def _action(action: Action) -> dict[str, Any]:
    found: dict[str, Any] = {
        "method": action.method,
        "path": action.path,
        "action": action.kind,
        "resource": action.resource,
        "corrected": CORRECTED in action.because,
        "because": _reasons(action.because),
    }
    if action.transition is not None:
        found["verb"] = action.transition.verb
        changes = action.transition.changes
        found["changes"] = {n: str(v) if isinstance(v, Elements) else v for n, v in changes}
    envelope = action.envelope
    if action.response.id_path:
        found["tells"] = ".".join(action.response.id_path)
    if action.request.refers:
        found["refers"] = {
            reference.field: reference.resource for reference in action.request.refers
        }
    if envelope is not None:
        found["envelope"] = {
            "items": ".".join(envelope.items),
            **{name: value for name, value in _paging_parameters(envelope) if value is not None},
            **{name: ".".join(path) for name, path in _said(envelope) if path is not None},
        }
    return found
