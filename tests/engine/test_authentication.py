"""Authentication with every kind of security scheme."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest

from mockserver.engine.pipeline.authentication import Authenticator, subject_of
from mockserver.errors import Forbidden, Invalid, Refusal, Unauthenticated
from mockserver.openapi.build import build_contract

SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "token"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "bearer": {"type": "http", "scheme": "Bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "oauth": {"type": "oauth2", "flows": {}},
}


def caller(
    security: list[dict[str, Any]] | None,
    headers: dict[str, str] | None = None,
    query: bytes = b"",
    keys: tuple[str, ...] = (),
) -> str:
    contract = build_contract(
        {
            "openapi": "3.1.0",
            "paths": {"/": {"get": {"security": security or [], "responses": {"200": {}}}}},
            "components": {"securitySchemes": SCHEMES},
        }
    )
    return Authenticator(contract, keys)(contract.operations[0], headers or {}, query)


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("scheme", "headers", "query"),
    [
        ("key", {"x-key": "mock-1"}, b""),
        ("query", {}, b"a=1&token=mock-1"),
        ("query", {}, b"token=mock%2D1"),
        ("cookie", {"cookie": "a=b; session=mock-1"}, b""),
        ("bearer", {"authorization": "bearer mock-1"}, b""),
        ("basic", basic("mock-1:"), b""),
        ("basic", basic("user:mock-1"), b""),
        ("oauth", {"authorization": "Bearer mock-1"}, b""),
    ],
)
def test_each_scheme_finds_its_credential(scheme: str, headers: dict[str, str], query: bytes):
    assert caller([{scheme: []}], headers, query) == "mock-1"


@pytest.mark.parametrize(
    ("scheme", "headers", "query"),
    [
        ("key", {}, b""),
        ("key", {"x-key": ""}, b""),
        ("key", {"x-key": "other"}, b""),
        ("key", {"authorization": "Bearer mock-1"}, b""),
        ("query", {"x-key": "mock-1"}, b"Token=mock-1"),
        ("cookie", {"cookie": "session"}, b""),
        ("bearer", {"authorization": "mock-1"}, b""),
        ("bearer", {"authorization": "Basic mock-1"}, b""),
        ("basic", {"authorization": "Basic %%%"}, b""),
        ("basic", {"authorization": "Basic " + b64encode(b"\xff\xfe").decode()}, b""),
    ],
)
def test_what_is_missing_or_malformed_is_refused(
    scheme: str, headers: dict[str, str], query: bytes
):
    with pytest.raises(Unauthenticated):
        caller([{scheme: []}], headers, query)


def test_a_given_key_is_accepted_beside_the_prefix():
    assert caller([{"key": []}], {"x-key": "real"}, keys=("real",)) == "real"


def test_all_schemes_of_one_requirement_are_needed():
    both = [{"key": [], "query": []}]
    assert caller(both, {"x-key": "mock-1"}, b"token=mock-2") == "mock-1"
    with pytest.raises(Unauthenticated):
        caller(both, {"x-key": "mock-1"})


def test_one_requirement_of_several_is_enough():
    either = [{"key": []}, {"bearer": []}]
    assert caller(either, {"authorization": "Bearer mock-2"}) == "mock-2"


def test_an_optional_credential_still_names_the_tenant():
    optional = [{}, {"key": []}]
    assert caller(optional, {"x-key": "mock-1"}) == "mock-1"
    assert caller(optional) == "anonymous"


def test_without_security_a_header_of_ours_tells_worlds_apart():
    assert caller(None) == "anonymous"
    assert caller(None, {"x-mock-tenant": "worker-1"}) == "worker-1"


def test_a_bearer_refusal_carries_the_challenge():
    with pytest.raises(Unauthenticated) as caught:
        caller([{"bearer": []}])
    assert caught.value.headers == {"www-authenticate": "Bearer"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("token", ["mock-1", "mock-1:read,write", "mock-1:write read admin"])
def test_a_token_has_every_scope_or_those_that_it_lists(token: str) -> None:
    assert caller([{"oauth": ["read", "write"]}], bearer(token)) == "mock-1"


def test_a_scope_that_a_token_lacks_is_forbidden() -> None:
    with pytest.raises(Forbidden, match=r"lacks a scope that is needed: files:write\.") as caught:
        caller([{"oauth": ["read", "files:write"]}], bearer("mock-1:read"))
    assert caught.value.code == "insufficient_scope"
    assert caught.value.headers == {
        "www-authenticate": 'Bearer error="insufficient_scope", scope="files:write"'
    }
    with pytest.raises(Forbidden) as caught:
        caller([{"oauth": ["né\n"]}], bearer("mock-1:"))
    assert caught.value.headers == {"www-authenticate": 'Bearer error="insufficient_scope"'}


def test_scopes_are_of_the_requirement_that_names_them() -> None:
    either = [{"oauth": ["admin"]}, {"oauth": ["read"]}]
    assert caller(either, bearer("mock-1:read")) == "mock-1"
    with pytest.raises(Forbidden, match="admin"):
        caller(either, bearer("mock-1:none"))
    assert caller([{"oauth": ["admin"]}, {"key": []}], bearer("mock-1:") | {"x-key": "mock-2"}) == (
        "mock-2"
    )


def test_scopes_do_not_make_a_key_valid() -> None:
    with pytest.raises(Unauthenticated):
        caller([{"oauth": ["read"]}], bearer("other:read"))
    assert caller([{"oauth": ["read"]}], bearer("a:b"), keys=("a:b",)) == "a:b"
    assert caller([{"bearer": []}], bearer("mock-1:read")) == "mock-1:read"


def test_a_refusal_hints_at_what_would_do():
    with pytest.raises(Unauthenticated) as caught:
        caller([{"key": []}, {"bearer": []}])
    assert caught.value.hint == (
        "There is no key in the header X-Key or the header Authorization (Bearer ...). "
        "Any key that begins with mock- is accepted."
    )
    with pytest.raises(Unauthenticated) as caught:
        caller([{"key": []}], {"x-key": "other"}, keys=("real",))
    assert caught.value.hint == (
        "The key in the header X-Key is not known. Any key that begins with mock- is accepted, "
        "and those of --api-key and --key-file."
    )


def jwt(claims: object) -> str:
    body = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.signature"


@pytest.mark.parametrize(
    ("credential", "tenant"),
    [
        (jwt({"sub": "u1", "iss": "https://id.example", "exp": 1}), "https://id.example|u1"),
        (jwt({"sub": "u1"}), "u1"),
        (jwt({"iss": "x"}), jwt({"iss": "x"})),
        (jwt(["u1"]), jwt(["u1"])),
        ("a.b.c", "a.b.c"),
        ("a.!.c", "a.!.c"),
        ("plain", "plain"),
    ],
)
def test_a_jwt_stands_for_its_subject(credential: str, tenant: str) -> None:
    assert subject_of(credential) == tenant


@pytest.mark.parametrize("claims", [b"[" * 40_000, b'{"sub":' * 5000, b'{"sub": "\\ud83d"}'])
def test_a_hostile_jwt_stands_for_itself(claims: bytes) -> None:
    credential = f"a.{urlsafe_b64encode(claims).decode().rstrip('=')}.c"
    assert subject_of(credential) == credential


def test_with_any_key_tenants_are_subjects_if_it_is_said_so() -> None:
    first, later = jwt({"sub": "u", "exp": 1}), jwt({"sub": "u", "exp": 2})
    security: list[dict[str, Any]] = [{"bearer": []}]
    contract = build_contract(
        {
            "openapi": "3.1.0",
            "paths": {"/": {"get": {"security": security, "responses": {"200": {}}}}},
            "components": {"securitySchemes": SCHEMES},
        }
    )
    find = Authenticator(contract, (), tenant_of=subject_of)
    operation = contract.operations[0]
    assert {find(operation, bearer(one), b"", any_key=True) for one in (first, later)} == {"u"}
    with pytest.raises(Unauthenticated):
        find(operation, bearer(first), b"")


@pytest.mark.parametrize(
    ("listed", "refusal"),
    [(["400"], Invalid), (["400", "401"], Unauthenticated), ([], Unauthenticated)],
)
def test_a_key_that_is_a_required_parameter_is_missing_as_one(
    listed: list[str], refusal: type[Refusal]
) -> None:
    responses = {"200": {}, **{status: {} for status in listed}}
    parameter = {"name": "token", "in": "query", "required": True, "schema": {"type": "string"}}
    get = {"security": [{"query": []}], "parameters": [parameter], "responses": responses}
    contract = build_contract(
        {
            "openapi": "3.1.0",
            "paths": {"/": {"get": get}},
            "components": {"securitySchemes": SCHEMES},
        }
    )
    with pytest.raises(refusal) as raised:
        Authenticator(contract, ())(contract.operations[0], {}, b"")
    assert type(raised.value) is refusal
    with pytest.raises(Unauthenticated):
        Authenticator(contract, ())(contract.operations[0], {}, b"token=wrong")
