"""Writes docs/llms.txt, an index of the pages (llmstxt.org). `make docs` calls it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
LEFT_OUT = "Decisions"


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml without importing what its tags name."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def index() -> str:
    """The text of llms.txt: each page with its first sentence."""
    settings = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), _Loader)
    lines = [f"# {settings['site_name']}", "", f"> {settings['site_description']}"]
    for section in settings["nav"]:
        ((title, pages),) = section.items()
        lines += ["", f"## {title}", "", *_links(pages)]
    return "\n".join(lines) + "\n"


def _links(pages: list[Any]) -> Iterator[str]:
    for page in pages:
        ((title, target),) = page.items() if isinstance(page, dict) else (("", page),)
        if isinstance(target, list):
            if title != LEFT_OUT:
                yield from _links(target)
            continue
        path = ROOT / "docs" / target
        if path.exists():  # the others are generated
            text = path.read_text("utf-8")
            heading = re.search(r"^# (.*)$", text, re.MULTILINE)
            first = re.search(r"^After .*?\.(?=\n)", text, re.MULTILINE | re.DOTALL)
            assert heading is not None, target
            about = f": {_plain(first[0])}" if first is not None else ""
            yield f"- [{heading[1]}]({target}){about}"


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).split())


if __name__ == "__main__":
    (ROOT / "docs/llms.txt").write_text(index(), "utf-8")
