"""Import a package privately and skip the dependencies that we don't use.

Connexion and Faker import far more than we need, and imports dominate the time to the first
response. Their modules run with their own `__import__`, which replaces the modules listed as unused
by stand-ins. `sys.modules` is untouched: other importers in this process get the complete package.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Collection, Mapping, Sequence
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, resolve_name
from types import ModuleType
from typing import Any


class _StandIn(type):
    """A class that supports subclassing, calls, subscripts and attribute access."""

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


class PrivateImporter:
    """Loads private copies of the modules of `package`; other imports work as usual.

    Modules and packages in `unused` are replaced by stand-ins that can be subclassed and called,
    unless they are already imported. `replaced` maps module names to modules to use instead.
    """

    def __init__(
        self,
        package: str,
        unused: Collection[str] = (),
        replaced: Mapping[str, ModuleType] | None = None,
    ) -> None:
        self._package = package
        self._unused = frozenset(unused)
        self._modules: dict[str, ModuleType] = dict(replaced or {})
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> ModuleType:
        """Load a module. Raises ModuleNotFoundError, or what the module itself raises."""
        parent, _, last = name.rpartition(".")
        path = self.load(parent).__path__ if parent else None
        if name in self._modules:
            return self._modules[name]
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        module = self._modules[name] = module_from_spec(spec)
        vars(module)["__builtins__"] = self._builtins
        spec.loader.exec_module(module)
        if parent:
            setattr(self._modules[parent], last, module)
        return module

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        within = (globals or {}).get("__package__") or ""
        absolute = resolve_name("." * level + name, within) if level else name
        if absolute.partition(".")[0] == self._package:
            module = self.load(absolute)
            for wanted in fromlist or ():
                if not hasattr(module, wanted):
                    self.load(f"{absolute}.{wanted}")
            return module if fromlist or level else self._modules[self._package]
        if absolute in self._modules:
            return self._modules[absolute]
        if self._is_unused(absolute) and absolute not in sys.modules:
            return _Unused(absolute)
        return builtins.__import__(name, globals, locals, fromlist or (), level)

    def _is_unused(self, name: str) -> bool:
        while name and name not in self._unused:
            name = name.rpartition(".")[0]
        return bool(name)
