"""Tables as text: comma- and tab-separated values."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

DELIMITERS = {
    "text/csv": ",",
    "application/csv": ",",
    "text/tab-separated-values": "\t",
    "text/tsv": "\t",
}


def rendered(name: str, value: Any) -> bytes:
    """A table with a header: a row for each object of a list; for one object, its longest list of
    objects, else the object itself."""
    rows = _rows(value)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = StringIO()
    writer = csv.writer(text, delimiter=DELIMITERS[name], lineterminator="\r\n")
    if columns:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue().encode("utf-8", "replace")


def _rows(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        lists = [v for v in value.values() if isinstance(v, list) and _are_rows(v)]
        value = max(lists, key=len) if lists else [value]
    if isinstance(value, list) and _are_rows(value):
        return value
    many = value if isinstance(value, list) else [value]
    if many and all(isinstance(row, list) for row in many):
        return [{str(n): cell for n, cell in enumerate(row)} for row in many]
    return [{"value": each} for each in many]


def _are_rows(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(each, Mapping) for each in values)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
