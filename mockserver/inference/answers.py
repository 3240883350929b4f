"""Whether a response is the entity that an operation is about, and where in it."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.resource_model import Path, Resource
from mockserver.inference.words import ID_ENDS, bag, last_word, noun, snake_case, tokens

_OF_COPIES = bag("new target destination dest clone copy duplicate")
_NAMES = bag("name id identifier key slug title")


class Answers:
    """Finds entities in responses; `refs` are the named schemas of each resource."""

    def __init__(self, survey: Survey, refs: Mapping[str, set[str]]) -> None:
        self.survey = survey
        self.refs = refs

    def entity(self, facts: Facts, resource: Resource) -> tuple[bool, Path]:
        """Whether the response is the entity, and where in it."""
        refs = self.refs[resource.name]
        if facts.ref and facts.ref in refs:
            return True, facts.at
        media = facts.operation.success_json
        if media is None or not media.pointer:
            return False, ()
        schemas = self.survey.schemas
        top = schemas.main(media.pointer)
        if schemas.canonical(top) in refs:
            return True, ()
        others = (seen for name, seen in self.refs.items() if name != resource.name)
        if facts.ref and any(facts.ref in seen for seen in others):
            # Another one, which may show this one in a part.
            return False, facts.at
        found = self._within(top, resource, 2)
        if found is not None:
            return True, found
        # Not the entity, but something of it may be there.
        return self._is_alike(facts.ref, resource), facts.at

    def name_of_copy(self, facts: Facts, resource: Resource) -> tuple[Path, str]:
        """Where a request names the copy that it asks for, `{"destinationInstanceName": ...}`, at
        the top or in a part, and the property of the copy that is meant."""
        media, schemas = body_of(facts.operation), self.survey.schemas
        nouns = {*tokens(resource.noun), resource.noun}
        own: dict[str, str] = {}
        for one in self.survey.flat(resource.schema).properties:
            if tokens(one)[-1:] not in ID_ENDS:  # `sourceCloneId` is what is copied
                own.setdefault("_".join(w for w in tokens(one) if w not in nouns), one)
            own[snake_case(one)] = one
        for parameter in facts.operation.parameters:
            words = tokens(parameter.name)
            rest = "_".join(w for w in words if w not in _OF_COPIES and w not in nouns)
            named = rest in own and rest in _NAMES and not _OF_COPIES.isdisjoint(words)
            if parameter.place == "query" and named:
                return (parameter.name,), own[rest]
        if media is None or not media.pointer:
            return (), ""
        places: list[tuple[Path, str]] = [((), schemas.main(media.pointer))]
        for path, place in places:
            for name, schema in schemas.flat_at(place).properties.items():
                words = tokens(name)
                inner = None if path else schemas.place(place, name)
                if inner is not None and "object" in schemas.types(schema):
                    places.append(((name,), schemas.canonical(inner)))
                rest = "_".join(w for w in words if w not in _OF_COPIES and w not in nouns)
                if rest in own and rest in _NAMES and not _OF_COPIES.isdisjoint(words):
                    return (*path, name), own[rest]
        return (), ""

    def goes_elsewhere(self, facts: Facts) -> bool:
        """Whether a request names where a copy is put: `{"targetProjectId": 7}`."""
        sent = self.survey.flat(facts.body).properties if facts.body else {}
        words = [tokens(name) for name in sent]
        return any(one[-1:] in ID_ENDS and not _OF_COPIES.isdisjoint(one[:-1]) for one in words)

    def _is_alike(self, place: str, resource: Resource) -> bool:
        """Whether a schema without a name of its own is that of the entity."""
        own = self.survey.flat(resource.schema).properties.keys()
        shown = self.survey.flat(place).properties.keys()
        shared = own & shown
        alike = len(shared) > 2 and len(shared) * 5 >= len(shown) * 3
        return alike and resource.identity.key in shared

    def _within(self, place: str, resource: Resource, depth: int) -> Path | None:
        """Where in a response the entity is: `{"data": {"contract": {...}}}`."""
        schemas, refs = self.survey.schemas, self.refs[resource.name]
        short = last_word(resource.noun)
        inner: list[tuple[str, str]] = []
        for name in schemas.flat_at(place).properties:
            at = schemas.place(place, name)
            if at is None:
                continue
            at = schemas.canonical(at)
            if at in refs or schemas.main(at) in refs:
                return (name,)
            if "object" not in schemas.flat_at(at).types:
                continue
            if noun(name) in (resource.noun, short) and self._is_alike(at, resource):
                return (name,)
            inner.append((name, at))
        for name, at in inner if depth > 1 and len(inner) < 4 else ():
            found = self._within(schemas.main(at), resource, depth - 1)
            if found is not None:
                return (name, *found)
        return None
