"""Statistics say of a collection what is true of it, wherever their path stands."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, answer, body, collection, document, thing

KITE = thing(
    "id name",
    id=TEXT,
    name=TEXT,
    color={**TEXT, "enum": ["red", "dark-blue"]},
    length=WHOLE,
    flying={"type": "boolean"},
)
NEW = thing("name color", name=TEXT, color=TEXT, length=WHOLE, flying={"type": "boolean"})
PATHS = [
    "/kites/stats", "/kites/summary", "/stats/kites", "/kites/statistics", "/kites/status-counts",
]  # fmt: skip
BY = {"type": "object", "additionalProperties": WHOLE}
ROWS = {"type": "array", "items": thing(color=TEXT, count=WHOLE)}


def groups(kites: list[Any]) -> dict[str, int]:
    return dict(Counter(one["color"] for one in kites if one.get("color")))


SHOWN: dict[str, Any] = {
    "total": (thing(total=WHOLE), lambda kites: {"total": len(kites)}),
    "by value": (
        thing(total_kites=WHOLE, red=WHOLE, dark_blue_count=WHOLE),
        lambda kites: {
            "total_kites": len(kites),
            "red": groups(kites).get("red", 0),
            "dark_blue_count": groups(kites).get("dark-blue", 0),
        },
    ),
    "flags": (
        thing(data=thing(count=WHOLE, flyingCount=WHOLE)),
        lambda kites: {
            "data": {
                "count": len(kites),
                "flyingCount": sum(one.get("flying") is True for one in kites),
            }
        },
    ),
    "groups": (thing(by_color=BY, total=WHOLE),
               lambda kites: {"by_color": groups(kites), "total": len(kites)}),
    "folds": (
        thing(count=WHOLE, min_length=WHOLE, max_length=WHOLE, total_length=WHOLE),
        lambda kites: {
            "count": len(kites),
            "min_length": min(one["length"] for one in kites if "length" in one),
            "max_length": max(one["length"] for one in kites if "length" in one),
            "total_length": sum(one.get("length") or 0 for one in kites),
        },
    ),
}  # fmt: skip


def kites(path: str, shown: Any) -> dict[str, Any]:
    paths = collection("/kites", KITE, NEW)
    return document({**paths, path: {"get": {"responses": {"200": answer(shown)}}}})


@pytest.mark.parametrize(("path", "shown"), in_turns(PATHS, SHOWN))
def test_what_statistics_say(path: str, shown: str) -> None:
    schema, wanted = SHOWN[shown]
    with MockServer(kites(path, schema)) as mock:
        for number, color in enumerate(["red", "dark-blue", "red"]):
            new = {"name": "x", "color": color, "length": number, "flying": bool(number)}
            assert mock.client.post("/kites", json=new).status_code == 201
        assert mock.client.get(path).json() == wanted(mock.client.get("/kites").json())


def test_rows_for_each_value() -> None:
    with MockServer(kites("/kites/stats", thing(total=WHOLE, colors=ROWS))) as mock:
        mock.client.post("/kites", json={"name": "x", "color": "red"})
        found = mock.client.get("/kites/stats").json()
        counted = {row["color"]: row["count"] for row in found["colors"]}
        assert counted == groups(mock.client.get("/kites").json())


@pytest.mark.parametrize("path", ["/kites/count", "/kites:count", "/count/kites", "/kites/_count"])
def test_a_count_with_the_filters_of_the_list(path: str) -> None:
    paths = kites(path, thing(count=WHOLE))["paths"]
    asked = {"name": "color", "in": "query", "schema": TEXT}
    paths[path]["get"]["parameters"] = paths["/kites"]["get"]["parameters"] = [asked]
    with MockServer(document(paths)) as mock:
        mock.client.post("/kites", json={"name": "x", "color": "red"})
        for query in ({}, {"color": "red"}):
            known = len(mock.client.get("/kites", params=query).json())
            assert mock.client.get(path, params=query).json() == {"count": known}


def test_what_has_other_numbers_is_left_alone() -> None:
    shown = thing(p95=WHOLE, requests_per_minute=WHOLE)
    with MockServer(kites("/kites/metrics", shown)) as mock:
        before = mock.client.get("/kites/metrics").json()
        mock.client.post("/kites", json={"name": "x", "color": "red"})
        assert mock.client.get("/kites/metrics").json() == before


@pytest.mark.parametrize("values", [["7e307", "1"] * 9, ["17" + "0" * 307] * 3 + ["1.5"]])
def test_sums_beyond_what_numbers_can_be(values: list[str]) -> None:
    number = {"type": "number"}
    shown = thing(total=WHOLE, avg_length=number, sum_length=number, max_length=number)
    kite, new = thing("id", id=TEXT, length=number), thing("length", length=number)
    paths = collection("/kites", kite, new)
    paths["/kites/stats"] = {"get": {"responses": {"200": answer(shown)}}}
    with MockServer(document(paths)) as mock:
        for one in mock.client.get("/kites").json():
            mock.client.delete(f"/kites/{one['id']}")
        for value in values:
            sent = f'{{"length": {value}}}'
            mock.client.post("/kites", content=sent, headers={"content-type": "application/json"})
        found = mock.client.get("/kites/stats")
        assert found.status_code == 200
        assert found.json()["total"] == len(values)


VERSION = {"ETag": {"schema": TEXT}, "Last-Modified": {"schema": TEXT}}
KNOWN = [
    {"name": name, "in": "header", "schema": TEXT}
    for name in ("If-None-Match", "If-Modified-Since")
]


def versioned() -> dict[str, Any]:
    paths = collection("/kites", KITE, NEW)
    for path in paths:
        read = paths[path]["get"]
        read["parameters"] = KNOWN
        read["responses"]["200"]["headers"] = VERSION
        read["responses"]["304"] = answer()
    paths["/kites/{id}"]["patch"]["requestBody"] = body(thing(name=TEXT))
    return document(paths)


def test_a_list_has_a_version() -> None:
    with MockServer(versioned()) as mock:
        made = mock.client.post("/kites", json={"name": "x", "color": "red"}).json()["id"]
        known = {"If-None-Match": mock.client.get("/kites").headers["etag"]}
        assert mock.client.get("/kites", headers=known).status_code == 304
        mock.client.patch(f"/kites/{made}", json={"name": "y"})
        assert mock.client.get("/kites", headers=known).status_code == 200


def test_what_was_modified_since() -> None:
    with MockServer(versioned()) as mock:
        made = mock.client.post("/kites", json={"name": "x", "color": "red"}).json()["id"]
        path = f"/kites/{made}"
        since = {"If-Modified-Since": mock.client.get(path).headers["last-modified"]}
        mock.clock.advance(60)
        assert mock.client.get(path, headers=since).status_code == 304
        mock.client.patch(path, json={"name": "y"})
        after = mock.client.get(path, headers=since)
        assert after.status_code == 200
        assert after.headers["last-modified"] != since["If-Modified-Since"]
        # RFC 9110, 13.1.3: without meaning beside If-None-Match, or where it is no date.
        later = {"If-Modified-Since": after.headers["last-modified"], "If-None-Match": '"other"'}
        assert mock.client.get(path, headers=later).status_code == 200
        never = {"If-Modified-Since": "yesterday"}
        assert mock.client.get(path, headers=never).status_code == 200
