"""Rooms that are held for a while and expire; verbs that a description explains, refusals that name
a state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import (
    FLAG,
    MOMENT,
    TEXT,
    WHOLE,
    array,
    body,
    obj,
    one_of,
    operation,
    path,
    ref,
    text,
    with_schemas,
)

DATA = obj(data=ref("Booking"))


def refused(name: str, described: str, **more: Any) -> dict[str, Any]:
    """A verb on a booking, and what its 409 is about."""
    found = operation(name, DATA, **more)
    found["responses"]["409"] = {"description": described}
    return found


def rooms() -> dict[str, Any]:
    """Rooms, bookings of them, and exports, all in `data`."""
    create = operation("createRoom", ref("Room"), status=201, sent=ref("NewRoom"))
    create["responses"]["409"] = {"description": "The email is in use by another room"}
    close = operation("closeRoom", status=204, summary="Archive a room")
    close["description"] = "The `archived` flag is set; lists no longer show it."
    close["responses"]["409"] = {"description": "The room still has active bookings"}
    book = operation("book", DATA, status=201)
    book["requestBody"] = body(
        obj("guest", guest=text(), room=text(), hold_minutes={**WHOLE, "default": 30})
    )
    book["responses"]["404"] = {"description": "There is no such room"}
    check_in = refused(
        "checkIn", "The booking is not held", description="The state becomes `occupied`."
    )
    reason = obj(reason=text())
    file = operation("download", also=(409,))
    file["responses"]["200"]["content"] = {
        "application/pdf": {"schema": text(format="binary")}, "text/csv": {"schema": TEXT}
    }  # fmt: skip
    asked = obj(day=text(), format=one_of("csv", "pdf"))
    bookings = array(ref("Booking"))
    paths = {
        "/rooms": {"get": operation("listRooms", array(ref("Room"))), "post": create},
        "/rooms/{id}": path("id", get=operation("getRoom", ref("Room")), delete=close),
        "/rooms/{id}/restore": path("id", post=operation("restoreRoom", ref("Room"), also=(409,))),
        "/rooms/{id}/take-offline": path("id", post=operation("off", ref("Room"))),
        "/rooms/{id}/bring-back-online": path("id", post=operation("on", ref("Room"))),
        "/bookings": {
            "get": operation("listBookings", obj(data=bookings)),
            "post": book,
        },
        "/bookings/{id}": path("id", get=operation("getBooking", DATA)),
        "/bookings/{id}/check-in": path("id", post=check_in),
        "/bookings/{id}/release": path(
            "id", post=refused("release", "The booking is no longer held", sent=reason)
        ),
        "/exports": {"post": operation("export", obj(data=ref("Export")), status=202, sent=asked)},
        "/exports/{id}": path("id", get=operation("getExport", obj(data=ref("Export")))),
        "/exports/{id}/file": path("id", get=file),
        "/exports/{id}/cancel": path("id", post=operation("stop", obj(data=ref("Export")))),
    }
    room = obj(
        "id", "email", "online", "archived",
        id=TEXT, email=text(example="desk@hotel.test"), online=FLAG, archived=FLAG,
        beds_total=WHOLE,
    )  # fmt: skip
    booking = obj(
        "id", "state", "expires_at", "requested_at",
        id=WHOLE, guest=TEXT, room=TEXT, state=one_of("held", "occupied", "released", "expired"),
        hold_minutes=WHOLE, expires_at=MOMENT, requested_at=MOMENT,
        release_reason={**TEXT, "nullable": True},
    )  # fmt: skip
    export = obj(
        "id",
        id=WHOLE,
        day=TEXT,
        format=one_of("csv", "pdf"),
        state=one_of("waiting", "working", "ready", "failed", "cancelled"),
    )
    sent = obj("email", email=text(), beds_total={**WHOLE, "default": 2})
    return with_schemas(paths, Room=room, NewRoom=sent, Booking=booking, Export=export)


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer(rooms()) as started:
        yield started


def post(mock: MockServer, where: str, sent: Any = None) -> Any:
    response = mock.client.post(where, json=sent)
    assert response.status_code < 300, response.text
    return response.json()


def book(mock: MockServer, **sent: Any) -> Any:
    return post(mock, "/bookings", {"guest": "Ada", **sent})["data"]


def shown(mock: MockServer, booking: Any) -> Any:
    return mock.client.get(f"/bookings/{booking['id']}").json()["data"]


def test_a_booking_is_held_for_the_minutes_that_were_sent(mock: MockServer) -> None:
    booking, other = book(mock, hold_minutes=10), book(mock)
    assert booking["state"] == "held"
    assert booking["requested_at"] == "2026-01-01T00:00:00.000000Z"
    assert booking["expires_at"] == "2026-01-01T00:10:00.000000Z"
    mock.clock.advance(601)
    assert shown(mock, booking)["state"] == "expired"
    assert shown(mock, other)["state"] == "held"


def test_a_description_says_which_state_a_verb_leads_to(mock: MockServer) -> None:
    booking = book(mock)
    assert post(mock, f"/bookings/{booking['id']}/check-in")["data"]["state"] == "occupied"
    mock.clock.advance(3600)
    assert shown(mock, booking)["state"] == "occupied"


def test_a_refusal_says_in_which_states_a_verb_is_possible(mock: MockServer) -> None:
    where = f"/bookings/{book(mock)['id']}"
    released = post(mock, f"{where}/release", {"reason": "ill"})["data"]
    assert (released["state"], released["release_reason"]) == ("released", "ill")
    assert mock.client.post(f"{where}/check-in").status_code == 409
    assert mock.client.post(f"{where}/release", json={}).status_code == 409


def test_a_room_is_taken_offline_and_brought_back(mock: MockServer) -> None:
    room = post(mock, "/rooms", {"email": "a@b.test"})
    assert room["beds_total"] == 2, "a documented default, although it looks like a count"
    assert post(mock, f"/rooms/{room['id']}/bring-back-online")["online"] is True
    assert post(mock, f"/rooms/{room['id']}/take-offline")["online"] is False


def test_seed_entities_share_no_value_that_may_be_taken(mock: MockServer) -> None:
    emails = [room["email"] for room in mock.client.get("/rooms").json()]
    assert emails[0] == "desk@hotel.test"
    assert len({*emails}) == len(emails) == 3


def test_the_next_job_is_followed_in_an_envelope(mock: MockServer) -> None:
    mock.follow("failed")
    export = post(mock, "/exports", {"day": "monday"})["data"]
    mock.clock.advance(60)
    assert mock.client.get(f"/exports/{export['id']}").json()["data"]["state"] == "failed"


def test_a_booking_names_its_room_without_a_word_for_its_id(mock: MockServer) -> None:
    refused_ = mock.client.post("/bookings", json={"guest": "Ada", "room": "nowhere"})
    assert refused_.status_code == 404


def test_a_room_with_active_bookings_stays(mock: MockServer) -> None:
    room = post(mock, "/rooms", {"email": "a@b.test"})["id"]
    booking = book(mock, room=room)
    assert mock.client.delete(f"/rooms/{room}").status_code == 409
    post(mock, f"/bookings/{booking['id']}/release", {})
    assert mock.client.delete(f"/rooms/{room}").status_code == 204
    assert mock.client.get(f"/rooms/{room}").json()["archived"] is True


def test_seed_entities_are_not_deleted_and_what_is_not_deleted_is_not_restored(
    mock: MockServer,
) -> None:
    rooms_ = mock.client.get("/rooms").json()
    assert [room["archived"] for room in rooms_] == [False] * 3
    where = f"/rooms/{rooms_[0]['id']}"
    assert mock.client.post(f"{where}/restore").status_code == 409
    mock.client.delete(where)
    assert post(mock, f"{where}/restore")["archived"] is False


@pytest.mark.parametrize(
    ("wanted", "accepts", "media_type"),
    [
        ("csv", "*/*", "text/csv"),
        ("pdf", "*/*", "application/pdf"),
        ("pdf", "text/csv", "text/csv"),
    ],
)
def test_a_file_has_the_format_of_its_export(
    mock: MockServer, wanted: str, accepts: str, media_type: str
) -> None:
    export = post(mock, "/exports", {"day": "monday", "format": wanted})["data"]
    mock.clock.advance(60)
    where = f"/exports/{export['id']}/file"
    file = mock.client.get(where, headers={"accept": accepts})
    assert (file.status_code, file.headers["content-type"].split(";")[0]) == (200, media_type)
