"""Where the document says that the API is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def server_url(server: Mapping[str, Any]) -> str:
    """The URL of a server, its variables by their defaults."""
    url = str(server.get("url") or "/")
    for name, variable in (server.get("variables") or {}).items():
        if isinstance(variable, Mapping):
            url = url.replace("{" + name + "}", str(variable.get("default", "")))
    return url


def base_path(servers: tuple[str, ...]) -> str:
    """The path of the first server, "" for none."""
    path = urlsplit(servers[0]).path.strip("/") if servers else ""
    # A relative one, such as `v1`, is taken from the root: nobody knows where the document lay.
    return f"/{path}" if path else ""
