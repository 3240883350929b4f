"""Properties that are composed of others, as an example or a description says."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.engine.inferred import compositions
from tests.support.documents import TEXT


def media(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema, **more}}}


def resource(path: str, shown: dict[str, Any], sent: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": TEXT}
        for part in path.split("/")
        if part.startswith("{")
    ]
    schema = {"type": "object", "properties": shown, "required": list(shown)}
    one, rows = media(schema, **more), media({"type": "array", "items": schema})
    own = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    body = media({"type": "object", "properties": sent})
    return {
        path: {
            "parameters": named,
            "get": {"responses": {"200": rows}},
            "post": {"requestBody": body, "responses": {"201": one}},
        },
        f"{path}/{{id}}": {"parameters": [*named, own], "get": {"responses": {"200": one}}},
    }


def served(paths: dict[str, Any]) -> MockServer:
    return MockServer({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths})


def text(example: str) -> dict[str, Any]:
    return {"type": "string", "example": example}


PERSON = {"id": TEXT, "first_name": text("Ada"), "last_name": text("Lovelace")}
SENT = {"first_name": TEXT, "last_name": TEXT, "display_name": TEXT}
GIVEN = {"first_name": "Grace", "last_name": "Hopper"}


@pytest.mark.parametrize(
    ("shown", "composed"),
    [
        (text("Ada Lovelace"), "Grace Hopper"),
        (text("Lovelace, Ada"), "Hopper, Grace"),
        ({"type": "string", "description": "As `{last_name}/{first_name}`."}, "Hopper/Grace"),
    ],
)
def test_two_properties_beside_it(shown: dict[str, Any], composed: str) -> None:
    with served(resource("/people", {**PERSON, "display_name": shown}, SENT)) as mock:
        made = mock.client.post("/people", json=GIVEN).json()
        assert made["display_name"] == composed
        assert mock.client.get(f"/people/{made['id']}").json() == made
        given = mock.client.post("/people", json={**GIVEN, "display_name": "Amazing"}).json()
        assert given["display_name"] == "Amazing"


@pytest.mark.parametrize("rule", [{"maxLength": 12}, {"format": "email"}, {"pattern": "^A"}])
def test_what_would_not_fit_is_not_composed(rule: dict[str, Any]) -> None:
    shown = {**PERSON, "display_name": {**text("Ada Lovelace"), **rule}}
    with served(resource("/people", shown, SENT)) as mock:
        made = mock.client.post("/people", json=GIVEN).json()
        if rule == {"maxLength": 12}:
            assert made["display_name"] == "Grace Hopper"
        else:
            assert made["display_name"] != "Grace Hopper"
        assert mock.client.get(f"/people/{made['id']}").json() == made


def test_properties_are_not_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an example says is looked at once, however many properties might be composed of it."""
    looks = 0

    def counted(entity: Any, path: Any) -> str:
        nonlocal looks
        looks += 1
        return said(entity, path)

    said = compositions._said
    monkeypatch.setattr(compositions, "_said", counted)
    many = {f"p{number}": text(f"v{number} w{number}") for number in range(200)}
    with served(resource("/people", {"id": TEXT, **many}, SENT)) as mock:
        assert mock.client.post("/people", json=GIVEN).status_code == 201
    assert 0 < looks < 1000


def test_an_example_of_the_whole_shows_it_too() -> None:
    shown = dict.fromkeys(("id", "key", "number"), TEXT)
    example = {"id": "1", "key": "PROJ-12", "number": "12", "project": {"slug": "PROJ"}}
    project = {"type": "object", "properties": {"slug": TEXT}}
    sent = {"number": TEXT, "project": project}
    paths = resource("/tickets", {**shown, "project": project}, sent, example=example)
    with served(paths) as mock:
        body = {"number": "77", "project": {"slug": "OPS"}}
        assert mock.client.post("/tickets", json=body).json()["key"] == "OPS-77"


def test_the_owner_is_the_one_in_the_path() -> None:
    owner = {"type": "object", "properties": {"login": text("octocat")}, "required": ["login"]}
    shown = {"id": TEXT, "name": text("hello"), "full_name": text("octocat/hello"), "owner": owner}
    above = resource("/orgs", {"login": TEXT}, {"login": TEXT})
    above["/orgs/{login}"] = above.pop("/orgs/{id}")
    above["/orgs/{login}"]["parameters"][0]["name"] = "login"
    with served({**above, **resource("/orgs/{login}/repos", shown, {"name": TEXT})}) as mock:
        mock.client.post("/orgs", json={"login": "acme"})
        made = mock.client.post("/orgs/acme/repos", json={"name": "widgets"}).json()
        assert made["owner"]["login"] == "acme"
        assert made["full_name"] == "acme/widgets"


def test_what_is_no_composition_stays() -> None:
    shown = {**PERSON, "motto": text("Ada"), "site": text("https://Ada/Lovelace")}
    with served(resource("/people", shown, SENT)) as mock:
        made = mock.client.post("/people", json=GIVEN).json()
        assert "Grace" not in made["motto"] + made["site"]
