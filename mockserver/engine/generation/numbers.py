"""Numbers within bounds, of a size that their name suggests."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from mockserver.engine.randomness import Rng
from mockserver.inference.words import tokens
from mockserver.openapi.schemas.resolved import Flat

_SIZES: dict[str, tuple[float, float]] = {
    "year": (2019, 2026), "month": (1, 12), "day": (1, 28), "hour": (0, 23), "minute": (0, 59),
    "age": (19, 78), "port": (1024, 9999), "percent": (0, 100), "percentage": (0, 100),
    "pct": (0, 100), "rate": (0, 1), "ratio": (0, 1), "score": (0, 1), "confidence": (0, 1),
    "probability": (0, 1), "temperature": (0, 1), "latitude": (-60, 70), "lat": (-60, 70),
    "longitude": (-180, 180), "lng": (-180, 180), "lon": (-180, 180), "price": (5, 500),
    "amount": (5, 2000), "total": (1, 40), "cost": (1, 200), "balance": (0, 5000),
    "quantity": (1, 12), "count": (0, 40), "limit": (20, 100), "offset": (0, 0), "page": (1, 1),
    "size": (100, 90_000), "bytes": (100, 90_000), "ms": (40, 2500), "seconds": (1, 900),
    "duration": (1, 900), "version": (1, 9), "priority": (1, 10), "order": (1, 20),
    "position": (1, 20), "index": (0, 20), "width": (320, 1920), "height": (240, 1080),
    "weight": (1, 90), "stars": (0, 900), "id": (1, 99_999), "number": (1, 999),
    "attempts": (1, 3), "retries": (0, 3), "tokens": (50, 4000), "code": (100, 999),
    "timestamp": (1_700_000_000, 1_790_000_000),
}  # fmt: skip
_UNIX_FORMATS = frozenset(("unixtime", "unixtimestamp", "unix", "epoch", "timestamp", "unixms"))
_UNIX = re.compile(r"\bunix\b|\bepoch\b|seconds since (?:1970|jan)", re.IGNORECASE)
_BITS = {"int32": 31, "int64": 63}
_DEFAULT = (1.0, 100.0)
_TRIES = 20


def is_unix(name: str, flat: Flat) -> bool:
    """Whether a number is a Unix time in seconds or milliseconds, by its format, description or
    name."""
    rules = flat.rules
    if str(rules.get("format")).replace("-", "").replace("_", "").lower() in _UNIX_FORMATS:
        return True
    if any(_UNIX.search(str(part.get("description") or "")) for part in flat.parts):
        return True
    return flat.types == ("integer",) and tokens(name)[-1:] == ("at",)


def in_millis(name: str, flat: Flat) -> bool:
    """Whether a Unix time is in milliseconds."""
    texts = (str(part.get("description") or "") for part in flat.parts)
    named = tokens(name)[-1:] in (("ms",), ("millis",))
    return named or any("millisecond" in text.lower() for text in texts)


def number(rng: Rng, name: str, rules: dict[str, Any], *, whole: bool) -> int | float:
    """A number that fits `rules`; a whole one for integers."""
    low, high = _bounds(rules, whole)
    step = rules.get("multipleOf")
    wanted_low, wanted_high = _wanted(name)
    start = max(low, wanted_low) if max(low, wanted_low) <= high else low
    end = min(high, wanted_high) if min(high, wanted_high) >= start else high
    if math.isinf(start):
        start = end - 100 if not math.isinf(end) else 0
    if math.isinf(end):
        end = start + 100
    if step:
        return _stepped(rng, start, low, high, end, step, whole)
    if whole:
        first = math.ceil(start)
        return rng.random.randint(first, max(first, math.floor(end)))
    found = round(rng.random.uniform(start, end), 2)
    if not low <= found <= high or (found == low and "exclusiveMinimum" in rules):
        found = (start + end) / 2
    return found


def _wanted(name: str) -> tuple[float, float]:
    for token in reversed(tokens(name)):
        if token in _SIZES:
            return _SIZES[token]
    return _DEFAULT


def _bounds(rules: dict[str, Any], whole: bool) -> tuple[float, float]:
    low: float = rules.get("minimum", -math.inf)
    high: float = rules.get("maximum", math.inf)
    bits = _BITS.get(str(rules.get("format"))) if whole else None
    if bits is not None:
        low, high = max(low, -(1 << bits)), min(high, (1 << bits) - 1)
    above, below = rules.get("exclusiveMinimum"), rules.get("exclusiveMaximum")
    if isinstance(above, int | float) and above >= low:
        low = math.floor(above) + 1 if whole else math.nextafter(above, math.inf)
    if isinstance(below, int | float) and below <= high:
        high = math.ceil(below) - 1 if whole else math.nextafter(below, -math.inf)
    if low == -math.inf and high >= 0:
        # Non-negative unless the document allows less.
        return 0, high
    return low, high


def _stepped(
    rng: Rng, start: float, low: float, high: float, end: float, step: float, whole: bool
) -> int | float:
    exact = Fraction(str(step))
    if whole and exact.denominator != 1:
        exact = Fraction(exact.numerator)
    first = math.ceil(Fraction(start) / exact)
    last = math.floor(Fraction(end) / exact)
    if first > last:
        first = math.ceil(Fraction(low) / exact)
        last = first if math.isinf(high) else max(first, math.floor(Fraction(high) / exact))
    for _ in range(_TRIES):
        found = exact * rng.random.randint(first, last)
        if found.denominator == 1:
            return int(found)
        # Many validators divide floats: for them 0.3 is not a multiple of 0.1.
        if (float(found) / step).is_integer():
            break
    return float(found)
