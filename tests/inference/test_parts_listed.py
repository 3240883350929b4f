"""Lists and items elsewhere of what lies below other entities."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from tests.support.documents import TEXT, answer, body, document, one_of, thing

AUDIT = thing("id", id=TEXT, title=TEXT, siteId=TEXT, status=one_of("RUNNING", "COMPLETE"))
SITE = thing("id", id=TEXT, name=TEXT)


def named(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


def below(path: str, rows: Any) -> dict[str, Any]:
    """Sites with audits; `path` lists audits as well."""
    made = {"requestBody": body(thing(title=TEXT)), "responses": {"201": answer(AUDIT)}}
    one = {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(SITE)}}
    many = thing(sites={"type": "array", "items": SITE})
    return {
        "/sites": {"post": one, "get": {"responses": {"200": answer(many)}}},
        "/sites/{siteId}": {
            "parameters": named("siteId"),
            "get": {"responses": {"200": answer(SITE)}},
        },
        "/sites/{siteId}/audits": {"parameters": named("siteId"), "post": made},
        path: {
            "get": {"responses": {"200": answer(thing(items={"type": "array", "items": rows}))}}
        },
    }


@pytest.mark.parametrize("path", ["/site-audits", "/siteAudits", "/v1/site_audits", "/siteaudits"])
def test_a_list_that_is_named_after_both_has_them(path: str) -> None:
    rows = thing("id", id=TEXT, title=TEXT, status=AUDIT["properties"]["status"])
    with MockServer(document(below(path, rows))) as server:
        site = server.client.post("/sites", json={"name": "here"}).json()["id"]
        made = server.client.post(f"/sites/{site}/audits", json={"title": "first"}).json()
        found = server.client.get(path).json()["items"]
        there = [row for row in found if row["id"] == made["id"]]
        assert [row["title"] for row in there] == (["first"] if path != "/siteaudits" else [])


def test_what_is_called_alike_and_is_something_else_stays_apart() -> None:
    rows = thing("code", code=TEXT, price={"type": "number"}, currency=TEXT, country=TEXT)
    found = build_plan(build_contract(document(below("/site-audits", rows)))).resources
    assert found["sites.audits"].collections == ("/sites/{siteId}/audits",)


@pytest.mark.parametrize("parameter", ["auditId", "audit_id"])
def test_an_item_path_that_is_named_after_both_reads_them(parameter: str) -> None:
    schemas = {"Audit": AUDIT}
    shown = {"$ref": "#/components/schemas/Audit"}
    paths = below("/site-audits", shown)
    paths["/sites/{siteId}/audits"]["post"]["responses"] = {"201": answer(shown)}
    for path in ("/sites/{siteId}/audits", "/site-audits"):
        names = ["siteId", parameter] if path.startswith("/sites") else [parameter]
        paths[f"{path}/{{{parameter}}}"] = {
            "parameters": named(*names), "get": {"responses": {"200": answer(shown)}}
        }  # fmt: skip
    with MockServer(document(paths, schemas=schemas)) as server:
        site = server.client.post("/sites", json={"name": "here"}).json()["id"]
        made = server.client.post(f"/sites/{site}/audits", json={"title": "first"}).json()
        assert server.client.get(f"/site-audits/{made['id']}").json() == made


@pytest.mark.parametrize("wrapper", ["AuditsResponse", "AuditPage", "auditList"])
def test_the_only_wrapper_of_a_list_is_named_after_it(wrapper: str) -> None:
    rows = thing(**{wrapper: thing(Item={"type": "array", "items": AUDIT}, NextToken=TEXT)})
    paths = {
        "/audits/export": {
            "get": {"responses": {"200": answer(rows)}},
            "post": {
                "requestBody": body(thing(title=TEXT)),
                "responses": {"202": answer(AUDIT)},
            },
        },
        "/audits/export/{auditId}": {
            "parameters": named("auditId"),
            "get": {"responses": {"200": answer(AUDIT)}},
        },
    }
    renamed = {path.replace("audits/export", "audit"): each for path, each in paths.items()}
    with MockServer(document(renamed)) as server:
        made = server.client.post("/audit", json={"title": "first"}).json()
        shown = server.client.get("/audit").json()[wrapper].get("Item", ())
        assert made in shown


def test_what_is_made_below_one_and_read_alone_is_the_same() -> None:
    paths = below("/site-audits", AUDIT)
    named_alike = thing("id", id=TEXT, title=TEXT, siteId=TEXT, note=TEXT)
    named_alike["properties"]["status"] = AUDIT["properties"]["status"]
    schemas = {"Audit": AUDIT, "FullAudit": named_alike}
    made = {"$ref": "#/components/schemas/Audit"}
    paths["/sites/{siteId}/audits"]["post"]["responses"] = {"201": answer(made)}
    paths["/audits/{auditId}"] = {
        "parameters": named("auditId"),
        "get": {"responses": {"200": answer({"$ref": "#/components/schemas/FullAudit"})}},
    }
    with MockServer(document(paths, schemas=schemas)) as server:
        site = server.client.post("/sites", json={"name": "here"}).json()["id"]
        own = server.client.post(f"/sites/{site}/audits", json={"title": "first"}).json()["id"]
        assert server.client.get(f"/audits/{own}").json()["title"] == "first"


@pytest.mark.parametrize("path", ["/{siteId}/audits", "/{account}/site-audits"])
def test_what_lies_below_an_id_alone_has_no_owner_by_name(path: str) -> None:
    paths = below("/audits", AUDIT)
    made = paths.pop("/sites/{siteId}/audits")
    paths[path] = {**made, "parameters": named(path[2 : path.index("}")])}
    assert build_plan(build_contract(document(paths))).resources
