"""Real third-party services, each on a free port with throw-away data.

Each is installed on first use: from PyPI into its own virtual environment below
`MOCKSERVER_SERVICES` (default ~/.cache/mockserver-services), or with apt-get.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.harness import free_port, running

FIXTURES = Path(__file__).parents[2] / "fixtures"
HOME = Path(os.environ.get("MOCKSERVER_SERVICES", "~/.cache/mockserver-services")).expanduser()


class Unavailable(Exception):
    """The service can't be installed here; the message states why."""


@dataclass(frozen=True)
class Live:
    """A running service. `options` are what mockserver needs for access and navigation."""

    name: str
    url: str
    spec: Path
    headers: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    precious: Mapping[str, Any] = field(default_factory=dict)
    """Rows that belong to somebody else, by the path that reads each."""

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of one request that is not measured; 0 without a response."""
        return ask(self.url + path, method, body, self.headers)


@dataclass(frozen=True)
class Service:
    """`start` gets the folder of the environment and one for throw-away data."""

    name: str
    what: str
    packages: tuple[str, ...]
    start: Callable[[Path, Path], Any]
    debian: tuple[str, ...] = ()
    npm: str = ""

    def install(self) -> Path:
        """The folder of its environment. Raises Unavailable."""
        home = HOME / self.name
        if self.debian and any(not _has_debian(package) for package in self.debian):
            if os.geteuid():
                raise Unavailable(f"apt-get install {' '.join(self.debian)} needs root")
            _run(["apt-get", "install", "-qy", "--no-install-recommends", *self.debian])
        stamp = home / "packages.txt"
        wanted = "\n".join(self.packages)
        if self.packages and (not stamp.exists() or stamp.read_text() != wanted):
            print(f"installing {', '.join(self.packages)} in {home}", flush=True)
            _run([sys.executable, "-m", "venv", str(home)])
            _run([str(home / "bin" / "python"), "-m", "pip", "install", "-q", *self.packages])
            stamp.write_text(wanted)
        if self.npm and not self._npm_file.exists():
            print(f"installing {self.npm} in {home}", flush=True)
            home.mkdir(parents=True, exist_ok=True)
            _run(["npm", "install", "--prefix", str(home), "--no-audit", "--no-fund", self.npm])
        return home

    @property
    def _npm_file(self) -> Path:
        name = self.npm.rpartition("@")[0]
        return HOME / self.name / "node_modules" / name / "package.json"

    @contextmanager
    def running(self, folder: Path) -> Iterator[Live]:
        """Installed if necessary, started, with protected entities. Raises Unavailable."""
        home = self.install()
        folder.mkdir(parents=True, exist_ok=True)
        with self.start(home, folder) as live:
            yield live

    def version(self) -> str:
        """The installed version, for a table; "" for a service of this repository."""
        if self.npm and not self.packages:
            found = self._npm_file
            return str(json.loads(found.read_text())["version"]) if found.exists() else ""
        if not self.packages and not self.debian:
            return ""
        if self.debian:
            command = ["dpkg-query", "-W", "-f", "${Version}", self.debian[0]]
            return subprocess.run(command, capture_output=True, text=True, check=False).stdout
        package = self.packages[0].split("==")[0].split("[")[0]
        command = [str(HOME / self.name / "bin" / "python"), "-c", _VERSION, package]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


_VERSION = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"


def _has_debian(package: str) -> bool:
    command = ["dpkg-query", "-W", "-f", "${Status}", package]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return said.endswith("ok installed")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{' '.join(command)} failed: {done.stderr[-400:]}")


def ask(
    url: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """One request of the harness itself; bytes are sent as a form, other bodies as JSON."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    kind = "application/x-www-form-urlencoded" if isinstance(body, bytes) else "application/json"
    sent = {**(headers or {}), **({"content-type": kind} if data is not None else {})}
    request = urllib.request.Request(url, data=data, method=method, headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            status, content = reply.status, reply.read()
    except urllib.error.HTTPError as error:
        status, content = error.code, error.read()
    except OSError:
        return 0, None
    try:
        return status, json.loads(content)
    except ValueError:
        return status, content.decode("utf-8", "replace")


def document_of(url: str, file: Path, headers: Mapping[str, str] | None = None) -> Path:
    for _ in range(5):
        # The first reply may take long: some make their document then.
        status, value = ask(url, headers=headers)
        if status:
            break
    if status != 200:
        raise RuntimeError(f"{url} gave {status} where a document should be")
    file.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return file


def precious_of(
    url: str, headers: Mapping[str, str], rows: Mapping[str, tuple[str, str, Any]]
) -> dict[str, Any]:
    """Create other people's rows: by the path that reads one, how to create it. `{id}` in the path
    is the id in the reply."""
    found = {}
    for path, (method, where, body) in rows.items():
        status, made = ask(url + where, method, body, headers)
        if status >= 300 or status == 0:
            raise RuntimeError(f"{method} {where} gave {status}: {made}")
        values = made if isinstance(made, dict) else {}
        at = path.format_map({k: v for k, v in values.items() if isinstance(v, str | int)})
        found[at] = ask(url + at, headers=headers)[1]
    return found


# --- the services


@contextmanager
def _suites(home: Path, folder: Path) -> Iterator[Live]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--log-level", "critical"]
    command += ["--app-dir", str(FIXTURES / "suites_app"), "app:app", "--port", str(port)]
    headers = {"x-api-key": "suites-key"}
    with running("Suites", command, port, "/openapi.json") as server:
        spec = document_of(server.base + "/openapi.json", folder / "suites.json")
        rows = {"/suites/{id}": ("POST", "/suites", {"name": "precious"})}
        options = ("--api-key", "suites-key")
        precious = precious_of(server.base, headers, rows)
        yield Live("suites", server.base, spec, headers, options, precious)


@contextmanager
def _kinto(home: Path, folder: Path) -> Iterator[Live]:
    port, ini = free_port(), folder / "kinto.ini"
    ini.write_text(_KINTO.format(port=port))
    command = [str(home / "bin" / "kinto"), "start", "--ini", str(ini), "--port", str(port)]
    # "mock-user:mock-password", as HTTP Basic writes it.
    headers = {"authorization": "Basic bW9jay11c2VyOm1vY2stcGFzc3dvcmQ="}
    with running("Kinto", command, port, "/v1/__lbheartbeat__") as server:
        url = server.base + "/v1"
        spec = document_of(url + "/__api__", folder / "kinto.json")
        rows = {"/buckets/precious": ("PUT", "/buckets/precious", {"data": {"kept": True}})}
        precious = precious_of(url, headers, rows)
        options = ("--api-key", "mock-user:mock-password")
        yield Live("kinto", url, spec, headers, options, precious)


_KINTO = """\
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = mockserver
kinto.bucket_create_principals = system.Authenticated
multiauth.policies = basicauth
multiauth.policy.basicauth.use = kinto.core.authentication.BasicAuthAuthenticationPolicy
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
"""


@contextmanager
def _prefect(home: Path, folder: Path) -> Iterator[Live]:
    port = free_port()
    env = {
        "PREFECT_HOME": str(folder),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
        "DO_NOT_TRACK": "1",
    }
    command = [str(home / "bin" / "prefect"), "server", "start", "--no-services", "--no-ui"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with running("Prefect", command, port, "/api/health", env=env) as server:
        url = server.base + "/api"
        # Its paths are written without the /api that they are served below.
        spec = document_of(server.base + "/openapi.json", folder / "prefect.json")
        rows = {
            "/flows/{id}": ("POST", "/flows/", {"name": "precious"}),
            "/work_pools/precious": ("POST", "/work_pools/", {"name": "precious", "type": "x"}),
            "/variables/name/precious": ("POST", "/variables/", {"name": "precious", "value": 1}),
        }
        yield Live("prefect", url, spec, precious=precious_of(url, {}, rows))


@contextmanager
def _langgraph(home: Path, folder: Path) -> Iterator[Live]:
    port = free_port()
    (folder / "graph.py").write_text(_GRAPH)
    (folder / "langgraph.json").write_text(
        json.dumps({"dependencies": ["."], "graphs": {"agent": "./graph.py:graph"}})
    )
    env = {"LANGGRAPH_CLI_NO_ANALYTICS": "1", "LANGSMITH_TRACING": "false"}
    # It looks for the graph where it is started.
    command = ["env", "-C", str(folder), str(home / "bin" / "langgraph"), "dev"]
    command += ["--no-browser", "--no-reload", "--config", str(folder / "langgraph.json")]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with running("LangGraph", command, port, "/ok", env=env) as server:
        spec = document_of(server.base + "/openapi.json", folder / "document.json")
        rows = {
            "/assistants/{assistant_id}": ("POST", "/assistants", {"graph_id": "agent"}),
            "/threads/{thread_id}": ("POST", "/threads", {"metadata": {"kept": True}}),
        }
        yield Live("langgraph", server.base, spec, precious=precious_of(server.base, {}, rows))


_GRAPH = """\
import asyncio
from typing import TypedDict

from langgraph.graph import END, START, StateGraph


class State(TypedDict, total=False):
    text: str


async def say(state):
    await asyncio.sleep(0.05)
    return {"text": f"said: {state.get('text', '')}"}


builder = StateGraph(State)
builder.add_node("say", say)
builder.add_edge(START, "say")
builder.add_edge("say", END)
graph = builder.compile()
"""


@contextmanager
def _jupyter(home: Path, folder: Path) -> Iterator[Live]:
    port, token = free_port(), secrets.token_hex(8)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    places = ("CONFIG", "DATA", "RUNTIME")
    env = {f"JUPYTER_{place}_DIR": str(folder / place.lower()) for place in places}
    command = [str(home / "bin" / "jupyter-server"), "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={work}"]
    headers = {"authorization": f"token {token}"}
    with running("Jupyter", command, port, "/api", env=env) as server:
        spec = document_of(server.base + "/api/spec.yaml", folder / "jupyter.yaml", headers)
        text = {"type": "file", "format": "text", "content": "kept"}
        rows = {"/api/contents/precious.txt": ("PUT", "/api/contents/precious.txt", text)}
        precious = precious_of(server.base, headers, rows)
        options = ("--header", f"Authorization: token {token}")
        yield Live("jupyter", server.base, spec, headers, options, precious)


@contextmanager
def _powerdns(home: Path, folder: Path) -> Iterator[Live]:
    port, database = free_port(), folder / "zones.sqlite3"
    schemas = Path("/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql")
    if not schemas.exists():
        schemas = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
    connection = sqlite3.connect(database)
    connection.executescript(schemas.read_text())
    connection.close()
    (folder / "pdns.conf").write_text(
        _PDNS.format(folder=folder, database=database, dns=free_port(), port=port)
    )
    program = shutil.which("pdns_server", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise Unavailable("pdns_server is not to be found")
    headers = {"x-api-key": "pdns-key"}
    command = [program, f"--config-dir={folder}"]
    with running("PowerDNS", command, port, "/api/v1/servers", env={}) as server:
        url = server.base + "/api/v1"
        spec = document_of(server.base + "/api/docs", folder / "powerdns.yaml", headers)
        zone = {"name": "precious.example.", "kind": "Native", "nameservers": []}
        at = "/servers/localhost/zones"
        rows = {f"{at}/precious.example.": ("POST", at, zone)}
        options = ("--api-key", "pdns-key", "--param", "server_id=localhost")
        yield Live("powerdns", url, spec, headers, options, precious_of(url, headers, rows))


_PDNS = """\
launch=gsqlite3
gsqlite3-database={database}
local-address=127.0.0.1
local-port={dns}
api=yes
api-key=pdns-key
webserver=yes
webserver-address=127.0.0.1
webserver-port={port}
socket-dir={folder}
guardian=no
daemon=no
disable-syslog=yes
write-pid=no
"""


@contextmanager
def _zenml(home: Path, folder: Path) -> Iterator[Live]:
    port, password = free_port(), "mock-Password-1"
    env = {
        "ZENML_CONFIG_PATH": str(folder / "config"),
        "ZENML_STORE_URL": f"sqlite:///{folder / 'zenml.db'}",
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_SERVER_DEPLOYMENT_TYPE": "docker",
        "ZENML_SERVER_AUTO_ACTIVATE": "1",
        "ZENML_SERVER_AUTH_SCHEME": "OAUTH2_PASSWORD_BEARER",
        "ZENML_SERVER_JWT_SECRET_KEY": secrets.token_hex(16),
        "ZENML_DEFAULT_USER_NAME": "admin",
        "ZENML_DEFAULT_USER_PASSWORD": password,
        "ZENML_LOGGING_VERBOSITY": "CRITICAL",
    }
    command = [str(home / "bin" / "python"), "-m", "uvicorn", "--log-level", "critical"]
    command += ["zenml.zen_server.zen_server_api:app", "--host", "127.0.0.1", "--port", str(port)]
    with running("ZenML", command, port, "/health", env=env) as server:
        form = urllib.parse.urlencode({"username": "admin", "password": password}).encode()
        status, value = ask(server.base + "/api/v1/login", "POST", form)
        if status != 200:
            raise RuntimeError(f"the login gave {status}: {value}")
        headers = {"authorization": f"Bearer {value['access_token']}"}
        spec = document_of(server.base + "/openapi.json", folder / "zenml.json")
        body = {"name": "precious", "description": "kept"}
        rows = {"/api/v1/projects/{id}": ("POST", "/api/v1/projects", body)}
        precious = precious_of(server.base, headers, rows)
        options = ("--api-key", value["access_token"])
        yield Live("zenml", server.base, spec, headers, options, precious)


@contextmanager
def _chroma(home: Path, folder: Path) -> Iterator[Live]:
    port = free_port()
    command = ["env", "-C", str(folder), str(home / "bin" / "chroma"), "run", "--path", "data"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with running("Chroma", command, port, "/api/v2/heartbeat", env={}) as server:
        spec = document_of(server.base + "/openapi.json", folder / "chroma.json")
        at = "/api/v2/tenants/default_tenant/databases/default_database/collections"
        rows = {f"{at}/precious": ("POST", at, {"name": "precious"})}
        options = ("--param", "tenant=default_tenant", "--param", "database=default_database")
        yield Live("chromadb", server.base, spec, {}, options, precious_of(server.base, {}, rows))


@contextmanager
def _tiled(home: Path, folder: Path) -> Iterator[Live]:
    port, key = free_port(), secrets.token_hex(8)
    command = [str(home / "bin" / "tiled"), "serve", "catalog", "--temp"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    headers = {"authorization": f"Apikey {key}"}
    env = {"TILED_SINGLE_USER_API_KEY": key}
    with running("Tiled", command, port, "/healthz", env=env) as server:
        spec = document_of(server.base + "/openapi.json", folder / "tiled.json")
        node = {"id": "precious", "structure_family": "container", "metadata": {"kept": True}}
        body = {**node, "data_sources": [], "specs": []}
        rows = {"/api/v1/metadata/precious": ("POST", "/api/v1/metadata/", body)}
        precious = precious_of(server.base, headers, rows)
        options = ("--header", f"Authorization: Apikey {key}")
        yield Live("tiled", server.base, spec, headers, options, precious)


@contextmanager
def _phoenix(home: Path, folder: Path) -> Iterator[Live]:
    port = free_port()
    command = [str(home / "bin" / "phoenix"), "serve"]
    env = {
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    with running("Phoenix", command, port, "/healthz", env=env) as server:
        spec = document_of(server.base + "/openapi.json", folder / "phoenix.json")
        rows = {"/v1/projects/precious": ("POST", "/v1/projects", {"name": "precious"})}
        precious = precious_of(server.base, {}, rows)
        yield Live("phoenix", server.base, spec, precious=precious)


_DAG = """\
from datetime import datetime

from airflow.sdk import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def precious():
    @task
    def one():
        return 1

    one()


precious()
"""


@contextmanager
def _airflow(home: Path, folder: Path) -> Iterator[Live]:
    port, dags = free_port(), folder / "dags"
    dags.mkdir()
    (dags / "precious.py").write_text(_DAG)
    env = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
    }
    for words in (("db", "migrate"), ("dags", "reserialize")):
        _run(["env", *(f"{n}={v}" for n, v in env.items()), "airflow", *words])
    command = [str(home / "bin" / "airflow"), "api-server", "--port", str(port)]
    with running("Airflow", command, port, "/api/v2/version", env=env) as server:
        token = ask(server.base + "/auth/token")[1]["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        spec = document_of(server.base + "/openapi.json", folder / "airflow.json")
        at = "/api/v2/variables"
        rows = {f"{at}/precious": ("POST", at, {"key": "precious", "value": "kept"})}
        precious = precious_of(server.base, headers, rows)
        yield Live("airflow", server.base, spec, headers, ("--api-key", token), precious)


SERVICES = {
    service.name: service
    for service in (
        Service("suites", "the FastAPI fixture, SQLite", (), _suites),
        Service(
            "kinto", "Swagger 2, HTTP Basic, wrappers", ("kinto==26.5.0", "setuptools<81"), _kinto
        ),
        Service(
            "prefect", "FastAPI, trailing slashes, lists by POST", ("prefect==3.9.1",), _prefect
        ),
        Service(
            "langgraph",
            "agent server, jobs, event streams",
            ("langgraph-api==0.16.7", "langgraph-cli==0.4.40", "langgraph-runtime-inmem==0.36.7"),
            _langgraph,
        ),
        Service("jupyter", "Swagger 2, a token in a header", ("jupyter-server==2.21.1",), _jupyter),
        Service(
            "powerdns",
            "Swagger 2, ids with dots",
            (),
            _powerdns,
            ("pdns-server", "pdns-backend-sqlite3"),
        ),
        Service("zenml", "FastAPI, OAuth2 password", ("zenml[server]==0.98.0",), _zenml),
        Service("chromadb", "Rust, paths of four parameters", ("chromadb==1.5.9",), _chroma),
        Service("tiled", "FastAPI, ids with slashes", ("tiled[server]==0.2.20",), _tiled),
        Service("phoenix", "FastAPI, refusals in text", ("arize-phoenix==20.26.1",), _phoenix),
        Service(
            "airflow",
            "FastAPI, bulk changes, ~ stands for all",
            ("apache-airflow-core==3.3.2",),
            _airflow,
        ),
    )
}
