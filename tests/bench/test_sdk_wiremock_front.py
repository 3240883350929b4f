"""The front that answers what Fern's suites ask WireMock."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bench.sdk_suites.wiremock_front import FIND, Seen, matches, wiremock_front
from mockserver import MockServer
from tests.server.test_scenarios import JOBS

SEEN = Seen("GET", "/things?tag=a&tag=b&page=1", {"x-test-id": "one"})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"method": "GET", "urlPath": "/things"}, True),
        ({"method": "POST", "urlPath": "/things"}, False),
        ({"urlPath": "/thing"}, False),
        ({"headers": {"X-Test-Id": {"equalTo": "one"}}}, True),
        ({"headers": {"X-Test-Id": {"equalTo": "two"}}}, False),
        ({"queryParameters": {"page": {"equalTo": "1"}}}, True),
        ({"queryParameters": {"tag": {"hasExactly": [{"equalTo": "b"}, {"equalTo": "a"}]}}}, True),
        ({"queryParameters": {"tag": {"hasExactly": [{"equalTo": "a"}]}}}, False),
        ({"headers": {"Authorization": {"matches": "Bearer .+"}}}, False),
    ],
)
def test_a_pattern_matches_a_request(wanted: dict[str, Any], expected: bool) -> None:
    assert matches(SEEN, wanted) is expected


def test_requests_pass_and_are_counted() -> None:
    with MockServer(JOBS) as mock, wiremock_front(mock.url) as url:
        headers = {**mock.headers, "X-Test-Id": "mine"}
        body = {"format": "csv"}
        assert httpx.post(f"{url}/exports", json=body, headers=headers).status_code == 202
        assert httpx.get(f"{url}/exports?page=1", headers=headers).json()["data"]
        wanted = {"method": "GET", "urlPath": "/exports", "headers": {}}
        found = httpx.post(url + FIND, json=wanted).json()["requests"]
        assert [each["url"] for each in found] == ["/exports?page=1"]
