"""One client of one mock: valid requests, about things that are there."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import httpx

from bench.corpus import wire
from mockserver import MockServer
from mockserver.contract.model import MediaType, Operation, Parameter
from mockserver.engine.dice import Dice
from mockserver.engine.making import MISSING
from mockserver.engine.values import Values
from mockserver.errors import ContractError, ReplyError
from mockserver.plan.model import FIRST, Action, Link, Resource
from mockserver.server.inprocess import InProcessTransport

NOW = 1_790_000_000_000_000
KEY = "mock-corpus"
_DEEPEST = 4
_IDS = ("id", "uuid", "guid")
_FEW = 3
_JSON_FIRST = ("application/json", "+json", "/json")


class NoRequest(Exception):
    """No valid request can be made for an operation."""


class Made(NamedTuple):
    """What a create answered (empty if that is no object), the path above it, and its id."""

    thing: dict[str, Any]
    path: dict[str, Any]
    key: Any


class Client:
    """Sends requests that fit the document. What it sends depends on `seed` alone."""

    def __init__(self, server: MockServer, seed: int = 1) -> None:
        self.server = server
        self.contract = server.mock.contract
        self.plan = server.mock.plan
        validators = server.mock.pipeline.validators  # type: ignore[attr-defined]
        self.values = Values(self.contract, validators, request=True)
        self.dice = Dice(NOW, "corpus", seed)
        self.http = httpx.Client(
            transport=InProcessTransport(server.app), base_url="http://mock.local"
        )
        self._count = 0
        self._known: dict[str, dict[str, Any] | None] = {}
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
    ) -> httpx.Response:
        """A valid request; what is not given is generated. Raises NoRequest."""
        self._count += 1
        dice = self.dice.child(operation.id, self._count)
        target, parts, headers, cookies = operation.url_path, [], {}, []
        told = {name.lower(): value for name, value in operation.told_by}
        for parameter in operation.parameters:
            given = (path if parameter.place == "path" else query) or {}
            word = told.pop(parameter.name.lower(), None)
            if word is not None:
                value = word
            elif parameter.name in given and parameter.place in ("path", "query"):
                value = given[parameter.name]
            elif parameter.required:
                value = self._value(parameter, dice)
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
        content = self._content(operation, dice, body, headers)
        self._authenticate(operation, headers, parts, cookies)
        if cookies:
            headers["cookie"] = "; ".join(cookies)
        url = self.contract.base_path + target + ("?" + "&".join(parts) if parts else "")
        encoded = {name: value.encode("utf-8") for name, value in headers.items()}
        return self.http.request(operation.method, url, headers=encoded, content=content)

    def _value(self, parameter: Parameter, dice: Dice) -> Any:
        if not parameter.pointer:
            return "mock"
        try:
            return self.values.make(
                parameter.pointer, dice.child(parameter.name), name=parameter.name
            )
        except (ReplyError, ContractError) as error:
            raise NoRequest(f"{parameter.place} {parameter.name}: {error}") from None

    def _content(
        self, operation: Operation, dice: Dice, body: Any, headers: dict[str, str]
    ) -> bytes:
        if operation.body is None or not operation.body.content:
            return b""
        media = _chosen(operation.body.content)
        value = body
        if body is MISSING:
            try:
                value = self.values.make(media.pointer, dice) if media.pointer else {}
            except (ReplyError, ContractError) as error:
                raise NoRequest(f"body: {error}") from None
        headers["content-type"], raw = wire.body(media, value)
        return raw

    def _authenticate(
        self, operation: Operation, headers: dict[str, str], query: list[str], cookies: list[str]
    ) -> None:
        """With all schemes of the first requirement."""
        headers.setdefault("x-mock-tenant", KEY)
        for name in operation.security[0] if operation.security else ():
            scheme = self.contract.schemes.get(name)
            if scheme is None:
                continue
            if scheme.type == "apiKey" and scheme.place == "query":
                query.append(f"{wire.escaped(scheme.parameter)}={KEY}")
            elif scheme.type == "apiKey" and scheme.place == "cookie":
                cookies.append(f"{scheme.parameter}={KEY}")
            elif scheme.type == "apiKey":
                headers.setdefault(scheme.parameter.lower(), KEY)
            elif scheme.type == "http" and scheme.scheme == "basic":
                word = base64.b64encode(f"{KEY}:".encode()).decode()
                headers["authorization"] = f"Basic {word}"
            else:
                headers["authorization"] = f"Bearer {KEY}"

    def why(self) -> str:
        """What the mock said was wrong with the last request that it refused."""
        for entry in self.server.recorder.entries():
            for violation in entry.exchange.violations:
                where = ".".join(map(str, violation.where))
                return f"{where}: {violation.message} ({violation.keyword})"[:300]
            break
        return ""

    # -- what is there

    def forget(self) -> None:
        """Something was removed: look again before speaking of anything."""
        self._known.clear()

    def operations(self, resource: Resource, *kinds: str) -> list[tuple[Operation, Action]]:
        """The operations of these kinds on a resource."""
        return [pair for kind in kinds for pair in self._kinds.get((resource.name, kind), ())]

    def path_for(self, operation: Operation, depth: int = 0) -> dict[str, Any]:
        """Path values that name things that are there, as far as such can be found."""
        action = self.plan.actions[operation.id]
        found = self.above(action.parents, depth) or {}
        if action.item:
            resource = self.plan.resources[action.resource]
            one = self.one(resource, depth)
            if one is not None:
                names = {link.parameter for link in action.parents}
                found.update({n: v for n, v in one["path"].items() if n in names})
                found[action.item] = one["id"]
        return found

    def above(self, links: tuple[Link, ...], depth: int) -> dict[str, Any] | None:
        """The ids that name the parents; None if one of them can't be found."""
        found: dict[str, Any] = {}
        for link in links:
            resource = self.plan.resources.get(link.resource)
            if resource is None or (resource.open and not self._listed_or_made(resource)):
                continue
            one = self.one(resource, depth + 1)
            if one is None:
                return None
            found.update(one["path"])
            found[link.parameter] = one["id"]
        return found

    def _listed_or_made(self, resource: Resource) -> bool:
        return bool(self.operations(resource, "list", "create"))

    def one(self, resource: Resource, depth: int = 0) -> dict[str, Any] | None:
        """Some thing that is there: its `id`, and the `path` above it."""
        if resource.name in self._known:
            return self._known[resource.name]
        if depth > _DEEPEST:
            return None
        self._known[resource.name] = None  # what leads in a circle leads nowhere
        found = next(self._some(resource, depth), None)
        self._known[resource.name] = found
        return found

    def _some(self, resource: Resource, depth: int) -> Iterator[dict[str, Any]]:
        for operation, action in self.operations(resource, "list"):
            above = self.above(action.parents, depth)
            if above is None:
                continue
            reply = self.page(operation, action, above)
            for row in rows_of(reply, action)[:1]:
                key = self.id_of(resource, row)
                if key is not None and reply is not None:
                    yield {"id": key, "path": self._path_values(operation, above, reply)}
        made = self.make(resource, depth)
        if made is not None and made.key is not None:
            yield {"id": made.key, "path": made.path}

    def make(self, resource: Resource, depth: int = 0) -> Made | None:
        """Make one; None if that fails."""
        for operation, action in self.operations(resource, "create"):
            above = self.above(action.parents, depth)
            if above is None or action.upsert:
                continue
            try:
                reply = self.send(operation, above)
                if not reply.is_success:
                    continue
                path = self._path_values(operation, above, reply)
                thing = dug(reply, action.at)
                key = self._named(resource, thing, reply)
                if key is None:
                    key = self._newly_listed(resource, operation, path)
            except NoRequest:
                continue
            return Made(thing if isinstance(thing, dict) else {}, path, key)
        return None

    def _named(self, resource: Resource, thing: Any, reply: httpx.Response) -> Any:
        """The id in an answer: a property, the whole of it, or the end of its Location."""
        if isinstance(thing, dict):
            key = self.id_of(resource, thing)
            if key is not None:
                return key
            ids = [
                value
                for name, value in thing.items()
                if name.lower().endswith(_IDS) and isinstance(value, str | int)
            ]
            if len(ids) == 1 and len(thing) <= _FEW:
                return ids[0]
        if isinstance(thing, str | int) and not isinstance(thing, bool):
            return thing
        location = reply.headers.get("location", "").partition("?")[0].rstrip("/")
        return unquote(location.rsplit("/", 1)[-1]) or None

    def _newly_listed(
        self, resource: Resource, operation: Operation, path: Mapping[str, Any]
    ) -> Any:
        """Of one more that is made the id that comes into the list with it."""
        for listing, action in self.operations(resource, "list"):
            if not {link.parameter for link in action.parents} <= path.keys():
                continue
            before = self._listed_ids(resource, listing, action, path)
            self.send(operation, path)
            new = [
                key
                for key in self._listed_ids(resource, listing, action, path)
                if key is not None and key not in before
            ]
            return new[0] if new else None
        return None

    def _listed_ids(
        self, resource: Resource, listing: Operation, action: Action, path: Mapping[str, Any]
    ) -> list[Any]:
        rows = rows_of(self.page(listing, action, path), action)
        return [self.id_of(resource, row) for row in rows]

    def _path_values(
        self, operation: Operation, above: dict[str, Any], reply: httpx.Response
    ) -> dict[str, Any]:
        """The path values that were sent, those that were generated too."""
        sent = str(reply.request.url.raw_path.decode()).partition("?")[0]
        sent = sent.removeprefix(self.contract.base_path)
        found = dict(above)
        for template, part in zip(operation.url_path.split("/"), sent.split("/"), strict=False):
            name = template[1:-1]
            if template == "{" + name + "}" and name not in found:
                found[name] = httpx.URL("http://x/" + part).path[1:]
        return found

    def page(
        self,
        operation: Operation,
        action: Action,
        above: Mapping[str, Any],
        like: Mapping[str, Any] | None = None,
    ) -> httpx.Response | None:
        """The first page of a list, a large one if it can be asked for; None if it can't be.

        Where a filter is required it asks for what is `like` a thing.
        """
        envelope = action.envelope
        query = {
            p.name: (like or {})[p.name]
            for p in operation.parameters
            if p.place == "query" and p.required and (like or {}).get(p.name) is not None
        }
        if envelope is not None and envelope.limit:
            query[envelope.limit] = self._page_size(operation, envelope.limit)
        try:
            return self.send(operation, above, query=query)
        except NoRequest:
            return None

    def _page_size(self, operation: Operation, name: str) -> int:
        for parameter in operation.parameters:
            if parameter.name == name:
                most = parameter.schema.get("maximum", 100)
                least = parameter.schema.get("minimum", 1)
                if isinstance(most, int | float) and isinstance(least, int | float):
                    return int(max(least, min(most, 100)))
        return 100

    def id_of(self, resource: Resource, thing: Mapping[str, Any]) -> Any:
        """What names a thing in paths."""
        for name in (resource.key, resource.parameter, f"{resource.noun}_id", "id"):
            if name and isinstance(thing.get(name), str | int | float):
                return thing[name]
        return None


def rows_of(reply: httpx.Response | None, action: Action) -> list[dict[str, Any]]:
    """The rows of a list's answer."""
    envelope = action.envelope
    rows = dug(reply, envelope.items if envelope is not None else ()) if reply is not None else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def dug(reply: httpx.Response, path: tuple[str, ...]) -> Any:
    """What stands at a path of a JSON answer; None if nothing does."""
    try:
        value = reply.json()
    except ValueError:
        return None
    for step in path:
        if step == FIRST and isinstance(value, list) and value:
            value = value[0]
            continue
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value


def _chosen(content: Mapping[str, MediaType]) -> MediaType:
    for name, media in content.items():
        if name.startswith("application/json") or name.endswith(_JSON_FIRST):
            return media
    return next(iter(content.values()))
