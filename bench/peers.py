"""Other mock servers, started as their documentation describes.

The npm packages are fetched into a cache outside the repository.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mockserver-bench"
PACKAGES = (
    *("@stoplight/prism-cli", "@mockoon/cli", "@scalar/mock-server", "@hono/node-server"),
    *("specmatic", "@octokit/openapi"),
)
SCALAR = """
import { readFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { createMockServer } from '@scalar/mock-server'
const [file, port] = process.argv.slice(2)
const app = await createMockServer({ specification: readFileSync(file, 'utf8') })
serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' })
"""
# Stock Connexion: its own routing and validation, and a function that returns a stored answer.
CONNEXION = """
import json, sys
import uvicorn
from connexion import AsyncApp
from connexion.resolver import Resolver
document, answer = json.load(open(sys.argv[1])), json.load(open(sys.argv[3]))
async def reply(**parameters):
    return answer
app = AsyncApp("bench")
app.add_api(document, resolver=Resolver(lambda name: reply), strict_validation=True)
uvicorn.run(app, port=int(sys.argv[2]), log_level="error", access_log=False, lifespan="on")
"""
BARE = """
import sys
import uvicorn
BODY = b"x" * int(sys.argv[2])
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
"""


@dataclass(frozen=True)
class Peer:
    """Another server; `work` describes what it does less, or more, than ours."""

    name: str
    does: str
    needs: str = "node"

    def command(self, document: Path, port: int) -> list[str]:
        """The command that serves a document."""
        tools = CACHE / "node_modules" / ".bin"
        at = ["-p", str(port)]
        if self.name == "Prism":
            return [str(tools / "prism"), "mock", *at, "-v", "error", str(document)]
        if self.name == "Mockoon":
            quiet = ["--disable-log-to-file", "--disable-admin-api"]
            return [str(tools / "mockoon-cli"), "start", "-d", str(document), *at, *quiet]
        if self.name == "Specmatic":
            place = ["--host", "127.0.0.1", "--port", str(port), "--noConsoleLog"]
            return [str(tools / "specmatic"), "stub", str(document), *place]
        script = CACHE / "scalar.mjs"
        script.write_text(SCALAR)
        return ["node", str(script), str(document), str(port)]


PEERS = (
    Peer("Prism", "validates requests, not replies; static answers; no state"),
    Peer("Scalar", "no validation; answers generated; no state"),
    Peer("Mockoon", "no validation; templates filled at each request; no state"),
    Peer("Specmatic", "validates requests; answers generated; no state", "java"),
)


def fetch() -> None:
    """Install what is missing. Exits if npm is not available or fails."""
    if all((CACHE / "node_modules" / name).is_dir() for name in PACKAGES):
        return
    if shutil.which("npm") is None:
        sys.exit("npm is missing: apt-get install nodejs npm; or --only-ours")
    CACHE.mkdir(parents=True, exist_ok=True)
    flags = ["--no-audit", "--no-fund", "--silent", "--prefix", str(CACHE)]
    if subprocess.run(["npm", "install", *flags, *PACKAGES], check=False).returncode:
        sys.exit(f"npm could not install {', '.join(PACKAGES)}; or --only-ours")


def github() -> Path:
    """GitHub's document, from npm."""
    return CACHE / "node_modules" / "@octokit" / "openapi" / "generated" / "api.github.com.json"


def bare(port: int, size: int) -> list[str]:
    """uvicorn with a constant response of this many bytes: the upper limit."""
    return [sys.executable, "-c", BARE, str(port), str(size)]


def connexion(folder: Path, port: int, document: dict[str, object], answer: object) -> list[str]:
    """Stock Connexion, for a document that it supports."""
    (folder / "connexion.json").write_text(json.dumps(document))
    (folder / "answer.json").write_text(json.dumps(answer))
    (folder / "stock_connexion.py").write_text(CONNEXION)
    files = [str(folder / "connexion.json"), str(port), str(folder / "answer.json")]
    return [sys.executable, str(folder / "stock_connexion.py"), *files]
