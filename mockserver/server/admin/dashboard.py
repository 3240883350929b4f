"""`GET /__mock__/`: the dashboard, a page and its assets, all from this package."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from string import Template

from mockserver.engine.serialization import Sent
from mockserver.errors import NotFound
from mockserver.server.admin.request import Call, Panel
from mockserver.server.mock import DEFAULT_KEY, Mock
from mockserver.store.base import MEMORY

PAGES = Path(__file__).parent / "pages"
SCHEMA = Path(__file__).parents[1] / "mockserver.schema.json"
"""The JSON Schema of mockserver.toml, as `mockserver config --schema` prints it, for editors."""
TYPES = {
    ".css": b"text/css",
    ".js": b"text/javascript",
    ".json": b"application/schema+json",
    ".svg": b"image/svg+xml",
}
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    b"img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def front_page(mock: Mock, source: str, state_file: bool = False) -> Sent:
    """The page. `state_file`: the worlds are kept in a file."""
    contract = mock.contract
    facts = {
        "title": contract.title,
        "version": contract.version,
        "source": source,
        "behaviour": mock.api.name,
        "operations": len(contract.operations),
        "memory": _memory(mock, state_file),
        "key": DEFAULT_KEY,
        "prefix": mock.api.wire.prefix,
        "seed": mock.options.seed,
    }
    escaped = {name: escape(str(value)) for name, value in facts.items()}
    return html(_template("dashboard.html").substitute(escaped))


def html(page: str, policy: bytes = _POLICY) -> Sent:
    """A page that loads nothing from other sites."""
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy),
        (b"referrer-policy", b"no-referrer"),
    ]
    return Sent(200, headers, page.encode("utf-8", "replace"))


def asset(name: str) -> Sent:
    """A file that a page loads. Raises NotFound."""
    path = PAGES / name
    if path.suffix not in TYPES or path.parent != PAGES or not path.is_file():
        raise NotFound(f"the dashboard has no file {name!r}")
    return file(path)


def file(path: Path) -> Sent:
    return Sent(200, [(b"content-type", TYPES[path.suffix] + b"; charset=utf-8")], _read(path))


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()


@cache
def _template(name: str) -> Template:
    return Template((PAGES / name).read_text("utf-8"))


def _memory(mock: Mock, state_file: bool) -> str:
    if mock.options.store != MEMORY:
        return "in Redis"
    if state_file:
        return "in its state file"
    return "in memory, until it stops"


# `GET /__mock__/reference`: the document in Swagger UI.
#
# Only the static files of the package fastapi-swagger are used.

PACKAGE = "fastapi_swagger"
FILES = ("swagger-ui-bundle.js", "swagger-ui.css")
MISSING = (
    "The API reference needs Swagger UI, which is not installed: "
    "pip install 'PATH-TO-A-CLONE[reference]', and restart the server."
)
# Swagger UI uses inline styles and data: URLs for icons.
_SWAGGER_UI_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    b"connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; "
    b"form-action 'none'"
)


@cache
def swagger_ui() -> Path | None:
    """The folder with Swagger UI's files; None if it is not installed. Nothing is imported."""
    spec = find_spec(PACKAGE)
    for place in spec.submodule_search_locations or () if spec is not None else ():
        folder = Path(place) / "resources"
        if all((folder / name).is_file() for name in FILES):
            return folder
    return None


def show_reference(panel: Panel, call: Call) -> Sent:
    if swagger_ui() is None:
        sent = html(f"<!doctype html><title>API reference</title><p>{escape(MISSING)}</p>")
        sent.status = 501
        return sent
    template = Template((PAGES / "reference.html").read_text("utf-8"))
    return html(template.substitute(title=escape(panel.mock.contract.title)), _SWAGGER_UI_POLICY)


def show_asset(panel: Panel, call: Call) -> Sent:
    name, folder = call.path["id"], swagger_ui()
    if name in FILES:
        if folder is None:
            raise NotFound(MISSING)
        return file(folder / name)
    return asset(name)


def show_document(panel: Panel, call: Call) -> object:
    return panel.mock.contract.document
