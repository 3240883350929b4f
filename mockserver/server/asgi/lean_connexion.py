"""Connexion without the dependencies that we don't use.

`import connexion` also imports requests, jsonschema, jinja2, Flask's werkzeug and Starlette's test
client, for reading and validating documents, for its Swagger UI and its test client. We use none of
these, and they took half of the time to the first response: docs/decisions/0011.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from types import ModuleType
from typing import Any

from mockserver.private_imports import PrivateImporter

UNUSED = (
    "a2wsgi",
    "asgiref",
    "flask",
    "httpx",
    "jinja2",
    "jsf",
    "jsonschema",
    "requests",
    "starlette.staticfiles",
    "starlette.templating",
    "starlette.testclient",
    "urllib.request",
    "werkzeug",
    "yaml",
)


def _modules() -> tuple[Any, Any, Any]:
    # Connexion uses `pkgutil` to read its meta-schemas.
    pkgutil = ModuleType("pkgutil")
    pkgutil.get_data = lambda package, resource: b"{}"  # type: ignore[attr-defined]
    names = ("connexion.middleware.main", "connexion.middleware.abstract", "connexion.spec")
    importer = PrivateImporter("connexion", UNUSED, {"pkgutil": pkgutil})
    try:
        main, abstract, spec = map(importer.load, names)
    except Exception:
        # This Connexion needs more during its import: import all of it.
        with warnings.catch_warnings():
            # It imports Starlette's test client, which deprecates httpx.
            warnings.simplefilter("ignore")
            main, abstract, spec = map(import_module, names)
    return main, abstract, spec


_main, _abstract, _spec = _modules()
API: Any = _main.API
ConnexionMiddleware: Any = _main.ConnexionMiddleware
SpecMiddleware: Any = _abstract.SpecMiddleware
Specification: Any = _spec.Specification
OpenAPISpecification: Any = _spec.OpenAPISpecification
