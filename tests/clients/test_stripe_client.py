"""Stripe's client: forms, auto-paging lists, idempotency keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import MockServer
from tests.clients.documents import PAYMENTS

stripe = pytest.importorskip("stripe")


@pytest.fixture(params=[False, True], ids=["strict", "lenient"], scope="module")
def mock(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    with MockServer(PAYMENTS, lenient=request.param) as server:
        yield server


@pytest.fixture
def client(mock: MockServer, request: pytest.FixtureRequest) -> Iterator[Any]:
    http = stripe.RequestsClient()
    with mock.tenant(request.node.nodeid) as tenant:
        yield stripe.StripeClient(
            tenant.key,
            base_addresses={"api": tenant.url},
            http_client=http,
        ).v1
    http.close()


def test_a_customer_lives_and_dies(client: Any) -> None:
    made = client.customers.create({"email": "a@example.com", "metadata": {"plan": "pro"}})
    assert (made.email, made.metadata["plan"]) == ("a@example.com", "pro")
    changed = client.customers.update(made.id, {"name": "Ada"})
    assert (changed.name, changed.email) == ("Ada", "a@example.com")
    assert client.customers.retrieve(made.id).name == "Ada"
    assert client.customers.delete(made.id).deleted


def test_all_pages_are_turned(client: Any) -> None:
    made = {client.customers.create({"name": str(number)}).id for number in range(7)}
    first = client.customers.list({"limit": 3})
    assert first.url == "/v1/customers"
    seen = [customer.id for customer in first.auto_paging_iter()]
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


def test_a_key_counts_once(client: Any) -> None:
    asked = {"amount": 100, "currency": "eur"}
    options = {"idempotency_key": "once"}
    first = client.payment_intents.create(asked, options)
    assert client.payment_intents.create(asked, options).id == first.id
    assert client.payment_intents.create(asked).id != first.id
    assert (first.amount, first.currency) == (100, "eur")


def test_what_is_not_there(client: Any, mock: MockServer) -> None:
    if mock.mock.options.leniency.knows_any_id:
        assert client.customers.retrieve("cus_unknown").id == "cus_unknown"
        assert client.payment_intents.cancel("pi_unknown").status == "canceled"
        assert client.payment_intents.cancel("pi_unknown").status == "canceled"
    else:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.customers.retrieve("cus_unknown")
        assert caught.value.http_status == 404
