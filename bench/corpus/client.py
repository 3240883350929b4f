"""A client of one mock: valid requests, about existing entities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpx

from bench.corpus import wire
from bench.corpus.also import Sent
from bench.corpus.answers import inside, rows_of
from bench.corpus.asking import alike_in, called, page_size
from bench.corpus.credentials import authenticate
from bench.corpus.finding import Finder, NoRequest
from bench.corpus.making import Maker
from mockserver import MockServer
from mockserver.engine.generation.modes import Mode
from mockserver.engine.generation.unions import ranked
from mockserver.engine.generation.values import Values
from mockserver.engine.randomness import Rng
from mockserver.errors import ContractError, ReplyError
from mockserver.inference.model import Action
from mockserver.inference.resource_model import FIRST, Resource
from mockserver.inference.words import noun, tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import MediaType, Operation, Parameter
from mockserver.openapi.request.coercion import Kind
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.server.clients import InProcessTransport

NOW = 1_790_000_000_000_000
_TRIES = 8
_DEEPEST = 5
NOTHING: Mapping[str, Any] = {}
_TAKEN = (400, 409, 422)
"""With which a name that is taken may be refused."""
_SOMETHING: tuple[Any, ...] = ("mock", {"mock": "mock"})


class Client:
    """Sends valid requests, which depend only on `seed`."""

    def __init__(self, server: MockServer, seed: int = 1) -> None:
        self.server = server
        self.contract = server.mock.contract
        self.plan = server.mock.plan
        validators = server.mock.pipeline.validators  # type: ignore[attr-defined]
        self.values = Values(self.contract, validators, request=True)
        self.read = Values(self.contract, validators)
        self.rng = Rng(NOW, "corpus", seed)
        self.http = httpx.Client(
            transport=InProcessTransport(server.app), base_url="http://mock.local"
        )
        self.finder = Finder(self)
        self.maker = Maker(self)
        self.last = Sent("GET", "/", {}, b"")
        self._count = 0
        self._own: dict[str, Any] = {}
        self._gone = 0
        self.said: Any = MISSING
        self._kinds: dict[tuple[str, str], list[tuple[Operation, Action]]] = {}
        for operation in self.contract.operations:
            action = self.plan.actions[operation.id]
            key = action.resource, action.kind
            self._kinds.setdefault(key, []).append((operation, action))

    def send(
        self,
        operation: Operation,
        path: Mapping[str, Any] | None = None,
        body: Any = MISSING,
        query: Mapping[str, Any] | None = None,
        mode: Mode = "rich",
        like: Mapping[str, Any] = NOTHING,
    ) -> httpx.Response:
        """Send a valid request; what is not given is generated, a body in this mode, with the
        values of an entity `like` this. Raises NoRequest."""
        self._count += 1
        rng = self.rng.child(operation.id, self._count)
        target, parts, headers, cookies = operation.url_path, [], {}, []
        told = {name.lower(): value for name, value in operation.query_discriminators}
        known = path or {}
        # What is not in the path is said in the query or in the body.
        rest = {n: v for n, v in known.items() if "{" + n + "}" not in operation.url_path}
        queried = {p.name for p in operation.parameters if p.place == "query"}
        spelled = {tokens(name): value for name, value in known.items()}
        asked = {name: value for name, value in rest.items() if name in queried}
        chosen = {name: value for name, value in rest.items() if name not in queried}
        for parameter in operation.parameters:
            given = known if parameter.place == "path" else {**asked, **(query or {})}
            word = told.pop(parameter.name.lower(), None)
            if word is not None:
                value = word
            elif parameter.name in given and parameter.place in ("path", "query"):
                value = given[parameter.name]
            elif parameter.name.lower() == "if-match" and self.fits(parameter, "*"):
                value = "*"  # whatever is there now
            elif parameter.required and tokens(parameter.name) in spelled:
                value = spelled[tokens(parameter.name)]  # `domain_name` beside `{domainName}`
            elif parameter.required:
                others = {p.name for p in operation.parameters if p.place == "query"}
                value = self._unlike(others, parameter, self._value(parameter, rng))
            else:
                continue
            if parameter.place == "path":
                said = wire.in_path(parameter, value)
                target = target.replace("{" + parameter.name + "}", said)
            elif parameter.place == "query":
                parts.extend(wire.in_query(parameter, value))
            elif parameter.place == "header":
                headers[parameter.name.lower()] = wire.in_header(parameter, value)
            else:
                cookies.append(f"{parameter.name}={wire.in_header(parameter, value)}")
        parts.extend(f"{wire.escaped(n)}={wire.escaped(v or 'x')}" for n, v in told.items())
        content = self._content(operation, rng, body, headers, chosen, mode, like)
        authenticate(self.contract, operation, headers, parts, cookies)
        if cookies:
            headers["cookie"] = "; ".join(cookies)
        url = self.contract.base_path + target + ("?" + "&".join(parts) if parts else "")
        self.last = Sent(operation.method, url, headers, content)
        reply = self.last.again(self.http)
        resource = self.plan.resources.get(self.plan.actions[operation.id].resource or "")
        if resource is not None and operation.method not in ("GET", "HEAD"):
            self.finder.changed(resource)
        if reply.status_code in _TAKEN and body is MISSING:
            other = self._renamed(operation, rng)
            return self.send(operation, path, other, query) if other is not None else reply
        return reply

    def _renamed(self, operation: Operation, rng: Rng) -> Any:
        """The last body under another name, where the client chooses one, which may be taken."""
        action = self.plan.actions[operation.id]
        resource = self.plan.resources.get(action.resource or "")
        said = inside(self.said, action.request.at)
        constraint = action.request.constraint
        keys = {
            resource.identity.key if resource is not None else None,
            *(constraint.unique if constraint is not None else ()),
        }
        if operation.body is None or not isinstance(said, dict) or keys.isdisjoint(said):
            return None
        media = wire.chosen(operation.body.content)
        whole = _first_alone(self.said, action.request.at)
        for key in sorted(str(one) for one in keys if one in said):
            whole = self._with_another(media, whole, (*action.request.at, key), rng)
        return whole if whole != self.said else None

    def _with_another(
        self, media: MediaType, whole: Any, path: tuple[str | int, ...], rng: Rng
    ) -> Any:
        """The body with another valid name at a path; unchanged if none is found."""
        said = inside(whole, path)
        place = media.pointer
        for step in path if place else ():
            place = self._place(place, 0 if step == FIRST else step) if place else None
        names: list[Any] = [f"{said}{self._count}", f"{self._count}{said}"]
        with suppress(ReplyError, ContractError):
            shown = self.values.schemas.flat_at(place).notes.examples if place else []
            made = [self.values.make(place, rng.child("again", n)) for n in range(_TRIES) if place]
            names += [name for name in made if name not in shown]
        for name in names:
            other = _replaced(whole, path, name)
            if not media.pointer or self.values.check(media.pointer).is_valid(other):
                return other
        return whole

    def _unlike(self, others: set[str], parameter: Parameter, value: Any) -> Any:
        """An object for the query, without optional properties named like other parameters: they
        would be ambiguous."""
        spread = parameter.place == "query" and parameter.explode and parameter.style == "form"
        if not spread or not isinstance(value, dict):
            return value
        less = {name: item for name, item in value.items() if name not in others}
        return less if less and self.fits(parameter, less) else value

    def _value(self, parameter: Parameter, rng: Rng) -> Any:
        if not parameter.pointer:
            return "mock"
        try:
            for attempt in range(_TRIES):
                salt = (parameter.name, attempt) if attempt else (parameter.name,)
                value = self.values.make(parameter.pointer, rng.child(*salt), name=parameter.name)
                if wire.says(parameter, value):
                    return value
        except (ReplyError, ContractError) as error:
            raise NoRequest(f"{parameter.place} {parameter.name}: {error}") from None
        for something in _SOMETHING if value == {} else ():
            if self.fits(parameter, something):
                return something
        # Of nothing but what is read-only: that SHOULD NOT be sent, but may.
        with suppress(ReplyError, ContractError):
            value = self.read.make(parameter.pointer, rng, name=parameter.name)
            if self.fits(parameter, value) and wire.says(parameter, value):
                return value
        raise NoRequest(f"{parameter.place} {parameter.name}: no value fits that can be sent")

    def _content(
        self,
        operation: Operation,
        rng: Rng,
        body: Any,
        headers: dict[str, str],
        named: Mapping[str, Any],
        mode: Mode,
        like: Mapping[str, Any],
    ) -> bytes:
        if operation.body is None or not operation.body.content:
            return b""
        media = wire.chosen(operation.body.content)
        value = body
        self.said = MISSING
        if body is MISSING:
            try:
                pointer = media.pointer
                value = self.values.make(pointer, rng, mode=mode) if pointer else {}
            except (ReplyError, ContractError) as error:
                if not operation.body.required:
                    return b""  # without one the request is valid, too
                raise NoRequest(f"body: {error}") from None
            action = self.plan.actions[operation.id]
            needed = self.values.schemas.flat_at(media.pointer).required if media.pointer else ()
            self.finder.name_known(action, value, needed)
            value = self._as_kept(action, media.pointer, value, rng)
            if media.pointer and isinstance(value, dict) and like:
                own = {name: called(name, like) for name in value}
                alike = {**value, **{name: one for name, one in own.items() if one is not None}}
                value = alike if self.values.check(media.pointer).is_valid(alike) else value
            if named and isinstance(value, dict):
                whole = {**value, **named}
                valid = not media.pointer or self.values.check(media.pointer).is_valid
                value = whole if valid is True or valid(whole) else value
            cursor = action.envelope.paging.cursor if action.envelope is not None else None
            if isinstance(value, dict) and cursor not in needed:
                value.pop(cursor, None)  # nobody knows one yet
        headers["content-type"], raw = wire.body(self.values.schemas, media, value)
        self.said = value
        return raw

    def _as_kept(self, action: Action, pointer: str | None, value: Any, rng: Rng) -> Any:
        """The body, with values that the resource's schema allows where the request's is wider: a
        client knows that no volume has 80 terabytes."""
        resource = self.plan.resources.get(action.resource or "")
        sent = inside(value, action.request.at)
        if resource is None or resource.schema is None or pointer is None:
            return value
        if action.kind == "patch" and isinstance(value, list):
            valid = self.values.check(pointer).is_valid
            return next(filter(valid, self._edits(resource, value, rng)), value)
        places: list[tuple[tuple[str | int, ...], str, Any]] = [((), resource.schema, sent)]
        for name, schema in self._below(resource, sent):
            places += [((name, i), schema, one) for i, one in enumerate(sent[name])]
        for start, schema, part in places:
            value = self._as_shown(action, pointer, value, start, schema, part, rng)
        return value

    def _as_shown(
        self,
        action: Action,
        pointer: str,
        value: Any,
        start: tuple[str | int, ...],
        schema: str,
        sent: Any,
        rng: Rng,
    ) -> Any:
        """The body, whose part at `start` is made to fit the schema that shows it."""
        with suppress(ReplyError, ContractError):
            for path in self._other(schema, sent, 0):
                place: str | None = schema
                for step in path:
                    place = self._place(place, step) if place is not None else None
                if place is None:
                    continue
                kept = self.read.make(place, rng.child("kept", *path), name=str(path[-1]))
                asked: str | None = pointer
                for step in (*action.request.at, *start, *path):
                    asked = self._place(asked, 0 if step == FIRST else step) if asked else None
                if asked is not None:
                    kept = _described(self.values.schemas, self.values.schemas.at(asked), kept)
                with suppress(LookupError):  # An earlier change may have removed it.
                    changed = _replaced(value, (*action.request.at, *start, *path), kept)
                    if self.values.check(pointer).is_valid(changed):
                        value = changed
        return value

    def _below(self, resource: Resource, sent: Any) -> Iterator[tuple[str, str]]:
        """The arrays of what is sent that hold entities below the new one, each with the schema of
        such an entity."""
        nouns = {
            child.noun.rsplit(".", 1)[-1]: child.schema
            for child in self.plan.resources.values()
            if child.schema and child.parents and child.parents[-1].resource == resource.name
        }
        for name, value in sent.items() if isinstance(sent, dict) else ():
            schema = nouns.get(noun(name))
            if schema is not None and isinstance(value, list):
                yield name, schema

    def _edits(self, resource: Resource, value: list[Any], rng: Rng) -> Iterator[list[Any]]:
        """JSON Patches (RFC 6902) that each set one property of the entity."""
        pointer = str(resource.schema)
        for name in self.read.schemas.flat_at(pointer).properties:
            place = self._place(pointer, name)
            if place is not None and name != resource.identity.key:
                with suppress(ReplyError, ContractError):
                    edit = {"path": f"/{name}", "value": self.read.make(place, rng)}
                    for op in ("add", "Add"):
                        edits = (one for one in value if isinstance(one, dict))
                        yield [{**one, **edit, "op": op} for one in edits]

    def _other(self, pointer: str, sent: Any, depth: int) -> list[tuple[str | int, ...]]:
        """The innermost places whose values can't be stored."""
        found: list[tuple[str | int, ...]] = []
        steps: list[str | int] = [*(sent if isinstance(sent, dict) else ())]
        if isinstance(sent, list):
            steps = [*range(len(sent))]
        for step in steps if depth < _DEEPEST else ():
            place = self._place(pointer, step)
            if place is None or self.read.check(place).is_valid(sent[step]):
                continue
            inner = self._other(place, sent[step], depth + 1)
            found.extend((step, *path) for path in inner or [()])
        return found

    def _place(self, pointer: str, step: str | int) -> str | None:
        """The pointer to the schema of a property, however it is spelled, or of an item."""
        schemas = self.values.schemas
        if isinstance(step, int):
            return schemas.place(pointer, None)
        names = {tokens(name): name for name in schemas.flat_at(pointer).properties}
        return schemas.place(pointer, step) or schemas.place(pointer, names.get(tokens(step), step))

    def why(self) -> str:
        """The mock's explanation of the last refused request."""
        for entry in self.server.recorder.entries():
            for violation in entry.exchange.violations:
                where = ".".join(map(str, violation.where))
                return f"{where}: {violation.message} ({violation.keyword})"[:300]
            break
        return ""

    # -- what is there

    def forget(self) -> None:
        """Drop known entities after a removal: look them up again."""
        self.finder.forget()

    def removed(self, key: Any) -> None:
        """Record a removal; ids that the client chose for it are not reused."""
        self.finder.removed(key)
        own = {name: value for name, value in self._own.items() if str(value) != str(key)}
        self._gone += len(own) != len(self._own)
        self._own = own

    def operations(self, resource: Resource, *kinds: str) -> list[tuple[Operation, Action]]:
        """The operations of these kinds on a resource."""
        return [pair for kind in kinds for pair in self._kinds.get((resource.name, kind), ())]

    def path_for(self, operation: Operation) -> dict[str, Any]:
        """Path values of existing entities, as far as they can be found."""
        return self.finder.path_for(operation)

    def names(self, operation: Operation, name: str, value: Any) -> bool:
        """Whether the parameter with an id accepts the value, as is or parsed from its text."""
        for parameter in operation.parameters:
            named = parameter.place in ("path", "query") and parameter.name == name
            if named and parameter.pointer:
                kind = Kind(self.contract.document, self.values.schemas.at(parameter.pointer))
                if kind.is_array and not isinstance(value, list | dict):
                    return self.fits(parameter, [kind.item()(str(value))])
                return self.fits(parameter, value) or (
                    not isinstance(value, list | dict)
                    and self.fits(parameter, kind.scalar()(str(value)))
                )
        return True

    @property
    def sent(self) -> dict[str, Any]:
        """The last body, if it is an object, with `data` and the like unwrapped."""
        said = self.said
        while isinstance(said, dict) and len(said) == 1:
            inner = next(iter(said.values()))
            if not isinstance(inner, dict):
                break
            said = inner
        return said if isinstance(said, dict) else {}

    def own(self, operation: Operation, name: str) -> Any:
        """The client's own value for a path parameter that refers to nothing: always the same,
        where valid. Raises NoRequest."""
        for parameter in operation.parameters:
            if parameter.place == "path" and parameter.name == name:
                known = self._own.get(name, MISSING)
                if known is MISSING or not self.fits(parameter, known):
                    rng = self.rng.child("own", name, *([self._gone] if self._gone else []))
                    known = self._own[name] = self._value(parameter, rng)
                return known
        raise NoRequest(f"path {name}: it is not described")

    def fits(self, parameter: Parameter, value: Any) -> bool:
        """Whether a parameter accepts the value."""
        return not parameter.pointer or self.values.check(parameter.pointer).is_valid(value)

    def listed_ids(
        self,
        resource: Resource,
        listing: Operation,
        action: Action,
        path: Mapping[str, Any],
        like: Mapping[str, Any] | None = None,
    ) -> list[Any]:
        """The ids on the first page, None for a row without one; a string is its own id."""
        rows = rows_of(self.page(listing, action, path, like), action)
        return [self.id_of(resource, row, action) for row in rows]

    def page(
        self,
        operation: Operation,
        action: Action,
        above: Mapping[str, Any],
        like: Mapping[str, Any] | None = None,
    ) -> httpx.Response | None:
        """The first page of a list, as large as possible; None if it can't be read.

        A required filter selects entities `like` the given one.
        """
        envelope = action.envelope
        query = {}
        for parameter in operation.parameters:
            if parameter.place == "query":
                value = alike_in(parameter, like or {})
                if value is not None and self.fits(parameter, value):
                    query[parameter.name] = value
        if envelope is not None and envelope.paging.limit:
            query[envelope.paging.limit] = page_size(operation, envelope.paging.limit)
        try:
            # A body with as few filters as may be: all is asked for.
            return self.send(operation, above, query=query, mode="bare", like=like or {})
        except NoRequest:
            return None

    def id_of(self, resource: Resource, thing: Any, action: Action) -> Any:
        """The id of an entity in paths, from a response; a string or number is its own id."""
        if not isinstance(thing, dict):
            return thing
        told = inside(thing, action.response.id_path) if action.response.id_path else None
        if isinstance(told, str | int | float):
            return told
        for name in (
            resource.identity.key,
            resource.identity.parameter,
            f"{resource.noun}_id",
            "id",
        ):
            if name and isinstance(thing.get(name), str | int | float):
                return thing[name]
        return None


def _described(schemas: Schemas, schema: Any, value: Any) -> Any:
    """A value without the properties that a request's schema says nothing of."""
    flat = schemas.flat(schema)
    if flat.choices:
        branches = flat.choices[0]
        flat = schemas.choose(flat, branches, ranked(schemas, flat, branches, value)[0])
    if isinstance(value, dict) and flat.properties:
        known = ((name, flat.properties.get(name)) for name in value)
        return {n: _described(schemas, one, value[n]) for n, one in known if one is not None}
    if isinstance(value, list) and flat.arrays.items is not None:
        return [_described(schemas, flat.arrays.items, one) for one in value]
    return value


def _first_alone(value: Any, path: tuple[str | int, ...]) -> Any:
    """The value, of whose array on this path only the first item is left."""
    if isinstance(value, list):
        return value[:1]
    inner = value.get(path[0]) if path and isinstance(value, dict) else None
    return {**value, path[0]: _first_alone(inner, path[1:])} if inner else value


def _replaced(value: Any, path: tuple[str | int, ...], kept: Any) -> Any:
    """The value with another one at a path."""
    if not path:
        return kept
    step = 0 if path[0] == FIRST else path[0]
    changed = value.copy()
    changed[step] = _replaced(value[step], path[1:], kept)
    return changed
