"""The fuzz loop: Schemathesis makes requests and judges replies, this decides what is sent."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mockserver.openapi.model import Operation
from mockserver.verify.conformance.config import Settings, configuration
from mockserver.verify.conformance.exemptions import unlisted_refusal
from mockserver.verify.fuzz.plan import Plan
from mockserver.verify.ledger import Ledger
from mockserver.verify.lifecycle.infer import body_schema, properties
from mockserver.verify.lifecycle.model import Api, Resource
from mockserver.verify.model import HIDDEN, Exchange, Finding, Result
from mockserver.verify.target import NoReply, Target, credentials

Json = Any
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
)
"""Those that send nothing of their own."""
MARKED = ("name", "title", "label", "description")
BATCH = 8


@dataclass
class Fuzzer:
    target: Target
    document: Mapping[str, Any]
    api: Api
    plan: Plan
    ledger: Ledger
    result: Result
    seed: int
    progress: Callable[[str], None] = lambda text: None
    known: dict[str, set[str]] = field(default_factory=dict)
    """Ids that were seen, by path parameter: for reads only."""

    def __post_init__(self) -> None:
        import schemathesis
        from schemathesis.checks import CHECKS as REGISTRY
        from schemathesis.checks import load_all_checks

        load_all_checks()
        self._checks = REGISTRY.get_by_names(CHECKS)
        config = configuration(self.target.contract, Settings(seed=self.seed))
        self._schema = schemathesis.openapi.from_dict(
            dict(self.document), config=schemathesis.Config.from_dict(config)
        )
        self._random = random.Random(self.seed)
        self._cases: dict[str, Iterator[Any]] = {}
        self._headers = {
            **self.target.headers,
            **credentials(self.target.contract, self.target.key),
        }
        self.marker = f"fuzz-{self._random.getrandbits(32):08x}-{int(time.time()):x}"

    def run(self, seconds: float) -> None:
        """Until the time is over. Raises NoReply if the server is gone."""
        end = time.monotonic() + seconds
        silent = 0
        while time.monotonic() < end:
            operation, resource = self._choose()
            try:
                self._one(operation, resource)
                silent = 0
            except NoReply as error:
                silent += 1
                if silent == 5:
                    raise NoReply(f"{error} (five times in a row)") from None
            if self.result.requests % 25 == 0:
                left = max(0, end - time.monotonic())
                self.progress(
                    f"{self.result.requests} requests, {len(list(self.ledger.left()))} things, "
                    f"{len(self.result.findings)} findings, {left:.0f} s left"
                )

    # --- what next

    def _choose(self) -> tuple[Operation, Resource | None]:
        """Something that can be done now; creating and reading more often than the rest."""
        plan, choice = self.plan, self._random
        groups: list[tuple[int, list[tuple[Operation, Resource | None]]]] = [
            (4, [(op, None) for op in plan.reads]),
            (3, [(op, r) for op, r in plan.creations if self._owned(op) is not None]),
            (3, [(op, None) for op in plan.changes if self._owned(op) is not None]),
            (1, [(op, r) for op, r in plan.removals if self._owned(op) is not None]),
        ]
        able = [(weight, group) for weight, group in groups if group]
        chosen = choice.choices([g for _, g in able], [w for w, _ in able])[0]
        return choice.choice(chosen)

    def _owned(self, operation: Operation) -> dict[str, str] | None:
        """Values for an operation's path out of one thing that this run made, or None."""
        names = [part.split("}")[0] for part in operation.path.split("{")[1:]]
        if not names:
            return {}
        fit = [e for e in self.ledger.left() if set(names) <= e.where.keys()]
        return (
            {n: self._random.choice(fit).where[n] for n in names}
            if len(fit) == 1
            else (self._from(fit, names))
        )

    def _from(self, fit: list[Any], names: list[str]) -> dict[str, str] | None:
        if not fit:
            return None
        entry = self._random.choice(fit)
        return {name: entry.where[name] for name in names}

    # --- one request

    def _one(self, operation: Operation, resource: Resource | None) -> None:
        case = next(self._generated(operation), None)
        if case is None:
            return
        positive = case.meta is None or case.meta.generation.mode.is_positive
        if operation.method in ("GET", "HEAD", "OPTIONS"):
            self._aim_read(case, operation)
        elif not self._aim(case, operation):
            return
        number, path = 0, dict(case.path_parameters or {})
        creating = any(operation is op for op, _ in self.plan.creations)
        if creating and resource is not None:
            marker = self._mark(case, operation, positive)
            number = self.ledger.ask(operation.id, path, marker)
        exchange, response = self._send(case, operation, positive)
        if creating and resource is not None:
            self._remember(number, resource, path, exchange)
        elif operation.method == "DELETE" and exchange.status < 300:
            for entry in list(self.ledger.left()):
                if entry.remove == operation.id and entry.where == path:
                    self.ledger.removed(entry)
        self._learn(operation, exchange)
        self._judge(case, response, exchange)

    def _generated(self, operation: Operation) -> Iterator[Any]:
        if operation.id not in self._cases:
            self._cases[operation.id] = self._stream(operation)
        return self._cases[operation.id]

    def _stream(self, operation: Operation) -> Iterator[Any]:
        """Cases without end, in batches, each with a seed of its own."""
        strategy = self._schema[operation.path][operation.method].as_strategy()
        while batch := _draw(strategy, self._random.getrandbits(32)):
            self._random.shuffle(batch)
            yield from batch

    def _aim_read(self, case: Any, operation: Operation) -> None:
        """Half of the reads go to ids that are there."""
        for name in list(case.path_parameters or {}):
            ids = sorted(self.known.get(name, ()))
            if ids and self._random.random() < 0.5:
                case.path_parameters[name] = self._random.choice(ids)

    def _aim(self, case: Any, operation: Operation) -> bool:
        """An unsafe request goes to a thing of this run, whatever was generated."""
        where = self._owned(operation)
        if where is None:
            return False
        if where:
            component = _component(case, "path_parameters")
            if component == "negative":
                return False
            case.path_parameters = dict(where)
        if isinstance(case.body, dict):
            self._refer(case.body)
        return True

    def _refer(self, body: dict[str, Json]) -> None:
        """Fields that name other things get ids of this run's own."""
        for name, value in body.items():
            kinds = {
                r.references[name] for r in self.api.resources.values() if name in r.references
            }
            own = [e.id for e in self.ledger.left() if e.kind in kinds]
            if own and isinstance(value, str):
                body[name] = self._random.choice(own)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, dict):
                        self._refer(item)

    def _mark(self, case: Any, operation: Operation, positive: bool) -> str:
        """A text in the body by which the thing is found if its answer never comes."""
        schema = body_schema(self.target.contract, operation)
        if not positive or not isinstance(case.body, dict) or schema is None:
            return ""
        marker = f"{self.marker}-{len(self.ledger.entries) + len(self.ledger.asked)}"
        for name, value in properties(self.target.contract, schema).items():
            longest = value.get("maxLength", 255)
            if name in MARKED and value.get("type") == "string" and longest >= len(marker):
                case.body[name] = marker
                return marker
        return ""

    def _send(self, case: Any, operation: Operation, positive: bool) -> tuple[Exchange, Any]:
        import requests

        self.target.pause()
        try:
            response = case.call(
                base_url=self.target.url,
                headers=self._headers,
                timeout=self.target.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            kind = type(error).__name__
            raise NoReply(f"{self.target.url} did not answer ({kind}); check the server") from None
        exchange = _exchange(response, operation, positive, set(self._headers))
        for watch in self.target.watchers:
            watch(exchange)
        return exchange, response

    def _remember(
        self, number: int, resource: Resource, path: Mapping[str, str], exchange: Exchange
    ) -> None:
        identity = _identity(exchange, resource)
        if exchange.status < 300 and identity:
            own = {k: v for k, v in path.items() if k in resource.parents}
            where = {**own, resource.id_parameter: identity}
            self.ledger.made(number, resource.remove, where, resource.name)
        elif exchange.status < 500:
            self.ledger.nothing(number)

    def _learn(self, operation: Operation, exchange: Exchange) -> None:
        """Ids in a list, for later reads."""
        for resource in self.api.resources.values():
            if resource.list != operation.id or exchange.status != 200:
                continue
            try:
                page = exchange.json()
            except ValueError:
                return
            rows = page.get(resource.paging.items, []) if resource.paging else []
            ids = {str(r.get(resource.id_field)) for r in rows if isinstance(r, dict)}
            self.known.setdefault(resource.id_parameter, set()).update(sorted(ids)[:20])

    def _judge(self, case: Any, response: Any, exchange: Exchange) -> None:
        from schemathesis.core.failures import Failure, FailureGroup
        from schemathesis.openapi.checks import UndefinedStatusCode

        try:
            case.validate_response(response, checks=self._checks)
        except FailureGroup as group:
            failures = group.exceptions
        except Failure as failure:
            failures = (failure,)
        else:
            return
        unlisted = unlisted_refusal(exchange, self.target.contract)
        for broken in failures:
            if isinstance(broken, UndefinedStatusCode) and unlisted:
                continue
            if isinstance(broken, Failure):
                self.result.add(
                    Finding(
                        type(broken).__name__,
                        broken.operation or "",
                        broken.title,
                        broken.message,
                        [exchange],
                        "schemathesis",
                    )
                )


def _draw(strategy: Any, start: int) -> list[Any]:
    """A few cases; none if the schema admits none."""
    from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
    from hypothesis.errors import Unsatisfiable

    batch: list[Any] = []

    @seed(start)
    @settings(
        max_examples=BATCH,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(case: Any) -> None:
        batch.append(case)

    with suppress(Unsatisfiable):
        draw()
    return batch


def _component(case: Any, name: str) -> str:
    """How a part of a case was generated: "positive", "negative" or ""."""
    for location, component in (case.meta.components if case.meta else {}).items():
        if getattr(location, "value", str(location)) in (name, name.removesuffix("_parameters")):
            return "positive" if component.mode.is_positive else "negative"
    return ""


def _identity(exchange: Exchange, resource: Resource) -> str:
    try:
        value = exchange.json()
    except ValueError:
        return ""
    return str(value.get(resource.id_field) or "") if isinstance(value, dict) else ""


def _exchange(response: Any, operation: Operation, positive: bool, hidden: set[str]) -> Exchange:
    request = response.request
    body = request.body or b""
    return Exchange(
        method=request.method,
        url=request.url,
        request_headers={
            name.lower(): HIDDEN if name.lower() in hidden else str(value)
            for name, value in request.headers.items()
        },
        request_body=body.encode() if isinstance(body, str) else bytes(body),
        status=response.status_code,
        headers={name.lower(): ", ".join(values) for name, values in response.headers.items()},
        body=response.content or b"",
        elapsed=response.elapsed,
        source="fuzz",
        operation=operation.id,
        positive=positive,
    )
