"""Proves that a schema is unsatisfiable: some schemas of real documents contradict themselves.

It uses the original document and few rules, each of them sound: what it calls impossible is
impossible. What it can't prove may still be impossible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from bench.corpus.proof_texts import no_text

Schema = Any
_ALL = frozenset(("null", "boolean", "integer", "number", "string", "array", "object"))
_SAYS_NOTHING = frozenset(
    ("title", "description", "example", "examples", "default", "deprecated", "externalDocs", "xml")
)
# The formats of JSON Schema's drafts, of OpenAPI, and those that are widely taken for such.
_FORMATS = frozenset(
    (
        *("date-time", "date", "time", "duration", "email", "idn-email", "hostname", "regex"),
        *("idn-hostname", "ipv4", "ipv6", "uri", "url", "iri", "uri-reference", "iri-reference"),
        *("uri-template", "json-pointer", "relative-json-pointer", "uuid", "byte", "base64"),
        *("base64url", "binary", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"),
        *("uint64", "float", "double", "decimal", "password", "phone", "color", "char"),
    )
)
_DEEPEST = 40


class Prover:
    """Proofs about the schemas of one document, as one side of an exchange sees them."""

    def __init__(self, document: Mapping[str, Any], version: str, *, request: bool) -> None:
        self._document = document
        self._old = version.startswith("3.0")
        self._hidden = "readOnly" if request else "writeOnly"

    def impossible(self, pointer: str) -> bool:
        """Whether it is proven that no value matches the schema at a pointer."""
        try:
            return self._none([{"$ref": pointer}], (), 0)
        except (KeyError, IndexError, TypeError, ValueError, RecursionError):
            return False

    def _none(self, schemas: Sequence[Schema], above: tuple[str, ...], depth: int) -> bool:
        """Whether no (finite) value matches all of these; `above` are the references being
        examined: a value that requires another one of its kind never ends."""
        if depth > _DEEPEST:
            return False
        parts, above, circle = self._parts(schemas, above)
        parts = [part for part in parts if part is not True]
        if circle or any(part is False or part.get("not") == {} for part in parts):
            return True
        kinds = _ALL
        for part in parts:
            kinds &= self._kinds(part)
        listed = [part["enum"] for part in parts if isinstance(part.get("enum"), list)]
        if listed:
            return not any(
                _kind(value) & kinds and all(value in other for other in listed)
                for value in listed[0]
            )
        if self._no_branch(parts, above, depth):
            return True
        return all(
            (kind == "object" and self._no_object(parts, above, depth))
            or (kind == "array" and self._no_array(parts, above, depth))
            or (kind == "string" and no_text(parts))
            for kind in kinds
        )

    def _parts(
        self, schemas: Sequence[Schema], above: tuple[str, ...]
    ) -> tuple[list[Any], tuple[str, ...], bool]:
        """All schemas that apply to the value: references and `allOf` resolved; and whether a
        reference is circular."""
        found: list[Any] = []
        waiting = list(schemas)
        met: list[str] = []
        while waiting:
            schema = waiting.pop(0)
            if isinstance(schema, bool):
                found.append(schema)
                continue
            reference = schema.get("$ref")
            if isinstance(reference, str):
                if reference in above:
                    return found, above, True
                if reference not in met:
                    met.append(reference)
                    waiting.append(self._at(reference))
                if self._old:
                    continue
            waiting.extend(schema.get("allOf") or ())
            found.append(schema)
        return found, (*above, *met), False

    def _at(self, pointer: str) -> Any:
        value: Any = self._document
        for raw in pointer.removeprefix("#").split("/")[1:]:
            token = unquote(raw).replace("~1", "/").replace("~0", "~")
            value = value[int(token)] if isinstance(value, list) else value[token]
        return value

    def _kinds(self, schema: Mapping[str, Any]) -> frozenset[str]:
        said = schema.get("type")
        if said is None:
            return _ALL
        kinds = frozenset([said] if isinstance(said, str) else said)
        if not kinds <= _ALL:
            return _ALL
        if "number" in kinds:
            kinds |= {"integer"}
        if self._old and schema.get("nullable") is True:
            kinds |= {"null"}
        return kinds

    def _no_object(self, parts: list[Any], above: tuple[str, ...], depth: int) -> bool:
        needed = {name for part in parts for name in part.get("required") or ()}
        return any(self._no_property(parts, name, above, depth) for name in needed)

    def _no_property(self, parts: list[Any], name: str, above: tuple[str, ...], depth: int) -> bool:
        """Whether a required property is impossible."""
        found: list[Any] = []
        for part in parts:
            properties = part.get("properties") or {}
            if name in properties:
                if self._is_hidden(properties[name]):
                    return False
                found.append(properties[name])
            elif part.get("patternProperties"):
                continue
            elif "additionalProperties" in part:
                found.append(part["additionalProperties"])
        return bool(found) and self._none(found, above, depth + 1)

    def _is_hidden(self, schema: Any) -> bool:
        parts, _, _ = self._parts([schema], ())
        return any(isinstance(part, Mapping) and part.get(self._hidden) is True for part in parts)

    def _no_array(self, parts: list[Any], above: tuple[str, ...], depth: int) -> bool:
        items = [part["items"] for part in parts if isinstance(part.get("items"), Mapping)]
        least = max((part.get("minItems") or 0 for part in parts), default=0)
        return least > 0 and bool(items) and self._none(items, above, depth + 1)

    def _no_branch(self, parts: list[Any], above: tuple[str, ...], depth: int) -> bool:
        """Whether all branches of a choice are impossible, or each branch of a `oneOf` implies
        another one."""
        plain = [{k: v for k, v in p.items() if k not in ("anyOf", "oneOf")} for p in parts]
        for part in parts:
            for word in ("anyOf", "oneOf"):
                branches = part.get(word)
                if not isinstance(branches, list) or not branches:
                    continue
                left = [b for b in branches if not self._none([*plain, b], above, depth + 1)]
                if not left or (word == "oneOf" and (self._overlap(left) or self._all_empty(left))):
                    return True
        return False

    def _overlap(self, branches: list[Any]) -> bool:
        return all(
            any(index != other and self._covers(branches[other], branch) for other in range(count))
            for count in (len(branches),)
            for index, branch in enumerate(branches)
        )

    def _all_empty(self, branches: list[Any]) -> bool:
        """Whether only an empty object matches the branches, and it matches several."""
        taking = 0
        for branch in branches:
            parts, _, circle = self._parts([branch], ())
            if circle or any(isinstance(part, bool) for part in parts):
                return False
            kinds = _ALL.intersection(*(self._kinds(part) for part in parts))
            names = [
                frozenset(part.get("properties") or ())
                for part in parts
                if part.get("additionalProperties") is False and not part.get("patternProperties")
            ]
            if kinds != {"object"} or not names or frozenset.intersection(*names):
                return False
            taking += all(
                part.keys() - _SAYS_NOTHING
                <= {"type", "properties", "additionalProperties", "allOf", "$ref"}
                and part.get("type", "object") == "object"
                for part in parts
            )
        return taking > 1

    def _covers(self, wide: Any, narrow: Any, depth: int = 0) -> bool:
        """Whether everything that matches `narrow` matches `wide`."""
        wide, narrow = self._plain(wide), self._plain(narrow)
        if wide == narrow:
            return True
        if depth > 6 or not wide.keys() <= {"type", "properties", "required"}:
            return False
        if narrow.get("type") != "object" or wide.get("type") != "object":
            return False
        if self._old and narrow.get("nullable") is True:
            return False
        if not set(wide.get("required") or ()) <= set(narrow.get("required") or ()):
            return False
        inner = narrow.get("properties") or {}
        return all(
            name in inner and self._covers(schema, inner[name], depth + 1)
            for name, schema in (wide.get("properties") or {}).items()
        )

    def _plain(self, schema: Any) -> dict[str, Any]:
        """A schema without annotations."""
        for _ in range(20):
            if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
                break
            schema = self._at(schema["$ref"])
        if not isinstance(schema, Mapping):
            return {"not": {}} if schema is False else {}
        return {
            key: value
            for key, value in schema.items()
            if key not in _SAYS_NOTHING
            and not key.startswith("x-")
            # "If the format is unknown, it says nothing" is what JSON Schema has always said.
            and (key != "format" or value in _FORMATS)
        }


def _kind(value: Any) -> frozenset[str]:
    """The types of a JSON value."""
    if value is None:
        return frozenset(("null",))
    for kind, name in ((bool, "boolean"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, kind):
            return frozenset((name,))
    whole = isinstance(value, int) or float(value).is_integer()
    return frozenset(("integer", "number") if whole else ("number",))
