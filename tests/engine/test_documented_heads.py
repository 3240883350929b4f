"""A documented HEAD says what the GET of its path does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, collection, document, thing

TOTAL = {"X-Total-Count": {"schema": WHOLE}, "ETag": {"schema": TEXT}}


@pytest.fixture(params=["200", "204"])
def server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    whole = thing("name", id=TEXT, name=TEXT)
    paths = collection("/things", whole, thing("name", name=TEXT))
    paths["/things"]["get"]["responses"]["200"]["headers"] = TOTAL
    heads = {request.param: {"description": "", "headers": TOTAL}}
    paths["/things"]["head"] = {"responses": heads}
    paths["/things/{id}"]["head"] = {"responses": {request.param: {"description": ""}}}
    with MockServer(document(paths), clock="manual") as server:
        yield server


def test_a_head_of_a_list_has_its_total_and_its_etag(server: MockServer) -> None:
    before = server.client.get("/things").headers
    assert server.client.post("/things", json={"name": "new"}).status_code == 201
    listed, head = server.client.get("/things"), server.client.head("/things")
    assert int(head.headers["x-total-count"]) == len(listed.json())
    assert head.headers["etag"] == listed.headers["etag"] != before["etag"]


def test_a_head_of_an_entity_has_its_own_status_and_no_length(server: MockServer) -> None:
    path = "/things/" + server.client.post("/things", json={"name": "new"}).json()["id"]
    head = server.client.head(path)
    assert head.status_code in (200, 204)
    assert "content-length" not in head.headers
    assert server.client.delete(path).status_code == 204
    assert server.client.head(path).status_code == 404
