"""The effects of verbs: unknown words, verbs in bodies, verbs on parts."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import MOMENT, TEXT, WHOLE, answer, body, document, thing
from tests.support.verbs import FLAG, ITEM, after, kept, operation, states


@pytest.mark.parametrize(
    ("word", "values", "end"),
    [
        ("dock", ("IN_TRANSIT", "IN_ORBIT", "DOCKED"), "DOCKED"),
        ("orbit", ("IN_TRANSIT", "IN_ORBIT", "DOCKED"), "IN_ORBIT"),
        ("quarry", ("idle", "quarried"), "quarried"),
        ("frob", ("new", "frobbed", "gone"), "frobbed"),
        ("stop", ("created", "running", "exited"), "exited"),
    ],
)
def test_a_state_is_called_after_the_word(word: str, values: tuple[str, ...], end: str) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states(*values))
    paths = kept(shown, **{f"post_{word}": operation(operationId=f"{word}-ship")})
    assert after(paths, ("POST", word, None))[1]["status"] == end


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_summary_says_a_verb_that_a_state_is_called_after(method: str) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states("draft", "quoted", "instructed"))
    paths = kept(shown, **{f"{method}_": operation(summary="Instruct a ship")})
    assert after(paths, (method, "", {}))[1]["status"] == "instructed"


@pytest.mark.parametrize(
    ("name", "value", "end"),
    [
        ("action", "hangup", "completed"),
        ("command", "CANCEL", "cancelled"),
        ("event", "complete", "completed"),
        ("op", "cancel", "cancelled"),
        ("type", "hangup", "completed"),
    ],
)
def test_the_verb_is_a_value_in_the_body(name: str, value: str, end: str) -> None:
    status = states("started", "ringing", "completed", "cancelled")
    values = states("hangup", "CANCEL", "cancel", "complete", "mute")
    shown = thing("id status", id=TEXT, name=TEXT, status=status)
    paths = kept(shown, "/calls", put_=operation(thing(name, **{name: values})))
    assert after(paths, ("PUT", "", {name: value}), path="/calls")[1]["status"] == end


def test_another_value_in_the_body_changes_nothing() -> None:
    status = states("started", "completed")
    shown = thing("id status", id=TEXT, name=TEXT, status=status)
    paths = kept(shown, put_=operation(thing(action=states("hangup", "mute"))))
    before, now = after(paths, ("PUT", "", {"action": "mute"}))
    assert now == before


def test_a_flag_in_a_part_is_switched_by_the_body() -> None:
    shown = thing("id", id=TEXT, name=TEXT, chargeState=thing("isCharging", isCharging=FLAG))
    paths = kept(shown, post_charging=operation(thing(action=states("START", "STOP"))))
    assert after(paths, ("POST", "charging", {"action": "START"}))[1]["chargeState"]["isCharging"]
    calls = [("POST", "charging", {"action": one}) for one in ("START", "STOP")]
    assert after(paths, *calls)[1]["chargeState"]["isCharging"] is False


def test_what_a_part_is_asked_to_end_is_off() -> None:
    shown = thing("id", id=TEXT, name=TEXT, backups=thing("enabled", enabled=FLAG))
    paths = kept(shown, post_backups__enable=operation(), post_backups__cancel=operation())
    calls = [("POST", "backups/enable", None), ("POST", "backups/cancel", None)]
    assert after(paths, calls[0])[1]["backups"]["enabled"] is True
    assert after(paths, *calls)[1]["backups"]["enabled"] is False


def test_detach_empties_what_attach_fills() -> None:
    nullable = {"type": ["string", "null"]}
    shown = thing("id", id=TEXT, name=TEXT, host_id=nullable)
    paths = kept(shown, post_attach=operation(thing(host_id=TEXT)), post_detach=operation())
    attached = ("POST", "attach", {"host_id": "h1"})
    assert after(paths, attached)[1]["host_id"] == "h1"
    assert after(paths, attached, ("POST", "detach", None))[1].get("host_id") is None


@pytest.mark.parametrize(
    ("step", "sent", "seen"),
    [
        ("metadata__category", {"category": "arts"}, {"metadata": {"category": "arts"}}),
        ("plan", {"day": "May", "notify": True}, {"plan": {"day": "May", "notify": True}}),
        ("status", {"reason": "seen"}, {"currentStatus": {"reason": "seen"}}),
    ],
)
def test_a_path_names_what_the_body_sets(step: str, sent: Any, seen: Any) -> None:
    shown = thing(
        "id", id=TEXT, name=TEXT, metadata=thing(category=TEXT, tags=TEXT),
        plan=thing(day=TEXT, notify=FLAG), currentStatus=thing(reason=TEXT, code=TEXT),
    )  # fmt: skip
    kinds = {
        name: {"type": "boolean" if value is True else "string"} for name, value in sent.items()
    }
    paths = kept(shown, **{f"put_{step}": operation(thing(**kinds))})
    now = after(paths, ("PUT", step.replace("__", "/"), sent))[1]
    for name, part in seen.items():
        assert now[name] == {**now[name], **part}


def test_a_property_is_renewed_and_deleted() -> None:
    shown = thing("id", id=TEXT, name=TEXT, exportToken=TEXT)
    paths = kept(shown, patch_exportToken__rotate=operation(), delete_exportToken=operation())
    paths["/ships/{id}/badge"] = {"delete": {"parameters": [ITEM], "responses": {"204": answer()}}}
    before, now = after(paths, ("PATCH", "exportToken/rotate", None))
    assert now["exportToken"] not in (None, before.get("exportToken"))
    rotated = ("PATCH", "exportToken/rotate", None)
    assert not after(paths, rotated, ("DELETE", "exportToken", None))[1].get("exportToken")


def test_the_answer_has_the_entity_in_a_part_called_so() -> None:
    deal = thing("id accepted", id=TEXT, name=TEXT, kind=TEXT, accepted=FLAG)
    answered = thing(data=thing(agent=thing(symbol=TEXT), deal=deal))
    paths = kept(deal, "/deals", post_accept=operation(shown=answered))
    with MockServer(document(paths)) as server:
        made = server.client.post("/deals", json={"name": "a"}).json()
        found = server.client.post(f"/deals/{made['id']}/accept").json()["data"]["deal"]
        assert (found["id"], found["accepted"]) == (made["id"], True)


@pytest.mark.parametrize(
    ("verbs", "first"),
    [
        (("block", "unblock"), {"blocked": False}),
        (("feature",), {"featured": False}),
        (("unfollow",), {"followed": True}),
        (("publish", "unpublish"), {"published": False}),
        (("deactivate",), {"active": True}),
        (("deactivate", "activate"), {"inactive": False}),
    ],
)
def test_what_a_verb_switches_is_seen_before(verbs: tuple[str, ...], first: Any) -> None:
    shown = thing("id", id=TEXT, name=TEXT, **dict.fromkeys(first, FLAG))
    paths = kept(shown, **{f"post_{verb}": operation() for verb in verbs})
    before, now = after(paths, ("POST", verbs[0], None))
    name, value = next(iter(first.items()))
    assert (before[name], now[name]) == (value, not value)


def test_a_union_of_bodies_has_the_verb() -> None:
    status = states("started", "completed")
    shown = thing("id status", id=TEXT, name=TEXT, status=status)
    kinds = {"oneOf": [thing("action", action=states(one)) for one in ("mute", "hangup")]}
    paths = kept(shown, "/calls", put_=operation(kinds))
    assert (
        after(paths, ("PUT", "", {"action": "hangup"}), path="/calls")[1]["status"] == "completed"
    )


def test_what_one_part_has_is_said_of_it() -> None:
    limits = {"cpus": {"type": "integer"}, "memory": {"type": "integer"}}
    shown = thing("id", id=TEXT, name=TEXT, HostConfig=thing(**limits, note=TEXT))
    paths = kept(shown, post_update=operation(thing(**limits)))
    now = after(paths, ("POST", "update", {"cpus": 2, "memory": 3}))[1]
    assert (now["HostConfig"]["cpus"], now["HostConfig"]["memory"]) == (2, 3)


def test_what_is_enabled_is_as_it_was_at_first() -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states("idle", "active", "disabled"))
    paths = kept(shown, post_disable=operation(), post_enable=operation())
    calls = [("POST", "disable", None), ("POST", "enable", None)]
    assert after(paths, calls[0])[1]["status"] == "disabled"
    assert after(paths, *calls)[1]["status"] == "idle"


@pytest.mark.parametrize("word", ["get_details", "listAll", "describe-it", "fetch_light"])
def test_words_of_reading_change_nothing(word: str) -> None:
    shown = thing("id active", id=TEXT, name=TEXT, active=FLAG)
    paths = kept(shown, **{f"post_{word}": operation(thing(name=TEXT), shown)})
    before, now = after(paths, ("POST", word, {"name": "b"}))
    assert before == now


@pytest.mark.parametrize("second", [304, 409])
def test_what_is_so_already(second: int) -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states("created", "running"))
    start = operation()
    start["responses"][str(second)] = answer()
    with MockServer(document(kept(shown, post_start=start))) as server:
        path = f"/ships/{server.client.post('/ships', json={'name': 'a'}).json()['id']}/start"
        assert [server.client.post(path).status_code for _ in range(2)] == [200, second]


def test_what_has_not_succeeded_cannot_be_revoked() -> None:
    status = states("pending", "processing", "issued", "revoked")
    shown = thing("id status", id=TEXT, name=TEXT, status=status, completed_at=TEXT)
    revoke = operation()
    revoke["responses"]["409"] = answer()
    paths = kept(shown, "/certificates", post_revoke=revoke)
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/certificates", json={"name": "a"}).json()
        path = f"/certificates/{made['id']}"
        assert server.client.post(f"{path}/revoke").status_code == 409
        server.clock.advance(3600)
        assert server.client.post(f"{path}/revoke").status_code == 200
        assert server.client.get(path).json()["status"] == "revoked"


def test_the_query_says_what_the_entity_is_like() -> None:
    shown = thing("id", id=TEXT, name=TEXT, size={"type": "integer"})
    asked = [{"name": name, "in": "query", "schema": {}} for name in ("name", "size", "verbose")]
    asked[1]["schema"] = {"type": "integer"}
    paths = kept(shown, post_rename=operation(parameters=asked[:1]))
    del paths["/ships"]["post"]["requestBody"]
    paths["/ships"]["post"]["parameters"] = asked
    with MockServer(document(paths)) as server:
        made = server.client.post("/ships?name=web&size=3&verbose=1").json()
        assert (made["name"], made["size"]) == ("web", 3)
        server.client.post(f"/ships/{made['id']}/rename?name=api")
        assert server.client.get(f"/ships/{made['id']}").json()["name"] == "api"


def test_what_is_paid_is_not_approved_again() -> None:
    shown = thing("id status", id=TEXT, name=TEXT, status=states("draft", "approved", "paid"))
    verb = {"responses": {"200": answer(shown), "409": answer()}}
    paths = kept(shown, "/payruns", post_approve=verb, post_pay=verb)
    with MockServer(document(paths)) as server:
        made = server.client.post("/payruns", json={"name": "a"}).json()
        path = f"/payruns/{made['id']}"
        seen = [server.client.post(f"{path}/{word}") for word in ("approve", "pay", "approve")]
        assert [reply.status_code for reply in seen] == [200, 200, 409]
        assert server.client.get(path).json()["status"] == "paid"


@pytest.mark.parametrize(
    ("name", "values", "verb", "value"),
    [
        ("decision", ("pending", "approved", "rejected"), "reject", "rejected"),
        ("visibility", ("private", "published"), "publish", "published"),
        ("outcome", ("OPEN", "ACCEPTED", "DECLINED"), "accept", "ACCEPTED"),
    ],
)
def test_a_property_lists_what_a_verb_leads_to(
    name: str, values: tuple[str, ...], verb: str, value: str
) -> None:
    shown = thing(f"id {name}", **{"id": TEXT, "name": TEXT, name: states(*values)})
    paths = kept(shown, **{f"post_{verb}": operation(shown=shown)})
    before, found = after(paths, ("POST", verb, None))
    assert (before[name], found[name]) == (values[0], value)


@pytest.mark.parametrize("step", ["permanent", "forever", "purge"])
def test_a_delete_for_good_removes(step: str) -> None:
    shown = thing("id", id=TEXT, name=TEXT, trashed={"type": "boolean"})
    paths = kept(shown, **{f"delete_{step}": {"responses": {"204": {"description": ""}}}})
    paths["/ships/{id}"]["delete"] = operation(shown=shown, summary="Moves it to the trash")
    with MockServer(document(paths), clock="manual") as server:
        own = "/ships/" + server.client.post("/ships", json={"name": "a"}).json()["id"]
        assert server.client.delete(own).json()["trashed"] is True
        assert server.client.get(own).status_code == 200
        assert server.client.delete(f"{own}/{step}").status_code == 204
        assert server.client.get(own).status_code == 404


@pytest.mark.parametrize("verb", ["complete", "finish", "submit"])
def test_what_waits_for_a_client_goes_on_when_it_is_told(verb: str) -> None:
    values = states("awaiting_upload", "processing", "ready", "failed")
    shown = thing("id status", id=TEXT, name=TEXT, status=values)
    paths = kept(shown, **{f"post_{verb}": operation(shown=shown)})
    with MockServer(document(paths), clock="manual") as server:
        own = "/ships/" + server.client.post("/ships", json={"name": "a"}).json()["id"]
        server.clock.advance(3600)
        assert server.client.get(own).json()["status"] == "awaiting_upload"
        assert server.client.post(f"{own}/{verb}").json()["status"] == "processing"
        server.clock.advance(3600)
        assert server.client.get(own).json()["status"] == "ready"


def test_versions_are_counted_beneath_what_they_are_of() -> None:
    shown = thing("id", id=TEXT, name=TEXT)
    version = thing("version", version=WHOLE, note=TEXT)
    many = {"type": "array", "items": version}
    paths = kept({"$ref": "#/components/schemas/Ship"})
    paths["/ships/{id}/versions"] = {
        "parameters": [ITEM],
        "get": operation(shown=many),
        "post": {"requestBody": body(thing(note=TEXT)), "responses": {"201": answer(version)}},
    }
    one = {"name": "version", "in": "path", "required": True, "schema": WHOLE}
    promoted = operation(shown={"$ref": "#/components/schemas/Ship"})
    paths["/ships/{id}/versions/{version}/promote"] = {"parameters": [ITEM, one], "post": promoted}
    with MockServer(document(paths, schemas={"Ship": shown}), clock="manual") as server:
        for _ in range(2):
            ship = server.client.post("/ships", json={"name": "a"}).json()
            own = f"/ships/{ship['id']}/versions"
            made = [server.client.post(own, json={"note": "n"}).json() for _ in range(3)]
            assert [one["version"] for one in made] == [1, 2, 3]
            # What a version is of is what its promotion shows.
            assert server.client.post(f"{own}/2/promote").json() == ship


@pytest.mark.parametrize("verb", ["rotate", "regenerate", "reset"])
def test_a_secret_that_only_responses_tell_is_another_each_time(verb: str) -> None:
    shown = thing("id name", id=TEXT, name=TEXT)
    told = thing("id name clientSecret", id=TEXT, name=TEXT, clientSecret=TEXT)
    paths = kept(shown, **{f"post_{verb}": operation(shown=told)})
    paths["/ships"]["post"]["responses"]["201"] = answer(told)
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/ships", json={"name": "a"}).json()
        url = f"/ships/{made['id']}/{verb}"
        found = [made, *(server.client.post(url).json() for _ in range(2))]
    assert len({one["clientSecret"] for one in found}) == 3
    assert {(one["id"], one["name"]) for one in found} == {(made["id"], "a")}


def test_a_renewed_secret_is_not_the_example_of_the_document_again() -> None:
    secret = {**TEXT, "example": "ET11226D9EEEA2B035D42569585900"}
    paths = kept(thing("id", id=TEXT, apiKey=secret), post_apiKey__rotate=operation())
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/ships", json={}).json()
        here, found = f"/ships/{made['id']}", [made.get("apiKey")]
        for _ in range(4):
            server.client.post(f"{here}/apiKey/rotate")
            found.append(server.client.get(here).json()["apiKey"])
    assert len({*found[1:], secret["example"]}) == 5


@pytest.mark.parametrize(
    "flag", ["cancelled", "shipCancelled", "ship_is_cancelled", "is_cancelled"]
)
def test_a_flag_may_be_called_after_its_entity(flag: str) -> None:
    shown = thing("id", id=TEXT, name=TEXT, **{flag: {"type": "boolean"}})
    _, now = after(kept(shown, post_cancel=operation()), ("POST", "cancel", None))
    assert now[flag] is True


@pytest.mark.parametrize(
    ("verb", "flag", "so"),
    [
        ("hangup", "is_alive", False),
        ("stop", "running", False),
        ("terminate", "isRunning", False),
        ("end", "ongoing", False),
        ("start", "is_running", True),
        ("resume", "running", True),
    ],
)
def test_what_goes_on_does_so_from_its_beginning_to_its_end(verb: str, flag: str, so: bool) -> None:
    shown = thing("id", id=TEXT, name=TEXT, **{flag: {"type": "boolean", "example": not so}})
    before, now = after(kept(shown, **{f"post_{verb}": operation()}), ("POST", verb, None))
    assert now[flag] is so
    assert so or before[flag]


BESIDE = [
    ("send-reminder", "Send a reminder"),
    ("resendInvitation", "Resends the invitation"),
    ("email-receipt", "Email the receipt"),
    ("send-test", "Send a test event"),
    ("confirmation-email", "Send the confirmation once more"),
    ("confirm-email-preview", "Preview of the confirmation"),
    ("verify-signature", "Verify the signature of a payload"),
    ("check-availability", "Check whether it is available"),
    ("share-link", "Get a link for sharing"),
    ("simulate", "Simulate what would happen"),
    ("dry-run", "Try it without doing it"),
    ("compare", "Compare with what is sent"),
]


@pytest.mark.parametrize(("word", "summary"), BESIDE)
@pytest.mark.parametrize("answered", [None, thing(ok=FLAG)])
@pytest.mark.parametrize("sent", [None, {"name": "other", "message": "m"}])
def test_what_is_told_or_checked_beside_an_entity_changes_nothing(
    word: str, summary: str, answered: Any, sent: Any
) -> None:
    moments = dict.fromkeys(("sent_at", "verified_at", "checked_at", "shared_at"), MOMENT)
    values = states("draft", "sent", "confirmed", "verified", "shared", "checked")
    shown = thing("id status", id=TEXT, name=TEXT, status=values, **moments)
    asked = thing(name=TEXT, message=TEXT) if sent is not None else None
    made = operation(asked, answered or shown, summary=summary)
    before, last = after(kept(shown, **{f"post_{word}": made}), ("POST", word, sent))
    assert last == before
    assert last["status"] == "draft"
