"""Our compiled validators and openapi-core agree on hundreds of messages.

`request_for_them` and `reply_for_them` state intentional differences, and remove them.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from mockserver.openapi.build import build_contract
from mockserver.openapi.request.bodies import BodyReader
from mockserver.openapi.request.parameters import ParameterReader
from mockserver.openapi.schemas.formats import canonical_instant, canonical_uuid
from mockserver.openapi.schemas.validators import Check, Validators
from tests.openapi.agreement_document import Version, document

U = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
VERSIONS: list[Version] = ["3.0.3", "3.1.0"]
JSON = {"content-type": "application/json"}


@cache
def judge(version: Version) -> OpenAPI:
    return OpenAPI.from_dict(document(version))


@cache
def readers(version: Version) -> tuple[ParameterReader, BodyReader, Check]:
    contract = build_contract(document(version))
    validators = Validators(contract.document, contract.version)
    operation = contract.operations[0]
    reply = validators.reply("#/components/schemas/Thing")
    return ParameterReader(operation, validators), BodyReader(operation, validators), reply


def they_accept_request(version: Version, path: str, query: list[Any], body: bytes) -> bool:
    args: dict[str, Any] = {}
    for name, value in query:
        args.setdefault(name, []).append(value)
    request = MockRequest(
        "http://localhost",
        "put",
        f"/things/{path}",
        path_pattern="/things/{id}",
        args={name: values if name == "tags" else values[-1] for name, values in args.items()},
        view_args={"id": path},
        headers={},
        data=body,
        content_type="application/json",
    )
    try:
        judge(version).validate_request(request)
    except OpenAPIError:
        return False
    return True


def they_accept_reply(version: Version, body: Any) -> bool:
    request = MockRequest(
        "http://localhost", "put", f"/things/{U}", path_pattern="/things/{id}", view_args={"id": U}
    )
    response = MockResponse(json.dumps(body).encode(), status_code=200)
    try:
        judge(version).validate_response(request, response)
    except OpenAPIError:
        return False
    return True


def we_accept_request(version: Version, path: str, query: list[Any], body: bytes) -> bool:
    parameters, bodies, _ = readers(version)
    values = parameters.read({"id": path}, urlencode(query).encode(), JSON)
    return not values.violations and not bodies.read(JSON, body).violations


def request_for_them(
    version: Version, path: str, query: list[Any], body: Any
) -> tuple[str, list[Any], Any]:
    """The request without the deviations that only we accept."""
    # A UUID may be spelled in other ways (rule 12).
    path = canonical_uuid(path) or path
    query = [(name, LIBERTIES.get((name, value), value)) for name, value in query]
    body = whole(body) if version == "3.0.3" else body
    if isinstance(body, dict):
        identifier = canonical_uuid(str(body.get("id", U)))
        if version == "3.0.3" and identifier:
            # What was read may be sent back, readOnly properties included.
            body = {name: value for name, value in body.items() if name != "id"}
        elif version == "3.1.0" and identifier:
            # For 3.1 readOnly is an annotation; for us it still means: not required here.
            body = {**body, "id": identifier}
        if "when" in body:
            # An instant may have a space and no zone, as pydantic reads it.
            body = {**body, "when": canonical_instant(str(body["when"])) or body["when"]}
    return path, query, body


def reply_for_them(version: Version, body: Any) -> Any:
    """The reply without the deviations that only we accept."""
    if version == "3.1.0" and isinstance(body, dict):
        # For 3.1 writeOnly is an annotation; for us it still means: never in a reply.
        return {**body, "secret": "ab" if "secret" not in body else None}
    return whole(body) if version == "3.0.3" else body


def whole(value: Any) -> Any:
    """1.0 as 1: equal for us and for JSON Schema since draft 6, not for openapi-core's 3.0."""
    if isinstance(value, dict):
        return {name: whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


LIBERTIES = {
    # 1.0 is an integer, as JSON Schema and pydantic see it.
    ("limit", "1.0"): "1",
    # More words for true and false, as pydantic reads them.
    ("active", "off"): "false",
    # JSON has no NaN.
    ("ratio", "nan"): "x",
}


IDS = st.sampled_from([U, U.upper(), U.replace("-", ""), "{" + U + "}", "x", U[:-1]])
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 300),
    st.sampled_from([2**31, -(2**31), -(2**31) - 1, 2**63, 1.0, 0.5, 1.25, 5.5]),
    st.text("ab Z9", max_size=6),
    st.lists(st.sampled_from(["a", "b", 1]), max_size=3),
    st.dictionaries(st.sampled_from("xyz"), st.sampled_from([1, "a", 1.5, None]), max_size=3),
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": IDS,
    "secret": st.text("ab", max_size=3),
    "name": st.text("abZ", max_size=6),
    "note": st.text("ab", max_size=4) | st.none(),
    "count": st.integers(-1, 12) | st.none(),
    "small": st.sampled_from([2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 0]),
    "ratio": st.sampled_from([0.5, 1, 0.25, -1.5]),
    "flag": st.booleans(),
    "colour": st.sampled_from(["red", "green", "blue"]),
    "when": st.sampled_from(
        [
            "2020-01-01T00:00:00Z",
            "2020-13-01T00:00:00Z",
            "2020-01-01T00:00:00.123456+02:00",
            "2020-01-01 00:00:00",
        ]
    ),
    "day": st.sampled_from(["2020-02-29", "2021-02-29", "2020-1-1", "x"]),
    "mail": st.sampled_from(["a@example.com", "a"]),
    "address": st.sampled_from(["127.0.0.1", "256.0.0.1", "1.2.3"]),
    "tags": st.lists(st.sampled_from("ab"), max_size=3),
    "labels": st.dictionaries(st.sampled_from("ab"), st.integers(0, 1) | st.just("x"), max_size=2),
    "either": st.sampled_from([1, 5, 4.5, 5.5, 7]),
    "any": st.sampled_from(["a", {"x": 1}, {"x": "a"}, {}, 5]),
    "all": st.sampled_from([{"x": 1}, {"x": 1, "y": 2.5}, {"y": 1, "z": 1}]),
    "none": st.sampled_from(["a", 1, None, {}]),
    "child": st.recursive(
        st.fixed_dictionaries({}, optional={"size": st.integers() | st.just("a")}),
        lambda inner: st.fixed_dictionaries({"child": inner}),
        max_leaves=3,
    ),
}
NEEDED = {"id", "secret", "name"}


@st.composite
def things(draw: st.DrawFn) -> Any:
    """Mostly valid values, so that both results are common."""
    if draw(st.integers(0, 19)) == 0:
        return draw(JUNK)
    chosen = draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=4, unique=True))
    missing = draw(st.sampled_from([None, None, None, *sorted(NEEDED)]))
    found: dict[str, Any] = {"id": U, "secret": "ab", "name": "abc"}
    found.pop(missing or "", None)
    for name in chosen:
        found[name] = draw(FIELDS[name] if draw(st.integers(0, 9)) else JUNK)
    if draw(st.integers(0, 15)) == 0:
        found["extra"] = 1
    return found


QUERIES = st.lists(
    st.one_of(
        st.tuples(
            st.just("limit"), st.sampled_from(["1", "200", "0", "201", "x", "", "1.5", "1.0"])
        ),
        st.tuples(st.just("ratio"), st.sampled_from(["0.5", "1", "2", "x", "", "1e-1", "nan"])),
        st.tuples(st.just("active"), st.sampled_from(["true", "false", "x", "", "1", "off", "2"])),
        st.tuples(st.just("colour"), st.sampled_from(["red", "blue", ""])),
        st.tuples(st.just("tags"), st.sampled_from(["1", "2", "x"])),
        st.tuples(st.just("other"), st.just("1")),
    ),
    max_size=4,
)
hermetic = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("version", VERSIONS)
@hermetic
@given(path=st.just(U) | IDS, query=st.just([]) | QUERIES, body=things())
def test_requests(version: Version, path: str, query: list[Any], body: Any) -> None:
    ours = we_accept_request(version, path, query, json.dumps(body).encode())
    path, query, body = request_for_them(version, path, query, body)
    assert ours == they_accept_request(version, path, query, json.dumps(body).encode())


@pytest.mark.parametrize("version", VERSIONS)
@hermetic
@given(body=things(), secret=st.booleans())
def test_replies(version: Version, body: Any, secret: bool) -> None:
    if isinstance(body, dict) and not secret:
        body.pop("secret", None)
    ours = readers(version)[2].is_valid(body)
    assert ours == they_accept_reply(version, reply_for_them(version, body))
