"""What the control plane can do: one function a method and path, listed in `ROUTES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import mockserver
from mockserver.engine.negotiate import Sent
from mockserver.errors import BadRequest, Conflict, NotFound
from mockserver.server.frontpage import front_page
from mockserver.server.journal import Journal, describe
from mockserver.server.mock import Mock, real_now

DEFAULT_LIMIT = 100


@dataclass
class Panel:
    """What the control plane works on. `source` is what the user calls the document."""

    mock: Mock
    journal: Journal
    source: str = ""
    changed: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Call:
    """A request to the control plane: values from its path, its query, its JSON body."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def tenant(self) -> str | None:
        """The world that is meant; None for all of them."""
        found = self.query.get("tenant")
        if found == "":
            raise BadRequest("tenant is empty; leave it out to mean every world")
        return found


Handler = Callable[[Panel, Call], Any]


@dataclass(frozen=True)
class Route:
    """A path below `/__mock__/`, its methods, and the query parameters they know."""

    path: str
    methods: Mapping[str, Handler]
    query: tuple[str, ...] = ()

    @property
    def allowed(self) -> list[str]:
        found = {*self.methods, "OPTIONS"}
        return sorted(found | {"HEAD"} if "GET" in found else found)


def page(panel: Panel, call: Call) -> Sent:
    return front_page(panel.mock, panel.source)


def health(panel: Panel, call: Call) -> dict[str, Any]:
    mock = panel.mock
    return {
        "status": "ok",
        "version": mockserver.__version__,
        "api": mock.api.name,
        "title": mock.contract.title,
        "document": panel.source,
        "openapi": mock.contract.version,
        "operations": len(mock.contract.operations),
        "worlds": len(mock.store.tenants()),
        "seed": mock.options.seed,
        "exchanges": panel.journal.total,
        "clock": mock.store.clock(None).describe(real_now()),
    }


def show_clock(panel: Panel, call: Call) -> dict[str, Any]:
    return panel.mock.store.clock(call.tenant).describe(real_now())


def change_clock(panel: Panel, call: Call) -> dict[str, Any]:
    clock = panel.mock.store.change_clock(call.tenant, call.body)
    panel.changed()
    return clock.describe(real_now())


def reset(panel: Panel, call: Call) -> dict[str, Any]:
    if call.body not in (None, {}):
        raise BadRequest("reset takes no body; ?tenant=KEY narrows it to one world")
    count = 1 if call.tenant is not None else len(panel.mock.store.tenants())
    panel.mock.store.reset(call.tenant)
    panel.changed()
    return {"reset": count}


def show_state(panel: Panel, call: Call) -> dict[str, Any]:
    return panel.mock.store.snapshot(call.tenant)


def put_state(panel: Panel, call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise BadRequest("give a snapshot, as GET /__mock__/state returns it")
    snapshot = call.body
    if call.tenant is not None:
        snapshot = only_world(snapshot, call.tenant)
    panel.mock.store.restore(snapshot)
    panel.changed()
    return {"restored": len(snapshot["worlds"])}


def only_world(snapshot: dict[str, Any], tenant: str) -> dict[str, Any]:
    """The snapshot with the one tenant's world. Raises NotFound if it has none."""
    worlds = snapshot.get("worlds")
    if not isinstance(worlds, dict) or tenant not in worlds:
        raise NotFound(f"the snapshot has no world of {tenant!r}")
    return {**snapshot, "worlds": {tenant: worlds[tenant]}}


def show_plan(panel: Panel, call: Call) -> Any:
    from mockserver.plan.explain import as_json

    return as_json(panel.mock.plan)


def show_journal(panel: Panel, call: Call) -> dict[str, Any]:
    limit = _limit(call.query.get("limit"))
    operation = call.query.get("operation")
    shown: list[dict[str, Any]] = []
    for entry in panel.journal.entries():
        if len(shown) == limit:
            break
        exchange = entry.exchange
        if call.tenant is not None and exchange.tenant != call.tenant:
            continue
        if operation is not None and (
            exchange.operation is None or exchange.operation.id != operation
        ):
            continue
        shown.append(describe(entry))
    return {"total": panel.journal.total, "kept": len(panel.journal), "exchanges": shown}


def clear_journal(panel: Panel, call: Call) -> dict[str, Any]:
    if call.tenant is not None:
        return {"forgotten": panel.journal.forget(call.tenant)}
    return {"forgotten": panel.journal.clear()}


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 100_000:
        raise BadRequest(f"limit takes a whole number from 1 on, not {text!r}")
    return int(text)


def faults(panel: Panel, call: Call) -> Any:
    raise NotImplementedError("faults are still to come; nothing was changed")


def plan_job(panel: Panel, call: Call) -> Any:
    """Decide beforehand how a job ends."""
    hook = getattr(panel.mock.api, "plan_outcome", None)
    if hook is None:
        raise NotFound(f"the API {panel.mock.api.name!r} has no jobs whose outcome can be planned")
    tenant = call.tenant
    if tenant is None:
        tenants = panel.mock.store.tenants()
        if len(tenants) != 1:
            raise Conflict(f"there are {len(tenants)} worlds; say which by ?tenant=KEY")
        tenant = tenants[0]
    with panel.mock.store.begin(tenant) as world:
        planned = hook(world, call.path["id"], call.body)
        world.commit()
    panel.changed()
    return planned


_TENANT = ("tenant",)
ROUTES: tuple[Route, ...] = (
    Route("", {"GET": page}),
    Route("health", {"GET": health}),
    Route("clock", {"GET": show_clock, "POST": change_clock}, _TENANT),
    Route("reset", {"POST": reset}, _TENANT),
    Route("state", {"GET": show_state, "PUT": put_state}, _TENANT),
    Route("plan", {"GET": show_plan}),
    Route(
        "journal",
        {"GET": show_journal, "DELETE": clear_journal},
        ("tenant", "limit", "operation"),
    ),
    Route("jobs/{id}", {"POST": plan_job}, _TENANT),
    Route("faults", {"GET": faults, "POST": faults, "DELETE": faults}, _TENANT),
)


def find_route(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path below the prefix, and the values in it."""
    for route in ROUTES:
        fixed, brace, _ = route.path.partition("{id}")
        if not brace and path == route.path:
            return route, {}
        if brace and path.startswith(fixed) and len(path) > len(fixed):
            value = path[len(fixed) :]
            if "/" not in value:
                return route, {"id": value}
    return None
