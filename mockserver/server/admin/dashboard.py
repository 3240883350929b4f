"""The dashboard, `GET /__mock__/`: its page and assets, all from this package, and the endpoints
that it reads: worlds, jobs, entities and the journal, with search and pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from string import Template
from typing import Any, TypeVar

import orjson

from mockserver.engine.jobs import jobs_of, shown_row
from mockserver.engine.serialization import Sent, dump
from mockserver.engine.world import World
from mockserver.errors import BadRequest, NotFound
from mockserver.files.secrets import mask
from mockserver.openapi.model import Contract
from mockserver.server.admin.request import Call, Panel, limit_of, offset_of
from mockserver.server.journal.assertions import closest
from mockserver.server.journal.journal import Entry, as_har, describe
from mockserver.server.mock import DEFAULT_KEY, Mock, real_now
from mockserver.store.base import MEMORY, Transaction, transact

PAGES = Path(__file__).parent / "pages"
SCHEMA = Path(__file__).parents[1] / "mockserver.schema.json"
"""The JSON Schema of mockserver.toml, as `mockserver config --schema` prints it, for editors."""
TYPES = {
    ".css": b"text/css",
    ".js": b"text/javascript",
    ".json": b"application/schema+json",
    ".svg": b"image/svg+xml",
}
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    b"img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def front_page(mock: Mock, source: str, state_file: bool = False) -> Sent:
    """The page. `state_file`: the worlds are kept in a file."""
    contract = mock.contract
    facts = {
        "title": contract.title,
        "version": contract.version,
        "source": source,
        "behaviour": mock.api.name,
        "operations": len(contract.operations),
        "memory": _memory(mock, state_file),
        "key": DEFAULT_KEY,
        "prefix": mock.api.wire.prefix,
        "seed": mock.options.seed,
    }
    escaped = {name: escape(str(value)) for name, value in facts.items()}
    return html(_template("dashboard.html").substitute(escaped))


def html(page: str, policy: bytes = _POLICY) -> Sent:
    """A page that loads nothing from other sites."""
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy),
        (b"referrer-policy", b"no-referrer"),
    ]
    return Sent(200, headers, page.encode("utf-8", "replace"))


def asset(name: str) -> Sent:
    """A file that a page loads. Raises NotFound."""
    path = PAGES / name
    if path.suffix not in TYPES or path.parent != PAGES or not path.is_file():
        raise NotFound(f"the dashboard has no file {name!r}")
    return file(path)


def file(path: Path) -> Sent:
    return Sent(200, [(b"content-type", TYPES[path.suffix] + b"; charset=utf-8")], _read(path))


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()


@cache
def _template(name: str) -> Template:
    return Template((PAGES / name).read_text("utf-8"))


def _memory(mock: Mock, state_file: bool) -> str:
    if mock.options.store != MEMORY:
        return "in Redis"
    if state_file:
        return "in its state file"
    return "in memory, until it stops"


# `GET /__mock__/reference`: the document in Swagger UI.
#
# Only the static files of the package fastapi-swagger are used.

PACKAGE = "fastapi_swagger"
FILES = ("swagger-ui-bundle.js", "swagger-ui.css")
MISSING = (
    "The API reference needs Swagger UI, which is not installed: "
    "pip install '/PATH/TO/CLONE[reference]', and restart the server."
)
# Swagger UI uses inline styles and data: URLs for icons.
_SWAGGER_UI_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    b"connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; "
    b"form-action 'none'"
)


@cache
def swagger_ui() -> Path | None:
    """The folder with Swagger UI's files; None if it is not installed. Nothing is imported."""
    spec = find_spec(PACKAGE)
    for place in spec.submodule_search_locations or () if spec is not None else ():
        folder = Path(place) / "resources"
        if all((folder / name).is_file() for name in FILES):
            return folder
    return None


def show_reference(panel: Panel, call: Call) -> Sent:
    if swagger_ui() is None:
        sent = html(f"<!doctype html><title>API reference</title><p>{escape(MISSING)}</p>")
        sent.status = 501
        return sent
    template = Template((PAGES / "reference.html").read_text("utf-8"))
    return html(template.substitute(title=escape(panel.mock.contract.title)), _SWAGGER_UI_POLICY)


def show_asset(panel: Panel, call: Call) -> Sent:
    name, folder = call.path["id"], swagger_ui()
    if name in FILES:
        if folder is None:
            raise NotFound(MISSING)
        return file(folder / name)
    return asset(name)


def show_document(panel: Panel, call: Call) -> object:
    return panel.mock.contract.document


T = TypeVar("T")
MOST_WORLDS = 500
# A search looks at so many of the newest jobs, and of the newest rows of a collection.
MOST_JOBS = 1000
MOST_ROWS = 10_000
SORTS = ("created", "name", "kind", "state")
STATUSES = {"2xx": 2, "3xx": 3, "4xx": 4, "5xx": 5}


def worlds_of(panel: Panel) -> list[str]:
    """The existing tenants; on a fresh server the default tenant."""
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
            if not spec.internal
        ]

    return _look(panel, tenant, count)


def show_jobs(panel: Panel, call: Call) -> dict[str, Any]:
    jobs, limit, offset = panel.mock.api.jobs, limit_of(call), offset_of(call)
    text, kind, state = _words(call), call.query.get("kind"), call.query.get("state")
    by = call.query.get("sort", "-created")
    if by.removeprefix("-") not in SORTS:
        raise BadRequest(f"sort must be one of {', '.join(SORTS)}, with - before it for descending")
    plain = not text and kind is None and state is None and by == "-created"

    def read(world: World) -> list[dict[str, Any]]:
        found = jobs_of(world, jobs.kinds, offset + limit + 1 if plain else MOST_JOBS)
        fit = [
            job
            for job in found
            if (kind is None or job["kind"] == kind)
            and (state is None or job["state"] == state)
            and _has(f"{job['name']} {job['id']} {job['kind']} {job['state']}", text)
        ]
        if by != "-created":
            fit.sort(key=lambda job: str(job[by.removeprefix("-")]), reverse=by.startswith("-"))
        return fit[offset : offset + limit + 1]

    page = _look(panel, _one(panel, call), read)
    nouns = (noun for each in jobs.kinds for noun in (each.batch_noun, each.noun) if noun)
    return {
        "outcomes": list(jobs.outcomes),
        "kinds": list(dict.fromkeys(nouns)),
        "states": sorted(panel.mock.job_states),
        "more": len(page) > limit,
        "jobs": page[:limit],
    }


def show_rows(panel: Panel, call: Call) -> dict[str, Any]:
    name, limit, offset = call.query.get("collection"), limit_of(call), offset_of(call)
    api, text = panel.mock.api, _words(call)
    known = api.collections
    if name is None:
        raise BadRequest(f"choose one with ?collection=; the collections are {', '.join(known)}")
    if name not in known:
        raise NotFound(f"there is no collection {name!r}; the collections are {', '.join(known)}")

    def read(world: World) -> dict[str, Any]:
        rows = api.seeded(world)[name]
        shown = (shown_row(row, world.now) for row in rows.scan(newest_first=True))
        if text:
            shown = (row for row in islice(shown, MOST_ROWS) if _has(dump(row).decode(), text))
        page = list(islice(shown, offset, offset + limit + 1))
        seen = {
            row["id"]: _as_seen(api.show, world, name, kept)
            for row in page[:limit]
            if (kept := rows.get(row["id"])) is not None
        }
        return {
            "collection": name,
            "total": len(rows),
            "more": len(page) > limit,
            "rows": page[:limit],
            "shown": seen,
        }

    return _look(panel, _one(panel, call), read)


def _as_seen(
    show: Callable[[World, str, Any], Any], world: World, name: str, row: Mapping[str, Any]
) -> Any:
    """The row as a client sees it; None if no response could show it."""
    try:
        return orjson.loads(dump(show(world, name, row)))
    except Exception:  # a document that contradicts itself must not hide the other rows
        return None


def _one(panel: Panel, call: Call) -> str:
    """The tenant of the request, or the only one. Raises BadRequest if there are several."""
    if call.tenant is not None:
        return call.tenant
    tenants = worlds_of(panel)
    if len(tenants) > 1:
        raise BadRequest(f"there are {len(tenants)} worlds; choose one with ?tenant=KEY")
    return tenants[0]


def _look(panel: Panel, tenant: str, read: Callable[[World], T]) -> T:
    """Read a world at its present time. Due transitions are applied for reading, but not kept."""

    def work(world: Transaction) -> T:
        panel.mock.api.settle(world)
        return read(world)

    return transact(panel.mock.store, tenant, work)


def _words(call: Call) -> list[str]:
    return call.query.get("text", "").lower().split()


def _has(text: str, words: list[str]) -> bool:
    lower = text.lower() if words else ""
    return all(word in lower for word in words)


def show_journal(panel: Panel, call: Call) -> dict[str, Any]:
    form = call.query.get("format", "json")
    if form not in ("json", "har"):
        raise BadRequest(f"format must be json or har, not {form!r}")
    limit, offset = limit_of(call), offset_of(call)
    found = [entry for entry in panel.journal.entries() if _is_wanted(entry, call)]
    shown = found[offset : offset + limit]
    if form == "har":
        return as_har(reversed(shown))
    return {
        "total": panel.journal.total,
        "kept": panel.journal.kept,
        "found": len(found),
        "exchanges": [
            {**describe(entry), "near": _near(panel.mock.contract, entry)} for entry in shown
        ],
    }


def _is_wanted(entry: Entry, call: Call) -> bool:
    """Whether the query wants this exchange. Raises BadRequest."""
    query, exchange = call.query, entry.exchange
    # A request that matches no operation was refused before its tenant was known.
    unknown = "unknown" in query and not exchange.tenant
    if call.tenant is not None and exchange.tenant != call.tenant and not unknown:
        return False
    name = exchange.operation.id if exchange.operation is not None else ""
    if "operation" in query and name != query["operation"]:
        return False
    status = exchange.sent.status if exchange.sent is not None else 0
    if "status" in query:
        if query["status"] not in STATUSES:
            raise BadRequest(
                f"status must be one of {', '.join(STATUSES)}, not {query['status']!r}"
            )
        if status // 100 != STATUSES[query["status"]]:
            return False
    if "noted" in query and not (
        exchange.violations or exchange.problem or not name or exchange.injection is not None
    ):
        return False
    message = exchange.message
    return _has(f"{message.method} {message.target} {name} {status}", _words(call))


def show_exchange(panel: Panel, call: Call) -> dict[str, Any]:
    """One exchange with its headers and bodies, secrets masked."""
    number = call.path["id"]
    for entry in panel.journal.entries():
        if str(entry.number) == number:
            (archived,) = as_har([entry])["log"]["entries"]
            return {
                **describe(entry),
                "near": _near(panel.mock.contract, entry),
                "request": archived["request"],
                "response": archived["response"],
            }
    raise NotFound(f"the journal has no exchange {number!r}; it keeps the newest ones")


def _near(contract: Contract, entry: Entry) -> list[str]:
    """Operations similar to a request that matches none."""
    exchange = entry.exchange
    if exchange.operation is not None:
        return []
    found = closest(contract, exchange.message.method, exchange.message.target)
    return [f"{operation.method} {operation.path}" for operation in found]


def show_webhooks(panel: Panel, call: Call) -> dict[str, Any]:
    found, text = panel.webhooks.describe(), _words(call)
    limit, offset = limit_of(call, 1000), offset_of(call)
    fit = (each for each in found["deliveries"] if not text or _has(dump(each).decode(), text))
    page = list(islice(fit, offset, offset + limit + 1))
    return {**found, "deliveries": page[:limit], "more": len(page) > limit}
