"""The same request to a FastAPI application and to our validation and error_format."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from mockserver.engine.error_formats import FastApiFormat
from mockserver.errors import Invalid
from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Operation
from mockserver.openapi.request.bodies import BodyReader
from mockserver.openapi.request.parameters import ParameterReader
from mockserver.openapi.schemas.validators import Validators
from tests.engine.fastapi_application import app

document = app.openapi()
contract = build_contract(document)
validators = Validators(document, contract.version)
error_format = FastApiFormat(contract)

Fault = tuple[str, tuple[str | int, ...], str]
"""type, loc, msg."""


@dataclass(frozen=True)
class Case:
    """One request. `path` is a path of the application, `values` fills it."""

    method: str
    path: str
    values: dict[str, str] = field(default_factory=dict)
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def operation(self) -> Operation:
        return next(
            o for o in contract.operations if (o.method, o.path) == (self.method, self.path)
        )

    def url(self) -> str:
        path = re.sub(r"{(\w+)}", lambda m: quote(self.values[m.group(1)], safe=""), self.path)
        return f"http://test{path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Answer:
    status: int
    detail: list[dict[str, Any]]

    @property
    def faults(self) -> list[Fault]:
        return [(d["type"], tuple(d["loc"]), d["msg"]) for d in self.detail]

    @property
    def inputs(self) -> list[tuple[Any, Any]]:
        return [(d.get("input"), d.get("ctx")) for d in self.detail]


async def _send(case: Case) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.request(
            case.method, case.url(), headers=case.headers, content=case.body or None
        )


def theirs(case: Case) -> Answer:
    response = asyncio.run(_send(case))
    found = response.json()
    return Answer(response.status_code, found["detail"] if response.status_code == 422 else [])


_readers: dict[str, tuple[ParameterReader, BodyReader]] = {}


def ours(case: Case) -> Answer:
    operation = case.operation()
    if operation.id not in _readers:
        _readers[operation.id] = (
            ParameterReader(operation, validators),
            BodyReader(operation, validators),
        )
    parameters, body = _readers[operation.id]
    headers = {name.lower(): value for name, value in case.headers.items()}
    values = parameters.read(case.values, case.query.encode(), headers)
    violations = values.violations + body.read(headers, case.body).violations
    if not violations:
        return Answer(200, [])
    reply = error_format.reply(Invalid("does not fit", violations=violations), operation)
    return Answer(reply.status, reply.body["detail"])
