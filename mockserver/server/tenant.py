"""One tenant of an in-process mock: a world, a clock, a client, a journal, faults."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mockserver.engine.faults.spec import read_fault
from mockserver.engine.scenarios import Scenario, Waiting
from mockserver.engine.stubs import Stub
from mockserver.errors import NotFound, UsageError
from mockserver.server.har_import import Imported, import_archive
from mockserver.server.journal.assertions import Calls
from mockserver.server.journal.coverage import Coverage, coverage_of
from mockserver.server.webhooks.subscriptions import Delivery, Subscription, Target

if TYPE_CHECKING:
    import httpx
    from requests.adapters import BaseAdapter

    from mockserver.server.clients import InProcessTransport
    from mockserver.server.mock import MockClock, MockServer

LONGEST_NAME = 48


def key_of(name: str, prefix: str) -> str:
    """A credential for a name: readable, valid in a header, unique to the name."""
    words = re.sub(r"[^A-Za-z0-9_]+", "-", name.removeprefix(prefix)).strip("-")
    if prefix + words == name and len(words) <= LONGEST_NAME:
        return name
    return f"{prefix}{words[-LONGEST_NAME:]}-{blake2b(name.encode(), digest_size=4).hexdigest()}"


class TenantFaults:
    """The faults of one tenant."""

    def __init__(self, server: MockServer, tenant: str) -> None:
        self._mock = server.mock
        self._tenant = tenant

    def add(self, operation: str | None = None, **spec: Any) -> str:
        """Inject a fault from now on (docs/faults.md); returns its id. Raises BadRequest."""
        given = {"operation": operation, **spec, "tenant": self._tenant}
        fault = read_fault(given, self._mock.contract.names)
        return self._mock.faults.add([fault])[0]

    def list(self) -> list[dict[str, Any]]:
        """Faults that can affect this tenant, with the numbers of matches and injections."""
        return self._mock.faults.describe(self._tenant)

    def clear(self) -> None:
        """Remove this tenant's faults."""
        self._mock.faults.remove(tenant=self._tenant)


class TenantWebhooks:
    """Webhooks about one tenant's world (docs/webhooks.md)."""

    def __init__(self, server: MockServer, tenant: str) -> None:
        self._sender = server.sender
        self._tenant = tenant

    def send_to(self, target: Target, **spec: Any) -> Subscription:
        """Send to a URL, or to a function that takes an httpx.Request and returns a status or None.

        `events`, `secret` and `order` as in the admin API. Raises BadRequest.
        """
        return self._sender.send_to(target, self._tenant, **spec)

    def deliver(self) -> int:
        """Send what is due, as moving the clock does too. Returns how many receivers accepted."""
        return self._sender.deliver()

    @property
    def deliveries(self) -> list[Delivery]:
        """This tenant's deliveries: ended ones, oldest first, then waiting and retried ones."""
        return [each for each in self._sender.deliveries if each.tenant == self._tenant]

    def clear(self) -> None:
        """Stop sending."""
        self._sender.remove(tenant=self._tenant)


class Tenant:
    """One tenant of a MockServer. As a context manager it drops its world at the end."""

    def __init__(self, server: MockServer, key: str) -> None:
        self.server = server
        self.key = key
        self.faults = TenantFaults(server, key)
        self.webhooks = TenantWebhooks(server, key)
        self.journal = Calls(server.recorder, server.mock.contract, key, server.mock.job_states)

    @property
    def coverage(self) -> Coverage:
        """Coverage of the document by this tenant, and mismatches."""
        exchanges = (entry.exchange for entry in self.server.recorder.entries())
        return coverage_of(self.server.mock.pipeline.contract, exchanges, self.key)

    @property
    def url(self) -> str:
        """The base URL of a real port, opened on first use."""
        return self.server.url

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authenticate this tenant."""
        return self.server.headers_for(self.key)

    @property
    def query(self) -> dict[str, str]:
        """The query parameters that authenticate this tenant, if the document requires that."""
        return self.server.query_for(self.key)

    @property
    def client(self) -> httpx.Client:
        """An httpx client that calls the mock in process, as this tenant."""
        return self.server.client_for(self.key)

    @cached_property
    def clock(self) -> MockClock:
        return self.server.clock_for(self.key)

    def follow(self, scenario: Scenario | str) -> None:
        """Make the next job of this tenant follow a scenario, or end in a state.

        `follow("failed")` ends it in that state five seconds after its start. Each call applies to
        one more job that can; `close` warns if there was none. Raises UsageError for a state in
        which no job can end.
        """
        jobs = self.server.mock.api.jobs
        if jobs.steer is None:
            raise UsageError(self.server.mock.api.no_jobs)
        if isinstance(scenario, str) and scenario not in jobs.outcomes:
            raise UsageError(
                f"no job can end as {scenario!r}; the outcomes are {', '.join(jobs.outcomes)}"
            )
        self.server.mock.scenarios.setdefault(self.key, Waiting()).queue.append(scenario)

    def steer_job(self, job_id: str, **order: Any) -> Mapping[str, Any]:
        """Decide how an open job goes on: `outcome="failed"`, with `after` in seconds of the
        tenant's clock, or `schedule=[["running", 5], ["failed", 9]]`. Returns the job.

        Raises NotFound, Conflict for a job that has ended, BadRequest for an invalid order.
        """
        __tracebackhide__ = True
        steered = self.server.mock.steer_job(self.key, job_id, order)
        if steered is None:
            raise NotFound(f"there is no job {job_id!r}")
        return steered

    def stub(self, operation: str, **spec: Any) -> Stub:
        """Add a stub: a fixed response of an operation to this tenant (docs/stubs.md): `json` or
        `text`, `status`, `headers`, `when`, `times`, `delay`, `invalid`. Its `calls` counts its
        uses.

        Raises BadRequest.
        """
        __tracebackhide__ = True
        return self.server.mock.stub({"operation": operation, **spec}, self.key)

    def transport(self) -> InProcessTransport:
        """For `httpx.Client(transport=...)` and `AsyncClient`: every URL leads to the mock.

        The request's credential is replaced by this tenant's.
        """
        from mockserver.server.clients import InProcessTransport

        return InProcessTransport(self.server.app, self.headers)

    def patch_httpx(self, *hosts: str) -> AbstractContextManager[None]:
        """A context in which requests of any httpx client to `hosts` reach the mock.

        `hosts` default to those of the document's servers.
        """
        from mockserver.server.clients import patched_httpx, vendor_hosts

        found = vendor_hosts(self.server.mock.contract, hosts)
        return patched_httpx(self.transport(), found)

    def requests_adapter(self) -> BaseAdapter:
        """For `requests.Session.mount("https://...", ...)`."""
        from mockserver.server.clients import requests_adapter

        return requests_adapter(self.server.app, self.headers)

    def snapshot(self) -> dict[str, Any]:
        """This tenant's world and clock as a JSON value."""
        store = self.server.mock.store
        with store.begin(self.key):  # creates the world
            return store.snapshot(self.key)

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Restore a snapshot. Raises StoreError if it is invalid."""
        self.server.mock.store.restore(snapshot)

    def import_har(self, path: str | Path) -> Imported:
        """Import the responses of an HTTP archive as rows (docs/recording.md).

        Raises UsageError if it can't be read, or nothing in it fits the document.
        """
        return import_archive(self.server.mock, self.key, Path(path))

    def reset(self) -> None:
        """Reset the world to the seed world, and its clock to the start."""
        self.server.mock.store.reset(self.key)

    @contextmanager
    def fork(self) -> Iterator[None]:
        """A context that undoes all changes to the world and its clock at its end."""
        before = self.snapshot()
        try:
            yield
        finally:
            self.restore(before)

    def close(self) -> None:
        """Drop the world, the faults and the journal of this tenant."""
        self.faults.clear()
        self.webhooks.clear()
        self.server.mock.stubs.remove(tenant=self.key)
        self.drop_scenarios()
        self.reset()
        self.journal.clear()
        self.server.forget_client(self.key)

    def drop_scenarios(self) -> None:
        """Forget the scenarios that wait for a job, with a warning: the test never saw them."""
        waiting = self.server.mock.scenarios.pop(self.key, None)
        if waiting is not None:
            reason = waiting.passed_over or f"{waiting} was not applied: no job started after it"
            warnings.warn(reason, UserWarning, stacklevel=3)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
