"""Keys from files in `.env` style."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.errors import UsageError
from mockserver.files.secrets import read_key_file
from mockserver.server.config_file import read_config
from mockserver.server.service import serving_of

TEXT = """
# of staging
export API_KEY=abc-1
DEBUG=1
BILLING_TOKEN = "def 2"   # the other team's
OTHER_SECRET='g#3'
PASSWORD=
TWICE_KEY=abc-1
"""
SPEC = {
    "openapi": "3.1.0",
    "info": {"title": "x", "version": "1"},
    "security": [{"key": []}],
    "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {"description": "ok"}}}}},
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}


def test_variables_that_are_named_like_a_key_have_one(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(TEXT, "utf-8")
    assert read_key_file(tmp_path / ".env") == ("abc-1", "def 2", "g#3")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"API_KEY=a\nAPI KEY=b\n", "line 2: write it as NAME=VALUE"),
        (b"DEBUG=1\n", "no variable is named like a key"),
        (b"", "no variable"),
        ("API_KEY=schl\u00fcssel\n".encode(), "line 1: no header can carry the value of API_KEY"),
        (b"\xff", "not UTF-8 text"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_no_good_says_where(tmp_path: Path, text: bytes | None, says: str) -> None:
    path = tmp_path / "keys.env"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(UsageError) as caught:
        read_key_file(path)
    assert str(caught.value).startswith(f"--key-file {path}")
    assert says in str(caught.value)


def test_the_keys_of_a_file_are_accepted(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(TEXT, "utf-8")
    config = tmp_path / "mockserver.toml"
    config.write_text('[serve]\nkey-file = ".env"\napi-key = "typed"\n', "utf-8")
    assert serving_of({}, read_config(config)).options.keys == ("typed", "abc-1", "def 2", "g#3")
    for options in ({"config": config}, {"key_file": tmp_path / ".env", "keys": ("typed",)}):
        with MockServer(SPEC, **options) as mock:  # type: ignore[arg-type]
            for key in ("abc-1", "def 2", "typed"):
                assert mock.client_for(key).get("/a").status_code == 200
            assert mock.client_for("abc-2").get("/a").status_code == 401
            (refused, *_) = mock.recorder.entries()
            assert refused.exchange.problem == (
                "The key in the header X-Key is not known. Any key that begins with mock- is "
                "accepted, and those of --api-key and --key-file."
            )
