"""A status in codes behaves like one in words."""

from __future__ import annotations

from typing import Any

from mockserver import MockServer
from tests.support.documents import (
    WHOLE,
    array,
    obj,
    operation,
    path,
    ref,
    text,
    with_schemas,
)


def articles() -> dict[str, Any]:
    status = {**WHOLE, "description": "0 = draft, 1 = published, 2 = archived"}
    return with_schemas(
        {
            "/articles": path(
                get=operation("list", array(ref("Article")), query={"status": WHOLE}),
                post=operation("create", ref("Article"), status=201, sent=obj(title=text())),
            ),
            "/articles/{id}": path("id", get=operation("fetch", ref("Article"))),
            "/articles/{id}/publish": path("id", post=operation("publish", ref("Article"))),
            "/articles/{id}/archive": path("id", post=operation("archive", ref("Article"))),
            "/articles/{id}/unarchive": path("id", post=operation("unarchive", ref("Article"))),
        },
        Article=obj("id", "status", id=text(), title=text(), status=status),
    )


def test_verbs_set_the_codes_of_states() -> None:
    with MockServer(articles(), clock="manual") as mock:
        article = mock.client.post("/articles", json={"title": "news"}).json()
        assert article["status"] == 0
        url = f"/articles/{article['id']}"
        assert mock.client.post(f"{url}/publish").json()["status"] == 1
        assert mock.client.get(url).json()["status"] == 1
        assert mock.client.post(f"{url}/archive").json()["status"] == 2
        assert mock.client.post(f"{url}/unarchive").json()["status"] == 1


def test_lists_are_filtered_by_code() -> None:
    with MockServer(articles(), clock="manual") as mock:
        article = mock.client.post("/articles", json={"title": "news"}).json()
        mock.client.post(f"/articles/{article['id']}/publish")
        found = mock.client.get("/articles", params={"status": 1}).json()
        assert article["id"] in [row["id"] for row in found]
        found = mock.client.get("/articles", params={"status": 0}).json()
        assert article["id"] not in [row["id"] for row in found]
