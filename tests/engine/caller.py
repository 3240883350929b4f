"""Sends generated valid requests to a mock, and validates its responses independently."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs
from openapi_schema_validator import OAS30ReadValidator

from mockserver import MockServer
from mockserver.engine.generation.values import Values
from mockserver.engine.randomness import Rng
from mockserver.inference.model import Action
from mockserver.inference.resource_model import FIRST, Resource
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Operation

NOW = 1_790_000_000_000_000


class Caller:
    """One client of one mock. Its requests depend only on `seed`."""

    def __init__(self, server: MockServer, seed: int = 1) -> None:
        self.server = server
        self.contract = server.mock.contract
        self.plan = server.mock.plan
        pipeline: Any = server.mock.pipeline
        self.values = Values(self.contract, pipeline.validators, request=True)
        self.rng = Rng(NOW, "caller", seed)
        self._judges: dict[str, Any] = {}
        self._count = 0
        self._registry = jsonschema_rs.Registry(
            [("urn:document", dict(self.contract.document))], draft=jsonschema_rs.Draft202012
        )

    def send(
        self,
        operation: Operation,
        path: Mapping[str, Any] | None = None,
        body: Any = MISSING,
        query: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Send a valid request; what is not given is generated."""
        self._count += 1
        rng = self.rng.child(operation.id, self._count)
        target, asked, headers = operation.path, dict(query or {}), {}
        for parameter in operation.parameters:
            if parameter.place == "path":
                value = (path or {}).get(parameter.name, MISSING)
                if value is MISSING:
                    value = self._value(parameter.pointer, rng, parameter.name)
                target = target.replace("{" + parameter.name + "}", quote(_text(value), safe=""))
            elif parameter.required and parameter.name not in asked:
                value = self._value(parameter.pointer, rng, parameter.name)
                if parameter.place == "query":
                    asked[parameter.name] = _text(value)
                elif parameter.place == "header":
                    headers[parameter.name] = _text(value)
        more = self._content(operation, rng, body, headers)
        return self.server.client.request(
            operation.method, target, params=asked, headers=headers, **more
        )

    def _value(self, pointer: str, rng: Rng, name: str) -> Any:
        return self.values.make(pointer, rng.child(name), name=name) if pointer else "mock"

    def _content(
        self, operation: Operation, rng: Rng, body: Any, headers: dict[str, str]
    ) -> dict[str, Any]:
        if operation.body is None or not operation.body.content:
            return {}
        name, media = next(iter(operation.body.content.items()))
        value = body
        if body is MISSING:
            value = self.values.make(media.pointer, rng) if media.pointer else {}
        if "json" in name:
            headers["content-type"] = media.name
            return {"content": json.dumps(value)}
        if "multipart" in name:
            return {"files": {key: (None, _text(item)) for key, item in value.items()}}
        if "form" in name:
            return {"data": {key: _text(item) for key, item in value.items()}}
        headers["content-type"] = media.name
        return {"content": _text(value)}

    def problem(self, operation: Operation, response: httpx.Response) -> str:
        """What is wrong with a response; "" if it is documented and valid."""
        documented = operation.response_for(response.status_code)
        if documented is None:
            return f"{response.status_code} is not documented: {response.text[:200]}"
        if response.status_code >= 500:
            return response.text[:300]
        media_type = response.headers.get("content-type", "").partition(";")[0]
        media = documented.content.get(media_type)
        if media is None:
            if documented.content:
                return f"the media type {media_type!r} is not documented"
            return ""
        if "json" not in media_type or media.pointer is None:
            return ""
        errors = list(self._judge(media.pointer).iter_errors(response.json()))
        return "; ".join(f"{e.message[:200]}" for e in errors[:3])

    def _judge(self, pointer: str) -> Any:
        """A validator of the original document, without the engine's translation."""
        if pointer not in self._judges:
            place = quote(pointer, safe="#/~")
            if self.contract.version < "3.1":
                schema = {**self.contract.document, "$ref": place}
                checker = OAS30ReadValidator.FORMAT_CHECKER
                judge: Any = OAS30ReadValidator(schema, format_checker=checker)
            else:
                judge = jsonschema_rs.Draft202012Validator(
                    {"$ref": f"urn:document{place}"},
                    registry=self._registry,
                    validate_formats=True,
                )
            self._judges[pointer] = judge
        return self._judges[pointer]

    # -- families of operations

    def operations(self, resource: Resource, *kinds: str) -> list[tuple[Operation, Action]]:
        """The operations of these kinds on a resource, in document order."""
        return [
            (operation, action)
            for operation in self.contract.operations
            for action in (self.plan.actions[operation.id],)
            if action.resource == resource.name and action.kind in kinds
        ]

    def make(self, resource: Resource) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Create an entity, its parents first; returns the response and the path values.

        None if that is impossible.
        """
        for operation, action in self.operations(resource, "create"):
            if (operation.path != resource.path and action.parents) or FIRST in action.response.at:
                continue
            above: dict[str, Any] = {}
            if not self._make_above(action, above):
                continue
            response = self.send(operation, above, self._referring(operation, action))
            if response.is_success and response.headers.get("content-type") == "application/json":
                answer = response.json()
                for step in action.response.at:
                    answer = answer[step]
                if isinstance(answer, dict):
                    return answer, above
        return None

    def _referring(self, operation: Operation, action: Action) -> Any:
        """A body in which other entities are named by ids that exist; MISSING if any will do."""
        refers = [one for one in action.request.refers if isinstance(one.field, str)]
        media = next(iter(operation.body.content.values())) if operation.body else None
        if not refers or media is None or media.pointer is None:
            return MISSING
        body = self.values.make(media.pointer, self.rng.child("refers", operation.id))
        for one in refers:
            entity = self.first(self.plan.resources[one.resource])
            if entity is not None and one.field in body:
                body[one.field] = self.id_of(self.plan.resources[one.resource], entity)
        return body

    def _make_above(self, action: Action, above: dict[str, Any]) -> bool:
        for link in action.parents:
            parent = self.plan.resources.get(link.resource) if link.resource else None
            if parent is None or parent.identity.open:
                # Any id will do, but always the same.
                above.setdefault(link.parameter, self._any(action, link.parameter))
                continue
            if parent.creatable:
                made = self.make(parent)
                if made is None:
                    return False
                above.update(made[1])
                above[link.parameter] = self.id_of(parent, made[0])
            else:
                row = self.first(parent)
                if row is None:
                    return False
                above[link.parameter] = self.id_of(parent, row)
        return True

    def _any(self, action: Action, name: str) -> Any:
        operation = self.contract.by_id[action.operation]
        pointer = next(p.pointer for p in operation.parameters if p.name == name)
        return self._value(pointer, self.rng.child("any"), name)

    def first(self, resource: Resource) -> dict[str, Any] | None:
        """Any existing row."""
        for operation, action in self.operations(resource, "list"):
            above: dict[str, Any] = {}
            if not self._make_above(action, above):
                continue
            rows = self.listed(operation, action, above)
            if rows:
                return rows[0]
        return None

    def listed(
        self, operation: Operation, action: Action, above: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """The rows of the first page."""
        limit = action.envelope.paging.limit if action.envelope else None
        response = self.send(operation, above, query={limit: 100} if limit else {})
        if not response.is_success:
            return []
        body = response.json()
        for step in action.envelope.items if action.envelope else ():
            body = body[step]
        return list(body)

    def id_of(self, resource: Resource, answer: Mapping[str, Any]) -> Any:
        """The id of an entity in paths."""
        for name in (
            resource.identity.key,
            resource.identity.parameter,
            f"{resource.noun}_id",
            "id",
        ):
            if name and name in answer:
                return answer[name]
        return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value)
