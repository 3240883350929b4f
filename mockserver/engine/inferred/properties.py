"""The properties of an entity, by the names that parameters have for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.conditions import Fields
from mockserver.engine.inferred.repository import Repository
from mockserver.inference.parts import path_of_relationship, relationships_of
from mockserver.inference.resource_model import Path
from mockserver.inference.words import (
    bag,
    last_word,
    moment_stem,
    plural,
    singular,
    snake_case,
    tokens,
)
from mockserver.openapi.schemas.resolved import Flat, Schemas

_MOMENTS = ("_at", "_date", "_time", "_on", "_timestamp", "_utc")
_CREATED = bag(
    "created creation created_at created_on date time added recency newest oldest latest recent "
    "earliest insertion inserted id_created date_created create_time timestamp datetime when "
    "created_date created_time creation_date creation_time createtime creationdate period moment "
    "date_time"
)
_CREATING = bag("created create creation insert inserted add added addition join joined register "
                "registered registration signup issue issued")  # fmt: skip
_PEOPLE = ("user", "author", "owner", "creator", "created_by", "poster", "submitter", "reporter")
"""Other names for the owner of an entity."""
_UPDATED = bag(
    "updated modified changed last_updated last_modified activity updated_at update modification "
    "last_activity update_time date_updated modified_at updated_date modified_date"
)
_WHEN = ("date", "timestamp", "time", "datetime", "date_time", "occurred_at", "start_time",
         "started_at", "start_date", "start", "starts_at", "published_at", "sent_at")  # fmt: skip
_STATES = bag("status state phase stage")
_DEPTH = 3
_MOST_PLACES = 3
"""So many properties may be meant by the end of their names, any of them."""


class Properties:
    """What may be said of the entities of a repository, in requests and in `item` of a list."""

    def __init__(self, schemas: Schemas, repository: Repository, item: str | None = None) -> None:
        self._schemas = schemas
        self._repository = repository
        resource = repository.resource
        self.noun = last_word(resource.noun)
        self._own: dict[str, tuple[Path, Any]] = {}
        self._sent: dict[str, tuple[Path, Any]] = {}
        self._deep: dict[str, list[tuple[Path, Any]]] | None = None
        properties = repository.flat.properties
        self._held: Fields = tuple(repository.held())
        for holder, name in self._held:
            inner = schemas.flat(properties[holder]).properties
            self._own[snake_case(name)] = ((holder, name), inner.get(name, {}))
        own: dict[str, Any] = dict(properties)
        if item is not None:
            own = {**schemas.flat_at(item).properties, **own}
        self._own |= {snake_case(name): ((name,), schema) for name, schema in own.items()}
        for name, several in relationships_of(schemas, repository.flat).items():
            path = (*path_of_relationship(name).split("."), *(() if several else ("id",)))
            for called in (name, f"{name}_id"):
                self._own.setdefault(snake_case(called), (path, {"type": "string"}))
        if resource.request is not None:
            sent = schemas.flat_at(resource.request).properties
            self._sent = {
                snake_case(name): ((name,), schema)
                for name, schema in sent.items()
                # What else is sent and never shown is about the request.
                if snake_case(name) not in self._own and snake_case(name).endswith(("_id", "_ids"))
            }

    @property
    def all(self) -> Fields:
        """Every property."""
        return tuple(path for path, _ in self._own.values())

    def flat(self, fields: Fields) -> Flat:
        """The schema of the first of these fields."""
        for path in fields[:1]:
            flat = self._repository.flat
            for name in path:
                flat = self._item_of(self._schemas.flat(flat.properties.get(name, {})))
            return flat
        return self._schemas.flat({})

    def named(self, spelled: str) -> Fields:
        """The property with exactly this name."""
        for known in (self._own, self._sent):
            if spelled in known:
                fields: Fields = (known[spelled][0],)
                stem = spelled.removesuffix("_id")
                if known is self._sent and stem in self._own:
                    fields += (self._own[stem][0],)
                return fields
        return ()

    def alike(self, spelled: str) -> Fields:
        """The property with nearly this name: `tag` of `tags`, `customer` of `customer_id`."""
        stem = spelled.removesuffix("_ids").removesuffix("_id")
        spellings = (
            singular(spelled), plural(spelled), f"{spelled}_id", f"{spelled}_ids", f"{spelled}_sid",
            f"{singular(spelled)}_id", f"{stem}_id", f"{stem}_ids", stem, plural(stem),
            f"is_{spelled}", f"has_{spelled}", spelled.removeprefix("is_").removeprefix("has_"),
        )  # fmt: skip
        found = (self.named(one) for one in spellings if one and one != spelled)
        fields = tuple(dict.fromkeys(path for fields in found for path in fields))
        if fields:
            return fields
        together = spelled.replace("_", "")  # `statuscode`
        return next((self.named(n) for n in self._own if n.replace("_", "") == together), ())

    def moment(self, spelled: str) -> Fields:
        """The timestamp that a name means: `created`, `published`."""
        for ending in ("", *_MOMENTS):
            if fields := self.named(spelled + ending):
                return self._dated(fields)
        for ending in _MOMENTS:
            if spelled.endswith(ending) and (fields := self.named(spelled.removesuffix(ending))):
                within = self._dated(fields)
                if within != fields:
                    return within
        stem = moment_stem(spelled) or spelled
        same = [path for name, (path, _) in self._own.items() if moment_stem(name) == stem]
        if same:
            return (same[0],)
        if spelled in _CREATED or stem in _CREATING:
            return self._first("created")
        return self._first("updated") if spelled in _UPDATED or stem == "updated" else ()

    def _dated(self, fields: Fields) -> Fields:
        """The moment within a property that holds it: `start` of `{"dateTime", "timeZone"}`."""
        found = []
        for path in fields:
            inner = self.flat((path,)).properties
            dated = [name for name, one in inner.items() if self._is_time(one)]
            found.append((*path, dated[0]) if len(dated) == 1 else path)
        return tuple(found)

    def _is_time(self, schema: Any) -> bool:
        return self._schemas.flat(schema).rules.get("format") == "date-time"

    def when(self) -> Fields:
        """The time of an entity: of its creation, or its only one."""
        if created := self._first("created"):
            return created
        for name in _WHEN:
            if name in self._own:
                return (self._own[name][0],)
        dated = [path for path, schema in self._own.values() if self.is_moment(schema)]
        return (dated[0],) if len(dated) == 1 else ()

    def is_moment(self, schema: Any) -> bool:
        return self._schemas.flat(schema).rules.get("format") in ("date", "date-time")

    def loose(self, spelled: str) -> Fields:
        """The only property that a name can mean, by a part of its name or within another."""
        noun, resource = self.noun, self._repository.resource
        states = resource.states
        several = plural(spelled.removesuffix("_name"))
        if spelled.endswith("_name") and (fields := self.named(several)):
            return fields  # `tag_name` of `tags`
        short = spelled.removeprefix(f"{noun}_")
        if short != spelled and (fields := self.named(short) or self.alike(short)):
            return fields
        if fields := self.named(f"{noun}_{spelled}"):
            return fields
        if last_word(spelled) in _STATES and states is not None and states.name:
            return ((states.name, *states.inner),)
        stem = spelled.removesuffix("_id")
        if stem in _PEOPLE:
            whose = [f for one in _PEOPLE if (f := self.named(one) or self.named(f"{one}_id"))]
            if len(whose) == 1:
                return whose[0]
        deep = self._deeper().get(spelled, [])
        if len(deep) == 1:
            return (deep[0][0],)
        return self._ending(spelled)

    def others(self, spelled: str, fields: Fields) -> Fields:
        """The properties of that name within others."""
        held = [path for path in self._held if snake_case(path[-1]) == spelled]
        deep = [path for path, _ in self._deeper().get(spelled, [])]
        return tuple(path for path in dict.fromkeys((*held, *deep)) if path not in fields)

    def _ending(self, spelled: str) -> Fields:
        """The only property whose name ends like this one: `checking_account_id` for
        `credit_account_id`, `billing_country` for `country`."""
        words = spelled.split("_")
        if words[-1] == "id" and len(words) > 1:
            words = words[-2:]
        elif words[-1] in ("id", "at", "by", "to", "on", "count"):
            return ()
        ending = "_" + "_".join(words)
        found = [path for name, (path, _) in self._own.items() if name.endswith(ending)]
        if words[-1] == "id" and 1 < len(found) <= _MOST_PLACES:
            return tuple(found)  # `from_account_id` and `to_account_id`
        return (found[0],) if len(found) == 1 else ()

    def _first(self, role: Any) -> Fields:
        found = self._repository.roles.first(role)
        if found is None:
            return ()
        return ((found,) if isinstance(found, str) else found,)

    def _deeper(self) -> Mapping[str, list[tuple[Path, Any]]]:
        """The properties within others, by their names and by their names with the one above."""
        if self._deep is None:
            self._deep = {}
            for path, schema in self._own.values():
                for below, inner in self._below(path, schema, 1):
                    above, name = map(snake_case, below[-2:])
                    names = {name, f"{singular(above)}_{name}"}
                    for one in names - self._own.keys():
                        self._deep.setdefault(one, []).append((below, inner))
        return self._deep

    def _below(self, path: Path, schema: Any, depth: int) -> Iterator[tuple[Path, Any]]:
        if depth >= _DEPTH:
            return
        flat = self._item_of(self._schemas.flat(schema))
        for name, inner in flat.properties.items():
            yield (*path, name), inner
            yield from self._below((*path, name), inner, depth + 1)

    def _item_of(self, flat: Flat) -> Flat:
        """The schema of the items of an array, else the schema itself."""
        items = flat.arrays.items
        return self._schemas.flat(items) if items is not None else flat

    def objects(self, path: Path) -> Path:
        """The part of a path that leads through objects, up to the first array."""
        properties = self._repository.flat.properties
        for length, name in enumerate(path):
            flat = self._schemas.flat(properties.get(name, {}))
            if "array" in flat.types or not flat.properties:
                return path[: length + 1]
            properties = flat.properties
        return path

    def path(self, name: str) -> Path | None:
        """The property by which a list is sorted, as a request names it."""
        spelled = snake_case(name)
        head, _, rest = name.replace("/", ".").partition(".")
        if rest and (above := self.named(snake_case(head))):
            return (*above[0], *rest.split("."))
        fields = self.named(spelled) or self.moment(spelled)
        key = self._repository.resource.identity.key
        if not fields and spelled in ("id", "key") and key is not None:
            return (key,)
        fields = fields or self.loose(spelled) or self.alike(spelled)
        return fields[0] if fields else None


def means_created(name: str) -> bool:
    """Whether a name stands for the time or order of creation."""
    spelled = snake_case(name)
    return (
        moment_stem(spelled) in _CREATING
        or spelled in _CREATED
        or spelled.removesuffix("_at") in _CREATED
        or (tokens(name)[:1] == ("created",))
    )
