"""The credential of a request."""

from __future__ import annotations

from bench.corpus.wire import escaped
from mockserver.openapi.credentials import credential
from mockserver.openapi.model import Contract, Operation

KEY = "mock-corpus"


def authenticate(
    contract: Contract,
    operation: Operation,
    headers: dict[str, str],
    query: list[str],
    cookies: list[str],
) -> None:
    """Use all schemes of the first requirement; a parameter often has the same name."""
    headers.setdefault("x-mock-tenant", KEY)
    if not operation.security:
        return
    found = credential(contract, KEY, operation)
    headers.update(found.headers)
    cookies += [f"{name}={value}" for name, value in found.cookies.items()]
    for name, value in found.query.items():
        key = escaped(name) + "="
        query[:] = [part for part in query if not part.startswith(key)]
        query.append(key + value)
