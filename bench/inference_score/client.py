"""A client of one world of a mock: credentials by the document's schemes, its clock, its calls."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from bench.inference_score.bodies import Bodies
from mockserver import MockServer

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Operation:
    """An operation of the document, found by method and path."""

    method: str
    path: str
    pattern: re.Pattern[str]
    definition: dict[str, Any]


class Served:
    """A document and the mock that serves it; a world for each key."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.bodies = Bodies(document)
        self.mock = MockServer(document, clock="manual", seed=0)
        self.operations = [
            Operation(method, path, _pattern(path), self._definition(item, item[method]))
            for path, item in document.get("paths", {}).items()
            if isinstance(item, dict)
            for method in METHODS
            if isinstance(item.get(method), dict)
        ]
        parts = document.get("components") or {}
        schemes = parts.get("securitySchemes") or document.get("securityDefinitions") or {}
        self.schemes = {name: self.bodies.resolved(each) for name, each in schemes.items()}

    def _definition(self, item: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
        shared = item.get("parameters", [])
        return {**own, "parameters": [*shared, *own.get("parameters", [])]}

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation for a request; literal segments win over parameters."""
        found = [
            each
            for each in self.operations
            if each.method == method.lower() and each.pattern.fullmatch(path)
        ]
        return min(found, key=lambda each: each.path.count("{"), default=None)

    def close(self) -> None:
        self.mock.close()


def _pattern(path: str) -> re.Pattern[str]:
    path = path.split("?")[0].split("#")[0]
    parts = re.split(r"(\{[^}]+\})", path)
    return re.compile("".join("[^/]+" if p.startswith("{") else re.escape(p) for p in parts))


class Client:
    """One world: requests with its credential, and its clock."""

    def __init__(self, served: Served, key: str) -> None:
        self.served = served
        self.key = key
        self.clock = served.mock.clock_for(key)
        self._client = served.mock.client_for(key)

    def _credentials(self, definition: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and query for the first requirement of an operation, or for every scheme."""
        headers, query = {"x-mock-tenant": self.key}, {}
        required = definition.get("security", self.served.document.get("security")) or [{}]
        schemes = self.served.schemes
        for name in required[0] or schemes:
            scheme = schemes.get(name, {})
            kind, place = scheme.get("type"), scheme.get("in")
            if kind == "apiKey" and place == "query":
                query[scheme["name"]] = self.key
            elif kind == "apiKey" and place == "cookie":
                headers["cookie"] = f"{scheme['name']}={self.key}"
            elif kind == "apiKey":
                headers[scheme["name"].lower()] = self.key
            elif kind == "basic" or str(scheme.get("scheme", "")).lower() == "basic":
                word = base64.b64encode(f"{self.key}:".encode()).decode()
                headers.setdefault("authorization", f"Basic {word}")
            else:
                headers["authorization"] = f"Bearer {self.key}"
        return headers, query

    @property
    def now(self) -> float:
        """Seconds since 1970 in this world."""
        return self.clock.now / _MICROSECONDS

    def send(
        self, method: str, target: str, definition: Any, query: Any, headers: Any, **body: Any
    ) -> Any:
        """An httpx response."""
        path, _, own = target.partition("?")
        credentials, keys = self._credentials(definition)
        pairs = list(keys.items())
        for name, value in (query or {}).items():
            values = value if isinstance(value, list) else [value]
            pairs += [(name, str(each)) for each in values]
        text = "&".join(part for part in (own, urlencode(pairs)) if part)
        url = quote(path, safe="/:@!$&'()*+,;=~%-._") + (
            f"?{quote(text, safe=_QUERY)}" if text else ""
        )
        return self._client.request(
            method, url, headers={**credentials, **(headers or {})}, timeout=30, **body
        )

    def violations(self) -> str:
        """The mock's violations for the last request, from its journal."""
        calls = self.served.mock.tenant(self.key).journal.calls()
        return "; ".join(str(each) for each in calls[-1].violations[:3]) if calls else ""

    def close(self) -> None:
        self.served.mock.forget_client(self.key)


_QUERY = "/:@!$&'()*+,;=~%-._?[]"


def json_of(response: httpx.Response) -> Any:
    """The body as JSON, or as text if it is not JSON."""
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        return response.text
