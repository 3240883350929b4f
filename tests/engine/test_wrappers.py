"""What is sent is kept and shown, whatever requests, responses and lists wrap it in."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from tests.support.documents import TEXT, answer, body, document, thing

Path = tuple[str, ...]
NUMBER = {"type": "number"}
SENT = thing(name=TEXT, weight=NUMBER, note=TEXT)
KITE = thing(id=TEXT, name=TEXT, weight=NUMBER, note=TEXT)
KITES = {"type": "array", "items": KITE}
CALL = {"code": {"type": "integer"}, "message": TEXT}
DONE = {"success": {"type": "boolean"}}

REQUESTS = {
    "nothing": (), "the noun": ("kite",), "a usual name": ("data",), "any name": ("input",),
    "parameters": ("params",), "two, one the noun": ("request", "kite"),
    "two": ("envelope", "content"), "JSON:API": ("data", "attributes"),
}  # fmt: skip
RESPONSES: dict[str, tuple[Path, dict[str, Any]]] = {
    "nothing": ((), {}), "the noun": (("kite",), {}), "a letter": (("d",), {}),
    "a usual name": (("result",), DONE), "beside a code": (("reply",), CALL),
    "two, one the noun": (("response", "kite"), {"status": TEXT}), "two": (("out", "one"), {}),
}  # fmt: skip
LISTS: dict[str, tuple[Path, dict[str, Any]]] = {
    "nothing": ((), {}), "the noun": (("kites",), {}), "OData 2": (("d", "results"), {}),
    "a usual name": (("result",), DONE), "two": (("reply", "items"), CALL),
    "HAL": (("_embedded", "kites"), {}),
}  # fmt: skip


def around(path: Path, schema: Any, beside: dict[str, Any] | None = None) -> Any:
    for name in reversed(path):
        schema = thing(**{name: schema}, **((beside or {}) if name == path[0] else {}))
    return schema


def within(path: Path, value: Any) -> Any:
    for name in path:
        value = value[name]
    return value


def kites(request: str, response: str, listed: str, change: str) -> dict[str, Any]:
    sent = {"requestBody": body(around(REQUESTS[request], SENT))}
    shown = answer(around(RESPONSES[response][0], KITE, RESPONSES[response][1]))
    rows = answer(around(LISTS[listed][0], KITES, LISTS[listed][1]))
    named = {"name": "kiteId", "in": "path", "required": True, "schema": TEXT}
    return document(
        {
            "/kites": {
                "get": {"responses": {"200": rows}},
                "post": {**sent, "responses": {"200": shown}},
            },
            "/kites/{kiteId}": {
                "parameters": [named],
                "get": {"responses": {"200": shown}},
                change: {**sent, "responses": {"200": shown}},
            },
        }
    )


@pytest.mark.parametrize("change", ["put", "patch", "post"])
@pytest.mark.parametrize(
    ("request_", "response", "listed"),
    [
        *((name, "nothing", "nothing") for name in REQUESTS),
        *(("nothing", name, "nothing") for name in RESPONSES),
        *(("nothing", "nothing", name) for name in LISTS),
        ("any name", "a letter", "OData 2"),
        ("two", "two", "two"),
        ("two, one the noun", "two, one the noun", "HAL"),
        ("parameters", "beside a code", "the noun"),
    ],
)
def test_an_entity_is_found_in_its_wrappers(
    request_: str, response: str, listed: str, change: str
) -> None:
    outer, shown, rows = REQUESTS[request_], RESPONSES[response][0], LISTS[listed][0]

    def sent(value: Any) -> Any:
        for name in reversed(outer):
            value = {name: value}
        return value

    with MockServer(kites(request_, response, listed, change)) as mock:
        client = mock.client
        red = {"name": "Red", "weight": 7.5, "note": "torn"}
        made = within(shown, client.post("/kites", json=sent(red)).json())
        assert {**made, **red} == made
        path = f"/kites/{made['id']}"
        assert within(shown, client.get(path).json()) == made
        assert made in within(rows, client.get("/kites").json())
        blue = {**red, "name": "Blue"}
        changed = client.request(change.upper(), path, json=sent(blue)).json()
        assert within(shown, changed) == {**made, **blue}
        assert within(shown, client.get(path).json()) == {**made, **blue}


def test_another_entity_in_a_response_is_no_wrapper() -> None:
    user = thing(id=TEXT, email=TEXT)
    named = {"name": "sessionId", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/users": {"get": {"responses": {"200": answer({"type": "array", "items": user})}}},
        "/visits/{sessionId}": {
            "parameters": [named],
            "get": {"responses": {"200": answer(thing(user=user))}},
            "delete": {"responses": {"204": answer()}},
        },
    }
    plan = build_plan(build_contract(document(paths)))
    fetch = next(one for one in plan.actions.values() if one.path == "/visits/{sessionId}")
    assert fetch.response.at == ()


@pytest.mark.parametrize("verb", ["lend", "repair"])
def test_what_a_verb_takes_is_not_the_entity(verb: str) -> None:
    loan = thing(job=thing(note=TEXT, weight=NUMBER))
    paths = kites("nothing", "nothing", "nothing", "patch")["paths"]
    paths[f"/kites/{{kiteId}}/{verb}"] = {
        "parameters": paths["/kites/{kiteId}"]["parameters"],
        "post": {"requestBody": body(loan), "responses": {"200": answer(KITE)}},
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/kites", json={"name": "Red", "note": "new", "weight": 7}).json()
        path = f"/kites/{made['id']}"
        mock.client.post(f"{path}/{verb}", json={"job": {"note": "by hand", "weight": 1}})
        assert mock.client.get(path).json()["note"] == "new"
