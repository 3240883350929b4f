"""`--cors`: which pages may use the API in a browser; none may use the admin API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver.errors import UsageError
from mockserver.server.cors import check_origins
from tests.server.running import running

PAGE = "http://localhost:3000"
ASKS = {
    "origin": PAGE,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "x-api-key, content-type",
}


@pytest.mark.parametrize(("origins", "allowed"), [((PAGE,), PAGE), (("*",), "*"), ((), None)])
def test_a_page_may_use_the_api(origins: tuple[str, ...], allowed: str | None) -> None:
    with running("feather", cors=origins) as url:
        asked = httpx.options(f"{url}/v1/sim-suites", headers=ASKS)
        assert asked.headers.get("access-control-allow-origin") == allowed
        if allowed:
            assert asked.status_code == 200
            assert "x-api-key" in asked.headers["access-control-allow-headers"]
            assert "PUT" in asked.headers["access-control-allow-methods"]
        headers = {"origin": PAGE, "x-api-key": "mock-key"}
        for path in ("/v1/sim-suites", "/v1/nope"):  # an error has to be readable too
            answered = httpx.get(f"{url}{path}", headers=headers)
            assert answered.headers.get("access-control-allow-origin") == allowed


def test_another_page_may_not() -> None:
    with running("feather", cors=(PAGE,)) as url:
        headers = {**ASKS, "origin": "http://elsewhere.example"}
        assert httpx.options(f"{url}/v1/sim-suites", headers=headers).status_code == 400
        answered = httpx.get(f"{url}/v1/sim-suites", headers={"origin": "http://elsewhere.example"})
        assert "access-control-allow-origin" not in answered.headers


@pytest.mark.parametrize("path", ["", "/", "/state", "/clock"])
def test_the_admin_api_stays_closed(path: str) -> None:
    with running("feather", cors=("*",)) as url:
        answered = httpx.get(f"{url}/__mock__{path}", headers={"origin": PAGE})
        assert answered.status_code == 403
        assert "access-control-allow-origin" not in answered.headers
        asked = httpx.options(f"{url}/__mock__{path}", headers=ASKS)
        assert "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize("origin", ["localhost:3000", f"{PAGE}/", "http://[::1", "null", "", 7])
def test_what_is_no_origin_is_named(origin: Any) -> None:
    with pytest.raises(UsageError, match="--cors"):
        check_origins((str(origin),))
    check_origins((PAGE, "*", "https://app.example"))


def test_a_page_of_a_named_origin_may_send_credentials() -> None:
    with running("feather", cors=(PAGE, "https://app.example")) as url:
        asked = httpx.options(f"{url}/v1/sim-suites", headers=ASKS)
        assert asked.headers["access-control-allow-credentials"] == "true"
        assert asked.headers["access-control-allow-origin"] == PAGE
        headers = {"origin": PAGE, "cookie": "session=1", "x-api-key": "mock-key"}
        answered = httpx.get(f"{url}/v1/sim-suites", headers=headers)
        assert answered.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in answered.headers["vary"]
        exposed = answered.headers["access-control-expose-headers"].split(", ")
        assert "content-type" in exposed
        assert "*" not in exposed  # with credentials it would be the name of a header
        refused = httpx.get(f"{url}/v1/sim-suites", headers={"origin": PAGE})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-credentials"] == "true"


def test_any_page_may_not() -> None:
    with running("feather", cors=("*",)) as url:
        for headers in (ASKS, {**ASKS, "cookie": "session=1"}):
            asked = httpx.options(f"{url}/v1/sim-suites", headers=headers)
            assert "access-control-allow-credentials" not in asked.headers
            answered = httpx.get(f"{url}/v1/sim-suites", headers=headers)
            assert "access-control-allow-credentials" not in answered.headers
            assert answered.headers["access-control-expose-headers"] == "*"


def test_another_page_may_not_with_credentials_either() -> None:
    with running("feather", cors=(PAGE,)) as url:
        headers = {"origin": "http://elsewhere.example", "cookie": "session=1"}
        answered = httpx.get(f"{url}/v1/sim-suites", headers=headers)
        assert "access-control-allow-origin" not in answered.headers
