"""The values of the statistics of a collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import Any

from mockserver.engine.inferred.pages import ALL
from mockserver.engine.inferred.repository import Entity
from mockserver.engine.pagination import Pages
from mockserver.inference.model import Statistic
from mockserver.inference.resource_model import FIRST, Path


def computed(statistics: Sequence[Statistic], pages: Pages[Entity]) -> Any:
    """The part of a response that has statistics of all rows of `pages`, which are read only if
    their values matter."""
    if all(one.how == "count" and one.field is None for one in statistics):
        rows: Sequence[Entity] = ()
        number = pages.count()
    else:
        rows = pages.page(ALL).rows
        number = len(rows)
    found: Any = {}
    for statistic in statistics:
        value = _value(statistic, rows, number)
        if value is not None:
            found = _placed(found, statistic.path, value)
    return found


def _value(statistic: Statistic, rows: Sequence[Entity], number: int) -> Any:
    if statistic.field is None:
        return number
    values = [entity.data.get(statistic.field) for entity in rows]
    if statistic.how == "count":
        return sum(value == statistic.value for value in values)
    if statistic.how in ("groups", "rows"):
        counted = Counter(str(value) for value in values if value is not None)
        if statistic.how == "groups":
            return dict(counted)
        name, count = statistic.row
        return [{name: value, count: times} for value, times in counted.items()]
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if statistic.how in ("sum", "mean"):
        return _total(numbers, len(numbers) if statistic.how == "mean" else 1)
    if not numbers:
        return None
    return min(numbers) if statistic.how == "min" else max(numbers)


def _total(numbers: Sequence[int | float], parts: int) -> int | float | None:
    """The sum of numbers, or their mean if there are so many `parts`; None if it is no number that
    JSON's readers know."""
    try:
        found = sum(numbers) if parts == 1 else sum(numbers) / parts
        return found if isfinite(found) else None
    except (ArithmeticError, ValueError):
        return None


def _placed(holder: Any, path: Path, value: Any) -> Any:
    """The holder with a value at a path, in which an array has one element."""
    if not path:
        return value
    step, *rest = path
    if step == FIRST:
        return [_placed({}, tuple(rest), value)]
    inner = holder if isinstance(holder, dict) else {}
    return {**inner, step: _placed(inner.get(step, {}), tuple(rest), value)}
