"""A dead or half-dead real side is an error, never a difference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver import MockServer
from mockserver.cli.diff import diff
from mockserver.errors import UsageError
from mockserver.verify.diff.runner import CannotJudge
from tests.support.fault_proxy.proxy import the_proxy
from tests.verify import broken_servers
from tests.verify.broken_servers import serving
from tests.verify.diff.small import DOCUMENT, differ, planted, served


def refused(tmp_path: Path, *arguments: str) -> str:
    ledger = str(tmp_path / "ledger.ndjson")
    options = ["--timeout", "0.5", "-q", "--ledger", ledger]
    outcome = CliRunner().invoke(diff, [*options, *arguments])
    assert isinstance(outcome.exception, UsageError), outcome.output
    return str(outcome.exception)


def test_nobody_listens(tmp_path: Path) -> None:
    url = broken_servers.dead()
    assert f"no server listens at {url}" in refused(tmp_path, "--real", url)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (broken_servers.hangs, "did not respond within 0.5 s"),
        (broken_servers.closes, "closes the connection"),
        (broken_servers.page, "web page"),
        (broken_servers.gateway, "gateway without a service behind"),
    ],
)
def test_nothing_to_judge(answer: object, words: str, tmp_path: Path) -> None:
    with serving(answer) as url:  # type: ignore[arg-type]
        assert words in refused(tmp_path, "--real", url)


def test_the_key_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "shelves.json"
    document.write_text(json.dumps(DOCUMENT))
    with MockServer(DOCUMENT, clock="manual") as mock:
        message = refused(tmp_path, str(document), "--real", mock.url, "--api-key", "no-good")
    assert "no-good" not in message
    assert "refuses the key (401" in message


def test_another_host_has_to_be_allowed(tmp_path: Path) -> None:
    assert "--allow-host" in refused(tmp_path, "--real", "https://sandbox.example.com")


def test_a_mock_that_is_none(tmp_path: Path) -> None:
    document = tmp_path / "shelves.json"
    document.write_text(json.dumps(DOCUMENT))
    with served(1) as url:
        message = refused(
            tmp_path,
            str(document),
            "--real",
            url,
            "--mock",
            broken_servers.dead(),
            "--timeout",
            "9",
        )
    assert "no mockserver responds there" in message


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (planted("POST /shelves", "status", to=503), "returned 503"),
        (
            planted("GET /shelves/{}", "body", status="*", body="<!doctype html><p>Soon."),
            "web page",
        ),
        (planted("GET /shelves/{}", "status", to=429), "too many requests"),
    ],
)
def test_half_dead(fault: object, words: str) -> None:
    with served(1) as mock, served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(fault)  # type: ignore[arg-type]
        with pytest.raises(CannotJudge, match=words):
            differ(url, mock)


def test_a_page_that_refuses_is_a_response() -> None:
    """Frameworks answer with a page of their own for a path that they don't know."""
    page = planted("GET /shelves/{}", "body", status="404", body="<!doctype html><p>Not found.")
    with served(1) as mock, served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(page)
        report = differ(url, mock, shorten=False)
    # The first one, before the API itself has responded: a run sends some reads before.
    assert len([note for note in report.notes if "web page" in note]) <= 1
    assert {d.mismatch.operation for d in report.differences} == {"getShelf"}


def test_a_server_error_that_does_not_come_again_is_passed_over() -> None:
    with served(1) as mock, served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(planted("GET /shelves/{}", "every", nth=23, to=500))
        assert differ(url, mock).programs > 0
