"""Members that are named by the entities below them, where those entities became a relation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.inference import memberships
from mockserver.inference.model import Action, Membership, unused

TEXT = {"type": "string"}
CLUB = {"type": "object", "properties": {"id": TEXT, "name": TEXT}}
PASS = {"type": "object", "properties": {"id": TEXT, "holder": TEXT, "scope": TEXT}}


def ok(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}


def body(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": [*properties], "properties": properties}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def names(*parameters: str) -> list[dict[str, Any]]:
    return [{"name": n, "in": "path", "required": True, "schema": TEXT} for n in parameters]


def document() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for path, schema, sent in (("clubs", CLUB, "name"), ("guest-passes", PASS, "holder")):
        made = {"requestBody": body(**{sent: TEXT}), "responses": ok(schema)}
        listed = {"responses": ok({"type": "array", "items": schema})}
        paths[f"/{path}"] = {"get": listed, "post": made}
        paths[f"/{path}/{{id}}"] = {"parameters": names("id"), "get": {"responses": ok(schema)}}
    below = {"parameters": names("id")}
    clubs, passes = ({"type": "array", "items": one} for one in (CLUB, PASS))
    added = {"requestBody": body(guest_pass_id=TEXT), "responses": ok(PASS)}
    paths["/guest-passes/{id}/clubs"] = {**below, "get": {"responses": ok(clubs)}}
    paths["/clubs/{id}/guest-passes"] = {**below, "get": {"responses": ok(passes)}, "post": added}
    paths["/clubs/{id}/guest-passes/{guest_pass_id}"] = {
        "parameters": names("id", "guest_pass_id"),
        "delete": {"responses": {"204": {"description": "gone"}}},
    }
    return {"openapi": "3.1.0", "info": {"title": "Clubs", "version": "1"}, "paths": paths}


def test_what_became_a_relation_is_not_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memberships, "_through", lambda *_: ("clubs.guest_passes", "guest_pass_id"))
    monkeypatch.setattr(memberships, "_as_views", _through_always(memberships._as_views))
    with MockServer(document()) as server:
        given = server.mock.plan.resources
        through = [a.membership.through for a in server.mock.plan.actions.values() if a.membership]
        assert "clubs.guest_passes" not in given
        assert through
        assert not any(through)
        one = server.client.post("/guest-passes", json={"holder": "x"}).json()
        assert server.client.get(f"/guest-passes/{one['id']}/clubs").status_code == 200


def _through_always(usual: Any) -> Any:
    """Without the links in the other direction, which come first."""
    return lambda relations, relation, changed, links: usual(relations, relation, changed, {})


def test_what_members_are_found_through_is_used() -> None:
    """A resource that no path is about any more stays, where members are found by its entities."""
    through = Membership("builds", "builds/{}/testers", through=("memberships", "build_id"))
    listed = Action("list", "list", resource="testers", membership=through)
    own = Action("fetch", "fetch", resource="memberships")
    assert unused({"fetch": own, "list": listed}, {"list": listed}) == set()
    plain = replace(listed, membership=None)
    assert unused({"fetch": own, "list": listed}, {"list": plain}) == {"memberships"}
