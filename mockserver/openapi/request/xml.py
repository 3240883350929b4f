"""XML bodies, parsed to the value that their schema describes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.openapi.model import Json
from mockserver.openapi.schemas.resolved import Flat, Schemas

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# The `xml` keywords of schemas.


def xml_words(flat: Flat) -> Mapping[str, Any]:
    """The `xml` object of a schema; that of a property wins over that of its reference's target."""
    found: dict[str, Any] = {}
    for part in flat.parts:
        words = part.get("xml")
        if isinstance(words, Mapping):
            found = {**words, **found}
    return found


def xml_name(words: Mapping[str, Any], name: str) -> str:
    """The local name of an element or attribute, without a prefix written into it (`xsi:type`)."""
    return str(words.get("name") or name).rpartition(":")[2]


def is_attribute(flat: Flat, words: Mapping[str, Any]) -> bool:
    """Whether it is an attribute of the enclosing element, which objects and arrays can't be."""
    named = bool(words.get("attribute")) or words.get("nodeType") == "attribute"
    return named and not {"object", "array"} & set(flat.types)


def is_content(words: Mapping[str, Any]) -> bool:
    """Whether it is the text of the enclosing element (OpenAPI 3.2)."""
    return words.get("nodeType") in ("text", "cdata")


def is_wrapped(words: Mapping[str, Any]) -> bool:
    """Whether an array has an element around its items."""
    return bool(words.get("wrapped")) or words.get("nodeType") == "element"


_WHOLE = re.compile(r"[+-]?\d{1,300}", re.ASCII).fullmatch
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII).fullmatch
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_DEEPEST = 200


def read_xml(raw: bytes, schemas: Schemas, schema: Any) -> Json:
    """The value of a document. Raises ValueError if it isn't XML or isn't safe to parse."""
    # Imported on first use: few APIs take XML, and the import is slow.
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(raw)
    except ParseError as error:
        raise ValueError(str(error)) from None
    except DefusedXmlException as error:
        raise ValueError(f"entities and document types are not read ({error})") from None
    except (LookupError, UnicodeError) as error:
        raise ValueError(f"its encoding can't be read: {error}") from None
    flat = schemas.flat(schema)
    wanted = xml_words(flat).get("name")
    if isinstance(wanted, str) and _local(root.tag) != wanted:
        raise ValueError(f"the root is <{_local(root.tag)[:100]}>, not <{wanted}>")
    return _Reader(schemas).value(flat, root, 0)


class _Reader:
    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def value(self, flat: Flat, element: Element, depth: int) -> Json:
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        flat = self._one(flat, element)
        if "array" in flat.types:
            return self._items(flat, list(element), depth)
        if "object" in flat.types or (not flat.types and (len(element) or element.attrib)):
            return self._object(flat, element, depth)
        return _scalar(flat, element.text or "")

    def _one(self, flat: Flat, element: Element) -> Flat:
        """The branch of a union whose name matches the element."""
        if not flat.choices:
            return flat
        names = {_local(child.tag) for child in element} | {_local(n) for n in element.attrib}
        branches = flat.choices[0]

        def unknown(branch: Any) -> int:
            own = self._schemas.flat(branch)
            called = {
                xml_name(xml_words(self._schemas.flat(schema)), name)
                for name, schema in own.properties.items()
            }
            return len(names - called) if own.types != () or not own.nullable else len(names) + 1

        return self._schemas.choose(flat, branches, min(branches, key=unknown))

    def _items(self, flat: Flat, elements: list[Element], depth: int) -> list[Json]:
        items = self._schemas.flat(flat.arrays.items if flat.arrays.items is not None else {})
        return [self.value(items, element, depth + 1) for element in elements]

    def _object(self, flat: Flat, element: Element, depth: int) -> dict[str, Json]:
        children: dict[str, list[Element]] = {}
        for child in element:
            children.setdefault(_local(child.tag), []).append(child)
        attributes = {_local(name): value for name, value in element.attrib.items()}
        found: dict[str, Json] = {}
        for name, schema in flat.properties.items():
            inner = self._schemas.flat(schema)
            words = xml_words(inner)
            called = xml_name(words, name)
            if is_attribute(inner, words):
                if called in attributes:
                    found[name] = _scalar(inner, attributes.pop(called))
            elif is_content(words):
                found[name] = _scalar(inner, element.text or "")
            elif "array" in inner.types:
                there = children.pop(self._item_name(inner, words, name), None)
                if there is not None:
                    wrapped = is_wrapped(words)
                    found[name] = self._items(inner, list(there[0]) if wrapped else there, depth)
            elif called in children:
                found[name] = self.value(inner, children.pop(called)[-1], depth + 1)
            elif called in attributes and ":" in str(words.get("name")):
                found[name] = _scalar(inner, attributes.pop(called))  # as AWS writes xsi:type
        extra = self._schemas.flat({})
        for called, left in children.items():
            found.setdefault(called, self.value(extra, left[-1], depth + 1))
        return found

    def _item_name(self, flat: Flat, words: Any, name: str) -> str:
        """The element name of array items: its own if wrapped, else that of the items."""
        if is_wrapped(words):
            return xml_name(words, name)
        items = flat.arrays.items if flat.arrays.items is not None else {}
        return xml_name(xml_words(self._schemas.flat(items)), xml_name(words, name))


def _local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def _scalar(flat: Flat, text: str) -> Json:
    """The text converted to the type of the schema, if possible."""
    plain = text.strip()
    if "string" in flat.types or not flat.types:
        return text
    if flat.nullable and not plain:
        return None
    if "boolean" in flat.types and plain in _FLAGS:
        return _FLAGS[plain]
    if {"integer", "number"} & set(flat.types) and _WHOLE(plain):
        return int(plain)
    if "number" in flat.types and _NUMBER(plain):
        return float(plain)
    return text
