"""Minimal valid bodies, for labels that don't specify one."""

from __future__ import annotations

from typing import Any

_DEEPEST = 8
_FORMATS = {
    "date-time": "2026-02-01T10:00:00Z",
    "date": "2026-02-01",
    "time": "10:00:00Z",
    "email": "person@example.com",
    "uri": "https://example.com/thing",
    "url": "https://example.com/thing",
    "uuid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
}


class Bodies:
    """Creates bodies from one document: required properties, from examples where there are any."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def resolved(self, node: Any) -> Any:
        """`node`, or the target of its reference."""
        for _ in range(20):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                part = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{")
                target = target.get(part.replace("%7D", "}")) if isinstance(target, dict) else None
            node = target
        return node

    def schema_of(self, operation: dict[str, Any]) -> Any:
        """The schema of an operation's body: JSON, a form, or Swagger 2.0."""
        for parameter in operation.get("parameters", ()):
            found = self.resolved(parameter)
            if isinstance(found, dict) and found.get("in") == "body":
                return found.get("schema", {})
        body = self.resolved(operation.get("requestBody")) or {}
        content = body.get("content", {})
        ordered = sorted(content, key=lambda name: ("json" not in name, name))
        return content[ordered[0]].get("schema", {}) if ordered else {}

    def made(self, operation: dict[str, Any]) -> Any:
        return self._value(self.schema_of(operation), 0)

    def _value(self, schema: Any, depth: int) -> Any:
        schema = self.resolved(schema)
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return {}
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return next((each for each in schema["enum"] if each is not None), None)
        for word in ("oneOf", "anyOf"):
            if schema.get(word):
                rest = {key: each for key, each in schema.items() if key != word}
                return _merged(
                    self._value(rest, depth) if rest.get("properties") else None,
                    self._value(schema[word][0], depth + 1),
                )
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((each for each in kind if each != "null"), None)
        if "allOf" in schema or kind == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            least = max(1, schema.get("minItems", 0))
            return [self._value(schema.get("items", {}), depth + 1) for _ in range(least)]
        return _scalar(schema, kind)

    def _object(self, schema: dict[str, Any], depth: int) -> Any:
        made: Any = {}
        for part in schema.get("allOf", ()):
            made = _merged(made, self._value(part, depth + 1))
        if not isinstance(made, dict):
            return made
        properties = self._properties(schema)
        for name in self._required(schema):
            if name not in made and name in properties:
                made[name] = self._value(properties[name], depth + 1)
        return made

    def _properties(self, schema: Any) -> dict[str, Any]:
        schema = self.resolved(schema)
        if not isinstance(schema, dict):
            return {}
        found: dict[str, Any] = {}
        for part in schema.get("allOf", ()):
            found |= self._properties(part)
        own = schema.get("properties", {})
        return found | {
            name: each
            for name, each in own.items()
            if not (isinstance(each, dict) and each.get("readOnly"))
        }

    def _required(self, schema: dict[str, Any]) -> list[str]:
        found = schema.get("required", [])
        return found if isinstance(found, list) else []


def _scalar(schema: dict[str, Any], kind: Any) -> Any:
    for word in ("example", "default"):
        if schema.get(word) is not None and not isinstance(schema[word], dict | list):
            return schema[word]
    if kind in ("integer", "number"):
        least = schema.get("minimum", schema.get("exclusiveMinimum", 1))
        return max(1, int(least)) if isinstance(least, int | float) else 1
    if kind == "boolean":
        return True
    if kind in ("string", None) and "format" in schema and schema["format"] in _FORMATS:
        return _FORMATS[schema["format"]]
    if kind == "string":
        return "a text".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 10**6)]
    return "a text" if kind is None else {}


def _merged(left: Any, right: Any) -> Any:
    if isinstance(left, dict) and isinstance(right, dict):
        found = dict(left)
        for key, each in right.items():
            found[key] = _merged(found[key], each) if key in found else each
        return found
    return left if right is None else right


def overridden(body: Any, overrides: Any) -> Any:
    """`body` with a label's values."""
    return _merged(body, overrides)
