"""The headers and the query parameters that a document requires of a webhook or a callback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.engine.generation.headers import as_text
from mockserver.engine.generation.values import Values
from mockserver.engine.randomness import Dice
from mockserver.engine.serialization import can_be_sent
from mockserver.engine.timestamps import SECOND, render
from mockserver.errors import ContractError, ReplyError
from mockserver.inference.words import bag, tokens
from mockserver.openapi.document import join, resolve

_EVENT = bag("event topic type action")
_TIMES = bag("timestamp time date")
_TRIES = bag("attempt attempts try delivery_attempt")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its id, the name of its event, the instant, and the properties of the entity
    that it is about."""

    id: str
    event: str
    at: int
    entity: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One required parameter; `shown` are its examples."""

    name: str
    place: str
    schema: str | None
    shown: tuple[Any, ...]
    explode: bool


class Parameters:
    """The required parameters of the webhook at a place of the document."""

    def __init__(self, values: Values, place: str) -> None:
        self._values = values
        found: dict[tuple[str, str], _Parameter] = {}
        for holder in (place.rpartition("/")[0], place):
            for one in self._listed(holder):
                found[one.place, one.name.lower()] = one
        self._needed = list(found.values())

    def _listed(self, holder: str) -> Iterator[_Parameter]:
        document = self._values.schemas.document
        item = self._values.schemas.at(holder)
        listed = item.get("parameters") if isinstance(item, Mapping) else None
        for index, given in enumerate(listed if isinstance(listed, list) else ()):
            try:
                raw, pointer = resolve(document, given, join(holder, "parameters", index))
            except ContractError:
                continue
            if not isinstance(raw, Mapping) or raw.get("required") is not True:
                continue
            name, place = str(raw.get("name") or ""), raw.get("in")
            if place == "query" or (place == "header" and can_be_sent(name)):
                schema = join(pointer, "schema") if "schema" in raw else None
                shown = [raw["example"]] if "example" in raw else []
                for example in (raw.get("examples") or {}).values():
                    if isinstance(example, Mapping) and "value" in example:
                        shown.append(example["value"])
                explode = raw.get("explode", place == "query") is not False
                yield _Parameter(name, place, schema, tuple(shown), explode)

    def said(
        self, message: Message, dice: Dice
    ) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
        """The headers and the query of one message."""
        headers: dict[str, str] = {}
        query: list[tuple[str, str]] = []
        for parameter in self._needed:
            value = self._value(parameter, message, dice)
            if parameter.place == "header":
                headers[parameter.name] = as_text(value)
            elif isinstance(value, list) and parameter.explode:
                query.extend((parameter.name, as_text(one)) for one in value)
            elif isinstance(value, Mapping) and parameter.explode:
                query.extend((name, as_text(one)) for name, one in value.items())
            else:
                query.append((parameter.name, as_text(value)))
        return headers, tuple(query)

    def _value(self, parameter: _Parameter, message: Message, dice: Dice) -> Any:
        """An example, else what is known by that name, else a value of the schema."""
        place = parameter.schema
        for value in (*parameter.shown, *_meant(parameter.name, message)):
            if place is None or self._values.check(place).is_valid(value):
                return value
        if place is None:
            return "mock"
        try:
            return self._values.make(place, dice.child(parameter.name), name=parameter.name)
        except (ReplyError, ContractError):
            return "mock"


def _meant(name: str, message: Message) -> Iterator[Any]:
    """What a parameter of this name may be meant to say."""
    words = tokens(name)
    plain = words[1:] if words[:1] == ("x",) else words
    last = plain[-1] if plain else ""
    for key, value in message.entity.items():
        if tokens(key) == plain and value is not None:
            yield value
    if last in _EVENT:
        yield message.event
    if last == "id":
        yield message.id
    if last in _TRIES:
        yield 1
    if last in _TIMES:
        seconds = message.at // SECOND
        yield from (seconds, render(message.at), str(seconds))
