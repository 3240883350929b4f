"""Entities three levels deep: lists of what lies far below, ids of what is above, wrong ways."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, answer, array, body, document, obj, ref, thing
from tests.support.trades import does, serve

NAMES = {
    ("orgs", "projects", "envs"): ("org", "project", "env"),
    ("projects", "locations", "clusters"): ("project", "location", "cluster"),
    ("workspaces", "boards", "cards"): ("workspace", "board", "card"),
}
STYLES = ["nested", "short", "flat"]
IDS = ["none", "both", "name"]


@pytest.mark.parametrize(
    ("names", "style", "ids", "wrapped"), in_turns(NAMES, STYLES, IDS, [True, False])
)
def test_three_levels(names: tuple[str, str, str], style: str, ids: str, wrapped: bool) -> None:
    (tops, mids, lows), (top, mid, low) = names, NAMES[names]
    one = {"id": TEXT, "name": TEXT}
    above = {} if ids == "none" else {f"{top}_id": TEXT}
    both = {} if ids == "none" else {f"{mid}_id": TEXT, **(above if ids == "both" else {})}
    both |= {f"{mid}_name": TEXT} if ids == "name" else {}
    first = f"/{tops}/{{{top}_id}}"
    second = f"{first}/{mids}/{{{mid}_id}}" if style == "nested" else f"/{mids}/{{{mid}_id}}"
    third = f"{second}/{lows}/{{{low}_id}}" if style != "flat" else f"/{lows}/{{{low}_id}}"

    def rows(name: str) -> Any:
        return obj(data=array(ref(name)), total=WHOLE) if wrapped else array(ref(name))

    sent = thing("name", name=TEXT)
    operations = {
        f"POST /{tops}": does(ref("Top"), sent, status=201),
        f"GET {first}": does(ref("Top")),
        f"DELETE {first}": does(status=204),
        f"GET {first}/{mids}": does(rows("Mid")),
        f"POST {first}/{mids}": does(ref("Mid"), sent, status=201),
        f"GET {second}": does(ref("Mid")),
        f"GET {second}/{lows}": does(rows("Low")),
        f"POST {second}/{lows}": does(ref("Low"), sent, status=201),
        f"GET {third}": does(ref("Low")),
        f"GET {first}/{lows}": does(rows("Low"), says=f"All {lows} of a {top}"),
    }
    for operation in operations.values():
        operation["responses"]["404"] = answer()
    schemas = {
        "Top": thing("id", **one, **{f"{mids}_count": WHOLE}),
        "Mid": thing("id", **one, **above, **{f"{lows}_count": WHOLE}),
        "Low": thing("id", **one, **both),
    }
    with serve(operations, **schemas) as server:
        client = server.client

        def at(path: str, *values: str) -> str:
            for name, value in zip((top, mid, low), values, strict=False):
                path = path.replace(f"{{{name}_id}}", value)
            return path

        def made(path: str, name: str) -> dict[str, Any]:
            found: dict[str, Any] = client.post(path, json={"name": name}).json()
            return found

        def listed(path: str) -> list[str]:
            found = client.get(path).json()
            return [row["id"] for row in (found["data"] if wrapped else found)]

        one_top, other_top = (made(f"/{tops}", n)["id"] for n in "ab")
        one_mid = made(at(f"{first}/{mids}", one_top), "m")["id"]
        other_mid = made(at(f"{first}/{mids}", other_top), "n")["id"]
        lowest = made(at(f"{second}/{lows}", one_top, one_mid), "x")
        other = made(at(f"{second}/{lows}", other_top, other_mid), "y")["id"]
        wanted = {f"{top}_id": one_top, f"{mid}_id": one_mid, f"{mid}_name": "m"}
        assert {name: lowest[name] for name in both} == {name: wanted[name] for name in both}
        assert listed(at(f"{second}/{lows}", one_top, one_mid)) == [lowest["id"]]
        assert listed(f"/{tops}/{one_top}/{lows}") == [lowest["id"]]
        assert listed(f"/{tops}/{other_top}/{lows}") == [other]
        assert client.get(at(first, one_top)).json()[f"{mids}_count"] == 1
        assert client.get(at(second, one_top, one_mid)).json()[f"{lows}_count"] == 1
        if style == "nested":
            wrong = at(f"{second}/{lows}", other_top, one_mid)
            assert client.get(wrong).status_code == 404
            assert client.post(wrong, json={"name": "z"}).status_code == 404
            assert client.get(f"{wrong}/{lowest['id']}").status_code == 404
        assert client.delete(at(first, one_top)).status_code == 204
        assert client.get(at(third, one_top, one_mid, lowest["id"])).status_code == 404
        assert client.get(at(third, other_top, other_mid, other)).status_code == 200


@pytest.mark.parametrize("documented", [True, False])
def test_a_wrong_owner_is_refused_where_the_document_says_so(documented: bool) -> None:
    thing_ = thing(id=TEXT, name=TEXT)

    def below(path: str) -> dict[str, Any]:
        names = [step.strip("{}") for step in path.split("/") if step.startswith("{")]
        named = [{"name": one, "in": "path", "required": True, "schema": TEXT} for one in names]
        rows = {"200": answer({"type": "array", "items": thing_})}
        rows |= {"404": answer()} if documented else {}
        new = {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(thing_)}}
        return {
            "get": {"parameters": named, "responses": rows},
            "post": {"parameters": named, **new},
        }

    paths = {
        "/shops": below("/shops"),
        "/shops/{shop_id}/orders": below("/shops/{shop_id}/orders"),
        "/shops/{shop_id}/orders/{order_id}/lines": below("/{shop_id}/{order_id}"),
    }
    client = MockServer(document(paths)).client
    one, other = (client.post("/shops", json={"name": name}).json()["id"] for name in "ab")
    order = client.post(f"/shops/{one}/orders", json={"name": "c"}).json()["id"]
    assert client.get(f"/shops/{one}/orders/{order}/lines").status_code == 200
    wrong = client.get(f"/shops/{other}/orders/{order}/lines").status_code
    assert wrong == (404 if documented else 200)
