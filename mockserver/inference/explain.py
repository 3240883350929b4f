"""What was inferred, for people and for programs: each inference with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mockserver.inference.lifecycles import told
from mockserver.inference.model import (
    Action,
    Announcement,
    Because,
    Confidence,
    Envelope,
    Plan,
    Resource,
)

_ORDER: dict[Confidence, int] = {"guess": 0, "likely": 1, "certain": 2}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: of what kind, about what, what is inferred, and why."""

    kind: str
    subject: str
    inference: str
    evidence: str
    confidence: Confidence


def rows(plan: Plan) -> list[Row]:
    """Every inference, resources first, operations in the order of the document."""
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
        )
        for action in plan.actions.values()
    )
    found.extend(
        Row(
            "callback" if told.operation else "webhook",
            told.name,
            _sending(told, plan),
            _texts(told.because),
            _lowest(told.because),
        )
        for told in plan.announcements
    )
    return found


def confidence(because: tuple[Because, ...]) -> Confidence:
    """A chain of reasons is as sure as its first; without any it is a guess."""
    return because[0].confidence if because else "guess"


def _lowest(because: tuple[Because, ...]) -> Confidence:
    """Several things that must hold together are as sure as the least sure of them."""
    found: list[Confidence] = [reason.confidence for reason in because]
    return min(found, key=_ORDER.__getitem__, default="guess")


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON: `resources` by name, `operations` by operationId, `webhooks` (callbacks
    too) as a list."""
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
        )
    ]
    for link in resource.parents:
        what = link.resource or "something that is not kept"
        how = f"its id is kept in `{link.field}`" if link.field else "its path stands before"
        text = f"lies under {what}, named by {{{link.parameter}}}"
        found.append(
            Row("parent", resource.name, text, how, "certain" if link.certain else "guess")
        )
    states = resource.states
    if states is not None:
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
        text = f"`{states.name}` " + ("moves by itself" if states.moves else "stays as it is set")
        text = "; ".join([text, *parts])
        found.append(
            Row("lifecycle", resource.name, text, _texts(states.because), _lowest(states.because))
        )
        if states.moves and (outcome := told(states)):
            why = "the words of their names and of what is said of them"
            found.append(Row("outcome", resource.name, outcome, why, "guess"))
    return found


def _being(resource: Resource) -> str:
    if resource.singleton:
        return f"one of a kind at {resource.path}"
    parts = [f"kept at {resource.path}"]
    if resource.key:
        who = "the client" if resource.client_key else "the mock"
        parts.append(f"id `{resource.key}`, given by {who}")
    if resource.given:
        parts.append("there by name: " + ", ".join(f"`{name}`" for name in resource.given))
    if resource.open:
        parts.append("any id is known")
    elif not resource.creatable:
        parts.append("can't be made by a client")
    if resource.seeds:
        parts.append(f"{resource.seeds} to begin with")
    return "; ".join(parts)


def _doing(action: Action, plan: Plan) -> str:
    text = f"{action.kind} {action.resource}".strip()
    if action.changes:
        text += ": " + ", ".join(f"{name} = {value}" for name, value in action.changes)
    if action.tells and action.tells != (plan.resources[action.resource].key,):
        text += f"; it tells the id as `{'.'.join(action.tells)}`"
    if action.awaits:
        text += f", once one of {action.awaits} has succeeded"
    if action.refers:
        known = (f"`{one.field}` of {one.resource}" for one in action.refers)
        text += f"; {', '.join(known)} has to be there"
    if action.envelope is not None:
        text += f" ({_shape(action.envelope)})"
    return text


def _sending(told: Announcement, plan: Plan) -> str:
    if not told.when:
        return "never sent"
    noun = plan.resources[told.resource].noun.replace("_", " ")
    text = f"sent of a {noun} when {', or '.join(told.when)}"
    if told.values:
        said = (f"{value} ({m or 'made'})" for m, value in sorted(told.values.items()))
        text += f"; `{told.teller}` is {', '.join(said)}"
    return text


def _shape(envelope: Envelope) -> str:
    where = ".".join(envelope.items) if envelope.items else "a bare array"
    asked = [p for p in (envelope.limit, envelope.cursor, envelope.offset, envelope.page) if p]
    return f"rows in {where}" + (f", paged by {', '.join(asked)}" if asked else "")


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
        "id": resource.key,
        "id_from": "client" if resource.client_key else "mock",
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
            "outcome": told(states) if states.moves else "",
            "because": _reasons(states.because),
        }
    return found


def _action(action: Action) -> dict[str, Any]:
    found: dict[str, Any] = {
        "method": action.method,
        "path": action.path,
        "action": action.kind,
        "resource": action.resource or None,
        "because": _reasons(action.because),
    }
    if action.verb:
        found["verb"] = action.verb
        found["changes"] = dict(action.changes)
    envelope = action.envelope
    if action.tells:
        found["tells"] = ".".join(action.tells)
    if action.refers:
        found["refers"] = {reference.field: reference.resource for reference in action.refers}
    if envelope is not None:
        found["envelope"] = {
            "items": ".".join(envelope.items),
            **{
                name: value
                for name in ("limit", "cursor", "offset", "page", "sort")
                if (value := getattr(envelope, name))
            },
            **{
                name: ".".join(path)
                for name in ("next", "previous", "more", "total", "pages")
                if (path := getattr(envelope, name))
            },
        }
    return found
