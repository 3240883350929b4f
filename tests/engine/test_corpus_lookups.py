"""What clients of unknown documents know and send: regressions found by `make corpus`."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.engine.test_corpus_repairs import query
from tests.engine.test_strange_documents import THING, path_parameter, said, served
from tests.support.documents import TEXT, WHOLE


def an(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def body(schema: Any, media: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {media: {"schema": schema}}}}


def listed(item: Any) -> dict[str, Any]:
    return said({"type": "array", "items": item})


def unseeded(paths: dict[str, Any]) -> MockServer:
    return MockServer({"openapi": "3.0.3", "info": {}, "paths": paths}, seeds="none")


RULE = an("webId", webId=TEXT, path=TEXT, name=TEXT)
BY_PATH = {
    "summary": "A rule by path",
    "parameters": [query("path", required=True)],
    "responses": said({"$ref": "#/components/schemas/Rule"}),
}


def test_what_nobody_can_learn_the_id_of_is_found_by_any_value() -> None:
    one = BY_PATH["responses"]
    paths = {
        "/rules": {"get": BY_PATH},
        "/rules/{webId}": {"get": {"responses": one}, "patch": {"responses": one}, "delete": {}},
    }
    with served(paths, components={"schemas": {"Rule": RULE}}) as server:
        found = server.client.get("/rules", params={"path": "/a/b"})
        assert found.status_code == 200
        assert found.json()["path"] == "/a/b"


def test_what_clients_make_is_found_by_its_value_and_by_no_other() -> None:
    user = {"$ref": "#/components/schemas/User"}
    components = {"schemas": {"User": an("id", id=TEXT, email=TEXT)}}
    paths = {
        "/users": {
            "get": {"responses": listed(user)},
            "post": {**body(an("email", email=TEXT)), "responses": said(user, "201")},
        },
        "/users/{id}": {"get": {"responses": said(user)}},
        "/users/email/{email}": {"get": {"responses": said(user)}},
    }
    with served(paths, components=components) as server:
        made = server.client.post("/users", json={"email": "a@example.com"}).json()
        assert server.client.get("/users/email/a@example.com").json() == made
        assert server.client.get("/users/email/b@example.com").status_code == 404


def test_the_example_of_a_list_has_the_id_under_the_name_that_the_list_has_for_it() -> None:
    row = {"id": "357668d2", "uid": "63-357668d2", "name": "cloud"}
    example = {"rows": [row]}
    schema = an(rows={"type": "array", "items": an(id=TEXT, uid=TEXT, name=TEXT)})
    response: Any = {"description": "", "content": {"application/json": {"schema": schema}}}
    response["content"]["application/json"]["example"] = example
    one = an(id=TEXT, name=TEXT)
    paths = {
        "/environments": {"get": {"responses": {"200": response}}},
        "/environments/{environment_uid}": {
            "get": {"responses": said(one)},
            "put": {**body(one), "responses": said(an(id=TEXT, uid=TEXT))},
        },
    }
    with served(paths) as server:
        shown = server.client.get("/environments").json()["rows"][0]
        assert shown["uid"] == row["uid"]
        assert server.client.get(f"/environments/{shown['uid']}").status_code == 200


def test_an_entity_has_one_url_by_whichever_path_it_is_asked_for() -> None:
    url = {**TEXT, "format": "uri", "description": "The URL of the team itself"}
    team = {"$ref": "#/components/schemas/Team"}
    whole = an("id", "slug", id=WHOLE, slug=TEXT, name=TEXT, url=url)
    sent, number = body(an("name", name=TEXT)), [path_parameter("team_id", WHOLE)]
    paths = {
        "/orgs": {"post": {**sent, "responses": said(THING, "201")}},
        "/orgs/{org}": {"get": {"responses": said(THING)}},
        "/orgs/{org}/teams": {
            "get": {"responses": listed(team)},
            "post": {**sent, "responses": said(team, "201")},
        },
        "/orgs/{org}/teams/{team_slug}": {"get": {"responses": said(team)}},
        "/teams/{team_id}": {
            "get": {"parameters": number, "responses": said(team)},
            "patch": {**sent, "parameters": number, "responses": said(team)},
        },
    }
    with served(paths, components={"schemas": {"Team": whole}}) as server:
        org = server.client.post("/orgs", json={"name": "acme"}).json()["id"]
        made = server.client.post(f"/orgs/{org}/teams", json={"name": "red"}).json()
        assert made["url"].endswith(f"/orgs/{org}/teams/{made['slug']}")
        changed = server.client.patch(f"/teams/{made['id']}", json={"name": "blue"}).json()
        assert changed["url"] == made["url"]


def test_what_a_part_of_the_entity_shows_otherwise_is_no_fault_of_what_was_sent() -> None:
    asked = an("title", title=TEXT, owners={"type": "array", "items": WHOLE})
    shown = an(title=TEXT, owners={"type": "array", "items": an(name=TEXT)})
    whole = an(id=WHOLE, result=shown)
    paths = {
        "/charts": {"post": {**body(asked), "responses": said(whole, "201")}},
        "/charts/{id}": {"get": {"responses": said(whole)}},
    }
    with served(paths) as server:
        made = server.client.post("/charts", json={"title": "a", "owners": [1, 2]})
        assert made.status_code == 201, made.text
        assert made.json()["result"]["title"] == "a"


def test_a_refusal_names_what_was_sent_and_not_the_part_that_shows_it() -> None:
    asked = an("title", title=TEXT, colour=TEXT)
    whole = an(id=WHOLE, result=an(title=TEXT, colour={**TEXT, "maxLength": 3}))
    paths = {
        "/charts": {"post": {**body(asked), "responses": said(whole, "201") | said(TEXT, "422")}},
        "/charts/{id}": {"get": {"responses": said(whole)}},
    }
    with served(paths) as server:
        made = server.client.post("/charts", json={"title": "a", "colour": "mauve"})
        assert made.status_code == 422
        violations = next(iter(server.recorder.entries())).exchange.violations
        assert [v.where for v in violations] == [("body", "colour")]


def test_a_word_that_a_request_lists_stands_for_something() -> None:
    options = an(footer=TEXT)
    unset = {"anyOf": [options, {**TEXT, "enum": [""]}]}
    invoice = an("id", id=TEXT, options={"anyOf": [options], "nullable": True}, memo=TEXT)
    sent = body(an(options=unset, memo=TEXT))
    paths = {
        "/invoices": {"post": {**sent, "responses": said(invoice, "201")}},
        "/invoices/{id}": {
            "get": {"responses": said(invoice)},
            "patch": {**sent, "responses": said(invoice)},
        },
    }
    with served(paths) as server:
        made = server.client.post("/invoices", json={"options": "", "memo": "x"})
        assert made.status_code == 201, made.text
        assert made.json()["memo"] == "x"
        assert made.json().get("options") != ""
        one = f"/invoices/{made.json()['id']}"
        assert server.client.patch(one, json={"options": {"footer": "f"}}).status_code == 200
        assert server.client.patch(one, json={"options": ""}).status_code == 200


def test_an_entity_below_that_does_not_fit_is_named_where_it_was_sent() -> None:
    comment = an("id", id=WHOLE, side={**TEXT, "enum": ["LEFT", "RIGHT"]}, body=TEXT)
    asked = an(text=TEXT, comments={"type": "array", "items": an(side=TEXT, body=TEXT)})
    review = an("id", id=WHOLE, text=TEXT)
    refused = said(an(message=TEXT), "422")
    paths = {
        "/reviews": {
            "get": {"responses": listed(review)},
            "post": {**body(asked), "responses": said(review, "201") | refused},
        },
        "/reviews/{review_id}": {"get": {"responses": said(review)}},
        "/reviews/{review_id}/comments": {
            "get": {"responses": listed(comment)},
            "post": {**body(an(side=TEXT)), "responses": said(comment, "201")},
        },
        "/reviews/{review_id}/comments/{comment_id}": {"get": {"responses": said(comment)}},
    }
    with served(paths) as server:
        good = {"text": "a", "comments": [{"side": "LEFT"}, {"side": "RIGHT"}]}
        made = server.client.post("/reviews", json=good)
        assert made.status_code == 201, made.text
        bad = {"text": "a", "comments": [{"side": "LEFT"}, {"side": "UP"}]}
        assert server.client.post("/reviews", json=bad).status_code == 422
        violation = next(iter(server.recorder.entries())).exchange.violations[0]
        assert violation.where == ("body", "comments", 1, "side")


@pytest.mark.parametrize(
    "offset",
    [
        {"minimum": 1},
        {"default": 1},
        {"description": "The 1-based index of the first row"},
    ],
)
def test_rows_are_counted_from_one_where_the_document_does(offset: dict[str, Any]) -> None:
    text = offset.pop("description", "")
    where = {**query("offset", **WHOLE, **offset), "description": text}
    page = an(count=WHOLE, next={**TEXT, "nullable": True}, offset=WHOLE)
    page["properties"]["results"] = {"type": "array", "items": THING}
    paths = {
        "/things": {
            "get": {"parameters": [where, query("limit", **WHOLE)], "responses": said(page)},
            "post": {"responses": said(THING, "201")},
        },
        "/things/{id}": {"get": {"responses": said(THING)}},
    }
    with unseeded(paths) as server:
        made = [server.client.post("/things").json()["id"] for _ in range(3)]
        first = server.client.get("/things", params={"limit": 2}).json()
        same = server.client.get("/things", params={"limit": 2, "offset": 1}).json()
        rest = server.client.get("/things", params={"limit": 2, "offset": 3}).json()
        assert first["results"] == same["results"]
        found = [row["id"] for row in first["results"] + rest["results"]]
        assert sorted(found) == sorted(made)
        assert "offset=3" in first["next"]


def test_what_has_no_value_for_a_filter_that_must_be_given_is_listed() -> None:
    portfolio = an("id", id=TEXT, name=TEXT, owner=TEXT)
    asked = [query("owner", required=True)]
    paths = {
        "/portfolios": {
            "get": {"parameters": asked, "responses": listed(portfolio)},
            "post": {**body(an(name=TEXT, owner=TEXT)), "responses": said(portfolio, "201")},
        },
        "/portfolios/{id}": {"get": {"responses": said(portfolio)}},
    }
    with unseeded(paths) as server:
        free = server.client.post("/portfolios", json={"name": "a"}).json()["id"]
        mine = server.client.post("/portfolios", json={"name": "b", "owner": "me"}).json()["id"]
        for owner, expected in (("me", {free, mine}), ("you", {free})):
            rows = server.client.get("/portfolios", params={"owner": owner}).json()
            assert expected <= {row["id"] for row in rows}
            assert (mine in {row["id"] for row in rows}) == (mine in expected)


def test_a_version_of_an_entity_has_digits_alone() -> None:
    tag = {"ETag": {"schema": {**TEXT, "pattern": '^"([0-9]+?)"$'}}}
    response = said(THING)
    response["200"]["headers"] = tag
    paths = {
        "/things": {"post": {"responses": said(THING, "201")}},
        "/things/{id}": {"get": {"responses": response}},
    }
    with served(paths) as server:
        made = server.client.post("/things").json()["id"]
        assert server.client.get(f"/things/{made}").headers["etag"].strip('"').isdecimal()


def test_nothing_copies_what_is_one_of_a_kind() -> None:
    template = an("id", id=WHOLE, name=TEXT)
    paths = {
        "/templates/current": {
            "get": {"responses": said(template)},
            "put": {**body(an(name=TEXT)), "responses": said(template)},
        },
        "/templates/current/copy": {"post": {"responses": said(template, "201")}},
    }
    with served(paths) as server:
        assert server.client.post("/templates/current/copy").status_code == 201


def test_an_object_that_also_says_what_its_items_are_is_an_object() -> None:
    odd = {**an(id=WHOLE, name=TEXT), "items": an(id=WHOLE, name=TEXT)}
    paths = {
        "/ads": {
            "get": {"responses": listed(odd)},
            "post": {**body(odd), "responses": said(odd)},
        },
        "/ads/{id}": {"get": {"responses": said(odd)}},
    }
    with served(paths) as server:
        made = server.client.post("/ads", json={"name": "a"})
        assert made.status_code == 200, made.text
        assert made.json()["name"] == "a"


def test_a_patch_may_spell_its_operations_as_the_document_does() -> None:
    thing = an("id", id=TEXT, name=TEXT)
    edit = an("op", "path", op={**TEXT, "enum": ["Add", "Replace"]}, path=TEXT, value={})
    edits = body({"type": "array", "items": edit}, "application/json-patch+json")
    paths = {
        "/things": {"post": {**body(an(name=TEXT)), "responses": said(thing, "201")}},
        "/things/{id}": {
            "get": {"responses": said(thing)},
            "patch": {**edits, "responses": said(thing)},
        },
    }
    with served(paths) as server:
        made = server.client.post("/things", json={"name": "a"}).json()["id"]
        sent = [{"op": "Replace", "path": "/name", "value": "b"}]
        kind = {"content-type": "application/json-patch+json"}
        changed = server.client.patch(f"/things/{made}", json=sent, headers=kind)
        assert changed.status_code == 200, changed.text
        assert server.client.get(f"/things/{made}").json()["name"] == "b"


def test_a_location_is_sent_once_however_the_document_spells_it() -> None:
    response = said(None, "201")
    response["201"]["headers"] = {"location": {"schema": {**TEXT, "format": "uri"}}}
    paths = {
        "/things": {"post": {"responses": response}},
        "/things/{id}": {"get": {"responses": said(THING)}},
    }
    with served(paths) as server:
        made = server.client.post("/things")
        assert len(made.headers.get_list("location")) == 1
        assert server.client.get(made.headers["location"]).status_code == 200


EVENT = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "payload": {"oneOf": [an("action", action=TEXT), {"type": "object"}]},
    },
}


@pytest.mark.parametrize("shape", ["list", "fixed"])
def test_an_example_that_fits_several_branches_is_shown_with_another_part(shape: str) -> None:
    event = {"id": "7", "payload": {"action": "started"}}
    whole = EVENT if shape == "fixed" else {"type": "array", "items": EVENT}
    response = said(whole)
    content = response["200"]["content"]["application/json"]
    content["example"] = event if shape == "fixed" else [event]
    path = "/events" if shape == "list" else "/last/report"
    with served({path: {"get": {"responses": response}}}) as server:
        shown = server.client.get(path)
        assert shown.status_code == 200
        for one in [shown.json()] if shape == "fixed" else shown.json():
            payload = one.get("payload")
            assert payload is None or "action" not in payload or one["id"] != "7"
