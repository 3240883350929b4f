"""Send webhooks when a world's clock reaches their time.

Each subscriber gets an event once, and again after a failure. Retries also wait by the world's
clock, so a manual clock shows all of them at once. Requests go only to this machine and to allowed
hosts.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count, islice
from threading import Event as Flag
from threading import Lock
from typing import TYPE_CHECKING, Any

from mockserver.engine.api import Event, Listener
from mockserver.engine.pipeline import Exchange
from mockserver.engine.serialization import dump, encode_headers
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import World
from mockserver.errors import BadRequest, Conflict
from mockserver.inference.resource_model import FIRST
from mockserver.openapi.document import escape
from mockserver.server.access import is_caller_local
from mockserver.server.asgi.uvicorn import own_ports
from mockserver.server.webhooks.subscriptions import (
    Delivery,
    Subscription,
    Target,
    expression,
    read_secret,
    read_subscription,
    signed,
    why_not,
    with_query,
)
from mockserver.store.base import transact

if TYPE_CHECKING:
    from mockserver.server.mock import Mock


# One request to a receiver, with a time limit.

TOTAL_SECONDS = 10.0
SECONDS_BETWEEN_LOOKS = 0.1
STOPPED = "the server was stopped"


def send(
    url: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    stopped: Callable[[], bool],
    seconds: float = TOTAL_SECONDS,
) -> int | str:
    """The status of the response, or the reason why there is none.

    The response body is not read, so a receiver can't make it large or slow. Call it from a thread
    without an event loop.
    """
    return asyncio.run(_send(url, method, headers, body, stopped, seconds))


async def _send(
    url: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    stopped: Callable[[], bool],
    seconds: float,
) -> int | str:
    import httpx  # takes a tenth of a second, and most mocks send nothing

    async def status() -> int:
        # No proxy, so that local requests stay local. No redirects: they may lead elsewhere.
        # Loading certificates takes longer than everything else.
        secure = url.lower().startswith("https:")
        async with (
            httpx.AsyncClient(timeout=seconds, trust_env=False, verify=secure) as client,
            client.stream(method, url, headers=dict(headers), content=body) as answer,
        ):
            return answer.status_code

    asking = asyncio.ensure_future(status())
    end = time.monotonic() + seconds
    try:
        while not asking.done():
            if stopped():
                return STOPPED
            if time.monotonic() >= end:
                return f"no response within {seconds:g} s"
            await asyncio.wait([asking], timeout=SECONDS_BETWEEN_LOOKS)
        return asking.result()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return str(error) or type(error).__name__
    finally:
        asking.cancel()


log = logging.getLogger("mockserver")

# Seconds of the world's clock between attempts; after the last one the delivery is given up.
WAITS = (5, 300, 1800, 7200)
RECEIVERS = 16
KEPT = 1000
MOST_QUEUED = 10_000
MOST_SUBSCRIPTIONS = 10_000
EVERY = 0.2


class Webhooks:
    """The subscriptions of one mock, and their deliveries."""

    def __init__(self, mock: Mock) -> None:
        self.mock = mock
        self._ended: deque[Delivery] = deque(maxlen=KEPT)
        self._subscriptions: dict[str, Subscription] = {}
        # The subscriptions of callbacks by what they are about: a repeated request adds none.
        self._calling: dict[tuple[str, ...], str] = {}
        self._serial = count(1)
        self._seen: dict[str, tuple[int, set[str]]] = {}
        # Tenants that register receivers through the API, and whether from another machine.
        self._registering: dict[str, bool] = {}
        self._stopped = Flag()
        self._receivers = ThreadPoolExecutor(RECEIVERS, "webhook")
        self._lock = Lock()

    @property
    def active(self) -> bool:
        return bool(self._subscriptions or self._registering)

    @property
    def subscribes(self) -> bool:
        """Whether a request can subscribe a receiver: what `note` looks for."""
        registers = bool(self.mock.api.webhooks.registering)
        operations = self.mock.pipeline.contract.operations
        calls_back = any(operation.callbacks for operation in operations)
        return self.mock.store.board is None and (registers or calls_back)

    @property
    def deliveries(self) -> list[Delivery]:
        """Ended deliveries in order, then waiting and retried ones."""
        waiting = chain.from_iterable(each.queue[:] for each in [*self._subscriptions.values()])
        return [*self._ended, *islice(waiting, KEPT)]

    def add(self, spec: Any, tenant: str | None) -> Subscription:
        """Add a subscription from JSON. Raises BadRequest, Conflict if the document has no
        webhooks."""
        self._check_can_send()
        number = f"w{next(self._serial)}"
        found = read_subscription(spec, number, tenant, self._names())
        assert isinstance(found.target, str)
        reason = self._why_not(found.target)
        if reason:
            raise BadRequest(f"nothing is sent to {found.target}: {reason}")
        self._subscribe(found)
        return found

    def send_to(self, target: Target, tenant: str, **spec: Any) -> Subscription:
        """The same for tests: also accepts a function in place of a URL."""
        if isinstance(target, str):
            return self.add({"url": target, **spec}, tenant)
        number = f"w{next(self._serial)}"
        found = read_subscription({"url": "", **spec}, number, tenant, self._names())
        found.target = target
        self._subscribe(found)
        return found

    def _names(self) -> list[str]:
        """What can be subscribed to: webhooks, and the events that they report."""
        own = [each for each in self.mock.api.webhooks.announcements if not each.operation]
        values = [value for each in own for value in each.values.values()]
        return list(dict.fromkeys([*(each.name for each in own), *values]))

    def _check_can_send(self) -> None:
        if self.mock.store.board is not None:
            raise Conflict("webhooks need a single process: serve without --store redis://...")
        if not self.mock.api.webhooks.announcements:
            raise Conflict("the document has no webhooks and no callbacks")

    def _subscribe(self, found: Subscription) -> None:
        tenants = self.mock.store.tenants() if found.tenant is None else [found.tenant]
        for tenant in tenants:
            if tenant not in self._seen:
                self._begin(tenant)
        self._subscriptions[found.id] = found

    def _begin(self, tenant: str) -> None:
        """Start now: past events are not sent."""

        def read(world: World) -> tuple[int, set[str]]:
            events = self.mock.api.webhooks.events(world, world.now, ())
            return world.now, {event.id for event in events}

        self._seen[tenant] = transact(self.mock.store, tenant, read)

    def remove(self, name: str | None = None, tenant: str | None = None) -> int:
        """Remove one subscription, one tenant's, or all; returns their number."""
        gone = [
            key
            for key, found in self._subscriptions.items()
            if name in (None, key) and tenant in (None, found.tenant)
        ]
        for key in gone:
            del self._subscriptions[key]
        self._calling = {a: key for a, key in self._calling.items() if key not in gone}
        if name is None:
            for each in [*self._registering] if tenant is None else [tenant]:
                self._registering.pop(each, None)
        return len(gone)

    def describe(self) -> dict[str, Any]:
        return {
            "announced": [each.as_json() for each in self.mock.api.webhooks.announcements],
            "subscriptions": [each.as_json() for each in self._subscriptions.values()],
            "deliveries": [each.as_json() for each in self.deliveries[::-1]],
        }

    def note(self, exchange: Exchange) -> None:
        """Subscribe receivers that a request names for callbacks or registers. On the hot path."""
        operation, sent = exchange.operation, exchange.sent
        if operation is None or sent is None or not 200 <= sent.status < 300:
            return
        registers = operation.id in self.mock.api.webhooks.registering
        if not (operation.callbacks or registers):
            return
        if registers and exchange.tenant not in self._registering:
            if exchange.tenant not in self._seen:
                self._begin(exchange.tenant)
            self._registering[exchange.tenant] = False
        remote = not is_caller_local(exchange.message.caller, exchange.message.headers)
        if registers and remote:
            self._registering[exchange.tenant] = True
        row = expression(self._where_id(operation.id), exchange)
        for announcement in self.mock.api.webhooks.announcements:
            if announcement.operation != operation.id or row is None:
                continue
            url = expression(announcement.url, exchange)
            if url is None:
                continue
            about = exchange.tenant, operation.id, announcement.name, row, url
            if self._calling.get(about) in self._subscriptions:
                continue
            if len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
                log.warning(
                    "more than %d callbacks are waiting: one is dropped", MOST_SUBSCRIPTIONS
                )
                return
            number = f"c{next(self._serial)}"
            found = Subscription(number, url, read_secret(None), exchange.tenant)
            found.events, found.operation, found.row = (
                frozenset({announcement.name}),
                operation.id,
                row,
            )
            found.remote = remote
            if exchange.tenant not in self._seen:
                self._seen[exchange.tenant] = exchange.now, set()
            self._subscriptions[number] = found
            self._calling[about] = number

    def _where_id(self, operation: str) -> str:
        """The runtime expression for the id of what an operation has created."""
        action = self.mock.plan.actions[operation]
        resource = self.mock.plan.resource_of(action)
        key = resource.identity.key if resource is not None else None
        path = (*action.response.at, *(action.response.id_path or (key or "id",)))
        steps = ("0" if step == FIRST else escape(step) for step in path)
        return "$response.body#/" + "/".join(steps)

    def deliver(self) -> int:
        """Send what is due in each world; returns how many receivers accepted."""
        if not self.active:
            return 0
        if not self._lock.acquire(blocking=False):
            return 0  # a receiver moved the clock; what became due is sent afterwards
        try:
            tenants = self._tenants()
            for tenant in self._seen.keys() - set(tenants):
                del self._seen[tenant]
            for tenant in tenants:
                self._queue(tenant)
            waiting = [each for each in self._subscriptions.values() if each.queue]
            # Receivers don't wait for each other; functions are called here, one by one.
            called = [each for each in waiting if callable(each.target)]
            posted = [each for each in waiting if not callable(each.target)]
            return sum(map(self._send, called)) + sum(self._receivers.map(self._send, posted))
        finally:
            self._lock.release()

    def _tenants(self) -> list[str]:
        there = set(self.mock.store.tenants())
        found = list(self._subscriptions.values())
        if any(each.tenant is None for each in found):
            return sorted(there)
        asking = {each.tenant for each in found if each.tenant is not None}
        return sorted(there & (asking | self._registering.keys()))

    def _now(self, tenant: str) -> int:
        return self.mock.store.clock(tenant).now(time.time_ns() // 1000)

    def _queue(self, tenant: str) -> None:
        since, seen = self._seen.get(tenant, (0, set()))

        def read(world: World) -> tuple[int, bool, list[Event], list[Listener]]:
            # After a reset or restore the clock goes back, and events occur again.
            again = world.now < since
            known: set[str] = set() if again else seen
            events = self.mock.api.webhooks.events(world, 0 if again else since, known)
            listeners = (
                self.mock.api.webhooks.listeners(world) if tenant in self._registering else []
            )
            return world.now, again, events, listeners

        now, again, events, listeners = transact(self.mock.store, tenant, read)
        self._register(tenant, listeners)
        for event in events:
            for found in self._subscriptions.values():
                if found.wants(event, tenant) and len(found.queue) < MOST_QUEUED:
                    found.queue.append(Delivery(event, tenant, found.id, event.at))
        # More may happen at the same instant.
        current = {event.id for event in events if event.at >= now}
        self._seen[tenant] = now, current | seen if now == since and not again else current

    def _register(self, tenant: str, listeners: list[Listener]) -> None:
        """Subscribe exactly the receivers that are currently registered in a world."""
        wanted = {f"{tenant} {each.key}": each for each in listeners}
        for key, found in list(self._subscriptions.items()):
            if found.registered and found.tenant == tenant and key not in wanted:
                del self._subscriptions[key]
        for key, each in wanted.items():
            known = self._subscriptions.get(key)
            if known is None:
                known = Subscription(each.key, each.url, read_secret(None), tenant)
                known.registered, known.since = True, each.at
                self._subscriptions[key] = known
            known.target, known.events = each.url, each.events
            known.remote = self._registering.get(tenant, False)
            known.secret = each.secret or known.secret

    def _send(self, found: Subscription) -> int:
        sent = 0
        waiting = found.queue if found.order == "kept" else found.queue[::-1]
        for delivery in list(waiting):
            if delivery.due <= self._now(delivery.tenant):
                self._attempt(found, delivery)
                if delivery.state != "waiting":
                    found.queue.remove(delivery)
                    self._ended.append(delivery)
                    sent += delivery.state == "sent"
            if delivery.state == "waiting" and found.order == "kept":
                break  # those behind it wait too
        return sent

    def _attempt(self, found: Subscription, delivery: Delivery) -> None:
        body = dump(delivery.event.body) if delivery.event.body is not None else b""
        announcement = delivery.event.announcement
        headers = dict(delivery.event.headers)
        headers |= {"user-agent": "mockserver", "content-type": announcement.media_type}
        headers |= signed(found.secret, delivery.event.id, int(time.time()), body)
        answer = self._post(found, announcement.method, headers, body, delivery.event.query)
        delivery.answers.append(answer)
        if isinstance(answer, int) and 200 <= answer < 300:
            delivery.state = "sent"
        elif answer == REFUSED:
            delivery.state = "refused"
        elif len(delivery.answers) > len(WAITS) or answer == 410:
            delivery.state = "given up"
        else:
            wait = WAITS[len(delivery.answers) - 1]
            delivery.due = self._now(delivery.tenant) + wait * SECOND

    def _post(
        self,
        found: Subscription,
        method: str,
        headers: dict[str, str],
        body: bytes,
        query: Sequence[tuple[str, str]],
    ) -> int | str:
        sent = [(n.decode(), v.decode()) for n, v in encode_headers(headers)]
        if callable(found.target):
            import httpx

            url = with_query("http://receiver.local/", query)
            return found.target(httpx.Request(method, url, headers=sent, content=body)) or 200
        if self._why_not(found.target, found.remote):
            return REFUSED
        url = with_query(found.target, query)
        return send(url, method, dict(sent), body, self._stopped.is_set)

    def _why_not(self, url: str, remote: bool = False) -> str:
        allowed = self.mock.options.webhook_hosts
        return why_not(url, allowed, own_ports=own_ports(), remote=remote)

    def close(self) -> None:
        """Stop waiting for receivers."""
        self._stopped.set()
        self._receivers.shutdown(wait=False, cancel_futures=True)


REFUSED = "refused: the mock itself, or neither this machine nor allowed by --webhook-host"


async def keep_delivering(webhooks: Webhooks) -> None:
    """Deliver periodically until cancelled."""
    try:
        while True:
            await asyncio.sleep(EVERY)
            if webhooks.active:
                try:
                    await asyncio.to_thread(webhooks.deliver)
                except Exception:
                    log.exception("sending webhooks failed")
    finally:
        webhooks.close()
