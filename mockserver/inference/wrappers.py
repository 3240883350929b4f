"""What wraps an entity in requests and responses, whatever its name.

`pagination.entity_place` reads the wrappers that a name tells: `data`, or the entity's own noun.
Here the operations of a resource are compared: what they have in common is the entity, and what
stands around it wraps it: `{"d": {"id": ...}}`, `{"request": {"order": {"note": ...}}}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.inference.identifiers import has_key
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.page_fields import PAGING
from mockserver.inference.paths import ANY
from mockserver.inference.resource_model import Path
from mockserver.inference.words import noun, snake_case

_DEEPEST = 3


def read_wrapped(survey: Survey) -> None:
    """Step into wrappers that no name tells: first where one entity is fetched, then in the other
    responses, then in the requests."""
    single = [facts for facts in survey.facts if facts.envelope is None]
    fetching = [f for f in single if f.method == "GET" and f.route.is_item]
    others = [f for f in single if f.method != "GET"]
    for facts in others:
        _step_out(survey, facts)
    for facts in (*fetching, *others):
        if facts.ref and facts.at == ():
            found = _Wrapped(survey, facts).shown()
            if found is not None:
                facts.at, facts.ref = found
    for facts in others:
        if facts.body and facts.sent == () and _sends_one(survey, facts):
            found = _Wrapped(survey, facts).sent()
            if found is not None:
                facts.sent, facts.body = found


def _step_out(survey: Survey, facts: Facts) -> None:
    """Take the whole body where its wrapper is a part of each row of the list at its path:
    `{"song": {...}, "added_at": ...}` to `/playlists/{playlist}/songs`."""
    above = facts.route.parent if facts.route.is_item else facts.route
    listing = survey.at(above.steps, "GET")
    row = survey.flat(listing.ref).properties if listing is not None and listing.is_list else {}
    asked, media = body_of(facts.operation), facts.operation.success_json

    def embeds(at: Path) -> bool:
        return len(at) == 1 and at[0] in row and "object" in survey.schemas.types(row[at[0]])

    if len(row) > 1 and embeds(facts.at) and media is not None and media.pointer:
        facts.at, facts.ref = (), survey.schemas.main(media.pointer)
    if len(row) > 1 and embeds(facts.sent) and asked is not None and asked.pointer:
        facts.sent, facts.body = (), survey.schemas.main(asked.pointer)


def _sends_one(survey: Survey, facts: Facts) -> bool:
    """Whether a request describes the entity of its path, rather than what to do with it."""
    route = facts.route
    if route.verb or facts.method == "DELETE":
        return False
    return route.is_item or bool(
        survey.at(route.steps, "GET") or survey.at((*route.steps, ANY), "GET")
    )


class _Wrapped:
    """The entity within the request and the response of one operation."""

    def __init__(self, survey: Survey, facts: Facts) -> None:
        self._survey, self._schemas, self._facts = survey, survey.schemas, facts
        self._places = set(self._elsewhere())
        self._known: set[str] = set()
        for place in self._places:
            self._known |= {noun(name) for name in survey.flat(place).properties}

    def _elsewhere(self) -> Iterator[str]:
        """The schemas of the entity in the operations that list and fetch it."""
        facts, route = self._facts, self._facts.route
        above = route.steps if route.verb or route.is_item else (*route.steps, ANY)
        for steps in (above, above[:-1]):
            one = self._survey.at(steps, "GET")
            if one is not None and one is not facts and one.ref:
                yield one.ref

    def shown(self) -> tuple[Path, str] | None:
        """The place of the entity in the response, and of its schema; None if nothing wraps it."""
        return self._within(self._facts.ref, (), keyed=self._is_about_one())

    def sent(self) -> tuple[Path, str] | None:
        """As `shown`, in the request. What the response shows is known, too."""
        self._places.add(self._facts.ref)
        self._known |= {noun(name) for name in self._survey.flat(self._facts.ref).properties}
        return self._within(self._facts.body, (), keyed=False)

    def _is_about_one(self) -> bool:
        route = self._facts.route
        return route.is_item or (route.plural and not route.verb)

    def _within(self, pointer: str, path: Path, *, keyed: bool) -> tuple[Path, str] | None:
        flat = self._schemas.flat_at(pointer)
        if len(path) == _DEEPEST or self._is_entity(pointer):
            return None
        inner = {
            name: self._schemas.canonical(place)
            for name, schema in flat.properties.items()
            if noun(name) not in self._known
            and "object" in self._schemas.types(schema)
            and (place := self._schemas.place(pointer, name)) is not None
        }
        # Its own schema tells it from what is shown beside it: `{"project": {}, "branch": {}}`.
        alike = [name for name, place in inner.items() if place in self._places]
        alike = alike or [name for name, place in inner.items() if self._is_alike(place)]
        alone = len(inner) == 1 and all(
            name in inner or snake_case(name) in PAGING for name in flat.properties
        )
        if not alike and alone and keyed:
            alike = [name for name, place in inner.items() if self._has_key(name, place)]
        if len(alike) == 1:
            return (*path, alike[0]), inner[alike[0]]
        if alike or not alone:
            return None
        ((name, place),) = inner.items()
        return self._within(place, (*path, name), keyed=keyed)

    def _is_entity(self, pointer: str) -> bool:
        """Whether what is around others is the entity itself."""
        if pointer in self._places:
            return True
        flat = self._schemas.flat_at(pointer)
        names = {noun(name) for name in flat.properties}
        return has_key(flat, self._facts.route.noun) or 2 * len(names & self._known) > len(names)

    def _is_alike(self, place: str) -> bool:
        if place in self._places:
            return place.startswith("#/components/")
        names = {noun(name) for name in self._schemas.flat_at(place).properties}
        common = len(names & self._known)
        return common > 1 and 2 * common > len(names)

    def _has_key(self, name: str, place: str) -> bool:
        """Whether what is alone in a response has the id of what the path names, and is no other
        entity: the `user` of `/sessions/{id}`."""
        if noun(name) in self._survey.nouns:
            return False
        return has_key(self._schemas.flat_at(place), self._facts.route.noun)
