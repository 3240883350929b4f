"""Validates replies against the original document with python-jsonschema.

It shares nothing with the mock: neither the translation of schemas nor the validator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import httpx
import orjson
from jsonschema.exceptions import SchemaError, UnknownType
from referencing.exceptions import Unresolvable

from bench.corpus import dialect

_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
BODILESS = (204, 205, 304)


class NotJudged(Exception):
    """The schema can't be interpreted (a pattern of another language, a broken reference)."""


class Judge:
    """Validates the replies of one document."""

    def __init__(self, document: Mapping[str, Any], version: str) -> None:
        self.document = document
        self._kind = dialect.validator_for(document, version)
        self._formats = dialect.formats(self._kind)
        self._schemas = dialect.readable(document, version)
        self._validators: dict[str, Any] = {}

    def complaint(self, pointer: str, method: str, reply: httpx.Response) -> str:
        """What is wrong with the reply of the operation at a pointer; "" if nothing.

        Raises NotJudged.
        """
        status = reply.status_code
        responses, here = self.follow(self.at(pointer).get("responses") or {}, pointer)
        here += "/responses"
        key = next(
            (
                k
                for wanted in (str(status), f"{status // 100}XX", "default")
                for k in responses
                if str(k).upper() == wanted.upper()
            ),
            None,
        )
        if key is None:
            return f"the status {status} is not documented"
        response, here = self.follow(responses[key], f"{here}/{_token(key)}")
        fault = self._headers(response, here, reply)
        if fault:
            return fault
        content = response.get("content") or {}
        if not content or method == "HEAD" or status in BODILESS:
            return ""
        return self._body(content, here, reply)

    def _headers(self, response: Mapping[str, Any], here: str, reply: httpx.Response) -> str:
        for name, raw in (response.get("headers") or {}).items():
            header, place = self.follow(raw, f"{here}/headers/{_token(name)}")
            sent = reply.headers.get(name)
            if sent is None and header.get("required"):
                return f"the required header {name} is missing"
            if sent is None or name.lower() == "content-type" or "schema" not in header:
                continue  # of Content-Type, OpenAPI says that it "SHALL be ignored" here
            schema, _ = self.follow(header["schema"], "")
            fault = self._fits(f"{place}/schema", _typed(schema.get("type"), sent))
            if fault:
                return f"the header {name}: {fault}"
        return ""

    def _body(self, content: Mapping[str, Any], here: str, reply: httpx.Response) -> str:
        sent = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
        found = _media_type(content, sent)
        if not reply.content and any("schema" in (m or {}) for m in content.values()):
            return "a body is documented and none came"
        if not reply.content:
            return ""
        if found is None:
            return f"the media type {sent!r} is not documented"
        media = content[found] or {}
        if "schema" not in media or not (sent.endswith(("/json", "+json"))):
            return ""
        try:
            value = orjson.loads(reply.content)
        except orjson.JSONDecodeError as error:
            return f"the body is no JSON: {error}"
        return self._fits(f"{here}/content/{_token(found)}/schema", value)

    def _fits(self, pointer: str, value: Any) -> str:
        validator = self._validators.get(pointer)
        if validator is None:
            validator = self._validators[pointer] = self._kind(
                {**self._schemas, "$ref": quote(pointer, safe="#/~")},
                format_checker=self._formats,
            )
        try:
            for error in validator.iter_errors(value):
                if "could not be resolved" in error.message:
                    raise NotJudged(error.message)
                where = ".".join(map(str, error.absolute_path)) or "body"
                return f"{where}: {error.message[:200]}"
        except (re.error, Unresolvable, SchemaError, UnknownType) as error:
            raise NotJudged(f"{type(error).__name__}: {error}") from None
        except (RecursionError, TypeError, ValueError, AttributeError, KeyError) as error:
            raise NotJudged(f"{type(error).__name__}: {str(error)[:200]}") from None
        return ""

    def at(self, pointer: str) -> Any:
        """The object at a JSON pointer."""
        value: Any = self.document
        for raw in pointer.removeprefix("#").split("/")[1:]:
            token = unquote(raw).replace("~1", "/").replace("~0", "~")
            value = value[int(token)] if isinstance(value, list) else value[token]
        return value

    def follow(self, value: Any, pointer: str) -> tuple[Any, str]:
        """The object behind references, and its pointer."""
        for _ in range(20):
            if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
                break
            pointer = value["$ref"]
            value = self.at(pointer)
        return value, pointer


def _token(text: Any) -> str:
    return str(text).replace("~", "~0").replace("/", "~1")


def _typed(types: Any, sent: str) -> Any:
    """The text of a header in the first of its types that it has the form of."""
    for kind in types if isinstance(types, list) else [types]:
        if kind == "array":
            return [part.strip() for part in sent.split(",")] if sent else []
        if kind == "boolean" and sent in ("true", "false"):
            return sent == "true"
        if kind in ("integer", "number") and re.fullmatch(_NUMBER, sent):
            return orjson.loads(sent)
    return sent


def _media_type(content: Mapping[str, Any], sent: str) -> str | None:
    plain = {name.partition(";")[0].strip().lower(): name for name in content}
    # Some programs write `*` for the range of all.
    for wanted in (sent, sent.partition("/")[0] + "/*", "*/*", "*"):
        if wanted in plain:
            return plain[wanted]
    return None
