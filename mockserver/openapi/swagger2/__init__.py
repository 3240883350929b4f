"""Converts Swagger 2.0 to OpenAPI 3.0.3, so that the rest handles one kind of document.

What is lost or assumed in the conversion becomes a note, with its place in the original document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.errors import ContractError
from mockserver.openapi.document import METHODS, join, resolve
from mockserver.openapi.media_types import BINARY, is_json_or_any, is_xml
from mockserver.openapi.model import Note
from mockserver.openapi.swagger2.parts import (
    SchemaConverter,
    converted_header,
    converted_parameter,
    converted_scheme,
    form_body,
)

JSON = "application/json"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_KEPT = ("info", "tags", "externalDocs", "security")
_OF_OPERATION = ("consumes", "produces", "parameters", "responses", "schemes")


def is_swagger2(document: Mapping[str, Any]) -> bool:
    """Whether this is a Swagger 2.0 document (YAML may have read the version as a number)."""
    return str(document.get("swagger")) in ("2.0", "2") and "openapi" not in document


def upgraded(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """The same API as an OpenAPI 3.0.3 document, with notes on what could not be converted.

    Raises ContractError with the place in the Swagger document where it is broken.
    """
    try:
        return _Upgrade(document).run()
    except RecursionError:
        raise ContractError("nested too deeply") from None


class _Upgrade:
    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = source
        self.notes: list[Note] = []
        self.schemas = SchemaConverter(source, self.note)

    def note(self, where: str, message: str) -> None:
        self.notes.append(Note(where, message))

    def assume(self, where: str, message: str) -> None:
        self.notes.append(Note(where, message, "info"))

    def run(self) -> tuple[dict[str, Any], list[Note]]:
        source = self.source
        found: dict[str, Any] = {"openapi": "3.0.3"}
        found.update({key: source[key] for key in _KEPT if key in source})
        servers = self._servers()
        if servers:
            found["servers"] = servers
        found["paths"] = self._paths()
        components = {
            "parameters": self._parameters(),
            "securitySchemes": self._schemes(),
            "schemas": self.schemas.all(),
        }
        found["components"] = {name: part for name, part in components.items() if part}
        found.update({key: value for key, value in source.items() if key.startswith("x-")})
        return found, list(dict.fromkeys(self.notes))

    def _servers(self) -> list[dict[str, str]]:
        host = self.source.get("host")
        base = _text(self.source.get("basePath"), "#/basePath")
        base = "/" + base.strip("/") if base.strip("/") else ""
        if not host:
            return [{"url": base}] if base else []
        schemes = _texts(self.source.get("schemes"), "#/schemes") or ["https"]
        return [{"url": f"{scheme}://{_text(host, '#/host')}{base}"} for scheme in schemes]

    def _schemes(self) -> dict[str, Any]:
        defined = _object(self.source.get("securityDefinitions"), "#/securityDefinitions")
        return {
            name: converted_scheme(
                _object(raw, join("#/securityDefinitions", name)),
                join("#/securityDefinitions", name),
                self.note,
            )
            for name, raw in defined.items()
            if not name.startswith("x-")
        }

    def _parameters(self) -> dict[str, Any]:
        """The parameters other than bodies, which belong to the operations that use them."""
        found = {}
        for name, raw in _object(self.source.get("parameters"), "#/parameters").items():
            here = join("#/parameters", name)
            value = _object(raw, here)
            if not _is_body(value):
                found[name] = self._parameter(value, here)
        return found

    def _parameter(self, value: Mapping[str, Any], pointer: str) -> dict[str, Any]:
        return converted_parameter(value, pointer, self.schemas, self.note)

    # -- paths

    def _paths(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path, raw in _object(self.source.get("paths"), "#/paths").items():
            here = join("#/paths", path)
            if path.startswith("x-"):
                found[path] = raw
                continue
            item, here = resolve(self.source, raw, here)
            found[path] = self._item(_object(item, here), here)
        return found

    def _item(self, item: Mapping[str, Any], pointer: str) -> dict[str, Any]:
        shared = self._listed(item.get("parameters"), join(pointer, "parameters"))
        found: dict[str, Any] = {k: v for k, v in item.items() if k.startswith("x-")}
        plain = [(raw, here) for raw, value, here in shared if not _is_body(value)]
        if plain:
            found["parameters"] = [self._reference(raw, here) for raw, here in plain]
        bodies = [(value, here) for _, value, here in shared if _is_body(value)]
        for method in METHODS:
            if method in item:
                here = join(pointer, method)
                found[method] = self._operation(_object(item[method], here), bodies, here)
        return found

    def _listed(self, value: Any, pointer: str) -> list[tuple[Any, Mapping[str, Any], str]]:
        """Parameters as written, resolved, and with their pointers."""
        if value is not None and not isinstance(value, list):
            raise ContractError("a list is needed here", pointer)
        found = []
        for index, raw in enumerate(value or ()):
            resolved, here = resolve(self.source, raw, join(pointer, index))
            found.append((raw, _object(resolved, here), here))
        return found

    def _reference(self, raw: Any, pointer: str) -> dict[str, Any]:
        reference = raw.get("$ref") if isinstance(raw, Mapping) else None
        if isinstance(reference, str) and reference.startswith("#/parameters/"):
            return {"$ref": "#/components" + reference[1:]}
        value, pointer = resolve(self.source, raw, pointer)
        return self._parameter(value, pointer)

    def _operation(
        self, raw: Mapping[str, Any], shared: list[tuple[Mapping[str, Any], str]], pointer: str
    ) -> dict[str, Any]:
        found = {key: value for key, value in raw.items() if key not in _OF_OPERATION}
        listed = self._listed(raw.get("parameters"), join(pointer, "parameters"))
        plain = [(each, here) for each, value, here in listed if not _is_body(value)]
        if plain:
            found["parameters"] = [self._reference(each, here) for each, here in plain]
        bodies = [(value, here) for _, value, here in listed if _is_body(value)]
        names = {(str(value.get("in")), str(value.get("name"))) for value, _ in bodies}
        # A body parameter of the path applies unless the operation has its own.
        whole = any(value.get("in") == "body" for value, _ in bodies)
        bodies += [
            (value, here)
            for value, here in shared
            if (str(value.get("in")), str(value.get("name"))) not in names
            and not (whole and value.get("in") == "body")
        ]
        if bodies:
            found["requestBody"] = self._body(raw, bodies, pointer)
        found["responses"] = self._responses(raw, pointer)
        return found

    def _body(
        self, raw: Mapping[str, Any], bodies: list[tuple[Mapping[str, Any], str]], pointer: str
    ) -> dict[str, Any]:
        consumes = self._media(raw, "consumes", pointer)
        whole = [(value, here) for value, here in bodies if value.get("in") == "body"]
        fields = [(value, here) for value, here in bodies if value.get("in") == "formData"]
        if whole and fields:
            self.note(pointer, "it has a body and form fields; the fields are ignored")
        if not whole:
            return form_body(fields, self._form_types(consumes, fields), self.schemas, self.note)
        value, here = whole[0]
        if len(whole) > 1:
            self.note(whole[1][1], "a second body parameter is ignored")
        types = [name for name in consumes if name.lower() not in FORMS]
        if not types:
            types = [JSON]
            self.assume(pointer, f"says of no media type that its body can have; {JSON} is taken")
        schema = self.schemas.convert(value.get("schema", {}), join(here, "schema"))
        media: dict[str, Any] = {"schema": schema}
        if "x-example" in value:
            media["example"] = value["x-example"]
        content = dict.fromkeys(types, media)
        for name, example in _object(value.get("x-examples"), here).items():
            if name in content:
                content[name] = {**media, "example": example}
        body = {"required": bool(value.get("required")), "content": content}
        if value.get("description"):
            body["description"] = value["description"]
        return body

    def _form_types(
        self, consumes: list[str], fields: list[tuple[Mapping[str, Any], str]]
    ) -> list[str]:
        types = [name for name in consumes if name.lower().partition(";")[0].strip() in FORMS]
        if any(value.get("type") == "file" for value, _ in fields):
            # Files require multipart.
            return [name for name in types if name.lower().startswith(FORMS[1])] or [FORMS[1]]
        return types or [FORMS[0]]

    def _media(self, raw: Mapping[str, Any], key: str, pointer: str) -> list[str]:
        """The media types of an operation; its own list replaces that of the document."""
        if raw.get(key) is not None:
            return _texts(raw[key], join(pointer, key))
        return _texts(self.source.get(key), join("#", key))

    # -- responses

    def _responses(self, raw: Mapping[str, Any], pointer: str) -> dict[str, Any]:
        produces = self._media(raw, "produces", pointer)
        found: dict[str, Any] = {}
        for status, value in _object(raw.get("responses"), join(pointer, "responses")).items():
            here = join(pointer, "responses", status)
            if str(status).startswith("x-"):
                found[status] = value
                continue
            resolved, here = resolve(self.source, value, here)
            error = str(status)[0] in "45d"
            raw_response = _object(resolved, here)
            types = produces
            no_objects = bool(produces) and not any(map(_holds_objects, produces))
            if error and no_objects and self._is_object(raw_response):
                # `produces: [text/csv]` is about the file, not about its errors.
                types = [JSON]
            response = self._response(raw_response, types, here)
            if error and JSON in produces:
                # An error has a body of this type even without a schema.
                response.setdefault("content", {JSON: {}})
            found[str(status)] = response
        return found

    def _is_object(self, response: Mapping[str, Any]) -> bool:
        """Whether the schema of a response is an object with properties."""
        schema = response.get("schema")
        if isinstance(schema, Mapping) and "$ref" in schema:
            schema, _ = resolve(self.source, schema, "#")
        return isinstance(schema, Mapping) and bool(schema.get("properties"))

    def _response(
        self, raw: Mapping[str, Any], produces: list[str], pointer: str
    ) -> dict[str, Any]:
        found: dict[str, Any] = {"description": str(raw.get("description") or "")}
        found.update({key: value for key, value in raw.items() if key.startswith("x-")})
        headers = _object(raw.get("headers"), join(pointer, "headers"))
        if headers:
            found["headers"] = {
                name: converted_header(
                    _object(header, join(pointer, "headers", name)),
                    join(pointer, "headers", name),
                    self.schemas,
                    self.note,
                )
                for name, header in headers.items()
            }
        content: dict[str, Any] = {}
        schema = raw.get("schema")
        if schema is not None:
            file = isinstance(schema, Mapping) and schema.get("type") == "file"
            types = produces or [BINARY if file else JSON]
            if not produces:
                self.assume(pointer, f"says of no media type that it has; {types[0]} is taken")
            converted = self.schemas.convert(schema, join(pointer, "schema"))
            content = {name: {"schema": converted} for name in types}
        for name, example in _object(raw.get("examples"), join(pointer, "examples")).items():
            if "/" in name:
                content[name] = {**content.get(name, {}), "example": example}
            elif not name.startswith("x-"):
                where = join(pointer, "examples", name)
                self.note(where, f"an example of {name!r}, which is no media type, is ignored")
        if content:
            found["content"] = content
        return found


def _is_body(value: Mapping[str, Any]) -> bool:
    return value.get("in") in ("body", "formData")


def _holds_objects(media_type: str) -> bool:
    return is_json_or_any(media_type) or is_xml(media_type)


def _object(value: Any, pointer: str) -> Mapping[str, Any]:
    if value is None or value == []:
        # PHP writes an empty object as [].
        return {}
    if not isinstance(value, Mapping):
        raise ContractError("an object is needed here", pointer)
    return value


def _text(value: Any, pointer: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ContractError("a text is needed here", pointer)
    return value


def _texts(value: Any, pointer: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    if value is not None and not isinstance(value, list):
        raise ContractError("a list is needed here", pointer)
    return [_text(item, join(pointer, index)) for index, item in enumerate(value or ())]
