"""Screenshots of the dashboard for docs/dashboard.md: run `make screenshots`, and review them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from tests.server.running import running

IMAGES = Path(__file__).parent.parent.parent / "docs/images"
SUITE = "/v1/sim-suites/3c90c3cc-0d44-4b50-8888-8dd25736052a"
AGENT = {"agent_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"}
SHOTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("dashboard-light", "jobs", {"viewport": {"width": 1280, "height": 720}}),
    (
        "dashboard-dark",
        "jobs",
        {"viewport": {"width": 1280, "height": 720}, "color_scheme": "dark"},
    ),
    ("dashboard-journal", "journal", {"viewport": {"width": 1280, "height": 640}}),
    ("dashboard-narrow", "jobs", {"viewport": {"width": 390, "height": 780}}),
    ("reference-light", "", {"viewport": {"width": 1280, "height": 720}}),
)


def prepare(url: str) -> None:
    """Two suite runs in progress, and a filled journal."""
    key = {"x-api-key": "mock-key"}
    httpx.post(f"{url}{SUITE}/runs", json=AGENT, headers=key)
    httpx.post(f"{url}/__mock__/clock", json={"advance": 9})
    httpx.post(f"{url}{SUITE}/runs", json=AGENT, headers=key)
    httpx.post(f"{url}/__mock__/clock", json={"advance": 4})
    httpx.get(f"{url}/v1/sim-suites?limit=0", headers=key)
    httpx.get(f"{url}/v1/simsuites", headers=key)
    httpx.post(
        f"{url}/__mock__/faults",
        json={"operation": "listAgents", "status": 503, "tenant": "mock-key"},
    )
    httpx.get(f"{url}/v1/agents", headers=key)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with running("feather", clock="manual") as url, sync_playwright() as started:
        prepare(url)
        browser = started.chromium.launch(executable_path=chromium, args=arguments)
        for name, view, options in SHOTS:
            page = browser.new_page(**options)
            page.goto(f"{url}/__mock__/" + (f"#{view}" if view else "reference"))
            page.wait_for_selector(".opblock" if not view else "#link.live")
            page.wait_for_timeout(700)
            if view == "journal":
                page.get_by_role("button", name="/v1/sim-suites?limit=0").click()
                page.wait_for_timeout(300)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
