"""A JSON value in another media type: XML, CSV, lines, events, plain text."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import orjson

from mockserver.openapi.media_types import essence, is_json_or_any, is_lines, is_xml
from mockserver.openapi.model import MediaType
from mockserver.openapi.request.xml import is_attribute, is_content, is_wrapped, xml_name, xml_words
from mockserver.openapi.schemas.resolved import Flat, Schemas

# A value as XML, by the `xml` keywords of its schema.

_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*").fullmatch
# All but \t, \n, \r, x20 to xd7ff, xe000 to xfffd and x10000 to x10ffff: quicker to compile.
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def rendered_xml(schemas: Schemas, pointer: str | None, value: Any) -> bytes:
    """The value as a document; a text that is XML already is unchanged."""
    if isinstance(value, str) and value.lstrip().startswith("<"):
        return value.encode("utf-8", "replace")
    schema: Any = schemas.at(pointer) if pointer else {}
    lines = _XmlWriter(schemas).element(schema, root_name(schemas, pointer), value)
    return (_XML_HEAD + "".join(lines) + "\n").encode("utf-8", "replace")


def root_name(schemas: Schemas, pointer: str | None) -> str:
    """The name of the root element: from `xml`, else the name of the component."""
    if not pointer:
        return "root"
    named = xml_words(schemas.flat_at(pointer)).get("name")
    place = schemas.canonical(pointer)
    component = place.rsplit("/", 1)[-1] if "/components/schemas/" in place else ""
    return _legal_name(str(named or component or "root"))


def _legal_name(name: str) -> str:
    if _XML_NAME(name):
        return name
    name = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return name if _XML_NAME(name) else f"_{name}"


class _XmlWriter:
    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def element(self, schema: Any, name: str, value: Any) -> list[str]:
        """An element as pieces of text; several for an unwrapped array."""
        flat = self._flat(schema, value)
        words = xml_words(flat)
        name = _legal_name(xml_name(words, name))
        if isinstance(value, list):
            return self._array(flat, words, name, value)
        prefix = words.get("prefix")
        qualified = f"{_legal_name(str(prefix))}:{name}" if prefix else name
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
                    own = _legal_name(xml_name(words, name))
                    prefix = f"{_legal_name(str(words['prefix']))}:" if words.get("prefix") else ""
                    attributes += f" {prefix}{own}={_quoted(_xml_text(inner))}"
            elif is_content(words):
                pieces.append(_text(inner))
            else:
                pieces.extend(self.element(schema, name, inner))
        return [f"<{head}{attributes}>", *pieces, f"</{qualified}>"]


def _namespace(words: Mapping[str, Any]) -> str:
    namespace = words.get("namespace")
    if not isinstance(namespace, str) or not namespace:
        return ""
    prefix = f":{_legal_name(str(words['prefix']))}" if words.get("prefix") else ""
    return f" xmlns{prefix}={_quoted(_NOT_XML.sub('', namespace))}"


def _text(value: Any) -> str:
    from xml.sax.saxutils import escape  # it imports an HTTP client

    return escape(_xml_text(value))


def _quoted(value: str) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr(value)


def _xml_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("\ufffd", "" if value is None else str(value))


# Bodies with several values: JSON lines and server-sent events.

EVENT_STREAM = "text/event-stream"
DONE = "[DONE]"
"""How the event streams of many vendors end."""
_FRAME = frozenset(("event", "data", "id", "retry", "comment"))


def is_sequence(name: str) -> bool:
    """Whether bodies of this media type have several values."""
    return essence(name) == EVENT_STREAM or is_lines(name)


def rendered_sequence(name: str, value: Any) -> bytes:
    """The items of an array (or a single value), one after the other."""
    items = value if isinstance(value, list) else [value]
    if name == EVENT_STREAM:
        return b"".join(map(_event, items))
    start = b"\x1e" if name.endswith("json-seq") else b""
    return b"".join(start + orjson.dumps(item) + b"\n" for item in items)


def is_frame(value: Any) -> bool:
    """Whether an item describes the event itself (OpenAPI 3.2) rather than its data."""
    return isinstance(value, Mapping) and "data" in value and value.keys() <= _FRAME


def _event(item: Any) -> bytes:
    fields: list[tuple[str, str]] = []
    if is_frame(item):
        named = ((n, item[n]) for n in ("event", "id", "retry") if item.get(n) is not None)
        fields.extend((name, str(value)) for name, value in named)
        fields.append(("data", _data(item["data"])))
    else:
        kind = item.get("type") if isinstance(item, Mapping) else None
        if isinstance(kind, str) and "\n" not in kind:
            # Lets a client listen to one kind of event.
            fields.append(("event", kind))
        fields.append(("data", _data(item)))
    lines = [f"{n}: {line}" for n, text in fields for line in text.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


def _data(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# Tables as text: comma- and tab-separated values.

DELIMITERS = {
    "text/csv": ",",
    "application/csv": ",",
    "text/tab-separated-values": "\t",
    "text/tsv": "\t",
}


def rendered_table(name: str, value: Any, described: Iterable[str] = ()) -> bytes:
    """A table with a header: a row for each object of a list; for one object, its longest list of
    objects, else the object itself. The `described` columns are there in any case."""
    rows = _rows(value)
    columns = list(dict.fromkeys((*described, *(column for row in rows for column in row))))
    text = StringIO()
    writer = csv.writer(text, delimiter=DELIMITERS[name], lineterminator="\r\n")
    if columns:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue().encode("utf-8", "replace")


def _columns(schemas: Schemas, media: MediaType) -> Iterable[str]:
    """The columns of a table whose rows a schema describes."""
    if media.pointer is None:
        return ()
    place = schemas.main(media.pointer)
    if "array" in schemas.flat_at(place).types:
        place = schemas.main(schemas.place(place, None) or place)
        return schemas.flat_at(place).properties
    return ()


def _rows(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        lists = [v for v in value.values() if isinstance(v, list) and _are_rows(v)]
        value = max(lists, key=len) if lists else [value]
    if isinstance(value, list) and _are_rows(value):
        return value
    many = value if isinstance(value, list) else [value]
    if many and all(isinstance(row, list) for row in many):
        return [{str(n): cell for n, cell in enumerate(row)} for row in many]
    return [{"value": each} for each in many]


def _are_rows(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(each, Mapping) for each in values)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
_FORM = "application/x-www-form-urlencoded"


def is_described(name: str) -> bool:
    """Whether the schema describes the body; that of a file doesn't."""
    name = essence(name)
    return (
        is_json_or_any(name)
        or name.startswith("text/")
        or is_xml(name)
        or is_sequence(name)
        or name in (*_YAML, _FORM)
        or name.endswith("+yaml")
    )


def rendered(schemas: Schemas, media: MediaType, name: str, value: Any) -> bytes:
    """A value as a body of the media type `name`, sent as `media`."""
    name = essence(name)
    if is_sequence(name):
        return rendered_sequence(name, value)
    if is_xml(name):
        return rendered_xml(schemas, media.pointer, value)
    if name in _YAML or name.endswith("+yaml"):
        import yaml

        return yaml.safe_dump(_plain(value), sort_keys=False, allow_unicode=True).encode()
    if name == _FORM and isinstance(value, Mapping):
        return urlencode({n: v for n, v in value.items() if v is not None}, doseq=True).encode()
    if name in DELIMITERS and isinstance(value, list | Mapping):
        return rendered_table(name, value, _columns(schemas, media))
    return as_text(value).encode("utf-8", "replace")


def as_text(value: Any) -> str:
    """A value as plain text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, bool | int | float)
        else (orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
    )


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))
