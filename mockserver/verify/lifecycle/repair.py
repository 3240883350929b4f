"""Learn from refusals what a creation takes: some fields of the schema are refused, others are
needed, and others name entities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mockserver.inference.words import singular, snake_case
from mockserver.openapi.model import Contract, Json
from mockserver.verify.lifecycle.model import Api, Resource
from mockserver.verify.model import Exchange
from mockserver.verify.replies import NEEDED, NOT_THERE, fields_of, parsed, texts_of, words_of
from mockserver.verify.schemas import body_schema, inner, properties, required_of

MOST = 5
"""Bodies that are tried for one creation."""


def fields_of_creation(contract: Contract, resource: Resource) -> dict[str, bool]:
    """The fields of a creation's body, and whether the document requires them."""
    whole = body_schema(contract, contract.by_id[resource.create])
    schema = inner(contract, whole or {}, resource.sent)
    required = required_of(contract, schema)
    return {name: name in required for name in properties(contract, schema)}


@dataclass
class Learned:
    """What refusals have shown about one creation."""

    refused: set[str] = field(default_factory=set)
    """Optional fields that are left out."""
    needed: set[str] = field(default_factory=set)
    """Fields that have to be sent though the document does not require them."""
    references: dict[str, str] = field(default_factory=dict)
    """Fields that name an entity of a resource."""

    def take(
        self,
        refusal: Exchange,
        sent: Mapping[str, Json],
        listed: Mapping[str, bool],
        api: Api,
        resource: Resource,
    ) -> bool:
        """Take in a refusal of a body; `listed` are the fields of the schema, and whether they are
        required. Returns whether there is something new to try."""
        before = (set(self.refused), set(self.needed), dict(self.references))
        for name, text in _said_of(refusal, listed):
            if name not in sent:
                if NEEDED.search(text):
                    self.needed.add(name)
                    self.refused.discard(name)
                continue
            named = _resource_of(name, api)
            missing = listed[name] or NOT_THERE.search(text)
            if named and named != resource.name and missing and name not in self.references:
                self.references[name] = named
                continue
            if not listed[name] and name not in self.needed:
                self.refused.add(name)
        return before != (self.refused, self.needed, self.references)

    def __bool__(self) -> bool:
        return bool(self.refused or self.needed or self.references)

    def __str__(self) -> str:
        parts = [f"without {', '.join(sorted(self.refused))}"] if self.refused else []
        parts += [f"with {', '.join(sorted(self.needed))}"] if self.needed else []
        named = sorted(f"{name}: a {kind}" for name, kind in self.references.items())
        return "; ".join([*parts, *named])

    def applied(self, resource: Resource) -> Resource:
        """The resource with what was learned."""
        return replace(
            resource,
            skip=resource.skip | self.refused,
            needed=resource.needed | self.needed,
            references={**resource.references, **self.references},
        )


def _said_of(refusal: Exchange, names: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    """The fields that a refusal names, each with what it says of it."""
    whole = " ".join(texts_of(refusal))
    words = set(words_of(whole))
    heads = {word.split(".")[0].split("[")[0] for word in words}
    by_key = fields_of(refusal)
    located = dict(_located(parsed(refusal.body)))
    for name in names:
        if name in by_key or name in located or name in words or name in heads:
            yield name, located.get(name) or whole


def _located(value: object, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each field of a list of errors with its text: `{"loc": ["body", "name"], "msg": "..."}` or
    `{"name": ["..."]}`."""
    if depth > 4:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _located(inner, depth + 1)
    elif isinstance(value, dict):
        place = value.get("loc")
        texts = " ".join(text for text in value.values() if isinstance(text, str))
        if isinstance(place, list):
            yield from ((step, texts) for step in place[1:2] if isinstance(step, str))
        for name, inner in value.items():
            if isinstance(inner, list) and inner and all(isinstance(one, str) for one in inner):
                yield name, " ".join(inner)
            else:
                yield from _located(inner, depth + 1)


def _resource_of(name: str, api: Api) -> str | None:
    """The resource that a field names: `track` or `track_id`, where there are `/tracks/{id}`."""
    wanted = singular(snake_case(name).removesuffix("_id").removesuffix("_ids"))
    for resource in api.resources.values():
        noun = singular(snake_case(resource.collection.rstrip("/").rsplit("/", 1)[-1]))
        if resource.create and noun == wanted:
            return resource.name
    return None
