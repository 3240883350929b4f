"""Endpoints of the admin API: a function for each method and path, listed in `ROUTES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mockserver
from mockserver.engine.faults.spec import read_fault
from mockserver.engine.serialization import Sent
from mockserver.errors import BadRequest, Conflict, NotFound
from mockserver.files.secrets import mask
from mockserver.openapi.credentials import credential
from mockserver.server.admin.dashboard import (
    SCHEMA,
    file,
    front_page,
    show_asset,
    show_document,
    show_exchange,
    show_jobs,
    show_journal,
    show_reference,
    show_rows,
    show_webhooks,
    show_worlds,
    worlds_of,
)
from mockserver.server.admin.request import Call, Panel, Route
from mockserver.server.journal.client_lint import lint_of
from mockserver.server.journal.coverage import Coverage, coverage_of
from mockserver.server.metrics import exposition
from mockserver.server.mock import DEFAULT_KEY, real_now


def page(panel: Panel, call: Call) -> Sent:
    return front_page(panel.mock, panel.source, panel.state_file)


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


def show_credential(panel: Panel, call: Call) -> dict[str, Any]:
    key = call.tenant or DEFAULT_KEY
    found = credential(panel.mock.contract, key)
    return {"headers": {"x-mock-tenant": key, **found.with_cookies}, "query": dict(found.query)}


def show_clock(panel: Panel, call: Call) -> dict[str, Any]:
    return panel.mock.store.clock(call.tenant).describe(real_now())


def change_clock(panel: Panel, call: Call) -> dict[str, Any]:
    clock = panel.mock.store.change_clock(call.tenant, call.body)
    panel.changed()
    return clock.describe(real_now())


def reset(panel: Panel, call: Call) -> dict[str, Any]:
    if call.body not in (None, {}):
        raise BadRequest("reset takes no body; ?tenant=KEY limits it to one world")
    count = 1 if call.tenant is not None else len(panel.mock.store.tenants())
    panel.mock.store.reset(call.tenant)
    panel.changed()
    return {"reset": count}


def show_state(panel: Panel, call: Call) -> dict[str, Any]:
    return panel.mock.store.snapshot(call.tenant)


def put_state(panel: Panel, call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise BadRequest("send a snapshot, as GET /__mock__/state returns it")
    snapshot = call.body
    if call.tenant is not None:
        snapshot = only_world(snapshot, call.tenant)
    panel.mock.store.restore(snapshot)
    panel.changed()
    return {"restored": len(snapshot["worlds"])}


def only_world(snapshot: dict[str, Any], tenant: str) -> dict[str, Any]:
    """The snapshot with only this tenant's world. Raises NotFound if it has none."""
    worlds = snapshot.get("worlds")
    if not isinstance(worlds, dict) or tenant not in worlds:
        raise NotFound(f"the snapshot has no world of {tenant!r}")
    return {**snapshot, "worlds": {tenant: worlds[tenant]}}


def show_plan(panel: Panel, call: Call) -> Any:
    from mockserver.inference.explain import as_json  # rarely used

    return as_json(panel.mock.plan)


def show_schema(panel: Panel, call: Call) -> Sent:
    return file(SCHEMA)


def clear_journal(panel: Panel, call: Call) -> dict[str, Any]:
    if call.tenant is not None:
        return {"forgotten": panel.journal.forget(call.tenant)}
    return {"forgotten": panel.journal.clear()}


def show_client_lint(panel: Panel, call: Call) -> dict[str, Any]:
    kept = [
        entry
        for entry in panel.journal.entries()
        if call.tenant is None or entry.exchange.tenant == call.tenant
    ]
    found = lint_of(reversed(kept), panel.mock.job_states)
    return {"exchanges": len(kept), "findings": [each.as_json() for each in found]}


def show_complaints(panel: Panel, call: Call) -> dict[str, Any]:
    """Client lint under its old name, until 0.2."""
    found = show_client_lint(panel, call)
    return {"exchanges": found["exchanges"], "complaints": found["findings"]}


def show_metrics(panel: Panel, call: Call) -> Sent:
    text, media_type = exposition(panel.metrics, panel.mock)
    return Sent(200, [(b"content-type", media_type.encode())], text)


def show_coverage(panel: Panel, call: Call) -> Any:
    found = _coverage(panel, call.tenant)
    form = call.query.get("format", "json")
    if form == "json":
        return found.as_json()
    if form == "badge":
        return found.badge()
    if form != "text":
        raise BadRequest(f"format must be json, text or badge, not {form!r}")
    return Sent(200, [(b"content-type", b"text/plain; charset=utf-8")], f"{found}\n".encode())


def _coverage(panel: Panel, tenant: str | None) -> Coverage:
    """Coverage of all requests; of one world, or with several processes, of the kept ones."""
    if panel.coverage is not None and tenant is None and panel.mock.store.board is None:
        return panel.coverage
    return coverage_of(
        panel.mock.pipeline.contract,
        (each.exchange for each in panel.journal.entries()),
        tenant,
    )


def show_faults(panel: Panel, call: Call) -> dict[str, Any]:
    return {"faults": panel.mock.faults.describe(call.tenant)}


def add_faults(panel: Panel, call: Call) -> dict[str, Any]:
    specs = call.body if isinstance(call.body, list) else [call.body]
    known = panel.mock.pipeline.contract.names
    ids = panel.mock.faults.add([read_fault(spec, known, call.tenant) for spec in specs])
    return {"added": ids}


def remove_faults(panel: Panel, call: Call) -> dict[str, Any]:
    return _removed("fault", call, panel.mock.faults.remove)


def show_stubs(panel: Panel, call: Call) -> dict[str, Any]:
    return {"stubs": panel.mock.stubs.describe(call.tenant)}


def add_stubs(panel: Panel, call: Call) -> dict[str, Any]:
    specs = call.body if isinstance(call.body, list) else [call.body]
    return {"added": [panel.mock.stub(spec, call.tenant).id for spec in specs]}


def remove_stubs(panel: Panel, call: Call) -> dict[str, Any]:
    return _removed("stub", call, panel.mock.stubs.remove)


def _removed(
    kind: str, call: Call, remove: Callable[[str | None, str | None], int]
) -> dict[str, Any]:
    """Remove the one in `?id=`, or all of the tenant. Raises NotFound if there is no such one."""
    name = call.query.get("id")
    removed = remove(name, call.tenant)
    if name is not None and not removed:
        raise NotFound(f"there is no {kind} {name!r}")
    return {"removed": removed}


def add_webhook(panel: Panel, call: Call) -> dict[str, Any]:
    return panel.webhooks.add(call.body, call.tenant).as_json()


def remove_webhooks(panel: Panel, call: Call) -> dict[str, Any]:
    return _removed("webhook", call, panel.webhooks.remove)


def steer_job(panel: Panel, call: Call) -> Any:
    """Decide how an open job goes on."""
    job = call.path["id"]
    order = call.body
    if not isinstance(order, dict):
        raise BadRequest('give {"outcome": "failed", "after": SECONDS} or {"hold": true}')
    if call.tenant is not None:
        tenant = call.tenant
    else:
        holders = [
            name for name in worlds_of(panel) if panel.mock.steer_job(name, job, order, keep=False)
        ]
        if not holders:
            raise NotFound(f"no world has a job {job!r}")
        if len(holders) > 1:
            raise Conflict(f"{len(holders)} worlds have a job {job!r}; choose one with ?tenant=KEY")
        tenant = holders[0]
    steered = panel.mock.steer_job(tenant, job, order)
    if steered is None:
        raise NotFound(f"the world of {mask(tenant)} has no job {job!r}")
    panel.changed()
    return steered


_TENANT = ("tenant",)
_PAGE = ("limit", "offset", "text")
ROUTES: tuple[Route, ...] = (
    Route("", {"GET": page}),
    Route("assets/{id}", {"GET": show_asset}),
    Route("reference", {"GET": show_reference}),
    Route("document", {"GET": show_document}),
    Route("health", {"GET": health}),
    Route("credential", {"GET": show_credential}, _TENANT),
    Route("clock", {"GET": show_clock, "POST": change_clock}, _TENANT),
    Route("reset", {"POST": reset}, _TENANT),
    Route("state", {"GET": show_state, "PUT": put_state}, _TENANT),
    Route("plan", {"GET": show_plan}),
    Route(SCHEMA.name, {"GET": show_schema}),
    Route(
        "journal",
        {"GET": show_journal, "DELETE": clear_journal},
        ("tenant", *_PAGE, "operation", "status", "noted", "unknown", "format"),
    ),
    Route("journal/{id}", {"GET": show_exchange}),
    Route("client-lint", {"GET": show_client_lint}, _TENANT),
    Route("complaints", {"GET": show_complaints}, _TENANT),
    Route("coverage", {"GET": show_coverage}, ("tenant", "format")),
    Route("metrics", {"GET": show_metrics}),
    Route("worlds", {"GET": show_worlds}, _TENANT),
    Route("jobs", {"GET": show_jobs}, ("tenant", *_PAGE, "kind", "state", "sort")),
    Route("jobs/{id}", {"POST": steer_job}, _TENANT),
    Route("rows", {"GET": show_rows}, ("tenant", "collection", *_PAGE)),
    Route(
        "faults",
        {"GET": show_faults, "POST": add_faults, "DELETE": remove_faults},
        ("tenant", "id"),
    ),
    Route(
        "stubs",
        {"GET": show_stubs, "POST": add_stubs, "DELETE": remove_stubs},
        ("tenant", "id"),
    ),
    Route(
        "webhooks",
        {"GET": show_webhooks, "POST": add_webhook, "DELETE": remove_webhooks},
        ("tenant", "id", *_PAGE),
    ),
)


def is_page(path: str) -> bool:
    """Whether the path is a page or an asset: those contain no data of any world."""
    return path in ("", "reference", SCHEMA.name) or path.startswith("assets/")


def find_route(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path below the prefix, and its path values."""
    for route in ROUTES:
        fixed, brace, _ = route.path.partition("{id}")
        if not brace and path == route.path:
            return route, {}
        if brace and path.startswith(fixed) and len(path) > len(fixed):
            value = path[len(fixed) :]
            if "/" not in value:
                return route, {"id": value}
    return None
