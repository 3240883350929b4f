"""The dashboard and the API reference, in a real browser (Debian's Chromium, headless).

Each page has its own content security policy; any browser error fails the test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.server.running import running

playwright = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: make browser", exc_type=ImportError
)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt install chromium"),
]

SUITE = "/v1/sim-suites/3c90c3cc-0d44-4b50-8888-8dd25736052a"
AGENT = {"agent_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"}
KEY = {"x-api-key": "mock-key"}
FIXTURES = Path(__file__).parent.parent / "fixtures"
TABS = (
    *("jobs", "resources", "journal", "webhooks", "faults", "stubs", "coverage", "lint"),
    *("inferred", "about"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # Without a sandbox of its own it also runs as root, in a container.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running("feather", clock="manual") as url:
        yield url


@pytest.fixture
def page(browser: Any, server: str) -> Iterator[Any]:
    """The open dashboard; it must not fail or request other hosts."""
    httpx.post(f"{server}/__mock__/reset")
    httpx.delete(f"{server}/__mock__/journal")
    httpx.delete(f"{server}/__mock__/faults")
    httpx.delete(f"{server}/__mock__/stubs")
    httpx.get(f"{server}{SUITE}", headers=KEY)
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.set_default_timeout(20_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if _is_problem(said) else None)
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((server, "data:")) else problems.append(asked.url)
        ),
    )
    page.goto(f"{server}/__mock__/")
    page.wait_for_selector("#link.live")
    yield page
    page.close()
    assert problems == []


def _is_problem(said: Any) -> bool:
    # The browser notes each 4xx, which the page then tells.
    return said.type == "error" and "Failed to load resource" not in said.text


def states(page: Any, name: str) -> list[str]:
    found: list[str] = page.locator(f"article[aria-label='{name}'] .row .state").all_text_contents()
    return found


def test_a_suite_runs_children_move_with_the_clock(page: Any, server: str) -> None:
    run = httpx.post(f"{server}{SUITE}/runs", json=AGENT, headers=KEY).json()
    card = f"suite run {run['id']}"
    page.wait_for_selector(f"article[aria-label='{card}']")
    assert states(page, card) == ["pending"] * 5
    page.fill("#seconds", "60")
    page.press("#seconds", "Enter")
    page.wait_for_selector(f"article.ended[aria-label='{card}']")
    told = httpx.get(f"{server}{SUITE}/runs/{run['id']}", headers=KEY).json()
    assert states(page, card) == [child["status"] for child in told["runs"]]


def test_a_job_is_ended_as_ordered(page: Any, server: str) -> None:
    run = httpx.post(f"{server}{SUITE}/runs", json=AGENT, headers=KEY).json()
    card = page.locator(f"article[aria-label='suite run {run['id']}']")
    card.get_by_role("button", name="failed").click()
    page.keyboard.press("s")  # this clock stands still
    page.wait_for_selector(f"article.ended[aria-label='suite run {run['id']}']")
    assert set(states(page, f"suite run {run['id']}")) == {"failed"}


def test_the_clock_is_moved_with_keys_alone(page: Any, server: str) -> None:
    def clock() -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{server}/__mock__/clock?tenant=mock-key").json()
        return found

    before = page.locator("#hour").inner_text()
    page.keyboard.press("m")
    page.wait_for_function(
        "before => document.querySelector('#hour').innerText !== before", arg=before
    )
    assert clock()["now"][14:16] == f"{(int(before[3:5]) + 1) % 60:02}"
    page.keyboard.press("p")
    page.wait_for_selector("#pause[aria-pressed=false]")
    assert clock()["speed"] == 1
    page.keyboard.press("p")
    page.wait_for_selector("#pause[aria-pressed=true]")
    assert clock()["speed"] == 0


def test_the_views_are_reached_by_keys(page: Any) -> None:
    page.keyboard.press("3")
    assert page.locator("#tab-journal").get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#webhooks")
    page.keyboard.press("0")
    assert page.locator("#about").is_visible()
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()


def test_the_journal_shows_what_was_wrong(page: Any, server: str) -> None:
    httpx.get(f"{server}/v1/sim-suites?limit=0", headers=KEY)
    page.keyboard.press("3")
    page.get_by_role("button", name="/v1/sim-suites?limit=0").click()
    assert "query.limit" in page.locator("#journal-detail .findings").inner_text()
    assert '"greater_than_equal"' in page.locator("#journal-detail").inner_text()
    page.fill("#journal-filter", "nothing like this")
    page.get_by_text("No request matches.").wait_for()


def test_a_request_is_replayed_and_its_response_made_a_stub(page: Any, server: str) -> None:
    name = {"name": "replayed"}
    httpx.post(f"{server}/v1/sim-suites", json=name, headers=KEY)
    page.keyboard.press("3")
    page.get_by_role("button", name="POST /v1/sim-suites").click()
    page.get_by_role("button", name="Copy as curl").wait_for()
    assert "curl -X POST" in page.evaluate(
        "() => new Promise((done) => { navigator.clipboard.writeText = done;"
        "[...document.querySelectorAll('button')].find((b) => b.textContent === 'Copy as curl')"
        ".click(); })"
    )
    page.get_by_role("button", name="Replay").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('#journal-body tr')]"
        ".filter((row) => row.textContent.includes('createSimulationSuite')).length === 2"
    )
    suites = httpx.get(f"{server}/v1/sim-suites", headers=KEY).json()["items"]
    assert [suite["name"] for suite in suites].count("replayed") == 2
    page.get_by_role("button", name="Make a stub").click()
    page.get_by_role("button", name="Remove stub").wait_for()
    stubbed = [httpx.post(f"{server}/v1/sim-suites", json=name, headers=KEY) for _ in range(2)]
    assert stubbed[0].json() == stubbed[1].json()
    page.get_by_role("button", name="Remove stub").click()
    page.get_by_text("There are no stubs.").wait_for()


def test_jobs_are_searched_and_sorted_by_the_server(page: Any, server: str) -> None:
    for _ in range(3):
        httpx.post(f"{server}{SUITE}/runs", json=AGENT, headers=KEY)
    page.select_option("#jobs-kind", "suite run")
    page.wait_for_function(
        "() => ![...document.querySelectorAll('#jobs-body td:nth-child(2)')]"
        ".some((cell) => cell.textContent !== 'suite run')"
    )
    page.get_by_role("button", name="State").click()
    page.wait_for_selector("#jobs-state-head[aria-sort=ascending]")
    states = page.locator("#jobs-body .state").all_text_contents()
    assert states == sorted(states)
    page.fill("#jobs-filter", "no job is called this")
    page.get_by_text("No job matches.").wait_for()


def test_a_stub_is_added_by_hand(page: Any, server: str) -> None:
    page.keyboard.press("6")
    page.fill("#stubs input[name=operation]", "listAgents")
    page.fill("#stubs input[name=status]", "429")
    page.fill("#stubs textarea", '{"error": "slow"}')
    page.check("#stubs input[name=invalid]")
    page.locator("#stubs").get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Remove stub").wait_for()
    assert httpx.get(f"{server}/v1/agents", headers=KEY).json() == {"error": "slow"}
    page.fill("#stubs textarea", "{")
    page.locator("#stubs").get_by_role("button", name="Add").click()
    page.get_by_text("The body is not JSON").wait_for()


def test_webhooks_coverage_and_client_lint(browser: Any) -> None:
    with running(str(FIXTURES / "hooks.yaml"), clock="manual") as url:
        hook = {"url": "http://127.0.0.1:9/hook"}
        httpx.post(f"{url}/__mock__/webhooks?tenant=mock-key", json=hook)
        httpx.post(f"{url}/exports", json={"format": "csv"}, headers={"x-mock-tenant": "mock-key"})
        page = browser.new_page()
        page.goto(f"{url}/__mock__/#webhooks")
        page.get_by_text("http://127.0.0.1:9/hook").wait_for()
        page.keyboard.press("7")
        page.locator("#coverage .figure").wait_for()
        assert "startExport" not in page.locator("#coverage .columns").inner_text()
        page.keyboard.press("8")
        page.get_by_text("leaked-job").wait_for()
        page.close()


def test_guesses_are_copied_for_the_configuration(page: Any) -> None:
    page.keyboard.press("9")
    page.check("#guesses-only")
    assert page.locator("#inferred [data-text]:visible:not([data-guess])").count() == 0
    page.uncheck("#guesses-only")
    page.fill("#inferred .find", "cancelsimulationsuiterun")
    card = page.locator("#inferred details:visible").first
    card.locator("summary").click()
    assert "[operations.cancelSimulationSuiteRun]" in card.locator("pre").inner_text()


@pytest.mark.parametrize("name", ["jobs", "bulk", "payments", "petstore"])
def test_what_is_copied_is_a_good_configuration(browser: Any, tmp_path: Path, name: str) -> None:
    document = FIXTURES / f"{name}.yaml"
    with running(str(document)) as url:
        page = browser.new_page()
        page.goto(f"{url}/__mock__/#inferred")
        page.wait_for_selector("#inferred-list")
        copied = page.locator("#inferred pre").all_text_contents()
        page.close()
    config = tmp_path / "mockserver.toml"
    config.write_text("\n\n".join(copied), "utf-8")
    with MockServer(document, config=config) as mock:
        assert mock.mock.plan.resources


def test_a_mock_without_jobs_shows_its_resources_first(browser: Any) -> None:
    with running(str(FIXTURES / "petstore.yaml")) as url:
        page = browser.new_page()
        page.goto(f"{url}/__mock__/")
        page.wait_for_selector("#tab-resources[aria-selected=true]")
        page.goto(f"{url}/__mock__/#jobs")
        page.reload()
        page.get_by_text("This world has no jobs.").wait_for()
        page.close()


def test_a_value_is_never_markup(page: Any, server: str) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    httpx.post(f"{server}/v1/sim-suites", json={"name": nasty}, headers=KEY)
    page.keyboard.press("2")
    page.get_by_role("button", name="suites", exact=False).first.click()
    page.get_by_text(nasty).first.wait_for()
    assert page.locator("main img").count() == 0


def test_a_fault_is_added_and_taken_away(page: Any, server: str) -> None:
    page.keyboard.press("5")
    page.fill("#faults input[name=operation]", "listSimulationSuites")
    page.locator("#faults").get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Remove fault").wait_for()
    page.get_by_text("responds 503").wait_for()
    assert httpx.get(f"{server}/v1/sim-suites", headers=KEY).status_code == 503
    page.get_by_role("button", name="Remove fault").click()
    page.get_by_text("There are no faults.").wait_for()
    assert httpx.get(f"{server}/v1/sim-suites", headers=KEY).status_code == 200


def test_a_refusal_is_said_in_the_servers_words(page: Any) -> None:
    page.fill("#seconds", "-1")
    page.press("#seconds", "Enter")
    page.get_by_text("time never goes back").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_legible(browser: Any, server: str, scheme: str) -> None:
    """Text has a contrast of at least 4.5 in both colour schemes, as WCAG AA requires."""
    httpx.post(f"{server}{SUITE}/runs", json=AGENT, headers=KEY)
    page = browser.new_page(color_scheme=scheme)
    page.goto(f"{server}/__mock__/")
    page.wait_for_selector("article.job")
    for tab in TABS:
        page.click(f"#tab-{tab}")
        page.wait_for_timeout(150)
        assert page.evaluate(CONTRAST) == [], tab
    page.close()


def test_the_list_of_jobs_never_scrolls_sideways(browser: Any, server: str) -> None:
    httpx.post(f"{server}{SUITE}/runs", json=AGENT, headers=KEY)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{server}/__mock__/")
    page.wait_for_selector("article.job")
    # Other documents have longer names, kinds and states.
    page.evaluate(
        "document.querySelectorAll('#jobs td button, #jobs td:nth-child(2), #jobs td .state')"
        ".forEach((one) => { one.textContent = 'waiting_for_the_scheduler '.repeat(3); })"
    )
    for width in (1280, 1100, 390):
        page.set_viewport_size({"width": width, "height": 800})
        table = "document.querySelector('#jobs .table')"
        assert page.evaluate(f"{table}.scrollWidth <= {table}.clientWidth"), width
    page.close()


def test_it_fits_a_telephone(browser: Any, server: str) -> None:
    httpx.post(f"{server}{SUITE}/runs", json=AGENT, headers=KEY)
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(f"{server}/__mock__/")
    page.wait_for_selector("article.job")
    header = page.evaluate("document.querySelector('main').getBoundingClientRect().top")
    assert header <= 740 / 4
    for tab in TABS:
        page.click(f"#tab-{tab}")
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, tab
    page.close()


def test_from_another_machine_it_asks_for_the_token(browser: Any) -> None:
    with running("feather", control_token="secret") as url:
        page = browser.new_page(extra_http_headers={"x-forwarded-for": "192.0.2.1"})
        page.goto(f"{url}/__mock__/")
        page.wait_for_selector("#ask[open]")
        page.fill("#token", "secret")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_selector("#link.live")
        page.wait_for_selector("article.job")
        page.close()


def test_the_reference_shows_the_document_and_tries_it_here(browser: Any, server: str) -> None:
    pytest.importorskip("fastapi", reason="pip install '/PATH/TO/CLONE[reference]'")
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(f"{server}/__mock__/reference")
    page.wait_for_selector(".opblock")
    assert page.locator(".opblock").count() == 56
    page.locator("#operations-identity-whoami .opblock-summary-control, .opblock").first.click()
    page.get_by_role("button", name="Execute").first.click()
    status = page.locator(".live-responses-table tr.response .response-col_status").first
    assert status.inner_text() == "200"
    assert problems == []
    page.close()
