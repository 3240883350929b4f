"""Builds a Contract from a document."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

from mockserver.errors import ContractError
from mockserver.openapi.closed_parts import with_open_parts
from mockserver.openapi.credentials import with_header_name
from mockserver.openapi.document import METHODS, join, resolve
from mockserver.openapi.empty_words import without_empty_words
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import (
    EXTERNAL,
    WHOLE,
    Body,
    Contract,
    Header,
    MediaType,
    Note,
    Operation,
    Parameter,
    Place,
    Requirement,
    Response,
    SecurityScheme,
    split_path,
)
from mockserver.openapi.references import plain_references
from mockserver.openapi.schemas.discriminators import with_choices
from mockserver.openapi.schemas.enumerations import types_of
from mockserver.openapi.structure import check_structure
from mockserver.openapi.swagger2 import is_swagger2, upgraded

# The servers of a document: their URLs and base paths.

_VARIABLE = re.compile(r"{([^{}]+)}")
_MOST_PATHS = 200
"""Variables with many values make more combinations than are useful."""


def server_url(server: Mapping[str, Any]) -> str:
    """The URL of a server, with its variables' defaults."""
    return _filled(server, {})


def base_path(url: str) -> str:
    """The path of a server's URL, "" if it has none."""
    # A relative URL such as `v1` starts at the root: the document's own URL is unknown.
    steps = [step for step in urlsplit(url).path.split("/") if step not in ("", ".", "..")]
    return "".join(f"/{step}" for step in steps)


def base_paths(servers: Iterable[Any]) -> tuple[str, ...]:
    """The base paths of these servers, for every enum value of their variables; defaults first."""
    found: dict[str, None] = {}
    for server in servers:
        if not isinstance(server, Mapping):
            continue
        found.setdefault(base_path(server_url(server)))
        known = _variables(server)
        url = str(server.get("url") or "/")
        # The host doesn't matter here.
        names = [name for name in _VARIABLE.findall(url) if name in known]
        values = [_values(known[name]) for name in names]
        for chosen in islice(product(*values), _MOST_PATHS):
            found.setdefault(base_path(_filled(server, dict(zip(names, chosen, strict=True)))))
    return tuple(islice(found, _MOST_PATHS))


def _variables(server: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    variables = server.get("variables")
    variables = variables if isinstance(variables, Mapping) else {}
    return {name: value for name, value in variables.items() if isinstance(value, Mapping)}


def _values(variable: Mapping[str, Any]) -> list[str]:
    listed = variable.get("enum")
    values = [str(value) for value in listed] if isinstance(listed, list) else []
    return list(dict.fromkeys((str(variable.get("default", "")), *values)))


def _filled(server: Mapping[str, Any], values: Mapping[str, str]) -> str:
    url = str(server.get("url") or "/")
    for name, variable in _variables(server).items():
        url = url.replace("{" + name + "}", values.get(name, str(variable.get("default", ""))))
    return url


_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_STRUCTURED = {"properties", "required", "items", "allOf", "additionalProperties"}
_IGNORED_HEADERS = {"accept", "content-type", "authorization"}


def build_contract(document: dict[str, Any]) -> Contract:
    """Build a Contract from a 2.0, 3.0, 3.1 or 3.2 document (internal references only).

    A Swagger 2.0 document is converted to OpenAPI 3.0.3 first.

    Raises ContractError if it is not such a document, or is broken in a part that matters.
    """
    if not is_swagger2(document):
        document, notes = without_empty_words(document)
        contract = _Builder(plain_references(document)).build()
        return replace(contract, notes=(*notes, *contract.notes)) if notes else contract
    newer, notes = upgraded(document)
    newer, empty = without_empty_words(newer)
    contract = _Builder(newer).build()
    notes += empty
    return replace(contract, written="Swagger 2.0", notes=(*notes, *contract.notes))


class _Builder:
    def __init__(self, document: dict[str, Any]) -> None:
        self.notes: list[Note]
        self.document, self.notes = with_open_parts(with_choices(document))
        self.ids: set[str] = set()
        # Cached: thousands of operations may refer to one object.
        self.shared_parameters: dict[str, Parameter | None] = {}
        self.shared_responses: dict[tuple[str, str], Response] = {}

    def build(self) -> Contract:
        version = check_version(self.document)
        check_structure(self.document)
        info = self._object(self.document.get("info", {}), "#/info")
        servers = tuple(
            server_url(server) for server in self.document.get("servers") or () if server
        )
        return Contract(
            document=self.document,
            version=version,
            title=str(info.get("title") or "API"),
            operations=tuple(self._operations()),
            schemes=self._schemes(),
            base_path=base_path(servers[0]) if servers else "",
            base_paths=base_paths(self.document.get("servers") or ()),
            servers=servers,
            notes=tuple(self.notes),
        )

    def note(self, where: str, message: str) -> None:
        self.notes.append(Note(where, message))

    def _object(self, value: Any, pointer: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise ContractError("an object is needed here", pointer)
        return value

    def _resolved(self, value: Any, pointer: str) -> tuple[Mapping[str, Any], str]:
        value, pointer = resolve(self.document, value, pointer)
        return self._object(value, pointer), pointer

    def _operations(self) -> list[Operation]:
        operations = []
        paths = self._object(self.document.get("paths") or {}, "#/paths")
        for path, raw_item in paths.items():
            if path.startswith("x-"):
                continue
            pointer = join("#/paths", path)
            if not path.startswith("/"):
                raise ContractError(f"the path {path!r} does not begin with a slash", pointer)
            if "{}" in path:
                raise ContractError(f"the path {path!r} has a parameter without a name", pointer)
            item, pointer = self._resolved(raw_item, pointer)
            for method in METHODS:
                if method in item:
                    operations.append(self._operation(path, method, item, join(pointer, method)))
            more = self._object(item.get("additionalOperations") or {}, pointer)
            for method in more:
                here = join(pointer, "additionalOperations", method)
                inside = {**item, method: more[method]}
                operations.append(self._operation(path, method, inside, here, pointer))
        return operations

    def _operation(
        self, path: str, method: str, item: Mapping[str, Any], pointer: str, owner: str = ""
    ) -> Operation:
        raw = self._object(item[method], pointer)
        responses = self._object(raw.get("responses") or {}, join(pointer, "responses"))
        if not responses:
            self.note(pointer, "lists no responses; success is answered with 200")
        operation = Operation(
            id=self._operation_id(raw.get("operationId"), method, path, pointer),
            method=method.upper(),
            path=path,
            pointer=pointer,
            parameters=self._parameters(
                path, item, raw, pointer, owner or pointer.rsplit("/", 1)[0]
            ),
            body=self._body(raw.get("requestBody"), join(pointer, "requestBody")),
            responses={
                _status(status): self._response(
                    _status(status), response, join(pointer, "responses", status)
                )
                for status, response in responses.items()
                if not str(status).startswith("x-")
            },
            security=self._security(raw.get("security", self.document.get("security")), pointer),
            tags=tuple(str(tag) for tag in raw.get("tags") or ()),
            summary=str(raw.get("summary") or ""),
            description=str(raw.get("description") or ""),
            deprecated=bool(raw.get("deprecated")),
            callbacks=raw.get("callbacks") or {},
            base_paths=base_paths(raw.get("servers") or item.get("servers") or ()),
            extensions={key: value for key, value in raw.items() if key.startswith("x-")},
        )
        if operation.query_discriminators:
            words = " and ".join(
                n if v is None else f"{n}={v}" for n, v in operation.query_discriminators
            )
            text = f"is meant by requests to {operation.url_path} that say {words}"
            self.notes.append(Note(pointer, f"{text} in the query, a form or a header", "info"))
        return operation

    def _operation_id(self, given: Any, method: str, path: str, pointer: str) -> str:
        name = given if isinstance(given, str) and given else None
        if name is None:
            name = method + re.sub(r"[^A-Za-z0-9]+", "_", path).rstrip("_")
        elif name in self.ids:
            self.note(pointer, f"the operationId {name!r} occurs twice; method and path are added")
            name += "_" + method + re.sub(r"[^A-Za-z0-9]+", "_", path).rstrip("_")
        while name in self.ids:
            name += "_"
        self.ids.add(name)
        return name

    def _parameters(
        self, path: str, item: Mapping[str, Any], raw: Mapping[str, Any], pointer: str, owner: str
    ) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        for source, base in ((item, owner), (raw, pointer)):
            for index, value in enumerate(source.get("parameters") or ()):
                parameter = self._parameter(value, join(base, "parameters", index))
                if parameter is not None:
                    found[parameter.place, parameter.name] = parameter
        names = re.findall(r"{([^{}]+)}", split_path(path)[0])
        for name in names:
            if ("path", name) not in found:
                self.note(
                    pointer, f"the path parameter {name!r} is not declared; any text is taken"
                )
                found["path", name] = Parameter(
                    name, "path", True, {"type": "string"}, "", "simple", False
                )
        return tuple(p for p in found.values() if p.place != "path" or p.name in names)

    def _parameter(self, value: Any, pointer: str) -> Parameter | None:
        reference = value.get("$ref") if isinstance(value, Mapping) else None
        if not isinstance(reference, str):
            return self._own_parameter(value, pointer)
        if reference not in self.shared_parameters:
            self.shared_parameters[reference] = self._own_parameter(value, pointer)
        return self.shared_parameters[reference]

    def _own_parameter(self, value: Any, pointer: str) -> Parameter | None:
        raw, pointer = self._resolved(value, pointer)
        place = raw.get("in")
        name = raw.get("name")
        whole = place == "querystring"  # of 3.2: the query is one value
        place = "query" if whole else place
        if place not in _STYLES or not isinstance(name, str) or (whole and not raw.get("content")):
            why = f"its `in` is {raw.get('in')!r}, not one of {', '.join(_STYLES)}"
            if place in _STYLES:
                why = "its content is missing" if isinstance(name, str) else "it has no name"
            self.note(pointer, f"the parameter is ignored: {why}")
            return None
        if place == "header" and name.lower() in _IGNORED_HEADERS:
            return None
        media_type = None
        schema_pointer = join(pointer, "schema")
        schema: Any = raw.get("schema", {})
        content = raw.get("content")
        if isinstance(content, Mapping) and content:
            media_type = next(iter(content))
            schema = content[media_type].get("schema", {})
            schema_pointer = join(pointer, "content", media_type, "schema")
        schema, schema_pointer = resolve(self.document, schema, schema_pointer)
        style = str(raw.get("style") or _STYLES[place])
        style = WHOLE if whole else style
        examples = {
            key: example.get("value")
            for key, example in (raw.get("examples") or {}).items()
            if isinstance(example, Mapping)
        }
        if "example" in raw:
            examples.setdefault("example", raw["example"])
        return Parameter(
            name=name,
            place=_place(place),
            required=place == "path" or bool(raw.get("required")),
            schema=schema if isinstance(schema, Mapping) else {},
            pointer=schema_pointer if "schema" in raw or media_type else "",
            style=style,
            explode=bool(raw.get("explode", style == "form")),
            media_type=media_type,
            allow_empty=bool(raw.get("allowEmptyValue")),
            deprecated=bool(raw.get("deprecated")),
            examples=examples,
            description=str(raw.get("description") or ""),
        )

    def _body(self, value: Any, pointer: str) -> Body | None:
        if value is None:
            return None
        raw, pointer = self._resolved(value, pointer)
        return Body(bool(raw.get("required")), self._content(raw.get("content"), pointer))

    def _content(self, value: Any, pointer: str) -> dict[str, MediaType]:
        found = {}
        for name, raw in (value or {}).items():
            # Since 3.2, it may be one of the components.
            raw, here = self._resolved(raw or {}, join(pointer, "content", name))
            schema = raw.get("schema")
            schema_pointer = None
            items = None
            if "itemSchema" in raw:
                items = resolve(self.document, raw["itemSchema"], join(here, "itemSchema"))[1]
            if schema is not None:
                schema, schema_pointer = resolve(self.document, schema, join(here, "schema"))
                if not isinstance(schema, Mapping):
                    schema = {} if schema else {"not": {}}
            examples = self._examples(raw, here)
            if is_json(name) and isinstance(schema, Mapping):
                examples = {key: _unquoted(value, schema) for key, value in examples.items()}
            found[name.lower()] = MediaType(
                name,
                schema,
                schema_pointer,
                examples,
                raw.get("encoding") or {},
                items,
            )
        return found

    def _examples(self, raw: Mapping[str, Any], pointer: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, example in (raw.get("examples") or {}).items():
            resolved, _ = resolve(self.document, example, join(pointer, "examples", name))
            if isinstance(resolved, Mapping):
                found.update(self._example(name, resolved, join(pointer, "examples", name)))
        if "example" in raw:
            found.setdefault("default", raw["example"])
        return found

    def _example(self, name: str, raw: Mapping[str, Any], pointer: str) -> dict[str, Any]:
        """The value of an Example Object, under its name; nothing if it has none."""
        for word in ("value", "dataValue"):
            if word in raw:
                value = raw[word]
                if not (isinstance(value, Mapping) and isinstance(value.get("$ref"), str)):
                    return {name: value}
                # No part of an example is a reference, yet many tools read it as one.
                with suppress(ContractError):
                    return {name: resolve(self.document, value, pointer)[0]}
                self.note(pointer, f"the example at {value['$ref']} can't be read")
                return {}
        if "serializedValue" in raw:
            text = str(raw["serializedValue"])
            with suppress(ValueError):
                return {name: json.loads(text)}
            return {name: text}
        if EXTERNAL in raw:
            return {name: b64decode(raw[EXTERNAL])}
        if "externalValue" in raw:
            self.note(pointer, f"the file {raw['externalValue']} of an example can't be read")
        return {}

    def _response(self, status: str, value: Any, pointer: str) -> Response:
        reference = value.get("$ref") if isinstance(value, Mapping) else None
        if not isinstance(reference, str):
            return self._own_response(status, value, pointer)
        found = self.shared_responses.get((status, reference))
        if found is None:
            found = self._own_response(status, value, pointer)
            self.shared_responses[status, reference] = found
        return found

    def _header(self, name: str, raw: Mapping[str, Any], here: str) -> Header:
        holder, media_type = raw, None
        content = raw.get("content")
        if isinstance(content, Mapping) and content:
            media_type = str(next(iter(content)))
            holder, here = self._resolved(content[media_type], join(here, "content", media_type))
        schema, place = resolve(self.document, holder.get("schema") or {}, join(here, "schema"))
        return Header(
            name,
            bool(raw.get("required")),
            schema if isinstance(schema, Mapping) else {},
            place if "schema" in holder else None,
            tuple(self._examples(holder, here).values()),
            str(raw.get("description") or ""),
            media_type,
            bool(raw.get("explode")),
        )

    def _own_response(self, status: str, value: Any, pointer: str) -> Response:
        raw, pointer = self._resolved(value, pointer)
        headers = {}
        for name, header in (raw.get("headers") or {}).items():
            resolved, here = self._resolved(header, join(pointer, "headers", name))
            headers[name] = self._header(name, resolved, here)
        return Response(
            status=status,
            description=str(raw.get("description") or ""),
            content=self._content(raw.get("content"), pointer),
            headers=headers,
            links=raw.get("links") or {},
        )

    def _security(self, value: Any, pointer: str) -> tuple[Requirement, ...]:
        known = (self.document.get("components") or {}).get("securitySchemes") or {}
        found = []
        for requirement in value or ():
            for name in self._object(requirement, join(pointer, "security")):
                if name not in known:
                    self.note(pointer, f"the security scheme {name!r} is not defined")
            found.append({name: tuple(scopes or ()) for name, scopes in requirement.items()})
        # What has no definition nobody can send: the other ways remain, if there are any.
        defined = [one for one in found if one.keys() <= known.keys()]
        return tuple(defined if any(defined) else found)

    def _schemes(self) -> dict[str, SecurityScheme]:
        found = {}
        components = self._object(self.document.get("components") or {}, "#/components")
        for name, value in (components.get("securitySchemes") or {}).items():
            raw, pointer = self._resolved(value, join("#/components/securitySchemes", name))
            kind = str(raw.get("type"))
            if kind == "mutualTLS":
                self.note(pointer, "mutual TLS can't be checked without TLS; any caller passes")
            scopes = tuple(
                scope
                for flow in (raw.get("flows") or {}).values()
                if isinstance(flow, Mapping)
                for scope in flow.get("scopes") or ()
            )
            scheme = SecurityScheme(
                name=name,
                type=kind,
                place=str(raw.get("in") or ""),
                parameter=str(raw.get("name") or ""),
                scheme=str(raw.get("scheme") or ""),
                scopes=scopes,
            )
            found[name] = with_header_name(scheme)
        return found


def check_version(document: Mapping[str, Any]) -> str:
    """The OpenAPI version of a document, such as "3.1.0". Raises ContractError if unsupported."""
    version = document.get("openapi")
    if isinstance(version, str) and re.match(r"3\.[012]\.\d", version):
        return version
    if "swagger" in document or "swaggerVersion" in document:
        older = document.get("swagger") or document.get("swaggerVersion")
        raise ContractError(f"Swagger {older} is not served; 2.0 and OpenAPI 3.0 to 3.2 are")
    if version is None:
        raise ContractError(
            "no `openapi` field: this is not an OpenAPI document; one begins with `openapi: 3.1.0`"
        )
    words = "3.0 to 3.2 are: write the one that the document keeps to, such as 3.1.0"
    raise ContractError(f"OpenAPI {version!r} is not served; {words}", "#/openapi")


def _unquoted(example: Any, schema: Mapping[str, Any]) -> Any:
    """An example that is JSON, written as a string, where the schema asks for an object or an
    array."""
    if not isinstance(example, str) or example.lstrip()[:1] not in ("{", "["):
        return example
    if "string" in types_of(schema) or not (schema.keys() & _STRUCTURED or types_of(schema)):
        return example
    with suppress(ValueError):
        return json.loads(example)
    return example


def _status(value: Any) -> str:
    return "default" if value == "default" else str(value).upper()


def _place(value: str) -> Place:
    return value  # type: ignore[return-value]
