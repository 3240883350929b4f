"""What responses say of how a request went: `success`, `status_code`, `errors`."""

from __future__ import annotations

from typing import Any

from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas

_WENT_WELL = bag("success ok succeeded successful is_success is_successful is_ok")
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
        self._known: dict[tuple[str, int], dict[str, Any]] = {}

    def of(self, pointer: str, status: int) -> dict[str, Any]:
        """The properties of an object that say so, with what they say. What the schema at
        `pointer` has no value for is not in it."""
        found = self._known.get((pointer, status))
        if found is None:
            found = self._known[pointer, status] = self._read(pointer, status, 1)
        return found

    def _read(self, pointer: str, status: int, depth: int) -> dict[str, Any]:
        schemas = self._schemas
        found: dict[str, Any] = {}
        for name, schema in schemas.flat_at(schemas.main(pointer)).properties.items():
            called = "_".join(tokens(name))
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
            return True if called in _WENT_WELL else False if called in _WENT_WRONG else None
        if kinds & {"integer", "number"} and called in _ERROR_CODES:
            return 0
        if kinds & {"integer", "number"} and called in _STATUS_CODES:
            codes = flat.values or ()
            fits = status in codes if codes else called not in ("status", "code")
            return status if fits or _shows(flat, status) else None
        if "array" in kinds and tokens(called)[0] in _FAULTS and not flat.rules.get("minItems"):
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
