"""Access to the admin API: this machine or the token, and no pages of other sites."""

from __future__ import annotations

import httpx
import pytest

from mockserver.server.access import Guard
from mockserver.server.admin.app import admin_api
from mockserver.server.admin.request import Panel
from mockserver.server.clients import InProcessTransport
from mockserver.server.journal.journal import Journal
from mockserver.server.mock import load
from tests.server.plane import Plane

TOKEN = "geheim-ü-token"


@pytest.fixture(scope="module")
def plane() -> Plane:
    return Plane(Guard(names=frozenset({"mock.ci.internal"})))


@pytest.fixture(scope="module")
def with_token() -> Plane:
    return Plane(Guard(token=TOKEN))


@pytest.mark.parametrize("caller", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", None])
def test_this_machine_may(plane: Plane, caller: str | None) -> None:
    assert plane.client(caller).get("/health").status_code == 200


@pytest.mark.parametrize(
    "caller", ["10.0.0.7", "192.168.1.2", "::2", "::ffff:10.0.0.1", "128.0.0.1", "localhost", ""]
)
def test_another_machine_may_not(plane: Plane, caller: str) -> None:
    for method, path in (("GET", "/worlds"), ("POST", "/reset"), ("GET", "/nope"), ("GET", "/")):
        answer = plane.client(caller).request(method, path)
        assert answer.status_code == 403
        assert "--control-token" in answer.json()["error"]


@pytest.mark.parametrize(
    "header",
    [
        "CF-Connecting-IP",
        "Forwarded",
        "True-Client-IP",
        "Via",
        "X-Client-IP",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Real-IP",
    ],
)
def test_a_proxy_on_this_machine_speaks_for_others(plane: Plane, header: str) -> None:
    assert plane.client().get("/worlds", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize("caller", ["10.0.0.7", "2001:db8::1"])
def test_everybody_may_ask_whether_it_is_up_and_hears_no_more(plane: Plane, caller: str) -> None:
    for path in ("/__mock__/health", "/healthz", "/readyz"):
        answer = plane.client(caller).get(f"http://mock.local{path}")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert plane.client(caller).post(f"http://mock.local{path}").status_code == 405


def test_a_browser_is_led_from_the_root_to_the_dashboard(plane: Plane) -> None:
    client, root = plane.client(), "http://mock.local/"
    led = client.get(root, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (led.status_code, led.headers["location"]) == (307, "__mock__/")
    assert client.get(root, headers={"accept": "application/json"}).status_code == 404
    assert client.post(root, headers={"accept": "text/html"}).status_code == 404


def test_a_root_that_the_document_has_is_its_own() -> None:
    paths = {"/": {"get": {"operationId": "home", "responses": {"200": {"description": "ok"}}}}}
    document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": paths}
    mock = load(document)
    app = mock.app(admin_api(Panel(mock, Journal(), "x"), Guard()))
    client = httpx.Client(transport=InProcessTransport(app), base_url="http://localhost")
    assert client.get("/", headers={"accept": "text/html"}).status_code == 200


def test_while_it_drains_a_load_balancer_is_turned_away(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plane.panel, "draining", True)
    statuses = [
        plane.client("10.0.0.7").get(f"http://mock.local{path}").status_code
        for path in ("/readyz", "/healthz")
    ]
    assert statuses == [503, 200]


def test_another_machine_may_with_the_token(with_token: Plane) -> None:
    for headers in (
        {"x-mock-token": TOKEN.encode()},
        {"authorization": b"Bearer " + TOKEN.encode()},
        {"authorization": b"bearer " + TOKEN.encode()},
    ):
        for host in ("127.0.0.1", "mock.example.com"):
            answer = with_token.client("10.0.0.7").get(
                "/health", headers={**headers, "host": host.encode()}
            )
            assert answer.status_code == 200, answer.text


def test_a_wrong_token_is_401_even_here(with_token: Plane) -> None:
    for caller in ("127.0.0.1", "10.0.0.7"):
        for headers in (
            {"x-mock-token": "wrong"},
            {"x-mock-token": ""},
            {"authorization": "Bearer wrong"},
            {"x-mock-token": TOKEN.encode(), "authorization": b"Bearer wrong"},
        ):
            answer = with_token.client(caller).get("/health", headers=headers)  # type: ignore[arg-type]
            assert answer.status_code == 401


def test_no_token_was_set_so_none_opens(plane: Plane) -> None:
    for token in ("", "x"):
        client = plane.client("10.0.0.7")
        assert client.get("/worlds", headers={"x-mock-token": token}).status_code == 403


def test_without_the_token_this_machine_may(with_token: Plane) -> None:
    assert with_token.client().get("/health").status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8000",
        "localhost",
        "localhost:8000",
        "LOCALHOST:1",
        "mock.localhost",
        "[::1]",
        "[::1]:8000",
        "192.168.1.5:8000",
        "mock.ci.internal:8000",
        "localhost.",
    ],
)
def test_own_hosts(plane: Plane, host: str) -> None:
    assert plane.client().get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "evil.com:8000",
        "localhost.evil.com",
        "127.0.0.1.evil.com",
        "127.0.0.1.nip.io",
        "evillocalhost",
        "",
        "[::1",
        "[::1]evil.com",
        "127.0.0.1:evil.com",
        "127.0.0.1@evil.com",
        "127.0.0.1, evil.com",
        "\xe4\xe4.com",
    ],
)
def test_a_foreign_host_is_refused(plane: Plane, host: str) -> None:
    for method, path in (("GET", "/state"), ("POST", "/reset")):
        answer = plane.client().request(method, path, headers={b"host": host.encode("latin-1")})
        assert answer.status_code == 403
        assert answer.json()["error"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.com",
        "https://evil.com",
        "null",
        "",
        "http://127.0.0.1",
        "http://127.0.0.1:3000",
        "http://localhost:8000",
        "https://127.0.0.1:8000",
        "http://127.0.0.1:8000.evil.com",
        "file://",
        "http://[",
    ],
)
def test_a_page_of_another_origin_is_refused(with_token: Plane, origin: str) -> None:
    for headers in ({}, {"x-mock-token": TOKEN.encode()}):
        answer = with_token.client().post("/reset", headers={**headers, "origin": origin.encode()})
        assert answer.status_code == 403


def test_an_own_page_may(plane: Plane) -> None:
    own = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert plane.client().post("/reset", headers=own).status_code == 200


def test_the_api_itself_takes_any_host_and_origin(plane: Plane) -> None:
    answer = plane.client("10.0.0.7").get(
        "http://127.0.0.1:8000/things/a",
        headers={"host": "evil.com", "origin": "http://evil.com", "key": "mock-key"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "new-thing", ""])
def test_a_cross_site_request_is_refused(plane: Plane, site: str) -> None:
    # A form of another site posts text/plain without asking first; some send no Origin.
    headers = {"sec-fetch-site": site, "content-type": "text/plain"}
    for method, path in (("POST", "/reset"), ("GET", "/state"), ("DELETE", "/journal")):
        answer = plane.client().request(method, path, headers=headers)
        assert answer.status_code == 403


def test_a_link_to_here_may_be_followed_but_not_framed(plane: Plane) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    client = plane.client()
    assert client.get("/", headers={**link, "sec-fetch-dest": "document"}).status_code == 200
    assert client.get("/", headers={**link, "sec-fetch-dest": "iframe"}).status_code == 403
    post = client.post("/reset", headers={**link, "sec-fetch-dest": "document"})
    assert post.status_code == 403


def test_a_preflight_is_not_answered_for_others(plane: Plane) -> None:
    headers = {"origin": "http://evil.com", "access-control-request-method": "PUT"}
    answer = plane.client().options("/state", headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
