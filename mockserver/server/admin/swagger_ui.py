"""`GET /__mock__/reference`: the document in Swagger UI.

Only the static files of the package fastapi-swagger are used.
"""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from string import Template

from mockserver.engine.serialization import Sent
from mockserver.errors import NotFound
from mockserver.server.admin.dashboard import PAGES, asset, file, html
from mockserver.server.admin.request import Call, Panel

PACKAGE = "fastapi_swagger"
FILES = ("swagger-ui-bundle.js", "swagger-ui.css")
MISSING = (
    "The API reference needs Swagger UI, which is not installed: "
    "pip install 'mockserver[reference]', and restart the server."
)
# Swagger UI uses inline styles and data: URLs for icons.
_POLICY = (
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
    return html(template.substitute(title=escape(panel.mock.contract.title)), _POLICY)


def show_asset(panel: Panel, call: Call) -> Sent:
    name, folder = call.path["id"], swagger_ui()
    if name in FILES:
        if folder is None:
            raise NotFound(MISSING)
        return file(folder / name)
    return asset(name)


def show_document(panel: Panel, call: Call) -> object:
    return panel.mock.contract.document
