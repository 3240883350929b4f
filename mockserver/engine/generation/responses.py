"""Replies as documented for a status: media type, body, headers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import orjson

from mockserver.engine.generation.events import Streams
from mockserver.engine.generation.headers import Headers
from mockserver.engine.generation.modes import Mode
from mockserver.engine.generation.sample_files import sample_file
from mockserver.engine.generation.values import Values
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.randomness import Rng
from mockserver.engine.representations import DELIMITERS, is_described, is_sequence
from mockserver.engine.serialization import choose_media_type
from mockserver.inference.resource_model import FIRST
from mockserver.inference.words import bag, snake_case, tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import ANYTHING, BINARY, essence, is_json_or_any, is_xml
from mockserver.openapi.model import MediaType, Operation
from mockserver.openapi.schemas.resolved import Flat, Schemas

# What responses say of how a request went: `success`, `status_code`, `errors`.

_WENT_WELL = bag("success ok succeeded successful is_success is_successful is_ok")
_OF_REQUEST = bag("success ok")
"""Those that say so of the request, also where the schema of an entity has them among its own."""
_DONE = bag(
    "added accepted created deleted removed updated saved sent queued scheduled submitted started"
)
"""Flags of a response to a change: it was carried out."""
_WENT_WRONG = bag("error failed failure is_error has_error has_errors is_failed")
_STATUS_CODES = bag(
    "status_code http_status http_status_code http_code response_code status code response_status"
)
_ERROR_CODES = bag("error_code errorcode errno err_code err error_number error_count")
_STATUSES = bag("status result outcome code response_status status_text response")
_GOOD = ("success", "ok", "succeeded", "successful", "completed", "complete", "200", "201")
_FAULTS = bag("errors error failures failed warnings failure")
_PARTS = bag("status meta data result response response_metadata status_info header head")


class Outcomes:
    """Says of responses that all went well, in the words of their schemas."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._known: dict[tuple[str, int, bool], dict[str, Any]] = {}

    def of(self, pointer: str, status: int, changes: bool = False) -> dict[str, Any]:
        """The properties of an object that say so, with what they say. What the schema at
        `pointer` has no value for is not in it. `changes`: the request was a change."""
        found = self._known.get((pointer, status, changes))
        if found is None:
            found = self._read(pointer, status, 1)
            flags = self._schemas.flat_at(self._schemas.main(pointer)).properties if changes else {}
            for name, schema in flags.items():
                if "boolean" in self._schemas.types(schema) and snake_case(name) in _DONE:
                    found[name] = True
            self._known[pointer, status, changes] = found
        return found

    def _read(self, pointer: str, status: int, depth: int) -> dict[str, Any]:
        schemas = self._schemas
        found: dict[str, Any] = {}
        for name, schema in schemas.flat_at(schemas.main(pointer)).properties.items():
            called = snake_case(name)
            flat = schemas.flat(schema)
            value = self._value(called, flat, status)
            if value is not None:
                found[name] = value
            elif depth and "object" in flat.types and called in _PARTS:
                place = schemas.place(pointer, name)
                inner = self._read(place, status, depth - 1) if place is not None else {}
                if inner:
                    found[name] = inner
        return found

    def _value(self, called: str, flat: Flat, status: int) -> Any:
        kinds = set(flat.types) or ({"string"} if flat.values else set())
        if "boolean" in kinds:
            well = called in _WENT_WELL or called.endswith(("_successful", "_succeeded"))
            return True if well else False if called in _WENT_WRONG else None
        if kinds & {"integer", "number"} and called in _ERROR_CODES:
            return 0
        if kinds & {"integer", "number"} and called in _STATUS_CODES:
            codes = flat.values or ()
            fits = status in codes if codes else called not in ("status", "code")
            return status if fits or _shows(flat, status) else None
        if (
            "array" in kinds
            and set(tokens(called)[:1]) & _FAULTS
            and not flat.rules.get("minItems")
        ):
            return []
        if "string" in kinds and called in _STATUSES | _STATUS_CODES:
            if not flat.values and called in _STATUS_CODES - _STATUSES:
                return str(status) if _shows(flat, str(status)) else None
            listed = [*(flat.values or ()), *([] if flat.values else flat.notes.examples)]
            good = {str(value).lower(): value for value in reversed(listed)}
            return next((good[word] for word in _GOOD if word in good), None)
        return None


def _shows(flat: Flat, status: Any) -> bool:
    """Whether an example has the status of a success."""
    return any(str(one)[:1] == str(status)[:1] and str(one).isdigit() and len(str(one)) == 3
               for one in flat.notes.examples)  # fmt: skip


_VENDORS = "application/vnd."
_BODILESS = frozenset((204, 205, 304))


class Answers:
    """Generates the documented response of an operation from what is known."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.streams = Streams(values)
        self.headers = Headers(values)
        self.outcomes = Outcomes(values.schemas)

    def reply(
        self,
        operation: Operation,
        rng: Rng,
        known: Any = MISSING,
        at: tuple[str, ...] = (),
        mode: Mode = "rich",
        status: int = 0,
        *,
        sample: bool = False,
        decided: Collection[str] | None = None,
        own: Collection[str] | None = None,
    ) -> Reply:
        """The success (or another status), with as much of `known`, placed at `at`, as fits.

        `sample`: what is known is only part of the response. `decided`: this request created it, so
        its response may show more than any other, except these names. `own` are the properties of
        what is known: what the response has beside them may say how the request went.
        """
        status = status or operation.success
        response = operation.response_for(status)
        if response is None:
            return Reply(status, NO_BODY)
        headers = self.headers.of(response, rng)
        if status in _BODILESS:
            return Reply(status, NO_BODY, headers)
        chosen = choose_media_type(response)
        media = response.content.get(chosen)
        if media is None:
            return Reply(status, NO_BODY, headers)
        beside = {}
        if media.pointer is not None and status < 400 and (at or own is not None):
            changes = operation.method not in ("GET", "HEAD")
            beside = self.outcomes.of(media.pointer, status, changes)
            if not at:
                names = {name for name in own or () if snake_case(name) not in _OF_REQUEST}
                names.update(known if isinstance(known, Mapping) else ())
                beside = {name: value for name, value in beside.items() if name not in names}
        body = self.body(
            operation, media, rng, known, at, mode, sample=sample, decided=decided, beside=beside
        )
        opaque = isinstance(body, bytes)
        # A file of unknown type.
        unknown = opaque and self._is_unknown_file(media)
        return Reply(status, body, headers, BINARY if unknown else "")

    def _is_unknown_file(self, media: MediaType) -> bool:
        """Whether a body is a file of which the document says no more than `application/*`."""
        return essence(media.name) in (*ANYTHING, "application/*") and self._is_binary(media)

    def _is_binary(self, media: MediaType) -> bool:
        flat = self.values.schemas.flat_at(media.pointer) if media.pointer else Flat()
        return flat.rules.get("format") == "binary"

    def body(
        self,
        operation: Operation,
        media: MediaType,
        rng: Rng,
        known: Any,
        at: tuple[str, ...] = (),
        mode: Mode = "rich",
        *,
        sample: bool = False,
        decided: Collection[str] | None = None,
        beside: Mapping[str, Any] = MappingProxyType({}),
    ) -> Any:
        """A body of this media type: a value to be rendered later, or the bytes of a file."""
        name = essence(media.name)
        if is_sequence(name):
            for shown in media.examples.values():
                if isinstance(shown, str) and ("data:" in shown or "\n" in shown):
                    # A complete body rather than an item.
                    return shown.encode()
            return self.streams.items(operation, media, rng, _placed(known, at), mode)
        unknown = self._is_unknown_file(media)
        if unknown or not is_json_or_any(name):
            other = self._other_than_json(BINARY if unknown else name, media, rng, known)
            if other is not MISSING:
                return other
        if media.pointer is None:
            return _unjudged(media, known)
        if beside and not at and isinstance(known, Mapping):
            known = {**beside, **known}
        if not at and not sample and isinstance(known, Mapping):
            plain = self.values.plain(media.pointer, known, decided)
            if plain is not MISSING:
                return plain
        place = tuple(0 if step == FIRST else step for step in at)
        given = known if isinstance(known, Mapping) else {}
        without = [(*place, name) for name in decided or () if name not in given]
        placed = _placed(known, at)
        if beside and at and isinstance(placed, Mapping):
            placed = {**beside, **placed}
        return self.values.make(media.pointer, rng, placed, mode=mode, without=without)

    def _other_than_json(self, name: str, media: MediaType, rng: Rng, known: Any) -> Any:
        """An example, a small file or a text; MISSING if the schema describes the body."""
        example = next(iter(self._examples(media)), None)
        described = is_described(name) or self._is_json_by_schema(name, media)
        if example is not None and described:
            return example
        if isinstance(example, str | bytes):
            return example.encode() if isinstance(example, str) else example
        if not described or media.pointer is None or self._is_binary(media):
            return sample_file(name)
        if self._is_any_text(media.pointer):
            return self._text(name, media.pointer, rng, known)
        return MISSING

    def _examples(self, media: MediaType) -> list[Any]:
        """The examples of a body: beside its schema, else within it."""
        if media.examples or media.pointer is None:
            return list(media.examples.values())
        return self.values.schemas.flat_at(media.pointer).notes.examples

    def _is_json_by_schema(self, name: str, media: MediaType) -> bool:
        """Whether a vendor's media type that nothing is known of is JSON, by the properties of its
        schema: `application/vnd.acme.tree`."""
        known = not name.startswith(_VENDORS) or sample_file(name) != sample_file(_VENDORS)
        if known or media.pointer is None:
            return False
        return bool(self.values.schemas.flat_at(media.pointer).properties)

    def _is_any_text(self, pointer: str) -> bool:
        """Whether the schema allows any text."""
        flat = self.values.schemas.flat_at(pointer)
        given = flat.values or flat.choices or flat.notes.examples or flat.notes.defaults
        return flat.types in ((), ("string",)) and not given and not flat.properties

    def _text(self, name: str, pointer: str, rng: Rng, known: Any) -> Any:
        """A text that only has a media type."""
        if name == "text/plain":
            rules = self.values.schemas.flat_at(pointer).rules
            return self.values.make(pointer, rng) if rules else sample_file(name)
        # A list is a table, an object has its elements.
        written = name in DELIMITERS or is_xml(name)
        structured = isinstance(known, list) or (isinstance(known, Mapping) and bool(known))
        return known if written and structured else sample_file(name)

    def in_another_form(
        self, operation: Operation, media: MediaType, name: str, rng: Rng, reply: Reply
    ) -> Any:
        """The body of a reply in another documented media type, sent as `name`."""
        value = MISSING if isinstance(reply.body, bytes) else reply.body
        pointer = media.pointer
        described = is_described(name) or self._is_json_by_schema(name, media)
        fits = value is not MISSING and pointer is not None and described
        if fits and not is_sequence(name) and self.values.check(pointer or "").is_valid(value):
            return value
        if not described and not media.examples:
            return sample_file(name)
        return self.body(operation, media, rng, value, sample=True)


def _placed(known: Any, at: tuple[str, ...]) -> Any:
    """What is known, at its place in a body."""
    for step in reversed(at):
        known = [known] if step == FIRST else {step: known}
    return known


def _unjudged(media: MediaType, known: Any) -> Any:
    """A body without a schema: the example, with known values under the same names."""
    example = next(iter(media.examples.values()), None)
    if isinstance(example, str) and example.lstrip()[:1] in ("{", "["):
        # JSON that is shown as a text.
        with suppress(orjson.JSONDecodeError):
            example = orjson.loads(example)
    if example is None:
        return {} if known is MISSING else known
    if isinstance(example, dict) and isinstance(known, Mapping):
        return {name: known.get(name, value) for name, value in example.items()}
    return example
