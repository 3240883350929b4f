"""More real third-party services: Go and Swagger 2, Flask-RESTX, Express, Tornado, RPC by POST."""

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
def _crowdsec(home: Path, folder: Path) -> Iterator[Live]:
    document, programs = home / "openapi.yaml", home / "usr" / "bin"
    if not document.exists():
        raise Unavailable(f"put its localapi_swagger.yaml, which no package has, at {document}")
    if not programs.exists():
        # Its installation wants to register with a server of its makers.
        subprocess.run(["apt-get", "download", "-q", "crowdsec"], cwd=home, check=True)
        subprocess.run(["dpkg", "-x", str(next(home.glob("*.deb"))), str(home)], check=True)
    port = free_port()
    config = folder / "config.yaml"
    config.write_text(_CROWDSEC.format(folder=folder, port=port, etc=home / "etc" / "crowdsec"))
    for name in ("data", "hub"):
        (folder / name).mkdir()
    (folder / "hub" / ".index.json").write_text("{}")
    add = [str(programs / "cscli"), "-c", str(config), "machines", "add", "judge"]
    add += ["--password", "mock-Password-1", "-f", str(folder / "login.yaml")]
    add += ["-u", f"http://127.0.0.1:{port}"]
    subprocess.run(add, capture_output=True, check=True)
    add = [str(programs / "cscli"), "-c", str(config), "bouncers", "add", "judge", "-k", "mock-key"]
    subprocess.run(add, capture_output=True, check=True)
    command = [str(programs / "crowdsec"), "-c", str(config), "-no-cs"]
    with running("CrowdSec", command, port, "/health") as server:
        url = server.base + "/v1"
        who = {"machine_id": "judge", "password": "mock-Password-1"}
        _, said = services.ask(url + "/watchers/login", "POST", who)
        headers = {"authorization": f"Bearer {said['token']}", "x-api-key": "mock-key"}
        given = [f"{name}: {value}" for name, value in headers.items()]
        options = tuple(word for one in given for word in ("--header", one))
        yield Live("crowdsec", url, document, headers, options)


_CROWDSEC = """\
common: {{daemonize: false, log_media: stdout, log_level: error, working_dir: .}}
config_paths:
  config_dir: {folder}
  data_dir: {folder}/data
  simulation_path: {etc}/simulation.yaml
  hub_dir: {folder}/hub
  index_path: {folder}/hub/.index.json
cscli: {{output: json}}
db_config: {{log_level: error, type: sqlite, db_path: {folder}/data/crowdsec.db}}
api:
  client: {{credentials_path: {folder}/login.yaml}}
  server:
    log_level: error
    listen_uri: 127.0.0.1:{port}
    profiles_path: {etc}/profiles.yaml
prometheus: {{enabled: false}}
"""


@contextmanager
def _jupyterhub(home: Path, folder: Path) -> Iterator[Live]:
    document = HOME / "jupyterhub" / "openapi.yaml"
    if not document.exists():
        raise Unavailable(f"put its rest-api.yml, which no package has, at {document}")
    hub, proxy, port = free_port(), free_port(), free_port()
    (folder / "server.py").write_text(_NOTEBOOK)
    config = folder / "jupyterhub_config.py"
    config.write_text(_HUB.format(hub=hub, proxy=proxy, port=port, folder=folder, home=home))
    # It looks for its proxy and its database where it is started.
    command = ["env", "-C", str(folder), str(home / "bin" / "jupyterhub"), "-f", str(config)]
    with running("JupyterHub", command, hub, "/hub/api/") as server:
        url = server.base + "/hub/api"
        headers = {"authorization": "token mock-token"}
        rows = {
            "/users/precious": ("POST", "/users/precious", None),
            "/groups/precious": ("POST", "/groups/precious", None),
        }
        precious = precious_of(url, headers, rows)
        options = ("--header", "Authorization: token mock-token")
        yield Live("jupyterhub", url, document, headers, options, precious)


_HUB = """\
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.command = ["{home}/node_modules/.bin/configurable-http-proxy"]
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.log_level = "CRITICAL"
c.JupyterHub.allow_named_servers = True
c.Authenticator.allow_all = True
c.Spawner.cmd = ["python3", "{folder}/server.py"]
c.JupyterHub.services = [{{"name": "judge", "api_token": "mock-token"}}]
c.JupyterHub.load_roles = [
    {{"name": "judge", "services": ["judge"], "scopes": ["admin-ui", "admin:users",
      "admin:groups", "admin:servers", "tokens", "read:hub", "proxy", "list:services",
      "read:services", "shares", "read:roles", "inherit"]}}
]
"""

_NOTEBOOK = """\
import http.server, os, urllib.parse

at = urllib.parse.urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
http.server.HTTPServer((at.hostname, at.port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@contextmanager
def _dstack(home: Path, folder: Path) -> Iterator[Live]:
    port, token = free_port(), secrets.token_hex(16)
    env = {
        "DSTACK_SERVER_DIR": str(folder / "server"),
        "DSTACK_SERVER_ADMIN_TOKEN": token,
        "DSTACK_SERVER_LOG_LEVEL": "ERROR",
        "DSTACK_UPDATE_CHECK": "0",
        "HOME": str(folder),
    }
    command = [str(home / "bin" / "dstack"), "server", "-y"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with running("dstack", command, port, "/healthcheck", env=env) as server:
        headers = {"authorization": f"Bearer {token}"}
        spec = document_of(server.base + "/openapi.json", folder / "dstack.json", headers)
        url, at = server.base, "/api/projects"
        services.ask(f"{url}{at}/create", "POST", {"project_name": "precious"}, headers)
        yield Live("dstack", url, spec, headers, ("--api-key", token))


@contextmanager
def _signalk(home: Path, folder: Path) -> Iterator[Live]:
    port = free_port()
    env = {
        "PORT": str(port),
        "SIGNALK_NODE_CONFIG_DIR": str(folder),
        "SIGNALK_DISABLE_SERVER_UPDATES": "true",
    }
    (folder / "settings.json").write_text(json.dumps({"mdns": False, "interfaces": {}}))
    plugin = folder / "plugin-config-data" / "resources-provider.json"
    plugin.parent.mkdir()
    kinds = {"routes": True, "waypoints": True, "notes": True, "regions": True}
    chosen = {"standard": kinds, "custom": []}
    plugin.write_text(json.dumps({"enabled": True, "configuration": chosen}))
    module = home / "node_modules" / "signalk-server"
    # It looks there for plugins.
    (folder / "node_modules").symlink_to(home / "node_modules")
    command = ["node", str(module / "bin" / "signalk-server")]
    with running("Signal K", command, port, "/signalk", env=env) as server:
        document = module / "dist" / "api" / "resources" / "openApi.json"
        url = server.base + "/signalk/v2/api"
        at = "/resources/waypoints"
        point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}
        rows = {at + "/{id}": ("POST", at, {"name": "precious", "feature": point})}
        yield Live("signalk", url, document, precious=precious_of(url, {}, rows))


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
    Service("crowdsec", "Go, Swagger 2, a login", (), _crowdsec),
    Service(
        "jupyterhub",
        "Tornado, tokens",
        ("jupyterhub==6.1.1",),
        _jupyterhub,
        npm="configurable-http-proxy@5.3.0",
    ),
    Service("dstack", "FastAPI, everything by POST", ("dstack[server]==0.22.5",), _dstack),
    Service("signalk", "Express, resources in maps", (), _signalk, npm="signalk-server@2.23.0"),
)
SERVICES = {**services.SERVICES, **{service.name: service for service in _MORE}}
