"""What clients send has another name than in responses, or says another thing by its name."""

from __future__ import annotations

from typing import Any

from mockserver import MockServer
from tests.support.documents import (
    FLAG,
    array,
    obj,
    operation,
    path,
    ref,
    text,
    with_schemas,
)


def commands() -> dict[str, Any]:
    """Commands to cards, and keys of which a client gives a new label."""
    sent = obj(text=text(), Card=text())
    return with_schemas(
        {
            "/cards": path(
                get=operation("cards", array(ref("Card"))),
                post=operation("makeCard", ref("Card"), status=201, sent=obj(name=text())),
            ),
            "/cards/{sid}": path("sid", get=operation("card", ref("Card"))),
            "/commands": path(
                get=operation("commands", array(ref("Command")), query={"Card": text()}),
                post=operation("order", ref("Command"), status=201, sent=sent),
            ),
            "/commands/{sid}": path("sid", get=operation("command", ref("Command"))),
            "/keys": path(
                get=operation("keys", array(ref("Key"))),
                post=operation("makeKey", ref("Key"), status=201, sent=obj(label=text())),
            ),
            "/keys/{key}": path(
                "key",
                get=operation("key", ref("Key")),
                put=operation("changeKey", status=204, sent=obj(newLabel=text(), active=text())),
            ),
            "/labels": path(
                get=operation("labels", array(ref("Label"))),
                post=operation("label", ref("Label"), status=201, sent=obj(label=text())),
            ),
            "/labels/{labelId}": path("labelId", delete=operation("unlabel", status=204)),
            "/hooks": path(
                get=operation("hooks", array(ref("Hook"))),
                post=operation("hook", ref("Hook"), status=201, sent=obj(url=text())),
                delete=operation("unhook", status=204, sent=obj(url=text())),
            ),
        },
        Card=obj("sid", sid=text(), name=text()),
        Command=obj("sid", sid=text(), text=text(), card_sid=text()),
        Key=obj("key", key=text(), label=text(), active=FLAG),
        Label=obj("labelId", labelId=text(), value=text()),
        Hook=obj("id", id=text(), url=text()),
    )


def test_a_name_without_id_names_the_other_entity() -> None:
    with MockServer(commands(), clock="manual") as mock:
        card = mock.client.post("/cards", json={"name": "one"}).json()["sid"]
        made = mock.client.post("/commands", json={"text": "wake", "Card": card}).json()
        assert made["card_sid"] == card
        found = mock.client.get("/commands", params={"Card": card}).json()
        assert [row["sid"] for row in found] == [made["sid"]]


def test_a_new_value_has_the_name_of_the_old_one_and_a_flag_may_be_a_text() -> None:
    with MockServer(commands(), clock="manual") as mock:
        key = mock.client.post("/keys", json={"label": "shop"}).json()["key"]
        mock.client.put(f"/keys/{key}", json={"newLabel": "closed", "active": "false"})
        found = mock.client.get(f"/keys/{key}").json()
        assert (found["label"], found["active"]) == ("closed", False)


def test_what_is_called_like_the_entity_is_its_only_text_and_not_its_id() -> None:
    with MockServer(commands(), clock="manual") as mock:
        made = mock.client.post("/labels", json={"label": "red"}).json()
        assert made["value"] == "red"
        assert made["labelId"] != "red"


def test_a_delete_removes_what_its_body_describes() -> None:
    with MockServer(commands(), clock="manual") as mock:
        for url in ("https://a.example.com", "https://b.example.com"):
            mock.client.post("/hooks", json={"url": url})
        mock.client.request("DELETE", "/hooks", json={"url": "https://a.example.com"})
        left = [row["url"] for row in mock.client.get("/hooks").json()]
        assert "https://b.example.com" in left
        assert "https://a.example.com" not in left
