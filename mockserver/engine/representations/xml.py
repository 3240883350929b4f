"""A value as XML, by the `xml` keywords of its schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from mockserver.openapi.request.xml import is_attribute, is_content, is_wrapped, xml_name, xml_words
from mockserver.openapi.schemas.resolved import Flat, Schemas

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*").fullmatch
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def rendered(schemas: Schemas, pointer: str | None, value: Any) -> bytes:
    """The value as a document; a text that is XML already is unchanged."""
    if isinstance(value, str) and value.lstrip().startswith("<"):
        return value.encode("utf-8", "replace")
    schema: Any = schemas.at(pointer) if pointer else {}
    lines = _Writer(schemas).element(schema, root_name(schemas, pointer), value)
    return (_HEAD + "".join(lines) + "\n").encode("utf-8", "replace")


def root_name(schemas: Schemas, pointer: str | None) -> str:
    """The name of the root element: from `xml`, else the name of the component."""
    if not pointer:
        return "root"
    named = xml_words(schemas.flat_at(pointer)).get("name")
    place = schemas.canonical(pointer)
    component = place.rsplit("/", 1)[-1] if "/components/schemas/" in place else ""
    return _legal(str(named or component or "root"))


def _legal(name: str) -> str:
    if _NAME(name):
        return name
    name = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return name if _NAME(name) else f"_{name}"


class _Writer:
    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def element(self, schema: Any, name: str, value: Any) -> list[str]:
        """An element as pieces of text; several for an unwrapped array."""
        flat = self._flat(schema, value)
        words = xml_words(flat)
        name = _legal(xml_name(words, name))
        if isinstance(value, list):
            return self._array(flat, words, name, value)
        prefix = words.get("prefix")
        qualified = f"{_legal(str(prefix))}:{name}" if prefix else name
        head = qualified + _namespace(words)
        if isinstance(value, Mapping):
            return self._object(flat, head, qualified, value)
        if value is None:
            return [f"<{head}/>"]
        return [f"<{head}>{_text(value)}</{qualified}>"]

    def _flat(self, schema: Any, value: Any) -> Flat:
        flat = self._schemas.flat(schema)
        if flat.choices and isinstance(value, Mapping):
            branches = flat.choices[0]
            fits = [b for b in branches if value.keys() <= self._schemas.flat(b).properties.keys()]
            return self._schemas.choose(flat, branches, (fits or branches)[0])
        return flat

    def _array(
        self, flat: Flat, words: Mapping[str, Any], name: str, value: list[Any]
    ) -> list[str]:
        items = flat.arrays.items if isinstance(flat.arrays.items, Mapping) else {}
        own = xml_words(self._schemas.flat(items)).get("name")
        inner = str(own or name)
        pieces = [piece for item in value for piece in self.element(items, inner, item)]
        return (
            [f"<{name}{_namespace(words)}>", *pieces, f"</{name}>"] if is_wrapped(words) else pieces
        )

    def _object(self, flat: Flat, head: str, qualified: str, value: Mapping[str, Any]) -> list[str]:
        attributes, pieces = "", []
        for name, inner in value.items():
            schema = flat.properties.get(name)
            if schema is None:
                schema = flat.objects.extra if isinstance(flat.objects.extra, Mapping) else {}
            described = self._schemas.flat(schema)
            words = xml_words(described)
            if is_attribute(described, words):
                if inner is not None:
                    own = _legal(xml_name(words, name))
                    prefix = f"{_legal(str(words['prefix']))}:" if words.get("prefix") else ""
                    attributes += f" {prefix}{own}={quoteattr(_plain(inner))}"
            elif is_content(words):
                pieces.append(_text(inner))
            else:
                pieces.extend(self.element(schema, name, inner))
        return [f"<{head}{attributes}>", *pieces, f"</{qualified}>"]


def _namespace(words: Mapping[str, Any]) -> str:
    namespace = words.get("namespace")
    if not isinstance(namespace, str) or not namespace:
        return ""
    prefix = f":{_legal(str(words['prefix']))}" if words.get("prefix") else ""
    return f" xmlns{prefix}={quoteattr(_FORBIDDEN.sub('', namespace))}"


def _text(value: Any) -> str:
    return escape(_plain(value))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _FORBIDDEN.sub("\ufffd", "" if value is None else str(value))
