"""Assemble a mock: document -> Contract -> Plan -> Api -> store -> pipeline -> app."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cached_property, partial, wraps
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from starlette.types import ASGIApp

from mockserver.engine.api import Api, Handler
from mockserver.engine.calibration import locked
from mockserver.engine.clock import Clock
from mockserver.engine.faults import Faults
from mockserver.engine.inferred.build import assemble
from mockserver.engine.inferred.job_control import lifecycle_of
from mockserver.engine.leniency import STRICT, Leniency
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pipeline import (
    Exchange,
    Message,
    PipelineSettings,
    no_journal,
)
from mockserver.engine.pipeline.authentication import (
    FindIssued,
    admit_all,
    nothing_issued,
    subject_of,
)
from mockserver.engine.pipeline.calibrated import CalibratedPipeline
from mockserver.engine.pipeline.versions import Responder
from mockserver.engine.scenarios import Waiting
from mockserver.engine.serialization import Sent
from mockserver.engine.stubs import Stub, Stubs, check_names, read_stub
from mockserver.engine.timestamps import SECOND, parse
from mockserver.engine.world import Settings, World
from mockserver.errors import BadRequest, ContractError, NotFound, Refusal, ReplyError
from mockserver.files.cache import user_cache
from mockserver.files.documents import as_document
from mockserver.inference.model import Plan
from mockserver.openapi.build import build_contract
from mockserver.openapi.credentials import credential
from mockserver.openapi.example_schemas import with_example_schemas
from mockserver.openapi.model import Contract
from mockserver.openapi.observed import completed
from mockserver.openapi.schemas.validators import Validators
from mockserver.records import dataclass
from mockserver.server.access import is_caller_local
from mockserver.server.asgi.app import MAX_BODY, build_app
from mockserver.server.asgi.uvicorn import ThreadedServer
from mockserver.server.asgi.workers import Serials
from mockserver.server.authorization import Grants, authorization_server, signer
from mockserver.server.config_file import naming_config
from mockserver.server.configured import MockOptions, configured
from mockserver.server.handlers_file import check_known, handlers_of
from mockserver.server.har_import import seeded_with
from mockserver.server.journal.coverage import Coverage, Tally
from mockserver.server.journal.journal import Journal
from mockserver.server.loading import (
    calibration_of,
    given_of,
    in_all_shapes,
    in_shape,
    load_fixtures,
    plan_of,
)
from mockserver.server.settings import MAX_BYTES
from mockserver.server.shared import SharedFaults, SharedStubs
from mockserver.server.tenant import Tenant, key_of
from mockserver.server.webhooks.delivery import Webhooks
from mockserver.store.base import MEMORY, Limits, Store, is_shared
from mockserver.store.memory import MemoryStore
from mockserver.vendors import written_for

if TYPE_CHECKING:
    import httpx

MANUAL_START = "2026-01-01T00:00:00Z"
DEFAULT_KEY = "mock-key"
KEPT_IN_PROCESS = 10_000


@dataclass(frozen=True)
class Options:
    """Options of a mock, named as the command line's flags.

    `settings` are the tables of mockserver.toml that belong to one API, by its name. `sources` maps
    patterns of operations to `upstream` or `mock`. A `proxy` forwards everything upstream; `errors`
    turns violations into errors.
    """

    seed: int = 0
    seeds: str = "examples"
    clock: str = "real"
    pace: float = 1.0
    keys: tuple[str, ...] = ()
    tenant_by: str = "credential"
    undocumented: str = "nearest"
    leniency: Leniency = STRICT
    store: str = MEMORY
    max_worlds: int = 1000
    max_bytes: int = MAX_BYTES
    ttl: float = 0
    key_list: Path | None = None
    max_body: int = MAX_BODY
    strict_base_path: bool = False
    webhook_hosts: tuple[str, ...] = ()
    har: Path | None = None
    data: Path | Mapping[str, Any] | None = None
    calibration: Path | None = None
    no_cache: bool = False
    overrides: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    upstream: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    proxy: bool = False
    errors: bool = False


@dataclass(eq=False)
class Mock:
    """A mock that is ready to serve."""

    contract: Contract
    plan: Plan
    api: Api
    store: Store
    pipeline: Responder
    primary: CalibratedPipeline
    options: Options
    faults: Faults = field(default_factory=Faults)
    scenarios: dict[str, Waiting] = field(default_factory=dict)
    journal: Callable[[Exchange], None] = no_journal
    stubs: Stubs = field(default_factory=Stubs)

    def stub(self, spec: Mapping[str, Any], tenant: str | None) -> Stub:
        """Add a stub. Raises BadRequest, also for one that breaks the contract, unless it is marked
        `invalid`."""
        stub = read_stub(spec, self.contract.names, tenant)
        operation = self.contract.by_id[stub.operation]
        check_names(stub, operation, self.api.collections)
        if not stub.invalid and not stub.has_place:
            try:
                self.primary.finish(operation, stub.reply(None, Request(operation)))
            except ReplyError as error:
                raise BadRequest(
                    f"the stub of {stub.operation} breaks the contract: {error}; set invalid=True "
                    "(JSON: true) if that is intended"
                ) from None
        return self.stubs.add(stub)

    def steer_job(
        self, tenant: str, job: str, order: Mapping[str, Any], *, keep: bool = True
    ) -> Mapping[str, Any] | None:
        """Decide how an open job goes on. Returns the job, None if the world has none of this id.

        Without `keep` nothing changes. Raises Conflict, BadRequest; NotFound if no job of this API
        can be steered.
        """
        steer = self.api.jobs.steer
        if steer is None:
            raise NotFound(self.api.no_jobs)
        if order.get("hold") is True:
            order = {"outcome": "stuck", **{name: order[name] for name in order if name != "hold"}}
        with self.store.begin(tenant) as world:
            if self.api.settle(world):
                world.commit()
            try:
                steered: Mapping[str, Any] = steer(world, job, order)
            except NotFound:
                return None
            if keep:
                world.commit()
        return steered

    @cached_property
    def job_states(self) -> frozenset[str]:
        """The states of this API's jobs, as replies spell them."""
        inferred = (lifecycle_of(resource) for resource in self.plan.resources.values())
        tables = (*self.api.jobs.lifecycles, *(table for table in inferred if table is not None))
        return frozenset(state for table in tables for state in table.moves)

    def app(self, *middlewares: Any) -> ASGIApp:
        """The ASGI application; `middlewares` (classes or factories) run before routing."""
        if self.options.upstream:
            from mockserver.server.upstream import passing_app  # an HTTP client, which few need

            return passing_app(self, *middlewares)
        return build_app(
            self.pipeline,
            *middlewares,
            *authorization_server(self),
            max_body=self.options.max_body,
            strict_base_path=self.options.strict_base_path,
            look_ahead=self.store.look_ahead,
        )


def real_now() -> int:
    """The real time in microseconds."""
    return time.time_ns() // 1000


def _advance(store: Store, message: Message, tenant: str, seconds: float) -> None:
    """Advance a tenant's clock for a request from this machine; as the admin API, for no other."""
    if is_caller_local(message.caller, message.headers):
        store.change_clock(tenant, {"advance": seconds})


def load(
    document: dict[str, Any],
    options: Options = Options(),  # noqa: B008 - it is frozen
    *,
    handlers: Mapping[str, Any] | None = None,
    journal: Any = None,
) -> Mock:
    """Everything needed to serve a document. Raises ContractError or PlanError."""
    __tracebackhide__ = True
    document = with_example_schemas(document)
    contract = build_contract(document)
    if not contract.operations:
        raise ContractError(
            "the document has no operations: there is nothing to serve; add one under `paths`"
        )
    lock = calibration_of(options, contract)
    fields = {name: rules.fields for name, rules in lock.items() if rules.fields}
    if fields:
        document = completed(contract.document, contract, fields)
        contract = build_contract(document)
    validators = Validators(contract.document, contract.version)
    written = in_shape(written_for(contract), contract)
    plan = locked(plan_of(document, contract, options, validators.schemas), lock)
    api = assemble(contract, plan, written, validators, options.seeds, given_of(options))
    if options.har is not None:
        api = seeded_with(api, contract, Path(options.har))
    store = _store(options, api)
    faults = Faults() if store.board is None else SharedFaults(store.board, contract.names)
    scenarios: dict[str, Waiting] = {}
    api.credentials.sign = signer() if api.credentials.plan.any else None
    grants = Grants(store) if api.credentials.plan.any else nothing_issued
    issued, admit = _closed(options, grants)
    shared = PipelineSettings(
        stubs=Stubs() if store.board is None else SharedStubs(store.board, contract.names),
        issued=issued,
        closed=options.key_list is not None,
        admit=admit,
        begin=store.begin,
        faults=faults,
        scenarios=scenarios,
        keys=options.keys,
        tenant_of=subject_of if options.tenant_by == "subject" else str,
        undocumented=options.undocumented,
        leniency=options.leniency,
        journal=journal or no_journal,
        serials=Serials() if store.board is not None else count(1),
        lock=lock,
        advance=partial(_advance, store),
    )
    by_hand = {
        contract.names.get(name, name): _with_seed_data(api, each)
        for name, each in (handlers or {}).items()
    }
    own = {**api.handlers, **by_hand}
    pipeline = CalibratedPipeline(contract, api, own, validators, shared)
    responder = in_all_shapes(pipeline, options.settings.get(api.name, {}))
    return Mock(
        contract, plan, api, store, responder, pipeline, options, faults, scenarios, shared.journal,
        shared.stubs,
    )  # fmt: skip


def _store(options: Options, api: Api) -> Store:
    """The store that `--store` names. Raises UsageError if it can't be reached or used."""
    settings = Settings(options.seed, options.pace, options.undocumented)
    clock = _first_clock(options)
    limits = Limits(options.max_worlds, options.max_bytes, int(options.ttl * SECOND))

    def fixtures() -> Mapping[str, Any]:
        return load_fixtures(api.name, options.no_cache)

    if not is_shared(options.store):
        return MemoryStore(
            api, settings, real_now=real_now, clock=clock, fixtures=fixtures, limits=limits
        )
    from mockserver.store.redis.store import RedisStore

    store = RedisStore(options.store, api, settings, clock=clock, fixtures=fixtures, limits=limits)
    store.check()
    return store


def _closed(options: Options, issued: FindIssued) -> tuple[FindIssued, Callable[[str], None]]:
    """What is known of credentials, and the quota, by the list of keys if there is one."""
    if options.key_list is None:
        return issued, admit_all
    from mockserver.server.keys import KeyList, Rates

    listed = KeyList(options.key_list, issued)
    return listed, Rates(listed.rate)


def _first_clock(options: Options) -> Clock:
    """The clock with which a world begins."""
    real = real_now()
    if options.clock == "manual":
        return Clock("manual", parse(MANUAL_START), real)
    return Clock("real", real, real)


def _with_seed_data(api: Api, handler: Handler) -> Handler:
    """A user's handler, which finds the seed data in its world."""

    @wraps(handler)
    def seeded(world: World, request: Request) -> Reply:
        return handler(api.seeded(world), request)

    return seeded


class MockClock:
    """The clock of one world. `moved` is called after it has moved."""

    def __init__(
        self, store: Store, tenant: str, moved: Callable[[], object] = lambda: None
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._moved = moved

    @property
    def now(self) -> int:
        """Microseconds since 1970."""
        return self._store.clock(self._tenant).now(real_now())

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises BadRequest for a negative amount."""
        self._change({"advance": seconds})

    def set(self, instant: str) -> None:
        """Advance to an ISO 8601 instant."""
        self._change({"set": instant})

    def run_at(self, speed: float) -> None:
        """Run at `speed` times real time; 0 stops it."""
        self._change({"speed": speed})

    def _change(self, order: Mapping[str, object]) -> None:
        self._store.change_clock(self._tenant, order)
        self._moved()


class MockServer:
    """A mock in this process.

    `client` calls it directly, as tenant `key`; `url` opens a real port on first use. It has
    everything that `Tenant` has, for that tenant. Use it as a context manager, or call `close`.
    `coverage` is of all tenants. Options are those of `mockserver serve` (see `MockOptions`), with
    a manual clock; missing ones come from mockserver.toml next to the document, or from `config`
    (False: no file).
    """

    def __init__(
        self,
        spec: str | Path | Mapping[str, Any] = "feather",
        *,
        config: str | Path | Literal[False] | None = None,
        **options: Unpack[MockOptions],
    ) -> None:
        __tracebackhide__ = (
            True  # makes pytest end the traceback of a usage error at the user's line
        )
        key = options.pop("key", DEFAULT_KEY)
        self.key = key
        self.recorder = Journal(KEPT_IN_PROCESS)
        found = configured(spec, config, options)
        chosen = Options(**{"clock": "manual", **found.options})
        document = as_document(spec, cache=None if chosen.no_cache else user_cache())
        handlers = handlers_of(found.handlers)
        with naming_config(found.config):
            self.mock = load(document, chosen, handlers=handlers, journal=self.recorder)
        where = f"--handlers {found.handlers}" if isinstance(found.handlers, Path) else "handlers"
        check_known(where, handlers, self.mock.contract.names)
        tally = Tally(self.recorder.update)
        self.coverage = Coverage(self.mock.pipeline.contract, tally)
        self.sender = Webhooks(self.mock)
        self.recorder.counters = (tally.count,)
        if self.sender.subscribes:
            self.recorder.listeners = (self.sender.note,)
        self.app = self.mock.app()
        self.clock = self.clock_for(key)
        self._clients: dict[str, httpx.Client] = {}
        self._port: ThreadedServer | None = None
        self._own = own = Tenant(self, key)
        self.faults, self.journal, self.webhooks = own.faults, own.journal, own.webhooks
        self.snapshot, self.restore, self.fork = own.snapshot, own.restore, own.fork
        self.stub = own.stub
        self.follow, self.steer_job, self.import_har = own.follow, own.steer_job, own.import_har
        self.transport, self.patch_httpx = own.transport, own.patch_httpx
        self.requests_adapter = own.requests_adapter

    @property
    def client(self) -> httpx.Client:
        """An httpx client with the credential set."""
        return self.client_for(self.key)

    def client_for(self, key: str) -> httpx.Client:
        """A client with another credential: another tenant. An empty one sends none."""
        if key not in self._clients:
            import httpx  # `mockserver serve` needs no client

            from mockserver.server.clients import InProcessTransport, add_to_query

            self._clients[key] = httpx.Client(
                transport=InProcessTransport(self.app),
                base_url="http://mock.local",
                headers=self.headers_for(key),
                event_hooks={"request": [partial(add_to_query, self.query_for(key))]},
            )
        return self._clients[key]

    def forget_client(self, key: str) -> None:
        """Close a credential's client, if there is one."""
        client = self._clients.pop(key, None)
        if client is not None:
            client.close()

    def clock_for(self, key: str) -> MockClock:
        """The clock of a credential's world."""
        return MockClock(self.mock.store, key, self.sender.deliver)

    def tenant(self, name: str) -> Tenant:
        """A new tenant with its own world, which ends with it: use it as a context manager."""
        return Tenant(self, key_of(name, self.mock.api.wire.prefix))

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authenticate this server's tenant."""
        return self.headers_for(self.key)

    def headers_for(self, key: str) -> dict[str, str]:
        """The headers that carry a credential, by the document's schemes, cookies included."""
        if not key:
            return {}
        return {"x-mock-tenant": key, **credential(self.mock.contract, key).with_cookies}

    def query_for(self, key: str) -> dict[str, str]:
        """The query parameters that carry a credential, if the document requires that."""
        return dict(credential(self.mock.contract, key).query) if key else {}

    @property
    def url(self) -> str:
        """The base URL of a real port on the loopback interface."""
        if self._port is None:
            self._port = ThreadedServer(self.app, self._refuse)
        return self._port.url

    def _refuse(self, refusal: Refusal, target: str) -> Sent:
        return self.mock.pipeline.refuse_unrouted(Message("?", target), refusal)

    def reset(self) -> None:
        """Reset this tenant's world to the seed world."""
        self.mock.store.reset(self.key)

    def close(self) -> None:
        """Stop the port, if one was opened, and the clients."""
        self._own.drop_scenarios()
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self._port is not None:
            self._port.close()
            self._port = None
        self.mock.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
