"""The routing projection: the little of a document that Connexion is given.

Connexion 3.3 takes OpenAPI 3.0 only, so it gets a 3.0.3 document made from the contract:
paths with safe parameter names, operationIds and security. The true document stays the truth.
"""

from __future__ import annotations

import re
from typing import Any

from mockserver.openapi.model import Contract

_PARAMETER = re.compile(r"{([^{}]+)}")


def routing_projection(contract: Contract) -> dict[str, Any]:
    """A 3.0.3 document for Connexion. Parameter names become `p0`, `p1`, ... by position.

    Of operations that share method and path it has one, a plain one if there is any.
    """
    paths: dict[str, Any] = {}
    for operation in contract.operations:
        item = paths.setdefault(safe_path(operation.url_path), {})
        method = operation.method.lower()
        if operation.told_by and method in item:
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
    }


def safe_path(path: str) -> str:
    """The path with its parameters named by position: `/a/{x-id}` -> `/a/{p0}`."""
    count = iter(range(path.count("{")))
    return _PARAMETER.sub(lambda _: f"{{p{next(count)}}}", path)


def parameter_names(path: str) -> tuple[str, ...]:
    """The true names, in the order of their positions."""
    return tuple(_PARAMETER.findall(path))
