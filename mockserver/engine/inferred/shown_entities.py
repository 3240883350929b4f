"""Collects the entities that the examples of a document show, each with what it says of itself and
with the parents that it, or a path's examples, names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import unquote, urlsplit

from mockserver.engine.generation.examples import (
    body_examples,
    evaluated,
    example_of,
    parameter_examples,
)
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.field_roles import roles_of
from mockserver.engine.inferred.identifiers import Keys, dig, id_text, key_above
from mockserver.engine.inferred.repository import held_at, newest_first
from mockserver.engine.serialization import media_of
from mockserver.inference.model import Action, Envelope, Plan
from mockserver.inference.resource_model import Link, Resource
from mockserver.inference.words import other_name_in
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Contract, Operation
from mockserver.records import dataclass

_ONE = ("fetch", "create", "replace", "patch", "transition", "clone", "read", "write")
# An item's example wins over a list's.
_RANK = {"fetch": 0, "read": 0, "replace": 1, "patch": 1, "write": 1, "create": 2, "list": 3}

_LONGEST_URL = 2000


@dataclass(slots=True, eq=False)
class Shown:
    """One entity in the document's examples.

    `value` is its id; `parent` the row key of its parent, None if unknown; `within` is then what a
    path calls the parent, and those above it that are no resources. `names` are the properties in
    each operation's example. `whole`: an example shows more than its id. `fill`: it contains Faker
    placeholders.
    """

    value: Any
    parent: str | None = None
    within: tuple[str, Mapping[str, str]] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    whole: bool = False
    fill: bool = False

    @property
    def row(self) -> dict[str, Any]:
        """The data of its row."""
        return {"seed": True, **({"shown": dict(self.names)} if self.whole else {})}

    def is_under_each(self, resource: Resource) -> bool:
        """Whether it names no parent, and each parent may have one with its id."""
        homeless = self.parent is None and self.within is None
        return bool(resource.parents) and resource.identity.nested and homeless


class Collector:
    """Joins what the examples say about each entity."""

    def __init__(
        self,
        contract: Contract,
        plan: Plan,
        values: Values,
        keys: Keys,
        found: dict[str, dict[str, Shown]],
    ) -> None:
        self._contract = contract
        self._plan = plan
        self._schemas = values.schemas
        self._keys = keys
        self._found = found
        self._lists: dict[str, list[str]] = {}
        self._called: dict[tuple[str, str], Any] = {}

    def collect(self) -> None:
        actions = [self._plan.actions[operation.id] for operation in self._contract.operations]
        ranked = sorted(actions, key=self._rank)
        values = {action.operation: self._path_values(action) for action in ranked}
        for action in ranked:
            self._answers(action, values[action.operation])
        for action in ranked:
            self._named_by_path(action, values[action.operation])
            self._links(action, values[action.operation])
        for resource in self._plan.resources.values():
            self._composed(resource)
        for name, listed in self._lists.items():
            # In the order of the list, followed by those of other examples.
            known = self._found.get(name, {})
            order = dict.fromkeys([*listed, *known])
            self._found[name] = {key: known[key] for key in order if key in known}

    def _rank(self, action: Action) -> tuple[int, int]:
        """Parents first: what lies below them may call them by name."""
        resource = self._resource(action.resource)
        return len(resource.parents) if resource is not None else 0, _RANK.get(action.kind, 4)

    def _resource(self, name: str | None) -> Resource | None:
        return self._plan.resources.get(name) if name is not None else None

    # -- what is shown, and where

    def _path_values(self, action: Action) -> dict[str, Any]:
        operation = self._contract.by_id[action.operation]
        found = {}
        for parameter in operation.parameters:
            if parameter.place == "path":
                shown = parameter_examples(parameter)
                if shown:
                    found[parameter.name] = shown[0]
        return found

    def _answers(self, action: Action, path: Mapping[str, Any]) -> None:
        resource = self._resource(action.resource)
        if resource is None or (action.kind != "list" and action.kind not in _ONE):
            return
        if action.transition is not None and not action.transition.same:
            return
        operation = self._contract.by_id[action.operation]
        for body in self._shown_bodies(operation, action):
            if action.kind == "list":
                self._list(action, resource, path, body)
                continue
            entity = dig(body, action.response.at)
            if isinstance(entity, Mapping):
                item = action.item or ""
                asked = MISSING if other_name_in(resource, item) else path.get(item, MISSING)
                self._sighting(resource, action, path, entity, asked)

    def _shown_bodies(self, operation: Operation, action: Action) -> Iterator[Any]:
        media = media_of(operation, operation.success)
        if media is None or not is_json_or_any(media.name):
            return
        shown = body_examples(self._schemas, media)
        if not shown and media.pointer is not None and action.envelope is not None:
            # The array has an example of its own inside the envelope.
            place = self._schemas.along(media.pointer, action.envelope.items)
            if place is not None and action.envelope.items:
                for items in self._schemas.flat_at(place).notes.examples:
                    body = items
                    for name in reversed(action.envelope.items):
                        body = {name: body}
                    yield body
        yield from shown

    def _list(self, action: Action, resource: Resource, path: Mapping[str, Any], body: Any) -> None:
        envelope = action.envelope
        items = dig(body, envelope.items) if envelope is not None else body
        found = items if isinstance(items, list) else []
        if envelope is not None and self._begins_with_newest(resource, envelope):
            found = found[::-1]
        for item in found:
            entity = dig(item, envelope.row) if envelope is not None else item
            if isinstance(entity, Mapping):
                key = self._sighting(resource, action, path, entity, MISSING)
                self._lists.setdefault(resource.name, []).append(key)

    def _begins_with_newest(self, resource: Resource, envelope: Envelope) -> bool:
        flat = self._schemas.flat_at(resource.schema) if resource.schema else self._schemas.flat({})
        return newest_first(envelope, bool(roles_of(self._schemas, flat).created))

    def _sighting(
        self,
        resource: Resource,
        action: Action,
        path: Mapping[str, Any],
        entity: Mapping[str, Any],
        asked: Any,
    ) -> str:
        """Record what an example shows of one entity; returns its key in `_found`."""
        value = entity.get(resource.identity.key) if resource.identity.key else None
        if value is None and action.response.id_path:
            named = dig(entity, action.response.id_path)  # under another name, or deeper
            value = named if isinstance(named, str | int) else None
        fitting = self._keys.readable(resource, asked if value is None else value)
        parent = self._parent(resource, action.parents, path, entity)
        within = self._within(resource, action.parents, path, entity) if parent is None else None
        known = self._found.setdefault(resource.name, {})
        if resource.singleton:
            key, fitting = parent or "", MISSING
        else:
            # An entity with an unusable id exists under another one.
            word = id_text(fitting) if fitting is not MISSING else f"?{value}"
            if fitting is MISSING and value is None:
                word = f"?{len(known)}"
            key = _key(resource, parent or (within and f"?{within[0]}"), word)
        shown = known.get(key)
        if shown is None:
            shown = known[key] = Shown(fitting, parent)
        shown.within = shown.within or within
        if shown.parent is None:
            shown.parent = parent
        data = dict(entity)
        if resource.identity.key and fitting is MISSING:
            data.pop(resource.identity.key, None)
        elif resource.identity.key and resource.identity.key in data:
            data[resource.identity.key] = fitting
        shown.data = {**data, **shown.data}
        for name in resource.identity.names:
            called = held_at(data, name)
            if shown.value is not MISSING and isinstance(called, str | int):
                self._called.setdefault((resource.name, id_text(called)), shown.value)
        shown.whole = True
        shown.names.setdefault(action.operation, list(data))
        return key

    def _parent(
        self,
        resource: Resource,
        links: tuple[Link, ...],
        path: Mapping[str, Any],
        entity: Mapping[str, Any],
    ) -> str | None:
        """The parent of the entity: by its own properties or URL, else by the examples of the
        path."""
        if not resource.parents:
            return ""
        own = resource.parents[-1]
        above = self._resource(own.resource)
        named = entity.get(own.field) if own.field else None
        if named is not None and above is not None and not above.identity.nested:
            fitting = self._keys.readable(above, named)
            if fitting is not MISSING:
                if not above.singleton:
                    self._named(above, fitting, None)
                return id_text(fitting)
        parameters = _said_by_url(resource, entity)
        path = {**path, **parameters}
        for index, link in enumerate(links):
            if parameters.get(link.parameter):
                self._one(link, links[:index], path, parameters[link.parameter])
        for index in reversed(range(len(links))):
            if own.alike(links[index]):
                return self._above(links, path, index)
        return None

    def _within(
        self,
        resource: Resource,
        links: tuple[Link, ...],
        path: Mapping[str, Any],
        entity: Mapping[str, Any],
    ) -> tuple[str, Mapping[str, str]] | None:
        """What a path's examples, or the entity's own URL, call its parent, where that is not the
        parent's id; and what they say of those above that are no resources."""
        path = {**path, **_said_by_url(resource, entity)}
        own = resource.parents[-1] if resource.parents else None
        above = self._resource(own.resource) if own is not None else None
        for link in reversed(links):
            if own is not None and above is not None and own.alike(link):
                value = path.get(link.parameter)
                if value is None or self._name_in(above, link.parameter, value) is None:
                    return None
                free = [one.parameter for one in links if one.resource is None]
                owners = {name: id_text(path[name]) for name in free if name in path}
                return id_text(value), owners
        return None

    def _above(self, links: tuple[Link, ...], path: Mapping[str, Any], index: int) -> str | None:
        """The key of the entity in a path's examples; None if there is none, or if no path could
        name it."""
        read: dict[str, Any] = {}
        for link in links[: index + 1]:
            if link.parameter not in path:
                return None
            read[link.parameter] = path[link.parameter]
            above = self._resource(link.resource)
            if above is not None:
                fitting = self._id_of(above, path[link.parameter])
                if fitting is MISSING and not above.identity.open:
                    return None
                read[link.parameter] = path[link.parameter] if fitting is MISSING else fitting
        return key_above(self._plan, read, links, index)

    def _id_of(self, resource: Resource, value: Any) -> Any:
        """The id of the entity that a path names by its id, or by another of its names; MISSING if
        it can be neither."""
        fitting = self._keys.readable(resource, value)
        if fitting is MISSING or id_text(fitting) not in self._found.get(resource.name, {}):
            fitting = self._called.get((resource.name, id_text(value)), fitting)
        return fitting

    def _name_in(self, resource: Resource, parameter: str, value: Any) -> str | None:
        """The property, other than the id, by which this value of a path names an entity."""
        name = other_name_in(resource, parameter)
        if name is None and not (resource.identity.open or self._is_id(resource, value)):
            return next(iter(resource.identity.names), None)
        return name

    def _is_id(self, resource: Resource, value: Any) -> bool:
        return self._keys.readable(resource, value) is not MISSING

    # -- what is only named

    def _named(self, resource: Resource, value: Any, parent: str | None) -> Shown:
        """Record that an entity with this id exists."""
        known = self._found.setdefault(resource.name, {})
        key = _key(resource, parent, value)
        shown = known.setdefault(key, Shown(value, parent))
        if shown.parent is None:
            shown.parent = parent
        return shown

    def _named_by_path(self, action: Action, path: Mapping[str, Any]) -> None:
        operation = self._contract.by_id[action.operation]
        shown = {p.name: parameter_examples(p) for p in operation.parameters if p.place == "path"}
        for index, link in enumerate(action.parents):
            for value in shown.get(link.parameter, ()):
                self._one(link, action.parents[:index], path, value)
        if action.item and action.kind in (*_ONE, "remove"):
            for value in shown.get(action.item, ()):
                itself = Link(action.item, action.resource)
                one = self._one(itself, action.parents, path, value)
                if one is not None and not one.data and action.kind == "fetch":
                    # Its example has another id: the documented entity is meant.
                    one.data = self._about(action)

    def _about(self, action: Action) -> dict[str, Any]:
        """The example of the operation without ids."""
        resource = self._resource(action.resource)
        if resource is None:
            return {}
        for body in self._shown_bodies(self._contract.by_id[action.operation], action):
            entity = dig(body, action.response.at)
            if isinstance(entity, Mapping):
                ids = {resource.identity.key, *(link.field for link in resource.parents)}
                return {name: value for name, value in entity.items() if name not in ids}
        return {}

    def _one(
        self, link: Link, links: tuple[Link, ...], path: Mapping[str, Any], value: Any
    ) -> Shown | None:
        """Record the entity that a value of a path parameter names."""
        resource = self._resource(link.resource)
        if resource is None or resource.singleton:
            return None
        parent = self._parent(resource, links, path, {})
        name = self._name_in(resource, link.parameter, value)
        fitting = self._id_of(resource, value)
        known = self._found.setdefault(resource.name, {})
        if name is not None and _key(resource, parent, fitting) not in known:
            return known.setdefault(f"{parent}?{value}", Shown(MISSING, parent, data={name: value}))
        return self._named(resource, fitting, parent) if fitting is not MISSING else None

    def _links(self, action: Action, path: Mapping[str, Any]) -> None:
        """The OpenAPI links of a response: the operation and the values of its parameters."""
        operation = self._contract.by_id[action.operation]
        for response in operation.responses.values():
            for link in response.links.values():
                link = self._schemas.resolved(link)
                target = self._target(link) if isinstance(link, Mapping) else None
                given = link.get("parameters") if target is not None else None
                if target is None or not isinstance(given, Mapping):
                    continue
                medias = [
                    media for media in response.content.values() if is_json_or_any(media.name)
                ]
                bodies = [b for media in medias for b in body_examples(self._schemas, media)]
                for body in bodies or [MISSING]:
                    parameters = {str(n).removeprefix("path."): v for n, v in given.items()}
                    values = {n: evaluated(v, body, path) for n, v in parameters.items()}
                    values = {n: v for n, v in values.items() if v is not MISSING}
                    self._linked(self._plan.actions[target.id], values)

    def _linked(self, action: Action, values: Mapping[str, Any]) -> None:
        for index, link in enumerate(action.parents):
            if link.parameter in values:
                above = action.parents[:index]
                self._one(link, above, values, values[link.parameter])
        if action.item in values and action.item:
            itself = Link(action.item, action.resource)
            self._one(itself, action.parents, values, values[action.item])

    def _target(self, link: Mapping[str, Any]) -> Operation | None:
        named = link.get("operationId")
        if isinstance(named, str):
            return self._contract.by_id.get(named)
        place = link.get("operationRef")
        return next((one for one in self._contract.operations if one.pointer == place), None)

    def _composed(self, resource: Resource) -> None:
        """An entity composed from examples of its properties."""
        known = self._found.get(resource.name, {})
        if (
            not resource.identity.key
            or not resource.schema
            or any(one.whole for one in known.values())
        ):
            return
        example = example_of(self._schemas, self._schemas.at(resource.schema))
        value = example.get(resource.identity.key) if isinstance(example, Mapping) else None
        fitting = self._keys.readable(resource, value)
        if fitting is MISSING or value is None:
            return
        if not resource.seeds and not known and not resource.identity.returned:
            return
        parent = self._parent(resource, (), {}, example)
        if resource.identity.nested and parent is None:
            return
        shown = self._named(resource, fitting, parent)
        shown.data = {**example, resource.identity.key: fitting, **shown.data}


def _key(resource: Resource, parent: str | None, value: Any) -> str:
    return f"{parent or ''}/{id_text(value)}" if resource.identity.nested else id_text(value)


def _said_by_url(resource: Resource, entity: Mapping[str, Any]) -> dict[str, str]:
    """The path parameters by an entity's own URL (`https://api.example.com/orgs/acme/hooks/1`)."""
    urls = [v for v in entity.values() if isinstance(v, str) and "/" in v and len(v) < _LONGEST_URL]
    for template in resource.items:
        steps = [step for step in template.split("/") if step]
        for url in urls:
            parameters = [unquote(step) for step in urlsplit(url).path.split("/") if step]
            pairs = list(zip(steps, parameters[-len(steps) :], strict=False))
            fixed = [step == value for step, value in pairs if "{" not in step]
            if len(pairs) == len(steps) and fixed and all(fixed):
                return {
                    step[1:-1]: value
                    for step, value in pairs
                    if step.startswith("{") and step.endswith("}")
                }
    return {}
