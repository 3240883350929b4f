"""A request that names another entity, whose id is shown, is accepted where the name does not have
the form of an id: it is valid."""

from __future__ import annotations

import re

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, document, thing

SID = {"type": "string", "minLength": 34, "maxLength": 34, "pattern": "^HA[0-9a-f]{32}$"}
ASKED = ("Profile", "profile")
ENDS = ("sid", "id", "uuid", "guid")
RULES = (SID, {"type": "string", "minLength": 20}, {"type": "string", "format": "uuid"})
METHODS = ("post", "put")


@pytest.mark.parametrize(("asked", "end", "rule", "method"), in_turns(ASKED, ENDS, RULES, METHODS))
def test_a_name_is_taken_for_an_id(
    asked: str, end: str, rule: dict[str, object], method: str
) -> None:
    shown = f"profile_{end}"
    fleet = thing("id", id=TEXT, name=TEXT, **{shown: rule})
    sent = body(thing("name", name=TEXT, **{asked: {**TEXT, "description": "SID or unique name"}}))
    own = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/fleets": {"post": {"requestBody": sent, "responses": {"201": answer(fleet)}}},
        "/fleets/{id}": {
            "parameters": [own],
            "get": {"responses": {"200": answer(fleet)}},
            "put": {"requestBody": sent, "responses": {"200": answer(fleet)}},
        },
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/fleets", json={"name": "a", asked: "by name"})
        assert made.status_code == 201
        place = f"/fleets/{made.json()['id']}"
        if method == "put":
            assert mock.client.put(place, json={"name": "b", asked: "x"}).status_code == 200
        found = mock.client.get(place).json()
        assert found["name"] == ("b" if method == "put" else "a")
        assert found.get(shown) != "by name"
        assert re.fullmatch(str(rule.get("pattern", ".*")), found.get(shown, "HA" + "0" * 32))


def test_an_id_of_that_form_is_kept() -> None:
    fleet, sent = thing("id", id=TEXT, profile_sid=SID), body(thing(Profile=TEXT))
    paths = {"/fleets": {"post": {"requestBody": sent, "responses": {"201": answer(fleet)}}}}
    with MockServer(document(paths)) as mock:
        sid = "HA" + "1" * 32
        assert mock.client.post("/fleets", json={"Profile": sid}).json()["profile_sid"] == sid
