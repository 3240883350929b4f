"""The numbers that statistics say of a collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mockserver.engine.inferred.pages import ALL
from mockserver.engine.inferred.repository import Entity
from mockserver.engine.pagination import Pages
from mockserver.inference.model import Figure
from mockserver.inference.resource_model import FIRST, Path


def stated(figures: Sequence[Figure], pages: Pages[Entity]) -> Any:
    """What a response says of the entities on some pages. Rows are read only if their values
    count."""
    if all(one.how == "count" and one.field is None for one in figures):
        rows: Sequence[Entity] = ()
        number = pages.count()
    else:
        rows = pages.page(ALL).rows
        number = len(rows)
    found: Any = {}
    for figure in figures:
        value = _value(figure, rows, number)
        if value is not None:
            found = _placed(found, figure.path, value)
    return found


def _value(figure: Figure, rows: Sequence[Entity], number: int) -> Any:
    if figure.field is None:
        return number
    values = [entity.data.get(figure.field) for entity in rows]
    if figure.how == "count":
        return sum(value == figure.value for value in values)
    if figure.how in ("groups", "rows"):
        counted = Counter(str(value) for value in values if value is not None)
        if figure.how == "groups":
            return dict(counted)
        name, count = figure.row
        return [{name: value, count: times} for value, times in counted.items()]
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if figure.how == "sum":
        return sum(numbers)
    if not numbers:
        return None
    if figure.how == "mean":
        return sum(numbers) / len(numbers)
    return min(numbers) if figure.how == "min" else max(numbers)


def _placed(holder: Any, path: Path, value: Any) -> Any:
    """The holder with a value at a path, in which an array has one element."""
    if not path:
        return value
    step, *rest = path
    if step == FIRST:
        return [_placed({}, tuple(rest), value)]
    inner = holder if isinstance(holder, dict) else {}
    return {**inner, step: _placed(inner.get(step, {}), tuple(rest), value)}
