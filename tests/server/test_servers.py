"""The servers of a document: base paths are part of the URL, and may be omitted."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.openapi.build import base_paths

OK = {"responses": {"200": {"description": ""}}}
VERSIONS = {
    "url": "https://{region}.vendor.test/{stage}/{version}/",
    "variables": {
        "region": {"default": "eu", "enum": ["eu", "us"]},
        "stage": {"default": "live"},
        "version": {"default": "v2", "enum": ["v1", "v2"]},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "servers": [VERSIONS, {"url": "/internal"}, {"url": "https://vendor.test"}],
    "paths": {
        "/export": {"get": OK},
        "/upload": {"servers": [{"url": "https://uploads.vendor.test/files"}], "post": OK},
        "/ping": {"get": {**OK, "servers": [{"url": "//health.vendor.test/a/b"}]}, "put": OK},
        "/internal/export": {"delete": OK},
    },
}


@pytest.mark.parametrize(
    ("servers", "paths"),
    [
        ([], ()),
        ([{"url": "https://x.test"}], ("",)),
        ([{"url": "/"}, {"url": "v1"}, {"url": "./v1/"}], ("", "/v1")),
        ([{"url": "https://x.test//a//b/?q#f"}], ("/a/b",)),
        ([VERSIONS], ("/live/v2", "/live/v1")),
        ([{"url": "/{a}", "variables": {"a": {"default": ""}}}], ("",)),
        ([{"url": "/{unknown}"}, None, {}], ("/{unknown}", "")),
    ],
)
def test_base_paths(servers: list[Any], paths: tuple[str, ...]) -> None:
    assert base_paths(servers) == paths


def test_many_values_are_not_multiplied_without_end() -> None:
    variables = {n: {"default": "0", "enum": [str(k) for k in range(50)]} for n in "abcdef"}
    found = base_paths([{"url": "/{a}/{b}/{c}/{d}/{e}/{f}", "variables": variables}])
    assert found[0] == "/0/0/0/0/0/0"
    assert len(found) <= 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/live/v2/export", 200),
        ("GET", "/live/v1/export", 200),
        ("GET", "/live/v3/export", 404),
        ("GET", "/internal/export", 200),
        ("DELETE", "/internal/export", 200),
        ("DELETE", "/internal/internal/export", 200),
        ("GET", "/export", 200),
        ("POST", "/files/upload", 200),
        ("POST", "/upload", 200),
        ("GET", "/files/export", 404),
        ("GET", "/a/b/ping", 200),
        ("PUT", "/live/v1/ping", 200),
    ],
)
def test_where_operations_are(method: str, path: str, status: int) -> None:
    with MockServer(DOCUMENT) as server:
        assert server.client.request(method, path).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status", "hint"),
    [
        ("GET", "/live/v1/export", 200, ""),
        ("GET", "/internal/export", 200, ""),
        ("GET", "/export", 404, "try /live/v2/export"),
        ("POST", "/upload", 404, "try /files/upload"),
        ("POST", "/files/upload", 200, ""),
        ("POST", "/live/v2/upload", 404, ""),
        ("GET", "/nowhere", 404, ""),
    ],
)
def test_strict_base_paths(method: str, path: str, status: int, hint: str) -> None:
    own = {**DOCUMENT, "servers": DOCUMENT["servers"][:2]}
    with MockServer(own, strict_base_path=True) as server:
        found = server.client.request(method, path)
        assert found.status_code == status
        assert hint in found.text
        assert ("The paths of this API begin with" in found.text) == bool(hint)
