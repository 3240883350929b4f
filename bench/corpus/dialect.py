"""How the validator interprets schemas where openapi-schema-validator deviates from OpenAPI.

Each difference cites the sentence of the specification that it relies on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from jsonschema import FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import Draft202012Validator, extend
from openapi_schema_validator import OAS30ReadValidator, OAS31Validator

# RFC 3986: a scheme, then nothing but unreserved, reserved and escaped characters.
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
).fullmatch
_plain = {word: Draft202012Validator.VALIDATORS[word] for word in ("type", "oneOf", "anyOf")}


def readable(document: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    """The document with its schemas as OpenAPI defines them: 3.0.3, Reference Object: "any
    properties added SHALL be ignored"."""
    return _lone(document) if version.startswith("3.0") else document


def validator_for(document: Mapping[str, Any], version: str) -> Any:
    """The validator class for the replies of a document."""
    hidden = _Hidden(document)
    if not version.startswith("3.0"):
        choices = {word: _choice(word, OAS31Validator) for word in ("oneOf", "anyOf")}
        return extend(OAS31Validator, {"required": hidden.required, "type": _type, **choices})
    return extend(
        OAS30ReadValidator,
        {
            "required": hidden.required,
            "properties": hidden.properties,
            # 3.0.3, Schema Object, writeOnly: "Relevant only for Schema "properties" definitions."
            "writeOnly": _nothing,
            **{word: _choice(word, OAS30ReadValidator) for word in ("oneOf", "anyOf")},
        },
    )


def formats(kind: Any) -> FormatChecker:
    """The formats of a dialect. `time` is omitted, because it is checked as in JSON Schema draft 3,
    without an offset; OpenAPI 3.0 has no such format, and its registry means RFC 3339's. `uri` is
    added, which is otherwise checked only if another library is installed."""
    found = FormatChecker(())
    found.checkers = {n: how for n, how in kind.FORMAT_CHECKER.checkers.items() if n != "time"}
    found.checks("uri")(_is_uri)
    return found


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or _URI(value) is not None


def _lone(value: Any) -> Any:
    """The same value, with siblings of a reference removed."""
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            return value if len(value) == 1 else {"$ref": value["$ref"]}
        found = {key: _lone(item) for key, item in value.items()}
        return found if any(found[key] is not value[key] for key in found) else value
    if isinstance(value, list):
        items = [_lone(item) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def _nothing(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    yield from ()


def _type(validator: Any, types: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """`type`, widened by `nullable` beside it in 3.1 documents, too.

    3.1.0, Schema Object: it "supports keywords from any other vocabularies, or entirely arbitrary
    properties". Whoever writes this one means what 3.0.3 defines: 'A true value adds "null" to the
    allowed type specified by the type keyword, only if type is explicitly defined within the same
    Schema Object.' An `enum` beside it still has to list null.
    """
    if instance is not None or schema.get("nullable") is not True:
        yield from _plain["type"](validator, types, instance, schema)


def _choice(word: str, dialect: Any) -> Any:
    """A choice with a discriminator, if that can select any branch.

    3.0.3 and 3.1.0, Discriminator Object: "When using the discriminator, inline schemas will not be
    considered." Its `propertyName` is "The name of the property in the payload that will hold the
    discriminator value": an array, which one of the branches may be, has no properties.
    """
    with_discriminator = dialect.VALIDATORS[word]

    def check(
        validator: Any, branches: Any, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        named = any(isinstance(branch, Mapping) and "$ref" in branch for branch in branches)
        selects = named and isinstance(instance, Mapping)
        how = with_discriminator if selects else _plain[word]
        yield from how(validator, branches, instance, schema) or ()

    return check


class _Hidden:
    """Properties that replies don't contain.

    3.0.3, Schema Object, writeOnly: it "SHOULD NOT be sent as part of the response", and "if the
    property is marked as writeOnly being true and is in the required list, the required will
    take effect on the request only". JSON Schema Validation 2020-12, 9.4, of the same word: "the
    value is never present when the instance is retrieved from the owning authority".
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def required(
        self, validator: Any, required: Any, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        if validator.is_type(instance, "object"):
            properties = schema.get("properties") or {}
            for name in required:
                if name not in instance and not self._is_hidden(properties.get(name), 0):
                    yield ValidationError(f"{name!r} is a required property")

    def properties(
        self, validator: Any, properties: Any, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        if validator.is_type(instance, "object"):
            for name, inner in properties.items():
                if name not in instance:
                    continue
                if self._is_hidden(inner, 0):
                    yield ValidationError(f"{name!r} is write-only", path=(name,))
                yield from validator.descend(instance[name], inner, path=name, schema_path=name)

    def _is_hidden(self, schema: Any, depth: int) -> bool:
        """Whether a property is write-only; its own keyword takes precedence over its parts'."""
        if not isinstance(schema, Mapping) or depth > 10:
            return False
        if schema.get("writeOnly") is True or schema.get("readOnly") is True:
            return schema.get("writeOnly") is True
        parts = schema.get("allOf")
        if isinstance(parts, list) and any(self._is_hidden(part, depth + 1) for part in parts):
            return True
        reference = schema.get("$ref")
        return isinstance(reference, str) and self._is_hidden(self._at(reference), depth + 1)

    def _at(self, reference: str) -> Any:
        value: Any = self._document
        for raw in reference.removeprefix("#").split("/")[1:]:
            token = unquote(raw).replace("~1", "/").replace("~0", "~")
            try:
                value = value[int(token)] if isinstance(value, list) else value[token]
            except (KeyError, IndexError, ValueError, TypeError):
                return None
        return value
