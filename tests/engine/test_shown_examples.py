"""Examples in other files, and examples in serialised form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.cli.check import check_document
from tests.support.documents import TEXT, answer, document, thing


def shown(media_type: str, example: Any, schema: Any = None) -> dict[str, Any]:
    media = {"examples": {"a": example}, **({"schema": schema} if schema is not None else {})}
    content = {media_type: media}
    get = {"responses": {"200": {"description": "", "content": content}}}
    return document({"/x": {"get": get}}, "3.2.0")


@pytest.mark.parametrize(
    ("media_type", "name", "data"),
    [
        ("application/json", "a.json", b'{"title": "from a file"}'),
        ("text/csv", "a.csv", "n,ü\r\n".encode()),
        ("application/pdf", "a.pdf", b"%PDF-1.7 \xff\xfe"),
        ("application/xml", "a.xml", b"<a>1</a>"),
        ("image/png", "a b.png", b"\x89PNG"),
    ],
)
def test_an_external_value(tmp_path: Path, media_type: str, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    file = tmp_path / "openapi.json"
    external = {"externalValue": "./" + name.replace(" ", "%20")}
    schema = thing("title", title=TEXT) if "json" in media_type else None
    file.write_text(json.dumps(shown(media_type, external, schema)), "utf-8")
    with MockServer(file) as server:
        response = server.client.get("/x")
    if "json" in media_type:
        assert response.json() == json.loads(data)
    else:
        assert response.content == data


def test_an_external_value_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(shown("text/csv", {"externalValue": "no.csv"})), "utf-8")
    with MockServer(file) as server:
        assert server.client.get("/x").status_code == 200
        assert any("no.csv" in note.message for note in server.mock.contract.notes)


@pytest.mark.parametrize(
    ("media_type", "example", "expected"),
    [
        ("application/json", {"dataValue": {"n": 1}}, '{"n":1}'),
        ("application/json", {"serializedValue": '{"n": 2}'}, '{"n":2}'),
        ("text/csv", {"serializedValue": "a,b\r\n"}, "a,b\r\n"),
        ("application/xml", {"dataValue": {"n": 1}, "serializedValue": "<n/>"}, "<n>1</n>"),
        ("text/event-stream", {"serializedValue": "data: x\n\n"}, "data: x\n\n"),
        ("application/jsonl", {"serializedValue": '{"n":1}\n{"n":2}\n'}, '{"n":1}\n{"n":2}\n'),
    ],
)
def test_values_of_3_2(media_type: str, example: Any, expected: str) -> None:
    with MockServer(shown(media_type, example)) as server:
        assert expected in server.client.get("/x").text


@pytest.mark.parametrize("status", ["404", "503"])
def test_the_only_status_is_the_answer(status: str) -> None:
    with MockServer(document({"/x": {"get": {"responses": {status: answer()}}}})) as server:
        assert server.client.get("/x").status_code == int(status)


@pytest.mark.parametrize("listed", [["400", "404"], ["404"]])
def test_an_operation_that_lists_its_refusals_alone_can_succeed(listed: list[str]) -> None:
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    one = {"parameters": [item], "delete": {"responses": {s: answer() for s in listed}}}
    with MockServer(document({"/x/{id}": one})) as server:
        assert server.client.delete("/x/1").status_code == 200


def hooks(example: Any, *, listed: bool) -> dict[str, Any]:
    """Hooks below organizations, which are listed, or accessible only by id."""
    hook = thing("id", id={"type": "integer"}, url=TEXT)
    org = thing("login", login=TEXT)
    names = {"org": TEXT, "hook_id": {"type": "integer"}}
    paths: dict[str, Any] = {
        "/orgs/{org}": {"get": {"responses": {"200": answer(org)}}},
        "/orgs/{org}/hooks": {
            "get": {"responses": {"200": answer({"type": "array", "items": hook})}},
        },
        "/orgs/{org}/hooks/{hook_id}": {"get": {"responses": {"200": answer(hook)}}},
    }
    if listed:
        paths["/orgs"] = {"get": {"responses": {"200": answer({"type": "array", "items": org})}}}
    found = paths["/orgs/{org}/hooks/{hook_id}"]["get"]["responses"]["200"]
    found["content"]["application/json"]["example"] = example
    for path, item in paths.items():
        item["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": schema}
            for name, schema in names.items()
            if "{" + name + "}" in path
        ]
    return document(paths)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/orgs/acme/hooks/7",
        "http://localhost:8080/v3/orgs/acme/hooks/7/",
        "/orgs/acme/hooks/7?page=1",
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_an_example_lies_where_its_own_url_says(url: str, listed: bool) -> None:
    example = {"id": 7, "url": url}
    with MockServer(hooks(example, listed=listed), clock="manual") as server:
        assert server.client.get("/orgs/acme/hooks/7").json() == example
        assert example in server.client.get("/orgs/acme/hooks").json()
        assert server.client.get("/orgs/other/hooks/7").status_code == 404


def test_an_example_that_names_no_parent_lies_beneath_each_that_is_asked_for() -> None:
    example = {"id": 7, "url": "https://example.com/callback"}
    with MockServer(hooks(example, listed=False), clock="manual") as server:
        for org in ("acme", "other"):
            assert server.client.get(f"/orgs/{org}/hooks/7").json() == example


def garden(example: Any, part: str, *, by_name: bool) -> dict[str, Any]:
    """Beds below gardens, which have a number and a name; what grows there is named below each."""
    bed = thing(part, url=TEXT, **{part: TEXT if by_name else {"type": "integer"}})
    plot = thing("id name", id={"type": "integer"}, name=TEXT)
    paths: dict[str, Any] = {
        "/gardens": {
            "get": {"responses": {"200": answer({"type": "array", "items": plot})}},
        },
        "/gardens/{garden}": {"get": {"responses": {"200": answer(plot)}}},
        "/gardens/{garden}/beds": {
            "get": {"responses": {"200": answer({"type": "array", "items": bed})}},
            "post": {
                "requestBody": {"content": {"application/json": {"schema": bed}}},
                "responses": {"201": answer(bed)},
            },
        },
        "/gardens/{garden}/beds/{bed}": {"get": {"responses": {"200": answer(bed)}}},
    }
    shown = paths["/gardens/{garden}/beds/{bed}"]["get"]["responses"]["200"]
    shown["content"]["application/json"]["examples"] = {
        str(number): {"value": one} for number, one in enumerate(example)
    }
    for path, item in paths.items():
        item["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": TEXT}
            for name in ("garden", "bed")
            if "{" + name + "}" in path
        ]
    return document(paths)


@pytest.mark.parametrize("host", ["https://api.example.org", "http://localhost:1/v2", ""])
@pytest.mark.parametrize("by_name", [False, True])
def test_a_parent_that_the_url_of_an_example_calls_by_name_exists(host: str, by_name: bool) -> None:
    part = "name" if by_name else "id"
    beds = {"north": "roses", "south": "mint"} if by_name else {"north": 3, "south": 5}
    shown = [
        {part: key, "url": f"{host}/gardens/{garden}/beds/{key}"} for garden, key in beds.items()
    ]
    with MockServer(garden(shown, part, by_name=by_name), clock="manual") as server:
        for one, (name, key) in zip(shown, beds.items(), strict=True):
            assert server.client.get(f"/gardens/{name}").json()["name"] == name
            assert server.client.get(f"/gardens/{name}/beds/{key}").json() == one
            assert server.client.get(f"/gardens/{name}/beds").json() == [one]
        assert server.client.get(f"/gardens/south/beds/{beds['north']}").status_code == 404
        assert server.client.get("/gardens/west/beds/1").status_code == 404


def test_an_example_that_any_parent_may_have_lies_below_each_seed() -> None:
    shown = [{"name": "roses", "url": "?"}]
    with MockServer(garden(shown, "name", by_name=True), clock="manual") as server:
        found = server.client.get("/gardens").json()
        assert found
        for plot in found:
            assert server.client.get(f"/gardens/{plot['id']}/beds/roses").json() == shown[0]
            assert server.client.get(f"/gardens/{plot['id']}/beds").json() == shown


def test_an_example_without_a_parent_lies_below_the_one_that_is_documented() -> None:
    contract = garden([{"id": 9, "url": "?"}], "id", by_name=False)
    plot = contract["paths"]["/gardens/{garden}"]["get"]["responses"]["200"]
    plot["content"]["application/json"]["example"] = {"id": 40, "name": "walled"}
    with MockServer(contract, clock="manual") as server:
        assert server.client.get("/gardens/walled/beds/9").json() == {"id": 9, "url": "?"}
        assert server.client.get("/gardens/40/beds").json() == [{"id": 9, "url": "?"}]


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ('{"title": "a"}', thing("title", title=TEXT)),
        (' [{"title": "a"}]', {"type": "array", "items": thing("title", title=TEXT)}),
        ('{"title": "a"}', {"$ref": "#/components/schemas/Book"}),
        ('{"title": "a"}', {"allOf": [{"$ref": "#/components/schemas/Book"}]}),
    ],
)
def test_an_example_that_is_json_in_a_string(text: str, schema: Any) -> None:
    shown_ = shown("application/json", {"value": text}, schema)
    shown_["components"] = {"schemas": {"Book": thing("title", title=TEXT)}}
    with MockServer(shown_) as server:
        assert server.client.get("/x").json() == json.loads(text)
    assert not [note for note in check_document(shown_).notes if note.severity == "warning"]


@pytest.mark.parametrize("text", ['{"title": "a"}', "{title}", "[unfinished"])
def test_a_string_that_looks_like_json_is_a_string_where_one_is_asked_for(text: str) -> None:
    with MockServer(shown("application/json", {"value": text}, TEXT)) as server:
        assert server.client.get("/x").json() == text
