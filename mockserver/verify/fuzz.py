"""Run `mockserver fuzz`."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import click

from mockserver.errors import UsageError
from mockserver.files.documents import read_contract
from mockserver.files.wording import counted
from mockserver.openapi.model import Json, Operation
from mockserver.verify import reports
from mockserver.verify.access import (
    check_host,
    clean_up_only,
    open_target,
    ownership_of,
    permission_lines,
)
from mockserver.verify.causes import accepted_by, merged, report_trouble
from mockserver.verify.cleanup import clean_up, note_others
from mockserver.verify.conformance.config import STREAM_SECONDS, Settings, configuration
from mockserver.verify.conformance.exemptions import Requests, allowed
from mockserver.verify.http import WATCHDOG, WireError, is_stream, watch_every_connection
from mockserver.verify.ledger import Ledger
from mockserver.verify.model import HIDDEN, Exchange, Finding, Result
from mockserver.verify.ownership import Ownership, Withheld
from mockserver.verify.replies import at
from mockserver.verify.reports import report_folder, terminal, write
from mockserver.verify.reports.exchanges import Record, write_tests
from mockserver.verify.reports.terminal import Progress
from mockserver.verify.sandbox import Sandbox, run_hooks
from mockserver.verify.schemas import body_schema, properties
from mockserver.verify.signals import acknowledge, ended_like_ctrl_c
from mockserver.verify.target import NoReply, Target, preflight


def run_fuzz(spec: str, given: dict[str, Any], sandbox: Sandbox) -> int:
    """Fuzz, and return the exit code. Raises UsageError, ContractError."""
    document, contract = read_contract(spec)
    progress = Progress(quiet=given["quiet"], seconds=given["max_time"])
    sandbox.check(contract)
    if given["cleanup"]:
        return clean_up_only(contract, sandbox, given["cleanup"], progress.say)
    if not sandbox.url:
        raise UsageError("no server: give --url or STAGING_URL")
    check_host(contract, sandbox.url, sandbox.hosts)
    for line in permission_lines(contract, sandbox):
        click.echo(line)
    if given["dry_run"]:
        return 0
    if not sandbox.key and not sandbox.login and any(op.security for op in contract.operations):
        raise UsageError("no key: give --api-key or STAGING_API_KEY")
    target, _ = open_target(contract, sandbox)
    target.ownership = ownership_of(target, sandbox, Ledger.create(sandbox.ledger, sandbox.url))
    folder = report_folder(given["report_dir"]) if given["report_dir"] else None
    run_hooks(sandbox.setup, "setup", target.url)
    try:
        with target, Record(folder) as record:
            result = FuzzRun(
                target, document, sandbox, record, progress, given["seed"], given["max_time"]
            ).run()
            if folder is not None:
                write(result, folder, record)
                write_tests(result, folder, spec)
    finally:
        progress.clear()
        run_hooks(sandbox.teardown, "teardown", target.url)
    for line in (*terminal.lines(result), *reports.report(result, os.environ)):
        click.echo(line)
    return result.exit_code


@dataclass
class FuzzRun:
    """One run: fuzz, then remove what was created, however the run ends."""

    target: Target
    document: Mapping[str, Any]
    sandbox: Sandbox
    record: Record
    progress: Progress
    seed: int
    seconds: float
    result: Result = field(init=False)

    def __post_init__(self) -> None:
        contract = self.target.contract
        self.result = Result(contract.title, self.target.url, seed=self.seed, what="Fuzz test")
        self.result.documented = {op.id: list(op.responses) for op in contract.operations}

    def run(self) -> Result:
        result, target = self.result, self.target
        assert target.ownership is not None
        start = time.monotonic()
        target.watchers.append(self._observe)
        view = self.sandbox.in_view(target.contract)
        fuzzer = Fuzzer(
            target,
            self.document,
            target.ownership,
            result,
            self.seed,
            lambda operation: operation.id in view,
            self.progress.step,
        )
        with ended_like_ctrl_c():
            try:
                preflight(target)
                if target.ownership.ledger is not None:
                    note_others(target.ownership.ledger, target, target.ownership)
                fuzzer.run(self.seconds)
                result.phases["fuzz"] = "failure" if result.findings else "success"
            except KeyboardInterrupt:
                result.interrupted = acknowledge()
                result.phases["fuzz"] = "interrupted"
            except NoReply as error:
                result.errors.append(str(error))
            try:
                self._remove_all()
            except KeyboardInterrupt:
                result.interrupted = acknowledge()
        result.findings, notes = accepted_by(merged(result.findings, target.contract), self.sandbox)
        result.notes += notes
        report_trouble(result, target, result.add)
        result.seconds = time.monotonic() - start
        return result

    def _observe(self, exchange: Exchange) -> None:
        self.result.requests += 1
        self.result.coverage.add(exchange)
        self.record.exchange(exchange)
        self.progress.watch(self.result)

    def _remove_all(self) -> None:
        ownership = self.target.ownership
        assert ownership is not None
        ledger = ownership.ledger
        assert ledger is not None
        left = ["all of it"]
        try:
            left = clean_up(ledger, self.target, ownership, self.progress.say)
        except NoReply as error:
            left = [f"{counted(len(list(ledger.left())), 'entity')} ({error})"]
        finally:
            ledger.close()
            if left:
                self.result.errors.append(
                    f"not removed: {'; '.join(left)}. Try again: "
                    f"mockserver fuzz --cleanup {ledger.path} --url {ledger.url}"
                )


CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
)
"""Checks that send no requests of their own."""
MARKED = ("name", "title", "label", "description")
BATCH = 8


@dataclass
class Fuzzer:
    target: Target
    document: Mapping[str, Any]
    ownership: Ownership
    result: Result
    seed: int
    in_view: Callable[[Operation], bool] = lambda operation: True
    progress: Callable[[str], None] = lambda text: None
    known: dict[str, set[str]] = field(default_factory=dict)
    """Observed ids by path parameter, used for reads only."""

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
        watch_every_connection()
        self._headers = self.target.headers_with_key()
        self._base = urlsplit(self.target.url).path.rstrip("/")
        self._requests = Requests(self.target.contract, self._base)
        references: dict[str, set[str]] = {}
        for action in self.ownership.plan.actions.values():
            for reference in action.request.refers:
                references.setdefault(reference.field, set()).add(reference.resource)
        self._references = references
        self._by_kind: dict[str, list[Operation]] = {"read": [], "create": [], "own": []}
        for operation in self.target.contract.operations:
            kind, reason = self.ownership.kind(operation)
            if kind == "never":
                self.ownership.withheld.setdefault(operation.id, reason)
            elif self.in_view(operation):
                self._by_kind[kind].append(operation)
        self.marker = f"fuzz-{self._random.getrandbits(32):08x}-{int(time.time()):x}"

    def run(self, seconds: float) -> None:
        """Fuzz until the time limit. Raises NoReply if the server is gone."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            operation = self._choose()
            if operation is None:
                self.result.errors.append("no operation may be sent")
                return
            try:
                self._one(operation)
            except NoReply as error:
                if error.how == "key" or not self.target.is_there():
                    raise
            if self.result.requests % 25 == 0:
                left = max(0, end - time.monotonic())
                self.progress(
                    f"{counted(self.result.requests, 'request')}, "
                    f"{counted(len(list(self._ledger.left())), 'entity')}, "
                    f"{counted(len(self.result.findings), 'finding')}, {left:.0f} s left"
                )

    # --- what next

    def _choose(self) -> Operation | None:
        """An operation that can be sent now; creations and reads are more likely."""
        choice, quarantined = self._random, self.target.persistence.quarantined
        groups: list[tuple[int, list[Operation]]] = []
        for kind, weight in (("read", 4), ("create", 3), ("own", 4)):
            able = [op for op in self._by_kind[kind] if op.id not in quarantined]
            if kind != "read":
                able = [op for op in able if self.ownership.own_paths(op)]
            if able:
                groups.append((weight, able))
        if not groups:
            return None
        chosen = choice.choices([g for _, g in groups], [w for w, _ in groups])[0]
        return choice.choice(chosen)

    @property
    def _ledger(self) -> Ledger:
        assert self.ownership.ledger is not None
        return self.ownership.ledger

    # --- one request

    def _one(self, operation: Operation) -> None:
        case = next(self._generated(operation), None)
        if case is None:
            return
        positive = case.meta is None or case.meta.generation.mode.is_positive
        if self.ownership.kind(operation)[0] == "read":
            self._aim_read(case, operation)
        elif not self._aim(case, operation):
            return
        for name, value in self.target.params.items():
            for part in (case.path_parameters, case.query):
                if isinstance(part, dict) and name in part:
                    part[name] = value
        if operation.id in self.ownership.creators:
            self._mark(case, operation, positive)
        answered = self._send(case, operation, positive)
        if answered is not None:
            exchange, response = answered
            self._learn(operation, exchange)
            self._judge(case, response, exchange)

    def _generated(self, operation: Operation) -> Iterator[Any]:
        if operation.id not in self._cases:
            self._cases[operation.id] = self._stream(operation)
        return self._cases[operation.id]

    def _stream(self, operation: Operation) -> Iterator[Any]:
        """Endless cases, in batches with one seed each."""
        strategy = self._schema[operation.path][operation.method].as_strategy()
        while batch := _draw(strategy, self._random.getrandbits(32)):
            self._random.shuffle(batch)
            yield from batch

    def _aim_read(self, case: Any, operation: Operation) -> None:
        """Direct half of the reads at ids that exist."""
        for name in list(case.path_parameters or {}):
            ids = sorted(self.known.get(name, ()))
            if ids and self._random.random() < 0.5:
                case.path_parameters[name] = self._random.choice(ids)

    def _aim(self, case: Any, operation: Operation) -> bool:
        """Direct an unsafe request at an entity of this run, replacing the generated id."""
        paths = self.ownership.own_paths(operation)
        if not paths:
            return False
        where = self._random.choice(paths)
        if where:
            component = _component(case, "path_parameters")
            if component == "negative":
                return False
            case.path_parameters = dict(where)
        if isinstance(case.body, dict):
            self._refer(case.body)
        return True

    def _refer(self, body: dict[str, Json]) -> None:
        """Fill fields that refer to other entities with ids of this run."""
        for name, value in body.items():
            kinds = self._references.get(name, set())
            own = [e.id for e in self._ledger.left() if e.kind in kinds]
            if own and isinstance(value, str):
                body[name] = self._random.choice(own)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, dict):
                        self._refer(item)

    def _mark(self, case: Any, operation: Operation, positive: bool) -> str:
        """Put a marker into the body, to find the entity if the response is lost."""
        schema = body_schema(self.target.contract, operation)
        if not positive or not isinstance(case.body, dict) or schema is None:
            return ""
        marker = f"{self.marker}-{len(self._ledger.entries) + len(self._ledger.pending)}"
        for name, value in properties(self.target.contract, schema).items():
            longest = value.get("maxLength", 255)
            if name in MARKED and value.get("type") == "string" and longest >= len(marker):
                case.body[name] = marker
                return marker
        return ""

    def _send(self, case: Any, operation: Operation, positive: bool) -> tuple[Exchange, Any] | None:
        """Send it with the target's retries; None if it may not be sent."""
        import requests

        responses: list[Any] = []
        streams = any(is_stream(n) for r in operation.responses.values() for n in r.content)
        kwargs = case.as_transport_kwargs(base_url=self.target.url)
        prepared = requests.Request(
            method=kwargs["method"],
            url=kwargs["url"],
            params=kwargs.get("params"),
            json=kwargs.get("json"),
            data=kwargs.get("data") if "files" not in kwargs else None,
        )
        try:
            address = prepared.prepare()
            path = urlsplit(address.url or "").path.removeprefix(self._base)
            content = address.body
            sent = content.encode() if isinstance(content, str) else content
            body = sent if isinstance(sent, bytes) else None
            ticket = self.ownership.admit(operation.method, path, body)
        except Withheld:
            return None
        except (requests.RequestException, ValueError):
            # Schemathesis does not send values either that a URL or a body can't carry.
            return None

        def once() -> Exchange:
            self.target.pause()
            seconds = STREAM_SECONDS if streams else self.target.timeout
            try:
                with WATCHDOG.within(self.target.timeout):
                    response = case.call(
                        base_url=self.target.url,
                        headers=self.target.headers_with_key(),
                        params=self.target.params_with_key() or None,
                        timeout=seconds,
                        allow_redirects=False,
                    )
            except requests.Timeout as error:
                raise WireError(self._silent(error), "late") from None
            except requests.ConnectionError as error:
                refused = "NewConnectionError" in str(error)
                how = "refused" if refused else "dropped"
                raise WireError(self._silent(error), how) from None
            except requests.RequestException as error:
                raise WireError(self._silent(error)) from None
            responses.append(response)
            return _exchange(response, operation, positive, set(self._headers))

        exchange = self.target.persistence.answered(once, operation.method, operation.id)
        self.ownership.settle(ticket, exchange.status, exchange.headers, exchange.body)
        for watch in self.target.watchers:
            watch(exchange)
        return exchange, responses[-1]

    def _silent(self, error: Exception) -> str:
        return f"{self.target.url} did not respond ({type(error).__name__}); check the server"

    def _learn(self, operation: Operation, exchange: Exchange) -> None:
        """Remember ids of a list for later reads."""
        action = self.ownership.plan.actions[operation.id]
        if action.kind != "list" or exchange.status != 200:
            return
        resource = self.ownership.plan.resource_of(action)
        if resource is None:
            return
        key, parameter = resource.identity.key, resource.identity.parameter
        try:
            page = exchange.json()
        except ValueError:
            return
        rows = at(page, action.envelope.items if action.envelope else action.response.at)
        if not isinstance(rows, list) or not parameter or not key:
            return
        ids = {str(row.get(key)) for row in rows if isinstance(row, dict)} - {"None"}
        self.known.setdefault(parameter, set()).update(sorted(ids)[:20])

    def _judge(self, case: Any, response: Any, exchange: Exchange) -> None:
        self._requests.note(exchange)
        from schemathesis.core.failures import Failure, FailureGroup

        for check in self._checks:
            failures: Sequence[object] = ()
            try:
                case.validate_response(response, checks=[check])
            except FailureGroup as group:
                failures = group.exceptions
            except Failure as failure:
                failures = (failure,)
            for broken in failures:
                if not isinstance(broken, Failure):
                    continue
                where, rule = broken.operation or "", check.__name__
                found = Finding(
                    rule, where, broken.title, broken.message, [exchange], "schemathesis"
                )
                if not allowed(found, self._requests):
                    self.result.add(found)


def _draw(strategy: Any, start: int) -> list[Any]:
    """A few generated cases; none if the schema is unsatisfiable."""
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
    """The generation mode of a part of a case: "positive", "negative" or ""."""
    for location, component in (case.meta.components if case.meta else {}).items():
        if getattr(location, "value", str(location)) in (name, name.removesuffix("_parameters")):
            return "positive" if component.mode.is_positive else "negative"
    return ""


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
