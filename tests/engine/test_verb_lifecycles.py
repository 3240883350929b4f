"""What verbs lead to: said in words, undone, repeated, named at other places of a path."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import MOMENT, TEXT, answer, body, document, thing
from tests.support.verbs import ITEM, after, kept, operation, states


def marked(values: tuple[str, ...], end: str, **operation_: Any) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states(*values))
    paths = kept(shown, post_frob=operation(**operation_))
    assert after(paths, ("POST", "frob", None))[1]["status"] == end


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("Reverts a published post to draft state.", "DRAFT"),
        ("Marks it as spam.", "SPAM"),
        ("Sets a stay to the status in house.", "IN_HOUSE"),
        ("The status changes from live to spam.", "SPAM"),
        ("Puts it back to *live* status", "LIVE"),
        ("Marks it as not spam.", "DRAFT"),
        ("Can be called in draft state only.", "DRAFT"),
    ],
)
def test_a_description_says_in_words_what_it_leads_to(text: str, end: str) -> None:
    marked(("LIVE", "DRAFT", "SPAM", "IN_HOUSE"), end, description=text)


def test_two_words_are_a_verb_that_a_state_is_called_after() -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states("booked", "CheckedOut", "gone"))
    paths = kept(shown, post_check_out=operation())
    assert after(paths, ("POST", "check_out", None))[1]["status"] == "CheckedOut"


@pytest.mark.parametrize(
    ("verb", "values", "end"),
    [
        ("hold", ("ACTIVE", "HELD", "ENDED"), "ACTIVE"),
        ("schedule", ("draft", "scheduled", "sent"), "draft"),
    ],
)
def test_deleting_a_verb_undoes_it(verb: str, values: tuple[str, ...], end: str) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states(*values))
    verbs = {f"put_{verb}": operation(), f"delete_{verb}": operation()}
    undone = after(kept(shown, **verbs), ("PUT", verb, None), ("DELETE", verb, None))[1]
    assert undone["status"] == end


def test_what_is_restored_is_as_it_was() -> None:
    shown = thing("id state", id=TEXT, name=TEXT, state=states("OPEN", "CLOSED", "DELETED"))
    paths = kept(shown, post_close=operation(), delete_=operation(shown=shown))
    paths["/ships/{id}:undelete"] = {"parameters": [ITEM], "post": operation(shown=shown)}
    with MockServer(document(paths), clock="manual") as server:
        own = "/ships/" + server.client.post("/ships", json={"name": "a"}).json()["id"]
        server.client.post(f"{own}/close")
        assert server.client.delete(own).json()["state"] == "DELETED"
        assert server.client.post(f"{own}:undelete").json()["state"] == "CLOSED"


@pytest.mark.parametrize("word", ["renew", "extend", "prolong"])
@pytest.mark.parametrize(
    ("sent", "end"),
    [
        ({"days": 2}, "2026-02-02"),
        ({"extension_hours": 24}, "2026-02-01"),
        ({"expires_at": "2026-02-07T00:00:00Z"}, "2026-02-07"),
    ],
)
def test_a_verb_adds_the_time_that_is_sent(word: str, sent: dict[str, Any], end: str) -> None:
    sent_as = thing(**dict.fromkeys(sent, MOMENT if "expires_at" in sent else {"type": "integer"}))
    found = _renewed(word, sent_as, sent)
    assert found["expires_at"].startswith(end)


def test_a_verb_adds_as_much_time_as_there_was() -> None:
    found = _renewed("renew", None, None)
    assert found["expires_at"].startswith("2026-03-02")
    assert found["renewed_at"].startswith("2026-01-01")
    assert found["status"] == "active"


def _renewed(word: str, sent_as: Any, sent: Any) -> Any:
    shown = thing(
        "id", id=TEXT, expires_at=MOMENT, renewed_at=MOMENT, status=states("active", "paused")
    )
    paths = kept(shown, **{f"post_{word}": operation(sent_as)})
    paths["/ships"]["post"]["requestBody"] = body(thing(expires_at=MOMENT))
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/ships", json={"expires_at": "2026-01-31T00:00:00Z"}).json()
        own = f"/ships/{made['id']}"
        server.client.post(f"{own}/{word}", json=sent)
        return server.client.get(own).json()


def test_the_state_is_at_a_path_of_its_own() -> None:
    state = thing("state", state=states("Initialized", "Running", "Paused", "Stopped"))
    paths = kept(thing("id name", id=TEXT, name=TEXT), post_start=operation(),
                 post_pause=operation(), get_state=operation(shown=state))  # fmt: skip
    with MockServer(document(paths), clock="manual") as server:
        first, second = (
            "/ships/" + server.client.post("/ships", json={"name": name}).json()["id"]
            for name in "ab"
        )
        server.client.post(f"{first}/start")
        server.client.post(f"{first}/pause")
        assert server.client.get(f"{first}/state").json() == {"state": "Paused"}
        assert server.client.get(f"{second}/state").json() == {"state": "Initialized"}


def test_what_is_aside_goes_on_when_it_is_approved() -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states("PENDING", "LIVE", "SPAM"))
    paths = kept(shown, post_spam=operation(summary="Marks it as spam"), post_approve=operation())
    assert after(paths, ("POST", "spam", None), ("POST", "approve", None))[1]["status"] == "LIVE"


def test_the_body_of_a_verb_is_about_a_part_and_the_entity() -> None:
    plan = thing(planName=TEXT, interval=TEXT)
    shown = thing("id", id=TEXT, name=TEXT, plan=plan, seats={"type": "integer"})
    sent = thing(planName=TEXT, seats={"type": "integer"}, name=TEXT)
    paths = kept(shown, post_changePlan=operation(sent))
    found = after(paths, ("POST", "changePlan", {"planName": "yearly", "seats": 4}))[1]
    assert (found["plan"]["planName"], found["seats"], found["name"]) == ("yearly", 4, "a")


@pytest.mark.parametrize(
    ("values", "text", "first"),
    [
        (("PENDING", "ACTIVE"), 'The status of a newly created ship is "ACTIVE".', "ACTIVE"),
        (("draft", "open", "closed"), "The initial state is open.", "open"),
        (("new", "on_hold"), "It is created with the `on hold` status.", "on_hold"),
        (("new", "held"), "Held ones are refused.", "new"),
    ],
)
def test_a_description_says_how_it_begins(values: tuple[str, ...], text: str, first: str) -> None:
    paths = kept(thing("id status", id=TEXT, name=TEXT, status=states(*values)))
    paths["/ships"]["post"]["description"] = text
    assert after(paths)[0]["status"] == first


SERVICE = ("STOPPED", "STARTING", "RUNNING", "STOPPING")


@pytest.mark.parametrize(
    ("values", "first", "later"),
    [
        (SERVICE, "STOPPED", "STOPPED"),
        (("PENDING", *SERVICE), "PENDING", "RUNNING"),
        (("CREATING", "READY", *SERVICE), "CREATING", "READY"),
    ],
)
def test_what_is_started_and_stopped(values: tuple[str, ...], first: str, later: str) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states(*values))
    paths = kept(shown, post_start=operation(), post_stop=operation())
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/ships", json={"name": "a"}).json()
        own = f"/ships/{made['id']}"
        seen = [made["status"]]
        for step in ("", "/start", "/stop"):
            if step:
                server.client.post(own + step)
            server.clock.advance(600)
            seen.append(server.client.get(own).json()["status"])
    assert seen == [first, later, "RUNNING", "STOPPED"]


def test_a_removal_says_the_state_that_it_leads_to() -> None:
    status = states("requested", "active", "removal_requested", "removed")
    shown = thing("id status", id=TEXT, name=TEXT, status=status)
    paths = kept(shown, delete_=operation(description="It enters the state `removal_requested`."))
    assert after(paths, ("DELETE", "", None))[1]["status"] == "removal_requested"


def test_what_is_started_below_an_entity_is_something_else() -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states("new", "RUNNING", "STOPPED"))
    session = thing("token", token=TEXT)
    paths = kept(shown, put_session=operation(shown=session, summary="Start a session of a ship"))
    before, now = after(paths, ("PUT", "session", None))
    assert now == before


def test_who_asks_may_have_a_status() -> None:
    shown = thing("id status", id=TEXT, status=states("active", "off"))
    sent = body(thing("email password", email=TEXT, password=TEXT))
    login = {"requestBody": sent, "responses": {"200": answer(thing("token", token=TEXT))}}
    paths = {"/me": {"get": {"responses": {"200": answer(shown)}}}, "/login": {"post": login}}
    with MockServer(document(paths)) as server:
        assert server.client.get("/me").json()["status"] in ("active", "off")


SHIP = thing("id status", id=TEXT, name=TEXT, status=states("new", "archived", "gone"))


@pytest.mark.parametrize(
    "place", ["/ships/archive/{id}", "/ships/archive/{shipId}", "/ships/id/{id}/archive"]
)
def test_a_verb_may_stand_before_the_id(place: str) -> None:
    name = "shipId" if "shipId" in place else "id"
    paths = kept(SHIP)
    paths[place] = {"parameters": [{**ITEM, "name": name}], "put": operation()}
    with MockServer(document(paths)) as server:
        made = server.client.post("/ships", json={"name": "a"}).json()
        server.client.put(place.replace("{" + name + "}", made["id"]))
        assert server.client.get(f"/ships/{made['id']}").json()["status"] == "archived"


@pytest.mark.parametrize(
    ("place", "name", "methods"),
    [
        ("/ships/block/{id}", "id", ("put", "delete")),
        ("/ships/archive/{pilotId}", "pilotId", ("put",)),
    ],
)
def test_what_is_before_an_id_may_be_a_noun(
    place: str, name: str, methods: tuple[str, ...]
) -> None:
    paths = kept(SHIP)
    paths[place] = {"parameters": [{**ITEM, "name": name}]}
    paths[place] |= {method: operation() for method in methods}
    with MockServer(document(paths)) as server:
        made = server.client.post("/ships", json={"name": "a"}).json()
        server.client.put(place.replace("{" + name + "}", made["id"]))
        assert server.client.get(f"/ships/{made['id']}").json()["status"] == "new"


def test_calls_with_the_id_in_the_path() -> None:
    status = states("new", "archived", "gone")
    shown = thing("ShipDetails", ShipDetails=thing("shipName", shipName=TEXT, status=status))
    named = {**ITEM, "name": "shipName"}
    paths: dict[str, Any] = {
        "/createShip": {
            "post": {
                "requestBody": body(thing("shipName", shipName=TEXT)),
                "responses": {"200": answer(shown)},
            }
        }
    }
    for method, word in (("get", "get"), ("put", "archive"), ("delete", "delete")):
        one = operation(shown=shown if word != "delete" else None)
        paths[f"/{word}Ship/{{shipName}}"] = {"parameters": [named], method: one}
    with MockServer(document(paths)) as server:
        server.client.post("/createShip", json={"shipName": "a"})
        assert server.client.get("/getShip/a").json()["ShipDetails"]["status"] == "new"
        server.client.put("/archiveShip/a")
        assert server.client.get("/getShip/a").json()["ShipDetails"]["status"] == "archived"
        server.client.delete("/deleteShip/a")
        assert server.client.get("/getShip/a").status_code == 404


def test_what_is_active_until_somebody_ends_it_stays() -> None:
    status = states("active", "terminating", "completed")
    shown = thing("id status", id=TEXT, name=TEXT, status=status)
    paths = kept(shown, "/jobs", post_terminate=operation())
    with MockServer(document(paths), clock="manual") as server:
        own = "/jobs/" + server.client.post("/jobs", json={"name": "a"}).json()["id"]
        server.clock.advance(86400)
        assert server.client.get(own).json()["status"] == "active"
        server.client.post(f"{own}/terminate")
        server.clock.advance(86400)
        assert server.client.get(own).json()["status"] == "completed"


@pytest.mark.parametrize(
    ("verbs", "later"), [({}, "available"), ({"post_approve": operation()}, "pending")]
)
def test_what_no_client_makes_ready_gets_ready(verbs: dict[str, Any], later: str) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states("pending", "available"))
    with MockServer(document(kept(shown, **verbs)), clock="manual") as server:
        made = server.client.post("/ships", json={"name": "a"}).json()
        assert made["status"] == "pending"
        server.clock.advance(86400)
        assert server.client.get(f"/ships/{made['id']}").json()["status"] == later


def test_what_is_to_be_unlocked_is_not_so_at_first() -> None:
    lock = states("locked", "pending_unlock", "unlocked")
    paths = kept(thing("id lockState", id=TEXT, name=TEXT, lockState=lock), put_lock=operation())
    before, now = after(paths, ("PUT", "lock", None))
    assert (before["lockState"], now["lockState"]) == ("unlocked", "locked")


@pytest.mark.parametrize(
    ("verb", "flag", "holds"),
    [("activate", "inactive", False), ("publish", "is_unpublished", False),
     ("deactivate", "Inactive", True)],
)  # fmt: skip
def test_a_flag_may_say_the_contrary(verb: str, flag: str, holds: bool) -> None:
    shown = thing("id", id=TEXT, name=TEXT, **{flag: {"type": "boolean"}})
    assert after(kept(shown, **{f"put_{verb}": operation()}), ("PUT", verb, None))[1][flag] is holds


WHEN = {"type": ["string", "null"], "format": "date-time"}


@pytest.mark.parametrize(
    ("verbs", "kept_moments", "emptied"),
    [
        (("publish", "archive"), ("published_at", "archived_at"), ()),
        (("publish", "archive", "unarchive"), ("published_at",), ("archived_at",)),
        (("publish", "pause"), ("published_at", "paused_at"), ()),
        (("publish", "pause", "resume"), ("published_at",), ("paused_at",)),
        (("publish", "unpublish"), (), ("published_at",)),
    ],
)
def test_a_moment_stays_until_it_begins_again(
    verbs: tuple[str, ...], kept_moments: tuple[str, ...], emptied: tuple[str, ...]
) -> None:
    values = states("draft", "published", "paused", "archived")
    moments = {f"{one}_at": WHEN for one in ("published", "paused", "archived")}
    shown = thing("id status", id=TEXT, name=TEXT, status=values, **moments)
    every = ("publish", "pause", "resume", "archive", "unarchive", "unpublish")
    paths = kept(shown, **{f"post_{verb}": operation() for verb in every})
    found = after(paths, *(("POST", verb, None) for verb in verbs))[1]
    assert all(found[name] for name in kept_moments)
    assert not any(found[name] for name in emptied)


def test_a_moment_stays_in_states_that_no_vocabulary_has() -> None:
    values = states("booked", "checked_in", "checked_out")
    moments = {"checked_in_at": WHEN, "checked_out_at": WHEN}
    shown = thing("id status", id=TEXT, name=TEXT, status=values, **moments)
    paths = kept(shown, **{"post_check-in": operation(), "post_check-out": operation()})
    found = after(paths, ("POST", "check-in", None), ("POST", "check-out", None))[1]
    assert found["checked_in_at"]
    assert found["checked_out_at"]


@pytest.mark.parametrize(
    ("values", "before", "end"),
    [
        (("pending", "provisioning", "ready", "paused"), 60, "ready"),
        (("queued", "running", "completed", "paused"), 2, "running"),
    ],
)
def test_what_is_resumed_is_as_before_the_pause(
    values: tuple[str, ...], before: float, end: str
) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states(*values))
    paths = kept(shown, post_pause=operation(shown=shown), post_resume=operation(shown=shown))
    with MockServer(document(paths), clock="manual") as server:
        own = "/ships/" + server.client.post("/ships", json={"name": "a"}).json()["id"]
        server.clock.advance(before)
        assert server.client.post(own + "/pause").json()["status"] == "paused"
        server.clock.advance(60)
        assert server.client.post(own + "/resume").json()["status"] == end


@pytest.mark.parametrize(
    ("verbs", "refused"),
    [
        (("ship", "confirm"), True),
        (("deliver", "ship"), True),
        (("confirm", "ship"), False),
        (("ship", "reopen"), False),
    ],
)
def test_a_step_back_is_a_conflict_where_the_document_lists_one(
    verbs: tuple[str, str], refused: bool
) -> None:
    values = states("new", "confirmed", "shipped", "delivered")
    shown = thing("id status", id=TEXT, name=TEXT, status=values)
    listed = {"200": answer(shown), "409": answer()}
    every = ("confirm", "ship", "deliver", "reopen")
    paths = kept(shown, **{f"post_{one}": {"responses": listed} for one in every})
    with MockServer(document(paths), clock="manual") as server:
        own = "/ships/" + server.client.post("/ships", json={"name": "a"}).json()["id"]
        codes = [server.client.post(f"{own}/{one}").status_code for one in verbs]
        assert codes == [200, 409 if refused else 200]


def test_nothing_new_has_a_past() -> None:
    when = {"type": "string", "format": "date-time", "readOnly": True}
    amount = {"type": "integer", "readOnly": True}
    shown = thing(
        "id meta period_start period_end amount_paid",
        id=TEXT,
        name=TEXT,
        meta=thing("creationTimestamp", creationTimestamp=when),
        period_start=when,
        period_end=when,
        placed_at=when,
        amount_paid=amount,
    )
    with MockServer(document(kept(shown)), clock="manual") as server:
        now = "2026-01-01T00:00:00.000000Z"
        made = server.client.post("/ships", json={"name": "a"}).json()
    assert made["meta"]["creationTimestamp"] == made["period_start"] == made["placed_at"] == now
    assert made["period_end"] > now
    assert made["amount_paid"] == 0


@pytest.mark.parametrize(
    ("values", "verb", "end"),
    [
        (("offen", "freigegeben", "in_bearbeitung", "erledigt"), "freigeben", "freigegeben"),
        (("offen", "in_bearbeitung", "erledigt", "storniert"), "stornieren", "storniert"),
        (("abierto", "aprobado", "cancelado"), "cancelar", "cancelado"),
        (("brouillon", "publie", "archive"), "publier", "publie"),
        (("aberto", "pausado", "concluido"), "pausar", "pausado"),
    ],
)
def test_states_in_other_languages(values: tuple[str, ...], verb: str, end: str) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states(*values))
    before, found = after(kept(shown, **{f"post_{verb}": operation()}), ("POST", verb, None))
    assert (before["status"], found["status"]) == (values[0], end)


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (("accepted", "transcribing", "finished"), "accepted"),
        (("confirmed", "packing", "delivered"), "confirmed"),
        (("unknown", "validated", "processing", "done"), "validated"),
        (("queued", "accepted", "running", "done"), "queued"),
        (("done", "processing", "accepted"), "processing"),
    ],
)
def test_a_milestone_before_all_work_is_the_beginning(values: tuple[str, ...], first: str) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states(*values))
    with MockServer(document(kept(shown)), clock="manual") as server:
        assert server.client.post("/ships", json={"name": "a"}).json()["status"] == first
