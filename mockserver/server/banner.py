"""The startup message of `serve`."""

from __future__ import annotations

from mockserver.files.reading import without_secrets
from mockserver.files.wording import counted
from mockserver.openapi.credentials import credential
from mockserver.openapi.model import Contract, Operation
from mockserver.server.mock import DEFAULT_KEY, Mock
from mockserver.server.terminal import plain

_DOCUMENTED = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
# The first command in the vendor's documentation.
_FIRST: dict[str, tuple[str, str]] = {
    "feather": ("POST", f"/v1/sim-suites/{_DOCUMENTED}/runs/{_DOCUMENTED}/cancel"),
    "truestate": ("PATCH", f"/automations/{_DOCUMENTED}/sessions/{_DOCUMENTED}/cancel"),
}


def banner(mock: Mock, source: str, url: str, notes: list[tuple[str, str]]) -> str:
    """URL, key, a first working curl, the dashboard, and how to stop."""
    contract = mock.contract
    if mock.options.proxy:
        return _proxy_banner(mock, source, url)
    size = counted(len(contract.operations), "operation")
    lines = [
        f"{contract.title} ({source}, {size}) listens on {url}",
        "",
        f"  key            {_key(mock)}",
        f"  try            {first_curl(mock, url)}",
        f"  dashboard      {url}/__mock__/ (the admin API is below it)",
        f"  world          {_world(mock)}",
        *(f"  {name:<13}  {text}" for name, text in notes),
        "",
        "Ctrl-C stops it.",
    ]
    return "\n".join(map(plain, lines))


def _proxy_banner(mock: Mock, source: str, url: str) -> str:
    """Where the proxy listens, where it forwards to, and the document it validates against."""
    size = counted(len(mock.contract.operations), "operation")
    lines = [
        f"{url} forwards to {without_secrets(mock.options.upstream)} and validates both ways",
        f"against {source} ({mock.contract.title}, {size})",
        "",
        f"  dashboard      {url}/__mock__/ (the admin API is below it)",
        "",
        "Ctrl-C stops it.",
    ]
    return "\n".join(map(plain, lines))


def _key(mock: Mock) -> str:
    if not any(operation.security for operation in mock.contract.operations):
        return "none is needed"
    if mock.options.leniency.any_key:
        return "any, or none; each has a world of its own"
    return f"{DEFAULT_KEY}; each key that begins with {mock.api.wire.prefix} has a world of its own"


def _world(mock: Mock) -> str:
    manual = mock.options.clock == "manual"
    clock = "manual clock (POST /__mock__/clock moves it)" if manual else "real clock"
    return f"seed {mock.options.seed}, {clock}"


def first_curl(mock: Mock, url: str) -> str:
    """A command to copy: the documented one of a built-in API, else a read, preferably of what a
    client can create."""
    contract = mock.contract
    method, path = _FIRST.get(mock.api.name, ("", ""))
    operation = None
    if not path:
        reads = list(filter(_is_plain_read, contract.operations))
        made = {one.path for one in contract.operations if one.method == "POST"}
        kept = (one for one in reads if one.path in made)
        operation = next(kept, None) or next(iter(reads), contract.operations[0])
        bases = operation.base_paths or contract.base_paths
        method, path = operation.method, next(iter(bases), "").rstrip("/") + operation.path
    words = ["curl", *([] if method == "GET" else ["-X", method])]
    words.append(f"'{url}{path}'" if "{" in path else url + path)
    words.extend(credential_words(contract, operation or contract.operations[0]))
    return " ".join(words)


def _is_plain_read(operation: Operation) -> bool:
    return (
        operation.method == "GET"
        and "{" not in operation.path
        and not any(parameter.required for parameter in operation.parameters)
    )


def credential_words(contract: Contract, operation: Operation) -> list[str]:
    """curl arguments that carry the key, for the first security requirement of an operation."""
    found = credential(contract, DEFAULT_KEY, operation)
    words: list[str] = []
    for name, value in found.headers.items():
        words += ["-H", f"'{name}: {value}'"]
    for name, value in found.cookies.items():
        words += ["--cookie", f"'{name}={value}'"]
    for name, value in found.query.items():
        words += ["--get", "--data-urlencode", f"'{name}={value}'"]
    return words
