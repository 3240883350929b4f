"""Operations that a real server answers, beside a mock or without one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from mockserver import MockServer
from mockserver.cli import cli
from mockserver.engine.pipeline import Message
from mockserver.errors import PlanError, UsageError
from mockserver.server.config_file import read_config
from mockserver.server.service import serving_of
from mockserver.server.upstream import Upstream, UpstreamError
from tests.server.running import running

PETS = Path(__file__).parent.parent / "fixtures/petstore.yaml"
OWNER = {"name": "Ann", "city": "Bonn"}
PET = {"name": "Rex", "tags": ["a"]}
KEY = {"authorization": "Bearer real-secret-of-the-vendor"}


@pytest.fixture(scope="module")
def real() -> Iterator[str]:
    """The vendor's server: another mock, with a world of its own."""
    with running(str(PETS), seed=7, pace=0, leniency=any_key()) as url:
        yield url


def any_key() -> Any:
    from mockserver.engine.leniency import Leniency

    return Leniency(any_key=True)


def journal(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{url}/__mock__/journal").json()["exchanges"]
    return found


def test_some_operations_go_to_the_upstream_and_ids_are_the_same_in_both(real: str) -> None:
    sources = {"/owners*": "upstream", "createPet": "mock", "*Pets": "mock"}
    with running(str(PETS), upstream=real, sources=sources, leniency=any_key()) as url:
        before = len(journal(real))
        with httpx.Client(base_url=url, headers=KEY) as client:
            owner = client.post("/owners", json=OWNER).json()
            assert client.get(f"/owners/{owner['id']}").json()["name"] == "Ann"
            assert httpx.get(f"{real}/owners/{owner['id']}", headers=KEY).json() == owner
            made = client.post(f"/owners/{owner['id']}/pets", json=PET)
            assert made.status_code == 201
            assert len(client.get(f"/owners/{owner['id']}/pets").json()) == 1
            assert client.post("/owners/999999/pets", json=PET).status_code == 404
            assert client.delete(f"/owners/{owner['id']}").status_code == 204
            assert client.get(f"/owners/{owner['id']}/pets").status_code == 404
        sent = [(one["method"], one["operation"]) for one in journal(real)][: -before or None]
        shown = {(one["operation"], one["upstream"] is not None) for one in journal(url)}
    assert sent == [
        ("DELETE", "deleteOwner"),
        ("GET", "getOwner"),
        ("GET", "getOwner"),
        ("POST", "createOwner"),
    ]
    assert shown == {
        ("createOwner", True),
        ("getOwner", True),
        ("deleteOwner", True),
        ("createPet", False),
        ("listPets", False),
    }


def test_what_the_mock_has_made_it_answers_itself(real: str) -> None:
    before = len(journal(real))
    with MockServer(PETS, upstream=real, from_upstream="getOwner") as mock:
        owner = mock.client.post("/owners", json=OWNER).json()
        assert mock.client.get(f"/owners/{owner['id']}").json()["name"] == "Ann"
        assert len(journal(real)) == before
        mock.client.get("/owners/12345678")
        assert len(journal(real)) == before + 1
        newest, *_ = mock.recorder.entries()
        assert newest.exchange.upstream == real.removeprefix("http://")


def test_a_stub_and_a_fault_count_before_the_upstream(real: str) -> None:
    before = len(journal(real))
    with MockServer(PETS, upstream=real, from_upstream="GET /owners/*") as mock:
        mock.stub("getOwner", status=404, when={"path": {"ownerId": 5}}, invalid=True, json={})
        assert mock.client.get("/owners/5").status_code == 404
        mock.faults.add("getOwner", status=503)
        assert mock.client.get("/owners/6").status_code == 503
    assert len(journal(real)) == before


class Vendor:
    """A server that answers each request with the same bytes."""

    def __init__(self, answer: bytes, drip: float = 0.0) -> None:
        self.answer, self.drip = answer, drip
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.ended = threading.Event()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._serve(self.socket.accept()[0])

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            if not self.drip:
                connection.sendall(self.answer)
                return
            for byte in self.answer:
                connection.sendall(bytes([byte]))
                if self.ended.wait(self.drip):
                    return

    def __enter__(self) -> Vendor:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.socket.close()


def reply(status: str, body: bytes, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
    return f"{head}connection: close\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (reply("200 OK", b'{"id": "x"}'), "does not fit: getOwner 200: "),
        (reply("200 OK", b"{"), "the body is not JSON"),
        (reply("200 OK", b"<p>", "text/html"), "getOwner 200: text/html is not documented"),
        (reply("418 Teapot", b"{}"), ""),
    ],
)
def test_responses_of_the_upstream_are_judged_and_passed_on(answer: bytes, says: str) -> None:
    with Vendor(answer) as vendor:
        with MockServer(PETS, upstream=vendor.url, from_upstream="getOwner") as mock:
            got = mock.client.get("/owners/1")
            (entry,) = mock.recorder.entries()
        assert got.content == answer.partition(b"\r\n\r\n")[2]
        assert says in entry.exchange.problem
        assert (says in got.headers["x-mock-violations"]) if says else got.status_code == 418
        assert entry.exchange.sent is not None
        assert entry.exchange.sent.undocumented == (got.status_code == 418)


async def asked(url: str, **bounds: Any) -> Any:
    return await Upstream(url, **bounds).ask(Message("GET", "/x"), "/x")


@pytest.mark.parametrize(
    ("answer", "drip", "status", "says"),
    [
        (None, 0.0, 502, "can't be reached"),
        (b"", 0.0, 502, "does not answer: Server disconnected"),
        (b"nonsense\r\n\r\n", 0.0, 502, "does not answer: "),
        (reply("200 OK", b"{}")[:-1], 0.0, 502, "does not answer: peer closed connection"),
        (reply("200 OK", b"[" * 100), 0.0, 502, "answers more than 10 bytes"),
        (reply("200 OK", b"{}"), 0.02, 504, "has not answered within 0.1 s"),
    ],
)
def test_an_upstream_in_trouble_is_said_to_be_so(
    answer: bytes | None, drip: float, status: int, says: str
) -> None:
    with Vendor(answer or b"", drip) as vendor:
        url = vendor.url if answer is not None else "http://127.0.0.1:9"
        with pytest.raises(UpstreamError) as caught:
            asyncio.run(asked(url, seconds=0.1 if drip else 10, most=10))
    assert caught.value.status == status
    assert str(caught.value).startswith(url.removeprefix("http://"))
    assert says in str(caught.value)


def test_an_upstream_that_is_not_there_is_a_502_in_the_journal() -> None:
    with MockServer(PETS, upstream="http://127.0.0.1:9", from_upstream="getOwner") as mock:
        got = mock.client.get("/owners/1")
        assert got.status_code == 502
        assert "127.0.0.1:9 can't be reached" in got.json()["error"]
        (entry,) = mock.recorder.entries()
        assert "can't be reached" in entry.exchange.problem


def test_paths_arrive_below_the_base_path_and_with_the_client_headers(real: str) -> None:
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "servers": [{"url": "https://api.example.com/v2"}],
        "paths": {
            "/pets/{id}": {
                "get": {
                    "operationId": "get",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                    ],
                    "responses": {"200": {"description": "ok"}},
                }
            }
        },
    }
    for url, asked_path, target in (
        (real, "/v2/pets/a%2Fb?x=1%262", "/v2/pets/a/b?x=1%262"),
        (real, "/pets/a%2Fb", "/v2/pets/a/b"),
        (f"{real}/v3/", "/v2/pets/a%2Fb", "/v3/pets/a/b"),
    ):
        with MockServer(document, upstream=url, from_upstream="get") as mock:
            mock.client.get(asked_path, headers={"x-own": "1", **KEY})
        assert journal(real)[0]["target"] == target
    (entry, *_) = httpx.get(f"{real}/__mock__/journal?format=har").json()["log"]["entries"][-1:]
    headers = {one["name"].lower() for one in entry["request"]["headers"]}
    assert {"x-own", "authorization"} <= headers
    assert "x-mock-tenant" not in headers


def test_a_proxy_passes_all_on_and_notes_what_does_not_fit(real: str) -> None:
    with running(str(PETS), upstream=real, proxy=True) as url:
        good = httpx.get(f"{url}/owners?limit=2", headers=KEY)
        assert good.status_code == 200
        assert "x-mock-violations" not in good.headers
        bad = httpx.get(f"{url}/owners?limit=0", headers=KEY)
        assert "query.limit" in bad.headers["x-mock-violations"]
        unknown = httpx.get(f"{url}/nowhere", headers=KEY)
        assert unknown.status_code == 404
        assert "There is no GET /nowhere." in unknown.headers["x-mock-violations"]
        first, second, third = reversed(journal(url))
    assert [one["target"] for one in reversed(journal(real)[:3])] == [
        "/owners?limit=2",
        "/owners?limit=0",
        "/nowhere",
    ]
    assert (first["violations"], first["problem"]) == ([], None)
    assert second["violations"][0]["where"] == ["query", "limit"]
    assert third["operation"] is None
    assert {one["upstream"] for one in (first, second, third)} == {real.removeprefix("http://")}


def test_a_proxy_with_errors_refuses_what_does_not_fit(real: str) -> None:
    before = len(journal(real))
    with running(str(PETS), upstream=real, proxy=True, errors=True) as url:
        assert httpx.get(f"{url}/owners?limit=2", headers=KEY).status_code == 200
        assert httpx.get(f"{url}/owners?limit=0", headers=KEY).status_code in (400, 422)
        assert httpx.get(f"{url}/nowhere", headers=KEY).status_code == 404
    assert len(journal(real)) == before + 1
    with (
        Vendor(reply("200 OK", b"{}")) as vendor,
        running(str(PETS), upstream=vendor.url, proxy=True, errors=True) as url,
    ):
        refused = httpx.get(f"{url}/owners/1")
        assert refused.status_code == 502
        assert "does not fit: getOwner 200" in refused.json()["error"]


def test_the_file_says_who_answers(tmp_path: Path) -> None:
    text = """
[serve]
upstream = "https://sandbox.example.com/v1"
from-upstream = ["tag:billing"]

[operations."/owners*"]
from = "upstream"

[operations.createOwner]
from = "mock"
action = "fixed"
"""
    path = tmp_path / "mockserver.toml"
    path.write_text(text, "utf-8")
    config = read_config(path)
    options = serving_of({}, config).options
    assert options.upstream == "https://sandbox.example.com/v1"
    assert options.sources == {
        "/owners*": "upstream", "createOwner": "mock", "tag:billing": "upstream"
    }  # fmt: skip
    assert options.leniency.any_key
    assert options.overrides == {"operations": {"createOwner": {"action": "fixed"}}}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"upstream": "http://x"}, "no operation goes there; name some with --from-upstream"),
        ({"from_upstream": "getOwner"}, "there is none: --upstream URL"),
        ({"upstream": "sandbox", "from_upstream": "getOwner"}, "--upstream sandbox: give an add"),
        ({"upstream": "http://x", "from_upstream": "getOwners"}, "did you mean 'getOwner'"),
        ({"upstream": "http://x", "from_upstream": "/owner"}, "did you mean '/owners'"),
    ],
)
def test_what_can_not_be_meant_is_said(options: Any, says: str) -> None:
    with pytest.raises((UsageError, PlanError)) as caught:
        MockServer(PETS, config=False, **options)
    assert says in str(caught.value)


def test_a_proxy_needs_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed = CliRunner().invoke(cli, ["proxy", "http://x"])
    assert "mockserver proxy URL openapi.yaml" in str(failed.exception)
    failed = CliRunner().invoke(cli, ["proxy", "x", str(PETS)])
    assert "URL x: give an address" in str(failed.exception)
