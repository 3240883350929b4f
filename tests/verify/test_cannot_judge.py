"""An untestable server ends the run with one clear line and exit code 2, never a traceback."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockserver import MockServer
from mockserver.cli.fuzz import fuzz
from mockserver.cli.test import test as judge
from mockserver.errors import UsageError
from mockserver.openapi.build import build_contract
from mockserver.verify.http import Wire, WireError
from mockserver.verify.target import Target, preflight
from tests.verify import broken_servers, jobs_server
from tests.verify.broken_servers import serving


def refused(*arguments: str) -> str:
    """The message of a run that could not test the server."""
    outcome = CliRunner().invoke(judge, [*arguments, "--timeout", "0.5", "-q"])
    assert isinstance(outcome.exception, UsageError), outcome.output
    return str(outcome.exception)


def test_nobody_listens() -> None:
    url = broken_servers.dead()
    message = refused("--url", url)
    assert "no server listens" in message
    assert url in message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (broken_servers.hangs, "did not respond within 0.5 s"),
        (broken_servers.closes, "closes the connection"),
        (broken_servers.page, "web page"),
        (broken_servers.gateway, "gateway without a service behind"),
        (broken_servers.no_http, "closes the connection"),
    ],
)
def test_nothing_to_judge(answer: object, words: str) -> None:
    with serving(answer) as url:  # type: ignore[arg-type]
        message = refused("--url", url)
    assert words in message
    assert url in message
    assert "\n" not in message


def test_no_address_is_given() -> None:
    assert "--url is missing" in refused()


def test_a_configuration_needs_no_server(tmp_path: Path) -> None:
    file = tmp_path / "schemathesis.toml"
    outcome = CliRunner().invoke(judge, ["--write-config", str(file)])
    assert (outcome.exit_code, outcome.output) == (0, "")
    assert "`mockserver test feather`" in file.read_text(encoding="utf-8")


def test_the_key_is_refused(mock: MockServer) -> None:
    message = refused("--url", mock.url, "--api-key", "no-good")
    assert "refuses the key (401" in message
    assert "--api-key" in message
    assert "no-good" not in message


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://example.com", "http://"])
def test_no_address(url: str) -> None:
    assert "is not a URL" in refused("--url", url)


def test_no_document(tmp_path: Path) -> None:
    assert "no such file" in refused(str(tmp_path / "none.json"), "--url", "http://127.0.0.1:1")


def test_a_bad_header() -> None:
    assert "is not a header" in refused("--url", "http://127.0.0.1:1", "-H", "nonsense")


def test_the_exit_code_is_2_without_a_traceback() -> None:
    command = [sys.executable, "-m", "mockserver", "test", "--url", broken_servers.dead(), "-q"]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert outcome.returncode == 2
    assert "no server listens" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1


def test_fuzz_asks_for_what_it_needs(tmp_path: Path) -> None:
    def message(*arguments: str) -> str:
        outcome = CliRunner().invoke(fuzz, [*arguments, "--ledger", str(tmp_path / "l")])
        return str(outcome.exception)

    assert "STAGING_URL" in message()
    assert "--allow-host" in message("--url", "https://example.com")
    url = ["--url", "http://127.0.0.1:1", "--allow-host", "127.0.0.1"]
    assert "STAGING_API_KEY" in message(*url)
    assert "is not a ledger" in message("--cleanup", __file__)


def test_a_run_that_could_not_begin_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(broken_servers.page) as url:
        refused("--url", url)
    assert not list(tmp_path.iterdir())


class Elsewhere:
    """A service without this API: the list of rooms is not there, or there is none yet."""

    def __init__(self, says: str) -> None:
        self.says = says

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        return 404, {"detail": "no rooms yet" if path == "/rooms" else f"{self.says} {path}"}


@pytest.mark.parametrize("says", ["not found:", "Cannot GET", "no such page"])
def test_a_single_list_that_is_like_any_other_path_is_no_list(says: str) -> None:
    listed = {"operationId": "list", "responses": {"200": {"description": "Rooms."}}}
    info = {"title": "Rooms", "version": "1"}

    def asked(path: str) -> None:
        document = {"openapi": "3.1.0", "info": info, "paths": {path: {"get": listed}}}
        with jobs_server.serving(Elsewhere(says)) as url:
            preflight(Target(build_contract(document), url, ""))

    with pytest.raises(UsageError, match="does not serve this API"):
        asked("/halls")
    asked("/rooms")


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_a_certificate_of_ones_own_is_trusted_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    words += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=sandbox"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(words, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}"
        with pytest.raises(WireError, match=r"not trusted .* in SSL_CERT_FILE"):
            Wire(url, 5).send("HEAD", "/", headers={})
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert Wire(url, 5).send("HEAD", "/", headers={}).status == 200
        server.shutdown()
