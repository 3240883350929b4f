"""What is created at one path is seen at each other path that shows it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, array, body, document, ref, thing


def item(name: str, schema: Any = TEXT) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def asked(name: str, schema: Any = TEXT, text: str = "") -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": text}


def posted(sent: Any, schema: Any = None, status: str = "201") -> dict[str, Any]:
    shown = answer(schema) if schema is not None else answer()
    return {"requestBody": body(sent), "responses": {status: shown}}


def got(schema: Any, *parameters: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"responses": {"200": answer(schema), "404": answer()}}
    return {**found, "parameters": list(parameters)} if parameters else found


def gone(sent: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = {"responses": {"204": answer()}}
    return {**found, "requestBody": body(sent)} if sent is not None else found


def serve(paths: dict[str, Any], seeds: str = "none", **parts: Any) -> MockServer:
    made = document(paths)
    made.setdefault("components", {}).setdefault("schemas", {}).update(parts)
    return MockServer(made, clock="manual", seeds=seeds)


def made(client: httpx.Client, path: str, **sent: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.post(path, json=sent).raise_for_status().json()
    return found


def keys(client: httpx.Client, path: str, key: str = "id") -> list[Any]:
    return [row[key] for row in client.get(path).raise_for_status().json()]


def crud(name: str, sent: Any, schema: Any, *parameters: Any) -> dict[str, Any]:
    one = name.strip("/").rsplit("/", 1)[-1].removesuffix("s")
    return {
        name: {"get": got(array(schema), *parameters), "post": posted(sent, schema)},
        f"{name}/{{{one}_id}}": {
            "parameters": [item(f"{one}_id")],
            "get": got(schema),
            "delete": gone(),
        },
    }


USER = thing("id", id=TEXT, name=TEXT)
GROUP = thing("id", id=TEXT, title=TEXT)
LINK = thing("", user_id=TEXT, group_id=TEXT)


def test_a_table_of_links_joins_two_and_parts_them() -> None:
    paths = {
        **crud("/users", thing("", name=TEXT), USER, asked("group_id")),
        **crud("/groups", thing("", title=TEXT), GROUP, asked("user_id")),
        "/permissions": {"post": posted(LINK, LINK, "200"), "delete": gone(LINK)},
    }
    with serve(paths) as server:
        client = server.client
        ada, bob = (made(client, "/users", name=name)["id"] for name in ("ada", "bob"))
        staff = made(client, "/groups", title="staff")["id"]
        assert keys(client, f"/users?group_id={staff}") == []
        made(client, "/permissions", user_id=ada, group_id=staff)
        assert keys(client, f"/users?group_id={staff}") == [ada]
        assert keys(client, f"/groups?user_id={ada}") == [staff]
        assert keys(client, f"/groups?user_id={bob}") == []
        pair = {"user_id": ada, "group_id": staff}
        client.request("DELETE", "/permissions", json=pair).raise_for_status()
        assert keys(client, f"/users?group_id={staff}") == []
        assert keys(client, "/users") == [ada, bob]


def test_a_list_is_filtered_by_what_links_its_entities() -> None:
    seat = thing("id", id=TEXT, user_id=TEXT, group_id=TEXT, role=TEXT)
    sent = thing("user_id group_id", user_id=TEXT, group_id=TEXT, role=TEXT)
    paths = {
        **crud("/users", thing("", name=TEXT), USER, asked("group_id")),
        **crud("/groups", thing("", title=TEXT), GROUP),
        **crud("/seats", sent, seat),
    }
    with serve(paths) as server:
        client = server.client
        ada = made(client, "/users", name="ada")["id"]
        made(client, "/users", name="bob")
        seat_id = made(client, "/seats", user_id=ada, group_id="g1", role="chair")["id"]
        assert keys(client, "/users?group_id=g1") == [ada]
        client.delete(f"/seats/{seat_id}").raise_for_status()
        assert keys(client, "/users?group_id=g1") == []


def test_an_entity_shows_those_that_name_it() -> None:
    contact = thing("id", id=TEXT, company_id=TEXT, email=TEXT)
    company = thing("id", id=TEXT, name=TEXT, contacts=array(ref("Contact")))
    paths = {
        **crud("/companies", thing("", name=TEXT), ref("Company")),
        **crud("/contacts", thing("", company_id=TEXT, email=TEXT), ref("Contact")),
    }
    with serve(paths, Contact=contact, Company=company) as server:
        client = server.client
        acme = made(client, "/companies", name="Acme")["id"]
        ada = made(client, "/contacts", company_id=acme, email="ada@example.com")["id"]
        made(client, "/contacts", company_id="other", email="bob@example.com")
        url = next(path for path in paths if path.startswith("/companies/"))
        shown = client.get(url.split("{")[0] + acme).json()
        assert [one["id"] for one in shown["contacts"]] == [ada]


@pytest.mark.parametrize("field", ["parent", "parent_id", "parent_node_id"])
def test_an_entity_shows_its_children_of_its_own_kind(field: str) -> None:
    node = thing("id", id=TEXT, name=TEXT, children=array(ref("Node")), **{field: TEXT})
    paths = crud("/nodes", thing("", name=TEXT, **{field: TEXT}), ref("Node"))
    with serve(paths, Node=node) as server:
        client = server.client
        root = made(client, "/nodes", name="root")["id"]
        leaf = made(client, "/nodes", name="leaf", **{field: root})["id"]
        assert [one["id"] for one in client.get(f"/nodes/{root}").json()["children"]] == [leaf]
        assert not client.get(f"/nodes/{leaf}").json().get("children")


def test_members_with_a_schema_of_their_own_are_users() -> None:
    user = thing("username", username=TEXT, first_name=TEXT, email=TEXT)
    member = thing("", username=TEXT, first_name=TEXT, version=WHOLE)
    team = thing("id", id=TEXT, name=TEXT, member_count={"type": "number"})
    brief = thing("", id=TEXT, name=TEXT)
    members = thing("", members=array(member))
    paths = {
        "/user": {
            "get": got(thing("", users=array(user))),
            "post": posted(thing("username", username=TEXT, first_name=TEXT), user),
        },
        "/user/{user}": {"parameters": [item("user")], "get": got(user)},
        "/user/{user}/teams": {
            "parameters": [item("user")],
            "get": got(thing("", teams=array(brief))),
        },
        "/team": {"get": got(array(team)), "post": posted(thing("name", name=TEXT), team)},
        "/team/{team}": {"parameters": [item("team")], "get": got(team)},
        "/team/{team}/members": {
            "parameters": [item("team")],
            "get": got(members),
            "post": posted(thing("username", username=TEXT), members, "200"),
        },
        "/team/{team}/members/{user}": {
            "parameters": [item("team"), item("user")],
            "delete": gone(),
        },
    }
    with serve(paths) as server:
        client = server.client
        made(client, "/user", username="ada", first_name="Ada")
        ops = made(client, "/team", name="Ops")["id"]
        told = made(client, f"/team/{ops}/members", username="ada")
        assert [one["first_name"] for one in told["members"]] == ["Ada"]
        listed = client.get(f"/team/{ops}/members").json()["members"]
        assert [(one["username"], one["first_name"]) for one in listed] == [("ada", "Ada")]
        assert client.get(f"/team/{ops}").json()["member_count"] == 1
        assert [one["id"] for one in client.get("/user/ada/teams").json()["teams"]] == [ops]
        client.delete(f"/team/{ops}/members/ada").raise_for_status()
        assert client.get(f"/team/{ops}/members").json()["members"] == []
        assert client.get("/user/ada").json()["first_name"] == "Ada"


def test_what_a_create_names_is_put_in_under_its_own_id() -> None:
    entry = thing("sid", sid=TEXT, trunk_sid=TEXT, friendly_name=TEXT)
    trunk = thing("sid", sid=TEXT, name=TEXT)
    paths = {
        "/trunks": {"get": got(array(trunk)), "post": posted(thing("", name=TEXT), trunk)},
        "/trunks/{trunk_sid}": {"parameters": [item("trunk_sid")], "get": got(trunk)},
        "/trunks/{trunk_sid}/phone-numbers": {
            "parameters": [item("trunk_sid")],
            "get": got(array(entry)),
            "post": posted(thing("phone_number_sid", phone_number_sid=TEXT), entry),
        },
        "/trunks/{trunk_sid}/phone-numbers/{sid}": {
            "parameters": [item("trunk_sid"), item("sid")],
            "get": got(entry),
            "delete": gone(),
        },
    }
    with serve(paths) as server:
        client = server.client
        one, two = (made(client, "/trunks", name=name)["sid"] for name in "ab")
        for trunk_sid in (one, two):
            url = f"/trunks/{trunk_sid}/phone-numbers"
            assert made(client, url, phone_number_sid="PN7")["sid"] == "PN7"
            assert client.get(f"{url}/PN7").json()["trunk_sid"] == trunk_sid
        client.delete(f"/trunks/{one}/phone-numbers/PN7").raise_for_status()
        assert keys(client, f"/trunks/{one}/phone-numbers", "sid") == []
        assert keys(client, f"/trunks/{two}/phone-numbers", "sid") == ["PN7"]


@pytest.mark.parametrize("placeholder", [0, -1])
def test_an_id_that_is_none_is_the_servers(placeholder: int) -> None:
    rule = thing("id name", id=WHOLE, name=TEXT)
    paths = {
        "/rules": {"get": got(array(rule)), "post": posted(rule, rule)},
        "/rule/{id}": {"parameters": [item("id", WHOLE)], "delete": gone()},
    }
    with serve(paths) as server:
        client = server.client
        found = [made(client, "/rules", id=placeholder, name=name)["id"] for name in "ab"]
        assert len({*found, placeholder}) == 3
        client.delete(f"/rule/{found[0]}").raise_for_status()
        assert keys(client, "/rules") == [found[1]]


def test_rows_without_an_id_are_kept() -> None:
    seat = thing("", project_id=WHOLE, user_id=WHOLE, rate=WHOLE)
    paths = {
        "/project-members": {
            "get": got(thing("", members=array(ref("Seat"))), asked("project_id", WHOLE)),
            "post": posted(ref("Seat"), ref("Seat"), "200"),
        },
    }
    with serve(paths, Seat=seat) as server:
        client = server.client
        made(client, "/project-members", project_id=1, user_id=7)
        made(client, "/project-members", project_id=2, user_id=8)
        shown = client.get("/project-members?project_id=1").json()["members"]
        assert [one["user_id"] for one in shown] == [7]


def test_a_list_in_another_form_shows_the_same() -> None:
    about = thing("", title=TEXT, severity=WHOLE, notes=TEXT)
    whole = thing("id attributes", id=TEXT, attributes=about)
    flat = thing("id", id=TEXT, title=TEXT, severity=WHOLE)
    paths = {
        "/advisories": {"get": got(thing("", data=array(whole)))},
        "/advisories/{advisory_id}": {
            "parameters": [item("advisory_id")],
            "get": got(thing("", data=whole)),
        },
        "/export/advisories": {"get": got(array(flat))},
    }
    with serve(paths, "generated") as server:
        rows = server.client.get("/advisories").json()["data"]
        exported = server.client.get("/export/advisories").json()
        assert [one["id"] for one in exported] == [row["id"] for row in rows]
        assert [one.get("title") for one in exported] == [
            row["attributes"].get("title") for row in rows
        ]


def test_lists_of_what_is_made_elsewhere_show_it() -> None:
    article = thing("id", id=TEXT, title=TEXT)
    paths = {
        "/articles": {
            "get": got(array(ref("Article"))),
            "post": posted(thing("", title=TEXT), ref("Article")),
        },
        "/articles/latest": {"get": got(array(ref("Article")))},
        "/bookmarks": {"get": got(array(ref("Article")))},
    }
    with serve(paths, Article=article) as server:
        found = made(server.client, "/articles", title="One")["id"]
        assert keys(server.client, "/articles/latest") == [found]
        assert keys(server.client, "/bookmarks") == [found]


def test_a_part_that_post_updates_is_kept() -> None:
    trunk = thing("id", id=TEXT, name=TEXT)
    shown = thing("", mode=TEXT, trim=TEXT)
    paths = {
        **crud("/trunks", thing("", name=TEXT), trunk),
        "/trunks/{trunk_id}/recording": {
            "parameters": [item("trunk_id")],
            "get": got(shown),
            "post": posted(thing("", Mode=TEXT, Trim=TEXT), shown, "202"),
        },
    }
    with serve(paths) as server:
        trunk_id = made(server.client, "/trunks", name="a")["id"]
        url = f"/trunks/{trunk_id}/recording"
        server.client.post(url, json={"mode": "stereo", "trim": "yes"}).raise_for_status()
        assert server.client.get(url).json() == {"mode": "stereo", "trim": "yes"}


def test_an_embedded_entity_is_named_by_its_own_key_and_keeps_what_is_sent() -> None:
    user = thing("username", username=TEXT, full_name=TEXT)
    shift = thing("id", id=TEXT, note=TEXT, user=ref("User"))
    sent = thing("", note=TEXT, username=TEXT)
    rule = thing("id", id=TEXT, user=ref("User"))
    paths = {
        "/users": {
            "get": got(array(ref("User"))),
            "post": posted(thing("username", username=TEXT, full_name=TEXT), ref("User")),
        },
        "/users/{username}": {"parameters": [item("username")], "get": got(ref("User"))},
        **crud("/shifts", sent, shift),
        **crud("/rules", thing("", user=ref("User")), rule),
    }
    with serve(paths, User=user) as server:
        client = server.client
        made(client, "/users", username="ada", full_name="Ada L")
        assert made(client, "/shifts", username="ada")["user"]["full_name"] == "Ada L"
        named = {"username": "ada", "full_name": "A. L."}
        assert made(client, "/rules", user=named)["user"] == named


def test_a_text_in_the_path_may_be_a_name_where_ids_are_numbers() -> None:
    tag = thing("id name", id=WHOLE, name=TEXT)
    paths = {
        "/tags": {"get": got(array(tag)), "post": posted(thing("name", name=TEXT), tag)},
        "/tags/{tag}": {"parameters": [item("tag")], "get": got(tag)},
    }
    with serve(paths) as server:
        found = made(server.client, "/tags", name="latest")
        assert server.client.get("/tags/latest").json()["id"] == found["id"]


def test_a_documented_201_of_a_patch_makes_the_entity() -> None:
    shown = thing("code", code=TEXT, parent=TEXT)
    patch = {"requestBody": body(shown), "responses": {"201": answer(), "204": answer()}}
    paths = {
        "/categories": {"get": got(array(shown)), "post": posted(shown)},
        "/categories/{code}": {"parameters": [item("code")], "get": got(shown), "patch": patch},
    }
    with serve(paths) as server:
        sent = {"code": "gloves", "parent": "master"}
        assert server.client.patch("/categories/gloves", json=sent).status_code == 201
        assert server.client.get("/categories/gloves").json() == sent


def test_foreign_keys_by_another_ending_are_ids() -> None:
    task = thing("TaskID", TaskID=WHOLE, ProjectIDFK=WHOLE, Title=TEXT)
    sent = thing("", ProjectIDFK=WHOLE, Title=TEXT)
    listed = got(thing("", Tasks=array(task)), asked("ProjectID", WHOLE))
    paths = {
        "/api/Task": {"get": listed, "post": posted(sent, task)},
        "/api/Task/{id}": {"parameters": [item("id", WHOLE)], "get": got(task)},
    }
    with serve(paths) as server:
        client = server.client
        found = [made(client, "/api/Task", ProjectIDFK=n, Title="x")["TaskID"] for n in (1, 2)]
        rows = client.get("/api/Task?ProjectID=2").json()["Tasks"]
        assert [row["TaskID"] for row in rows] == found[1:]


def test_a_list_below_an_entity_shows_what_the_entity_holds() -> None:
    tag = thing("id", id=TEXT, name=TEXT)
    task = thing("id", id=TEXT, name=TEXT, tags=array(ref("Tag")))
    adding = posted(thing("tag", tag=TEXT), thing("", data={"type": "object"}), "200")
    paths = {
        **crud("/tags", thing("", name=TEXT), ref("Tag")),
        **crud("/tasks", thing("", name=TEXT), ref("Task")),
        "/tasks/{task_id}/addTag": {"parameters": [item("task_id")], "post": adding},
        "/tasks/{task_id}/tags": {"parameters": [item("task_id")], "get": got(array(ref("Tag")))},
    }
    with serve(paths, Tag=tag, Task=task) as server:
        client = server.client
        urgent = made(client, "/tags", name="urgent")["id"]
        made(client, "/tags", name="later")
        url = f"/tasks/{made(client, '/tasks', name='Draw')['id']}"
        assert keys(client, f"{url}/tags") == []
        client.post(f"{url}/addTag", json={"tag": urgent}).raise_for_status()
        assert [one["id"] for one in client.get(url).json()["tags"]] == [urgent]
        assert keys(client, f"{url}/tags") == [urgent]


def test_a_singleton_with_a_status_that_shows_who_calls_is_served() -> None:
    status = {**TEXT, "enum": ["pending", "active", "closed"]}
    account = thing("id", id=TEXT, email=TEXT, status=status)
    paths = {"/me/account": {"get": {**got(account), "summary": "The account of the caller"}}}
    with serve(paths) as server:
        assert server.client.get("/me/account").status_code == 200


def test_one_beside_the_page_of_several_is_the_one_that_is_made() -> None:
    entry = thing("id", id={**TEXT, "readOnly": True}, note=TEXT)
    both = thing("", data=thing("", entry=entry, entries=array(entry)))
    listed = thing("", data=thing("", entries=array(entry)))
    sent = thing("", entry=entry, entries=array(entry))
    paths = {
        "/entries": {"get": got(listed), "post": posted(sent, both)},
        "/entries/{entry_id}": {
            "parameters": [item("entry_id")],
            "get": got(thing("", data=thing("", entry=entry))),
        },
    }
    with serve(paths) as server:
        found = made(server.client, "/entries", entry={"note": "tea"})["data"]["entry"]
        assert found["note"] == "tea"
        assert server.client.get(f"/entries/{found['id']}").json()["data"]["entry"] == found


def test_what_lies_below_a_name_is_found_by_owner_and_name() -> None:
    """`/repos/{owner}/{repo}` where entities have numbers as ids, as with code hosts."""
    owner = thing("login", login=TEXT)
    repo = thing("id name owner", id={"type": "integer"}, name=TEXT, owner=owner)
    issue = thing("id self_url", id={"type": "integer"}, title=TEXT, self_url=TEXT)
    named = [item("owner"), item("repo")]
    paths = {
        "/repos": {
            "get": got(array(repo)),
            "post": posted(thing("name", name=TEXT, owner=owner), repo),
        },
        "/repos/{owner}/{repo}": {"parameters": named, "get": got(repo)},
        "/repos/{owner}/{repo}/issues": {
            "parameters": named,
            "get": got(array(issue)),
            "post": posted(thing("", title=TEXT), issue),
        },
        "/repos/{owner}/{repo}/issues/{issue_id}": {
            "parameters": [*named, item("issue_id")],
            "get": got(issue),
        },
    }
    with serve(paths) as server:
        client = server.client
        for login in ("ann", "bob"):
            sent = {"name": "tools", "owner": {"login": login}}
            client.post("/repos", json=sent).raise_for_status()
        url = "/repos/ann/tools/issues"
        one = made(client, url, title="a bug")
        assert one["self_url"].endswith(f"{url}/{one['id']}")
        assert client.get(one["self_url"]).json() == one
        assert client.get(f"{url}/{one['id']}").json() == one
        assert one["id"] in keys(client, url)
        assert one["id"] not in keys(client, "/repos/bob/tools/issues")
        assert client.get("/repos/ann/other/issues").status_code == 404


def test_links_beside_the_own_one_are_the_same_in_each_response() -> None:
    link = thing("href", href={**TEXT, "format": "uri"})
    links = thing("self test", self=link, test=link)
    hook = thing("id", id=TEXT, name=TEXT, _links=links)
    paths = {
        "/hooks": {"get": got(array(hook)), "post": posted(thing("", name=TEXT), hook)},
        "/hooks/{hook_id}": {"parameters": [item("hook_id")], "get": got(hook)},
    }
    with serve(paths) as server:
        one = made(server.client, "/hooks", name="a")
        assert server.client.get(f"/hooks/{one['id']}").json() == one
