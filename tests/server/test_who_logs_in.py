"""Whoever logs in is who `/me` shows: one of the users, if they have a collection."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer


def _json(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _answers(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "Done", **_json(schema)}}


PERSON = {
    "type": "object",
    "required": ["id", "email"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "email": {"type": "string", "format": "email"},
        "name": {"type": "string"},
    },
}
SENT = {
    "type": "object",
    "properties": {"email": {"type": "string"}, "password": {"type": "string"}},
}


def _document(path: str, *, users: bool, wrapped: bool = False) -> dict[str, Any]:
    person = {"$ref": "#/components/schemas/Person"}
    shown = {"type": "object", "properties": {"data": person}} if wrapped else person
    renames = {"type": "object", "properties": {"name": {"type": "string"}}}
    granted = {
        "type": "object",
        "required": ["access_token", "user"],
        "properties": {"access_token": {"type": "string"}, "user": person},
    }
    paths: dict[str, Any] = {
        "/auth/login": {
            "post": {"security": [], "requestBody": _json(SENT), "responses": _answers(granted)}
        },
        path: {
            "get": {"responses": _answers(shown)},
            "patch": {"requestBody": _json(renames), "responses": _answers(shown)},
        },
    }
    if users:
        identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        paths["/users"] = {"get": {"responses": _answers({"type": "array", "items": person})}}
        paths["/users/{id}"] = {"get": {"parameters": [identifier], "responses": _answers(person)}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Persons", "version": "1"},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Person": PERSON},
        },
    }


class _Person:
    """Somebody who has logged in."""

    def __init__(self, mock: MockServer, path: str, email: str) -> None:
        sent = {"email": email, "password": "secret"}
        reply = httpx.post(f"{mock.url}/auth/login", json=sent).json()
        self.said = reply["user"]
        self._headers = {"authorization": f"Bearer {reply['access_token']}"}
        self._url, self._path = mock.url, path

    def get(self, path: str) -> Any:
        return httpx.get(self._url + path, headers=self._headers).json()

    def change(self, **sent: str) -> None:
        reply = httpx.patch(self._url + self._path, headers=self._headers, json=sent)
        assert reply.status_code == 200

    def me(self) -> Any:
        body = self.get(self._path)
        return body.get("data", body)


@pytest.mark.parametrize("users", [True, False])
@pytest.mark.parametrize(
    ("path", "wrapped"), [("/me", False), ("/auth/me", True), ("/users/current", False)]
)
def test_who_logs_in_is_who_me_shows(path: str, wrapped: bool, users: bool) -> None:
    with MockServer(_document(path, users=users, wrapped=wrapped)) as mock:
        ada = _Person(mock, path, "ada@example.com")
        bob = _Person(mock, path, "bob@example.com")
        assert ada.me() == ada.said
        assert ada.me()["email"] == "ada@example.com"
        assert ada.me()["id"] != bob.me()["id"]
        ada.change(name="Countess")
        assert (ada.me()["name"], bob.me()) == ("Countess", bob.said)
        if users:
            assert ada.get(f"/users/{ada.me()['id']}") == ada.me()
            assert ada.me() in ada.get("/users")


def test_a_user_who_is_there_logs_in_and_stays_the_same_under_another_address() -> None:
    data = {"users": {"ada": {"email": "ada@example.com", "name": "Ada"}}}
    document = _document("/me", users=True)
    document["paths"]["/me"]["patch"]["requestBody"] = _json(
        {"type": "object", "properties": {"email": {"type": "string"}}}
    )
    with MockServer(document, data=data) as mock:
        ada = _Person(mock, "/me", "ADA@example.com")
        assert ada.said["name"] == "Ada"
        ada.change(email="countess@example.com")
        assert ada.me() == {**ada.said, "email": "countess@example.com"}
        assert len(ada.get("/users")) == 1


def test_a_key_is_the_first_user_or_the_one_of_the_example() -> None:
    document = _document("/me", users=True)
    with MockServer(document) as mock:
        assert mock.client.get("/me").json() in mock.client.get("/users").json()
    shown = {"id": "8d1c8c7e-5f0e-4c3a-9a53-0a1b2c3d4e5f", "email": "grace@example.com"}
    media = document["paths"]["/me"]["get"]["responses"]["200"]["content"]["application/json"]
    media["example"] = shown
    with MockServer(document) as mock:
        assert mock.client.get("/me").json() == shown
        assert mock.client.get(f"/users/{shown['id']}").json() == shown


def test_what_is_singular_and_no_person_is_no_caller() -> None:
    document = _document("/project", users=True)
    with MockServer(document) as mock:
        assert mock.client.get("/project").json() not in mock.client.get("/users").json()


def test_a_cookie_that_is_described_as_a_header() -> None:
    """Swagger 2.0 has no cookies."""
    document = _document("/me", users=True)
    login = document["paths"]["/auth/login"]["post"]
    login["responses"] = {"204": {"description": "Done"}}
    scheme = {"type": "apiKey", "in": "header", "name": "Cookie"}
    document["components"]["securitySchemes"] = {"cookie": scheme}
    document["security"] = [{"cookie": []}]
    with MockServer(document) as mock:
        assert mock.client.get("/me").status_code == 200
        with httpx.Client(base_url=mock.url) as client:
            assert client.get("/me").status_code == 401
            client.post("/auth/login", json={"email": "ada@example.com", "password": "secret"})
            assert client.get("/me").json()["email"] == "ada@example.com"


@pytest.mark.parametrize("name", [None, "tokens"])
def test_a_token_in_an_array(name: str | None) -> None:
    token = {
        "type": "object",
        "required": ["access_token"],
        "properties": {"access_token": {"type": "string"}, "expires_in": {"type": "integer"}},
    }
    several: dict[str, Any] = {"type": "array", "items": token}
    body = {"type": "object", "required": [name], "properties": {name: several}}
    document = _document("/me", users=True)
    login = document["paths"]["/auth/login"]["post"]
    login["responses"] = _answers(body if name else several)
    with MockServer(document) as mock:
        found = httpx.post(f"{mock.url}/auth/login", json={"email": "ada@example.com"}).json()
        first = (found[name] if name else found)[0]["access_token"]
        headers = {"authorization": f"Bearer {first}"}
        reply = httpx.get(f"{mock.url}/me", headers=headers)
        assert (reply.status_code, reply.json()["email"]) == (200, "ada@example.com")


def test_an_account_with_a_password_that_is_made_is_no_login() -> None:
    """What `POST /credentials` shows is what it made, though it looks like a user with a key."""
    own = {**PERSON["properties"], "roles": {"type": "string"}}
    account = {"type": "object", "required": ["id"], "properties": own}
    secrets = {"password": {"type": "string"}, "apiKey": {"type": "string"}}
    made = {"type": "object", "required": ["id"], "properties": {**own, **secrets}}
    document = _document("/me", users=True)
    identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    sent = {"type": "object", "properties": {"name": {"type": "string"}}}
    document["paths"]["/credentials"] = {
        "post": {"requestBody": _json(sent), "responses": _answers(made)},
        "get": {"responses": _answers({"type": "array", "items": account})},
    }
    document["paths"]["/credentials/{id}"] = {
        "get": {"parameters": [identifier], "responses": _answers(account)}
    }
    with MockServer(document) as mock:
        one = mock.client.post("/credentials", json={"name": "deploy"}).json()
        assert one["name"] == "deploy"
        assert mock.client.get(f"/credentials/{one['id']}").json()["id"] == one["id"]
