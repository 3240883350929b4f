"""The tables of mockserver.toml that correct an inference, as data: their keys and values.

`overrides.py` reads them; the JSON Schema of the file and its reference page are generated from the
same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from mockserver.inference.model import ActionKind

KINDS: tuple[str, ...] = get_args(ActionKind)
ON_ONE = frozenset(("fetch", "replace", "patch", "remove", "transition", "clone"))
"""What is done to one entity, which something has to name."""
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Key:
    """One key of a table: its name, the JSON Schema of its value, and what it means."""

    name: str
    schema: Mapping[str, Any]
    help: str


TEXT: Mapping[str, Any] = {"type": "string"}
YES_OR_NO: Mapping[str, Any] = {"type": "boolean"}
TEXTS: Mapping[str, Any] = {"type": "array", "items": TEXT}
TEXT_TABLE: Mapping[str, Any] = {"type": "object", "additionalProperties": TEXT}
SECONDS: Mapping[str, Any] = {"type": "number", "minimum": 0}

RESOURCES = (
    Key("key", TEXT, "The property that holds an entity's id."),
    Key(
        "seeds",
        {"type": "integer", "minimum": 0, "maximum": MOST_SEEDS},
        "How many entities a new world has.",
    ),
)
OPERATIONS = (
    Key("action", {"enum": list(KINDS)}, "What the operation does to its resource."),
    Key(
        "resource",
        TEXT,
        "The resource that it is about, as `mockserver explain` names it. A name that is not known "
        "makes a resource, of all operations that name it.",
    ),
    Key(
        "item",
        TEXT,
        "What names the entity: a path or query parameter, or a property of the body.",
    ),
    Key("verb", TEXT, "What a transition is called, such as `publish`."),
    Key(
        "changes",
        {"type": "object"},
        'What a transition sets: properties and values. `"now"` is the time, `"body.NAME"` what is '
        "sent.",
    ),
    Key(
        "refers",
        TEXT_TABLE,
        "Properties of the body that name an entity of a resource, which has to be there; of an "
        "array each element is looked at, a dot leads deeper (`items.sku`).",
    ),
    Key(
        "from",
        {"enum": ["upstream", "mock"]},
        "Who answers: the server that `upstream` names, or the mock. The table may be named by a "
        'tag (`"tag:billing"`), a path, or method and path (`"GET /invoices/*"`), too.',
    ),
)
LIFECYCLES = (
    Key("property", TEXT, "The property that holds the state."),
    Key("moves", YES_OR_NO, "Whether time alone takes an entity from state to state."),
    Key("initial", TEXTS, "The states in which an entity begins, in order."),
    Key("active", TEXTS, "The states of work, in the order in which they are passed."),
    Key("success", TEXTS, "The states in which it has gone well; the first one is the usual end."),
    Key("failure", TEXTS, "The states in which it has failed."),
    Key("cancelled", TEXTS, "The states in which somebody has stopped it."),
    Key(
        "durations",
        {"type": "object", "additionalProperties": SECONDS},
        "Seconds that it is in a state, at pace 1.",
    ),
    Key(
        "waits_for",
        {"anyOf": [TEXTS, TEXT_TABLE]},
        "States that time does not end: a list, or a table of states and the operation that leads "
        "on from each.",
    ),
    Key(
        "passes",
        TEXT_TABLE,
        'States that pass by themselves (`deleting`), and what follows; `""`: it is gone.',
    ),
)
WEBHOOKS = (
    Key("resource", TEXT, "The resource that it speaks of."),
    Key(
        "when",
        {**TEXTS, "minItems": 1},
        'When it is sent: `"created"`, and states of the lifecycle.',
    ),
)
TABLES: Mapping[str, tuple[tuple[Key, ...], str]] = {
    "resources": (RESOURCES, "A resource, by the name that `mockserver explain` prints."),
    "operations": (OPERATIONS, "An operation, by its operationId."),
    "lifecycles": (LIFECYCLES, "The states of a resource, by the resource's name."),
    "webhooks": (WEBHOOKS, "A webhook or callback, by its name in the document."),
}
"""Each table of tables: the keys of one, and what it is about."""


def names(keys: tuple[Key, ...]) -> tuple[str, ...]:
    """The names of the keys."""
    return tuple(key.name for key in keys)
