"""What an entity is called is its own, also below a path parameter of the same name; what has
one name below each parent is another one there."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, document, thing

NAMES = ("name", "title", "slug")
KEYS = ("id", "number")
METHODS = ("put", "patch")


def below(parameter: str, key: str, method: str) -> dict[str, Any]:
    """Sites named by a property, and their deployments, which have such a property as well."""
    own = {"in": "path", "required": True, "schema": TEXT}
    site = thing(parameter, **{parameter: TEXT, "region": TEXT})
    one = thing(key, **{key: TEXT, parameter: TEXT, "text": TEXT})
    above = [{"name": parameter, **own}]
    rows = {"type": "array", "items": one}
    return document(
        {
            "/sites": {
                "get": {"responses": {"200": answer({"type": "array", "items": site})}},
                "post": {"requestBody": body(site), "responses": {"201": answer(site)}},
            },
            f"/sites/{{{parameter}}}": {
                "parameters": above,
                "get": {"responses": {"200": answer(site)}},
            },
            f"/sites/{{{parameter}}}/deployments": {
                "parameters": above,
                "get": {"responses": {"200": answer(rows)}},
            },
            f"/sites/{{{parameter}}}/deployments/{{{key}}}": {
                "parameters": [*above, {"name": key, **own}],
                "get": {"responses": {"200": answer(one)}},
                method: {
                    "requestBody": body(thing(**{"text": TEXT, parameter: TEXT})),
                    "responses": {"200": answer(one)},
                },
            },
        }
    )


@pytest.mark.parametrize(("parameter", "key", "method"), in_turns(NAMES, KEYS, METHODS))
def test_a_name_is_that_of_the_entity_itself(parameter: str, key: str, method: str) -> None:
    with MockServer(below(parameter, key, method)) as mock:
        client = mock.client
        site = client.get("/sites").json()[0][parameter]
        rows = client.get(f"/sites/{site}/deployments").json()
        assert rows
        assert all(row.get(parameter) != site for row in rows)
        place = f"/sites/{site}/deployments/{rows[0][key]}"
        assert client.get(place).status_code == 200
        changed = client.request(method, place, json={"text": "new", parameter: "own"})
        assert changed.status_code == 200
        fetched = client.get(place).json()
        assert (fetched["text"], fetched[parameter]) == ("new", "own")


@pytest.mark.parametrize("listed", ["/caches/{cacheName}/schedules", "/caches/{name}/schedules"])
@pytest.mark.parametrize("method", METHODS)
def test_each_parent_has_its_default(listed: str, method: str) -> None:
    """Whatever the path of the list calls the parent."""
    own = {"in": "path", "required": True, "schema": TEXT}
    cache, schedule = thing("name", name=TEXT), thing("id", id=TEXT, day=TEXT)
    above = listed[listed.index("{") + 1 : listed.index("}")]
    kind = {**own, "name": "kind", "schema": {"type": "string", "enum": ["default"]}}
    paths = {
        "/caches": {
            "get": {"responses": {"200": answer({"type": "array", "items": cache})}},
            "post": {"requestBody": body(cache), "responses": {"201": answer(cache)}},
        },
        "/caches/{name}": {
            "parameters": [{"name": "name", **own}], "get": {"responses": {"200": answer(cache)}},
        },
        listed: {
            "parameters": [{"name": above, **own}],
            "get": {"responses": {"200": answer({"type": "array", "items": schedule})}},
        },
        "/caches/{name}/schedules/{kind}": {
            "parameters": [{"name": "name", **own}, kind],
            "get": {"responses": {"200": answer(schedule)}},
            "put": {"requestBody": body(thing(day=TEXT)), "responses": {"200": answer(schedule)}},
            "patch": {"requestBody": body(thing(day=TEXT)), "responses": {"200": answer(schedule)}},
        },
    }  # fmt: skip
    with MockServer(document(paths)) as mock:
        for cache_name in [row["name"] for row in mock.client.get("/caches").json()][:2]:
            place = f"/caches/{cache_name}/schedules/default"
            assert mock.client.put(place, json={"day": "Monday"}).status_code == 200
            assert mock.client.request(method, place, json={"day": "Friday"}).status_code == 200
            assert mock.client.get(place).json()["day"] == "Friday"


@pytest.mark.parametrize(
    "text",
    [
        "The name of the pool.",
        "Required. The name of the pool.",
        "Required. Deprecated. The name of the pool to delete. Replaced by the name field.",
        "Optional. Deprecated. Name of the pool",
    ],
)
def test_a_description_says_which_property_names_it(text: str) -> None:
    own = {"in": "path", "required": True, "schema": TEXT}
    pool, sent = thing(name=TEXT, size=TEXT), body(thing(name=TEXT, size=TEXT))
    paths = {
        "/pools": {
            "get": {"responses": {"200": answer({"type": "array", "items": pool})}},
            "post": {"requestBody": sent, "responses": {"200": answer(pool)}},
        },
        "/pools/{poolId}": {
            "parameters": [{"name": "poolId", "description": text, **own}],
            "get": {"responses": {"200": answer(pool)}},
        },
    }
    with MockServer(document(paths)) as mock:
        mock.client.post("/pools", json={"name": "small", "size": "1"})
        assert mock.client.get("/pools/small").json() == {"name": "small", "size": "1"}
