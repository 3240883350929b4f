"""Work of one resource that operations of another one start."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

KINDS = {"type": "string", "enum": ["check", "sync", "reset_connection", "codeReview"]}
STATUS = {"type": "string", "enum": ["pending", "running", "succeeded", "cancelled"]}
JOB = thing("id status kind", id=WHOLE, status=STATUS, kind=KINDS)


def calls(word: str) -> dict[str, Any]:
    """Remote calls over POST, with ids in the bodies."""
    link = thing("linkId", linkId=TEXT, name=TEXT)
    told = thing("job", job=JOB)

    def post(sent: Any, shown: Any) -> dict[str, Any]:
        return {"post": {"requestBody": body(sent), "responses": {"200": answer(shown)}}}

    return {
        "/links/create": post(thing(name=TEXT), link),
        "/links/get": post(thing("linkId", linkId=TEXT), link),
        f"/links/{word}": post(thing("linkId", linkId=TEXT), told),
        "/jobs/get": post(thing("id", id=WHOLE), told),
        "/jobs/get_light": post(thing("id", id=WHOLE), thing(job=JOB)),
        "/jobs/cancel": post(thing("id", id=WHOLE), told),
        "/jobs/list": post(thing(linkId=TEXT), thing(jobs={"type": "array", "items": JOB})),
    }


@pytest.mark.parametrize(
    ("word", "kind"), [("sync", "sync"), ("reset", "reset_connection"), ("check", "check")]
)
def test_a_call_with_an_id_in_its_body_starts_a_job(word: str, kind: str) -> None:
    with MockServer(document(calls(word)), clock="manual") as server:

        def call(path: str, **sent: Any) -> Any:
            found = server.client.post(path, json=sent)
            assert found.status_code == 200, found.text
            return found.json()

        link = call("/links/create", name="a")["linkId"]
        first, second = (call(f"/links/{word}", linkId=link)["job"] for _ in range(2))
        assert (first["status"], first["kind"]) == ("pending", kind)
        assert call("/jobs/cancel", id=second["id"])["job"]["status"] == "cancelled"
        server.clock.advance(3600)
        assert call("/jobs/get", id=first["id"])["job"]["status"] == "succeeded"
        assert call("/jobs/get_light", id=second["id"])["job"]["status"] == "cancelled"


def test_a_wrapper_called_response_is_one() -> None:
    shown = thing(success={"type": "boolean"}, response=thing("id status", id=TEXT, status=STATUS))
    item = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    paths = {
        "/renders": {
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(shown)}}
        },
        "/renders/{id}": {"parameters": item, "get": {"responses": {"200": answer(shown)}}},
    }
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/renders", json={"name": "a"}).json()["response"]["id"]
        server.clock.advance(3600)
        found = server.client.get(f"/renders/{made}").json()["response"]
        assert found == {"id": made, "status": "succeeded"}


@pytest.mark.parametrize("method", ["patch", "put"])
def test_wrappers_that_the_path_names(method: str) -> None:
    about = thing(text=TEXT)
    paths = {
        "/settings/profile/about": {
            "get": {
                "responses": {"200": answer(thing(settings=thing(profile=thing(about=about))))}
            },
            method: {"requestBody": body(about), "responses": {"204": answer()}},
        }
    }
    with MockServer(document(paths)) as server:
        server.client.request(method, "/settings/profile/about", json={"text": "Busy"})
        found = server.client.get("/settings/profile/about").json()
        assert found == {"settings": {"profile": {"about": {"text": "Busy"}}}}


@pytest.mark.parametrize("told", ["messageId", "messageid", "MessageID", "message_id"])
def test_an_answer_tells_the_id_by_the_name_that_a_path_has_for_it(told: str) -> None:
    message = thing("messageId text", messageId=TEXT, text=TEXT, state=TEXT)
    item = [{"name": "messageId", "in": "path", "required": True, "schema": TEXT}]
    paths = {
        "/message/send": {
            "post": {
                "requestBody": body(thing("text", text=TEXT)),
                "responses": {"201": answer(thing(told, **{told: TEXT}, credits=WHOLE))},
            }
        },
        "/messages/{messageId}": {
            "parameters": item,
            "get": {"responses": {"200": answer(message), "404": answer()}},
        },
        "/drafts/{messageId}": {
            "parameters": item,
            "delete": {"responses": {"204": answer(), "404": answer()}},
        },
    }
    with MockServer(document(paths)) as server:
        sent = server.client.post("/message/send", json={"text": "Hello"}).json()
        found = server.client.get(f"/messages/{sent[told]}").json()
        assert (found["messageId"], found["text"]) == (sent[told], "Hello")


@pytest.mark.parametrize(
    ("method", "word", "name"),
    [
        ("put", "stop", "deploymentId"),
        ("post", "cancel", "deployment_id"),
        ("post", "stop", "id"),
        ("patch", "cancel", "DeploymentId"),
        ("post", "cancel-now", "deploymentId"),
    ],
)
def test_a_verb_of_a_collection_names_one_in_its_body(method: str, word: str, name: str) -> None:
    shown = thing("id status", id=TEXT, status=STATUS)
    item = [{"name": "deploymentId", "in": "path", "required": True, "schema": TEXT}]
    paths: dict[str, Any] = {
        "/deployments": {
            "post": {"requestBody": body(thing(note=TEXT)), "responses": {"201": answer(shown)}}
        },
        "/deployments/{deploymentId}": {
            "parameters": item,
            "get": {"responses": {"200": answer(shown)}},
        },
        f"/deployments/{word}": {
            method: {
                "requestBody": body(thing(name, **{name: TEXT})),
                "responses": {"204": answer()},
            }
        },
    }
    with MockServer(document(paths), clock="manual") as server:
        made = [server.client.post("/deployments", json={}).json()["id"] for _ in range(2)]
        server.client.request(method, f"/deployments/{word}", json={name: made[0]})
        server.clock.advance(3600)
        seen = [server.client.get(f"/deployments/{one}").json()["status"] for one in made]
        assert seen == ["cancelled", "succeeded"]


def test_a_job_that_an_entity_shows_of_itself_does_not_track_its_create() -> None:
    build = thing("id status", id=TEXT, status=STATUS)
    site = thing("id", id=TEXT, name=TEXT, build=build)
    item = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    paths: dict[str, Any] = {
        "/sites": {
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(site)}}
        },
        "/sites/{id}": {"parameters": item, "get": {"responses": {"200": answer(site)}}},
        "/builds/{id}": {"parameters": item, "get": {"responses": {"200": answer(build)}}},
        "/builds": {"get": {"responses": {"200": answer({"type": "array", "items": build})}}},
    }
    with MockServer(document(paths)) as server:
        made = server.client.post("/sites", json={"name": "a"}).json()
        assert server.client.get(f"/sites/{made['id']}").json()["name"] == "a"


def accounts(named: str, start: str, leads: bool) -> dict[str, Any]:
    """Accounts that are created, and fundings with a state, which another path may start."""
    account = thing("id name", id=TEXT, name=TEXT)
    fund = thing("fundingId status", fundingId=TEXT, status=STATUS)

    def at(name: str) -> list[dict[str, Any]]:
        return [{"name": name, "in": "path", "required": True, "schema": TEXT}]

    header = {"Location": {"schema": {"type": "string", "format": "uri"}}}
    accepted = {"description": "", "headers": header} if leads else answer(thing("id", id=TEXT))
    return {
        f"/v1/{named}": {
            "get": {"responses": {"200": answer({"type": "array", "items": account})}},
            "post": {
                "requestBody": body(thing("name", name=TEXT)),
                "responses": {"202": accepted if start == named else answer(account)},
            },
        },
        f"/v1/{named}/{{accountId}}": {
            "parameters": at("accountId"),
            "get": {"responses": {"200": answer(account), "404": answer()}},
        },
        **({} if start == named else {start: {"post": {"responses": {"202": accepted}}}}),
        "/v1/fundings": {"get": {"responses": {"200": answer({"type": "array", "items": fund})}}},
        "/v1/fundings/{fundingId}": {
            "parameters": at("fundingId"),
            "get": {"responses": {"200": answer(fund), "404": answer()}},
        },
    }


@pytest.mark.parametrize("named", ["fundingAccounts", "funding_accounts", "funding-sources"])
def test_the_location_of_what_is_created_is_its_own(named: str) -> None:
    """A funding account is no funding, though both names have the word."""
    with MockServer(document(accounts(named, named, True)), seeds="none") as server:
        made = server.client.post(f"/v1/{named}", json={"name": "a"})
        assert made.status_code == 202
        found = server.client.get(made.headers["Location"])
        assert found.json()["name"] == "a"
        assert f"/v1/{named}/" in made.headers["Location"]


@pytest.mark.parametrize("start", ["/v1/ping", "/v1/test-delivery"])
def test_the_version_in_a_path_starts_nothing(start: str) -> None:
    with MockServer(document(accounts("wallets", start, False)), seeds="none") as server:
        assert server.client.post(start).status_code == 202
        assert server.client.get("/v1/fundings").json() == []


def test_a_request_for_a_funding_starts_one() -> None:
    start = "/v1/funding-request"
    with MockServer(document(accounts("wallets", start, True)), seeds="none") as server:
        asked = server.client.post(start)
        assert "/v1/fundings/" in asked.headers["Location"]
        assert server.client.get(asked.headers["Location"]).status_code == 200


@pytest.mark.parametrize("named", ["arn", "uuid"])
@pytest.mark.parametrize("noun", ["Recipe", "Course", "Garden"])
def test_a_response_of_a_text_that_others_share_starts_nothing(named: str, noun: str) -> None:
    """Recipes and copies both answer with a text of the same schema; only copies take time."""
    mark = {"$ref": "#/components/schemas/Mark"}
    alone = thing(named, **{named: mark})
    copy = thing(named, **{named: mark}, status=STATUS, region=TEXT)
    recipe = thing(named, **{named: mark}, title=TEXT)

    def asked(shown: Any) -> dict[str, Any]:
        parameter = {"name": named, "in": "query", "required": True, "schema": mark}
        return {"get": {"parameters": [parameter], "responses": {"200": answer(shown)}}}

    def made(sent: Any, shown: Any) -> dict[str, Any]:
        return {"post": {"requestBody": body(sent), "responses": {"201": answer(shown)}}}

    paths = {
        "/createCopy": made(thing("region", region=TEXT), mark),
        "/getCopy": asked(copy),
        f"/create{noun}": made(thing("title", title=TEXT), alone),
        f"/get{noun}": asked(recipe),
    }
    schemas = {"Mark": {"type": "string", "pattern": "^m:[a-z]{8}$"}}
    with MockServer(document(paths, schemas=schemas), clock="manual") as server:
        client = server.client
        told = client.post(f"/create{noun}", json={"title": "Soup"}).json()[named]
        assert client.get(f"/get{noun}", params={named: told}).json()["title"] == "Soup"


@pytest.mark.parametrize(
    ("named", "path", "status"),
    [
        ("playerId", "source", "201"),
        ("player_id", "clip", "201"),
        ("playerId", "upload", "202"),
        ("player", "recording", "201"),
        ("playerId", "cover/image", "202"),
    ],
)
def test_an_entity_that_names_another_one_starts_none(named: str, path: str, status: str) -> None:
    """The film that the path names is the response; which player it has was said before."""
    film = {"$ref": "#/components/schemas/Film"}
    player = thing("playerId", playerId=TEXT, colour=TEXT)
    item = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    paths = {
        f"/{name}s": {
            "post": {"requestBody": body(thing(title=TEXT)), "responses": {"201": answer(shown)}},
            "get": {"responses": {"200": answer({"type": "array", "items": shown})}},
        }
        for name, shown in (("player", player), ("film", film))
    }
    paths["/films/{id}"] = {"parameters": item, "get": {"responses": {"200": answer(film)}}}
    paths["/players/{id}"] = {"parameters": item, "get": {"responses": {"200": answer(player)}}}
    paths["/films/{id}/" + path] = {
        "post": {"parameters": item, "responses": {status: answer(film)}}
    }
    schemas = {"Film": thing("id", id=TEXT, title=TEXT, **{named: TEXT})}
    with MockServer(document(paths, schemas=schemas), seeds="none") as server:
        made = server.client.post("/films", json={"title": "Dawn"}).json()
        shown = server.client.post(f"/films/{made['id']}/{path}")
        assert shown.status_code == int(status)
        assert shown.json()["id"] == made["id"]
        assert server.client.get("/players").json() == []
