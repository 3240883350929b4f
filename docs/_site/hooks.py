"""Builds the site without anything from elsewhere: Mermaid is a file that `make docs` fetched.
The reference of mockserver.toml is made from the tables that the program itself reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from mockserver.cli.config import reference

MERMAID = Path(os.environ.get("MERMAID_JS", ".cache/docs/package/dist/mermaid.min.js"))


def on_config(config: Any) -> Any:
    if MERMAID.is_file():
        config.extra_javascript.append("assets/mermaid.min.js")
    return config


def on_files(files: Any, config: Any) -> Any:
    files.append(File.generated(config, "reference/mockserver-toml.md", content=reference()))
    if MERMAID.is_file():
        files.append(
            File.generated(config, "assets/mermaid.min.js", content=MERMAID.read_text("utf-8"))
        )
    return files
