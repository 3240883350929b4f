"""Rows and worlds as JSON text. `engine.negotiate.dump` writes it."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_MAYBE_HUGE = re.compile(rb"\d{19}").search


def read_json(raw: bytes) -> Any:
    """What `dump` wrote, integers of any length too. Raises ValueError if it is not JSON."""
    try:
        if _MAYBE_HUGE(raw):
            return json.loads(raw)
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            return json.loads(raw)  # lone surrogates
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
