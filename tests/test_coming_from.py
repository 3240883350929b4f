"""Everything that the pages for users of other mocks mention exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from mockserver import cli
from mockserver.server.admin.endpoints import find_route

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted((DOCS / "coming-from").glob("*.md"))


def command(name: str) -> click.Command:
    found = cli.cli.commands[name]
    return found.imported() if isinstance(found, cli.Deferred) else found


def cells(page: Path) -> list[str]:
    """Code in this mock's column, and in blocks."""
    text = page.read_text("utf-8")
    rows = re.findall(r"^\| .*? \| (.*?) \| .*\|$", text, re.MULTILINE)
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    notes = re.findall(r"^\| .* \| .*? \| (.*?) ?\|$", text, re.MULTILINE)
    code = [each for cell in (*rows, *notes) for each in re.findall(r"`([^`]+)`", cell)]
    return code + [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_and_options_exist(page: Path) -> None:
    serve = {flag for parameter in command("serve").params for flag in parameter.opts}
    for code in cells(page):
        words = shlex.split(code.partition(" > ")[0]) if "mockserver" in code else code.split()
        known = serve
        if words and words[0] == "mockserver":
            known = {flag for each in command(words[1]).params for flag in each.opts}
        for word in words:
            if word.startswith("--"):
                assert word in known, f"{page.name}: {code}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_paths_of_the_admin_api_exist(page: Path) -> None:
    for path in re.findall(r"/__mock__/([a-z]*)", page.read_text("utf-8")):
        assert find_route(path) is not None, path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_what_a_test_is_shown_there_is(mock_api: Any) -> None:
    names = {
        name
        for page in PAGES
        for name in re.findall(r"mock_api((?:\.[a-z_]+)+)", page.read_text("utf-8"))
    }
    for name in names:
        found = mock_api
        for step in name[1:].split("."):
            found = getattr(found, step)
