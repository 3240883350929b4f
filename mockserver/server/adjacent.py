"""Path parameters with nothing between them (`/pages/{name}{extension}`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, islice, pairwise
from urllib.parse import unquote

from mockserver.contract.model import Operation
from mockserver.contract.projection import parameter_names
from mockserver.engine.variants import Answerer

_RUN = re.compile(r"(?:{[^{}]+}){2,}")
_MOST = 500
_FEW = 20


def named(
    operation: Operation, values: Sequence[str], judge: Answerer, rivals: int = 1
) -> dict[str, str]:
    """The decoded path values by name. Where two parameters meet, routing has given the first all
    that it could: they are parted anew so that each fits its schema, if that can be.

    Of many `rivals` that are asked, too, each has the less ways to try.
    """
    names = parameter_names(operation.url_path)
    decoded = [unquote(value, errors="replace") for value in values]
    plain = dict(zip(names, decoded, strict=True))
    for first, last in _runs(operation.url_path):
        if judge.admits(operation, plain):
            break
        ways = max(_FEW, _MOST // rivals)
        parts = islice(_parted("".join(decoded[first:last]), last - first), ways)
        tried = (plain | dict(zip(names[first:last], part, strict=True)) for part in parts)
        plain = next((one for one in tried if judge.admits(operation, one)), plain)
    return plain


def _runs(path: str) -> Iterator[tuple[int, int]]:
    """From which to before which position parameters stand side by side."""
    for match in _RUN.finditer(path):
        first = path.count("{", 0, match.start())
        yield first, first + match[0].count("{")


def _parted(text: str, count: int) -> Iterator[list[str]]:
    """The ways to cut a text into so many parts, those with a long beginning first."""
    for cuts in combinations(range(len(text) - 1, 0, -1), count - 1):
        yield [text[a:b] for a, b in pairwise((0, *sorted(cuts), len(text)))]
