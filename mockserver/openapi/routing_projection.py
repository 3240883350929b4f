"""The routing projection: the part of a document that Connexion needs.

Connexion 3.3 accepts OpenAPI 3.0 only, so it gets a 3.0.3 document made from the contract: paths
with safe parameter names, operationIds and security. Everything else reads the contract.
"""

from __future__ import annotations

import re
from typing import Any

from mockserver.openapi.model import Contract

_PARAMETER = re.compile(r"{([^{}]+)}")


def routing_projection(contract: Contract, *, strict_base_path: bool = False) -> dict[str, Any]:
    """A 3.0.3 document for Connexion. Parameters are named `p0`, `p1`, ... by position.

    Operations that share method and path appear once, the plain one if there is one.
    """
    paths: dict[str, Any] = {}
    for operation in contract.operations:
        item = paths.setdefault(safe_path(operation.url_path), {})
        method = operation.method.lower()
        if operation.path != operation.url_path and method in item:
            continue
        item[method] = {
            "operationId": operation.id,
            "responses": {"default": {"description": ""}},
        }
    for path, item in paths.items():
        names = _PARAMETER.findall(path)
        if names:
            item["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in names
            ]
    return {
        "openapi": "3.0.3",
        "info": {"title": contract.title, "version": "1"},
        "servers": [{"url": contract.base_path or "/"}],
        "paths": paths,
        "x-base-paths": _base_paths(contract, strict_base_path),
        "x-strict": strict_base_path,
    }


def _base_paths(contract: Contract, strict: bool) -> dict[str, list[str] | None]:
    """The operations below each base path, by id; None for all."""
    found: dict[str, list[str] | None] = {}
    own = [operation for operation in contract.operations if operation.base_paths]
    everywhere = [o.id for o in contract.operations if not o.base_paths] if strict and own else None
    for base in contract.base_paths or ("",):
        found[base] = everywhere
    for operation in own:
        for base in operation.base_paths:
            below = found.setdefault(base, [])
            if below is not None:
                below.append(operation.id)
    # Longer prefixes first.
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def safe_path(path: str) -> str:
    """The path with its parameters named by position: `/a/{x-id}` -> `/a/{p0}`."""
    count = iter(range(path.count("{")))
    return _PARAMETER.sub(lambda _: f"{{p{next(count)}}}", path)


def parameter_names(path: str) -> tuple[str, ...]:
    """The original names, by position."""
    return tuple(_PARAMETER.findall(path))
