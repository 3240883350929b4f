"""Whether the status of a resource changes with time, by what the document says of it."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.inference.build import build_plan
from mockserver.inference.resource_model import States
from mockserver.openapi.build import build_contract
from tests.support.documents import TEXT, answer, body, document, thing

WHEN = {"type": "string", "format": "date-time"}
PART = {"type": "number"}
FLAG = {"type": "boolean"}
ITEM = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]


def one_of(*values: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(values), **more}


def kept(path: str, shown: Any, sent: Any = None) -> dict[str, Any]:
    """A collection whose entities are made, listed and read."""
    rows = {"type": "array", "items": shown}
    return {
        path: {
            "post": {
                "requestBody": body(sent or thing(name=TEXT)),
                "responses": {"201": answer(shown)},
            },
            "get": {"responses": {"200": answer(rows)}},
        },
        path + "/{id}": {"parameters": ITEM, "get": {"responses": {"200": answer(shown)}}},
    }


def only_read(path: str, shown: Any) -> dict[str, Any]:
    paths = kept(path, shown)
    del paths[path]["post"]
    return paths


def states_of(paths: dict[str, Any], name: str) -> States | None:
    return build_plan(build_contract(document(paths))).resources[name].states


def moves(paths: dict[str, Any], path: str) -> bool:
    states = states_of(paths, path.strip("/").replace("-", "_").replace("/", "."))
    return states is not None and states.moves


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/orders", {"closed_date": WHEN}),
        ("/quotes", {"discount_percent": PART, "completed_at": WHEN}),
        ("/meetings", {"start_date": WHEN, "end_date": WHEN}),
        ("/products", {"tax_percentage": PART}),
        ("/clubs", {"closed_at": WHEN, "opened_at": WHEN}),
    ],
)
def test_any_text_is_no_status_of_work_for_a_period_or_a_rate(path: str, more: Any) -> None:
    assert not moves(kept(path, thing("id", id=TEXT, status=TEXT, **more)), path)


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/things", {"started_at": WHEN, "finished_at": WHEN}),
        ("/renders", {"percent_complete": PART}),
        ("/conversions", {"progress": PART}),
        ("/imports", {}),
        ("/tasks", {"completed_at": WHEN}),
    ],
)
def test_any_text_is_the_status_of_what_is_surely_work(path: str, more: Any) -> None:
    assert moves(kept(path, thing("id", id=TEXT, status=TEXT, **more)), path)


@pytest.mark.parametrize(
    "status",
    [
        one_of("not_started", "running", "finished"),
        one_of("ongoing", "complete", "withdrawn"),
        one_of("scheduled", "live", "ended"),
        one_of("new", "developing", "released"),
        one_of("online", "onlining", "offline"),
    ],
)
def test_what_the_api_only_shows_is_no_work(status: Any) -> None:
    shown = thing("id", id=TEXT, status=status, begin_at=WHEN, end_at=WHEN)
    assert not moves(only_read("/matches", shown), "/matches")


@pytest.mark.parametrize("path", ["/builds", "/job-runs", "/backups", "/deployments", "/syncs"])
def test_work_by_its_name_moves_whoever_starts_it(path: str) -> None:
    status = one_of("queued", "running", "succeeded", "failed")
    assert moves(only_read(path, thing("id", id=TEXT, status=status)), path)


@pytest.mark.parametrize(
    "path", ["/memberships", "/invitations", "/team-members", "/join-requests", "/friendships"]
)
def test_what_people_accept_does_not_become_active_alone(path: str) -> None:
    shown = thing("id", id=TEXT, state=one_of("pending", "active"))
    assert not moves(kept(path, shown), path)
    assert moves(kept("/volumes", shown), "/volumes")


@pytest.mark.parametrize(
    "status",
    [
        one_of("to do", "in progress", "reviewed"),
        one_of("initial", "in_progress", "approved"),
        one_of("open", "ongoing", "closed"),
        one_of("planned", "started", "released"),
        one_of("new", "working", "resolved"),
    ],
)
def test_what_people_do_is_in_progress_too(status: Any) -> None:
    assert not moves(kept("/samples", thing("id", id=TEXT, status=status)), "/samples")


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/sender-names", "PENDING_REVIEW IN_REVIEW APPROVED REJECTED"),
        ("/documents", "submitted under_review verified failed"),
        ("/carriers", "pending accepted declined"),
        ("/domains", "Unverified Verified VerificationFailed"),
        ("/cards", "requested issued refused"),
    ],
)
def test_what_nobody_else_can_decide_is_decided_by_time(path: str, values: str) -> None:
    shown = thing("id", id=TEXT, status=one_of(*values.split()))
    paths = kept(path, shown)
    assert moves(paths, path)
    # A client who can decide does so.
    states = states_of(paths, path[1:].replace("-", "_"))
    assert states is not None
    verb = {"Verified": "verify", "verified": "verify", "issued": "issue", "accepted": "accept"}
    deciding = verb.get(states.path[-1], "approve")
    paths[f"{path}/{{id}}/{deciding}"] = {
        "parameters": ITEM, "post": {"responses": {"200": answer(shown)}}
    }  # fmt: skip
    assert not moves(paths, path)


@pytest.mark.parametrize(
    "text",
    [
        "The initial state is `pouring`.",
        "How far it is. Starts as `pouring`.",
        "It is initialized as `pouring` and then passes on.",
        "Each is created with the status pouring",
        "The status gets initialised with `pouring`.",
    ],
)
def test_the_description_of_a_status_says_how_it_begins(text: str) -> None:
    status = one_of("pending", "pouring", "setting", "completed", description=text)
    states = states_of(kept("/casts", thing("id", id=TEXT, status=status)), "casts")
    assert states is not None
    assert states.new == "pouring"


@pytest.mark.parametrize("name", ["from_state", "previousStatus", "prior_state", "old_status"])
def test_another_state_than_the_present_one_does_not_move(name: str) -> None:
    inner = thing(**{name: one_of("queued", "rendering", "completed", "failed")})
    for shown in (thing("id", id=TEXT, **inner["properties"]), thing(id=TEXT, attributes=inner)):
        states = states_of(kept("/changes", shown), "changes")
        assert states is None


def put_alone(shown: Any) -> dict[str, Any]:
    """A resource that PUT makes, with the schema that GET responds with."""
    responses = {"200": answer(shown), "201": answer(shown)}
    return {
        "/vaults/{id}": {
            "parameters": ITEM,
            "get": {"responses": {"200": answer(shown)}},
            "put": {"requestBody": body(shown), "responses": responses},
        }
    }


@pytest.mark.parametrize(
    ("state", "way"),
    [
        (one_of("Creating", "Succeeded", "Failed", readOnly=True), ["Creating", "Succeeded"]),
        (
            one_of("Succeeded", "Updating", "Deleting", "Failed", readOnly=True),
            ["Updating", "Succeeded"],
        ),
        ({"type": "string", "readOnly": True}, ["Creating", "Succeeded"]),
        (one_of("Failed", "Modifying", "Succeeded", readOnly=True), ["Modifying", "Succeeded"]),
        (one_of("Creating", "Ready", "Deleting", readOnly=True), ["Creating", "Ready"]),
    ],
)
def test_what_only_the_server_sets_inside_a_part_moves(state: Any, way: list[str]) -> None:
    part = thing(size={"type": "integer"}, provisioningState=state)
    shown = thing(id={**TEXT, "readOnly": True}, properties=part)
    with MockServer(document(put_alone(shown)), clock="manual") as server:
        made = server.client.put("/vaults/a", json={"properties": {"size": 3}})
        assert made.status_code == 201
        assert made.json()["properties"] == {"size": 3, "provisioningState": way[0]}
        server.clock.advance(3600)
        now = server.client.get("/vaults/a").json()
        assert now["properties"] == {"size": 3, "provisioningState": way[-1]}


def test_what_a_client_sets_inside_a_part_stays() -> None:
    part = thing(size={"type": "integer"}, status=one_of("Enabled", "Enabling", "Disabled"))
    sent = thing(properties=part)
    paths = put_alone(thing(id=TEXT, properties=part))
    paths["/vaults/{id}"]["patch"] = {
        "requestBody": body(sent), "responses": {"200": answer(thing(id=TEXT, properties=part))}
    }  # fmt: skip
    states = states_of(paths, "vaults")
    assert states is not None
    assert not states.moves


@pytest.mark.parametrize("noun", ["video", "film", "order", "build", "server"])
def test_the_status_of_another_entity_is_not_ones_own(noun: str) -> None:
    status = one_of("queued", "processing", "completed", "failed")
    other = kept(f"/{noun}s", thing("id", id=TEXT, status=status))
    shown = thing("id", id=TEXT, name=TEXT, **{noun: thing(title=TEXT, status=status)})
    assert states_of(kept("/credits", shown) | other, "credits") is None
    assert states_of(kept("/credits", shown), "credits") is not None


@pytest.mark.parametrize("first", ["PendingCancel", "cancel_pending", "pending_delete"])
def test_nothing_begins_by_being_removed(first: str) -> None:
    status = one_of(first, "submitted", "processing", "completed", "cancelled")
    states = states_of(kept("/trades", thing("id", id=TEXT, status=status)), "trades")
    assert states is not None
    assert states.new == "submitted"
