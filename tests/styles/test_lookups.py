"""Entities that are read by another property than their id."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import array, obj, one_of, operation, path, ref, text, with_schemas


def users(paths: dict[str, Any]) -> dict[str, Any]:
    shown = obj("id", id=text(), email=text(), externalId=text(), status=one_of("new", "old"))
    sent = obj("email", email=text(), externalId=text(), status=one_of("new", "old"))
    own = {
        "/users": {
            "get": operation("listUsers", array(ref("User"))),
            "post": operation("createUser", ref("User"), status=201, sent=sent),
        },
        "/users/{id}": path("id", get=operation("getUser", ref("User"), also=(404,))),
    }
    return with_schemas({**own, **paths}, User=shown, Wrapped=obj(user=ref("User")))


@pytest.mark.parametrize("shown", ["User", "Wrapped"])
def test_by_a_property_in_the_path(shown: str) -> None:
    found = operation("byEmail", ref(shown), also=(404,))
    with MockServer(users({"/users/email/{email}": path("email", get=found)})) as mock:
        made = mock.client.post("/users", json={"email": "a@b.test", "status": "old"}).json()
        there = mock.client.get("/users/email/A@b.test").json()
        assert (there if shown == "User" else there["user"]) == made
        assert mock.client.get("/users/email/c@d.test").status_code == 404


def test_by_a_property_in_the_query() -> None:
    """The parameter is called otherwise; the summary says which property it means."""
    found = operation(
        "extUser", ref("User"), query={"extid": text()}, summary="Gets a user by external id."
    )
    with MockServer(users({"/extuser": {"get": found}})) as mock:
        made = mock.client.post("/users", json={"email": "a@b.test", "externalId": "x7"}).json()
        assert mock.client.get("/extuser?extid=x7").json() == made


def test_lists_of_those_with_a_property() -> None:
    found = operation("byStatus", array(ref("User")))
    with MockServer(users({"/users/status/{status}": path("status", get=found)})) as mock:
        made = mock.client.post("/users", json={"email": "a@b.test", "status": "old"}).json()
        assert made in mock.client.get("/users/status/old").json()
        assert made not in mock.client.get("/users/status/new").json()


def test_several_by_their_ids() -> None:
    found = operation("some", array(ref("User")))
    some = path("userIds", get=found, delete=operation("removeSome", status=204))
    paths = users({})
    paths["paths"] = {"/users": paths["paths"]["/users"], "/users/{userIds}": some}
    with MockServer(paths) as mock:
        made = [mock.client.post("/users", json={"email": e}).json() for e in ("a@b.c", "d@e.f")]
        ids = [one["id"] for one in made]
        assert mock.client.get(f"/users/{ids[1]}").json() == made[1:]
        seen = mock.client.get(f"/users/{';'.join(ids)}").json()
        assert sorted(one["id"] for one in seen) == sorted(ids)
        assert mock.client.delete(f"/users/{','.join(ids)}").status_code == 204
        left = {one["id"] for one in mock.client.get("/users").json()}
        assert not left & set(ids)
