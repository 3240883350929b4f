"""A flag that only one of several has: the default card of a customer."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, answer, body, document, thing

FLAG = {"type": "boolean"}


def cards(flag: str, below: bool) -> dict[str, Any]:
    one = thing("id", id=TEXT, label=TEXT, customer_id=TEXT, **{flag: FLAG})
    base = "/customers/{customer_id}/cards" if below else "/cards"
    sent = thing(label=TEXT, **{flag: FLAG}, **({} if below else {"customer_id": TEXT}))
    above = [{"name": "customer_id", "in": "path", "required": True, "schema": TEXT}]
    own = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    return document(
        {
            "/customers": {
                "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(
                    thing("id", id=TEXT, name=TEXT))}},
            },
            "/customers/{customer_id}": {
                "parameters": above, "get": {"responses": {"200": answer(thing(id=TEXT))}},
            },
            base: {
                "parameters": above if below else [],
                "get": {"responses": {"200": answer({"type": "array", "items": one})}},
                "post": {"requestBody": body(sent), "responses": {"201": answer(one)}},
            },
            base + "/{id}": {
                "parameters": [*(above if below else []), *own],
                "get": {"responses": {"200": answer(one)}},
                "patch": {"requestBody": body(sent), "responses": {"200": answer(one)}},
            },
        }
    )  # fmt: skip


@pytest.mark.parametrize("below", [True, False])
@pytest.mark.parametrize("flag", ["default", "is_default", "isPrimary", "primary"])
def test_the_flag_is_taken_from_the_others_of_the_same_customer(flag: str, below: bool) -> None:
    with MockServer(cards(flag, below), seeds="none") as mock:
        client = mock.client
        ann, bob = (client.post("/customers", json={"name": n}).json()["id"] for n in "ab")

        def path(customer: str) -> str:
            return f"/customers/{customer}/cards" if below else "/cards"

        def made(customer: str, label: str) -> str:
            own = {} if below else {"customer_id": customer}
            sent = {"label": label, flag: True, **own}
            return str(client.post(path(customer), json=sent).json()["id"])

        first, second, other = made(ann, "x"), made(ann, "y"), made(bob, "z")

        def flagged() -> set[str]:
            rows = [*client.get(path(ann)).json(), *(client.get(path(bob)).json() if below else [])]
            return {row["id"] for row in rows if row[flag]}

        assert flagged() == {second, other}
        assert client.patch(f"{path(ann)}/{first}", json={flag: True}).json()[flag] is True
        assert flagged() == {first, other}
        client.patch(f"{path(ann)}/{first}", json={flag: False})
        assert flagged() == {other}
