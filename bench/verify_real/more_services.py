"""More real third-party services, of other make: Go and Swagger 2, Flask-RESTX, Express."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness import free_port, running
from bench.verify_real import services
from bench.verify_real.services import HOME, Live, Service, Unavailable, document_of, precious_of


@contextmanager
def _alertmanager(home: Path, folder: Path) -> Iterator[Live]:
    document = HOME / "alertmanager" / "openapi.yaml"
    if not document.exists():
        raise Unavailable(f"put its api/v2/openapi.yaml, which no package has, at {document}")
    port, config = free_port(), folder / "alertmanager.yml"
    config.write_text("route: {receiver: team}\nreceivers: [{name: team}]\n")
    command = ["prometheus-alertmanager", f"--config.file={config}", "--cluster.listen-address="]
    command += [f"--storage.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    with running("Alertmanager", command, port, "/api/v2/status") as server:
        url = server.base + "/api/v2"
        silence = {
            "matchers": [{"name": "team", "value": "precious", "isRegex": False}],
            "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "2037-01-01T00:00:00Z",
            "createdBy": "somebody",
            "comment": "precious",
        }
        rows = {"/silence/{silenceID}": ("POST", "/silences", silence)}
        yield Live("alertmanager", url, document, precious=precious_of(url, {}, rows))


@contextmanager
def _flexget(home: Path, folder: Path) -> Iterator[Live]:
    port, config = free_port(), folder / "config.yml"
    tasks = {"precious": {"mock": [{"title": "one", "url": "http://127.0.0.1:1/"}]}}
    web = {"bind": "127.0.0.1", "port": port}
    config.write_text(json.dumps({"tasks": tasks, "web_server": web}))
    start = [str(home / "bin" / "flexget"), "-c", str(config)]
    for words in (["web", "passwd", "mock-Password-1x"], ["web", "gentoken"]):
        said = subprocess.run([*start, *words], capture_output=True, text=True, check=True).stdout
    headers = {"authorization": f"Token {said.split()[-1]}"}
    command = [*start, "-L", "error", "daemon", "start"]
    with running("FlexGet", command, port, "/api/swagger.json") as server:
        spec = document_of(server.base + "/api/swagger.json", folder / "flexget.json", headers)
        url = server.base + "/api"
        rows = {"/movie_list/{id}/": ("POST", "/movie_list/", {"name": "precious"})}
        precious = precious_of(url, headers, rows)
        options = ["--header", f"Authorization: {headers['authorization']}"]
        # An interval of 0 keeps it busy for ever.
        options += ["--exclude", "POST /schedules/", "--exclude", "PUT /schedules/*"]
        yield Live("flexget", url, spec, headers, tuple(options), precious)


@contextmanager
def _unleash(home: Path, folder: Path) -> Iterator[Live]:
    port, key = free_port(), f"*:*.{secrets.token_hex(8)}"
    with _postgres() as database:
        module = home / "node_modules" / "unleash-server" / "dist" / "lib" / "server-impl.js"
        options = {
            "databaseUrl": database,
            "db": {"ssl": False},
            "server": {"port": port, "host": "127.0.0.1"},
            "versionCheck": {"enable": False},
            "telemetry": False,
            "logLevel": "fatal",
            "authentication": {
                "initApiTokens": [
                    {"environment": "*", "project": "*", "secret": key, "type": "admin"}
                    | {"tokenName": "admin"}
                ]
            },
        }
        script = folder / "start.mjs"
        script.write_text(
            f"import {{ start }} from {json.dumps(str(module))};\n"
            f"await start({json.dumps(options)});\n"
        )
        headers = {"authorization": key}
        with running("Unleash", ["node", str(script)], port, "/health") as server:
            spec = document_of(server.base + "/docs/openapi.json", folder / "unleash.json", headers)
            at = "/api/admin/tag-types"
            rows = {f"{at}/precious": ("POST", at, {"name": "precious", "description": "kept"})}
            precious = precious_of(server.base, headers, rows)
            given = ("--api-key", key, "--param", "projectId=default")
            yield Live("unleash", server.base, spec, headers, given, precious)


@contextmanager
def _postgres() -> Iterator[str]:
    """The URL of a database of its own; the server does not run as root."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise Unavailable("postgres is not to be found")
    data, port, programs = Path(tempfile.mkdtemp(prefix="postgres-")), free_port(), found[-1].parent
    as_user: list[str] = []
    if not os.geteuid():
        shutil.chown(data, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    make = [*as_user, str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres"]
    subprocess.run(make, capture_output=True, check=True, cwd="/")
    command = [*as_user, str(programs / "postgres"), "-D", str(data), "-p", str(port)]
    command += ["-k", str(data), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd="/") as process:
        try:
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
            process.wait(30)
            shutil.rmtree(data, ignore_errors=True)


_MORE = (
    Service("alertmanager", "Go, Swagger 2", (), _alertmanager, ("prometheus-alertmanager",)),
    Service("flexget", "Flask-RESTX, Swagger 2", ("flexget==3.22.8",), _flexget),
    Service(
        "unleash", "Express, PostgreSQL", (), _unleash, ("postgresql",), "unleash-server@7.5.1"
    ),
)
SERVICES = {**services.SERVICES, **{service.name: service for service in _MORE}}
