"""What program generation needs to know of an API: resources, lists, commands, jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from mockserver.inference.words import noun
from mockserver.openapi.model import Contract, Json, Operation
from mockserver.openapi.path_templates import shape
from mockserver.verify.diff.model import STATUS_NAMES
from mockserver.verify.lifecycle.listings import listing_of
from mockserver.verify.lifecycle.model import Api, Filter, Paging, Resource
from mockserver.verify.lifecycle.run import described
from mockserver.verify.sandbox import Sandbox
from mockserver.verify.schemas import body_schema, inner, properties, reply_schema, solid

TOTALS = ("total", "total_count", "totalCount", "count")
ALL_ROWS = "the number of rows"
"""The end of a fact that only a whole list shows."""
_NAMES = ("name", "key", "slug")
READS = ("GET", "HEAD")


@dataclass(frozen=True)
class Lists:
    """How a list is read. `id_field` is the id property of its rows."""

    paging: Paging
    filters: tuple[Filter, ...]
    id_field: str

    def rows(self, page: Json) -> list[Mapping[str, Json]]:
        found = self.paging.rows(page)
        if not isinstance(found, list):
            return []
        return [row for row in found if isinstance(row, dict)]

    def next(self, page: Json) -> str | None:
        """The cursor of the next page, if there is one and the operation accepts it."""
        if not (self.paging.cursor and self.paging.cursor_parameter and isinstance(page, dict)):
            return None
        cursor = self.paging.next(page)
        return str(cursor) if cursor is not None else None

    def is_last(self, page: Json, query: Mapping[str, str]) -> bool:
        """Whether a page without a cursor ends the list: always, unless pages are addressed
        otherwise and this one is full."""
        limit = query.get(self.paging.limit_parameter, "")
        return bool(self.paging.cursor) or not limit.isdigit() or len(self.rows(page)) < int(limit)

    def facts(self, pages: Sequence[Json], query: Mapping[str, str], whole: bool) -> Iterator[str]:
        """Properties of the pages that hold whatever they list."""
        rows = [row for page in pages for row in self.rows(page)]
        yield from self._facts_of_rows(rows, query)
        if any(not isinstance(page, dict) for page in pages) and self.paging.items:
            yield "a page is not an object"
        limit = query.get(self.paging.limit_parameter, "")
        if limit.isdigit() and any(len(self.rows(page)) > int(limit) for page in pages):
            yield "a page has more rows than requested"
        if limit.isdigit() and any(len(self.rows(page)) < int(limit) for page in pages[:-1]):
            yield "a page before the last is not full"
        more, cursor = self.paging.more, self.paging.cursor
        for page in pages:
            if not (more and cursor and isinstance(page, dict) and more in page):
                continue
            if bool(page[more]) != (self.paging.next(page) is not None):
                yield f"{more} and {cursor} contradict each other"
        for name in TOTALS:
            first = pages[0].get(name) if pages and isinstance(pages[0], dict) else None
            if isinstance(first, int) and whole:
                yield f"{name} is {'' if first == len(rows) else 'not '}{ALL_ROWS}"

    def _facts_of_rows(
        self, rows: Sequence[Mapping[str, Json]], query: Mapping[str, str]
    ) -> Iterator[str]:
        ids = [str(row.get(self.id_field)) for row in rows]
        if len(ids) != len(set(ids)):
            yield "a row is repeated"
        for by in self.filters:
            wanted = query.get(by.parameter, "").lower()
            others = (str(row.get(by.field)).lower() != wanted for row in rows)
            if wanted and by.kind == "equal" and any(others):
                yield f"a row does not match the requested {by.parameter}"


@dataclass(frozen=True)
class Knowledge:
    contract: Contract
    api: Api
    sandbox: Sandbox = field(default_factory=Sandbox)

    @classmethod
    def of(cls, contract: Contract, sandbox: Sandbox | None = None) -> Knowledge:
        """What the document says, and the settings of a sandbox."""
        sandbox = sandbox or Sandbox()
        return cls(contract, described(contract, sandbox, wrapped=True), sandbox)

    @cached_property
    def makeable(self) -> tuple[Resource, ...]:
        return tuple(r for r in self.api.resources.values() if r.create)

    @cached_property
    def chosen(self) -> Mapping[str, str]:
        """The path parameter with the id, by each operation that creates at a chosen id."""
        return {r.create: r.id_parameter for r in self.makeable if r.chosen}

    @cached_property
    def numbers(self) -> Iterator[int]:
        """A new number each time, for ids that a client chooses."""
        return count(1)

    @cached_property
    def id_fields(self) -> frozenset[str]:
        return frozenset(_last(r.id_field) for r in self.api.resources.values())

    @cached_property
    def lists(self) -> Mapping[str, Lists]:
        """Every list of the API, by operation."""
        found: dict[str, Lists] = {}
        for operation in self.contract.operations:
            known = next(
                (r for r in self.api.resources.values() if r.list == operation.id and r.paging),
                None,
            )
            if known is not None and known.paging is not None:
                found[operation.id] = Lists(
                    known.paging, known.filters, known.row_id or _last(known.id_field)
                )
                continue
            if operation.method != "GET" or operation.path.rstrip("/").endswith("}"):
                continue
            derived = listing_of(self.contract, operation)
            # An entity with parts looks like a page of rows; only what can be paged is a list.
            if derived and (not derived[0].items or derived[0].limit_parameter):
                found[operation.id] = Lists(*derived, id_field="id")
        return found

    @cached_property
    def by_parameter(self) -> Mapping[str, Resource]:
        """The resource that a path parameter's name stands for, where it is unambiguous."""
        resources = self.api.resources.values()
        names = [r.id_parameter for r in resources]
        return {r.id_parameter: r for r in resources if names.count(r.id_parameter) == 1}

    def named_by(self, name: str) -> Resource | None:
        """The resource whose id a field contains by its name: `flow_id`, `work_pool_name`."""
        wanted = noun(name)
        for resource in self.makeable:
            if wanted == f"{_about(resource)}_{noun(_last(resource.id_field))}":
                return resource
        return None

    def is_name_of_another(self, name: str) -> bool:
        """Whether a field names an entity by something else than its id: `work_queue_name`."""
        stem, _, last = noun(name).rpartition("_")
        return last in _NAMES and any(_about(resource) == stem for resource in self.makeable)

    def owner(self, path: str, parameter: str) -> Resource | None:
        """The resource that a path parameter names, even if its own path uses another name."""
        start = shape(path.split("{" + parameter + "}")[0] + "{}")
        for resource in self.api.resources.values():
            if shape(resource.item.rstrip("/")) == start:
                return resource
        return self.by_parameter.get(parameter)

    def named_in(self, path: str, parameter: str) -> tuple[Resource, str] | None:
        """The resource that a path parameter names by another property than its id, and that
        property: `/flows/name/{name}`, `/deployments/name/{flow_name}/{deployment_name}`."""
        before = path.split("{" + parameter + "}")[0].rstrip("/")
        collection, _, word = before.rpartition("/")
        for resource in self.makeable:
            if shape(resource.item.rstrip("/")) == shape(before + "/{}"):
                same = parameter in (resource.id_parameter, _last(resource.id_field))
                return None if same else self._by_property(resource, (parameter,))
        stem, _, last = noun(parameter).rpartition("_")
        for resource in self.makeable:
            if stem and last in _NAMES and _about(resource) == stem:
                return self._by_property(resource, (last,))
        for resource in self.makeable:
            if word and shape(resource.collection.rstrip("/")) == shape(collection):
                return self._by_property(resource, (parameter, word))
        return None

    def _by_property(self, resource: Resource, names: Sequence[str]) -> tuple[Resource, str] | None:
        """The first of the names that is a text in the reply to the creation."""
        schema = reply_schema(self.contract, self.contract.by_id[resource.create])
        if schema is None:
            return None
        known = properties(self.contract, inner(self.contract, schema, resource.at))
        found = (name for name in names if known.get(name, {}).get("type") == "string")
        return next(((resource, ".".join((*resource.at, name))) for name in found), None)

    @cached_property
    def commands(self) -> tuple[Operation, ...]:
        """Operations on entities other than CRUD."""
        known = set(self.lists)
        for r in self.api.resources.values():
            known |= {r.create, r.read, r.list, r.change, r.remove}
        return tuple(op for op in self.contract.operations if op.id not in known)

    def job_status(self, operation_id: str) -> str:
        """The path of a job's status in this operation's reply, or ""."""
        operation = self.contract.by_id.get(operation_id)
        schema = reply_schema(self.contract, operation) if operation else None
        names = properties(self.contract, schema) if schema else {}
        return next((n for n in STATUS_NAMES if names.get(n, {}).get("type") == "string"), "")

    def has_parts(self, operation_id: str) -> bool:
        """Whether the reply has parts with a status each: the runs of a suite."""
        operation = self.contract.by_id.get(operation_id)
        schema = reply_schema(self.contract, operation) if operation else None
        arrays = properties(self.contract, schema).values() if schema else ()
        items = (solid(self.contract, one["items"]) for one in arrays if one.get("items"))
        parts = (properties(self.contract, item) for item in items)
        return any(
            part.get(name, {}).get("type") == "string" for part in parts for name in STATUS_NAMES
        )

    @cached_property
    def jobs(self) -> frozenset[str]:
        """The operations that start a job."""
        return frozenset(r.create for r in self.makeable if self.is_job(r))

    def is_job(self, resource: Resource) -> bool:
        """Whether the entity has a status that its creator does not set."""
        name = self.job_status(resource.read) if resource.read else ""
        create = self.contract.by_id[resource.create]
        schema = body_schema(self.contract, create)
        return bool(name) and name not in (properties(self.contract, schema) if schema else {})


def _about(resource: Resource) -> str:
    """What a collection has: `flow_run` of `/flow_runs/`."""
    return noun(resource.collection.rstrip("/").rpartition("/")[2])


def _last(id_field: str) -> str:
    """The name of an id property without the path to it."""
    return id_field.rpartition(".")[2]
