"""What a verb stores of what is sent, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mockserver.inference.build import build_plan
from mockserver.inference.model import Action, Elements
from mockserver.inference.verbs import acting_verb
from mockserver.openapi.build import build_contract

TEXT = {"type": "string"}
FLAG = {"type": "boolean"}
DAY = {"type": "string", "format": "date-time"}
BOAT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "name": TEXT,
        "owner": TEXT,
        "price": {"type": "number"},
        "kind": TEXT,
        "phase": {"type": "string", "enum": ["draft", "active", "closed", "crew_changed"]},
        "crew": {"type": "array", "items": {"type": "object", "properties": {"key": TEXT}}},
        "notes": {"type": "array", "items": TEXT},
        "isEmailVerified": FLAG,
        "recording": FLAG,
        "enableNightWatch": FLAG,
        "started": DAY,
        "lastSuspendedAt": DAY,
        "archived": DAY,
        "homePort": {"type": "object", "properties": {"dock": TEXT, "town": TEXT}},
        "contact": {"type": "object", "properties": {"email": TEXT, "phone": TEXT}},
        "photoUrl": TEXT,
    },
}
ONE = {"$ref": "#/components/schemas/Boat"}


def said(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def of(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties)}


def planned(
    path: str,
    summary: str = "",
    sent: Any = None,
    *,
    method: str = "post",
    shown: Any = None,
    query: tuple[str, ...] = (),
    more: Mapping[str, Any] | None = None,
    name: str = "theOne",
) -> Action:
    """The action of one more operation beside those of boats."""
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": [{"name": n, "in": "query", "schema": TEXT} for n in query],
        "responses": {"200": {"description": "ok", **(said(shown) if shown else {})}},
    }
    if sent is not None:
        operation["requestBody"] = said(sent)
    item = {"name": "boat_id", "in": "path", "required": True, "schema": TEXT}
    others = [
        {"name": one, "in": "path", "required": True, "schema": TEXT}
        for one in ("mate",)
        if f"{{{one}}}" in path
    ]
    paths: dict[str, Any] = {
        "/boats": {
            "get": {
                "responses": {"200": {"description": "", **said({"type": "array", "items": ONE})}}
            },
            "post": {
                "requestBody": said(ONE),
                "responses": {"201": {"description": "", **said(ONE)}},
            },
        },
        "/boats/{boat_id}": {
            "parameters": [item],
            "get": {"responses": {"200": {"description": "", **said(ONE)}}},
        },
        path: {"parameters": [item, *others], method: operation, **(more or {})},
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Boats", "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Boat": BOAT}},
    }
    return build_plan(build_contract(document)).actions[name]


def changes(action: Action) -> dict[str, Any]:
    return dict(action.transition.changes) if action.transition is not None else {}


def stores(action: Action) -> bool:
    return action.kind == "transition" and action.transition is not None and action.transition.takes


@pytest.mark.parametrize(
    ("path", "summary", "sent"),
    [
        ("/boats/{boat_id}/clear_berths", "Clears berths", of({"name": TEXT, "harbour": TEXT})),
        ("/boats/{boat_id}/preview", "Preview a boat", of({"name": TEXT, "price": TEXT})),
        ("/boats/{boat_id}/refund", "Refund it", of({"price": {"type": "number"}})),
        ("/boats/{boat_id}/followers", "Follow a boat", of({"kind": TEXT})),
        ("/boats/{boat_id}/visits", "Create a visit of a boat", of({"name": TEXT, "kind": TEXT})),
        ("/boats/{boat_id}/flags", "Raise several", {"type": "array", "items": of({"name": TEXT})}),
        ("/boats/{boat_id}/env", "", {"type": "array", "items": of({"name": TEXT, "value": TEXT})}),
        ("/boats/{boat_id}/resend-offer", "Resends an offer", of({"owner": TEXT})),
    ],
)  # fmt: skip
def test_what_is_sent_of_something_else_is_not_stored(path: str, summary: str, sent: Any) -> None:
    assert not stores(planned(path, summary, sent))


@pytest.mark.parametrize(
    ("path", "summary", "sent", "method"),
    [
        ("/boats/{boat_id}/rename", "Rename a boat", of({"name": TEXT}), "post"),
        ("/boats/{boat_id}/ownership", "Change who owns it", of({"owner": TEXT}), "post"),
        ("/boats/{boat_id}/details", "", of({"name": TEXT, "kind": TEXT}), "put"),
        ("/boats/{boat_id}/sell", "Sell a boat", of({"price": {"type": "number"}}), "post"),
        ("/boats/{boat_id}/setOwner", "", of({"owner": TEXT}), "post"),
        ("/boats/{boat_id}/authorization-request", "", of({"owner": TEXT, "x": TEXT}), "post"),
    ],
)
def test_what_is_sent_of_the_entity_is_stored(
    path: str, summary: str, sent: Any, method: str
) -> None:
    assert stores(planned(path, summary, sent, method=method))


def test_what_a_collection_is_called_is_no_deed() -> None:
    made = planned("/boats/{boat_id}/payPlans", "Create a pay plan", of({"name": TEXT}))
    assert made.kind != "transition" or made.transition is None or made.transition.verb != "pay"


@pytest.mark.parametrize(
    ("path", "summary", "name"),
    [
        ("/boats/{boat_id}/views/edit", "Closes the view of a page", "viewsEdit"),
        ("/boats/{boat_id}/timer/close", "Close a boat's timer", "closeTimer"),
        ("/boats/{boat_id}/crew-changed-events", "", "listEvents"),
        ("/boats/{boat_id}/crew", "Puts up", "crewChange"),
    ],
)
def test_what_is_done_to_something_below_an_entity_leaves_its_state(
    path: str, summary: str, name: str
) -> None:
    assert "phase" not in changes(planned(path, summary, name=name))


def test_a_step_between_may_say_nothing() -> None:
    assert changes(planned("/boats/{boat_id}/actions/close"))["phase"] == "closed"
    assert changes(planned("/boats/{boat_id}/sale/close", "Close a boat"))["phase"] == "closed"


@pytest.mark.parametrize(
    "text",
    [
        "Change the phase to `active`, `closed` or `draft`.",
        "Changes the phase to 'active' or 'closed'.",
        "The status becomes `active`/`closed`.",
        "Sets the status to active or closed",
        "Sets the status to active, closed or draft",
    ],
)
def test_one_of_several_states_is_none(text: str) -> None:
    assert "phase" not in changes(planned("/boats/{boat_id}/phase-switch", text))


@pytest.mark.parametrize(
    ("path", "summary", "name", "value"),
    [
        ("/boats/{boat_id}/verify-email", "", "isEmailVerified", True),
        ("/boats/{boat_id}/email/verify", "Verifies it", "isEmailVerified", True),
        ("/boats/{boat_id}/start-recording", "", "recording", True),
        ("/boats/{boat_id}/stop_recording", "", "recording", False),
        ("/boats/{boat_id}/record", "Record a boat", "recording", True),
        ("/boats/{boat_id}/suspend", "", "lastSuspendedAt", "now"),
        ("/boats/{boat_id}/archive", "", "archived", "now"),
        ("/boats/{boat_id}/unarchive", "", "archived", None),
        ("/boats/{boat_id}/clear-photo", "", "photoUrl", None),
        ("/boats/{boat_id}/disable-night-watch", "", "enableNightWatch", False),
        ("/boats/{boat_id}/stop", "", "started", "unset"),
        ("/boats/{boat_id}/logbook", "Returns a page", "phase", "unset"),
        ("/boats/{boat_id}/engine/close", "boats/engine/close", "phase", "unset"),
        ("/boats/{boat_id}/stoprecording", "", "recording", False),
    ],
)
def test_flags_and_moments_that_a_verb_sets(path: str, summary: str, name: str, value: Any) -> None:
    found = changes(planned(path, summary, name="Boat_StopRecording"))
    assert found.get(name, "unset") == value


CREW = "/boats/{boat_id}/crew"
MATES = {"type": "array", "items": of({"key": TEXT, "rank": TEXT})}
KEYS = {"type": "array", "items": TEXT}
NOTE = ("note_id",)


@pytest.mark.parametrize(
    ("path", "summary", "method", "sent", "query", "how"),
    [
        (CREW, "Set the crew", "put", of({"crew": MATES}), (), "set"),
        (CREW, "Add mates to a boat", "put", of({"crew": KEYS}), (), "add"),
        ("/boats/{boat_id}/addNote", "", "post", of({"note": TEXT}), (), "add"),
        ("/boats/{boat_id}/add", "Add a note to a boat", "post", None, NOTE, "add"),
        ("/boats/{boat_id}/remove", "Remove a note from it", "post", None, NOTE, "remove"),
    ],
)
def test_elements_of_an_array(
    path: str, summary: str, method: str, sent: Any, query: tuple[str, ...], how: str
) -> None:
    action = planned(path, summary, sent, method=method, shown=ONE, query=query)
    found = [change for change in changes(action).values() if isinstance(change, Elements)]
    found += [action.values.change] if action.values is not None else []
    assert [change.how for change in found] == [how]


def test_a_put_of_one_element_does_not_replace_the_others() -> None:
    action = planned(
        "/boats/{boat_id}/crew/{mate}", "Change one", of({"rank": TEXT}), method="put"
    )  # fmt: skip
    assert "crew" not in changes(action)


@pytest.mark.parametrize("path", ["/boats/{boat_id}/homeport", "/boats/{boat_id}/boat-home-port"])
def test_a_part_is_named_with_the_noun_or_without_gaps(path: str) -> None:
    action = planned(path, "Update it", of({"dock": TEXT, "town": TEXT}), method="put")
    assert changes(action) == {"homePort.dock": "body.dock", "homePort.town": "body.town"}


def test_an_element_that_is_taken_away_is_not_the_entity() -> None:
    action = planned("/boats/{boat_id}/remove", "Remove a sail from it", query=("sail_id",))
    assert action.kind != "remove"
    assert planned("/boats/{boat_id}/remove", "Remove a boat").kind == "remove"


@pytest.mark.parametrize(
    "name", ["releaseDeleteSail", "sign_remove", "scanList", "orderRemoveFlag", "issueCreateTicket"]
)
def test_a_noun_before_a_plain_verb_is_no_verb(name: str) -> None:
    assert acting_verb(name) == ""


def test_what_a_path_shows_itself_is_written_there() -> None:
    lease = of({"holder": TEXT, "until": DAY})
    shown = {"responses": {"200": {"description": "", **said(lease)}}}
    more = {"get": shown, "put": {**shown, "requestBody": said(lease)}}
    path = "/boats/{boat_id}/suspend"
    assert planned(path, "Suspends a boat", lease, shown=lease, more=more).kind == "write"
    assert planned(path, "Suspends a boat", lease, shown=ONE, more=more).kind == "transition"
