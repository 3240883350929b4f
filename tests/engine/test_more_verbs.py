"""Verbs of many trades: what is undone, who has the default, what a client says of the time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.documents import FLAG, MOMENT, TEXT, array, obj, one_of, ref, thing
from tests.support.trades import does, kept, serve

SENT = thing("name", name=TEXT)


def things(verbs: dict[str, Any], **shown: Any) -> Any:
    schema = thing("id name", id=TEXT, name=TEXT, **shown)
    operations = {
        f"{method} /things/{{thing_id}}/{step}": operation
        for place, operation in verbs.items()
        for method, step in [place.split()]
    }
    return serve({**kept("/things", "Thing", SENT), **operations}, Thing=schema)


def made(client: Any, name: str = "a") -> str:
    return f"/things/{client.post('/things', json={'name': name}).json()['id']}"


@pytest.mark.parametrize(
    ("does_it", "undoes", "shown", "name"),
    [
        ("POST unsubscribe", "POST resubscribe", one_of("active", "unsubscribed"), "state"),
        ("POST terminate", "POST rehire", one_of("active", "terminated"), "status"),
        ("PUT done", "DELETE done", FLAG, "completed"),
        ("POST resolve", "POST reopen", FLAG, "resolved"),
        ("POST disable", "POST re-enable", FLAG, "disabled"),
    ],
)
def test_what_is_undone_is_as_before(does_it: str, undoes: str, shown: Any, name: str) -> None:
    says = "It becomes active again." if "rehire" in undoes else ""
    verbs = {
        does_it: does(ref("Thing")),
        undoes: {**does(ref("Thing")), "description": says},
    }
    with things(verbs, **{name: shown}) as server:
        own = made(server.client)
        first = server.client.get(own).json()[name]
        for place, same in ((does_it, False), (undoes, True)):
            method, step = place.split()
            server.client.request(method, f"{own}/{step}").raise_for_status()
            assert (server.client.get(own).json()[name] == first) is same


def test_what_is_restored_from_the_trash_keeps_its_state() -> None:
    verbs = {
        "POST restore": does(ref("Thing")),
        "POST publish": does(ref("Thing")),
    }
    shown = {"trashed": FLAG, "status": one_of("draft", "published", "archived")}
    with things(verbs, **shown) as server:
        client = server.client
        for first in ((), ("publish",)):
            own = made(client)
            for verb in first:
                client.post(f"{own}/{verb}")
            before = client.get(own).json()
            assert client.post(f"{own}/restore").json() == {**before, "trashed": False}


@pytest.mark.parametrize(
    ("step", "value"),
    [("no-show", "no_show"), ("check-in", "checked_in"), ("checkout", "checked_out")],
)
def test_states_of_two_words(step: str, value: str) -> None:
    states = one_of("booked", "checked_in", "checked_out", "no_show")
    with things({f"POST {step}": does(ref("Thing"))}, status=states) as server:
        own = made(server.client)
        assert server.client.post(f"{own}/{step}").json()["status"] == value


@pytest.mark.parametrize(
    ("verb", "name", "state"),
    [
        ("schedule", "send_at", "scheduled"),
        ("terminate", "terminated_at", "terminated"),
        ("close", "closedAt", "closed"),
    ],
)
def test_the_client_may_say_when(verb: str, name: str, state: str) -> None:
    body = thing(**{name: MOMENT})
    nullable = {**MOMENT, "type": ["string", "null"]}
    shown = {"status": one_of("draft", "sent", state), name: nullable}
    with things({f"POST {verb}": does(ref("Thing"), body)}, **shown) as server:
        own = made(server.client)
        assert not server.client.get(own).json().get(name)
        sent = {name: "2031-05-01T10:00:00Z"}
        after = server.client.post(f"{own}/{verb}", json=sent).json()
        assert after["status"] == state
        assert after[name].startswith("2031-05-01T10:00:00")


@pytest.mark.parametrize("name", ["is_default", "default", "primary", "isPrimary"])
def test_only_one_is_the_default(name: str) -> None:
    step = "default" if "default" in name else "primary"
    with things({f"POST {step}": does(ref("Thing"))}, **{name: FLAG}) as server:
        client = server.client
        one, two, _ = made(client), made(client, "b"), made(client, "c")
        for own in (one, two):
            assert client.post(f"{own}/{step}").json()[name] is True
            assert [
                f"/things/{row['id']}" for row in client.get("/things").json() if row[name]
            ] == [own]


def test_a_switch_is_as_it_is_sent() -> None:
    verb = does(ref("Thing"), thing("enabled", enabled=FLAG), says="Enable or disable a thing")
    with things({"PUT toggle": verb}, enabled=FLAG) as server:
        own = made(server.client)
        for value in (True, False, True):
            shown = server.client.put(f"{own}/toggle", json={"enabled": value}).json()
            assert shown["enabled"] is value


def test_the_verb_may_be_in_a_wrapped_body() -> None:
    body = thing(data=thing(action=one_of("LOCK", "UNLOCK")))
    with things({"POST actions": does(thing(data=ref("Thing")), body)}, locked=FLAG) as server:
        own = made(server.client)
        for word, value in (("LOCK", True), ("UNLOCK", False)):
            sent = {"data": {"action": word}}
            assert server.client.post(f"{own}/actions", json=sent).json()["data"]["locked"] is value


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("PUT /things", "Create or update a thing by name"),
        ("PATCH /things", "Upserts the thing with the given name"),
        ("POST /things", "Creates or updates the thing with this name"),
    ],
)
def test_one_is_found_by_what_the_document_says(place: str, says: str) -> None:
    sent = thing("name", name=TEXT, size=TEXT)
    thing_ = thing("id name", id=TEXT, name=TEXT, size=TEXT, colour=TEXT)
    operations = kept("/things", "Thing", thing("name", name=TEXT, size=TEXT, colour=TEXT))
    operations[place] = does(ref("Thing"), sent, says=says)
    with serve(operations, Thing=thing_) as server:
        method, path = place.split()
        client = server.client
        one = client.request(method, path, json={"name": "a", "size": "s"}).json()
        same = client.request(method, path, json={"name": "a", "size": "l"}).json()
        other = client.request(method, path, json={"name": "b"}).json()
        assert same == {**one, "size": "l"}
        assert [row["id"] for row in client.get("/things").json()] == [one["id"], other["id"]]


@pytest.mark.parametrize("step", ["import", "bulk", "members/import"])
def test_several_of_those_below_are_made(step: str) -> None:
    row = thing("email", email=TEXT)
    operations = {
        **kept("/lists", "List", SENT),
        "GET /lists/{list_id}/members": does(array(ref("Member"))),
        "POST /lists/{list_id}/members": does(ref("Member"), row, status=201),
        f"POST /lists/{{list_id}}/{step}": does(thing(imported={"type": "integer"}),
                                               thing(members=array(row))),
    }  # fmt: skip
    schemas = {"List": thing("id", id=TEXT), "Member": thing("id", id=TEXT, email=TEXT)}
    with serve(operations, **schemas) as server:
        client = server.client
        own = f"/lists/{client.post('/lists', json={'name': 'a'}).json()['id']}"
        sent = {"members": [{"email": "x"}, {"email": "y"}]}
        assert client.post(f"{own}/{step}", json=sent).json() == {"imported": 2}
        assert [one["email"] for one in client.get(f"{own}/members").json()] == ["x", "y"]


def test_each_of_several_values_becomes_one() -> None:
    blocked = obj("number", number=TEXT, reason=TEXT)
    operations = {
        "GET /blocks": does(array(ref("Block"))),
        "POST /blocks": does(thing(blocks=array(ref("Block"))),
                             thing(numbers=array(TEXT), reason=TEXT), status=201),
        "DELETE /blocks/{number}": does(status=204),
    }  # fmt: skip
    with serve(operations, Block=blocked) as server:
        sent = {"numbers": ["+41", "+42"], "reason": "spam"}
        rows = [{"number": number, "reason": "spam"} for number in ("+41", "+42")]
        assert server.client.post("/blocks", json=sent).json() == {"blocks": rows}
        assert server.client.delete("/blocks/+41").status_code == 204
        assert server.client.get("/blocks").json() == rows[1:]


def test_a_verb_on_those_with_the_values_sent() -> None:
    schema = thing("id", id=TEXT, email=TEXT, state=one_of("active", "unsubscribed"))
    operations = {
        **kept("/readers", "Reader", thing(email=TEXT)),
        "POST /readers/bulk-unsubscribe": does(thing(count={"type": "integer"}),
                                               thing(emails=array(TEXT))),
    }  # fmt: skip
    with serve(operations, Reader=schema) as server:
        client = server.client
        for email in ("a@x.io", "b@x.io"):
            client.post("/readers", json={"email": email})
        sent = {"emails": ["b@x.io", "c@x.io"]}
        assert client.post("/readers/bulk-unsubscribe", json=sent).json() == {"count": 1}
        assert [row["state"] for row in client.get("/readers").json()] == ["active", "unsubscribed"]
