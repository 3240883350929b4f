"""The id of an entity, wherever and however responses contain it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.test_corpus_repairs import query
from tests.engine.test_strange_documents import THING, path_parameter, said, served
from tests.support.documents import TEXT


def thing(*needed: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(needed or properties), "properties": properties}


def listed(row: Any, name: str = "items", **more: Any) -> dict[str, Any]:
    return thing(**{name: {"type": "array", "items": row}}, **more)


def sent(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def test_a_summary_tells_the_id_under_a_shorter_name() -> None:
    whole = thing(billingGroupName=TEXT, version={"type": "integer"})
    row = {"type": "object", "properties": {"groupName": TEXT, "groupArn": TEXT}}
    paths = {
        "/billing-groups": {"get": {"responses": said(listed(row))}},
        "/billing-groups/{billingGroupName}": {"get": {"responses": said(whole)}},
    }
    with served(paths) as server:
        for shown in server.client.get("/billing-groups").json()["items"]:
            found = server.client.get(f"/billing-groups/{shown['groupName']}")
            assert found.json()["billingGroupName"] == shown["groupName"]


def test_a_part_of_the_answer_tells_the_id_and_in_its_own_shape() -> None:
    part = thing(AttachmentId={"type": "string", "pattern": "^attachment-[0-9a-f]{8}$"}, Arn=TEXT)
    whole = thing(Attachment=part, Options=TEXT)
    paths = {
        "/connect-attachments": {"post": {"responses": said(whole, "201")}},
        "/connect-attachments/{attachmentId}": {"get": {"responses": said(whole)}},
    }
    with served(paths) as server:
        made = server.client.post("/connect-attachments").json()["Attachment"]["AttachmentId"]
        assert made.startswith("attachment-")
        found = server.client.get(f"/connect-attachments/{made}").json()
        assert found["Attachment"]["AttachmentId"] == made
        assert server.client.get("/connect-attachments/attachment-00000000").status_code == 404


def test_an_id_that_a_create_tells_as_a_number_is_one() -> None:
    task = thing(id={"type": "integer"}, status=TEXT)
    job = thing(id=TEXT, language=TEXT, owner=TEXT)
    paths = {
        "/jobs": {"post": {"responses": said(task, "202")}},
        "/jobs/{jobId}": {"get": {"responses": said(job)}},
    }
    with served(paths) as server:
        made = server.client.post("/jobs").json()["id"]
        assert server.client.get(f"/jobs/{made}").json()["id"] == str(made)


def test_what_a_client_sends_under_the_name_that_paths_have_is_the_id() -> None:
    member = thing(Member=thing(Arn=TEXT, Name=TEXT), Type=TEXT)
    paths = {
        "/members": {
            "post": {
                "requestBody": sent(thing(MemberArn=TEXT)),
                "responses": said(member, "201"),
            }
        },
        "/members/{memberArn}": {"get": {"responses": said(member)}},
    }
    with served(paths) as server:
        server.client.post("/members", json={"MemberArn": "arn:one"})
        assert server.client.get("/members/arn:one").status_code == 200


def test_the_address_of_an_address_is_not_what_it_is_called() -> None:
    address = thing(address=TEXT, id=TEXT, name=TEXT)
    paths = {
        "/addresses": {"get": {"responses": said(listed(address))}},
        "/addresses/{address}": {"get": {"responses": said(address)}},
    }
    with served(paths) as server:
        (first, *_) = server.client.get("/addresses").json()["items"]
        assert server.client.get(f"/addresses/{first['id']}").json() == first


def test_a_post_that_asks_for_a_page_lists_what_a_put_makes() -> None:
    bot = thing(botId=TEXT, botName=TEXT)
    page = {"type": "object", "properties": {"maxResults": {"type": "integer"}, "nextToken": TEXT}}
    paths = {
        "/bots": {
            "put": {"requestBody": sent(thing(botName=TEXT)), "responses": said(bot, "202")},
            "post": {
                "requestBody": sent(page),
                "responses": said(
                    {
                        "type": "object",
                        "properties": {**listed(bot)["properties"], "nextToken": TEXT},
                    }
                ),
            },
        },
        "/bots/{botId}": {"get": {"responses": said(bot)}},
    }
    with served(paths) as server:
        made = server.client.put("/bots", json={"botName": "mine"}).json()
        assert server.client.get(f"/bots/{made['botId']}").json() == made
        first = server.client.post("/bots", json={"maxResults": 2}).json()
        assert len(first["items"]) == 2
        rest = {"maxResults": 9, "nextToken": first["nextToken"]}
        items = first["items"] + server.client.post("/bots", json=rest).json()["items"]
        assert made in items
        assert len({one["botId"] for one in items}) == len(items) == 4


def test_a_name_that_a_path_gives_itself_is_there() -> None:
    version = thing(botVersion=TEXT, status=TEXT)
    locale = path_parameter("botVersion", {"type": "string", "pattern": "^DRAFT$"})
    paths = {
        "/versions": {"post": {"responses": said(version, "201")}},
        "/versions/{botVersion}": {"get": {"responses": said(version)}},
        "/versions/{botVersion}/locales": {
            "get": {"parameters": [locale], "responses": said(listed(THING))},
        },
    }
    paths["/versions/{botVersion}"]["delete"] = {"responses": {"204": {"description": ""}}}
    with served(paths) as server:
        assert server.client.get("/versions/DRAFT").json()["botVersion"] == "DRAFT"
        assert server.client.get("/versions/DRAFT/locales").status_code == 200
        assert server.client.get("/versions/OTHER").status_code == 404
        assert server.client.delete("/versions/DRAFT").status_code == 204
        assert server.client.get("/versions/DRAFT").status_code == 404
        assert server.client.get("/versions/DRAFT/locales").status_code == 404


def test_an_id_that_no_path_can_say_is_no_reason_to_refuse_one() -> None:
    network = thing(id={"type": "string", "pattern": "^network-[0-9]{4}$"}, name=TEXT)
    named = path_parameter("networkIdentifier", {"type": "string", "pattern": "^(sn-[0-9]{4})$"})
    paths = {
        "/networks": {"get": {"responses": said(listed(network))}},
        "/networks/{networkIdentifier}": {
            "get": {"parameters": [named], "responses": said(network)},
            "delete": {"parameters": [named], "responses": {"204": {"description": ""}}},
        },
    }
    with served(paths) as server:
        assert server.client.get("/networks/sn-1234").status_code == 200
        assert server.client.delete("/networks/sn-1234").status_code == 204
        assert server.client.get("/networks/sn-1234").status_code == 404


def test_a_list_further_down_shows_what_lies_under_the_same_parent() -> None:
    paths = {
        "/repos": {"post": {"responses": said(THING, "201")}},
        "/repos/{repo}": {"get": {"responses": said(THING)}},
        "/repos/{repo}/suites": {"post": {"responses": said(THING, "201")}},
        "/repos/{repo}/suites/{id}": {"get": {"responses": said(THING)}},
        "/repos/{repo}/commits/{ref}/suites": {"get": {"responses": said(listed(THING))}},
    }
    with served(paths) as server:
        one, other = (server.client.post("/repos").json()["id"] for _ in range(2))
        made = server.client.post(f"/repos/{one}/suites").json()
        found = server.client.get(f"/repos/{one}/commits/main/suites").json()["items"]
        assert made["id"] in [row["id"] for row in found]
        for row in server.client.get(f"/repos/{other}/commits/main/suites").json()["items"]:
            assert server.client.get(f"/repos/{other}/suites/{row['id']}").status_code == 200


def test_a_default_page_beyond_the_first_is_an_example() -> None:
    paths = {
        "/orders": {
            "get": {
                "parameters": [query("page", type="integer", default=10)],
                "responses": said(listed(THING)),
            }
        },
        "/orders/{id}": {"get": {"responses": said(THING)}},
    }
    with served(paths) as server:
        assert len(server.client.get("/orders").json()["items"]) == 3


def test_a_thing_put_at_its_path_is_called_as_the_path_says() -> None:
    paths = {
        "/environments": {"get": {"responses": said(listed(thing(name=TEXT, kind=TEXT)))}},
        "/environments/{name}": {
            "put": {
                "requestBody": sent(thing(kind=TEXT)),
                "responses": said(thing(name=TEXT, kind=TEXT)),
            },
            "get": {"responses": said(thing(name=TEXT, kind=TEXT))},
        },
    }
    with served(paths) as server:
        made = server.client.put("/environments/mine", json={"kind": "test"}).json()
        assert made["name"] == "mine"
        shown = server.client.get("/environments").json()["items"]
        assert made in shown


@pytest.mark.parametrize("named", ["ProbeArn", "probe_arn", "Arn", "ProbeGid", "probeIdentifier"])
def test_the_id_may_be_called_otherwise_beside_ids_of_the_same_form(named: str) -> None:
    """A probe shows the name of its owner in the same form: which one is its own says the noun."""
    name = {"type": "string", "pattern": "^arn:lab:[a-z]{8}$"}
    paths = {
        "/probes": {"post": {"responses": said(thing(**{named: name}), "201")}},
        "/probes/{ProbeId}": {
            "get": {
                "parameters": [path_parameter("ProbeId", name)],
                "responses": said(thing(OwnerArn=name, **{named: name}, Title=TEXT)),
            },
        },
    }
    with served(paths) as server:
        made = server.client.post("/probes").json()[named]
        assert server.client.get(f"/probes/{made}").json()[named] == made
