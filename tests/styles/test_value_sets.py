"""Sets of values that an entity shows and paths below it change: labels, admins, scopes."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import array, obj, operation, path, ref, text, with_schemas

LABELS = "/issues/{id}/labels"


def issues(paths: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    own = {
        "/issues": {"post": operation("open", ref("Issue"), status=201, sent=obj(title=text()))},
        "/issues/{id}": path("id", get=operation("getIssue", ref("Issue"))),
    }
    return with_schemas({**own, **paths}, Issue=obj("id", id=text(), title=text(), **more))


ADD = operation("add", ref("Issue"), sent=obj("labels", labels=array(text())))
SET = operation("set", ref("Issue"), sent=array(text()))
REMOVE = operation("remove", status=204)


@pytest.mark.parametrize("objects", [False, True])
def test_values_are_added_set_and_taken(objects: bool) -> None:
    item = obj("name", name=text()) if objects else text()
    paths = {
        LABELS: path("id", post=ADD, put=SET, delete=REMOVE),
        f"{LABELS}/{{name}}": path("id", "name", delete=REMOVE),
    }
    with MockServer(issues(paths, labels=array(item))) as mock:
        client = mock.client
        url = "/issues/" + client.post("/issues", json={"title": "t"}).json()["id"]

        def labels() -> list[Any]:
            found = client.get(url).json().get("labels", [])
            return [one["name"] if objects else one for one in found]

        added = client.post(f"{url}/labels", json={"labels": ["a", "b"]}).json()
        assert added == client.get(url).json()
        client.post(f"{url}/labels", json={"labels": ["b", "c"]})
        assert labels() == ["a", "b", "c"]
        assert client.delete(f"{url}/labels/b").status_code == 204
        assert labels() == ["a", "c"]
        client.put(f"{url}/labels", json=["x"])
        assert labels() == ["x"]
        client.delete(f"{url}/labels")
        assert labels() == []
        assert client.post("/issues/nothing/labels", json={"labels": []}).status_code == 404


def test_values_that_only_their_path_shows() -> None:
    """One at a time, and removed by a query."""
    remove = operation("remove", status=204, query={"label": text()})
    paths = {
        LABELS: path(
            "id",
            get=operation("list", array(text())),
            post=operation("add", array(text()), sent=obj("label", label=text())),
            delete=remove,
        )
    }
    with MockServer(issues(paths)) as mock:
        client = mock.client
        url = f"/issues/{client.post('/issues', json={'title': 't'}).json()['id']}/labels"
        assert client.post(url, json={"label": "a"}).json() == ["a"]
        assert client.post(url, json={"label": "b"}).json() == ["a", "b"]
        assert client.delete(f"{url}?label=a").status_code == 204
        assert client.get(url).json() == ["b"]
