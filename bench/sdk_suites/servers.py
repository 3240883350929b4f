"""The mock servers that a suite is run against, started as their documentation describes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.sdk_suites.suites import Suite, SuiteError

# Pinned, so that two measurements are of the same servers.
PACKAGES = ("@stdy/cli@0.22.2", "@stoplight/prism-cli@5.16.0")
SERVERS = ("steady", "prism", "ours")
TITLES = {"steady": "Steady", "prism": "Prism", "ours": "ours"}
_PROBES = {"steady": "/_x-steady/health", "prism": "/", "ours": "/__mock__/health"}


def fetch(folder: Path) -> None:
    """Install the other servers into the cache with npm. Raises SuiteError."""
    wanted = "\n".join(PACKAGES)
    made = folder / "servers" / ".packages"
    if made.is_file() and made.read_text() == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SuiteError("npm is needed for Steady and Prism: install Node.js with npm")
    made.parent.mkdir(parents=True, exist_ok=True)
    flags = ["--no-audit", "--no-fund", "--silent", "--prefix", str(made.parent)]
    if subprocess.run([npm, "install", *flags, *PACKAGES], check=False).returncode:
        raise SuiteError(f"npm could not install {', '.join(PACKAGES)}")
    made.write_text(wanted)


def probe(server: str) -> str:
    return _PROBES[server]


def command(
    server: str, suite: Suite, document: Path, port: int, folder: Path, ours: list[str]
) -> list[str]:
    """The command that serves a document; `ours` are the options of this mock."""
    tools = folder / "servers" / "node_modules" / ".bin"
    if server == "ours":
        serve = [sys.executable, "-m", "mockserver", "serve", str(document), "--port", str(port)]
        return [*serve, *ours]
    if server == "prism":
        return [str(tools / "prism"), "mock", "-p", str(port), "-v", "error", str(document)]
    given = ["--host", "127.0.0.1", "-p", str(port), "--log-level", "summary", "--no-color"]
    for place in ("query", "form"):
        given.append(f"--validator-{place}-array-format={suite.arrays}")
        given.append(f"--validator-{place}-object-format={suite.objects}")
    return [str(tools / "steady"), *given, str(document)]


def cores() -> str:
    """Every core of this machine, as taskset writes them."""
    return f"0-{(os.cpu_count() or 1) - 1}"
