"""The credential of a request."""

from __future__ import annotations

import base64

from bench.corpus.wire import escaped
from mockserver.openapi.model import Contract, Operation

KEY = "mock-corpus"


def authenticate(
    contract: Contract,
    operation: Operation,
    headers: dict[str, str],
    query: list[str],
    cookies: list[str],
) -> None:
    """With all schemes of the first requirement; the same name is often a parameter, too."""
    headers.setdefault("x-mock-tenant", KEY)
    for name in operation.security[0] if operation.security else ():
        scheme = contract.schemes.get(name)
        if scheme is None:
            continue
        if scheme.type == "apiKey" and scheme.place == "query":
            key = escaped(scheme.parameter) + "="
            query[:] = [part for part in query if not part.startswith(key)]
            query.append(key + KEY)
        elif scheme.type == "apiKey" and scheme.place == "cookie":
            cookies.append(f"{scheme.parameter}={KEY}")
        elif scheme.type == "apiKey":
            headers[scheme.parameter.lower()] = KEY
        elif scheme.type == "http" and scheme.scheme == "basic":
            word = base64.b64encode(f"{KEY}:".encode()).decode()
            headers["authorization"] = f"Basic {word}"
        else:
            headers["authorization"] = f"Bearer {KEY}"
