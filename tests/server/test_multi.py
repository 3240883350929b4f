"""Several APIs in one process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from mockserver.errors import HeadersTooLarge, UsageError
from mockserver.server.clients import InProcessTransport
from mockserver.server.multi import Prefixed, serve_all
from mockserver.server.service import Service, Serving, prepare

DOCUMENTED = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
CANCEL = f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}/cancel"
RUNS = f"/v1/sim-suites/{DOCUMENTED}/runs/{DOCUMENTED}"
BOTH = {"authorization": "Bearer mock-key", "x-api-key": "mock-key"}


@contextmanager
def served(*arguments: str, folder: Path) -> Iterator[list[str]]:
    """The URLs that `mockserver serve` prints; it must exit cleanly when stopped."""
    command = [sys.executable, "-m", "mockserver", "serve", *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        yield re.findall(r"^  (http://\S+)  ", said, re.MULTILINE)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            _, complaints = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, complaints


def test_each_has_a_port_and_a_state_file_of_its_own(tmp_path: Path) -> None:
    arguments = ("feather", "truestate", "--port", "0", "--state", "worlds.json")
    with served(*arguments, folder=tmp_path) as (feather, truestate):
        assert httpx.get(feather + RUNS, headers=BOTH).status_code == 200
        assert httpx.patch(truestate + CANCEL, headers=BOTH).json()["status"] == "FAILED"
        assert httpx.get(truestate + RUNS, headers=BOTH).status_code == 404
        for url, name in ((feather, "feather"), (truestate, "truestate")):
            assert httpx.get(url + "/__mock__/health").json()["api"] == name
    assert {path.name for path in tmp_path.iterdir()} == {
        "worlds.feather.json",
        "worlds.truestate.json",
    }
    with served(*arguments, folder=tmp_path) as (_, truestate):
        session = httpx.get(truestate + CANCEL.removesuffix("cancel"), headers=BOTH)
        assert session.json()["status"] == "FAILED"


def test_or_all_have_one_port(tmp_path: Path) -> None:
    arguments = ("feather", "truestate", "--prefix", "--port", "0")
    with served(*arguments, folder=tmp_path) as (feather, truestate):
        assert feather.removesuffix("/feather") == truestate.removesuffix("/truestate")
        assert httpx.get(feather + RUNS, headers=BOTH).status_code == 200
        assert httpx.patch(truestate + CANCEL, headers=BOTH).json()["status"] == "FAILED"


@pytest.fixture(scope="module")
def prefixed() -> Prefixed:
    services = {}
    for name in ("feather", "truestate"):
        services[name] = Service(Serving(name))
        prepare(services[name], lambda: pytest.fail("nothing changes"))
    return Prefixed(services)


@pytest.fixture
def client(prefixed: Prefixed) -> Iterator[httpx.Client]:
    with httpx.Client(
        transport=InProcessTransport(prefixed), base_url="http://localhost", headers=BOTH
    ) as client:
        yield client


def test_a_prefix_leads_to_its_api(client: httpx.Client) -> None:
    assert client.get("/feather" + RUNS).status_code == 200
    assert client.patch("/truestate" + CANCEL).status_code == 200
    assert client.get("/truestate" + RUNS).status_code == 404
    assert client.get("/truestate" + RUNS).json().keys() == {"detail"}
    assert client.get("/feather" + CANCEL).json().keys() == {"error", "message"}
    assert client.get("/feather/__mock__/health").json()["api"] == "feather"


def test_redirects_stay_below_the_prefix(client: httpx.Client) -> None:
    assert client.get("/truestate/automations?a=1").headers["location"] == (
        "/truestate/automations/?a=1"
    )
    assert client.get("/truestate/automations", follow_redirects=True).status_code == 200


def test_links_of_the_front_page_do_too(client: httpx.Client) -> None:
    page = client.get("/truestate/__mock__/")
    links = re.findall(r'href="([^"]+)"', page.text)
    assert links
    for link in links:
        found = client.get(page.url.join(link))
        assert found.status_code == 200
        assert found.url.path.startswith("/truestate/__mock__/")


@pytest.mark.parametrize("path", ["/", "/other/v1", "/__mock__/health", "/feathers"])
def test_elsewhere_it_says_what_there_is(client: httpx.Client, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == (200 if path == "/" else 404)
    assert reply.json() == {"apis": {"feather": "/feather/", "truestate": "/truestate/"}}


@pytest.mark.parametrize("path", ["/feather", "/%66eather/", "/feather%2Fv1/agents"])
def test_odd_spellings_are_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_what_is_no_request_is_refused_in_the_words_of_its_api(prefixed: Prefixed) -> None:
    for target, keys in (
        ("/truestate/automations/", b'{"detail":'),
        ("/feather/v1", b'{"error":'),
        ("", b'{"error":'),
    ):
        assert prefixed.refuse(HeadersTooLarge(), target).body.startswith(keys)


@pytest.mark.parametrize(
    ("serving", "says"),
    [
        (Serving("feather", port=65535), "--port 65535 leaves no room for 2 APIs"),
        (Serving("feather", handlers=Path("a.py")), "--handlers is for a single API"),
    ],
)
def test_what_can_t_be_is_said(serving: Serving, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        serve_all(lambda: [serving, serving], lambda text: None)
