"""A stateful mock server, generated from an OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.engine.api import handles
    from mockserver.engine.messages import NO_BODY, Reply, Request
    from mockserver.engine.world import World
    from mockserver.server.mock import MockServer
    from mockserver.server.scenarios import fates, scenarios

__all__ = [
    "NO_BODY",
    "MockServer",
    "Reply",
    "Request",
    "World",
    "__version__",
    "fates",
    "handles",
    "scenarios",
]
__version__ = "0.2.0"

_HOMES = {
    "MockServer": "mockserver.server.mock",
    "NO_BODY": "mockserver.engine.messages",
    "Reply": "mockserver.engine.messages",
    "Request": "mockserver.engine.messages",
    "World": "mockserver.engine.world",
    "fates": "mockserver.server.scenarios",
    "scenarios": "mockserver.server.scenarios",
    "handles": "mockserver.engine.api",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: `mockserver --help` needs none of it.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
