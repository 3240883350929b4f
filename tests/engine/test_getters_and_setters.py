"""Parts of an entity that verbs get and set, and families of calls in every spelling."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, array, obj, one_of, ref, thing
from tests.support.trades import does, kept, serve

POLICY = obj(version=WHOLE, bindings=array(obj(role=TEXT, members=array(TEXT))))
VALUES: dict[str, tuple[Any, Any]] = {
    "iam_policy": (POLICY, {"version": 3, "bindings": [{"role": "owner", "members": ["a"]}]}),
    "machine_type": (obj(machine_type=TEXT), {"machine_type": "big"}),
    "labels": (obj(a=TEXT, b=TEXT), {"a": "1", "b": "2"}),
    "scheduling": (obj(a=TEXT, b=TEXT), {"a": "1", "b": "2"}),
}
NAMES = [
    ("get_{}", "set_{}"),
    ("get-{}", "replace-{}"),
    ("describe_{}", "set_{}"),
    ("get_{}", "change_{}"),
]


@pytest.mark.parametrize(
    ("part", "names", "before", "shown", "shows_it"),
    in_turns(VALUES, NAMES, [":", "/"], ["vm", "part", "nothing"], [True, False]),
)
def test_a_part_is_got_as_it_was_set(
    part: str, names: tuple[str, str], before: str, shown: str, shows_it: bool
) -> None:
    schema, value = VALUES[part]
    own = schema["properties"].get(part, schema)
    vm = thing("id", id=TEXT, name=TEXT, **({part: own} if shows_it else {}))
    getting, setting = (before + name.format(part) for name in names)
    answers = {"vm": ref("Vm"), "part": schema, "nothing": None}
    operations = {
        **kept("/vms", "Vm", thing("name", name=TEXT)),
        "GET /vms/{vm_id}" + getting: does(schema),
        "POST /vms/{vm_id}" + setting: does(answers[shown], schema),
    }
    with serve(operations, Vm=vm) as server:
        client = server.client
        one, other = ("/vms/" + client.post("/vms", json={"name": n}).json()["id"] for n in "ab")
        assert client.get(one + getting).status_code == 200
        reply = client.post(one + setting, json=value)
        assert reply.status_code == 200
        assert client.get(one + getting).json() == value
        assert client.get(other + getting).json() != value
        if shows_it:
            wanted = value.get(part, value)
            assert client.get(one).json()[part] == wanted
            assert shown != "vm" or reply.json()[part] == wanted


WORDS = [
    ("create", "info", "list", "update", "delete"),
    ("add", "get", "list", "edit", "remove"),
    ("start", "status", "list", "rename", "cancel"),
]
SHAPES = {"flat": (), "wrapped": ("export",)}


@pytest.mark.parametrize(
    ("words", "before", "shape", "named"),
    in_turns(WORDS, [".", "/", "_", "-"], SHAPES, ["id", "export_id", "export"]),
)
def test_a_family_of_calls(words: tuple[str, ...], before: str, shape: str, named: str) -> None:
    runs = "cancel" in words
    states = {"status": one_of("queued", "running", "done", "cancelled")} if runs else {}
    export = thing("id", id=TEXT, name=TEXT, **states)
    one = ref("Export") if shape == "flat" else obj(export=ref("Export"))
    sent = {
        0: thing("name", name=TEXT), 1: thing(named, **{named: TEXT}), 2: obj(limit=WHOLE),
        3: thing(named, **{named: TEXT}, name=TEXT), 4: thing(named, **{named: TEXT}),
    }  # fmt: skip
    shown = {2: obj(exports=array(ref("Export"))), 4: one if runs else obj(ok={"type": "boolean"})}
    paths = [f"/exports{before}{word}" for word in words]
    operations = {f"POST {path}": does(shown.get(n, one), sent[n]) for n, path in enumerate(paths)}
    with serve(operations, Export=export) as server:

        def call(number: int, **body: str) -> Any:
            reply = server.client.post(paths[number], json=body)
            assert reply.status_code == 200
            return reply.json()

        def entity(number: int, **body: str) -> Any:
            found = call(number, **body)
            return found["export"] if shape == "wrapped" else found

        first, second = entity(0, name="a"), entity(0, name="b")
        assert entity(1, **{named: first["id"]}) == first
        assert {row["id"] for row in call(2)["exports"]} == {first["id"], second["id"]}
        assert entity(3, **{named: second["id"], "name": "c"})["name"] == "c"
        assert entity(1, **{named: second["id"]})["name"] == "c"
        call(4, **{named: second["id"]})
        if runs:
            assert entity(1, **{named: second["id"]})["status"] == "cancelled"
            server.clock.advance(3600)
            assert entity(1, **{named: first["id"]})["status"] == "done"
        else:
            assert [row["id"] for row in call(2)["exports"]] == [first["id"]]


PATHS = [
    "PUT /{}/ping",
    "POST /{}/get-or-create",
    "POST /{}/identify",
    "POST /{}/upsert",
    "PUT /{}",
]
TEXTS = [
    "Registers a ping of a user, creating it if it does not exist.",
    "Get the user with this {}, or create it if there is none.",
    "Finds a user by its {} or creates one.",
    "Creates a user. If one exists already, it is returned.",
    "Create or update a user by {}.",
]


@pytest.mark.parametrize(
    ("place", "says", "key"), in_turns(PATHS, TEXTS, ["email", "external_id", "login"])
)
def test_one_is_found_or_made(place: str, says: str, key: str) -> None:
    user = thing(f"id {key}", id=TEXT, name=TEXT, **{key: TEXT})
    method, path = place.format("users").split()
    sent = thing(key, name=TEXT, **{key: TEXT})
    operations = {
        f"{method} {path}": does(ref("User"), sent, says=says.format(key)),
        "GET /users": does(array(ref("User"))),
        "GET /users/{user_id}": does(ref("User")),
    }
    with serve(operations, User=user) as server:
        client = server.client
        one, other = (
            client.request(method, path, json={key: f"{n}@a.io", "name": n}).json() for n in "ab"
        )
        assert one["id"] != other["id"]
        again = client.request(method, path, json={key: "a@a.io"}).json()
        assert again == client.get(f"/users/{one['id']}").json() == one
        assert len(client.get("/users").json()) == 2


def test_what_refuses_a_second_one_makes_no_other_use_of_it() -> None:
    user = thing("id", id=TEXT, email=TEXT)
    says = "Creates a user. If a user with this email exists, a 409 is returned."
    operations = {
        "POST /users": does(ref("User"), thing("email", email=TEXT), status=201, says=says),
        "GET /users": does(array(ref("User"))),
        "GET /users/{user_id}": does(ref("User")),
    }
    operations["POST /users"]["responses"]["409"] = {"description": "The email is taken"}
    with serve(operations, User=user) as server:
        sent = {"email": "a@a.io"}
        codes = [server.client.post("/users", json=sent).status_code for _ in range(2)]
        assert codes == [201, 409]
