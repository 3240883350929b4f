"""Operations that share a method and a path: which of them a request means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl

from mockserver.contract.model import Contract, Operation
from mockserver.contract.projection import safe_path
from mockserver.engine.pipeline import Message
from mockserver.engine.variants import Answerer
from mockserver.server.adjacent import named

_FORM = "application/x-www-form-urlencoded"


class Rivals:
    """The operations that routing alone can't tell apart, by the id of each of them."""

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
        """The one whose words the request says, the most of them; of equals the one that routing
        found, or else the first, if the whole request fits it, or at least its path."""
        said = _said(message)
        group = sorted(self._groups[found.id], key=lambda operation: operation is not found)
        met = [(self._met(operation, said), operation) for operation in group]
        best = max(count for count, _ in met)
        if best < 0:
            return found
        equals = [operation for count, operation in met if count == best]
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
    def _met(operation: Operation, said: Mapping[str, set[str]]) -> int:
        """How many of its words the request says; -1 if one is missing."""
        for name, value in operation.told_by:
            found = said.get(name.lower())
            if found is None or not (value is None or value in found):
                return -1
        return len(operation.told_by)


def _said(message: Message) -> dict[str, set[str]]:
    """What the headers, the query and a form say, by names in lower case."""
    found: dict[str, set[str]] = {name: {value} for name, value in message.headers.items()}
    pairs = parse_qsl(message.query.decode("latin-1"), keep_blank_values=True)
    if message.headers.get("content-type", "").startswith(_FORM):
        # Of too many fields whoever reads the body complains.
        with suppress(ValueError):
            pairs += parse_qsl(message.body.decode("latin-1"), True, max_num_fields=1000)
    for name, value in pairs:
        found.setdefault(name.lower(), set()).add(value)
    return found
