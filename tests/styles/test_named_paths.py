"""What paths and their texts call entities: other ids, owners, nouns that look like verbs."""

from __future__ import annotations

from typing import Any

from mockserver import MockServer
from tests.support.documents import (
    FLAG,
    array,
    obj,
    one_of,
    operation,
    path,
    ref,
    text,
    with_schemas,
)


def shops() -> dict[str, Any]:
    """Shops with two homes, forwards without a list, tag groups beside groups, and chats."""
    shop = obj("id", id=text(), merchantId=text(), name=text(), privacy=FLAG)
    sent = obj(name=text(), merchantId=text())
    forward = obj("fqdn", "url", fqdn=text(), url=text())
    found = operation("chat", ref("Chat"), summary="Find a chat by id/namespace")
    removed = obj("id", id=text(), deleted=FLAG)
    return with_schemas(
        {
            "/merchants": path(get=operation("merchants", array(ref("Merchant")))),
            "/merchants/{merchantId}": path(
                "merchantId", get=operation("merchant", ref("Merchant"))
            ),
            "/merchants/{merchantId}/shops": path(
                "merchantId",
                get=operation("ownShops", array(ref("Shop"))),
                post=operation("makeOwnShop", ref("Shop"), status=201, sent=obj(name=text())),
            ),
            "/merchants/{merchantId}/shops/{shopId}": path(
                "merchantId", "shopId", get=operation("ownShop", ref("Shop"))
            ),
            "/shops": path(
                get=operation("shops", array(ref("Shop"))),
                post=operation("makeShop", ref("Shop"), status=201, sent=sent),
            ),
            "/shops/{shopId}": path("shopId", get=operation("shop", ref("Shop"))),
            "/shops/{shopId}/privacy": path("shopId", delete=operation("unhide", status=204)),
            "/shops/{shopId}/privacy/purchase": path(
                "shopId", post=operation("buyPrivacy", status=204)
            ),
            "/forwards/{fqdn}": path(
                "fqdn",
                get=operation("forward", array(ref("Forward"))),
                put=operation("setForward", status=204, sent=obj("url", url=text())),
                delete=operation("unforward", status=204),
            ),
            "/groups": path(
                get=operation("groups", array(ref("Group"))),
                post=operation("makeGroup", ref("Group"), status=201, sent=obj(name=text())),
            ),
            "/groups/{id}": path("id", get=operation("group", ref("Group"))),
            "/tag_groups": path(
                get=operation("tagGroups", array(obj("id", id=text(), name=text()))),
                post=operation(
                    "makeTags", obj("id", id=text(), name=text()), sent=obj(name=text())
                ),
            ),
            "/tag_groups/{id}": path(
                "id", get=operation("tags", obj("id", id=text(), name=text()))
            ),
            "/conversations": path(
                get=operation("chats", array(ref("Chat"))),
                post=operation(
                    "makeChat", ref("Chat"), status=201, sent=obj("namespace", namespace=text())
                ),
            ),
            "/conversations/{convId}": path(
                "convId", get=found, delete=operation("unchat", removed)
            ),
            "/conversations/moderate/{convId}": path("convId", post=operation("mod", status=204)),
            "/customers": path(
                get=operation("customers", array(ref("Customer"))),
                post=operation(
                    "makeCustomer", ref("Customer"), sent=obj("external_id", external_id=text())
                ),
            ),
            "/customers/{external_customer_id}": path(
                "external_customer_id", get=operation("customer", ref("Customer"))
            ),
        },
        Merchant=obj("id", id=text(), name=text()),
        Shop=shop,
        Forward=forward,
        Group=obj("id", id=text(), name=text()),
        Chat=obj("convId", convId=text(), namespace=text(), isModerated=FLAG),
        Customer=obj("uid", "external_id", uid=text(), external_id=text()),
    )


def test_one_entity_has_a_home_below_its_owner_too() -> None:
    with MockServer(shops(), clock="manual") as mock:
        owner = mock.client.get("/merchants").json()[0]["id"]
        made = mock.client.post(f"/merchants/{owner}/shops", json={"name": "a"}).json()
        assert mock.client.get(f"/shops/{made['id']}").json()["merchantId"] == owner
        made = mock.client.post("/shops", json={"name": "b", "merchantId": owner}).json()
        own = mock.client.get(f"/merchants/{owner}/shops").json()
        assert made["id"] in [row["id"] for row in own]


def test_a_flag_that_a_path_names_is_switched() -> None:
    with MockServer(shops(), clock="manual") as mock:
        url = f"/shops/{mock.client.post('/shops', json={'name': 'b'}).json()['id']}"
        mock.client.post(f"{url}/privacy/purchase")
        assert mock.client.get(url).json()["privacy"] is True
        mock.client.delete(f"{url}/privacy")
        assert mock.client.get(url).json()["privacy"] is False


def test_what_is_named_in_an_array_as_in_the_path_is_one() -> None:
    with MockServer(shops(), clock="manual") as mock:
        mock.client.put("/forwards/a.example.com", json={"url": "https://b.example.com"})
        found = mock.client.get("/forwards/a.example.com").json()
        assert found == [{"fqdn": "a.example.com", "url": "https://b.example.com"}]


def test_a_noun_that_looks_like_a_verb_is_made() -> None:
    with MockServer(shops(), clock="manual") as mock:
        made = mock.client.post("/tag_groups", json={"name": "colors"}).json()
        assert mock.client.get(f"/tag_groups/{made['id']}").json()["name"] == "colors"


def test_a_short_parameter_names_what_stands_before_the_verb() -> None:
    with MockServer(shops(), clock="manual") as mock:
        chat = mock.client.post("/conversations", json={"namespace": "de.a"}).json()["convId"]
        mock.client.post(f"/conversations/moderate/{chat}")
        assert mock.client.get(f"/conversations/{chat}").json()["isModerated"] is True


def test_a_text_names_another_id() -> None:
    with MockServer(shops(), clock="manual") as mock:
        chat = mock.client.post("/conversations", json={"namespace": "de.a"}).json()["convId"]
        assert mock.client.get("/conversations/de.a").json()["convId"] == chat


def test_the_response_to_a_delete_has_the_id_under_its_name() -> None:
    with MockServer(shops(), clock="manual") as mock:
        chat = mock.client.post("/conversations", json={"namespace": "de.a"}).json()["convId"]
        assert mock.client.delete(f"/conversations/{chat}").json()["id"] == chat


def test_a_parameter_may_have_the_noun_in_the_middle() -> None:
    with MockServer(shops(), clock="manual") as mock:
        made = mock.client.post("/customers", json={"external_id": "c-1"}).json()
        assert mock.client.get("/customers/c-1").json() == made


def invoices() -> dict[str, Any]:
    """Invoices with moments after nouns of verbs, and a first state that waits for more."""
    invoice = obj(
        "id",
        id=text(),
        status=one_of("draft", "waiting", "odd"),
        refundingDate=text(),
        cancellation=obj(cancellationRequestedDate=text(), note=text()),
    )
    verbs = ("refund", "cancel", "submit")
    return with_schemas(
        {
            "/invoices": path(
                get=operation("list", array(ref("Invoice"))),
                post=operation("make", ref("Invoice"), status=201, sent=obj(name=text())),
            ),
            "/invoices/{id}": path("id", get=operation("fetch", ref("Invoice"))),
            **{
                f"/invoices/{{id}}/{verb}": path("id", post=operation(verb, ref("Invoice")))
                for verb in verbs
            },
        },
        Invoice=invoice,
    )


def test_moments_are_called_after_nouns_of_verbs() -> None:
    with MockServer(invoices(), clock="manual") as mock:
        url = f"/invoices/{mock.client.post('/invoices', json={}).json()['id']}"
        assert not mock.client.get(url).json().get("refundingDate")
        assert mock.client.post(f"{url}/refund").json()["refundingDate"]
        asked = mock.client.post(f"{url}/cancel").json()["cancellation"]
        assert asked["cancellationRequestedDate"]


def test_what_is_submitted_goes_on_to_the_next_first_state() -> None:
    with MockServer(invoices(), clock="manual") as mock:
        invoice = mock.client.post("/invoices", json={}).json()
        assert invoice["status"] == "draft"
        assert mock.client.post(f"/invoices/{invoice['id']}/submit").json()["status"] == "waiting"
