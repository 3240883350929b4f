"""Choose between operations that share a method and a path."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import combinations, islice, pairwise
from urllib.parse import parse_qsl, unquote

from mockserver.engine.pipeline import Message
from mockserver.engine.pipeline.versions import Answerer
from mockserver.openapi.media_types import choose
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.routing_projection import parameter_names, safe_path

_RUN = re.compile(r"(?:{[^{}]+}){2,}")
_MOST = 500
_FEW = 20


def named(
    operation: Operation, values: Sequence[str], judge: Answerer, rivals: int = 1
) -> dict[str, str]:
    """The decoded path values by name. Routing gives as much as possible to the first of two
    adjacent parameters; the text is split again so that each value fits its schema, if possible.

    With many `rivals` to try, fewer splits are tried for each.
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
    """Ranges of positions with adjacent parameters."""
    for match in _RUN.finditer(path):
        first = path.count("{", 0, match.start())
        yield first, first + match[0].count("{")


def _parted(text: str, count: int) -> Iterator[list[str]]:
    """Ways to split a text into this many parts, those with a long first part first."""
    for cuts in combinations(range(len(text) - 1, 0, -1), count - 1):
        yield [text[a:b] for a, b in pairwise((0, *sorted(cuts), len(text)))]


_FORM = "application/x-www-form-urlencoded"


class Rivals:
    """Operations that routing alone can't tell apart, by the id of each of them."""

    def __init__(self, contract: Contract) -> None:
        groups: dict[tuple[str, str], list[Operation]] = defaultdict(list)
        for operation in contract.operations:
            groups[operation.method, safe_path(operation.url_path)].append(operation)
        self._groups = {
            operation.id: group
            for group in groups.values()
            if len(group) > 1
            for operation in group
        }

    def __contains__(self, operation_id: str) -> bool:
        return operation_id in self._groups

    def meant(
        self, found: Operation, message: Message, values: Sequence[str], judge: Answerer
    ) -> Operation:
        """The operation with the most of its distinguishing words in the request. Among equals that
        have what the client accepts, the one that routing found, or else the first for which the
        whole request is valid, or at least its path."""
        words = _request_words(message)
        group = sorted(self._groups[found.id], key=lambda operation: operation is not found)
        met = [(self._met(operation, words), operation) for operation in group]
        best = max(count for count, _ in met)
        if best < 0:
            return found
        equals = _acceptable([one for count, one in met if count == best], message)
        if len(equals) == 1:
            return equals[0]
        paths = [named(operation, values, judge, len(equals)) for operation in equals]
        for operation, path in zip(equals, paths, strict=True):
            if judge.fits(operation, replace(message, path_values=path)):
                return operation
        for operation, path in zip(equals, paths, strict=True):
            if judge.admits(operation, path):
                return operation
        return equals[0]

    @staticmethod
    def _met(operation: Operation, words: Mapping[str, set[str]]) -> int:
        """How many of its words the request contains; -1 if one is missing."""
        for name, value in operation.query_discriminators:
            found = words.get(name.lower())
            if found is None or not (value is None or value in found):
                return -1
        return len(operation.query_discriminators)


def _acceptable(operations: list[Operation], message: Message) -> list[Operation]:
    """Those whose success has a media type that the request accepts; all if none has."""
    accept = message.headers.get("accept", "")
    found = []
    for operation in operations if accept else ():
        response = operation.response_for(operation.success)
        offered = list(response.content) if response is not None else []
        if offered and choose(accept, offered) is not None:
            found.append(operation)
    return found or operations


def _request_words(message: Message) -> dict[str, set[str]]:
    """Values of headers, query and form, by names in lower case."""
    found: dict[str, set[str]] = {name: {value} for name, value in message.headers.items()}
    pairs = parse_qsl(message.query.decode("latin-1"), keep_blank_values=True)
    if message.headers.get("content-type", "").startswith(_FORM):
        # Too many fields are reported by the reader of the body.
        with suppress(ValueError):
            pairs += parse_qsl(message.body.decode("latin-1"), True, max_num_fields=1000)
    for name, value in pairs:
        found.setdefault(name.lower(), set()).add(value)
    return found
