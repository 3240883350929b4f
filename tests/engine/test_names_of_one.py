"""Which entity a request names, whatever its id is called and wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

NUMBER = {"type": "number"}
Sent = dict[str, Any]
Where = Callable[[str, object, Sent], tuple[str, str, Sent, Sent]]

# What reads, changes and removes one: method, path, and where the id stands.
STYLES: dict[str, tuple[tuple[str, str], tuple[str, str], tuple[str, str], str]] = {
    "a path": (
        ("get", "/boxes/{X}"), ("patch", "/boxes/{X}"), ("delete", "/boxes/{X}"), "path"),
    "a query": (("get", "/box"), ("put", "/box"), ("delete", "/box"), "query"),
    "words and a query": (
        ("get", "/boxes/get"), ("post", "/boxes/update"), ("post", "/boxes/delete"), "query"),
    "dots and a query": (
        ("get", "/boxes.get"), ("post", "/boxes.update"), ("post", "/boxes.delete"), "query"),
    "dots and a body": (
        ("post", "/boxes.get"), ("post", "/boxes.update"), ("post", "/boxes.delete"), "body"),
    "a body to change": (
        ("get", "/boxes/{X}"), ("put", "/boxes"), ("delete", "/boxes/{X}"), "path"),
}  # fmt: skip


def operation(place: str, name: str, kind: Any, sent: Any, shown: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"responses": shown}
    if place in ("path", "query"):
        found["parameters"] = [{"name": name, "in": place, "required": True, "schema": kind}]
    if place == "body":
        sent = {"required": [name], "properties": {name: kind, **sent.get("properties", {})}}
    return {**found, "requestBody": body({"type": "object", **sent})} if sent else found


def boxes(style: str, key: str, kind: Any, name: str, *, chosen: bool) -> dict[str, Any]:
    get, change, remove, place = STYLES[style]
    own = {"label": TEXT, "weight": NUMBER}
    box = thing(**{key: kind}, **own)
    new = thing(key, **{key: kind}, **own) if chosen else thing(**own)
    one, none = {"200": answer(box)}, {"204": answer()}
    start = "/boxes.list" if "dots" in style else "/boxes"
    made = "/boxes.create" if "dots" in style else "/boxes"
    paths: dict[str, Any] = {
        start: {"get": {"responses": {"200": answer({"type": "array", "items": box})}}}
    }
    paths.setdefault(made, {})["post"] = {
        "requestBody": body(new),
        "responses": {"201": answer(box)},
    }
    for (method, path), sent, shown in (
        (get, {}, one),
        (change, thing(**own), one),
        (remove, {}, none),
    ):
        where = place if "{X}" in path or place != "path" else "body"
        found = paths.setdefault(path.replace("X", name), {})
        found[method] = operation(where, name, kind, sent, {**shown, "404": answer()})
    return document(paths)


@pytest.mark.parametrize(
    ("key", "kind", "name", "chosen"),
    [
        ("id", TEXT, "id", False),
        ("id", WHOLE, "boxId", False),
        ("box_id", WHOLE, "id", False),
        ("boxUuid", TEXT, "box", False),
        ("uuid", TEXT, "box_id", False),
        ("boxNumber", TEXT, "boxId", False),
        ("reference", TEXT, "id", False),
        ("isbn", TEXT, "boxId", True),
        ("slug", TEXT, "id", True),
        ("code", TEXT, "box_id", True),
    ],
)
@pytest.mark.parametrize("style", STYLES)
def test_the_one_that_was_made_is_found_changed_and_removed(
    style: str, key: str, kind: Any, name: str, chosen: bool
) -> None:
    get, change, remove, place = STYLES[style]
    with MockServer(boxes(style, key, kind, name, chosen=chosen)) as mock:
        dots = "dots" in style
        sent = {"label": "Tea", "weight": 7.5, **({key: "b-1"} if chosen else {})}
        made = mock.client.post("/boxes.create" if dots else "/boxes", json=sent).json()
        assert {**made, **sent} == made

        def ask(how: tuple[str, str], **more: object) -> Any:
            method, path = how
            where = place if "{X}" in path or place != "path" else "body"
            named = {name: made[key]}
            json = {**more, **(named if where == "body" else {})}
            query = named if where == "query" else {}
            url = path.replace("{X}", str(made[key]))
            return mock.client.request(
                method.upper(), url, params=query, **({"json": json} if json else {})
            )

        assert ask(get).json() == made
        assert ask(change, label="Rum", weight=7.5).json() == {**made, "label": "Rum"}
        assert ask(get).json() == {**made, "label": "Rum"}
        assert ask(remove).status_code == 204
        assert ask(get).status_code == 404
        rows = mock.client.get("/boxes.list" if dots else "/boxes").json()
        assert made[key] not in [row[key] for row in rows]


@pytest.mark.parametrize("name", ["box_slug", "slug", "boxSlug"])
@pytest.mark.parametrize("holder", ["attributes", "box"])
def test_a_path_names_one_by_a_property_in_its_holder(name: str, holder: str) -> None:
    box = thing(id=TEXT, kind=TEXT, **{holder: thing(slug=TEXT, label=TEXT, weight=NUMBER)})
    sent = {"requestBody": body(thing(slug=TEXT, label=TEXT, weight=NUMBER))}
    shown = answer(thing(data=box))
    named = {"name": name, "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/boxes": {"post": {**sent, "responses": {"201": shown}}},
        f"/boxes/{{{name}}}": {
            "parameters": [named],
            "get": {"responses": {"200": shown}},
            "put": {**sent, "responses": {"200": shown}},
            "delete": {"responses": {"204": answer()}},
        },
    }
    with MockServer(document(paths)) as mock:
        tea = {"slug": "fine-tea", "label": "Tea", "weight": 7.5}
        made = mock.client.post("/boxes", json=tea).json()
        assert made["data"][holder] == tea
        assert mock.client.get("/boxes/fine-tea").json() == made
        changed = mock.client.put("/boxes/fine-tea", json={**tea, "label": "Rum"}).json()
        assert changed["data"][holder]["label"] == "Rum"
        assert changed["data"]["id"] == made["data"]["id"]
        assert mock.client.delete("/boxes/fine-tea").status_code == 204
        assert mock.client.get("/boxes/fine-tea").status_code == 404
