"""The control plane's reading part, for whoever watches: worlds, their jobs, their rows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

from mockserver.engine.jobs import jobs_of, shown_row
from mockserver.engine.world import World
from mockserver.errors import BadRequest, NotFound
from mockserver.server.call import Call, Panel, limit_of
from mockserver.server.journal import mask
from mockserver.server.mock import DEFAULT_KEY, real_now
from mockserver.store.base import Transaction, transact

T = TypeVar("T")
MOST_WORLDS = 500


def worlds_of(panel: Panel) -> list[str]:
    """The tenants that there are; on a fresh server the one that the first request makes."""
    return panel.mock.store.tenants() or [DEFAULT_KEY]


def show_worlds(panel: Panel, call: Call) -> dict[str, Any]:
    tenants = worlds_of(panel) if call.tenant is None else [call.tenant]
    return {
        "total": len(tenants),
        "worlds": [
            {
                "tenant": tenant,
                "shown": mask(tenant),
                "clock": panel.mock.store.clock(tenant).describe(real_now()),
                **({"collections": _collections(panel, tenant)} if call.tenant else {}),
            }
            for tenant in tenants[:MOST_WORLDS]
        ],
    }


def _collections(panel: Panel, tenant: str) -> list[dict[str, Any]]:
    def count(world: World) -> list[dict[str, Any]]:
        return [
            {"name": spec.name, "path": spec.path, "rows": len(world[spec.name])}
            for spec in panel.mock.api.collections.values()
        ]

    return _look(panel, tenant, count)


def show_jobs(panel: Panel, call: Call) -> dict[str, Any]:
    api, limit = panel.mock.api, limit_of(call)
    return {
        "outcomes": list(api.outcomes),
        "jobs": _look(panel, _one(panel, call), lambda world: jobs_of(world, api.jobs, limit)),
    }


def show_rows(panel: Panel, call: Call) -> dict[str, Any]:
    name, limit = call.query.get("collection"), limit_of(call)
    known = panel.mock.api.collections
    if name is None:
        raise BadRequest(f"say which by ?collection=; there is {', '.join(known)}")
    if name not in known:
        raise NotFound(f"there is no collection {name!r}; there is {', '.join(known)}")

    def read(world: World) -> dict[str, Any]:
        rows = world[name]
        newest = islice(rows.scan(newest_first=True), limit)
        return {
            "collection": name,
            "total": len(rows),
            "rows": [shown_row(row, world.now) for row in newest],
        }

    return _look(panel, _one(panel, call), read)


def _one(panel: Panel, call: Call) -> str:
    """The tenant that is meant; without any the only one. Raises BadRequest if there are more."""
    if call.tenant is not None:
        return call.tenant
    tenants = worlds_of(panel)
    if len(tenants) > 1:
        raise BadRequest(f"there are {len(tenants)} worlds; say which by ?tenant=KEY")
    return tenants[0]


def _look(panel: Panel, tenant: str, read: Callable[[World], T]) -> T:
    """Read a world as it is by now. What is due is settled to be seen, and not kept."""

    def work(world: Transaction) -> T:
        panel.mock.api.settle(world)
        return read(world)

    return transact(panel.mock.store, tenant, work)
