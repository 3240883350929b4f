"""Ids that can be asked for: what a thing is called has to fit the path that names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.contract.casting import Kind
from mockserver.contract.schemas import Schemas
from mockserver.engine.dice import Dice
from mockserver.engine.generic.roles import kinds
from mockserver.engine.making import MISSING
from mockserver.engine.values import Values
from mockserver.errors import ContractError, ReplyError
from mockserver.plan.model import Resource


class Keys:
    """Makes ids fit both the property that holds them and the path parameters that name them."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def fitting(self, resource: Resource, value: Any, dice: Dice, number: int) -> Any:
        """The value if a path can name it, else another one; `number` is tried before others.

        The value all the same if nothing fits everywhere.
        """
        pointers = resource.named_by
        if not pointers:
            return value
        place = self._values.schemas.place(resource.schema, resource.key)
        if all(self._names(pointer, value) for pointer in pointers):
            spoken = next(_spoken(self._values.schemas, place, value), value)
            if place is None or self._fits(place, spoken):
                return spoken
        described = (*pointers, place) if place is not None else pointers
        for candidate in self._candidates(described, dice, resource, number):
            for spoken in _spoken(self._values.schemas, place, candidate):
                fits = place is None or self._fits(place, spoken)
                if fits and all(self._names(pointer, spoken) for pointer in pointers):
                    return spoken
        return value

    def _candidates(
        self, pointers: tuple[str, ...], dice: Dice, resource: Resource, number: int
    ) -> Iterator[Any]:
        yield number
        for pointer in pointers:
            for attempt in range(3):
                try:
                    thrown = dice.child("id", attempt)
                    yield self._values.make(pointer, thrown, name=resource.key)
                except (ReplyError, ContractError):
                    break

    def _names(self, pointer: str, value: Any) -> bool:
        """Whether the path parameter can have the value."""
        text = value if isinstance(value, str) else str(value)
        if not text or text in (".", ".."):
            return False
        try:
            schema = self._values.schemas.at(pointer)
            read = Kind(self._values.schemas.document, schema).scalar()(text)
            return self._values.check(pointer).is_valid(read)
        except ContractError:
            return True

    def _fits(self, place: str, value: Any) -> bool:
        try:
            return self._values.check(place).is_valid(value)
        except ContractError:
            return True


def _spoken(schemas: Schemas, place: str | None, value: Any) -> Iterator[Any]:
    """The value as the property says it: a number as text where only texts are."""
    if isinstance(value, list | dict | bool) or value is None or value is MISSING:
        return
    if place is not None:
        spoken = kinds(schemas, schemas.at(place))
        if "string" in spoken and not isinstance(value, str):
            yield str(value)
    yield value
