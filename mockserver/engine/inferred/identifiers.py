"""Ids that can be requested: an id has to fit the path parameters that name the entity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

from mockserver.engine.generation.examples import example_of
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.field_roles import kinds
from mockserver.engine.randomness import Rng
from mockserver.engine.world import digest, uuid_of
from mockserver.errors import ContractError, ReplyError
from mockserver.inference.model import Action, Plan
from mockserver.inference.resource_model import FIRST, Link, Resource
from mockserver.inference.words import bag, tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.request.coercion import Cast, Kind
from mockserver.openapi.schemas.resolved import Schemas

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHOWN_ID = re.compile(r"[A-Za-z0-9]+(?:[_-]+[A-Za-z0-9]+)*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*|.*(?<!\d)\d{4}-\d\d-\d\d")
_ENOUGH, _LONGEST = 8, 64
"""Characters of an example that must vary, so that ids of its form stay distinct; its length."""
_PARTS = re.compile(r"[A-Za-z0-9]+|[_-]+")
_DIGITS, _HEX, _LETTERS = "0123456789", "abcdef", "abcdefghjkmnpqrstvwxyz"


_IDENTIFIES = ("id", "identifier", "uuid", "guid")
_OF_MESSAGES = bag("request correlation trace transaction operation message session tenant client")


def identifies(header: str, noun: str, *, alone: bool) -> bool:
    """Whether a header of a response has the id of the entity: `X-Job-Id`. `alone`: nothing else
    in the response can have it, so that its other words may mean anything."""
    *others, last = tokens(header) or ("",)
    about = set(others) - {"x"}
    if last not in _IDENTIFIES or about & _OF_MESSAGES:
        return False
    return bool(about) and (alone or about <= set(tokens(noun)))


class Keys:
    """Makes ids fit the property that holds them and the path parameters that name them."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._unspeakable: dict[str, bool] = {}
        self._named_by: dict[str, tuple[str, ...]] = {}
        self._readers: dict[str, tuple[bool, Cast]] = {}
        self._examples: dict[str, str] = {}

    def fitting(self, resource: Resource, value: Any, rng: Rng, number: int) -> Any:
        """The value if paths can contain it and responses can show it, else another; `number` is
        tried first.

        At least one that a path can contain; the value unchanged if nothing fits.
        """
        identity = resource.identity
        if isinstance(value, str) and _UUID.fullmatch(value):
            value = like_example(self._shown(resource), value)
        if not identity.named_by and not identity.returned_as and not identity.referred_by:
            return value
        if tokens(identity.key or "")[-1:] == ("email",) and _UUID.fullmatch(str(value)):
            # Invitations and members are often named by their addresses.
            value = f"user-{str(value)[:8]}@example.com"
        schemas, referred = identity.returned_as, identity.referred_by
        # If not all can be satisfied, the last ones are dropped first.
        for one, other in dict.fromkeys(((schemas, referred), (schemas, ()), ((), ()))):
            for written in self._ways_written(resource, value, rng, number, (*one, *other)):
                if self._fits_all(resource, one, written) and all(
                    self._names(pointer, written) for pointer in other
                ):
                    return written
        return value

    def readable(self, resource: Resource, value: Any) -> Any:
        """The id of an example in the form of the entity's property; MISSING if no path can contain
        it."""
        place = self._place(resource)
        for one in written_as(self._values.schemas, place, value):
            if self._fits_all(resource, (), one):
                return one
        return MISSING

    def unspeakable(self, resource: Resource) -> bool:
        """Whether no id fits both the property and the paths: the document contradicts itself."""
        found = self._unspeakable.get(resource.name)
        if found is None:
            rng = Rng(0, "unspeakable", resource.name)
            ways = self._ways_written(resource, uuid_of(digest("unspeakable")), rng, 1, ())
            found = bool(resource.identity.key and resource.identity.named_by) and not any(
                self._fits_all(resource, (), written) for written in ways
            )
            self._unspeakable[resource.name] = found
        return found

    def as_returned(self, action: Action, value: Any) -> Any:
        """The id in the form of this operation's response."""
        if not action.response.id_schema:
            return value
        written = written_as(self._values.schemas, action.response.id_schema, value)
        return next((one for one in written if self._fits(action.response.id_schema, one)), value)

    def _ways_written(
        self, resource: Resource, value: Any, rng: Rng, number: int, schemas: tuple[str, ...]
    ) -> Iterator[Any]:
        """The value, then alternatives that fit some of the places."""
        place = self._place(resource)
        yield next(written_as(self._values.schemas, place, value), value)
        described = (
            *schemas,
            *resource.identity.named_by,
            *((place,) if place is not None else ()),
        )
        for candidate in self._candidates(described, rng, resource, number):
            yield from written_as(self._values.schemas, place, candidate)

    def _shown(self, resource: Resource) -> str:
        """The example id of the document, if any text may be an id; else ""."""
        found = self._examples.get(resource.name)
        if found is None:
            place, schemas = self._place(resource), self._values.schemas
            places = [place] if place is not None else list(self._differing(resource))
            free = [one for one in places if self._fits(one, "x" * _LONGEST)]
            shown = (example_of(schemas, schemas.at(one)) for one in free)
            found = next((one for one in shown if isinstance(one, str)), "")
            self._examples[resource.name] = found
        return found

    def _place(self, resource: Resource) -> str | None:
        """The place of the schema of the id property."""
        if resource.identity.key is None or resource.schema is None:
            return None
        return self._values.schemas.place(resource.schema, resource.identity.key)

    def _fits_all(self, resource: Resource, schemas: tuple[str, ...], value: Any) -> bool:
        place = self._place(resource)
        return (
            (place is None or self._fits(place, value))
            and all(self._names(pointer, value) for pointer in self._differing(resource))
            and self._fits_schemas(schemas, value)
        )

    def _differing(self, resource: Resource) -> tuple[str, ...]:
        """The path parameters that name the entity (there can be hundreds), one for each schema."""
        found = self._named_by.get(resource.name)
        if found is None:
            schemas = {repr(self._schema(one)): one for one in reversed(resource.identity.named_by)}
            found = self._named_by[resource.name] = tuple(reversed(schemas.values()))
        return found

    def _schema(self, pointer: str) -> Any:
        try:
            return self._values.schemas.at(pointer)
        except ContractError:
            return {}

    def _fits_schemas(self, schemas: tuple[str, ...], value: Any) -> bool:
        """Whether each response can show the id, as a number or as a text."""
        return all(
            any(
                self._fits(pointer, one) for one in written_as(self._values.schemas, pointer, value)
            )
            for pointer in schemas
        )

    def _candidates(
        self, pointers: tuple[str, ...], rng: Rng, resource: Resource, number: int
    ) -> Iterator[Any]:
        yield number
        for pointer in pointers:
            for attempt in range(3):
                try:
                    thrown = rng.child("id", attempt)
                    made = self._values.make(pointer, thrown, name=resource.identity.key or "")
                    if made is not None:  # a null id is no id
                        yield made
                except (ReplyError, ContractError):
                    break

    def _names(self, pointer: str, value: Any) -> bool:
        """Whether the path parameter can have the value."""
        text = value if isinstance(value, str) else str(value)
        if not text or text in (".", ".."):
            return False
        try:
            known = self._readers.get(pointer)
            if known is None:
                schema = self._values.schemas.at(pointer)
                kind = Kind(self._values.schemas.document, schema)
                cast = kind.item() if kind.is_array else kind.scalar()
                known = self._readers[pointer] = kind.is_array, cast
            several, cast = known
            read = [cast(text)] if several else cast(text)
            return self._values.check(pointer).is_valid(read)
        except ContractError:
            return True

    def _fits(self, place: str, value: Any) -> bool:
        try:
            return self._values.check(place).is_valid(value)
        except ContractError:
            return True


def like_example(example: str, value: str) -> str:
    """An id of the form of an example, made from a UUID: digits and letters where it has them, and
    the words that stand between. The UUID itself if the example is no id, or too short to tell ids
    apart."""
    parts = _PARTS.findall(example) if _SHOWN_ID.fullmatch(example) else []
    varied = [any(one.isdigit() for one in part) for part in parts]
    count = sum(len(part) for part, varies in zip(parts, varied, strict=True) if varies)
    if count < _ENOUGH or len(example) > _LONGEST or _DATE.fullmatch(example):
        return value
    if _UUID.fullmatch(example.lower()):
        return value
    thrown = iter(blake2b(value.encode(), digest_size=_LONGEST).digest())
    letters = _HEX if set(example.lower()) <= {*_DIGITS, *_HEX, *"_-"} else _LETTERS
    return "".join(
        "".join(_like(one, next(thrown), letters) for one in part) if varies else part
        for part, varies in zip(parts, varied, strict=True)
    )


def _like(character: str, thrown: int, letters: str) -> str:
    if character.isdigit():
        return _DIGITS[thrown % 10]
    other = letters[thrown % len(letters)]
    return other.upper() if character.isupper() else other


def typed_id(schemas: Schemas, place: str | None, value: str) -> Any:
    """An id of a path in the type of the property that holds it."""
    return next(written_as(schemas, place, value))


def written_as(schemas: Schemas, place: str | None, value: Any) -> Iterator[Any]:
    """The value in the type of the property: a number as text, or digits as a number."""
    if isinstance(value, list | dict | bool) or value is None or value is MISSING:
        return
    written = kinds(schemas, schemas.at(place)) if place is not None else set()
    if "string" in written and not isinstance(value, str):
        yield str(value)
    if written & {"integer", "number"} and isinstance(value, str) and value.isdecimal():
        yield int(value)
    yield value


def key_above(plan: Plan, path: Mapping[str, Any], links: tuple[Link, ...], index: int) -> str:
    """The row key of the entity that a link names, by the values of a path."""
    link = links[index]
    above = plan.resources.get(link.resource) if link.resource is not None else None
    own = id_text(path[link.parameter])
    if above is not None and not above.identity.nested:
        return own
    if above is not None and index:
        # Another one may stand between it and its parent: `/projects/{p}/flags/{f}/stages/{s}`.
        home = above.parents[-1] if above.parents else link
        ours = [place for place in range(index) if home.alike(links[place])]
        return f"{key_above(plan, path, links, ours[-1] if ours else index - 1)}/{own}"
    return "/".join(id_text(path[one.parameter]) for one in links[: index + 1])


def id_text(value: Any) -> str:
    """The value of a path parameter; the first of several (`/apps/1,2`)."""
    return str(value[0] if isinstance(value, list) and value else value)


def dig(body: Any, path: tuple[str, ...]) -> Any:
    """The value at a path of property names; the body itself if it isn't that deep."""
    for name in path:
        if name == FIRST:
            if not isinstance(body, list) or not body:
                return body
            body = body[0]
            continue
        if not isinstance(body, Mapping) or name not in body:
            return body
        body = body[name]
    return body


def wished_id(resource: Resource, query: Mapping[str, Any]) -> dict[str, Any]:
    """The id that a query parameter gives a new entity: `?clusterId=a`."""
    key, noun = resource.identity.key, tokens(resource.noun)
    wanted = {(*noun[-1:], "id"), (*noun, "id"), (*noun, "name")}
    asked = query.items() if key is not None else ()
    found = [v for n, v in asked if tokens(n) in wanted and isinstance(v, str) and v]
    return {key: found[0]} if found and key is not None else {}
