"""The suites of suites.toml, and their files in a cache outside the repository."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

LIST = Path(__file__).with_name("suites.toml")
_EMBEDDED = re.compile(r'EMBEDDED_SPEC="([A-Za-z0-9+/=\s]+)"')
_TESTS = {"python": ["tests/api_resources"], "typescript": ["tests/api-resources"]}
_SIMPLE = "application/vnd.pypi.simple.v1+json"


class SuiteError(Exception):
    """A suite can't be run; the message states how to get what is missing."""


@dataclass(frozen=True)
class Suite:
    """One vendor's suite: the sources of its tests and document, and the client's conventions."""

    name: str
    language: str
    pypi: str
    repository: str
    revision: str
    document: str
    document_repository: str
    document_revision: str
    arrays: str
    objects: str
    tests: tuple[str, ...]
    front: str = ""
    port: int = 0
    skipped: str = ""
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Files:
    """An unpacked suite: `root` is the package as shipped."""

    root: Path
    document: Path


def cache() -> Path:
    """The cache folder: $MOCKSERVER_SDK_SUITES or ~/.cache/mockserver-sdk-suites."""
    given = os.environ.get("MOCKSERVER_SDK_SUITES")
    return Path(given) if given else Path.home() / ".cache" / "mockserver-sdk-suites"


def listed() -> list[Suite]:
    with LIST.open("rb") as file:
        tables = tomllib.load(file)
    return [
        Suite(
            name,
            table.get("language", "python"),
            table.get("pypi", ""),
            table.get("repository", ""),
            table.get("revision", "HEAD"),
            table["document"],
            table.get("document-repository", table.get("repository", "")),
            table.get("document-revision", "HEAD"),
            table.get("arrays", "repeat"),
            table.get("objects", "brackets"),
            tuple(table.get("tests", _TESTS[table.get("language", "python")])),
            table.get("front", ""),
            table.get("port", 0),
            table.get("skipped", ""),
            tuple(table.get("needs", ())),
            table.get("environment", {}),
        )
        for name, table in tables.items()
    ]


def unpacked(suite: Suite, folder: Path) -> Files:
    """The suite's files in a folder of the cache, fetched if possible. Raises SuiteError."""
    place = folder / "suites" / suite.name
    root, document = place / "suite", place / "document"
    source = suite.pypi or suite.repository
    made = place / ".source"
    wanted = f"{source} {suite.revision} {suite.document_repository} {suite.document_revision} "
    wanted += suite.document
    if made.is_file() and made.read_text() == wanted:
        return Files(root, _document_file(document))
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    archive = _sdist(suite.pypi) if suite.pypi else _archive(folder, suite)
    _extract(archive, root, strip=bool(suite.pypi))
    text = _document(folder, suite)
    ending = ".json" if text.lstrip()[:1] == b"{" else ".yaml"
    document.mkdir(exist_ok=True)
    (document / f"openapi{ending}").write_bytes(text)
    made.write_text(wanted)
    return Files(root, _document_file(document))


def _document_file(folder: Path) -> Path:
    return next(folder.glob("openapi.*"))


def _document(folder: Path, suite: Suite) -> bytes:
    place = f"{suite.document_revision}:{suite.document}"
    text = _git(folder, suite.document_repository, "show", place)
    if suite.document != "scripts/mock":
        return text
    found = _EMBEDDED.search(text.decode("utf-8", "replace"))
    try:
        return gzip.decompress(base64.b64decode(found[1] if found else ""))
    except (binascii.Error, EOFError, OSError):
        reason = f"scripts/mock of {suite.document_repository} carries no document"
        raise SuiteError(f"{reason}; name another place in {LIST.name}") from None


def _clone(folder: Path, repository: str) -> Path:
    place = folder / "repositories" / repository
    if not place.is_dir():
        address = f"https://github.com/{repository}"
        raise SuiteError(f"not there; get it: git clone --depth 1 {address} {place}")
    return place


def _git(folder: Path, repository: str, *arguments: str) -> bytes:
    place = _clone(folder, repository)
    command = ["git", "-c", "safe.directory=*", "-C", str(place), *arguments]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise SuiteError(f"{place}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _archive(folder: Path, suite: Suite) -> bytes:
    return _git(folder, suite.repository, "archive", "--format=tar", suite.revision)


def _extract(archive: bytes, root: Path, *, strip: bool) -> None:
    """Unpack a tar; `strip` drops the top folder of an sdist."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extraction_filter = getattr(tarfile, "data_filter", None)
        if not strip:
            packed.extractall(root)
            return
        for member in packed.getmembers():
            _, _, member.name = member.name.partition("/")
            if member.name:
                packed.extract(member, root)


def _sdist(pinned: str) -> bytes:
    """The source package from pip's configured index. Raises SuiteError."""
    name, _, version = pinned.partition("==")
    page = f"{_index()}/{name}/"
    try:
        with urllib.request.urlopen(_request(page), timeout=120) as reply:
            files = json.load(reply)["files"]
        ending = f"-{version}.tar.gz"
        address = next((f["url"] for f in files if f["filename"].endswith(ending)), None)
        if address is None:
            raise SuiteError(f"{page} has no source package of {pinned}")
        with urllib.request.urlopen(urljoin(page, address), timeout=300) as reply:
            return bytes(reply.read())
    except (OSError, ValueError, KeyError) as error:
        raise SuiteError(f"{page}: {error}; the package index can't be read") from None


def _request(page: str) -> urllib.request.Request:
    return urllib.request.Request(page, headers={"Accept": _SIMPLE})


def _index() -> str:
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout.strip() or "https://pypi.org/simple").rstrip("/")
