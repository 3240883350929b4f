"""Connexion without the halves that we don't use.

`import connexion` also imports requests, jsonschema, jinja2, Flask's werkzeug and Starlette's test
client: for reading and checking documents, for its Swagger UI and for its test client. None of it
runs here (docs/decisions/0011), and it is half of the time to the first response. So Connexion's
modules are executed with an `__import__` of their own, which gives stand-ins for those packages.
The instance is private: `sys.modules` is left alone, and whoever imports Connexion in this process
gets all of it.
"""

from __future__ import annotations

import builtins
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, resolve_name
from types import ModuleType
from typing import Any

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
    "werkzeug",
)


class _StandIn(type):
    """A class that can be subclassed, called, subscripted and asked for attributes."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(name)

    def __getitem__(cls, key: object) -> Any:
        return cls

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return _stand_in(cls.__name__)


def _stand_in(name: str) -> Any:
    base = Exception if name.endswith("Error") else object
    return _StandIn(name, (base,), {"__module__": __name__})


class _Unused(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(name)


# With `pkgutil` Connexion reads the schemas that it would check a document with.
_NO_SCHEMAS = ModuleType("pkgutil")
_NO_SCHEMAS.get_data = lambda package, resource: b"{}"  # type: ignore[attr-defined]


class _Importer:
    """Loads Connexion's modules into `modules`, and all others as Python does."""

    def __init__(self) -> None:
        self.modules: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> ModuleType:
        if name in self.modules:
            return self.modules[name]
        parent, _, last = name.rpartition(".")
        path = self.load(parent).__path__ if parent else None
        if name in self.modules:  # its parent has imported it
            return self.modules[name]
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        module = self.modules[name] = module_from_spec(spec)
        vars(module)["__builtins__"] = self._builtins
        spec.loader.exec_module(module)
        if parent:
            setattr(self.modules[parent], last, module)
        return module

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        package = (globals or {}).get("__package__") or ""
        absolute = resolve_name("." * level + name, package) if level else name
        if absolute.partition(".")[0] == "connexion":
            module = self.load(absolute)
            for wanted in fromlist or ():
                if not hasattr(module, wanted):
                    self.load(f"{absolute}.{wanted}")
            return module if fromlist or level else self.modules["connexion"]
        if absolute == "pkgutil":
            return _NO_SCHEMAS
        if absolute.startswith(UNUSED) and absolute not in sys.modules:
            return _Unused(absolute)
        return builtins.__import__(name, globals, locals, fromlist or (), level)


def _modules() -> tuple[Any, Any, Any]:
    names = ("connexion.middleware.main", "connexion.middleware.abstract", "connexion.spec")
    importer = _Importer()
    try:
        main, abstract, spec = map(importer.load, names)
    except Exception:
        # A Connexion that needs more of them while it is imported: then all of it is.
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
