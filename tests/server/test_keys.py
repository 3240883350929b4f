"""`--keys`: only what is on the list is valid, for its tenant, its scopes and its time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.errors import RateLimited, UsageError
from mockserver.server.clients import InProcessTransport
from mockserver.server.keys import KeyList, Rates, read_keys
from mockserver.server.mock import Options, load

TEXT = f"""
[alice]
key = "sk-alice"
tenant = "team-a"
[bob]
key = "sk-bob"
tenant = "team-a"
requests_per_second = 2
[carol]
sha256 = "{hashlib.sha256(b"sk-carol").hexdigest()}"
scopes = ["read"]
expires = 2027-01-31T00:00:00Z
"""
THING = {"type": "object", "properties": {"id": {"type": "string", "readOnly": True}}}
CONTENT = {"application/json": {"schema": THING}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "security": [{"oauth": ["read"]}],
    "paths": {
        "/things": {
            "get": {
                "responses": {"200": {"description": "", "content": {
                    "application/json": {"schema": {"type": "array", "items": THING}}}}}
            },
            "post": {
                "requestBody": {"content": CONTENT},
                "responses": {"201": {"description": "", "content": CONTENT}},
            },
        },
        "/open": {"get": {"security": [], "responses": {"204": {"description": ""}}}},
    },
    "components": {
        "securitySchemes": {
            "oauth": {"type": "oauth2", "flows": {"clientCredentials": {
                "tokenUrl": "/token", "scopes": {"read": "", "write": ""}}}}
        }
    },
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "keys.toml"
    found.write_text(TEXT)
    return found


@pytest.fixture
def client(path: Path) -> Iterator[httpx.Client]:
    mock = load(DOCUMENT, Options(key_list=path, clock="manual", seeds="none"))
    transport = InProcessTransport(mock.app())
    with httpx.Client(transport=transport, base_url="http://mock.local") as found:
        yield found


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_only_listed_keys_are_valid(client: httpx.Client) -> None:
    assert client.get("/things", headers=bearer("sk-alice")).status_code == 200
    for key in ("mock-key", "sk-nobody", "team-a", ""):
        refused = client.get("/things", headers=bearer(key))
        assert refused.status_code == 401
    for way in ("any-key", "lenient"):
        lenient = {**bearer("sk-nobody"), "prefer": way}
        assert client.get("/things", headers=lenient).status_code == 401


def test_keys_of_one_tenant_share_a_world(client: httpx.Client) -> None:
    client.post("/things", headers=bearer("sk-alice"), json={})
    assert len(client.get("/things", headers=bearer("sk-bob")).json()) == 1
    assert client.get("/things", headers=bearer("sk-carol")).json() == []


def test_a_tenant_can_not_be_chosen(client: httpx.Client) -> None:
    named = {**bearer("sk-carol"), "x-mock-tenant": "team-a"}
    client.post("/things", headers=bearer("sk-alice"), json={})
    assert client.get("/things", headers=named).json() == []
    assert client.get("/open", headers={"x-mock-tenant": "team-a"}).status_code == 204


def test_a_key_without_the_scope_is_refused(client: httpx.Client, path: Path) -> None:
    path.write_text(TEXT.replace('"read"', '"write"'))
    mock = load(DOCUMENT, Options(key_list=path))
    with httpx.Client(transport=InProcessTransport(mock.app()), base_url="http://m") as other:
        assert other.get("/things", headers=bearer("sk-carol")).status_code == 403


def test_a_key_ends(path: Path) -> None:
    now = [1_800_000_000.0]
    keys = KeyList(path, now=lambda: now[0])
    carol = keys("sk-carol")
    assert carol is not None
    assert (carol.tenant, carol.scopes, carol.problem) == ("carol", frozenset({"read"}), "")
    now[0] = 1_900_000_000.0
    carol = keys("sk-carol")
    assert carol is not None
    assert carol.problem == "has expired"


def test_a_changed_file_is_read_again(path: Path, said: pytest.LogCaptureFixture) -> None:
    elapsed = [0.0]
    keys = KeyList(path, elapsed=lambda: elapsed[0])
    path.write_text('[dave]\nkey = "sk-dave"\n')
    assert keys("sk-dave") is None
    elapsed[0] = 2
    assert keys("sk-dave") is not None
    assert keys("sk-alice") is None
    path.write_text("[dave]\nkey = 5\n")
    elapsed[0] = 4
    assert keys("sk-dave") is not None
    assert "the keys stay as they were" in said.messages[-1]
    path.unlink()
    elapsed[0] = 6
    assert keys("sk-dave") is not None


def test_requests_a_second(path: Path) -> None:
    now = [0.0]
    rates = Rates({"a": 2.0, "b": None}.get, lambda: now[0])
    for _ in range(1000):
        rates("b")
    rates("a")
    rates("a")
    with pytest.raises(RateLimited) as caught:
        rates("a")
    assert caught.value.headers["retry-after"] == "1"
    now[0] = 0.5
    rates("a")
    with pytest.raises(RateLimited):
        rates("a")
    assert KeyList(path).rate("team-a") is None  # one of its keys has no bound


def test_too_many_requests_are_429(path: Path) -> None:
    path.write_text('[bob]\nkey = "sk-bob"\nrequests_per_second = 0.001\n')
    mock = load(DOCUMENT, Options(key_list=path))
    with httpx.Client(transport=InProcessTransport(mock.app()), base_url="http://m") as client:
        statuses = [client.get("/things", headers=bearer("sk-bob")).status_code for _ in range(3)]
    assert statuses == [200, 429, 429]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there are no keys"),
        ("[a", "not TOML"),
        ('a = "b"', r"\[a\] is a table"),
        ("[a]\n", "needs one of key and sha256"),
        ('[a]\nkey = "b"\nsha256 = "c"\n', "needs one of"),
        ('[a]\nkey = "b"\nscope = []\n', r"did you mean 'scopes'\?"),
        ('[a]\nsha256 = "xyz"\n', "64 hexadecimal digits"),
        ('[a]\nkey = "b"\nexpires = "tomorrow"\n', "is no date"),
        ('[a]\nkey = "b"\nscopes = "read"\n', "not a list"),
        ('[a]\nkey = "b"\nrequests_per_second = 0\n', "not above 0"),
        ('[a]\nkey = "b"\nrequests_per_second = true\n', "not a number"),
        ('[a]\nkey = "b"\n[c]\nkey = "b"\n', "an earlier one has"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(path: Path, text: str, why: str) -> None:
    path.write_text(text)
    with pytest.raises(UsageError, match=why):
        read_keys(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_keys(tmp_path / "none")
