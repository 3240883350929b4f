"""The headers that operations require, beside credentials: `If-Match`, an idempotency key, a
version of the API. Without them every request would be refused, and nothing behind it tested."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.openapi.media_types import essence, is_json
from mockserver.openapi.model import Contract, Operation

Read = Callable[[str], Mapping[str, str] | None]
"""The headers of a read, by its path, in lower case; None without a success."""
_OWN = frozenset(("accept", "authorization", "content-type", "cookie"))
"""Headers that no parameter describes (OpenAPI 3.1, 4.8.12.1), or that the wire makes."""


JSON = "application/json"


def json_type(operation: Operation) -> str:
    """The media type under which an operation takes JSON: some know only one of their own, such as
    `application/vnd.api+json` or `application/merge-patch+json`."""
    listed = list(operation.body.content) if operation.body is not None else []
    kinds = [essence(name) for name in listed if is_json(name)]
    return JSON if not kinds or JSON in kinds else kinds[0]


@dataclass
class NeededHeaders:
    """The headers of each operation; `read` looks for the conditions that hold now."""

    contract: Contract
    read: Read
    _count: int = 0
    _needed: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def of(self, operation: str, path: str, given: Collection[str]) -> dict[str, str]:
        """What a request needs in addition to what is `given`; names are in lower case."""
        if operation not in self._needed:
            known = self.contract.by_id.get(operation)
            self._needed[operation] = self._schemas(known) if known is not None else {}
        needed = self._needed[operation]
        missing = {name: needed[name] for name in needed if name not in given}
        if not missing:
            return {}
        self._count += 1
        found = {name: _text(schema, self._count) for name, schema in missing.items()}
        return found | self._conditions(missing, path)

    def _schemas(self, operation: Operation) -> dict[str, dict[str, Any]]:
        keys = {scheme.parameter.lower() for scheme in self.contract.schemes.values()}
        kind = json_type(operation)
        other = {} if kind == JSON else {"content-type": {"const": kind}}
        return other | {
            one.name.lower(): _with_example(one.schema, one.examples)
            for one in operation.parameters
            if one.place == "header" and one.required and one.name.lower() not in _OWN | keys
        }

    def _conditions(self, missing: Mapping[str, Any], path: str) -> dict[str, str]:
        """The conditions that hold now: RFC 9110, 13.1."""
        if not missing.keys() & _CONDITIONS:
            return {}
        now = self.read(path) or {}
        values = {
            "if-match": now.get("etag", "*"),
            "if-none-match": '"none"',
            "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT",
            "if-unmodified-since": now.get("last-modified", "Fri, 01 Jan 2100 00:00:00 GMT"),
        }
        return {name: value for name, value in values.items() if name in missing}


_CONDITIONS = frozenset(("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"))


def _text(schema: Mapping[str, Any], number: int) -> str:
    """A value of a header, which differs from number to number where the schema lets it."""
    named = (schema.get("const"), *schema.get("enum", ()), schema.get("default"))
    examples = (schema.get("example"), *schema.get("examples", ()))
    given = next((one for one in (*named, *examples) if one is not None), None)
    if given is not None:
        return _written(given)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind in ("integer", "number"):
        return _written(schema.get("minimum", schema.get("maximum", 1)))
    if kind == "boolean":
        return "true"
    texts = {
        "uuid": f"00000000-0000-4000-8000-{number:012d}",
        "date": "2026-01-01",
        "date-time": "2026-01-01T00:00:00Z",
        "email": "sample@example.com",
        "uri": "https://example.com/",
    }
    text = texts.get(schema.get("format", ""), f"sample-{number}")
    return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]


def _written(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(_written, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _with_example(schema: Any, examples: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with an example that stands beside it."""
    found = dict(schema) if isinstance(schema, dict) else {}
    first = next(iter(examples.values()), None)
    return found if first is None else {**found, "enum": [first]}
